//! What a play is made of: an installation at work, tenants that speak to it, the agency, the receiver, and the book of all dossiers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bench::agency::{AgencyConsumer, pull};
use crate::bench::book::{Book, DossierTrace};
use crate::bench::error::{BenchError, Result};
use crate::bench::hooks::Hooks;
use crate::bench::load::{ACCEPTED, Bookkeeping, Crew, Load, LoadModel, run_all};
use crate::bench::plan::Scenario;
use crate::bench::report::{Measured, Middle};
use crate::bench::site::{Site, Stack};
use crate::bench::speaker::Speaker;
use crate::bench::stage::Stage;
use crate::bench::stats::LatencyPercentiles;
use crate::bench::stock::RequestStock;
use crate::bench::truth::{self, Truth, reached};
use crate::client::FilingBatch;
use crate::domain::ids::DossierId;
use crate::domain::submission::IdempotencyKey;

/// Load before the first round, so that none of them pays for first times.
const WARM_UP: Duration = Duration::from_secs(1);

/// Requests a tenant and second of the warm-up: more than a machine of this size takes.
const WARM_REQUESTS: usize = 600;

/// How long an inbox may stay empty before it is looked at whether something is missing.
const QUIET: Duration = Duration::from_millis(300);

/// Documents of one batch.
pub const BATCH: usize = 10_000;

/// What the agency does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    /// It reads its queue.
    Reads,
    /// It reads its queue and answers each dossier with a status.
    Answers,
    /// It pulls its inbox after each round.
    Pulls,
    /// It is not there yet.
    Away,
}

/// What a scene has.
pub struct Wants {
    /// What the installation stands on.
    pub stack: Stack,
    /// Hubs of the installation.
    pub hubs: usize,
    /// Tenants that file.
    pub tenants: usize,
    /// What the agency does.
    pub office: Office,
    /// Whether submitters are called.
    pub webhooks: bool,
}

/// An installation at work.
pub struct Scene<'a> {
    /// What it is played with.
    pub stage: &'a Stage,
    /// The installation.
    pub site: Site,
    /// Those that file.
    pub speakers: Vec<Arc<Speaker>>,
    /// Whether submitters are called.
    pub hooks: Option<Hooks>,
    /// Every dossier.
    pub book: Arc<Book>,
    /// Everything that was accepted.
    pub truth: Truth,
    /// What is measured.
    pub measured: Measured,
    agency: Option<AgencyConsumer>,
    puller: Option<Arc<Speaker>>,
}

impl<'a> Scene<'a> {
    /// Makes the installation and starts it.
    ///
    /// # Errors
    /// What cannot be had.
    pub async fn set(stage: &'a Stage, scenario: Scenario, wants: Wants) -> Result<Self> {
        stage.say("an installation is made");
        let mut site = Site::make(&stage.ground, &wants.stack, scenario.word(), wants.hubs).await?;
        site.start().await?;
        let speakers = stage.speakers(&site, wants.tenants, 1).await?;
        let book = Arc::<Book>::default();
        let hooks = if wants.webhooks {
            let clock = stage.plan.clock.clone();
            Some(Hooks::open(&stage.ground, &speakers, Arc::clone(&book), clock).await?)
        } else {
            None
        };
        let puller = match wants.office {
            Office::Pulls => Some(stage.agency(&site).await?),
            _ => None,
        };
        let mut scene = Scene {
            stage,
            site,
            speakers,
            hooks,
            book,
            truth: Truth::default(),
            measured: Measured {
                scenario: scenario.word(),
                says: scenario.says(),
                counts: "dossiers",
                ..Measured::default()
            },
            agency: None,
            puller,
        };
        match wants.office {
            Office::Reads => scene.open_office(false).await?,
            Office::Answers => scene.open_office(true).await?,
            Office::Pulls | Office::Away => {}
        }
        Ok(scene)
    }

