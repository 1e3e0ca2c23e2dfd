//! One call with ten thousand dossiers.

use std::collections::BTreeMap;
use std::time::Instant;

use super::scene::{BATCH, Office, Scene, Wants};
use crate::bench::error::Result;
use crate::bench::plan::Scenario;
use crate::bench::raw;
use crate::bench::report::{Measured, Round};
use crate::bench::stage::Stage;
use crate::bench::stock::DocumentSizes;

/// Dossiers of the call in the short form.
const SHORT: usize = 2_000;

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
    let mut scene = Scene::set(stage, Scenario::Batch, wants).await?;
    let plan = &stage.plan;
    let count = if plan.short { SHORT } else { BATCH };
    scene.warm_up().await?;
    for number in 1..=plan.rounds {
        let when = format!("round {number} of {}", plan.rounds);
        stage.say(format!("{when}: raw limits"));
        let lines = stage.lines(&scene.speakers[0].tenant, number, count)?;
        if number == 1 {
            scene.measured.documents = DocumentSizes::of(lines.iter().map(Vec::len));
        }
        let bodies = std::sync::Arc::new(lines.iter().take(2_000).cloned().collect::<Vec<_>>());
        let limits = raw::limits(&scene.site, bodies, plan.raw_time()).await?;
        stage.say(format!("{when}: one call with {count} dossiers"));
        let meter = scene.site.meter();
        meter.forget_peaks();
        let (before, begun) = (meter.cpu(), Instant::now());
        let ids = scene.batch(lines, &format!("batch-{number}")).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let ended = Instant::now();
        scene.caught_up(&ids).await?;
        let caught_up = ended.elapsed().as_secs_f64();
        let (used, peak_memory) = (meter.cpu().since(before), meter.peaks());
        scene.look(&when).await?;
        scene.measured.rounds.push(Round {
            seconds,
            done: ids.len() as u64,
            per_second: ids.len() as f64 / seconds,
            answers: BTreeMap::from([(202, ids.len() as u64)]),
            latency: BTreeMap::new(),
            raw: limits,
            caught_up,
            cpu_per_1000: used.per_thousand(ids.len() as u64),
            peak_memory,
        });
    }
    scene.finish().await
}
