//! A table of the directory: CSV text to typed rows, with every fault of the file at once.
//!
//! A row is read column by column and only then put together, so that one bad cell does not hide the next.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

use csv::StringRecord;

use crate::domain::rejection::Language;
use crate::domain::text::Text;
use crate::domain::time::Date;

/// What is wrong in a file of the directory, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryFault {
    /// The file, as `agencies.csv`.
    pub file: String,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: u64,
    /// What is wrong and the remedy, in Vietnamese.
    pub message_vi: String,
    /// What is wrong and the remedy, in English.
    pub message_en: String,
}

impl DirectoryFault {
    /// The sentence in one language.
    pub fn message(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.message_vi,
            Language::English => &self.message_en,
        }
    }
}

impl fmt::Display for DirectoryFault {
    /// `file:line: Vietnamese | English`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} | {}",
            self.file, self.line, self.message_vi, self.message_en
        )
    }
}

impl std::error::Error for DirectoryFault {}

/// A first and a last day, both included; `None` is open.
pub(crate) type Period = (Option<Date>, Option<Date>);

/// What holds from a day to a day. Several rows may have one key when their periods do not meet.
pub(crate) trait Dated {
    /// When it holds.
    fn period(&self) -> Period;
}

/// Whether a period includes a day; both ends are included, an absent end is open.
pub(crate) fn in_force(from: Option<Date>, to: Option<Date>, on: Date) -> bool {
    from.is_none_or(|from| from <= on) && to.is_none_or(|to| on <= to)
}

/// Whether two periods have a day in common.
fn meet(one: Period, other: Period) -> bool {
    let begins_in_time =
        |(from, _): Period, (_, to): Period| from.is_none_or(|from| to.is_none_or(|to| from <= to));
    begins_in_time(one, other) && begins_in_time(other, one)
}

/// The rows of one file in the file's order, found by key.
#[derive(Clone, Debug)]
pub(crate) struct Rows<K, T> {
    rows: Vec<T>,
    /// The rows of a key in order of time.
    index: HashMap<K, Vec<usize>>,
}

impl<K, T> Default for Rows<K, T> {
    fn default() -> Self {
        Rows {
            rows: Vec::new(),
            index: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq, T> Rows<K, T> {
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.of(key).next_back()
    }

    /// The rows of a key in order of time.
    pub(crate) fn of<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> impl DoubleEndedIterator<Item = &T>
    where
        K: Borrow<Q>,
    {
        let rows = self.index.get(key).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|&i| self.rows.get(i))
    }

    /// Every row.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// The newest row of every key.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &T> {
        let newest: HashSet<usize> = self
            .index
            .values()
            .filter_map(|rows| rows.last().copied())
            .collect();
        let rows = self.rows.iter().enumerate();
        rows.filter_map(move |(i, row)| newest.contains(&i).then_some(row))
    }
}

impl<K: Hash + Eq, T: Dated> Rows<K, T> {
    /// The row of a key that holds on a day.
    pub(crate) fn on<Q: Hash + Eq + ?Sized>(&self, key: &Q, on: Date) -> Option<&T>
    where
        K: Borrow<Q>,
    {
        self.of(key).find(|row| {
            let (from, to) = row.period();
            in_force(from, to, on)
        })
    }
}

/// One row while it is read. Each method returns `None` after it has noted what is wrong.
pub(crate) struct Row<'a> {
    file: &'a str,
    line: u64,
    columns: &'a [&'a str],
    record: &'a StringRecord,
    faults: &'a mut Vec<DirectoryFault>,
}

