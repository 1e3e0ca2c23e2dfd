//! Databases and virtual hosts that are made for one measurement, and what has to be removed afterwards, come what may.

use std::time::Duration;

use parking_lot::Mutex;
use reqwest::Url;
use rustls::pki_types::CertificateDer;

use super::error::{BenchError, Result};
use super::machine;
use super::plan::Services as Named;
use crate::broker::Rabbit;
use crate::broker::admin::Admin;
use crate::broker::rabbit::Options;
use crate::broker::topology::agency_name;
use crate::domain::codes::Key;
use crate::net::outbound::{OutboundOptions, http_client};
use crate::net::pem;
use crate::store::Postgres;
use crate::store::raw::Session;

/// Something that was made and is not this process' own.
enum Made {
    Database(String),
    Vhost(String),
    Agency(Key),
}

/// The servers, and what was made on them.
pub struct Services {
    named: Named,
    postgres_roots: Vec<CertificateDer<'static>>,
    amqp_ca: Option<String>,
    admin: Admin,
    made: Mutex<Vec<Made>>,
    /// The postmaster, where it is on this machine.
    pub postgres_pid: Option<u32>,
    /// RabbitMQ, where it is on this machine.
    pub rabbitmq_pid: Option<u32>,
    /// PostgreSQL's version.
    pub postgres_version: String,
    /// RabbitMQ's version.
    pub rabbitmq_version: String,
    /// How PostgreSQL is set to keep what it has answered.
    pub durability: Vec<(&'static str, String)>,
}

/// The settings without which an answered commit may be lost.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

impl Services {
    /// Reaches both; `root` stands in where the management interface has no authority of its own, and is then not asked for.
    ///
    /// # Errors
    /// A server that is away, or a file that cannot be read.
    pub async fn reach(named: &Named, root: &CertificateDer<'static>) -> Result<Self> {
        let read =
            |path: &std::path::PathBuf| std::fs::read_to_string(path).map_err(BenchError::of(path.display()));
        let certificates = |text: &String| pem::certificates(text.as_bytes()).map_err(BenchError::of("PEM"));
        let postgres_ca = named.postgres_ca.as_ref().map(read).transpose()?;
        let postgres_roots = postgres_ca
            .as_ref()
            .map(certificates)
            .transpose()?
            .unwrap_or_default();
        let amqp_ca = named.amqp_ca.as_ref().map(read).transpose()?;
        let mut roots = vec![root.clone()];
        roots.extend(
            amqp_ca
                .as_ref()
                .map(certificates)
                .transpose()?
                .unwrap_or_default(),
        );
        let http = http_client(&OutboundOptions {
            roots,
            identity: None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
        })
        .map_err(BenchError::of("--amqp-admin"))?;
        let admin = Admin::new(http, &named.amqp_admin, "/").map_err(BenchError::of("--amqp-admin"))?;
        let postgres =
            Postgres::new(&named.postgres, &postgres_roots).map_err(BenchError::of("--postgres"))?;
        let session = Session::open(&postgres)
            .await
            .map_err(BenchError::of("--postgres"))?;
        let asked = BenchError::of::<crate::store::StoreError>;
        let pid = session
            .number("SELECT pg_backend_pid()::bigint")
            .await
            .map_err(asked("--postgres"))?;
        let mut durability = Vec::new();
        for name in DURABLE {
            durability.push((name, session.shows(name).await.map_err(asked("--postgres"))?));
        }
        let nodes = admin.nodes().await.map_err(BenchError::of("--amqp-admin"))?;
        Ok(Services {
            // A process of that number on this machine may be anything, where the server is on another.
            postgres_pid: u32::try_from(pid)
                .ok()
                .filter(|pid| machine::is(*pid, "postgres"))
                .and_then(machine::parent)
                .filter(|pid| machine::is(*pid, "postgres")),
            rabbitmq_pid: nodes
                .first()
                .and_then(|node| node.pid)
                .filter(|pid| machine::is(*pid, "beam")),
            postgres_version: session
                .shows("server_version")
                .await
                .map_err(asked("--postgres"))?,
            rabbitmq_version: admin.version().await.map_err(BenchError::of("--amqp-admin"))?,
            named: named.clone(),
            postgres_roots,
            amqp_ca,
            admin,
            made: Mutex::default(),
            durability,
        })
    }

    fn note(&self, made: Made) {
        self.made.lock().push(made);
    }

