//! A route and what answers it, side by side.

use std::pin::Pin;

use crate::http::extract::Authed;
use crate::http::reply::Outcome;
use crate::http::routes::row::HttpRoute;

/// Answers an authenticated and permitted request.
pub(in crate::http) type Handler = fn(Authed) -> Pin<Box<dyn Future<Output = Outcome>>>;

/// A route that leads to a verb of the service, and its handler.
pub(in crate::http) struct Served {
    /// The row.
    pub route: HttpRoute,
    /// What answers it.
    pub handler: Handler,
}

/// Rows of the partner listener, each with the permission it needs and the function that answers it.
macro_rules! served {
    ($($method:ident $path:literal $id:literal $permission:ident $handler:ident, $parameters:expr, $takes:expr => $gives:expr; $vi:literal $en:literal)*) => {
        &[$($crate::http::v1::served::Served {
            route: $crate::http::routes::row::HttpRoute {
                method: $crate::http::routes::row::Method::$method,
                path: $path,
                id: $id,
                listener: $crate::http::routes::row::Listener::Partner,
                operation: $crate::http::routes::row::Operation::Verb($crate::identity::Permission::$permission),
                parameters: $parameters,
                takes: $takes,
                gives: $gives,
                vi: $vi,
                en: $en,
            },
            handler: |authed| Box::pin($handler(authed)),
        },)*]
    };
}
pub(in crate::http) use served;
