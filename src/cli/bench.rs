//! `lienthong bench`: measures a hub, tells people and writes it down for machines.

mod told;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tokio::sync::mpsc;

use super::progress::bench_line;
use super::runtime::run_hub;
use super::{CommandError, Exit};
use crate::app::sandbox::shipped_directory;
use crate::app::until_told_to_stop;
use crate::bench::plan::{BenchPlan, Documents, Scenario, Services};
use crate::bench::{BenchError, chart};
use crate::clock::{Clock, Entropy};

/// Measure a hub on this machine: how much of what database and broker can do it reaches, and whether nothing is lost
///
/// Makes an installation in a folder, starts this executable as hubs over real sockets, lets tenants file over mutual TLS, an agency
/// read its queue and webhooks be called, and looks after every round whether what was accepted is in the database, came to the agency
/// and was told to its submitter. Before every round it measures the raw limits of the services with the same bytes: absolute figures
/// belong to one machine, read the ratios. With --postgres, --amqp and --amqp-admin it makes databases, virtual hosts and the user of an
/// agency of its own there (bench_…, agency.bench-…), and removes them. Exit code 1 if something is not true.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// What to measure; `all` for all [default: accept, accept-sqlite, loop]
    #[arg(value_name = "SCENARIO", value_parser = scenario)]
    scenarios: Vec<Named>,

    /// Print what can be measured
    #[arg(long)]
    list: bool,

    /// A look within a minute, not a figure: two rounds of two seconds, small stocks
    #[arg(long)]
    short: bool,

    /// Seconds of load a round [default: 10; with --short 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: Option<u64>,

    /// Rounds, each after its raw limits [default: 3; with --short 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: Option<u16>,

    /// Connections that file; in `loop`, dossiers on their way at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,

    /// Tenants they are spread over: branches and agents in turn
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=12))]
    tenants: u16,

    /// File so many a second whatever the hub does (open loop), with latencies from when each was to be sent; without it, each
    /// connection sends the next when the last is answered (closed loop)
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    rate: Option<f64>,

    /// What is filed: `canonical`, JSON of about 1.9 KB; or `mix`, all shipped formats, of a hundred 90 of that size, 9 of about 8 KB
    /// and 1 of about 40 KB
    #[arg(long, value_name = "WHAT", default_value = "canonical", value_parser = documents)]
    documents: Documents,

    /// A PostgreSQL server on which databases may be made: postgres://user:password@host:port/database
    #[arg(long, value_name = "URL", requires_all = ["amqp", "amqp_admin"])]
    postgres: Option<String>,

    /// PEM file with the authorities of that PostgreSQL's certificate; with it TLS is required
    #[arg(long, value_name = "FILE", requires = "postgres")]
    postgres_ca: Option<PathBuf>,

    /// A RabbitMQ server: amqp(s)://user:password@host:port/vhost
    #[arg(long, value_name = "URL", requires = "postgres")]
    amqp: Option<String>,

    /// Its management interface, by which virtual hosts and users are made: http(s)://user:password@host:port
    #[arg(long, value_name = "URL", requires = "amqp")]
    amqp_admin: Option<String>,

    /// PEM file with the authorities of that RabbitMQ's certificates, for amqps:// and https://
    #[arg(long, value_name = "FILE", requires = "amqp")]
    amqp_ca: Option<PathBuf>,

    /// Folder for what is made, on the disk that is to be measured; emptied afterwards
    #[arg(long, value_name = "DIR", default_value = ".lienthong-bench")]
    dir: PathBuf,

    /// Measure this executable instead of this one
    #[arg(long, value_name = "EXECUTABLE")]
    hub: Option<PathBuf>,

    /// Write everything that was measured to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draw the ratios into this file, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Decides persons, papers and places
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Dossiers in the tables of `large` [default: what fits a quarter of the disk, up to 10,000,000; with --short 20,000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    dossiers: Option<u64>,
}

/// What was named: one scenario, or all.
#[derive(Clone, Copy, Debug)]
enum Named {
    All,
    One(Scenario),
}

