//! What a submitter does: files, accepts where it is the receiving unit, completes what is asked for, hands results over.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file::{self, File, MEDIA_TYPE};
use super::filing::{Case, Series};
use super::format::Format;
use super::ledger::FollowUp;
use super::outcome::ViolationKind;
use super::run::{Run, is_branch};
use crate::client::{ClientError, FilingBatch, Partner, Submission};
use crate::domain::attachment::FileKind;
use crate::domain::details::PaperAsked;
use crate::domain::dossier::{Component, FileRef};
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::sha256::Sha256;
use crate::domain::status::Status;
use crate::domain::submission::IdempotencyKey;
use crate::domain::view::{
    AcceptanceRequest, HandOverRequest, ReasonRequest, SubmissionAnswer, SupplementRequest,
};

/// Files the `index`th dossier of the run.
pub(super) async fn file(run: Arc<Run>, series: Arc<Series>, index: usize, filer: usize, format: Format) {
    // Closed never: the run outlives its tasks.
    let _permit = run.gate.acquire().await;
    let partner = &run.filers[filer].partner;
    let case = series.case(index, is_branch(partner), &run.catalogue, run.clock.now());
    let Some(key) = IdempotencyKey::parse(&case.reference) else {
        return;
    };
    let submission = Submission {
        body: format.render(&case),
        media_type: format.media_type().to_owned(),
        format: Some(format.name().to_owned()),
        key,
    };
    begin(&run, partner, &case, format).await;
    match partner.submit(&submission).await {
        Ok(answer) => {
            run.filed(&case, &answer);
            complete(&run, partner, &case, format, &answer).await;
        }
        Err(error) => run.failed(&case.reference, "filing", &error),
    }
}

/// What comes before a case is filed: its files, where they go ahead, and a page in the book.
async fn begin(run: &Run, partner: &Partner, case: &Case, format: Format) {
    let files = named(case, format);
    if case.files_first {
        run.send_files(partner, &case.reference, &files).await;
    }
    run.note(|ledger, now| {
        ledger.begin(&case.reference, partner.tenant().clone(), format.label(), now);
        ledger.names(&case.reference, files.iter().map(|file| file.sha256));
    });
}

/// What comes after a case was taken: the files that are missing, and acceptance of a branch's own.
async fn complete(run: &Run, partner: &Partner, case: &Case, format: Format, answer: &SubmissionAnswer) {
    send_missing(run, partner, case, &named(case, format), answer).await;
    if is_branch(partner) && answer.status.code == Status::Registered {
        accept(run, partner, &case.reference, answer).await;
    }
}

/// Files these dossiers of the run in one call, and with them one that must be refused without spoiling the others.
pub(super) async fn file_together(run: Arc<Run>, series: Arc<Series>, indexes: Vec<usize>, filer: usize) {
    // Closed never: the run outlives its tasks.
    let _permit = run.gate.acquire().await;
    let (partner, format) = (&run.filers[filer].partner, Format::CanonicalJson);
    let mut cases: Vec<_> = indexes
        .into_iter()
        .map(|index| series.case(index, true, &run.catalogue, run.clock.now()))
        .collect();
    let mut lines = Vec::new();
    for case in &cases {
        begin(&run, partner, case, format).await;
        lines.extend(format.render(case));
        lines.push(b'\n');
    }
    lines.extend(b"{\"channel\":\"pigeon\"}\n");
    let key = cases
        .first()
        .and_then(|case| IdempotencyKey::parse(&format!("{}-batch", case.reference)));
    let Some(key) = key else { return };
    let batch = FilingBatch {
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
                    run.filed(case, &answer);
                    answers.push((case.clone(), answer));
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
                    ledger.fault(ViolationKind::Foreign, "", "a line without an answer of its own");
                }),
            }
        })
        .await;
    run.note(|ledger, _| {
        ledger.used.batches += 1;
        ledger.used.in_batches += answers.len();
    });
    if let Err(error) = ended {
        cases.retain(|case| !answers.iter().any(|(known, _)| known.reference == case.reference));
        for case in &cases {
            run.failed(&case.reference, "filing", &error);
        }
    }
    for (case, answer) in answers {
        complete(&run, partner, &case, format, &answer).await;
    }
}

/// The files a case names in this format.
fn named(case: &Case, format: Format) -> Vec<&File> {
    if format.names_files() {
        case.files()
    } else {
        Vec::new()
    }
}

