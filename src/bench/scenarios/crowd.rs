//! More than there is room for: one tenant that takes a hundred times its share, and everybody together twice what the hub can do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::scene::{Office, Scene, Wants};
use crate::bench::error::Result;
use crate::bench::ground::TENANTS;
use crate::bench::load::{ACCEPTED, Bookkeeping, Crew, Load, LoadModel, run};
use crate::bench::meter::{Each, Meter};
use crate::bench::plan::Scenario;
use crate::bench::report::{Measured, Round};
use crate::bench::stage::Stage;
use crate::bench::stats::{LatencyPercentiles, median, whole};
use crate::bench::stock::RequestStock;

/// How often its share the one tenant takes.
const TIMES: f64 = 100.0;

/// Connections of a tenant that keeps to its share, and of the one that does not.
const MODEST: usize = 4;
const GREEDY: usize = 128;

/// Everybody together in the overload: more than a hub lets into its work, fewer than it lets connect from one address.
const MANY: usize = 900;

/// Part of what the hub can do that counts as no load.
const UNLOADED: f64 = 0.3;

fn wants(stage: &Stage, tenants: usize) -> Wants {
    Wants {
        stack: stage.stack(),
        hubs: 1,
        tenants,
        office: Office::Reads,
        webhooks: false,
    }
}

/// What a hub takes a second, by rounds as `accept` has them, roughly: the better of two warm-ups.
async fn capacity(scene: &mut Scene<'_>) -> Result<f64> {
    scene.warm_up().await?;
    scene.stage.say("what the hub takes a second");
    let (plan, time) = (&scene.stage.plan, Duration::from_secs(2));
    let stocks = scene.stage.stocks(&scene.speakers, 1, 2_000).await?;
    let load = scene.load(&stocks, plan.connections, None, time).await?;
    scene.truth.take(&load);
    scene.caught_up(&load.accepted()).await?;
    Ok(load.per_second(ACCEPTED).max(1.0))
}

/// A stock for each speaker with as many requests as its rate needs.
async fn stocked(
    stage: &Stage,
    scene: &Scene<'_>,
    part: usize,
    rates: &[f64],
) -> Result<Vec<Arc<RequestStock>>> {
    let seconds = stage.plan.time.as_secs_f64();
    let mut stocks = Vec::with_capacity(rates.len());
    for (number, (speaker, rate)) in scene.speakers.iter().zip(rates).enumerate() {
        let each = whole((rate * seconds).ceil()) + 2;
        // A part of its own for each: the stocks differ in length.
        let part = part * TENANTS + number;
        let one = stage.stocks(std::slice::from_ref(speaker), part, each).await?;
        stocks.extend(one);
    }
    Ok(stocks)
}

/// Lets each tenant file at a rate of its own; one load a tenant.
async fn offered(
    scene: &mut Scene<'_>,
    part: usize,
    rates: &[f64],
    connections: impl Fn(usize) -> usize,
) -> Result<Vec<Load>> {
    let stage = scene.stage;
    let stocks = stocked(stage, scene, part, rates).await?;
    let mut crews = Vec::with_capacity(stocks.len());
    for (number, (stock, rate)) in stocks.into_iter().zip(rates).enumerate() {
        let every = Duration::from_secs_f64(1.0 / rate.max(0.01));
        let model = LoadModel::Open {
            first: every.mul_f64(number as f64 / rates.len() as f64),
            every,
            until: stage.plan.time,
        };
        crews.push((Crew::open(stock, connections(number)).await?, model));
    }
    let loads = run(crews, &Bookkeeping::Notes(Arc::clone(&scene.book))).await?;
    for load in &loads {
        scene.truth.take(load);
    }
    Ok(loads)
}

/// A round of these loads.
fn round(
    loads: &[Load],
    latency: BTreeMap<&'static str, LatencyPercentiles>,
    meter: &Meter,
    before: Each,
) -> Round {
    let done = loads.iter().map(|load| load.count(ACCEPTED)).sum();
    let seconds = loads
        .iter()
        .map(|load| load.took.as_secs_f64())
        .fold(0.0, f64::max);
    let mut answers = BTreeMap::new();
    for (status, count) in loads.iter().flat_map(Load::answers) {
        *answers.entry(status).or_insert(0) += count;
    }
    Round {
        seconds,
        done,
        per_second: if seconds > 0.0 { done as f64 / seconds } else { 0.0 },
        answers,
        latency,
        cpu_per_1000: meter.cpu().since(before).per_thousand(done),
        peak_memory: meter.peaks(),
        ..Round::default()
    }
}

fn latency_of(loads: &[Load]) -> LatencyPercentiles {
    let samples = loads.iter().flat_map(|load| &load.samples);
    let good = samples.filter(|sample| sample.status == Some(ACCEPTED));
    LatencyPercentiles::of(good.map(|sample| sample.latency).collect())
}

