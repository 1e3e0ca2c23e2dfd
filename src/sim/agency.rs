//! Agencies that answer: each takes its dossiers, draws a plan for each and reports by it.
//!
//! Every dossier is a small task of its own that sleeps between its reports; how many reports are on their way at once is
//! bounded over all agencies. What an agency knows of a dossier it keeps in memory only: started again, it asks the hub which
//! of its dossiers are open and brings those to an end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::desk::{Reading, Road, Tally, Told, is_readable, read, refused, told};
use super::file::File;
use super::mailboxes::Mailboxes;
use super::report::{CodeBook, Report, ReportFormat};
use super::script::{PlannedStatus, Script, Wait, Word};
use crate::broker::Broker;
use crate::client::{ClientError, Contents, DossierFilter, Partner};
use crate::clock::Clock;
use crate::domain::codes::{AgencyCode, DossierCode};
use crate::domain::ids::{DeliveryId, DossierId};
use crate::domain::status::Status;
use crate::domain::submission::IdempotencyKey;
use crate::domain::time::Timestamp;
use crate::domain::view::{AgencyData, SettleItem, SettleRequest, Settlement};

const POLL: Duration = Duration::from_secs(20);
const LEASED: u32 = 50;
pub(super) const SECOND: Duration = Duration::from_secs(1);
/// Pages of its own dossiers an agency looks through when it starts; newest first, 100 each.
const PAGES: usize = 50;

/// How long an agency waits for the files of a dossier it decides.
const FILES: Duration = Duration::from_secs(60);

/// How an agency is reached.
#[derive(Clone)]
pub enum Reach {
    /// It pulls its inbox.
    Inbox,
    /// It consumes its queue and publishes its reports, by its own user of this broker.
    Queue(Broker),
    /// It is called at its box here.
    Endpoint(Arc<Mailboxes>),
}

/// An agency.
#[derive(Clone)]
pub struct Agency {
    /// It speaks through this, with its own certificate. One that consumes its queue fetches and sends files over it, and asks,
    /// when it starts, which of its dossiers are open.
    pub partner: Arc<Partner>,
    /// How it is reached.
    pub reach: Reach,
    /// Its official identifier, with which its dossier codes begin.
    pub code: AgencyCode,
    /// The format it reports in.
    pub format: ReportFormat,
}

/// How all of them behave.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Decides who behaves how.
    pub seed: u64,
    /// How many seconds of office time pass in one second; at least 1.
    pub speed_up: f64,
    /// Reports on their way at once, over all agencies.
    pub parallel: usize,
    /// Sets this start apart from the ones before, in idempotency keys: 1 to 32 letters and digits.
    pub run: String,
}

/// Lets agencies answer until `stop` becomes true, or its sender is gone. Never fails: what goes wrong is counted in `tally`.
pub async fn run_agencies(agencies: Vec<Agency>, pace: Pace, tally: Arc<Tally>, stop: watch::Receiver<bool>) {
    let gate = Arc::new(Semaphore::new(pace.parallel.max(1)));
    let pace = Arc::new(pace);
    let mut offices = JoinSet::new();
    for (index, agency) in agencies.into_iter().enumerate() {
        let office = Office::open(agency, pace.clone(), gate.clone(), tally.clone());
        let stop = stop.clone();
        offices.spawn(async move {
            // Opened one after another, so that they do not all shake hands in the same moment.
            let beginning = Duration::from_millis(10).saturating_mul(index as u32);
            tokio::select! {
                () = stopped(stop) => {}
                () = async { tokio::time::sleep(beginning).await; office.work().await } => {}
            }
        });
    }
    while offices.join_next().await.is_some() {}
}

/// Ready when somebody has said stop, or nobody can any more.
pub(super) async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone: the same answer.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What the task of a dossier is told.
#[derive(Clone, Copy, Debug, Default)]
struct Note {
    accepted: bool,
    supplemented: bool,
    ended: bool,
}

pub(super) struct Office {
    pub(super) partner: Arc<Partner>,
    reach: Reach,
    pub(super) format: ReportFormat,
    codes: Mutex<CodeBook>,
    pace: Arc<Pace>,
    gate: Arc<Semaphore>,
    pub(super) tally: Arc<Tally>,
}

