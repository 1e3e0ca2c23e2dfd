//! What another directory would change, row by row and column by column, and the digest by which a reviewed plan is known again.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Directory, joint};
use crate::domain::checks::Requirements;
use crate::domain::legal::TimeLimits;
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;

/// The files of a directory, name to text.
pub type DirectoryFiles = BTreeMap<String, String>;

/// How a row changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RowFate {
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// Its key stays, some of its columns change.
    Changed,
}

/// One column of a changed row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnChange {
    /// Its name.
    pub column: String,
    /// The value in use.
    pub before: String,
    /// The value to come.
    pub after: String,
}

/// One row that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowChange {
    /// The row's key: its first column, or both of a succession; with its first day where the key has several rows.
    pub key: String,
    /// How it changes.
    pub fate: RowFate,
    /// What changes in it, where the key stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnChange>,
}

/// One file that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// Its name, as `agencies.csv`.
    pub file: String,
    /// Rows that come.
    pub added: usize,
    /// Rows that go.
    pub removed: usize,
    /// Rows of which columns change.
    pub changed: usize,
    /// The rows, by key; at most [`ROWS_SHOWN`] of a file.
    pub rows: Vec<RowChange>,
}

/// Rows of one file a plan lists; the rest is counted.
pub const ROWS_SHOWN: usize = 500;

/// A table by key, each row by column.
type Table = BTreeMap<String, BTreeMap<String, String>>;

/// What changes from one set of files to another, in the order of the files' names. Comparing values, not bytes: a quoted cell or
/// another end of line changes nothing.
pub fn changes(before: &DirectoryFiles, after: &DirectoryFiles) -> Vec<FileChange> {
    let one = |name: &&str| {
        let (old, new) = (table(name, before), table(name, after));
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let mut rows: Vec<RowChange> = keys
            .into_iter()
            .filter_map(|key| row_change(key, old.get(key), new.get(key)))
            .collect();
        let count = |fate: RowFate| rows.iter().filter(|row| row.fate == fate).count();
        let (added, removed, changed) = (
            count(RowFate::Added),
            count(RowFate::Removed),
            count(RowFate::Changed),
        );
        if rows.is_empty() {
            return None;
        }
        rows.truncate(ROWS_SHOWN);
        Some(FileChange {
            file: (*name).to_owned(),
            added,
            removed,
            changed,
            rows,
        })
    };
    Directory::FILES.iter().filter_map(one).collect()
}

/// The digest of replacing the directory of version `in_use` (empty: none) by these files.
pub fn digest(in_use: &str, files: &DirectoryFiles) -> Sha256 {
    let mut bytes = Vec::new();
    let texts = Directory::FILES
        .iter()
        .flat_map(|name| [*name, files.get(*name).map_or("", String::as_str)]);
    for part in std::iter::once(in_use).chain(texts) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    sha256(&bytes)
}

fn row_change(
    key: &str,
    before: Option<&BTreeMap<String, String>>,
    after: Option<&BTreeMap<String, String>>,
) -> Option<RowChange> {
    let change = |fate, columns| {
        Some(RowChange {
            key: key.to_owned(),
            fate,
            columns,
        })
    };
    match (before, after) {
        (None, _) => change(RowFate::Added, Vec::new()),
        (_, None) => change(RowFate::Removed, Vec::new()),
        (Some(before), Some(after)) => {
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let value =
                |row: &BTreeMap<String, String>, name: &str| row.get(name).cloned().unwrap_or_default();
            let columns: Vec<ColumnChange> = names
                .into_iter()
                .map(|name| ColumnChange {
                    column: name.clone(),
                    before: value(before, name),
                    after: value(after, name),
                })
                .filter(|column| column.before != column.after)
                .collect();
            if columns.is_empty() {
                None
            } else {
                change(RowFate::Changed, columns)
            }
        }
    }
}

