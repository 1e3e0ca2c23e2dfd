//! What a filing says of where its dossier stands, partners' clocks, the date on the receipt, and what breaks a rule.

use lienthong::domain::clocks::DueReason;
use lienthong::domain::event::Verdict;
use lienthong::domain::rejection::Label;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::{
    AcceptanceRequest, Cursor, PapersRequest, ReasonRequest, StatusReport, SubmissionAnswer,
};
use lienthong::service::ServiceError;
use serde_json::{Value, json};

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, for_the_commune, for_the_department};

fn at(local: &str) -> Timestamp {
    format!("{local}:00+07:00").parse().unwrap()
}

fn minutes(from: Timestamp, n: i64) -> Timestamp {
    Timestamp::from_micros(from.as_micros() + n * 60_000_000)
}

fn labels(answer: &SubmissionAnswer) -> Vec<Label> {
    // Test persons have numbers that nobody has.
    let ours = |label: &Label| *label != Label::IdentityPrefixUnknown;
    answer.warnings.iter().map(|w| w.label).filter(ours).collect()
}

fn label<T>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

fn call(key: &str) -> lienthong::service::Call {
    lienthong::service::Call {
        key: lienthong::domain::submission::IdempotencyKey::parse(key).unwrap(),
        request_digest: Sha256::new([7; 32]),
        traceparent: None,
    }
}

fn with(mut filing: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        filing[name] = value.clone();
    }
    filing
}

/// A filing for a procedure of the same day, received at the counter.
fn same_day(stage: &Stage, reference: &str, received: &str) -> Value {
    let more = json!({ "procedure": { "code": "2.000635" }, "channel": "counter", "filed_at": at(received).to_string() });
    with(for_the_commune(stage, reference), &more)
}

