//! The demo: files dossiers from many tenants, does what a submitter has to do, and checks what comes back.
//!
//! It goes on over a hub that is killed and started again: calls are repeated with their idempotency keys for as long as the
//! partners' patience lasts, and every feed is read on from its cursor.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::catalogue::Catalogue;
use super::filing::{Case, Series};
use super::format::Format;
use super::ledger::{Kept, Ledger, Looked, Shown};
use super::outcome::{FaultKind, Outcome, Progress};
use super::told::{self, Back, Begun};
use super::{file::File, submitter};
use crate::client::{ClientError, Contents, DossierFilter, Partner};
use crate::clock::Clock;
use crate::domain::attachment::FileKind;
use crate::domain::dossier::Catalogue as Places;
use crate::domain::ids::DossierId;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::view::SubmissionAnswer;

/// How long, after everything ended, the feeds may take to tell the rest.
const LAST_EVENTS: Duration = Duration::from_secs(30);

/// A tenant that files.
#[derive(Clone)]
pub struct Filer {
    /// It speaks through this.
    pub partner: Arc<Partner>,
    /// The formats it may file in, none twice.
    pub formats: Vec<Format>,
    /// How it is told of its events.
    pub back: Back,
}

/// What to do.
#[derive(Clone)]
pub struct Demo {
    /// How many dossiers.
    pub dossiers: usize,
    /// Who files; dossiers are spread over them.
    pub filers: Vec<Filer>,
    /// What is filed.
    pub catalogue: Arc<Catalogue>,
    /// Decides persons, papers and places.
    pub seed: u64,
    /// Sets this run apart from every other of this hub: 1 to 40 lower-case letters and digits.
    pub run: String,
    /// Calls on their way at once.
    pub parallel: usize,
    /// Give up when nothing has happened for so long.
    pub stall: Duration,
}

/// What all tasks of a run share.
pub(super) struct Run {
    pub demo: Demo,
    pub clock: Clock,
    pub gate: Semaphore,
    began: Instant,
    ledger: Mutex<Ledger>,
    changed: Notify,
    progress: UnboundedSender<Progress>,
}

impl Run {
    /// Changes the book and tells how far the run has come.
    pub fn note<T>(&self, change: impl FnOnce(&mut Ledger, Duration) -> T) -> T {
        // A panic in the book is a bug that ends its task; the others' entries are whole.
        let mut ledger = self
            .ledger
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let result = change(&mut ledger, self.began.elapsed());
        for news in ledger.news() {
            // Nobody has to watch.
            let _ = self.progress.send(news);
        }
        drop(ledger);
        self.changed.notify_one();
        result
    }

    /// Notes that a case was taken.
    pub fn filed(&self, case: &Case, answer: &SubmissionAnswer) {
        let agency = answer.agency.as_ref().map(|a| &a.key);
        let kind = agency.map_or("none", |key| self.demo.catalogue.agency_kind(key));
        let former = case.place.as_ref().is_some_and(|p| p.catalogue == Places::Legacy);
        self.note(|ledger, now| {
            ledger.filed(&case.reference, answer, kind, now);
            ledger.routed(&case.reference, case.decides.as_ref(), agency);
            ledger.used.former_addresses += usize::from(former);
        });
    }

    /// Sends files, for a dossier or ahead of it.
    pub async fn send_files(&self, partner: &Partner, reference: &str, files: &[&File]) {
        for file in files {
            let bytes = file.bytes();
            let size = bytes.len() as u64;
            match partner.upload(&file.sha256, Contents::Bytes(bytes)).await {
                Ok(_) => self.note(|ledger, _| {
                    ledger.used.files_sent += 1;
                    ledger.used.bytes_sent += size;
                }),
                Err(error) => self.failed(reference, "file", &error),
            }
        }
    }

