//! How the city is told, beside what it asks for: where it is called, and the broker's users of those with a queue of their own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;

use super::state::SandboxFolder;
use crate::app::AppError;
use crate::broker::Broker;
use crate::broker::admin::Admin;
use crate::broker::rabbit::{Options, Rabbit};
use crate::broker::topology::{agency_name, tenant_name};
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::tenant::TenantKey;
use crate::net::outbound::{OutboundOptions, http_client};
use crate::net::{pem, tls};
use crate::sim::mailboxes::Mailboxes;

/// The ways there are in a sandbox.
pub struct Ways {
    /// Where agencies and submitters are called.
    pub mailboxes: Arc<Mailboxes>,
    /// Queues of their own, on a RabbitMQ that can be administered.
    pub queues: Option<QueueUsers>,
}

/// Opens a server for the city's own endpoints, on a free port of this machine.
///
/// # Errors
/// No port, or no certificate.
pub async fn mailboxes(state: &SandboxFolder, clock: &Clock) -> Result<Arc<Mailboxes>, AppError> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(AppError::io("endpoints"))?;
    let config = tls::web_config(&state.server()?)?;
    let mailboxes = Mailboxes::open(listener, config, clock.clone()).map_err(AppError::io("endpoints"))?;
    Ok(Arc::new(mailboxes))
}

/// Makes connections of those with a queue: each with a user and a password of its own, to the hub's broker.
pub struct QueueUsers {
    base: reqwest::Url,
    secret: hmac::Key,
    authorities: Option<String>,
    admin: Admin,
}

/// Where the broker is, and by whose word it is trusted.
pub(super) struct Where<'a> {
    /// Its address, with the hub's user.
    pub amqp: &'a str,
    /// Its management interface.
    pub admin: &'a str,
    /// PEM file of the authorities of its certificates.
    pub authorities: Option<&'a PathBuf>,
}

impl QueueUsers {
    /// On the broker at this address; passwords are derived from `secret`, so that they are the same at every start.
    ///
    /// # Errors
    /// An address or a file that cannot be read.
    pub(super) fn new(at: &Where<'_>, state: &SandboxFolder, secret: &[u8; 32]) -> Result<Self, AppError> {
        let authorities = at.authorities.map(read_pem).transpose()?;
        let mut roots = vec![state.ca().root().clone()];
        if let Some(pem) = &authorities {
            roots.extend(pem::certificates(pem.as_bytes()).map_err(crate::net::NetError::from)?);
        }
        let http = http_client(&OutboundOptions {
            roots,
            identity: None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
        })?;
        let vhost = Rabbit::new(at.amqp, Options::default())?.vhost().to_owned();
        Ok(QueueUsers {
            // The address has just been read once; this only splits it.
            base: reqwest::Url::parse(at.amqp)
                .map_err(|_| AppError::Unusable("the broker's address".to_owned()))?,
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret),
            authorities,
            admin: Admin::new(http, at.admin, &vhost)?,
        })
    }

    /// Makes an agency's user.
    ///
    /// # Errors
    /// The broker's management does not take it.
    pub async fn admit_agency(&self, key: &Key) -> Result<(), AppError> {
        let password = self.password(&agency_name(key));
        Ok(self.admin.agency_user_put(key, &password).await?)
    }

    /// Makes a submitter's user.
    ///
    /// # Errors
    /// As above.
    pub async fn admit_tenant(&self, key: &TenantKey) -> Result<(), AppError> {
        let password = self.password(&tenant_name(key));
        Ok(self.admin.tenant_user_put(key, &password).await?)
    }

    /// The address by which an agency reaches the broker, its user and password in it.
    ///
    /// # Errors
    /// An address that cannot be made.
    pub fn agency_url(&self, key: &Key) -> Result<String, AppError> {
        self.url(&agency_name(key))
    }

    /// The broker as that agency sees it.
    ///
    /// # Errors
    /// An address that cannot be made.
    pub fn agency(&self, key: &Key) -> Result<Broker, AppError> {
        self.broker(agency_name(key))
    }

    /// The broker as that submitter sees it.
    ///
    /// # Errors
    /// An address that cannot be made.
    pub fn tenant(&self, key: &TenantKey) -> Result<Broker, AppError> {
        self.broker(tenant_name(key))
    }

    fn broker(&self, user: String) -> Result<Broker, AppError> {
        let url = self.url(&user)?;
        let options = Options {
            name: user,
            authorities: self.authorities.clone(),
            ..Options::default()
        };
        Ok(Broker::Rabbit(Rabbit::new(&url, options)?))
    }

    fn password(&self, user: &str) -> String {
        hex::encode(hmac::sign(&self.secret, user.as_bytes()))
    }

    fn url(&self, user: &str) -> Result<String, AppError> {
        let mut url = self.base.clone();
        let made = url
            .set_username(user)
            .and_then(|()| url.set_password(Some(&self.password(user))));
        made.map_err(|()| AppError::Unusable("the broker's address has no host".to_owned()))?;
        Ok(url.into())
    }
}

pub(super) fn read_pem(path: &PathBuf) -> Result<String, AppError> {
    std::fs::read_to_string(path).map_err(AppError::io(path.display().to_string()))
}
