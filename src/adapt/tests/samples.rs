//! Every sample of every shipped adapter against its expected result; `UPDATE=1` rewrites the expectations.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::REGISTRY;
use crate::adapt::{Adapter, SIX_SAMPLES, SampleOutcome, is_refused_sample, is_status_sample, kept_json};
use crate::domain::dossier::Filing;
use crate::domain::rejection::{Language, Problem};

pub(super) fn adapters_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters")
}

pub(super) fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()) {
        Some("xml") => "application/xml",
        _ => "application/json",
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap_or_else(|e| panic!("{dir:?}: {e}"))
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    files
}

/// Every sample with its adapter's name.
pub(super) fn all() -> Vec<(String, PathBuf)> {
    let registry = &*REGISTRY;
    let mut all = Vec::new();
    for name in registry.names() {
        for path in files(&adapters_dir().join(name).join("samples")) {
            all.push((name.to_owned(), path));
        }
    }
    all
}

/// No sentence of a problem has a hole left.
fn filled<'p>(problems: impl IntoIterator<Item = &'p Problem>) {
    for problem in problems {
        for language in [Language::Vietnamese, Language::English] {
            let advice = problem.advice(language);
            assert!(!advice.contains('?'), "{problem:?}: {advice}");
        }
    }
}

/// What the library makes of it, after a look at what no file shows.
fn outcome(adapter: &Adapter, path: &Path) -> SampleOutcome {
    let bytes = fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let outcome = adapter.sample_outcome(name, &bytes);
    assert_eq!(outcome.lost, [], "{path:?}");
    if is_status_sample(name) {
        let read = adapter.read_statuses(&bytes, media_type(path));
        for item in read.into_iter().flat_map(|document| document.items) {
            filled(item.report.as_ref().err().into_iter().flatten());
            filled(&item.warnings);
        }
        return outcome;
    }
    let read = adapter.read(&bytes, media_type(path));
    assert_eq!(read.is_err(), is_refused_sample(name), "{path:?}: {read:?}");
    match read {
        Ok(adapted) => {
            // The builder and the model's own parser agree on what a filing is.
            assert_eq!(
                serde_json::from_value::<Filing>(outcome.expected["filing"].clone()).unwrap(),
                adapted.filing
            );
            filled(&adapted.warnings);
        }
        Err(rejection) => filled(rejection.problems()),
    }
    outcome
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a developer's switch, read by this test alone"
)]
fn every_sample_gives_its_expected_result() {
    let update = std::env::var_os("UPDATE").is_some();
    let registry = &*REGISTRY;
    let mut wrong = Vec::new();
    let mut expected_files = BTreeSet::new();
    for (name, sample) in all() {
        let file = sample.file_name().unwrap().to_str().unwrap().to_owned();
        let outcome = outcome(registry.get(&name).unwrap(), &sample);
        let read = (format!("{file}.json"), kept_json(&outcome.expected));
        for (kept, got) in std::iter::once(read).chain(outcome.written) {
            let path = adapters_dir().join(&name).join("expected").join(kept);
            if update {
                fs::write(&path, &got).unwrap();
            }
            if fs::read_to_string(&path).unwrap_or_default() != got {
                wrong.push(format!("{path:?}: run with UPDATE=1 and review\n{got}"));
            }
            expected_files.insert(path);
        }
    }
    for name in registry.names() {
        for path in files(&adapters_dir().join(name).join("expected")) {
            assert!(expected_files.contains(&path), "{path:?} belongs to no sample");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_format_ships_its_six_samples_in_each_syntax() {
    let names: BTreeSet<String> = all()
        .into_iter()
        .map(|(name, path)| format!("{name} {}", path.file_name().unwrap().to_str().unwrap()))
        .collect();
    for format in REGISTRY.names() {
        let adapter = REGISTRY.get(format).unwrap();
        let takes = |media_type: &str| adapter.syntax_of(media_type).is_some();
        let syntaxes = [("json", "application/json"), ("xml", "application/xml")];
        for (syntax, _) in syntaxes.iter().filter(|(_, media_type)| takes(media_type)) {
            for sample in SIX_SAMPLES {
                assert!(
                    names.contains(&format!("{format} {sample}.{syntax}")),
                    "{format} {sample}.{syntax}"
                );
            }
        }
    }
}

#[test]
fn one_dossier_is_the_same_in_both_syntaxes() {
    let registry = &*REGISTRY;
    for name in ["canonical/v1", "opencps/v1", "vnpost-hcc/v1"] {
        let adapter = registry.get(name).unwrap();
        for sample in ["minimal", "full"] {
            let read = |syntax: &str| {
                let path = adapters_dir()
                    .join(name)
                    .join("samples")
                    .join(format!("{sample}.{syntax}"));
                adapter
                    .read(&fs::read(&path).unwrap(), media_type(&path))
                    .unwrap()
                    .filing
            };
            assert_eq!(read("json"), read("xml"), "{name} {sample}");
        }
    }
}
