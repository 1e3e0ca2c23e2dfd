//! Why a verb did not do its work, and what is ours to get right.

use crate::domain::ids::DossierId;
use crate::domain::rejection::problems::{self, TypedProblem};
use crate::domain::rejection::{Problem, Rejection};
use crate::store::StoreError;

/// Why a verb did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller's own matter.
    #[error("{0}")]
    Rejected(#[from] Rejection),
    /// Too many are waiting; nothing was taken.
    #[error("too many are waiting")]
    Busy,
    /// The database is away; what was asked may or may not have been done, and its key says which.
    #[error("the database is not available")]
    StoreUnavailable,
    /// Ours.
    #[error("{0}")]
    Internal(String),
}

impl<T: TypedProblem> From<T> for ServiceError {
    fn from(said: T) -> Self {
        ServiceError::Rejected(said.into())
    }
}

impl From<Problem> for ServiceError {
    fn from(problem: Problem) -> Self {
        ServiceError::Rejected(problem.into())
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => ServiceError::Busy,
            StoreError::Unavailable(_) | StoreError::Closed => ServiceError::StoreUnavailable,
            // What the database said may quote a value: it is in the log, not in the answer.
            StoreError::Unstorable(_) => problems::NotStorable.into(),
            StoreError::Slowed(seconds) => problems::TenantSlowed {
                retry_after: &seconds,
            }
            .into(),
            other => ServiceError::Internal(other.to_string()),
        }
    }
}

/// An id that the hub wrote itself.
pub(super) fn parse_id(id: &str) -> Result<DossierId, ServiceError> {
    id.parse().map_err(internal)
}

/// An error of ours.
pub(super) fn internal(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::Internal(error.to_string())
}

/// JSON of an answer.
pub(super) fn encode(value: &impl serde::Serialize) -> Result<Vec<u8>, ServiceError> {
    serde_json::to_vec(value).map_err(internal)
}
