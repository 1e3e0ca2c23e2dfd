//! Documents: read, written again, and what must hold of what a format makes of each.

mod pointed;

use quick_xml::events::Event;
use serde_json::Value;

use super::Found;
use super::node::Said;
use crate::adapt::limits::MAX_PROBLEMS;
use crate::adapt::tests::REGISTRY;
use crate::adapt::{Adapter, Syntax, is_status_sample, sample_syntax};
use crate::domain::dossier::Filing;
use crate::domain::rejection::Label;

fn syntax(found: &Found) -> Syntax {
    sample_syntax(&found.name).unwrap().0
}

/// What a sample says; none where it is not well formed.
pub(super) fn parse(found: &Found) -> Option<Said> {
    match syntax(found) {
        Syntax::Json => Some(of_json(&serde_json::from_slice(&found.bytes).ok()?)),
        Syntax::Xml => of_xml(std::str::from_utf8(&found.bytes).ok()?),
    }
}

fn of_json(value: &Value) -> Said {
    match value {
        Value::Object(fields) => Said::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), of_json(value)))
                .collect(),
        ),
        Value::Array(items) => Said::List(items.iter().map(of_json).collect()),
        Value::String(text) => Said::Text(text.clone()),
        other => Said::Literal(other.to_string()),
    }
}

/// The root as the only field; an attribute is a field whose name begins with `@`, a text beside elements one without a name.
fn of_xml(text: &str) -> Option<Said> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open: Vec<(String, Vec<(String, Said)>)> = vec![(String::new(), Vec::new())];
    loop {
        let event = reader.read_event().ok()?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                let name = String::from_utf8(start.name().as_ref().to_owned().into()).ok()?;
                let mut fields = Vec::new();
                for attribute in start.attributes() {
                    let attribute = attribute.ok()?;
                    let name = attribute.key.as_ref();
                    let value = quick_xml::escape::unescape(&attribute.value).ok()?;
                    fields.push((format!("@{name}"), Said::Text(value.into_owned())));
                }
                open.push((name, fields));
                if matches!(event, Event::Empty(_)) {
                    close(&mut open)?;
                }
            }
            Event::End(_) => close(&mut open)?,
            Event::Text(text) => add_text(&mut open, &text),
            Event::CData(text) => add_text(&mut open, &text),
            Event::GeneralRef(name) => {
                let text = format!("&{};", &*name);
                add_text(&mut open, &quick_xml::escape::unescape(&text).ok()?);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let (_, mut whole) = open.pop()?;
    whole.retain(|(name, _)| !name.is_empty());
    Some(Said::Object(whole))
}

fn add_text(open: &mut [(String, Vec<(String, Said)>)], text: &str) {
    let Some((_, fields)) = open.last_mut() else {
        return;
    };
    match fields.last_mut() {
        Some((name, Said::Text(before))) if name.is_empty() => before.push_str(text),
        _ => fields.push((String::new(), Said::Text(text.to_owned()))),
    }
}

fn close(open: &mut Vec<(String, Vec<(String, Said)>)>) -> Option<()> {
    let (name, mut fields) = open.pop()?;
    fields.retain(|(name, said)| {
        !name.is_empty() || !matches!(said, Said::Text(text) if text.trim().is_empty())
    });
    let said = match fields.as_slice() {
        [] => Said::Text(String::new()),
        [(name, said)] if name.is_empty() => said.clone(),
        _ => Said::Object(fields),
    };
    open.last_mut()?.1.push((name, said));
    Some(())
}

pub(super) fn write(found: &Found, said: &Said) -> Vec<u8> {
    let mut text = String::new();
    match syntax(found) {
        Syntax::Json => write_json(said, &mut text),
        Syntax::Xml => write_xml(said, "", &mut text),
    }
    text.into_bytes()
}

fn write_json(said: &Said, text: &mut String) {
    let separated = |text: &mut String, number: usize| {
        if number > 0 {
            text.push(',');
        }
    };
    match said {
        Said::Object(fields) => {
            text.push('{');
            for (number, (name, said)) in fields.iter().enumerate() {
                separated(text, number);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_json(said, text);
            }
            text.push('}');
        }
        Said::List(items) => {
            text.push('[');
            for (number, said) in items.iter().enumerate() {
                separated(text, number);
                write_json(said, text);
            }
            text.push(']');
        }
        Said::Text(said) => text.push_str(&Value::from(said.as_str()).to_string()),
        Said::Literal(word) => text.push_str(word),
    }
}

/// A list repeats the name it stands under.
fn write_xml(said: &Said, name: &str, text: &mut String) {
    let element = |text: &mut String, inside: &dyn Fn(&mut String), attributes: &str| {
        if name.is_empty() {
            return inside(text);
        }
        text.push_str(&format!("<{name}{attributes}>"));
        inside(text);
        text.push_str(&format!("</{name}>"));
    };
    match said {
        Said::Object(fields) => {
            let mut attributes = String::new();
            for (name, said) in fields {
                if let (Some(name), Said::Text(value)) = (name.strip_prefix('@'), said) {
                    attributes.push_str(&format!(" {name}=\"{}\"", quick_xml::escape::escape(value)));
                }
            }
            element(
                text,
                &|text| {
                    for (name, said) in fields.iter().filter(|(name, _)| !name.starts_with('@')) {
                        write_xml(said, name, text);
                    }
                },
                &attributes,
            );
        }
        Said::List(items) => items.iter().for_each(|said| write_xml(said, name, text)),
        Said::Text(said) => element(text, &|text| text.push_str(&quick_xml::escape::escape(said)), ""),
        Said::Literal(word) if word == "null" => element(
            text,
            &|_| {},
            " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"",
        ),
        Said::Literal(word) => element(text, &|text| text.push_str(word), ""),
    }
}

