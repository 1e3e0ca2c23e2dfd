//! Bytes to dossier and back, driven by the files under `adapters/`.
//!
//! A partner is a folder, not a release: `adapter.toml` says how its format maps to the canonical dossier, and this room is the
//! engine that compiles such a file once and applies it to every document. Nothing here reads a clock, a file or a socket, and
//! no code of a partner ever runs. What a tenant gets wrong comes back as a [`Rejection`] with every problem at once, each with
//! the path in the tenant's own document; what is wrong with an adapter file is an [`AdapterFault`] with its line.
//!
//! Start with [`Registry::choose`] and [`Adapter::read`]. Inside, a document goes `json` or `xml` → `tree` →
//! `apply` (with a `plan` that `compile` made of a `spec`) → `conform` (with what was read) → `build`; and back through `render`.

mod apply;
mod build;
mod changes;
mod compile;
mod conform;
mod content;
mod coverage;
mod dates;
mod difference;
mod document;
mod draft;
mod explain;
mod json;
mod judged;
pub mod limits;
mod plan;
mod provenance;
mod reads;
mod registry;
mod render;
mod samples;
mod sent;
mod spec;
mod split;
mod statuses;
mod target;
mod tree;
mod trial;
mod words;
mod xml;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use changes::{ValueChange, value_changes};
pub use compile::AdapterFault;
pub use conform::Unread;
pub use coverage::{CoveredDocument, UnreadPart};
pub use difference::{FieldDifference, MappingDifference, SourceDifference, SourceFate, mapping_difference};
pub use draft::{DraftSample, MappingDraft, UndraftableSample, draft};
pub use explain::{
    ExplainedDocument, ExplainedField, ExplainedRule, ExplainedSource, Explanation, SourceUse, explain,
};
pub use judged::Judged;
pub use provenance::Provenance;
pub use registry::{Registry, shipped_mappings};
pub use render::{OutgoingDossier, OutgoingReport, Rendered, RenderedProgress};
pub use samples::{
    SIX_SAMPLES, SampleOutcome, is_refused_sample, is_status_sample, kept_json, sample_syntax,
};
pub use sent::{SampleFault, Samples};
pub use split::SplitDocument;
pub use statuses::{JudgedBy, StatusDocument, StatusItem};
pub use target::canonical_schema;
pub use tree::Syntax;
pub use trial::Unwritten;

use crate::domain::attachment::InlineFile;
use crate::domain::dossier::Filing;
use crate::domain::encoding;
use crate::domain::rejection::{Problem, Rejection, problems};
use crate::domain::routing::Directory;
use crate::domain::sha256::Sha256;
use crate::domain::time::Date;
use document::{Document, cannot, decode, each_once, parse, slips, too_long};
use judged::{ByDirectory, checks_of};
use plan::DocumentPlan;
use reads::Reads;
use statuses::Judging;

/// The name of a format without its version: `dvcqg-mc` of `dvcqg-mc/v1`.
pub fn family(name: &str) -> &str {
    name.split_once('/').map_or(name, |(family, _)| family)
}

/// One version of one format, compiled. Cheap to share, never changes.
#[derive(Debug)]
pub struct Adapter {
    name: String,
    title_vi: String,
    title_en: String,
    provisional: bool,
    media_types: Vec<(String, Syntax)>,
    dossier: Option<Arc<DocumentPlan>>,
    statuses: Option<Arc<DocumentPlan>>,
    render: Option<render::RenderPlan>,
    progress: Option<render::RenderPlan>,
    remarks: Vec<AdapterFault>,
    text: Arc<str>,
    sha256: Sha256,
}

/// A document understood.
#[derive(Debug)]
pub struct Adapted {
    /// What was filed.
    pub filing: Filing,
    /// Worth a look, not wrong; paths are the sender's.
    pub warnings: Vec<Problem>,
    /// Where each canonical field came from, for problems found later (routing, the directory).
    pub provenance: Provenance,
    /// The files whose content stood in the document; the filing names each by its digest.
    pub contents: Vec<InlineFile>,
}

impl Adapter {
    /// Name and version: `dvcqg-mc/v1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name without the version: `dvcqg-mc`.
    pub fn family(&self) -> &str {
        family(&self.name)
    }

    /// The `adapter.toml` it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest of that text: which rules these are.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// What people call it, in Vietnamese and English.
    pub fn titles(&self) -> (&str, &str) {
        (&self.title_vi, &self.title_en)
    }

