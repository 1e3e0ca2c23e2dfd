//! Those who may speak: registered, changed, suspended and closed by operators. Every change has a reason and is audited.
//!
//! None of these calls needs an idempotency key: each says how things are to be, and what already is so changes nothing.

mod newcomers;
mod shown;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ServiceError;
use super::texts::bounded;
use crate::clock::Clock;
use crate::domain::audit::Action;
use crate::domain::codes::{AgencyCode, UnitCode};
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::issuing::CodeGiver;
use crate::domain::register::{Change, TENANTS_AT_ONCE, warning_due};
use crate::domain::rejection::{Problem, Rejection, problems};
use crate::domain::tenant::{Point, Staff, Standing, Tenant, TenantKey, TenantKind};
use crate::domain::text::limits;
use crate::domain::view::{
    AuditPage, CertificateRequest, PointRequest, RegisterAnswer, RegisterRequest, StaffRequest,
    StandingRequest, StandingWord, TenantPage, TenantRequest, TenantView,
};
use crate::identity::{Access, Permission};
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::parts::Base;
use crate::service::refresher::Refresher;
use crate::store::ledger::{Expiring, RegisterChange, Registered, WarnExpiring};
use crate::store::{Store, read};
use shown::{by_tenant, ends_within, shown_warnings, summary, view};

/// Which tenants to list.
#[derive(Clone, Debug, Default)]
pub struct TenantQuery {
    /// Of this kind.
    pub kind: Option<TenantKind>,
    /// Only those of which a certificate ends within so many days.
    pub ending_within_days: Option<u32>,
    /// After this one.
    pub after: Option<TenantKey>,
    /// 1 to 200.
    pub limit: u32,
}

/// Which entries of the audit to list.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// On this subject.
    pub subject: Option<String>,
    /// Of this kind.
    pub action: Option<Action>,
    /// Older than this number.
    pub before: Option<i64>,
    /// 1 to 200.
    pub limit: u32,
}

/// The register of tenants and the audit of its changes.
pub struct Tenants {
    store: Arc<Store>,
    clock: Clock,
    credentials: Arc<Credentials>,
    directory: Arc<DirectoryInUse>,
    formats: Arc<FormatsInUse>,
    refresher: Arc<Refresher>,
}

impl Tenants {
    pub(super) fn new(base: &Base, refresher: &Arc<Refresher>) -> Self {
        Tenants {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            credentials: Arc::clone(&base.credentials),
            directory: Arc::clone(&base.directory),
            formats: Arc::clone(&base.formats),
            refresher: Arc::clone(refresher),
        }
    }

