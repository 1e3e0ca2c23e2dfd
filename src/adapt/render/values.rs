//! Compiles rules for single values that are written: where they come from, and what becomes of them.

use std::collections::HashMap;

use super::compile::OutCompiler;
use super::path::SourcePath;
use super::plan::Written;
use crate::adapt::compile::OTHER;
use crate::adapt::dates::DateForm;
use crate::adapt::spec::{As, Leave, OutSpec};
use crate::adapt::target::{Kind, Target};

/// Values of a whole number that a table is expected to name one by one.
const FEW: i64 = 100;

/// The words of a table by the canonical value.
type Words = HashMap<Box<str>, Box<str>>;

impl<'s> OutCompiler<'_, 's> {
    /// The sources of a rule, and what they are.
    pub(super) fn sources(&mut self, spec: &'s OutSpec) -> (Vec<SourcePath>, Option<Kind>) {
        let (at, to) = (spec.to.span().start, spec.to.get_ref());
        let mut kind: Option<Kind> = None;
        let mut sources = Vec::new();
        for raw in spec.from.as_slice() {
            let path = SourcePath::parse(raw);
            let found = path.as_ref().and_then(|path| self.places.reach(path));
            let Some((Target::Leaf(this), name)) = found else {
                self.compiler.fault(
                    at,
                    format!("{to}: không có giá trị {raw} ở đây; sửa from theo tên các trường chuẩn"),
                    format!("{to}: there is no value {raw} here; correct from by the names of the canonical fields"),
                );
                continue;
            };
            let differs = kind.as_ref().is_some_and(|kind| is_dated(kind) != is_dated(this));
            kind = Some(this.clone());
            self.written.insert(name);
            if differs {
                self.compiler.fault(
                    at,
                    format!("{to}: from có cả ngày giờ và giá trị khác; tách thành hai quy tắc có when"),
                    format!("{to}: from names a date and something else; write two rules with when"),
                );
            }
            if path.as_ref().is_some_and(SourcePath::is_manifold) && spec.join.is_none() {
                self.compiler.fault(
                    at,
                    format!("{to}: a[] dẫn tới nhiều giá trị; thêm join, hoặc dùng list"),
                    format!("{to}: a[] leads to several values; add join, or use a list"),
                );
            }
            sources.extend(path);
        }
        (sources, kind)
    }

    pub(super) fn date(&mut self, spec: &OutSpec, kind: Option<&Kind>) -> Option<DateForm> {
        let (at, to) = (spec.to.span().start, spec.to.get_ref());
        let date = spec
            .date
            .as_deref()
            .and_then(|pattern| DateForm::parse(pattern, spec.zone.as_deref()).ok());
        let dated = kind.is_some_and(is_dated);
        if spec.date.is_some() != date.is_some() || (kind.is_some() && spec.date.is_some() != dated) {
            self.compiler.fault(
                at,
                format!("{to}: date phải có khi (và chỉ khi) giá trị là ngày giờ, viết như yyyyMMddHHmmss"),
                format!("{to}: date is needed for dates, and only for them, written like yyyyMMddHHmmss"),
            );
        }
        date
    }

    /// What a value is in JSON, and whether it can be that.
    pub(super) fn form(&mut self, spec: &OutSpec, kind: Option<&Kind>, table: Option<&Words>) -> As {
        let (at, to) = (spec.to.span().start, spec.to.get_ref());
        let texts = spec.table.is_some() || spec.date.is_some() || spec.join.is_some();
        let natural = match kind {
            Some(Kind::Whole { .. }) if !texts => As::Number,
            Some(Kind::Flag) if !texts => As::Flag,
            _ => As::Text,
        };
        let form = spec.r#as.unwrap_or(match natural {
            _ if self.texts => As::Text,
            natural => natural,
        });
        let of_words =
            |fits: fn(&str) -> bool| table.is_some_and(|words| words.values().all(|word| fits(word)));
        let can = match form {
            As::Text => true,
            As::Number => natural == As::Number || of_words(|w| whole(w).is_some()),
            As::Flag => natural == As::Flag || of_words(|w| flag(w).is_some()),
        };
        if !can && kind.is_some() {
            self.compiler.fault(
                at,
                format!("{to}: as không hợp: number cần số nguyên, flag cần true/false, của chính giá trị hay của mọi từ trong bảng"),
                format!("{to}: as does not fit: number needs a whole number, flag needs true or false, of the value itself or of every word of its table"),
            );
        }
        if spec.max.is_some() && form != As::Text {
            self.compiler.fault(
                at,
                format!("{to}: max chỉ dùng cho văn bản; bỏ max"),
                format!("{to}: max is for texts; remove it"),
            );
        }
        form
    }

    /// A value written in the file: as it stands there, or in a form it is to have.
    pub(super) fn fixed(&mut self, spec: &OutSpec, value: &toml::Value, form: Option<As>) -> Option<Written> {
        let written = match (value, form) {
            (toml::Value::String(text), None | Some(As::Text)) => Some(Written::Text(text.clone())),
            (toml::Value::Integer(n), None | Some(As::Number)) => Some(Written::Whole(*n)),
            (toml::Value::Boolean(b), None | Some(As::Flag)) => Some(Written::Flag(*b)),
            (toml::Value::Integer(n), Some(As::Text)) => Some(Written::Text(n.to_string())),
            (toml::Value::Boolean(b), Some(As::Text)) => Some(Written::Text(b.to_string())),
            _ => None,
        };
        if written.is_none() {
            let (at, to) = (spec.to.span().start, spec.to.get_ref());
            self.compiler.fault(
                at,
                format!("{to}: {value} không hợp; viết văn bản, số nguyên hay true/false, đúng như as"),
                format!(
                    "{to}: {value} does not fit; write a text, a whole number or true/false, as `as` says"
                ),
            );
        }
        written
    }

    /// A code table read backwards: no more than one word for each canonical value, and no fewer where the rule does not say what
    /// a value without one is.
    pub(super) fn backwards(&mut self, spec: &'s OutSpec, kind: Option<&Kind>) -> Option<Words> {
        let name = spec.table.as_deref()?;
        let (at, to) = (spec.to.span().start, spec.to.get_ref());
        self.used.insert(name);
        let mut words = Words::new();
        let Some(rows) = self.spec.table.get(name) else {
            self.compiler.fault(
                at,
                format!("{to}: không có [table.{name}]; thêm bảng mã hoặc sửa tên"),
                format!("{to}: there is no [table.{name}]; add it, or correct the name"),
            );
            return Some(words);
        };
        // What stands for no value is read alone.
        let is_value = |(_, value): &(&String, &toml::Value)| !value.is_table();
        for (word, value) in rows.iter().filter(|row| is_value(row) && row.0 != OTHER) {
            let value: Box<str> = match value {
                toml::Value::String(s) => s.as_str().into(),
                other => other.to_string().into(),
            };
            if let Some(other) = words.insert(value.clone(), word.as_str().into()) {
                self.compiler.fault(
                    at,
                    format!("{to}: {value} có hai từ {other} và {word}; dùng bảng riêng cho chiều ra"),
                    format!("{to}: {value} has the two words {other} and {word}; use a table of its own"),
                );
            }
        }
        if spec.default.is_none() && spec.otherwise.is_none() {
            for value in lacking(&words, kind) {
                self.compiler.fault(
                    at,
                    format!("{to}: bảng {name} thiếu từ cho {value}; thêm từ, default, hoặc otherwise = \"leave-out\""),
                    format!("{to}: the table {name} has no word for {value}; add one, a default, or otherwise = \"leave-out\""),
                );
            }
        }
        Some(words)
    }

    /// Tells of what a rule says that does not go together.
    pub(super) fn hold_together(&mut self, spec: &OutSpec, at_report: bool) {
        let (at, to) = (spec.to.span().start, spec.to.get_ref());
        if spec.from.as_slice().is_empty() == spec.constant.is_none() {
            self.compiler.fault(
                at,
                format!("{to}: cần đúng một trong from và constant"),
                format!("{to}: give either from or constant"),
            );
        }
        let turned = spec.table.is_some() || spec.date.is_some() || spec.join.is_some();
        if spec.constant.is_some() && (turned || spec.default.is_some() || spec.max.is_some()) {
            self.compiler.fault(
                at,
                format!("{to}: constant không đi cùng table, date, join, default hay max"),
                format!("{to}: constant does not go with table, date, join, default or max"),
            );
        }
        if spec.otherwise.is_some() && (spec.table.is_none() || spec.default.is_some()) {
            self.compiler.fault(
                at,
                format!("{to}: otherwise đi cùng table, và thay cho default"),
                format!("{to}: otherwise goes with a table, and instead of a default"),
            );
        }
        if spec.otherwise == Some(Leave::Skip) && !at_report {
            self.compiler.fault(
                at,
                format!(
                    "{to}: otherwise = \"skip\" chỉ dùng trong field của [progress]; ở đây viết \"leave-out\""
                ),
                format!(
                    "{to}: otherwise = \"skip\" is for a field of [progress] alone; here write \"leave-out\""
                ),
            );
        }
    }
}

fn is_dated(kind: &Kind) -> bool {
    matches!(kind, Kind::Instant | Kind::Day)
}

/// Canonical values that have no word.
fn lacking(words: &Words, kind: Option<&Kind>) -> Vec<String> {
    let wanted: Vec<String> = match kind {
        Some(Kind::Words(all)) => all.iter().map(ToString::to_string).collect(),
        Some(Kind::Flag) => vec!["true".to_owned(), "false".to_owned()],
        Some(Kind::Whole { min, max, .. }) if max - min < FEW => {
            (*min..=*max).map(|n| n.to_string()).collect()
        }
        // Of so many there is always one.
        Some(_) => return vec!["…".to_owned()],
        None => Vec::new(),
    };
    let has = |value: &String| words.contains_key(value.as_str());
    wanted.into_iter().filter(|value| !has(value)).collect()
}

/// A whole number as it is written in JSON.
pub(super) fn whole(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A flag as it is written in JSON.
pub(super) fn flag(text: &str) -> Option<bool> {
    text.parse().ok()
}
