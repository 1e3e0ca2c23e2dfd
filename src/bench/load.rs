//! The load: many connections that send prepared requests, either as fast as they are answered (closed), or at a rate of their own
//! whatever the hub does (open).
//!
//! In the open form a latency begins when the call was **to be** sent: a hub that stands still for a second has kept everybody waiting
//! who was to call in it, and a clock that begins with the sending would not see them (coordinated omission).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::book::Book;
use super::error::{BenchError, Result};
use super::line::Line;
use super::speaker::Speaker;
use super::stats::LatencyPercentiles;
use super::stock::RequestStock;
use crate::domain::ids::DossierId;

/// How long a worker rests after a connection broke.
const REST: Duration = Duration::from_millis(50);

/// How long, in the whole loop, one dossier may take before its place is used for the next.
const LONGEST_WAY: Duration = Duration::from_secs(60);

/// The answer that means accepted, to a filing.
pub const ACCEPTED: u16 = 202;

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The status; none where the connection broke, so that nobody knows.
    pub status: Option<u16>,
    /// From when it was to be sent to its answer.
    pub latency: Duration,
    /// The dossier the answer names.
    pub dossier: Option<DossierId>,
}

/// All calls of a load.
#[derive(Debug, Default)]
pub struct Load {
    /// Every call that was made.
    pub samples: Vec<Sample>,
    /// From the first call to the last answer.
    pub took: Duration,
    /// Requests ran out before the time did.
    pub ran_out: bool,
}

impl Load {
    /// Calls by their answer; 0 where nobody knows.
    pub fn answers(&self) -> BTreeMap<u16, u64> {
        let mut answers = BTreeMap::new();
        for sample in &self.samples {
            *answers.entry(sample.status.unwrap_or(0)).or_insert(0) += 1;
        }
        answers
    }

    /// The dossiers that were accepted.
    pub fn accepted(&self) -> Vec<DossierId> {
        let good = self.samples.iter().filter(|s| s.status == Some(ACCEPTED));
        good.filter_map(|sample| sample.dossier).collect()
    }

    /// How many calls got this answer.
    pub fn count(&self, status: u16) -> u64 {
        self.samples.iter().filter(|s| s.status == Some(status)).count() as u64
    }

    /// Calls of which nobody knows what became of them.
    pub fn unknown(&self) -> u64 {
        self.samples.iter().filter(|s| s.status.is_none()).count() as u64
    }

    /// Of the calls with this answer.
    pub fn latency(&self, status: u16) -> LatencyPercentiles {
        let good = self.samples.iter().filter(|s| s.status == Some(status));
        LatencyPercentiles::of(good.map(|s| s.latency).collect())
    }

    /// Calls with this answer, a second.
    pub fn per_second(&self, status: u16) -> f64 {
        let seconds = self.took.as_secs_f64();
        if seconds > 0.0 {
            self.count(status) as f64 / seconds
        } else {
            0.0
        }
    }

    fn add(&mut self, other: Load) {
        self.samples.extend(other.samples);
        self.took = self.took.max(other.took);
        self.ran_out |= other.ran_out;
    }
}

/// What a worker does beside calling.
#[derive(Clone)]
pub enum Bookkeeping {
    /// Nothing.
    Nothing,
    /// It writes down what was accepted.
    Notes(Arc<Book>),
    /// It writes it down and, before the next, waits until the submitter has been told of the agency's status.
    Waits(Arc<Book>),
}

/// When calls are to be made.
#[derive(Clone, Copy, Debug)]
pub enum LoadModel {
    /// As soon as the one before is answered, for so long.
    Closed(Duration),
    /// The nth call of a stock so long after the beginning: `first + n * every`, none after `until`.
    Open {
        /// When the first is to be made.
        first: Duration,
        /// Between two.
        every: Duration,
        /// The end.
        until: Duration,
    },
}

impl LoadModel {
    /// `rate` calls a second over all stocks, spread evenly: the pace of stock `number` of `of`.
    pub fn even(rate: f64, (number, of): (usize, usize), until: Duration) -> Self {
        let every = Duration::from_secs_f64(1.0 / rate.max(0.001));
        LoadModel::Open {
            first: times(every, number),
            every: times(every, of),
            until,
        }
    }
}

/// So many times as long; saturating.
fn times(long: Duration, many: usize) -> Duration {
    long.saturating_mul(u32::try_from(many).unwrap_or(u32::MAX))
}

/// Connections that call from one stock.
pub struct Crew {
    stock: Arc<RequestStock>,
    lines: Vec<Line>,
}

impl Crew {
    /// Opens so many connections, before anything is measured.
    ///
    /// # Errors
    /// One that cannot be opened.
    pub async fn open(stock: Arc<RequestStock>, connections: usize) -> Result<Self> {
        let mut lines = Vec::with_capacity(connections);
        for _ in 0..connections {
            lines.push(Line::open(&stock.speaker).await?);
        }
        Ok(Crew { stock, lines })
    }

    /// Connections over stocks, evenly; each stock has one at least.
    ///
    /// # Errors
    /// As [`Crew::open`].
    pub async fn over(stocks: &[Arc<RequestStock>], connections: usize) -> Result<Vec<Crew>> {
        let of = stocks.len().max(1);
        let mut crews = Vec::with_capacity(of);
        for (number, stock) in stocks.iter().enumerate() {
            let own = (connections / of + usize::from(number < connections % of)).max(1);
            crews.push(Crew::open(Arc::clone(stock), own).await?);
        }
        Ok(crews)
    }
}

