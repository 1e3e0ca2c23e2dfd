//! One installation under measurement: a folder with settings, a fresh database, a fresh virtual host, migrated and filled by the
//! commands an operator uses, and the hubs that serve it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::{BenchError, Result};
use super::ground::{DIRECTORY, Ground, PULLED};
use super::hub::{Ended, HubProcess, command, write_private};
use super::meter::Meter;
use super::services::Services;
use crate::broker::Broker;
use crate::broker::admin::Admin;
use crate::domain::codes::Key;
use crate::store::Postgres;
use crate::store::raw::{Session, SqliteReader};

/// The file with the database, on SQLite.
const SQLITE: &str = "hub.sqlite";

/// What an installation stands on.
#[derive(Clone)]
pub enum Stack {
    /// SQLite and the broker inside the hub.
    Embedded,
    /// PostgreSQL and RabbitMQ.
    Services(Arc<Services>),
}

/// The services of one installation.
struct Own {
    services: Arc<Services>,
    postgres: Postgres,
    admin: Admin,
    amqp: String,
    agency: String,
}

/// An installation. Dropped, its hubs are killed.
pub struct Site {
    /// Its folder.
    pub dir: PathBuf,
    /// The agency that decides all that is filed.
    pub agency: Key,
    /// Whether the settings name a broker that is not there.
    away: bool,
    executable: PathBuf,
    own: Option<Own>,
    hubs: Vec<HubProcess>,
    ended: Vec<Ended>,
    /// Where each hub listens for partners; the first is what all of them call themselves.
    ports: Vec<[u16; 3]>,
}

impl Site {
    /// Makes one of this name, with settings for so many hubs; none is started.
    ///
    /// # Errors
    /// A command or a service that fails.
    pub async fn make(ground: &Ground, stack: &Stack, name: &str, hubs: usize) -> Result<Self> {
        let dir = ground.dir.join(name);
        std::fs::create_dir_all(&dir).map_err(BenchError::of(dir.display()))?;
        let own = match stack {
            Stack::Embedded => None,
            Stack::Services(services) => {
                let name = format!("{}_{}", ground.name, name.replace('-', "_"));
                Some(Own::make(services, &name, &dir, &ground.agency).await?)
            }
        };
        let ports = (0..hubs).map(|_| ports()).collect::<Result<Vec<_>>>()?;
        let site = Site {
            dir,
            agency: ground.agency.clone(),
            away: false,
            executable: ground.hub.clone(),
            own,
            hubs: Vec::new(),
            ended: Vec::new(),
            ports,
        };
        for number in 0..hubs {
            site.settings(number, "broker.url")?;
        }
        let settings = file(0);
        site.command(&["migrate", "--config", &settings]).await?;
        site.command(&[
            "directory",
            "import",
            "../directory",
            "--yes",
            "--config",
            &settings,
        ])
        .await?;
        let tenants = serde_json::to_string(&ground.newcomers()?).map_err(BenchError::of("tenants"))?;
        write_private(&site.dir.join("tenants.json"), &tenants)?;
        site.command(&[
            "tenant",
            "register",
            "--file",
            "tenants.json",
            "--config",
            &settings,
        ])
        .await?;
        Ok(site)
    }

