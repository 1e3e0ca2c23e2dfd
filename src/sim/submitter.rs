//! What a submitter does: files, accepts where it is the receiving unit, completes what is asked for, hands results over.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::demo::{FEED_FAULT, Run, is_branch};
use super::filing::Series;
use super::format::Format;
use super::ledger::Act;
use super::outcome::FaultKind;
use crate::client::{Batch, ClientError, Submission};
use crate::domain::details::PaperAsked;
use crate::domain::dossier::Component;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::submission::IdempotencyKey;
use crate::domain::view::{
    AcceptanceRequest, HandOverRequest, ReasonRequest, SubmissionAnswer, SupplementRequest,
};

const PAUSE: Duration = Duration::from_millis(500);

/// Files the `index`th dossier of the run.
pub(super) async fn file(run: Arc<Run>, series: Arc<Series>, index: usize, filer: usize, format: Format) {
    // Closed never: the run outlives its tasks.
    let _permit = run.gate.acquire().await;
    let partner = &run.demo.filers[filer].partner;
    let case = series.case(index, is_branch(partner), &run.demo.catalogue, run.clock.now());
    let reference = case.reference.clone();
    let Some(key) = IdempotencyKey::parse(&reference) else {
        return;
    };
    let submission = Submission {
        body: format.render(&case),
        media_type: format.media_type().to_owned(),
        format: Some(format.name().to_owned()),
        key,
    };
    run.note(|ledger, now| ledger.begin(&reference, partner.tenant().clone(), format.label(), now));
    match partner.submit(&submission).await {
        Ok(answer) => {
            run.filed(&reference, &answer);
            if is_branch(partner) && answer.status.code == Status::Registered {
                accept(&run, filer, &reference, &answer).await;
            }
        }
        Err(error) => run.failed(&reference, "filing", &error),
    }
}

/// Files these dossiers of the run in one call, and with them one that must be refused without spoiling the others.
pub(super) async fn file_together(run: Arc<Run>, series: Arc<Series>, indexes: Vec<usize>, filer: usize) {
    // Closed never: the run outlives its tasks.
    let _permit = run.gate.acquire().await;
    let (partner, format) = (&run.demo.filers[filer].partner, Format::CanonicalJson);
    let mut cases: Vec<_> = indexes
        .into_iter()
        .map(|index| series.case(index, true, &run.demo.catalogue, run.clock.now()))
        .collect();
    let mut lines = Vec::new();
    for case in &cases {
        let tenant = partner.tenant().clone();
        run.note(|ledger, now| ledger.begin(&case.reference, tenant, format.label(), now));
        lines.extend(format.render(case));
        lines.push(b'\n');
    }
    lines.extend(b"{\"channel\":\"pigeon\"}\n");
    let key = cases
        .first()
        .and_then(|case| IdempotencyKey::parse(&format!("{}-batch", case.reference)));
    let Some(key) = key else { return };
    let batch = Batch {
        lines,
        format: Some(format.name().to_owned()),
        key,
    };
    let mut answers = Vec::new();
    let ended = partner
        .submit_batch(&batch, |line| {
            let case = usize::try_from(line.item).ok().and_then(|n| cases.get(n - 1));
            match (case, line.answer, line.problem) {
                (Some(case), Some(answer), _) => {
                    run.filed(&case.reference, &answer);
                    answers.push((case.reference.clone(), answer));
                }
                (Some(case), None, Some(problem)) => {
                    run.failed(
                        &case.reference,
                        "filing",
                        &ClientError::Problem(Box::new(problem)),
                    );
                }
                (None, None, Some(_)) => {}
                _ => run.note(|ledger, _| {
                    ledger.fault(FaultKind::Foreign, "", "a line without an answer of its own");
                }),
            }
        })
        .await;
    if let Err(error) = ended {
        cases.retain(|case| !answers.iter().any(|(reference, _)| *reference == case.reference));
        for case in &cases {
            run.failed(&case.reference, "filing", &error);
        }
    }
    for (reference, answer) in answers {
        if answer.status.code == Status::Registered {
            accept(&run, filer, &reference, &answer).await;
        }
    }
}

