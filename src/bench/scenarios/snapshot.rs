//! Somebody reads for half an hour in one snapshot, as a backup does, while the hub works: the whole loop beside it, and without it.
//!
//! For so long PostgreSQL clears away no version of any row, so whatever is updated again and again grows a trail that its readers walk
//! along. The load comes in slices, each of the time of a round, since the documents of half an hour would not fit memory.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::scene::{Office, Scene, Wants};
use crate::bench::error::{BenchError, Result};
use crate::bench::load::ACCEPTED;
use crate::bench::plan::Scenario;
use crate::bench::report::{Measured, Round};
use crate::bench::stage::Stage;
use crate::bench::stats::median;
use crate::store::StoreError;
use crate::store::raw::Session;

/// How long the snapshot is held; in the short form for one slice.
const HELD: Duration = Duration::from_secs(1_800);

/// Slices without the snapshot, before; and as many of the last ones with it are compared with them.
const COMPARED: usize = 3;

/// Requests a second that are prepared: more than a machine of this size takes through the whole loop.
const REQUESTS: usize = 600;

/// Plays it.
///
/// # Errors
/// What could not be measured.
pub async fn play(stage: &Stage) -> Result<Measured> {
    let wants = Wants {
        stack: stage.stack(),
        hubs: 1,
        tenants: stage.plan.tenants,
        office: Office::Answers,
        webhooks: true,
    };
    let mut scene = Scene::set(stage, Scenario::Snapshot, wants).await?;
    scene.warm_up().await?;
    let (held, compared) = match stage.plan.short {
        true => (Duration::ZERO, 1),
        false => (HELD, COMPARED),
    };
    let mut clean = Vec::new();
    for number in 1..=compared {
        stage.say(format!("without a snapshot, {number} of {compared}"));
        clean.push(slice(&mut scene, number).await?.per_second);
    }
    let reader = Reader::begin(&scene).await?;
    let (began, mut slices) = (Instant::now(), Vec::new());
    while slices.len() < compared || began.elapsed() < held {
        let minutes = began.elapsed().as_secs() / 60;
        stage.say(format!("the snapshot is {minutes} min old"));
        slices.push(slice(&mut scene, compared + 1 + slices.len()).await?);
    }
    let held = began.elapsed().as_secs_f64() / 60.0;
    scene.look("with the snapshot").await?;
    reader.end().await?;
    let rates = |slices: &[Round]| median(slices.iter().map(|slice| slice.per_second)).unwrap_or(0.0);
    let (clean, last) = (
        median(clean).unwrap_or(0.0),
        rates(&slices[slices.len() - compared..]),
    );
    let first = rates(&slices[..compared]);
    let figures = &mut scene.measured.figures;
    figures.insert("held, minutes".to_owned(), held);
    figures.insert("1 without it, a second".to_owned(), clean);
    figures.insert("2 when it began, a second".to_owned(), first);
    figures.insert("3 at its end, a second".to_owned(), last);
    figures.insert(
        "4 at its end, times of without".to_owned(),
        last / clean.max(0.001),
    );
    scene.measured.rounds = slices.split_off(slices.len() - compared);
    scene.finish().await
}

async fn slice(scene: &mut Scene<'_>, part: usize) -> Result<Round> {
    let (stage, plan) = (scene.stage, &scene.stage.plan);
    let each = REQUESTS * (plan.seconds() + 1) / scene.speakers.len();
    let stocks = stage.stocks(&scene.speakers, part, each).await?;
    let meter = scene.site.meter();
    meter.forget_peaks();
    let before = meter.cpu();
    let load = scene
        .load(&stocks, plan.connections, plan.rate, plan.time)
        .await?;
    let (ended, accepted) = (Instant::now(), load.accepted());
    scene.caught_up(&accepted).await?;
    scene.truth.take(&load);
    let told = scene.book.count(&accepted, |fate| fate.told_status.is_some()) as u64;
    let seconds = load.took.as_secs_f64();
    Ok(Round {
        seconds,
        done: told,
        per_second: if seconds > 0.0 { told as f64 / seconds } else { 0.0 },
        answers: load.answers(),
        latency: BTreeMap::from([
            ("accept", load.latency(ACCEPTED)),
            (
                "whole way",
                scene.between(&accepted, |f| Some((f.intended?, f.told_status?))),
            ),
        ]),
        caught_up: ended.elapsed().as_secs_f64(),
        cpu_per_1000: meter.cpu().since(before).per_thousand(told),
        peak_memory: meter.peaks(),
        ..Round::default()
    })
}

/// Whoever holds the snapshot.
struct Reader(Session);

impl Reader {
    /// Reads a table in a transaction that stays open.
    async fn begin(scene: &Scene<'_>) -> Result<Self> {
        let postgres = scene.site.postgres();
        let postgres = postgres.ok_or_else(|| BenchError::said("no PostgreSQL"))?;
        let failed = BenchError::of::<StoreError>("the snapshot");
        let session = Session::open(postgres).await.map_err(&failed)?;
        for sql in [
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            "SELECT count(*) FROM events",
        ] {
            session.run(sql).await.map_err(&failed)?;
        }
        Ok(Reader(session))
    }

    async fn end(self) -> Result<()> {
        let ended = self.0.run("ROLLBACK").await;
        ended.map_err(BenchError::of::<StoreError>("the snapshot"))
    }
}
