//! To agencies' endpoints: lease, commit, call, record. What has arrived for an agency that is pushed to is posted to its endpoint
//! as a signed CloudEvent; 2xx is handed over, anything else is for [`super::retry`] to decide.
//!
//! One round serves one agency at a time, with several calls at once; rounds run side by side within a bound of all. Within a
//! dossier the ledger leases one message at a time, so order is kept. After a crash between call and record the lease ends and the
//! message goes again, under the same event id. A breaker stands before each endpoint; what it finds is written down, so that
//! other hubs spare the endpoint too and people see why.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use rand::rngs::StdRng;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::REST;
use super::retry::{self, Breaker, Leave, Missed};
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::identity::webhook;
use crate::service::{Hub, Push, ServiceError};
use crate::store::StoreError;
use crate::store::ledger::{
    Carried, EndpointStanding, LeasePushes, LeasedDelivery, PushSettlement, SettlePushes,
};
use crate::store::read::{self, Endpoint};

/// Calls to one endpoint at once.
pub const CALLS_OF_ONE: usize = 8;

/// Calls to all endpoints at once, of one hub.
pub const CALLS_OF_ALL: usize = 64;

/// How long leased messages are ours; longer than the longest call that can be configured.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often it is looked without a bell: messages whose time has come, messages of a hub that died.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The media type of a CloudEvent in structured mode.
const CLOUD_EVENT: &str = "application/cloudevents+json; charset=utf-8";

/// What is known of an endpoint since it was set: one that is set anew is another one.
struct Known {
    set_at: Timestamp,
    url: EndpointUrl,
    breaker: Breaker,
}

impl Known {
    fn is_of(&self, endpoint: &Endpoint) -> bool {
        self.set_at == endpoint.row.set_at.0 && self.url == endpoint.url
    }

    fn of(endpoint: &Endpoint) -> Self {
        Known {
            set_at: endpoint.row.set_at.0,
            url: endpoint.url.clone(),
            // What another hub found, or this one before it was started anew.
            breaker: endpoint
                .row
                .next_probe
                .map_or_else(Breaker::default, |probe| Breaker::sparing(probe.0)),
        }
    }
}

/// What is known of each agency's endpoint, while nothing is under way there.
type Breakers = HashMap<String, Known>;

