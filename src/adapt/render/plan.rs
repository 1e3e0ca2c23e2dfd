//! What goes in and out when a dossier is written, and a compiled `[render]` or `[progress]`.

use std::collections::{BTreeSet, HashMap};

use super::layout::{Layout, OutName};
use super::path::SourcePath;
use crate::adapt::dates::DateForm;
use crate::adapt::plan::Test;
use crate::adapt::spec::As;
use crate::adapt::tree::Syntax;
use crate::domain::codes::DossierCode;
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::event::Event;
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, Document, NotTold, Progress, StatusReport};

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
    /// The event that the agency is told with it.
    pub event: Option<&'a Event>,
    /// What its history adds to it, as far as it is at hand.
    pub progress: &'a Progress,
}

/// What a submitter is told of a dossier's progress.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingReport<'a> {
    /// The report; `dossier` is the name its reader knows the dossier by.
    pub report: &'a StatusReport,
    /// The hub's name of the dossier.
    pub tracking_id: Option<DossierId>,
    /// Its official code, once known.
    pub dossier_code: Option<&'a DossierCode>,
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

/// Progress as a format tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenderedProgress {
    /// One document of all reports, or, in a format whose message holds one, one of each.
    pub documents: Vec<Rendered>,
    /// The reports that the format does not tell, by their places from 0, and why not.
    pub left_out: Vec<(usize, NotTold)>,
}

/// A compiled `[render]` or `[progress]`.
#[derive(Debug)]
pub(in crate::adapt) enum RenderPlan {
    Mirror { media_type: String },
    Mapped(Box<Mapped>),
}

#[derive(Debug)]
pub(in crate::adapt) struct Mapped {
    pub(super) media_types: Vec<(String, Syntax)>,
    /// None where XML is not written.
    pub(super) root: Option<OutRoot>,
    pub(super) layout: Layout,
    /// Where the items are in the layout.
    pub(super) items: Option<Vec<usize>>,
    /// It tells progress.
    pub(super) is_report: bool,
    pub(super) when: Option<OutCond>,
    pub(super) envelope: OutShape,
    pub(super) shape: OutShape,
    /// The hub's values that are written, by their names from the whole on.
    pub(super) written: BTreeSet<String>,
}

/// The root element in XML.
#[derive(Debug)]
pub(super) struct OutRoot {
    pub name: OutName,
    /// The namespaces it declares: the attribute, and the namespace.
    pub spaces: Vec<(Box<str>, Box<str>)>,
}

/// The rules of one place.
#[derive(Debug, Default)]
pub(super) struct OutShape {
    pub fields: Vec<OutRule>,
    pub lists: Vec<OutList>,
    /// How many places its fields are for.
    pub targets: usize,
}

/// When a rule counts.
#[derive(Debug)]
pub(super) enum OutCond {
    All(Vec<OutCond>),
    Any(Vec<OutCond>),
    Not(Box<OutCond>),
    Ask { from: SourcePath, test: Test },
}

#[derive(Debug)]
pub(super) struct OutRule {
    /// Where it goes, in the layout of its place; nowhere further where it is the item itself.
    pub to: Vec<usize>,
    /// Rules for one place have one number; the first that holds counts.
    pub target: usize,
    pub sources: Vec<SourcePath>,
    pub when: Option<OutCond>,
    /// In the first row of each entry of this level of the spread.
    pub once: Option<usize>,
    pub constant: Option<Written>,
    pub default: Option<Written>,
    pub table: Option<HashMap<Box<str>, Box<str>>>,
    /// Without a word in the table, the report is not told.
    pub skip: bool,
    pub date: Option<DateForm>,
    pub join: Option<Box<str>>,
    pub max: Option<usize>,
    pub form: As,
}

#[derive(Debug)]
pub(super) struct OutList {
    pub to: Vec<usize>,
    pub from: ListFrom,
    /// The lists inside each item that it is spread over, from the outside in.
    pub spread: Vec<Box<str>>,
    pub when: Option<OutCond>,
    pub once: Option<usize>,
    pub always: bool,
    pub shape: OutShape,
}

/// Where the items of a list come from.
#[derive(Debug)]
pub(super) enum ListFrom {
    Nowhere,
    /// The place itself.
    Here,
    Path(SourcePath),
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Text(String),
    Whole(i64),
    Flag(bool),
}
