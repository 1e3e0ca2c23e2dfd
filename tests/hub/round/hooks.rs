//! A submitter's own server, over real TLS on this machine.

use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

use lienthong::domain::view::{CloudEvent, Cursor, FeedData, SubscriptionRequest, Transport};
use lienthong::identity::Access;
use lienthong::net::dev_ca::{DevCa, Validity};
use lienthong::net::tls::{ServerIdentity, web_config};
use lienthong::sim::receiver::{ReceivedRequest, ReceiverResponse, serve};
use serde_json::Value;

use crate::backends::{Stage, eventually};
use crate::city::City;

/// What a server does with the nth request (from 0).
pub enum Does {
    /// Answers so.
    Says(ReceiverResponse),
    /// Hangs up without an answer.
    HangsUp,
    /// Never answers.
    Sleeps,
}

pub fn says(status: u16) -> Does {
    Does::Says(ReceiverResponse::of(status))
}

/// A server, and everything it was asked.
pub struct Hook {
    pub port: u16,
    asked: Arc<Mutex<Vec<ReceivedRequest>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Hook {
    pub async fn open(
        city: &City,
        does: impl Fn(usize, &ReceivedRequest) -> Does + Send + Sync + 'static,
    ) -> Hook {
        Hook::under(&city.endpoints, does).await
    }

    /// With a certificate of this authority.
    pub async fn under(
        ca: &DevCa,
        does: impl Fn(usize, &ReceivedRequest) -> Does + Send + Sync + 'static,
    ) -> Hook {
        let at = |text: &str| text.parse().unwrap();
        let lasting = Validity {
            from: at("2026-01-01T00:00:00Z"),
            to: at("2049-01-01T00:00:00Z"),
        };
        let issued = ca.server(&[], lasting).unwrap();
        let tls = web_config(&ServerIdentity::new(issued.chain, issued.key).unwrap()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<ReceivedRequest>>> = Arc::default();
        let (seen, does) = (Arc::clone(&asked), Arc::new(does));
        let serving = tokio::spawn(serve(
            listener,
            tls,
            Arc::new(move |request| {
                let (seen, does) = (Arc::clone(&seen), Arc::clone(&does));
                Box::pin(async move {
                    let nth = {
                        let mut seen = seen.lock();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    match does(nth, &request) {
                        Does::Says(answer) => Some(answer),
                        Does::HangsUp => None,
                        Does::Sleeps => std::future::pending().await,
                    }
                })
            }),
        ));
        Hook { port, asked, serving }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/hook", self.port)
    }

    /// Everything it was asked until now.
    pub fn asked(&self) -> Vec<ReceivedRequest> {
        self.asked.lock().clone()
    }

    /// Waits until it was asked so often.
    pub async fn asked_times(&self, times: usize) -> Vec<ReceivedRequest> {
        eventually("the webhook is called", async || {
            let asked = self.asked();
            (asked.len() >= times).then_some(asked)
        })
        .await
    }

    /// Subscribes to it; the secret, where there is a new one.
    pub async fn subscribe(&self, city: &City, access: &Access, from: Option<Cursor>) -> Option<String> {
        let request = SubscriptionRequest {
            way: Transport::Webhook,
            url: Some(self.url()),
            from,
        };
        city.hub
            .subscriptions
            .subscribe(access, request)
            .await
            .unwrap()
            .secret
    }
}

/// The event a request carries.
pub fn event(asked: &ReceivedRequest) -> CloudEvent<FeedData> {
    serde_json::from_slice(&asked.body).unwrap()
}

/// Waits until nothing of the tenant's webhook waits.
pub async fn drained(city: &City, access: &Access) {
    eventually("nothing waits", async || left(city, access, 0).await).await;
}

/// Whether the whole feed was taken, and so many of the tenant's webhook still wait.
pub async fn left(city: &City, access: &Access, waiting: i64) -> Option<()> {
    let webhook = city
        .hub
        .subscriptions
        .show(access)
        .await
        .unwrap()
        .webhook
        .unwrap();
    let head = city
        .hub
        .feed
        .events(access, webhook.cursor, Duration::ZERO, 1)
        .await
        .unwrap();
    (webhook.waiting == waiting && head.events.is_empty()).then_some(())
}

/// Holds what a webhook was sent to what the feed says: everything, the same bytes' worth, in order within each dossier.
pub fn complete_and_in_order(asked: &[ReceivedRequest], feed: &[CloudEvent<FeedData>]) {
    let mut first: Vec<CloudEvent<FeedData>> = Vec::new();
    for one in asked {
        assert_eq!(one.header("content-type"), "application/cloudevents+json");
        let event = event(one);
        assert_eq!(one.header("webhook-id"), event.id);
        if !first.iter().any(|known| known.id == event.id) {
            first.push(event);
        }
    }
    for event in &first {
        let of_dossier = |events: &[CloudEvent<FeedData>]| -> Vec<String> {
            let theirs = events.iter().filter(|e| e.subject == event.subject);
            theirs.map(|e| e.id.clone()).collect()
        };
        assert_eq!(of_dossier(&first), of_dossier(feed));
    }
    let by_id = |events: &[CloudEvent<FeedData>]| {
        let mut all: Vec<Value> = events.iter().map(|e| serde_json::to_value(e).unwrap()).collect();
        all.sort_by_key(|e| e["id"].as_str().map(str::to_owned));
        all
    };
    assert_eq!(by_id(&first), by_id(feed));
}

/// The failures a tenant sees of its attempts, newest first; none where one arrived.
pub async fn failures(city: &City, access: &Access) -> Vec<String> {
    let page = city
        .hub
        .subscriptions
        .own_notice_attempts(access, None, None, 200)
        .await
        .unwrap();
    let word = |f: Option<lienthong::domain::failure::Failure>| f.map_or("-", |f| f.word()).to_owned();
    page.attempts.into_iter().map(|a| word(a.failure)).collect()
}

/// Moves the stage's clock in small steps until `found`: what waits for its time gets it.
pub async fn as_time_goes_by<T>(stage: &Stage, what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    eventually(what, async || {
        stage.later(1);
        found().await
    })
    .await
}
