use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::super::{Missed, Next, PASSES, WRONG, follows, policy};
use super::*;
use crate::domain::failure::Failure;

const PATIENCE: Duration = Duration::from_secs(30);

fn now() -> Timestamp {
    "2026-11-24T08:00:00+07:00".parse().unwrap()
}

#[test]
fn a_breaker_opens_probes_and_closes() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut breaker = Breaker::default();
    for _ in 1..BREAKS_AFTER {
        breaker.failed(None, now(), &mut rng);
        assert_eq!(breaker.leave(now(), PATIENCE), Leave::All);
    }
    breaker.failed(None, now(), &mut rng);
    let Leave::Nothing(probe) = breaker.leave(now(), PATIENCE) else {
        panic!("{breaker:?}")
    };
    assert!(probe.since(now()) >= PROBE.first / 2 && probe.since(now()) <= PROBE.first);
    // One probe goes; whoever asks meanwhile gets nothing, until the probe is overdue.
    assert_eq!(breaker.leave(probe, PATIENCE), Leave::Probe);
    assert_eq!(
        breaker.leave(probe, PATIENCE),
        Leave::Nothing(probe.plus(PATIENCE))
    );
    assert_eq!(breaker.leave(probe.plus(PATIENCE), PATIENCE), Leave::Probe);
    // A failed probe makes the pause longer, never longer than its bound.
    let mut at = probe.plus(PATIENCE);
    for _ in 0..100 {
        breaker.failed(None, at, &mut rng);
        let next = breaker.spared_until().unwrap();
        assert!(next.since(at) <= PROBE.last);
        // One that was under way all the while changes nothing.
        breaker.failed(None, at, &mut rng);
        assert_eq!(breaker.spared_until(), Some(next));
        at = next;
        assert_eq!(breaker.leave(at, PATIENCE), Leave::Probe);
    }
    breaker.failed(None, at, &mut rng);
    assert!(breaker.spared_until().unwrap().since(at) >= PROBE.last / 2);
    breaker.taken();
    assert_eq!(breaker.leave(probe, PATIENCE), Leave::All);
}

#[test]
fn a_receiver_that_asks_for_time_gets_it_at_once() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut breaker = Breaker::default();
    breaker.failed(Some(Duration::from_secs(60)), now(), &mut rng);
    let then = now().plus(Duration::from_secs(60));
    assert_eq!(breaker.leave(now(), PATIENCE), Leave::Nothing(then));
    assert_eq!(breaker.leave(then, PATIENCE), Leave::Probe);
    breaker.failed(Some(Duration::from_secs(1_000_000)), then, &mut rng);
    assert_eq!(breaker.spared_until(), Some(then.plus(RETRY_AFTER_MOST)));
}

/// One message that is tried; its count of attempts as the ledger would keep it.
struct Tried<'a> {
    name: &'a str,
    attempt: i32,
}

impl Tried<'_> {
    fn fails(&mut self, breaker: &mut Breaker, failure: Failure, rng: &mut StdRng) -> (Next, Failure) {
        self.attempt += 1;
        let missed = Missed {
            message: self.name,
            attempt: self.attempt,
            failure,
            asked: None,
        };
        let told = follows(breaker, missed, now(), rng);
        if matches!(told.0, Next::Uncounted(_)) {
            self.attempt -= 1;
        }
        told
    }
}

#[test]
fn one_message_that_is_refused_while_others_pass_is_given_up_for_its_own_fault() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut breaker = Breaker::default();
    let mut bad = Tried {
        name: "bad",
        attempt: 0,
    };
    let mut ends = Vec::new();
    for _ in 0..WRONG.most.unwrap() {
        breaker.taken();
        ends.push(bad.fails(&mut breaker, Failure::FormatRefused, &mut rng));
        assert_eq!(
            breaker.leave(now(), PATIENCE),
            Leave::All,
            "the others are not held up"
        );
    }
    assert_eq!(ends.pop(), Some((Next::Park, Failure::FormatRefused)));
    assert!(ends.iter().all(|(next, _)| matches!(next, Next::At(_))));
}

#[test]
fn a_receiver_that_answers_its_first_probe_with_a_refusal_is_no_longer_away() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut breaker = Breaker::default();
    for _ in 0..BREAKS_AFTER {
        breaker.failed(None, now(), &mut rng);
    }
    let probe = breaker.spared_until().unwrap();
    assert_eq!(breaker.leave(probe, PATIENCE), Leave::Probe);
    let told = breaker.refused("one", probe, &mut rng);
    assert_eq!((told.counts, told.of_everything), (false, false));
    assert_eq!(breaker.leave(probe, PATIENCE), Leave::All);
}

