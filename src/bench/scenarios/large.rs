//! A full archive: filing, statuses, search and the feed with many dossiers in the tables, beside the same on none.
//!
//! The archive is copied by SQL from one dossier that was filed, delivered and answered, row by row of every table, under ids, references
//! and likenesses of its own; its events stand before the first (below zero), where no feed goes on from. What is sealed does not open
//! under another name, so a copy cannot be read; but it is found, counted and passed over in every index as any dossier is.

use std::sync::Arc;
use std::time::Duration;

use super::feed::read;
use super::scene::{Office, Scene, Wants};
use super::statuses::requests;
use crate::bench::error::{BenchError, Result};
use crate::bench::line::PreparedRequest;
use crate::bench::load::{ACCEPTED, Bookkeeping, Crew, Load, LoadModel, run_all};
use crate::bench::machine::free_disk;
use crate::bench::plan::Scenario;
use crate::bench::report::Measured;
use crate::bench::stage::Stage;
use crate::bench::stats::LatencyPercentiles;
use crate::bench::stock::RequestStock;
use crate::domain::ids::DossierId;
use crate::domain::view::Cursor;
use crate::store::StoreError;
use crate::store::raw::Session;

/// What a copied dossier takes of the disk with its indexes, roughly, in bytes.
const BYTES: u64 = 8_000;

/// The most that is copied when nothing is said, and in the short form.
const MOST: u64 = 10_000_000;
const SHORT: u64 = 20_000;

/// Copied by one statement a table.
const CHUNK: u64 = 50_000;

/// Statuses a second that are prepared, and searches.
const PREPARED: usize = 1_500;

/// Connections of one tenant.
const CONNECTIONS: usize = 16;

/// A table, the column that says whose a row is, and the columns that are others in a copy, with their values.
type Table = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// The tables of a dossier, the column that names it, and what is another in each copy. `n` numbers the copies; `x` is the row.
const TABLES: [Table; 11] = [
    (
        "dossiers",
        "id",
        &[
            ("id", ID),
            ("reference", "'large-' || n"),
            ("answered_seq", SEQ_OF_ANSWER),
            ("content_blind", "sha256(('content' || n)::bytea)"),
            ("likeness", "sha256(('likeness' || n)::bytea)"),
            ("submission", "'sub_' || lpad(to_hex(n), 32, '0')"),
        ],
    ),
    (
        "submissions",
        "dossier",
        &[("id", "'sub_' || lpad(to_hex(n), 32, '0')"), ("dossier", ID)],
    ),
    ("contents", "dossier", &[("dossier", ID)]),
    ("dossier_parties", "dossier", &[("dossier", ID)]),
    (
        "natural_keys",
        "dossier",
        &[("dossier", ID), ("value", "x.value || '-' || n")],
    ),
    (
        "events",
        "dossier",
        &[
            ("id", "'evt_' || lpad(to_hex(n * 16 + x.number), 32, '0')"),
            ("seq", "-(n * 16 + x.number)"),
            ("dossier", ID),
        ],
    ),
    (
        "feed",
        "dossier",
        // The number of its event: other dossiers' events stand between the template's.
        &[
            ("seq", "-(n * 16 + (SELECT number FROM events WHERE seq = x.seq))"),
            ("dossier", ID),
        ],
    ),
    (
        "deliveries",
        "dossier",
        &[
            ("id", "'dlv_' || lpad(to_hex(n), 32, '0')"),
            ("dossier", ID),
            ("event_seq", "-(n * 16 + 1)"),
            ("event", "'evt_' || lpad(to_hex(n * 16 + 1), 32, '0')"),
            ("state", "'acknowledged'"),
        ],
    ),
    ("watches", "dossier", &[("dossier", ID)]),
    (
        "attempts",
        "delivery",
        &[("delivery", "'dlv_' || lpad(to_hex(n), 32, '0')")],
    ),
    ("idempotency_keys", "key", &[("key", "'large-' || n")]),
];

const ID: &str = "'dos_' || lpad(to_hex(n), 32, '0')";
const SEQ_OF_ANSWER: &str = "-(n * 16 + 1)";

/// Plays it.
///
/// # Errors
/// What could not be measured.
pub async fn play(stage: &Stage) -> Result<Measured> {
    let wants = Wants {
        stack: stage.stack(),
        hubs: 1,
        tenants: stage.plan.tenants,
        office: Office::Reads,
        webhooks: false,
    };
    let mut scene = Scene::set(stage, Scenario::Large, wants).await?;
    scene.warm_up().await?;
    let empty = figures(&mut scene, 10).await?;
    scene.look("empty").await?;
    let count = match (stage.plan.dossiers, stage.plan.short) {
        (Some(count), _) => count,
        (None, true) => SHORT,
        (None, false) => {
            let free = free_disk(&scene.site.dir).unwrap_or(0);
            (free / 4 / BYTES).clamp(SHORT, MOST)
        }
    };
    let template = scene.truth.accepted.iter().next().copied();
    let template = template.ok_or_else(|| BenchError::said("nothing was filed"))?;
    let rows = copy(&scene, template, count).await?;
    let full = figures(&mut scene, 20).await?;
    let all = &mut scene.measured.figures;
    all.insert("dossiers in the tables".to_owned(), count as f64);
    all.insert("rows copied".to_owned(), rows as f64);
    for (n, ((name, without), (_, with))) in empty.iter().zip(&full).enumerate() {
        // Numbered, so that each stands beside its own.
        all.insert(format!("{:02} {name}, empty", n + 1), *without);
        all.insert(format!("{:02} {name}, full", n + 1), *with);
    }
    let copies = "SELECT count(*) AS number FROM dossiers WHERE reference LIKE 'large-%'";
    let copies = scene.site.number(copies).await?;
    let real = scene
        .site
        .number("SELECT count(*) AS number FROM dossiers")
        .await?
        - copies;
    let accepted = scene.truth.accepted.len();
    scene.measured.check(
        "full: in the database",
        usize::try_from(real).is_ok_and(|real| real == accepted),
        format!("{accepted} accepted, {real} rows beside the archive of {copies}"),
    );
    scene.truth.agency(&scene.book, "full", &mut scene.measured);
    scene.finish().await
}

