//! What operators do: the register, and what they did.

use super::call::{Call, Partner, Repeat};
use super::error::ClientError;
use super::routes::{JSON, json};
use crate::domain::audit::Action;
use crate::domain::ids::DossierId;
use crate::domain::submission::IdempotencyKey;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::view::{
    AssignmentRequest, AuditPage, CertificateRequest, DirectoryHistoryView, DirectoryImportAnswer,
    DirectoryImportRequest, DirectoryPlanRequest, DirectoryPlanView, DirectoryRollbackRequest,
    DossierSummary, FormatActivationRequest, FormatPlanRequest, FormatPlanView, FormatRollbackRequest,
    FormatUseAnswer, FormatVersionsView, PointRequest, RegisterAnswer, RegisterRequest, RouteAnswer,
    RouteRequest, ShadowRequest, ShadowView, StaffRequest, StandingRequest, TenantPage, TenantRequest,
    TenantView,
};

/// Which tenants to list. Empty lists all, by key.
#[derive(Clone, Debug, Default)]
pub struct TenantFilter {
    /// Of this kind.
    pub kind: Option<TenantKind>,
    /// Only those of which a certificate ends within so many days.
    pub ending_within_days: Option<u32>,
    /// `next` of the page before.
    pub after: Option<TenantKey>,
    /// At most this many on the page.
    pub limit: Option<u32>,
}

/// Which entries of the audit to list. Empty lists all, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditListRequest {
    /// On this subject.
    pub subject: Option<String>,
    /// Of this kind.
    pub action: Option<Action>,
    /// `next` of the page before.
    pub before: Option<i64>,
    /// At most this many on the page.
    pub limit: Option<u32>,
}

/// Each says how things are to be, so that a repetition changes nothing. All fail as [`ClientError`] says.
impl Partner {
    /// A page of the register.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn tenants(&self, filter: &TenantFilter) -> Result<TenantPage, ClientError> {
        let call = Call::get("/v1/tenants")
            .query("kind", filter.kind.map(TenantKind::word))
            .query("ending_within_days", filter.ending_within_days)
            .query("after", filter.after.as_ref())
            .query("limit", filter.limit);
        self.send(&call).await?.json()
    }

    /// Everything the register holds of a tenant.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn registered(&self, key: &TenantKey) -> Result<TenantView, ClientError> {
        self.send(&Call::get(&format!("/v1/tenants/{key}"))).await?.json()
    }

    /// Registers tenants, all or none.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn register_tenants(&self, request: &RegisterRequest) -> Result<RegisterAnswer, ClientError> {
        let call = Call::post("/v1/tenants", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Changes a tenant's name, formats or policy.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn alter_tenant(
        &self,
        key: &TenantKey,
        request: &TenantRequest,
    ) -> Result<TenantView, ClientError> {
        self.change(key, "", request).await
    }

    /// Suspends, resumes or closes a tenant.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stand(&self, key: &TenantKey, request: &StandingRequest) -> Result<TenantView, ClientError> {
        self.change(key, "/standing", request).await
    }

    /// Adds a certificate, or revokes one.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn certify(
        &self,
        key: &TenantKey,
        request: &CertificateRequest,
    ) -> Result<TenantView, ClientError> {
        self.change(key, "/certificates", request).await
    }

    /// Names a person, or takes one off.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn staff(&self, key: &TenantKey, request: &StaffRequest) -> Result<TenantView, ClientError> {
        self.change(key, "/staff", request).await
    }

    /// Adds a receiving point, or ends one.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn point(&self, key: &TenantKey, request: &PointRequest) -> Result<TenantView, ClientError> {
        self.change(key, "/points", request).await
    }

    /// A page of what operators did.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn audit(&self, filter: &AuditListRequest) -> Result<AuditPage, ClientError> {
        let call = Call::get("/v1/audit")
            .query("subject", filter.subject.as_ref())
            .query("action", filter.action.map(Action::word))
            .query("before", filter.before)
            .query("limit", filter.limit);
        self.send(&call).await?.json()
    }

    /// Names the agency of a dossier.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn assign(
        &self,
        id: DossierId,
        request: &AssignmentRequest,
        key: &IdempotencyKey,
    ) -> Result<DossierSummary, ClientError> {
        let path = format!("/v1/dossiers/{id}/assignment");
        let call = Call::post(&path, JSON, json(request)?, Repeat::Keyed(key));
        self.send(&call).await?.json()
    }

    /// What another directory would change.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn plan_directory(
        &self,
        request: &DirectoryPlanRequest,
    ) -> Result<DirectoryPlanView, ClientError> {
        let call = Call::post("/v1/directory/plan", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Puts a directory into use whose plan was reviewed.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn import_directory(
        &self,
        request: &DirectoryImportRequest,
    ) -> Result<DirectoryImportAnswer, ClientError> {
        let call = Call::post("/v1/directory", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Every version of every format, and how it is used.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn formats(&self) -> Result<FormatVersionsView, ClientError> {
        self.send(&Call::get("/v1/formats")).await?.json()
    }

    /// What putting a version of a format into use would change.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn plan_format(&self, request: &FormatPlanRequest) -> Result<FormatPlanView, ClientError> {
        let call = Call::post("/v1/formats/plan", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Puts a version of a format into use whose plan was reviewed.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn activate_format(
        &self,
        request: &FormatActivationRequest,
    ) -> Result<FormatUseAnswer, ClientError> {
        let call = Call::post("/v1/formats", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Goes back to the version of a format that was in use before.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn roll_back_format(
        &self,
        request: &FormatRollbackRequest,
    ) -> Result<FormatUseAnswer, ClientError> {
        let call = Call::post("/v1/formats/rollback", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// How another version of a format reads what was filed.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn shadow_format(&self, request: &ShadowRequest) -> Result<ShadowView, ClientError> {
        let call = Call::post("/v1/formats/shadow", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Which directory is in use, which were, and which waits for its day.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn directory_history(&self) -> Result<DirectoryHistoryView, ClientError> {
        self.send(&Call::get("/v1/directory")).await?.json()
    }

    /// Goes back to the directory before, or cancels the one that waits for its day.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn rollback_directory(
        &self,
        request: &DirectoryRollbackRequest,
    ) -> Result<DirectoryImportAnswer, ClientError> {
        let call = Call::post("/v1/directory/rollback", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    /// Whom a filing would go to.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn route_of(&self, request: &RouteRequest) -> Result<RouteAnswer, ClientError> {
        let call = Call::post("/v1/route", JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }

    async fn change(
        &self,
        key: &TenantKey,
        rest: &str,
        request: &impl serde::Serialize,
    ) -> Result<TenantView, ClientError> {
        let path = format!("/v1/tenants/{key}{rest}");
        let call = Call::post(&path, JSON, json(request)?, Repeat::Harmless);
        self.send(&call).await?.json()
    }
}
