//! Rules for single values: sources, code tables, dates, constants, conditions.

use std::collections::HashMap;

use super::Compiler;
use crate::adapt::dates::DateForm;
use crate::adapt::plan::{Cond, Convert, Fixed, Known, LeafRule, Path, Table, Test};
use crate::adapt::spec::{FieldSpec, WhenSpec};
use crate::adapt::target::Kind;

impl<'s> Compiler<'s> {
    pub(super) fn leaf(
        &mut self,
        spec: &'s FieldSpec,
        kind: &Kind,
        known: &mut Known,
        pointer: &str,
    ) -> LeafRule {
        let at = spec.to.span().start;
        let sources: Vec<Path> = spec
            .from
            .as_slice()
            .iter()
            .map(|raw| self.path(raw, at))
            .collect();
        for source in &sources {
            known.follow(source).leaf = true;
        }
        if sources.is_empty() == spec.constant.is_none() {
            self.fault(
                at,
                format!("{pointer}: cần đúng một trong from và constant"),
                format!("{pointer}: give either from or constant"),
            );
        }
        if spec.constant.is_some() && (spec.table.is_some() || spec.date.is_some() || spec.required) {
            self.fault(
                at,
                format!("{pointer}: constant không đi cùng table, date hay required"),
                format!("{pointer}: constant does not go with table, date or required"),
            );
        }
        if spec.only_if.is_some() && *kind != Kind::Text {
            self.fault(
                at,
                format!("{pointer}: only_if chỉ dùng cho văn bản, đây là {}", kind.name()),
                format!("{pointer}: only_if is for texts, this is {}", kind.name()),
            );
        }
        let mut fixed =
            |value: &Option<toml::Value>| value.as_ref().and_then(|v| self.fixed(v, kind, at, pointer));
        let (constant, default) = (fixed(&spec.constant), fixed(&spec.default));
        LeafRule {
            sources,
            when: spec.when.as_ref().map(|w| self.cond(w, at, known)),
            convert: self.convert(spec, kind, pointer),
            constant,
            default,
            required: spec.required,
            only_if: spec.only_if,
        }
    }

    fn convert(&mut self, spec: &'s FieldSpec, kind: &Kind, pointer: &str) -> Convert {
        let at = spec.to.span().start;
        let day = *kind == Kind::Day;
        let dated = matches!(kind, Kind::Day | Kind::Instant);
        if let Some(name) = &spec.table {
            if spec.date.is_some() {
                self.fault(
                    at,
                    format!("{pointer}: chọn table hoặc date"),
                    format!("{pointer}: choose table or date"),
                );
            }
            return Convert::Table(self.table(name, kind, at, pointer));
        }
        if (spec.date.is_some() || spec.zone.is_some()) && !dated {
            self.fault(
                at,
                format!(
                    "{pointer} là {}, không phải ngày giờ; bỏ date và zone",
                    kind.name()
                ),
                format!("{pointer} is {}, not a date; remove date and zone", kind.name()),
            );
        }
        if !dated {
            return Convert::Plain(kind.clone());
        }
        let pattern = spec.date.as_deref().unwrap_or("rfc3339");
        let form = DateForm::parse(pattern, spec.zone.as_deref()).unwrap_or_else(|| {
            self.fault(
                at,
                format!("{pointer}: date phải là rfc3339 hoặc mẫu như yyyyMMddHHmmss, zone như +07:00"),
                format!("{pointer}: date is rfc3339 or a pattern like yyyyMMddHHmmss, zone like +07:00"),
            );
            DateForm::Rfc3339
        });
        Convert::Date { form, day }
    }

    fn table(&mut self, name: &'s str, kind: &Kind, at: usize, pointer: &str) -> Table {
        self.used_tables.insert(name);
        let spec = self.spec;
        let Some(rows) = spec.table.get(name) else {
            self.fault(
                at,
                format!("{pointer}: không có [table.{name}]; thêm bảng mã hoặc sửa tên"),
                format!("{pointer}: there is no [table.{name}]; add it, or correct the name"),
            );
            return Table {
                words: HashMap::new(),
                allowed: String::new(),
            };
        };
        let words = rows
            .iter()
            .filter_map(|(word, value)| Some((word.as_str().into(), self.fixed(value, kind, at, pointer)?)))
            .collect();
        let mut allowed: Vec<&str> = rows.keys().map(String::as_str).collect();
        allowed.sort_by_key(|w| (w.parse::<u32>().unwrap_or(u32::MAX), *w));
        Table {
            words,
            allowed: allowed.join(", "),
        }
    }

    /// A value written in the file, checked against what it is for.
    fn fixed(&mut self, value: &toml::Value, kind: &Kind, at: usize, pointer: &str) -> Option<Fixed> {
        let fixed = match (kind, value) {
            (Kind::Text, toml::Value::String(s)) => Some(Fixed::Text(s.as_str().into())),
            (Kind::Words(words), toml::Value::String(s)) => words
                .iter()
                .any(|w| **w == **s)
                .then(|| Fixed::Text(s.as_str().into())),
            (Kind::Whole { min, max }, toml::Value::Integer(n)) => {
                (min..=max).contains(&n).then_some(Fixed::Whole(*n))
            }
            (Kind::Flag, toml::Value::Boolean(b)) => Some(Fixed::Flag(*b)),
            _ => None,
        };
        if fixed.is_none() {
            let wanted = match kind {
                Kind::Words(words) => words.join(", "),
                other => other.name().to_owned(),
            };
            self.fault(
                at,
                format!("{pointer}: giá trị {value} không hợp; cần: {wanted}"),
                format!("{pointer}: the value {value} does not fit; it takes: {wanted}"),
            );
        }
        fixed
    }

    pub(super) fn cond(&mut self, spec: &'s WhenSpec, at: usize, known: &mut Known) -> Cond {
        let from = self.path(&spec.from, at);
        let place = known.follow(&from);
        let test = self.test(spec, at);
        if !matches!(test, Test::Present(_)) {
            place.leaf = true;
        }
        Cond { from, test }
    }

    /// What a condition asks.
    pub fn test(&mut self, spec: &WhenSpec, at: usize) -> Test {
        let words = |list: &Vec<String>| list.iter().map(|w| w.as_str().into()).collect();
        match (&spec.is, &spec.is_not, spec.present) {
            (Some(is), None, None) => Test::Is(words(is)),
            (None, Some(is_not), None) => Test::IsNot(words(is_not)),
            (None, None, Some(present)) => Test::Present(present),
            _ => {
                self.fault(
                    at,
                    "when cần đúng một trong is, is_not, present",
                    "when takes exactly one of is, is_not, present",
                );
                Test::Present(true)
            }
        }
    }
}
