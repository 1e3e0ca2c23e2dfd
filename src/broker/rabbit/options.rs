//! How RabbitMQ is reached, and how long its answer is waited for.

use std::time::Duration;

use tokio::time::timeout;

use crate::broker::error::BrokerError;

/// How long the broker may take to answer: a confirm, a declaration, an opened channel. Well below the lease of what is on its way.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// How to reach RabbitMQ, beyond its address.
#[derive(Clone)]
pub struct Options {
    /// How the connections are named in the management pages.
    pub name: String,
    /// Published messages that may be unconfirmed at once.
    pub window: usize,
    /// How long the broker may take to answer: a confirm, a declaration. After that the connection counts as lost.
    pub patience: Duration,
    /// For `amqps://`: PEM of the authorities that may have signed the broker's certificate. No other is trusted.
    pub authorities: Option<String>,
    /// For `amqps://`: PEM of the hub's own certificate chain and of its key (PKCS #8).
    pub identity: Option<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            name: "lienthong".to_owned(),
            window: 256,
            patience: PATIENCE,
            authorities: None,
            identity: None,
        }
    }
}

/// Waits for an answer of the broker, but not for ever.
pub(super) async fn within<T>(
    patience: Duration,
    what: &str,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match timeout(patience, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(explain(what, &error)),
        Err(_) => Err(BrokerError::Connection(format!(
            "{what}: no answer within {patience:?}"
        ))),
    }
}

/// A channel error is the broker's answer to what was asked; everything else ends the connection.
pub(super) fn explain(what: &str, error: &lapin::Error) -> BrokerError {
    if error.is_amqp_soft_error() {
        BrokerError::Refused {
            what: what.to_owned(),
            reason: error.to_string(),
        }
    } else {
        BrokerError::Connection(format!("{what}: {error}"))
    }
}