impl Row<'_> {
    /// Notes a fault of this row.
    pub(crate) fn fault(&mut self, vi: String, en: String) {
        let (file, line) = (self.file.to_owned(), self.line);
        self.faults.push(DirectoryFault {
            file,
            line,
            message_vi: vi,
            message_en: en,
        });
    }

    /// Notes that another row of this key holds on one of the same days.
    fn twice(&mut self, key: &dyn fmt::Debug, line: u64, same_days: bool) {
        if same_days {
            return self.fault(
                format!("{key:?} đã có ở dòng {line}; bỏ một dòng"),
                format!("{key:?} is already on line {line}; remove one of them"),
            );
        }
        self.fault(
            format!("{key:?} ở dòng {line} cũng có hiệu lực vào ngày đó; sửa valid_from, valid_to"),
            format!("{key:?} on line {line} holds on one of the same days; correct valid_from, valid_to"),
        );
    }

    /// The cell as written; empty when there is none.
    pub(crate) fn cell(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|c| *c == column);
        at.and_then(|i| self.record.get(i)).unwrap_or("")
    }

    /// Notes a cell that is not what was expected.
    pub(crate) fn wrong(&mut self, column: &str, expected: &str) {
        let found: String = self.cell(column).chars().take(60).collect();
        self.fault(
            format!("cột {column}: “{found}” không đúng; cần {expected}"),
            format!("column {column}: “{found}” is wrong; expected {expected}"),
        );
    }

    /// A text that is not empty, of at most 500 characters, in NFC.
    pub(crate) fn text(&mut self, column: &str) -> Option<String> {
        match Text::<500, false>::parse(self.cell(column)) {
            Ok(text) => Some(text.into()),
            Err(_) => {
                self.wrong(column, "1–500 ký tự (characters)");
                None
            }
        }
    }

    /// A value with one parser: a code, a number.
    pub(crate) fn value<T: FromStr>(&mut self, column: &str, expected: &str) -> Option<T> {
        let value = self.cell(column).parse().ok();
        if value.is_none() {
            self.wrong(column, expected);
        }
        value
    }

    /// The same, or nothing when the cell is empty.
    pub(crate) fn optional<T: FromStr>(&mut self, column: &str, expected: &str) -> Option<Option<T>> {
        if self.cell(column).is_empty() {
            return Some(None);
        }
        self.value(column, expected).map(Some)
    }

    /// Values separated by spaces; none when the cell is empty.
    pub(crate) fn list<T: FromStr>(&mut self, column: &str, expected: &str) -> Option<Vec<T>> {
        let values: Result<Vec<T>, _> = self.cell(column).split_whitespace().map(str::parse).collect();
        if values.is_err() {
            self.wrong(column, expected);
        }
        values.ok()
    }

    /// One of a closed list of words.
    pub(crate) fn word<T: Copy>(&mut self, column: &str, words: &[(&str, T)]) -> Option<T> {
        let value = words
            .iter()
            .find(|(word, _)| *word == self.cell(column))
            .map(|(_, value)| *value);
        if value.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(column, &all.join(", "));
        }
        value
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, column: &str) -> Option<bool> {
        self.word(column, &[("true", true), ("false", false)])
    }

    /// A whole number within bounds, both included.
    pub(crate) fn number(&mut self, column: &str, min: i64, max: i64) -> Option<i64> {
        let number = self.cell(column).parse().ok().filter(|n| (min..=max).contains(n));
        if number.is_none() {
            self.wrong(column, &format!("{min}..{max}"));
        }
        number
    }

    /// `valid_from` and `valid_to`, both ends included, empty is open.
    pub(crate) fn period(&mut self) -> Option<(Option<Date>, Option<Date>)> {
        let from = self.optional::<Date>("valid_from", "YYYY-MM-DD");
        let to = self.optional::<Date>("valid_to", "YYYY-MM-DD");
        let (from, to) = (from?, to?);
        if let (Some(first), Some(last)) = (from, to)
            && first > last
        {
            self.wrong("valid_to", &format!("≥ {first}"));
            return None;
        }
        Some((from, to))
    }
}

/// The columns of a file: those it has, and those it may have after them.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) all: &'a [&'a str],
    /// How many of the last ones a file may be without; their cells are then empty.
    pub(crate) optional: usize,
}

impl<'a> From<&'a [&'a str]> for Columns<'a> {
    fn from(all: &'a [&'a str]) -> Self {
        Columns { all, optional: 0 }
    }
}

