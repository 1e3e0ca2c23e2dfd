use std::collections::BTreeMap;
use std::sync::Arc;

use rand::SeedableRng;
use serde_json::json;

use crate::broker::{
    Acknowledgement, Broker, Embedded, Envelope, PublishOutcome, Source, Target, Topology,
    topology::QueueReader,
};
use crate::client::{Partner, Retry, Settings};
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::ids::{DossierId, EventId};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::StatusRequest;
use crate::sim::agency::{AgencyTransport, OfficePace, SimulatedAgency, run_agencies};
use crate::sim::catalogue;
use crate::sim::desk::Tally;
use crate::sim::filing::Series;
use crate::sim::format::Format;
use crate::sim::report::ReportFormat;

const KEY: &str = "so-tu-phap";

/// A partner with no hub to reach: an agency of a queue needs it only to ask for what is open.
#[expect(clippy::disallowed_methods, reason = "a plain client that reaches nothing")]
fn partner() -> Arc<Partner> {
    // Another test may have installed it already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let settings = Settings {
        base: "http://127.0.0.1:1/".parse().unwrap(),
        tenant: format!("agency.{KEY}").parse().unwrap(),
        staff: None,
        point: None,
        scope: None,
        retry: Retry {
            attempts: 1,
            ..Retry::BRIEF
        },
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Arc::new(Partner::new(
        http,
        settings,
        Clock::System,
        rand::rngs::StdRng::seed_from_u64(1),
    ))
}

fn filed(dossier: DossierId, event: EventId) -> Vec<u8> {
    let at: Timestamp = "2026-11-23T01:00:00Z".parse().unwrap();
    let case = Series::new(1, "thu").case(0, false, &catalogue::tests::small(), at);
    let document: serde_json::Value = serde_json::from_slice(&Format::CanonicalJson.render(&case)).unwrap();
    let procedure =
        json!({ "received": "1.004873", "code": "1.004873", "name": "", "version": 1, "matched": "exact" });
    let route = json!({ "directory": "", "date": "", "procedure": procedure, "place": null, "rules": [],
        "chosen": KEY, "vi": "", "en": "" });
    let event = json!({ "id": event, "number": 1, "at": at, "occurred_at": at, "actor": { "tenant": "agent.a-001" },
        "kind": "filed", "status": { "code": 1, "vi": "", "en": "" } });
    let data = json!({ "tracking_id": dossier, "dossier_code": null, "submitter": "agent.a-001", "point": null,
        "event": event, "status": 1, "clocks": {}, "route": route, "format": "canonical/v1", "document": document });
    serde_json::to_vec(&data).unwrap()
}

/// Tells the agency of one filing by two messages.
async fn tell_twice(broker: &Broker, key: &Key, dossier: DossierId, event: EventId) {
    let body = filed(dossier, event);
    for round in 0..2 {
        let envelope = Envelope {
            message_id: format!("{dossier}-{round}"),
            to: Target::Agency(key.clone()),
            kind: "vn.lienthong.dossier.filed".into(),
            headers: Vec::new(),
            content_type: "application/json".into(),
            body: body.clone().into(),
            expires: None,
        };
        assert_eq!(broker.publish(&[envelope]).await, [PublishOutcome::Confirmed]);
    }
}

#[tokio::test]
async fn an_agency_works_through_its_queue_and_each_dossier_once() {
    let key: Key = KEY.parse().unwrap();
    let broker = Broker::Embedded(Embedded::new(std::time::Duration::from_secs(60)));
    broker
        .declare(&Topology::for_agencies([(key.clone(), QueueReader::Amqp)]))
        .await
        .unwrap();
    let agency = SimulatedAgency {
        partner: partner(),
        reach: AgencyTransport::Queue(broker.clone()),
        code: "H26.P02".parse().unwrap(),
        format: ReportFormat::Canonical,
    };
    // So fast that every wait is over at once.
    let pace = OfficePace {
        seed: 1,
        speed_up: 1e12,
        parallel: 4,
        run: "r1".into(),
    };
    let tally = Arc::new(Tally::default());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(run_agencies(vec![agency], pace, tally.clone(), stopped));

    let mut rng = rand::rngs::StdRng::seed_from_u64(2);
    let at = Timestamp::from_micros(0);
    let dossiers: Vec<DossierId> = (0..20).map(|_| DossierId::new(at, &mut rng)).collect();
    for dossier in &dossiers {
        tell_twice(&broker, &key, *dossier, EventId::new(at, &mut rng)).await;
    }

    // A dossier whose papers were asked for waits for them; every other one ends here.
    let (mut told, mut codes) = (BTreeMap::new(), std::collections::HashSet::new());
    let mut statuses = broker.consume(&Source::Statuses, 0).await.unwrap();
    let settled = |s: &Status| {
        matches!(
            s,
            Status::Finished | Status::Refused | Status::SupplementRequested
        )
    };
    while told.values().filter(|s| settled(s)).count() < dossiers.len() {
        let delivery = statuses.next().await.unwrap();
        assert_eq!(delivery.agency(), Some(key.clone()));
        assert!(
            delivery
                .headers
                .contains(&("submission-format".into(), "canonical/v1".into()))
        );
        let request: StatusRequest = serde_json::from_slice(&delivery.body).unwrap();
        let report = &request.reports[0];
        codes.extend(
            report
                .assigned_code
                .clone()
                .map(|code| (code, report.dossier.clone())),
        );
        told.insert(report.dossier.clone(), report.status);
        delivery.settle(Acknowledgement::Ack).await.unwrap();
    }
    let numbers: std::collections::HashSet<_> = codes.iter().map(|(code, _)| code).collect();
    assert_eq!(numbers.len(), codes.len(), "a code was given twice");
    // Its files it would send to the hub, which is not there: told, and no reason to stop.
    let view = tally.view();
    assert_eq!(view.queued, 40);
    assert_eq!(view.faults.keys().collect::<Vec<_>>(), ["files: unreachable"]);
    stop.send(true).unwrap();
    running.await.unwrap();
}
