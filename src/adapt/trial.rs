//! What a format would write, for whoever writes or tests one: what only the hub knows is made up, the same for the same document.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::render::{OutgoingDossier, OutgoingReport, Rendered, RenderedProgress};
use super::tree::Syntax;
use super::{Adapter, render};
use crate::domain::dossier::{Filing, ProcedureKnown};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, Progress, StatusReport};

/// Characters of a national procedure code: a city's own variant (`1.004873.000.00.00.H26`) begins with it.
const NATIONAL_CODE: usize = 8;

/// Why no document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// The dossier's procedure code does not begin with a national one, so that no directory would know it.
    Procedure,
    /// The format has no such document, or not in this syntax.
    Form,
}

impl Adapter {
    /// A dossier as an agency would be sent it on receipt, in this syntax or, without one, in the format's first.
    ///
    /// Made up are the tracking id, the agency's name, and the moment of receipt where the dossier has none, which is that of filing.
    ///
    /// # Errors
    /// [`Unwritten`].
    pub fn trial_dossier(&self, filing: &Filing, syntax: Option<Syntax>) -> Result<Rendered, Unwritten> {
        let code = filing.procedure.code.as_str();
        let code = code.get(..NATIONAL_CODE).unwrap_or(code).parse();
        let known = filing.procedure.name.as_ref();
        let procedure = ProcedureKnown {
            code: code.map_err(|_| Unwritten::Procedure)?,
            name: known.map_or_else(String::new, ToString::to_string),
        };
        let clocks = Clocks {
            promised_due: filing.promised_due,
            ..Clocks::default()
        };
        let outgoing = OutgoingDossier {
            filing,
            tracking_id: made_up(filing.filed_at),
            dossier_code: filing.dossier_code.as_ref(),
            status: filing.reported_status.unwrap_or(Status::Registered),
            agency_name: "(cơ quan giải quyết)",
            procedure: &procedure,
            field: None,
            amended: false,
            received_at: filing.received_at.unwrap_or(filing.filed_at),
            accepted_at: None,
            clocks: &clocks,
            event: None,
            progress: &Progress::default(),
        };
        match syntax {
            None => Ok(self.render(&outgoing)),
            Some(syntax) => self.render_in(&outgoing, syntax).ok_or(Unwritten::Form),
        }
    }

    /// Reports as a submitter would be told of them, in this syntax or, without one, in the format's first; none where the format
    /// has no such form.
    pub fn trial_progress(
        &self,
        reports: &[&StatusReport],
        syntax: Option<Syntax>,
    ) -> Option<RenderedProgress> {
        let outgoing: Vec<OutgoingReport<'_>> = reports
            .iter()
            .map(|report| OutgoingReport {
                report,
                tracking_id: report.dossier.parse().ok(),
                dossier_code: report.assigned_code.as_ref(),
            })
            .collect();
        match syntax {
            None => self.render_progress(&outgoing),
            Some(syntax) => self.render_progress_in(&outgoing, syntax),
        }
    }

    /// The canonical fields of which a dossier that is written and read again says another thing than before, because the hub has
    /// a word of its own for them or the format does not write them.
    pub(super) fn not_carried(&self, filing: &Filing) -> Vec<String> {
        let mut fields = self.unwritten_of_dossiers();
        let code = filing.procedure.code.as_str();
        for (field, said) in [
            ("reported_status", filing.reported_status.is_some()),
            ("received_at", filing.received_at.is_some()),
            ("procedure.name", filing.procedure.name.is_some()),
            ("procedure.code", code.len() == NATIONAL_CODE),
            // What another format said beside it has no place here.
            ("foreign_values", render::is_whole(self.render.as_ref())),
        ] {
            if !said {
                fields.push(field.to_owned());
            }
        }
        fields
    }
}

/// The same for the same dossier.
fn made_up(at: Timestamp) -> DossierId {
    DossierId::new(at, &mut StdRng::seed_from_u64(0))
}
