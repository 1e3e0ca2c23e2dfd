//! The register as rows: who may speak. What may change is decided in `register`.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::audit::Changed;
use crate::domain::register::Enrolment;
use crate::domain::tenant::{Certificate, Standing, Tenant};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::script::{Clash, Script};
use crate::store::tables::*;
use crate::store::word::{self, Word};

/// Rows a statement, far below what either database binds.
pub(super) const ROWS_A_STATEMENT: usize = 500;

const fn changes(key: &'static [&'static str], but: &'static [&'static str]) -> Clash {
    Clash::Changes { key, but }
}

/// Writes the rows. Gives the register's version from now on, and the rows as they are since.
pub(super) fn enrol(
    conn: &mut Conn,
    now: Timestamp,
    enrolment: &Enrolment,
) -> Result<(i64, Vec<Changed>), StoreError> {
    let tenants: Vec<TenantRow> = enrolment.tenants.iter().map(tenant_row).collect();
    let certificates: Vec<CertificateRow> = enrolment
        .certificates
        .iter()
        .map(|c| certificate_row(c, now))
        .collect();
    let staff: Vec<StaffRow> = enrolment
        .staff
        .iter()
        .map(|s| StaffRow {
            tenant: s.tenant.to_string(),
            id: s.id.to_string(),
            name: s.name.to_string(),
            until: s.until.map(At),
        })
        .collect();
    let points: Vec<PointRow> = enrolment
        .points
        .iter()
        .map(|p| PointRow {
            key: p.key.to_string(),
            tenant: p.tenant.to_string(),
            name: p.name.to_string(),
            until: p.until.map(At),
        })
        .collect();
    let mut script = Script::on(conn);
    script.write(&tenants, changes(&["key"], &[]))?;
    // When it was added and what was warned of stay as they were.
    script.write(&certificates, changes(&["thumbprint"], &["added_at", "warned"]))?;
    script.write(&staff, changes(&["tenant", "id"], &[]))?;
    script.write(&points, changes(&["key"], &[]))?;
    script.end()?;
    let version = next_version(conn)?;
    let mut changed = as_written(conn, &tenants, &certificates, &staff, &points)?;
    changed.push(setting_now(conn, "register")?);
    Ok((version, changed))
}

/// Reads back what was written: a row that was there before has columns that are none of a change's.
fn as_written(
    conn: &mut Conn,
    tenants: &[TenantRow],
    certificates: &[CertificateRow],
    staff: &[StaffRow],
    points: &[PointRow],
) -> Result<Vec<Changed>, StoreError> {
    let mut changed = Vec::new();
    for piece in tenants.chunks(ROWS_A_STATEMENT) {
        let keys: Vec<&str> = piece.iter().map(|row| row.key.as_str()).collect();
        let rows: Vec<TenantRow> = on_backend!(conn, c => tenants::table
            .filter(tenants::key.eq_any(&keys)).select(TenantRow::as_select()).load(c))?;
        changed.extend(
            rows.iter()
                .map(|row| Changed::of(&row.key, row.name_in_chain(), row.digest())),
        );
    }
    for piece in certificates.chunks(ROWS_A_STATEMENT) {
        let prints: Vec<&[u8]> = piece.iter().map(|row| row.thumbprint.as_slice()).collect();
        let rows: Vec<CertificateRow> = on_backend!(conn, c => certificates::table
            .filter(certificates::thumbprint.eq_any(&prints)).select(CertificateRow::as_select()).load(c))?;
        changed.extend(
            rows.iter()
                .map(|row| Changed::of(&row.tenant, row.name_in_chain(), row.digest())),
        );
    }
    let named: BTreeSet<(&str, &str)> = staff
        .iter()
        .map(|row| (row.tenant.as_str(), row.id.as_str()))
        .collect();
    for piece in staff.chunks(ROWS_A_STATEMENT) {
        let keys: BTreeSet<&str> = piece.iter().map(|row| row.tenant.as_str()).collect();
        let rows: Vec<StaffRow> = on_backend!(conn, c => staff::table
            .filter(staff::tenant.eq_any(&keys)).select(StaffRow::as_select()).load(c))?;
        let rows = rows
            .iter()
            .filter(|row| named.contains(&(row.tenant.as_str(), row.id.as_str())));
        changed.extend(rows.map(|row| Changed::of(&row.tenant, row.name_in_chain(), row.digest())));
    }
    for piece in points.chunks(ROWS_A_STATEMENT) {
        let keys: Vec<&str> = piece.iter().map(|row| row.key.as_str()).collect();
        let rows: Vec<PointRow> = on_backend!(conn, c => points::table
            .filter(points::key.eq_any(&keys)).select(PointRow::as_select()).load(c))?;
        changed.extend(
            rows.iter()
                .map(|row| Changed::of(&row.tenant, row.name_in_chain(), row.digest())),
        );
    }
    Ok(changed)
}

/// A setting as it is now.
pub(super) fn setting_now(conn: &mut Conn, name: &str) -> Result<Changed, StoreError> {
    let row: SettingRow = on_backend!(conn, c => settings::table
        .find(name).select(SettingRow::as_select()).first(c))?;
    Ok(Changed::of("", row.name_in_chain(), row.digest()))
}

/// The version of the register now.
pub(super) fn version(conn: &mut Conn) -> Result<i64, StoreError> {
    let now: String =
        on_backend!(conn, c => settings::table.find("register").select(settings::value).first(c))?;
    now.parse::<i64>()
        .map_err(|_| StoreError::Corrupt("register version".to_owned()))
}

fn next_version(conn: &mut Conn) -> Result<i64, StoreError> {
    let next = version(conn)? + 1;
    on_backend!(conn, c => diesel::update(settings::table.find("register"))
        .set(settings::value.eq(next.to_string())).execute(c))?;
    Ok(next)
}

fn tenant_row(tenant: &Tenant) -> TenantRow {
    let (standing, since) = match &tenant.standing {
        Standing::Active => (word::TenantStanding::Active, None),
        Standing::Suspended { since } => (word::TenantStanding::Suspended, Some(At(*since))),
        Standing::Closed { since } => (word::TenantStanding::Closed, Some(At(*since))),
    };
    TenantRow {
        key: tenant.key.to_string(),
        name: tenant.name.to_string(),
        parent: tenant.parent.as_ref().map(ToString::to_string),
        formats: tenant.formats.join(" "),
        standing: Word(standing),
        standing_since: since,
        successor_policy: tenant.successor_policy.word().to_owned(),
        // Words and numbers: writing them to memory cannot fail.
        codes: (tenant.codes.numbering()).map(|_| serde_json::to_string(&tenant.codes).unwrap_or_default()),
    }
}

fn certificate_row(certificate: &Certificate, now: Timestamp) -> CertificateRow {
    CertificateRow {
        thumbprint: certificate.thumbprint.as_bytes().to_vec(),
        tenant: certificate.tenant.to_string(),
        not_after: At(certificate.not_after),
        revoked_at: certificate.revoked_at.map(At),
        added_at: At(now),
        warned: None,
    }
}