    /// Everybody who is registered, by key.
    ///
    /// # Errors
    /// `permission-missing`.
    pub fn list(&self, access: &Access, query: &TenantQuery) -> Result<TenantPage, ServiceError> {
        access.permit(Permission::TenantManage)?;
        let (register, now) = (self.credentials.register(), self.clock.now());
        let pinned = by_tenant(&register);
        let mut found: Vec<&Arc<Tenant>> = register
            .tenants()
            .filter(|t| query.kind.is_none_or(|kind| t.key.kind() == kind))
            .filter(|t| query.after.as_ref().is_none_or(|after| t.key > *after))
            .filter(|t| {
                query
                    .ending_within_days
                    .is_none_or(|days| ends_within(&pinned, &t.key, now, days))
            })
            .collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        let limit = query.limit.clamp(1, LARGEST_PAGE) as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|t| t.key.clone());
        let tenants = found.into_iter().map(|t| summary(t, &pinned, now)).collect();
        Ok(TenantPage { tenants, next })
    }

    /// Everything the register holds of one tenant.
    ///
    /// # Errors
    /// `permission-missing`, `not-found`.
    pub fn show(&self, access: &Access, key: &TenantKey) -> Result<TenantView, ServiceError> {
        access.permit(Permission::TenantManage)?;
        let (register, now) = (self.credentials.register(), self.clock.now());
        let tenant = register.tenant(key).ok_or(problems::NotFound)?;
        view(&register, tenant, now)
    }

    /// Registers tenants, all or none.
    ///
    /// # Errors
    /// Every problem of every tenant at once, with its place.
    pub async fn register(
        &self,
        access: &Access,
        request: RegisterRequest,
    ) -> Result<RegisterAnswer, ServiceError> {
        access.permit(Permission::TenantManage)?;
        if request.tenants.len() > TENANTS_AT_ONCE {
            return Err(too_many("/tenants", TENANTS_AT_ONCE).into());
        }
        let (mut newcomers, mut problems) = (Vec::with_capacity(request.tenants.len()), Vec::new());
        let mut warnings = Vec::new();
        for (i, wanted) in request.tenants.into_iter().enumerate() {
            let inside = |mut problem: Problem| {
                let inside = problem.path.unwrap_or_default();
                problem.path = Some(format!("/tenants/{i}{inside}"));
                problem
            };
            match self.newcomer(wanted) {
                Ok((newcomer, told)) => {
                    newcomers.push(newcomer);
                    warnings.extend(told.into_iter().map(inside));
                }
                Err(wrong) => problems.extend(wrong.into_iter().map(inside)),
            }
        }
        if let Some(rejection) = Rejection::of(problems) {
            return Err(rejection.into());
        }
        let (version, actions) = self
            .change(access, request.reason, Change::Register(newcomers))
            .await?;
        Ok(RegisterAnswer {
            version,
            changes: u32::try_from(actions).unwrap_or(u32::MAX),
            warnings: shown_warnings(&warnings),
        })
    }

    /// Changes a tenant's name, formats or policy, or who gives the official codes of an agency.
    ///
    /// # Errors
    /// `not-found`, `tenant-closed`, `value-unknown` for a format the hub does not have; `codes-not-an-agency`, `agency-unknown`,
    /// `codes-unit-other`.
    pub async fn alter(
        &self,
        access: &Access,
        key: &TenantKey,
        request: TenantRequest,
    ) -> Result<TenantView, ServiceError> {
        if let Some(formats) = &request.formats {
            self.known_formats(formats)?;
        }
        if let Some(numbering) = request.codes.as_ref().and_then(CodeGiver::numbering) {
            self.own_unit(key, &numbering.unit)?;
        }
        let change = Change::Alter {
            tenant: key.clone(),
            name: request.name,
            formats: request.formats,
            successor_policy: request.successor_policy,
            codes: request.codes,
        };
        self.changed(access, key, request.reason, change).await
    }

    /// Codes begin with the identifier of the competent agency: its own, today's or a former one, or one below it (Decree 118/2025
    /// art. 28.2a). What is no agency at all is refused with the register at hand.
    fn own_unit(&self, key: &TenantKey, unit: &UnitCode) -> Result<(), Problem> {
        if key.kind() != TenantKind::Agency {
            return Ok(());
        }
        let agency = self.directory.agency_in_force(key.key())?;
        let (directory, today) = (self.directory.current(), self.clock.now().date());
        let whose = directory.issuer(unit.as_str(), today);
        if whose.is_some_and(|whose| whose.key == agency.key) {
            return Ok(());
        }
        let own: Vec<&str> = std::iter::once(&agency.code)
            .chain(&agency.former_codes)
            .map(AgencyCode::as_str)
            .collect();
        let other = problems::CodesUnitOther {
            unit,
            agency: &agency.key,
            own: &own.join(", "),
        };
        Err(other.at("/codes/unit"))
    }

    /// Suspends, resumes or closes a tenant.
    ///
    /// # Errors
    /// `not-found`, `tenant-closed`, `last-operator`.
    pub async fn stand(
        &self,
        access: &Access,
        key: &TenantKey,
        request: StandingRequest,
    ) -> Result<TenantView, ServiceError> {
        let change = match request.standing {
            StandingWord::Active => Change::Resume(key.clone()),
            StandingWord::Suspended => Change::Suspend(key.clone()),
            StandingWord::Closed => Change::Close(key.clone()),
        };
        self.changed(access, key, request.reason, change).await
    }

    /// Pins a certificate to a tenant, or revokes one.
    ///
    /// # Errors
    /// `not-found`, `tenant-closed`, `certificate-unusable`, `certificate-taken`, `certificate-retired`, `last-operator`.
    pub async fn certify(
        &self,
        access: &Access,
        key: &TenantKey,
        request: CertificateRequest,
    ) -> Result<TenantView, ServiceError> {
        let mut warning = None;
        let change = match (request.add, request.revoke) {
            (Some(pem), None) => {
                let tried = self.certificate(key, &pem, "/add");
                let (certificate, told) = tried.map_err(|wrong| match Rejection::of(wrong) {
                    Some(rejection) => ServiceError::from(rejection),
                    None => problems::CertificateUnusable { reason: &"PEM" }.into(),
                })?;
                warning = told;
                Change::AddCertificate(certificate)
            }
            (None, Some(thumbprint)) => Change::RevokeCertificate {
                tenant: key.clone(),
                thumbprint,
            },
            (add, _) => return Err(one_of(add.is_some(), "add", "revoke").into()),
        };
        let mut view = self.changed(access, key, request.reason, change).await?;
        view.warnings = shown_warnings(warning.as_slice());
        Ok(view)
    }

    /// Names a person of a tenant, or takes one off.
    ///
    /// # Errors
    /// `not-found`, `tenant-closed`.
    pub async fn staff(
        &self,
        access: &Access,
        key: &TenantKey,
        request: StaffRequest,
    ) -> Result<TenantView, ServiceError> {
        let change = match (request.add, request.remove) {
            (Some(person), None) => Change::AddStaff(Staff {
                id: person.id,
                tenant: key.clone(),
                name: person.name,
                until: None,
            }),
            (None, Some(id)) => Change::RemoveStaff {
                tenant: key.clone(),
                id,
            },
            (add, _) => return Err(one_of(add.is_some(), "add", "remove").into()),
        };
        self.changed(access, key, request.reason, change).await
    }

    /// Adds a receiving point to a tenant, or ends one.
    ///
    /// # Errors
    /// `not-found`, `tenant-closed`, `point-taken`.
    pub async fn point(
        &self,
        access: &Access,
        key: &TenantKey,
        request: PointRequest,
    ) -> Result<TenantView, ServiceError> {
        let change = match (request.add, request.end) {
            (Some(point), None) => Change::AddPoint(Point {
                key: point.key,
                tenant: key.clone(),
                name: point.name,
                until: None,
            }),
            (None, Some(point)) => Change::EndPoint {
                tenant: key.clone(),
                key: point,
            },
            (add, _) => return Err(one_of(add.is_some(), "add", "end").into()),
        };
        self.changed(access, key, request.reason, change).await
    }

    /// What operators did, newest first.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn audit(&self, access: &Access, query: AuditQuery) -> Result<AuditPage, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let limit = query.limit.clamp(1, LARGEST_PAGE);
        let filter = read::AuditFilter {
            subject: query.subject,
            action: query.action,
            before: query.before,
            limit: i64::from(limit) + 1,
        };
        let found = self
            .store
            .readers
            .run(move |conn| read::entries(conn, &scope, &filter));
        let mut entries = found.await?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next = entries.last().filter(|_| more).map(|e| e.number);
        Ok(AuditPage { entries, next })
    }

    /// The warnings about certificates that end soon which nobody has given yet.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn warn_expiring(&self) -> Result<Vec<Expiring>, ServiceError> {
        Ok(self.store.ledger.ask(WarnExpiring).await?)
    }

    /// How many certificates of tenants that are not closed end within each of [`crate::domain::register::WARN_DAYS`].
    pub fn ending_certificates(&self) -> BTreeMap<i16, i64> {
        let (register, now) = (self.credentials.register(), self.clock.now());
        let mut count: BTreeMap<i16, i64> = crate::domain::register::WARN_DAYS
            .iter()
            .map(|days| (*days, 0))
            .collect();
        for certificate in register.certificates().filter(|c| c.revoked_at.is_none()) {
            let closed = register
                .tenant(&certificate.tenant)
                .is_none_or(|t| matches!(t.standing, Standing::Closed { .. }));
            let due = warning_due(certificate.not_after, now).filter(|_| !closed);
            for (_, n) in count
                .iter_mut()
                .filter(|(days, _)| due.is_some_and(|due| due <= **days))
            {
                *n += 1;
            }
        }
        count
    }

    /// A change of one tenant; the tenant as it is afterwards.
    async fn changed(
        &self,
        access: &Access,
        key: &TenantKey,
        reason: String,
        change: Change,
    ) -> Result<TenantView, ServiceError> {
        self.change(access, reason, change).await?;
        self.show(access, key)
    }

    async fn change(
        &self,
        access: &Access,
        reason: String,
        change: Change,
    ) -> Result<(i64, usize), ServiceError> {
        access.permit(Permission::TenantManage)?;
        let change = RegisterChange {
            actor: access.actor(),
            reason: reason_of(reason)?,
            change,
        };
        match self.store.ledger.ask(change).await? {
            Registered::Done { version, actions } => {
                self.refresher.refresh().await?;
                Ok((version, actions))
            }
            Registered::Refused(rejection) => Err(rejection.into()),
        }
    }
}

/// Why an operator does something: never left out.
pub(super) fn reason_of(reason: String) -> Result<String, Problem> {
    bounded("/reason", Some(reason), limits::REASON)?
        .ok_or_else(|| problems::TextEmpty { field: &"reason" }.at("/reason"))
}

fn too_many(path: &str, limit: usize) -> Problem {
    let field = path.trim_start_matches('/');
    problems::TooManyItems {
        field: &field,
        limit: &limit,
    }
    .at(path)
}

/// What is wrong with a request that has both or neither of two fields of which it needs one.
pub(super) fn one_of(both: bool, first: &str, second: &str) -> Problem {
    if both {
        problems::FieldForbidden { field: &second }.at(format!("/{second}"))
    } else {
        let field = &format!("{first} | {second}");
        problems::FieldMissing { field }.at(format!("/{first}"))
    }
}
