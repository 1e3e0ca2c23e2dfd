//! Limits through the verbs: who hears of one that has passed, and what the operator reads.

use std::time::Duration;

use lienthong::domain::clocks::Watched;
use lienthong::domain::lifecycle::Role;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::view::{Cursor, StatusReport};
use lienthong::service::ServiceError;

use crate::backends::on_both;
use crate::city::{COMMUNE, City, for_the_commune};

on_both! {
    async fn a_limit_that_passes_is_heard_by_the_submitter_the_agency_and_the_operator(stage) {
        let city = City::open(stage).await;
        let (branch, agency, operator) = (
            city.access("branch.ba-dinh"),
            city.access(&format!("agency.{COMMUNE}")),
            city.access("operator.truc-ban"),
        );
        let filed = city.file(&branch, &for_the_commune(stage, "r1")).await;
        stage.later(86_400 * 3);
        let told = city.hub.limits.watch().await.unwrap().fired;
        assert!(told.iter().all(|f| f.passed && f.dossier == Some(filed.tracking_id.to_string())), "{told:?}");
        assert_eq!(city.hub.limits.watch().await.unwrap().fired, []);
        let feed = city.hub.feed.events(&branch, Cursor::START, Duration::ZERO, 100).await.unwrap();
        let limits: Vec<(Watched, Role)> = feed.events.iter()
            .filter_map(|e| e.data.event.limit.as_ref().map(|l| (l.limit, l.party))).collect();
        assert!(limits.contains(&(Watched::Acceptance, Role::Agency)), "{limits:?}");
        assert!(limits.contains(&(Watched::OfficerNotice, Role::Operator)), "{limits:?}");
        let page = city.hub.limits.alarms(&operator, Cursor::START, false, 200).await.unwrap();
        assert_eq!((page.alarms.len(), page.next.number), (told.len(), told.len() as i64));
        let alarm = page.alarms.iter().find(|a| a.limit == Watched::Acceptance).unwrap();
        assert_eq!((alarm.dossier, alarm.due_at), (Some(filed.tracking_id), filed.clocks.acceptance_due.unwrap()));
        assert_eq!(alarm.agency.as_ref().map(|a| a.key.as_str()), Some(COMMUNE));
        assert_eq!(city.hub.limits.alarms(&operator, page.next, true, 200).await.unwrap().alarms, []);
        for caller in [&branch, &agency] {
            let Err(ServiceError::Rejected(refused)) = city.hub.limits.alarms(caller, Cursor::START, false, 50).await else { panic!() };
            assert_eq!(refused.label(), Label::PermissionMissing);
        }
        let overview = city.hub.overview.show(&operator).await.unwrap();
        let acceptance = overview.limits.iter().find(|l| l.limit == Watched::Acceptance).unwrap();
        assert_eq!((acceptance.near, acceptance.passed), (0, 1));
    }

    async fn the_view_of_a_dossier_keeps_every_due_date_and_the_overview_counts_what_is_overdue(stage) {
        let city = City::open(stage).await;
        let (branch, agency, operator) = (
            city.access("branch.ba-dinh"),
            city.access(&format!("agency.{COMMUNE}")),
            city.access("operator.truc-ban"),
        );
        let mut filing = for_the_commune(stage, "r1");
        filing["channel"] = serde_json::json!("counter");
        let filed = city.file(&branch, &filing).await;
        let id = filed.tracking_id;
        for (day, status) in [(1, Status::Processing), (1, Status::Stopped), (3, Status::Processing)] {
            stage.later(86_400 * day);
            let mut report = StatusReport::new(id.to_string(), status);
            report.text = Some("lý do".to_owned());
            let answer = city.report(&agency, vec![report]).await;
            assert_eq!(answer.results[0].status, Some(status));
        }
        let view = city.hub.dossiers.show(&branch, id).await.unwrap();
        let dates: Vec<_> = view.due_history.iter().map(|d| (d.change.from, d.change.to)).collect();
        let (first, second) = (filed.clocks.due, view.summary.clocks.due);
        assert_eq!(dates, [(None, first.unwrap()), (first, second.unwrap())]);
        assert!(second > first);
        assert_eq!(view.due_history[1].actor.tenant.to_string(), format!("agency.{COMMUNE}"));
        stage.later(86_400 * 60);
        city.hub.limits.watch().await.unwrap();
        let overview = city.hub.overview.show(&operator).await.unwrap();
        let late: Vec<i64> = overview.by_agency.iter().map(|a| a.overdue).collect();
        assert_eq!(late, [1]);
    }
}
