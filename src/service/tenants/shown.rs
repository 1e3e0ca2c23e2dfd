//! The register as operators see it.

use std::collections::BTreeMap;

use crate::domain::register::warning_due;
use crate::domain::rejection::{Language, Problem};
use crate::domain::tenant::{Certificate, Register, Standing, Tenant, TenantKey, TenantKind};
use crate::domain::time::Timestamp;
use crate::domain::view::{
    CertificateView, PointView, ProblemView, StaffView, StandingWord, TenantSummary, TenantView,
};
use crate::service::ServiceError;

pub(super) type Pinned<'a> = BTreeMap<&'a TenantKey, Vec<&'a Certificate>>;

pub(super) fn by_tenant(register: &Register) -> Pinned<'_> {
    let mut pinned: Pinned<'_> = BTreeMap::new();
    for certificate in register.certificates() {
        pinned.entry(&certificate.tenant).or_default().push(certificate);
    }
    pinned
}

/// The certificates a tenant may call with now.
fn good<'a>(
    pinned: &'a Pinned<'a>,
    key: &TenantKey,
    now: Timestamp,
) -> impl Iterator<Item = &'a Certificate> {
    let all = pinned.get(key).map_or(&[][..], Vec::as_slice);
    all.iter()
        .copied()
        .filter(move |c| c.revoked_at.is_none() && c.not_after >= now)
}

pub(super) fn ends_within(pinned: &Pinned<'_>, key: &TenantKey, now: Timestamp, days: u32) -> bool {
    let limit = std::time::Duration::from_secs(u64::from(days) * 86_400);
    good(pinned, key, now).any(|c| c.not_after <= now.plus(limit))
}

pub(super) fn summary(tenant: &Tenant, pinned: &Pinned<'_>, now: Timestamp) -> TenantSummary {
    let (standing, since) = match tenant.standing {
        Standing::Active => (StandingWord::Active, None),
        Standing::Suspended { since } => (StandingWord::Suspended, Some(since)),
        Standing::Closed { since } => (StandingWord::Closed, Some(since)),
    };
    TenantSummary {
        key: tenant.key.clone(),
        name: tenant.name.clone(),
        parent: tenant.parent.clone(),
        standing,
        since,
        certificates: u32::try_from(good(pinned, &tenant.key, now).count()).unwrap_or(u32::MAX),
        next_end: good(pinned, &tenant.key, now).map(|c| c.not_after).min(),
    }
}

pub(super) fn view(register: &Register, tenant: &Tenant, now: Timestamp) -> Result<TenantView, ServiceError> {
    let pinned = by_tenant(register);
    let mut certificates: Vec<&Certificate> = pinned.get(&tenant.key).cloned().unwrap_or_default();
    certificates.sort_by_key(|c| (std::cmp::Reverse(c.not_after), c.thumbprint));
    let mut staff: Vec<StaffView> = register
        .staff_of(&tenant.key)
        .map(|s| StaffView {
            id: s.id.clone(),
            name: s.name.clone(),
            until: s.until,
        })
        .collect();
    staff.sort_by(|a, b| a.id.cmp(&b.id));
    let mut points: Vec<PointView> = register
        .points_of(&tenant.key)
        .map(|p| PointView {
            key: p.key.clone(),
            name: p.name.clone(),
            until: p.until,
        })
        .collect();
    points.sort_by(|a, b| a.key.cmp(&b.key));
    let certificate = |c: &Certificate| -> Result<CertificateView, ServiceError> {
        Ok(CertificateView {
            thumbprint: c.thumbprint,
            not_after: c.not_after,
            revoked_at: c.revoked_at,
            ends_within_days: warning_due(c.not_after, now).filter(|_| c.revoked_at.is_none()),
        })
    };
    Ok(TenantView {
        summary: summary(tenant, &pinned, now),
        formats: tenant.formats.clone(),
        successor_policy: tenant.successor_policy,
        codes: (tenant.key.kind() == TenantKind::Agency).then(|| tenant.codes.clone()),
        pinned: certificates
            .into_iter()
            .map(certificate)
            .collect::<Result<_, _>>()?,
        staff,
        points,
        warnings: Vec::new(),
    })
}

pub(super) fn shown_warnings(warnings: &[Problem]) -> Vec<ProblemView> {
    let one = |warning: &Problem| ProblemView::of(warning, Language::Vietnamese);
    warnings.iter().map(one).collect()
}
