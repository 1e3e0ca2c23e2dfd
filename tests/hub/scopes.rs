//! Whose dossiers a caller sees: each kind of tenant, authenticated as in production, against everybody else's dossiers.
//! What a scope does not reach is absent, exactly as what does not exist.

use std::time::Duration;

use lienthong::domain::codes::Key;
use lienthong::domain::ids::DossierId;
use lienthong::domain::rejection::Label;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{HandOverRequest, SupplementRequest};
use lienthong::identity::{Access, Permission};
use lienthong::service::{Answered, Call, DossierQuery, ServiceError};
use lienthong::store::read;

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, NEIGHBOUR, for_the_commune, for_the_department};

/// A dossier of an agent for the commune, one of a branch for the commune, one of a branch for the department.
async fn three(stage: &Stage, city: &City) -> [DossierId; 3] {
    let (agent, branch) = (city.access("agent.a-001"), city.access("branch.ba-dinh"));
    let mut ids = Vec::new();
    for (who, filing) in [
        (&agent, for_the_commune(stage, "a")),
        (&branch, for_the_commune(stage, "b")),
        (&branch, for_the_department(stage, "c")),
    ] {
        stage.later(1);
        ids.push(city.file(who, &filing).await.tracking_id);
    }
    ids.try_into().unwrap()
}

fn call(key: &str) -> Call {
    Call {
        key: IdempotencyKey::parse(key).unwrap(),
        request_digest: Sha256::new([1; 32]),
        traceparent: None,
    }
}

fn label<T>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

