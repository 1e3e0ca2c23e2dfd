//! Why bytes could not be kept or had.

use crate::domain::ids::BlobId;

/// Why bytes could not be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such object.
    #[error("{0} is not there")]
    Absent(BlobId),
    /// It does not open: changed, cut off, or of another key.
    #[error("{0} is damaged")]
    Damaged(BlobId),
    /// The folder or the bucket does not take or give.
    #[error("the store of attachments: {0}")]
    Unavailable(String),
}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        BlobError::Unavailable(error.to_string())
    }
}
