//! What `[render]` and `[progress]` may take from. Members and values come of the same types, so that they cannot differ.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::plan::{OutgoingDossier, OutgoingReport};
use crate::adapt::target::{self, Member};
use crate::domain::details::ResultPaper;
use crate::domain::dossier::{Component, Filing, IdentityPaper, IdentityPaperKind, Party};
use crate::domain::event::{Event, EventKind};
use crate::domain::matter::Matter;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{ClaimView, SupplementView};

/// A party with every number that says who it is, the identity number first.
#[derive(Serialize, JsonSchema)]
struct Whose<'a> {
    #[serde(flatten)]
    party: &'a Party,
    #[schemars(with = "Vec<IdentityPaper>")]
    identities: Vec<Value>,
}

impl<'a> Whose<'a> {
    fn of(party: &'a Party) -> Self {
        let number = party.identity_number.as_ref().map(|number| {
            let kind = if number.is_old_card() {
                IdentityPaperKind::OldCard
            } else {
                IdentityPaperKind::PersonalNumber
            };
            serde_json::json!({ "kind": kind, "number": number })
        });
        let papers = party.identity_papers.iter();
        let papers = papers.map(|paper| serde_json::to_value(paper).unwrap_or_default());
        Whose {
            party,
            identities: number.into_iter().chain(papers).collect(),
        }
    }
}

/// The event that is told.
#[derive(Serialize, JsonSchema)]
struct Happened<'a> {
    kind: &'a str,
    occurred_at: Timestamp,
    text: Option<&'a str>,
    officer: Option<&'a str>,
    /// The papers it brings.
    papers: &'a [Component],
}

