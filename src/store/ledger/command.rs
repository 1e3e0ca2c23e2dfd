//! What every command does.

use super::batch::Batch;
use super::requests::Request;
use crate::store::StoreError;
use crate::store::conn::Conn;

/// A request with how the ledger does it. Only this room has them.
pub trait Command: Request {
    /// Does it: decides on the batch, reads and writes beside it what the batch does not hold. It may be played several times, in a batch
    /// that is rolled back and halved; what it answers counts when the batch is committed.
    ///
    /// # Errors
    /// The batch as a whole is rolled back. What is refused for reasons of its own is an answer.
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Self::Answer, StoreError>;
}
