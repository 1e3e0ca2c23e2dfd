//! All that a report says, for the key by which the same report is known again.

use crate::domain::matter::Matter;
use crate::store::ledger::DossierAction;

/// The note of a report, and all it says beside a status and a note.
pub(super) fn beside(action: &DossierAction) -> (Option<&str>, String) {
    // Texts, numbers and flags only: writing them to memory cannot fail.
    match action {
        DossierAction::Report {
            text,
            details,
            back,
            new_due,
            task: None,
            ..
        } if details.is_some() || back.is_some() || new_due.is_some() => (
            text.as_deref(),
            serde_json::to_string(&(details, back, new_due)).unwrap_or_default(),
        ),
        DossierAction::Report {
            text,
            details,
            back,
            new_due,
            task: Some(task),
            ..
        } => (
            text.as_deref(),
            serde_json::to_string(&(details, back, new_due, task)).unwrap_or_default(),
        ),
        DossierAction::Beside(Matter::TaskReported {
            text,
            outcome,
            results,
            ..
        }) => (
            text.as_deref(),
            serde_json::to_string(&(outcome, results)).unwrap_or_default(),
        ),
        DossierAction::Correct {
            results,
            refusal,
            text,
        } => (
            text.as_deref(),
            serde_json::to_string(&(results, refusal)).unwrap_or_default(),
        ),
        DossierAction::Report { text, .. } => (text.as_deref(), String::new()),
        _ => (None, String::new()),
    }
}
