//! Dossiers of several agencies (Decree 118/2025 art. 20.2): one leads and moves the dossier, each of the others settles its own task.

use lienthong::domain::clocks::Watched;
use lienthong::domain::event::Verdict;
use lienthong::domain::ids::{DeliveryId, DossierId};
use lienthong::domain::lifecycle::Role;
use lienthong::domain::rejection::Label;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::task::{TaskOrder, TaskOutcome, TaskState};
use lienthong::domain::view::{
    AgencyData, Cursor, DossierSummary, ReasonRequest, StatusReport, StatusResult, SupplementRequest,
    TaskHandOverRequest, TaskReportRequest, TaskView,
};
use lienthong::service::{Call, DossierQuery, ServiceError};
use serde_json::{Value, json};

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, NEIGHBOUR, for_the_commune};

/// The commune leads; the neighbour and the department have a task each.
const TASKS: &str =
    "procedure,version,number,agency,task,limit_value,limit_unit,valid_from,valid_to,provisional,source
1.004873,1,1,@competent,Giải quyết hồ sơ mẫu,3,working-days,,,true,test
1.004873,1,2,ubnd-00008,Xác minh mẫu,1,working-days,,,true,test
1.004873,1,3,so-cong-thuong,Cho ý kiến mẫu,2,working-days,,,true,test
";

const LEAD: &str = "agency.ubnd-00004";
const CO: &str = "agency.ubnd-00008";

async fn joint(stage: &Stage) -> City {
    City::with(stage, &[("tasks.csv", TASKS)]).await
}

fn call(key: &str) -> Call {
    Call {
        key: IdempotencyKey::parse(key).unwrap(),
        request_digest: Sha256::new([1; 32]),
        traceparent: None,
    }
}

fn on_paper(stage: &Stage, reference: &str) -> Value {
    let mut filing = for_the_commune(stage, reference);
    filing["channel"] = json!("counter");
    filing
}

async fn filed(city: &City, filing: &Value) -> DossierId {
    city.file(&city.access("branch.ba-dinh"), filing)
        .await
        .tracking_id
}

fn department(city: &City) -> String {
    format!("agency.{}", city.department)
}

/// What the agencies have been sent: kind and agency, the department by its own word.
fn sent(stage: &Stage, city: &City) -> Vec<String> {
    let texts = stage.texts("SELECT kind || ' ' || agency AS t FROM deliveries ORDER BY event_seq, agency");
    let named = |text: String| text.replace(city.department.as_str(), "department");
    texts.into_iter().map(named).collect()
}

/// The last message to an agency, as it is rendered.
async fn message(stage: &Stage, city: &City, agency: &str) -> AgencyData {
    let ids = stage.texts(&format!(
        "SELECT id AS t FROM deliveries WHERE agency = '{agency}' ORDER BY id DESC"
    ));
    let last: DeliveryId = ids[0].parse().unwrap();
    let mut rendered = city.hub.messages.pushes(vec![last.to_string()]).await.unwrap();
    rendered.remove(&last.to_string()).unwrap().data
}

async fn report(city: &City, agency: &str, report: StatusReport) -> StatusResult {
    let answer = city.report(&city.access(agency), vec![report]).await;
    answer.results.into_iter().next().unwrap()
}

fn status(id: DossierId, status: Status) -> StatusReport {
    StatusReport {
        text: Some("Ghi chú mẫu".to_owned()),
        ..StatusReport::new(id.to_string(), status)
    }
}

fn done(text: &str) -> TaskReportRequest {
    TaskReportRequest {
        occurred_at: None,
        task: None,
        outcome: TaskOutcome::Done,
        text: Some(text.to_owned()),
        results: Vec::new(),
    }
}

async fn says(
    city: &City,
    agency: &str,
    id: DossierId,
    key: &str,
    request: TaskReportRequest,
) -> Result<DossierSummary, ServiceError> {
    let access = city.access(agency);
    city.hub.acts.report_task(&access, id, call(key), request).await
}

async fn tasks(city: &City, reader: &str, id: DossierId) -> Vec<TaskView> {
    let view = city.hub.dossiers.show(&city.access(reader), id).await.unwrap();
    view.summary.joint.map_or_else(Vec::new, |joint| joint.tasks)
}

async fn states(city: &City, id: DossierId) -> Vec<TaskState> {
    let tasks = tasks(city, LEAD, id).await;
    tasks.iter().map(|task| task.state).collect()
}

