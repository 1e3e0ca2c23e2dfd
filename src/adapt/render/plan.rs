//! What goes in and out when a dossier is rendered, and a compiled `[render]` or `[progress]`.

use std::collections::HashMap;

use crate::adapt::dates::DateForm;
use crate::adapt::plan::Test;
use crate::domain::codes::DossierCode;
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, Document};

/// What an agency is told of a dossier.
#[derive(Debug)]
pub struct OutgoingDossier<'a> {
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
pub(in crate::adapt) enum RenderPlan {
    Mirror { media_type: String },
    Mapped(Mapped),
}

#[derive(Debug)]
pub(in crate::adapt) struct Mapped {
    pub(super) media_type: String,
    pub(super) items: Option<OutPath>,
    pub(super) envelope: Vec<OutRule>,
    pub(super) fields: Vec<OutRule>,
    pub(super) lists: Vec<OutList>,
}

/// Names from the outside in.
pub(super) type OutPath = Vec<OutStep>;

#[derive(Clone, Debug)]
pub(super) struct OutStep {
    pub(super) name: Box<str>,
    /// Of a list, the first item whose field has this value.
    pub(super) pick: Option<(Box<str>, Box<str>)>,
}

#[derive(Debug)]
pub(super) struct OutCond {
    pub(super) from: OutPath,
    pub(super) test: Test,
}

#[derive(Debug)]
pub(super) struct OutRule {
    pub(super) to: OutPath,
    pub(super) sources: Vec<OutPath>,
    pub(super) when: Option<OutCond>,
    pub(super) constant: Option<Box<str>>,
    pub(super) default: Option<Box<str>>,
    pub(super) table: Option<HashMap<Box<str>, Box<str>>>,
    pub(super) date: Option<DateForm>,
    pub(super) max: Option<usize>,
    pub(super) once: bool,
}

#[derive(Debug)]
pub(super) struct OutList {
    pub(super) to: OutPath,
    /// None for the place itself.
    pub(super) from: Option<OutPath>,
    pub(super) spread: Option<Box<str>>,
    pub(super) fields: Vec<OutRule>,
    pub(super) lists: Vec<OutList>,
}
