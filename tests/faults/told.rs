//! kill -9 of the hub while an agency's endpoint and a submitter's webhook have its call in hand: after the restart nothing is lost,
//! and what comes twice comes under the same id.

use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lienthong::clock::Clock;
use lienthong::domain::view::Cursor;
use lienthong::net::dev_ca::Validity;
use lienthong::net::tls::{ServerIdentity, web_config};
use lienthong::sim::receiver::{ReceivedRequest, ReceiverResponse, serve};
use reqwest::Method;
use serde_json::{Value, json};

use crate::installation::{AGENCY, BRANCH, Installation, Serving, said, sample, until};
use crate::stack::Production;

/// A partner's server. It takes every message; while it holds, it answers none.
struct Receiver {
    url: String,
    holds: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<ReceivedRequest>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    async fn holding(installation: &Installation) -> Receiver {
        let day = Validity::starting(Clock::System.now(), Duration::from_secs(24 * 3600));
        let issued = installation.authority().server(&[], day).unwrap();
        let tls = web_config(&ServerIdentity::new(issued.chain, issued.key).unwrap()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
        let (holds, asked) = (
            Arc::new(AtomicBool::new(true)),
            Arc::<Mutex<Vec<ReceivedRequest>>>::default(),
        );
        let (held, seen) = (Arc::clone(&holds), Arc::clone(&asked));
        let answering = Arc::new(move |request: ReceivedRequest| {
            seen.lock().push(request);
            let is_held = held.load(Ordering::SeqCst);
            Box::pin(async move {
                if is_held {
                    std::future::pending::<()>().await;
                }
                Some(ReceiverResponse::of(204))
            }) as std::pin::Pin<Box<dyn Future<Output = Option<ReceiverResponse>> + Send>>
        });
        let serving = tokio::spawn(serve(listener, tls, answering));
        Receiver {
            url,
            holds,
            asked,
            serving,
        }
    }

    /// What came, by the id it came under: each time it came.
    fn by_id(&self) -> BTreeMap<String, Vec<ReceivedRequest>> {
        let mut all = BTreeMap::<String, Vec<ReceivedRequest>>::new();
        for one in self.asked.lock().iter() {
            all.entry(one.header("webhook-id").to_owned())
                .or_default()
                .push(one.clone());
        }
        all
    }
}

const DOSSIERS: usize = 3;

async fn file_all(installation: &Installation) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..DOSSIERS {
        let name = format!("T-{n}.json");
        let text = sample(&format!("T-{n}"), &Value::Null).to_string();
        std::fs::write(installation.dir.join(&name), text).unwrap();
        let told = said(&mut installation.agent(BRANCH, "submit", &[&name, "--format", "canonical/v1"]));
        assert_eq!(told.exit, Some(0), "{told:?}");
        ids.push(told.json()["tracking_id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Kills the hub with one call of each dossier in the receiver's hands, starts it again, lets the receiver answer, and waits for what
/// was in its hands to come again.
async fn killed_and_told_again(installation: &Installation, receiver: &Receiver, hub: Serving) -> Serving {
    let held = until("every message is in the receiver's hands", async || {
        let held = receiver.by_id();
        (held.len() == DOSSIERS).then_some(held)
    })
    .await;
    hub.kill();
    let hub = installation.serve().await;
    receiver.holds.store(false, Ordering::SeqCst);
    // A lease ends only by its time: the hub that held it might still be calling.
    until("every message comes again", async || {
        let told = receiver.by_id();
        held.iter()
            .all(|(id, times)| told[id].len() > times.len())
            .then_some(())
    })
    .await;
    hub
}

/// The same message each time, every time signed.
fn same_and_signed(told: &BTreeMap<String, Vec<ReceivedRequest>>, secret: &str) {
    for (id, times) in told {
        assert!(times.iter().all(|one| one.body == times[0].body), "{id}");
        assert!(
            times.iter().all(|one| one.is_signed(secret, Clock::System.now())),
            "{id}"
        );
        let event: Value = serde_json::from_slice(&times[0].body).unwrap();
        assert_eq!(event["id"], **id);
    }
}

fn subjects(told: &BTreeMap<String, Vec<ReceivedRequest>>) -> BTreeSet<String> {
    let subject = |one: &ReceivedRequest| {
        let event: Value = serde_json::from_slice(&one.body).unwrap();
        event["subject"].as_str().unwrap().to_owned()
    };
    told.values().map(|times| subject(&times[0])).collect()
}

async fn killed_while_it_pushes(installation: &Installation, changes: &[(&str, &str)]) {
    installation.channel(AGENCY.split_once('.').unwrap().1, "push");
    installation.fill(changes);
    let hub = installation.serve().await;
    let receiver = Receiver::holding(installation).await;
    // Filed before there is an endpoint, so that all goes out at once.
    let ids = file_all(installation).await;
    let set = said(&mut installation.agent(AGENCY, "endpoint", &["--set", &receiver.url]));
    assert_eq!(set.exit, Some(0), "{set:?}");
    let secret = set.json()["secret"].as_str().unwrap().to_owned();
    let hub = killed_and_told_again(installation, &receiver, hub).await;
    let told = receiver.by_id();
    assert_eq!(subjects(&told), ids.iter().cloned().collect());
    same_and_signed(&told, &secret);
    for id in &ids {
        until("the hub knows that it was handed over", async || {
            let route = installation.operator(&["dossier", "route", id]).json();
            (route["deliveries"][0]["state"] == "handed").then_some(())
        })
        .await;
    }
    assert_eq!(hub.terminate(), Some(0));
    let told = installation.good(&["audit", "verify", "--config", "hub.toml"]);
    assert!(told.contains("every seal is whole"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_hub_killed_while_it_pushes_to_an_agency_loses_nothing_on_sqlite() {
    let installation = Installation::bare("kill-push");
    killed_while_it_pushes(&installation, &[]).await;
    installation.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_hub_killed_while_it_pushes_to_an_agency_loses_nothing_on_postgres_and_rabbitmq() {
    let services = Production::fresh("kill_push").await;
    let mut installation = Installation::bare("kill-push-production");
    installation.environment = services.environment();
    let ca = services.ca_setting();
    let changes: Vec<(&str, &str)> = ca.iter().map(|(from, to)| (*from, to.as_str())).collect();
    killed_while_it_pushes(&installation, &changes).await;
    services.remove().await;
    installation.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_hub_killed_while_it_tells_a_webhook_loses_nothing() {
    let installation = Installation::new("kill-webhook", &[]);
    let hub = installation.serve().await;
    let receiver = Receiver::holding(&installation).await;
    let ids = file_all(&installation).await;
    let branch = installation.partner(BRANCH);
    let feed = async || -> BTreeSet<String> {
        let page = branch.events(Cursor::START, Duration::ZERO, 100).await.unwrap();
        page.events.into_iter().map(|event| event.id).collect()
    };
    assert!(
        feed().await.len() > DOSSIERS,
        "each dossier has more to tell than one event"
    );
    let request = installation.call(Method::PUT, BRANCH, "/v1/subscription").await;
    let wanted = json!({ "way": "webhook", "url": receiver.url, "from": 0 });
    let answer = request.json(&wanted).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    let secret = answer["secret"].as_str().unwrap().to_owned();
    let hub = killed_and_told_again(&installation, &receiver, hub).await;
    // By the time of day there is more to tell than was filed: late in the afternoon a limit is near at once.
    let told = until("all of the feed is told", async || {
        let told = receiver.by_id();
        let ids: BTreeSet<String> = told.keys().cloned().collect();
        (ids == feed().await).then_some(told)
    })
    .await;
    assert_eq!(subjects(&told), ids.into_iter().collect());
    same_and_signed(&told, &secret);
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}
