//! The raw limits, measured right before each round with the very bytes that are filed in it: what the services do on this machine,
//! in this minute, for somebody who does nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::error::{BenchError, Result};
use super::site::Site;
use super::stock::RequestStock;
use crate::store::StoreError;
use crate::store::raw;

/// One dossier a commit, from [`SESSIONS`] sessions of PostgreSQL.
pub const ONE_BY_ONE: &str = "postgres-one-by-one";
/// [`BATCH`] dossiers a commit, from [`WRITERS`] sessions of PostgreSQL.
pub const IN_BATCHES: &str = "postgres-batches";
/// Publisher confirms of one durable quorum queue, [`WINDOW`] unconfirmed.
pub const CONFIRMS: &str = "rabbitmq-confirms";
/// [`SQLITE_BATCH`] dossiers a commit into a file of SQLite.
pub const SQLITE: &str = "sqlite-batches";

/// What each limit is, in one line.
pub fn says(limit: &str) -> &'static str {
    match limit {
        ONE_BY_ONE => "PostgreSQL, one row a commit, 16 sessions",
        IN_BATCHES => "PostgreSQL, 100 rows a commit, 2 sessions",
        CONFIRMS => "RabbitMQ, confirms of one durable quorum queue, window 256",
        SQLITE => "SQLite, WAL, synchronous FULL, 50 rows a commit",
        _ => "?",
    }
}

const SESSIONS: usize = 16;
const WRITERS: usize = 2;
const BATCH: usize = 100;
const WINDOW: usize = 256;
const SQLITE_BATCH: usize = 50;

/// Bodies that are taken in turn.
const BODIES: usize = 2_000;

/// Some of the bytes of these stocks.
pub fn bodies(stocks: &[Arc<RequestStock>]) -> Arc<Vec<Vec<u8>>> {
    let requests = stocks.iter().flat_map(|stock| stock.requests());
    Arc::new(
        requests
            .take(BODIES)
            .map(|request| request.body.to_vec())
            .collect(),
    )
}

/// Measures the limits of what a site stands on, each for so long.
///
/// # Errors
/// A service that refuses.
pub async fn limits(
    site: &Site,
    bodies: Arc<Vec<Vec<u8>>>,
    time: Duration,
) -> Result<BTreeMap<&'static str, f64>> {
    let what = BenchError::of::<StoreError>("a raw limit");
    let mut limits = BTreeMap::new();
    let Some(postgres) = site.postgres() else {
        limits.insert(SQLITE, sqlite(&site.dir, bodies, time).await?);
        return Ok(limits);
    };
    let one = raw::one_by_one(postgres, Arc::clone(&bodies), SESSIONS, time).await;
    limits.insert(ONE_BY_ONE, one.map_err(&what)?.per_second());
    let many = raw::in_batches(postgres, Arc::clone(&bodies), WRITERS, BATCH, time).await;
    limits.insert(IN_BATCHES, many.map_err(&what)?.per_second());
    limits.insert(CONFIRMS, confirms(site, &bodies, time).await?);
    Ok(limits)
}

/// Confirms a second.
///
/// # Errors
/// A broker that refuses.
pub async fn confirms(site: &Site, bodies: &[Vec<u8>], time: Duration) -> Result<f64> {
    // A connection of its own, closed again.
    let (confirmed, took) = site
        .rabbit()?
        .raw_confirms(bodies, WINDOW, time)
        .await
        .map_err(BenchError::of("a raw limit"))?;
    Ok(confirmed as f64 / took.as_secs_f64())
}

async fn sqlite(dir: &Path, bodies: Arc<Vec<Vec<u8>>>, time: Duration) -> Result<f64> {
    let path = dir.join("raw.sqlite");
    let measured =
        tokio::task::spawn_blocking(move || raw::sqlite_in_batches(&path, &bodies, SQLITE_BATCH, time)).await;
    let rate = measured
        .map_err(BenchError::of("a raw limit"))?
        .map_err(BenchError::of("a raw limit"))?;
    Ok(rate.per_second())
}
