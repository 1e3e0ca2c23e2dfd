//! Agencies are reorganised by rows of the directory: what becomes of open dossiers, of late reports, of what is filed afterwards;
//! and a directory that waits for its day, is cancelled, or is taken back.

use std::time::Duration;

use lienthong::domain::audit::Action;
use lienthong::domain::ids::DossierId;
use lienthong::domain::rejection::Label;
use lienthong::domain::routing::{Directory, plan::DirectoryFiles};
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{
    AssignmentRequest, Cursor, DirectoryImportAnswer, DirectoryImportRequest, DirectoryPlanRequest,
    DirectoryPlanView, DirectoryRollbackRequest, RouteRequest, StatusReport,
};
use lienthong::identity::Access;
use lienthong::service::{AuditQuery, Call, ServiceError, Taken};
use serde_json::json;

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, NEIGHBOUR, for_the_commune, for_the_department};

/// A week and two days after the stage's Monday.
pub const DAY: &str = "2026-12-02";

/// A made-up reorganisation on [`DAY`]: the commune 00004 and its office become part of 00008.
pub const MERGED: &str = "T1,merge,commune,00004,00008,2026-12-02,,true,move,true,Nghị quyết mẫu 01\n\
    T2,merge,agency,ubnd-00004,ubnd-00008,2026-12-02,,false,move,true,Nghị quyết mẫu 01\n";

/// Another: its office is divided between the neighbour's and the one after that, and nobody says what goes where.
const DIVIDED: &str = "T1,merge,commune,00004,00008,2026-12-02,,true,move,true,Nghị quyết mẫu 02\n\
    T2,split,agency,ubnd-00004,ubnd-00025,2026-12-02,,false,move,true,Nghị quyết mẫu 02\n\
    T3,split,agency,ubnd-00004,so-tu-phap,2026-12-02,,false,move,true,Nghị quyết mẫu 02\n";

fn shipped() -> DirectoryFiles {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
    let read = |name: &&str| {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        ((*name).to_owned(), text)
    };
    Directory::FILES.iter().map(read).collect()
}

/// The shipped directory in which the commune 00004 and its office end before [`DAY`], by these rows.
pub fn reorganised(rows: &str) -> DirectoryFiles {
    let mut files = shipped();
    for (file, key) in [("agencies.csv", "ubnd-00004,"), ("communes.csv", "00004,")] {
        let text = files.get_mut(file).unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .to_owned();
        assert!(line.contains("2025-07-01,,"), "{line}");
        *text = text.replace(&line, &line.replace("2025-07-01,,", "2025-07-01,2026-12-01,"));
    }
    files.get_mut("reorganisations.csv").unwrap().push_str(rows);
    files
}

async fn plan(city: &City, request: DirectoryPlanRequest) -> Result<DirectoryPlanView, ServiceError> {
    city.hub
        .directory_plans
        .plan(&city.access("operator.truc-ban"), request)
        .await
}

/// Plans and puts into use what was planned.
async fn import(
    city: &City,
    files: &DirectoryFiles,
    effective: Option<&str>,
) -> Result<(DirectoryPlanView, DirectoryImportAnswer), ServiceError> {
    let effective = effective.map(|day| day.parse().unwrap());
    let asked = DirectoryPlanRequest {
        files: Some(files.clone()),
        version: None,
        effective,
    };
    let planned = plan(city, asked).await?;
    let request = DirectoryImportRequest {
        files: Some(files.clone()),
        version: None,
        effective,
        plan: planned.digest,
        reason: "Theo nghị quyết mẫu".to_owned(),
    };
    let operator = city.access("operator.truc-ban");
    let done = city.hub.directory_plans.replace(&operator, request).await?;
    Ok((planned, done))
}

