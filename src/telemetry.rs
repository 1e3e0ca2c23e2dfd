//! The log: one subscriber for the process, text for people or one JSON object a line for machines, on standard error.
//!
//! What is logged is decided where it happens; nothing that a person filed is ever a field. A request's span carries
//! [`TRACE_ID`], the trace id of its W3C trace context, and `json` puts the fields of the spans beside those of the event, so
//! that `trace_id` is found at the same place in every line of one request.

mod json;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{Directive, ParseError};
use tracing_subscriber::fmt::format::JsonFields;

use crate::config::{LogFormat, LogSettings};

/// Name of the field that holds the trace id of a W3C trace context: 32 hexadecimal digits.
pub const TRACE_ID: &str = "trace_id";

/// Why the log could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter, or a directive that always holds, cannot be read.
    #[error("log filter: {0}")]
    Filter(#[from] ParseError),
    /// The process has a subscriber already.
    #[error("the log was begun already")]
    Twice,
}

/// Begins the log of this process. `always` holds whatever the filter says: rooms name there what a library must never log.
///
/// # Errors
/// When the filter cannot be read, or the log was begun already.
pub fn init(log: &LogSettings, always: &[&str]) -> Result<(), TelemetryError> {
    let filter = filter(log, always)?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let begun = match log.format {
        LogFormat::Text => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            tracing::subscriber::set_global_default(subscriber.with_ansi(ansi).finish())
        }
        LogFormat::Json => {
            let subscriber = subscriber.fmt_fields(JsonFields::new()).event_format(json::Lines);
            tracing::subscriber::set_global_default(subscriber.finish())
        }
    };
    begun.map_err(|_| TelemetryError::Twice)
}

fn filter(log: &LogSettings, always: &[&str]) -> Result<EnvFilter, ParseError> {
    let mut filter = EnvFilter::builder().parse(&log.filter)?;
    for directive in always {
        filter = filter.add_directive(directive.parse::<Directive>()?);
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use std::io::Write;
    use std::sync::Arc;

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Page {
        type Writer = Page;
        fn make_writer(&self) -> Page {
            self.clone()
        }
    }

    fn logged(log: &LogSettings, always: &[&str], write: impl FnOnce()) -> String {
        let page = Page::default();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter(log, always).unwrap())
            .with_writer(page.clone())
            .fmt_fields(JsonFields::new())
            .event_format(json::Lines)
            .finish();
        tracing::subscriber::with_default(subscriber, write);
        String::from_utf8(page.0.lock().clone()).unwrap()
    }

    #[test]
    fn a_line_of_a_request_has_its_trace_id_at_the_top() {
        let text = logged(&LogSettings::default(), &[], || {
            let request = tracing::info_span!(
                "request",
                trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
                route = "a"
            );
            let _inside = request.enter();
            let step = tracing::info_span!("step", route = "b");
            let _inside = step.enter();
            tracing::warn!(n = 3, "said \"so\"");
        });
        assert_eq!(text.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line[TRACE_ID], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(line["route"], "b", "the inner span goes before the outer");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "said \"so\"");
        assert_eq!(line["n"], 3);
        assert!(line["time"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn what_a_library_must_not_log_is_off_whatever_the_filter_says() {
        let log = LogSettings {
            format: LogFormat::Json,
            filter: "trace".to_owned(),
        };
        let text = logged(&log, &["lapin=warn", "lapin::returned_messages=off"], || {
            tracing::error!(target: "lapin::returned_messages", "body");
            tracing::debug!(target: "lapin::frames", "payload");
            tracing::warn!(target: "lapin", "reconnecting");
        });
        assert!(
            !text.contains("body") && !text.contains("payload") && text.contains("reconnecting"),
            "{text}"
        );
    }
}
