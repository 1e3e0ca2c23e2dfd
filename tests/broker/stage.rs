//! Where a test plays: a broker of one of the two kinds with two agencies, cleared away afterwards, whatever happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lienthong::broker::admin::Admin;
use lienthong::broker::topology::{QueueLimits, QueueReader};
use lienthong::broker::{
    Acknowledgement, Broker, Consumer, Delivery, Embedded, Envelope, PublishOutcome, Rabbit, Source, Target,
    Topology,
};
use lienthong::domain::codes::Key;
use lienthong::domain::tenant::TenantKey;

/// Longer than any test takes; a test that waits for what never comes fails here.
const DEADLINE: Duration = Duration::from_secs(120);

/// How long the embedded broker of a test waits for a consumer: as good as for ever, where a test does not say otherwise.
pub const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Clone)]
pub struct Stage {
    pub broker: Broker,
    pub topology: Topology,
    /// An agency that consumes by itself.
    pub agency: Key,
    /// One for which the hub consumes.
    pub other: Key,
    /// RabbitMQ's own things; none on the embedded stage.
    pub rabbit: Option<Props>,
}

#[derive(Clone)]
pub struct Props {
    pub admin: Admin,
    pub admin_url: String,
    pub url: String,
    pub vhost: String,
}

impl Props {
    /// Asks the management interface for what the product never does.
    pub async fn manage(&self, method: reqwest::Method, path: &[&str], body: &serde_json::Value) {
        let mut url = reqwest::Url::parse(&self.admin_url).unwrap();
        url.path_segments_mut()
            .unwrap()
            .pop_if_empty()
            .push("api")
            .extend(path);
        let response = http().request(method, url).json(body).send().await.unwrap();
        assert!(
            response.status().is_success(),
            "{}",
            response.text().await.unwrap()
        );
    }

    /// The address of the broker for another user.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let mut url = reqwest::Url::parse(&self.url).unwrap();
        url.set_username(user).unwrap();
        url.set_password(Some(password)).unwrap();
        url.to_string()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' settings come from whoever runs them"
)]
fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run tests/run, or `source <(tests/run services --background DIR)`")
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests reach RabbitMQ on a private address, which the product's factory refuses"
)]
pub fn http() -> reqwest::Client {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "t{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

fn topology(name: &str, limits: &QueueLimits) -> (Key, Key, Topology) {
    let agency: Key = format!("{name}-a").parse().unwrap();
    let other: Key = format!("{name}-b").parse().unwrap();
    let agencies = [
        (agency.clone(), QueueReader::Amqp),
        (other.clone(), QueueReader::Hub),
    ];
    (agency, other, Topology::with_limits(agencies, limits))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub fn embedded<F: Future<Output = ()>>(
    patience: Duration,
    limits: &QueueLimits,
    body: impl FnOnce(Stage) -> F,
) {
    runtime().block_on(async {
        let (agency, other, topology) = topology("embedded", limits);
        let broker = Broker::Embedded(Embedded::new(patience));
        broker.declare(&topology).await.unwrap();
        let stage = Stage {
            broker,
            topology,
            agency,
            other,
            rabbit: None,
        };
        tokio::time::timeout(DEADLINE, body(stage))
            .await
            .expect("the test waits for what never comes");
    });
}

pub fn rabbit<F: Future<Output = ()> + Send + 'static>(
    limits: &QueueLimits,
    body: impl FnOnce(Stage) -> F + Send + 'static,
) {
    let (amqp, admin) = (
        setting("LIENTHONG_TEST_AMQP"),
        setting("LIENTHONG_TEST_AMQP_ADMIN"),
    );
    runtime().block_on(async {
        let vhost = unique();
        let admin_url = admin;
        let admin = Admin::new(http(), &admin_url, &vhost).unwrap();
        admin.vhost_create().await.unwrap();
        let mut url = reqwest::Url::parse(&amqp).unwrap();
        url.set_path(&vhost);
        let (agency, other, topology) = topology(&vhost, limits);
        let broker = Broker::Rabbit(Rabbit::new(url.as_str(), Default::default()).unwrap());
        let props = Props {
            admin: admin.clone(),
            admin_url,
            url: url.to_string(),
            vhost,
        };
        let stage = Stage {
            broker: broker.clone(),
            topology: topology.clone(),
            agency: agency.clone(),
            other,
            rabbit: Some(props),
        };
        let play = tokio::spawn(async move {
            broker.declare(&topology).await.unwrap();
            tokio::time::timeout(DEADLINE, body(stage))
                .await
                .expect("the test waits for what never comes");
        });
        let result = play.await;
        admin.agency_user_delete(&agency).await.unwrap();
        admin.vhost_delete().await.unwrap();
        if let Err(failure) = result {
            std::panic::resume_unwind(failure.into_panic());
        }
    });
}

impl Stage {
    /// A message to the agency.
    pub fn envelope(&self, id: impl ToString) -> Envelope {
        envelope(Target::Agency(self.agency.clone()), id)
    }

    pub fn source(&self) -> Source {
        Source::Agency(self.agency.clone())
    }

    pub async fn consumer(&self, prefetch: u16) -> Consumer {
        self.broker.consume(&self.source(), prefetch).await.unwrap()
    }

    /// Publishes in the background, because the embedded broker answers only when the consumer has.
    pub fn publish(&self, batch: Vec<Envelope>) -> tokio::task::JoinHandle<Vec<PublishOutcome>> {
        let broker = self.broker.clone();
        tokio::spawn(async move { broker.publish(&batch).await })
    }

    /// Waits until the last of what was published before is out of the queue: publishes one more, and takes and acknowledges it.
    /// What it finds before that is returned.
    pub async fn drain(&self, consumer: &mut Consumer) -> Vec<String> {
        let last = self.publish(vec![self.envelope("last")]);
        let mut before = Vec::new();
        loop {
            let delivery = take(consumer).await;
            let id = delivery.message_id.clone();
            delivery.settle(Acknowledgement::Ack).await.unwrap();
            if id == "last" {
                break;
            }
            before.push(id);
        }
        assert_eq!(last.await.unwrap(), [PublishOutcome::Confirmed]);
        before
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers pass numbers and literals")]
pub fn envelope(to: Target, id: impl ToString) -> Envelope {
    let id = id.to_string();
    Envelope {
        to,
        kind: "vn.lienthong.dossier.filed".to_owned(),
        headers: vec![
            ("cloudEvents:id".to_owned(), id.clone()),
            (
                "traceparent".to_owned(),
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
            ),
        ],
        content_type: "application/json".to_owned(),
        body: Arc::from(format!("{{\"n\":\"{id}\"}}").into_bytes()),
        message_id: id,
        expires: None,
    }
}

pub async fn take(consumer: &mut Consumer) -> Delivery {
    consumer.next().await.expect("the consumer ended")
}

/// Asks until a submitter's queue is removed.
pub async fn removed(broker: &Broker, tenant: &TenantKey) {
    let mut turn = tokio::time::interval(Duration::from_millis(20));
    while !broker.remove_drained(tenant).await.unwrap() {
        turn.tick().await;
    }
}
