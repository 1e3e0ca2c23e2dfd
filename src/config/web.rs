//! `[web]`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::public_url;
use super::fault::Faults;
use super::place::within;

/// The listener without client certificates: public keys, metadata, health, pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Web", deny_unknown_fields)]
pub struct WebSettings {
    /// Address and port to listen at.
    #[serde(default = "WebSettings::default_listen")]
    pub listen: SocketAddr,
    /// Its base URL as browsers see it, `https://host[:port]`; the issuer of tokens and receipts.
    pub public_url: String,
    /// PEM file with the server's certificate, then its intermediates.
    pub certificate_file: PathBuf,
    /// PEM file with the private key of that certificate.
    pub key_file: PathBuf,
    /// Whether the pages that show every tenant's dossiers are served. Only for made-up data.
    #[serde(default)]
    pub sandbox_pages: bool,
    /// Networks of the load balancers that say in a PROXY header (version 2) whom they speak for, `10.0.0.0/24`. Nobody else may.
    #[serde(default)]
    pub proxy_networks: Vec<String>,
}

pub(super) const EXAMPLE: &str = r#"[web]
# Where browsers call, without certificates (public keys, metadata, health, pages): address and port to listen at.
# listen = "0.0.0.0:8444"
# The base URL as browsers see it: https://host[:port]. It is the issuer of tokens and receipts, so it does not change.
public_url = "https://hub.example.vn:8444"
# PEM file with the server's certificate, then its intermediates. It may be the partner listener's.
certificate_file = "tls/web.pem"
# PEM file with the private key of that certificate; readable by the hub alone.
key_file = "tls/web.key"
# Whether pages that show every tenant's dossiers to anybody are served. Only for made-up data.
# sandbox_pages = false
# As partner.proxy_networks. Without it, and behind a balancer that passes TCP on, all citizens seem to call from one address.
#? proxy_networks = ["10.0.0.0/24"]
"#;

impl WebSettings {
    fn default_listen() -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 8444))
    }

    pub(super) fn check(&mut self, folder: &Path, faults: &mut Faults) {
        public_url("web.public_url", &self.public_url, faults);
        within(folder, &mut self.certificate_file);
        within(folder, &mut self.key_file);
    }
}