fn table(name: &str, files: &DirectoryFiles) -> Table {
    let text = files
        .get(name)
        .map_or("", String::as_str)
        .trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header: Vec<String> = reader
        .headers()
        .map(|header| header.iter().map(str::to_owned).collect())
        .unwrap_or_default();
    let named = |column: &str| header.iter().position(|c| c == column);
    let keys: Vec<usize> = match name {
        "succession.csv" => vec![0, 1],
        // A value may change with the day: each period is a row of its own.
        TimeLimits::FILE => std::iter::once(0).chain(named("valid_from")).collect(),
        Requirements::FILE => [0, 1, 2].into_iter().chain(named("valid_from")).collect(),
        TimeLimits::OWN_FILE => [0, 1].into_iter().chain(named("valid_from")).collect(),
        joint::UNITS_FILE => std::iter::once(0).chain(named("valid_from")).collect(),
        joint::TASKS_FILE => (0..3).chain(named("valid_from")).collect(),
        _ => vec![0],
    };
    let rows = reader.records().filter_map(Result::ok).map(|row| {
        let cells = keys.iter().filter_map(|&at| row.get(at));
        let key: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let columns: BTreeMap<String, String> = header
            .iter()
            .cloned()
            .zip(row.iter().map(str::to_owned))
            .collect();
        (key.join(" → "), columns)
    });
    let from = named("valid_from");
    let mut table = Table::new();
    for (key, columns) in rows {
        // A list that is dated may have several rows of one key: the first by its key, each other by its first day too.
        let key = match (table.contains_key(&key), from) {
            (true, Some(at)) => {
                let first_day = header.get(at).and_then(|name| columns_of(&columns, name));
                format!("{key} → {}", first_day.unwrap_or("…"))
            }
            _ => key,
        };
        table.insert(key, columns);
    }
    table
}

fn columns_of<'a>(columns: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    columns
        .get(name)
        .map(String::as_str)
        .filter(|cell| !cell.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(rows: &[&str]) -> DirectoryFiles {
        DirectoryFiles::from([("agencies.csv".to_owned(), rows.join("\n"))])
    }

    #[test]
    fn rows_come_go_and_change_column_by_column() {
        let one = files(&["key,name,channel", "a,A,pull", "b,B,pull", "c,C,pull"]);
        let two = files(&["key,name,channel\r", "b,\"B\",amqp\r", "c,C,pull\r", "d,D,pull\r"]);
        let changes = changes(&one, &two);
        assert_eq!(changes.len(), 1);
        let file = &changes[0];
        assert_eq!(
            (file.file.as_str(), file.added, file.removed, file.changed),
            ("agencies.csv", 1, 1, 1)
        );
        let said: Vec<(&str, RowFate)> = file.rows.iter().map(|r| (r.key.as_str(), r.fate)).collect();
        assert_eq!(
            said,
            [
                ("a", RowFate::Removed),
                ("b", RowFate::Changed),
                ("d", RowFate::Added)
            ]
        );
        let column = &file.rows[1].columns[0];
        assert_eq!(
            (
                column.column.as_str(),
                column.before.as_str(),
                column.after.as_str()
            ),
            ("channel", "pull", "amqp")
        );
        assert!(super::changes(&one, &one).is_empty());
    }

    #[test]
    fn a_plan_is_known_by_every_byte_and_by_what_it_replaces() {
        let one = files(&["key,name", "a,A"]);
        let two = files(&["key,name", "a,B"]);
        assert_eq!(digest("v1", &one), digest("v1", &one.clone()));
        assert_ne!(digest("v1", &one), digest("v1", &two));
        assert_ne!(digest("v1", &one), digest("v2", &one));
    }

    #[test]
    fn more_rows_than_are_shown_are_counted() {
        let many: Vec<String> = (0..ROWS_SHOWN + 3).map(|n| format!("{n:05},x")).collect();
        let all: Vec<&str> = std::iter::once("key,name")
            .chain(many.iter().map(String::as_str))
            .collect();
        let file = changes(&DirectoryFiles::new(), &files(&all)).remove(0);
        assert_eq!((file.added, file.rows.len()), (ROWS_SHOWN + 3, ROWS_SHOWN));
    }
}