    /// The folder of its directory: without RabbitMQ agencies pull.
    fn directory(&self) -> &'static str {
        if self.own.is_some() { DIRECTORY } else { PULLED }
    }

    async fn command(&self, line: &[&str]) -> Result<()> {
        command(&self.executable, &self.dir, line).await
    }

    /// Writes the settings of a hub; the broker's address is read from `broker`, which a measurement may name another.
    ///
    /// # Errors
    /// They cannot be written.
    fn settings(&self, number: usize, broker: &str) -> Result<()> {
        let [partner, web, operations] = self.ports[number];
        let [named, _, _] = self.ports[0];
        let stack = match &self.own {
            None => format!("[database]\nurl = \"sqlite:{SQLITE}\"\n[broker]\nurl = \"embedded\"\n"),
            Some(own) => {
                let [postgres, amqp] = own.services.authorities().map(|ca| {
                    let path = ca.and_then(|path| std::fs::canonicalize(path).ok());
                    path.map_or_else(String::new, |path| format!("ca_file = \"{}\"\n", path.display()))
                });
                format!(
                    "[database]\nurl_file = \"database.url\"\n{postgres}[broker]\nurl_file = \"{broker}\"\n{amqp}"
                )
            }
        };
        let directory = self.directory();
        let text = format!(
            r#"{stack}
[partner]
listen = "127.0.0.1:{partner}"
public_url = "https://localhost:{named}"
certificate_file = "../tls/server.pem"
key_file = "../tls/server.key"
client_ca_files = ["../tls/ca.pem"]
[web]
listen = "127.0.0.1:{web}"
public_url = "https://localhost:{web}"
certificate_file = "../tls/server.pem"
key_file = "../tls/server.key"
[operations]
listen = "127.0.0.1:{operations}"
[outbound]
allow_hosts = ["localhost"]
[tokens]
signing_key_file = "../keys/tokens.key"
receipt_key_file = "../keys/receipts.key"
[keys]
current = "k1"
encryption = {{ k1 = "../keys/k1.hex" }}
blind_index_file = "../keys/blind.hex"
lookup_file = "../keys/lookup.hex"
[directory]
folder = "../{directory}"
allow_provisional = true
[log]
filter = "warn"
"#
        );
        write_private(&self.dir.join(file(number)), &text)
    }

    /// Writes the settings anew, with the broker or with an address where there is none: a hub without its broker takes everything
    /// and hands out nothing.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn broker_is(&mut self, there: bool) -> Result<()> {
        self.away = !there;
        let nowhere = "nowhere.url";
        if !there {
            let [port, ..] = ports()?;
            let url = format!("amqp://nobody:nothing@127.0.0.1:{port}/nowhere");
            write_private(&self.dir.join(nowhere), &url)?;
        }
        let file = if there { "broker.url" } else { nowhere };
        (0..self.ports.len()).try_for_each(|number| self.settings(number, file))
    }

    /// Starts the hubs, one after another, until each is ready.
    ///
    /// # Errors
    /// One that does not become ready.
    pub async fn start(&mut self) -> Result<()> {
        for number in 0..self.ports.len() {
            let [.., operations] = self.ports[number];
            let hub = HubProcess::start(&self.executable, &self.dir, &file(number), operations).await?;
            self.hubs.push(hub);
        }
        Ok(())
    }

    /// Stops the hubs as an operator does.
    ///
    /// # Errors
    /// One that does not end.
    pub async fn stop(&mut self) -> Result<()> {
        for hub in self.hubs.drain(..) {
            let mut ended = hub.stop().await?;
            if self.away {
                // It was to be without its broker; that it says so is no news.
                (ended.lines, ended.first) = (0, Vec::new());
            }
            self.ended.push(ended);
        }
        Ok(())
    }

    /// How the hubs that were stopped ended.
    pub fn ended(&self) -> &[Ended] {
        &self.ended
    }

    /// Where a hub is called, `localhost:PORT`.
    pub fn address(&self, number: usize) -> (String, u16) {
        let [port, ..] = self.ports[number % self.ports.len()];
        (format!("localhost:{port}"), port)
    }

    /// Who works here.
    pub fn meter(&self) -> Meter {
        Meter {
            hubs: self.hubs.iter().map(HubProcess::pid).collect(),
            postgres: self.own.as_ref().and_then(|own| own.services.postgres_pid),
            rabbitmq: self.own.as_ref().and_then(|own| own.services.rabbitmq_pid),
        }
    }

    /// Its PostgreSQL.
    pub fn postgres(&self) -> Option<&Postgres> {
        self.own.as_ref().map(|own| &own.postgres)
    }

    /// The services it stands on.
    pub fn services(&self) -> Option<&Arc<Services>> {
        self.own.as_ref().map(|own| &own.services)
    }

    /// The management of its virtual host.
    pub fn admin(&self) -> Option<&Admin> {
        self.own.as_ref().map(|own| &own.admin)
    }

    /// Its broker as the hub's own user, under a name of its own.
    ///
    /// # Errors
    /// An installation without RabbitMQ.
    pub fn rabbit(&self) -> Result<crate::broker::Rabbit> {
        let own = self.own.as_ref().ok_or_else(|| BenchError::said("no RabbitMQ"))?;
        own.services.rabbit(&own.amqp, "bench")
    }

    /// Its broker as the agency sees it.
    ///
    /// # Errors
    /// An installation without RabbitMQ.
    pub fn agencys_broker(&self) -> Result<Broker> {
        let own = self.own.as_ref().ok_or_else(|| BenchError::said("no RabbitMQ"))?;
        Ok(Broker::Rabbit(own.services.rabbit(&own.agency, "bench agency")?))
    }

    /// A number the database gives; the query names it `number`.
    ///
    /// # Errors
    /// A database that is away.
    pub async fn number(&self, query: &str) -> Result<i64> {
        let what = BenchError::of::<crate::store::StoreError>("the database");
        match self.postgres() {
            Some(postgres) => {
                let session = Session::open(postgres).await.map_err(&what)?;
                session.number(query).await.map_err(what)
            }
            None => {
                let query = query.to_owned();
                beside(self.dir.join(SQLITE), move |file| file.number(&query)).await
            }
        }
    }

    /// Texts the database gives; the query names them `text`.
    ///
    /// # Errors
    /// A database that is away.
    pub async fn texts(&self, query: &str) -> Result<Vec<String>> {
        let what = BenchError::of::<crate::store::StoreError>("the database");
        match self.postgres() {
            Some(postgres) => {
                let session = Session::open(postgres).await.map_err(&what)?;
                session.texts(query).await.map_err(what)
            }
            None => {
                let query = query.to_owned();
                beside(self.dir.join(SQLITE), move |file| file.texts(&query)).await
            }
        }
    }
}