impl Office {
    fn open(agency: Agency, pace: Arc<Pace>, gate: Arc<Semaphore>, tally: Arc<Tally>) -> Arc<Self> {
        Arc::new(Office {
            partner: agency.partner,
            reach: agency.reach,
            format: agency.format,
            codes: Mutex::new(CodeBook::new(agency.code)),
            pace,
            gate,
            tally,
        })
    }

    fn clock(&self) -> &Clock {
        self.partner.clock()
    }

    async fn work(self: Arc<Self>) {
        // Asked for before the first message is taken, so that a code of today is not given twice.
        let left_over = self.open_dossiers().await;
        let work = Work {
            office: self.clone(),
            left_over,
            notes: HashMap::new(),
            tasks: JoinSet::new(),
        };
        match &self.reach {
            Reach::Inbox => self.pull(work).await,
            Reach::Queue(broker) => super::queue::consume(broker, work).await,
            Reach::Endpoint(mailboxes) => super::pushed::answer(mailboxes, work).await,
        }
    }

    async fn pull(&self, mut work: Work) {
        loop {
            // As long as something of an earlier start is left over, the end of what waits is worth knowing soon.
            let wait = if work.left_over.is_empty() {
                POLL
            } else {
                2 * SECOND
            };
            let page = match self.partner.inbox(wait, LEASED).await {
                Ok(page) => page,
                Err(error) => {
                    self.fault("inbox", &error);
                    tokio::time::sleep(2 * SECOND).await;
                    continue;
                }
            };
            if page.messages.is_empty() {
                work.resume_left_over();
            }
            let mut messages = Vec::with_capacity(page.messages.len());
            for message in &page.messages {
                messages.push(settlement(
                    message.delivery,
                    work.take(&message.event.data, Road::Pull),
                ));
            }
            if !messages.is_empty()
                && let Err(error) = self.partner.settle(&SettleRequest { messages }).await
            {
                // They come again when the lease is over, and are known then.
                self.fault("settle", &error);
            }
        }
    }

    /// The dossiers this agency has not finished, and the last code it gave today.
    async fn open_dossiers(&self) -> Vec<(DossierId, Status, Option<DossierCode>)> {
        let (mut open, mut filter) = (
            Vec::new(),
            DossierFilter {
                limit: Some(100),
                ..DossierFilter::default()
            },
        );
        let today = self.clock().now().date();
        for _ in 0..PAGES {
            let page = match self.partner.dossiers(&filter).await {
                Ok(page) => page,
                Err(error) => {
                    self.fault("dossiers", &error);
                    break;
                }
            };
            for dossier in page.dossiers {
                if let Some(code) = &dossier.dossier_code {
                    self.codes().seen(code, today);
                }
                let status = dossier.status.code;
                if !status.is_final() && status != Status::Finished {
                    open.push((dossier.tracking_id, status, dossier.dossier_code));
                }
            }
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        open
    }

    fn codes(&self) -> std::sync::MutexGuard<'_, CodeBook> {
        // A counter is whole after any panic.
        self.codes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Fetches every file of a dossier that stands, waiting for those that are still on their way.
    async fn fetch_files(&self, dossier: DossierId) -> Result<(), ClientError> {
        let until = tokio::time::Instant::now() + FILES;
        let view = loop {
            let view = self.partner.attachments(dossier).await?;
            if view.missing == 0 {
                break view;
            }
            if tokio::time::Instant::now() > until {
                self.tally.fault("a file did not come");
                break view;
            }
            tokio::time::sleep(SECOND / 5).await;
        };
        let standing = view
            .attachments
            .iter()
            .filter(|a| !a.superseded && a.arrived_at.is_some());
        for attachment in standing {
            let mut download = self.partner.download(dossier, attachment.n).await?;
            // The client compares what came with the digest the hub gives it; that must be the digest the dossier names.
            if *download.sha256() != attachment.sha256 {
                self.tally.fault("a file is another");
            }
            while download.next().await?.is_some() {}
            self.tally.file_fetched();
        }
        Ok(())
    }

    async fn send_file(&self, file: &File) -> Result<(), ClientError> {
        let contents = Contents::Bytes(file.bytes());
        self.partner.upload(&file.sha256, contents).await?;
        self.tally.file_sent();
        Ok(())
    }

    pub(super) fn fault(&self, what: &str, error: &ClientError) {
        let label = error.label().map_or("unreachable", |label| label.as_str());
        tracing::debug!(agency = %self.partner.tenant(), what, label, "an agency's call failed");
        if !error.is_passing() {
            self.tally.fault(&format!("{what}: {label}"));
        }
    }
}

fn settlement(delivery: DeliveryId, taken: Result<(), &'static str>) -> SettleItem {
    let (outcome, reason) = match taken {
        Ok(()) => (Settlement::Done, None),
        Err(reason) => (Settlement::Reject, Some(reason.to_owned())),
    };
    SettleItem {
        delivery,
        outcome,
        reason,
    }
}

/// The dossiers an agency works on.
pub(super) struct Work {
    pub(super) office: Arc<Office>,
    left_over: Vec<(DossierId, Status, Option<DossierCode>)>,
    notes: HashMap<DossierId, watch::Sender<Note>>,
    tasks: JoinSet<()>,
}

impl Work {
    /// Takes a message over; refused with the reason where it cannot be read.
    pub(super) fn take(&mut self, data: &AgencyData, road: Road) -> Result<(), &'static str> {
        self.office.tally.message(road);
        while self.tasks.try_join_next().is_some() {}
        if !is_readable(data) {
            self.office.tally.fault("document unreadable");
            return Err("the document cannot be read");
        }
        self.consider(data);
        Ok(())
    }

