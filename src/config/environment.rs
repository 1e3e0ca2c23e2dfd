//! The process' environment, so far as it is a setting: addresses that hold a password and so may not stand in a file.

use super::SecretUrl;

/// Addresses from the environment; each goes before that of the file.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `LIENTHONG_DATABASE_URL`
    pub database_url: Option<SecretUrl>,
    /// `LIENTHONG_BLOBS_URL`
    pub blobs_url: Option<SecretUrl>,
    /// `LIENTHONG_BROKER_URL`
    pub broker_url: Option<SecretUrl>,
    /// `LIENTHONG_BROKER_ADMIN_URL`
    pub broker_admin_url: Option<SecretUrl>,
}

impl Environment {
    /// That of this process. An empty variable is as good as none.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn of_process() -> Self {
        let variable = |name: &str| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.is_empty())
                .map(SecretUrl::new)
        };
        Environment {
            database_url: variable("LIENTHONG_DATABASE_URL"),
            blobs_url: variable("LIENTHONG_BLOBS_URL"),
            broker_url: variable("LIENTHONG_BROKER_URL"),
            broker_admin_url: variable("LIENTHONG_BROKER_ADMIN_URL"),
        }
    }
}

/// Whether a test that holds a generated file may write it again: `UPDATE=1`.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the switch of the tests, read beside the other variables"
)]
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}
