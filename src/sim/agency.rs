//! Agencies that answer: each takes its dossiers, draws a plan for each and reports by it.
//!
//! Every dossier is a small task of its own that sleeps between its reports; how many reports are on their way at once is
//! bounded over all agencies. What an agency knows of a dossier it keeps in memory only: started again, it asks the hub which
//! of its dossiers are open and brings those to an end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::desk::{ArrivalPath, Tally};
pub use super::office::{AgencyTransport, OfficePace, SimulatedAgency};
use super::office::{Office, SECOND};
use super::work::Work;
use super::{pushed, queue};
use crate::domain::ids::DeliveryId;
use crate::domain::view::{SettleItem, SettleRequest, Settlement};

const POLL: Duration = Duration::from_secs(20);
const LEASED: u32 = 50;

/// Lets agencies answer until `stop` becomes true, or its sender is gone. Never fails: what goes wrong is counted in `tally`.
pub async fn run_agencies(
    agencies: Vec<SimulatedAgency>,
    pace: OfficePace,
    tally: Arc<Tally>,
    stop: watch::Receiver<bool>,
) {
    let gate = Arc::new(Semaphore::new(pace.parallel.max(1)));
    let pace = Arc::new(pace);
    let mut offices = JoinSet::new();
    for (index, agency) in agencies.into_iter().enumerate() {
        let office = Office::open(agency, pace.clone(), gate.clone(), tally.clone());
        let stop = stop.clone();
        offices.spawn(async move {
            // Opened one after another, so that they do not all shake hands in the same moment.
            let beginning =
                Duration::from_millis(10).saturating_mul(u32::try_from(index).unwrap_or(u32::MAX));
            tokio::select! {
                () = stopped(stop) => {}
                () = async { tokio::time::sleep(beginning).await; work(office).await } => {}
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

async fn work(office: Arc<Office>) {
    // Asked for before the first message is taken, so that a code of today is not given twice.
    let left_over = office.open_dossiers().await;
    let work = Work::new(office.clone(), left_over);
    match &office.reach {
        AgencyTransport::Inbox => pull(&office, work).await,
        AgencyTransport::Queue(broker) => queue::consume(broker, work).await,
        AgencyTransport::Endpoint(mailboxes) => pushed::answer(mailboxes, work).await,
    }
}

async fn pull(office: &Office, mut work: Work) {
    loop {
        // As long as something of an earlier start is left over, the end of what waits is worth knowing soon.
        let wait = if work.leaves_over() { 2 * SECOND } else { POLL };
        let page = match office.partner.inbox(wait, LEASED).await {
            Ok(page) => page,
            Err(error) => {
                office.fault("inbox", &error);
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
                work.take(&message.event.data, ArrivalPath::Pull),
            ));
        }
        if !messages.is_empty()
            && let Err(error) = office.partner.settle(&SettleRequest { messages }).await
        {
            // They come again when the lease is over, and are known then.
            office.fault("settle", &error);
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
