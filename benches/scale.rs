//! What the one chain carries, and what it would carry split: the tables of docs/SCALE.md. `cargo run --example scale` prints them.
//!
//! A simulation of discrete events: dossiers come at random (a Poisson process, seeded), wait for a lane, and are committed in batches,
//! as the ledger does it. A lane is whoever holds the head of a chain. It computes with costs that were measured (docs/BENCHMARKS.md)
//! and with assumptions; both stand below and are printed. It measures nothing itself.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "a simulation computes with small figures"
)]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Microseconds.
type Micros = f64;

// Measured: docs/BENCHMARKS.md, "What is wanted".

/// Processor time of a filing: hub, PostgreSQL, RabbitMQ.
const FILING: [Micros; 3] = [860.0, 350.0, 350.0];
/// The same of a whole loop: filed, carried, one status, three events told.
const LOOP: [Micros; 3] = [2_010.0, 930.0, 1_010.0];
/// A commit of one row, by each of 16 sessions that make 7,200 a second together.
const COMMIT: Micros = 16.0 / 7_200.0 * 1e6;
/// Bytes a dossier takes of PostgreSQL's disk with its indexes, roughly, as `lienthong bench large` reckons (`bench::scenarios::large`).
const STORED: f64 = 8_000.0;

// Of the code.

/// Commands in one commit at most (`store::StoreSizes`).
const BATCH: usize = 128;
/// Trips to the database while the head is held: the head with what a batch names, what the commands ask beside it, the writes.
const TRIPS: f64 = 3.0;

// Assumed.

/// A trip within one machine room.
const TRIP: Micros = 200.0;
/// How much of the hub's own time falls on the ledger's thread, and so under the lock.
const ON_THE_THREAD: f64 = 0.2;
/// Commands of a dossier after its filing: settled, its status, what was told of it, twice.
const LATER: usize = 4;
/// People of the city, and how many dossiers each files a year.
const PEOPLE: f64 = 8.5e6;
const EACH: f64 = 1.0;
/// Working days of a year, and how much of a day falls in its busiest hour.
const DAYS: f64 = 250.0;
const BUSIEST: f64 = 0.2;
/// Provinces since 2025-07-01.
const PROVINCES: usize = 34;
/// Sessions that commit beside each other where nothing puts them in a row.
const SESSIONS: usize = 16;
/// What a sequencer spends on an event it seals: a leaf, its part of the tree, its row.
const SEALED: Micros = 20.0;

/// How long the busiest hour is looked at: enough for a hundred thousand dossiers at the largest size.
const SECONDS: f64 = 60.0;

/// How the order of all events is made.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// One chain, one head, as built.
    OneChain,
    /// A chain for each province; the largest is the one that is looked at.
    ChainOfProvince,
    /// Commits in any order; a sequencer seals what has been committed.
    Sequencer,
}

impl Order {
    const ALL: [Order; 3] = [Order::OneChain, Order::ChainOfProvince, Order::Sequencer];

    const fn name(self) -> &'static str {
        match self {
            Order::OneChain => "one chain, as built",
            Order::ChainOfProvince => "a chain a province, the largest",
            Order::Sequencer => "sealed after the commit",
        }
    }

    const fn lanes(self) -> usize {
        match self {
            Order::OneChain | Order::ChainOfProvince => 1,
            Order::Sequencer => SESSIONS,
        }
    }
}

/// The part of the largest province: sizes fall as 1/6, 1/7, 1/8, …, which gives the first about what Hanoi has of the country.
fn largest() -> f64 {
    let size = |n: usize| 1.0 / (n + 6) as f64;
    size(0) / (0..PROVINCES).map(size).sum::<f64>()
}

/// Dossiers a second in the busiest hour, at so many times the city.
fn peak(times: f64) -> f64 {
    PEOPLE * times * EACH / DAYS * BUSIEST / 3_600.0
}

/// What one command costs its lane, beside the commit: PostgreSQL's whole time, as if all of it were spent in the lane's own session,
/// and the thread's part of the hub's.
fn of_filing() -> Micros {
    FILING[1] + FILING[0] * ON_THE_THREAD
}

fn of_later() -> Micros {
    (LOOP[1] - FILING[1] + (LOOP[0] - FILING[0]) * ON_THE_THREAD) / LATER as f64
}

fn of_commit() -> Micros {
    COMMIT + TRIPS * TRIP
}

/// The most dossiers a second that so many lanes take: batches are full, each command has its part of a commit.
fn ceiling(lanes: usize) -> f64 {
    let commands = (1 + LATER) as f64;
    let of_dossier = of_filing() + of_later() * LATER as f64 + of_commit() * commands / BATCH as f64;
    lanes as f64 * 1e6 / of_dossier
}

