//! What an agency has beside its dossiers: who it is, how it is reached, its running numbers, and its calls to the hub.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Semaphore;

use super::desk::{Tally, own_task};
use super::file::{self, File};
use super::mailboxes::Mailboxes;
use super::report::{CodeBook, ReportFormat};
use crate::broker::{Broker, Envelope, PublishOutcome, Target};
use crate::client::{ClientError, Contents, DossierFilter, Partner};
use crate::clock::Clock;
use crate::domain::codes::{AgencyCode, DossierCode, Key};
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::task::TaskState;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// Pages of its own dossiers an agency looks through when it starts; newest first, 100 each.
const PAGES: usize = 50;

/// How long an agency waits for the files of a dossier it decides: a day of the office, in office time. Whoever files may send them
/// later, or never; the demo itself compares at its end that all of its own came.
const FILES: Duration = Duration::from_secs(8 * 3_600);

/// How an agency is reached.
#[derive(Clone)]
pub enum AgencyTransport {
    /// It pulls its inbox.
    Inbox,
    /// It consumes its queue and publishes its reports, by its own user of this broker.
    Queue(Broker),
    /// It is called at its box here.
    Endpoint(Arc<Mailboxes>),
}

/// An agency.
#[derive(Clone)]
pub struct SimulatedAgency {
    /// It speaks through this, with its own certificate. One that consumes its queue fetches and sends files over it, and asks,
    /// when it starts, which of its dossiers are open.
    pub partner: Arc<Partner>,
    /// How it is reached.
    pub reach: AgencyTransport,
    /// Its official identifier, with which its dossier codes begin.
    pub code: AgencyCode,
    /// The format it reports in.
    pub format: ReportFormat,
}

/// How all of them behave.
#[derive(Clone, Debug)]
pub struct OfficePace {
    /// Decides who behaves how.
    pub seed: u64,
    /// How many seconds of office time pass in one second; at least 1.
    pub speed_up: f64,
    /// Reports on their way at once, over all agencies.
    pub parallel: usize,
    /// Sets this start apart from the ones before, in idempotency keys: 1 to 32 letters and digits.
    pub run: String,
}

/// A dossier that an earlier start of an agency's program has left over.
pub(super) struct LeftOver {
    pub dossier: DossierId,
    pub status: Status,
    pub code: Option<DossierCode>,
    /// Another agency leads it: only the task in it is left to do.
    pub helps: bool,
}

/// An agency at work.
pub(super) struct Office {
    pub(super) partner: Arc<Partner>,
    pub(super) reach: AgencyTransport,
    pub(super) format: ReportFormat,
    pub(super) codes: Mutex<CodeBook>,
    pub(super) pace: Arc<OfficePace>,
    pub(super) gate: Arc<Semaphore>,
    pub(super) tally: Arc<Tally>,
}

impl Office {
    pub(super) fn open(
        agency: SimulatedAgency,
        pace: Arc<OfficePace>,
        gate: Arc<Semaphore>,
        tally: Arc<Tally>,
    ) -> Arc<Self> {
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

    pub(super) fn clock(&self) -> &Clock {
        self.partner.clock()
    }

    pub(super) fn key(&self) -> Option<Key> {
        self.partner.tenant().key().parse().ok()
    }

    /// The dossiers this agency has not finished, or not done its task in; and the last code it gave today.
    pub(super) async fn open_dossiers(&self) -> Vec<LeftOver> {
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
                let own = own_task(dossier.joint.as_ref(), self.partner.tenant());
                let helps = own.is_some_and(|task| !task.lead);
                let is_settled = helps && own.is_some_and(|task| task.state != TaskState::Sent);
                if let Some(code) = dossier.dossier_code.as_ref().filter(|_| !helps) {
                    self.codes().seen(code, today);
                }
                let status = dossier.status.code;
                if !status.is_final() && status != Status::Finished && !is_settled {
                    open.push(LeftOver {
                        dossier: dossier.tracking_id,
                        status,
                        code: dossier.dossier_code.filter(|_| !helps),
                        helps,
                    });
                }
            }
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        open
    }

    pub(super) fn codes(&self) -> MutexGuard<'_, CodeBook> {
        self.codes.lock()
    }

    /// So much office time in real time.
    pub(super) fn in_real_time(&self, office_time: Duration) -> Duration {
        office_time.div_f64(self.pace.speed_up.max(1.0))
    }

    /// Fetches every file of a dossier that stands, waiting a while for those that are still on their way.
    pub(super) async fn fetch_files(&self, dossier: DossierId) -> Result<(), ClientError> {
        let until = tokio::time::Instant::now() + self.in_real_time(FILES);
        let view = loop {
            let view = self.partner.attachments(dossier).await?;
            if view.missing == 0 || tokio::time::Instant::now() > until {
                break view;
            }
            tokio::time::sleep(SECOND / 5).await;
        };
        let standing = view
            .attachments
            .iter()
            .filter(|a| !a.superseded && a.arrived_at.is_some());
        for attachment in standing {
            if !file::fetch(&self.partner, dossier, attachment).await? {
                self.tally.fault("a file is another");
            }
            self.tally.file_fetched();
        }
        Ok(())
    }

    pub(super) async fn send_file(&self, file: &File) -> Result<(), ClientError> {
        let contents = Contents::Bytes(file.bytes());
        self.partner.upload(file.sha256, contents).await?;
        self.tally.file_sent();
        Ok(())
    }

    pub(super) fn fault(&self, what: &str, error: &ClientError) {
        let label = error.word();
        tracing::debug!(agency = %self.partner.tenant(), what, label, "an agency's call failed");
        if !error.is_passing() {
            self.tally.fault(&format!("{what}: {label}"));
        }
    }

    /// Publishes a report until the broker has it. The id stays the same over repetitions.
    pub(super) async fn publish(&self, broker: &Broker, message_id: String, body: Vec<u8>) {
        let Some(key) = self.key() else { return };
        let envelope = Envelope {
            message_id,
            to: Target::Status(key),
            kind: "vn.lienthong.status.reported".to_owned(),
            headers: vec![("submission-format".to_owned(), self.format.name().to_owned())],
            content_type: "application/json".to_owned(),
            body: body.into(),
            expires: None,
        };
        loop {
            let outcomes = broker.publish(std::slice::from_ref(&envelope)).await;
            match outcomes.first() {
                Some(PublishOutcome::Confirmed) => {
                    self.tally.report();
                    return;
                }
                outcome => tracing::debug!(?outcome, "the broker did not take a report"),
            }
            tokio::time::sleep(2 * SECOND).await;
        }
    }
}
