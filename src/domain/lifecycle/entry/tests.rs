//! Where a dossier begins, and what becomes of a status sent again, by sender, channel and where the dossier stands.

use std::collections::BTreeMap;

use super::*;
use crate::domain::lifecycle::Resume;
use crate::domain::time::Timestamp;

const BRANCH: &[Role] = &[Role::Submitter, Role::ReceivingUnit];
const AGENT: &[Role] = &[Role::Submitter];

fn begins_at(channel: Channel, reported: Option<u8>, parts: &[Role]) -> (u8, Option<Label>) {
    let reported = reported.map(|code| Status::from_code(code).unwrap());
    let entry = entry(channel, reported, parts).unwrap();
    (entry.status.code(), entry.warning.map(|w| w.label))
}

#[test]
fn the_senders_word_goes_before_the_channel_where_it_is_the_senders_to_give() {
    use Channel::{Counter, Online, Post};
    for parts in [BRANCH, AGENT] {
        assert_eq!(begins_at(Online, None, parts), (1, None));
        assert_eq!(begins_at(Counter, None, parts), (2, None));
        assert_eq!(begins_at(Post, None, parts), (2, None));
        // Whoever files may say that nobody has accepted it yet.
        for channel in [Online, Counter, Post] {
            assert_eq!(begins_at(channel, Some(1), parts), (1, None), "{channel:?}");
        }
        assert_eq!(begins_at(Counter, Some(2), parts), (2, None));
    }
    assert_eq!(begins_at(Online, Some(2), BRANCH), (2, None));
    // An agent of the post may not accept what was filed online.
    assert_eq!(
        begins_at(Online, Some(2), AGENT),
        (1, Some(Label::AcceptanceNotTaken))
    );
}

#[test]
fn a_dossier_nobody_knows_does_not_begin_further_on() {
    for code in 3..=10 {
        let refused = entry(Channel::Online, Status::from_code(code), BRANCH).unwrap_err();
        assert_eq!(refused.label, Label::DossierNotFiled);
        assert_eq!(refused.args()["status"], code.to_string());
    }
}

fn state(phase: Phase, accepted: bool) -> State {
    State {
        phase,
        since: Timestamp::from_micros(1_000_000),
        spoken: BTreeMap::new(),
        events: 2,
        version: 1,
        supplements: 0,
        postponements: 0,
        accepted,
        code: None,
        claimed: None,
        due: None,
        promise: None,
        open: Default::default(),
        tasks: Default::default(),
    }
}

/// One word a cell: what a status sent with a dossier comes to.
fn cell(phase: Phase, accepted: bool, said: Status, role: Role) -> &'static str {
    let report = Report {
        text: Some("lý do".to_owned()),
        supplement_overdue: true,
        own: true,
        ..Report::new(said, role, Timestamp::from_micros(2_000_000))
    };
    match told(&state(phase, accepted), &report) {
        Ok(ResentStatus::Nothing) => "=",
        Ok(ResentStatus::News(_)) => "N",
        Ok(ResentStatus::Beside(problem)) if problem.label == Label::AcceptanceNotTaken => "a",
        Ok(ResentStatus::Beside(_)) => "k",
        Err(problem) if problem.label == Label::StatusFinal => "F",
        Err(problem) if problem.label == Label::ActorNotAllowed => "x",
        Err(_) => ".",
    }
}

/// The whole table as people review it: `=` known, `N` news and taken, `k` kept beside, `a` an acceptance not taken over, `x` another
/// party's step, `.` no such step, `F` ended.
#[test]
fn what_becomes_of_a_status_sent_again_is_the_reviewed_table() {
    let phases = [
        (Phase::Registered, false),
        (Phase::Accepted, true),
        (Phase::Refused, false),
        (Phase::Processing, true),
        (
            Phase::SupplementRequested {
                resume: Resume::Registered,
            },
            false,
        ),
        (
            Phase::SupplementRequested {
                resume: Resume::Accepted,
            },
            true,
        ),
        (
            Phase::SupplementRequested {
                resume: Resume::Processing,
            },
            true,
        ),
        (Phase::PaymentRequested, true),
        (Phase::Withdrawn, true),
        (Phase::Stopped, true),
        (Phase::Finished, true),
        (Phase::HandedOver, true),
    ];
    let mut shown = String::new();
    for role in [Role::ReceivingUnit, Role::Submitter] {
        shown += &format!("{}\n           1 2 3 4 5 6 7 8 9 10\n", role.word());
        for (phase, accepted) in phases {
            let name = match phase {
                Phase::SupplementRequested { resume } => format!("5 (from {})", resume.status()),
                phase => phase.status().to_string(),
            };
            let row = Status::ALL.map(|said| cell(phase, accepted, said, role));
            shown += &format!("{name:11}{}\n", row.join(" "));
        }
    }
    insta::assert_snapshot!(shown);
}
