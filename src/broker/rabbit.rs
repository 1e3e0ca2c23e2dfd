//! RabbitMQ 3.10 or later over AMQP 0-9-1.
//!
//! Two connections, each made when first needed and again when lost: one publishes, one consumes, so that a broker that holds
//! publishers back (memory or disk alarm) does not hold back acknowledgements. Publishing is mandatory and confirmed, with a
//! window of unanswered messages. lapin's own recovery is off: a batch that was under way when the connection went is answered
//! with refusals at once, and the outbox sends it again.

mod amqp1;
pub(super) mod hold;
mod lane;
mod options;
mod raw;
mod round;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lapin::options::{
    BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::uri::AMQPUri;
use lapin::{Channel, ConnectionProperties, ExchangeKind};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use super::topology::{Argument, Topology};
use super::{BrokerError, Envelope, PublishOutcome, QueueDepth, Source};

pub use lane::Consumer;
use lane::Untaken;
pub use options::Options;
use options::{explain, within};
use round::Round;

/// lapin built without a TLS implementation connects to `amqps://` in plain text and says nothing. This type exists only where
/// one is built in (`rustls-common` of `amq-protocol-tcp`, in Cargo.toml), so without it the hub does not compile.
type Tls = lapin::tcp::RustlsConnector;
const _: usize = size_of::<Tls>();

/// How long a connection may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_secs(8);
/// The pause after the first failed attempt to connect; doubles to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Seconds between heartbeats, where the address does not say: a dead peer is noticed after two.
const HEARTBEAT: u16 = 10;
/// Publishing channels kept open when idle; more callers than these at once open theirs for one batch.
const IDLE_CHANNELS: usize = 4;

/// RabbitMQ.
#[derive(Clone)]
pub struct Rabbit(Arc<Inner>);

struct Inner {
    uri: AMQPUri,
    options: Options,
    publishing: Link,
    consuming: Link,
    idle: Mutex<Vec<Channel>>,
    epoch: AtomicU64,
}

/// The address without its password.
impl fmt::Debug for Rabbit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { authority, vhost, .. } = &self.0.uri;
        write!(f, "Rabbit({}:{}, vhost {vhost})", authority.host, authority.port)
    }
}

/// One connection, and when it may be tried again.
#[derive(Default)]
struct Link(tokio::sync::Mutex<LinkState>);

#[derive(Default)]
struct LinkState {
    connection: Option<Arc<lapin::Connection>>,
    failures: u32,
    not_before: Option<Instant>,
}

impl Rabbit {
    /// The broker at `amqp[s]://user:password@host[:port]/vhost`. Connects when first used.
    ///
    /// # Errors
    /// [`BrokerError::Address`] where the address cannot be read.
    pub fn new(url: &str, options: Options) -> Result<Self, BrokerError> {
        let mut uri: AMQPUri = url.parse().map_err(BrokerError::Address)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        Ok(Rabbit(Arc::new(Inner {
            uri,
            options,
            publishing: Link::default(),
            consuming: Link::default(),
            idle: Mutex::default(),
            epoch: AtomicU64::new(0),
        })))
    }

    /// The virtual host named by the address.
    pub fn vhost(&self) -> &str {
        &self.0.uri.vhost
    }

    async fn connect(&self) -> Result<lapin::Connection, BrokerError> {
        let Options {
            name,
            authorities,
            identity,
            ..
        } = &self.0.options;
        let tls = OwnedTLSConfig {
            identity: identity.as_ref().map(|(pem, key)| OwnedIdentity::PKCS8 {
                pem: pem.clone().into_bytes(),
                key: key.clone().into_bytes(),
            }),
            cert_chain: authorities.clone(),
        };
        let properties = ConnectionProperties::default().with_connection_name(name.as_str().into());
        let runtime = lapin::runtime::default_runtime().map_err(|error| explain("connecting", &error))?;
        let connect =
            lapin::Connection::connect_uri_with_config(self.0.uri.clone(), properties, tls, runtime);
        // A refused login has the code of a channel error, but there is no channel yet.
        within(CONNECT_PATIENCE, "connecting", connect)
            .await
            .map_err(|error| match error {
                BrokerError::Refused { reason, .. } => BrokerError::Connection(reason),
                error => error,
            })
    }

