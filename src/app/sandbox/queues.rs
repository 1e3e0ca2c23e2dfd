//! The broker's users of agencies that consume their own queues.

use aws_lc_rs::hmac;

use crate::app::AppError;
use crate::broker::Broker;
use crate::broker::rabbit::{Options, Rabbit};
use crate::broker::topology::agency_name;
use crate::domain::codes::Key;

/// Makes each agency's connection: its own user, its own password, the hub's broker.
pub struct QueueUsers {
    base: reqwest::Url,
    vhost: String,
    secret: hmac::Key,
    authorities: Option<String>,
}

impl QueueUsers {
    /// On the broker at this address; passwords are derived from `secret`, so that they are the same at every start.
    ///
    /// # Errors
    /// An address that cannot be read.
    pub fn new(amqp: &str, secret: &[u8; 32], authorities: Option<String>) -> Result<Self, AppError> {
        let vhost = Rabbit::new(amqp, Options::default())?.vhost().to_owned();
        // The address has just been read once; this only splits it.
        let base =
            reqwest::Url::parse(amqp).map_err(|_| AppError::Unusable("the broker's address".to_owned()))?;
        Ok(QueueUsers {
            base,
            vhost,
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret),
            authorities,
        })
    }

    /// The virtual host.
    pub fn vhost(&self) -> &str {
        &self.vhost
    }

    /// The password of an agency's user.
    pub fn password(&self, key: &Key) -> String {
        hex::encode(hmac::sign(&self.secret, key.as_str().as_bytes()))
    }

    /// The address by which that agency reaches the broker, its user and password in it.
    ///
    /// # Errors
    /// An address that cannot be made.
    pub fn url(&self, key: &Key) -> Result<String, AppError> {
        let mut url = self.base.clone();
        let made = url
            .set_username(&agency_name(key))
            .and_then(|()| url.set_password(Some(&self.password(key))));
        made.map_err(|()| AppError::Unusable("the broker's address has no host".to_owned()))?;
        Ok(url.into())
    }

    /// The broker as that agency sees it.
    ///
    /// # Errors
    /// An address that cannot be made.
    pub fn broker(&self, key: &Key) -> Result<Broker, AppError> {
        let options = Options {
            name: agency_name(key),
            authorities: self.authorities.clone(),
            ..Options::default()
        };
        Ok(Broker::Rabbit(Rabbit::new(&self.url(key)?, options)?))
    }
}
