//! Which hub a command speaks to, and as whom: one family of flags and variables for every command that calls a hub.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::CommandError;
use crate::client::{MAX_WAIT, Partner, Retry, Settings};
use crate::clock::{Clock, Entropy};
use crate::domain::codes::Key;
use crate::domain::tenant::TenantKey;
use crate::material;
use crate::net::outbound::{OutboundOptions, http_client};

/// How long one call may take: as long as a wait for news, or a registration of ten thousand tenants.
const CALL_TIME: Duration = MAX_WAIT.saturating_add(Duration::from_secs(40));

/// Which hub, and who speaks. Ids of their own, because commands have arguments of these names beside.
#[derive(Debug, Args)]
pub(super) struct Speaker {
    /// Base URL of the hub's partner listener: https://host:port
    #[arg(
        id = "speaker-hub",
        long = "hub",
        value_name = "URL",
        env = "LIENTHONG_HUB",
        hide_env_values = true
    )]
    pub(super) hub: Option<reqwest::Url>,

    /// PEM file with the authorities the hub's certificate must lead to
    #[arg(
        id = "speaker-ca",
        long = "ca",
        value_name = "FILE",
        env = "LIENTHONG_CA",
        hide_env_values = true
    )]
    ca: Option<PathBuf>,

    /// PEM file with the speaker's certificate, then its intermediates
    #[arg(
        id = "speaker-cert",
        long = "cert",
        value_name = "FILE",
        env = "LIENTHONG_CERT",
        hide_env_values = true
    )]
    cert: Option<PathBuf>,

    /// PEM file with its private key
    #[arg(
        id = "speaker-key",
        long = "key",
        value_name = "FILE",
        env = "LIENTHONG_KEY",
        hide_env_values = true
    )]
    key: Option<PathBuf>,

    /// The tenant that speaks, as agent.a-001 or operator.truc-ban
    #[arg(
        id = "speaker-tenant",
        long = "as",
        value_name = "KEY",
        env = "LIENTHONG_AS",
        hide_env_values = true
    )]
    tenant: Option<TenantKey>,

    /// The named person who acts; an agent must have one
    #[arg(
        id = "speaker-staff",
        long = "staff",
        value_name = "KEY",
        env = "LIENTHONG_STAFF",
        hide_env_values = true
    )]
    staff: Option<Key>,

    /// The receiving point of a branch
    #[arg(
        id = "speaker-point",
        long = "receiving-point",
        value_name = "KEY",
        env = "LIENTHONG_POINT",
        hide_env_values = true
    )]
    point: Option<Key>,
}

impl Speaker {
    /// The partner's half with these files.
    ///
    /// # Errors
    /// When something was left out, everything at once; when a file cannot be used.
    pub(super) fn partner(&self, scope: Option<String>) -> Result<Partner, CommandError> {
        let (Some(hub), Some(ca), Some(cert), Some(key), Some(tenant)) =
            (&self.hub, &self.ca, &self.cert, &self.key, &self.tenant)
        else {
            return Err(self.incomplete());
        };
        if hub.scheme() != "https" {
            return Err(CommandError::new(
                format!("--hub phải là địa chỉ https://máy:port của listener đối tác, không phải {hub}"),
                format!("--hub must be the https://host:port of the partner listener, not {hub}"),
            ));
        }
        let settings = Settings {
            base: hub.clone(),
            tenant: tenant.clone(),
            staff: self.staff.clone(),
            point: self.point.clone(),
            scope,
            retry: Retry::BRIEF,
        };
        speaking([ca, cert, key], settings)
    }

    fn incomplete(&self) -> CommandError {
        let all = [
            ("--hub", self.hub.is_none()),
            ("--ca", self.ca.is_none()),
            ("--cert", self.cert.is_none()),
            ("--key", self.key.is_none()),
            ("--as", self.tenant.is_none()),
        ];
        let missing: Vec<&str> = all
            .iter()
            .filter(|(_, missing)| *missing)
            .map(|(flag, _)| *flag)
            .collect();
        let missing = missing.join(", ");
        CommandError::new(
            format!("để gọi cổng còn thiếu {missing} (hoặc biến LIENTHONG_HUB, _CA, _CERT, _KEY, _AS)"),
            format!(
                "to call a hub this needs {missing} too (or the variables LIENTHONG_HUB, _CA, _CERT, _KEY, _AS)"
            ),
        )
    }
}

/// A partner with these files: the authorities the hub's certificate must lead to, a certificate of its own, its key.
fn speaking([ca, cert, key]: [&Path; 3], settings: Settings) -> Result<Partner, CommandError> {
    let http = http_client(&OutboundOptions {
        roots: material::certificates(ca)?,
        identity: Some((material::certificates(cert)?, material::private_key(key)?)),
        timeout: CALL_TIME,
        connect_timeout: Duration::from_secs(10),
    })?;
    Ok(Partner::new(
        http,
        settings,
        Clock::System,
        Entropy::System.generator(),
    ))
}
