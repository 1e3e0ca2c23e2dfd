//! Dossiers and their history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{AgencyView, Clocks, Links, ProblemView, StatusView};
use super::attachments::MissingFile;
use super::matters::{Opinion, opinions};
use super::progress::{ClaimView, DueView, Progress, SupplementView};
use super::tasks::JointView;
use crate::domain::clocks::{DueChange, DueReason};
use crate::domain::codes::{DossierCode, Key, ProcedureCode};
use crate::domain::details::{Details, ResultPaper};
use crate::domain::dossier::{Channel, Component, Filing, ForeignValue};
use crate::domain::event::{Back, Event, EventKind, HandOver, LimitTold, Verdict};
use crate::domain::ids::{DossierId, EventId};
use crate::domain::matter::Matter;
use crate::domain::rejection::Label;
use crate::domain::tenant::{Actor, TenantKey};
use crate::domain::time::Timestamp;

/// A dossier without its content, as in lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierSummary {
    /// The hub's name of it.
    pub tracking_id: DossierId,
    /// The submitter's reference.
    pub reference: String,
    /// Official code, confirmed by the agency.
    pub dossier_code: Option<DossierCode>,
    /// The official code its submitter says it has, while no code is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_code: Option<DossierCode>,
    /// Procedure.
    pub procedure: ProcedureCode,
    /// Name of the procedure.
    pub procedure_name: String,
    /// The version of the procedure it was received under.
    pub procedure_version: u32,
    /// How it reached the office.
    pub channel: Channel,
    /// With an agent's help.
    pub assisted_by_agent: bool,
    /// Where it stands.
    pub status: StatusView,
    /// Since when.
    pub since: Timestamp,
    /// Who filed.
    pub submitter: TenantKey,
    /// At which point.
    pub point: Option<Key>,
    /// The one-stop unit that receives it: it accepts, asks for papers and is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_unit: Option<TenantKey>,
    /// Received out of area: the one-stop unit of the agency, which is told and supervises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<TenantKey>,
    /// Responsible agency; of several, the one that leads.
    pub agency: Option<AgencyView>,
    /// What each of several agencies has to do; absent where one decides alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint: Option<JointView>,
    /// Why it is parked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Label>,
    /// Version of its content.
    pub version: i32,
    /// The clocks that run.
    pub clocks: Clocks,
    /// When the hub received it.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What is worth a look about the act that was just done; never in lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ProblemView>,
}

/// A dossier with its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierView {
    /// Everything but the content.
    #[serde(flatten)]
    pub summary: DossierSummary,
    /// What was filed, in canonical form.
    pub content: Filing,
    /// Supplements asked for, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supplements: Vec<SupplementView>,
    /// Fees claimed while it was being processed, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimView>,
    /// Every due date it had, oldest first, and why it was set; the last one holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub due_history: Vec<DueView>,
    /// Opinions of other bodies, in the order they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<Opinion>,
    /// The results, as they now stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ResultPaper>,
    /// The result is a refusal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refusal: bool,
    /// Files it names that have not been uploaded yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments_missing: Vec<MissingFile>,
    /// Where to go on.
    pub links: Links,
}

impl DossierView {
    /// A dossier with what its history adds to it.
    pub fn new(
        summary: DossierSummary,
        content: Filing,
        history: &[Event],
        attachments_missing: Vec<MissingFile>,
    ) -> Self {
        let progress = Progress::of(history);
        let mut summary = summary;
        summary.joint.iter_mut().for_each(|joint| joint.follow(history));
        DossierView {
            links: Links::of(summary.tracking_id),
            summary,
            content,
            supplements: progress.supplements,
            claims: progress.claims,
            due_history: progress.due_history,
            opinions: opinions(history),
            results: progress.results,
            refusal: progress.refusal,
            attachments_missing,
        }
    }
}

/// A page of dossiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DossierPage {
    /// Newest first. There may be fewer than `limit`, even none, and more to come.
    pub dossiers: Vec<DossierSummary>,
    /// Value of `after` for the next page; null where nothing is left.
    pub next: Option<String>,
}

