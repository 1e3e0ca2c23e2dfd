//! What operators did, as the audit has it.

use diesel::prelude::*;

use super::corrupt;
use crate::domain::audit::{Action, Entry};
use crate::domain::codes::Key;
use crate::domain::status::Status;
use crate::domain::tenant::{Actor, TenantKey, TenantKind};
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::KeptDossier;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::word::Code;

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// On this subject.
    pub subject: Option<String>,
    /// Of this kind.
    pub action: Option<Action>,
    /// Older than this number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// Entries of the audit, newest first; none for anybody but the operator.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn entries(conn: &mut Conn, scope: &Scope, filter: &AuditFilter) -> Result<Vec<Entry>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let rows: Vec<AuditRow> = on_backend!(conn, c => {
        let mut query = audit::table.into_boxed();
        if let Some(subject) = &filter.subject {
            query = query.filter(audit::subject.eq(subject));
        }
        if let Some(action) = filter.action {
            query = query.filter(audit::action.eq(action.word()));
        }
        if let Some(before) = filter.before {
            query = query.filter(audit::number.lt(before));
        }
        query.order(audit::number.desc()).limit(filter.limit).select(AuditRow::as_select()).load(c)
    })?;
    rows.into_iter().map(entry).collect()
}

/// What routing anew needs of an open dossier.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct OpenDossier {
    /// Tracking id.
    pub id: String,
    /// Its agency.
    pub agency: Option<String>,
    /// Why it is parked.
    pub parked: Option<String>,
    /// The reason of its route, as JSON.
    pub route: String,
}

/// Dossiers that have not ended, newest first; none for anybody but the operator.
///
/// # Errors
/// What the database says.
pub fn open_dossiers(
    conn: &mut Conn,
    scope: &Scope,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<OpenDossier>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let open: Vec<Code> = Status::ALL
        .into_iter()
        .filter(|status| !status.is_final())
        .map(Code)
        .collect();
    Ok(on_backend!(conn, c => {
        let mut query = dossiers::table.filter(dossiers::status.eq_any(&open)).into_boxed();
        if let Some(after) = after {
            query = query.filter(dossiers::id.lt(after));
        }
        query
            .order(dossiers::id.desc())
            .limit(limit)
            .select((dossiers::id, dossiers::agency, dossiers::parked, dossiers::route))
            .load(c)
    })?)
}

/// The dossiers an agency has in one status, oldest first, after one of them; none for anybody but the operator.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn held_by(
    conn: &mut Conn,
    scope: &Scope,
    (agency, status): (&str, Status),
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<KeptDossier>, StoreError> {
    if !matches!(scope.reach(), Reach::Everything) {
        return Ok(Vec::new());
    }
    let rows: Vec<DossierRow> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::agency.eq(agency)).filter(dossiers::status.eq(Code(status)))
        .filter(dossiers::id.gt(after.unwrap_or_default()))
        .order(dossiers::id).limit(limit).select(DossierRow::as_select()).load(c))?;
    rows.iter().map(KeptDossier::of).collect()
}

/// A dossier an agency had a part in, and whose agency was reorganised since.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn taken_over_from(conn: &mut Conn, agency: &Key, id: &str) -> Result<Option<KeptDossier>, StoreError> {
    let tenant = TenantKey::new(TenantKind::Agency, agency).to_string();
    let had: bool = on_backend!(conn, c => diesel::select(diesel::dsl::exists(dossier_parties::table
        .filter(dossier_parties::tenant.eq(&tenant)).filter(dossier_parties::dossier.eq(id)))).get_result(c))?;
    if !had {
        return Ok(None);
    }
    let row: Option<DossierRow> = on_backend!(conn, c => dossiers::table.filter(dossiers::id.eq(id))
        .select(DossierRow::as_select()).first(c).optional())?;
    let kept = row.as_ref().map(KeptDossier::of).transpose()?;
    let Some(kept) = kept else { return Ok(None) };
    Ok(kept.route.read()?.succession.is_some().then_some(kept))
}

/// A row as a value.
pub(super) fn entry(row: AuditRow) -> Result<Entry, StoreError> {
    let bad = |what: &str| corrupt(format!("audit {}: {what}", row.number));
    Ok(Entry {
        number: row.number,
        at: row.at.0,
        actor: Actor {
            tenant: row.tenant.parse().map_err(|_| bad("tenant"))?,
            staff: row
                .staff
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(|_| bad("staff"))?,
            point: None,
        },
        action: row.action.parse().map_err(|()| bad("action"))?,
        detail: serde_json::from_str(&row.detail).map_err(|_| bad("detail"))?,
        subject: row.subject,
        reason: row.reason,
    })
}
