//! Messages that the broker had confirmed and has no more: noticed, because a queue holds fewer than the database says it must, and
//! sent again in their order. A queue that is new, or was emptied, is one that holds nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::broker::{Broker, Source};
use crate::domain::codes::Key;
use crate::domain::time::Timestamp;
use crate::service::{BrokerPort, Hub, InQueue, LostAfter, ServiceError};

/// How often queues are compared with the database.
const LOOK: Duration = Duration::from_secs(30);

/// A queue that the hub itself reads is empty again at once: what was confirmed so long ago and has not arrived is lost.
pub const ARRIVES_WITHIN: Duration = Duration::from_secs(120);

/// What is missing from a queue that nobody has read since the message was confirmed, is missed after this.
pub const MISSED_AFTER: Duration = Duration::from_secs(600);

/// An agency that reads its own queue has taken what is missing from it, or the broker has lost it: nobody can tell the two apart
/// before the agency answers with a status. Sent again after this, and after twice as long each time; the agency drops by its id
/// what it has.
pub const UNANSWERED: Duration = Duration::from_secs(24 * 3600);

impl BrokerPort for Broker {
    fn level<'a>(&'a self, agency: &'a Key) -> BoxFuture<'a, Result<InQueue, String>> {
        Box::pin(async move {
            let level = Broker::level(self, &Source::Agency(agency.clone())).await;
            let level = level.map_err(|error| error.to_string())?.unwrap_or_default();
            Ok(InQueue {
                messages: level.messages,
                readers: level.readers,
            })
        })
    }
}

/// When a message of this agency counts as lost; `unread_since` is since when nobody has been seen reading its queue.
pub const fn lost_after(reads_itself: bool, unread_since: Option<Timestamp>) -> LostAfter {
    if !reads_itself {
        return LostAfter {
            patience: ARRIVES_WITHIN,
            unread: None,
        };
    }
    LostAfter {
        patience: UNANSWERED,
        unread: match unread_since {
            Some(since) => Some((since, MISSED_AFTER)),
            None => None,
        },
    }
}

pub(super) async fn run(hub: Arc<Hub>) {
    let mut unread: HashMap<Key, Timestamp> = HashMap::new();
    loop {
        if let Err(error) = look(&hub, &mut unread).await {
            tracing::debug!(%error, "it cannot be seen whether a queue has lost something");
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(hub: &Hub, unread: &mut HashMap<Key, Timestamp>) -> Result<(), ServiceError> {
    let queued = hub.deliveries.queued_agencies(hub.clock.now()).await?;
    unread.retain(|agency, _| queued.contains(agency));
    for agency in queued {
        let seen_at = hub.clock.now();
        let seen = hub.deliveries.in_queue(&agency).await?;
        if seen.readers > 0 {
            unread.remove(&agency);
        } else {
            unread.entry(agency.clone()).or_insert(seen_at);
        }
        let lost = lost_after(
            hub.directory.reads_its_queue(&agency),
            unread.get(&agency).copied(),
        );
        let resent = hub
            .deliveries
            .send_lost(&agency, (seen, seen_at), lost, None)
            .await?;
        if resent.resent > 0 {
            tracing::warn!(
                %agency, messages = resent.resent, unsettled = resent.unsettled, in_queue = seen.messages,
                "a queue had lost messages; they are sent again"
            );
        }
    }
    Ok(())
}