async fn sees(city: &City, tenant: &str, id: DossierId) -> bool {
    city.hub.dossiers.show(&city.access(tenant), id).await.is_ok()
}

fn label<T>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

fn problem(result: &StatusResult) -> Option<Label> {
    result.problem.as_ref().map(|problem| problem.label)
}

async fn listed(city: &City, agency: &str, status: Option<Status>) -> Vec<DossierId> {
    let query = DossierQuery {
        status,
        limit: 50,
        ..DossierQuery::default()
    };
    let page = city.hub.dossiers.list(&city.access(agency), query).await.unwrap();
    page.dossiers.iter().map(|dossier| dossier.tracking_id).collect()
}

on_both! {
    async fn online_all_agencies_get_it_at_once_with_every_task(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &for_the_commune(stage, "r1")).await;
        assert_eq!(sent(stage, &city), ["filed department", "filed ubnd-00004", "filed ubnd-00008"].map(str::to_owned));
        for agency in [COMMUNE, NEIGHBOUR, city.department.as_str()] {
            let told = message(stage, &city, agency).await;
            let joint = told.joint.unwrap();
            assert_eq!((told.tracking_id, joint.order, joint.tasks.len()), (id, TaskOrder::Together, 3));
            let leads: Vec<&str> = joint.tasks.iter().filter(|t| t.lead).map(|t| t.agency.key.as_str()).collect();
            assert_eq!(leads, [COMMUNE]);
            assert!(joint.tasks.iter().all(|t| t.state == TaskState::Sent && t.due_at.is_some()));
            assert_eq!(told.result_to.map(|unit| unit.to_string()).as_deref(), Some("branch.ba-dinh"));
        }
        // One working day is over before two are.
        let tasks = tasks(&city, CO, id).await;
        assert!(tasks[1].due_at < tasks[2].due_at && tasks[2].due_at < tasks[0].due_at, "{tasks:?}");
        // Each finds it among its own, in whichever status is asked for.
        for agency in [LEAD, CO, department(&city).as_str()] {
            for asked in [None, Some(Status::Registered)] {
                assert_eq!(listed(&city, agency, asked).await, [id]);
            }
            assert_eq!(listed(&city, agency, Some(Status::Finished)).await, []);
        }
        assert_eq!(stage.audit().findings, []);
    }

    async fn on_paper_it_goes_from_one_to_the_next_the_lead_first(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &on_paper(stage, "r1")).await;
        assert_eq!(sent(stage, &city), ["filed ubnd-00004"]);
        let department = department(&city);
        assert_eq!((sees(&city, CO, id).await, sees(&city, &department, id).await), (false, false));
        assert_eq!(label(says(&city, CO, id, "early", done("Ý kiến mẫu")).await), Label::NotFound);
        stage.later(60);
        let accepted = report(&city, LEAD, status(id, Status::Processing)).await;
        assert_eq!((problem(&accepted), sees(&city, CO, id).await), (None, false), "a step is not the task");
        stage.later(60);
        // The lead's system says with its status that its own task is done.
        let own = StatusReport { task: Some(TaskOutcome::Done), ..status(id, Status::Processing) };
        let taken = report(&city, LEAD, own.clone()).await;
        assert_eq!((taken.verdict, taken.status), (Some(Verdict::Applied), Some(Status::Processing)));
        stage.later(60);
        assert_eq!(problem(&report(&city, LEAD, own).await), Some(Label::TaskSettled));
        assert_eq!((sees(&city, CO, id).await, sees(&city, &department, id).await), (true, false));
        let told = message(stage, &city, NEIGHBOUR).await;
        assert_eq!((told.event.kind.as_str(), told.joint.unwrap().order), ("task-sent", TaskOrder::InSequence));
        stage.later(60);
        says(&city, CO, id, "k1", done("Ý kiến mẫu")).await.unwrap();
        assert!(sees(&city, &department, id).await);
        assert_eq!(states(&city, id).await, [TaskState::Done, TaskState::Done, TaskState::Sent]);
        says(&city, &department, id, "k2", done("Ý kiến mẫu")).await.unwrap();
        let to_lead = stage.number("SELECT count(*) AS n FROM deliveries WHERE kind = 'task-reported' AND agency = 'ubnd-00004'");
        assert_eq!(to_lead, 2);
        let finished = report(&city, LEAD, status(id, Status::Finished)).await;
        assert_eq!((finished.status, finished.warnings), (Some(Status::Finished), Vec::new()));
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_co_agency_settles_its_task_and_moves_nothing(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &for_the_commune(stage, "r1")).await;
        let department = department(&city);
        stage.later(60);
        // Its system knows statuses only: 9 with a result is its task done, 3 with a reason is that it cannot be.
        let result = json!([{ "name": "Văn bản cho ý kiến", "number": "0000/TEST" }]);
        let opinion = StatusReport {
            results: serde_json::from_value(result).unwrap(),
            occurred_at: Some(stage.clock.now()),
            ..status(id, Status::Finished)
        };
        let taken = report(&city, CO, opinion.clone()).await;
        assert_eq!((problem(&taken), taken.verdict, taken.status), (None, Some(Verdict::Applied), Some(Status::Registered)));
        let again = report(&city, CO, opinion).await;
        assert_eq!((problem(&again), again.verdict), (None, Some(Verdict::Repeated)));
        let bare = StatusReport::new(id.to_string(), Status::Refused);
        assert_eq!(problem(&report(&city, &department, bare).await), Some(Label::ReasonRequired));
        let unable = report(&city, &department, status(id, Status::Refused)).await;
        assert_eq!((problem(&unable), unable.status), (None, Some(Status::Registered)));
        assert_eq!(states(&city, id).await, [TaskState::Sent, TaskState::Done, TaskState::Unable]);
        // The lead reads what they said, and so does everybody who has the dossier.
        for reader in [LEAD, CO, "branch.ba-dinh"] {
            let tasks = tasks(&city, reader, id).await;
            assert_eq!(tasks[1].results[0].name.to_string(), "Văn bản cho ý kiến");
            assert_eq!(tasks[2].answer.as_deref(), Some("Ghi chú mẫu"));
            assert!(tasks[0].reported_at.is_none() && tasks[1].reported_at.is_some());
        }
        // Another word on a settled task is refused, and kept.
        stage.later(60);
        assert_eq!(label(says(&city, CO, id, "k1", done("Ý kiến khác")).await), Label::TaskSettled);
        let history = city.hub.dossiers.history(&city.access(LEAD), id).await.unwrap().events;
        let kept = history.iter().find(|e| e.label == Some(Label::TaskSettled)).unwrap();
        assert_eq!(kept.text.as_deref(), Some("Ý kiến khác"));
        // Only the lead's own step moves it, and only the lead may take one.
        let accept = lienthong::domain::view::AcceptanceRequest { occurred_at: None, assigned_code: None, text: None };
        let co = city.access(CO);
        assert_eq!(label(city.hub.acts.accept(&co, id, call("k2"), accept).await), Label::NotYourPart);
        assert_eq!(report(&city, LEAD, status(id, Status::Accepted)).await.status, Some(Status::Accepted));
        assert_eq!(stage.audit().findings, []);
    }

    async fn no_status_of_a_co_agency_moves_the_dossier_wherever_it_stands(stage) {
        let city = joint(stage).await;
        // Each reached by the lead while both tasks are open.
        let ways: [(Status, &[Status]); 9] = [
            (Status::Registered, &[]),
            (Status::Accepted, &[Status::Accepted]),
            (Status::Refused, &[Status::Refused]),
            (Status::Processing, &[Status::Processing]),
            (Status::SupplementRequested, &[Status::SupplementRequested]),
            (Status::PaymentRequested, &[Status::Processing, Status::PaymentRequested]),
            (Status::Withdrawn, &[Status::Withdrawn]),
            (Status::Stopped, &[Status::Processing, Status::Stopped]),
            (Status::Finished, &[Status::Processing, Status::Finished]),
        ];
        for (n, (stands, way)) in ways.into_iter().enumerate() {
            let id = filed(&city, &for_the_commune(stage, &format!("r{n}"))).await;
            for step in way {
                stage.later(60);
                let taken = report(&city, LEAD, status(id, *step)).await;
                assert_eq!((problem(&taken), taken.status), (None, Some(*step)), "{stands}");
            }
            for said in Status::ALL {
                stage.later(60);
                let result = report(&city, CO, status(id, said)).await;
                assert_eq!(result.status, Some(stands), "{said} of a co-agency while it stands in {stands}");
                let expected = match said {
                    // The first of the two that settle the task does so.
                    Status::Refused | Status::Accepted | Status::Processing => None,
                    Status::Finished => Some(Label::TaskSettled),
                    _ => Some(Label::CoAgencyStatus),
                };
                assert_eq!(problem(&result), expected, "{said} of a co-agency while it stands in {stands}");
            }
            assert_eq!(states(&city, id).await[1], TaskState::Unable, "{stands}");
        }
        assert_eq!(stage.audit().findings, []);
    }
}

