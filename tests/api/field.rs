//! Documents as others write them: every case of `tests/field` is sent through the interface and must get the verdict it names.
//!
//! `tests/field/README.md` says how a case is written. `FIELD=word` runs only the cases whose path holds the word.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use lienthong::domain::time::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::house::{Caller, House, Told, fresh, now, run};

static HOUSE: House = House::new();

/// The warning that the same matter was filed before.
const TWIN: &str = "possible-duplicate";

/// A file of `tests/field`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is right, and for whom.
    why: String,
    /// On what that rests: a standard, an article of the decree, what real systems write, or a decision of this project.
    ground: String,
    call: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    /// Who calls.
    r#as: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default = "submissions")]
    path: String,
    /// `Submission-Format`.
    format: Option<String>,
    /// `Content-Type`.
    #[serde(default = "json")]
    r#type: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    /// The body, in a file beside the case.
    file: Option<PathBuf>,
    status: u16,
    /// Every problem of the refusal, `label path`, in any order.
    problems: Option<BTreeSet<String>>,
    /// Every warning of the answer, `label path`, in any order.
    warnings: Option<BTreeSet<String>>,
    /// What the answer must say somewhere.
    #[serde(default)]
    says: Vec<String>,
    /// What it must not say anywhere.
    #[serde(default)]
    never: Vec<String>,
    /// Pointers into the answer, and what is there; "absent" where nothing may be.
    #[serde(default)]
    json: BTreeMap<String, toml::Value>,
    /// Names for later calls, and where in this answer their values are.
    #[serde(default)]
    save: BTreeMap<String, String>,
}

fn post() -> String {
    "POST".to_owned()
}

fn submissions() -> String {
    "/v1/submissions".to_owned()
}

fn json() -> String {
    "application/json".to_owned()
}

fn cases(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            cases(&path, found);
        } else if path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
}

/// A moment in Vietnam's time, by the letters adapters use.
fn written(at: Timestamp, form: &str) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).expect("a moment");
    let at = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(7)));
    let letters = [
        ("yyyy", "%Y"),
        ("yy", "%y"),
        ("MM", "%m"),
        ("dd", "%d"),
        ("HH", "%H"),
        ("mm", "%M"),
        ("ss", "%S"),
    ];
    let form = letters
        .iter()
        .fold(form.to_owned(), |form, (from, to)| form.replace(from, to));
    at.strftime(&form).to_string()
}