    /// From now on the agency reads its queue.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub async fn open_office(&mut self, answers: bool) -> Result<()> {
        let (book, clock) = (Arc::clone(&self.book), self.stage.plan.clock.clone());
        self.agency = Some(AgencyConsumer::begin(&self.site, book, clock, answers).await?);
        Ok(())
    }

    /// From now on the agency is away.
    pub fn close_office(&mut self) {
        self.agency = None;
    }

    /// Looks whether answers are kept, stops the hubs, and gives what was measured.
    ///
    /// # Errors
    /// A service that does not answer.
    pub async fn finish(mut self) -> Result<Measured> {
        truth::durable(&self.site, &mut self.measured).await?;
        truth::extra(&self.book, self.truth.unknown, &mut self.measured);
        if let Some(hooks) = &self.hooks {
            let calls = hooks.received() as f64;
            self.measured
                .figures
                .insert("calls of webhooks".to_owned(), calls);
        }
        drop((self.agency.take(), self.hooks.take(), self.puller.take()));
        self.speakers.clear();
        self.site.stop().await?;
        truth::ended(&self.site, &mut self.measured);
        self.measured.median = Middle::of(&self.measured.rounds);
        Ok(self.measured)
    }

    /// Load of a second, as fast as it is answered: what the hub takes a second, roughly.
    ///
    /// # Errors
    /// No connection.
    pub async fn warm_up(&mut self) -> Result<f64> {
        self.stage.say("warming up");
        let stocks = self.stage.stocks(&self.speakers, 0, WARM_REQUESTS).await?;
        let load = self
            .load(&stocks, self.stage.plan.connections, None, WARM_UP)
            .await?;
        self.caught_up(&load.accepted()).await?;
        self.truth.take(&load);
        Ok(load.per_second(ACCEPTED))
    }

    /// Lets connections over all stocks work; with a rate, at that rate.
    ///
    /// # Errors
    /// No connection.
    pub async fn load(
        &self,
        stocks: &[Arc<RequestStock>],
        connections: usize,
        rate: Option<f64>,
        time: Duration,
    ) -> Result<Load> {
        let crews = Crew::over(stocks, connections).await?;
        let of = stocks.len();
        let model = |number| match rate {
            Some(rate) => LoadModel::even(rate, (number, of), time),
            None => LoadModel::Closed(time),
        };
        let book = Arc::clone(&self.book);
        let bookkeeping = match (&self.hooks, rate) {
            (Some(_), None) => Bookkeeping::Waits(book),
            _ => Bookkeeping::Notes(book),
        };
        run_all(crews, model, &bookkeeping).await
    }

    /// Files so many dossiers of these documents by batches, as the first speaker, and waits for nothing.
    ///
    /// # Errors
    /// A batch that is not taken whole.
    pub async fn batch(&mut self, lines: Vec<Vec<u8>>, key: &str) -> Result<Vec<DossierId>> {
        let speaker = Arc::clone(&self.speakers[0]);
        let mut ids = Vec::with_capacity(lines.len());
        for (number, part) in lines.chunks(BATCH).enumerate() {
            let key = format!("{key}-{number}");
            let batch = FilingBatch {
                lines: part.join(&b'\n'),
                format: Some("canonical/v1".to_owned()),
                key: IdempotencyKey::parse(&key).ok_or_else(|| BenchError::said(&key))?,
            };
            let before = ids.len();
            let end = speaker
                .partner
                .submit_batch(&batch, |item| ids.extend(item.answer.map(|a| a.tracking_id)))
                .await
                .map_err(BenchError::of("a batch"))?;
            if end.taken != part.len() as u64 || ids.len() - before != part.len() {
                let refused = end.refused;
                return Err(BenchError::said(format!(
                    "a batch was not taken whole: {refused} refused"
                )));
            }
        }
        let now = Instant::now();
        for id in &ids {
            self.book.accepted(*id, now);
        }
        self.truth.accepted.extend(&ids);
        Ok(ids)
    }

    /// Waits until these are where they belong: the agency's queue read, the submitter told; where the agency pulls, nothing left in
    /// the outbox.
    ///
    /// # Errors
    /// A database that is away.
    pub async fn caught_up(&self, accepted: &[DossierId]) -> Result<()> {
        if self.agency.is_none() {
            let waiting = "SELECT count(*) AS number FROM deliveries WHERE send_at IS NOT NULL";
            let empty = async || Ok(usize::from(self.site.number(waiting).await? == 0));
            return reached(1, empty).await.map(drop);
        }
        let book = &self.book;
        let there = |fate: &DossierTrace| match self.hooks {
            Some(_) => fate.told_status.is_some() && fate.told_filed,
            None => fate.agency.is_some(),
        };
        reached(accepted.len(), async || Ok(book.count(accepted, there)))
            .await
            .map(drop)
    }

    /// Looks whether all that was accepted is in the database, in the agency's hands, and told to its submitter.
    ///
    /// # Errors
    /// A service that does not answer.
    pub async fn look(&mut self, when: &str) -> Result<()> {
        self.truth.rows(&self.site, when, &mut self.measured).await?;
        if let Some(puller) = &self.puller {
            let (book, accepted) = (&self.book, &self.truth.accepted);
            let there = async || {
                pull(&puller.partner, book, QUIET).await?;
                Ok(book.count(accepted, |fate| fate.agency.is_some()))
            };
            reached(accepted.len(), there).await?;
        }
        self.truth.agency(&self.book, when, &mut self.measured);
        match &self.hooks {
            Some(hooks) => {
                let answered = "SELECT count(answered_seq) AS number FROM dossiers";
                let answered = self.site.number(answered).await?;
                let all = self.truth.accepted.len();
                self.measured.check(
                    format!("{when}: answered by the agency, in the database"),
                    usize::try_from(answered).is_ok_and(|n| n == all),
                    format!("{answered} of {all}"),
                );
                self.truth
                    .webhooks(&self.book, hooks.refused(), when, &mut self.measured);
            }
            None => self.truth.feeds(&self.speakers, when, &mut self.measured).await?,
        }
        Ok(())
    }

    /// How long it took from one moment of these dossiers to another, as far as both are known.
    pub fn between(
        &self,
        ids: &[DossierId],
        ends: impl Fn(&DossierTrace) -> Option<(Instant, Instant)>,
    ) -> LatencyPercentiles {
        let mut all = Vec::with_capacity(ids.len());
        self.book.each(ids, |fate| {
            all.extend(ends(fate).map(|(from, to)| to.saturating_duration_since(from)));
        });
        LatencyPercentiles::of(all)
    }
}
