//! Two hubs on one database, beside one: what the second adds on the same machine, and that nothing is lost between them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::scene::{Office, Scene, Wants};
use crate::bench::error::Result;
use crate::bench::load::ACCEPTED;
use crate::bench::plan::Scenario;
use crate::bench::raw;
use crate::bench::report::{Measured, Round};
use crate::bench::speaker::Speaker;
use crate::bench::stage::Stage;
use crate::bench::stats::median;
use crate::bench::stock::DocumentSizes;

/// Requests a tenant and second: more than a machine of this size takes.
const REQUESTS: usize = 1_000;

/// Plays it.
///
/// # Errors
/// What could not be measured.
pub async fn play(stage: &Stage) -> Result<Measured> {
    let wants = Wants {
        stack: stage.stack(),
        hubs: 2,
        tenants: stage.plan.tenants.max(2),
        office: Office::Reads,
        webhooks: false,
    };
    let mut scene = Scene::set(stage, Scenario::TwoHubs, wants).await?;
    let plan = &stage.plan;
    scene.warm_up().await?;
    let (first, both) = (
        scene.speakers.clone(),
        stage.speakers(&scene.site, scene.speakers.len(), 2).await?,
    );
    let each = REQUESTS * (plan.seconds() + 1) / first.len();
    let mut ones = Vec::new();
    for number in 1..=plan.rounds {
        let when = format!("round {number} of {}", plan.rounds);
        stage.say(format!("{when}: one hub"));
        let (one, _) = round(&mut scene, &first, number * 2, each, None).await?;
        ones.push(one.per_second);
        stage.say(format!("{when}: two hubs"));
        let (two, sizes) = round(&mut scene, &both, number * 2 + 1, each, Some(&when)).await?;
        scene.measured.documents = sizes;
        scene.look(&when).await?;
        scene.measured.rounds.push(two);
    }
    let one = median(ones.iter().copied()).unwrap_or(0.0);
    let times = scene
        .measured
        .rounds
        .iter()
        .zip(&ones)
        .map(|(two, one)| two.per_second / one.max(0.001));
    let times = median(times.collect::<Vec<_>>()).unwrap_or(0.0);
    let figures = &mut scene.measured.figures;
    figures.insert("one hub, a second".to_owned(), one);
    figures.insert("two hubs, times of one".to_owned(), times);
    drop(both);
    scene.finish().await
}

async fn round(
    scene: &mut Scene<'_>,
    speakers: &[Arc<Speaker>],
    part: usize,
    each: usize,
    when: Option<&str>,
) -> Result<(Round, DocumentSizes)> {
    let (stage, plan) = (scene.stage, &scene.stage.plan);
    let stocks = stage.stocks(speakers, part, each).await?;
    let sizes = DocumentSizes::of(stocks.iter().flat_map(|stock| stock.sizes()));
    let limits = match when {
        Some(_) => raw::limits(&scene.site, raw::bodies(&stocks), plan.raw_time()).await?,
        None => BTreeMap::new(),
    };
    let meter = scene.site.meter();
    meter.forget_peaks();
    let before = meter.cpu();
    let load = scene
        .load(&stocks, plan.connections, plan.rate, plan.time)
        .await?;
    let (ended, accepted) = (Instant::now(), load.accepted());
    scene.caught_up(&accepted).await?;
    scene.truth.take(&load);
    let done = load.count(ACCEPTED);
    let round = Round {
        seconds: load.took.as_secs_f64(),
        done,
        per_second: load.per_second(ACCEPTED),
        answers: load.answers(),
        latency: BTreeMap::from([
            ("accept", load.latency(ACCEPTED)),
            (
                "to the agency",
                scene.between(&accepted, |f| Some((f.intended?, f.agency?))),
            ),
        ]),
        raw: limits,
        caught_up: ended.elapsed().as_secs_f64(),
        cpu_per_1000: meter.cpu().since(before).per_thousand(done),
        peak_memory: meter.peaks(),
    };
    Ok((round, sizes))
}