on_both! {
    async fn the_lead_may_decide_before_the_others_and_is_told_so(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &for_the_commune(stage, "r1")).await;
        stage.later(60);
        report(&city, LEAD, status(id, Status::Processing)).await;
        says(&city, CO, id, "k1", done("Ý kiến mẫu")).await.unwrap();
        stage.later(60);
        let finished = report(&city, LEAD, status(id, Status::Finished)).await;
        assert_eq!((finished.verdict, finished.status), (Some(Verdict::Applied), Some(Status::Finished)));
        let warned: Vec<(Label, Option<&str>)> = finished.warnings.iter().map(|w| (w.label, w.path.as_deref())).collect();
        assert_eq!(warned, [(Label::TasksOpen, Some("/reports/0/status"))]);
        assert!(finished.warnings[0].en.contains("tasks 3 "), "{}", finished.warnings[0].en);
        // Its own task is done with its decision; nobody is late after it, and late work is still taken.
        assert_eq!(states(&city, id).await, [TaskState::Done, TaskState::Done, TaskState::Sent]);
        assert!(!stage.limit_words().contains(&"task".to_owned()), "{:?}", stage.limit_words());
        report(&city, LEAD, status(id, Status::HandedOver)).await;
        stage.later(60);
        let late = says(&city, &department(&city), id, "k2", done("Ý kiến muộn")).await.unwrap();
        assert_eq!(late.joint.unwrap().tasks[2].state, TaskState::Done);
        assert_eq!(stage.audit().findings, []);
    }

    async fn what_happens_to_the_dossier_reaches_all_that_have_it(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &for_the_commune(stage, "r1")).await;
        let branch = city.access("branch.ba-dinh");
        let told = |kind: &str, from: usize| -> Vec<String> {
            let all = sent(stage, &city);
            let of_kind = all.iter().skip(from).filter(|line| line.starts_with(&format!("{kind} ")));
            of_kind.map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
        };
        stage.later(60);
        report(&city, LEAD, status(id, Status::SupplementRequested)).await;
        assert_eq!(told("status-changed", 3), ["department", "ubnd-00008"]);
        let supplement = SupplementRequest { occurred_at: None, text: Some("Bổ sung mẫu".to_owned()), papers: Vec::new() };
        stage.later(60);
        city.hub.acts.supplement(&branch, id, call("k1"), supplement).await.unwrap();
        assert_eq!(told("supplemented", 5), ["department", "ubnd-00004", "ubnd-00008"]);
        let withdrawal = ReasonRequest { occurred_at: None, reason: "Người nộp đề nghị".to_owned() };
        stage.later(60);
        city.hub.acts.withdraw(&branch, id, call("k2"), withdrawal).await.unwrap();
        assert_eq!(told("status-changed", 8), ["department", "ubnd-00004", "ubnd-00008"]);
        assert!(!stage.limit_words().contains(&"task".to_owned()), "nobody is late any more");
        // On paper only those that have had their turn are told.
        let paper = filed(&city, &on_paper(stage, "r2")).await;
        let before = sent(stage, &city).len();
        stage.later(60);
        report(&city, LEAD, status(paper, Status::SupplementRequested)).await;
        assert_eq!(sent(stage, &city).len(), before);
    }

    async fn another_content_gives_all_of_them_the_dossier_anew(stage) {
        let city = joint(stage).await;
        let branch = city.access("branch.ba-dinh");
        let mut filing = for_the_commune(stage, "r1");
        let id = filed(&city, &filing).await;
        let due = tasks(&city, LEAD, id).await[1].due_at;
        stage.later(3_600);
        filing["summary"] = json!("Hồ sơ thử, nội dung khác");
        city.submit(&branch, &filing).await.unwrap();
        assert_eq!(sent(stage, &city)[3..], ["amended department", "amended ubnd-00004", "amended ubnd-00008"].map(str::to_owned));
        assert_eq!(tasks(&city, LEAD, id).await[1].due_at, due, "what a task has is its own time");
        // A content that another agency decides alone: the others have it no more, and what they have not taken is withdrawn.
        stage.later(60);
        filing["procedure"] = json!({ "code": "9.905001", "name": "Thủ tục của Sở Công Thương" });
        city.submit(&branch, &filing).await.unwrap();
        assert_eq!((sees(&city, LEAD, id).await, sees(&city, CO, id).await), (false, false));
        assert!(sees(&city, &department(&city), id).await);
        assert_eq!(tasks(&city, "branch.ba-dinh", id).await, []);
        assert!(!stage.limit_words().contains(&"task".to_owned()));
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_task_goes_to_another_agency(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &for_the_commune(stage, "r1")).await;
        let operator = city.access("operator.truc-ban");
        let department = department(&city);
        let given = |task: i32, agency: &str| TaskHandOverRequest {
            task,
            agency: agency.parse().unwrap(),
            reason: "Theo công văn mẫu".to_owned(),
        };
        let hand = async |key: &str, request| city.hub.acts.hand_task_over(&operator, id, call(key), request).await;
        stage.later(60);
        assert_eq!(label(hand("k1", given(9, NEIGHBOUR)).await), Label::TaskUnknown);
        assert_eq!(label(hand("k2", given(1, NEIGHBOUR)).await), Label::TaskOfLead);
        assert_eq!(label(hand("k3", given(3, city.department.as_str())).await), Label::AgencyUnchanged);
        assert_eq!(label(hand("k4", given(3, "so-khong-co")).await), Label::AgencyUnknown);
        let changed = hand("k5", given(3, NEIGHBOUR)).await.unwrap();
        assert_eq!(changed.joint.unwrap().tasks[2].agency.key.as_str(), NEIGHBOUR);
        assert!(!sees(&city, &department, id).await && sees(&city, CO, id).await);
        assert_eq!(problem(&report(&city, &department, status(id, Status::Finished)).await), Some(Label::NotFound));
        // It now has two, which it settles one by one; a task that was done is not given out again.
        says(&city, CO, id, "k6", done("Ý kiến một")).await.unwrap();
        says(&city, CO, id, "k7", TaskReportRequest { task: Some(3), ..done("Ý kiến hai") }).await.unwrap();
        assert_eq!(states(&city, id).await, [TaskState::Sent, TaskState::Done, TaskState::Done]);
        assert_eq!(label(hand("k8", given(3, city.department.as_str())).await), Label::TaskSettled);
        assert_eq!(stage.number("SELECT count(*) AS n FROM audit WHERE action = 'task-handed-over'"), 1);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_agency_that_leads_from_now_on_has_the_leads_task(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &for_the_commune(stage, "r1")).await;
        let operator = city.access("operator.truc-ban");
        stage.later(60);
        let request = lienthong::domain::view::AssignmentRequest {
            agency: NEIGHBOUR.parse().unwrap(),
            reason: "Theo công văn mẫu".to_owned(),
        };
        city.hub.acts.assign(&operator, id, call("k1"), request).await.unwrap();
        assert!(!sees(&city, LEAD, id).await);
        let tasks = tasks(&city, CO, id).await;
        let whose: Vec<&str> = tasks.iter().map(|t| t.agency.key.as_str()).collect();
        assert_eq!(whose, [NEIGHBOUR, NEIGHBOUR, city.department.as_str()]);
        stage.later(60);
        assert_eq!(report(&city, CO, status(id, Status::Accepted)).await.status, Some(Status::Accepted));
        assert_eq!(stage.audit().findings, []);
    }
}

