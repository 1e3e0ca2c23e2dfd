//! Official codes through the verbs, on both databases: what a submitter claims, what the agency confirms, and whom a report by code
//! alone reaches.

use lienthong::domain::event::Verdict;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::view::{StatusReport, StatusResult, SubmissionAnswer};
use lienthong::identity::Access;
use lienthong::service::DossierQuery;
use serde_json::json;

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, NEIGHBOUR, for_the_commune};

/// A code of the commune's own unit, of the day the stage begins.
const CODE: &str = "H26.101-261123-0001";

async fn claiming(stage: &Stage, city: &City, tenant: &str, reference: &str, code: &str) -> SubmissionAnswer {
    let mut filing = for_the_commune(stage, reference);
    filing["dossier_code"] = json!(code);
    filing["applicant"]["name"] = json!(format!("Nguyễn Văn {reference}"));
    city.file(&city.access(tenant), &filing).await
}

fn labels(answer: &SubmissionAnswer) -> Vec<&'static str> {
    let labels = answer.warnings.iter().map(|w| w.label.as_str());
    // The made-up person has a made-up number.
    labels.filter(|label| label.starts_with("dossier-code")).collect()
}

async fn reports(
    stage: &Stage,
    city: &City,
    agency: &Access,
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
    city.report(agency, vec![report]).await.results.remove(0)
}

fn said(result: &StatusResult) -> (Option<Verdict>, Option<Label>, Vec<Label>) {
    let warnings = result.warnings.iter().map(|w| w.label).collect();
    (result.verdict, result.problem.as_ref().map(|p| p.label), warnings)
}

async fn code_of(city: &City, id: lienthong::domain::ids::DossierId) -> (Option<String>, Option<String>) {
    let seen = city
        .hub
        .dossiers
        .show(&city.access("operator.truc-ban"), id)
        .await
        .unwrap()
        .summary;
    (
        seen.dossier_code.map(String::from),
        seen.claimed_code.map(String::from),
    )
}

