//! What can be wrong with the settings.

use std::fmt;
use std::path::PathBuf;

/// One setting that cannot be used, why, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFault {
    /// The line of the file it is told of, from 1; none where the file does not have it, or several places make it.
    pub line: Option<usize>,
    /// Which: `partner.listen`.
    pub setting: String,
    /// In Vietnamese.
    pub message_vi: String,
    /// In English.
    pub message_en: String,
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "{line}: ")?;
        }
        write!(f, "{}: {} | {}", self.setting, self.message_vi, self.message_en)
    }
}

/// Why a configuration cannot be used. No message holds a value of the file, since a value may be a password.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: không đọc được | cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("{}:{line}: không đúng cú pháp TOML | not TOML: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// Settings that cannot be used, are missing, or are none.
    #[error("{}: {}", path.display(), listed(faults))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All of them.
        faults: Vec<SettingFault>,
    },
}

fn listed(faults: &[SettingFault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// Gathers faults, so that all of them are said at once.
#[derive(Default)]
pub(super) struct Faults(Vec<SettingFault>);

impl Faults {
    pub fn add(&mut self, setting: &str, vi: impl Into<String>, en: impl Into<String>) {
        self.0.push(SettingFault {
            line: None,
            setting: setting.to_owned(),
            message_vi: vi.into(),
            message_en: en.into(),
        });
    }

    /// Notes a number outside its bounds, both included.
    pub fn bounds(&mut self, setting: &str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            self.add(
                setting,
                format!("{value} ngoài khoảng {least} đến {most}"),
                format!("{value} is not between {least} and {most}"),
            );
        }
    }

    pub fn all(self) -> Vec<SettingFault> {
        self.0
    }
}