on_both! {
    async fn the_same_day_counts_from_when_the_paper_was_received(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        // Uploaded on Tuesday evening; the papers were received on Monday.
        stage.clock.advance(at("2026-11-24T20:00").since(stage.clock.now()));
        for (reference, received, due) in [
            ("r1", "2026-11-23T09:00", "2026-11-23T17:00"),
            ("r2", "2026-11-23T15:00", "2026-11-23T17:00"),
            ("r3", "2026-11-23T15:30", "2026-11-24T17:00"),
        ] {
            let filed = city.file(&branch, &same_day(stage, reference, received)).await;
            assert_eq!(filed.clocks.due, Some(at(due)), "{received}");
            let id = filed.tracking_id.to_string();
            assert!(stage.limits().iter().any(|(kind, _, dossier)| kind == "paper-hand-over" && *dossier == id));
            let view = city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap();
            assert_eq!(view.summary.since, at(received));
        }
        // What the sender says of the receipt goes before the filing.
        let more = json!({ "received_at": at("2026-11-24T15:30").to_string() });
        let filed = city.file(&branch, &with(same_day(stage, "r4", "2026-11-23T09:00"), &more)).await;
        assert_eq!(filed.clocks.due, Some(at("2026-11-25T17:00")));
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_due_date_counted_across_a_day_that_is_only_assumed_says_so(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        for (now, reference, assumed) in [
            ("2026-11-24T09:00", "r1", None),
            // Tết 2027 is not decided yet.
            ("2027-02-04T09:00", "r2", Some("2027-02-05")),
        ] {
            stage.clock.advance(at(now).since(stage.clock.now()));
            let more = json!({ "filed_at": at(now).to_string() });
            let filed = city.file(&branch, &with(for_the_commune(stage, reference), &more)).await;
            let assumed = assumed.map(|day| day.parse().unwrap());
            assert_eq!(filed.clocks.assumed_day, assumed);
            let view = city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap();
            assert_eq!(view.summary.clocks.assumed_day, assumed);
        }
    }

    async fn the_date_on_the_receipt_is_kept_beside_the_one_that_was_counted(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let promised = at("2026-12-01T16:00");
        let more = json!({ "channel": "counter", "promised_due": promised.to_string() });
        let filing = with(for_the_commune(stage, "r1"), &more);
        let filed = city.file(&branch, &filing).await;
        let due = at("2026-11-26T17:00");
        assert_eq!((filed.clocks.due, filed.clocks.promised_due), (Some(due), Some(promised)));
        assert_eq!(labels(&filed), [Label::DueDiffers]);
        let view = city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap();
        let last = view.due_history.last().unwrap();
        assert_eq!((last.change.from, last.change.to, last.change.reason), (Some(due), promised, DueReason::Promised));
        // Sent again it is no news; another date is.
        let again = city.file(&branch, &filing).await;
        assert_eq!((again.existing, labels(&again)), (true, vec![Label::DueDiffers]));
        let other = at("2026-12-02T16:00");
        let reprinted = city.file(&branch, &with(filing.clone(), &json!({ "promised_due": other.to_string() }))).await;
        assert_eq!(reprinted.clocks.promised_due, Some(other));
        let view = city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap();
        assert_eq!(view.due_history.len(), 3);
        // The citizen sees the date it was given; a postponement supersedes it.
        let seen = city.hub.lookup.by_id(filed.tracking_id, &filed.lookup_secret).await.unwrap().unwrap();
        assert_eq!((seen.clocks.held_due(), seen.clocks.due), (Some(other), Some(due)));
        stage.later(60);
        let report = StatusReport {
            text: Some("cần xác minh".to_owned()),
            new_due: Some(at("2026-12-10T17:00")),
            ..StatusReport::new(filed.tracking_id.to_string(), Status::Processing)
        };
        city.report(&agency, vec![report]).await;
        let view = city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap();
        assert_eq!((view.summary.clocks.due, view.summary.clocks.promised_due), (Some(at("2026-12-10T17:00")), None));
        // The same receipt told again does not bring its date back.
        city.file(&branch, &with(filing, &json!({ "promised_due": other.to_string() }))).await;
        let view = city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap();
        assert_eq!(view.summary.clocks.promised_due, None);
        assert_eq!(stage.audit().findings, []);
    }

    async fn a_date_that_cannot_be_one_is_set_aside_with_a_warning(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let now = stage.clock.now();
        let more = json!({ "channel": "counter", "promised_due": minutes(now, -60).to_string(), "received_at": minutes(now, -60).to_string() });
        let filed = city.file(&branch, &with(for_the_commune(stage, "r1"), &more)).await;
        assert_eq!(labels(&filed), [Label::ReceiptEarly, Label::PromiseEarly]);
        assert_eq!(filed.clocks.promised_due, None);
        let ahead = json!({ "received_at": minutes(now, 6).to_string() });
        assert_eq!(label(city.submit(&branch, &with(for_the_commune(stage, "r2"), &ahead)).await), Label::DateInFuture);
    }

    async fn a_status_told_with_a_dossier_is_news_once(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let says = |status: u8| with(for_the_commune(stage, "r1"), &json!({ "reported_status": status }));
        let (registered, accepted, forwarded) = (says(1), says(2), says(4));
        let filed = city.file(&branch, &registered).await;
        assert_eq!(filed.status.code, Status::Registered);
        stage.later(60);
        assert_eq!(city.file(&branch, &accepted).await.status.code, Status::Accepted);
        stage.later(60);
        assert_eq!(city.file(&branch, &forwarded).await.status.code, Status::Processing);
        // The agency sends it back; the branch's system goes on to say what it said.
        stage.later(60);
        let back = StatusReport {
            text: Some("thiếu chữ ký".to_owned()),
            back: Some(lienthong::domain::event::Back::Returned),
            ..StatusReport::new(filed.tracking_id.to_string(), Status::Accepted)
        };
        assert_eq!(city.report(&agency, vec![back]).await.results[0].verdict, Some(Verdict::Applied));
        let again = city.file(&branch, &forwarded).await;
        assert_eq!((again.status.code, labels(&again)), (Status::Accepted, vec![Label::StatusKept]));
        let lags = city.file(&branch, &registered).await;
        assert_eq!((lags.status.code, labels(&lags)), (Status::Accepted, vec![Label::StatusKept]));
        // Another party's step is refused, and changes nothing.
        assert_eq!(label(city.submit(&branch, &says(9)).await), Label::ActorNotAllowed);
        assert_eq!(city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap().summary.status.code, Status::Accepted);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_acceptance_told_with_other_content_is_taken_after_it(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let filing = for_the_commune(stage, "r1");
        let filed = city.file(&branch, &filing).await;
        stage.later(3_600);
        let received = stage.clock.now();
        stage.later(3_600);
        let more = json!({ "summary": "nội dung đã sửa", "reported_status": 2, "received_at": received.to_string() });
        let changed = with(filing, &more);
        let again = city.file(&branch, &changed).await;
        assert_eq!((again.status.code, again.version, again.existing), (Status::Accepted, 2, false));
        // Counted from the receipt, which was an hour before the hub heard of it.
        let view = city.hub.dossiers.show(&branch, filed.tracking_id).await.unwrap();
        assert_eq!(view.summary.since, received);
        let kinds: Vec<String> = city.hub.dossiers.history(&branch, filed.tracking_id).await.unwrap().events.into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, ["filed", "amended", "status-changed", "due-set"]);
        // Nothing waits for its acceptance any more, and it cannot be amended.
        assert!(!stage.limit_words().contains(&"acceptance".to_owned()));
        let other = with(changed, &json!({ "summary": "khác nữa" }));
        assert_eq!(label(city.submit(&branch, &other).await), Label::ReferenceContentDiffers);
        assert_eq!(stage.audit().findings, []);
    }

    async fn every_partners_clock_may_be_wrong_and_no_verdict_changes(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let mut told = Vec::new();
        for (n, (of_branch, of_agency)) in [(0, 0), (4, -4), (-4, 4), (4, 4), (-4, -4)].into_iter().enumerate() {
            let mut verdicts = Vec::new();
            let filed_at = minutes(stage.clock.now(), of_branch);
            let filing = with(for_the_commune(stage, &format!("r{n}")), &json!({ "filed_at": filed_at.to_string() }));
            let id = city.file(&branch, &filing).await.tracking_id;
            stage.later(60);
            let request = AcceptanceRequest { occurred_at: Some(minutes(stage.clock.now(), of_branch)), text: None, assigned_code: None };
            city.hub.acts.accept(&branch, id, call(&format!("a{n}")), request).await.unwrap();
            for (status, ago) in [(Status::Processing, 0), (Status::SupplementRequested, 0)] {
                stage.later(60);
                let occurred_at = Some(minutes(stage.clock.now(), of_agency - ago));
                let report = StatusReport { text: Some("lý do".to_owned()), occurred_at, ..StatusReport::new(id.to_string(), status) };
                verdicts.push(city.report(&agency, vec![report]).await.results[0].verdict);
            }
            stage.later(60);
            let brought = lienthong::domain::view::SupplementRequest {
                text: Some("đủ".to_owned()),
                occurred_at: Some(minutes(stage.clock.now(), of_branch)),
                ..lienthong::domain::view::SupplementRequest::default()
            };
            city.hub.acts.supplement(&branch, id, call(&format!("s{n}")), brought).await.unwrap();
            for (status, ago) in [(Status::Finished, 0), (Status::Processing, 30)] {
                stage.later(60);
                let occurred_at = Some(minutes(stage.clock.now(), of_agency - ago));
                let report = StatusReport { text: Some("lý do".to_owned()), occurred_at, ..StatusReport::new(id.to_string(), status) };
                verdicts.push(city.report(&agency, vec![report]).await.results[0].verdict);
            }
            told.push(verdicts);
        }
        let right = [Verdict::Applied, Verdict::Applied, Verdict::Applied, Verdict::Recorded].map(Some);
        for verdicts in told {
            assert_eq!(verdicts, right);
        }
        assert_eq!(stage.audit().findings, []);
    }

    async fn the_one_stop_unit_closes_what_was_not_completed_and_too_early_is_listed_and_counted(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let operator = city.access("operator.truc-ban");
        let mut ids = Vec::new();
        for (n, days) in [1, 16].into_iter().enumerate() {
            let id = city.file(&branch, &for_the_department(stage, &format!("r{n}"))).await.tracking_id;
            let papers = PapersRequest {
                occurred_at: None,
                reason: "thiếu giấy tờ".to_owned(),
                papers: serde_json::from_value(json!([{ "name": "Bản sao" }])).unwrap(),
            };
            city.hub.acts.ask(&branch, id, call(&format!("a{n}")), papers).await.unwrap();
            stage.later(days * 86_400);
            let why = ReasonRequest { occurred_at: None, reason: "không bổ sung".to_owned() };
            let closed = city.hub.acts.refuse(&branch, id, call(&format!("r{n}")), why).await.unwrap();
            assert_eq!(closed.status.code, Status::Refused);
            ids.push(id);
        }
        let page = city.hub.irregularities.list(&operator, Cursor::START, None, 50).await.unwrap();
        let listed: Vec<_> = page.irregularities.iter().map(|i| (i.dossier, i.label, i.by.as_str().to_owned())).collect();
        assert_eq!(listed, [(ids[0], Label::SupplementNotOverdue, "branch.ba-dinh".to_owned())]);
        assert_eq!(city.hub.irregularities.list(&operator, page.next, None, 50).await.unwrap().irregularities, []);
        let nobody = Some("so-y-te".parse().unwrap());
        assert_eq!(city.hub.irregularities.list(&operator, Cursor::START, nobody, 50).await.unwrap().irregularities, []);
        let counts = city.hub.irregularities.counts(&operator, None, None).await.unwrap().counts;
        assert_eq!(counts.iter().map(|c| (c.label, c.count)).collect::<Vec<_>>(), [(Label::SupplementNotOverdue, 1)]);
        assert_eq!(counts[0].day.to_string(), "2026-11-24");
        let of_late = city.hub.irregularities.of_late().await.unwrap();
        assert_eq!((of_late.len(), of_late.get(&Label::SupplementNotOverdue)), (1, Some(&1)));
        // A year at once and no more; and only the operator asks.
        let (from, to) = ("2025-11-25".parse().unwrap(), "2026-11-25".parse().unwrap());
        assert!(city.hub.irregularities.counts(&operator, Some(from), Some(to)).await.is_ok());
        let before = "2025-11-24".parse().unwrap();
        assert_eq!(label(city.hub.irregularities.counts(&operator, Some(before), Some(to)).await), Label::QueryMalformed);
        assert_eq!(label(city.hub.irregularities.list(&branch, Cursor::START, None, 50).await), Label::PermissionMissing);
        assert_eq!(stage.audit().findings, []);
    }
}
