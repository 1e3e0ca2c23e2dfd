//! How the clocks of a dossier run: the named cases of the office, and which limit runs in which status.

use std::collections::BTreeMap;

use super::*;
use crate::domain::calendar::Offices;
use crate::domain::lifecycle::Phase;

const HOURS: &str = include_str!("../../../schema/directory/hanoi/hours.csv");
const HOLIDAYS: &str = include_str!("../../../schema/directory/hanoi/holidays.csv");
const LIMITS: &str = include_str!("../../../schema/directory/hanoi/time_limits.csv");
const FIVE: Limit = Limit::WorkingDays(5);

fn clockwork_of(limits: &str) -> Clockwork {
    let offices = Offices::read(HOLIDAYS, HOURS, &[]).unwrap();
    let limits = TimeLimits::read(limits).unwrap();
    Clockwork::new(Arc::clone(offices.city()), Arc::new(limits))
}

fn clockwork() -> Clockwork {
    clockwork_of(LIMITS)
}

fn at(local: &str) -> Timestamp {
    format!("{local}:00+07:00").parse().unwrap()
}

fn state(status: Status, since: &str, due: Option<&str>) -> State {
    State {
        phase: Phase::entering(status, Status::Processing),
        since: at(since),
        spoken: BTreeMap::new(),
        events: 3,
        version: 1,
        postponements: 0,
        supplements: i32::from(status == Status::SupplementRequested),
        accepted: status != Status::Registered,
        code: None,
        open: crate::domain::matter::Open::default(),
        tasks: Default::default(),
        claimed: None,
        due: due.map(at),
        promise: None,
    }
}

fn moved(from: (Status, &str), to: Status, due: &str, now: &str) -> Option<(Timestamp, DueReason)> {
    let before = state(from.0, from.1, Some(due));
    let after = state(to, now, Some(due));
    let change = clockwork().move_due(&before, &after, FIVE, at(now))?;
    assert_eq!(change.from, Some(at(due)));
    Some((change.to, change.reason))
}

#[test]
fn case_2_papers_move_the_same_day_until_the_cut_off_and_else_in_the_morning() {
    let near = |received| clockwork().paper(at(received), PaperWay::Near);
    assert_eq!(near("2026-11-23T14:59"), at("2026-11-23T17:00"));
    assert_eq!(near("2026-11-23T15:00"), at("2026-11-23T17:00"));
    assert_eq!(near("2026-11-23T15:01"), at("2026-11-24T09:00"));
    assert_eq!(near("2026-11-20T15:01"), at("2026-11-23T09:00"));
    assert_eq!(near("2026-11-21T10:00"), at("2026-11-23T09:00"));
    let far = |received| clockwork().paper(at(received), PaperWay::OutOfArea);
    assert_eq!(far("2026-11-23T14:59"), at("2026-11-24T17:00"));
    assert_eq!(far("2026-11-20T15:01"), at("2026-11-23T17:00"));
}

#[test]
fn case_4_a_completed_supplement_begins_the_limit_again() {
    // Accepted on Monday, asked on the second of five days, completed nine days later.
    let asked = (Status::SupplementRequested, "2026-11-24T10:00");
    let again = moved(asked, Status::Processing, "2026-11-30T17:00", "2026-12-03T10:00");
    assert_eq!(
        again,
        Some((at("2026-12-10T17:00"), DueReason::SupplementCompleted))
    );
    let goes_on = LIMITS.replace("after-supplement,from-start", "after-supplement,goes-on");
    let before = state(asked.0, asked.1, Some("2026-11-30T17:00"));
    let after = state(Status::Processing, "2026-12-03T10:00", Some("2026-11-30T17:00"));
    let change = clockwork_of(&goes_on).move_due(&before, &after, FIVE, at("2026-12-03T10:00"));
    assert_eq!(change.unwrap().to, at("2026-12-09T17:00"));
}

