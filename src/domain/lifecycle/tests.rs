//! The table, cell by cell.

mod dates;
mod laws;

use std::collections::BTreeMap;

use super::*;
use crate::domain::details::Details;
use crate::domain::event::{Back, EventKind, Verdict, When};
use crate::domain::matter::Open;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

fn state(phase: Phase) -> State {
    State {
        phase,
        since: Timestamp::from_micros(100_000_000),
        spoken: BTreeMap::new(),
        events: 1,
        version: 1,
        supplements: 0,
        postponements: 0,
        accepted: true,
        code: None,
        open: Open::default(),
        tasks: Default::default(),
        claimed: None,
        due: None,
        promise: None,
    }
}

fn report(to: Status, role: Role) -> Report {
    Report {
        text: Some("lý do".into()),
        supplement_overdue: true,
        ..Report::new(to, role, Timestamp::from_micros(200_000_000))
    }
}

fn phases() -> Vec<Phase> {
    Status::ALL
        .iter()
        .flat_map(|s| match s {
            Status::SupplementRequested => [Resume::Registered, Resume::Accepted, Resume::Processing]
                .into_iter()
                .map(|resume| Phase::SupplementRequested { resume })
                .collect(),
            s => vec![Phase::entering(*s, *s)],
        })
        .collect()
}

/// The facts and words of a report that a guard looks at.
#[derive(Clone, Copy, Debug)]
struct Facts {
    reason: bool,
    asked_before: bool,
    overdue: bool,
    back: Option<Back>,
    direct: bool,
}

const PLAIN: Facts = Facts {
    reason: true,
    asked_before: false,
    overdue: true,
    back: None,
    direct: false,
};

/// All combinations.
fn all_facts() -> Vec<Facts> {
    let mut all = Vec::new();
    for n in 0..16u8 {
        for back in [None, Some(Back::Returned), Some(Back::Recalled)] {
            all.push(Facts {
                reason: n & 1 == 0,
                asked_before: n & 2 == 0,
                overdue: n & 4 == 0,
                back,
                direct: n & 8 == 0,
            });
        }
    }
    all
}

fn cell(phase: Phase, to: Status, role: Role, facts: Facts) -> Decision {
    let mut state = state(phase);
    state.supplements = i32::from(facts.asked_before);
    let report = Report {
        text: facts.reason.then(|| "lý do".to_owned()),
        back: facts.back,
        direct: facts.direct,
        supplement_overdue: facts.overdue,
        ..report(to, role)
    };
    decide(&state, &report)
}

/// The row a reporter would take directly, by an independent reading of the table.
fn direct(phase: Phase, to: Status, role: Role, facts: Facts) -> Option<&'static Transition> {
    table().iter().find(|s| {
        let resumes = match phase {
            Phase::SupplementRequested { resume } => resume.status() == to,
            _ => true,
        };
        s.from == Some(phase.status())
            && s.to == to
            && s.roles.contains(&role)
            && (resumes || !s.guards.contains(&Guard::BackTo))
            && (facts.back.is_none() || s.guards.contains(&Guard::Back))
    })
}

/// Every phase × status × role × combination of what the guards look at.
#[test]
fn every_cell_of_the_table_under_every_guard() {
    let mut cells = 0;
    for phase in phases() {
        for (to, role) in Status::ALL
            .iter()
            .flat_map(|to| Role::ALL.map(|role| (*to, role)))
        {
            for facts in all_facts() {
                cells += 1;
                let decision = cell(phase, to, role, facts);
                let label = decision.problem.as_ref().map(|p| p.label);
                let shown = format!("{phase:?} -> {to:?} by {role:?}, {facts:?}: {decision:?}");
                let works = matches!(to, Status::Accepted | Status::Processing) && facts.back.is_none();
                let expected = match direct(phase, to, role, facts) {
                    // Beside the lead nobody moves anything: that it works on its task is kept, the rest is the lead's.
                    _ if role == Role::CoAgency && works => (Verdict::Recorded, None),
                    _ if role == Role::CoAgency => (Verdict::Rejected, Some(Label::CoAgencyStatus)),
                    _ if to == phase.status() => (Verdict::Recorded, None),
                    _ if phase.status().is_final() => (Verdict::Rejected, Some(Label::StatusFinal)),
                    None => {
                        let inferred = decision.verdict == Verdict::AppliedInferred
                            || (decision.verdict == Verdict::AppliedIrregular && decision.events.len() > 1)
                            || label == Some(Label::ReasonRequired);
                        let may_infer = role != Role::Submitter && !facts.direct && facts.back.is_none();
                        assert!(
                            decision.verdict == Verdict::Rejected || (inferred && may_infer),
                            "{shown}"
                        );
                        continue;
                    }
                    Some(s) if s.guards.contains(&Guard::Reason) && !facts.reason => {
                        (Verdict::Rejected, Some(Label::ReasonRequired))
                    }
                    Some(s) if s.guards.contains(&Guard::FirstSupplement) && facts.asked_before => {
                        (Verdict::AppliedIrregular, Some(Label::SupplementRepeated))
                    }
                    Some(s) if s.guards.contains(&Guard::SupplementOverdue) && !facts.overdue => {
                        (Verdict::AppliedIrregular, Some(Label::SupplementNotOverdue))
                    }
                    Some(_) => (Verdict::Applied, None),
                };
                assert_eq!((decision.verdict, label), expected, "{shown}");
            }
        }
    }
    assert_eq!(cells, 12 * 10 * 6 * 48);
}

