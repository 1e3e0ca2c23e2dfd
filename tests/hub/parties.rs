//! Who has a part in a dossier beside who filed it and who decides it: the unit that receives, and the unit that supervises what is
//! received out of area (Decree 118/2025 art. 20.1a).

use std::time::Duration;

use lienthong::domain::clocks::Watched;
use lienthong::domain::lifecycle::Role;
use lienthong::domain::rejection::Label;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{AcceptanceRequest, Cursor, PapersRequest};
use lienthong::identity::Access;
use lienthong::service::{Call, ServiceError};
use serde_json::json;

use crate::backends::{Stage, on_both};
use crate::city::{City, for_the_commune};

fn call(key: &str) -> Call {
    Call {
        key: IdempotencyKey::parse(key).unwrap(),
        request_digest: Sha256::new([1; 32]),
        traceparent: None,
    }
}

fn acceptance() -> AcceptanceRequest {
    AcceptanceRequest {
        occurred_at: None,
        assigned_code: None,
        text: None,
    }
}

fn asking() -> PapersRequest {
    PapersRequest {
        occurred_at: None,
        reason: "Thiếu bản sao".to_owned(),
        papers: Vec::new(),
    }
}

async fn feed(city: &City, access: &Access) -> Vec<String> {
    let page = city
        .hub
        .feed
        .events(access, Cursor::START, Duration::ZERO, 50)
        .await
        .unwrap();
    page.events.into_iter().map(|e| e.data.event.kind).collect()
}

fn refused<T>(outcome: Result<T, ServiceError>, label: Label) -> bool {
    matches!(outcome, Err(ServiceError::Rejected(r)) if r.label() == label)
}

fn not_found<T>(outcome: Result<T, ServiceError>) -> bool {
    refused(outcome, Label::NotFound)
}

async fn filed(
    stage: &Stage,
    city: &City,
    tenant: &str,
    reference: &str,
) -> lienthong::domain::ids::DossierId {
    city.file(&city.access(tenant), &for_the_commune(stage, reference))
        .await
        .tracking_id
}

