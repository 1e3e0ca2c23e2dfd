//! What was done although a rule was broken: the operator's list, and the figures the quality index is computed from.

use std::collections::BTreeMap;

use super::dossiers::foreign;
use super::intake::internal;
use super::{Hub, ServiceError};
use crate::domain::codes::Key;
use crate::domain::rejection::{Label, Problem};
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::{
    AgencyView, Cursor, IrregularCount, IrregularCounts, IrregularityPage, IrregularityView,
};
use crate::identity::{Access, Permission};
use crate::store::read::{self, CursorStanding};
use crate::store::rows::IrregularityRow;

/// The longest period of figures, in days: a year.
pub const LONGEST_PERIOD_DAYS: i64 = 366;

/// Days the metric looks back.
const METRIC_DAYS: i64 = 30;

const DAY: i64 = 24;

impl Hub {
    /// What was done although a rule was broken, in order, after a number.
    pub async fn irregularities(
        &self,
        access: &Access,
        after: Cursor,
        agency: Option<Key>,
        limit: u32,
    ) -> Result<IrregularityPage, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let agency = agency.map(String::from);
        let limit = i64::from(limit);
        let rows = self
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
        let next = rows.last().map_or(after, |row| Cursor::after(row.seq, row.at.0));
        let irregularities = rows
            .into_iter()
            .map(|row| self.irregularity(&row))
            .collect::<Result<_, _>>()?;
        Ok(IrregularityPage { irregularities, next })
    }

    /// How often rules were broken on the days from one to another, both included; at most a year at once. Without days, the last
    /// thirty.
    ///
    /// # Errors
    /// `query-malformed` for days out of order or too far apart.
    pub async fn irregular_counts(
        &self,
        access: &Access,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<IrregularCounts, ServiceError> {
        access.permit(Permission::HubRead)?;
        let to = to.unwrap_or_else(|| self.clock.now().date());
        let from = from.unwrap_or_else(|| days_before(to, METRIC_DAYS - 1));
        if from > to || days_before(to, LONGEST_PERIOD_DAYS - 1) > from {
            let wrong = Problem::new(Label::QueryMalformed)
                .with("parameter", "from")
                .with("expected", format!("from ≤ to, ≤ {LONGEST_PERIOD_DAYS}"));
            return Err(wrong.into());
        }
        let rows = self
            .store
            .readers
            .run(move |conn| read::irregular_counts(conn, from, to))
            .await?;
        let counts = rows
            .into_iter()
            .map(|row| {
                Ok(IrregularCount {
                    day: row.day.parse().map_err(internal)?,
                    agency: self.agency_named(&row.agency),
                    label: label(&row.label)?,
                    count: row.count,
                })
            })
            .collect::<Result<_, ServiceError>>()?;
        Ok(IrregularCounts { counts })
    }

    /// How often each rule was broken within the last thirty days, for the metrics.
    ///
    /// # Errors
    /// The database is away.
    pub async fn irregular_of_late(&self) -> Result<BTreeMap<Label, i64>, ServiceError> {
        let to = self.clock.now().date();
        let from = days_before(to, METRIC_DAYS - 1);
        let rows = self
            .store
            .readers
            .run(move |conn| read::irregular_counts(conn, from, to))
            .await?;
        let mut counts = BTreeMap::new();
        for row in rows {
            *counts.entry(label(&row.label)?).or_default() += row.count;
        }
        Ok(counts)
    }

    fn irregularity(&self, row: &IrregularityRow) -> Result<IrregularityView, ServiceError> {
        let at: Timestamp = row.at.0;
        Ok(IrregularityView {
            number: row.seq,
            at,
            label: label(&row.label)?,
            dossier: row.dossier.parse().map_err(internal)?,
            status: row.status.0.into(),
            by: row.tenant.parse().map_err(internal)?,
            agency: self.agency_named(row.agency.as_deref().unwrap_or_default()),
        })
    }

    /// An agency by its key; none for the empty one.
    fn agency_named(&self, key: &str) -> Option<AgencyView> {
        key.parse().ok().map(|key| self.agency_view(&key))
    }
}

fn days_before(day: Date, days: i64) -> Date {
    day.saturating_sub(jiff::SignedDuration::from_hours(DAY * days))
}

fn label(word: &str) -> Result<Label, ServiceError> {
    Label::parse(word).ok_or_else(|| internal(format!("label {word}")))
}