impl<'a, const N: usize> From<&'a [&'a str; N]> for Columns<'a> {
    fn from(all: &'a [&'a str; N]) -> Self {
        Columns { all, optional: 0 }
    }
}

/// Reads a file with one row a key. Rows that cannot be read, and a second row under one key, are faults and left out.
pub(crate) fn read<'c, K: Hash + Eq + fmt::Debug, T>(
    file: &str,
    text: &str,
    columns: impl Into<Columns<'c>>,
    faults: &mut Vec<DirectoryFault>,
    row: impl FnMut(&mut Row<'_>) -> Option<(K, T)>,
) -> Rows<K, T> {
    rows(file, text, columns.into(), faults, row, |_| (None, None))
}

/// The same with several rows a key, whose periods do not meet.
pub(crate) fn read_dated<'c, K: Hash + Eq + fmt::Debug, T: Dated>(
    file: &str,
    text: &str,
    columns: impl Into<Columns<'c>>,
    faults: &mut Vec<DirectoryFault>,
    row: impl FnMut(&mut Row<'_>) -> Option<(K, T)>,
) -> Rows<K, T> {
    rows(file, text, columns.into(), faults, row, Dated::period)
}

fn rows<K: Hash + Eq + fmt::Debug, T>(
    file: &str,
    text: &str,
    columns: Columns<'_>,
    faults: &mut Vec<DirectoryFault>,
    mut row: impl FnMut(&mut Row<'_>) -> Option<(K, T)>,
    period: fn(&T) -> Period,
) -> Rows<K, T> {
    let mut found = Rows::default();
    let mut lines: Vec<u64> = Vec::new();
    for (line, record) in records(file, text, columns, faults) {
        let mut this = Row {
            file,
            line,
            columns: columns.all,
            record: &record,
            faults,
        };
        let Some((key, value)) = row(&mut this) else {
            continue;
        };
        let held = period(&value);
        let earlier = found.index.get(&key).map_or(&[][..], Vec::as_slice);
        if let Some(&first) = earlier.iter().find(|&&i| meet(period(&found.rows[i]), held)) {
            this.twice(&key, lines[first], period(&found.rows[first]) == held);
            continue;
        }
        let of_key = found.index.entry(key).or_default();
        let later = of_key.partition_point(|&i| period(&found.rows[i]).0 < held.0);
        of_key.insert(later, found.rows.len());
        found.rows.push(value);
        lines.push(line);
    }
    found
}

/// The records of a file with their lines, once the header row is as expected; each has a cell a column.
fn records(
    file: &str,
    text: &str,
    columns: Columns<'_>,
    faults: &mut Vec<DirectoryFault>,
) -> Vec<(u64, StringRecord)> {
    let (all, fewest) = (columns.all, columns.all.len() - columns.optional);
    let mut fault = |line, message_vi, message_en| {
        faults.push(DirectoryFault {
            file: file.to_owned(),
            line,
            message_vi,
            message_en,
        });
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => records.push((record.position().map_or(0, csv::Position::line), record)),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let vi = format!("không đọc được dòng này ({error}); sửa theo RFC 4180");
                fault(
                    line,
                    vi,
                    format!("this line cannot be read ({error}); write it as RFC 4180 says"),
                );
            }
        }
    }
    let header = records
        .first()
        .map(|(_, header)| header.clone())
        .unwrap_or_default();
    let n = header.len();
    if ![fewest, all.len()].contains(&n) || !header.iter().eq(all.iter().copied().take(n)) {
        let (line, expected) = (records.first().map_or(0, |(line, _)| *line), all.join(","));
        let vi = format!("dòng tiêu đề phải là: {expected}");
        fault(line, vi, format!("the header row must be: {expected}"));
        return Vec::new();
    }
    records.remove(0);
    let expected = n;
    records.retain(|(line, record)| {
        let n = record.len();
        if n != expected {
            let vi = format!("có {n} cột, cần {expected}; giá trị có dấu phẩy phải đặt trong ngoặc kép");
            let en = format!("{n} columns instead of {expected}; quote a value that holds a comma");
            fault(*line, vi, en);
        }
        n == expected
    });
    records
}
