//! The settings of a hub: one TOML file, one section of it per file of this room.
//!
//! A section says what it means and checks itself; [`Config::load`] reads the file and gives every fault at once. This room
//! opens nothing that a setting names, except the files that hold addresses (`url_file`): certificates, keys and folders are
//! opened by [`crate::material`] and looked at by `lienthong doctor`.
//!
//! Start with [`Config`]. `lienthong config example` prints [`example`]; `schema/config.schema.json` is [`schema`].

mod adapters;
mod address;
mod blobs;
mod broker;
mod database;
mod directory;
mod environment;
mod fault;
mod keys;
mod limits;
mod log;
mod operations;
mod outbound;
mod partner;
mod place;
mod shape;
mod tokens;
mod web;

use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

pub use adapters::AdapterSettings;
pub use address::SecretUrl;
pub use blobs::{BlobSettings, Home};
pub use broker::{BrokerKind, BrokerSettings};
pub use database::Database;
pub use directory::DirectorySettings;
pub use environment::Environment;
#[cfg(test)]
pub(crate) use environment::updating;
use fault::Faults;
pub use fault::{ConfigError, SettingFault};
pub use keys::KeySettings;
pub use limits::LimitSettings;
pub use log::{LogFormat, LogSettings};
pub use operations::OperationsSettings;
pub use outbound::OutboundSettings;
pub use partner::PartnerSettings;
pub use tokens::TokenSettings;
pub use web::WebSettings;

/// Everything a hub is told, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the memory is.
    pub database: Database,
    /// Where the files of dossiers are.
    pub blobs: BlobSettings,
    /// Which broker, and where it is.
    pub broker: BrokerSettings,
    /// The listener partners call.
    pub partner: PartnerSettings,
    /// The listener without client certificates.
    pub web: WebSettings,
    /// The listener for those who run the hub.
    pub operations: OperationsSettings,
    /// How partners' endpoints are called.
    pub outbound: OutboundSettings,
    /// Access tokens.
    pub tokens: TokenSettings,
    /// Keys of the data at rest.
    pub keys: KeySettings,
    /// Who is responsible for what.
    pub directory: DirectorySettings,
    /// Partners' formats.
    pub adapters: AdapterSettings,
    /// What is logged, and how.
    pub log: LogSettings,
    /// How much of everything.
    pub limits: LimitSettings,
}

/// The file, before it is checked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "lienthong configuration", rename = "Config")]
struct File {
    #[serde(default)]
    database: database::DatabaseSection,
    #[serde(default)]
    blobs: blobs::BlobsSection,
    #[serde(default)]
    broker: broker::BrokerSection,
    partner: PartnerSettings,
    web: WebSettings,
    #[serde(default)]
    operations: OperationsSettings,
    #[serde(default)]
    outbound: OutboundSettings,
    tokens: TokenSettings,
    keys: KeySettings,
    directory: DirectorySettings,
    #[serde(default)]
    adapters: AdapterSettings,
    #[serde(default)]
    log: LogSettings,
    #[serde(default)]
    limits: LimitSettings,
}

impl Config {
    /// Every file with a private or secret key, each once: for its owner alone.
    pub fn key_files(&self) -> BTreeSet<&Path> {
        let tokens = &self.tokens;
        let named = [
            &self.partner.key_file,
            &self.web.key_file,
            &tokens.signing_key_file,
            &self.keys.blind_index_file,
            &self.keys.lookup_file,
        ];
        named
            .into_iter()
            .chain(&tokens.receipt_key_file)
            .chain(&tokens.further_key_files)
            .chain(self.keys.encryption.values())
            .chain(&self.outbound.key_file)
            .map(AsRef::as_ref)
            .collect()
    }

