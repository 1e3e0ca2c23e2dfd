//! Who may speak, and which directory is in use. Read whole, since every request needs them.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::corrupt;
use crate::domain::tenant::{Certificate, Point, Register, Staff, Standing, SuccessorPolicy, Tenant};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::rows::*;
use crate::store::tables::*;

/// The register, when its version is not `known`.
pub fn register(conn: &mut Conn, known: i64) -> Result<Option<Register>, StoreError> {
    let version: String =
        on_backend!(conn, c => settings::table.find("register").select(settings::value).first(c))?;
    let version: i64 = version.parse().map_err(|_| corrupt("register version"))?;
    if version == known {
        return Ok(None);
    }
    let tenants: Vec<TenantRow> =
        on_backend!(conn, c => tenants::table.select(TenantRow::as_select()).load(c))?;
    let certificates: Vec<CertificateRow> =
        on_backend!(conn, c => certificates::table.select(CertificateRow::as_select()).load(c))?;
    let staff: Vec<StaffRow> = on_backend!(conn, c => staff::table.select(StaffRow::as_select()).load(c))?;
    let points: Vec<PointRow> = on_backend!(conn, c => points::table.select(PointRow::as_select()).load(c))?;
    Ok(Some(Register::new(
        version,
        tenants.iter().map(tenant).collect::<Result<_, _>>()?,
        certificates.iter().map(certificate).collect::<Result<_, _>>()?,
        staff.into_iter().map(person).collect::<Result<_, _>>()?,
        points.into_iter().map(point).collect::<Result<_, _>>()?,
    )))
}

pub(in crate::store) fn tenant(row: &TenantRow) -> Result<Tenant, StoreError> {
    let bad = |what: &str| corrupt(format!("tenant {}: {what}", row.key));
    let since = row.standing_since.map(|at| at.0);
    Ok(Tenant {
        key: row.key.parse().map_err(|_| bad("key"))?,
        name: row.name.clone().try_into().map_err(|_| bad("name"))?,
        parent: row
            .parent
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| bad("parent"))?,
        formats: row.formats.split_whitespace().map(str::to_owned).collect(),
        standing: match (row.standing.as_str(), since) {
            ("active", _) => Standing::Active,
            ("suspended", Some(since)) => Standing::Suspended { since },
            ("closed", Some(since)) => Standing::Closed { since },
            _ => return Err(bad("standing")),
        },
        successor_policy: SuccessorPolicy::parse(&row.successor_policy)
            .ok_or_else(|| bad("successor policy"))?,
    })
}

pub(in crate::store) fn certificate(row: &CertificateRow) -> Result<Certificate, StoreError> {
    Ok(Certificate {
        thumbprint: crate::store::ledger::hash(&row.thumbprint)?,
        tenant: row.tenant.parse().map_err(|_| corrupt("certificate: tenant"))?,
        not_after: row.not_after.0,
        revoked_at: row.revoked_at.map(|at| at.0),
    })
}

pub(in crate::store) fn person(row: StaffRow) -> Result<Staff, StoreError> {
    Ok(Staff {
        id: row.id.parse().map_err(|_| corrupt("staff: id"))?,
        tenant: row.tenant.parse().map_err(|_| corrupt("staff: tenant"))?,
        name: row.name.try_into().map_err(|_| corrupt("staff: name"))?,
        until: row.until.map(|at| at.0),
    })
}

pub(in crate::store) fn point(row: PointRow) -> Result<Point, StoreError> {
    Ok(Point {
        key: row.key.parse().map_err(|_| corrupt("point: key"))?,
        tenant: row.tenant.parse().map_err(|_| corrupt("point: tenant"))?,
        name: row.name.try_into().map_err(|_| corrupt("point: name"))?,
        until: row.until.map(|at| at.0),
    })
}

/// Whether a directory was ever imported.
pub fn has_directory(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(
        on_backend!(conn, c => diesel::select(diesel::dsl::exists(settings::table.find("directory"))).get_result(c))?,
    )
}

/// A directory as it is kept: its version, and its files by name.
pub type KeptDirectory = (String, BTreeMap<String, String>);

/// The directory in use; none when none was imported.
pub fn directory_in_use(conn: &mut Conn) -> Result<Option<KeptDirectory>, StoreError> {
    let version: Option<String> = on_backend!(conn, c => settings::table.find("directory").select(settings::value).first(c).optional())?;
    let files = directory(conn, "")?;
    Ok(version.zip(files))
}

/// The directory in use, when its version is not `known`: its files by name. `None` also when none was imported.
pub fn directory(conn: &mut Conn, known: &str) -> Result<Option<BTreeMap<String, String>>, StoreError> {
    let version: Option<String> = on_backend!(conn, c => settings::table.find("directory").select(settings::value).first(c).optional())?;
    let Some(version) = version.filter(|v| v != known) else {
        return Ok(None);
    };
    let files: Vec<u8> =
        on_backend!(conn, c => directories::table.find(&version).select(directories::files).first(c))?;
    serde_json::from_slice(&files)
        .map(Some)
        .map_err(|e| corrupt(format!("directory {version}: {e}")))
}
