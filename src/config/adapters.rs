//! `[adapters]`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::place::within;

/// Partners' formats, beside those that come with the hub.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename = "Adapters", deny_unknown_fields, default)]
pub struct AdapterSettings {
    /// Folder with further formats, each as `<name>/v<number>/adapter.toml`.
    pub folder: Option<PathBuf>,
}

pub(super) const EXAMPLE: &str = r#"[adapters]
# Folder with further formats of partners, each as <name>/v<number>/adapter.toml. Those that come with the hub are always there.
#? folder = "adapters"
"#;

impl AdapterSettings {
    pub(super) fn check(&mut self, folder: &Path) {
        if let Some(path) = &mut self.folder {
            within(folder, path);
        }
    }
}