async fn rollback(
    city: &City,
    plan: Option<&DirectoryPlanView>,
) -> Result<DirectoryImportAnswer, ServiceError> {
    let request = DirectoryRollbackRequest {
        plan: plan.map(|plan| plan.digest),
        reason: "Nhập nhầm".to_owned(),
    };
    let operator = city.access("operator.truc-ban");
    city.hub.directory_plans.rollback(&operator, request).await
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

async fn reported(city: &City, tenant: &str, id: DossierId, status: Status) -> Option<Label> {
    let access = city.access(tenant);
    let answer = city
        .report(&access, vec![StatusReport::new(id.to_string(), status)])
        .await;
    answer.results[0].problem.as_ref().map(|problem| problem.label)
}

/// The day has come, as a running hub finds it.
async fn on_the_day(stage: &Stage, city: &City) -> Taken {
    stage.later(9 * 86_400);
    city.hub.refresher.refresh().await.unwrap();
    city.hub.successions.step().await.unwrap()
}

on_both! {
    async fn open_dossiers_go_to_the_successor_once_and_on_its_day(stage) {
        let city = City::open(stage).await;
        city.hub.directory_plans.import(&Access::system(), &shipped()).await.unwrap();
        let agent = city.access("agent.a-001");
        let open = city.file(&agent, &for_the_commune(stage, "r1")).await.tracking_id;
        let done = city.file(&agent, &for_the_commune(stage, "r2")).await.tracking_id;
        let others = city.file(&agent, &for_the_department(stage, "r3")).await.tracking_id;
        stage.later(60);
        for status in [Status::Accepted, Status::Withdrawn] {
            stage.later(60);
            assert_eq!(reported(&city, "agency.ubnd-00004", done, status).await, None);
        }
        let before = city.hub.directory.current().version().to_owned();
        let (planned, answer) = import(&city, &reorganised(MERGED), Some(DAY)).await.unwrap();
        let [moved] = planned.routes.as_slice() else { panic!("{:?}", planned.routes) };
        let keys = (moved.from.as_ref().map(|k| k.as_str()), moved.to.as_ref().map(|k| k.as_str()));
        assert_eq!(keys, (Some(COMMUNE), Some(NEIGHBOUR)));
        assert_eq!((moved.moves, moved.examples.as_slice()), (true, [open].as_slice()));
        assert_eq!((planned.brought_total, answer.effective.unwrap().to_string().as_str()), (0, DAY));
        // Until its day nothing changes, and no other directory may slip in between.
        city.hub.refresher.refresh().await.unwrap();
        assert_eq!(city.hub.directory.current().version(), before);
        assert_eq!(city.hub.successions.step().await.unwrap(), Taken::default());
        assert_eq!(label(import(&city, &reorganised(DIVIDED), None).await), Label::DirectoryScheduled);
        assert_eq!(on_the_day(stage, &city).await, Taken { passed: 1, parked: 0 });
        assert_eq!(city.hub.directory.current().version(), answer.version);
        // Delivered once, however often and by whatever hub it is looked at; what has ended stays where it is.
        assert_eq!(city.hub.successions.step().await.unwrap(), Taken::default());
        assert_eq!(stage.texts("SELECT agency AS t FROM deliveries WHERE kind = 'assigned'"), [NEIGHBOUR]);
        assert_eq!((sees(&city, "agency.ubnd-00004", open).await, sees(&city, "agency.ubnd-00008", open).await), (false, true));
        assert_eq!((sees(&city, "agency.ubnd-00004", done).await, sees(&city, "agency.ubnd-00004", others).await), (true, false));
        // The reason is in the route and in the history, with row and document.
        let route = city.hub.dossiers.route(&city.access("operator.truc-ban"), open).await.unwrap();
        let taken = route.reason.succession.unwrap();
        assert_eq!((taken.from.as_str(), taken.agency.unwrap().as_str(), taken.on.as_str()), (COMMUNE, NEIGHBOUR, DAY));
        assert_eq!(taken.by, ["T2 (Nghị quyết mẫu 01)"]);
        assert_eq!(route.reason.chosen.as_deref(), Some(COMMUNE), "the rules' own word of its day stays");
        let feed = city.hub.feed.events(&agent, Cursor::START, Duration::ZERO, 50).await.unwrap();
        let told: Vec<&str> = feed.events.iter().filter(|e| e.data.event.kind == "assigned").map(|e| e.data.event.text.as_deref().unwrap()).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("Nghị quyết mẫu 01") && told[0].contains("has taken over"), "{told:?}");
        // A report that comes late is explained, by whatever name; the successor goes on.
        assert_eq!(reported(&city, "agency.ubnd-00004", open, Status::Processing).await, Some(Label::DossierTakenOver));
        assert_eq!(reported(&city, "agency.ubnd-00008", open, Status::Accepted).await, None);
        assert_eq!(reported(&city, "agency.ubnd-00004", others, Status::Accepted).await, Some(Label::NotFound));
        // What is filed now, under the old place too, goes to the successor at once.
        let mut late = for_the_commune(stage, "r4");
        late["place"] = json!({ "commune": "00004", "document_date": "2026-05-01" });
        assert_eq!(city.file(&agent, &late).await.agency.unwrap().key.as_str(), NEIGHBOUR);
        let mut earlier = for_the_commune(stage, "r5");
        earlier["filed_at"] = json!("2026-11-30T09:00:00+07:00");
        let earlier = city.file(&agent, &earlier).await;
        assert_eq!((earlier.agency.unwrap().key.as_str(), earlier.route.chosen.as_deref()), (NEIGHBOUR, Some(COMMUNE)));
        let query = AuditQuery { action: Some(Action::DirectoryTookEffect), limit: 9, ..AuditQuery::default() };
        let entries = city.hub.tenants.audit(&city.access("operator.truc-ban"), query).await.unwrap().entries;
        assert_eq!((entries.len(), entries[0].detail["effective"].as_str()), (1, DAY));
        assert_eq!(stage.audit().findings, []);
    }

    async fn where_competence_is_divided_an_operator_decides(stage) {
        let city = City::open(stage).await;
        city.hub.directory_plans.import(&Access::system(), &shipped()).await.unwrap();
        let agent = city.access("agent.a-001");
        let id = city.file(&agent, &for_the_commune(stage, "r1")).await.tracking_id;
        let (planned, _) = import(&city, &reorganised(DIVIDED), Some(DAY)).await.unwrap();
        let moves: Vec<_> = planned.routes.iter().map(|r| (r.to.clone(), r.label, r.moves, r.dossiers)).collect();
        assert_eq!(moves, [(None, Some(Label::SuccessorUndecided), true, 1)]);
        assert_eq!(on_the_day(stage, &city).await, Taken { passed: 0, parked: 1 });
        let view = city.hub.dossiers.show(&city.access("operator.truc-ban"), id).await.unwrap();
        assert_eq!((view.summary.agency, view.summary.parked), (None, Some(Label::SuccessorUndecided)));
        assert_eq!(reported(&city, "agency.ubnd-00004", id, Status::Accepted).await, Some(Label::DossierTakenOver));
        let feed = city.hub.feed.events(&agent, Cursor::START, Duration::ZERO, 50).await.unwrap();
        let told: Vec<_> = feed.events.iter().filter(|e| e.data.event.kind == "unassigned").map(|e| e.data.event.label).collect();
        assert_eq!(told, [Some(Label::SuccessorUndecided)]);
        assert_eq!(city.hub.successions.step().await.unwrap(), Taken::default());
        stage.later(60);
        let call = Call { key: IdempotencyKey::parse("k1").unwrap(), request_digest: lienthong::domain::seal::sha256(b"1"), traceparent: None };
        let request = AssignmentRequest { agency: NEIGHBOUR.parse().unwrap(), reason: "Theo công văn mẫu".to_owned() };
        let assigned = city.hub.acts.assign(&city.access("operator.truc-ban"), id, call, request).await.unwrap();
        assert_eq!((assigned.agency.unwrap().key.as_str(), assigned.parked), (NEIGHBOUR, None));
        assert_eq!(reported(&city, "agency.ubnd-00008", id, Status::Accepted).await, None);
        assert_eq!(stage.texts("SELECT agency AS t FROM deliveries WHERE kind = 'assigned'"), [NEIGHBOUR]);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_directory_is_cancelled_before_its_day_and_taken_back_after_it(stage) {
        let city = City::open(stage).await;
        let operator = city.access("operator.truc-ban");
        city.hub.directory_plans.import(&Access::system(), &shipped()).await.unwrap();
        let first = city.hub.directory.current().version().to_owned();
        assert_eq!(label(import(&city, &reorganised(MERGED), Some("2026-11-23")).await), Label::EffectiveDayPast);
        import(&city, &reorganised(MERGED), Some(DAY)).await.unwrap();
        let history = city.hub.directory_plans.history(&operator).await.unwrap();
        assert_eq!((history.in_use.as_deref(), history.scheduled.unwrap().effective.to_string().as_str()), (Some(first.as_str()), DAY));
        assert_eq!(rollback(&city, None).await.unwrap().version, first);
        assert_eq!(on_the_day(stage, &city).await, Taken::default());
        assert_eq!(city.hub.directory.current().version(), first, "cancelled");
        // Now without waiting, and back by a plan that was reviewed; a rollback of a rollback goes forward again.
        let (_, second) = import(&city, &reorganised(MERGED), None).await.unwrap();
        assert_eq!(city.hub.directory.current().version(), second.version);
        assert_eq!(label(rollback(&city, None).await), Label::PlanStale);
        let asked = |version: &str| DirectoryPlanRequest { files: None, version: Some(version.to_owned()), effective: None };
        assert_eq!(label(plan(&city, asked("0123456789ab")).await), Label::DirectoryVersionUnknown);
        let back = plan(&city, asked(&first)).await.unwrap();
        assert_eq!((back.to.as_str(), back.files.len()), (first.as_str(), 3));
        assert_eq!(rollback(&city, Some(&back)).await.unwrap().version, first);
        assert_eq!(city.hub.directory.current().version(), first);
        let forward = plan(&city, asked(&second.version)).await.unwrap();
        assert_eq!(rollback(&city, Some(&forward)).await.unwrap().version, second.version);
        let history = city.hub.directory_plans.history(&operator).await.unwrap();
        assert_eq!((history.in_use, history.before), (Some(second.version), Some(first)));
        let acts: Vec<Action> = history.acts.iter().take(5).map(|entry| entry.action).collect();
        assert_eq!(acts, [Action::DirectoryImported, Action::DirectoryImported, Action::DirectoryImported, Action::DirectoryUnscheduled, Action::DirectoryScheduled]);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_route_is_asked_for_without_filing(stage) {
        let city = City::open(stage).await;
        city.hub.directory_plans.import(&Access::system(), &shipped()).await.unwrap();
        let agent = city.access("agent.a-001");
        let asked = |procedure: &str, place: Option<serde_json::Value>, batch| {
            let request = RouteRequest { procedure: procedure.parse().unwrap(), place: place.map(|place| serde_json::from_value(place).unwrap()), at: None, batch };
            city.hub.intake.route_of(&agent, &request).unwrap()
        };
        let filing = for_the_commune(stage, "r1");
        let would = asked("1.004873", Some(filing["place"].clone()), false);
        assert_eq!(stage.number("SELECT count(*) AS n FROM dossiers"), 0);
        let filed = city.file(&agent, &filing).await;
        assert_eq!((would.agency, would.reason), (filed.agency, Some(filed.route)), "as a filing is routed");
        let gap = asked("9.990001", None, false);
        assert_eq!((gap.agency, gap.parked, gap.warnings[0].label), (None, Some(Label::CompetenceGap), Label::CompetenceGap));
        let of_a_divided = json!({ "catalogue": "legacy", "commune": "00028" });
        let refused = asked("1.004873", Some(of_a_divided.clone()), false);
        assert_eq!((refused.reason, refused.refused[0].label), (None, Label::PlaceAmbiguous));
        assert_eq!(asked("1.004873", Some(of_a_divided), true).parked, Some(Label::PlaceAmbiguous));
        assert_eq!(stage.number("SELECT count(*) AS n FROM dossiers"), 1);
    }
}
