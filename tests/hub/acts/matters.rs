//! What is recorded beside the status: changes asked for, opinions of other bodies, an early result, lost papers, fees on their way
//! to the budget, and what a stopped dossier waits for.

use std::time::Duration;

use lienthong::domain::clocks::Watched;
use lienthong::domain::details::Lists;
use lienthong::domain::matter::Matter;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::view::{
    ChangeRequest, EarlyResultRequest, LossRequest, OpinionAnswerRequest, OpinionRequest, PaymentKind,
    PaymentRequest, SupplementRequest,
};
use serde_json::json;

use super::{Case, call, label, of};
use crate::backends::on_both;

fn change() -> ChangeRequest {
    of(json!({ "text": "Tên đường là Quán Thánh", "papers": [{ "name": "Sổ hộ khẩu" }] }))
}

fn payment(kind: PaymentKind, amount_vnd: i64) -> PaymentRequest {
    PaymentRequest {
        occurred_at: None,
        kind,
        amount_vnd,
        receipt: Some("BL-1".to_owned()),
    }
}

on_both! {
    async fn a_change_is_asked_for_until_the_decision(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        for (key, status) in [("k1", None), ("k2", Some(Status::Accepted)), ("k3", Some(Status::Processing))] {
            if let Some(status) = status {
                case.reports(stage, status, Lists::default()).await;
            }
            hub.acts.request_change(&case.branch, case.id, call(key), change()).await.unwrap();
            let last = case.last().await;
            assert_eq!(last.kind, "change-requested");
            assert!(matches!(last.matter, Some(Matter::ChangeRequested { papers, .. }) if papers.len() == 1));
        }
        assert_eq!(stage.texts("SELECT kind AS t FROM deliveries ORDER BY id"),
            ["filed", "change-requested", "change-requested", "change-requested"]);
        case.reports(stage, Status::Finished, Lists::default()).await;
        assert_eq!(label(hub.acts.request_change(&case.branch, case.id, call("k4"), change()).await), Label::ChangeTooLate);
        assert_eq!(label(hub.acts.request_change(&case.agency, case.id, call("k5"), change()).await), Label::PermissionMissing);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_opinion_is_recorded_and_its_lateness_told(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        let due_at = stage.clock.now().plus(Duration::from_secs(2 * 86_400));
        let ask = || OpinionRequest {
            occurred_at: None,
            of: "Công an phường".to_owned(),
            question: "Xác minh nơi ở".to_owned(),
            due_at,
        };
        assert_eq!(label(hub.acts.ask_opinion(&case.agency, case.id, call("k0"), ask()).await), Label::ClockNotRunning);
        case.reports(stage, Status::Processing, Lists::default()).await;
        hub.acts.ask_opinion(&case.agency, case.id, call("k1"), ask()).await.unwrap();
        stage.later(3 * 86_400);
        let late: Vec<Watched> = hub.limits.watch().await.unwrap().fired.into_iter().map(|f| f.limit).collect();
        assert!(late.contains(&Watched::Opinion), "{late:?}");
        let heard = hub.feed.events(&case.branch, lienthong::domain::view::Cursor::START, Duration::ZERO, 100).await.unwrap().events;
        let heard = heard.iter().filter_map(|e| e.data.event.limit.as_ref()).any(|l| l.limit == Watched::Opinion);
        assert!(heard, "the unit that receives is told");
        let answer = |number| OpinionAnswerRequest { occurred_at: None, number, answer: "Đúng nơi ở".to_owned() };
        assert_eq!(label(hub.acts.answer_opinion(&case.agency, case.id, call("k2"), answer(7)).await), Label::OpinionUnknown);
        hub.acts.answer_opinion(&case.agency, case.id, call("k3"), answer(1)).await.unwrap();
        assert_eq!(label(hub.acts.answer_opinion(&case.agency, case.id, call("k4"), answer(1)).await), Label::OpinionUnknown);
        let view = hub.dossiers.show(&case.branch, case.id).await.unwrap();
        let opinion = &view.opinions[0];
        assert_eq!((opinion.number, opinion.due_at, opinion.answer.as_deref()), (1, due_at, Some("Đúng nơi ở")));
        assert!(!stage.limit_words().contains(&"opinion".to_owned()));
        assert_eq!(stage.audit().findings, []);
    }

    async fn what_is_collected_reaches_the_budget_in_time(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        let paid = async |key: &str, kind, amount| hub.acts.paid(&case.branch, case.id, call(key), payment(kind, amount)).await;
        assert_eq!(label(paid("k0", PaymentKind::PaidIn, 1).await), Label::FeeUnknown);
        paid("k1", PaymentKind::Collected, 8_000).await.unwrap();
        assert_eq!(label(paid("k2", PaymentKind::PaidIn, 9_000).await), Label::FeeUnknown);
        stage.later(2 * 86_400);
        let late: Vec<Watched> = hub.limits.watch().await.unwrap().fired.into_iter().map(|f| f.limit).collect();
        assert!(late.contains(&Watched::FeeToBudget), "{late:?}");
        paid("k3", PaymentKind::PaidIn, 8_000).await.unwrap();
        assert!(!stage.limit_words().contains(&"fee-to-budget".to_owned()));
        // No answer of the agency is waited for because of money.
        assert_eq!(label(paid("k4", PaymentKind::Collected, 0).await), Label::NumberRange);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_early_result_and_lost_papers_are_told(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        let early = |at| EarlyResultRequest { expected_at: at, text: None };
        let tomorrow = stage.clock.now().plus(Duration::from_secs(86_400));
        assert_eq!(label(hub.acts.early_result(&case.agency, case.id, call("k0"), early(tomorrow)).await), Label::ClockNotRunning);
        case.reports(stage, Status::Processing, Lists::default()).await;
        let due = hub.dossiers.show(&case.branch, case.id).await.unwrap().summary.clocks.due.unwrap();
        assert_eq!(label(hub.acts.early_result(&case.agency, case.id, call("k1"), early(due)).await), Label::ResultNotEarly);
        hub.acts.early_result(&case.agency, case.id, call("k2"), early(tomorrow)).await.unwrap();
        assert_eq!(case.last().await.kind, "early-result");
        let lost = LossRequest { occurred_at: None, text: "Mất bản chính giấy khai sinh ở điểm tiếp nhận".to_owned() };
        hub.acts.lost(&case.branch, case.id, call("k3"), lost.clone()).await.unwrap();
        hub.acts.lost(&case.agency, case.id, call("k4"), lost).await.unwrap();
        assert_eq!(case.last().await.kind, "papers-lost");
        assert_eq!(stage.texts("SELECT kind AS t FROM deliveries ORDER BY id"), ["filed", "papers-lost"]);
    }

    async fn a_stop_that_ends_is_recorded_as_a_supplement(stage) {
        let case = Case::open(stage).await;
        let hub = &case.city.hub;
        for status in [Status::Processing, Status::Stopped] {
            case.reports(stage, status, Lists::default()).await;
        }
        let request = SupplementRequest { text: Some("Bản án đã có hiệu lực".to_owned()), ..SupplementRequest::default() };
        let still = hub.acts.supplement(&case.branch, case.id, call("k1"), request).await.unwrap();
        assert_eq!(still.status.code, Status::Stopped, "the agency resumes it");
        case.reports(stage, Status::Processing, Lists::default()).await;
        let view = hub.dossiers.show(&case.branch, case.id).await.unwrap();
        let record = &view.supplements[0];
        assert_eq!((record.text.as_deref(), record.answer.as_deref()), (Some("lý do"), Some("Bản án đã có hiệu lực")));
        assert!(record.ended_at.is_some());
    }
}
