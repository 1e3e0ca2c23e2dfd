//! `[log]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;

/// What is logged, and how. The log goes to standard error.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Log", deny_unknown_fields, default)]
pub struct LogSettings {
    /// `text` for people, `json` for machines: one object a line.
    pub format: LogFormat,
    /// How much, as `level` and `room=level` separated by commas.
    pub filter: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        LogSettings {
            format: LogFormat::Text,
            filter: "info,lienthong=info".to_owned(),
        }
    }
}

pub(super) const EXAMPLE: &str = r#"[log]
# The log goes to standard error: "text" for people, "json" for machines, one object a line.
# format = "text"
# How much: level, or room=level, separated by commas; off, error, warn, info, debug, trace.
# filter = "info,lienthong=info"
"#;

impl LogSettings {
    pub(super) fn check(&self, faults: &mut Faults) {
        if tracing_subscriber::EnvFilter::builder()
            .parse(&self.filter)
            .is_err()
        {
            faults.add(
                "log.filter",
                "phải gồm mức hoặc mô-đun=mức, cách nhau bằng dấu phẩy",
                "must be level or room=level, separated by commas",
            );
        }
    }
}
