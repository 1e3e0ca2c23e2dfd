//! Samples of a format, sent along with it: each is read, and has to give its expected result.
//!
//! They are laid out as in `adapters/<name>/v<n>`: `minimal.json`, `refused-1.xml`, `statuses.json`, and the expected result of each
//! under the same name with `.json` behind it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Adapter;

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
            if let Some(at) = first_difference(&self.sample_result(file, document), &expected) {
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

    /// What a sample gives: the filing with its warnings, the reports of a message of statuses, or the problems.
    pub fn sample_result(&self, file: &str, document: &str) -> Value {
        let is_xml = file.rsplit_once('.').is_some_and(|(_, ending)| ending == "xml");
        let media_type = match is_xml {
            true => "application/xml",
            false => "application/json",
        };
        if file.starts_with("statuses") {
            return match self.read_statuses(document.as_bytes(), media_type) {
                Ok(read) => read.items.iter().map(report).collect(),
                Err(rejection) => json!({ "problems": rejection.problems() }),
            };
        }
        match self.read(document.as_bytes(), media_type) {
            Ok(adapted) => json!({ "filing": adapted.filing, "warnings": adapted.warnings }),
            Err(rejection) => json!({ "problems": rejection.problems() }),
        }
    }
}

fn report(item: &super::StatusItem) -> Value {
    let mut told = match &item.report {
        Ok(report) => json!({ "path": item.path, "report": report }),
        Err(problems) => json!({ "path": item.path, "dossier": item.dossier, "problems": problems }),
    };
    if !item.files.is_empty() {
        told["files"] = json!(item.files);
    }
    if !item.warnings.is_empty() {
        told["warnings"] = json!(item.warnings);
    }
    told
}

/// The place, as a JSON Pointer, where two values differ first.
fn first_difference(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            names.into_iter().find_map(|name| {
                let below = first_difference(
                    a.get(name).unwrap_or(&Value::Null),
                    b.get(name).unwrap_or(&Value::Null),
                );
                below.map(|place| format!("/{name}{place}").trim_end_matches('/').to_owned())
            })
        }
        (Value::Array(a), Value::Array(b)) => {
            let longest = a.len().max(b.len());
            (0..longest).find_map(|n| {
                let below =
                    first_difference(a.get(n).unwrap_or(&Value::Null), b.get(n).unwrap_or(&Value::Null));
                below.map(|place| format!("/{n}{place}").trim_end_matches('/').to_owned())
            })
        }
        _ => (one != other).then(|| "/".to_owned()),
    }
}

#[cfg(test)]
mod tests {
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
