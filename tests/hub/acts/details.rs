//! What travels with a status: the papers asked for, the fees claimed, the results, to the submitter's feed and into the dossier.

use std::time::Duration;

use lienthong::domain::details::{Details, Lists};
use lienthong::domain::event::Verdict;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::text::limits::{NOTE, OFFICER};
use lienthong::domain::view::StatusReport;
use serde_json::json;

use super::{Case, of, told};
use crate::backends::on_both;

on_both! {
    async fn what_a_status_brings_reaches_the_submitter_and_stands_in_the_dossier(stage) {
        let case = Case::open(stage).await;
        let papers = || Lists {
            papers: of(json!([{ "code": "GT-02", "name": "Bản sao quyết định", "copies": { "certified": 1 } }, { "name": "Tờ khai" }])),
            ..Lists::default()
        };
        let fees = Lists {
            fees: of(json!([{ "name": "Lệ phí", "kind": "charge", "amount_vnd": 8000, "account": "0000 0001" }])),
            ..Lists::default()
        };
        let results = |number: &str| Lists {
            results: of(json!([{ "name": "Giấy xác nhận", "number": number, "files": [{ "name": "gxn.pdf", "sha256": "00".repeat(32) }] }])),
            ..Lists::default()
        };
        for (status, lists) in [
            (Status::Processing, Lists::default()),
            (Status::SupplementRequested, papers()),
            (Status::Processing, Lists::default()),
            (Status::PaymentRequested, fees.clone()),
            (Status::Processing, Lists::default()),
            (Status::Finished, results("1")),
        ] {
            let result = case.reports(stage, status, lists).await;
            assert_eq!((result.status, told(&result)), (Some(status), None));
        }
        let feed = case.city.hub.feed.events(&case.branch, lienthong::domain::view::Cursor::START, Duration::ZERO, 100).await.unwrap();
        let brought: Vec<Details> = feed.events.into_iter().filter_map(|e| e.data.event.details).collect();
        assert_eq!(brought.len(), 3);
        assert_eq!(brought[0], Details::Papers(papers().papers));
        assert_eq!(brought[1], Details::Fees(fees.fees.clone()));
        let view = case.city.hub.dossiers.show(&case.branch, case.id).await.unwrap();
        assert_eq!(view.supplements[0].papers, papers().papers);
        assert_eq!(view.claims[0].fees, fees.fees);
        assert!(view.supplements[0].ended_at.is_some() && view.claims[0].ended_at.is_some());
        assert_eq!((view.results, view.refusal), (results("1").results, false));

        // The same status again, later, completes what the first report lacked.
        let again = case.reports(stage, Status::Finished, results("2")).await;
        assert_eq!(again.verdict, Some(Verdict::Recorded));
        assert_eq!(case.city.hub.dossiers.show(&case.branch, case.id).await.unwrap().results, results("2").results);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_list_of_another_status_spoils_its_report_only(stage) {
        let case = Case::open(stage).await;
        let papers = Lists { papers: of(json!([{ "name": "Tờ khai" }])), ..Lists::default() };
        let result = case.reports(stage, Status::Processing, papers).await;
        assert_eq!((result.verdict, told(&result)), (None, Some(Label::DetailsMisplaced)));
        assert_eq!(result.problem.unwrap().path.as_deref(), Some("/reports/0/papers"));
        assert_eq!(case.last().await.kind, "filed");
    }

    async fn a_note_and_an_officer_are_kept_each_at_its_limit(stage) {
        let case = Case::open(stage).await;
        let report = |text: usize, officer: usize| StatusReport {
            text: Some("ế".repeat(text)),
            officer: Some("ộ".repeat(officer)),
            ..StatusReport::new(case.id.to_string(), Status::Processing)
        };
        for (text, officer) in [(NOTE + 1, OFFICER), (NOTE, OFFICER + 1)] {
            let answer = case.city.report(&case.agency, vec![report(text, officer)]).await;
            assert_eq!(told(&answer.results[0]), Some(Label::TextLength));
        }
        let answer = case.city.report(&case.agency, vec![report(NOTE, OFFICER)]).await;
        assert_eq!((answer.results[0].verdict, told(&answer.results[0])), (Some(Verdict::AppliedInferred), None));
        let history = case.city.hub.dossiers.history(&case.branch, case.id).await.unwrap();
        let kept = history.events.into_iter().rev().find(|e| e.text.is_some()).unwrap();
        assert_eq!((kept.text, kept.officer), (Some("ế".repeat(NOTE)), Some("ộ".repeat(OFFICER))));
    }

    async fn an_officer_is_no_reason(stage) {
        let case = Case::open(stage).await;
        let report = |status, text: Option<&str>| StatusReport {
            text: text.map(str::to_owned),
            officer: Some("Cán bộ mẫu".to_owned()),
            ..StatusReport::new(case.id.to_string(), status)
        };
        for status in [Status::SupplementRequested, Status::Stopped] {
            let answer = case.city.report(&case.agency, vec![report(status, None)]).await;
            assert_eq!(told(&answer.results[0]), Some(Label::ReasonRequired), "{status:?}");
        }
        let refusal = StatusReport { refusal: true, ..report(Status::Finished, None) };
        let answer = case.city.report(&case.agency, vec![refusal]).await;
        assert_eq!(told(&answer.results[0]), Some(Label::ReasonRequired));
        let asked = report(Status::SupplementRequested, Some("Thiếu tờ khai"));
        let answer = case.city.report(&case.agency, vec![asked]).await;
        assert_eq!(told(&answer.results[0]), None);
        // Nobody's name is shown to the applicant.
        let shown = case.city.hub.dossiers.show(&case.branch, case.id).await.unwrap();
        assert_eq!(shown.supplements[0].text.as_deref(), Some("Thiếu tờ khai"));
    }

    async fn the_same_report_with_other_details_is_another_report(stage) {
        let case = Case::open(stage).await;
        let named = |name: &str| Lists { papers: of(json!([{ "name": name }])), ..Lists::default() };
        let first = case.reports(stage, Status::SupplementRequested, named("Tờ khai")).await;
        assert_eq!(first.verdict, Some(Verdict::Applied));
        let at = case.last().await.occurred_at;
        let send = async |name: &str| {
            let report = StatusReport {
                text: Some("lý do".to_owned()),
                occurred_at: Some(at),
                ..StatusReport::new(case.id.to_string(), Status::SupplementRequested)
            };
            case.city.report(&case.agency, vec![report.with_lists(named(name))]).await.results[0].verdict
        };
        assert_eq!(send("Tờ khai").await, Some(Verdict::Repeated));
        assert_eq!(send("Bản sao").await, Some(Verdict::Recorded));
    }
}