    /// Reads and checks a file. Paths in it are relative to its own folder; addresses of the environment go before its own.
    ///
    /// # Errors
    /// [`ConfigError`], with every fault of every section.
    pub fn load(path: &Path, environment: &Environment) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Config::parse(&text, path, folder, environment)
    }

    /// The same of a text; `path` is only named in errors.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        path: &Path,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Config, ConfigError> {
        let (file, misfits) = shape::read::<File>(text, &example()).map_err(|error| {
            let before = error.span().map_or("", |span| &text[..span.start]);
            ConfigError::Malformed {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                // Never the line itself, which may hold a password.
                message: error.message().to_owned(),
            }
        })?;
        let Some(mut file) = file else {
            return Err(ConfigError::Invalid {
                path: path.to_owned(),
                faults: misfits,
            });
        };
        let mut faults = Faults::default();
        let database = file.database.check(folder, environment, &mut faults);
        let blobs = file.blobs.check(folder, environment, &mut faults);
        let broker = file.broker.check(folder, environment, &mut faults);
        file.partner.check(folder, &mut faults);
        file.web.check(folder, &mut faults);
        file.operations.check(&mut faults);
        file.outbound.check(folder, &mut faults);
        file.tokens.check(folder, &mut faults);
        file.keys.check(folder, &mut faults);
        file.directory.check(folder);
        file.adapters.check(folder);
        file.log.check(&mut faults);
        file.limits.check(&mut faults);
        distinct(&file, &mut faults);
        // What stands in for a misfit is the example's, and nothing is to be said of it.
        let of_the_file = |fault: &SettingFault| misfits.iter().all(|misfit| misfit.setting != fault.setting);
        let found: Vec<SettingFault> = faults.all().into_iter().filter(of_the_file).collect();
        let faults = [misfits.clone(), found].concat();
        match (database, blobs, broker, faults) {
            (Some(database), Some(blobs), Some(broker), faults) if faults.is_empty() => Ok(Config {
                database,
                blobs,
                broker,
                partner: file.partner,
                web: file.web,
                operations: file.operations,
                outbound: file.outbound,
                tokens: file.tokens,
                keys: file.keys,
                directory: file.directory,
                adapters: file.adapters,
                log: file.log,
                limits: file.limits,
            }),
            (.., faults) => Err(ConfigError::Invalid {
                path: path.to_owned(),
                faults,
            }),
        }
    }
}

/// Two listeners cannot have one port, unless the system chooses it.
fn distinct(file: &File, faults: &mut Faults) {
    let ports = [
        ("partner.listen", file.partner.listen),
        ("web.listen", file.web.listen),
        ("operations.listen", file.operations.listen),
    ];
    for (i, (name, address)) in ports.iter().enumerate() {
        if let Some((other, _)) = ports[..i]
            .iter()
            .find(|(_, a)| a.port() == address.port() && a.port() != 0)
        {
            faults.add(
                name,
                format!("trùng port với {other}; chọn port khác"),
                format!("has the port of {other}; choose another"),
            );
        }
    }
}

/// A TOML file with every setting, what it means, its unit and its default.
pub fn example() -> String {
    let sections = [
        database::EXAMPLE,
        blobs::EXAMPLE,
        broker::EXAMPLE,
        partner::EXAMPLE,
        web::EXAMPLE,
        operations::EXAMPLE,
        outbound::EXAMPLE,
        tokens::EXAMPLE,
        keys::EXAMPLE,
        directory::EXAMPLE,
        adapters::EXAMPLE,
        log::EXAMPLE,
        limits::EXAMPLE,
    ];
    let mut text = String::from(
        "# Settings of a lienthong hub.\n\
         #\n\
         #   name = value      must be set; the value is an example\n\
         #   # name = value    may be left out; the value is what holds then\n\
         #   #? name = value   may be left out; nothing holds then, the value is an example\n\
         #\n\
         # Relative paths start at the folder of this file. `lienthong config check` reads it, `lienthong doctor` also tries\n\
         # everything it names.\n",
    );
    for section in sections {
        text.push('\n');
        text.push_str(section);
    }
    text
}

/// The JSON Schema (2020-12) of the file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(File).to_value()
}

#[cfg(test)]
mod tests;
