//! The turns a dossier may take, and whom each reaches: refused, asked for papers, recalled, withdrawn, postponed, corrected.

use std::time::Duration;

use lienthong::domain::details::{Details, Lists};
use lienthong::domain::event::{Back, Verdict};
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::{
    AcceptanceRequest, CorrectionRequest, HandOverRequest, PapersRequest, PostponementRequest, ReasonRequest,
    StatusReport, SupplementRequest,
};
use lienthong::identity::Access;
use lienthong::service::ServiceError;
use lienthong::store::read;
use serde_json::json;

use super::{Case, call, label, of, told};
use crate::backends::{Stage, on_both};
use crate::city::NEIGHBOUR;

fn why(reason: &str) -> ReasonRequest {
    ReasonRequest {
        occurred_at: None,
        reason: reason.to_owned(),
    }
}

fn later(stage: &Stage, days: u64) -> Timestamp {
    stage.clock.now().plus(Duration::from_secs(days * 86_400))
}

fn results(number: &str) -> Lists {
    Lists {
        results: of(json!([{ "name": "Giấy xác nhận", "number": number }])),
        ..Lists::default()
    }
}

/// The due date as the dossier now has it.
async fn due(case: &Case) -> Option<Timestamp> {
    case.city
        .hub
        .dossiers
        .show(&case.branch, case.id)
        .await
        .unwrap()
        .summary
        .clocks
        .due
}

async fn postpone(
    case: &Case,
    by: &Access,
    key: &str,
    new_due: Timestamp,
) -> Result<Option<Timestamp>, ServiceError> {
    let request = PostponementRequest {
        occurred_at: None,
        new_due,
        reason: "xác minh thêm".to_owned(),
    };
    Ok(case
        .city
        .hub
        .acts
        .postpone(by, case.id, call(key), request)
        .await?
        .clocks
        .due)
}