    /// The connection of `link`, made if there is none. After a failure the next attempt waits, so that callers in a loop do not
    /// turn into an attack on a broker that is coming up.
    async fn connection(&self, link: &Link) -> Result<Arc<lapin::Connection>, BrokerError> {
        let mut state = link.0.lock().await;
        if let Some(connection) = &state.connection
            && connection.status().connected()
        {
            return Ok(connection.clone());
        }
        state.connection = None;
        if let Some(at) = state.not_before {
            tokio::time::sleep_until(at).await;
        }
        match self.connect().await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                if std::ptr::eq(link, &raw const self.0.publishing) {
                    // What was there may have gone with the broker that was there.
                    self.0.epoch.fetch_add(1, Ordering::Relaxed);
                }
                *state = LinkState {
                    connection: Some(connection.clone()),
                    failures: 0,
                    not_before: None,
                };
                Ok(connection)
            }
            Err(error) => {
                let pause = FIRST_PAUSE
                    .saturating_mul(1 << state.failures.min(8))
                    .min(LONGEST_PAUSE);
                state.failures += 1;
                state.not_before = Some(Instant::now() + pause);
                Err(error)
            }
        }
    }

    /// After a silence the next caller gets a new connection, instead of waiting for the heartbeat to find the old one dead.
    /// Channels that are in use keep the old one until they end.
    async fn abandon(&self, link: &Link) {
        link.0.lock().await.connection = None;
        self.0.idle.lock().clear();
    }

    async fn channel(&self, link: &Link) -> Result<Channel, BrokerError> {
        let opened = self.open(link).await;
        match opened {
            Ok(channel) => Ok(channel),
            Err(error) => {
                self.abandon(link).await;
                // The reason for which the broker closed a channel can come up on the next one that takes its number. It says nothing of
                // what is opened here, and a new connection has no such past.
                match error {
                    BrokerError::Refused { .. } => self.open(link).await,
                    other => Err(other),
                }
            }
        }
    }

    async fn open(&self, link: &Link) -> Result<Channel, BrokerError> {
        let connection = self.connection(link).await?;
        let patience = self.0.options.patience;
        within(patience, "opening a channel", connection.create_channel()).await
    }

    /// An idle publishing channel, or a new one. It is the caller's until given back: a future that is dropped in the middle
    /// takes its channel, and the confirms still to come, with it.
    async fn publisher(&self) -> Result<Channel, BrokerError> {
        loop {
            let idle = self.0.idle.lock().pop();
            match idle {
                Some(channel) if channel.status().connected() => return Ok(channel),
                Some(_) => {}
                None => break,
            }
        }
        let channel = self.channel(&self.0.publishing).await?;
        let confirm = channel.confirm_select(ConfirmSelectOptions::default());
        within(self.0.options.patience, "asking for confirms", confirm).await?;
        Ok(channel)
    }

    fn give_back(&self, channel: Channel) {
        let mut idle = self.0.idle.lock();
        if idle.len() < IDLE_CHANNELS {
            idle.push(channel);
        }
    }

    /// See [`super::Broker::publish`].
    pub async fn publish(&self, batch: &[Envelope]) -> Vec<PublishOutcome> {
        if batch.is_empty() {
            return Vec::new();
        }
        let channel = match self.publisher().await {
            Ok(channel) => channel,
            Err(error) => return vec![PublishOutcome::Refused(error.to_string()); batch.len()],
        };
        let mut round = Round::new(&channel, batch, &self.0.options);
        let user = ShortString::try_new(self.0.uri.authority.userinfo.username.as_str()).ok();
        let result = round.run(user.as_ref()).await;
        let outcomes = round.outcomes(&result);
        if outcomes.contains(&PublishOutcome::Unroutable) {
            self.0.epoch.fetch_add(1, Ordering::Relaxed);
        }
        match result {
            Ok(()) => self.give_back(channel),
            Err(BrokerError::Connection(_)) => self.abandon(&self.0.publishing).await,
            Err(_) => {}
        }
        outcomes
    }

    /// See [`super::Broker::consume`].
    ///
    /// # Errors
    /// As there.
    pub async fn consume(&self, source: &Source, prefetch: u16) -> Result<Consumer, BrokerError> {
        let patience = self.0.options.patience;
        let untaken = Untaken::new(self.channel(&self.0.consuming).await?);
        let channel = untaken.channel();
        let queue = source.queue();
        let qos = channel.basic_qos(prefetch, BasicQosOptions::default());
        within(patience, "setting the prefetch", qos).await?;
        let stream = within(
            patience,
            &format!("consuming {queue}"),
            channel.basic_consume(
                queue.into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            ),
        )
        .await?;
        Ok(Consumer::new(stream, untaken.take(), patience))
    }

    /// See [`super::Broker::ready`].
    ///
    /// # Errors
    /// As there.
    pub async fn ready(&self) -> Result<(), BrokerError> {
        let connection = self.connection(&self.0.publishing).await?;
        if connection.status().blocked() {
            return Err(BrokerError::Connection(
                "the broker holds publishers back (memory or disk alarm)".into(),
            ));
        }
        // A channel is opened by a question and an answer, and needs no permission.
        self.channel(&self.0.publishing).await.map(drop)
    }

    /// See [`super::Broker::declare`].
    ///
    /// # Errors
    /// As there.
    pub async fn declare(&self, topology: &Topology) -> Result<(), BrokerError> {
        let patience = self.0.options.patience;
        let channel = self.channel(&self.0.publishing).await?;
        for name in &topology.exchanges {
            let declare = channel.exchange_declare(
                (*name).into(),
                ExchangeKind::Topic,
                ExchangeDeclareOptions {
                    durable: true,
                    ..Default::default()
                },
                FieldTable::default(),
            );
            within(patience, &format!("exchange {name}"), declare).await?;
        }
        for queue in &topology.queues {
            let mut arguments = FieldTable::default();
            for (name, value) in &queue.arguments {
                let value = match value {
                    Argument::Word(word) => AMQPValue::LongString((*word).into()),
                    Argument::Number(n) => AMQPValue::LongLongInt(*n),
                };
                arguments.insert((*name).into(), value);
            }
            let options = QueueDeclareOptions {
                durable: true,
                ..Default::default()
            };
            let declare = channel.queue_declare(queue.name.as_str().into(), options, arguments);
            within(patience, &format!("queue {}", queue.name), declare).await?;
        }
        for binding in &topology.bindings {
            let bind = channel.queue_bind(
                binding.queue.as_str().into(),
                binding.exchange.into(),
                binding.pattern.as_str().into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            );
            within(
                patience,
                &format!("binding {} to {}", binding.queue, binding.exchange),
                bind,
            )
            .await?;
        }
        Ok(())
    }

    /// See [`super::Broker::epoch`].
    pub fn epoch(&self) -> u64 {
        self.0.epoch.load(Ordering::Relaxed)
    }

    /// See [`super::Broker::level`].
    ///
    /// # Errors
    /// As there.
    pub async fn level(&self, name: &str) -> Result<Option<QueueDepth>, BrokerError> {
        let channel = self.channel(&self.0.publishing).await?;
        let level = self.look(&channel, name).await?;
        if level.is_none() {
            self.0.epoch.fetch_add(1, Ordering::Relaxed);
        }
        Ok(level)
    }

    async fn look(&self, channel: &Channel, name: &str) -> Result<Option<QueueDepth>, BrokerError> {
        let passive = QueueDeclareOptions {
            passive: true,
            durable: true,
            ..Default::default()
        };
        let what = format!("queue {name}");
        let patience = self.0.options.patience;
        let look = channel.queue_declare(name.into(), passive, FieldTable::default());
        match timeout(patience, look).await {
            Ok(Err(error)) if is_not_found(&error) => Ok(None),
            Ok(Ok(queue)) => Ok(Some(QueueDepth {
                messages: queue.message_count().into(),
                readers: queue.consumer_count().into(),
            })),
            Ok(Err(error)) => Err(explain(&what, &error)),
            Err(_) => Err(BrokerError::Connection(format!(
                "{what}: no answer within {patience:?}"
            ))),
        }
    }

    /// See [`super::Broker::remove_drained`]. Quorum queues know no deletion on condition, so it is a look and then a deletion.
    ///
    /// # Errors
    /// As there.
    pub async fn remove_drained(&self, name: &str) -> Result<bool, BrokerError> {
        let patience = self.0.options.patience;
        let channel = self.channel(&self.0.publishing).await?;
        match self.look(&channel, name).await? {
            None => return Ok(true),
            Some(level) if level != QueueDepth::default() => return Ok(false),
            Some(_) => {}
        }
        let delete = channel.queue_delete(name.into(), QueueDeleteOptions::default());
        within(patience, &format!("queue {name}"), delete)
            .await
            .map(|_| true)
    }
}

fn is_not_found(error: &lapin::Error) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(e)
        if matches!(e.kind(), lapin::protocol::AMQPErrorKind::Soft(lapin::protocol::AMQPSoftError::NOTFOUND)))
}
