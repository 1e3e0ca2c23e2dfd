//! Samples of a format, sent along with it: each is read, and has to give its expected result.
//!
//! They are laid out as in `adapters/<name>/v<n>`: `minimal.json`, `refused-1.xml`, `statuses.json`, and the expected result of each
//! under the same name with `.json` behind it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Adapter;
use super::changes::value_changes;

/// Samples and what each has to give, by file name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// The documents, as `minimal.json`.
    pub documents: BTreeMap<String, String>,
    /// Their expected results as JSON, as `minimal.json.json`.
    pub expected: BTreeMap<String, String>,
}

/// A sample that does not give what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFault {
    /// Its file, as `samples/minimal.json`.
    pub file: String,
    /// What is wrong, in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

impl SampleFault {
    fn of(file: String, vi: impl Into<String>, en: impl Into<String>) -> Self {
        SampleFault {
            file,
            message_vi: vi.into(),
            message_en: en.into(),
        }
    }
}

impl Adapter {
    /// Reads every sample and compares it with what is expected of it.
    pub fn sample_faults(&self, samples: &Samples) -> Vec<SampleFault> {
        let mut faults = Vec::new();
        for (file, document) in &samples.documents {
            let place = format!("samples/{file}");
            let Some(expected) = samples.expected.get(&format!("{file}.json")) else {
                faults.push(SampleFault::of(
                    place,
                    format!("thiếu kết quả mong đợi expected/{file}.json"),
                    format!("its expected result, expected/{file}.json, is missing"),
                ));
                continue;
            };
            let Ok(expected) = serde_json::from_str::<Value>(expected) else {
                let place = format!("expected/{file}.json");
                faults.push(SampleFault::of(place, "không phải JSON", "is not JSON"));
                continue;
            };
            let given = self.sample_outcome(file, document.as_bytes()).expected;
            if let Some(change) = value_changes(&expected, &given).first() {
                let at = &change.path;
                faults.push(SampleFault::of(
                    place,
                    format!("kết quả khác expected/{file}.json tại {at}"),
                    format!("gives another result than expected/{file}.json at {at}"),
                ));
            }
        }
        for file in samples.expected.keys() {
            let of = file.strip_suffix(".json").unwrap_or(file);
            if !samples.documents.contains_key(of) {
                let place = format!("expected/{file}");
                faults.push(SampleFault::of(
                    place,
                    "không thuộc mẫu nào",
                    "belongs to no sample",
                ));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapt::Registry;

    fn samples() -> Samples {
        let read = |file: &str| std::fs::read_to_string(format!("adapters/dvcqg-mc/v1/{file}")).unwrap();
        let files = ["minimal.json", "refused-1.json", "statuses.json"];
        Samples {
            documents: files
                .map(|file| (file.to_owned(), read(&format!("samples/{file}"))))
                .into(),
            expected: files
                .map(|file| (format!("{file}.json"), read(&format!("expected/{file}.json"))))
                .into(),
        }
    }

    #[test]
    fn samples_give_what_is_expected_of_them() {
        let registry = Registry::shipped();
        assert_eq!(registry.get("dvcqg-mc/v1").unwrap().sample_faults(&samples()), []);
    }

    #[test]
    fn each_sample_that_gives_something_else_is_named_with_its_place() {
        let registry = Registry::shipped();
        let mut wrong = samples();
        let expected = wrong.expected.get_mut("minimal.json.json").unwrap();
        let mut value: Value = serde_json::from_str(expected).unwrap();
        value["filing"]["reference"] = json!("KHAC");
        *expected = value.to_string();
        wrong.expected.remove("statuses.json.json");
        wrong
            .expected
            .insert("nobody.json.json".to_owned(), "{}".to_owned());
        let faults = registry.get("dvcqg-mc/v1").unwrap().sample_faults(&wrong);
        let files: Vec<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
        assert_eq!(
            files,
            [
                "samples/minimal.json",
                "samples/statuses.json",
                "expected/nobody.json.json"
            ]
        );
        assert!(faults[0].message_en.contains("/filing/reference"), "{faults:?}");
    }
}
