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
use super::target::{self, Kind, Member, Target};
use crate::domain::codes::DossierCode;
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::Clocks;

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

/// A compiled `[render]` or `[progress]`.
#[derive(Debug)]
pub(super) enum RenderPlan {
    Mirror { media_type: String },
    Mapped(Mapped),
}

#[derive(Debug)]
pub(super) struct Mapped {
    media_type: String,
    items: Option<Vec<Box<str>>>,
    envelope: Vec<OutRule>,
    fields: Vec<OutRule>,
    lists: Vec<OutList>,
}

#[derive(Debug)]
struct OutRule {
    to: Vec<Box<str>>,
    sources: Vec<Vec<Box<str>>>,
    constant: Option<Box<str>>,
    default: Option<Box<str>>,
    table: Option<HashMap<Box<str>, Box<str>>>,
    date: Option<DateForm>,
    max: Option<usize>,
}

#[derive(Debug)]
struct OutList {
    to: Vec<Box<str>>,
    from: Vec<Box<str>>,
    spread: Option<Box<str>>,
    fields: Vec<OutRule>,
}

/// What `[render]` may take from.
pub(super) fn outgoing() -> Vec<Member> {
    let leaf = |name: &str, kind: Kind| Member {
        name: name.into(),
        required: false,
        target: Target::Leaf(kind),
    };
    vec![
        Member {
            name: "filing".into(),
            required: true,
            target: Target::Object(target::filing()),
        },
        leaf("tracking_id", Kind::Text),
        leaf("dossier_code", Kind::Text),
        leaf("status", Kind::Whole { min: 1, max: 10 }),
        leaf("agency_name", Kind::Text),
        leaf("procedure_code", Kind::Text),
        leaf("procedure_name", Kind::Text),
        leaf("received_at", Kind::Instant),
        leaf("accepted_at", Kind::Instant),
        leaf("acceptance_due", Kind::Instant),
        leaf("forecast_due", Kind::Instant),
        leaf("due", Kind::Instant),
    ]
}