on_both! {
    async fn who_filed_withdraws_before_the_decision_and_the_agency_is_told(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        case.reports(stage, Status::Processing, Lists::default()).await;
        // Not by the neighbour at the counter, not by the agency, not without a reason.
        let other = case.city.access("branch.ha-dong");
        assert_eq!(label(hub.acts.withdraw(&other, case.id, call("k0"), why("x")).await), Label::NotFound);
        assert_eq!(label(hub.acts.withdraw(&case.agency, case.id, call("k0"), why("x")).await), Label::PermissionMissing);
        assert_eq!(label(hub.acts.withdraw(&case.branch, case.id, call("k0"), why(" ")).await), Label::TextEmpty);
        let summary = hub.acts.withdraw(&case.branch, case.id, call("k1"), why("không còn nhu cầu")).await.unwrap();
        assert_eq!(summary.status.code, Status::Withdrawn);
        // The same call again is answered with how it stands; another one with why not.
        assert!(hub.acts.withdraw(&case.branch, case.id, call("k1"), why("không còn nhu cầu")).await.is_ok());
        assert_eq!(label(hub.acts.withdraw(&case.branch, case.id, call("k2"), why("lần nữa")).await), Label::StatusFinal);
        let kinds = stage.texts("SELECT kind AS t FROM deliveries ORDER BY id");
        assert_eq!(kinds, ["filed", "status-changed"]);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_withdrawal_after_the_decision_is_refused_with_its_reason(stage) {
        let case = Case::open(stage).await;
        case.reports(stage, Status::Finished, results("1")).await;
        let outcome = case.city.hub.acts.withdraw(&case.branch, case.id, call("k"), why("x")).await;
        assert_eq!(label(outcome), Label::WithdrawalTooLate);
        let last = case.last().await;
        assert_eq!((last.kind.as_str(), last.label), ("status-rejected", Some(Label::WithdrawalTooLate)));
    }

    async fn an_agent_withdraws_what_it_filed(stage) {
        let case = Case::open(stage).await;
        let agent = case.city.access("agent.a-001");
        let id = case.city.file(&agent, &crate::city::for_the_commune(stage, "r2")).await.tracking_id;
        let hub = &case.city.hub;
        assert_eq!(label(hub.acts.withdraw(&case.branch, id, call("k"), why("x")).await), Label::NotYourPart);
        let summary = hub.acts.withdraw(&agent, id, call("k"), why("người nộp đổi ý")).await.unwrap();
        assert_eq!(summary.status.code, Status::Withdrawn);
    }

    async fn the_receiving_unit_refuses_or_asks_before_acceptance(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        let papers = || PapersRequest {
            occurred_at: None,
            reason: "thiếu giấy tờ".to_owned(),
            papers: of(json!([{ "code": "GT-1", "name": "Bản sao quyết định" }])),
        };
        let asked = hub.acts.ask(&case.branch, case.id, call("a1"), papers()).await.unwrap();
        assert_eq!(asked.status.code, Status::SupplementRequested);
        assert_eq!(label(hub.acts.ask(&case.branch, case.id, call("a2"), papers()).await), Label::TransitionNotAllowed);
        // The submitter brings what was asked for, by its code, with its file.
        stage.later(60);
        let brought = SupplementRequest {
            papers: of(json!([{ "code": "GT-1", "name": "Bản sao quyết định", "files": [{ "name": "qd.pdf", "sha256": "00".repeat(32) }] }])),
            ..SupplementRequest::default()
        };
        hub.acts.supplement(&case.branch, case.id, call("s"), brought.clone()).await.unwrap();
        let view = hub.dossiers.show(&case.branch, case.id).await.unwrap();
        assert_eq!((view.supplements[0].brought.clone(), view.supplements[0].answer.clone()), (brought.papers, None));
        assert_eq!(view.summary.status.code, Status::Registered);
        assert_eq!(label(hub.acts.supplement(&case.branch, case.id, call("s2"), SupplementRequest::default()).await), Label::TextEmpty);
        // The agency is told the supplement itself, with its papers.
        let inbox: Vec<String> = stage.texts("SELECT e.id AS t FROM events e JOIN deliveries d ON d.event = e.id WHERE d.kind = 'supplemented'");
        let history = hub.dossiers.history(&case.branch, case.id).await.unwrap();
        let event = history.events.iter().find(|e| e.id.to_string() == inbox[0]).unwrap();
        assert_eq!((event.kind.as_str(), event.brought.len()), ("supplemented", 1));
        // Asked a second time: done, and flagged.
        stage.later(60);
        hub.acts.ask(&case.agency, case.id, call("a3"), papers()).await.unwrap();
        assert_eq!(case.last().await.label, Some(Label::SupplementRepeated));
        stage.later(60);
        hub.acts.supplement(&case.branch, case.id, call("s3"), SupplementRequest { text: Some("đủ".to_owned()), ..SupplementRequest::default() }).await.unwrap();
        let refused = hub.acts.refuse(&case.branch, case.id, call("r"), why("không thuộc thẩm quyền")).await.unwrap();
        assert_eq!(refused.status.code, Status::Refused);
        assert_eq!(stage.audit().findings, []);
    }

    async fn after_acceptance_a_refusal_is_a_result(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        let accept = AcceptanceRequest { occurred_at: None, assigned_code: None, text: None };
        hub.acts.accept(&case.branch, case.id, call("a"), accept).await.unwrap();
        stage.later(60);
        assert_eq!(label(hub.acts.refuse(&case.branch, case.id, call("r1"), why("x")).await), Label::TransitionNotAllowed);
        assert_eq!(label(hub.acts.refuse(&case.agency, case.id, call("r1"), why("x")).await), Label::TransitionNotAllowed);
        let refusal = Lists { refusal: true, ..results("TC-1") };
        let result = case.reports(stage, Status::Finished, refusal).await;
        assert_eq!(told(&result), None);
        let view = hub.dossiers.show(&case.branch, case.id).await.unwrap();
        assert_eq!((view.refusal, view.results.len()), (true, 1));
        let receiver = HandOverRequest { receiver: "Người nhận mẫu".to_owned(), received_at: None, proof: None };
        let summary = hub.acts.hand_over(&case.branch, case.id, call("h"), receiver).await.unwrap();
        assert_eq!(summary.status.code, Status::HandedOver);
        assert!(hub.dossiers.show(&case.branch, case.id).await.unwrap().refusal);
    }

    async fn a_step_back_is_recalled_by_the_unit_and_returned_by_the_agency(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        case.reports(stage, Status::Processing, Lists::default()).await;
        stage.later(60);
        hub.acts.recall(&case.branch, case.id, call("t1"), why("chuyển nhầm")).await.unwrap();
        let last = case.last().await;
        assert_eq!((last.back, last.text.as_deref()), (Some(Back::Recalled), Some("chuyển nhầm")));
        assert_eq!(label(hub.acts.recall(&case.branch, case.id, call("t2"), why("x")).await), Label::TransitionNotAllowed);
        for status in [Status::Processing, Status::Finished, Status::Processing, Status::Stopped, Status::Processing] {
            case.reports(stage, status, Lists::default()).await;
        }
        let history = hub.dossiers.history(&case.branch, case.id).await.unwrap();
        let backs: Vec<Option<Back>> = history.events.iter().filter(|e| e.kind == "status-changed").map(|e| e.back).collect();
        // 1→2→4, recalled to 2, 4, 9, returned to 4, stopped, resumed.
        assert_eq!(backs, [None, None, Some(Back::Recalled), None, None, Some(Back::Returned), None, None]);
        // Without a reason there is no way back.
        let bare = StatusReport { back: Some(Back::Returned), ..StatusReport::new(case.id.to_string(), Status::Accepted) };
        let answer = case.city.report(&case.agency, vec![bare]).await;
        assert_eq!(told(&answer.results[0]), Some(Label::ReasonRequired));
        assert_eq!(stage.audit().findings, []);
    }

    async fn the_agency_moves_the_due_date_once(stage) {
        let case = Case::open(stage).await;
        assert_eq!(label(postpone(&case, &case.agency, "p0", later(stage, 9)).await), Label::ClockNotRunning);
        case.reports(stage, Status::Processing, Lists::default()).await;
        let first = due(&case).await.unwrap();
        assert_eq!(label(postpone(&case, &case.branch, "p1", later(stage, 9)).await), Label::PermissionMissing);
        let neighbour = case.city.access(&format!("agency.{NEIGHBOUR}"));
        assert_eq!(label(postpone(&case, &neighbour, "p1", later(stage, 9)).await), Label::NotFound);
        assert_eq!(label(postpone(&case, &case.agency, "p1", first).await), Label::DueOutOfRange);
        let second = first.plus(Duration::from_secs(5 * 86_400));
        assert_eq!(postpone(&case, &case.agency, "p2", second).await.unwrap(), Some(second));
        let last = case.last().await;
        let moved = last.due.unwrap();
        assert_eq!((last.kind.as_str(), moved.from, moved.to, last.label), ("postponed", Some(first), second, None));
        // Again, inside a status: done, and flagged.
        stage.later(60);
        let third = second.plus(Duration::from_secs(86_400));
        let report = StatusReport {
            new_due: Some(third),
            text: Some("chưa xong".to_owned()),
            ..StatusReport::new(case.id.to_string(), Status::Processing)
        };
        let answer = case.city.report(&case.agency, vec![report]).await;
        assert_eq!(
            (answer.results[0].verdict, told(&answer.results[0])),
            (Some(Verdict::AppliedIrregular), Some(Label::PostponementRepeated))
        );
        assert_eq!(due(&case).await, Some(third));
        assert_eq!(stage.number("SELECT sum(postponements) AS n FROM dossiers"), 2);
        // The submitter hears of each; the agency, whose word it was, does not.
        let feed = case.city.hub.feed.events(&case.branch, lienthong::domain::view::Cursor::START, Duration::ZERO, 100).await.unwrap();
        assert_eq!(feed.events.iter().filter(|e| e.kind.ends_with(".postponed")).count(), 2);
        assert_eq!(stage.rows("deliveries"), 1);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_edited_count_of_postponements_is_found(stage) {
        let case = Case::open(stage).await;
        case.reports(stage, Status::Processing, Lists::default()).await;
        stage.execute("UPDATE dossiers SET postponements = 1");
        assert_eq!(stage.audit().findings.len(), 1);
    }

    async fn a_wrong_result_is_corrected_also_after_it_was_handed_over(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        let correction = |number: &str| CorrectionRequest {
            occurred_at: None,
            results: results(number).results,
            refusal: false,
            reason: "sai ngày sinh".to_owned(),
        };
        assert_eq!(label(hub.acts.correct(&case.agency, case.id, call("c0"), correction("2")).await), Label::ResultMissing);
        case.reports(stage, Status::Finished, results("1")).await;
        let empty = CorrectionRequest { results: Vec::new(), ..correction("2") };
        assert_eq!(label(hub.acts.correct(&case.agency, case.id, call("c1"), empty).await), Label::FieldMissing);
        let summary = hub.acts.correct(&case.agency, case.id, call("c1"), correction("2")).await.unwrap();
        assert_eq!(summary.status.code, Status::Finished);
        let receiver = HandOverRequest { receiver: "Người nhận mẫu".to_owned(), received_at: None, proof: None };
        hub.acts.hand_over(&case.branch, case.id, call("h"), receiver).await.unwrap();
        // By a message of the agency's, a week after: applied and flagged, the status stays.
        stage.later(7 * 86_400);
        let report = StatusReport {
            text: Some("sai số".to_owned()),
            ..StatusReport::new(case.id.to_string(), Status::Finished).with_lists(Lists { correction: true, ..results("3") })
        };
        let answer = case.city.report(&case.agency, vec![report.clone()]).await;
        let result = &answer.results[0];
        assert_eq!(
            (result.verdict, result.status, told(result)),
            (Some(Verdict::AppliedIrregular), Some(Status::HandedOver), Some(Label::CorrectionLate))
        );
        assert_eq!(case.last().await.details, Some(Details::Decision { results: results("3").results, refusal: false }));
        assert_eq!(hub.dossiers.show(&case.branch, case.id).await.unwrap().results, results("3").results);
        let feed = hub.feed.events(&case.branch, lienthong::domain::view::Cursor::START, Duration::ZERO, 100).await.unwrap();
        assert_eq!(feed.events.iter().filter(|e| e.kind.ends_with(".result-corrected")).count(), 2);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_message_says_when_its_dossier_was_accepted_whatever_came_since(stage) {
        let case = Case::open(stage).await;
        let accepted = async || {
            let store = &case.city.store;
            let (ids, cipher) = (stage.texts("SELECT id AS t FROM deliveries ORDER BY id"), store.cipher.clone());
            let messages = store.readers.run(move |conn| read::messages(conn, &cipher, &ids)).await.unwrap();
            messages.into_iter().map(|m| m.accepted_at).collect::<Vec<_>>()
        };
        assert_eq!(accepted().await, [None]);
        // A report that skips acceptance implies it; no later step moves it.
        case.reports(stage, Status::Processing, Lists::default()).await;
        let then = stage.clock.now();
        case.reports(stage, Status::PaymentRequested, Lists::default()).await;
        case.reports(stage, Status::Processing, Lists::default()).await;
        stage.later(60);
        case.city.hub.acts.withdraw(&case.branch, case.id, call("k1"), why("không cần nữa")).await.unwrap();
        assert_eq!(accepted().await, [Some(then); 2]);
    }
}
