//! kill -9 of the hub while dossiers are filed, carried and answered; started again, it goes on. Several times in one run.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lienthong::app::sandbox::{SandboxFolder, Speakers, Ways, mailboxes, shipped_directory};
use lienthong::client::Retry;
use lienthong::clock::{Clock, Entropy};
use lienthong::domain::routing::Directory;
use lienthong::domain::tenant::TenantKey;
use lienthong::sim::catalogue::FilingCatalogue;
use lienthong::sim::demo::Demo;
use lienthong::sim::outcome::RunProgress;
use lienthong::sim::person::NAME_MARK;
use lienthong::store::conn::{Connector, Purpose};
use lienthong::store::{Backend, Cipher, read};
use tokio::sync::mpsc;

use crate::stack::{Production, folder, ports};

const DOSSIERS: usize = 60;

/// A hub in a process of its own.
pub struct Hub {
    pub child: Child,
    pub dir: PathBuf,
    arguments: Vec<String>,
}

impl Hub {
    pub fn start(dir: &Path, more: &[String]) -> Self {
        let [partner, web, operations] = ports();
        let mut arguments = vec![
            "sandbox".to_owned(),
            "--dir".to_owned(),
            dir.display().to_string(),
        ];
        for (name, port) in [
            ("--partner-port", partner),
            ("--web-port", web),
            ("--operations-port", operations),
        ] {
            arguments.extend([name.to_owned(), port.to_string()]);
        }
        arguments.extend(more.iter().cloned());
        let child = spawn(&arguments);
        Hub {
            child,
            dir: dir.to_owned(),
            arguments,
        }
    }

    pub fn partner_url(&self) -> String {
        format!("https://localhost:{}", self.arguments[4])
    }

    /// SIGKILL: no handler runs, nothing is flushed, nothing is said.
    fn kill_and_start_again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.arguments);
    }

    pub async fn answers(&self) {
        let tenant: TenantKey = "branch.tay-ho".parse().unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let mut look = tokio::time::interval(Duration::from_millis(100));
        loop {
            look.tick().await;
            // The certificate is there as soon as the hub has enrolled the city.
            if self.dir.join("tenants/branch.tay-ho/cert.pem").exists() && self.speaks(&tenant).await {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "the hub does not answer");
        }
    }

    async fn speaks(&self, tenant: &TenantKey) -> bool {
        let state = SandboxFolder::open(&self.dir, Clock::System.now()).unwrap();
        let partner = speakers(&state, self.partner_url(), Retry::BRIEF)
            .partner(tenant, None)
            .unwrap();
        partner.token().await.is_ok()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the hub writes to its log, of all its lives.
fn log_of(dir: &Path) -> PathBuf {
    dir.with_extension("log")
}

fn spawn(arguments: &[String]) -> Child {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log_of(Path::new(&arguments[2])))
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_lienthong"))
        .args(arguments)
        .args(["--log", "info,lienthong=debug"])
        .stderr(log)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

pub fn speakers(state: &SandboxFolder, partner_url: String, retry: Retry) -> Speakers<'_> {
    Speakers {
        state,
        partner_url,
        clock: Clock::System,
        entropy: Entropy::System,
        retry,
    }
}

