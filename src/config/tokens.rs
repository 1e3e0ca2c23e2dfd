//! `[tokens]`

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;
use super::place::within;

/// Access tokens and receipts: who signs them, how long a token lives.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Tokens", deny_unknown_fields)]
pub struct TokenSettings {
    /// PEM file with the private key (PKCS#8, P-256) that signs tokens.
    pub signing_key_file: PathBuf,
    /// PEM file with the private key that signs receipts. Receipts are shown for years and tokens live minutes, so each has a key of
    /// its own; left out, `signing_key_file` signs both.
    #[serde(default)]
    pub receipt_key_file: Option<PathBuf>,
    /// PEM files with earlier or coming keys, whose signatures are still or already accepted.
    #[serde(default)]
    pub further_key_files: Vec<PathBuf>,
    /// Files with the public halves of keys that sign no more, each a JWK with the date it was retired (`retired_at`). They are
    /// published, so that old receipts can be verified; no token of theirs is accepted.
    #[serde(default)]
    pub retired_key_files: Vec<PathBuf>,
    /// How long a token lives, in seconds; 60 to 600.
    #[serde(default = "TokenSettings::default_lifetime")]
    #[schemars(range(min = 60, max = 600))]
    pub lifetime_seconds: u32,
}

pub(super) const EXAMPLE: &str = r#"[tokens]
# PEM file with the private key (PKCS#8, P-256) that signs tokens; readable by the hub alone; `lienthong keys new` makes one.
signing_key_file = "keys/tokens.key"
# PEM file with the private key that signs receipts, which are shown for years; left out, the one above signs both.
receipt_key_file = "keys/receipts.key"
# PEM files with earlier or coming signing keys, whose signatures are still or already accepted and published.
# further_key_files = []
# Files with the public halves of keys that sign no more: the key's entry of /.well-known/jwks.json with "retired_at": "YYYY-MM-DD".
# retired_key_files = []
# How long a token lives, in seconds; 60 to 600.
# lifetime_seconds = 600
"#;

impl TokenSettings {
    fn default_lifetime() -> u32 {
        600
    }

    /// How long a token lives.
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.lifetime_seconds))
    }

    pub(super) fn check(&mut self, folder: &Path, faults: &mut Faults) {
        within(folder, &mut self.signing_key_file);
        self.receipt_key_file
            .iter_mut()
            .chain(&mut self.further_key_files)
            .chain(&mut self.retired_key_files)
            .for_each(|file| within(folder, file));
        faults.bounds(
            "tokens.lifetime_seconds",
            u64::from(self.lifetime_seconds),
            60,
            600,
        );
    }
}