async fn settled(scene: &mut Scene<'_>, when: &str) -> Result<f64> {
    let ended = Instant::now();
    let accepted: Vec<_> = scene.truth.accepted.iter().copied().collect();
    scene.caught_up(&accepted).await?;
    let caught_up = ended.elapsed().as_secs_f64();
    scene.look(when).await?;
    Ok(caught_up)
}

/// One of twelve tenants files a hundred times as much as each other; the others, with it and without.
///
/// # Errors
/// What could not be measured.
pub async fn neighbours(stage: &Stage) -> Result<Measured> {
    let mut scene = Scene::set(stage, Scenario::Neighbours, wants(stage, TENANTS)).await?;
    let share = capacity(&mut scene).await? / TIMES;
    let plan = &stage.plan;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for number in 1..=plan.rounds {
        let when = format!("round {number} of {}", plan.rounds);
        stage.say(format!("{when}: everybody its share, {share:.1} a second"));
        let even = vec![share; TENANTS];
        let calm = offered(&mut scene, number * 2, &even, |_| MODEST).await?;
        stage.say(format!("{when}: one of them {TIMES} times as much"));
        let mut rates = even.clone();
        rates[0] = share * TIMES;
        let meter = scene.site.meter();
        meter.forget_peaks();
        let before = meter.cpu();
        let connections = |n| if n == 0 { GREEDY } else { MODEST };
        let loads = offered(&mut scene, number * 2 + 1, &rates, connections).await?;
        let (without, with) = (latency_of(&calm[1..]), latency_of(&loads[1..]));
        alone.push(without.p99);
        beside.push(with.p99);
        let latency = BTreeMap::from([
            ("the others, alone", without),
            ("the others, beside it", with),
            ("the greedy one", latency_of(&loads[..1])),
        ]);
        let mut round = round(&loads, latency, &meter, before);
        round.caught_up = settled(&mut scene, &when).await?;
        let refused: u64 = loads[1..]
            .iter()
            .map(|l| l.samples.len() as u64 - l.count(ACCEPTED))
            .sum();
        scene.measured.check(
            format!("{when}: of the others nothing was refused"),
            refused == 0,
            format!("{refused} refused"),
        );
        scene.measured.rounds.push(round);
    }
    let (alone, beside) = (median(alone).unwrap_or(0.0), median(beside).unwrap_or(0.0));
    let figures = &mut scene.measured.figures;
    figures.insert("share of a tenant, a second".to_owned(), share);
    figures.insert(
        "the others' p99, times of alone".to_owned(),
        beside / alone.max(0.001),
    );
    scene.finish().await
}

/// Twice what the hub can do is offered; what it takes is kept, the rest is told so at once.
///
/// # Errors
/// What could not be measured.
pub async fn overload(stage: &Stage) -> Result<Measured> {
    let mut scene = Scene::set(stage, Scenario::Overload, wants(stage, stage.plan.tenants)).await?;
    let capacity = capacity(&mut scene).await?;
    let plan = &stage.plan;
    let of = scene.speakers.len();
    for number in 1..=plan.rounds {
        let when = format!("round {number} of {}", plan.rounds);
        let (low, high) = (capacity * UNLOADED, capacity * 2.0);
        stage.say(format!("{when}: {low:.0} a second"));
        let calm = offered(&mut scene, number * 2, &vec![low / of as f64; of], |_| {
            (plan.connections / of).max(1)
        })
        .await?;
        stage.say(format!("{when}: {high:.0} a second"));
        let meter = scene.site.meter();
        meter.forget_peaks();
        let before = meter.cpu();
        let loads = offered(&mut scene, number * 2 + 1, &vec![high / of as f64; of], |_| {
            MANY / of
        })
        .await?;
        let latency = BTreeMap::from([
            ("accept, unloaded", latency_of(&calm)),
            ("accept, overloaded", latency_of(&loads)),
        ]);
        let mut round = round(&loads, latency, &meter, before);
        round.caught_up = settled(&mut scene, &when).await?;
        let expected = |status: &u16| [ACCEPTED, 429, 503].contains(status);
        let other: Vec<u16> = round.answers.keys().copied().filter(|s| !expected(s)).collect();
        scene.measured.check(
            format!("{when}: everybody was answered, 202, 429 or 503"),
            other.is_empty(),
            format!("{:?}", round.answers),
        );
        for (status, count) in &round.answers {
            let name = format!("{when}: answered {status}");
            scene.measured.figures.insert(name, *count as f64);
        }
        scene.measured.rounds.push(round);
    }
    let figures = &mut scene.measured.figures;
    figures.insert("capacity, a second".to_owned(), capacity);
    scene.finish().await
}