/// One letter a cell.
fn letter(decision: &Decision) -> char {
    match (decision.verdict, decision.problem.as_ref().map(|p| p.label)) {
        (Verdict::Recorded, _) => '=',
        (Verdict::Applied, _) => 'A',
        (Verdict::AppliedInferred, _) => 'i',
        (Verdict::AppliedIrregular, _) => '!',
        (_, Some(Label::StatusFinal)) => 'F',
        (_, Some(Label::ActorNotAllowed)) => 'x',
        (_, Some(Label::ReasonRequired)) => 'r',
        (_, Some(Label::WithdrawalTooLate)) => 'w',
        _ => '.',
    }
}

/// The whole table as people review it: what becomes of each report, by whom, from where. `=` recorded, `A` applied, `i` with
/// inferred steps, `!` irregular, `.` no such step, `x` another party's, `r` reason missing, `w` too late to withdraw, `F` ended.
#[test]
fn the_table_is_the_reviewed_one() {
    let bare = Facts {
        reason: false,
        ..PLAIN
    };
    let again = Facts {
        asked_before: true,
        overdue: false,
        ..PLAIN
    };
    let returned = Facts {
        back: Some(Back::Returned),
        ..PLAIN
    };
    let by_hand = Facts {
        direct: true,
        ..PLAIN
    };
    let mut shown = String::new();
    for (title, facts) in [
        ("with a reason", PLAIN),
        ("without a reason", bare),
        ("a second supplement, not overdue", again),
        ("as returned", returned),
        ("by a person", by_hand),
    ] {
        for role in Role::ALL {
            shown += &format!("{}, {title}\n           1 2 3 4 5 6 7 8 9 10\n", role.word());
            for phase in phases() {
                let name = match phase {
                    Phase::SupplementRequested { resume } => format!("5 (from {})", resume.status()),
                    phase => phase.status().to_string(),
                };
                let row: Vec<String> = Status::ALL
                    .iter()
                    .map(|to| letter(&cell(phase, *to, role, facts)).to_string())
                    .collect();
                shown += &format!("{name:11}{}\n", row.join(" "));
            }
        }
    }
    insta::assert_snapshot!(shown);
}

/// What is filed begins where its sender says, else where its channel does; that it was accepted is the receiving unit's to say.
#[test]
fn a_dossier_begins_registered_online_and_accepted_otherwise() {
    let first: Vec<(Status, &[Role], &[Guard])> = table()
        .iter()
        .filter(|s| s.from.is_none())
        .map(|s| (s.to, s.roles.as_slice(), s.guards.as_slice()))
        .collect();
    let submitter: &[Role] = &[Role::Submitter];
    assert_eq!(
        first,
        [
            (Status::Registered, submitter, &[Guard::Online][..]),
            (Status::Accepted, submitter, &[Guard::CounterOrPost][..]),
            (Status::Registered, submitter, &[Guard::Reported][..]),
            (
                Status::Accepted,
                &[Role::ReceivingUnit][..],
                &[Guard::Reported][..]
            ),
        ]
    );
}

#[test]
fn a_step_back_is_kept_as_what_it_is() {
    let kept = |from, to, role, back| {
        let facts = Facts { back, ..PLAIN };
        match &cell(Phase::entering(from, from), to, role, facts).events[..] {
            [EventKind::StatusChanged { back, .. }] => *back,
            other => panic!("{other:?}"),
        }
    };
    use Status::{Accepted, Finished, PaymentRequested, Processing, Stopped};
    assert_eq!(
        kept(Processing, Accepted, Role::Agency, None),
        Some(Back::Returned)
    );
    assert_eq!(
        kept(Processing, Accepted, Role::ReceivingUnit, None),
        Some(Back::Recalled)
    );
    assert_eq!(
        kept(Finished, Processing, Role::Agency, Some(Back::Recalled)),
        Some(Back::Recalled)
    );
    // Paid and resumed look like a step back, and are none unless it is said.
    for from in [PaymentRequested, Stopped] {
        assert_eq!(kept(from, Processing, Role::Agency, None), None);
        assert_eq!(
            kept(from, Processing, Role::Agency, Some(Back::Returned)),
            Some(Back::Returned)
        );
    }
}