on_both! {
    async fn everybody_sees_their_own_and_nothing_else(stage) {
        let city = City::open(stage).await;
        let [a, b, c] = three(stage, &city).await;
        let department = format!("agency.{}", city.department);
        let sights = [
            ("agent.a-001", vec![a]),
            ("agent.a-002", vec![]),
            ("enterprise.buu-chinh-mau-a", vec![a]),
            ("enterprise.buu-chinh-mau-b", vec![]),
            ("branch.ba-dinh", vec![c, b, a]),
            ("branch.ha-dong", vec![]),
            ("agency.ubnd-00004", vec![b, a]),
            ("agency.ubnd-00008", vec![]),
            (department.as_str(), vec![c]),
            ("operator.truc-ban", vec![c, b, a]),
        ];
        let nobodys = DossierId::new(stage.clock.now(), &mut *stage.rng());
        for (tenant, expected) in sights {
            let access = city.access(tenant);
            let page = city.hub.dossiers.list(&access, DossierQuery { limit: 50, ..DossierQuery::default() }).await.unwrap();
            let listed: Vec<DossierId> = page.dossiers.iter().map(|d| d.tracking_id).collect();
            assert_eq!(listed, expected, "{tenant}");
            for id in [a, b, c, nobodys] {
                if expected.contains(&id) {
                    city.hub.dossiers.show(&access, id).await.unwrap();
                    city.hub.dossiers.history(&access, id).await.unwrap();
                    city.hub.dossiers.submission(&access, id).await.unwrap();
                    continue;
                }
                assert_eq!(label(city.hub.dossiers.show(&access, id).await), Label::NotFound, "{tenant}");
                assert_eq!(label(city.hub.dossiers.history(&access, id).await), Label::NotFound, "{tenant}");
                assert_eq!(label(city.hub.dossiers.route(&access, id).await), Label::NotFound, "{tenant}");
                assert_eq!(label(city.hub.dossiers.submission(&access, id).await), Label::NotFound, "{tenant}");
                assert_eq!(label(city.hub.dossiers.receipt(&access, id).await), Label::NotFound, "{tenant}");
            }
        }
    }

    async fn the_store_itself_keeps_to_the_scope(stage) {
        let city = City::open(stage).await;
        let [a, ..] = three(stage, &city).await;
        let store = &city.store;
        for (tenant, sees) in [
            ("agent.a-001", true), ("agent.a-002", false), ("enterprise.buu-chinh-mau-a", true),
            ("enterprise.buu-chinh-mau-b", false), ("branch.ha-dong", false), ("agency.ubnd-00004", true), ("agency.ubnd-00008", false),
        ] {
            let scope = city.access(tenant).permit(Permission::DossierRead).unwrap();
            let cipher = store.cipher.clone();
            let (row, by_reference, feed, overview) = store.readers.run(move |conn| {
                Ok((
                    read::dossier(conn, &scope, &a.to_string())?,
                    read::by_reference(conn, &scope, "agent.a-001", "a")?,
                    read::feed(conn, &cipher, &scope, 0, 10)?,
                    read::overview(conn, &scope)?,
                ))
            }).await.unwrap();
            assert_eq!((row.is_some(), by_reference.is_some()), (sees, sees), "{tenant}");
            // The feed is the submitter's side; an agency is told by its inbox or its queue.
            assert_eq!(!feed.is_empty(), sees && !tenant.starts_with("agency."), "{tenant}");
            assert_eq!(overview, read::OverviewCounts::default(), "{tenant}");
        }
        let everything = Access::system().permit(Permission::HubRead).unwrap();
        let overview = store.readers.run(move |conn| read::overview(conn, &everything)).await.unwrap();
        assert_eq!((overview.seq, overview.outbox), (3, 3));
    }

    async fn nobody_acts_on_what_is_not_theirs(stage) {
        let city = City::open(stage).await;
        let [a, _, c] = three(stage, &city).await;
        let supplement = || SupplementRequest { text: Some("x".to_owned()), ..SupplementRequest::default() };
        // The unit that receives an agent's dossier completes nothing in its name; another agent sees nothing; an enterprise only looks on.
        for (tenant, refused) in [("branch.ba-dinh", Label::NotYourPart), ("agent.a-002", Label::NotFound)] {
            let outcome = city.hub.acts.supplement(&city.access(tenant), a, call(tenant), supplement()).await;
            assert_eq!(label(outcome), refused, "{tenant}");
        }
        let outcome = city.hub.acts.supplement(&city.access("enterprise.buu-chinh-mau-a"), a, call("k3"), supplement()).await;
        assert_eq!(label(outcome), Label::PermissionMissing);
        let receiver = HandOverRequest { receiver: "x".to_owned(), received_at: None, proof: None };
        let agency = city.access(&format!("agency.{COMMUNE}"));
        assert_eq!(label(city.hub.acts.hand_over(&agency, a, call("k4"), receiver).await), Label::PermissionMissing);
        // A report on a dossier of another agency is answered as one on nothing.
        let nobodys = DossierId::new(stage.clock.now(), &mut *stage.rng());
        let report = |dossier: String| lienthong::domain::view::StatusReport::new(dossier, Status::Accepted);
        let reports = vec![report(c.to_string()), report(nobodys.to_string()), report(a.to_string())];
        let answer = city.report(&agency, reports).await;
        let labels: Vec<Option<Label>> = answer.results.iter().map(|r| r.problem.as_ref().map(|p| p.label)).collect();
        assert_eq!(labels, [Some(Label::NotFound), Some(Label::NotFound), None]);
        assert_eq!(answer.results[2].status, Some(Status::Accepted));
        // Its inbox is its own, too.
        let neighbour = city.access(&format!("agency.{NEIGHBOUR}"));
        assert!(city.hub.messages.inbox(&neighbour, 10, Duration::ZERO).await.unwrap().messages.is_empty());
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_agency_that_lost_a_dossier_sees_it_no_longer(stage) {
        let city = City::open(stage).await;
        let [_, b, _] = three(stage, &city).await;
        let branch = city.access("branch.ba-dinh");
        stage.later(1);
        let mut moved = for_the_commune(stage, "b");
        moved["place"] = serde_json::json!({ "catalogue": "2025", "commune": "00008", "name": "Phường Ngọc Hà" });
        let answered = city.hub.intake.submit(&branch, crate::city::incoming(&moved, "moved")).await.unwrap();
        assert!(matches!(answered, Answered::New(_)));
        let (commune, neighbour) = (city.access(&format!("agency.{COMMUNE}")), city.access(&format!("agency.{NEIGHBOUR}")));
        assert_eq!(label(city.hub.dossiers.show(&commune, b).await), Label::NotFound);
        assert_eq!(city.hub.dossiers.show(&neighbour, b).await.unwrap().summary.version, 2);
    }

    async fn a_revocation_and_a_suspension_hold_after_a_refresh(stage) {
        let city = City::open(stage).await;
        let key: Key = COMMUNE.parse().unwrap();
        let tenant = lienthong::domain::tenant::TenantKey::new(lienthong::domain::tenant::TenantKind::Agency, &key);
        // Written by another hub: this one learns of it when it looks.
        crate::city::changed(&city.store, lienthong::domain::register::Change::Suspend(tenant)).await;
        let report = || crate::city::reported(vec![lienthong::domain::view::StatusReport::new(
            "dos_00000000000000000000000000000000",
            Status::Accepted,
        )]);
        let reports = city.hub.statuses.read_from_queue(COMMUNE, report()).unwrap();
        city.hub.statuses.take_reports(reports).await.unwrap();
        assert!(city.hub.refresher.refresh().await.unwrap().register);
        let outcome = city.hub.statuses.read_from_queue(COMMUNE, report()).map(drop);
        assert_eq!(label(outcome), Label::TenantSuspended);
    }
}
