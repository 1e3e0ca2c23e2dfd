//! Numbers for the overview and the metrics: how many dossiers, where they stand, what waits.

use std::collections::BTreeMap;

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use super::ahead::Feeds;
use crate::domain::status::Status;
use crate::domain::tenant::TenantKey;
use crate::domain::view::{Backlog, DeliveryState, SubscriptionState};
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{KeptSubscription, Position, position};
use crate::store::moment::At;
use crate::store::rows::SubscriptionRow;
use crate::store::seals::newest_head;
use crate::store::tables::*;
use crate::store::telling::{HELD, PARKED, WAITING, WINDOW};
use crate::store::under_way::UNDER_WAY;
use crate::store::word::{Code, NoticeState, Word};

/// Counts over everything a scope reaches; only the operator's reach has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverviewCounts {
    /// Dossiers by status.
    pub by_status: Vec<(Status, i64)>,
    /// Dossiers by submitter.
    pub by_tenant: Vec<(String, i64)>,
    /// Dossiers by responsible agency and status.
    pub by_agency: Vec<(Option<String>, Status, i64)>,
    /// Deliveries by state.
    pub by_delivery: Vec<(DeliveryState, i64)>,
    /// Rows the broker has not confirmed.
    pub outbox: i64,
    /// Last event.
    pub seq: i64,
    /// Last block.
    pub block: i64,
}

/// The numbers. Empty for anybody but the operator.
///
/// # Errors
/// What the database says.
pub fn overview(conn: &mut Conn, scope: &Scope) -> Result<OverviewCounts, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(OverviewCounts::default());
    }
    let (block, seq) = on_backend!(conn, c => newest_head!().select((head::block, head::seq)).get_result(c))?;
    let by_agency: Vec<(Option<String>, Code, i64)> = on_backend!(conn, c => dossiers::table
        .group_by((dossiers::agency, dossiers::status))
        .select((dossiers::agency, dossiers::status, count_star())).order((dossiers::agency, dossiers::status)).load(c))?;
    let by_delivery: Vec<(Word<DeliveryState>, i64)> = on_backend!(conn, c => deliveries::table.group_by(deliveries::state)
        .select((deliveries::state, count_star())).order(deliveries::state).load(c))?;
    let of_agency = |(agency, status, count): (Option<String>, Code, i64)| (agency, status.0, count);
    let mut by_status: BTreeMap<Status, i64> = BTreeMap::new();
    for (_, status, count) in &by_agency {
        *by_status.entry(status.0).or_default() += count;
    }
    Ok(OverviewCounts {
        by_status: by_status.into_iter().collect(),
        by_tenant: on_backend!(conn, c => dossiers::table.group_by(dossiers::tenant)
            .select((dossiers::tenant, count_star())).order(dossiers::tenant).load(c))?,
        by_agency: by_agency.into_iter().map(of_agency).collect(),
        by_delivery: by_delivery
            .into_iter()
            .map(|(state, count)| (state.0, count))
            .collect(),
        outbox: on_backend!(conn, c => deliveries::table.filter(deliveries::send_at.is_not_null()).select(count_star()).first(c))?,
        seq,
        block,
    })
}

/// How many open dossiers each of these units supervises, because another one received them; those with any. Asked status by status,
/// so that what has ended is not read. Empty for anybody but the operator.
///
/// # Errors
/// What the database says.
pub fn supervised(
    conn: &mut Conn,
    scope: &Scope,
    units: Vec<TenantKey>,
) -> Result<Vec<(TenantKey, i64)>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let mut counts = Vec::new();
    for unit in units {
        let mut open = 0;
        for status in Status::ALL.into_iter().filter(|status| !status.is_final()) {
            let in_status: i64 = on_backend!(conn, c => dossiers::table
                .filter(dossiers::supervisor.eq(unit.as_str())).filter(dossiers::status.eq(Code(status)))
                .select(count_star()).first(c))?;
            open += in_status;
        }
        if open > 0 {
            counts.push((unit, open));
        }
    }
    Ok(counts)
}

/// What is on its way and what has stopped there. Counts alone: whose they are, the lists of the operator say.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn backlog(conn: &mut Conn) -> Result<Backlog, StoreError> {
    let mut backlog = Backlog {
        // A parked delivery has a failure always, and the failed ones are few and have an index.
        deliveries_parked: on_backend!(conn, c => deliveries::table
            .filter(deliveries::failure.is_not_null()).filter(deliveries::state.eq(Word(DeliveryState::Parked)))
            .select(count_star()).first(c))?,
        deliveries_failing: on_backend!(conn, c => deliveries::table
            .filter(deliveries::failure.is_not_null())
            .filter(deliveries::state.eq_any(UNDER_WAY))
            .select(count_star()).first(c))?,
        endpoints_spared: on_backend!(conn, c => endpoints::table
            .filter(endpoints::next_probe.is_not_null()).select(count_star()).first(c))?,
        webhooks_disabled: on_backend!(conn, c => subscriptions::table
            .filter(subscriptions::state.eq(Word(SubscriptionState::Disabled))).select(count_star()).first(c))?,
        ..Backlog::default()
    };
    let notices: Vec<(Word<NoticeState>, i64, Option<At>)> = on_backend!(conn, c => notices::table
        .group_by(notices::state).select((notices::state, count_star(), min(notices::since))).load(c))?;
    for (state, count, since) in notices {
        match state {
            WAITING => {
                backlog.notices_waiting = count;
                backlog.notices_waiting_since = since.map(|at| at.0);
            }
            PARKED => backlog.notices_parked = count,
            HELD => backlog.notices_held = count,
        }
    }
    let ways: Vec<(SubscriptionRow, Position)> = on_backend!(conn, c => subscriptions::table
        .filter(subscriptions::state.eq(Word(SubscriptionState::Active)))
        .select((SubscriptionRow::as_select(), position!())).load(c))?;
    let ways: Vec<KeptSubscription> = ways
        .into_iter()
        .map(KeptSubscription::of)
        .collect::<Result<_, _>>()?;
    let feeds = Feeds::of(conn, ways.iter().map(KeptSubscription::tenant))?;
    for way in &ways {
        if let Some((count, since)) = feeds.untold(conn, way, WINDOW.into())? {
            backlog.notices_waiting += count;
            let oldest = &mut backlog.notices_waiting_since;
            *oldest = Some(oldest.map_or(since, |oldest| oldest.min(since)));
        }
    }
    Ok(backlog)
}
