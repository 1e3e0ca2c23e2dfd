//! The table: every route of the three listeners, what it needs, takes and gives.
//!
//! Nothing is served that is not a row here. A route that leads to a verb of the service stands beside its handler, in [`super::v1`];
//! the table has them all.

pub(super) mod parameters;
pub(super) mod row;

use self::parameters::{ASSET, LABEL, PAGE, SEEN};
use self::row::shape;
pub use self::row::{
    Gives, HttpRoute, Listener, Method, Operation, Parameter, ParameterLocation, ParameterType,
    PublishedDocument, Shape, Takes,
};
use super::extract::page::Page;
use super::v1;
use crate::domain::view::TokenAnswer;

/// The columns of a row, in order, so that the table reads as one.
macro_rules! table {
    ($($listener:ident $method:ident $path:literal $id:literal $operation:expr, $parameters:expr, $takes:expr => $gives:expr; $vi:literal $en:literal)*) => {
        &[$(HttpRoute {
            method: Method::$method, path: $path, id: $id, listener: Listener::$listener, operation: $operation,
            parameters: $parameters, takes: $takes, gives: $gives, vi: $vi, en: $en,
        },)*]
    };
}

/// The routes that lead to no verb of the service: the token endpoint, documents, pages.
const OTHERS: &[HttpRoute] = table! {
    Partner Post "/oauth2/token" "token"
        Operation::Token, &[], Takes::Form(&[("grant_type", true), ("client_id", true), ("scope", false), ("resource", false)]) => Gives::Json(shape::<TokenAnswer>());
        "Lấy mã truy cập gắn với chứng thư" "Get an access token bound to the certificate (RFC 8705)"

    Web Get "/.well-known/oauth-authorization-server" "metadata"
        Operation::Document(PublishedDocument::Metadata), &[], Takes::Nothing => Gives::Object;
        "Siêu dữ liệu cấp mã" "Authorization server metadata (RFC 8414)"
    Web Get "/.well-known/jwks.json" "wellKnownKeys"
        Operation::Document(PublishedDocument::Keys), &[], Takes::Nothing => Gives::Object;
        "Khóa công khai" "Public keys of tokens and receipts (RFC 7517)"
    Web Get "/oauth2/jwks" "keys"
        Operation::Document(PublishedDocument::Keys), &[], Takes::Nothing => Gives::Object;
        "Khóa công khai" "Public keys of tokens and receipts (RFC 7517)"
    Web Get "/health/live" "live"
        Operation::Document(PublishedDocument::Live), &[], Takes::Nothing => Gives::Object;
        "Cổng đang chạy" "Whether the hub runs"
    Web Get "/health/ready" "ready"
        Operation::Document(PublishedDocument::Ready), &[], Takes::Nothing => Gives::Object;
        "Cổng nhận được hồ sơ" "Whether the hub takes and answers: what a balancer asks"
    Web Get "/health/delivery" "delivery"
        Operation::Document(PublishedDocument::Delivery), &[], Takes::Nothing => Gives::Object;
        "Cổng chuyển được hồ sơ đi" "Whether the hub can carry on what it took: for an alarm, not for a balancer"
    Web Get "/openapi.json" "openapi"
        Operation::Document(PublishedDocument::OpenApi), &[], Takes::Nothing => Gives::Object;
        "Mô tả giao diện HTTP" "This interface as OpenAPI 3.1"
    Web Get "/asyncapi.json" "asyncapi"
        Operation::Document(PublishedDocument::AsyncApi), &[], Takes::Nothing => Gives::Object;
        "Mô tả bản tin" "The messages as AsyncAPI 3"
    Web Get "/" "overviewPage"
        Operation::Page(Page::Overview), PAGE, Takes::Nothing => Gives::Bytes("text/html");
        "Trang tổng quan (môi trường thử)" "Overview page (sandbox)"
    Web Get "/dossiers/{id}" "dossierPage"
        Operation::Page(Page::Dossier), SEEN, Takes::Nothing => Gives::Bytes("text/html");
        "Trang quá trình giải quyết của một hồ sơ (môi trường thử)" "A dossier's timeline (sandbox)"
    Web Get "/tra-cuu" "lookUpPage"
        Operation::Page(Page::LookUp), PAGE, Takes::Nothing => Gives::Bytes("text/html");
        "Trang tra cứu của người dân" "The citizen's look-up"
    Web Post "/tra-cuu" "lookUp"
        Operation::Page(Page::LookedUp), PAGE, Takes::Form(&[("id", true), ("secret", true)]) => Gives::Bytes("text/html");
        "Tra cứu hồ sơ bằng mã theo dõi và mật khẩu trên phiếu tra cứu" "Look a dossier up by the tracking id and secret of the look-up slip"
    Web Get "/errors" "errorsPage"
        Operation::Page(Page::Errors), PAGE, Takes::Nothing => Gives::Bytes("text/html");
        "Mọi nhãn lỗi" "All labels"
    Web Get "/errors/{label}" "errorPage"
        Operation::Page(Page::Error), LABEL, Takes::Nothing => Gives::Bytes("text/html");
        "Giải thích một nhãn lỗi" "One label explained"
    Web Get "/assets/{file}" "asset"
        Operation::Page(Page::Asset), ASSET, Takes::Nothing => Gives::Bytes("text/css");
        "Một tệp của các trang" "A file of the pages"

    Operations Get "/metrics" "metrics"
        Operation::Document(PublishedDocument::Metrics), &[], Takes::Nothing => Gives::Bytes("text/plain");
        "Số đo" "Prometheus metrics"
    Operations Get "/health/live" "operationsLive"
        Operation::Document(PublishedDocument::Live), &[], Takes::Nothing => Gives::Object;
        "Cổng đang chạy" "Whether the hub runs"
    Operations Get "/health/ready" "operationsReady"
        Operation::Document(PublishedDocument::Ready), &[], Takes::Nothing => Gives::Object;
        "Cổng nhận được hồ sơ" "Whether the hub takes and answers: what a balancer asks"
    Operations Get "/health/delivery" "operationsDelivery"
        Operation::Document(PublishedDocument::Delivery), &[], Takes::Nothing => Gives::Object;
        "Cổng chuyển được hồ sơ đi" "Whether the hub can carry on what it took: for an alarm, not for a balancer"
};