/// What a format makes of it. What is told of a message of reports as a whole stands behind its items.
fn outcome(adapter: &Adapter, found: &Found) -> Value {
    let mut told = adapter.sample_outcome(&found.name, &found.bytes).expected;
    if let Value::Array(items) = &mut told {
        let media_type = sample_syntax(&found.name).unwrap().1;
        let read = adapter.read_statuses(&found.bytes, media_type).unwrap();
        items.push(serde_json::json!({"path": "", "report": {}, "warnings": read.warnings}));
    }
    told
}

/// What a format makes of it: told whole, with a place for whatever has one.
pub(super) fn told(adapter: &Adapter, found: &Found) -> Value {
    let told = outcome(adapter, found);
    pointed::each(&told, &mut |label, path| match path {
        Some(path) => assert!(path.is_empty() || path.starts_with('/'), "{label}: {path}"),
        None => assert!(
            pointed::of_the_whole(label),
            "{label} has no place in {} {}",
            found.format,
            found.name
        ),
    });
    told
}

/// Whatever the document is: a place for every problem, equal in the canonical form, and no value that vanishes.
pub(super) fn holds(found: &Found) {
    let adapter = REGISTRY.get(&found.format).unwrap();
    let told = told(adapter, found);
    let Some(said) = parse(found) else { return };
    if well_formed(found) {
        pointed::each(&told, &mut |label, path| {
            let Some(path) = path else { return };
            assert!(
                pointed::exists(&said, syntax(found), label, path),
                "{label} points at {path}, where nothing is"
            );
        });
    }
    if let Some(filing) = told.get("filing") {
        again(filing);
    }
    nothing_vanishes(adapter, found, &said, &told);
}

/// Whether the hub itself takes it for a document of its syntax.
fn well_formed(found: &Found) -> bool {
    let text = String::from_utf8_lossy(&found.bytes);
    let read = match syntax(found) {
        Syntax::Json => crate::adapt::json::read(&text).is_ok(),
        Syntax::Xml => crate::adapt::xml::read(&text).is_ok(),
    };
    read && std::str::from_utf8(&found.bytes).is_ok()
}

/// What is read is the same in the canonical form, in both syntaxes.
fn again(filing: &Value) {
    let canonical = REGISTRY.get("canonical/v1").unwrap();
    let filing: Filing = serde_json::from_value(filing.clone()).unwrap();
    for syntax in [Syntax::Json, Syntax::Xml] {
        let Ok(written) = canonical.trial_dossier(&filing, Some(syntax)) else {
            continue;
        };
        match canonical.read(&written.bytes, &written.media_type) {
            Ok(read) => assert_eq!(read.filing, filing, "{syntax:?}"),
            Err(refused) => panic!(
                "{syntax:?}: {refused:?}\n{}",
                String::from_utf8_lossy(&written.bytes)
            ),
        }
    }
}

/// The places of reports of which nothing is taken: something in them is wrong, or their status is a word that says nothing.
fn untaken_items(told: &Value) -> impl Iterator<Item = &str> {
    let items = told.as_array().into_iter().flatten();
    let untaken = items.filter(|item| item.get("report").is_none_or(Value::is_null));
    untaken.filter_map(|item| item["path"].as_str())
}

/// A text that no document has.
const MARK: &str = "Chữ lạ 7f3a";

/// Of every value something is said: when another stands in its place, the result is another, or its place is told, or the mapping
/// says why nobody reads it.
fn nothing_vanishes(adapter: &Adapter, found: &Found, said: &Said, told: &Value) {
    let statuses = is_status_sample(&found.name);
    let mut places = 0;
    pointed::each(told, &mut |_, _| places += 1);
    // Beyond that many nothing more is told, and of a document that is refused as a whole nothing is taken.
    if places >= MAX_PROBLEMS || !well_formed(found) || told.get("problems").is_some() {
        return;
    }
    let whole = said;
    let count = whole.leaves();
    // A few of each document: the next case has others.
    let step = 1 + count / 12;
    let first = found.bytes.len() % step;
    for number in (first..count).step_by(step) {
        let mut other = whole.clone();
        let Some(leaf) = other.leaf(number) else { continue };
        if matches!(leaf, Said::Text(text) | Said::Literal(text) if text.trim().is_empty() || text == "null")
        {
            continue;
        }
        let before = leaf.clone();
        *leaf = Said::Text(MARK.to_owned());
        let other = found.with(write(found, &other));
        if outcome(adapter, &other) != *told {
            continue;
        }
        let Some(path) = pointed::path_of(&parse(&other).unwrap(), syntax(found), MARK) else {
            continue;
        };
        // What describes the document is no value of it.
        const DESCRIBING: [&str; 4] = ["@nil", "@type", "@schemaLocation", "@noNamespaceSchemaLocation"];
        let last = path.rsplit('/').next().unwrap_or_default();
        if last.starts_with("@xmlns") || DESCRIBING.contains(&last) {
            continue;
        }
        if pointed::is_set_aside(whole, syntax(found), &path) {
            continue;
        }
        let mut is_told = untaken_items(told).any(|item| pointed::covers(item, &path));
        pointed::each(told, &mut |label, at| {
            is_told |= label == Label::TooManyItems || at.is_some_and(|at| pointed::covers(at, &path));
        });
        let read = adapter.coverage(&found.bytes, sample_syntax(&found.name).unwrap().1, statuses);
        let read = read.unwrap();
        let declared = read.refused.is_some()
            || read
                .unread
                .iter()
                .any(|part| pointed::covers(&part.place, &pointed::unnumbered(&path)));
        assert!(
            is_told || declared,
            "{path} ({before:?}) vanishes:\n{}\n{told:#}",
            String::from_utf8_lossy(&found.bytes)
        );
    }
}
