//! Numbers for the overview: how many dossiers, where they stand, what waits.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::tables::*;

/// Counts over everything a scope reaches; only the operator's reach has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Dossiers by status.
    pub by_status: Vec<(i16, i64)>,
    /// Dossiers by submitter.
    pub by_tenant: Vec<(String, i64)>,
    /// Dossiers by responsible agency and status.
    pub by_agency: Vec<(Option<String>, i16, i64)>,
    /// Deliveries by state.
    pub by_delivery: Vec<(String, i64)>,
    /// Rows the broker has not confirmed.
    pub outbox: i64,
    /// Last event.
    pub seq: i64,
    /// Last block.
    pub block: i64,
}

/// The numbers. Empty for anybody but the operator.
pub fn overview(conn: &mut Conn, scope: &Scope) -> Result<Overview, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Overview::default());
    }
    let (block, seq) = on_backend!(conn, c => head::table.select((head::block, head::seq)).first(c))?;
    Ok(Overview {
        by_status: on_backend!(conn, c => dossiers::table.group_by(dossiers::status)
            .select((dossiers::status, count_star())).order(dossiers::status).load(c))?,
        by_tenant: on_backend!(conn, c => dossiers::table.group_by(dossiers::tenant)
            .select((dossiers::tenant, count_star())).order(dossiers::tenant).load(c))?,
        by_agency: on_backend!(conn, c => dossiers::table.group_by((dossiers::agency, dossiers::status))
            .select((dossiers::agency, dossiers::status, count_star())).order((dossiers::agency, dossiers::status)).load(c))?,
        by_delivery: on_backend!(conn, c => deliveries::table.group_by(deliveries::state)
            .select((deliveries::state, count_star())).order(deliveries::state).load(c))?,
        outbox: on_backend!(conn, c => outbox::table.select(count_star()).first(c))?,
        seq,
        block,
    })
}