/// Lets every crew work at its pace until the end; one load a crew, in their order.
///
/// # Errors
/// A worker that was ended from outside.
pub async fn run(crews: Vec<(Crew, LoadModel)>, bookkeeping: &Bookkeeping) -> Result<Vec<Load>> {
    let begun = Instant::now();
    let mut teams = Vec::with_capacity(crews.len());
    for (crew, model) in crews {
        let mut team = JoinSet::new();
        for line in crew.lines {
            team.spawn(work(
                Arc::clone(&crew.stock),
                line,
                (begun, model),
                bookkeeping.clone(),
            ));
        }
        teams.push(team);
    }
    let mut loads = Vec::with_capacity(teams.len());
    for mut team in teams {
        let mut load = Load::default();
        while let Some(done) = team.join_next().await {
            load.add(done.map_err(BenchError::of("a worker"))?);
        }
        loads.push(load);
    }
    Ok(loads)
}

/// The same with one pace for all; one load in all.
///
/// # Errors
/// As [`run`].
pub async fn run_all(
    crews: Vec<Crew>,
    model: impl Fn(usize) -> LoadModel,
    bookkeeping: &Bookkeeping,
) -> Result<Load> {
    let paced = crews.into_iter().enumerate().map(|(n, crew)| (crew, model(n)));
    let mut all = Load::default();
    for load in run(paced.collect(), bookkeeping).await? {
        all.add(load);
    }
    Ok(all)
}

/// The connection of the last call where it is still open.
async fn kept_or_new(kept: Option<Line>, speaker: &Speaker) -> Result<Line> {
    if let Some(mut kept) = kept
        && kept.is_open().await
    {
        return Ok(kept);
    }
    Line::open(speaker).await
}

/// Notes an accepted dossier; whether that took until its submitter was told.
async fn note(bookkeeping: &Bookkeeping, dossier: DossierId, intended: Instant) -> bool {
    match bookkeeping {
        Bookkeeping::Nothing => false,
        Bookkeeping::Notes(book) => {
            book.accepted(dossier, intended);
            false
        }
        Bookkeeping::Waits(book) => {
            let told = book.accepted_and_told(dossier, intended);
            // What is missing is found when the round is checked.
            drop(tokio::time::timeout(LONGEST_WAY, told).await);
            true
        }
    }
}

async fn work(
    stock: Arc<RequestStock>,
    line: Line,
    (begun, model): (Instant, LoadModel),
    bookkeeping: Bookkeeping,
) -> Load {
    let mut load = Load::default();
    let mut line = Some(line);
    loop {
        if let LoadModel::Closed(time) = model
            && begun.elapsed() >= time
        {
            break;
        }
        let Some((number, request)) = stock.take() else {
            load.ran_out = true;
            break;
        };
        let intended = match model {
            LoadModel::Closed(_) => Instant::now(),
            LoadModel::Open { first, every, until } => {
                let after = first + times(every, number);
                if after >= until {
                    break;
                }
                let at = begun + after;
                tokio::time::sleep_until(at.into()).await;
                at
            }
        };
        let reply = match kept_or_new(line.take(), &stock.speaker).await {
            Ok(mut open) => {
                let reply = open.send(&stock.speaker, request).await;
                if reply.is_ok() {
                    line = Some(open);
                }
                reply
            }
            Err(error) => Err(error),
        };
        let done = Instant::now();
        let sample = Sample {
            status: reply.as_ref().ok().map(|reply| reply.status),
            latency: done.saturating_duration_since(intended),
            dossier: reply.as_ref().ok().and_then(super::line::Reply::dossier),
        };
        load.samples.push(sample);
        load.took = begun.elapsed();
        if line.is_none() {
            tokio::time::sleep(REST).await;
        }
        if sample.status == Some(ACCEPTED)
            && let Some(id) = sample.dossier
        {
            let waited = note(&bookkeeping, id, intended).await;
            if waited {
                load.took = begun.elapsed();
            }
        }
    }
    load
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_pace_interleaves_the_shelves() {
        let ms = Duration::from_millis;
        for number in 0..4 {
            let LoadModel::Open { first, every, .. } = LoadModel::even(100.0, (number, 4), ms(1000)) else {
                panic!("open")
            };
            assert_eq!((first, every), (ms(10) * number as u32, ms(40)));
        }
    }

    #[test]
    fn what_nobody_knows_is_counted_apart() {
        let sample = |status, ms| Sample {
            status,
            latency: Duration::from_millis(ms),
            dossier: None,
        };
        let load = Load {
            samples: vec![
                sample(Some(202), 1),
                sample(Some(429), 9),
                sample(None, 50),
                sample(Some(202), 3),
            ],
            took: Duration::from_secs(2),
            ran_out: false,
        };
        assert_eq!(load.answers(), BTreeMap::from([(0, 1), (202, 2), (429, 1)]));
        assert_eq!((load.unknown(), load.per_second(202)), (1, 1.0));
        assert_eq!(load.latency(202).max, 3.0);
    }
}
