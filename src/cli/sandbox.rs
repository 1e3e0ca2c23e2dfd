//! `lienthong sandbox`: starts it, says what to do with it, runs the demo.

mod told;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::sync::{mpsc, watch};

use super::progress::demo_bar;
use super::runtime::run_hub;
use super::{CommandError, Exit};
use crate::app::sandbox::{Sandbox, SandboxPlan};
use crate::app::{AppError, until_told_to_stop};
use crate::config::{LogFormat, LogSettings};
use crate::domain::codes::Key;
use crate::domain::tenant::TenantKey;
use crate::http::Connections;

/// Run the whole hub on this machine with nothing installed, with made-up tenants and agencies that answer
///
/// Makes its own certification authority and prints where things listen and commands to copy. Everything is kept in one folder; a second start goes on from it. For
/// trials only: its keys and certificates are not secret.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Folder that keeps the database, certificates and keys
    #[arg(long, value_name = "DIR", default_value = ".lienthong")]
    pub dir: PathBuf,

    /// Remove what the folder holds and, with --postgres, the hub's tables of that database, and begin anew
    #[arg(long)]
    pub fresh: bool,

    /// File N made-up dossiers through the HTTPS interface, in every format, and follow each to its end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub demo: Option<u32>,

    /// End when the demo has ended: 0 if nothing is missing, doubled or out of order, else 1
    #[arg(long, requires = "demo")]
    pub exit: bool,

    /// Write the demo's report to this file, as JSON
    #[arg(long, value_name = "FILE", requires = "demo")]
    pub report: Option<PathBuf>,

    /// Filings of the demo on their way at once
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub parallel: u32,

    /// Decides persons, papers, places and what agencies do: the same seed, the same demo
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How many times faster than real agencies the made-up ones answer
    #[arg(long, value_name = "FACTOR", default_value_t = 10_000.0, value_parser = speed_up, allow_negative_numbers = true)]
    pub speed_up: f64,

    /// Play this agency yourself: nobody answers for it. May be given several times. With --amqp-admin, the address of an agency's own queue is written to tenants/agency.KEY/amqp.url
    #[arg(long, value_name = "KEY")]
    pub leave: Vec<Key>,

    /// Take the formats of this folder too, each as `<name>/v<number>/adapter.toml`; one of them stands in for a shipped one of its name
    #[arg(long, value_name = "DIR")]
    pub adapters: Option<PathBuf>,

    /// Give a tenant of the city a format, beside those it has: it may file in it, or report statuses, and is told progress in it where
    /// it is the first of its formats that has a message for that. May be given several times. What an agency is sent is decided by
    /// the directory
    #[arg(long, value_name = "TENANT=NAME/VERSION", value_parser = tenant_format)]
    pub format: Vec<(TenantKey, String)>,

    /// Port of the partner listener (mutual TLS); 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    pub partner_port: u16,

    /// Port of the web listener (pages, public keys); 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub web_port: u16,

    /// Port of the operations listener (metrics, readiness); 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 9464)]
    pub operations_port: u16,

    /// Use this PostgreSQL instead of SQLite: postgres://user:password@host:port/database
    #[arg(long, value_name = "URL")]
    pub postgres: Option<String>,

    /// PEM file with the authorities of that PostgreSQL's certificate; with it TLS is required
    #[arg(long, value_name = "FILE", requires = "postgres")]
    pub postgres_ca: Option<PathBuf>,

    /// Use this RabbitMQ instead of the embedded broker: amqp(s)://user:password@host:port/vhost
    #[arg(long, value_name = "URL")]
    pub amqp: Option<String>,

    /// Its management interface, by which users of agencies are made: http(s)://user:password@host:port
    #[arg(long, value_name = "URL", requires = "amqp")]
    pub amqp_admin: Option<String>,

    /// PEM file with the authorities of that RabbitMQ's certificates, for amqps:// and https://
    #[arg(long, value_name = "FILE", requires = "amqp")]
    pub amqp_ca: Option<PathBuf>,

    /// How much is logged to standard error: level, or room=level, separated by commas
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    pub log: String,
}

