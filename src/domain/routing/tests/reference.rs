//! The decision against a slow one, written anew from `schema/directory/hanoi/README.md` and from nothing else: random directories
//! with periods, splits, merges, renamings and hand-overs; every case is decided by both.
//!
//! The slow one knows rows of numbers and tries every row. It shares no code with the directory, not even how a period is read.

mod model;
mod naive;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use self::model::{Case, City};
use self::naive::Verdict;
use super::*;
use crate::domain::routing::Directory;

/// Directories; each is made from its number.
const DIRECTORIES: u64 = 20;

/// Cases in all.
const CASES: usize = 1_000_000;

/// What the directory says, in the words of the slow decision.
fn decided(directory: &Directory, case: &Case) -> Verdict {
    let place = case.place();
    match directory.route_by(&case.received(), place.as_ref(), case.on(), case.divided()) {
        Ok(route) => Verdict::Routed {
            agency: route.agency.map(String::from),
            parked: route.parked.map(|label| label.as_str()),
            version: route.reason.procedure.version,
        },
        Err(rejection) => {
            let mut labels: Vec<&str> = rejection.problems().iter().map(|p| p.label.as_str()).collect();
            labels.sort_unstable();
            Verdict::Refused(labels)
        }
    }
}

/// Compares as many cases on one random directory, and counts the verdicts by kind.
fn compare(seed: u64, cases: usize) -> BTreeMap<&'static str, usize> {
    let mut rng = StdRng::seed_from_u64(seed);
    let city = City::random(&mut rng);
    let files = city.files();
    let directory = Directory::read(&files).unwrap_or_else(|faults| panic!("seed {seed}: {faults:?}"));
    let wrong: Vec<String> = directory
        .check(false)
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    assert_eq!(wrong, Vec::<String>::new(), "seed {seed}");
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    for n in 0..cases {
        let case = Case::random(&city, &mut rng);
        let (ours, theirs) = (decided(&directory, &case), naive::decide(&city, &case));
        assert_eq!(ours, theirs, "seed {seed}, case {n}: {case:?}");
        *kinds.entry(ours.kind()).or_default() += 1;
    }
    kinds
}

#[test]
fn a_million_routes_agree_with_a_slow_decision_written_anew() {
    let each = CASES / usize::try_from(DIRECTORIES).unwrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let seeds = (0..DIRECTORIES).filter(|seed| seed % threads == worker);
                    seeds.map(|seed| compare(seed, each)).collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect::<Vec<_>>()
    });
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, n) in all.into_iter().flatten() {
        *kinds.entry(kind).or_default() += n;
    }
    assert_eq!(kinds.values().sum::<usize>(), CASES);
    // Nothing is compared that hardly ever happens.
    for kind in [
        "agency",
        "competence-gap",
        "competence-overlap",
        "place-ambiguous",
        "refused",
    ] {
        assert!(kinds.get(kind).is_some_and(|n| *n > CASES / 200), "{kinds:?}");
    }
}
