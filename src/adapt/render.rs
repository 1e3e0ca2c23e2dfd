//! From the canonical dossier to the form an agency receives, and progress as a format tells it.
//!
//! A format either mirrors the canonical form, or maps value by value. Code tables are read backwards and must give exactly one
//! word for each canonical one, which the compiler checks.

mod compile;
mod write;

use std::collections::HashMap;

pub(super) use compile::compile;
pub(super) use write::canonical_json;

use super::dates::DateForm;
use super::plan::Test;
use super::target::{self, Kind, Member, Target, Unit};
use crate::domain::codes::DossierCode;
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, Document};

/// What an agency is told of a dossier.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// What was filed.
    pub filing: &'a Filing,
    /// The hub's name of it.
    pub tracking_id: DossierId,
    /// Official code, once known.
    pub dossier_code: Option<&'a DossierCode>,
    /// Where it stands.
    pub status: Status,
    /// Name of the responsible agency.
    pub agency_name: &'a str,
    /// The procedure as the directory knows it.
    pub procedure: &'a ProcedureKnown,
    /// Code and name of the procedure's field in the directory.
    pub field: Option<(&'a str, &'a str)>,
    /// Whether this version is not the first.
    pub amended: bool,
    /// When the hub received it.
    pub received_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// The clocks that run.
    pub clocks: &'a Clocks,
}

/// A document made by the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its media type.
    pub media_type: String,
    /// Its bytes, UTF-8.
    pub bytes: Vec<u8>,
}

impl Rendered {
    /// The document as a part of a message: JSON as it is, anything else as text. None when it is not what its media type says, a
    /// fault of the hub's.
    pub fn into_document(self) -> Option<Document> {
        if self.media_type.contains("json") {
            Document::json(self.bytes)
        } else {
            Document::text(&self.bytes)
        }
    }
}

/// A compiled `[render]` or `[progress]`.
#[derive(Debug)]
pub(super) enum RenderPlan {
    Mirror { media_type: String },
    Mapped(Mapped),
}

#[derive(Debug)]
pub(super) struct Mapped {
    media_type: String,
    items: Option<OutPath>,
    envelope: Vec<OutRule>,
    fields: Vec<OutRule>,
    lists: Vec<OutList>,
}

/// Names from the outside in.
type OutPath = Vec<OutStep>;

#[derive(Clone, Debug)]
struct OutStep {
    name: Box<str>,
    /// Of a list, the first item whose field has this value.
    pick: Option<(Box<str>, Box<str>)>,
}

#[derive(Debug)]
struct OutCond {
    from: OutPath,
    test: Test,
}

#[derive(Debug)]
struct OutRule {
    to: OutPath,
    sources: Vec<OutPath>,
    when: Option<OutCond>,
    constant: Option<Box<str>>,
    default: Option<Box<str>>,
    table: Option<HashMap<Box<str>, Box<str>>>,
    date: Option<DateForm>,
    max: Option<usize>,
    once: bool,
}

#[derive(Debug)]
struct OutList {
    to: OutPath,
    /// None for the place itself.
    from: Option<OutPath>,
    spread: Option<Box<str>>,
    fields: Vec<OutRule>,
    lists: Vec<OutList>,
}

/// What `[render]` may take from.
pub(super) fn outgoing() -> Vec<Member> {
    let leaf = |name: &str, kind: Kind| Member {
        name: name.into(),
        required: false,
        longest: None,
        target: Target::Leaf(kind),
    };
    let filing = target::filing();
    let mut party = filing
        .iter()
        .find(|m| *m.name == *"applicant")
        .map(|m| m.target.clone());
    // Every number that says who it is, the identity number first.
    if let Some(Target::Object(members)) = &mut party
        && let Some(papers) = members.iter().find(|m| *m.name == *"identity_papers")
    {
        let identities = Member {
            name: "identities".into(),
            ..papers.clone()
        };
        members.push(identities);
    }
    let party = |name: &str| {
        let target = party.clone().unwrap_or(Target::Object(Vec::new()));
        Member {
            name: name.into(),
            required: false,
            longest: None,
            target,
        }
    };
    vec![
        // Whose matter it is: the owner, else the applicant; and the applicant, where that is somebody else.
        party("subject"),
        party("filer"),
        Member {
            name: "filing".into(),
            required: true,
            longest: None,
            target: Target::Object(filing),
        },
        leaf("tracking_id", Kind::Text),
        leaf("dossier_code", Kind::Text),
        leaf(
            "status",
            Kind::Whole {
                min: 1,
                max: 10,
                unit: Unit::One,
            },
        ),
        leaf("agency_name", Kind::Text),
        leaf("procedure_code", Kind::Text),
        leaf("procedure_name", Kind::Text),
        leaf("field_code", Kind::Text),
        leaf("field_name", Kind::Text),
        leaf("amended", Kind::Flag),
        leaf("received_at", Kind::Instant),
        leaf("accepted_at", Kind::Instant),
        leaf("acceptance_due", Kind::Instant),
        leaf("forecast_due", Kind::Instant),
        leaf("promised_due", Kind::Instant),
        leaf("due", Kind::Instant),
    ]
}
