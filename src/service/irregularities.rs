//! What was done although a rule was broken: the operator's list, and the figures the quality index is computed from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ServiceError;
use super::feed::foreign;
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::rejection::{Label, problems};
use crate::domain::time::Date;
use crate::domain::view::{Cursor, IrregularCount, IrregularCounts, IrregularityPage, IrregularityView};
use crate::identity::{Access, Permission};
use crate::service::directory::DirectoryInUse;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::read::{self, CursorStanding, KeptIrregularity};

/// The longest period of figures, in days: a year.
pub const LONGEST_PERIOD_DAYS: i64 = 366;

/// Days the metric looks back.
const METRIC_DAYS: i64 = 30;

const DAY: i64 = 24;

/// Rules that were broken.
pub struct Irregularities {
    store: Arc<Store>,
    clock: Clock,
    directory: Arc<DirectoryInUse>,
}

impl Irregularities {
    pub(super) fn new(base: &Base) -> Self {
        Irregularities {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            directory: Arc::clone(&base.directory),
        }
    }

    /// What was done although a rule was broken, in order, after a number.
    ///
    /// # Errors
    /// `permission-missing`; `cursor-unknown`, with where to begin again.
    pub async fn list(
        &self,
        access: &Access,
        after: Cursor,
        agency: Option<Key>,
        limit: u32,
    ) -> Result<IrregularityPage, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let limit = i64::from(limit);
        let found = self
            .store
            .readers
            .run(move |conn| match read::feed_cursor(conn, after)? {
                CursorStanding::Known(after) => {
                    let filter = read::IrregularFilter { after, agency, limit };
                    Ok(Ok(read::irregularities(conn, &scope, &filter)?))
                }
                CursorStanding::Foreign { from } => Ok(Err(foreign("after", after, from))),
            })
            .await??;
        let next = found
            .last()
            .map_or(after, |last| Cursor::after(last.seq, last.at));
        let irregularities = found.into_iter().map(|one| self.irregularity(one)).collect();
        Ok(IrregularityPage { irregularities, next })
    }

    /// How often rules were broken on the days from one to another, both included; at most a year at once. Without days, the last
    /// thirty.
    ///
    /// # Errors
    /// `query-malformed` for days out of order or too far apart.
    pub async fn counts(
        &self,
        access: &Access,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<IrregularCounts, ServiceError> {
        access.permit(Permission::HubRead)?;
        let to = to.unwrap_or_else(|| self.clock.now().date());
        let from = from.unwrap_or_else(|| days_before(to, METRIC_DAYS - 1));
        if from > to || days_before(to, LONGEST_PERIOD_DAYS - 1) > from {
            let wrong = problems::QueryMalformed {
                parameter: &"from",
                expected: &format!("from ≤ to, ≤ {LONGEST_PERIOD_DAYS}"),
            };
            return Err(wrong.into());
        }
        let kept = self
            .store
            .readers
            .run(move |conn| read::irregular_counts(conn, from, to))
            .await?;
        let counts = kept
            .into_iter()
            .map(|one| IrregularCount {
                day: one.day,
                agency: one.agency.map(|key| self.directory.agency_view(&key)),
                label: one.label,
                count: one.count,
            })
            .collect();
        Ok(IrregularCounts { counts })
    }

    /// How often each rule was broken within the last thirty days, for the metrics.
    ///
    /// # Errors
    /// The database is away.
    pub async fn of_late(&self) -> Result<BTreeMap<Label, i64>, ServiceError> {
        let to = self.clock.now().date();
        let from = days_before(to, METRIC_DAYS - 1);
        let kept = self
            .store
            .readers
            .run(move |conn| read::irregular_counts(conn, from, to))
            .await?;
        let mut counts = BTreeMap::new();
        for one in kept {
            *counts.entry(one.label).or_default() += one.count;
        }
        Ok(counts)
    }

    fn irregularity(&self, one: KeptIrregularity) -> IrregularityView {
        IrregularityView {
            number: one.seq,
            at: one.at,
            label: one.label,
            dossier: one.dossier,
            status: one.status.into(),
            by: one.tenant,
            agency: one.agency.map(|key| self.directory.agency_view(&key)),
        }
    }
}

fn days_before(day: Date, days: i64) -> Date {
    day.saturating_sub(jiff::SignedDuration::from_hours(DAY * days))
}
