//! The interface over HTTPS: three listeners, one table of routes, one way in.
//!
//! [`routes`] is the table. The server mounts it, OpenAPI is written from it and the role matrix is tested on it, so a route
//! cannot exist beside it. Every request passes `dispatch`: it gets its id and trace context, is judged, does its one act, is
//! answered, counted and logged in one line. A handler under `v1` is handed an [`extract::Authed`], which only the dispatch makes,
//! after certificate, token, permission and the tenant's share were checked; only an `Authed` gives out the body.
//!
//! This room never decides anything about a dossier and never sees the store: verbs are the service's. It never logs a body, a
//! query or the citizen's secret.
//!
//! Start with [`routes::TABLE`], then `dispatch`.

mod admission;
mod answers;
pub mod asyncapi;
mod call;
mod concurrency;
mod dispatch;
mod documents;
pub mod extract;
pub mod limits;
mod line;
pub mod metrics;
mod negotiate;
pub mod openapi;
pub mod problem;
mod reply;
pub mod routes;
pub mod server;
mod state;
mod v1;
mod xml;

/// Directives for the log filter that must hold wherever this room is used: what a stranger sends that is no HTTP is counted
/// (`connections_closed`) and is no error of the hub; actix logs each as one. Its own faults come out of the service as errors.
pub const LOG_DIRECTIVES: [&str; 1] = ["actix_http::h1=off"];

pub use admission::Balancers;
pub use metrics::Metrics;
pub use server::{Connections, HttpError, Listeners, Secured, Server, serve};
pub use state::{Health, Readiness};
