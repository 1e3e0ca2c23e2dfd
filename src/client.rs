//! The partner's half of the conversation: what an engineer who integrates would write, and what our own agents, branches,
//! agencies, tools and tests use.
//!
//! A [`Partner`] is one tenant at one hub. It keeps its access token and renews it in time, sends every unsafe call with an
//! idempotency key, repeats a call only where repeating cannot double anything ([`Retry`]), and answers with the contracts of
//! [`crate::domain::view`] or a [`ClientError`].
//!
//! It never builds an HTTP client (certificate and trusted roots come with the one handed in), never reads a clock or chance
//! of its own, never logs what it carries. It knows no server room: only the contracts bind the two.
//!
//! Start with [`Partner::submit`], then [`Follow`].

mod batch;
mod call;
mod contents;
mod error;
mod files;
mod follow;
mod operate;
mod retry;
mod routes;
mod subscriptions;
mod unreached;

pub use batch::FilingBatch;
pub use call::{MAX_WAIT, Partner, Settings};
pub use contents::Contents;
pub use error::ClientError;
pub use files::Download;
pub use follow::Follow;
pub use operate::{AuditListRequest, TenantFilter};
pub use retry::Retry;
pub use routes::{DeliveriesFilter, DossierFilter, Submission};
pub use unreached::Unreached;
