//! `[partner]`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::public_url;
use super::fault::Faults;
use super::place::within;

/// The listener partners call, with their certificates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Partner", deny_unknown_fields)]
pub struct PartnerSettings {
    /// Address and port to listen at.
    #[serde(default = "PartnerSettings::default_listen")]
    pub listen: SocketAddr,
    /// Its base URL as partners see it, `https://host[:port]`; the audience of tokens.
    pub public_url: String,
    /// PEM file with the server's certificate, then its intermediates.
    pub certificate_file: PathBuf,
    /// PEM file with the private key of that certificate.
    pub key_file: PathBuf,
    /// PEM files with the authorities partners' certificates must lead to.
    pub client_ca_files: Vec<PathBuf>,
    /// Whether a certificate that is not in order ends the handshake, instead of being answered with a problem document.
    #[serde(default)]
    pub strict_handshake: bool,
    /// Networks of the load balancers that say in a PROXY header (version 2) whom they speak for, `10.0.0.0/24`. Nobody else may.
    #[serde(default)]
    pub proxy_networks: Vec<String>,
}

pub(super) const EXAMPLE: &str = r#"[partner]
# Where partners call, with their certificates: address and port to listen at.
# listen = "0.0.0.0:8443"
# The base URL as partners see it, through the load balancer: https://host[:port]. It is the audience of tokens.
public_url = "https://hub.example.vn:8443"
# PEM file with the server's certificate, then its intermediates.
certificate_file = "tls/partner.pem"
# PEM file with the private key of that certificate; readable by the hub alone.
key_file = "tls/partner.key"
# PEM files with the authorities that partners' certificates must lead to.
client_ca_files = ["trust/partners.pem"]
# true: a certificate that is not in order ends the handshake. false: it is answered with a problem that says what is wrong.
# strict_handshake = false
# Networks of the load balancers before it that pass TCP on and begin each connection with a PROXY header (version 2), which says
# whom they speak for. Every connection from these networks must begin with one; nobody else is believed.
#? proxy_networks = ["10.0.0.0/24"]
"#;

impl PartnerSettings {
    fn default_listen() -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 8443))
    }

    pub(super) fn check(&mut self, folder: &Path, faults: &mut Faults) {
        public_url("partner.public_url", &self.public_url, faults);
        within(folder, &mut self.certificate_file);
        within(folder, &mut self.key_file);
        self.client_ca_files
            .iter_mut()
            .for_each(|file| within(folder, file));
        if self.client_ca_files.is_empty() {
            faults.add(
                "partner.client_ca_files",
                "cần ít nhất một tệp, nếu không thì không đối tác nào được tin cậy",
                "needs at least one file, or no partner could ever be trusted",
            );
        }
    }
}