impl<'a> Happened<'a> {
    fn of(event: &'a Event) -> Self {
        let (text, papers): (Option<&str>, &[Component]) = match &event.what {
            EventKind::Supplemented { text, papers } => (text.as_deref(), papers),
            EventKind::StatusChanged { text, .. }
            | EventKind::StatusRecorded { text, .. }
            | EventKind::StatusRejected { text, .. }
            | EventKind::Postponed { text, .. }
            | EventKind::ResultCorrected { text, .. } => (text.as_deref(), &[]),
            EventKind::Assigned { text, .. } => (Some(text), &[]),
            EventKind::Beside(
                matter @ (Matter::ChangeRequested { text, .. } | Matter::PapersLost { text }),
            ) => (Some(text), matter.papers()),
            _ => (None, &[]),
        };
        Happened {
            kind: event.what.word(),
            occurred_at: event.occurred_at,
            text,
            officer: event.officer.as_deref(),
            papers,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct DossierSource<'a> {
    /// Whose matter it is: the owner, else the applicant.
    subject: Whose<'a>,
    /// The applicant, where that is somebody else.
    filer: Option<Whose<'a>>,
    filing: &'a Filing,
    tracking_id: String,
    dossier_code: Option<String>,
    status: Status,
    status_vi: &'a str,
    status_en: &'a str,
    /// The note that came with the status.
    status_text: Option<&'a str>,
    agency_name: &'a str,
    procedure_code: String,
    procedure_name: &'a str,
    field_code: Option<&'a str>,
    field_name: Option<&'a str>,
    amended: bool,
    received_at: Timestamp,
    accepted_at: Option<Timestamp>,
    acceptance_due: Option<Timestamp>,
    forecast_due: Option<Timestamp>,
    promised_due: Option<Timestamp>,
    due: Option<Timestamp>,
    event: Option<Happened<'a>>,
    supplements: &'a [SupplementView],
    claims: &'a [ClaimView],
    results: &'a [ResultPaper],
    /// The result is a refusal.
    refusal: bool,
}

/// What is known of a report beside what it says.
#[derive(Serialize, JsonSchema)]
struct ReportBeside<'a> {
    tracking_id: Option<String>,
    dossier_code: Option<String>,
    status_vi: &'a str,
    status_en: &'a str,
}

/// What `[render]` may take from.
pub(in crate::adapt) fn dossier_members() -> Vec<Member> {
    target::members(schemars::schema_for!(DossierSource<'_>).as_value())
}

/// What `[progress]` may take from.
pub(in crate::adapt) fn report_members() -> Vec<Member> {
    let mut members = target::status_report();
    members.extend(target::members(
        schemars::schema_for!(ReportBeside<'_>).as_value(),
    ));
    members
}

pub(super) fn of_dossier(outgoing: &OutgoingDossier<'_>) -> Value {
    let (clocks, progress) = (outgoing.clocks, outgoing.progress);
    let code = outgoing.dossier_code.or(outgoing.filing.dossier_code.as_ref());
    let source = DossierSource {
        subject: Whose::of(outgoing.filing.subject()),
        filer: outgoing
            .filing
            .owner
            .as_ref()
            .map(|_| Whose::of(&outgoing.filing.applicant)),
        filing: outgoing.filing,
        tracking_id: outgoing.tracking_id.to_string(),
        dossier_code: code.map(ToString::to_string),
        status: outgoing.status,
        status_vi: outgoing.status.name_vi(),
        status_en: outgoing.status.name_en(),
        status_text: progress.note.as_deref(),
        agency_name: outgoing.agency_name,
        procedure_code: outgoing.procedure.code.to_string(),
        procedure_name: &outgoing.procedure.name,
        field_code: outgoing.field.map(|(code, _)| code),
        field_name: outgoing.field.map(|(_, name)| name),
        amended: outgoing.amended,
        received_at: outgoing.received_at,
        accepted_at: outgoing.accepted_at,
        acceptance_due: clocks.acceptance_due,
        forecast_due: clocks.forecast_due,
        promised_due: clocks.promised_due,
        due: clocks.due,
        event: outgoing.event.map(Happened::of),
        supplements: &progress.supplements,
        claims: &progress.claims,
        results: &progress.results,
        refusal: progress.refusal,
    };
    // Texts, numbers and flags only: it cannot fail.
    serde_json::to_value(source).unwrap_or_default()
}

pub(super) fn of_report(outgoing: &OutgoingReport<'_>) -> Value {
    let report = outgoing.report;
    let mut value = serde_json::to_value(report).unwrap_or_default();
    let beside = ReportBeside {
        tracking_id: outgoing.tracking_id.map(|id| id.to_string()),
        dossier_code: outgoing.dossier_code.map(ToString::to_string),
        status_vi: report.status.name_vi(),
        status_en: report.status.name_en(),
    };
    let beside = serde_json::to_value(beside).unwrap_or_default();
    if let (Value::Object(all), Value::Object(beside)) = (&mut value, beside) {
        all.extend(beside);
        // A report leaves them out where they are not so; a condition may ask for either.
        all.insert("refusal".to_owned(), report.refusal.into());
        all.insert("correction".to_owned(), report.correction.into());
    }
    value
}

/// The canonical fields that a value of `[render]` comes from.
pub(super) fn canonical(source: &str) -> Vec<String> {
    let names: &[&str] = match source {
        "procedure_code" => &["procedure.code"],
        "procedure_name" => &["procedure.name"],
        "field_code" => &["procedure.field_code"],
        "field_name" => &["procedure.field_name"],
        "status" => &["reported_status"],
        "status_text" => &["reported_text"],
        "accepted_at" => &["received_at"],
        "due" => &["promised_due"],
        other => return of_parties(other),
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn of_parties(source: &str) -> Vec<String> {
    let (parties, field): (&[&str], &str) = if let Some(field) = source.strip_prefix("subject.") {
        (&["applicant", "owner"], field)
    } else if let Some(field) = source.strip_prefix("filer.") {
        (&["applicant"], field)
    } else {
        return vec![source.strip_prefix("filing.").unwrap_or(source).to_owned()];
    };
    let fields: Vec<String> = match field.strip_prefix("identities.") {
        Some("number") => vec!["identity_number".to_owned(), "identity_papers.number".to_owned()],
        Some(inner) => vec![format!("identity_papers.{inner}")],
        None => vec![field.to_owned()],
    };
    let of = |party: &&str| {
        let named = fields.iter().map(|field| format!("{party}.{field}"));
        named.collect::<Vec<_>>()
    };
    parties.iter().flat_map(of).collect()
}

/// Those of the fields that are read that nothing written comes from; of an applicant who is not the owner too.
pub(super) fn unwritten(read: &BTreeSet<String>, written: &BTreeSet<String>) -> Vec<String> {
    let carried: BTreeSet<String> = written.iter().flat_map(|source| canonical(source)).collect();
    let filer: BTreeSet<String> = written
        .iter()
        .filter(|source| !source.starts_with("subject."))
        .flat_map(|source| canonical(source))
        .collect();
    let has_owner = read.iter().any(|field| field.starts_with("owner."));
    let lacks = |field: &&String| match field.strip_prefix("applicant.") {
        Some(_) if has_owner => !filer.contains(*field),
        _ => !carried.contains(*field),
    };
    read.iter().filter(lacks).cloned().collect()
}