    /// Notes that a call about a dossier did not succeed.
    pub fn failed(&self, reference: &str, what: &str, error: &ClientError) {
        let why = error.label().map_or("unreachable", |label| label.as_str());
        let filing = what == "filing";
        self.note(|ledger, _| ledger.refused(reference, &format!("{what}: {why}"), filing));
    }
}

impl Demo {
    /// Files, follows, completes, hands over, until every dossier has ended or nothing happens any more; then compares. At
    /// most about ten messages a dossier are sent to `progress`.
    pub async fn run(self, clock: Clock, progress: UnboundedSender<Progress>) -> Outcome {
        let (began_at, parallel) = (clock.now(), self.parallel.max(1));
        let run = Arc::new(Run {
            demo: self,
            clock,
            gate: Semaphore::new(parallel),
            began: Instant::now(),
            ledger: Mutex::default(),
            changed: Notify::new(),
            progress,
        });
        let plan = run.plan();
        let mut followers = JoinSet::new();
        let mut filings = JoinSet::new();
        let used: BTreeSet<usize> = plan.iter().map(|(filer, _)| *filer).collect();
        for (filer, begun) in run.begin_ways(&used).await {
            followers.spawn(told::follow(run.clone(), filer, begun));
        }
        let series = Arc::new(Series::new(run.demo.seed, &run.demo.run));
        // What a branch files in canonical JSON goes in one call; everything else one by one.
        let mut together: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, (filer, format)) in plan.into_iter().enumerate() {
            if format == Format::CanonicalJson && is_branch(&run.demo.filers[filer].partner) {
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
        run.wait_for_the_end(filings).await;
        run.audit().await;
        followers.shutdown().await;
        run.end_ways(used).await;
        let book = run.note(|ledger, _| std::mem::take(ledger));
        book.outcome(run.demo.run.clone(), run.demo.seed, began_at, run.clock.now())
    }
}

impl Run {
    /// Who files what in which format: filers far apart take turns, and formats are used evenly, by each filer and by all.
    fn plan(&self) -> Vec<(usize, Format)> {
        let filers = &self.demo.filers;
        let mut used: HashMap<(Option<usize>, Format), usize> = HashMap::new();
        let golden = (filers.len() * 618).div_ceil(1000).max(1);
        let step = (golden..)
            .find(|s| super::catalogue::divisor(*s, filers.len()) == 1)
            .unwrap_or(1);
        (0..self.demo.dossiers)
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
    async fn wait_for_the_end(&self, mut filings: JoinSet<()>) {
        loop {
            if filings.is_empty() && self.note_open() == 0 {
                return;
            }
            let step = async {
                tokio::select! {
                    Some(_) = filings.join_next() => {}
                    () = self.changed.notified() => {}
                }
            };
            if tokio::time::timeout(self.demo.stall, step).await.is_err() {
                return;
            }
        }
    }

    fn note_open(&self) -> usize {
        self.ledger
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .open()
    }

    async fn audit(self: &Arc<Self>) {
        // Nobody has to watch.
        let _ = self.progress.send(Progress::Auditing);
        let partners: HashMap<TenantKey, Arc<Partner>> = self
            .demo
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
            match tokio::time::timeout(self.demo.stall, asked.join_next()).await {
                Ok(Some(Ok(one))) => found.extend(one),
                // A look-up that panicked has told so itself.
                Ok(Some(Err(_))) => {}
                Ok(None) => break,
                Err(_) => {
                    let what = format!("{} dossiers could not be looked up", asked.len());
                    self.note(|ledger, _| ledger.fault(FaultKind::Missing, "", &what));
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
    let shown = Shown {
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
        kept: Kept {
            filed: of_filing.map(|a| a.sha256.clone()).collect(),
            missing: files.missing,
        },
    })
}

/// Whether a filer is a branch, which receives for the agencies.
pub(super) fn is_branch(partner: &Partner) -> bool {
    partner.tenant().kind() == TenantKind::Branch
}
