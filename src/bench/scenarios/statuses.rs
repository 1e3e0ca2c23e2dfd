//! A storm of statuses: the agency reports over HTTPS, one status a call, on dossiers that were filed before. First each is in process,
//! then each is finished.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Uri};

use super::scene::{Office, Scene, Wants};
use crate::bench::agency::written;
use crate::bench::error::{BenchError, Result};
use crate::bench::line::PreparedRequest;
use crate::bench::load::{Bookkeeping, Crew, LoadModel, run_all};
use crate::bench::plan::Scenario;
use crate::bench::raw;
use crate::bench::report::{Measured, Round};
use crate::bench::stage::Stage;
use crate::bench::stats::whole;
use crate::bench::stock::{DocumentSizes, RequestStock};
use crate::bench::truth::reached;
use crate::domain::ids::DossierId;
use crate::domain::status::Status;

/// Where statuses are reported.
const STATUSES: &str = "/v1/statuses";

/// The answer to a report that was read.
const TAKEN: u16 = 200;

/// Requests of one tenant the hub has in work at once.
const IN_WORK: usize = 64;

/// How many statuses a second are prepared for, before it is known how many are taken.
const GUESS: usize = 1_500;

/// Plays it.
///
/// # Errors
/// What could not be measured.
pub async fn play(stage: &Stage) -> Result<Measured> {
    let wants = Wants {
        stack: stage.stack(),
        hubs: 1,
        tenants: 1,
        office: Office::Reads,
        webhooks: false,
    };
    let mut scene = Scene::set(stage, Scenario::Statuses, wants).await?;
    scene.measured.counts = "statuses";
    let agency = stage.agency(&scene.site).await?;
    let (mut processing, mut finished) = (0, 0);
    let plan = &stage.plan;
    let mut guess = GUESS;
    for number in 1..=plan.rounds {
        let when = format!("round {number} of {}", plan.rounds);
        let dossiers = (guess * plan.seconds().max(1) / 2).max(100);
        stage.say(format!("{when}: {dossiers} dossiers are filed"));
        let lines = stage.lines(&scene.speakers[0].tenant, number, dossiers)?;
        let ids = scene.batch(lines, &format!("statuses-{number}")).await?;
        scene.caught_up(&ids).await?;
        let requests = requests(stage, &ids)?;
        let half = requests.len() / 2;
        let stock = RequestStock::new(Arc::clone(&agency), requests);
        if number == 1 {
            scene.measured.documents = DocumentSizes::of(stock.sizes());
        }
        stage.say(format!("{when}: raw limits"));
        let stocks = [Arc::clone(&stock)];
        let limits = raw::limits(&scene.site, raw::bodies(&stocks), plan.raw_time()).await?;
        stage.say(format!("{when}: load"));
        let meter = scene.site.meter();
        meter.forget_peaks();
        let before = meter.cpu();
        let crews = Crew::over(&stocks, plan.connections.min(IN_WORK)).await?;
        let load = run_all(crews, |_| LoadModel::Closed(plan.time), &Bookkeeping::Nothing).await?;
        let (used, peak_memory) = (meter.cpu().since(before), meter.peaks());
        let sent = load.samples.len();
        let done = load.count(TAKEN);
        // Taken from the stock in order: the first half says the one, the second the other.
        processing += sent.min(half);
        finished += sent.saturating_sub(half);
        let ended = Instant::now();
        look(&mut scene, &when, (processing, finished), load.unknown()).await?;
        guess = guess.max(whole(load.per_second(TAKEN) * 1.5));
        scene.measured.rounds.push(Round {
            seconds: load.took.as_secs_f64(),
            done,
            per_second: load.per_second(TAKEN),
            answers: load.answers(),
            latency: BTreeMap::from([("report", load.latency(TAKEN))]),
            raw: limits,
            caught_up: ended.elapsed().as_secs_f64(),
            cpu_per_1000: used.per_thousand(done),
            peak_memory,
        });
    }
    scene.look("at the end").await?;
    scene.finish().await
}

/// Two for each dossier: all of the first kind, then all of the second.
pub(super) fn requests(stage: &Stage, ids: &[DossierId]) -> Result<Vec<PreparedRequest>> {
    let value = |text: &str| HeaderValue::try_from(text).map_err(BenchError::of("a header"));
    let mut requests = Vec::with_capacity(ids.len() * 2);
    for status in [Status::Processing, Status::Finished] {
        for id in ids {
            requests.push(PreparedRequest {
                method: Method::POST,
                uri: Uri::from_static(STATUSES),
                headers: vec![
                    (CONTENT_TYPE, value("application/json")?),
                    (
                        HeaderName::from_static("submission-format"),
                        value("canonical/v1")?,
                    ),
                    (
                        HeaderName::from_static("idempotency-key"),
                        value(&format!("{id}-{}", status.code()))?,
                    ),
                ],
                body: Bytes::from(written(*id, status, &stage.plan.clock)),
            });
        }
    }
    Ok(requests)
}

/// Each status that was answered is the dossier's in the database.
async fn look(
    scene: &mut Scene<'_>,
    when: &str,
    (processing, finished): (usize, usize),
    unknown: u64,
) -> Result<()> {
    let both = format!(
        "SELECT count(*) AS number FROM dossiers WHERE status IN ({}, {})",
        Status::Processing.code(),
        Status::Finished.code()
    );
    let last = format!(
        "SELECT count(*) AS number FROM dossiers WHERE status = {}",
        Status::Finished.code()
    );
    let count = async |query: &str| Ok(usize::try_from(scene.site.number(query).await?).unwrap_or(0));
    let worked_on = reached(processing, async || count(&both).await).await?;
    let done = count(&last).await?;
    scene.measured.check(
        format!("{when}: every status that was answered is in the database"),
        worked_on == processing && done == finished && unknown == 0,
        format!("{worked_on} of {processing} in process or beyond, {done} of {finished} finished"),
    );
    Ok(())
}
