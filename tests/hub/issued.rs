//! Official codes that the hub gives, on both databases: who asks for it, when a number is taken, and that none is given twice.

use std::collections::BTreeSet;

use lienthong::domain::audit::Action;
use lienthong::domain::codes::DossierCode;
use lienthong::domain::issuing::{BLOCK_NUMBERS, CodeGiver, NumberSeries, Numbering};
use lienthong::domain::register::{Change, Newcomer};
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::tenant::{Standing, SuccessorPolicy, Tenant, TenantKey};
use lienthong::domain::text::Text;
use lienthong::domain::view::{
    Cursor, StatusReport, StatusResult, SubmissionAnswer, TenantRequest, TenantView,
};
use lienthong::service::{Answered, AuditQuery, ServiceError};
use lienthong::store::Store;
use rand::RngExt;
use serde_json::json;

use crate::backends::{Stage, on_both, run};
use crate::city::{COMMUNE, City, NEIGHBOUR, changed, for_the_commune, for_the_department, incoming};
use crate::ledger::row;
use crate::papers::{AGENCY, acted, filed, filing, report};

const OPERATOR: &str = "operator.truc-ban";

fn hub(unit: &str, series: NumberSeries) -> CodeGiver {
    CodeGiver::Hub(Numbering {
        unit: unit.parse().unwrap(),
        digits: Default::default(),
        series,
    })
}

async fn set(city: &City, tenant: &str, codes: CodeGiver) -> Result<TenantView, ServiceError> {
    let request = TenantRequest {
        reason: "Theo công văn mẫu".to_owned(),
        name: None,
        formats: None,
        successor_policy: None,
        codes: Some(codes),
    };
    let tenants = &city.hub.tenants;
    tenants
        .alter(&city.access(OPERATOR), &tenant.parse().unwrap(), request)
        .await
}

async fn set_for_the_commune(city: &City, codes: CodeGiver) {
    set(city, &format!("agency.{COMMUNE}"), codes).await.unwrap();
}

/// A filing that a branch receives at its counter, which accepts it.
fn at_the_counter(stage: &Stage, reference: &str) -> serde_json::Value {
    let mut filing = for_the_commune(stage, reference);
    filing["channel"] = json!("counter");
    filing["applicant"]["name"] = json!(format!("Nguyễn Văn {reference}"));
    filing
}

async fn received(stage: &Stage, city: &City, reference: &str) -> SubmissionAnswer {
    city.file(&city.access("branch.ba-dinh"), &at_the_counter(stage, reference))
        .await
}

fn code(answer: &SubmissionAnswer) -> Option<&str> {
    answer.dossier_code.as_ref().map(DossierCode::as_str)
}

fn labels(warnings: &[lienthong::domain::view::ProblemView]) -> Vec<&'static str> {
    let labels = warnings.iter().map(|w| w.label.as_str());
    labels.filter(|label| label.starts_with("dossier-code")).collect()
}

async fn reports(
    stage: &Stage,
    city: &City,
    dossier: &str,
    status: Status,
    code: Option<&str>,
) -> StatusResult {
    stage.later(60);
    let report = StatusReport {
        occurred_at: Some(stage.clock.now()),
        assigned_code: code.map(|code| code.parse().unwrap()),
        ..StatusReport::new(dossier, status)
    };
    let agency = city.access(&format!("agency.{COMMUNE}"));
    city.report(&agency, vec![report]).await.results.remove(0)
}

/// A tenant of the ledger's tests, whose codes are given as said.
async fn numbered(store: &Store, key: &str, codes: CodeGiver) {
    let tenant = Tenant {
        key: key.parse().unwrap(),
        name: Text::parse(key).unwrap(),
        parent: None,
        formats: Vec::new(),
        standing: Standing::Active,
        successor_policy: SuccessorPolicy::Ask,
        codes,
    };
    let newcomer = Newcomer {
        tenant,
        certificates: Vec::new(),
        staff: Vec::new(),
        points: Vec::new(),
    };
    changed(store, Change::Register(vec![newcomer])).await;
}

async fn renumbered(store: &Store, codes: CodeGiver) {
    let tenant: TenantKey = format!("agency.{AGENCY}").parse().unwrap();
    let change = Change::Alter {
        tenant,
        name: None,
        formats: None,
        successor_policy: None,
        codes: Some(codes),
    };
    changed(store, change).await;
}

