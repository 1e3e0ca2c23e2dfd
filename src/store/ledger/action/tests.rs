//! Partners' clocks: whatever each is wrong by, nothing is judged otherwise.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;
use crate::domain::calendar::Offices;
use crate::domain::clocks::Clockwork;
use crate::domain::event::{Back, HandOver, When};
use crate::domain::legal::TimeLimits;
use crate::domain::lifecycle::{Role, evolve};
use crate::domain::rejection::Label;
use crate::domain::tenant::Actor;

static CLOCKWORK: LazyLock<Clockwork> = LazyLock::new(|| {
    let file = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
        std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
    };
    let offices = Offices::read(&file("holidays.csv"), &file("hours.csv"), &[]).unwrap();
    let limits = TimeLimits::read(&file("time_limits.csv")).unwrap();
    Clockwork::new(Arc::clone(offices.city()), Arc::new(limits))
});

/// Who speaks. The receiving unit's and the applicant's side are two senders with a clock each.
#[derive(Clone, Copy, Debug)]
enum Who {
    Submitter,
    Unit,
    Agency,
    SecondSystem,
}

impl Who {
    const ALL: [Who; 4] = [Who::Submitter, Who::Unit, Who::Agency, Who::SecondSystem];

    fn actor(self) -> Actor {
        let tenant = match self {
            Who::Submitter => "agent.buu-cuc-mau",
            Who::Unit => "branch.tay-ho",
            Who::Agency => "agency.so-tu-phap",
            Who::SecondSystem => "agency.so-y-te",
        };
        Actor::of(tenant.parse().unwrap())
    }

    fn role(self) -> Role {
        match self {
            Who::Submitter => Role::Submitter,
            Who::Unit => Role::ReceivingUnit,
            Who::Agency | Who::SecondSystem => Role::Agency,
        }
    }
}

/// Something that is done, so long after what was done before, and told so long afterwards.
#[derive(Clone, Debug)]
struct Move {
    gap: i64,
    who: Who,
    action: DossierAction,
    /// How old it is when it is told; none where the sender names no moment.
    ago: Option<i64>,
}

fn action_of(who: Who, n: u8, to: Status, back: bool) -> DossierAction {
    let text = || "lý do".to_owned();
    match (who, n % 4) {
        (Who::Agency | Who::SecondSystem, 0..=2) => DossierAction::Report {
            to,
            text: Some(text()),
            details: None,
            back: back.then_some(Back::Returned),
            new_due: None,
            task: None,
        },
        (Who::Submitter, 0 | 1) => DossierAction::Supplement {
            text: Some(text()),
            papers: Vec::new(),
        },
        (Who::Submitter, 2) => DossierAction::HandOver(HandOver {
            receiver: text(),
            received_at: Timestamp::from_micros(0),
            proof: None,
        }),
        (Who::Unit, 0) => DossierAction::Accept { text: None },
        _ => DossierAction::Step {
            to,
            text: text(),
            details: None,
            back: None,
        },
    }
}

prop_compose! {
    fn moves()(all in proptest::collection::vec(
        (0i64..3_600, 0usize..4, 0u8..4, 1u8..=10, proptest::bool::weighted(0.2), proptest::option::weighted(0.8, 0i64..1_800)), 0..40,
    )) -> Vec<Move> {
        all.into_iter().map(|(gap, who, n, to, back, ago)| {
            let (who, to) = (Who::ALL[who], Status::from_code(to).unwrap());
            Move { gap, who, action: action_of(who, n, to, back), ago }
        }).collect()
    }
}

