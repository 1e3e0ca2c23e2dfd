//! What a message means to the agency that gets it, and what became of the reports it sent. Pure but for its counters.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::script::Situation;
use crate::domain::dossier::Filing;
use crate::domain::event::Verdict;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::task::TaskState;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::view::{AgencyData, JointView, StatusAnswer, TaskView};

/// What to do about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A new dossier: draw a plan for it.
    Begin(Situation),
    /// A dossier that was begun before this program was started: finish it.
    Resume(Status),
    /// A dossier that another agency leads: do the task in it.
    Help,
    /// The receiving unit accepted it.
    Accepted,
    /// The submitter completed what was asked for.
    Supplemented,
    /// It is over: withdrawn, refused or handed over.
    Ended,
    /// Nothing to do.
    Nothing,
}

/// What one of several agencies has to do in a dossier.
pub fn own_task<'j>(joint: Option<&'j JointView>, agency: &TenantKey) -> Option<&'j TaskView> {
    let tasks = &joint?.tasks;
    tasks.iter().find(|task| task.agency.key.as_str() == agency.key())
}

/// What `data` means to this agency, which already works on the dossier, or does not know it.
pub fn read(data: &AgencyData, agency: &TenantKey, known: bool) -> Reading {
    if let Some(task) = own_task(data.joint.as_ref(), agency).filter(|task| !task.lead) {
        return match (known, data.status.is_final(), task.state) {
            (true, true, _) => Reading::Ended,
            (false, false, TaskState::Sent) => Reading::Help,
            _ => Reading::Nothing,
        };
    }
    let (kind, event) = (data.event.kind.as_str(), &data.event);
    if data.status.is_final() {
        return if known { Reading::Ended } else { Reading::Nothing };
    }
    let left = event.from.as_ref().map(|s| s.code);
    match (known, kind) {
        (true, "supplemented") => Reading::Supplemented,
        (true, "status-changed") if left == Some(Status::SupplementRequested) => Reading::Supplemented,
        (true, "status-changed") if left == Some(Status::Registered) => Reading::Accepted,
        (true, _) => Reading::Nothing,
        (false, "filed" | "amended") if matches!(data.status, Status::Registered | Status::Accepted) => {
            let by_branch = data.submitter.kind() == TenantKind::Branch;
            Reading::Begin(Situation {
                status: data.status,
                by_branch,
            })
        }
        (false, _) => Reading::Resume(data.status),
    }
}

/// Whether the agency can read the document it was given. A canonical one must be a whole dossier.
pub fn is_readable(data: &AgencyData) -> bool {
    match data.format.as_str() {
        "canonical/v1" => serde_json::from_value::<Filing>(data.document.value()).is_ok(),
        _ => {
            let document = data.document.value();
            document.is_object() || document.as_str().is_some_and(|t| !t.is_empty())
        }
    }
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    /// Taken: applied, or kept as history.
    Taken,
    /// The broker has it; what the hub makes of it is not told on this way.
    Sent,
    /// The official code is already another dossier's: take the next one.
    CodeTaken,
    /// The hub does not know the word.
    WordUnknown,
    /// The dossier has ended meanwhile.
    Over,
    /// Refused, or malformed.
    Refused(Option<Label>),
}

/// What the hub's answer to a single report means.
pub fn told(answer: &StatusAnswer) -> ReportOutcome {
    let Some(result) = answer.results.first() else {
        return ReportOutcome::Refused(None);
    };
    let taken = result.warnings.iter().any(|w| w.label == Label::DossierCodeTaken);
    match (result.verdict, result.problem.as_ref().map(|p| p.label)) {
        (Some(Verdict::Rejected) | None, label) => refused(label),
        (Some(_), _) if taken => ReportOutcome::CodeTaken,
        (Some(_), _) => ReportOutcome::Taken,
    }
}

/// What a refusal of a report means.
pub fn refused(label: Option<Label>) -> ReportOutcome {
    match label {
        Some(Label::DossierCodeTaken) => ReportOutcome::CodeTaken,
        Some(Label::StatusWordUnknown) => ReportOutcome::WordUnknown,
        Some(Label::StatusFinal) => ReportOutcome::Over,
        label => ReportOutcome::Refused(label),
    }
}

/// How a message reached its agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrivalPath {
    /// The agency fetched it from its inbox.
    Pull,
    /// The agency took it from its own queue.
    Queue,
    /// The hub called the agency.
    Push,
}

/// What the agencies did, counted together.
#[derive(Debug, Default)]
pub struct Tally {
    pulled: AtomicU64,
    queued: AtomicU64,
    pushed: AtomicU64,
    files_fetched: AtomicU64,
    files_sent: AtomicU64,
    reports: AtomicU64,
    unknown_words: AtomicU64,
    faults: Mutex<BTreeMap<String, u64>>,
}