/// The agency of the ledger's tests accepts a dossier of this reference; the code it got, which its row has too.
async fn accepted(stage: &Stage, store: &Store, reference: &str) -> Option<String> {
    let id = filed(stage, store, reference).await;
    let given = acted(store, report(stage, &id, Status::Accepted)).await.code;
    assert_eq!(row(store, &id).await.unwrap().state.code, given);
    given.map(String::from)
}

/// The running numbers of these codes, all of one day and unit, in order.
fn numbers(codes: &[String]) -> Vec<u32> {
    let heads: BTreeSet<&str> = codes
        .iter()
        .map(|code| code.rsplit_once('-').unwrap().0)
        .collect();
    assert!(heads.len() <= 1, "{heads:?}");
    let mut numbers: Vec<u32> = codes
        .iter()
        .map(|code| code.rsplit_once('-').unwrap().1.parse().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The database refuses what is filed under this reference, once everything of it is written.
fn refuse(stage: &Stage, dossier: &str) {
    let when = format!("NEW.dossier = '{dossier}' AND NEW.number > 1");
    stage.execute(&if stage.is_postgres() {
        format!(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$; \
             CREATE TRIGGER no BEFORE INSERT ON events FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION no()"
        )
    } else {
        format!("CREATE TRIGGER no BEFORE INSERT ON events WHEN {when} BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: no'); END")
    });
}

on_both! {
    async fn what_is_accepted_at_a_counter_has_its_code_in_the_answer_the_feed_and_the_message(stage) {
        let city = City::open(stage).await;
        let before = received(stage, &city, "r0").await;
        assert_eq!(code(&before), None, "off until an operator turns it on");
        set_for_the_commune(&city, hub("H26.101", NumberSeries::GapFree)).await;
        let branch = city.access("branch.ba-dinh");
        let filing = at_the_counter(stage, "r1");
        let Answered::New(first) = city.hub.intake.submit(&branch, incoming(&filing, "k1")).await.unwrap() else { panic!() };
        let answer: SubmissionAnswer = serde_json::from_slice(&first).unwrap();
        assert_eq!((code(&answer), answer.status.code), (Some("H26.101-261123-0001"), Status::Accepted));
        // The call again is answered with the same bytes, and takes no number.
        assert_eq!(city.hub.intake.submit(&branch, incoming(&filing, "k1")).await.unwrap(), Answered::Replayed(first));
        assert_eq!(code(&received(stage, &city, "r2").await), Some("H26.101-261123-0002"));

        let feed = city.hub.feed.events(&branch, Cursor::START, std::time::Duration::ZERO, 50).await.unwrap();
        let given: Vec<_> = feed.events.iter().filter(|e| e.data.event.kind == "code-assigned").collect();
        assert_eq!(given.len(), 2);
        assert!(given.iter().all(|e| e.data.event.actor.tenant.as_str() == "operator.hub"), "the history says who gave it");
        let shown = city.hub.dossiers.show(&city.access(OPERATOR), answer.tracking_id).await.unwrap().summary;
        assert_eq!(shown.dossier_code, answer.dossier_code);
        // Another agency's dossiers have none.
        let mut other = at_the_counter(stage, "r3");
        other["place"] = json!({ "catalogue": "2025", "commune": "00008", "name": "Phường Ngọc Hà" });
        let other = city.file(&branch, &other).await;
        assert_eq!((other.agency.as_ref().unwrap().key.as_str(), code(&other)), (NEIGHBOUR, None));
        assert_eq!(stage.audit().findings, []);
    }

    async fn the_message_to_the_agency_carries_the_code_it_begins_with(stage) {
        let city = City::open(stage).await;
        let unit = city.hub.directory.current().agency(&city.department).unwrap().code.to_string();
        set(&city, &format!("agency.{}", city.department), hub(&unit, NumberSeries::GapFree)).await.unwrap();
        let mut filing = for_the_department(stage, "r1");
        filing["channel"] = json!("counter");
        let answer = city.file(&city.access("branch.ba-dinh"), &filing).await;
        let expected = format!("{unit}-261123-0001");
        assert_eq!(code(&answer), Some(expected.as_str()));
        let sent = city.hub.messages.outbound(stage.texts("SELECT id AS t FROM deliveries ORDER BY id")).await.unwrap();
        assert_eq!(sent.len(), 1);
        let text = serde_json::to_string(&sent[0].event).unwrap();
        assert!(text.contains(&format!("\"{expected}\"")), "{text}");
    }

    async fn who_accepts_online_is_told_the_code_at_once(stage) {
        let city = City::open(stage).await;
        set_for_the_commune(&city, hub("H26.101", NumberSeries::GapFree)).await;
        let online = city.file(&city.access("branch.ba-dinh"), &for_the_commune(stage, "r1")).await;
        assert_eq!((code(&online), online.status.code), (None, Status::Registered), "the day of receipt has not come");
        let id = online.tracking_id.to_string();
        let asked = reports(stage, &city, &id, Status::SupplementRequested, None).await;
        assert_eq!(asked.dossier_code, None);
        stage.later(86_400);
        let taken = reports(stage, &city, &id, Status::Processing, None).await;
        assert_eq!(taken.dossier_code.as_ref().map(DossierCode::as_str), Some("H26.101-261124-0001"));
        let told = stage.texts("SELECT kind AS t FROM deliveries WHERE kind = 'code-assigned'");
        assert_eq!(told.len(), 1, "and has a message that says it");
        // It is the dossier's name from now on, and no later step gives it another.
        let again = reports(stage, &city, "H26.101-261124-0001", Status::Finished, None).await;
        assert_eq!((again.status, again.dossier_code), (Some(Status::Finished), None));
        assert_eq!(stage.audit().findings, []);
    }

    async fn the_day_is_vietnams(stage) {
        let city = City::open(stage).await;
        set_for_the_commune(&city, hub("H26.101", NumberSeries::GapFree)).await;
        // From 8:00 to a second before midnight in Hanoi, which is 16:59:59 in Greenwich; then over it.
        stage.later(16 * 3600 - 1);
        assert_eq!(code(&received(stage, &city, "r1").await), Some("H26.101-261123-0001"));
        stage.later(1);
        assert_eq!(code(&received(stage, &city, "r2").await), Some("H26.101-261124-0001"));
        // What was complete yesterday was received yesterday, though the branch sends it today: yesterday's numbers go on.
        let mut late = at_the_counter(stage, "r3");
        late["filed_at"] = json!("2026-11-23T09:00:00+07:00");
        late["received_at"] = json!("2026-11-23T09:05:00+07:00");
        let late = city.file(&city.access("branch.ba-dinh"), &late).await;
        assert_eq!(code(&late), Some("H26.101-261123-0002"));
        assert_eq!(code(&received(stage, &city, "r4").await), Some("H26.101-261124-0002"));
    }

    async fn a_code_from_outside_takes_the_place_of_none(stage) {
        let city = City::open(stage).await;
        // While the city gave the codes, the agency brought the second number of today.
        let early = city.file(&city.access("branch.ba-dinh"), &for_the_commune(stage, "r0")).await.tracking_id.to_string();
        reports(stage, &city, &early, Status::Accepted, Some("H26.101-261123-0002")).await;
        set_for_the_commune(&city, hub("H26.101", NumberSeries::GapFree)).await;
        assert_eq!(code(&received(stage, &city, "r1").await), Some("H26.101-261123-0001"));
        assert_eq!(code(&received(stage, &city, "r2").await), Some("H26.101-261123-0003"), "0002 is another dossier's");
        // A filing says it has one: its own is the hub's, and it is told so where it said it.
        let mut claiming = at_the_counter(stage, "r3");
        claiming["dossier_code"] = json!("H26.101-261123-0777");
        let answer = city.file(&city.access("branch.ba-dinh"), &claiming).await;
        assert_eq!((code(&answer), &answer.claimed_code), (Some("H26.101-261123-0004"), &None));
        assert_eq!(labels(&answer.warnings), ["dossier-code-issued-here"]);
        assert!(answer.warnings.iter().any(|w| w.path.as_deref() == Some("/dossier_code")));
        // The agency brings one with its acceptance, then another for a dossier that has the hub's.
        let online = city.file(&city.access("branch.ba-dinh"), &for_the_commune(stage, "r4")).await.tracking_id.to_string();
        let brought = reports(stage, &city, &online, Status::Accepted, Some("H26.101-261123-0900")).await;
        assert_eq!(brought.dossier_code.as_ref().map(DossierCode::as_str), Some("H26.101-261123-0005"));
        assert_eq!(labels(&brought.warnings), ["dossier-code-issued-here"]);
        let other = reports(stage, &city, &online, Status::Processing, Some("H26.101-261123-0901")).await;
        assert_eq!((other.status, labels(&other.warnings)), (Some(Status::Processing), vec!["dossier-code-issued-here"]));
        let same = reports(stage, &city, &online, Status::Accepted, Some("H26.101-261123-0005")).await;
        assert_eq!(labels(&same.warnings), Vec::<&str>::new());
        // Somebody claims a number that has not been given: it is given all the same, and both are told.
        let mut thief = for_the_commune(stage, "thief");
        thief["dossier_code"] = json!("H26.101-261123-0006");
        let thief = city.file(&city.access("branch.ha-dong"), &thief).await;
        let owner = received(stage, &city, "owner").await;
        assert_eq!(code(&owner), Some("H26.101-261123-0006"));
        let alarms = city.hub.limits.alarms(&city.access(OPERATOR), Cursor::START, false, 10).await.unwrap().alarms;
        assert_eq!(alarms.iter().filter(|a| a.limit.word() == "code-contested").count(), 1);
        let shown = city.hub.dossiers.show(&city.access(OPERATOR), thief.tracking_id).await.unwrap().summary;
        assert_eq!(shown.dossier_code, None);
        assert_eq!(stage.audit().findings, []);
    }

    async fn another_setting_holds_from_the_next_acceptance_on(stage) {
        let city = City::open(stage).await;
        set_for_the_commune(&city, hub("H26.101", NumberSeries::GapFree)).await;
        assert_eq!(code(&received(stage, &city, "r1").await), Some("H26.101-261123-0001"));
        set_for_the_commune(&city, CodeGiver::City {}).await;
        assert_eq!(code(&received(stage, &city, "r2").await), None);
        // A unit below its own numbers apart; its own goes on where it was, with more digits now.
        set_for_the_commune(&city, hub("H26.101.1", NumberSeries::GapFree)).await;
        assert_eq!(code(&received(stage, &city, "r3").await), Some("H26.101.1-261123-0001"));
        let CodeGiver::Hub(numbering) = hub("H26.101", NumberSeries::GapFree) else { panic!() };
        let six = CodeGiver::Hub(Numbering { digits: 6.try_into().unwrap(), ..numbering });
        set_for_the_commune(&city, six).await;
        assert_eq!(code(&received(stage, &city, "r4").await), Some("H26.101-261123-000002"));
        let query = AuditQuery { action: Some(Action::TenantChanged), limit: 10, ..AuditQuery::default() };
        let entries = city.hub.tenants.audit(&city.access(OPERATOR), query).await.unwrap().entries;
        let said = |n: usize, what: &str| entries[n].detail.get(what).map(String::as_str);
        assert_eq!((said(0, "codes"), said(0, "unit"), said(0, "digits")), (Some("hub"), Some("H26.101"), Some("6")));
        assert_eq!((said(2, "codes"), said(2, "unit")), (Some("city"), None));
        assert_eq!(stage.audit().findings, []);
    }

    async fn only_an_agency_has_codes_and_only_under_its_own_identifier(stage) {
        let city = City::open(stage).await;
        let refused = async |tenant: &str, unit: &str| match set(&city, tenant, hub(unit, NumberSeries::GapFree)).await {
            Err(ServiceError::Rejected(rejection)) => {
                let problem = rejection.problems()[0].clone();
                (problem.label, problem.path.unwrap_or_default())
            }
            other => panic!("{other:?}"),
        };
        let agency = format!("agency.{COMMUNE}");
        assert_eq!(refused("branch.ba-dinh", "H26.101").await, (Label::CodesNotAnAgency, "/codes".to_owned()));
        assert_eq!(refused(&agency, "H26.102").await, (Label::CodesUnitOther, "/codes/unit".to_owned()), "its neighbour's");
        assert_eq!(refused(&agency, "H99").await, (Label::CodesUnitOther, "/codes/unit".to_owned()), "nobody's");
        let view = set(&city, &agency, hub("H26.101", NumberSeries::Blocks)).await.unwrap();
        assert_eq!(view.codes, Some(hub("H26.101", NumberSeries::Blocks)));
        let branch = city.hub.tenants.show(&city.access(OPERATOR), &"branch.ba-dinh".parse().unwrap()).unwrap();
        assert_eq!(branch.codes, None);
    }

    async fn after_9999_numbers_have_five_digits_and_after_the_last_there_is_no_code(stage) {
        let city = City::open(stage).await;
        set_for_the_commune(&city, hub("H26.101", NumberSeries::GapFree)).await;
        stage.execute("INSERT INTO code_counters (day, unit, last) VALUES ('2026-11-23', 'H26.101', 9998)");
        assert_eq!(code(&received(stage, &city, "r1").await), Some("H26.101-261123-9999"));
        assert_eq!(code(&received(stage, &city, "r2").await), Some("H26.101-261123-10000"));
        stage.execute("UPDATE code_counters SET last = 999998");
        assert_eq!(code(&received(stage, &city, "r3").await), Some("H26.101-261123-999999"));
        let without = received(stage, &city, "r4").await;
        assert_eq!((code(&without), without.status.code), (None, Status::Accepted), "it is accepted all the same");
        assert_eq!(labels(&without.warnings), ["dossier-codes-used-up"]);
        assert_eq!(stage.number("SELECT CAST(last AS BIGINT) AS n FROM code_counters"), 999_999);
    }

    async fn what_the_database_refuses_leaves_no_hole(stage) {
        let store = stage.open();
        numbered(&store, &format!("agency.{AGENCY}"), hub("H26.12", NumberSeries::GapFree)).await;
        assert_eq!(accepted(stage, &store, "r1").await.as_deref(), Some("H26.12-261123-0001"));
        let unlucky = filed(stage, &store, "r2").await;
        refuse(stage, &unlucky);
        assert!(store.ledger.ask(report(stage, &unlucky, Status::Accepted)).await.is_err());
        assert_eq!(row(&store, &unlucky).await.unwrap().state.code, None);
        assert_eq!(accepted(stage, &store, "r3").await.as_deref(), Some("H26.12-261123-0002"));
        stage.execute(if stage.is_postgres() { "DROP TRIGGER no ON events" } else { "DROP TRIGGER no" });
        stage.later(3600);
        let given = acted(&store, report(stage, &unlucky, Status::Accepted)).await.code;
        assert_eq!(given.map(String::from).as_deref(), Some("H26.12-261123-0003"));
        assert_eq!(stage.audit().findings, []);
    }

    async fn two_hubs_and_many_callers_leave_no_hole_and_give_no_number_twice(stage) {
        let hubs = [stage.open(), stage.open()];
        numbered(&hubs[0], &format!("agency.{AGENCY}"), hub("H26.12", NumberSeries::GapFree)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..120 {
            let (submit, store) = (filing(stage, &format!("r{n}")), hubs[n % 2].clone());
            let act = report(stage, &submit.dossier.id.to_string(), Status::Accepted);
            tasks.spawn(async move {
                store.ledger.ask(submit).await.unwrap();
                String::from(acted(&store, act).await.code.unwrap())
            });
        }
        let codes = tasks.join_all().await;
        assert_eq!(numbers(&codes), (1..=120).collect::<Vec<_>>());
        assert_eq!(stage.audit().findings, []);
    }

    async fn blocks_are_a_hubs_own_and_what_it_has_left_is_not_given_again(stage) {
        let hubs = [stage.open(), stage.open()];
        numbered(&hubs[0], &format!("agency.{AGENCY}"), hub("H26.12", NumberSeries::Blocks)).await;
        let mut given = Vec::new();
        for n in 0..6 {
            given.extend(accepted(stage, &hubs[n % 2], &format!("r{n}")).await);
        }
        let second = BLOCK_NUMBERS + 1;
        assert_eq!(numbers(&given), [1, 2, 3, second, second + 1, second + 2]);
        // A hub that starts again begins a block.
        let [first, other] = hubs;
        drop(first);
        let again = stage.open();
        given.extend(accepted(stage, &again, "r6").await);
        given.extend(accepted(stage, &other, "r7").await);
        assert_eq!(numbers(&given), [1, 2, 3, second, second + 1, second + 2, second + 3, 2 * BLOCK_NUMBERS + 1]);
        // Without holes from now on: after the last block that anybody took.
        renumbered(&other, hub("H26.12", NumberSeries::GapFree)).await;
        let next = accepted(stage, &again, "r8").await.unwrap();
        assert_eq!(numbers(&[next]), [3 * BLOCK_NUMBERS + 1], "the other hub's change holds at once");
        assert_eq!(stage.audit().findings, []);
    }

    async fn whatever_happens_no_code_is_given_twice_and_none_is_left_out(stage) {
        let hubs = [stage.open(), stage.open()];
        numbered(&hubs[0], &format!("agency.{AGENCY}"), hub("H26.12", NumberSeries::GapFree)).await;
        let (mut all, mut brought, mut without_holes) = (BTreeSet::new(), BTreeSet::new(), true);
        for n in 0..150 {
            let draw = stage.rng().random_range(0..12);
            let store = &hubs[n % 2];
            match draw {
                // Somebody brings a number of today that may be taken or not.
                0 | 1 => {
                    renumbered(store, CodeGiver::City {}).await;
                    let number = stage.rng().random_range(1..200);
                    let day = stage.clock.now().date();
                    let code = format!("H26.12-{}-{number:04}", day.strftime("%y%m%d"));
                    let id = filed(stage, store, &format!("r{n}")).await;
                    let mut act = report(stage, &id, Status::Accepted);
                    act.assigned_code = Some(code.parse().unwrap());
                    if acted(store, act).await.warnings.is_empty() {
                        assert!(all.insert(code.clone()), "{code} has an owner");
                        brought.insert(code);
                    }
                    renumbered(store, hub("H26.12", if without_holes { NumberSeries::GapFree } else { NumberSeries::Blocks })).await;
                }
                2 if n > 90 => {
                    without_holes = false;
                    renumbered(store, hub("H26.12", NumberSeries::Blocks)).await;
                }
                3 if without_holes => stage.later(3 * 3600),
                _ => {
                    let code = accepted(stage, store, &format!("r{n}")).await.unwrap();
                    assert!(all.insert(code.clone()), "{code} was given before");
                    if without_holes {
                        let (head, number) = code.rsplit_once('-').unwrap();
                        let missing = (1..number.parse::<u32>().unwrap())
                            .map(|number| format!("{head}-{number:04}"))
                            .find(|code| !all.contains(code));
                        assert_eq!(missing, None, "before {code}");
                    }
                }
            }
        }
        assert!(brought.len() > 3 && all.len() > 80, "{} {}", brought.len(), all.len());
        assert_eq!(stage.rows("natural_keys"), stage.number("SELECT count(*) AS n FROM natural_keys WHERE kind <> 'code'") + all.len() as i64);
        assert_eq!(stage.audit().findings, []);
    }

    async fn counters_go_after_400_days_and_a_day_without_one_goes_on_behind_its_last_code(stage) {
        let store = stage.open();
        numbered(&store, &format!("agency.{AGENCY}"), hub("H26.12", NumberSeries::GapFree)).await;
        for n in 0..20 {
            accepted(stage, &store, &format!("r{n}")).await;
        }
        stage.execute("INSERT INTO code_counters (day, unit, last) VALUES ('2025-10-18', 'H26.12', 5), ('2025-10-19', 'H26.12', 5)");
        assert_eq!(store.ledger.ask(lienthong::store::ledger::Sweep).await.unwrap(), 1, "2025-10-18 is 401 days ago");
        assert_eq!(stage.texts("SELECT day AS t FROM code_counters ORDER BY day"), ["2025-10-19", "2026-11-23"]);
        stage.behind(|conn| run(conn, "DELETE FROM code_counters").unwrap());
        assert_eq!(accepted(stage, &store, "late").await.as_deref(), Some("H26.12-261123-0021"));
    }
}
