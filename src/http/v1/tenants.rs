//! Those who may speak, and what operators did.

use crate::domain::tenant::TenantKind;
use crate::domain::view::{
    AuditPage, CertificateRequest, PointRequest, RegisterAnswer, RegisterRequest, StaffRequest,
    StandingRequest, TenantPage, TenantRequest, TenantView,
};
use crate::http::extract::Authed;
use crate::http::limits::{AUDIT_PAGE, LARGE_JSON_BYTES, TENANT_PAGE};
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::{AUDIT, TENANT, TENANTS};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};
use crate::service::{AuditQuery, TenantQuery};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/tenants" "tenants"
        TenantManage list, TENANTS, Takes::Nothing => Gives::Json(shape::<TenantPage>());
        "Danh sách đơn vị" "List tenants"
    Post "/v1/tenants" "registerTenants"
        TenantManage register, &[], Takes::Json(shape::<RegisterRequest>()) => Gives::Json(shape::<RegisterAnswer>());
        "Đăng ký đơn vị" "Register tenants, all or none"
    Get "/v1/tenants/{key}" "tenant"
        TenantManage read, TENANT, Takes::Nothing => Gives::Json(shape::<TenantView>());
        "Xem một đơn vị" "Read a tenant: standing, certificates, staff, points"
    Post "/v1/tenants/{key}" "alterTenant"
        TenantManage alter, TENANT, Takes::Json(shape::<TenantRequest>()) => Gives::Json(shape::<TenantView>());
        "Sửa tên, định dạng, quy tắc, cách cấp mã số hồ sơ của đơn vị" "Change a tenant's name, formats or policy, or who gives an agency's codes"
    Post "/v1/tenants/{key}/standing" "stand"
        TenantManage stand, TENANT, Takes::Json(shape::<StandingRequest>()) => Gives::Json(shape::<TenantView>());
        "Tạm ngừng, cho hoạt động lại, đóng đơn vị" "Suspend, resume or close a tenant"
    Post "/v1/tenants/{key}/certificates" "certify"
        TenantManage certify, TENANT, Takes::Json(shape::<CertificateRequest>()) => Gives::Json(shape::<TenantView>());
        "Thêm hoặc thu hồi chứng thư" "Add a certificate to a tenant, or revoke one"
    Post "/v1/tenants/{key}/staff" "staff"
        TenantManage staff, TENANT, Takes::Json(shape::<StaffRequest>()) => Gives::Json(shape::<TenantView>());
        "Thêm hoặc bỏ nhân viên" "Name a person of a tenant, or take one off"
    Post "/v1/tenants/{key}/points" "point"
        TenantManage point, TENANT, Takes::Json(shape::<PointRequest>()) => Gives::Json(shape::<TenantView>());
        "Thêm hoặc chấm dứt điểm tiếp nhận" "Add a receiving point to a tenant, or end one"
    Get "/v1/audit" "audit"
        HubRead audit, AUDIT, Takes::Nothing => Gives::Json(shape::<AuditPage>());
        "Nhật ký việc của người vận hành" "Read what operators did, newest first"
};

async fn list(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = TenantQuery {
        kind: query.word("kind", TenantKind::ALL.map(|kind| (kind.word(), kind)))?,
        ending_within_days: query.number("ending_within_days", 0, 3650)?,
        after: query.get("after", "kind.key")?,
        limit: query.number("limit", 1, TENANT_PAGE.0)?.unwrap_or(TENANT_PAGE.1),
    };
    Reply::json(&authed.hub().tenants.list(authed.access(), &asked)?)
}

async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().tenants.show(authed.access(), &authed.tenant()?)?)
}

async fn register(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json_within(LARGE_JSON_BYTES).await?;
    Reply::json(&authed.hub().tenants.register(authed.access(), request).await?)
}

/// A handler that changes the tenant of the path by the verb of its name.
macro_rules! changes {
    ($($verb:ident),*) => {$(
        async fn $verb(authed: Authed) -> Outcome {
            let key = authed.tenant()?;
            let (request, _, authed) = authed.json().await?;
            Reply::json(&authed.hub().tenants.$verb(authed.access(), &key, request).await?)
        }
    )*};
}

changes!(alter, stand, certify, staff, point);

async fn audit(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let asked = AuditQuery {
        subject: query.text("subject", 100)?,
        action: query.get("action", "tenant-registered, …")?,
        before: query.number("before", 1, i64::MAX)?,
        limit: query.number("limit", 1, AUDIT_PAGE.0)?.unwrap_or(AUDIT_PAGE.1),
    };
    Reply::json(&authed.hub().tenants.audit(authed.access(), asked).await?)
}