impl Own {
    async fn make(services: &Arc<Services>, name: &str, dir: &std::path::Path, agency: &Key) -> Result<Self> {
        let url = services.database(name).await?;
        write_private(&dir.join("database.url"), &url)?;
        let (amqp, admin) = services.vhost(name).await?;
        write_private(&dir.join("broker.url"), &amqp)?;
        // The name of the run is in no log; as a password it is as good as any for the minutes it lives.
        let agency = services.agency(&admin, &amqp, agency, name).await?;
        Ok(Own {
            postgres: services.postgres(&url)?,
            services: Arc::clone(services),
            admin,
            amqp,
            agency,
        })
    }
}

/// Asks a file of SQLite, where it may block.
async fn beside<T: Send + 'static>(
    path: PathBuf,
    ask: impl FnOnce(&mut SqliteReader) -> std::result::Result<T, crate::store::StoreError> + Send + 'static,
) -> Result<T> {
    let asked = tokio::task::spawn_blocking(move || ask(&mut SqliteReader::open(&path)?)).await;
    asked
        .map_err(BenchError::of("the database"))?
        .map_err(BenchError::of("the database"))
}

/// The name of a hub's settings; its log has the same with another ending.
fn file(number: usize) -> String {
    format!("hub-{number}.toml")
}

/// The first port that is tried, and how many are: below those that a system gives to connections that go out, or one of those would
/// have it before the hub does.
const PORTS: (u32, u32) = (16_384, 16_000);

/// Three ports nobody uses now. Taken and given back: a hub that is started again must find its old ones.
fn ports() -> Result<[u16; 3]> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (first, span) = PORTS;
    // Two runs at once begin at different places.
    let begin = std::process::id().wrapping_mul(101);
    let mut found = Vec::with_capacity(3);
    for _ in 0..span {
        let next = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % span;
        let port = u16::try_from(first + next).map_err(BenchError::of("a port"))?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            found.push(port);
        }
        if let [partner, web, operations] = found[..] {
            return Ok([partner, web, operations]);
        }
    }
    Err(BenchError::said("no three ports are free"))
}
