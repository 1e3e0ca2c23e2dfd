//! `[directory]`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::place::within;

/// Who is responsible for what: agencies, points, communes, procedures, competence, holidays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Directory", deny_unknown_fields)]
pub struct DirectorySettings {
    /// Folder with the CSV files. Read when the database holds no directory yet; `lienthong directory import` changes it later.
    pub folder: PathBuf,
    /// Whether rows marked provisional may be used. Only for trials.
    #[serde(default)]
    pub allow_provisional: bool,
}

pub(super) const EXAMPLE: &str = r#"[directory]
# Folder with the CSV files of agencies, points, communes, procedures, competence and holidays. It is read when the database
# holds no directory yet; later ones come by `lienthong directory import`.
folder = "directory"
# Whether rows marked provisional may be used. Only for trials.
# allow_provisional = false
"#;

impl DirectorySettings {
    pub(super) fn check(&mut self, folder: &Path) {
        within(folder, &mut self.folder);
    }
}