/// One event, as told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventView {
    /// Unique; deduplicate by it.
    pub id: EventId,
    /// Its place in the dossier's history, from 1.
    pub number: i32,
    /// When the hub wrote it.
    pub at: Timestamp,
    /// When it happened, by the actor's word.
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened: `filed`, `amended`, `code-claimed`, `code-assigned`, `code-contested`, `status-changed`, `status-recorded`,
    /// `status-rejected`, `change-requested`, `opinion-asked`, `opinion-answered`, `early-result`, `papers-lost`,
    /// `fee-collected`, `fee-paid-in`, `tasks-given`, `task-sent`, `task-reported`, `task-handed-over`, `out-of-area`, `assigned`, `unassigned`, `supplemented`, `postponed`, `result-corrected`, `handed-over`, `due-set`, `limit-near`, `limit-passed`,
    /// `attachments-complete`.
    pub kind: String,
    /// The status it led to or named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusView>,
    /// The status before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StatusView>,
    /// How a report was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// A step nobody reported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// Reason or note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The papers asked for, the fees claimed, the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// The step went back to an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// The papers a supplement brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brought: Vec<Component>,
    /// Why it was rejected, parked or is irregular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The official code it claimed or assigned, or that another dossier claims too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier_code: Option<DossierCode>,
    /// The agency an operator named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Key>,
    /// Who received the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over: Option<HandOver>,
    /// The due date that was set, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DueChange>,
    /// The limit that is near or has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitTold>,
    /// The officer, as the actor's system names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
    /// What the actor's format said beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_values: Vec<ForeignValue>,
    /// What was recorded beside the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<Matter>,
}

impl EventView {
    /// An event of which only is told what every one has.
    fn untold(e: &Event) -> Self {
        EventView {
            id: e.id,
            number: e.number,
            at: e.at,
            occurred_at: e.occurred_at,
            actor: e.actor.clone(),
            kind: e.what.word().to_owned(),
            status: None,
            from: None,
            verdict: None,
            inferred: false,
            text: None,
            details: None,
            back: None,
            brought: Vec::new(),
            label: None,
            dossier_code: None,
            agency: None,
            hand_over: None,
            due: None,
            limit: None,
            officer: e.officer.clone(),
            foreign_values: e.foreign_values.clone(),
            matter: None,
        }
    }

    /// What an agency reported, and how it was taken.
    fn tell_report(&mut self, what: &EventKind) {
        use EventKind as H;
        match what {
            H::StatusChanged {
                from,
                to,
                verdict,
                inferred,
                text,
                irregular,
                details,
                back,
            } => {
                self.from = Some((*from).into());
                self.status = Some((*to).into());
                self.verdict = Some(*verdict);
                self.inferred = *inferred;
                self.text.clone_from(text);
                self.label = *irregular;
                self.details.clone_from(details);
                self.back = *back;
            }
            H::StatusRecorded { to, text, details } => {
                self.status = Some((*to).into());
                self.verdict = Some(Verdict::Recorded);
                self.text.clone_from(text);
                self.details.clone_from(details);
            }
            H::StatusRejected { to, label, text } => {
                self.status = Some((*to).into());
                self.verdict = Some(Verdict::Rejected);
                self.label = Some(*label);
                self.text.clone_from(text);
            }
            _ => {}
        }
    }
}

impl From<&Event> for EventView {
    fn from(e: &Event) -> Self {
        use EventKind as H;
        let mut view = EventView::untold(e);
        match &e.what {
            H::Filed { status, parked, .. } => {
                view.status = Some((*status).into());
                view.label = *parked;
            }
            H::Amended { parked, .. } => view.label = *parked,
            H::CodeClaimed { code } | H::CodeAssigned { code } => view.dossier_code = Some(code.clone()),
            H::CodeContested { code } => {
                view.dossier_code = Some(code.clone());
                view.label = Some(Label::DossierCodeContested);
            }
            H::StatusChanged { .. } | H::StatusRecorded { .. } | H::StatusRejected { .. } => {
                view.tell_report(&e.what);
            }
            H::Assigned {
                agency, parked, text, ..
            } => {
                view.agency = Some(agency.clone());
                view.label = *parked;
                view.text = Some(text.clone());
            }
            H::Unassigned { parked, text, .. } => {
                view.label = Some(*parked);
                view.text = Some(text.clone());
            }
            H::Supplemented { text, papers } => {
                view.text.clone_from(text);
                view.brought.clone_from(papers);
            }
            H::Postponed {
                from,
                to,
                text,
                irregular,
            } => {
                view.due = Some(DueChange {
                    from: Some(*from),
                    to: *to,
                    reason: DueReason::Postponed,
                });
                view.text.clone_from(text);
                view.label = *irregular;
            }
            H::ResultCorrected {
                results,
                refusal,
                text,
                irregular,
            } => {
                view.details = Some(Details::Decision {
                    results: results.clone(),
                    refusal: *refusal,
                });
                view.text.clone_from(text);
                view.label = *irregular;
            }
            H::Beside(matter) => view.matter = Some(matter.clone()),
            H::HandedOver(hand_over) => view.hand_over = Some(hand_over.clone()),
            H::DueSet(change) => view.due = Some(change.clone()),
            H::LimitNear(told) | H::LimitPassed(told) => view.limit = Some(told.clone()),
            H::AttachmentsComplete => {}
        }
        view
    }
}

/// The history of a dossier, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryView {
    /// The dossier.
    pub tracking_id: DossierId,
    /// Every event.
    pub events: Vec<EventView>,
}
