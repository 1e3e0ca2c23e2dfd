//! `[database]`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Sources;
use super::fault::Faults;
use super::place::within;
use super::{Environment, SecretUrl};

/// Where the memory of the hub is: the `[database]` section of the file.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseSection {
    /// `sqlite:PATH` or `postgres://user:password@host:port/database`. The variable LIENTHONG_DATABASE_URL goes before it.
    #[serde(default)]
    url: Option<SecretUrl>,
    /// A file that holds the address and nothing else, instead of `url`.
    #[serde(default)]
    url_file: Option<PathBuf>,
    /// PEM file with the authorities that may have signed PostgreSQL's certificate. With it, TLS is required.
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// Whether a PostgreSQL on another machine may be reached without TLS.
    #[serde(default)]
    allow_plain_text: bool,
}

pub(super) const EXAMPLE: &str = r#"[database]
# Where the memory of the hub is: `sqlite:PATH` (one hub on one machine) or
# `postgres://user:password@host:port/database` (PostgreSQL 15 or later, any number of hubs). Must be given in one of three
# ways: here, in url_file, or in the variable LIENTHONG_DATABASE_URL, which goes before both.
url = "sqlite:lienthong.db"
# A file that holds the address and nothing else.
#? url_file = "/etc/lienthong/database.url"
# PEM file with the authorities that may have signed PostgreSQL's certificate. With it, TLS is required and checked.
#? ca_file = "/etc/lienthong/database-ca.pem"
# Whether a PostgreSQL on another machine may be reached without TLS.
# allow_plain_text = false
"#;

/// Where the memory of the hub is, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file of this machine, for one hub.
    Sqlite {
        /// The file; made when absent, its folder is not.
        path: PathBuf,
    },
    /// A server, for any number of hubs.
    Postgres {
        /// Its address.
        url: SecretUrl,
        /// The authorities of its certificate; without them there is no TLS.
        ca_file: Option<PathBuf>,
    },
}

impl DatabaseSection {
    pub(super) fn check(
        &mut self,
        folder: &Path,
        environment: &Environment,
        faults: &mut Faults,
    ) -> Option<Database> {
        let sources = Sources {
            setting: "database.url",
            environment: environment.database_url.clone(),
            inline: self.url.take(),
            file: self.url_file.take(),
        };
        let given = sources.file.is_some();
        let Some(url) = sources.choose(folder, faults) else {
            if !given {
                faults.add(
                    "database.url",
                    "thiếu: đặt url, url_file hoặc biến LIENTHONG_DATABASE_URL",
                    "is missing: set url, url_file or the variable LIENTHONG_DATABASE_URL",
                );
            }
            return None;
        };
        if let Some(path) = &mut self.ca_file {
            within(folder, path);
        }
        self.of(folder, url, faults)
    }

    fn of(&self, folder: &Path, url: SecretUrl, faults: &mut Faults) -> Option<Database> {
        match url.scheme() {
            "sqlite" if url.expose().len() > "sqlite:".len() => {
                let mut path = PathBuf::from(&url.expose()["sqlite:".len()..]);
                within(folder, &mut path);
                Some(Database::Sqlite { path })
            }
            "postgres" | "postgresql" => {
                if self.ca_file.is_none() && !self.allow_plain_text && !url.is_local() {
                    faults.add(
                        "database.ca_file",
                        "PostgreSQL ở máy khác phải qua TLS: đặt ca_file (hoặc allow_plain_text = true)",
                        "PostgreSQL on another machine needs TLS: set ca_file (or allow_plain_text = true)",
                    );
                }
                Some(Database::Postgres {
                    url,
                    ca_file: self.ca_file.clone(),
                })
            }
            _ => {
                faults.add(
                    "database.url",
                    "phải là sqlite:ĐƯỜNG-DẪN hoặc postgres://…",
                    "must be sqlite:PATH or postgres://…",
                );
                None
            }
        }
    }
}