/// Puts the values in: `{FRESH}`, `{NOW}`, `{NOW-3600}`, `{NOW+60 yyyyMMddHHmmss}`, and what earlier calls saved.
fn filled(text: &str, saved: &HashMap<String, String>, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let value = rest
            .find('}')
            .and_then(|end| Some((value_of(&rest[1..end], saved, word)?, end)));
        match value {
            Some((value, end)) => {
                out.push_str(&value);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

fn value_of(name: &str, saved: &HashMap<String, String>, word: &str) -> Option<String> {
    if name == "FRESH" {
        return Some(word.to_owned());
    }
    if let Some(value) = saved.get(name) {
        return Some(value.clone());
    }
    let (shift, form) = match name.strip_prefix("NOW")?.split_once(' ') {
        Some((shift, form)) => (shift, Some(form)),
        None => (&name[3..], None),
    };
    let shift: i64 = if shift.is_empty() { 0 } else { shift.parse().ok()? };
    let at = Timestamp::from_micros(now().as_micros() + shift * 1_000_000);
    Some(form.map_or_else(|| at.to_string(), |form| written(at, form)))
}

fn said(list: &Value) -> BTreeSet<String> {
    let one = |p: &Value| {
        let path = p["path"].as_str().unwrap_or("");
        format!("{} {path}", p["label"].as_str().unwrap_or("?"))
            .trim_end()
            .to_owned()
    };
    list.as_array().into_iter().flatten().map(one).collect()
}

impl Call {
    async fn send(
        &self,
        caller: &Caller,
        folder: &Path,
        saved: &HashMap<String, String>,
        word: &str,
    ) -> Told {
        let method: Method = self.method.parse().expect("a method");
        let mut request = caller.request(method, &filled(&self.path, saved, word)).await;
        if let Some(format) = &self.format {
            request = request.header("Submission-Format", format);
        }
        for (name, value) in &self.headers {
            request = request.header(name, filled(value, saved, word));
        }
        let bytes = match (&self.body, &self.file) {
            (Some(body), None) => Some(filled(body, saved, word).into_bytes()),
            (None, Some(file)) => {
                let bytes = std::fs::read(folder.join(file)).expect("the file of a case");
                Some(match String::from_utf8(bytes) {
                    Ok(text) => filled(&text, saved, word).into_bytes(),
                    Err(other) => other.into_bytes(),
                })
            }
            (None, None) => None,
            (Some(_), Some(_)) => panic!("a body or a file"),
        };
        if let Some(bytes) = bytes {
            if !self.headers.contains_key("Idempotency-Key") {
                request = request.header("Idempotency-Key", fresh("key"));
            }
            request = request.header("Content-Type", &self.r#type).body(bytes);
        }
        Told::of(request).await
    }

    /// What is not as it must be.
    fn faults(&self, told: &Told, saved: &HashMap<String, String>, word: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let text = told.text();
        if told.status != self.status {
            faults.push(format!(
                "status {} instead of {}: {text}",
                told.status, self.status
            ));
        }
        let answer: Value = serde_json::from_slice(&told.body).unwrap_or(Value::Null);
        for (what, wanted) in [("problems", &self.problems), ("warnings", &self.warnings)] {
            let mut told = said(&answer[what]);
            // Cases share a hub: what another case filed may be the same matter.
            if !wanted
                .as_ref()
                .is_some_and(|wanted| wanted.iter().any(|w| w.starts_with(TWIN)))
            {
                told.retain(|w| !w.starts_with(TWIN));
            }
            if wanted.as_ref().is_some_and(|wanted| *wanted != told) {
                faults.push(format!("{what} {told:?} instead of {wanted:?}: {text}"));
            }
        }
        for word in self.says.iter().filter(|word| !text.contains(word.as_str())) {
            faults.push(format!("does not say {word:?}: {text}"));
        }
        for word in self.never.iter().filter(|word| text.contains(word.as_str())) {
            faults.push(format!("says {word:?}: {text}"));
        }
        for (pointer, wanted) in &self.json {
            let found = answer.pointer(pointer);
            let right = match wanted.as_str() {
                Some("absent") => found.is_none_or(Value::is_null),
                Some(text) => found == Some(&filled(text, saved, word).into()),
                None => found == serde_json::to_value(wanted).ok().as_ref(),
            };
            if !right {
                faults.push(format!("{pointer} is {found:?} instead of {wanted}: {text}"));
            }
        }
        faults
    }
}

async fn play(path: &Path, callers: &mut HashMap<String, Caller>) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a case");
    let case: Case = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(
        case.why.len() > 20 && !case.ground.is_empty(),
        "{} says why",
        path.display()
    );
    let folder = path.parent().expect("a folder");
    let (mut saved, word) = (HashMap::new(), fresh("field"));
    for (number, call) in case.call.iter().enumerate() {
        if !callers.contains_key(&call.r#as) {
            let caller = HOUSE.caller(&call.r#as).await;
            callers.insert(call.r#as.clone(), caller);
        }
        let told = call.send(&callers[&call.r#as], folder, &saved, &word).await;
        let faults = call.faults(&told, &saved, &word);
        if !faults.is_empty() {
            // Later calls rest on this one.
            let place = format!("{} call {}", path.display(), number + 1);
            return faults
                .into_iter()
                .map(|fault| format!("{place}: {fault}\n  ({})", case.why))
                .collect();
        }
        for (name, pointer) in &call.save {
            let value = told.json().pointer(pointer).cloned().unwrap_or(Value::Null);
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            saved.insert(name.clone(), value);
        }
    }
    Vec::new()
}

#[test]
fn documents_of_others_get_the_verdict_they_must() {
    run(async {
        let mut paths = Vec::new();
        cases(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field"),
            &mut paths,
        );
        paths.sort();
        #[expect(
            clippy::disallowed_methods,
            reason = "which cases are tried is chosen by the environment of the run"
        )]
        if let Ok(word) = std::env::var("FIELD") {
            paths.retain(|path| path.to_string_lossy().contains(&word));
        }
        assert!(!paths.is_empty(), "no case");
        let (mut callers, mut faults) = (HashMap::new(), Vec::new());
        for path in &paths {
            faults.extend(play(path, &mut callers).await);
        }
        assert!(
            faults.is_empty(),
            "{} cases, {} faults:\n{}",
            paths.len(),
            faults.len(),
            faults.join("\n")
        );
    });
}
