//! Where agencies want their messages pushed. The directory says that an agency is pushed to; the agency itself says where, because
//! it alone knows, and so that the secret is seen by nobody between it and the hub.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::fault::internal;
use super::{SECRET_OVERLAP, ServiceError};
use crate::clock::Clock;
use crate::domain::endpoint::{EndpointUrl, Host};
use crate::domain::rejection::problems;
use crate::domain::routing::AgencyChannel;
use crate::domain::view::{
    AttemptView, DeliveryState, DeliveryView, EndpointAnswer, EndpointList, EndpointRequest, EndpointView,
    FailureView, SparedView,
};
use crate::identity::webhook::WebhookSecret;
use crate::identity::{Access, Permission};
use crate::net::outbound::Caller;
use crate::service::directory::DirectoryInUse;
use crate::service::draws::Draws;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::notifier::{Notifier, inbox_bell};
use crate::service::parts::Base;
use crate::store::kept::{KeptEndpoint, NewEndpoint, SealedEndpoint, Secrets};
use crate::store::ledger::{RemoveEndpoint, SetEndpoint};
use crate::store::read::{self, Carriage};
use crate::store::{Store, TICK, Worded};

/// Where agencies are pushed to.
pub struct Endpoints {
    store: Arc<Store>,
    clock: Clock,
    draws: Arc<Draws>,
    directory: Arc<DirectoryInUse>,
    formats: Arc<FormatsInUse>,
    notifier: Arc<Notifier>,
    caller: Caller,
    /// As the database had them last.
    known: ArcSwap<BTreeMap<String, Arc<KeptEndpoint>>>,
    /// One at a time, so that nobody puts back what he read before another one's news.
    refreshing: tokio::sync::Mutex<()>,
}

impl Endpoints {
    pub(super) fn new(base: &Base, caller: Caller) -> Self {
        Endpoints {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            draws: Arc::clone(&base.draws),
            directory: Arc::clone(&base.directory),
            formats: Arc::clone(&base.formats),
            notifier: Arc::clone(&base.notifier),
            caller,
            known: Default::default(),
            refreshing: Default::default(),
        }
    }

    /// Sets the caller's endpoint. The first time, and when a new one is asked for, a secret is drawn and shown.
    ///
    /// # Errors
    /// `permission-missing`; `not-pushed`; `code-malformed`, `endpoint-forbidden` of the address.
    pub async fn set(
        &self,
        access: &Access,
        request: EndpointRequest,
    ) -> Result<EndpointAnswer, ServiceError> {
        access.permit(Permission::EndpointManage)?;
        let agency = access.key().key().to_owned();
        let channel = self.directory.channel(&agency);
        if channel != AgencyChannel::Push {
            return Err(problems::NotPushed {
                channel: &channel.word(),
            }
            .into());
        }
        let url = self.allowed(&request.url)?;
        // Once, unless the same agency sets it at the same moment through another hub: then on what that one has written.
        let new_secret = loop {
            self.refresh().await?;
            let (sealed, new_secret) = self.sealed_endpoint(access, &url, request.new_secret)?;
            if self.store.ledger.ask(SetEndpoint(sealed)).await? {
                break new_secret;
            }
        };
        self.refresh().await?;
        self.ring_inbox(&agency);
        Ok(EndpointAnswer {
            endpoint: self.show(access)?,
            secret: new_secret.map(|secret| secret.reveal()),
        })
    }

    /// The caller's endpoint as it is to be, and its secret where that is a new one. The moment is later than that of the one before,
    /// whatever the clock says.
    fn sealed_endpoint(
        &self,
        access: &Access,
        url: &EndpointUrl,
        new_secret: bool,
    ) -> Result<(SealedEndpoint, Option<WebhookSecret>), ServiceError> {
        let present = self.known.load().get(access.key().key()).cloned();
        let now = self.clock.now();
        let set_at = (present.as_ref()).map_or(now, |present| now.max(present.set_at.plus(TICK)));
        let (secrets, is_new) = match present.map(|endpoint| endpoint.secrets.clone()) {
            Some(present) if !new_secret => (present, false),
            present => {
                let older = present.map(|p| (p.current, now.plus(SECRET_OVERLAP)));
                let current = self.draws.with(WebhookSecret::draw);
                (Secrets { current, older }, true)
            }
        };
        let drawn = is_new.then(|| secrets.current.clone());
        let endpoint = NewEndpoint {
            agency: access.key().key().parse().map_err(internal)?,
            url: url.clone(),
            secrets,
            set_at,
            set_by: access.key().clone(),
        };
        let sealed = self.draws.with(|rng| endpoint.sealed(&self.store.cipher, rng))?;
        Ok((sealed, drawn))
    }

    /// The caller's endpoint.
    ///
    /// # Errors
    /// `permission-missing`; `not-found` where none is set.
    pub fn show(&self, access: &Access) -> Result<EndpointView, ServiceError> {
        access.permit(Permission::EndpointManage)?;
        let all = self.known.load();
        let found = all.get(access.key().key()).ok_or(problems::NotFound)?;
        Ok(self.endpoint_view(found))
    }

