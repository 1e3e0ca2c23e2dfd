//! What a command prints: JSON, to standard output or to a file.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::exit::{CommandError, Exit};
use crate::client::ClientError;

/// Where a file is written before it takes its place, so that it is never seen half.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// One JSON value, indented, and a line's end.
pub(super) fn print_json(out: &mut dyn Write, value: &impl serde::Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(value).map_err(|e| {
        CommandError::new(
            format!("không ghi được JSON: {e}"),
            format!("cannot write JSON: {e}"),
        )
    })?;
    Ok(writeln!(out, "{text}")?)
}

/// Prints an answer, or the problem document of a refusal.
pub(super) fn answered(
    answer: Result<impl serde::Serialize, ClientError>,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    match answer {
        Ok(answer) => {
            print_json(out, &answer)?;
            Ok(Exit::Good)
        }
        Err(ClientError::Problem(document)) => {
            print_json(out, &document)?;
            Ok(Exit::Findings)
        }
        Err(ClientError::Token {
            error, description, ..
        }) => {
            print_json(
                out,
                &serde_json::json!({ "error": error, "error_description": description }),
            )?;
            Ok(Exit::Findings)
        }
        Err(error) => Err(error.into()),
    }
}

/// One JSON value on one line, seen at once.
pub(super) fn print_line(out: &mut dyn Write, event: &impl serde::Serialize) -> Result<(), CommandError> {
    let line = serde_json::to_string(event).map_err(|e| CommandError::new("không ghi được JSON", e))?;
    writeln!(out, "{line}")?;
    // Whoever reads by a pipe wants the event now.
    Ok(out.flush()?)
}