#[test]
fn case_7_each_new_date_names_the_one_before() {
    let before = state(Status::Registered, "2026-11-23T09:00", None);
    let mut accepted = state(Status::Accepted, "2026-11-23T10:00", None);
    let first = clockwork()
        .move_due(&before, &accepted, FIVE, at("2026-11-23T10:00"))
        .unwrap();
    assert_eq!((first.from, first.reason), (None, DueReason::Accepted));
    accepted.due = Some(first.to);
    let stopped = State {
        phase: Phase::Stopped,
        since: at("2026-11-24T10:00"),
        ..accepted.clone()
    };
    let resumed = State {
        phase: Phase::Processing,
        ..accepted
    };
    let second = clockwork()
        .move_due(&stopped, &resumed, FIVE, at("2026-11-26T10:00"))
        .unwrap();
    assert_eq!((second.from, second.reason), (Some(first.to), DueReason::Resumed));
    assert_eq!(
        (first.to, second.to),
        (at("2026-11-30T17:00"), at("2026-12-02T17:00"))
    );
}

#[test]
fn what_stood_still_goes_on_by_the_time_that_passed() {
    let due = "2026-11-27T17:00";
    let still = |from, to| moved((from, "2026-11-23T10:00"), to, due, "2026-11-25T10:00");
    let later = at("2026-12-01T17:00");
    assert_eq!(
        still(Status::PaymentRequested, Status::Processing),
        Some((later, DueReason::Paid))
    );
    assert_eq!(
        still(Status::Stopped, Status::Processing),
        Some((later, DueReason::Resumed))
    );
    assert_eq!(
        still(Status::Stopped, Status::Accepted),
        Some((later, DueReason::Returned))
    );
    assert_eq!(
        still(Status::PaymentRequested, Status::Accepted),
        Some((later, DueReason::Returned))
    );
    // Work that ran, or a result taken back, changes no date.
    assert_eq!(still(Status::Processing, Status::Accepted), None);
    assert_eq!(still(Status::Finished, Status::Processing), None);
    assert_eq!(still(Status::PaymentRequested, Status::SupplementRequested), None);
    assert_eq!(still(Status::Stopped, Status::Withdrawn), None);
    // Paid within the day: the date stays, and nothing is said.
    assert_eq!(
        moved(
            (Status::PaymentRequested, "2026-11-25T09:00"),
            Status::Processing,
            due,
            "2026-11-25T10:00"
        ),
        None
    );
}

/// The limits that run in each status; the rest follows from it.
#[test]
fn which_limit_runs_in_which_status() {
    use Watched::*;
    for status in Status::ALL {
        let state = state(status, "2026-11-23T10:00", Some("2026-11-27T17:00"));
        let running: Vec<Watched> = Watched::ALL.into_iter().filter(|l| l.runs(&state)).collect();
        let expected = match status {
            Status::Registered => vec![OfficerNotice, Acceptance, AgencySilent],
            Status::Accepted => vec![SupplementNotice, Due, LateNotice, PaperHandOver, AgencySilent],
            Status::Processing => vec![SupplementNotice, Due, LateNotice, AgencySilent],
            Status::SupplementRequested => vec![Supplement, AgencySilent],
            Status::PaymentRequested | Status::Stopped | Status::Finished => vec![AgencySilent],
            Status::Refused | Status::Withdrawn | Status::HandedOver => vec![],
        };
        assert_eq!(running, expected, "{status:?}");
    }
}

fn changes(before: &State, after: &State, now: &str) -> (Vec<Watched>, Vec<Watched>) {
    let all = clockwork().changes(before, after, None, at(now));
    let (mut begun, mut ended) = (Vec::new(), Vec::new());
    for change in all {
        match change {
            Change::Begin(deadline) => begun.push(deadline.limit),
            Change::End(limit) => ended.push(limit),
        }
    }
    (begun, ended)
}

#[test]
fn the_time_to_ask_for_a_supplement_runs_once() {
    let due = Some("2026-12-15T17:00");
    let processing = state(Status::Processing, "2026-11-23T10:00", due);
    let paying = state(Status::PaymentRequested, "2026-11-23T11:00", due);
    let registered = state(Status::Registered, "2026-11-23T09:00", None);
    let (begun, ended) = changes(&registered, &processing, "2026-11-23T10:00");
    assert_eq!(
        begun,
        [Watched::SupplementNotice, Watched::Due, Watched::LateNotice]
    );
    assert_eq!(ended, [Watched::OfficerNotice, Watched::Acceptance]);
    let (begun, ended) = changes(&processing, &paying, "2026-11-23T11:00");
    assert_eq!(begun, []);
    assert_eq!(
        ended,
        [Watched::SupplementNotice, Watched::Due, Watched::LateNotice]
    );
    let (begun, ended) = changes(&paying, &processing, "2026-11-23T12:00");
    assert_eq!((begun, ended), (vec![Watched::Due, Watched::LateNotice], vec![]));
}

