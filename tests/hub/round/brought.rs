//! What an agency's reports bring beside a status, published over the broker: papers, fees, results, a step back, a later due date,
//! a result put right. RabbitMQ alone: the embedded broker has no users, so nothing that comes by it is vouched for.

use std::time::Duration;

use lienthong::broker::{Broker, PublishOutcome};
use lienthong::domain::details::{Details, Lists};
use lienthong::domain::event::{Back, Verdict};
use lienthong::domain::ids::DossierId;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::{EventView, StatusReport};
use lienthong::identity::Access;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::carried::message;
use super::office::{feed, report};
use super::{TestVhost, moving};
use crate::backends::{Stage, eventually};
use crate::city::{City, for_the_department};

fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn papers() -> Lists {
    let papers = json!([{ "code": "GT-02", "name": "Bản sao quyết định", "copies": { "certified": 1 } }, { "name": "Tờ khai" }]);
    Lists {
        papers: of(papers),
        ..Lists::default()
    }
}

fn fees() -> Lists {
    Lists {
        fees: of(json!([{ "name": "Lệ phí", "kind": "charge", "amount_vnd": 8000, "account": "0000 0001" }])),
        ..Lists::default()
    }
}

fn results(number: &str) -> Lists {
    Lists {
        results: of(
            json!([{ "name": "Giấy phép", "number": number, "files": [{ "name": "gp.pdf", "sha256": "00".repeat(32) }] }]),
        ),
        ..Lists::default()
    }
}

/// The department publishes each report as a message of its own, in this order.
async fn publish(city: &City, department: &Broker, first: usize, reports: Vec<StatusReport>) {
    let numbered = reports.into_iter().enumerate();
    let messages: Vec<_> = numbered
        .map(|(n, report)| message(city, &format!("st-{}", first + n), vec![report]))
        .collect();
    let confirmed = vec![PublishOutcome::Confirmed; messages.len()];
    assert_eq!(department.publish(&messages).await, confirmed);
}

/// What the branch is told, once it holds an event of this kind that `is` the one.
async fn told(city: &City, branch: &Access, kind: &str, is: impl Fn(&EventView) -> bool) -> Vec<EventView> {
    eventually("the branch hears of it", async || {
        let events = feed(city, branch).await.into_iter().map(|e| e.data.event);
        let events: Vec<EventView> = events.collect();
        let there = events.iter().any(|e| e.kind == kind && is(e));
        there.then_some(events)
    })
    .await
}

async fn due(city: &City, branch: &Access, id: DossierId) -> Option<Timestamp> {
    city.hub
        .dossiers
        .show(branch, id)
        .await
        .unwrap()
        .summary
        .clocks
        .due
}

async fn there_and_told(stage: &Stage, vhost: &TestVhost, city: &City) {
    let branch = city.access("branch.ba-dinh");
    let department = vhost.department(city).await;
    let id = city
        .file(&branch, &for_the_department(stage, "r1"))
        .await
        .tracking_id;
    let said = |status| report(id, status, "lý do");
    let returned = StatusReport {
        back: Some(Back::Returned),
        ..said(Status::Accepted)
    };
    let steps = vec![
        report(id, Status::Processing, ""),
        said(Status::SupplementRequested).with_lists(papers()),
        report(id, Status::Processing, ""),
        said(Status::PaymentRequested).with_lists(fees()),
        report(id, Status::Processing, ""),
        returned,
    ];
    publish(city, &department, 1, steps).await;
    told(city, &branch, "status-changed", |e| e.back.is_some()).await;

    let first = due(city, &branch, id).await.unwrap();
    let second = first.plus(Duration::from_secs(5 * 86_400));
    let postponed = StatusReport {
        new_due: Some(second),
        ..said(Status::Processing)
    };
    let right = Lists {
        correction: true,
        ..results("2")
    };
    let steps = vec![
        postponed,
        said(Status::Finished).with_lists(results("1")),
        said(Status::Finished).with_lists(right),
    ];
    publish(city, &department, 7, steps).await;
    let events = told(city, &branch, "result-corrected", |_| true).await;

    brought_all_of_it(&events, (first, second));
    let view = city.hub.dossiers.show(&branch, id).await.unwrap();
    assert_eq!(
        (view.summary.status.code, view.results),
        (Status::Finished, results("2").results)
    );
    assert_eq!(view.supplements[0].papers, papers().papers);
    assert_eq!(view.claims[0].fees, fees().fees);
}

/// What these events brought, and that nothing of it was out of the rules. `moved`: the due date, and the one it was put off to.
fn brought_all_of_it(events: &[EventView], moved: (Timestamp, Timestamp)) {
    let details: Vec<Details> = events.iter().filter_map(|e| e.details.clone()).collect();
    let decision = |number: &str| Details::Decision {
        results: results(number).results,
        refusal: false,
    };
    let brought = [
        Details::Papers(papers().papers),
        Details::Fees(fees().fees),
        decision("1"),
        decision("2"),
    ];
    assert_eq!(details, brought);
    let backs: Vec<Back> = events.iter().filter_map(|e| e.back).collect();
    assert_eq!(backs, [Back::Returned]);
    let postponed: Vec<_> = events
        .iter()
        .filter(|e| e.kind == "postponed")
        .filter_map(|e| e.due.as_ref())
        .map(|due| (due.from, due.to))
        .collect();
    assert_eq!(postponed, [(Some(moved.0), moved.1)]);
    let regular = [None, Some(Verdict::Applied), Some(Verdict::AppliedInferred)];
    assert!(events.iter().all(|e| regular.contains(&e.verdict)), "{events:?}");
}

fn play(stage: Stage) {
    stage.now().play(async |stage| {
        TestVhost::play(stage, async |vhost, city, broker| {
            moving(city, broker, async || there_and_told(stage, vhost, city).await).await;
            assert_eq!((stage.unsent(), stage.audit().findings), (0, vec![]));
        })
        .await;
    });
}

#[test]
fn what_reports_bring_over_rabbitmq_reaches_the_submitter_on_sqlite() {
    play(Stage::sqlite());
}

#[test]
fn what_reports_bring_over_rabbitmq_reaches_the_submitter_on_postgresql() {
    play(Stage::postgres());
}