    /// Goes on with what was begun before this start. To be called once what still waited has been read, so that a dossier
    /// whose first message only comes now is not taken for one of them.
    pub(super) fn resume_left_over(&mut self) {
        for (dossier, status, code) in std::mem::take(&mut self.left_over) {
            if !self.notes.contains_key(&dossier) {
                self.begin(dossier, Script::finishing(status), code);
            }
        }
    }

    fn consider(&mut self, data: &AgencyData) {
        let dossier = data.tracking_id;
        match read(data, self.notes.contains_key(&dossier)) {
            Reading::Begin(situation) => {
                let script = Script::new(self.office.pace.seed, dossier, situation);
                self.begin(dossier, script, data.dossier_code.clone());
            }
            Reading::Resume(status) => {
                self.begin(dossier, Script::finishing(status), data.dossier_code.clone());
            }
            Reading::Accepted => self.tell(dossier, |note| note.accepted = true),
            Reading::Supplemented => self.tell(dossier, |note| note.supplemented = true),
            Reading::Ended => {
                self.tell(dossier, |note| note.ended = true);
                self.notes.remove(&dossier);
            }
            Reading::Nothing => {}
        }
    }

    fn begin(&mut self, dossier: DossierId, script: Script, code: Option<DossierCode>) {
        let (note, heard) = watch::channel(Note::default());
        self.notes.insert(dossier, note);
        let play = Play {
            office: self.office.clone(),
            dossier,
            code,
            heard,
            sent: 0,
            last: None,
        };
        self.tasks.spawn(play.run(script));
    }

    fn tell(&self, dossier: DossierId, change: impl FnOnce(&mut Note)) {
        if let Some(note) = self.notes.get(&dossier) {
            note.send_modify(change);
        }
    }
}

/// One dossier on its way through the agency.
struct Play {
    office: Arc<Office>,
    dossier: DossierId,
    code: Option<DossierCode>,
    heard: watch::Receiver<Note>,
    sent: u32,
    last: Option<Timestamp>,
}

impl Play {
    async fn run(mut self, script: Script) {
        for step in &script.steps {
            if !self.office.format.has_words() && step.word == Word::Unknown {
                continue;
            }
            if !self.wait(step.wait).await || !self.step(step).await {
                return;
            }
        }
    }

    /// Whether there is still something to do after the wait.
    async fn wait(&mut self, wait: Wait) -> bool {
        match wait {
            Wait::After(office_time) => {
                let after = office_time.div_f64(self.office.pace.speed_up.max(1.0));
                // No word for that long means to go on; the end of the dossier, or of the program, means to stop.
                tokio::time::timeout(after, self.heard.wait_for(|note| note.ended))
                    .await
                    .is_err()
            }
            Wait::Regardless(office_time) => {
                tokio::time::sleep(office_time.div_f64(self.office.pace.speed_up.max(1.0))).await;
                true
            }
            Wait::Acceptance => self.told(|note| note.accepted).await,
            Wait::Supplement => self.told(|note| note.supplemented).await,
        }
    }