/// The counters at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyView {
    /// Messages fetched from inboxes, repetitions included.
    pub pulled: u64,
    /// Messages taken from agencies' own queues.
    pub queued: u64,
    /// Messages the hub brought by a call.
    pub pushed: u64,
    /// Files of dossiers fetched, each with its digest.
    pub files_fetched: u64,
    /// Files of results sent.
    pub files_sent: u64,
    /// Reports the hub took.
    pub reports: u64,
    /// Unknown words the hub refused, as it must.
    pub unknown_words: u64,
    /// What went wrong, by label.
    pub faults: BTreeMap<String, u64>,
}

impl Tally {
    pub(super) fn message(&self, path: ArrivalPath) {
        let count = match path {
            ArrivalPath::Pull => &self.pulled,
            ArrivalPath::Queue => &self.queued,
            ArrivalPath::Push => &self.pushed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn file_fetched(&self) {
        self.files_fetched.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn file_sent(&self) {
        self.files_sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn report(&self) {
        self.reports.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unknown_word(&self) {
        self.unknown_words.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fault(&self, what: &str) {
        *self.faults.lock().entry(what.to_owned()).or_default() += 1;
    }

    /// The counters now.
    pub fn view(&self) -> TallyView {
        TallyView {
            pulled: self.pulled.load(Ordering::Relaxed),
            queued: self.queued.load(Ordering::Relaxed),
            pushed: self.pushed.load(Ordering::Relaxed),
            files_fetched: self.files_fetched.load(Ordering::Relaxed),
            files_sent: self.files_sent.load(Ordering::Relaxed),
            reports: self.reports.load(Ordering::Relaxed),
            unknown_words: self.unknown_words.load(Ordering::Relaxed),
            faults: self.faults.lock().clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn office() -> TenantKey {
        "agency.so-tu-phap".parse().unwrap()
    }

    fn message(kind: &str, from: Option<u8>, to: u8, submitter: &str) -> AgencyData {
        let at = "2026-11-23T01:00:00Z";
        let status = |code: u8| json!({ "code": code, "vi": "", "en": "" });
        let procedure = json!({ "received": "1.004873", "code": "1.004873", "name": "", "version": 1, "matched": "exact" });
        serde_json::from_value(json!({
            "tracking_id": format!("dos_{:032x}", 1), "dossier_code": null, "submitter": submitter, "point": null,
            "event": { "id": format!("evt_{:032x}", 1), "number": 1, "at": at, "occurred_at": at,
                "actor": { "tenant": submitter }, "kind": kind, "status": status(to), "from": from.map(status) },
            "status": to, "clocks": {}, "format": "canonical/v1", "document": {},
            "route": { "directory": "", "date": "", "procedure": procedure, "place": null, "rules": [],
                "chosen": null, "vi": "", "en": "" },
        }))
        .unwrap()
    }

    #[test]
    fn an_agency_beside_the_lead_does_its_task_once() {
        let with = |lead: bool, state: &str, to: u8| {
            let mut data = message("filed", None, to, "agent.a-001");
            let task = json!({ "number": 2, "agency": { "key": "so-tu-phap", "name": "" }, "lead": lead, "text": "",
                "limit": { "working-days": 3 }, "state": state, "due_at": null });
            data.joint = serde_json::from_value(json!({ "order": "together", "tasks": [task] })).unwrap();
            data
        };
        let reading = |data: &AgencyData, known| read(data, &office(), known);
        assert_eq!(reading(&with(false, "sent", 1), false), Reading::Help);
        assert_eq!(reading(&with(false, "sent", 4), true), Reading::Nothing);
        assert_eq!(reading(&with(false, "done", 4), false), Reading::Nothing);
        assert_eq!(reading(&with(false, "sent", 7), true), Reading::Ended);
        assert!(matches!(
            reading(&with(true, "sent", 1), false),
            Reading::Begin(_)
        ));
    }

    #[test]
    fn a_message_means_what_the_agency_knows_of_the_dossier() {
        let (agent, branch) = ("agent.a-001", "branch.tay-ho");
        let begin = |status, by_branch| Reading::Begin(Situation { status, by_branch });
        let filed = message("filed", None, 1, agent);
        assert_eq!(read(&filed, &office(), false), begin(Status::Registered, false));
        assert_eq!(read(&filed, &office(), true), Reading::Nothing);
        assert_eq!(
            read(&message("filed", None, 2, branch), &office(), false),
            begin(Status::Accepted, true)
        );
        assert_eq!(
            read(&message("filed", None, 4, agent), &office(), false),
            Reading::Resume(Status::Processing)
        );
        assert_eq!(
            read(&message("status-changed", Some(1), 2, branch), &office(), true),
            Reading::Accepted
        );
        let completed = message("status-changed", Some(5), 4, agent);
        assert_eq!(read(&completed, &office(), true), Reading::Supplemented);
        assert_eq!(
            read(&completed, &office(), false),
            Reading::Resume(Status::Processing)
        );
        assert_eq!(
            read(&message("status-changed", Some(9), 10, agent), &office(), true),
            Reading::Ended
        );
        assert_eq!(
            read(&message("status-changed", Some(9), 10, agent), &office(), false),
            Reading::Nothing
        );
        assert!(!is_readable(&filed), "an empty object is no dossier");
    }
}