proptest! {
    /// Whatever the statuses, however many the messages: as long as nothing is taken, nothing is given up, the receiver is
    /// spared from the fifth on, and one that is taken opens the way.
    #[test]
    fn a_receiver_that_takes_nothing_ends_no_message(
        seed: u64,
        had_taken: bool,
        messages in 1..40usize,
        failures in proptest::collection::vec(
            proptest::sample::select(vec![Failure::FormatRefused, Failure::DocumentRefused]), 1..400),
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut breaker = Breaker::default();
        if had_taken {
            breaker.taken();
        }
        let names: Vec<String> = (0..messages).map(|n| n.to_string()).collect();
        let mut tried: Vec<Tried<'_>> = names.iter().map(|name| Tried { name, attempt: 0 }).collect();
        let mut at = now();
        for (n, failure) in failures.iter().enumerate() {
            let leave = breaker.leave(at, PATIENCE);
            prop_assert!(!matches!(leave, Leave::Nothing(_)));
            let (next, judged) = tried[n % messages].fails(&mut breaker, *failure, &mut rng);
            prop_assert!(next != Next::Park);
            let spared = n + 1 >= BREAKS_AFTER as usize && messages >= BREAKS_AFTER as usize;
            prop_assert_eq!(breaker.spared_until().is_some(), spared);
            prop_assert_eq!(judged == Failure::RefusesEverything, spared);
            if let Some(probe) = breaker.spared_until() {
                prop_assert!(probe.since(at) <= PATIENCE.max(PROBE.last));
                at = at.max(probe);
            }
        }
        // At most one attempt of each has counted.
        prop_assert!(tried.iter().all(|t| t.attempt <= i32::from(had_taken)));
        breaker.taken();
        prop_assert_eq!(breaker.leave(at, PATIENCE), Leave::All);
    }

    /// The same for a receiver that is away, whatever kind of away: what was tried before it was spared counts, and no more.
    #[test]
    fn a_receiver_that_is_away_ends_no_message(
        seed: u64,
        messages in 1..40usize,
        failures in proptest::collection::vec(
            proptest::sample::select(
                Failure::ALL.iter().copied().filter(|f| f.is_of_the_endpoint()).collect::<Vec<_>>()), 1..600),
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut breaker = Breaker::default();
        let names: Vec<String> = (0..messages).map(|n| n.to_string()).collect();
        let mut tried: Vec<Tried<'_>> = names.iter().map(|name| Tried { name, attempt: 0 }).collect();
        for (n, failure) in failures.iter().enumerate() {
            breaker.leave(breaker.spared_until().unwrap_or_else(now), PATIENCE);
            let (next, _) = tried[n % messages].fails(&mut breaker, *failure, &mut rng);
            prop_assert!(next != Next::Park);
        }
        prop_assert!(tried.iter().map(|t| t.attempt).sum::<i32>() < BREAKS_AFTER as i32);
    }

    /// A message of its own fault is given up however its turns fall among those that are taken, and after as many attempts as
    /// its kind has.
    #[test]
    fn a_message_that_alone_is_refused_is_given_up(seed: u64, between in proptest::collection::vec(0..4usize, 1..60)) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut breaker = Breaker::default();
        let mut bad = Tried { name: "bad", attempt: 0 };
        let mut counted = 0;
        for taken in between {
            for _ in 0..taken {
                breaker.taken();
            }
            let (next, _) = bad.fails(&mut breaker, Failure::DocumentRefused, &mut rng);
            counted += u32::from(taken > 0);
            prop_assert_eq!(breaker.leave(now(), PATIENCE), Leave::All);
            prop_assert_eq!(next == Next::Park, counted == WRONG.most.unwrap() && taken > 0);
            if next == Next::Park {
                break;
            }
        }
    }
}

#[test]
fn a_receiver_that_fails_for_one_message_alone_is_given_that_message_as_often_as_its_pace_says() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut breaker = Breaker::default();
    let mut poison = Tried {
        name: "poison",
        attempt: 0,
    };
    let most = policy(Failure::Failing).most.unwrap();
    assert_eq!(Some(most), PASSES.most);
    for attempt in 1..=most {
        breaker.taken();
        let (next, _) = poison.fails(&mut breaker, Failure::Failing, &mut rng);
        assert_eq!(next == Next::Park, attempt == most);
    }
}