on_both! {
    async fn a_code_of_tomorrow_is_no_claim_and_the_agency_gives_it_when_its_day_has_come(stage) {
        let city = City::open(stage).await;
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let tomorrow = "H26.101-261124-0001";
        let thief = claiming(stage, &city, "branch.ha-dong", "thief", tomorrow).await;
        assert_eq!(labels(&thief), ["dossier-code-day"]);
        assert_eq!((&thief.dossier_code, &thief.claimed_code), (&None, &None));
        let owner = city.file(&city.access("branch.ba-dinh"), &for_the_commune(stage, "owner")).await;
        let early = reports(stage, &city, &agency, &owner.tracking_id.to_string(), Status::Accepted, Some(tomorrow)).await;
        assert_eq!(said(&early), (Some(Verdict::Applied), None, vec![Label::DossierCodeDay]), "the status is taken");
        stage.later(86_400);
        // Nobody has it: a report by it alone finds no dossier, least of all the thief's.
        let lost = reports(stage, &city, &agency, tomorrow, Status::Processing, None).await;
        assert_eq!(said(&lost), (None, Some(Label::NotFound), vec![]));
        let given = reports(stage, &city, &agency, &owner.tracking_id.to_string(), Status::Processing, Some(tomorrow)).await;
        assert_eq!(said(&given), (Some(Verdict::Applied), None, vec![]));
        assert_eq!(code_of(&city, owner.tracking_id).await.0.as_deref(), Some(tomorrow));
    }

    async fn a_report_by_code_alone_confirms_the_one_claim_at_its_own_agency(stage) {
        let city = City::open(stage).await;
        let (agency, neighbour) = (city.access(&format!("agency.{COMMUNE}")), city.access(&format!("agency.{NEIGHBOUR}")));
        let filed = claiming(stage, &city, "branch.ba-dinh", "r1", CODE).await;
        assert_eq!((labels(&filed), filed.claimed_code.as_ref().map(|c| c.as_str())), (vec![], Some(CODE)));
        let foreign = reports(stage, &city, &neighbour, CODE, Status::Accepted, None).await;
        assert_eq!(said(&foreign), (None, Some(Label::NotFound), vec![]));
        let own = reports(stage, &city, &agency, CODE, Status::Accepted, None).await;
        assert_eq!(said(&own), (Some(Verdict::Applied), None, vec![]));
        assert_eq!(code_of(&city, filed.tracking_id).await, (Some(CODE.to_owned()), None));
        let again = reports(stage, &city, &agency, CODE, Status::Processing, None).await;
        assert_eq!((again.verdict, again.status), (Some(Verdict::Applied), Some(Status::Processing)));
    }

    async fn two_claims_are_a_conflict_that_the_agency_settles_by_tracking_id(stage) {
        let city = City::open(stage).await;
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let first = claiming(stage, &city, "agent.a-001", "r1", CODE).await;
        let second = claiming(stage, &city, "branch.ha-dong", "r2", CODE).await;
        assert_eq!(labels(&second), ["dossier-code-contested"]);
        let text = serde_json::to_string(&second).unwrap();
        assert!(!text.contains(&first.tracking_id.to_string()) && !text.contains("a-001"), "{text}");
        let operator = city.access("operator.truc-ban");
        let alarms = city.hub.limits.alarms(&operator, lienthong::domain::view::Cursor::START, false, 10).await.unwrap().alarms;
        assert_eq!(alarms.iter().map(|a| a.limit.word()).collect::<Vec<_>>(), ["code-contested"]);

        let neither = reports(stage, &city, &agency, CODE, Status::Accepted, None).await;
        assert_eq!(said(&neither), (None, Some(Label::DossierCodeAmbiguous), vec![]));
        let settled = reports(stage, &city, &agency, &second.tracking_id.to_string(), Status::Accepted, Some(CODE)).await;
        assert_eq!(said(&settled), (Some(Verdict::Applied), None, vec![]));
        let by_code = reports(stage, &city, &agency, CODE, Status::Processing, None).await;
        assert_eq!(by_code.verdict, Some(Verdict::Applied));
        assert_eq!(code_of(&city, first.tracking_id).await, (None, Some(CODE.to_owned())));
        assert_eq!(code_of(&city, second.tracking_id).await, (Some(CODE.to_owned()), None));
        // Each lists its own by the code, and nobody the other's.
        for (tenant, own) in [("agent.a-001", first.tracking_id), ("branch.ha-dong", second.tracking_id)] {
            let query = DossierQuery { code: Some(CODE.parse().unwrap()), limit: 10, ..DossierQuery::default() };
            let listed = city.hub.dossiers.list(&city.access(tenant), query).await.unwrap().dossiers;
            assert_eq!(listed.iter().map(|d| d.tracking_id).collect::<Vec<_>>(), [own], "{tenant}");
        }
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_status_never_falls_because_of_the_code_beside_it(stage) {
        let city = City::open(stage).await;
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let branch = city.access("branch.ba-dinh");
        let first = city.file(&branch, &for_the_commune(stage, "r1")).await.tracking_id.to_string();
        let second = city.file(&branch, &for_the_commune(stage, "r2")).await.tracking_id;
        reports(stage, &city, &agency, &first, Status::Accepted, Some(CODE)).await;
        let taken = reports(stage, &city, &agency, &second.to_string(), Status::Accepted, Some(CODE)).await;
        assert_eq!(said(&taken), (Some(Verdict::Applied), None, vec![Label::DossierCodeTaken]));
        assert_eq!(taken.warnings[0].path.as_deref(), Some("/reports/0/assigned_code"));
        // Another agency's unit, and one that nobody knows: given, and told.
        let others = reports(stage, &city, &agency, &second.to_string(), Status::Processing, Some("H26.102-261123-0001")).await;
        assert_eq!(said(&others), (Some(Verdict::Applied), None, vec![Label::DossierCodeUnitOther]));
        let unknown = reports(stage, &city, &agency, &first, Status::Processing, Some("H56.14-261123-0001")).await;
        assert_eq!(said(&unknown), (Some(Verdict::Applied), None, vec![Label::DossierCodeUnitUnknown]));
        assert_eq!(code_of(&city, second).await.0.as_deref(), Some("H26.102-261123-0001"));
    }

    async fn a_citizen_looks_up_by_a_code_with_the_secret_of_that_dossier_only(stage) {
        let city = City::open(stage).await;
        let first = claiming(stage, &city, "branch.ba-dinh", "r1", CODE).await;
        let second = claiming(stage, &city, "branch.ha-dong", "r2", CODE).await;
        let code: lienthong::domain::codes::DossierCode = CODE.parse().unwrap();
        for filed in [&first, &second] {
            let found = city.hub.lookup.by_code(code.clone(), &filed.lookup_secret).await.unwrap().unwrap();
            assert_eq!(found.tracking_id, filed.tracking_id);
        }
        let stranger = city.file(&city.access("branch.ha-dong"), &for_the_commune(stage, "r3")).await;
        assert_eq!(city.hub.lookup.by_code(code.clone(), &stranger.lookup_secret).await.unwrap(), None);
        let agency = city.access(&format!("agency.{COMMUNE}"));
        reports(stage, &city, &agency, &first.tracking_id.to_string(), Status::Accepted, Some(CODE)).await;
        let found = city.hub.lookup.by_code(code, &first.lookup_secret).await.unwrap().unwrap();
        assert_eq!((found.tracking_id, found.status.code), (first.tracking_id, Status::Accepted));
    }
}