#[test]
fn a_list_of_papers_is_a_reason_and_a_refusal_needs_one() {
    let papers = Details::Papers(vec![]);
    let asks = Report {
        text: None,
        details: Some(papers),
        ..report(Status::SupplementRequested, Role::Agency)
    };
    assert_eq!(decide(&state(Phase::Processing), &asks).verdict, Verdict::Applied);
    let refusal = Details::Decision {
        results: vec![],
        refusal: true,
    };
    let refuses = |text: Option<&str>| Report {
        text: text.map(str::to_owned),
        details: Some(refusal.clone()),
        ..report(Status::Finished, Role::Agency)
    };
    let label = |r| decide(&state(Phase::Processing), &r).problem.map(|p| p.label);
    assert_eq!(label(refuses(None)), Some(Label::ReasonRequired));
    assert_eq!(label(refuses(Some("không đủ điều kiện"))), None);
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn skipped_steps_are_written_and_marked() {
    let d = decide(
        &state(Phase::Registered),
        &report(Status::HandedOver, Role::Agency),
    );
    assert_eq!(d.verdict, Verdict::AppliedInferred);
    let tos: Vec<u8> = d
        .events
        .iter()
        .map(|h| match h {
            EventKind::StatusChanged { to, .. } => to.code(),
            _ => 0,
        })
        .collect();
    assert_eq!(tos, [2, 4, 9, 10]);
}

#[test]
fn a_second_supplement_is_irregular_and_a_missing_reason_is_refused() {
    let mut once = state(Phase::Processing);
    once.supplements = 1;
    assert_eq!(
        decide(&once, &report(Status::SupplementRequested, Role::Agency)).verdict,
        Verdict::AppliedIrregular
    );
    let mut bare = report(Status::SupplementRequested, Role::Agency);
    bare.text = None;
    let d = decide(&state(Phase::Processing), &bare);
    assert_eq!(d.problem.map(|p| p.label), Some(Label::ReasonRequired));
}

#[test]
fn a_report_is_late_by_its_own_senders_word_alone() {
    let (agency, other): (TenantKey, TenantKey) = (
        "agency.so-tu-phap".parse().unwrap(),
        "agency.so-y-te".parse().unwrap(),
    );
    let told = |said: &str, stated_by| When {
        occurred_at: at(said),
        at: at("2026-11-23T10:00:00+07:00"),
        stated_by,
    };
    let step = |from, to| EventKind::StatusChanged {
        from,
        to,
        verdict: Verdict::Applied,
        inferred: false,
        text: None,
        irregular: None,
        details: None,
        back: None,
    };
    let by_agency = step(Status::Accepted, Status::Processing);
    let after = evolve(
        Some(state(Phase::Accepted)),
        &by_agency,
        told("2026-11-23T10:04:00.9+07:00", Some(&agency)),
    );
    // Ahead of the hub or not, limits count it from when the hub heard of it at the latest.
    assert_eq!(after.since, at("2026-11-23T10:00:00+07:00"));
    assert!(after.is_late(&agency, at("2026-11-23T10:03:59+07:00")));
    assert!(
        !after.is_late(&agency, at("2026-11-23T10:04:00+07:00")),
        "within one second arrival decides"
    );
    assert!(!after.is_late(&other, at("2020-01-01T00:00:00+07:00")));
    // What a person or the hub does moves nobody's claims; what a sender says late does not take its newest back.
    let by_hub = step(Status::Processing, Status::Stopped);
    let after = evolve(Some(after), &by_hub, told("2026-11-23T10:00:00+07:00", None));
    let resumed = step(Status::Stopped, Status::Processing);
    let after = evolve(
        Some(after),
        &resumed,
        told("2026-11-23T09:00:00+07:00", Some(&other)),
    );
    assert_eq!(after.spoken[&agency], at("2026-11-23T10:04:00.9+07:00"));
    assert_eq!(
        after.since,
        at("2026-11-23T10:00:00+07:00"),
        "and time does not run backwards"
    );
    let late = Report {
        late: true,
        ..report(Status::Finished, Role::Agency)
    };
    for phase in phases() {
        assert_eq!(
            decide(&state(phase), &late).verdict,
            Verdict::Recorded,
            "{phase:?}"
        );
    }
}

#[test]
fn the_wrong_party_is_told_whose_step_it_is() {
    let d = decide(
        &state(Phase::Processing),
        &report(Status::Finished, Role::Submitter),
    );
    let problem = d.problem.unwrap();
    assert_eq!(problem.label, Label::ActorNotAllowed);
    assert_eq!(problem.args()["actors"], "agency");
}
