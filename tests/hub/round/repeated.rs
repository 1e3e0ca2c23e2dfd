//! The same call again, as partners make it after a broken line: the stored answer, whatever has happened since.

use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::view::SubmissionAnswer;
use lienthong::service::Answered;
use lienthong::service::ServiceError;
use serde_json::json;

use super::office::report;
use crate::backends::on_both;
use crate::city::{COMMUNE, City, for_the_commune, incoming};

fn label(outcome: Result<lienthong::service::Answered, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn a_repeated_call_gets_its_first_answer_even_after_acceptance(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let (first, mut second) = (for_the_commune(stage, "r1"), for_the_commune(stage, "r1"));
        second["summary"] = json!("Nội dung khác");
        let one = city.hub.intake.submit(&branch, incoming(&first, "k1")).await.unwrap();
        stage.later(1);
        let two = city.hub.intake.submit(&branch, incoming(&second, "k2")).await.unwrap();
        let version = |body: &[u8]| serde_json::from_slice::<SubmissionAnswer>(body).unwrap().version;
        assert_eq!((version(one.body()), version(two.body())), (1, 2));
        let id = serde_json::from_slice::<SubmissionAnswer>(one.body()).unwrap().tracking_id;
        for accepted in [false, true] {
            if accepted {
                city.report(&city.access(&format!("agency.{COMMUNE}")), vec![report(id, Status::Accepted, "")]).await;
            }
            for (filing, key, answered) in [(&first, "k1", &one), (&second, "k2", &two)] {
                let again = city.hub.intake.submit(&branch, incoming(filing, key)).await.unwrap();
                assert_eq!(again, Answered::Replayed(answered.body().to_vec()), "{key}, accepted: {accepted}");
            }
            assert_eq!(label(city.hub.intake.submit(&branch, incoming(&second, "k1")).await), Label::IdempotencyKeyReused);
        }
        assert_eq!((stage.rows("submissions"), stage.rows("dossiers")), (2, 1));
        // The content as it stands, under a new key: the dossier it is.
        let known = city.hub.intake.submit(&branch, incoming(&second, "k3")).await.unwrap();
        let known: SubmissionAnswer = serde_json::from_slice(known.body()).unwrap();
        assert_eq!((known.existing, known.tracking_id, known.status.code), (true, id, Status::Accepted));
        // Other content, accepted: refused, its bytes kept.
        assert_eq!(label(city.hub.intake.submit(&branch, incoming(&first, "k4")).await), Label::ReferenceContentDiffers);
        assert_eq!((stage.rows("submissions"), stage.number("SELECT CAST(count AS BIGINT) AS n FROM refusals")), (2, 1));
        // However often it is tried, it is kept once.
        assert_eq!(label(city.hub.intake.submit(&branch, incoming(&first, "k5")).await), Label::ReferenceContentDiffers);
        assert_eq!((stage.rows("refusals"), stage.number("SELECT CAST(count AS BIGINT) AS n FROM refusals")), (1, 2));
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_gap_in_the_rules_is_taken_and_waits_for_the_operator(stage) {
        let city = City::open(stage).await;
        let mut filing = for_the_commune(stage, "r1");
        filing["procedure"] = json!({ "code": "9.990001", "name": "Trình diễn" });
        let answer = city.file(&city.access("agent.a-001"), &filing).await;
        assert_eq!((answer.agency, answer.parked), (None, Some(Label::CompetenceGap)));
        assert_eq!((stage.rows("deliveries"), stage.unsent()), (0, 0));
    }

    async fn a_bad_document_is_told_all_its_faults_and_nothing_is_written(stage) {
        let city = City::open(stage).await;
        let mut filing = for_the_commune(stage, "r1");
        filing["applicant"]["identity_number"] = json!("12");
        filing["channel"] = json!("pigeon");
        let Err(ServiceError::Rejected(rejection)) = city.submit(&city.access("branch.ba-dinh"), &filing).await else { panic!() };
        let paths: Vec<&str> = rejection.problems().iter().filter_map(|p| p.path.as_deref()).collect();
        assert!(paths.contains(&"/channel") && paths.contains(&"/applicant/identity_number"), "{paths:?}");
        assert_eq!((stage.rows("submissions"), stage.rows("idempotency_keys")), (0, 0));
    }
}
