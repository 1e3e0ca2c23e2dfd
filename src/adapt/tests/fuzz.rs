//! What strangers write, mutated: adapter files, submissions and status reports of every shipped format, in both syntaxes.
//!
//! A case is drawn by proptest, so that it is made smaller before it is shown: which sample it starts from, and what is done to
//! it. What such a case has failed with becomes a file under `fuzz/corpus`, in a folder by the name of its format, and stays a test
//! from then on: `adapter.toml` in its name for an adapter file, else `.json` or `.xml`, with `statuses` first for reports. Cases
//! are the same in every run; for a longer look at others:
//! `PROPTEST_RNG_SEED=7 PROPTEST_CASES=20000 cargo test --lib fuzz::`.

mod documents;
mod mappings;
mod node;
mod wild;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use super::samples;

/// Cases of each property in an ordinary run.
const CASES: u32 = 200;

/// What is done to a document: at which of its parts, with which other part, and how.
type Changes = Vec<(u8, prop::sample::Index, prop::sample::Index)>;

fn changes() -> impl Strategy<Value = Changes> {
    let index = any::<prop::sample::Index>;
    prop::collection::vec((any::<u8>(), index(), index()), 1..6)
}

/// Which sample a case starts from, and what is done to it.
fn cases() -> impl Strategy<Value = (prop::sample::Index, Changes)> {
    (any::<prop::sample::Index>(), changes())
}

/// Draws cases until one fails, which is shown as the document it made.
fn hunt<C: std::fmt::Debug>(
    cases: &impl Strategy<Value = C>,
    made: impl Fn(&C) -> Option<Found>,
    holds: impl Fn(&Found),
) {
    let mut config = Config {
        failure_persistence: None,
        // A smaller document is easier to read, and not worth minutes.
        max_shrink_iters: 500,
        ..Config::default()
    };
    // Each of the two is set by whoever looks longer.
    if config.cases == 256 {
        config.cases = CASES;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(2026);
    }
    let ran = TestRunner::new(config).run(cases, |case| {
        if let Some(found) = made(&case) {
            holds(&found);
        }
        Ok(())
    });
    if let Err(error) = ran {
        let TestError::Fail(why, case) = error else {
            panic!("{error}")
        };
        let shown = made(&case).map(|found| {
            let bytes = String::from_utf8_lossy(&found.bytes).into_owned();
            format!("{} {}\n{bytes}", found.format, found.name)
        });
        panic!("{why}\n{}", shown.unwrap_or_default());
    }
}

/// A document, or an adapter file, that is to be looked at.
struct Found {
    format: String,
    /// What it is a form of: the name of its file.
    name: String,
    bytes: Vec<u8>,
}

impl Found {
    fn of(format: &str, path: &Path) -> Self {
        Found {
            format: format.to_owned(),
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: fs::read(path).unwrap(),
        }
    }

    /// Every sample of every shipped format.
    fn samples() -> Vec<Found> {
        let all = samples::all();
        all.iter().map(|(format, path)| Found::of(format, path)).collect()
    }

    /// Every shipped adapter file.
    fn mappings() -> Vec<Found> {
        let all = crate::adapt::shipped_mappings();
        all.into_iter()
            .map(|(file, text)| Found {
                format: file.trim_end_matches("/adapter.toml").to_owned(),
                name: "adapter.toml".to_owned(),
                bytes: text.into_bytes(),
            })
            .collect()
    }

    fn is_mapping(&self) -> bool {
        self.name.ends_with(".toml")
    }

    fn with(&self, bytes: Vec<u8>) -> Found {
        Found {
            format: self.format.clone(),
            name: self.name.clone(),
            bytes,
        }
    }
}

/// Changes bytes and not values: what no program writes on purpose.
fn in_bytes(bytes: &[u8], changes: &Changes) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (how, at, other) in changes {
        if bytes.is_empty() {
            break;
        }
        let (at, other) = (at.index(bytes.len()), other.index(bytes.len()));
        let (first, last) = (at.min(other), at.max(other));
        match how % 7 {
            0 => bytes[at] = how.wrapping_mul(31),
            1 => drop(bytes.drain(first..last)),
            2 => bytes.truncate(at),
            3 => {
                let piece = bytes[first..last.min(first + 400)].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => bytes.swap(at, other),
            _ => {
                let piece = wild::PIECES[other % wild::PIECES.len()];
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
    bytes
}

#[test]
fn values_of_samples_are_changed() {
    let samples = Found::samples();
    hunt(
        &cases(),
        |(which, changes)| {
            let sample = &samples[which.index(samples.len())];
            let mut node = documents::parse(sample)?;
            node.change(changes, wild::VALUES);
            Some(sample.with(documents::write(sample, &node)))
        },
        documents::holds,
    );
}

#[test]
fn bytes_of_samples_are_changed() {
    let samples = Found::samples();
    hunt(
        &cases(),
        |(which, changes)| {
            let sample = &samples[which.index(samples.len())];
            Some(sample.with(in_bytes(&sample.bytes, changes)))
        },
        documents::holds,
    );
}

#[test]
fn values_of_adapter_files_are_changed() {
    let mappings = Found::mappings();
    hunt(
        &cases(),
        |(which, changes)| {
            let mapping = &mappings[which.index(mappings.len())];
            let mut node = mappings::parse(mapping);
            node.change(changes, wild::PATHS);
            Some(mapping.with(mappings::write(&node).into_bytes()))
        },
        mappings::holds,
    );
}

#[test]
fn bytes_of_adapter_files_are_changed() {
    let mappings = Found::mappings();
    hunt(
        &cases(),
        |(which, changes)| {
            let mapping = &mappings[which.index(mappings.len())];
            Some(mapping.with(in_bytes(&mapping.bytes, changes)))
        },
        mappings::holds,
    );
}

/// What was found once is looked at again in every run.
#[test]
fn what_was_found_once_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapt/tests/fuzz/corpus");
    let mut looked_at = 0;
    for format in super::REGISTRY.names() {
        let folder: PathBuf = corpus.join(format.replace('/', "-"));
        let files = fs::read_dir(&folder).into_iter().flatten();
        for file in files {
            let found = Found::of(format, &file.unwrap().path());
            match found.is_mapping() {
                true => mappings::holds(&found),
                false => documents::holds(&found),
            }
            looked_at += 1;
        }
    }
    assert!(looked_at > 0, "the corpus is empty");
}