/// More than nothing, and not without end: office time is divided by it.
fn speed_up(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor >= SLOWEST => Ok(factor),
        _ => Err(format!("a number from {SLOWEST}; 1 is the pace of a real office")),
    }
}

/// Who is given which format.
fn tenant_format(text: &str) -> Result<(TenantKey, String), String> {
    let example = "written like agent.a-001=so-mau/v1";
    let (tenant, format) = text.split_once('=').ok_or(example)?;
    let tenant = tenant
        .parse::<TenantKey>()
        .map_err(|error| format!("{tenant}: {error}; {example}"))?;
    Ok((tenant, format.to_owned()))
}

/// The slowest made-up office: a hundredth of a real one's pace.
const SLOWEST: f64 = 0.01;

/// Makes sure, before anything starts, that the report can be written where it is to go.
fn try_report(path: &Path) -> Result<(), AppError> {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened
        .map(drop)
        .map_err(AppError::io(format!("--report {}", path.display())))
}

pub(super) fn run(args: SandboxArgs) -> Result<Exit, CommandError> {
    let log = LogSettings {
        format: LogFormat::Text,
        filter: args.log.clone(),
    };
    super::serve::begin_log(&log)?;
    let good = run_hub(play(args))?;
    Ok(if good { Exit::Good } else { Exit::Findings })
}

/// Runs until the demo has ended or somebody says stop; says whether all was well.
async fn play(args: SandboxArgs) -> Result<bool, AppError> {
    if let Some(path) = &args.report {
        try_report(path)?;
    }
    // From here on whoever says stop is heard, and everything ends in order.
    let (stop, stopped) = watch::channel(false);
    let told_to_stop = tokio::spawn(async move {
        until_told_to_stop().await;
        stop.send_replace(true);
    });
    let until_stopped = || {
        let mut stopped = stopped.clone();
        async move { drop(stopped.wait_for(|stop| *stop).await) }
    };
    let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let sandbox = Sandbox::start(SandboxPlan {
        dir: args.dir,
        fresh: args.fresh,
        seed: args.seed,
        speed_up: args.speed_up,
        partner: local(args.partner_port),
        web: local(args.web_port),
        operations: local(args.operations_port),
        postgres: args.postgres,
        postgres_ca: args.postgres_ca,
        amqp: args.amqp,
        amqp_admin: args.amqp_admin,
        amqp_ca: args.amqp_ca,
        parallel: args.parallel as usize,
        agencies: true,
        left: args.leave,
        adapters: args.adapters,
        formats: args.format,
        connections: Connections::default(),
        proxies: Vec::new(),
    })
    .await?;
    print(&told::welcome(&sandbox, args.demo.is_some()));
    let mut good = true;
    if let Some(dossiers) = args.demo {
        let (progress, mut steps) = mpsc::unbounded_channel();
        let mut bar = demo_bar(u64::from(dossiers));
        let watching = tokio::spawn(async move {
            while let Some(step) = steps.recv().await {
                bar.note(&step);
            }
            bar.end();
        });
        let outcome = sandbox.demo(dossiers as usize, progress, until_stopped()).await?;
        drop(watching.await);
        good = outcome.is_clean();
        print(&told::told(&outcome));
        if let Some(path) = args.report {
            let json = serde_json::to_vec_pretty(&outcome).map_err(|e| AppError::Unusable(e.to_string()))?;
            std::fs::write(&path, json).map_err(AppError::io(path.display().to_string()))?;
        }
    }
    if !args.exit && !*stopped.borrow() {
        print("\nCtrl-C stops the sandbox; the next start goes on from its folder.\n");
        until_stopped().await;
    }
    told_to_stop.abort();
    sandbox.stop().await;
    Ok(good)
}

fn print(text: &str) {
    use std::io::Write as _;
    // Nobody reading is no reason to stop.
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
}