/// Every route.
pub const TABLE: &[HttpRoute] = &ALL;

const ALL: [HttpRoute; v1::COUNT + OTHERS.len()] = {
    let mut rows = [OTHERS[0]; v1::COUNT + OTHERS.len()];
    let mut row = 0;
    while row < rows.len() {
        rows[row] = match row < v1::COUNT {
            true => v1::ROUTES[row],
            false => OTHERS[row - v1::COUNT],
        };
        row += 1;
    }
    rows
};

/// The methods a path of a listener takes, as `Allow` says them.
pub fn allowed(listener: Listener, path: &str) -> String {
    let rows = TABLE.iter().filter(|r| r.listener == listener && r.path == path);
    let mut words: Vec<&str> = rows.map(|r| r.method.word()).collect();
    if listener != Listener::Partner && words.contains(&"GET") {
        words.push("HEAD");
    }
    words.join(", ")
}

/// HttpRoute × kind of tenant as a table for people: who may call what.
pub fn matrix() -> String {
    use crate::domain::tenant::TenantKind;
    use crate::identity::Permissions;
    let width = TABLE.iter().map(|r| r.path.len()).max().unwrap_or(0);
    let mut out = format!("{:10}  {:4}  {:width$}  {:18}", "listener", "", "route", "needs");
    for kind in TenantKind::ALL {
        out += &format!("  {:10}", kind.word());
    }
    out = format!("{}\n", out.trim_end());
    for route in TABLE {
        let listener = format!("{:?}", route.listener).to_lowercase();
        let needs = match route.operation {
            Operation::Verb(permission) => permission.word(),
            Operation::Token => "(certificate)",
            Operation::Document(_) | Operation::Page(_) => "(nothing)",
        };
        let mut line = format!(
            "{listener:10}  {:4}  {:width$}  {needs:18}",
            route.method.word(),
            route.path
        );
        for kind in TenantKind::ALL {
            let may = route.permission().is_none_or(|p| Permissions::of(kind).holds(p));
            line += &format!("  {:10}", if may { "yes" } else { "-" });
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
