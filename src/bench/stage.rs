//! What every scenario is played with: the plan, the ground, the services, and somebody who is told how far it has come.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::error::Result;
use super::ground::Ground;
use super::plan::{BenchPlan, Documents, Scenario};
use super::services::Services;
use super::site::{Site, Stack};
use super::speaker::Speaker;
use super::stock::{Maker, RequestStock, stocks};
use crate::domain::tenant::{TenantKey, TenantKind};

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BenchProgress {
    /// A scenario begins.
    Scenario {
        /// Which.
        scenario: Scenario,
        /// Its number, from 1.
        number: usize,
        /// Of so many.
        of: usize,
    },
    /// Something is done now.
    Doing(String),
}

/// What a scenario is played with.
pub struct Stage {
    /// What is asked for.
    pub plan: BenchPlan,
    /// What all stand on.
    pub ground: Ground,
    /// The services, where there are any.
    pub services: Option<Arc<Services>>,
    /// Who is told.
    pub told: UnboundedSender<BenchProgress>,
}

impl Stage {
    /// Says what is done now.
    pub fn say(&self, what: impl Into<String>) {
        // Nobody looking is no reason to stop.
        drop(self.told.send(BenchProgress::Doing(what.into())));
    }

    /// PostgreSQL and RabbitMQ where there are any, and else what is inside the hub.
    pub fn stack(&self) -> Stack {
        self.services
            .as_ref()
            .map_or(Stack::Embedded, |services| Stack::Services(Arc::clone(services)))
    }

    /// Those that file, each with a token, at the hubs in turn.
    ///
    /// # Errors
    /// A hub that gives no token.
    pub async fn speakers(&self, site: &Site, tenants: usize, hubs: usize) -> Result<Vec<Arc<Speaker>>> {
        let mut speakers = Vec::with_capacity(tenants);
        for (number, tenant) in self.ground.tenants(tenants).iter().enumerate() {
            speakers.push(self.speaker(site, number % hubs, tenant).await?);
        }
        Ok(speakers)
    }

    /// A tenant at a hub.
    ///
    /// # Errors
    /// A hub that gives no token.
    pub async fn speaker(&self, site: &Site, hub: usize, tenant: &TenantKey) -> Result<Arc<Speaker>> {
        let by = (&self.plan.clock, &self.plan.entropy);
        Speaker::open(&self.ground, site, hub, tenant, by).await
    }

    /// The agency that decides all, at the first hub.
    ///
    /// # Errors
    /// A hub that gives no token.
    pub async fn agency(&self, site: &Site) -> Result<Arc<Speaker>> {
        let key = TenantKey::new(TenantKind::Agency, &self.ground.agency);
        self.speaker(site, 0, &key).await
    }

    /// A full stock a speaker. `part` keeps persons and references of the parts of a scenario apart.
    ///
    /// # Errors
    /// A document that cannot be written.
    pub async fn stocks(
        &self,
        speakers: &[Arc<Speaker>],
        part: usize,
        each: usize,
    ) -> Result<Vec<Arc<RequestStock>>> {
        let maker = self.maker(part);
        stocks(&maker, speakers, each).await
    }

    /// Canonical JSON of a part, a text of one line each, as a batch has them.
    ///
    /// # Errors
    /// A document that cannot be written.
    pub fn lines(&self, tenant: &TenantKey, part: usize, count: usize) -> Result<Vec<Vec<u8>>> {
        let maker = self.maker_of(Documents::Canonical, part);
        let requests = maker.requests(tenant, (0, 1), count)?;
        Ok(requests
            .into_iter()
            .map(|request| request.body.to_vec())
            .collect())
    }

    fn maker(&self, part: usize) -> Arc<Maker> {
        self.maker_of(self.plan.documents, part)
    }

    fn maker_of(&self, documents: Documents, part: usize) -> Arc<Maker> {
        let now = self.plan.clock.now();
        let run = format!("b{:x}p{part}", now.as_micros());
        let seed = self.plan.seed.wrapping_add(part as u64 * 1_000_003);
        let catalogue = Arc::new(self.ground.catalogue.clone());
        Arc::new(Maker::new(catalogue, documents, (seed, &run), now))
    }
}
