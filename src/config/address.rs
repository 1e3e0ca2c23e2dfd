//! Addresses that may hold a password, and where each of them may come from.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;
use super::place::within;

/// An address with, perhaps, a user and a password. Printed without them.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(transparent)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Takes any text; what it must look like depends on the setting.
    pub fn new(url: impl Into<String>) -> Self {
        SecretUrl(url.into())
    }

    /// The whole address, for whoever connects.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon.
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// User, hosts and path of `scheme://[user[:password]@]host[:port][,host[:port]…][/path][?query]`.
    fn parts(&self) -> (Option<&str>, &str, &str) {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts, path),
            None => (None, authority, path),
        }
    }

    /// The hosts, without ports; more than one where the scheme allows it.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.parts()
            .1
            .split(',')
            .map(|host| match host.strip_prefix('[') {
                Some(v6) => v6.split_once(']').map_or(v6, |(v6, _)| v6),
                None => host.split_once(':').map_or(host, |(host, _)| host),
            })
    }

    /// Whether every host is this machine, so that nobody can listen on the way.
    pub fn is_local(&self) -> bool {
        self.hosts().all(|host| {
            // An encoded slash begins the folder of a Unix socket.
            let socket = host.to_ascii_lowercase().starts_with("%2f");
            socket || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        })
    }
}

/// Without user, password and query, any of which may be secret.
impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, hosts, path) = self.parts();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        if self.0.contains("://") {
            let user = if user.is_some() { "…@" } else { "" };
            write!(f, "{}://{user}{hosts}{path}", self.scheme())
        } else {
            f.write_str("…")
        }
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

/// The ways to give one address.
pub(super) struct Sources {
    /// Of the setting, as `database.url`.
    pub setting: &'static str,
    /// From the environment.
    pub environment: Option<SecretUrl>,
    /// From the file.
    pub inline: Option<SecretUrl>,
    /// A file that holds it.
    pub file: Option<PathBuf>,
}

impl Sources {
    /// The address that holds: the environment's, else the one given in the file, in only one way.
    pub fn choose(self, folder: &Path, faults: &mut Faults) -> Option<SecretUrl> {
        let setting = self.setting;
        match (self.environment, self.inline, self.file) {
            (Some(url), _, _) | (None, Some(url), None) => Some(url),
            (None, Some(_), Some(_)) => {
                faults.add(
                    setting,
                    format!("chỉ dùng một trong {setting} và {setting}_file"),
                    format!("give {setting} or {setting}_file, not both"),
                );
                None
            }
            (None, None, Some(mut path)) => {
                within(folder, &mut path);
                match std::fs::read_to_string(&path) {
                    Ok(text) => Some(SecretUrl::new(text.trim())),
                    Err(error) => {
                        faults.add(
                            &format!("{setting}_file"),
                            format!("không đọc được {}: {error}", path.display()),
                            format!("{} cannot be read: {error}", path.display()),
                        );
                        None
                    }
                }
            }
            (None, None, None) => None,
        }
    }
}

/// The base URL of a listener as partners see it: `https://host[:port]`, nothing after it.
pub(super) fn public_url(setting: &str, url: &str, faults: &mut Faults) {
    let sound = reqwest::Url::parse(url).is_ok_and(|parsed| {
        parsed.scheme() == "https"
            && parsed.host().is_some()
            && parsed.username().is_empty()
            && parsed.password().is_none()
            && parsed.path() == "/"
            && parsed.query().is_none()
            && parsed.fragment().is_none()
            && !url.ends_with('/')
    });
    if !sound {
        faults.add(
            setting,
            "phải có dạng https://máy-chủ[:port], không có gì phía sau",
            "must be https://host[:port] with nothing after it, no slash either",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (url, shown) in [
            (
                "postgres://hub:s3cr3t@db.example:5432/hub?options=s3cr3t",
                "postgres://…@db.example:5432/hub",
            ),
            ("amqps://s3cr3t@mq/v", "amqps://…@mq/v"),
            ("sqlite:s3cr3t", "…"),
            ("s3cr3t", "…"),
        ] {
            assert_eq!(SecretUrl::new(url).to_string(), shown);
            assert!(!format!("{:?}", SecretUrl::new(url)).contains("s3cr3t"));
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        for local in [
            "amqp://u:p@127.0.0.1:5672/%2f",
            "amqp://localhost",
            "postgres://[::1]:5432/x",
            "postgres://u@%2Fvar%2Frun/x",
            "postgres://localhost,127.0.0.2/x",
        ] {
            assert!(SecretUrl::new(local).is_local(), "{local}");
        }
        for remote in [
            "amqp://10.0.0.1",
            "postgres://localhost,db/x",
            "amqp://localhost@evil",
            "nonsense",
            "amqp://",
        ] {
            assert!(!SecretUrl::new(remote).is_local(), "{remote}");
        }
    }
}
