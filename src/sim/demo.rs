//! The demo: files dossiers from many tenants, does what a submitter has to do, and checks what comes back.
//!
//! It goes on over a hub that is killed and started again: calls are repeated with their idempotency keys for as long as the
//! partners' patience lasts, and every feed is read on from its cursor.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::catalogue::FilingCatalogue;
use super::filing::Series;
use super::format::Format;
use super::ledger::{KeptFiles, Looked, ShownDossier};
use super::outcome::{RunOutcome, RunProgress, ViolationKind};
pub use super::run::{Filer, SubmitterTransport};
use super::run::{Run, is_branch};
use super::submitter;
use super::told::{self, Begun};
use crate::client::{ClientError, DossierFilter, Partner};
use crate::clock::Clock;
use crate::domain::attachment::FileKind;
use crate::domain::ids::DossierId;
use crate::domain::tenant::TenantKey;

/// How long, after everything ended, the feeds may take to tell the rest.
const LAST_EVENTS: Duration = Duration::from_secs(30);

/// What to do.
#[derive(Clone)]
pub struct Demo {
    /// How many dossiers.
    pub dossiers: usize,
    /// Who files; dossiers are spread over them.
    pub filers: Vec<Filer>,
    /// What is filed.
    pub catalogue: Arc<FilingCatalogue>,
    /// Decides persons, papers and places.
    pub seed: u64,
    /// Sets this run apart from every other of this hub: 1 to 40 lower-case letters and digits.
    pub run: String,
    /// Calls on their way at once.
    pub parallel: usize,
    /// Give up when nothing has happened for so long.
    pub stall: Duration,
}

impl Demo {
    /// Files, follows, completes, hands over, until every dossier has ended or nothing happens any more; then compares. At
    /// most about ten messages a dossier are sent to `progress`.
    pub async fn run(self, clock: Clock, progress: UnboundedSender<RunProgress>) -> RunOutcome {
        self.run_until(clock, progress, std::future::pending()).await
    }

    /// The same, or until `stop`: then what was under way is left where it stands, nothing is compared, and the outcome says how
    /// far it came.
    pub async fn run_until(
        self,
        clock: Clock,
        progress: UnboundedSender<RunProgress>,
        stop: impl Future<Output = ()>,
    ) -> RunOutcome {
        let began_at = clock.now();
        let run = Arc::new(Run::new(
            self.filers,
            self.catalogue,
            self.parallel,
            clock,
            progress,
        ));
        let plan = run.plan(self.dossiers);
        let mut followers = JoinSet::new();
        let mut filings = JoinSet::new();
        let used: BTreeSet<usize> = plan.iter().map(|(filer, _)| *filer).collect();
        for (filer, begun) in run.begin_ways(&used).await {
            followers.spawn(told::follow(run.clone(), filer, begun));
        }
        let series = Arc::new(Series::new(self.seed, &self.run));
        // What a branch files in canonical JSON goes in one call; everything else one by one.
        let mut together: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, (filer, format)) in plan.into_iter().enumerate() {
            if format == Format::CanonicalJson && is_branch(&run.filers[filer].partner) {
                together.entry(filer).or_default().push(index);
            } else {
                filings.spawn(submitter::file(run.clone(), series.clone(), index, filer, format));
            }
        }
        for (filer, indexes) in together {
            filings.spawn(submitter::file_together(
                run.clone(),
                series.clone(),
                indexes,
                filer,
            ));
        }
        let whole = async {
            run.wait_for_the_end(filings, self.stall).await;
            run.audit(self.stall).await;
        };
        let is_interrupted = tokio::select! {
            () = whole => false,
            () = stop => true,
        };
        followers.shutdown().await;
        run.end_ways(used).await;
        let mut book = run.note(|ledger, _| std::mem::take(ledger));
        if is_interrupted {
            book.interrupt(self.dossiers);
        }
        book.outcome(self.run, self.seed, began_at, run.clock.now())
    }
}

impl Run {
    /// Who files what in which format: filers far apart take turns, and formats are used evenly, by each filer and by all.
    fn plan(&self, dossiers: usize) -> Vec<(usize, Format)> {
        let filers = &self.filers;
        let mut used: HashMap<(Option<usize>, Format), usize> = HashMap::new();
        let golden = (filers.len() * 618).div_ceil(1000).max(1);
        let step = (golden..)
            .find(|s| super::catalogue::divisor(*s, filers.len()) == 1)
            .unwrap_or(1);
        (0..dossiers)
            .filter_map(|index| {
                let filer = (index * step) % filers.len().max(1);
                let formats = &filers.get(filer)?.formats;
                let format = *formats.iter().min_by_key(|f| {
                    [Some(filer), None].map(|who| used.get(&(who, **f)).copied().unwrap_or(0))
                })?;
                for who in [Some(filer), None] {
                    *used.entry((who, format)).or_default() += 1;
                }
                Some((filer, format))
            })
            .collect()
    }

