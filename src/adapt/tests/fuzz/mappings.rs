//! Adapter files: read, written again, and what must hold of each.

use super::node::Said;
use super::{Found, documents};
use crate::adapt::Adapter;
use crate::adapt::limits::MAX_MAPPING;

pub(super) fn parse(found: &Found) -> Said {
    let text = std::str::from_utf8(&found.bytes).unwrap();
    said(&toml::Value::Table(toml::from_str(text).unwrap()))
}

fn said(value: &toml::Value) -> Said {
    match value {
        toml::Value::Table(table) => Said::Object(
            table
                .iter()
                .map(|(name, value)| (name.clone(), said(value)))
                .collect(),
        ),
        toml::Value::Array(items) => Said::List(items.iter().map(said).collect()),
        toml::Value::String(text) => Said::Text(text.clone()),
        other => Said::Literal(other.to_string()),
    }
}

/// As inline tables, one entry of a list a line.
pub(super) fn write(said: &Said) -> String {
    let Said::Object(fields) = said else {
        return String::new();
    };
    let lines = fields
        .iter()
        .map(|(name, said)| format!("{} = {}\n", quoted(name), value(said)));
    lines.collect()
}

fn value(said: &Said) -> String {
    match said {
        Said::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, said)| format!("{} = {}", quoted(name), value(said)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Said::List(items) => {
            let items = items.iter().map(|said| format!("\n  {},", value(said)));
            format!("[{}\n]", items.collect::<String>())
        }
        Said::Text(text) => quoted(text),
        // TOML has no word for nothing.
        Said::Literal(word) if word == "null" => "false".to_owned(),
        Said::Literal(word) => word.clone(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// It compiles, and then reads every sample of its format; or each fault has its line and says in both languages what to do.
pub(super) fn holds(found: &Found) {
    let Ok(text) = std::str::from_utf8(&found.bytes) else {
        return;
    };
    let file = format!("{}/{}", found.format, found.name);
    match Adapter::compile(&file, text) {
        Ok(adapter) => {
            for sample in Found::samples() {
                if sample.format == found.format {
                    documents::told(&adapter, &sample);
                }
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            let lines = text.split('\n').count();
            for fault in faults {
                assert_eq!(fault.file, file);
                assert!((1..=lines).contains(&fault.line), "{fault}");
                assert!(
                    fault.message_vi.len() > 15 && fault.message_en.len() > 15,
                    "{fault}"
                );
                assert_ne!(fault.message_vi, fault.message_en);
            }
        }
    }
}

/// A short file that stands for very many rules, or names a long table very often, is refused for that, once, and does not take the
/// time and the memory of them.
#[test]
fn a_file_that_stands_for_very_many_rules_is_refused_once() {
    let head = "[format]\nname = \"thu\"\nversion = 1\ntitle_vi = \"Thử\"\ntitle_en = \"Trial\"\nunknown = \"warn\"\nempty = \"absent\"\n\
                [json]\nmedia_types = [\"application/json\"]\n[dossier]\n";
    let named = |rule: &str| {
        format!("[[dossier.part]]\nto = \"applicant\"\n{rule}\nwhen = {{ from = \"a\", present = true }}\n")
            .repeat(1000)
    };
    let rules = "[[shape.s.field]]\nto = \"name\"\nfrom = \"b\"\n".repeat(1000);
    let words: String = (0..1000).map(|n| format!("\"{n}\" = true\n")).collect();
    let asked = "[[dossier.field]]\nto = \"is_test\"\nfrom = \"b\"\ntable = \"t\"\nwhen = { from = \"a\", present = true }\n".repeat(1000);
    for text in [
        format!("{head}{}{rules}", named("shape = \"s\"")),
        format!("{head}{asked}[table.t]\n{words}"),
    ] {
        assert!(text.len() < MAX_MAPPING);
        let faults = Adapter::compile("thu/v1/adapter.toml", &text).unwrap_err();
        let told = faults
            .iter()
            .filter(|fault| fault.message_en.starts_with("more than"));
        assert_eq!(told.count(), 1);
    }
    let long = format!("{head}{}", "#\n".repeat(MAX_MAPPING / 2));
    let faults = Adapter::compile("thu/v1/adapter.toml", &long).unwrap_err();
    assert!(faults[0].message_en.contains("262144 bytes"), "{}", faults[0]);
    let shipped = Found::mappings();
    let longest = shipped.iter().map(|mapping| mapping.bytes.len()).max();
    assert!(longest.is_some_and(|longest| 4 * longest < MAX_MAPPING));
}
