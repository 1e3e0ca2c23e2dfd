//! An agency that pulls its inbox, on either database and either broker.

use std::time::Duration;

use lienthong::broker::Broker;
use lienthong::domain::ids::DossierId;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{
    AgencyData, CloudEvent, Cursor, DeliveryState, FeedData, HandOverRequest, SettleItem, SettleRequest,
    Settlement, StatusReport, SubmissionAnswer, SupplementRequest,
};
use lienthong::identity::Access;
use lienthong::identity::keys::VerifyingKey;
use lienthong::identity::sign::verify_receipt;
use lienthong::service::Call;

use super::{TestVhost, embedded, moving, word};
use crate::backends::Stage;
use crate::city::{COMMUNE, City, for_the_commune};

const PATIENCE: Duration = Duration::from_secs(20);

pub fn report(id: DossierId, status: Status, text: &str) -> StatusReport {
    StatusReport {
        text: (!text.is_empty()).then(|| text.to_owned()),
        ..StatusReport::new(id.to_string(), status)
    }
}

fn call(key: &str) -> Call {
    Call {
        key: IdempotencyKey::parse(key).unwrap(),
        request_digest: Sha256::new([1; 32]),
        traceparent: None,
    }
}

/// Takes the one message that waits or comes, and settles it.
async fn take(city: &City, agency: &Access) -> CloudEvent<AgencyData> {
    let mut page = city.hub.messages.inbox(agency, 10, PATIENCE).await.unwrap();
    assert_eq!(page.messages.len(), 1);
    let message = page.messages.remove(0);
    let done = SettleItem {
        delivery: message.delivery,
        outcome: Settlement::Done,
        reason: None,
    };
    let settled = city
        .hub
        .messages
        .settle(agency, SettleRequest { messages: vec![done] })
        .await
        .unwrap();
    assert!(matches!(
        settled.results[0].state,
        Some(DeliveryState::Handed | DeliveryState::Acknowledged)
    ));
    message.event
}

/// The whole feed, read two events at a time.
pub async fn feed(city: &City, access: &Access) -> Vec<CloudEvent<FeedData>> {
    let (mut all, mut after) = (Vec::new(), Cursor::START);
    loop {
        let page = city
            .hub
            .feed
            .events(access, after, Duration::ZERO, 2)
            .await
            .unwrap();
        assert!(page.events.len() <= 2 && page.next.number >= after.number);
        if page.events.is_empty() {
            return all;
        }
        after = page.next;
        all.extend(page.events);
    }
}

pub async fn there_and_back(stage: &Stage, city: &City, broker: Broker) {
    let branch = city.access("branch.ba-dinh");
    let agency = city.access(&format!("agency.{COMMUNE}"));
    moving(city, broker, async || {
        let filed = filed_and_receipted(stage, city, &branch).await;
        let id = filed.tracking_id;
        its_message_is_taken(city, &agency, id).await;
        papers_are_asked_for_and_brought(city, &branch, &agency, id).await;
        the_result_is_handed_over(city, &branch, &agency, id).await;
        told(city, &branch, id).await;
        shown(city, id, &filed.lookup_secret).await;
        let (mine, theirs) = (
            city.hub.dossiers.submission(&branch, id).await.unwrap(),
            city.hub.dossiers.receipt(&agency, id).await.unwrap(),
        );
        assert_eq!(
            mine.1,
            serde_json::to_vec(&for_the_commune_at(stage, &mine.1)).unwrap()
        );
        assert_eq!(theirs, filed.receipt);
    })
    .await;
}

async fn filed_and_receipted(stage: &Stage, city: &City, branch: &Access) -> SubmissionAnswer {
    let filed = city.file(branch, &for_the_commune(stage, "r1")).await;
    let id = filed.tracking_id;
    assert_eq!(
        (filed.status.code, filed.version, filed.existing),
        (Status::Registered, 1, false)
    );
    assert_eq!(filed.agency.as_ref().map(|a| a.key.as_str()), Some(COMMUNE));
    assert!(
        filed.clocks.acceptance_due.is_some()
            && filed.clocks.forecast_due.is_some()
            && filed.clocks.due.is_none()
    );
    let keys = VerifyingKey::from_jwks(&city.hub.credentials.jwks());
    let receipt = verify_receipt(&filed.receipt, &keys).unwrap();
    assert_eq!(
        (receipt.sub, receipt.submission, receipt.tenant.as_str()),
        (id, filed.submission, "branch.ba-dinh")
    );
    filed
}

async fn its_message_is_taken(city: &City, agency: &Access, id: DossierId) {
    let event = take(city, agency).await;
    assert_eq!(
        (word(&event), event.subject.as_str()),
        ("filed", id.to_string().as_str())
    );
    assert!(
        event
            .traceparent
            .as_deref()
            .is_some_and(|t| t.contains("0af7651916cd43dd8448eb211c80319c"))
    );
    assert_eq!(
        (
            event.data.format.as_str(),
            &event.data.document.value()["reference"]
        ),
        ("canonical/v1", &serde_json::json!("r1"))
    );
    assert_eq!(
        event.data.point.as_ref().map(|p| p.as_str()),
        Some("chi-nhanh-ba-dinh")
    );
}

