//! The whole way, in one process: a filing through the ledger, the relay and the broker to an agency, and its statuses home.

mod away;
mod brought;
mod carried;
mod hooks;
mod office;
mod plans;
mod pushed;
mod queued;
mod repeated;
mod told;

use lienthong::broker::admin::Admin;
use lienthong::broker::{Broker, Embedded, Rabbit};
use lienthong::delivery::Workers;
use lienthong::domain::view::CloudEvent;

use crate::backends::{Stage, setting, unique};
use crate::city::City;

/// A RabbitMQ with a virtual host of its own, cleared away afterwards.
pub struct TestVhost {
    admin: Admin,
    url: reqwest::Url,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests reach RabbitMQ on a private address, which the product's factory refuses"
)]
fn http() -> reqwest::Client {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(60))
        .build()
        .unwrap()
}

const PASSWORD: &str = "only-for-this-test";

impl TestVhost {
    /// Runs `body` with the hub's broker, the city and this virtual host.
    async fn play(stage: &Stage, body: impl AsyncFnOnce(&TestVhost, &City, Broker)) {
        let vhost = format!("hub_{}", unique());
        let admin = Admin::new(http(), &setting("LIENTHONG_TEST_AMQP_ADMIN"), &vhost).unwrap();
        TestVhost::play_in(vhost, admin, City::open(stage).await, body).await;
    }

    /// Runs `body` in a city whose commune is pushed to, on a RabbitMQ.
    async fn play_pushing(stage: &Stage, body: impl AsyncFnOnce(&City, Broker)) {
        let vhost = format!("hub_{}", unique());
        let admin = Admin::new(http(), &setting("LIENTHONG_TEST_AMQP_ADMIN"), &vhost).unwrap();
        let city = City::pushing(stage).await;
        TestVhost::play_in(vhost, admin, city, async |_: &TestVhost, city: &City, broker| {
            body(city, broker).await;
        })
        .await;
    }

    async fn play_in(
        vhost: String,
        admin: Admin,
        city: City,
        body: impl AsyncFnOnce(&TestVhost, &City, Broker),
    ) {
        admin.vhost_create().await.unwrap();
        let mut url = reqwest::Url::parse(&setting("LIENTHONG_TEST_AMQP")).unwrap();
        url.set_path(&vhost);
        let test_vhost = TestVhost { admin, url };
        let broker = Broker::Rabbit(Rabbit::new(test_vhost.url.as_str(), Default::default()).unwrap());
        let outcome = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(body(
            &test_vhost,
            &city,
            broker,
        )))
        .await;
        drop(test_vhost.admin.agency_user_delete(&city.department).await);
        test_vhost.admin.vhost_delete().await.unwrap();
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    }

    /// The department's own connection.
    async fn department(&self, city: &City) -> Broker {
        self.admin
            .agency_user_put(&city.department, PASSWORD)
            .await
            .unwrap();
        let mut url = self.url.clone();
        url.set_username(&format!("agency.{}", city.department)).unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        Broker::Rabbit(Rabbit::new(url.as_str(), Default::default()).unwrap())
    }
}

fn embedded() -> Broker {
    Broker::Embedded(Embedded::new(std::time::Duration::from_secs(5)))
}

/// Everything that moves, moving until the body is over.
///
/// Boxed: a whole test is one future, and would be moved about as such.
fn moving<'a>(
    city: &'a City,
    broker: Broker,
    body: impl AsyncFnOnce() + 'a,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(async move {
        let workers = Workers::start(city.hub.clone(), city.store.clone(), broker)
            .await
            .unwrap();
        body().await;
        workers.stop().await;
    })
}

/// The word after the last dot of an event's type.
fn word<T>(event: &CloudEvent<T>) -> &str {
    event.kind.rsplit('.').next().unwrap_or("")
}