    /// Removes the caller's endpoint, and gives it as it was. What waits is pulled from the inbox then.
    ///
    /// # Errors
    /// As [`Endpoints::show`].
    pub async fn remove(&self, access: &Access) -> Result<EndpointView, ServiceError> {
        self.refresh().await?;
        let was = self.show(access)?;
        let agency = access.key().key().to_owned();
        let removed = self.store.ledger.ask(RemoveEndpoint { agency }).await?;
        self.refresh().await?;
        match removed {
            true => Ok(was),
            false => Err(problems::NotFound.into()),
        }
    }

    /// Every endpoint, for the operator.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn list(&self, access: &Access) -> Result<EndpointList, ServiceError> {
        access.permit(Permission::DeliveryManage)?;
        self.refresh().await?;
        let all = self.known.load();
        let endpoints = all
            .values()
            .map(|endpoint| self.endpoint_view(endpoint))
            .collect();
        Ok(EndpointList { endpoints })
    }

    /// Where an agency is pushed to; none when the directory, or the agency, does not want it.
    pub fn of(&self, agency: &str) -> Option<Arc<KeptEndpoint>> {
        let found = self.known.load().get(agency).cloned()?;
        (self.directory.channel(agency) == AgencyChannel::Push).then_some(found)
    }

    /// Every agency that is pushed to now.
    pub fn pushed_agencies(&self) -> Vec<String> {
        let all = self.known.load();
        all.keys()
            .filter(|agency| self.directory.channel(agency) == AgencyChannel::Push)
            .cloned()
            .collect()
    }

    /// Takes up what the database has.
    pub(super) async fn refresh(&self) -> Result<(), ServiceError> {
        let _alone = self.refreshing.lock().await;
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::endpoints(conn, &cipher))
            .await?;
        let all = found
            .into_iter()
            .map(|endpoint| (endpoint.agency.to_string(), Arc::new(endpoint)))
            .collect();
        self.known.store(Arc::new(all));
        Ok(())
    }

    /// An endpoint as it was written, when it may be called. A name is judged at each call, by the addresses it then has.
    fn allowed(&self, url: &str) -> Result<EndpointUrl, ServiceError> {
        let url: EndpointUrl = url.parse().map_err(|_| {
            problems::CodeMalformed {
                field: &"url",
                expected: &"https://host/path",
            }
            .at("/url")
        })?;
        if let Host::Address(address) = url.host()
            && self.caller.guard().judge(&address.to_string(), address).is_err()
        {
            return Err(problems::EndpointForbidden { address: &address }
                .at("/url")
                .into());
        }
        Ok(url)
    }

    fn endpoint_view(&self, endpoint: &KeptEndpoint) -> EndpointView {
        let now = self.clock.now();
        let spared = match (endpoint.failure, endpoint.failing_since, endpoint.next_probe) {
            (Some(failure), Some(since), Some(next_probe)) => Some(SparedView {
                since,
                next_probe,
                failure: FailureView::from(failure),
            }),
            _ => None,
        };
        EndpointView {
            agency: self.directory.agency_view(&endpoint.agency),
            url: endpoint.url.clone(),
            set_at: endpoint.set_at,
            set_by: endpoint.set_by.clone(),
            older_secret_until: endpoint
                .secrets
                .older
                .as_ref()
                .map(|(_, until)| *until)
                .filter(|until| *until > now),
            spared,
        }
    }

    /// Rings for whoever waits on an agency's inbox.
    pub fn ring_inbox(&self, agency: &str) {
        self.notifier.ring(&inbox_bell(agency));
        if self.of(agency).is_some() {
            self.notifier.ring_push();
        }
    }

    pub(super) fn delivery_view(&self, carriage: Carriage) -> DeliveryView {
        let Carriage { delivery, attempts } = carriage;
        let (state, failure) = (delivery.state, delivery.failure);
        let spared = self
            .of(delivery.agency.as_str())
            .and_then(|endpoint| endpoint.next_probe);
        let next_try = match state {
            DeliveryState::Waiting | DeliveryState::Queued if failure.is_some() && delivery.ready => {
                Some(spared.map_or(delivery.not_before, |probe| probe.max(delivery.not_before)))
            }
            DeliveryState::Waiting if failure.is_some() => delivery.send_at,
            _ => None,
        };
        DeliveryView {
            id: delivery.id,
            agency: self.directory.agency_view(&delivery.agency),
            event: delivery.event,
            kind: delivery.kind,
            state,
            since: delivery.since,
            failure: failure.map(FailureView::from),
            next_try,
            written_by: delivery
                .format_version
                .and_then(|number| self.formats.load().written_by(number)),
            attempts: attempts
                .into_iter()
                .map(|a| AttemptView {
                    at: a.at,
                    number: a.number,
                    outcome: a.outcome.word().to_owned(),
                    failure: a.failure,
                    reason: a.reason,
                    actor: a.actor,
                })
                .collect(),
        }
    }
}
