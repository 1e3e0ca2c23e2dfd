//! Rows of the register as values, and digests as every table has them.

use super::StoreError;
use super::rows::*;
use super::word;
use crate::domain::issuing::CodeGiver;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::{Certificate, Point, Staff, Standing, SuccessorPolicy, Tenant, Thumbprint};

fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt(what.into())
}

/// A digest as a column has it.
pub(super) fn sha256(bytes: &[u8]) -> Result<Sha256, StoreError> {
    bytes.try_into().map_err(|_| corrupt("a hash is not 32 bytes"))
}

pub(super) fn tenant(row: &TenantRow) -> Result<Tenant, StoreError> {
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
        standing: match (row.standing.0, since) {
            (word::TenantStanding::Active, _) => Standing::Active,
            (word::TenantStanding::Suspended, Some(since)) => Standing::Suspended { since },
            (word::TenantStanding::Closed, Some(since)) => Standing::Closed { since },
            (_, None) => return Err(bad("standing")),
        },
        successor_policy: SuccessorPolicy::parse(&row.successor_policy)
            .ok_or_else(|| bad("successor policy"))?,
        codes: codes(row)?,
    })
}

/// Who gives the official codes of a tenant's dossiers.
pub(super) fn codes(row: &TenantRow) -> Result<CodeGiver, StoreError> {
    let read = row.codes.as_deref().map(serde_json::from_str).transpose();
    let read = read.map_err(|_| corrupt(format!("tenant {}: codes", row.key)))?;
    Ok(read.unwrap_or_default())
}

pub(super) fn certificate(row: &CertificateRow) -> Result<Certificate, StoreError> {
    Ok(Certificate {
        thumbprint: Thumbprint::new(sha256(&row.thumbprint)?),
        tenant: row.tenant.parse().map_err(|_| corrupt("certificate: tenant"))?,
        not_after: row.not_after.0,
        revoked_at: row.revoked_at.map(|at| at.0),
    })
}

pub(super) fn person(row: StaffRow) -> Result<Staff, StoreError> {
    Ok(Staff {
        id: row.id.parse().map_err(|_| corrupt("staff: id"))?,
        tenant: row.tenant.parse().map_err(|_| corrupt("staff: tenant"))?,
        name: row.name.try_into().map_err(|_| corrupt("staff: name"))?,
        until: row.until.map(|at| at.0),
    })
}

pub(super) fn point(row: PointRow) -> Result<Point, StoreError> {
    Ok(Point {
        key: row.key.parse().map_err(|_| corrupt("point: key"))?,
        tenant: row.tenant.parse().map_err(|_| corrupt("point: tenant"))?,
        name: row.name.try_into().map_err(|_| corrupt("point: name"))?,
        until: row.until.map(|at| at.0),
    })
}