on_both! {
    async fn the_branch_of_an_agent_accepts_asks_and_is_told(stage) {
        let city = City::open(stage).await;
        let unit = city.access("branch.ba-dinh");
        let id = filed(stage, &city, "agent.a-001", "r1").await;
        let seen = city.hub.dossiers.show(&unit, id).await.unwrap().summary;
        assert_eq!(seen.receiving_unit.map(|u| u.to_string()).as_deref(), Some("branch.ba-dinh"));
        assert_eq!(seen.supervisor, None, "its own commune is its own area");
        assert_eq!(feed(&city, &unit).await, ["filed"]);
        stage.later(60);
        let asked = city.hub.acts.ask(&unit, id, call("k1"), asking()).await.unwrap();
        assert_eq!(asked.status.code, Status::SupplementRequested);
        let other = filed(stage, &city, "agent.a-001", "r2").await;
        let accepted = city.hub.acts.accept(&unit, other, call("k2"), acceptance()).await.unwrap();
        assert_eq!(accepted.status.code, Status::Accepted);
        // The agent hears of all of it, too, and another branch of nothing.
        assert_eq!(feed(&city, &city.access("agent.a-001")).await.len(), feed(&city, &unit).await.len());
        assert_eq!(feed(&city, &city.access("branch.ha-dong")).await, Vec::<String>::new());
        assert_eq!(stage.audit().findings, []);
    }

    async fn out_of_area_the_agencys_own_unit_is_told_and_looks_on(stage) {
        let city = City::open(stage).await;
        let (unit, supervisor) = (city.access("branch.ha-dong"), city.access("branch.ba-dinh"));
        let id = filed(stage, &city, "branch.ha-dong", "r1").await;
        let seen = city.hub.dossiers.show(&supervisor, id).await.unwrap().summary;
        assert_eq!(seen.supervisor.map(|u| u.to_string()).as_deref(), Some("branch.ba-dinh"));
        assert_eq!(feed(&city, &supervisor).await, ["filed", "out-of-area"]);
        for outcome in [
            city.hub.acts.accept(&supervisor, id, call("k1"), acceptance()).await,
            city.hub.acts.ask(&supervisor, id, call("k2"), asking()).await,
        ] {
            assert!(refused(outcome, Label::NotYourPart));
        }
        city.hub.acts.accept(&unit, id, call("k3"), acceptance()).await.unwrap();
        assert_eq!(feed(&city, &supervisor).await, feed(&city, &unit).await);
    }

    async fn another_agency_brings_another_supervisor(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ha-dong");
        let id = filed(stage, &city, "branch.ha-dong", "r1").await;
        stage.later(1);
        let mut moved = for_the_commune(stage, "r1");
        moved["procedure"] = json!({ "code": "9.905001", "name": "Thủ tục của Sở Công Thương" });
        city.hub.intake.submit(&branch, crate::city::incoming(&moved, "moved")).await.unwrap();
        // A department is at home in all of the city: nobody supervises any more.
        assert!(not_found(city.hub.dossiers.show(&city.access("branch.ba-dinh"), id).await));
        assert_eq!(city.hub.dossiers.show(&branch, id).await.unwrap().summary.supervisor, None);
        assert_eq!(stage.audit().findings, []);
    }

    async fn the_unit_that_supervises_is_notified_or_the_operator_is(stage) {
        let city = City::with(stage, &[]).await;
        let far = city.access("branch.ha-dong");
        let notices = async |tenant: &str| {
            let page = city.hub.feed.events(&city.access(tenant), Cursor::START, Duration::ZERO, 50).await.unwrap();
            page.events.into_iter().filter(|e| e.data.event.kind == "out-of-area").map(|e| e.data.event.matter.unwrap()).collect::<Vec<_>>()
        };
        let id = city.file(&far, &for_the_commune(stage, "r1")).await.tracking_id;
        let told = serde_json::to_value(notices("branch.ba-dinh").await).unwrap();
        assert_eq!(told, json!([{ "matter": "out-of-area", "unit": "branch.ba-dinh", "deliverable": true }]));
        let messages = stage.texts("SELECT id AS t FROM deliveries");
        let mut rendered = city.hub.messages.pushes(messages.clone()).await.unwrap();
        let message = rendered.remove(&messages[0]).unwrap().data;
        assert_eq!(message.result_to.map(|unit| unit.to_string()).as_deref(), Some("branch.ha-dong"));
        let alarms = async || city.hub.limits.alarms(&city.access("operator.truc-ban"), Cursor::START, false, 50).await.unwrap().alarms;
        assert_eq!(alarms().await, []);
        // In its own area there is nobody to notify.
        filed(stage, &city, "branch.ba-dinh", "r2").await;
        assert_eq!(notices("branch.ba-dinh").await.len(), 1);
        assert!(city.hub.dossiers.show(&city.access("branch.ba-dinh"), id).await.is_ok());
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_unit_that_is_not_here_is_the_operators_to_tell(stage) {
        let units = "agency,unit,valid_from,valid_to,provisional,source\nubnd-00004,tay-ho,,,true,test\n";
        let city = City::with(stage, &[("one_stop_units.csv", units)]).await;
        let id = city.file(&city.access("branch.ha-dong"), &for_the_commune(stage, "r1")).await.tracking_id;
        let alarms = city.hub.limits.alarms(&city.access("operator.truc-ban"), Cursor::START, false, 50).await.unwrap().alarms;
        let told: Vec<_> = alarms.iter().map(|a| (a.limit, a.dossier, a.party)).collect();
        assert_eq!(told, [(Watched::SupervisionNotice, Some(id), Role::Operator)]);
        let history = city.hub.dossiers.history(&city.access("agency.ubnd-00004"), id).await.unwrap().events;
        let matter = history.iter().find_map(|e| e.matter.as_ref()).unwrap();
        let told = serde_json::to_value(matter).unwrap();
        assert_eq!(told, json!({ "matter": "out-of-area", "unit": "branch.tay-ho", "deliverable": false }));
        assert_eq!(stage.audit().findings, []);
    }
}
