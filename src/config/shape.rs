//! The file's shape: which settings are there that are none, which are missing, which are of another kind than they must be.
//!
//! The reader ends at the first misfit. Here each is noted, put right with what the example has, and the file is read again, so that
//! all are told at once, with those that the sections themselves find. No message holds a value of the file: it may be a password.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::fault::SettingFault;

/// Misfits that are told at most; a file with more is another file.
const MOST: usize = 100;

/// Reads a file whose settings are those of `example`.
///
/// # Errors
/// When it is not TOML.
pub(super) fn read<T: DeserializeOwned>(
    text: &str,
    example: &str,
) -> Result<(Option<T>, Vec<SettingFault>), toml::de::Error> {
    let mut table: Table = toml::from_str(text)?;
    let written = DeTable::parse(text)?;
    let shown = every_setting(example);
    let mut faults = Vec::new();
    while faults.len() < MOST {
        let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
            Ok(file) => return Ok((Some(file), faults)),
            Err(error) => error,
        };
        let misfit = Misfit::of(&error);
        let fault = misfit.fault(&shown, line(text, written.get_ref(), &misfit.path));
        if !misfit.put_right(&mut table, &shown) {
            faults.push(fault);
            break;
        }
        faults.push(fault);
    }
    Ok((None, faults))
}

/// What the reader stumbled over.
struct Misfit {
    path: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Unknown,
    Missing,
    /// Not a text where a text is needed, and the like.
    Other,
}

impl Misfit {
    /// serde's own sentences begin with these words; the rest of them may quote a value.
    fn of(error: &serde_path_to_error::Error<toml::de::Error>) -> Misfit {
        let said = error.inner().message();
        let mut path: Vec<String> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                _ => None,
            })
            .collect();
        let named = |words: &str| said.strip_prefix(words)?.split('`').next().map(str::to_owned);
        let kind = if let Some(name) = named("missing field `") {
            path.push(name);
            Kind::Missing
        } else if let Some(name) = named("unknown field `") {
            if path.last() != Some(&name) {
                path.push(name);
            }
            Kind::Unknown
        } else {
            Kind::Other
        };
        Misfit { path, kind }
    }

    fn fault(&self, shown: &Table, line: usize) -> SettingFault {
        let setting = self.path.join(".");
        let example = find(shown, &self.path).filter(|value| !value.is_table());
        let (message_vi, message_en) = match (self.kind, example) {
            (Kind::Unknown, _) => {
                let near = nearest(shown, &self.path);
                (
                    format!(
                        "không có mục cấu hình này{}",
                        near.as_ref().map_or(String::new(), |n| format!("; có {n}"))
                    ),
                    format!(
                        "there is no such setting{}",
                        near.as_ref().map_or(String::new(), |n| format!("; there is {n}"))
                    ),
                )
            }
            (Kind::Missing, Some(value)) => (
                format!("thiếu; ví dụ: {value}"),
                format!("is missing; for example: {value}"),
            ),
            (Kind::Missing, None) => ("thiếu".to_owned(), "is missing".to_owned()),
            (Kind::Other, Some(value)) => (
                format!("giá trị viết sai; ví dụ: {value}"),
                format!("the value is not written as it must be; for example: {value}"),
            ),
            (Kind::Other, None) => (
                "viết sai; xem `lienthong config example`".to_owned(),
                "is not written as it must be; see `lienthong config example`".to_owned(),
            ),
        };
        SettingFault {
            line: Some(line),
            setting,
            message_vi,
            message_en,
        }
    }

    /// Takes it out of the way; whether that could be done.
    fn put_right(&self, table: &mut Table, shown: &Table) -> bool {
        let Some((last, parents)) = self.path.split_last() else {
            return false;
        };
        let mut at = table;
        for parent in parents {
            let next = at
                .entry(parent.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            match next {
                Value::Table(table) => at = table,
                _ => return false,
            }
        }
        let substitute = match (self.kind, find(shown, &self.path)) {
            (Kind::Unknown, _) => None,
            // A whole section that is missing: each of its settings is told for itself.
            (Kind::Missing, Some(Value::Table(_)) | None) => Some(Value::Table(Table::new())),
            (_, value) => value.cloned(),
        };
        match substitute {
            Some(value) => at
                .insert(last.clone(), value.clone())
                .is_none_or(|before| before != value),
            None => at.remove(last).is_some(),
        }
    }
}

/// Every setting of the example, those too that stand there as comments.
fn every_setting(example: &str) -> Table {
    let name = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let bare = |line: &'_ str| {
        let comment = line.strip_prefix("# ").or_else(|| line.strip_prefix("#? "));
        comment.filter(|line| name(line)).unwrap_or(line).to_owned()
    };
    let text: Vec<String> = example.lines().map(bare).collect();
    toml::from_str(&text.join("\n")).unwrap_or_default()
}

fn find<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let value = table.get(first)?;
    if rest.is_empty() {
        Some(value)
    } else {
        find(value.as_table()?, rest)
    }
}

/// A setting of the same section that is spelt nearly so.
fn nearest(shown: &Table, path: &[String]) -> Option<String> {
    let (last, parents) = path.split_last()?;
    let of: BTreeSet<&String> = if parents.is_empty() {
        shown.keys().collect()
    } else {
        find(shown, parents)?.as_table()?.keys().collect()
    };
    of.into_iter()
        .map(|name| (strsim::damerau_levenshtein(name, last), name))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, name)| name.clone())
}

/// The line, from 1, on which the setting stands, else the section it should stand in.
fn line(text: &str, table: &DeTable<'_>, path: &[String]) -> usize {
    let (mut at, mut start) = (Some(table), 0);
    for name in path {
        let Some((key, value)) =
            at.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name.as_str()))
        else {
            break;
        };
        start = key.span().start;
        at = match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
    }
    text[..start].matches('\n').count() + 1
}
