//! The two stacks, each with a database and a broker of its own for one test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use lienthong::broker::admin::Admin;
use lienthong::domain::codes::Key;
use lienthong::domain::tenant::TenantKey;
use lienthong::net::dev_ca::DevCa;
use lienthong::net::outbound::{OutboundOptions, http_client};
use lienthong::store::{Backend, Postgres};

/// The services of the production stack, as `tests/run` names them.
pub struct Production {
    database: String,
    server: String,
    pub postgres: String,
    pub postgres_ca: Option<PathBuf>,
    pub amqp: String,
    pub amqp_admin: String,
    admin: Admin,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where these tests read what tests/run tells them"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn service(name: &str) -> String {
    told(name).unwrap_or_else(|| {
        panic!("{name} is not set: run tests/run, or `source` what `tests/run services` prints")
    })
}

/// The S3 service of the run, with its bucket.
pub fn s3() -> String {
    service("LIENTHONG_TEST_S3")
}

/// A name no other test of this run has, nor a run beside it.
pub fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Production {
    /// A fresh database and a fresh virtual host.
    pub async fn fresh(name: &str) -> Self {
        let unique = format!("{name}_{}", std::process::id());
        let server = service("LIENTHONG_TEST_POSTGRES");
        let postgres_ca = told("LIENTHONG_TEST_POSTGRES_CA").map(PathBuf::from);
        sql(&server, &format!("CREATE DATABASE {unique}")).await;
        let (base, _) = server.rsplit_once('/').expect("a URL ends with its database");
        let amqp = service("LIENTHONG_TEST_AMQP");
        let amqp_admin = service("LIENTHONG_TEST_AMQP_ADMIN");
        let root = DevCa::create(lienthong::clock::Clock::System.now())
            .unwrap()
            .root()
            .clone();
        let http = http_client(&OutboundOptions {
            roots: vec![root],
            identity: None,
            timeout: std::time::Duration::from_secs(30),
            connect_timeout: std::time::Duration::from_secs(5),
        })
        .unwrap();
        let admin = Admin::new(http, &amqp_admin, &unique).unwrap();
        admin.vhost_create().await.unwrap();
        let (broker, _) = amqp.rsplit_once('/').expect("a URL ends with its virtual host");
        Production {
            postgres: format!("{base}/{unique}"),
            amqp: format!("{broker}/{unique}"),
            database: unique,
            server,
            postgres_ca,
            amqp_admin,
            admin,
        }
    }

    /// What tells a sandbox to use them.
    pub fn arguments(&self) -> Vec<String> {
        let mut pairs = vec![
            ("--postgres", self.postgres.clone()),
            ("--amqp", self.amqp.clone()),
            ("--amqp-admin", self.amqp_admin.clone()),
        ];
        if let Some(ca) = &self.postgres_ca {
            pairs.push(("--postgres-ca", ca.display().to_string()));
        }
        let words = pairs
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]);
        words.collect()
    }

    /// The database, for a look behind the hub's back.
    pub fn backend(&self) -> Backend {
        let roots = self
            .postgres_ca
            .as_ref()
            .map(|path| lienthong::net::pem::certificates(&std::fs::read(path).unwrap()).unwrap());
        Backend::Postgres(Box::new(
            Postgres::new(&self.postgres, &roots.unwrap_or_default()).unwrap(),
        ))
    }

    /// The name of the database and of the virtual host.
    pub fn name(&self) -> &str {
        &self.database
    }

    /// What a hub on these finds in its surroundings.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LIENTHONG_DATABASE_URL", self.postgres.clone()),
            ("LIENTHONG_BROKER_URL", self.amqp.clone()),
            ("LIENTHONG_BROKER_ADMIN_URL", self.amqp_admin.clone()),
        ]
    }

    /// The change to the example of the settings that names PostgreSQL's authority, where it speaks TLS.
    pub fn ca_setting(&self) -> Option<(&'static str, String)> {
        let line = |path: &PathBuf| format!("ca_file = \"{}\"", path.display());
        let example = "#? ca_file = \"/etc/lienthong/database-ca.pem\"";
        self.postgres_ca.as_ref().map(|path| (example, line(path)))
    }

    /// Imports what `broker plan` prints, as `rabbitmqctl import_definitions` does.
    pub async fn import(&self, plan: &serde_json::Value) {
        self.admin.definitions_import(plan).await.unwrap();
    }

    /// Deletes users, who are not of one virtual host alone.
    pub async fn forget_users(&self, agencies: &[Key], tenants: &[TenantKey]) {
        for agency in agencies {
            self.admin.agency_user_delete(agency).await.unwrap();
        }
        for tenant in tenants {
            self.admin.tenant_user_delete(tenant).await.unwrap();
        }
    }

    /// Leaves nothing behind.
    pub async fn remove(self) {
        self.admin.vhost_delete().await.unwrap();
        sql(
            &self.server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.database),
        )
        .await;
    }
}

/// Runs one statement as the tests' own user, who may make databases.
async fn sql(server: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
        .await
        .expect("PostgreSQL");
    let connection = tokio::spawn(connection);
    client.batch_execute(statement).await.expect(statement);
    drop(client);
    drop(connection.await);
}

/// Three ports nobody uses now. Taken and given back, since a hub that is started again must find its old ones.
pub fn ports() -> [u16; 3] {
    let sockets = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().port())
}

/// A folder of this name under the tests' temporary folder, empty.
pub fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&dir));
    dir
}