#[test]
fn a_date_that_moves_is_watched_anew_and_one_that_stays_is_not() {
    let processing = state(Status::Processing, "2026-11-23T10:00", Some("2026-12-15T17:00"));
    let later = state(Status::Processing, "2026-11-23T10:00", Some("2026-12-18T17:00"));
    assert_eq!(
        changes(&processing, &later, "2026-11-24T10:00"),
        (vec![Watched::Due, Watched::LateNotice], vec![])
    );
    assert_eq!(
        changes(&processing, &processing, "2026-11-24T10:00"),
        (vec![], vec![])
    );
}

#[test]
fn who_may_not_postpone_again_is_not_told_of_the_last_moment_to() {
    let processing = state(Status::Processing, "2026-11-23T10:00", Some("2026-12-15T17:00"));
    let postponed = State {
        postponements: 1,
        ..state(Status::Processing, "2026-11-23T10:00", Some("2026-12-18T17:00"))
    };
    assert_eq!(
        changes(&processing, &postponed, "2026-11-24T10:00"),
        (vec![Watched::Due], vec![Watched::LateNotice])
    );
    // Nor when the limit begins again.
    let paying = State {
        phase: Phase::entering(Status::PaymentRequested, Status::Processing),
        ..postponed.clone()
    };
    let (begun, _) = changes(&paying, &postponed, "2026-11-24T12:00");
    assert_eq!(begun, [Watched::Due]);
    // Where a second time is lawful, it is watched.
    let twice = LIMITS.replace("postponements,1", "postponements,2");
    assert_ne!(twice, LIMITS);
    let again = clockwork_of(&twice).changes(&processing, &postponed, None, at("2026-11-24T10:00"));
    let begins = |change: &Change| matches!(change, Change::Begin(d) if d.limit == Watched::LateNotice);
    assert!(again.iter().any(begins) && !again.contains(&Change::End(Watched::LateNotice)));
}

#[test]
fn a_warning_that_would_come_at_once_is_left_out() {
    let received = at("2026-11-23T09:00");
    let soon = clockwork().received(received, at("2026-11-23T17:00"), PaperWay::Near);
    let due = soon.iter().find(|d| d.limit == Watched::Due).unwrap();
    assert_eq!((due.due_at, due.warn_at), (at("2026-11-23T17:00"), None));
    // The day before a date of today is over: there is no last moment to watch.
    assert!(soon.iter().all(|d| d.limit != Watched::LateNotice));
    let far = clockwork().received(received, at("2026-11-27T17:00"), PaperWay::Near);
    let due = far.iter().find(|d| d.limit == Watched::Due).unwrap();
    assert_eq!(due.warn_at, Some(at("2026-11-26T17:00")));
    let late = far.iter().find(|d| d.limit == Watched::LateNotice).unwrap();
    assert_eq!(
        (late.due_at, late.warn_at),
        (at("2026-11-26T17:00"), Some(at("2026-11-26T12:00")))
    );
}

#[test]
fn a_late_notice_is_one_that_comes_less_than_a_day_before() {
    let due = at("2026-11-27T17:00");
    assert!(!clockwork().late_notice_passed(due, at("2026-11-26T17:00")));
    assert!(clockwork().late_notice_passed(due, at("2026-11-26T17:01")));
    // Due on a Monday, told on the Sunday before.
    let due = at("2026-11-30T17:00");
    assert!(!clockwork().late_notice_passed(due, at("2026-11-29T08:00")));
    assert!(clockwork().late_notice_passed(due, at("2026-11-29T17:01")));
}

#[test]
fn fifteen_days_end_when_the_office_closes_on_the_last() {
    let overdue = |now| clockwork().supplement_overdue(at("2026-11-09T10:00"), at(now));
    assert!(!overdue("2026-11-24T17:00"));
    assert!(overdue("2026-11-24T17:01"));
}
