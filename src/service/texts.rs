//! What a request says in words and moments: cleaned, within its limit, and not of the future.

use crate::domain::plausible::Dated;
use crate::domain::rejection::{Problem, problems};
use crate::domain::text::{Lines, NotAText, clean};
use crate::domain::time::Timestamp;

/// A moment somebody states of what has happened; left out, now.
pub(super) fn not_in_future(
    field: &str,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, Problem> {
    let dated = Dated::of(field).unwrap_or(Dated::OccurredAt);
    let stated = at.map_or(Ok(now), |at| dated.check_now(at, now));
    stated.map_err(|why| why.problem(field).at(format!("/{field}")))
}

/// A text that must say something, of several lines.
pub(super) fn required(path: &str, text: String, limit: usize) -> Result<String, Problem> {
    said(path, bounded(path, Some(text), limit)?)
}

/// The name of somebody, a number, a proof: one line that must say something.
pub(super) fn required_line(path: &str, text: String, limit: usize) -> Result<String, Problem> {
    said(path, line(path, Some(text), limit)?)
}

fn said(path: &str, text: Option<String>) -> Result<String, Problem> {
    text.ok_or_else(|| {
        problems::TextEmpty {
            field: &path.trim_start_matches('/'),
        }
        .at(path)
    })
}

/// A list within its limit.
pub(super) fn within(path: &str, count: usize, limit: usize) -> Result<(), Problem> {
    if count > limit {
        let field = path.rsplit('/').next().unwrap_or_default();
        return Err(problems::TooManyItems {
            field: &field,
            limit: &limit,
        }
        .at(path));
    }
    Ok(())
}

/// A note, cleaned, within its limit; blank is as good as none.
pub(super) fn bounded(path: &str, text: Option<String>, limit: usize) -> Result<Option<String>, Problem> {
    tidy(path, text, Lines::Several, limit)
}

/// The same of one line.
pub(super) fn line(path: &str, text: Option<String>, limit: usize) -> Result<Option<String>, Problem> {
    tidy(path, text, Lines::One, limit)
}

fn tidy(path: &str, text: Option<String>, lines: Lines, limit: usize) -> Result<Option<String>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let field = path.trim_start_matches('/');
    match clean(&text, lines) {
        Ok(text) if text.chars().count() > limit => Err(problems::TextLength {
            field: &field,
            limit: &limit,
        }
        .at(path)),
        Ok(text) => Ok(Some(text.into_owned())),
        Err(NotAText::Empty) => Ok(None),
        Err(_) => Err(problems::ControlCharacter.at(path)),
    }
}