/// A command that waits.
#[derive(Clone, Copy)]
struct Command {
    at: Micros,
    cost: Micros,
    /// Somebody at a counter waits for it.
    filing: bool,
}

/// Commands as they come at `rate` dossiers a second: each filing, and at other moments what follows filings of before.
fn commands(rate: f64, rng: &mut StdRng) -> Vec<Command> {
    let mut all = Vec::new();
    let kinds = [
        (rate, of_filing(), true),
        (rate * LATER as f64, of_later(), false),
    ];
    for (rate, cost, filing) in kinds {
        let mut at = 0.0;
        loop {
            at += -(1.0 - rng.random::<f64>()).ln() / rate * 1e6;
            if at >= SECONDS * 1e6 {
                break;
            }
            all.push(Command { at, cost, filing });
        }
    }
    all.sort_by(|a, b| a.at.total_cmp(&b.at));
    all
}

/// What a run of the lanes showed.
struct Run {
    /// Part of the time that the lanes work.
    busy: f64,
    /// From coming to committed, of filings, in order.
    waits: Vec<Micros>,
    /// When each batch was committed, and of how many.
    commits: Vec<(Micros, usize)>,
}

/// Lets `lanes` take commands in batches: a lane that is free takes whatever waits, and never waits for more.
fn play(commands: &[Command], lanes: usize) -> Run {
    // Moments in whole microseconds, so that they have an order; no lane is free before its work is done.
    let mut free: BinaryHeap<Reverse<u64>> = (0..lanes).map(|_| Reverse(0)).collect();
    let (mut next, mut worked) = (0, 0.0);
    let (mut waits, mut commits) = (Vec::new(), Vec::new());
    while next < commands.len() {
        let Some(Reverse(lane)) = free.pop() else { break };
        let start = (lane as f64).max(commands[next].at);
        let waiting = commands[next..].iter().take(BATCH).take_while(|c| c.at <= start);
        let (count, cost) = waiting.fold((0, of_commit()), |(n, sum), c| (n + 1, sum + c.cost));
        let end = start + cost;
        let taken = &commands[next..next + count];
        waits.extend(taken.iter().filter(|c| c.filing).map(|c| end - c.at));
        commits.push((end, count));
        (next, worked) = (next + count, worked + cost);
        free.push(Reverse(end.ceil() as u64));
    }
    waits.sort_by(f64::total_cmp);
    commits.sort_by(|a, b| a.0.total_cmp(&b.0));
    let last = commits.last().map_or(0.0, |(end, _)| *end).max(SECONDS * 1e6);
    Run {
        busy: worked / (last * lanes as f64),
        waits,
        commits,
    }
}

/// How long after its commit an event is sealed, in order: one sequencer takes all that has been committed, and seals it in one commit.
fn seal(commits: &[(Micros, usize)]) -> Vec<Micros> {
    let (mut lags, mut next, mut free) = (Vec::new(), 0, 0.0_f64);
    while next < commits.len() {
        let start = free.max(commits[next].0);
        let taken = commits[next..].iter().take_while(|(end, _)| *end <= start);
        let (batches, events) = taken.fold((0, 0), |(n, sum), (_, events)| (n + 1, sum + events));
        free = start + COMMIT + 2.0 * TRIP + SEALED * events as f64;
        for (end, events) in &commits[next..next + batches] {
            lags.extend(std::iter::repeat_n(free - end, *events));
        }
        next += batches;
    }
    lags.sort_by(f64::total_cmp);
    lags
}

/// The value below which `part` of the sorted ones lie, in milliseconds.
fn part(sorted: &[Micros], part: f64) -> f64 {
    let at = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(0.0) / 1e3
}

/// Two digits that count: more would say more than the model knows.
fn digits(value: f64) -> String {
    if value >= 100.0 {
        let unit = 10f64.powi(value.log10().floor() as i32 - 1);
        let whole = ((value / unit).round() * unit) as u64;
        let (thousands, rest) = (whole / 1_000, whole % 1_000);
        return match (thousands / 1_000, thousands % 1_000) {
            (0, 0) => format!("{rest}"),
            (0, n) => format!("{n},{rest:03}"),
            (m, n) => format!("{m},{n:03},{rest:03}"),
        };
    }
    match value {
        v if v >= 10.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.1}"),
        v if v >= 0.1 => format!("{v:.2}"),
        _ => "under 0.1".to_owned(),
    }
}

