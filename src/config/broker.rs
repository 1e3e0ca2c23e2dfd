//! `[broker]`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Sources;
use super::fault::Faults;
use super::place::within;
use super::{Environment, SecretUrl};

/// The broker that carries messages to the agencies: the `[broker]` section of the file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BrokerSection {
    /// `embedded`, or `amqps://user:password@host:port/vhost`. The variable LIENTHONG_BROKER_URL goes before it.
    url: Option<SecretUrl>,
    /// A file that holds the address and nothing else, instead of `url`.
    url_file: Option<PathBuf>,
    /// RabbitMQ's management interface, `http[s]://user:password@host:port`. LIENTHONG_BROKER_ADMIN_URL goes before it.
    admin_url: Option<SecretUrl>,
    /// A file that holds the address of the management interface and nothing else, instead of `admin_url`.
    admin_url_file: Option<PathBuf>,
    /// PEM file with the authorities that may have signed RabbitMQ's certificates.
    ca_file: Option<PathBuf>,
    /// Whether a RabbitMQ on another machine may be reached without TLS.
    allow_plain_text: bool,
    /// Published messages that may wait for the broker's confirmation at once.
    confirm_window: usize,
}

impl Default for BrokerSection {
    fn default() -> Self {
        BrokerSection {
            url: None,
            url_file: None,
            admin_url: None,
            admin_url_file: None,
            ca_file: None,
            allow_plain_text: false,
            confirm_window: 256,
        }
    }
}

pub(super) const EXAMPLE: &str = r#"[broker]
# The broker: `embedded` (inside the hub, for one hub; agencies pull) or `amqps://user:password@host:port/vhost`
# (RabbitMQ 3.10 or later). The variable LIENTHONG_BROKER_URL goes before it.
# url = "embedded"
# A file that holds the address and nothing else, instead of url.
#? url_file = "/etc/lienthong/broker.url"
# RabbitMQ's management interface: with it doctor compares what exists with the plan. Users of agencies are made by importing
# what `lienthong broker plan` prints. The variable LIENTHONG_BROKER_ADMIN_URL goes before it.
#? admin_url = "https://hub:password@mq.example:15671"
# A file that holds that address and nothing else, instead of admin_url.
#? admin_url_file = "/etc/lienthong/broker-admin.url"
# PEM file with the authorities that may have signed RabbitMQ's certificates; needed for amqps:// and https://.
#? ca_file = "/etc/lienthong/broker-ca.pem"
# Whether a RabbitMQ on another machine may be reached without TLS.
# allow_plain_text = false
# Published messages that may wait for the broker's confirmation at once; 1 to 4096.
# confirm_window = 256
"#;

/// The broker, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSettings {
    /// Which broker.
    pub kind: BrokerKind,
    /// Published messages that may be unconfirmed at once.
    pub confirm_window: usize,
}

/// Which broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerKind {
    /// Inside the process.
    Embedded,
    /// RabbitMQ.
    Amqp {
        /// Its address.
        url: SecretUrl,
        /// Its management interface.
        admin_url: Option<SecretUrl>,
        /// The authorities of its certificates.
        ca_file: Option<PathBuf>,
    },
}

impl BrokerSection {
    pub(super) fn check(
        &mut self,
        folder: &Path,
        environment: &Environment,
        faults: &mut Faults,
    ) -> Option<BrokerSettings> {
        faults.bounds("broker.confirm_window", self.confirm_window as u64, 1, 4096);
        if let Some(path) = &mut self.ca_file {
            within(folder, path);
        }
        let named = self.url_file.is_some();
        let url = Sources {
            setting: "broker.url",
            environment: environment.broker_url.clone(),
            inline: self.url.take(),
            file: self.url_file.take(),
        }
        .choose(folder, faults);
        let admin_url = Sources {
            setting: "broker.admin_url",
            environment: environment.broker_admin_url.clone(),
            inline: self.admin_url.take(),
            file: self.admin_url_file.take(),
        }
        .choose(folder, faults);
        let kind = match url {
            // A file that was named and could not be read has been said; it must not silently become the default.
            None if named => return None,
            None => BrokerKind::Embedded,
            Some(url) if url.expose() == "embedded" => BrokerKind::Embedded,
            Some(url) => self.amqp(url, admin_url, faults)?,
        };
        Some(BrokerSettings {
            kind,
            confirm_window: self.confirm_window,
        })
    }

    fn amqp(&self, url: SecretUrl, admin_url: Option<SecretUrl>, faults: &mut Faults) -> Option<BrokerKind> {
        if !matches!(url.scheme(), "amqp" | "amqps") {
            faults.add(
                "broker.url",
                "phải là embedded, amqp://… hoặc amqps://…",
                "must be embedded, amqp://… or amqps://…",
            );
            return None;
        }
        let plain = |url: &SecretUrl, scheme| url.scheme() == scheme && !url.is_local();
        if plain(&url, "amqp") && !self.allow_plain_text {
            faults.add(
                "broker.url",
                "RabbitMQ ở máy khác phải qua TLS: dùng amqps:// và ca_file (hoặc allow_plain_text = true)",
                "RabbitMQ on another machine needs TLS: use amqps:// with ca_file (or allow_plain_text = true)",
            );
        }
        if let Some(admin) = &admin_url {
            if !matches!(admin.scheme(), "http" | "https") {
                faults.add(
                    "broker.admin_url",
                    "phải là http://… hoặc https://…",
                    "must be http://… or https://…",
                );
            } else if plain(admin, "http") && !self.allow_plain_text {
                faults.add(
                    "broker.admin_url",
                    "máy khác phải qua https:// (hoặc allow_plain_text = true)",
                    "another machine needs https:// (or allow_plain_text = true)",
                );
            }
        }
        let needs_roots =
            url.scheme() == "amqps" || admin_url.as_ref().is_some_and(|a| a.scheme() == "https");
        if needs_roots && self.ca_file.is_none() {
            faults.add(
                "broker.ca_file",
                "bắt buộc với amqps:// và https://: không CA nào được tin cậy sẵn",
                "is needed for amqps:// and https://: no authority is trusted by itself",
            );
        }
        Some(BrokerKind::Amqp {
            url,
            admin_url,
            ca_file: self.ca_file.clone(),
        })
    }
}
