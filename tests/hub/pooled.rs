//! A real PgBouncer between the hub and PostgreSQL: session pooling works, transaction and statement pooling are refused at the start.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lienthong::store::condition::{Sessions, sessions};
use lienthong::store::conn::Connector;
use lienthong::store::ledger::SubmitOutcome;
use lienthong::store::{Backend, Postgres, Store, StoreError, StoreSizes};

use crate::backends::{Stage, setting};
use crate::papers::*;

const DEADLINE: Duration = Duration::from_secs(30);

/// A PgBouncer of the test's own, in front of the stage's database.
struct PgBouncer {
    child: Child,
    folder: PathBuf,
    url: String,
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn program() -> &'static str {
    // Debian keeps it where no user's PATH looks.
    if Path::new("/usr/sbin/pgbouncer").exists() {
        "/usr/sbin/pgbouncer"
    } else {
        "pgbouncer"
    }
}

impl PgBouncer {
    fn start(stage: &Stage, mode: &str, more: &str) -> PgBouncer {
        let url = setting("LIENTHONG_TEST_POSTGRES");
        let rest = url.strip_prefix("postgres://").expect("a URL of PostgreSQL");
        let (user, place) = rest.split_once('@').expect("with a user");
        let (user, password) = user.split_once(':').expect("and a password");
        let (address, _) = place.split_once('/').expect("and a database");
        let (host, server_port) = address.rsplit_once(':').expect("and a port");
        let database = stage.texts("SELECT current_database()::text AS t").remove(0);
        let folder = std::env::temp_dir().join(format!("lienthong-pooled-{}", crate::backends::unique()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let settings = folder.join("pgbouncer.ini");
        std::fs::write(
            &settings,
            format!(
                "[databases]\n{database} = host={host} port={server_port} user={user} password={password}\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
                 pool_mode = {mode}\nserver_tls_sslmode = prefer\n{more}\n"
            ),
        )
        .unwrap();
        // It does not run as root, and reads its settings as who it is.
        let mut command = Command::new(program());
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.args(["-u", "nobody"]);
            std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = command
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("PgBouncer (Debian: apt-get install pgbouncer; tests/run --install)");
        let bouncer = PgBouncer {
            child,
            url: format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}"),
            folder,
        };
        let until = Instant::now() + DEADLINE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = std::fs::read_to_string(bouncer.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "PgBouncer does not listen: {log}");
            std::thread::yield_now();
        }
        bouncer
    }

    fn backend(&self) -> Backend {
        Backend::Postgres(Box::new(Postgres::new(&self.url, &[]).unwrap()))
    }

    fn open(&self, stage: &Stage) -> Result<Store, StoreError> {
        let open = || {
            let sizes = StoreSizes {
                readers: 2,
                ..StoreSizes::default()
            };
            let (cipher, backend) = (Arc::clone(&stage.cipher), self.backend());
            Store::open(backend, cipher, sizes, true, &stage.clock, &stage.entropy)
        };
        std::thread::scope(|scope| scope.spawn(open).join().unwrap())
    }

    fn sessions(&self) -> Result<Sessions, StoreError> {
        let look = || sessions(&Connector::new(self.backend()));
        std::thread::scope(|scope| scope.spawn(look).join().unwrap())
    }
}

#[test]
fn session_pooling_works_and_what_is_set_holds() {
    Stage::postgres().play(async |stage| {
        stage.migrate();
        // As careful operators have it, and as careless ones: a session that is given back is not reset.
        for more in ["", "server_reset_query =", "ignore_startup_parameters = options"] {
            let bouncer = PgBouncer::start(stage, "session", more);
            assert_eq!(bouncer.sessions().unwrap(), Sessions::default(), "{more}");
            let store = bouncer.open(stage).unwrap();
            let outcome = store.ledger.ask(filing(stage, &format!("pooled {more}"))).await;
            assert_eq!(outcome.unwrap(), SubmitOutcome::Committed);
        }
        assert_eq!(stage.audit().findings, []);
    });
}

#[test]
fn transaction_and_statement_pooling_are_refused_at_the_start() {
    Stage::postgres().play(async |stage| {
        stage.migrate();
        for (mode, more) in [
            ("transaction", ""),
            ("transaction", "server_round_robin = 1"),
            ("transaction", "default_pool_size = 1"),
            ("statement", ""),
        ] {
            let bouncer = PgBouncer::start(stage, mode, more);
            let refused = bouncer.open(stage).err();
            assert!(
                matches!(refused, Some(StoreError::Sessions(_))),
                "{mode} {more}: {refused:?}"
            );
            assert!(refused.unwrap().to_string().contains("pool_mode = session"));
        }
        assert_eq!(stage.rows("dossiers"), 0);
    });
}