/// Sends the files that have not come yet: those the answer says, which must be all of them or, where they went ahead, none.
async fn send_missing(run: &Run, partner: &Partner, case: &Case, files: &[&File], answer: &SubmissionAnswer) {
    let said: BTreeSet<Sha256> = answer.attachments_missing.iter().map(|m| m.sha256).collect();
    let missing: &[&File] = if case.files_first { &[] } else { files };
    if said != missing.iter().map(|file| file.sha256).collect() {
        run.note(|ledger, _| {
            let what = "other files are said to be missing than are";
            ledger.fault(ViolationKind::Missing, &case.reference, what);
        });
    }
    run.send_files(partner, &case.reference, missing).await;
}

/// A branch accepts its own online dossiers. It says that it did so when it received them: should the agency have reported
/// before, the acceptance is history and does not send the dossier back.
async fn accept(run: &Run, partner: &Partner, reference: &str, answer: &SubmissionAnswer) {
    let Some(key) = IdempotencyKey::parse(&format!("{reference}-accept")) else {
        return;
    };
    let request = AcceptanceRequest {
        occurred_at: Some(answer.received_at),
        assigned_code: None,
        text: Some("Đủ thành phần hồ sơ".to_owned()),
    };
    match partner.accept(answer.tracking_id, &request, &key).await {
        Err(error) if error.label() != Some(Label::TransitionNotAllowed) => {
            run.failed(reference, "acceptance", &error);
        }
        _ => {}
    }
}

/// Does what an event asked for.
pub(super) async fn perform(run: Arc<Run>, filer: usize, act: FollowUp, reference: String, number: i32) {
    let _permit = run.gate.acquire().await;
    // The event's number makes the key: the same act has the same key, however often it is tried.
    let Some(key) = IdempotencyKey::parse(&format!("{reference}-act-{number}")) else {
        return;
    };
    let partner = &run.filers[filer].partner;
    let (what, done): (_, Result<_, ClientError>) = match act {
        FollowUp::Supplement(dossier, asked) => {
            let papers: Vec<(Component, File)> = asked
                .into_iter()
                .enumerate()
                .filter_map(|(n, asked)| brought(asked, &format!("{reference}/{number}/{n}")))
                .collect();
            let files: Vec<&File> = papers.iter().map(|(_, file)| file).collect();
            run.send_files(partner, &reference, &files).await;
            let request = SupplementRequest {
                occurred_at: None,
                text: Some("Đã bổ sung đủ giấy tờ".to_owned()),
                papers: papers.into_iter().map(|(paper, _)| paper).collect(),
            };
            ("supplement", partner.supplement(dossier, &request, &key).await)
        }
        FollowUp::Withdraw(dossier) => {
            let request = ReasonRequest {
                occurred_at: None,
                reason: "Người nộp không còn nhu cầu".to_owned(),
            };
            ("withdrawal", partner.withdraw(dossier, &request, &key).await)
        }
        FollowUp::HandOver(dossier) => {
            if let Err(error) = fetch_results(&run, partner, dossier, &reference).await {
                run.failed(&reference, "result", &error);
            }
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
        Ok(_) => run.note(|ledger, _| match what {
            "supplement" => ledger.used.supplements += 1,
            "withdrawal" => ledger.used.withdrawals += 1,
            _ => {}
        }),
    }
}

/// Fetches the files of the result: those its agency made, and no others.
async fn fetch_results(
    run: &Run,
    partner: &Partner,
    dossier: DossierId,
    reference: &str,
) -> Result<(), ClientError> {
    let issued = [false, true].map(|corrected| File::of_result(dossier, corrected).sha256);
    let view = partner.attachments(dossier).await?;
    let results = view
        .attachments
        .iter()
        .filter(|a| a.kind == FileKind::Result && !a.superseded);
    for result in results {
        if !issued.contains(&result.sha256) {
            run.note(|ledger, _| {
                ledger.fault(ViolationKind::Foreign, reference, "a result is not its agency's");
            });
        }
        if !file::fetch(partner, dossier, result).await? {
            run.note(|ledger, _| ledger.fault(ViolationKind::Foreign, reference, "a file is another"));
        }
        run.note(|ledger, _| ledger.used.files_fetched += 1);
    }
    Ok(())
}

/// The paper that was asked for, by its code and name, as many copies as were wanted, with a file made of `seed`.
fn brought(asked: PaperAsked, seed: &str) -> Option<(Component, File)> {
    let file = File::of(seed.to_owned(), "bo-sung.pdf".to_owned());
    let reference = FileRef {
        id: None,
        name: file.name.parse().ok()?,
        sha256: Some(file.sha256),
        size: None,
        media_type: MEDIA_TYPE.parse().ok(),
        location: None,
    };
    let paper = Component {
        code: asked.code,
        name: asked.name,
        copies: asked.copies,
        files: vec![reference],
        digitised: true,
        reused: false,
        from_store: false,
    };
    Some((paper, file))
}