on_both! {
    async fn each_late_task_is_told_once_to_its_agency_and_the_lead(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &for_the_commune(stage, "r1")).await;
        report(&city, LEAD, status(id, Status::Processing)).await;
        let due: Vec<_> = tasks(&city, LEAD, id).await.iter().map(|task| task.due_at.unwrap()).collect();
        let until = |at: lienthong::domain::time::Timestamp| {
            let micros = at.as_micros() - stage.clock.now().as_micros();
            u64::try_from(micros / 1_000_000).unwrap() + 1
        };
        stage.later(until(due[1]));
        let fired = city.hub.limits.watch().await.unwrap().fired;
        assert!(fired.iter().any(|f| f.limit == Watched::Task && f.passed && f.due_at == due[1]), "{fired:?}");
        assert_eq!(city.hub.limits.watch().await.unwrap().fired, []);
        let late = "SELECT agency AS t FROM deliveries WHERE kind = 'limit-passed' ORDER BY agency";
        assert_eq!(stage.texts(late), ["ubnd-00004", "ubnd-00008"]);
        // The next one is told of in its turn, though the first is still outstanding.
        stage.later(until(due[2]));
        let fired = city.hub.limits.watch().await.unwrap().fired;
        assert!(fired.iter().any(|f| f.limit == Watched::Task && f.passed && f.due_at == due[2]), "{fired:?}");
        let alarms = city.hub.limits.alarms(&city.access("operator.truc-ban"), Cursor::START, false, 50).await.unwrap();
        let of_tasks: Vec<String> = alarms.alarms.iter().filter(|a| a.limit == Watched::Task)
            .map(|a| a.agency.as_ref().unwrap().key.to_string()).collect();
        assert_eq!(of_tasks, [NEIGHBOUR.to_owned(), city.department.to_string()]);
        let seen = tasks(&city, LEAD, id).await;
        assert_eq!((seen[1].late_since, seen[2].late_since), (Some(due[1]), Some(due[2])));
        // The dossier's own date stands as it was.
        let view = city.hub.dossiers.show(&city.access(LEAD), id).await.unwrap();
        assert_eq!(view.due_history.len(), 1);
        let history = city.hub.dossiers.history(&city.access(LEAD), id).await.unwrap().events;
        let parties: Vec<Role> = history.iter().filter_map(|e| e.limit.as_ref())
            .filter(|l| l.limit == Watched::Task).map(|l| l.party).collect();
        assert!(parties.contains(&Role::CoAgency) && parties.iter().all(|party| *party == Role::CoAgency), "{parties:?}");
        // Late work settles the task all the same.
        says(&city, CO, id, "k1", done("Ý kiến muộn")).await.unwrap();
        assert_eq!(states(&city, id).await[1], TaskState::Done);
        assert_eq!(stage.audit().findings, []);
    }

    async fn two_hubs_take_one_report_of_a_task_once_and_send_the_papers_on_once(stage) {
        let city = joint(stage).await;
        let id = filed(&city, &on_paper(stage, "r1")).await;
        stage.later(60);
        // The same call and a rival one, at both hubs of one database.
        let other = City::beside(stage, &city).await;
        let lead = city.access(LEAD);
        let (one, two, three) = tokio::join!(
            city.hub.acts.report_task(&lead, id, call("k1"), done("Ý kiến mẫu")),
            other.acts.report_task(&lead, id, call("k1"), done("Ý kiến mẫu")),
            other.acts.report_task(&lead, id, call("k2"), done("Ý kiến khác")),
        );
        let taken = [&one, &two, &three].into_iter().filter(|outcome| outcome.is_ok()).count();
        assert!((1..=2).contains(&taken), "{taken} calls were taken");
        assert_eq!(stage.number("SELECT count(*) AS n FROM deliveries WHERE kind = 'task-sent'"), 1);
        let history = city.hub.dossiers.history(&lead, id).await.unwrap().events;
        assert_eq!(history.iter().filter(|e| e.kind == "task-reported").count(), 1);
        assert_eq!(history.iter().filter(|e| e.kind == "task-sent").count(), 1);
        assert_eq!(stage.audit().findings, []);
    }

    async fn who_has_no_task_sees_nothing_and_no_other_dossier_is_touched(stage) {
        let city = joint(stage).await;
        let joint = filed(&city, &for_the_commune(stage, "r1")).await;
        let mut alone = for_the_commune(stage, "r2");
        alone["procedure"] = json!({ "code": "2.000635", "name": "Cấp bản sao trích lục hộ tịch" });
        let alone = filed(&city, &alone).await;
        assert_eq!((sees(&city, CO, joint).await, sees(&city, CO, alone).await), (true, false));
        assert_eq!(tasks(&city, LEAD, alone).await, []);
        let summary = city.hub.dossiers.show(&city.access(LEAD), alone).await.unwrap().summary;
        assert!(summary.joint.is_none());
        assert_eq!(problem(&report(&city, CO, status(alone, Status::Finished)).await), Some(Label::NotFound));
        assert_eq!(label(says(&city, LEAD, alone, "k1", done("Ý kiến mẫu")).await), Label::TaskUnknown);
        assert_eq!(stage.number("SELECT count(*) AS n FROM dossiers WHERE tasks IS NOT NULL"), 1);
    }
}