    /// A database of this name, empty; its address.
    ///
    /// # Errors
    /// The server does not make it.
    pub async fn database(&self, name: &str) -> Result<String> {
        let session = self.session(&self.named.postgres).await?;
        self.note(Made::Database(name.to_owned()));
        let made = session.run(&format!("CREATE DATABASE {name}")).await;
        made.map_err(BenchError::of(format!("database {name}")))?;
        with_path(&self.named.postgres, name)
    }

    /// The PostgreSQL of an address, reached as told.
    ///
    /// # Errors
    /// The address cannot be read.
    pub fn postgres(&self, url: &str) -> Result<Postgres> {
        Postgres::new(url, &self.postgres_roots).map_err(BenchError::of("PostgreSQL"))
    }

    async fn session(&self, url: &str) -> Result<Session> {
        let session = Session::open(&self.postgres(url)?).await;
        session.map_err(BenchError::of("PostgreSQL"))
    }

    /// A virtual host of this name, empty; its address and its management.
    ///
    /// # Errors
    /// The broker does not make it.
    pub async fn vhost(&self, name: &str) -> Result<(String, Admin)> {
        let admin = self.admin.for_vhost(name);
        self.note(Made::Vhost(name.to_owned()));
        admin
            .vhost_create()
            .await
            .map_err(BenchError::of(format!("virtual host {name}")))?;
        Ok((with_path(&self.named.amqp, name)?, admin))
    }

    /// RabbitMQ at an address, as whoever is in it.
    ///
    /// # Errors
    /// The address cannot be read.
    pub fn rabbit(&self, url: &str, name: &str) -> Result<Rabbit> {
        let options = Options {
            name: name.to_owned(),
            authorities: self.amqp_ca.clone(),
            ..Options::default()
        };
        Rabbit::new(url, options).map_err(BenchError::of("RabbitMQ"))
    }

    /// A user for an agency, who may read its queue and report; its address.
    ///
    /// # Errors
    /// The broker does not make it: a user of the name may be somebody else's.
    pub async fn agency(&self, admin: &Admin, url: &str, key: &Key, password: &str) -> Result<String> {
        let made = admin.agency_user_put(key, password).await;
        made.map_err(BenchError::of(format!("user {}", agency_name(key))))?;
        self.note(Made::Agency(key.clone()));
        let mut url = Url::parse(url).map_err(BenchError::of("--amqp"))?;
        url.set_username(&agency_name(key))
            .and_then(|()| url.set_password(Some(password)))
            .map_err(|()| BenchError::said("--amqp: no host"))?;
        Ok(url.into())
    }

    /// The user of the hub.
    pub fn hub_user(&self) -> String {
        Url::parse(&self.named.amqp).map_or_else(|_| String::new(), |url| url.username().to_owned())
    }

    /// The file of the authorities of PostgreSQL's certificate, and of RabbitMQ's.
    pub fn authorities(&self) -> [Option<&std::path::PathBuf>; 2] {
        [self.named.postgres_ca.as_ref(), self.named.amqp_ca.as_ref()]
    }

    /// Removes all that was made; what could not be, as sentences.
    pub async fn clean(&self) -> Vec<String> {
        let made = std::mem::take(&mut *self.made.lock());
        let mut left = Vec::new();
        for made in made.iter().rev() {
            let removed = match made {
                Made::Database(name) => match self.session(&self.named.postgres).await {
                    Ok(session) => session
                        .run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                        .await
                        .map_err(BenchError::of(name)),
                    Err(error) => Err(error),
                },
                Made::Vhost(name) => self
                    .admin
                    .for_vhost(name)
                    .vhost_delete()
                    .await
                    .map_err(BenchError::of(name)),
                Made::Agency(key) => self
                    .admin
                    .agency_user_delete(key)
                    .await
                    .map_err(BenchError::of(agency_name(key))),
            };
            if let Err(error) = removed {
                left.push(format!("not removed: {error}"));
            }
        }
        left
    }
}

/// An address with another database or virtual host.
fn with_path(url: &str, name: &str) -> Result<String> {
    let mut url = Url::parse(url).map_err(BenchError::of("address"))?;
    url.set_path(name);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_another_path_and_keeps_the_rest() {
        assert_eq!(
            with_path("amqp://u:p@h:1/%2f", "bench_1").unwrap(),
            "amqp://u:p@h:1/bench_1"
        );
        assert_eq!(
            with_path("postgres://u:p%40@h:1/db?x=1", "b").unwrap(),
            "postgres://u:p%40@h:1/b?x=1"
        );
    }
}