async fn papers_are_asked_for_and_brought(city: &City, branch: &Access, agency: &Access, id: DossierId) {
    let mut accepted = report(id, Status::Accepted, "");
    accepted.assigned_code = Some("H26.101-261123-0001".parse().unwrap());
    let asks = report(id, Status::SupplementRequested, "thiếu bản sao");
    let answer = city
        .report(agency, vec![accepted, report(id, Status::Processing, ""), asks])
        .await;
    assert!(answer.results.iter().all(|r| r.problem.is_none()), "{answer:?}");
    let request = SupplementRequest {
        occurred_at: None,
        text: Some("bản sao".to_owned()),
        papers: Vec::new(),
    };
    let summary = city
        .hub
        .acts
        .supplement(branch, id, call("s"), request)
        .await
        .unwrap();
    assert_eq!(
        (
            summary.status.code,
            summary.dossier_code.as_ref().map(|c| c.as_str())
        ),
        (Status::Processing, Some("H26.101-261123-0001"))
    );
    assert_eq!(word(&take(city, agency).await), "supplemented");
}

async fn the_result_is_handed_over(city: &City, branch: &Access, agency: &Access, id: DossierId) {
    // By its official code now.
    let mut finished = report(id, Status::Finished, "");
    finished.dossier = "H26.101-261123-0001".to_owned();
    city.report(agency, vec![finished]).await;
    let request = HandOverRequest {
        receiver: "người nhận".to_owned(),
        received_at: None,
        proof: Some("P1".to_owned()),
    };
    let summary = city
        .hub
        .acts
        .hand_over(branch, id, call("h"), request)
        .await
        .unwrap();
    assert_eq!(summary.status.code, Status::HandedOver);
    assert_eq!(word(&take(city, agency).await), "handed-over");
}

/// The same, and nothing is left over or unproven.
async fn there_and_back_again(stage: &Stage, city: &City, broker: Broker) {
    there_and_back(stage, city, broker).await;
    assert_eq!((stage.unsent(), stage.audit().findings), (0, vec![]));
}

/// The filing again as it was sent: only its moment is not ours to know twice.
fn for_the_commune_at(stage: &Stage, sent: &[u8]) -> serde_json::Value {
    let mut filing = for_the_commune(stage, "r1");
    let sent: serde_json::Value = serde_json::from_slice(sent).unwrap();
    filing["filed_at"] = sent["filed_at"].clone();
    filing
}

/// The branch was told of every event, once, in order.
async fn told(city: &City, branch: &Access, id: DossierId) {
    let events = feed(city, branch).await;
    let numbers: Vec<i32> = events.iter().map(|e| e.data.event.number).collect();
    assert_eq!(numbers, (1..=numbers.len() as i32).collect::<Vec<_>>());
    // Whether the due date moves within a day depends on the time of day.
    let words: Vec<&str> = events.iter().map(word).filter(|w| *w != "due-set").collect();
    let expected = [
        "filed",
        "code-assigned",
        "status-changed",
        "status-changed",
        "status-changed",
        "supplemented",
        "status-changed",
        "status-changed",
        "handed-over",
        "status-changed",
    ];
    assert_eq!(words, expected);
    let statuses: Vec<u8> = events
        .iter()
        .filter_map(|e| e.data.event.status.as_ref().map(|s| s.code.code()))
        .collect();
    assert_eq!(statuses, [1, 2, 4, 5, 4, 9, 10]);
    assert!(
        events
            .iter()
            .all(|e| e.data.tracking_id == id && e.data.reference == "r1")
    );
    let history = city.hub.dossiers.history(branch, id).await.unwrap();
    assert_eq!(
        history.events,
        events.into_iter().map(|e| e.data.event).collect::<Vec<_>>()
    );
}

/// What the operator and the citizen see.
async fn shown(city: &City, id: DossierId, secret: &str) {
    let operator = city.access("operator.truc-ban");
    let route = city.hub.dossiers.route(&operator, id).await.unwrap();
    let states: Vec<DeliveryState> = route.deliveries.iter().map(|d| d.state).collect();
    assert_eq!(
        states,
        [
            DeliveryState::Acknowledged,
            DeliveryState::Acknowledged,
            DeliveryState::Handed
        ]
    );
    for delivery in &route.deliveries {
        let mut outcomes: Vec<&str> = delivery.attempts.iter().map(|a| a.outcome.as_str()).collect();
        outcomes.sort_unstable();
        assert_eq!(outcomes, ["confirmed", "handed"]);
    }
    let public = city.hub.lookup.by_id(id, secret).await.unwrap().unwrap();
    assert_eq!((public.status.code, public.steps.len()), (Status::HandedOver, 7));
    assert_eq!(city.hub.lookup.by_id(id, "wrong").await.unwrap(), None);
    let overview = city.hub.overview.show(&operator).await.unwrap();
    let told = city
        .hub
        .dossiers
        .history(&operator, id)
        .await
        .unwrap()
        .events
        .len();
    assert_eq!((overview.outbox, overview.events), (0, told as i64));
}

#[test]
fn on_sqlite_with_the_embedded_broker() {
    Stage::sqlite().now().play(async |stage| {
        let city = City::open(stage).await;
        there_and_back_again(stage, &city, embedded()).await;
    });
}

#[test]
fn on_postgresql_with_the_embedded_broker() {
    Stage::postgres().now().play(async |stage| {
        let city = City::open(stage).await;
        there_and_back_again(stage, &city, embedded()).await;
    });
}

#[test]
fn on_postgresql_with_rabbitmq() {
    Stage::postgres().now().play(async |stage| {
        TestVhost::play(stage, async |_, city, broker| {
            there_and_back_again(stage, city, broker).await;
        })
        .await;
    });
}