fn scenario(word: &str) -> Result<Named, String> {
    if word == "all" {
        return Ok(Named::All);
    }
    let words = || Scenario::ALL.map(Scenario::word).join(", ");
    Scenario::parse(word).map(Named::One).ok_or_else(words)
}

fn documents(word: &str) -> Result<Documents, String> {
    match word {
        "canonical" => Ok(Documents::Canonical),
        "mix" => Ok(Documents::Mix),
        _ => Err("canonical, mix".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.1..=1e6).contains(&rate) => Ok(rate),
        _ => Err("0.1 – 1000000".to_owned()),
    }
}

pub(super) fn run(args: BenchArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    if args.list {
        for scenario in Scenario::ALL {
            writeln!(out, "{:16} {}", scenario.word(), scenario.says())?;
        }
        return Ok(Exit::Good);
    }
    let (json, svg) = (args.json.clone(), args.svg.clone());
    for path in json.iter().chain(&svg) {
        try_write(path)?;
    }
    let plan = args.plan()?;
    let report = run_hub(async {
        let (steps, mut told) = mpsc::unbounded_channel();
        let watching = tokio::spawn(async move {
            let mut line = bench_line();
            while let Some(step) = told.recv().await {
                line.note(&step);
            }
            line.end();
        });
        let report = Box::pin(crate::bench::run(plan, steps, until_told_to_stop())).await;
        drop(watching.await);
        Ok(report)
    })??;
    out.write_all(told::told(&report).as_bytes())?;
    if let Some(path) = &json {
        let text = serde_json::to_string_pretty(&report).map_err(|e| CommandError::new("JSON", e))?;
        std::fs::write(path, text + "\n")?;
    }
    if let Some(path) = &svg {
        std::fs::write(
            path,
            chart::draw(&report).map_err(|e| CommandError::new("SVG", e))?,
        )?;
    }
    Ok(if report.is_good() {
        Exit::Good
    } else {
        Exit::Findings
    })
}

/// Makes sure, before minutes are spent, that the file can be written.
fn try_write(path: &Path) -> Result<(), CommandError> {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened.map(drop).map_err(|e| {
        let path = path.display();
        CommandError::new(
            format!("không ghi được {path}: {e}"),
            format!("cannot write {path}: {e}"),
        )
    })
}

impl BenchArgs {
    fn plan(self) -> Result<BenchPlan, CommandError> {
        let mut scenarios: Vec<Scenario> = Vec::new();
        for named in self.scenarios {
            match named {
                Named::All => scenarios.extend(Scenario::ALL),
                Named::One(scenario) => scenarios.push(scenario),
            }
        }
        if scenarios.is_empty() {
            scenarios.extend(Scenario::USUAL);
        }
        let mut known = std::collections::HashSet::new();
        scenarios.retain(|scenario| known.insert(*scenario));
        let (seconds, rounds) = if self.short { (2, 2) } else { (10, 3) };
        let services = match (self.postgres, self.amqp, self.amqp_admin) {
            (Some(postgres), Some(amqp), Some(amqp_admin)) => Some(Services {
                postgres,
                postgres_ca: self.postgres_ca,
                amqp,
                amqp_admin,
                amqp_ca: self.amqp_ca,
            }),
            _ => None,
        };
        let hub = match self.hub {
            Some(path) => path,
            None => std::env::current_exe()?,
        };
        Ok(BenchPlan {
            scenarios,
            short: self.short,
            time: Duration::from_secs(self.seconds.unwrap_or(seconds)),
            rounds: usize::from(self.rounds.unwrap_or(rounds)),
            connections: usize::from(self.connections),
            tenants: usize::from(self.tenants),
            rate: self.rate,
            documents: self.documents,
            dossiers: self.dossiers,
            services,
            dir: self.dir,
            hub,
            seed: self.seed,
            directory: shipped_directory(),
            clock: Clock::System,
            entropy: Entropy::System,
        })
    }
}

impl From<BenchError> for CommandError {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Stopped => CommandError::new("đã dừng trước khi xong", "stopped before its end"),
            failed @ BenchError::Failed(_) => CommandError::new("không đo được", failed),
        }
    }
}
