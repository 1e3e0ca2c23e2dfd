//! One test body, two databases: [`on_both`] makes `name::sqlite` and `name::postgres` of it.
//!
//! Each test has a database of its own: a file in a folder, or a fresh database on the server of the run, removed afterwards
//! whatever happened. Nothing is shared, so tests run side by side.

use parking_lot::{Mutex, MutexGuard};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use lienthong::blobs::{Blobs, Folder};
use lienthong::clock::{Clock, Entropy};
use lienthong::domain::time::Timestamp;
use lienthong::net::pem;
use lienthong::store::conn::{Conn, Connector, Purpose};
use lienthong::store::read::{AuditReport, verify};
use lienthong::store::{Backend, Cipher, Postgres, Store, StoreSizes, migrate, partitions};
use rand::rngs::StdRng;

/// Longer than any test takes; a test that waits for what never comes fails here.
const DEADLINE: Duration = Duration::from_secs(120);

/// Makes two tests of one body: `async fn name(stage) { … }` becomes `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($stage:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn body($stage: &crate::backends::Stage) $body

            #[test]
            fn sqlite() {
                crate::backends::Stage::sqlite().play(async |stage| body(stage).await);
            }

            #[test]
            fn postgres() {
                crate::backends::Stage::postgres().play(async |stage| body(stage).await);
            }
        }
    )*};
}
pub(crate) use on_both;

/// What whoever runs the tests has set. Missing is a failure, never a skip.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' settings come from whoever runs them, and are read here only"
)]
pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run tests/run, or `source <(tests/run services --background DIR)`")
    })
}

/// As [`setting`], for what may be left out.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' settings come from whoever runs them, and are read here only"
)]
pub fn optional_setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A name no other test of this run has, nor a run beside it.
pub fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The moment the manual clock of every stage starts at: a Monday morning in Hanoi.
pub fn monday() -> Timestamp {
    "2026-11-23T08:00:00+07:00".parse().unwrap()
}

/// Where one test plays.
pub struct Stage {
    backend: Backend,
    connector: Connector,
    /// The time of every store opened here. It moves by hand.
    pub clock: Clock,
    /// Chance of every store opened here.
    pub entropy: Entropy,
    /// The keys of every store opened here.
    pub cipher: Arc<Cipher>,
    rng: Mutex<StdRng>,
    files: PathBuf,
    _files: Place,
    // Last, so that it is removed when nothing uses it any more.
    _place: Place,
}

/// What was made for the test and goes with it.
enum Place {
    Folder(PathBuf),
    Database { server: Connector, name: String },
}

impl Drop for Place {
    fn drop(&mut self) {
        match self {
            Place::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            // By force: a store's threads may not have noticed yet that nobody needs them.
            Place::Database { server, name } => match server.open(Purpose::Migration) {
                Ok(mut conn) => drop(run(
                    &mut conn,
                    &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                )),
                Err(error) => eprintln!("database {name} is left behind: {error}"),
            },
        }
    }
}

/// Runs statements.
pub fn run(conn: &mut Conn, sql: &str) -> QueryResult<()> {
    match conn {
        Conn::Pg(c) => c.batch_execute(sql),
        Conn::Sqlite(c) => c.batch_execute(sql),
    }
}

/// The one number a query gives, which it must call `n`.
pub fn number(conn: &mut Conn, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let found: QueryResult<Number> = match conn {
        Conn::Pg(c) => diesel::sql_query(sql).get_result(&mut **c),
        Conn::Sqlite(c) => diesel::sql_query(sql).get_result(c),
    };
    found.unwrap_or_else(|e| panic!("{sql}: {e}")).n
}

fn server(url: &str) -> Backend {
    let roots = optional_setting("LIENTHONG_TEST_POSTGRES_CA").map_or_else(Vec::new, |path| {
        let text = std::fs::read(&path)
            .unwrap_or_else(|e| panic!("{path}, named by LIENTHONG_TEST_POSTGRES_CA: {e}"));
        pem::certificates(&text).expect("LIENTHONG_TEST_POSTGRES_CA names a file of certificates")
    });
    Backend::Postgres(Box::new(
        Postgres::new(url, &roots).expect("LIENTHONG_TEST_POSTGRES is a usable address"),
    ))
}

