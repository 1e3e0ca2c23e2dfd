//! Agencies that are pushed to: what has arrived for one is posted to its endpoint. A parked message holds up nothing; each
//! carries the dossier as it then stands.
//!
//! What a breaker finds is written down beside the endpoint, so that other hubs spare it too and people see why.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::Notify;

use super::endpoint::{self, Manner};
use super::recipient::{Bounds, LEASE, Recipient, Recipients, Record, Sending, SetUp, Wanted};
use crate::delivery::step::write_down;
use crate::domain::time::Timestamp;
use crate::service::{Hub, ServiceError};
use crate::store::kept::KeptEndpoint;
use crate::store::ledger::{Carried, LeasePushes, LeasedDelivery, PushSettlement, SettlePushes};
use crate::store::{Store, read};

/// Calls to one endpoint at once.
pub const CALLS_OF_ONE: usize = 8;

/// Calls to all endpoints at once, of one hub.
pub const CALLS_OF_ALL: usize = 64;

const MANNER: Manner = Manner {
    content_type: "application/cloudevents+json; charset=utf-8",
    status: "",
};

/// All agencies that are pushed to.
pub(super) struct Agencies {
    hub: Arc<Hub>,
    store: Arc<Store>,
}

impl Agencies {
    pub(super) fn of(hub: Arc<Hub>, store: Arc<Store>) -> Self {
        Agencies { hub, store }
    }
}

impl Recipients for Agencies {
    type One = Agency;

    /// A carrier for each agency for as long as it takes: there are few, and their calls are bounded.
    const BOUNDS: Bounds = Bounds {
        carriers: usize::MAX,
        messages: CALLS_OF_ALL,
        rounds: usize::MAX,
    };

    fn bell(&self) -> Arc<Notify> {
        self.hub.notifier.push_bell()
    }

    async fn look(&self) -> Result<Vec<Agency>, ServiceError> {
        let pushed = self.hub.endpoints.pushed_agencies().into_iter();
        let all = pushed.filter_map(|key| {
            let endpoint = self.hub.endpoints.of(&key)?;
            let (hub, store) = (Arc::clone(&self.hub), Arc::clone(&self.store));
            Some(Agency {
                hub,
                store,
                key,
                endpoint,
            })
        });
        Ok(all.collect())
    }

    async fn waiting(&self, free: Vec<Agency>) -> Result<Vec<Agency>, ServiceError> {
        if free.is_empty() {
            return Ok(free);
        }
        let now = self.hub.clock.now();
        let asked: Vec<String> = free.iter().map(|agency| agency.key.clone()).collect();
        let readers = &self.store.readers;
        let due = readers
            .run(move |conn| read::push_waits(conn, &asked, now))
            .await?;
        let due: HashSet<String> = due.into_iter().collect();
        Ok(free.into_iter().filter(|a| due.contains(&a.key)).collect())
    }
}

/// An agency with the endpoint it had when it was looked up.
pub(super) struct Agency {
    hub: Arc<Hub>,
    store: Arc<Store>,
    key: String,
    endpoint: Arc<KeptEndpoint>,
}

impl Recipient for Agency {
    type Key = String;
    type Message = LeasedDelivery;
    type Fate = Carried;

    fn key(&self) -> String {
        self.key.clone()
    }

    fn set_up(&self) -> SetUp {
        set_up(&self.endpoint)
    }

    fn spared_until(&self) -> Option<Timestamp> {
        self.endpoint.next_probe
    }

    /// Nothing more once the endpoint is set anew: what comes next is for the new address, by a carrier of its own.
    fn breadth(&self) -> usize {
        let now = self.hub.endpoints.of(&self.key);
        match now.is_some_and(|now| set_up(&now) == self.set_up()) {
            true => CALLS_OF_ONE,
            false => 0,
        }
    }

    fn named(message: &LeasedDelivery) -> (&str, i32) {
        (&message.delivery, message.attempt)
    }

    fn gone() -> Option<Carried> {
        None
    }

    async fn lease(&self, wanted: Wanted) -> Result<Vec<LeasedDelivery>, ServiceError> {
        let command = LeasePushes {
            agency: self.key.clone(),
            max: wanted.max,
            lease: LEASE,
            least_tried_first: wanted.least_tried_first,
        };
        Ok(self.store.ledger.ask(command).await?)
    }

    async fn send(&self, leased: Vec<LeasedDelivery>) -> Result<Vec<Sending<LeasedDelivery>>, ServiceError> {
        let ids = leased.iter().map(|l| l.delivery.clone()).collect();
        let mut events = self.hub.messages.pushes(ids).await?;
        let endpoint = Arc::new(endpoint::Endpoint {
            url: self.endpoint.url.clone(),
            secrets: self.endpoint.secrets.at(self.hub.clock.now()),
            manner: &MANNER,
        });
        let sending = |message: LeasedDelivery| {
            let Some(event) = events.remove(&message.delivery) else {
                return Sending::unreadable(message);
            };
            let (hub, endpoint) = (Arc::clone(&self.hub), Arc::clone(&endpoint));
            Sending::one(
                message,
                async move { endpoint::call(&hub, &endpoint, &event).await },
            )
        };
        Ok(leased.into_iter().map(sending).collect())
    }

    async fn settle(&self, record: Record<Self>) -> Result<(), ServiceError> {
        let settlement = |(message, carried): &(LeasedDelivery, Carried)| PushSettlement {
            delivery: message.delivery.clone(),
            attempt: message.attempt,
            carried: carried.clone(),
        };
        let settle = || SettlePushes {
            agency: self.key.clone(),
            settlements: record.settlements.iter().map(settlement).collect(),
            set_at: self.set_up().at,
            standing: record.standing,
        };
        write_down(&self.store.ledger, settle).await
    }
}

fn set_up(endpoint: &KeptEndpoint) -> SetUp {
    SetUp {
        at: endpoint.set_at,
        url: Some(endpoint.url.clone()),
    }
}
