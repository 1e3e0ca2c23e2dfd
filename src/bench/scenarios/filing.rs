//! Filing, and the whole way: one play for both stacks. Rounds of load, each after the raw limits with the same bytes; after each it
//! is looked whether what was accepted is where it belongs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::scene::{Office, Scene, Wants};
use crate::bench::error::Result;
use crate::bench::load::ACCEPTED;
use crate::bench::plan::Scenario;
use crate::bench::raw;
use crate::bench::report::{Measured, Round};
use crate::bench::site::Stack;
use crate::bench::stage::Stage;
use crate::bench::stats::whole;
use crate::bench::stock::{DocumentSizes, RequestStock};

/// How much more is written than was taken in the warm-up: a round must not run out.
const SPARE: f64 = 2.5;

/// Plays one of the three.
///
/// # Errors
/// What could not be measured; what is not true is in the checks.
pub async fn play(stage: &Stage, scenario: Scenario) -> Result<Measured> {
    let (stack, office) = match scenario {
        Scenario::AcceptSqlite => (Stack::Embedded, Office::Pulls),
        Scenario::Loop => (stage.stack(), Office::Answers),
        _ => (stage.stack(), Office::Reads),
    };
    let wants = Wants {
        stack,
        hubs: 1,
        tenants: stage.plan.tenants,
        office,
        webhooks: scenario == Scenario::Loop,
    };
    let mut scene = Scene::set(stage, scenario, wants).await?;
    let plan = &stage.plan;
    let warm = scene.warm_up().await?;
    scene.look("warm-up").await?;
    let seconds = plan.time.as_secs_f64() + 1.0;
    let rate = plan.rate.unwrap_or(warm * SPARE);
    let each = whole((rate * seconds / scene.speakers.len() as f64).ceil()) + plan.connections;
    for number in 1..=plan.rounds {
        let when = format!("round {number} of {}", plan.rounds);
        stage.say(format!("{when}: documents are written"));
        let stocks = stage.stocks(&scene.speakers, number, each).await?;
        if number == 1 {
            scene.measured.documents = DocumentSizes::of(stocks.iter().flat_map(|stock| stock.sizes()));
        }
        stage.say(format!("{when}: raw limits"));
        let limits = raw::limits(&scene.site, raw::bodies(&stocks), plan.raw_time()).await?;
        stage.say(format!("{when}: load"));
        let round = round(&mut scene, &stocks, limits, &when).await?;
        scene.measured.rounds.push(round);
    }
    scene.finish().await
}

async fn round(
    scene: &mut Scene<'_>,
    stocks: &[Arc<RequestStock>],
    limits: BTreeMap<&'static str, f64>,
    when: &str,
) -> Result<Round> {
    let plan = &scene.stage.plan;
    let meter = scene.site.meter();
    meter.forget_peaks();
    let before = meter.cpu();
    let load = scene.load(stocks, plan.connections, plan.rate, plan.time).await?;
    let (ended, accepted) = (Instant::now(), load.accepted());
    scene.caught_up(&accepted).await?;
    let caught_up = ended.elapsed().as_secs_f64();
    let (used, peak_memory) = (meter.cpu().since(before), meter.peaks());
    scene.stage.say(format!("{when}: looking whether it is true"));
    scene.truth.take(&load);
    scene.look(when).await?;
    if load.ran_out {
        scene.measured.notes.push(format!("{when}: documents ran out"));
    }
    let mut latency = BTreeMap::from([("accept", load.latency(ACCEPTED))]);
    if scene.site.postgres().is_some() {
        latency.insert(
            "to the agency",
            scene.between(&accepted, |f| Some((f.intended?, f.agency?))),
        );
    }
    let mut done = load.count(ACCEPTED);
    if scene.hooks.is_some() {
        let back = scene.between(&accepted, |f| Some((f.reported?, f.told_status?)));
        latency.insert("status to the webhook", back);
        let whole = scene.between(&accepted, |f| Some((f.intended?, f.told_status?)));
        latency.insert("whole way", whole);
        done = scene.book.count(&accepted, |fate| fate.told_status.is_some()) as u64;
    }
    let seconds = load.took.as_secs_f64();
    Ok(Round {
        seconds,
        done,
        per_second: if seconds > 0.0 { done as f64 / seconds } else { 0.0 },
        answers: load.answers(),
        latency,
        raw: limits,
        caught_up,
        cpu_per_1000: used.per_thousand(done),
        peak_memory,
    })
}