pub(super) async fn run(hub: Arc<Hub>) {
    let places = Arc::new(Semaphore::new(CALLS_OF_ALL));
    let mut breakers: Breakers = HashMap::new();
    let mut rounds: JoinSet<(String, Known)> = JoinSet::new();
    let mut served: HashMap<tokio::task::Id, String> = HashMap::new();
    let bell = hub.push_bell();
    loop {
        let rung = bell.notified();
        match begin(&hub, &mut breakers, &served).await {
            Ok(due) => {
                for round in due {
                    let agency = round.agency.clone();
                    let task = rounds.spawn(round.serve(Arc::clone(&places)));
                    served.insert(task.id(), agency);
                }
            }
            Err(error) => tracing::debug!(%error, "it cannot be seen what is to be pushed"),
        }
        tokio::select! {
            Some(ended) = rounds.join_next_with_id() => match ended {
                Ok((id, (agency, known))) => {
                    served.remove(&id);
                    breakers.insert(agency, known);
                }
                Err(error) => {
                    tracing::error!(%error, "pushing to an agency failed");
                    served.remove(&error.id());
                }
            },
            () = rung => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

/// A round for each agency to which something may go now.
async fn begin(
    hub: &Arc<Hub>,
    breakers: &mut Breakers,
    served: &HashMap<tokio::task::Id, String>,
) -> Result<Vec<Round>, ServiceError> {
    let now = hub.clock().now();
    let mut idle = hub.pushed_agencies();
    idle.retain(|agency| !served.values().any(|busy| busy == agency));
    breakers.retain(|agency, _| idle.contains(agency));
    let mut endpoints: HashMap<String, Arc<Endpoint>> = HashMap::new();
    for agency in idle {
        let Some(endpoint) = hub.endpoint_of(&agency) else {
            continue;
        };
        let known = breakers
            .entry(agency.clone())
            .or_insert_with(|| Known::of(&endpoint));
        if !known.is_of(&endpoint) {
            *known = Known::of(&endpoint);
        }
        // What another hub found meanwhile. A probe that was due is this hub's own, written down before it came back.
        let elsewhere = endpoint
            .row
            .next_probe
            .map(|probe| probe.0)
            .filter(|probe| *probe > now);
        if let (None, Some(probe)) = (known.breaker.spared_until(), elsewhere) {
            known.breaker.spare(probe);
        }
        if known.breaker.spared_until().is_none_or(|probe| probe <= now) {
            endpoints.insert(agency, endpoint);
        }
    }
    if endpoints.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Vec<String> = endpoints.keys().cloned().collect();
    let due = hub
        .store()
        .readers
        .run(move |conn| read::push_waits(conn, &asked, now))
        .await?;
    let rounds = due.into_iter().filter_map(|agency| {
        let endpoint = endpoints.remove(&agency)?;
        let mut known = breakers.remove(&agency)?;
        let leave = known.breaker.leave(now, LEASE);
        Some(Round {
            hub: Arc::clone(hub),
            rng: hub.entropy().generator(),
            agency,
            endpoint,
            known,
            leave,
        })
    });
    Ok(rounds.collect())
}

/// How a call ended.
struct Called {
    delivery: String,
    attempt: i32,
    ended: Result<(), Refused>,
}

struct Refused {
    failure: Failure,
    reason: String,
    asked: Option<Duration>,
}

/// Everything that may go to one agency now.
struct Round {
    hub: Arc<Hub>,
    rng: StdRng,
    agency: String,
    endpoint: Arc<Endpoint>,
    known: Known,
    leave: Leave,
}

impl Round {
    async fn serve(mut self, places: Arc<Semaphore>) -> (String, Known) {
        let mut calls = FuturesUnordered::new();
        let bell = self.hub.push_bell();
        let mut is_late = false;
        loop {
            let rung = bell.notified();
            let room = match self.leave {
                // What it is asked next is for the new address, in a round of its own.
                _ if !self.is_current() => 0,
                Leave::All => CALLS_OF_ONE,
                Leave::Probe => 1,
                Leave::Nothing(_) => 0,
            };
            // By halves, so that a busy endpoint costs a lease every few messages and not for each; or when calls hang.
            if calls.len() < room && (is_late || calls.len() * 2 <= room) {
                let permits = take(&places, room - calls.len(), calls.is_empty()).await;
                calls.extend(self.lease(permits).await);
            }
            let news = async {
                rung.await;
                tokio::time::sleep(LOOK_AGAIN).await;
            };
            let first = tokio::select! {
                Some(first) = calls.next() => first,
                // Calls that hang hold up their own dossiers, and nothing else that comes meanwhile.
                () = news, if !calls.is_empty() => {
                    is_late = true;
                    continue;
                }
                else => return (self.agency, self.known),
            };
            is_late = false;
            let mut ended = vec![first];
            while let Some(Some(more)) = calls.next().now_or_never() {
                ended.push(more);
            }
            self.record(ended).await;
        }
    }

    /// Whether the endpoint is still the one that was set when the round began.
    fn is_current(&self) -> bool {
        let now = self.hub.endpoint_of(&self.agency);
        now.is_some_and(|endpoint| self.known.is_of(&endpoint))
    }

    /// Leases as many messages as there are permits, and begins to call about them.
    async fn lease(
        &mut self,
        mut permits: Vec<OwnedSemaphorePermit>,
    ) -> Vec<impl Future<Output = Called> + Send + use<>> {
        let leased = match self.leased(permits.len()).await {
            Ok(leased) => leased,
            Err(error) => {
                tracing::debug!(%error, agency = self.agency, "messages cannot be leased");
                return Vec::new();
            }
        };
        let ids = leased.iter().map(|l| l.delivery.clone()).collect();
        let mut rendered: HashMap<String, Push> = match self.hub.pushes(ids).await {
            Ok(pushes) => pushes.into_iter().map(|p| (p.delivery.clone(), p)).collect(),
            Err(error) => {
                // Their lease ends by itself.
                tracing::warn!(%error, agency = self.agency, "messages cannot be read");
                return Vec::new();
            }
        };
        leased
            .into_iter()
            .map(|lease| {
                let push = rendered.remove(&lease.delivery);
                let (hub, endpoint) = (Arc::clone(&self.hub), Arc::clone(&self.endpoint));
                let permit = permits.pop();
                async move {
                    let ended = match push {
                        Some(push) => call(&hub, &endpoint, push).await,
                        None => Err(Refused {
                            failure: Failure::Unrenderable,
                            reason: "unreadable".to_owned(),
                            asked: None,
                        }),
                    };
                    drop(permit);
                    Called {
                        delivery: lease.delivery,
                        attempt: lease.attempt,
                        ended,
                    }
                }
            })
            .collect()
    }

    async fn leased(&self, max: usize) -> Result<Vec<LeasedDelivery>, StoreError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let lease = LeasePushes {
            agency: self.agency.clone(),
            max: i64::try_from(max).unwrap_or(1),
            lease: LEASE,
            least_tried_first: self.leave == Leave::Probe,
        };
        self.hub.store().ledger.ask(lease).await
    }

    /// Writes down how calls ended, however long the database is away: what is not written goes out again.
    async fn record(&mut self, ended: Vec<Called>) {
        let now = self.hub.clock().now();
        let was_spared = self.known.breaker.spared_until().is_some();
        let settlements: Vec<PushSettlement> = ended
            .into_iter()
            .map(|called| self.settlement(called, now))
            .collect();
        let breaker = &self.known.breaker;
        let failure = settlements.iter().rev().find_map(|s| s.carried.failure());
        let standing = match (breaker.spared_until(), failure) {
            (Some(next_probe), Some(failure)) => {
                tracing::warn!(agency = self.agency, %failure, %next_probe, "an endpoint is spared");
                Some(EndpointStanding::Spared { failure, next_probe })
            }
            (None, _) if was_spared => {
                tracing::info!(agency = self.agency, "an endpoint answers again");
                Some(EndpointStanding::Answers)
            }
            _ => None,
        };
        self.leave = match breaker.spared_until() {
            None => Leave::All,
            Some(probe) => Leave::Nothing(probe),
        };
        loop {
            let settle = SettlePushes {
                agency: self.agency.clone(),
                settlements: settlements.clone(),
                set_at: self.known.set_at,
                standing,
            };
            match self.hub.store().ledger.ask(settle).await {
                Ok(()) => return,
                Err(StoreError::Busy | StoreError::Unavailable(_)) => tokio::time::sleep(REST).await,
                Err(error) => {
                    tracing::error!(%error, agency = self.agency, "pushed messages could not be settled");
                    return;
                }
            }
        }
    }

    fn settlement(&mut self, called: Called, now: Timestamp) -> PushSettlement {
        let Called {
            delivery,
            attempt,
            ended,
        } = called;
        let breaker = &mut self.known.breaker;
        let carried = match ended {
            Ok(()) => {
                breaker.taken();
                Carried::Done
            }
            Err(refused) => {
                let missed = Missed {
                    message: &delivery,
                    attempt,
                    failure: refused.failure,
                    asked: refused.asked,
                };
                retry::missed(breaker, missed, refused.reason, now, &mut self.rng)
            }
        };
        if let Carried::Park { failure, .. } = &carried {
            tracing::warn!(%delivery, agency = self.agency, %failure, "a message is parked");
        }
        PushSettlement {
            delivery,
            attempt,
            carried,
        }
    }
}

/// Up to `wanted` permits; waits for the first one only when there is nothing else to do meanwhile.
async fn take(places: &Arc<Semaphore>, wanted: usize, may_wait: bool) -> Vec<OwnedSemaphorePermit> {
    let mut permits = Vec::with_capacity(wanted);
    if may_wait && let Ok(permit) = Arc::clone(places).acquire_owned().await {
        permits.push(permit);
    }
    while permits.len() < wanted
        && let Ok(permit) = Arc::clone(places).try_acquire_owned()
    {
        permits.push(permit);
    }
    permits
}

/// Posts one message. The reason of a failure holds nothing that the endpoint said beside its status.
async fn call(hub: &Hub, endpoint: &Endpoint, push: Push) -> Result<(), Refused> {
    let now = hub.clock().now();
    let mut headers = webhook::sign(&endpoint.secrets.at(now), &push.event, now, &push.body).to_vec();
    headers.push(("content-type", CLOUD_EVENT.to_owned()));
    headers.extend(push.traceparent.map(|context| ("traceparent", context)));
    let answer = match hub.caller().post(&endpoint.url, &headers, push.body).await {
        Ok(answer) => answer,
        Err(error) => {
            return Err(Refused {
                failure: retry::refused_call(&error),
                reason: error.to_string(),
                asked: None,
            });
        }
    };
    retry::judge(answer.status).map_err(|failure| Refused {
        failure,
        reason: answer.status.to_string(),
        asked: answer
            .retry_after
            .and_then(|value| retry::retry_after(&value, hub.clock().now())),
    })
}