/// Runs the demo against a hub that is killed after every so many steps of it.
async fn demo_over_kills(hub: &mut Hub) -> SandboxFolder {
    hub.answers().await;
    let state = SandboxFolder::open(&hub.dir, Clock::System.now()).unwrap();
    let directory = Directory::read(&shipped_directory()).unwrap();
    // Every fourth submitter is called, by a hub that is killed while it calls.
    let ways = Ways {
        mailboxes: mailboxes(&state, &Clock::System).await.unwrap(),
        queues: None,
    };
    let demo = Demo {
        dossiers: DOSSIERS,
        filers: speakers(&state, hub.partner_url(), Retry::PATIENT)
            .filers(&directory, &ways)
            .unwrap(),
        catalogue: Arc::new(FilingCatalogue::of(&directory, Clock::System.now().date()).unwrap()),
        seed: 7,
        run: "kill".to_owned(),
        parallel: 8,
        stall: Duration::from_secs(120),
    };
    let (progress, mut steps) = mpsc::unbounded_channel();
    let running = tokio::spawn(demo.run(Clock::System, progress));
    // While filings are taken, while agencies answer, while results are handed over.
    let mut kills = vec![
        (RunProgress::Filed, 5),
        (RunProgress::Filed, 30),
        (RunProgress::Delivered, 35),
        (RunProgress::Ended, 30),
    ];
    let (mut filed, mut delivered, mut ended, mut killed) = (0, 0, 0, 0);
    while let Some(step) = steps.recv().await {
        match step {
            RunProgress::Filed => filed += 1,
            RunProgress::Delivered => delivered += 1,
            RunProgress::Ended => ended += 1,
            _ => {}
        }
        let due = |(kind, count): &(RunProgress, i32)| match kind {
            RunProgress::Filed => filed >= *count,
            RunProgress::Delivered => delivered >= *count,
            _ => ended >= *count,
        };
        if kills.first().is_some_and(due) {
            kills.remove(0);
            killed += 1;
            hub.kill_and_start_again();
        }
    }
    let outcome = running.await.unwrap();
    assert_eq!(
        killed, 4,
        "the run ended before the hub was killed as often as planned"
    );
    assert_eq!(outcome.total.filed, DOSSIERS, "{:#?}", outcome.faults);
    assert!(outcome.is_clean(), "{:#?}", outcome.faults);
    state
}

/// Nobody's name, number or token is in the log of the whole demo, at the level an operator turns on to find a fault.
fn tells_nothing(dir: &Path) {
    let log = std::fs::read_to_string(log_of(dir)).unwrap();
    assert!(log.lines().count() > DOSSIERS, "the log is not written");
    for secret in [NAME_MARK, "eyJ", "\"name\"", "Bearer "] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    // Identity numbers begin with 000 and have twelve digits, phones with 0000 and ten.
    let numbers = log.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let personal = numbers
        .filter(|n| n.starts_with("000") && (10..=12).contains(&n.len()))
        .find(|n| n.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(personal, None);
    std::fs::remove_file(log_of(dir)).unwrap();
}

/// The chain verifies, the state rows are what the events say, and there is one dossier a filing.
async fn audited(backend: Backend, state: &SandboxFolder) {
    let mut rng = Entropy::System.generator();
    let storage = state.secret("storage.key", &mut rng).unwrap();
    let blind = state.secret("blind.key", &mut rng).unwrap();
    let cipher = Cipher::new("sandbox", &[("sandbox".to_owned(), storage)], &blind).unwrap();
    let report = tokio::task::spawn_blocking(move || {
        // The connector owns the runtime its connections live on.
        let connector = Connector::new(backend);
        let mut conn = connector.open(Purpose::Reader).unwrap();
        read::verify(&mut conn, &cipher, None).unwrap()
    })
    .await
    .unwrap();
    assert_eq!(report.findings, [], "after {} blocks", report.blocks);
    assert_eq!(report.dossiers, DOSSIERS as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_killed_hub_loses_and_doubles_nothing_on_sqlite() {
    let dir = folder("kill-sqlite");
    let mut hub = Hub::start(&dir, &[]);
    let state = demo_over_kills(&mut hub).await;
    drop(hub);
    tells_nothing(&dir);
    audited(
        Backend::Sqlite {
            path: state.database(),
        },
        &state,
    )
    .await;
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_killed_hub_loses_and_doubles_nothing_on_postgres_and_rabbitmq() {
    let services = Production::fresh("kill").await;
    let dir = folder("kill-production");
    let mut hub = Hub::start(&dir, &services.arguments());
    let state = demo_over_kills(&mut hub).await;
    drop(hub);
    tells_nothing(&dir);
    audited(services.backend(), &state).await;
    services.remove().await;
    std::fs::remove_dir_all(&dir).unwrap();
}
