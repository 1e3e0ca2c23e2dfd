//! What waits is carried: committed deliveries whose broker was away, when the hub is started again with it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::scene::{BATCH, Office, Scene, Wants};
use crate::bench::error::{BenchError, Result};
use crate::bench::load::ACCEPTED;
use crate::bench::plan::Scenario;
use crate::bench::raw;
use crate::bench::report::{Measured, Round};
use crate::bench::stage::Stage;
use crate::bench::stats::whole;
use crate::broker::Rabbit;
use crate::broker::topology::agency_name;

/// Deliveries that wait; a queue of an agency holds 100,000.
const WAITING: [usize; 2] = [50_000, 3_000];

/// Undelivered at a restart.
const UNDELIVERED: [usize; 2] = [1_000_000, 5_000];

/// New dossiers a second while a backlog is carried.
const MEANWHILE: f64 = 20.0;

/// How long nothing may come into a queue.
const STILL: Duration = Duration::from_secs(60);

/// Between two looks at a queue.
const LOOK: Duration = Duration::from_millis(10);

fn wants(stage: &Stage) -> Wants {
    Wants {
        stack: stage.stack(),
        hubs: 1,
        tenants: 1,
        office: Office::Away,
        webhooks: false,
    }
}

/// Files so many with the broker away, and stops the hub.
async fn heap(scene: &mut Scene<'_>, count: usize, part: usize) -> Result<()> {
    let stage = scene.stage;
    scene.site.stop().await?;
    scene.site.broker_is(false)?;
    scene.site.start().await?;
    let mut filed = 0;
    while filed < count {
        let some = BATCH.min(count - filed);
        stage.say(format!("{filed} of {count} dossiers filed, the broker away"));
        let part = part * 1_000 + filed / BATCH;
        let lines = stage.lines(&scene.speakers[0].tenant, part, some)?;
        scene.batch(lines, &format!("heap-{part}")).await?;
        filed += some;
    }
    scene.site.stop().await?;
    scene.site.broker_is(true)
}

/// When the first message was in the agency's queue, and when all were.
async fn filled(rabbit: &Rabbit, queue: &str, all: u64) -> Result<(Instant, u64, Instant)> {
    let (mut first, mut last, mut moved) = (None, 0, Instant::now());
    loop {
        let level = rabbit
            .level(queue)
            .await
            .map_err(BenchError::of("the agency's queue"))?;
        let messages = level.map_or(0, |level| level.messages);
        let now = Instant::now();
        if messages != last {
            (last, moved) = (messages, now);
        }
        if messages > 0 && first.is_none() {
            first = Some((now, messages));
        }
        if let Some((began, with)) = first
            && messages >= all
        {
            return Ok((began, with, now));
        }
        if moved.elapsed() > STILL {
            return Err(BenchError::said(format!(
                "{messages} of {all} came into the queue"
            )));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Deliveries wait, committed; the hub starts; how fast they are in the queue, nobody reading.
///
/// # Errors
/// What could not be measured.
pub async fn relay(stage: &Stage) -> Result<Measured> {
    let mut scene = Scene::set(stage, Scenario::Relay, wants(stage)).await?;
    scene.measured.counts = "deliveries";
    let plan = &stage.plan;
    let count = WAITING[usize::from(plan.short)];
    for number in 1..=plan.rounds {
        let when = format!("round {number} of {}", plan.rounds);
        heap(&mut scene, count, number).await?;
        stage.say(format!("{when}: raw limits"));
        let bodies = stage.lines(&scene.speakers[0].tenant, number * 1_000 + 999, 1_000)?;
        let limit = raw::confirms(&scene.site, &bodies, plan.raw_time()).await?;
        stage.say(format!("{when}: the hub starts"));
        let (rabbit, queue) = (scene.site.rabbit()?, agency_name(&scene.site.agency));
        let (before, begun) = (scene.site.meter().cpu(), Instant::now());
        let (started, filled) = tokio::join!(scene.site.start(), filled(&rabbit, &queue, count as u64));
        started?;
        let (first, with, last) = filled?;
        let meter = scene.site.meter();
        let (used, peak_memory) = (meter.cpu().since(before), meter.peaks());
        let seconds = last.saturating_duration_since(first).as_secs_f64();
        let done = count as u64 - with;
        let figures = &mut scene.measured.figures;
        figures.insert(
            format!("{when}: seconds from the start to the first"),
            first.saturating_duration_since(begun).as_secs_f64(),
        );
        scene.open_office(false).await?;
        let accepted: Vec<_> = scene.truth.accepted.iter().copied().collect();
        scene.caught_up(&accepted).await?;
        scene.look(&when).await?;
        scene.close_office();
        scene.measured.rounds.push(Round {
            seconds,
            done,
            per_second: if seconds > 0.0 { done as f64 / seconds } else { 0.0 },
            raw: BTreeMap::from([(raw::CONFIRMS, limit)]),
            cpu_per_1000: used.per_thousand(count as u64),
            peak_memory,
            ..Round::default()
        });
    }
    scene.finish().await
}

/// Much is undelivered; the hub starts, and takes new dossiers while it carries the old ones.
///
/// # Errors
/// What could not be measured.
pub async fn restart(stage: &Stage) -> Result<Measured> {
    let mut scene = Scene::set(stage, Scenario::Restart, wants(stage)).await?;
    let plan = &stage.plan;
    let count = UNDELIVERED[usize::from(plan.short)];
    heap(&mut scene, count, 1).await?;
    let before: Vec<_> = scene.truth.accepted.iter().copied().collect();
    let each = whole((MEANWHILE * plan.time.as_secs_f64()).ceil()) + 1;
    let stocks = stage.stocks(&scene.speakers, 2, each).await?;
    stage.say(format!("the hub starts with {count} undelivered"));
    let (before_it, begun) = (scene.site.meter().cpu(), Instant::now());
    scene.site.start().await?;
    let ready = begun.elapsed().as_secs_f64();
    scene.open_office(false).await?;
    let load = scene
        .load(&stocks, plan.connections.min(16), Some(MEANWHILE), plan.time)
        .await?;
    scene.truth.take(&load);
    scene.caught_up(&before).await?;
    let all = begun.elapsed().as_secs_f64();
    scene.caught_up(&load.accepted()).await?;
    let meter = scene.site.meter();
    let (used, peak_memory) = (meter.cpu().since(before_it), meter.peaks());
    let new = load.accepted();
    scene.measured.figures.extend([
        ("seconds until it is ready".to_owned(), ready),
        ("seconds until all is in the agency's hands".to_owned(), all),
    ]);
    scene.look("at the end").await?;
    scene.measured.counts = "deliveries";
    scene.measured.rounds.push(Round {
        seconds: all,
        done: count as u64,
        per_second: count as f64 / all,
        answers: load.answers(),
        latency: BTreeMap::from([
            ("accept meanwhile", load.latency(ACCEPTED)),
            (
                "new ones to the agency",
                scene.between(&new, |f| Some((f.intended?, f.agency?))),
            ),
        ]),
        cpu_per_1000: used.per_thousand(count as u64),
        peak_memory,
        ..Round::default()
    });
    scene.finish().await
}
