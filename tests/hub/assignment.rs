//! An operator names the agency of a dossier, and puts another directory into use: what each party sees, and what is not done twice.

use lienthong::domain::audit::Action;
use lienthong::domain::event::EventKind;
use lienthong::domain::ids::DossierId;
use lienthong::domain::issuing::{CodeGiver, NumberSeries, Numbering};
use lienthong::domain::rejection::Label;
use lienthong::domain::routing::{Directory, ResolvedBy, plan::DirectoryFiles};
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::tenant::{SuccessorPolicy, TenantKey};
use lienthong::domain::view::{
    AssignmentRequest, DirectoryImportRequest, DirectoryPlanRequest, DossierSummary, StatusReport,
    SubmissionAnswer, TenantRequest,
};
use lienthong::identity::Access;
use lienthong::service::{AuditQuery, Call, DossierQuery, Mode, ServiceError};
use serde_json::{Value, json};

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, NEIGHBOUR, for_the_commune, incoming};
use crate::schema::back_before;

/// A procedure for which no rule names an agency.
fn with_a_gap(stage: &Stage, reference: &str) -> Value {
    let mut filing = for_the_commune(stage, reference);
    filing["procedure"] = json!({ "code": "9.990001", "name": "Thủ tục mẫu" });
    filing
}

/// A resident of a former commune whose parts belong to 00004 and 00008, among others.
fn of_a_divided_commune(stage: &Stage, reference: &str) -> Value {
    let mut filing = for_the_commune(stage, reference);
    filing["place"] = json!({ "catalogue": "legacy", "commune": "00028" });
    filing
}

async fn assign(city: &City, id: DossierId, agency: &str, key: &str) -> Result<DossierSummary, ServiceError> {
    let call = Call {
        key: IdempotencyKey::parse(key).unwrap(),
        request_digest: lienthong::domain::seal::sha256(agency.as_bytes()),
        traceparent: None,
    };
    let request = AssignmentRequest {
        agency: agency.parse().unwrap(),
        reason: "Theo công văn mẫu".to_owned(),
    };
    city.hub
        .acts
        .assign(&city.access("operator.truc-ban"), id, call, request)
        .await
}

fn label<T>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

async fn sees(city: &City, tenant: &str, id: DossierId) -> bool {
    city.hub.dossiers.show(&city.access(tenant), id).await.is_ok()
}

async fn parked(city: &City) -> Vec<(DossierId, Option<Label>)> {
    let query = DossierQuery {
        parked: true,
        limit: 50,
        ..DossierQuery::default()
    };
    let page = city
        .hub
        .dossiers
        .list(&city.access("operator.truc-ban"), query)
        .await
        .unwrap();
    page.dossiers.iter().map(|d| (d.tracking_id, d.parked)).collect()
}

async fn batch(city: &City, access: &Access, filing: &Value) -> SubmissionAnswer {
    let mut call = incoming(filing, &format!("key-{}", filing["reference"]));
    call.mode = Mode::Batch;
    let answered = city.hub.intake.submit(access, call).await.unwrap();
    serde_json::from_slice(answered.body()).unwrap()
}

/// The shipped directory, whole: a city's own has three agencies left, which no plan lets pass.
fn shipped() -> DirectoryFiles {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
    let read = |name: &&str| {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        ((*name).to_owned(), text)
    };
    Directory::FILES.iter().map(read).collect()
}