/// The four of them, one after another: a second, and the 99th percentile in milliseconds.
async fn figures(scene: &mut Scene<'_>, part: usize) -> Result<Vec<(&'static str, f64)>> {
    let (stage, plan) = (scene.stage, &scene.stage.plan);
    let short = (plan.time / 2).max(Duration::from_secs(1));
    stage.say("filing");
    let seconds = plan.seconds() + 1;
    let each = PREPARED * seconds / scene.speakers.len();
    let stocks = stage.stocks(&scene.speakers, part, each).await?;
    let filing = scene
        .load(&stocks, plan.connections, plan.rate, plan.time)
        .await?;
    scene.truth.take(&filing);
    let accepted = filing.accepted();
    scene.caught_up(&accepted).await?;

    stage.say("statuses");
    let some: Vec<DossierId> = accepted.iter().copied().take(PREPARED * seconds / 2).collect();
    let agency = stage.agency(&scene.site).await?;
    let stock = RequestStock::new(agency, requests(stage, &some)?);
    let statuses = closed(&stock, short).await?;

    stage.say("search");
    let speaker = Arc::clone(&scene.speakers[0]);
    let by_status = PreparedRequest::get("/v1/dossiers?status=2&limit=50")?;
    let newest = PreparedRequest::get("/v1/dossiers?limit=50")?;
    let questions = [by_status, newest].into_iter().cycle().take(PREPARED * seconds);
    let search = closed(
        &RequestStock::new(Arc::clone(&speaker), questions.collect()),
        short,
    )
    .await?;

    stage.say("the feed");
    let (events, pages) = read(&speaker, Cursor::START).await?;
    let took: Duration = pages.iter().sum();
    let rate = |load: &Load, status| load.per_second(status);
    Ok(vec![
        ("filing, a second", rate(&filing, ACCEPTED)),
        ("filing, p99 ms", filing.latency(ACCEPTED).p99),
        ("statuses, a second", rate(&statuses, 200)),
        ("statuses, p99 ms", statuses.latency(200).p99),
        ("search, a second", rate(&search, 200)),
        ("search, p99 ms", search.latency(200).p99),
        ("feed, events a second", events as f64 / took.as_secs_f64()),
        ("feed, p99 ms a page", LatencyPercentiles::of(pages).p99),
    ])
}

async fn closed(stock: &Arc<RequestStock>, time: Duration) -> Result<Load> {
    let crews = Crew::over(std::slice::from_ref(stock), CONNECTIONS).await?;
    run_all(crews, |_| LoadModel::Closed(time), &Bookkeeping::Nothing).await
}

/// Copies one dossier so many times; how many rows that made.
async fn copy(scene: &Scene<'_>, template: DossierId, count: u64) -> Result<i64> {
    let postgres = scene
        .site
        .postgres()
        .ok_or_else(|| BenchError::said("no PostgreSQL"))?;
    let failed = BenchError::of::<StoreError>("copying");
    let session = Session::open(postgres).await.map_err(&failed)?;
    // Whether the archive is on disk matters to nobody.
    session
        .run("SET synchronous_commit = off")
        .await
        .map_err(&failed)?;
    let mut statements = Vec::new();
    for (table, by, changed) in TABLES {
        let columns = format!(
            "SELECT column_name::text FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
        );
        let columns = session.texts(&columns).await.map_err(&failed)?;
        let value = |column: &String| {
            let other = changed.iter().find(|(name, _)| name == column);
            other.map_or_else(|| format!("x.{column}"), |(_, value)| (*value).to_owned())
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        // The first delivery and the first key stand for all; a key of a batch names no dossier.
        let of = match by {
            "delivery" => {
                format!("x.delivery = (SELECT min(id) FROM deliveries WHERE dossier = '{template}')")
            }
            "key" => {
                "x.key = (SELECT min(key) FROM idempotency_keys WHERE key NOT LIKE 'large-%')".to_owned()
            }
            by => format!("x.{by} = '{template}'"),
        };
        statements.push(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM (SELECT * FROM {table} AS x WHERE {of}) AS x",
            columns.join(", "),
            values.join(", ")
        ));
    }
    let rows = "SELECT sum(n_tup_ins)::bigint FROM pg_stat_user_tables WHERE schemaname = 'public'";
    let before = session.number(rows).await.map_err(&failed)?;
    let mut done = 0;
    while done < count {
        scene
            .stage
            .say(format!("{done} of {count} dossiers copied into the tables"));
        let to = (done + CHUNK).min(count);
        for statement in &statements {
            let some = format!(
                "{statement}, generate_series({}::bigint, {to}::bigint) AS n",
                done + 1
            );
            session.run(&some).await.map_err(&failed)?;
        }
        done = to;
    }
    scene.stage.say("the tables are analysed");
    session.run("ANALYZE").await.map_err(&failed)?;
    // Figures of a session are told when it is idle.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = session.number(rows).await.map_err(&failed)?;
    Ok(after - before)
}