impl Stage {
    /// On SQLite, in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hub_{}", unique()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("hub.db");
        Self::on(Backend::Sqlite { path }, Place::Folder(folder))
    }

    /// On PostgreSQL, in a database of its own; over TLS where the run names an authority.
    pub fn postgres() -> Self {
        let url = setting("LIENTHONG_TEST_POSTGRES");
        let name = format!("lt_hub_{}", unique());
        let (base, _) = url.rsplit_once('/').expect("the address names a database");
        let backend = server(&format!("{base}/{name}"));
        let server = Connector::new(server(&url));
        let mut conn = server.open(Purpose::Migration).unwrap_or_else(|e| {
            panic!("the PostgreSQL named by LIENTHONG_TEST_POSTGRES: {e}; see tests/run")
        });
        run(&mut conn, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        run(&mut conn, &format!("CREATE DATABASE {name}")).unwrap();
        drop(conn);
        Self::on(backend, Place::Database { server, name })
    }

    fn on(backend: Backend, place: Place) -> Self {
        let entropy = Entropy::seeded(7);
        let files = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hub_files_{}", unique()));
        Stage {
            _files: Place::Folder(files.clone()),
            files,
            connector: Connector::new(backend.clone()),
            backend,
            clock: Clock::manual(monday()),
            rng: Mutex::new(entropy.generator()),
            entropy,
            cipher: Arc::new(Cipher::new("test", &[("test".to_owned(), [3; 32])], &[4; 32]).unwrap()),
            _place: place,
        }
    }

    /// On the machine's own time: for what moves by itself.
    #[must_use]
    pub fn now(mut self) -> Self {
        self.clock = Clock::System;
        self
    }

    /// Runs a test body on a runtime of its own.
    pub fn play(self, body: impl AsyncFnOnce(&Stage)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            tokio::time::timeout(DEADLINE, body(&self))
                .await
                .expect("the test waits for what never comes");
        });
        // Before the database goes: nothing is to be at work in it.
        drop(runtime);
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.connector.is_postgres()
    }

    /// A store on this database, migrated. Opened twice, they are two hubs.
    pub fn open(&self) -> Store {
        self.open_with(StoreSizes {
            readers: 2,
            ..StoreSizes::default()
        })
    }

    /// A store with these limits.
    pub fn open_with(&self, sizes: StoreSizes) -> Store {
        apart(|| {
            Store::open(
                self.backend.clone(),
                Arc::clone(&self.cipher),
                sizes,
                true,
                &self.clock,
                &self.entropy,
            )
            .unwrap()
        })
    }

    /// Where attachments are kept here: a folder that goes with the stage.
    pub fn blobs(&self) -> Blobs {
        Blobs::Folder(Folder::open(&self.files).unwrap())
    }

    /// That folder.
    pub fn files(&self) -> &Path {
        &self.files
    }

    /// Opens connections to this database, on a thread of one's own.
    pub fn connector(&self) -> Connector {
        self.connector.clone()
    }

    /// A connection of the test's own, behind the store's back.
    pub fn behind<T: Send>(&self, work: impl FnOnce(&mut Conn) -> T + Send) -> T {
        apart(|| work(&mut self.connector.open(Purpose::Migration).unwrap()))
    }

    /// Runs statements behind the store's back.
    pub fn execute(&self, sql: &str) {
        self.behind(|conn| run(conn, sql).unwrap_or_else(|e| panic!("{sql}: {e}")));
    }

    /// See [`number`].
    pub fn number(&self, sql: &str) -> i64 {
        self.behind(|conn| number(conn, sql))
    }

    /// How many rows a table has.
    pub fn rows(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS n FROM {table}"))
    }

    /// How many deliveries the broker has not confirmed.
    pub fn unsent(&self) -> i64 {
        self.rows("deliveries WHERE send_at IS NOT NULL")
    }

    /// Every limit of every dossier, by limit: its word, how it stands, and the dossier.
    pub fn limits(&self) -> Vec<(String, String, String)> {
        let mut limits = Vec::new();
        for line in self.texts("SELECT id || ' ' || running AS t FROM dossiers WHERE running IS NOT NULL") {
            let (dossier, running) = line.split_once(' ').unwrap();
            let running: serde_json::Map<String, serde_json::Value> = serde_json::from_str(running).unwrap();
            limits.extend(
                running
                    .into_iter()
                    .map(|(kind, _)| (kind, "running".to_owned(), dossier.to_owned())),
            );
        }
        for line in self.texts("SELECT kind || ' ' || stage || ' ' || dossier AS t FROM watches") {
            let parts: Vec<&str> = line.split(' ').collect();
            limits.push((parts[0].to_owned(), parts[1].to_owned(), parts[2].to_owned()));
        }
        limits.sort();
        limits
    }

    /// The words of the limits, as [`Self::limits`].
    pub fn limit_words(&self) -> Vec<String> {
        self.limits().into_iter().map(|(kind, _, _)| kind).collect()
    }

    /// The texts a query gives, which it must call `t`.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = diesel::sql_types::Text)]
            t: String,
        }
        self.behind(|conn| {
            let found: QueryResult<Vec<Line>> = match conn {
                Conn::Pg(c) => diesel::sql_query(sql).load(&mut **c),
                Conn::Sqlite(c) => diesel::sql_query(sql).load(c),
            };
            let lines = found.unwrap_or_else(|e| panic!("{sql}: {e}"));
            lines.into_iter().map(|line| line.t).collect()
        })
    }

    /// Applies every migration and makes the partitions, without starting a store.
    pub fn migrate(&self) {
        self.behind(|conn| {
            migrate::up(conn).unwrap();
            let kept = partitions::keep_on(conn, self.clock.now()).unwrap();
            assert_eq!(kept.later, []);
        });
    }

    /// What `audit verify` says.
    pub fn audit(&self) -> AuditReport {
        self.behind(|conn| verify(conn, &self.cipher, None).unwrap())
    }

    /// The test's own chance.
    pub fn rng(&self) -> MutexGuard<'_, StdRng> {
        self.rng.lock()
    }

    /// Moves the clock.
    pub fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Runs on a thread of its own, because the store blocks where async code must not.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        scope
            .spawn(work)
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Waits until `found` gives something; asks again each time others have had a turn, and at the latest every few milliseconds.
pub async fn eventually<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let mut turn = tokio::time::interval(Duration::from_millis(10));
    tokio::time::timeout(DEADLINE / 2, async {
        loop {
            if let Some(value) = found().await {
                return value;
            }
            turn.tick().await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("never: {what}"))
}