/// A branch accepts its own online dossiers. It says that it did so when it received them: should the agency have reported
/// before, the acceptance is history and does not send the dossier back.
async fn accept(run: &Run, filer: usize, reference: &str, answer: &SubmissionAnswer) {
    let Some(key) = IdempotencyKey::parse(&format!("{reference}-accept")) else {
        return;
    };
    let request = AcceptanceRequest {
        occurred_at: Some(answer.received_at),
        assigned_code: None,
        text: Some("Đủ thành phần hồ sơ".to_owned()),
    };
    match run.demo.filers[filer]
        .partner
        .accept(answer.tracking_id, &request, &key)
        .await
    {
        Err(error) if error.label() != Some(Label::TransitionNotAllowed) => {
            run.failed(reference, "acceptance", &error);
        }
        _ => {}
    }
}

/// Reads the feed of a filer from `cursor` on and does what each event asks for; ends only with its task.
pub(super) async fn follow(run: Arc<Run>, filer: usize, cursor: i64) {
    let partner = run.demo.filers[filer].partner.clone();
    let mut feed = partner.follow(cursor);
    let mut acts = JoinSet::new();
    let mut told = false;
    loop {
        match feed.next().await {
            Ok(event) => {
                let act = run.note(|ledger, now| ledger.event(partner.tenant(), &event, now));
                if let Some(act) = act {
                    let (reference, number) = (event.data.reference, event.data.event.number);
                    acts.spawn(perform(run.clone(), filer, act, reference, number));
                }
            }
            Err(error) => {
                if !error.is_passing() && !told {
                    told = true;
                    let why = error.label().map_or("contract", |label| label.as_str());
                    run.note(|ledger, _| ledger.fault(FEED_FAULT, "", &format!("feed: {why}")));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        while acts.try_join_next().is_some() {}
    }
}

async fn perform(run: Arc<Run>, filer: usize, act: Act, reference: String, number: i32) {
    let _permit = run.gate.acquire().await;
    // The event's number makes the key: the same act has the same key, however often it is tried.
    let Some(key) = IdempotencyKey::parse(&format!("{reference}-act-{number}")) else {
        return;
    };
    let partner = &run.demo.filers[filer].partner;
    let (what, done): (_, Result<_, ClientError>) = match act {
        Act::Supplement(dossier, asked) => {
            let request = SupplementRequest {
                occurred_at: None,
                text: Some("Đã bổ sung đủ giấy tờ".to_owned()),
                papers: asked.into_iter().map(brought).collect(),
            };
            ("supplement", partner.supplement(dossier, &request, &key).await)
        }
        Act::Withdraw(dossier) => {
            let request = ReasonRequest {
                occurred_at: None,
                reason: "Người nộp không còn nhu cầu".to_owned(),
            };
            ("withdrawal", partner.withdraw(dossier, &request, &key).await)
        }
        Act::HandOver(dossier) => {
            let request = HandOverRequest {
                receiver: format!("{} (người nộp)", super::person::NAME_MARK),
                received_at: None,
                proof: Some(format!("PT-{reference}")),
            };
            ("hand-over", partner.hand_over(dossier, &request, &key).await)
        }
    };
    match done {
        // The agency was quicker: then there is a result, or an end, and the hub said so.
        Err(error)
            if what == "withdrawal"
                && matches!(error.label(), Some(Label::WithdrawalTooLate | Label::StatusFinal)) => {}
        Err(error) => run.failed(&reference, what, &error),
        Ok(_) => {}
    }
}

/// The paper that was asked for, by its code and name, as many copies as were wanted.
fn brought(asked: PaperAsked) -> Component {
    Component {
        code: asked.code,
        name: asked.name,
        copies: asked.copies,
        files: Vec::new(),
        digitised: false,
        reused: false,
        from_store: false,
    }
}