    /// Sets up how each filer is told, before the run.
    async fn begin_ways(self: &Arc<Self>, filers: &BTreeSet<usize>) -> Vec<(usize, Begun)> {
        let mut asked = JoinSet::new();
        for filer in filers.iter().copied() {
            let run = self.clone();
            asked.spawn(async move { (filer, told::begin(&run, filer).await) });
        }
        asked.join_all().await
    }

    async fn end_ways(self: &Arc<Self>, filers: BTreeSet<usize>) {
        let mut asked = JoinSet::new();
        for filer in filers {
            let run = self.clone();
            asked.spawn(async move { told::end(&run, filer).await });
        }
        asked.join_all().await;
    }

    /// Waits until every filing is answered and every dossier has ended, or nothing has happened for the stall time.
    async fn wait_for_the_end(&self, mut filings: JoinSet<()>, stall: Duration) {
        loop {
            if filings.is_empty() && self.open() == 0 {
                return;
            }
            let step = async {
                tokio::select! {
                    Some(_) = filings.join_next() => {}
                    () = self.changed.notified() => {}
                }
            };
            if tokio::time::timeout(stall, step).await.is_err() {
                return;
            }
        }
    }

    async fn audit(self: &Arc<Self>, stall: Duration) {
        self.tell(RunProgress::Auditing);
        let partners: HashMap<TenantKey, Arc<Partner>> = self
            .filers
            .iter()
            .map(|f| (f.partner.tenant().clone(), f.partner.clone()))
            .collect();
        let mut asked = JoinSet::new();
        for (reference, dossier, tenant) in self.note(|ledger, _| ledger.filed_dossiers()) {
            let (run, Some(partner)) = (self.clone(), partners.get(&tenant).cloned()) else {
                continue;
            };
            asked.spawn(async move {
                let _permit = run.gate.acquire().await;
                match look_up(&partner, dossier, &reference).await {
                    Ok(looked) => Some((reference, looked)),
                    Err(error) => {
                        run.failed(&reference, "audit", &error);
                        None
                    }
                }
            });
        }
        let mut found = Vec::new();
        loop {
            match tokio::time::timeout(stall, asked.join_next()).await {
                Ok(Some(Ok(one))) => found.extend(one),
                // A look-up that panicked has told so itself.
                Ok(Some(Err(_))) => {}
                Ok(None) => break,
                Err(_) => {
                    let what = format!("{} dossiers could not be looked up", asked.len());
                    self.note(|ledger, _| ledger.fault(ViolationKind::Missing, "", &what));
                    break;
                }
            }
        }
        let until = Instant::now() + LAST_EVENTS;
        while !self.note(|ledger, _| {
            found
                .iter()
                .all(|(r, looked)| ledger.has_seen(r, &looked.history))
        }) {
            if tokio::time::timeout_at(until, self.changed.notified())
                .await
                .is_err()
            {
                break;
            }
        }
        self.note(|ledger, _| {
            for (reference, looked) in &found {
                ledger.audit(reference, looked);
            }
        });
    }
}

async fn look_up(partner: &Partner, dossier: DossierId, reference: &str) -> Result<Looked, ClientError> {
    // A correction may come at any time: what is compared is of one moment.
    let mut history = partner.history(dossier).await?;
    let view = loop {
        let view = partner.dossier(dossier).await?;
        let again = partner.history(dossier).await?;
        if again.events.len() == history.events.len() {
            break view;
        }
        history = again;
    };
    let shown = ShownDossier {
        supplements: view.supplements.len(),
        claims: view.claims.len(),
        results: view.results,
    };
    let filter = DossierFilter {
        reference: Some(reference.to_owned()),
        ..DossierFilter::default()
    };
    let files = partner.attachments(dossier).await?;
    let of_filing = files.attachments.iter().filter(|a| a.kind == FileKind::Filing);
    Ok(Looked {
        history,
        listed: partner.dossiers(&filter).await?.dossiers,
        shown,
        kept: KeptFiles {
            filed: of_filing.map(|a| a.sha256).collect(),
            missing: files.missing,
        },
    })
}