    /// Waits for that word; false where the dossier ended instead.
    async fn told(&mut self, word: impl Fn(&Note) -> bool) -> bool {
        let noted = self.heard.wait_for(|note| word(note) || note.ended).await;
        noted.is_ok_and(|note| !note.ended)
    }

    async fn step(&mut self, step: &PlannedStatus) -> bool {
        let occurred_at = self.moment(step.before_last);
        let mut report = Report {
            dossier: self.dossier,
            code: self.code.clone(),
            word: step.word,
            occurred_at,
            text: step.text,
            brings: step.brings,
            assigns: None,
        };
        self.exchange_files(&report).await;
        // A second try finds a number that another program of this agency has not used; a third would hide a fault.
        for _ in 0..3 {
            if step.assigns_code && self.code.is_none() {
                report.assigns = self.office.codes().next(occurred_at.date());
            }
            match self.send(&report).await {
                Told::CodeTaken => continue,
                Told::Over => return false,
                Told::Taken if step.word == Word::Unknown => self.office.tally.fault("unknown word taken"),
                Told::Sent if step.word == Word::Unknown => {}
                Told::Taken | Told::Sent => {
                    self.code = self.code.take().or(report.assigns.clone());
                    if step.twice {
                        self.send(&report).await;
                    }
                }
                Told::WordUnknown if step.word == Word::Unknown => self.office.tally.unknown_word(),
                Told::WordUnknown => self.office.tally.fault("report: status-word-unknown"),
                Told::Refused(label) => {
                    let label = label.map_or("no result", |l| l.as_str());
                    tracing::warn!(dossier = %self.dossier, label, "a report of an agency was refused");
                    self.office.tally.fault(&format!("report: {label}"));
                }
            }
            self.last = Some(self.last.map_or(occurred_at, |last| last.max(occurred_at)));
            return true;
        }
        self.office.tally.fault("report: dossier-code-taken");
        false
    }

    /// What is decided has been read; what is issued is there before it is told of. A file that cannot be had is told, and holds up nothing.
    async fn exchange_files(&self, report: &Report) {
        let Some(file) = report.file() else { return };
        // Closed only when the program ends, and then nobody waits here.
        let _permit = self.office.gate.acquire().await;
        let exchanged = async {
            self.office.fetch_files(self.dossier).await?;
            self.office.send_file(&file).await
        };
        if let Err(error) = exchanged.await {
            let label = error.label().map_or("unreachable", |label| label.as_str());
            self.office.tally.fault(&format!("files: {label}"));
        }
    }

    /// When the next report happened: now, or just before the last one.
    fn moment(&self, before_last: bool) -> Timestamp {
        match self.last {
            // A whole second, because some formats carry nothing finer.
            Some(last) if before_last => Timestamp::from_micros(last.as_micros() - 1_000_000),
            _ => self.office.clock().now(),
        }
    }

    async fn send(&mut self, report: &Report) -> Told {
        self.sent += 1;
        let key = format!("{}-{}-{}", self.office.pace.run, self.dossier, self.sent);
        let body = report.render(self.office.format);
        if let Reach::Queue(broker) = &self.office.reach {
            super::queue::publish(broker, &self.office, key, body).await;
            return Told::Sent;
        }
        let Some(key) = IdempotencyKey::parse(&key) else {
            return Told::Refused(None);
        };
        loop {
            let answer = {
                // Closed only when the program ends, and then nobody waits here.
                let _permit = self.office.gate.acquire().await;
                let format = self.office.format.name();
                self.office
                    .partner
                    .report_in(format, "application/json", body.clone(), Some(&key))
                    .await
            };
            match answer {
                Ok(answer) => {
                    let told = told(&answer);
                    if told == Told::Taken {
                        self.office.tally.report();
                    }
                    return told;
                }
                Err(error) if error.is_passing() => tokio::time::sleep(2 * SECOND).await,
                Err(error) => return refused(error.label()),
            }
        }
    }
}
