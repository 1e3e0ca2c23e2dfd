//! `[operations]`

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;

/// The listener for those who run the hub: metrics and readiness, in plain HTTP, without a password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Operations", deny_unknown_fields, default)]
pub struct OperationsSettings {
    /// Address and port to listen at.
    pub listen: SocketAddr,
    /// Whether that address may be another than this machine's own.
    pub allow_remote: bool,
}

impl Default for OperationsSettings {
    fn default() -> Self {
        OperationsSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            allow_remote: false,
        }
    }
}

pub(super) const EXAMPLE: &str = r#"[operations]
# Where metrics and readiness are read, in plain HTTP and without a password: address and port to listen at.
# listen = "127.0.0.1:9464"
# Must be true before `listen` may be anything but this machine's own address.
# allow_remote = false
"#;

impl OperationsSettings {
    pub(super) fn check(&self, faults: &mut Faults) {
        if !self.listen.ip().is_loopback() && !self.allow_remote {
            faults.add(
                "operations.listen",
                "không có mật khẩu nên chỉ nghe ở 127.0.0.1; muốn khác thì đặt allow_remote = true",
                "has no password, so it listens at 127.0.0.1 only; for anything else set allow_remote = true",
            );
        }
    }
}