/// The sizes that are looked at: so many times the city.
const SIZES: [(f64, &str); 3] = [(1.0, "the city"), (10.0, "10 times"), (1_000.0, "1,000 times")];

/// What each size is.
fn loads() -> String {
    let mut text = String::from(
        "| size | dossiers a year | a second in the busiest hour | processors busy: hub / PostgreSQL / RabbitMQ | on PostgreSQL's disk, a year |\n|---|---|---|---|---|\n",
    );
    for (times, name) in SIZES {
        let rate = peak(times);
        let [hub, postgres, rabbit] = LOOP.map(|micros| digits(rate * micros / 1e6));
        let a_year = PEOPLE * times * EACH;
        let _ = writeln!(
            text,
            "| {name} | {} million | {} | {hub} / {postgres} / {rabbit} | {} TB |",
            digits(a_year / 1e6),
            digits(rate),
            digits(a_year * STORED / 1e12)
        );
    }
    text
}

/// How many times the city each order carries.
fn limits() -> String {
    let mut text = String::from("| order | dossiers a second at most | times the city |\n|---|---|---|\n");
    for order in Order::ALL {
        let (name, share) = match order {
            Order::ChainOfProvince => ("a chain a province, all of them", largest()),
            _ => (order.name(), 1.0),
        };
        // The country is full when its largest province is.
        let most = ceiling(order.lanes()) / share;
        let _ = writeln!(
            text,
            "| {name} | {} | {} |",
            digits(most),
            digits(most / peak(1.0))
        );
    }
    text
}

/// What becomes of each size in each order.
fn orders() -> String {
    let mut text = String::from(
        "| order | size | a second | at most | busy | committed after, p50 / p99 | sealed after that, p99 |\n|---|---|---|---|---|---|---|\n",
    );
    for order in Order::ALL {
        for (times, size) in SIZES {
            let share = match order {
                // One province is what the first order shows already.
                Order::ChainOfProvince if times == 1.0 => continue,
                Order::ChainOfProvince => largest(),
                Order::OneChain | Order::Sequencer => 1.0,
            };
            let (rate, most) = (peak(times) * share, ceiling(order.lanes()));
            let row = format!(
                "| {} | {size} | {} | {}",
                order.name(),
                digits(rate),
                digits(most)
            );
            if rate >= most {
                let _ = writeln!(text, "{row} | full | never keeps up | |");
                continue;
            }
            let run = play(&commands(rate, &mut StdRng::seed_from_u64(1)), order.lanes());
            let sealed = match order {
                Order::Sequencer => format!("{} ms", digits(part(&seal(&run.commits), 0.99))),
                _ => "with it".to_owned(),
            };
            let _ = writeln!(
                text,
                "{row} | {} % | {} / {} ms | {sealed} |",
                digits(run.busy * 100.0),
                digits(part(&run.waits, 0.5)),
                digits(part(&run.waits, 0.99))
            );
        }
    }
    text
}

fn main() {
    println!(
        "measured: a filing {FILING:?} µs, a whole loop {LOOP:?} µs of hub, PostgreSQL, RabbitMQ; a commit {COMMIT:.0} µs\n\
         assumed: a trip {TRIP} µs, {TRIPS} trips a commit, {ON_THE_THREAD} of the hub's time under the lock, {LATER} later commands a dossier;\n\
         {:.1} million people, {EACH} dossier each a year, {DAYS} days, {BUSIEST} of a day in its busiest hour\n\n{}\n{}\n{}",
        PEOPLE / 1e6,
        loads(),
        limits(),
        orders()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_is_printed() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/SCALE.md");
        let page = std::fs::read_to_string(page).unwrap();
        for table in [loads(), limits(), orders()] {
            assert!(
                page.contains(&table),
                "docs/SCALE.md has other numbers; `cargo run --example scale` prints:\n{table}"
            );
        }
    }

    #[test]
    fn an_empty_hub_commits_at_once_and_a_full_one_as_much_as_its_ceiling() {
        let alone = [Command {
            at: 5.0,
            cost: 100.0,
            filing: true,
        }];
        assert_eq!(play(&alone, 1).waits, [of_commit() + 100.0]);
        let rate = ceiling(1) * 0.98;
        let run = play(&commands(rate, &mut StdRng::seed_from_u64(2)), 1);
        assert!(run.busy > 0.9 && run.busy <= 1.0, "{}", run.busy);
    }

    #[test]
    fn what_is_committed_is_sealed_once() {
        let lags = seal(&[(10.0, 3), (20.0, 1), (9_000.0, 2)]);
        assert_eq!(lags.len(), 6);
        assert!(lags.iter().all(|lag| *lag > 0.0));
    }
}
