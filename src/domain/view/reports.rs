//! What an agency reports, and how each report was taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::ProblemView;
use crate::domain::absent;
use crate::domain::codes::DossierCode;
use crate::domain::details::{Details, FeeClaim, Lists, PaperAsked, ResultPaper, limits};
use crate::domain::dossier::{self, ForeignValue};
use crate::domain::event::{Back, Event, EventKind, Verdict};
use crate::domain::status::Status;
use crate::domain::task::TaskOutcome;
use crate::domain::text::{self, Text};
use crate::domain::time::Timestamp;

/// One status an agency reports, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusReport {
    /// The dossier: tracking id (`dos_…`) or official dossier code.
    #[schemars(with = "Text<100>")]
    pub dossier: String,
    /// `TrangThaiHoSo`, 1 to 10.
    pub status: Status,
    /// When it happened; left out, when the hub received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Reason, list of missing papers, note. At most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<{ text::limits::NOTE }>>")]
    pub text: Option<String>,
    /// The official dossier code, when the agency's system has assigned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_code: Option<DossierCode>,
    /// The officer, as text. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Text<{ text::limits::OFFICER }>>")]
    pub officer: Option<String>,
    /// With 5: the papers asked for, all of them.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<PaperAsked>>", length(max = limits::PAPERS))]
    pub papers: Vec<PaperAsked>,
    /// With 6: the fees claimed.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<FeeClaim>>", length(max = limits::FEES))]
    pub fees: Vec<FeeClaim>,
    /// With 9: the results.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<ResultPaper>>", length(max = limits::RESULTS))]
    pub results: Vec<ResultPaper>,
    /// With 9: the result is a refusal (Decree 118/2025 art. 19.3); `text` says why.
    #[serde(
        default,
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<bool>")]
    pub refusal: bool,
    /// With 9, also after the result was handed over: `results` replace those told before (Decree 118/2025 art. 23.1); `text` says
    /// what was wrong, and the status stays.
    #[serde(
        default,
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<bool>")]
    pub correction: bool,
    /// The step goes back to an earlier one: `returned` (trả lại) or `recalled` (thu hồi); `text` says why. Needed only where a step
    /// forward looks the same (6 → 4, 8 → 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// The due date moves to this moment (Decree 118/2025 art. 19.6); `text` says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_due: Option<Timestamp>,
    /// Of several agencies, the reporter's own task has ended: `done`, or `unable` with `text` saying why. A co-agency's report never
    /// moves the dossier; without this, its status says how the task stands (9 done, 3 or 9 with `refusal` unable, 2 or 4 under way).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskOutcome>,
    /// What the agency's format says beside all this, kept with the event.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<ForeignValue>>", length(max = dossier::limits::FOREIGN_VALUES))]
    pub foreign_values: Vec<ForeignValue>,
}

impl StatusReport {
    /// A report of nothing but a status.
    pub fn new(dossier: impl Into<String>, status: Status) -> Self {
        StatusReport {
            dossier: dossier.into(),
            status,
            occurred_at: None,
            text: None,
            assigned_code: None,
            officer: None,
            papers: Vec::new(),
            fees: Vec::new(),
            results: Vec::new(),
            refusal: false,
            correction: false,
            back: None,
            new_due: None,
            task: None,
            foreign_values: Vec::new(),
        }
    }

    /// What an event says of the dossier's progress, told onwards under the name its reader knows the dossier by; none where it says
    /// nothing of it. A step that nobody reported, because a later one implies it, is one all the same.
    pub fn of_event(event: &Event, dossier: &str) -> Option<Self> {
        let mut report = StatusReport {
            occurred_at: Some(event.occurred_at),
            officer: event.officer.clone(),
            ..StatusReport::new(dossier, Status::Finished)
        };
        match &event.what {
            EventKind::StatusChanged {
                to,
                text,
                details,
                back,
                ..
            } => {
                report.status = *to;
                report.text.clone_from(text);
                report.back = *back;
                match details.clone() {
                    Some(Details::Papers(papers)) => report.papers = papers,
                    Some(Details::Fees(fees)) => report.fees = fees,
                    Some(Details::Decision { results, refusal }) => {
                        report.results = results;
                        report.refusal = refusal;
                    }
                    None => {}
                }
            }
            EventKind::ResultCorrected {
                results,
                refusal,
                text,
                ..
            } => {
                report.text.clone_from(text);
                report.results.clone_from(results);
                report.refusal = *refusal;
                report.correction = true;
            }
            _ => return None,
        }
        Some(report)
    }

    /// Its lists, taken out of it.
    pub fn take_lists(&mut self) -> Lists {
        Lists {
            papers: std::mem::take(&mut self.papers),
            fees: std::mem::take(&mut self.fees),
            results: std::mem::take(&mut self.results),
            refusal: std::mem::take(&mut self.refusal),
            correction: std::mem::take(&mut self.correction),
        }
    }

    /// Puts its lists.
    #[must_use]
    pub fn with_lists(mut self, lists: Lists) -> Self {
        self.papers = lists.papers;
        self.fees = lists.fees;
        self.results = lists.results;
        self.refusal = lists.refusal;
        self.correction = lists.correction;
        self
    }
}

/// Statuses in canonical form, at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// The reports, in the order they happened.
    #[schemars(length(max = limits::REPORTS))]
    pub reports: Vec<StatusReport>,
}

/// How one report was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusResult {
    /// The dossier as the report named it, also where the rest of the report could not be read; empty where that could not either.
    pub dossier: String,
    /// How it was taken; null when the dossier was not found, the report was malformed, or its word means none of the statuses (the
    /// warning `status-word-silent`).
    pub verdict: Option<Verdict>,
    /// Where the dossier now stands.
    pub status: Option<Status>,
    /// The official code that the hub gave the dossier with this report, where it gives the codes of the agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier_code: Option<DossierCode>,
    /// Why it was rejected, or is irregular: the first of `problems`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemView>,
    /// Everything that was wrong with it, each at its place in the sender's document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemView>,
    /// What is worth a look beside it; the status was taken all the same. What the report says and the hub did not use is told here,
    /// and a code that is another dossier's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemView>,
}

/// One line a report, in the order sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusAnswer {
    /// The results.
    pub results: Vec<StatusResult>,
    /// Of the message around the reports: worth a look, not wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemView>,
}