/// How each move is judged, when every sender's clock is wrong by so many seconds.
fn judged(moves: &[Move], wrong: [i64; 4]) -> Vec<(Verdict, Status, Option<Label>)> {
    let monday: Timestamp = "2026-11-23T08:00:00+07:00".parse().unwrap();
    let seconds = |at: Timestamp, n: i64| Timestamp::from_micros(at.as_micros() + n * 1_000_000);
    // The submitter's clock says when it was filed; the hub wrote it down now.
    let filed = When {
        occurred_at: seconds(monday, wrong[0]),
        at: monday,
        stated_by: None,
    };
    let first = EventKind::StatusRecorded {
        to: Status::Registered,
        text: None,
        details: None,
    };
    let (mut state, mut now) = (evolve(None, &first, filed), monday);
    let mut all = Vec::new();
    for Move {
        gap,
        who,
        action,
        ago,
    } in moves
    {
        now = seconds(now, *gap);
        let told = ago.map_or(now, |ago| seconds(now, wrong[*who as usize] - ago));
        let act = Act {
            key: None,
            dossier: String::new(),
            actor: who.actor(),
            role: who.role(),
            action: action.clone(),
            paths: Vec::new(),
            occurred_at: told,
            stated: ago.is_some(),
            assigned_code: None,
            officer: None,
            foreign_values: Vec::new(),
            format_version: None,
            report_key: None,
            clockwork: CLOCKWORK.clone(),
            turns: Vec::new(),
            own_queue: false,
            traceparent: None,
        };
        let Judged {
            occurred_at,
            decision,
            ..
        } = judge(&act, &state, now, None);
        let when = When {
            occurred_at,
            at: now,
            stated_by: act.states_moment().then_some(&act.actor.tenant),
        };
        for event in &decision.events {
            state = evolve(Some(state), event, when);
        }
        assert!(state.since <= now, "limits are counted from the future");
        all.push((
            decision.verdict,
            state.status(),
            decision.problem.map(|p| p.label),
        ));
    }
    all
}

proptest! {
    /// Each partner's clock is wrong by up to four minutes, always by the same: every verdict is as if all were right. What a
    /// sender tells late, by its own clock, stays late.
    #[test]
    fn a_clock_that_is_wrong_changes_no_verdict(
        moves in moves(), wrong in proptest::array::uniform4(-240i64..=240),
    ) {
        prop_assert_eq!(judged(&moves, wrong), judged(&moves, [0; 4]));
    }
}

/// An agency's report, told so long after it happened.
fn report(gap: i64, to: Status, ago: i64) -> Move {
    Move {
        gap,
        who: Who::Agency,
        action: action_of(Who::Agency, 0, to, false),
        ago: Some(ago),
    }
}

#[test]
fn the_field_case_a_filing_or_a_report_a_second_ahead() {
    let accepts = Move {
        gap: 30,
        who: Who::Unit,
        action: DossierAction::Accept { text: None },
        ago: Some(0),
    };
    let story = [
        accepts,
        report(30, Status::Processing, 0),
        report(30, Status::Finished, 0),
    ];
    for wrong in [[0; 4], [240, 0, -240, 0], [1, 240, -1, 0], [-240, -240, 240, 0]] {
        let verdicts: Vec<Verdict> = judged(&story, wrong).into_iter().map(|(v, ..)| v).collect();
        assert_eq!(verdicts, [Verdict::Applied; 3], "{wrong:?}");
    }
}

#[test]
fn what_a_sender_tells_after_something_newer_of_its_own_is_recorded() {
    let story = [
        report(60, Status::Processing, 0),
        report(60, Status::Stopped, 0),
        report(60, Status::Finished, 90),
    ];
    for wrong in [[0; 4], [0, 0, 240, 0], [0, 0, -240, 0]] {
        let last = judged(&story, wrong).pop().unwrap();
        assert_eq!(last, (Verdict::Recorded, Status::Stopped, None), "{wrong:?}");
    }
    // Told in its order, the same is applied.
    let in_order = [
        report(60, Status::Processing, 0),
        report(60, Status::Finished, 90 - 60),
    ];
    let last = judged(&in_order, [0; 4]).pop().unwrap();
    assert_eq!(last, (Verdict::Applied, Status::Finished, None));
}
