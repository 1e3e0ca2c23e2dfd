//! What all tasks of a demo share: who files, the book, the bound on calls at once.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::catalogue::FilingCatalogue;
use super::file::File;
use super::filing::Case;
use super::format::Format;
use super::ledger::ExpectedLedger;
use super::mailboxes::Mailboxes;
use super::outcome::RunProgress;
use crate::broker::Broker;
use crate::client::{ClientError, Contents, Partner};
use crate::clock::Clock;
use crate::domain::dossier::Catalogue;
use crate::domain::tenant::TenantKind;
use crate::domain::view::{SubmissionAnswer, Transport};

/// The way a submitter is told by.
#[derive(Clone)]
pub enum SubmitterTransport {
    /// It reads its feed.
    Feed,
    /// It is called at its box here.
    Webhook(Arc<Mailboxes>),
    /// It reads its queue, by its own user of this broker.
    Queue(Broker),
}

impl SubmitterTransport {
    pub(super) const fn way(&self) -> Option<Transport> {
        match self {
            SubmitterTransport::Feed => None,
            SubmitterTransport::Webhook(_) => Some(Transport::Webhook),
            SubmitterTransport::Queue(_) => Some(Transport::Queue),
        }
    }

    pub(super) fn word(&self) -> &'static str {
        self.way().map_or("feed", Transport::word)
    }
}

/// A tenant that files.
#[derive(Clone)]
pub struct Filer {
    /// It speaks through this.
    pub partner: Arc<Partner>,
    /// The formats it may file in, none twice.
    pub formats: Vec<Format>,
    /// How it is told of its events.
    pub back: SubmitterTransport,
}

/// What all tasks of a run share.
pub(super) struct Run {
    /// Who files.
    pub filers: Vec<Filer>,
    /// What is filed.
    pub catalogue: Arc<FilingCatalogue>,
    /// The time.
    pub clock: Clock,
    /// Calls on their way at once.
    pub gate: Semaphore,
    began: Instant,
    ledger: Mutex<ExpectedLedger>,
    /// Something was noted.
    pub changed: Notify,
    progress: UnboundedSender<RunProgress>,
}

impl Run {
    /// A run that has not begun to do anything.
    pub fn new(
        filers: Vec<Filer>,
        catalogue: Arc<FilingCatalogue>,
        parallel: usize,
        clock: Clock,
        progress: UnboundedSender<RunProgress>,
    ) -> Self {
        Run {
            filers,
            catalogue,
            clock,
            gate: Semaphore::new(parallel.max(1)),
            changed: Notify::new(),
            began: Instant::now(),
            ledger: Mutex::default(),
            progress,
        }
    }

    /// Changes the book and tells how far the run has come.
    pub fn note<T>(&self, change: impl FnOnce(&mut ExpectedLedger, Duration) -> T) -> T {
        // A panic in the book is a bug that ends its task; the others' entries are whole.
        let mut ledger = self.ledger.lock();
        let result = change(&mut ledger, self.began.elapsed());
        for news in ledger.news() {
            self.tell(news);
        }
        drop(ledger);
        self.changed.notify_one();
        result
    }

    /// Notes that a case was taken.
    pub fn filed(&self, case: &Case, answer: &SubmissionAnswer) {
        let agency = answer.agency.as_ref().map(|a| &a.key);
        let kind = agency.map_or("none", |key| self.catalogue.agency_kind(key));
        let former = case
            .place
            .as_ref()
            .is_some_and(|p| p.catalogue == Catalogue::Legacy);
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
            match partner.upload(file.sha256, Contents::Bytes(bytes)).await {
                Ok(_) => self.note(|ledger, _| {
                    ledger.used.files_sent += 1;
                    ledger.used.bytes_sent += size;
                }),
                Err(error) => self.failed(reference, "file", &error),
            }
        }
    }

    /// Tells how far the run has come.
    pub fn tell(&self, step: RunProgress) {
        // Nobody has to watch.
        let _ = self.progress.send(step);
    }

    /// How many dossiers have not ended.
    pub fn open(&self) -> usize {
        self.ledger.lock().open()
    }

    /// Notes that a call about a dossier did not succeed.
    pub fn failed(&self, reference: &str, what: &str, error: &ClientError) {
        let why = error.word();
        let filing = what == "filing";
        self.note(|ledger, _| ledger.refused(reference, &format!("{what}: {why}"), filing));
    }
}

/// Whether a filer is a branch, which receives for the agencies.
pub(super) fn is_branch(partner: &Partner) -> bool {
    partner.tenant().kind() == TenantKind::Branch
}
