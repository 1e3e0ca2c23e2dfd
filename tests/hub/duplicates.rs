//! The same matter filed twice: taken both times, and said.

use lienthong::domain::ids::DossierId;
use lienthong::domain::rejection::Label;
use lienthong::domain::view::SubmissionAnswer;
use lienthong::service::Answered;
use lienthong::store::ledger::Arrive;
use serde_json::json;

use crate::backends::on_both;
use crate::city::{City, for_the_commune, for_the_department};

/// Whether it may be a duplicate, and of which dossier where that is told.
fn warned(answer: &SubmissionAnswer) -> Option<Option<DossierId>> {
    let warning = answer
        .warnings
        .iter()
        .find(|w| w.label == Label::PossibleDuplicate);
    warning.map(|w| w.dossier)
}

on_both! {
    async fn the_second_of_one_matter_is_taken_and_its_sender_and_the_agency_are_told(stage) {
        let city = City::open(stage).await;
        // Another branch than the agent's, which would see what its agents file.
        let (agent, branch) = (city.access("agent.a-001"), city.access("branch.ha-dong"));
        let first = city.file(&agent, &for_the_commune(stage, "r1")).await;
        assert_eq!(warned(&first), None);
        stage.later(60);
        // Another reference, another minute, another way, another file id: the same matter.
        let mut second = for_the_commune(stage, "r2");
        second["channel"] = json!("counter");
        second["assisted_by_agent"] = json!(true);
        second["foreign_codes"] = json!([{ "system": "so-bien-nhan", "code": "7" }]);
        let second = city.file(&agent, &second).await;
        assert_eq!(warned(&second), Some(Some(first.tracking_id)));
        // Who may not see the first is told the fact and no more.
        let third = city.file(&branch, &for_the_commune(stage, "r3")).await;
        assert_eq!(warned(&third), Some(None));
        let sibling = city.file(&city.access("agent.a-002"), &for_the_commune(stage, "r4")).await;
        assert_eq!(warned(&sibling), Some(None));
        assert_eq!(stage.rows("dossiers"), 4);
        // The agency may: all of them are its own.
        let carried = city.hub.messages.outbound(stage.texts("SELECT id AS t FROM deliveries WHERE send_at IS NOT NULL ORDER BY id")).await.unwrap();
        assert_eq!(carried.len(), 4);
        let agency = city.access("agency.ubnd-00004");
        city.store.ledger.ask(Arrive(carried.iter().map(|c| c.delivery.clone()).collect())).await.unwrap();
        let inbox = city.hub.messages.inbox(&agency, 20, std::time::Duration::ZERO).await.unwrap();
        for message in inbox.messages {
            let data = message.event.data;
            let expected = (data.tracking_id != first.tracking_id).then_some(first.tracking_id);
            assert_eq!(data.possible_duplicate, expected);
        }
    }

    async fn another_person_day_procedure_or_content_is_another_matter(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        city.file(&agent, &for_the_commune(stage, "r1")).await;
        let mut person = for_the_commune(stage, "r2");
        person["applicant"]["identity_number"] = json!("000090000002");
        let mut content = for_the_commune(stage, "r3");
        content["components"][0]["copies"]["original"] = json!(2);
        let mut owner = for_the_commune(stage, "r4");
        owner["owner"] = json!({ "kind": "citizen", "name": "Trần Thị Mẫu", "identity_number": "000190000003" });
        for other in [person, content, owner, for_the_department(stage, "r5")] {
            assert_eq!(warned(&city.file(&agent, &other).await), None, "{}", other["reference"]);
        }
        stage.later(24 * 3600);
        assert_eq!(warned(&city.file(&agent, &for_the_commune(stage, "r6")).await), None);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_amendment_is_compared_as_it_now_is(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let first = city.file(&agent, &for_the_commune(stage, "r1")).await;
        let mut other = for_the_commune(stage, "r2");
        other["summary"] = json!("Việc khác");
        assert_eq!(warned(&city.file(&agent, &other).await), None);
        let send = async |filing: &serde_json::Value, key: &str| {
            let answered = city.hub.intake.submit(&agent, crate::city::incoming(filing, key)).await.unwrap();
            serde_json::from_slice::<SubmissionAnswer>(answered.body()).unwrap()
        };
        // The second becomes what the first is, then the first becomes something else, and a third is like nothing that is there first.
        let amended = send(&for_the_commune(stage, "r2"), "k1").await;
        assert_eq!((amended.version, warned(&amended)), (2, Some(Some(first.tracking_id))));
        let mut moved = for_the_commune(stage, "r1");
        moved["summary"] = json!("Việc khác nữa");
        assert_eq!(warned(&send(&moved, "k2").await), None);
        // The second is now the first of what they were both about.
        let third = city.file(&agent, &for_the_commune(stage, "r3")).await;
        assert_eq!(warned(&third), Some(Some(amended.tracking_id)));
        // An amendment that is like itself is no duplicate.
        let mut code = for_the_commune(stage, "r3");
        code["foreign_codes"] = json!([{ "system": "so-bien-nhan", "code": "8" }]);
        let same = send(&code, "k3").await;
        assert_eq!((same.version, warned(&same)), (2, Some(Some(amended.tracking_id))));
        // The same filing again is the same filing.
        let again = send(&code, "k4").await;
        assert_eq!((again.existing, warned(&again)), (true, None));
        // The first of a likeness, amended and still about the same, is no duplicate of itself.
        let mut code = for_the_commune(stage, "r2");
        code["foreign_codes"] = json!([{ "system": "so-bien-nhan", "code": "9" }]);
        assert_eq!(warned(&send(&code, "k5").await), None);
    }

    async fn whoever_is_left_of_a_likeness_is_its_first_in_any_order_of_commits(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let mut ids = Vec::new();
        for n in 0..8 {
            ids.push(city.file(&agent, &for_the_commune(stage, &format!("r{n}"))).await.tracking_id);
        }
        // All but one become something else at once, some of them in one commit.
        let others: Vec<_> = (0..7)
            .map(|n| {
                let mut other = for_the_commune(stage, &format!("r{n}"));
                other["summary"] = json!(format!("Việc khác {n}"));
                crate::city::incoming(&other, &format!("k{n}"))
            })
            .collect();
        let sent = others.into_iter().map(|other| city.hub.intake.submit(&agent, other));
        for answered in futures_util::future::join_all(sent).await {
            assert!(matches!(answered.unwrap(), Answered::New(_)));
        }
        let last = city.file(&agent, &for_the_commune(stage, "r9")).await;
        assert_eq!(warned(&last), Some(Some(ids[7])));
        assert_eq!(stage.texts("SELECT id AS t FROM dossiers WHERE twin IS NULL").len(), 8);
    }

    async fn equal_filings_that_race_are_all_taken_and_all_but_one_warned(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let filings: Vec<_> = (0..20).map(|n| for_the_commune(stage, &format!("r{n}"))).collect();
        let answers = futures_util::future::join_all(filings.iter().map(|f| city.file(&agent, f))).await;
        let unwarned: Vec<_> = answers.iter().filter(|a| warned(a).is_none()).collect();
        assert_eq!(unwarned.len(), 1);
        assert!(answers.iter().filter_map(warned).all(|twin| twin == Some(unwarned[0].tracking_id)));
        assert_eq!((stage.rows("dossiers"), stage.audit().findings), (20, vec![]));
    }
}