on_both! {
    async fn a_parked_dossier_is_assigned_and_goes_on(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let id = city.file(&agent, &with_a_gap(stage, "r1")).await.tracking_id;
        assert_eq!(parked(&city).await, [(id, Some(Label::CompetenceGap))]);
        assert_eq!(label(assign(&city, id, "so-khong-co", "k0").await), Label::AgencyUnknown);
        stage.later(60);
        let summary = assign(&city, id, COMMUNE, "k1").await.unwrap();
        assert_eq!((summary.agency.unwrap().key.as_str(), summary.parked), (COMMUNE, None));
        // The same call again does nothing twice; another call with its key is refused.
        assign(&city, id, COMMUNE, "k1").await.unwrap();
        assert_eq!(label(assign(&city, id, NEIGHBOUR, "k1").await), Label::IdempotencyKeyReused);
        assert_eq!(label(assign(&city, id, COMMUNE, "k2").await), Label::AgencyUnchanged);
        assert_eq!(parked(&city).await, []);
        assert!(sees(&city, "agency.ubnd-00004", id).await);
        assert_eq!(stage.texts("SELECT kind || ' ' || agency AS t FROM deliveries"), ["assigned ubnd-00004"]);
        // Both decisions stand beside each other, for the agency too.
        let route = city.hub.dossiers.route(&city.access("agency.ubnd-00004"), id).await.unwrap();
        let decided = route.assignment.unwrap();
        assert_eq!((route.reason.chosen, decided.agency.key.as_str(), decided.instead), (None, COMMUNE, None));
        assert_eq!((decided.reason.as_str(), decided.by.tenant.as_str()), ("Theo công văn mẫu", "operator.truc-ban"));
        // The submitter hears of it, the audit has it without the words, and the seals hold.
        let feed = city.hub.feed.events(&agent, lienthong::domain::view::Cursor::START, std::time::Duration::ZERO, 50).await.unwrap();
        assert_eq!(feed.events.iter().filter(|e| e.data.event.kind == "assigned").count(), 1);
        let query = AuditQuery { action: Some(Action::DossierAssigned), limit: 9, ..AuditQuery::default() };
        let entries = city.hub.tenants.audit(&city.access("operator.truc-ban"), query).await.unwrap().entries;
        assert_eq!((entries.len(), &entries[0].subject, entries[0].reason.as_ref()), (1, &id.to_string(), None));
        let accepted = city.report(&city.access("agency.ubnd-00004"), vec![StatusReport::new(id.to_string(), Status::Accepted)]).await;
        assert!(accepted.results[0].problem.is_none());
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_agency_that_was_the_wrong_one_loses_its_part(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let id = city.file(&agent, &for_the_commune(stage, "r1")).await.tracking_id;
        stage.later(60);
        city.report(&city.access("agency.ubnd-00004"), vec![StatusReport::new(id.to_string(), Status::Accepted)]).await;
        stage.later(60);
        assign(&city, id, NEIGHBOUR, "k1").await.unwrap();
        assert_eq!((sees(&city, "agency.ubnd-00004", id).await, sees(&city, "agency.ubnd-00008", id).await), (false, true));
        let route = city.hub.dossiers.route(&city.access("operator.truc-ban"), id).await.unwrap();
        assert_eq!(route.reason.chosen.as_deref(), Some(COMMUNE), "the rules' own word stays");
        assert_eq!(route.assignment.unwrap().instead.unwrap().key.as_str(), COMMUNE);
        // What the old agency has not taken is not for it to read any more.
        assert_eq!(stage.number("SELECT count(*) AS n FROM deliveries WHERE send_at IS NOT NULL AND agency = 'ubnd-00004'"), 0);
        let old = city.report(&city.access("agency.ubnd-00004"), vec![StatusReport::new(id.to_string(), Status::Processing)]).await;
        assert_eq!(old.results[0].problem.as_ref().unwrap().label, Label::NotFound);
        stage.later(60);
        let new = city.report(&city.access("agency.ubnd-00008"), vec![StatusReport::new(id.to_string(), Status::Withdrawn)]).await;
        assert!(new.results[0].problem.is_none());
        assert_eq!(label(assign(&city, id, COMMUNE, "k2").await), Label::StatusFinal);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_part_that_ended_keeps_its_end_when_its_tenant_comes_and_goes_again(stage) {
        let city = City::open(stage).await;
        // Filed in another branch's area, so that the agency's own branch supervises; the neighbour's does not.
        let id = city.file(&city.access("branch.ha-dong"), &for_the_commune(stage, "r1")).await.tracking_id;
        for (n, agency) in [NEIGHBOUR, COMMUNE, NEIGHBOUR].into_iter().enumerate() {
            stage.later(60);
            assign(&city, id, agency, &format!("k{n}")).await.unwrap();
        }
        let parts = "SELECT since || ' ' || coalesce(until || '', 'now') AS t FROM dossier_parties WHERE role = 'lead-agency' ORDER BY since";
        let parts = stage.texts(parts);
        let ends: Vec<&str> = parts.iter().map(|part| part.rsplit_once(' ').unwrap().1).collect();
        assert_eq!(ends.len(), 4, "{parts:?}");
        let distinct: std::collections::BTreeSet<&&str> = ends.iter().collect();
        assert_eq!((distinct.len(), ends[3]), (4, "now"), "each part ends when it ended: {parts:?}");
        assert_eq!((sees(&city, "agency.ubnd-00004", id).await, sees(&city, "agency.ubnd-00008", id).await), (false, true));
        assert_eq!(stage.audit().findings, []);
        // A hub before 0015 wrote the last end to both; the migration gives the first its own again.
        stage.execute("UPDATE dossier_parties SET until = (SELECT max(until) FROM dossier_parties WHERE tenant = 'agency.ubnd-00004') WHERE tenant = 'agency.ubnd-00004'");
        assert_eq!(stage.audit().findings.len(), 1);
        back_before(stage, "0015");
        stage.migrate();
        assert_eq!(stage.audit().findings, []);
    }

    async fn only_an_operator_assigns_and_nobody_learns_what_is_there(stage) {
        let city = City::open(stage).await;
        let id = city.file(&city.access("agent.a-001"), &with_a_gap(stage, "r1")).await.tracking_id;
        for tenant in ["agent.a-001", "branch.ba-dinh", "agency.ubnd-00004", "enterprise.buu-chinh-mau-a"] {
            let call = Call { key: IdempotencyKey::parse("k").unwrap(), request_digest: Sha256::new([1; 32]), traceparent: None };
            let request = AssignmentRequest { agency: COMMUNE.parse().unwrap(), reason: "x".to_owned() };
            assert_eq!(label(city.hub.acts.assign(&city.access(tenant), id, call, request).await), Label::PermissionMissing);
        }
        let nobodys = DossierId::new(stage.clock.now(), &mut *stage.rng());
        assert_eq!(label(assign(&city, nobodys, COMMUNE, "k1").await), Label::NotFound);
    }

    async fn what_a_person_decided_survives_an_amendment_of_the_same_case(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let mut filing = with_a_gap(stage, "r1");
        let id = city.file(&agent, &filing).await.tracking_id;
        assign(&city, id, COMMUNE, "k1").await.unwrap();
        filing["summary"] = json!("Hồ sơ thử, sửa lần một");
        let again = city.hub.intake.submit(&agent, incoming(&filing, "amend-1")).await.unwrap();
        let again: SubmissionAnswer = serde_json::from_slice(again.body()).unwrap();
        assert_eq!((again.version, again.agency.unwrap().key.as_str(), again.parked), (2, COMMUNE, None));
        assert!(sees(&city, "agency.ubnd-00004", id).await);
        // Another procedure is another case: the rules decide it.
        filing["procedure"] = json!({ "code": "1.004873", "name": "Cấp Giấy xác nhận tình trạng hôn nhân" });
        filing["place"] = json!({ "catalogue": "2025", "commune": "00008" });
        let other = city.hub.intake.submit(&agent, incoming(&filing, "amend-2")).await.unwrap();
        let other: SubmissionAnswer = serde_json::from_slice(other.body()).unwrap();
        assert_eq!((other.agency.unwrap().key.as_str(), other.route.assigned), (NEIGHBOUR, None));
        assert!(!sees(&city, "agency.ubnd-00004", id).await);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_divided_commune_is_asked_parked_or_decided_by_the_tenants_policy(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let filing = of_a_divided_commune(stage, "r1");
        assert_eq!(label(city.submit(&agent, &filing).await), Label::PlaceAmbiguous);
        // Nobody is there to be asked: it is taken, and waits.
        let waits = batch(&city, &agent, &filing).await;
        assert_eq!((waits.agency, waits.parked), (None, Some(Label::PlaceAmbiguous)));
        assert_eq!(waits.route.place.unwrap().by, ResolvedBy::Undecided);
        assert_eq!(parked(&city).await, [(waits.tracking_id, Some(Label::PlaceAmbiguous))]);
        assign(&city, waits.tracking_id, COMMUNE, "k1").await.unwrap();
        assert!(sees(&city, "agency.ubnd-00004", waits.tracking_id).await);
        // The tenant's policy takes the default, says so, and needs nobody.
        let tenant: TenantKey = "agent.a-001".parse().unwrap();
        let request = TenantRequest { reason: "Theo công văn mẫu".to_owned(), name: None, formats: None, successor_policy: Some(SuccessorPolicy::Default), codes: None };
        city.hub.tenants.alter(&city.access("operator.truc-ban"), &tenant, request).await.unwrap();
        let taken = city.file(&city.access("agent.a-001"), &of_a_divided_commune(stage, "r2")).await;
        assert_eq!((taken.agency.unwrap().key.as_str(), taken.parked), (NEIGHBOUR, None));
        assert!(taken.warnings.iter().any(|w| w.label == Label::DefaultSuccessor));
        assert_eq!(taken.route.place.unwrap().by, ResolvedBy::DefaultSuccessor);
        // Others are asked as before.
        assert_eq!(label(city.submit(&city.access("agent.a-002"), &of_a_divided_commune(stage, "r3")).await), Label::PlaceAmbiguous);
    }

    async fn what_was_accepted_without_an_agency_gets_its_code_with_the_agency(stage) {
        let city = City::open(stage).await;
        let numbering = Numbering { unit: "H26.101".parse().unwrap(), digits: Default::default(), series: NumberSeries::GapFree };
        let codes = Some(CodeGiver::Hub(numbering));
        let request = TenantRequest { reason: "Theo công văn mẫu".to_owned(), name: None, formats: None, successor_policy: None, codes };
        let agency: TenantKey = format!("agency.{COMMUNE}").parse().unwrap();
        city.hub.tenants.alter(&city.access("operator.truc-ban"), &agency, request).await.unwrap();
        let mut filing = with_a_gap(stage, "r1");
        filing["channel"] = json!("counter");
        let waits = city.file(&city.access("branch.ba-dinh"), &filing).await;
        assert_eq!((&waits.agency, waits.status.code, &waits.dossier_code), (&None, Status::Accepted, &None));
        // It was received on its first day, whenever somebody names the agency.
        stage.later(2 * 86_400);
        let assigned = assign(&city, waits.tracking_id, COMMUNE, "k1").await.unwrap();
        assert_eq!(assigned.dossier_code.map(String::from).as_deref(), Some("H26.101-261123-0001"));
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_directory_is_planned_reviewed_and_put_into_use(stage) {
        let city = City::open(stage).await;
        let operator = city.access("operator.truc-ban");
        let filed = city.file(&city.access("agent.a-001"), &for_the_commune(stage, "r1")).await.tracking_id;
        let gap = city.file(&city.access("agent.a-001"), &with_a_gap(stage, "r2")).await.tracking_id;
        let before = shipped();
        city.hub.directory_plans.import(&Access::system(), &before).await.unwrap();
        let plan = async |files: &DirectoryFiles| city.hub.directory_plans.plan(&operator, DirectoryPlanRequest { files: Some(files.clone()), version: None, effective: None }).await;
        let same = plan(&before).await.unwrap();
        assert_eq!((same.files.len(), same.routes.len(), same.examined), (0, 0, 2));
        // The rule of the gap is added, the commune's office ends.
        let mut after = before.clone();
        after.get_mut("competence.csv").unwrap().push_str("R9001,9.990001,*,ubnd-00008,,,true,thử\n");
        let agencies = after.get_mut("agencies.csv").unwrap();
        let line = agencies.lines().find(|l| l.starts_with("ubnd-00004,")).unwrap().to_owned();
        *agencies = agencies.replace(&line, &line.replace("2025-07-01,,", "2025-07-01,2026-10-31,"));
        let planned = plan(&after).await.unwrap();
        let counts: Vec<(&str, usize, usize, usize)> = planned.files.iter().map(|f| (f.file.as_str(), f.added, f.removed, f.changed)).collect();
        assert_eq!(counts, [("agencies.csv", 0, 0, 1), ("competence.csv", 1, 0, 0)]);
        assert_eq!(planned.files[0].rows[0].columns[0].column, "valid_to");
        let routes: Vec<(Option<&str>, Option<&str>, Vec<DossierId>)> = planned.routes.iter()
            .map(|r| (r.from.as_ref().map(|k| k.as_str()), r.to.as_ref().map(|k| k.as_str()), r.examples.clone())).collect();
        assert_eq!(routes, [(None, Some(NEIGHBOUR), vec![gap]), (Some(COMMUNE), None, vec![filed])]);
        // An assignment is a person's; what an agency leaves behind that has ended is the hub's to look after.
        assert_eq!(planned.routes.iter().map(|r| (r.moves, r.label)).collect::<Vec<_>>(), [(false, None), (true, Some(Label::SuccessorUndecided))]);
        // Other files than those that were reviewed are not put into use, nor is a faulty directory.
        let import = async |files: &DirectoryFiles| {
            let request = DirectoryImportRequest { files: Some(files.clone()), version: None, effective: None, plan: planned.digest, reason: "Theo công văn mẫu".to_owned() };
            city.hub.directory_plans.replace(&operator, request).await
        };
        let mut others = after.clone();
        others.get_mut("competence.csv").unwrap().push_str("R9002,9.990001,*,ubnd-00008,,,true,thử\n");
        assert_eq!(label(import(&others).await), Label::PlanStale);
        let mut faulty = after.clone();
        faulty.remove("points.csv");
        assert_eq!(label(plan(&faulty).await), Label::DirectoryFaulty);
        assert_eq!(import(&after).await.unwrap().version, planned.to);
        assert_eq!(city.hub.directory.current().version(), planned.to);
        // The plan was of the directory before: it is used up. No dossier was moved.
        assert_eq!(label(import(&after).await), Label::PlanStale);
        assert!(sees(&city, "agency.ubnd-00004", filed).await);
        let query = AuditQuery { action: Some(Action::DirectoryImported), limit: 1, ..AuditQuery::default() };
        let entry = city.hub.tenants.audit(&operator, query).await.unwrap().entries.remove(0);
        assert_eq!((entry.detail["version"].as_str(), entry.reason.as_deref()), (planned.to.as_str(), Some("Theo công văn mẫu")));
        assert_eq!(stage.audit().findings, []);
    }
}

#[test]
fn an_assignment_is_written_as_an_event_of_its_own() {
    let told = EventKind::Assigned {
        agency: COMMUNE.parse().unwrap(),
        instead: None,
        parked: Some(Label::CompetenceGap),
        text: "x".to_owned(),
    };
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(
        (json["kind"].as_str(), told.word()),
        (Some("assigned"), "assigned")
    );
    assert_eq!(serde_json::from_value::<EventKind>(json).unwrap(), told);
}
