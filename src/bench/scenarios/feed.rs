//! A submitter that was away reads its feed from the beginning, page by page.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::scene::{BATCH, Office, Scene, Wants};
use crate::bench::error::{BenchError, Result};
use crate::bench::line::{Line, PreparedRequest};
use crate::bench::plan::Scenario;
use crate::bench::report::{Measured, Round};
use crate::bench::speaker::Speaker;
use crate::bench::stage::Stage;
use crate::bench::stats::LatencyPercentiles;
use crate::domain::view::Cursor;

/// Events of the feed.
const EVENTS: [usize; 2] = [1_000_000, 20_000];

/// What is read of a page.
#[derive(Deserialize)]
struct Page {
    events: Vec<IgnoredAny>,
    next: Cursor,
}

/// Plays it.
///
/// # Errors
/// What could not be measured.
pub async fn play(stage: &Stage) -> Result<Measured> {
    let wants = Wants {
        stack: stage.stack(),
        hubs: 1,
        tenants: 1,
        office: Office::Away,
        webhooks: false,
    };
    let mut scene = Scene::set(stage, Scenario::Feed, wants).await?;
    scene.measured.counts = "events";
    let plan = &stage.plan;
    let count = EVENTS[usize::from(plan.short)];
    let mut filed = 0;
    while filed < count {
        let some = BATCH.min(count - filed);
        stage.say(format!("{filed} of {count} dossiers filed, an event each"));
        let lines = nobodys(filed, some, &plan.clock.now().to_string());
        scene.batch(lines, &format!("feed-{filed}")).await?;
        filed += some;
    }
    let speaker = std::sync::Arc::clone(&scene.speakers[0]);
    for number in 1..=plan.rounds {
        stage.say(format!("round {number} of {}: the feed is read", plan.rounds));
        let meter = scene.site.meter();
        meter.forget_peaks();
        let (before, begun) = (meter.cpu(), Instant::now());
        let (events, pages) = read(&speaker, Cursor::START).await?;
        let seconds = begun.elapsed().as_secs_f64();
        scene.measured.check(
            format!("round {number} of {}: every event is in the feed", plan.rounds),
            events >= count as u64,
            format!("{events}, of {count} dossiers"),
        );
        scene.measured.rounds.push(Round {
            seconds,
            done: events,
            per_second: events as f64 / seconds,
            latency: BTreeMap::from([("page of 200", LatencyPercentiles::of(pages))]),
            cpu_per_1000: meter.cpu().since(before).per_thousand(events),
            peak_memory: meter.peaks(),
            ..Round::default()
        });
    }
    scene
        .truth
        .rows(&scene.site, "at the end", &mut scene.measured)
        .await?;
    scene.finish().await
}

/// Reads a feed from a cursor to its end: how many events, and how long each page took.
pub(super) async fn read(speaker: &Speaker, from: Cursor) -> Result<(u64, Vec<Duration>)> {
    let mut line = Line::open(speaker).await?;
    let (mut cursor, mut events, mut pages) = (from, 0, Vec::new());
    loop {
        let request = PreparedRequest::get(&format!("/v1/events?after={cursor}&limit=200"))?;
        let begun = Instant::now();
        let reply = line.send(speaker, &request).await?;
        pages.push(begun.elapsed());
        if reply.status != 200 {
            return Err(BenchError::said(format!("the feed answered {}", reply.status)));
        }
        let page: Page = serde_json::from_slice(&reply.body).map_err(BenchError::of("the feed"))?;
        if page.events.is_empty() {
            return Ok((events, pages));
        }
        events += page.events.len() as u64;
        cursor = page.next;
    }
}

/// Dossiers that no agency is responsible for: an event in the feed and nothing to carry.
fn nobodys(from: usize, count: usize, at: &str) -> Vec<Vec<u8>> {
    (from..from + count)
        .map(|n| {
            format!(
                "{{\"reference\":\"feed-{n}\",\"procedure\":{{\"code\":\"9.990001\"}},\"channel\":\"counter\",\"filed_at\":\"{at}\",\
                 \"applicant\":{{\"kind\":\"citizen\",\"name\":\"Nguyễn Thử Nghiệm {n}\",\"phone\":\"0000000001\"}},\
                 \"summary\":\"Hồ sơ thử {n}\",\"is_test\":true}}"
            )
            .into_bytes()
        })
        .collect()
}
