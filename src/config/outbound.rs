//! `[outbound]`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;
use super::place::within;

/// How the hub calls what partners name as their endpoints.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Outbound", deny_unknown_fields, default)]
pub struct OutboundSettings {
    /// PEM files with the authorities an endpoint's certificate must lead to; left out, those of `partner.client_ca_files`.
    pub ca_files: Vec<PathBuf>,
    /// PEM file with the certificate the hub shows to an endpoint that asks for one, then its intermediates.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with the private key of that certificate.
    pub key_file: Option<PathBuf>,
    /// Host names that may be called wherever they lead, private addresses included.
    pub allow_hosts: Vec<String>,
    /// Networks that may be called although they are not public, `10.20.0.0/16`.
    pub allow_networks: Vec<String>,
    /// Seconds one call may take, from connecting to the end of the answer.
    pub timeout_seconds: u64,
    /// Seconds connecting may take of these, the name and TLS included.
    pub connect_timeout_seconds: u64,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        OutboundSettings {
            ca_files: Vec::new(),
            certificate_file: None,
            key_file: None,
            allow_hosts: Vec::new(),
            allow_networks: Vec::new(),
            timeout_seconds: 20,
            connect_timeout_seconds: 5,
        }
    }
}

pub(super) const EXAMPLE: &str = r#"[outbound]
# PEM files with the authorities that the certificates of partners' endpoints must lead to. Left out, partner.client_ca_files.
#? ca_files = ["trust/endpoints.pem"]
# The certificate the hub shows to an endpoint that asks for one, then its intermediates; and its private key.
#? certificate_file = "tls/outbound.pem"
#? key_file = "tls/outbound.key"
# Partners' endpoints must be on the public internet. These host names may be called wherever they lead …
#? allow_hosts = ["mot-cua.so-mau.internal"]
# … and these networks although they are private.
#? allow_networks = ["10.20.0.0/16"]
# Seconds one call may take, from connecting to the end of the answer. 1 to 25.
# timeout_seconds = 20
# Seconds connecting may take of these, the name and TLS included. 1 to 25.
# connect_timeout_seconds = 5
"#;

/// The longest call, in seconds: below the 30 s for which what is called about is leased, so that nobody else takes it meanwhile.
const LONGEST_CALL: u64 = 25;

impl OutboundSettings {
    pub(super) fn check(&mut self, folder: &Path, faults: &mut Faults) {
        let files = [&mut self.certificate_file, &mut self.key_file];
        for file in self.ca_files.iter_mut().chain(files.into_iter().flatten()) {
            within(folder, file);
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            faults.add(
                "outbound.certificate_file",
                "phải đặt cùng outbound.key_file, hoặc bỏ cả hai",
                "goes with outbound.key_file; set both or neither",
            );
        }
        for (name, value) in [
            ("timeout_seconds", self.timeout_seconds),
            ("connect_timeout_seconds", self.connect_timeout_seconds),
        ] {
            faults.bounds(&format!("outbound.{name}"), value, 1, LONGEST_CALL);
        }
    }
}
