//! What became of each dossier, and when: written by the load, the agency and the receiver, read when a round is over.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::domain::ids::{DossierId, EventId};

/// One dossier's way.
#[derive(Debug, Default)]
pub struct DossierTrace {
    /// When it was to be filed; none while its answer is not there.
    pub intended: Option<Instant>,
    /// When it was first in the agency's hands.
    pub agency: Option<Instant>,
    /// How often it was.
    pub agency_times: u32,
    /// When the agency sent its status.
    pub reported: Option<Instant>,
    /// Whether its submitter was told that it is filed.
    pub told_filed: bool,
    /// When its submitter was told of the status.
    pub told_status: Option<Instant>,
    waiting: Option<oneshot::Sender<()>>,
}

#[derive(Default)]
struct Pages {
    fates: HashMap<DossierId, DossierTrace>,
    events: HashSet<EventId>,
    told_again: u64,
}

/// Every dossier of a scenario.
#[derive(Default)]
pub struct Book(Mutex<Pages>);

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock()
    }

    /// The hub has accepted it.
    pub fn accepted(&self, id: DossierId, intended: Instant) {
        self.pages().fates.entry(id).or_default().intended = Some(intended);
    }

    /// The hub has accepted it; ready when its submitter has been told of its status.
    pub fn accepted_and_told(&self, id: DossierId, intended: Instant) -> oneshot::Receiver<()> {
        let (told, waits) = oneshot::channel();
        let mut pages = self.pages();
        let fate = pages.fates.entry(id).or_default();
        fate.intended = Some(intended);
        if fate.told_status.is_some() {
            // The receiver is there: it is the next line that waits.
            let _ = told.send(());
        } else {
            fate.waiting = Some(told);
        }
        waits
    }

    /// The agency has it; whether for the first time.
    pub fn arrived(&self, id: DossierId, at: Instant) -> bool {
        let mut pages = self.pages();
        let fate = pages.fates.entry(id).or_default();
        fate.agency_times += 1;
        fate.agency.get_or_insert(at);
        fate.agency_times == 1
    }

    /// The agency sends its status now.
    pub fn reported(&self, id: DossierId, at: Instant) {
        let mut pages = self.pages();
        pages.fates.entry(id).or_default().reported.get_or_insert(at);
    }

    /// The submitter was told of an event: that it is filed, or of a status.
    pub fn told(&self, id: DossierId, event: EventId, status: bool, at: Instant) {
        let mut pages = self.pages();
        if !pages.events.insert(event) {
            pages.told_again += 1;
            return;
        }
        let fate = pages.fates.entry(id).or_default();
        if status {
            fate.told_status.get_or_insert(at);
            if let Some(waiting) = fate.waiting.take() {
                // Whoever waited may have given up.
                let _ = waiting.send(());
            }
        } else {
            fate.told_filed = true;
        }
    }

    /// The submitter was told of another event.
    pub fn told_more(&self, event: EventId) {
        let mut pages = self.pages();
        if !pages.events.insert(event) {
            pages.told_again += 1;
        }
    }

    /// Reads the fates of these dossiers.
    pub fn each<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a DossierId>,
        mut read: impl FnMut(&DossierTrace),
    ) {
        let (pages, nothing) = (self.pages(), DossierTrace::default());
        for id in ids {
            read(pages.fates.get(id).unwrap_or(&nothing));
        }
    }

    /// How many of these are as asked.
    pub fn count<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a DossierId>,
        is: impl Fn(&DossierTrace) -> bool,
    ) -> usize {
        let mut count = 0;
        self.each(ids, |fate| count += usize::from(is(fate)));
        count
    }

    /// Messages that came to the agency more than once, dossiers it got that nobody was told were accepted, events that were told
    /// more than once.
    pub fn extra(&self) -> [u64; 3] {
        let pages = self.pages();
        let fates = pages.fates.values();
        let again = fates
            .map(|fate| u64::from(fate.agency_times.saturating_sub(1)))
            .sum();
        let strangers = pages.fates.values().filter(|fate| fate.intended.is_none());
        [again, strangers.count() as u64, pages.told_again]
    }
}
