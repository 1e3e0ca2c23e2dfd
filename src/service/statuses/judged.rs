//! What the checks of a format and of a directory say of a report.

use super::Statuses;
use crate::adapt::{Judged, JudgedBy, StatusItem};
use crate::domain::lifecycle::Role;
use crate::domain::time::Timestamp;
use crate::domain::view::StatusReport;
use crate::store::kept::KeptDossier;

impl Statuses {
    /// What checks say of a report of this dossier. Of a co-agency's they say nothing: it has an opinion, and they speak of the
    /// decision and its papers.
    pub(super) fn judged(
        &self,
        role: Role,
        item: &StatusItem,
        report: &mut StatusReport,
        (row, now): (&KeptDossier, Timestamp),
    ) -> Judged {
        if role == Role::CoAgency {
            return Judged::default();
        }
        // No check looks at what stands beside the canonical form.
        let beside = std::mem::take(&mut report.foreign_values);
        let by = JudgedBy {
            directory: &self.directory.current(),
            procedure: &row.procedure,
            today: now.date(),
            received_at: row.received_at,
            since: row.state.since,
            due: row.state.due,
        };
        let judged = item.judge(report, by);
        report.foreign_values = beside;
        judged
    }
}