    /// Whether the format was made here or is not confirmed by its partner.
    pub fn is_provisional(&self) -> bool {
        self.provisional
    }

    /// What is worth a look in its file, though it compiles.
    pub fn remarks(&self) -> &[AdapterFault] {
        &self.remarks
    }

    /// The media types it takes.
    pub fn media_types(&self) -> impl Iterator<Item = &str> {
        self.media_types.iter().map(|(name, _)| name.as_str())
    }

    /// Whether dossiers are filed in it.
    pub fn reads_dossiers(&self) -> bool {
        self.dossier.is_some()
    }

    /// Whether statuses are reported in it.
    pub fn reads_statuses(&self) -> bool {
        self.statuses.is_some()
    }

    /// Whether an agency can be sent dossiers in it.
    pub fn renders(&self) -> bool {
        self.render.is_some()
    }

    /// Whether it has a message that tells progress ([`Adapter::render_progress`]).
    pub fn tells_progress(&self) -> bool {
        self.progress.is_some()
    }

    /// The syntax of a media type this format takes, whatever its parameters; `text/xml` is `application/xml`.
    pub fn syntax_of(&self, media_type: &str) -> Option<Syntax> {
        let wanted = encoding::essence(media_type)?;
        self.media_types
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, syntax)| *syntax)
    }

    /// Reads the one dossier of a document.
    ///
    /// # Errors
    /// Every problem of the document at once, with the sender's own paths; a document that is not well formed has one.
    pub fn read(&self, bytes: &[u8], media_type: &str) -> Result<Adapted, Rejection> {
        let (mut adapted, judged) = self.read_by(bytes, media_type, None)?;
        if let Some(rejection) = Rejection::of(judged.refused) {
            return Err(rejection);
        }
        adapted.warnings = each_once(adapted.warnings.into_iter().chain(judged.warnings).collect());
        Ok(adapted)
    }

    /// The same with the checks of a directory: what they say is handed over beside the filing, so that it is told with whatever
    /// else is found wrong. `today` is the day in Vietnam.
    ///
    /// # Errors
    /// As [`Adapter::read`]: problems of the document, with what the checks say of what could be read.
    pub fn read_judged(
        &self,
        bytes: &[u8],
        media_type: &str,
        directory: &Directory,
        today: Date,
    ) -> Result<(Adapted, Judged), Rejection> {
        self.read_by(bytes, media_type, Some(ByDirectory { directory, today }))
    }

    fn read_by(
        &self,
        bytes: &[u8],
        media_type: &str,
        by: Option<ByDirectory<'_>>,
    ) -> Result<(Adapted, Judged), Rejection> {
        let plan = self.dossier.as_ref().ok_or_else(cannot)?;
        let syntax = self.parsed_as(media_type)?;
        let decoded = decode(bytes, syntax, media_type)?;
        let tree = parse(&decoded.text, syntax, plan)?;
        let mut reads = Reads::of(&tree);
        let document = Document::open(plan, &tree, &mut reads)?;
        let [(item, path)] = document.items.as_slice() else {
            return Err(document.not_one());
        };
        let applied = apply::apply(plan, &tree, &mut reads, *item, path.clone());
        let found = conform::item(&tree, *item, plan, &reads);
        let built = build::filing(&applied, |stated| checks_of(&plan.checks, by, stated));
        let mut warnings: Vec<Problem> = decoded.contradiction.into_iter().collect();
        warnings.extend(document.warnings);
        warnings.extend(applied.warnings);
        warnings.extend(found.warnings);
        warnings.extend(built.warnings);
        let mut problems = document.problems;
        problems.extend(applied.problems);
        problems.extend(built.problems);
        problems.extend(found.problems);
        problems.extend(too_long(&tree, &applied.contents));
        if problems.is_empty() && built.value.is_none() {
            problems.extend(applied.unshaped);
        }
        if !problems.is_empty() {
            problems.extend(built.judged.refused.iter().cloned());
            // A slip in a name is often why something is missing, so a refusal says it too.
            problems.extend(slips(&warnings));
        }
        match (Rejection::of(each_once(problems)), built.value) {
            (Some(rejection), _) => Err(rejection),
            (None, Some(filing)) => {
                let adapted = Adapted {
                    filing: filing.with_foreign_values(found.kept),
                    warnings: each_once(warnings),
                    provenance: applied.provenance,
                    contents: built.contents,
                };
                Ok((adapted, built.judged))
            }
            // Nothing was said to be wrong and yet nothing was built: a fault of ours, never an acceptance.
            (None, None) => Err(problems::Internal.into()),
        }
    }

    /// Reads an agency's own progress message. One bad item never spoils the others; a word the format does not have is that
    /// item's problem and never a status.
    ///
    /// # Errors
    /// When the message as a whole cannot be read.
    pub fn read_statuses(&self, bytes: &[u8], media_type: &str) -> Result<StatusDocument, Rejection> {
        self.statuses_by(bytes, media_type, Judging::Alone)
    }

    /// The same without a word on the checks that a sound item breaks: [`StatusItem::judge`] says it when the dossier is known.
    ///
    /// # Errors
    /// As [`Adapter::read_statuses`].
    pub fn read_statuses_unjudged(
        &self,
        bytes: &[u8],
        media_type: &str,
    ) -> Result<StatusDocument, Rejection> {
        self.statuses_by(bytes, media_type, Judging::Later)
    }

    fn statuses_by(
        &self,
        bytes: &[u8],
        media_type: &str,
        judging: Judging,
    ) -> Result<StatusDocument, Rejection> {
        let plan = self.statuses.as_ref().ok_or_else(cannot)?;
        let syntax = self.parsed_as(media_type)?;
        let decoded = decode(bytes, syntax, media_type)?;
        let tree = parse(&decoded.text, syntax, plan)?;
        let mut reads = Reads::of(&tree);
        let document = Document::open(plan, &tree, &mut reads)?;
        let mut read = statuses::read(plan, &tree, &mut reads, (document, judging))?;
        read.warnings.extend(decoded.contradiction);
        Ok(read)
    }

    /// What the agency receives, in the format's own form. A format that cannot ([`Adapter::renders`]) gives canonical JSON.
    pub fn render(&self, outgoing: &OutgoingDossier<'_>) -> Rendered {
        match &self.render {
            Some(plan) => plan.dossier(outgoing, self.dossier.as_deref()),
            None => render::canonical_json(outgoing),
        }
    }

    /// Whether what the agency receives is canonical JSON: the content as the hub keeps it.
    pub fn keeps_canonical_json(&self) -> bool {
        self.render.as_ref().is_none_or(render::RenderPlan::mirrors_json)
    }

    /// The same in one of the syntaxes; none when the format has no such form.
    pub fn render_in(&self, outgoing: &OutgoingDossier<'_>, syntax: Syntax) -> Option<Rendered> {
        self.render
            .as_ref()?
            .dossier_in(outgoing, self.dossier.as_deref(), syntax, &self.media_types)
    }

    /// Progress as the format tells it, of at most [`limits::MAX_REPORTS`] reports; none when it has no such message.
    pub fn render_progress(&self, reports: &[OutgoingReport<'_>]) -> Option<RenderedProgress> {
        self.progress.as_ref()?.reports(reports, None)
    }

    /// The same in one of the syntaxes; none when the format has no such form.
    pub fn render_progress_in(
        &self,
        reports: &[OutgoingReport<'_>],
        syntax: Syntax,
    ) -> Option<RenderedProgress> {
        self.progress.as_ref()?.reports(reports, Some(syntax))
    }

    /// The canonical fields that it reads of a dossier and does not write, in order; empty for a format that does not do both.
    pub fn unwritten_of_dossiers(&self) -> Vec<String> {
        unwritten(self.render.as_ref(), self.dossier.as_deref())
    }

    /// As [`Adapter::unwritten_of_dossiers`], of status reports.
    pub fn unwritten_of_statuses(&self) -> Vec<String> {
        unwritten(self.progress.as_ref(), self.statuses.as_deref())
    }

    fn parsed_as(&self, media_type: &str) -> Result<Syntax, Problem> {
        self.syntax_of(media_type).ok_or_else(|| {
            let types: Vec<&str> = self.media_types().collect();
            problems::MediaTypeUnsupported {
                expected: &types.join(", "),
            }
            .into()
        })
    }
}

fn unwritten(render: Option<&render::RenderPlan>, read: Option<&DocumentPlan>) -> Vec<String> {
    match (render, read) {
        (Some(render), Some(read)) => render::unwritten(render, &read.shape),
        _ => Vec::new(),
    }
}
