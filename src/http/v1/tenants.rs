//! Those who may speak, and what operators did.

use crate::domain::tenant::TenantKind;
use crate::http::extract::Authed;
use crate::http::limits::{AUDIT_PAGE, LARGE_JSON_BYTES, TENANT_PAGE};
use crate::http::reply::{Outcome, Reply};
use crate::service::{AuditQuery, TenantQuery};

pub(super) async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = TenantQuery {
        kind: query.word("kind", TenantKind::ALL.map(|kind| (kind.word(), kind)))?,
        ending_within_days: query.number("ending_within_days", 0, 3650)?,
        after: query.get("after", "kind.key")?,
        limit: query.number("limit", 1, TENANT_PAGE.0)?.unwrap_or(TENANT_PAGE.1),
    };
    Reply::json(&authed.hub().tenants(authed.access(), &asked)?)
}

pub(super) async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().tenant(authed.access(), &authed.tenant()?)?)
}

pub(super) async fn register(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(LARGE_JSON_BYTES).await?;
    Reply::json(&authed.hub().register_tenants(authed.access(), request).await?)
}

/// A handler that changes the tenant of the path by one verb.
macro_rules! changes {
    ($($name:ident by $verb:ident),*) => {$(
        pub(super) async fn $name(authed: Authed) -> Outcome {
            let key = authed.tenant()?;
            let (request, _, authed) = authed.json().await?;
            Reply::json(&authed.hub().$verb(authed.access(), &key, request).await?)
        }
    )*};
}

changes!(alter by alter_tenant, stand by stand, certify by certify, staff by staff, point by point);

pub(super) async fn audit(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = AuditQuery {
        subject: query.text("subject", 100)?,
        action: query.get("action", "tenant-registered, …")?,
        before: query.number("before", 1, i64::MAX)?,
        limit: query.number("limit", 1, AUDIT_PAGE.0)?.unwrap_or(AUDIT_PAGE.1),
    };
    Reply::json(&authed.hub().audit(authed.access(), asked).await?)
}
