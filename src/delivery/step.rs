//! What every worker takes its steps by: how much at once, how long it rests, how it writes down what it did.

use std::time::Duration;

use futures_util::FutureExt;

use crate::broker::{Consumer, Delivery};
use crate::service::ServiceError;
use crate::store::StoreError;
use crate::store::ledger::{Command, Ledger};

/// Messages of one consumer in hand at once.
pub(super) const PREFETCH: u16 = 128;

/// How long a queue may take to confirm: well below the leases, so that one that is stuck does not make others' rows free again.
pub(super) const CONFIRM: Duration = Duration::from_secs(10);

/// How long a worker rests after something went wrong.
pub(super) const REST: Duration = Duration::from_secs(1);

/// How often the register and the directory are looked at for changes made by another hub: a revocation holds everywhere
/// within this time.
pub(super) const REFRESH: Duration = Duration::from_secs(2);

/// Has the ledger do something, however long the database is away: what is not written down is sent again.
pub(super) async fn write_down<C: Command>(
    ledger: &Ledger,
    command: impl Fn() -> C,
) -> Result<C::Answer, ServiceError> {
    loop {
        match ledger.ask(command()).await {
            Err(StoreError::Busy | StoreError::Unavailable(_)) => tokio::time::sleep(REST).await,
            answer => return Ok(answer?),
        }
    }
}

/// The next message and what has come with it, so that one commit serves them all; none when the consumer has ended.
pub(super) async fn handful(consumer: &mut Consumer) -> Option<Vec<Delivery>> {
    let mut batch = vec![consumer.next().await?];
    while batch.len() < usize::from(PREFETCH) {
        match consumer.next().now_or_never() {
            Some(Some(next)) => batch.push(next),
            _ => break,
        }
    }
    Some(batch)
}
