//! Rules for single values: sources, code tables, dates, constants.

use super::Compiler;
use crate::adapt::dates::DateForm;
use crate::adapt::plan::{Convert, Fixed, Known, LeafRule, Meaning, Path, Words};
use crate::adapt::spec::{FieldSpec, Otherwise};
use crate::adapt::target::Kind;
use crate::domain::plausible::Dated;

impl<'s> Compiler<'s> {
    pub(super) fn leaf(
        &mut self,
        spec: &'s FieldSpec,
        (kind, longest): (&Kind, Option<usize>),
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
        let mut aside = false;
        for source in &sources {
            aside |= self.reads(source, at, known);
        }
        self.hold_together(spec, kind, &sources, pointer);
        if *kind == Kind::Content {
            let names = sources.iter().filter_map(|path| path.steps.last());
            self.contents.extend(names.map(|step| step.name.local.clone()));
        }
        let mut fixed =
            |value: &Option<toml::Value>| value.as_ref().and_then(|v| self.fixed(v, kind, at, pointer));
        let (constant, default) = (fixed(&spec.constant), fixed(&spec.default));
        LeafRule {
            sources,
            when: spec.when.as_ref().map(|w| self.cond(w, at, known)),
            clean: self.cleaners(&spec.clean, at),
            mend: self.cleaners(&spec.mend, at),
            convert: self.convert(spec, kind, pointer),
            constant,
            default,
            missing: spec.required.otherwise(),
            only_if: spec.only_if,
            max: spec.max,
            longest,
            join: spec.join.as_deref().map(Box::from),
            set_aside: spec.otherwise == Some(Otherwise::Warn),
            except_if: spec.except_if,
            aside,
        }
    }

    /// Tells of what a field says that does not go together.
    fn hold_together(&mut self, spec: &FieldSpec, kind: &Kind, sources: &[Path], pointer: &str) {
        let at = spec.to.span().start;
        if sources.is_empty() == spec.constant.is_none() {
            self.fault(
                at,
                format!("{pointer}: cần đúng một trong from và constant"),
                format!("{pointer}: give either from or constant"),
            );
        }
        let must = spec.required.otherwise();
        if spec.constant.is_some() && (spec.table.is_some() || spec.is_dated() || must.is_some()) {
            self.fault(
                at,
                format!("{pointer}: constant không đi cùng table, date hay required"),
                format!("{pointer}: constant does not go with table, date or required"),
            );
        }
        for (is_there, word) in [
            (spec.only_if.is_some(), "only_if"),
            (spec.except_if.is_some(), "except_if"),
            (spec.max.is_some(), "max"),
            (spec.join.is_some(), "join"),
        ] {
            if is_there && *kind != Kind::Text {
                self.fault(
                    at,
                    format!("{pointer}: {word} chỉ dùng cho văn bản, đây là {}", kind.name()),
                    format!("{pointer}: {word} is for texts, this is {}", kind.name()),
                );
            }
        }
        if spec.join.is_none() && sources.iter().any(Path::is_manifold) {
            self.fault(
                at,
                format!("{pointer}: a[] dẫn tới nhiều giá trị; thêm join, hoặc dùng [[…list]]"),
                format!("{pointer}: a[] leads to several values; add join, or use [[…list]]"),
            );
        }
        if spec.absent.is_some() && *kind != Kind::Instant {
            self.fault(
                at,
                format!(
                    "{pointer}: absent = \"receipt\" chỉ dùng cho ngày giờ, đây là {}",
                    kind.name()
                ),
                format!(
                    "{pointer}: absent = \"receipt\" is for a date and time, this is {}",
                    kind.name()
                ),
            );
        }
        if spec.otherwise == Some(Otherwise::Refuse) {
            self.fault(
                at,
                format!("{pointer}: giá trị không đọc được luôn bị từ chối; bỏ otherwise, hoặc viết \"warn\""),
                format!("{pointer}: a value that cannot be read is refused anyway; remove otherwise, or write \"warn\""),
            );
        }
    }

    fn convert(&mut self, spec: &'s FieldSpec, kind: &Kind, pointer: &str) -> Convert {
        let at = spec.to.span().start;
        let day = *kind == Kind::Day;
        let dated = matches!(kind, Kind::Day | Kind::Instant);
        if let Some(name) = &spec.table {
            if spec.is_dated() {
                self.fault(
                    at,
                    format!("{pointer}: chọn table hoặc date"),
                    format!("{pointer}: choose table or date"),
                );
            }
            return Convert::Table(self.table(name, kind, at, pointer));
        }
        if (spec.is_dated() || spec.zone.is_some()) && !dated {
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
        let named = spec.date.as_slice();
        let patterns = if named.is_empty() {
            &["rfc3339".to_owned()][..]
        } else {
            named
        };
        let mut forms = Vec::new();
        for pattern in patterns {
            match DateForm::parse(pattern, spec.zone.as_deref()) {
                Ok(form) => forms.push(form),
                Err(why) => {
                    let (vi, en) = why.said(pattern);
                    self.fault(at, format!("{pointer}: {vi}"), format!("{pointer}: {en}"));
                }
            }
        }
        if forms.is_empty() {
            forms.push(DateForm::Rfc3339);
        }
        let dated = Dated::of(pointer.rsplit(['.', '/']).next().unwrap_or(pointer));
        Convert::Date { forms, day, dated }
    }

    /// The rows of a code table in the order of messages, and whether its words are compared without case.
    pub(super) fn rows(
        &mut self,
        name: &'s str,
        at: usize,
        pointer: &str,
    ) -> Option<(Vec<(&'s str, &'s toml::Value)>, bool)> {
        self.used_tables.insert(name);
        let spec = self.spec;
        let Some(rows) = spec.table.get(name) else {
            self.fault(
                at,
                format!("{pointer}: không có [table.{name}]; thêm bảng mã hoặc sửa tên"),
                format!("{pointer}: there is no [table.{name}]; add it, or correct the name"),
            );
            return None;
        };
        if !self.has_room(rows.len(), at) {
            return None;
        }
        let mut rows: Vec<(&str, &toml::Value)> = rows.iter().map(|(w, v)| (w.as_str(), v)).collect();
        rows.sort_by_key(|(w, _)| (w.parse::<u32>().unwrap_or(u32::MAX), *w));
        let fold = spec.format.fold_case.iter().any(|t| t.get_ref() == name);
        Some((rows, fold))
    }

    /// Gathers words, and says which fold into one that means something else.
    pub(super) fn words<T: PartialEq>(
        &mut self,
        words: impl Iterator<Item = (String, T)>,
        fold: bool,
        at: usize,
        pointer: &str,
    ) -> Words<T> {
        let (words, double) = Words::of(words, fold);
        for word in double {
            self.fault(
                at,
                format!("{pointer}: không phân biệt hoa thường thì {word} trùng với một từ có nghĩa khác"),
                format!("{pointer}: without case {word} is the same as a word that means something else"),
            );
        }
        words
    }

    fn table(&mut self, name: &'s str, kind: &Kind, at: usize, pointer: &str) -> Words<Meaning> {
        let (rows, fold) = self.rows(name, at, pointer).unwrap_or_default();
        let mut other = None;
        let mut words: Vec<(String, Meaning)> = Vec::new();
        for (word, value) in rows {
            let Some(meaning) = self.meaning(name, word, value, kind, at, pointer) else {
                continue;
            };
            if word == OTHER {
                other = Some(meaning);
            } else {
                words.push((word.to_owned(), meaning));
            }
        }
        let mut words = self.words(words.into_iter(), fold, at, pointer);
        words.other = other;
        words
    }

    /// What a word of a table means: a value, nothing, or a refusal with a sentence.
    fn meaning(
        &mut self,
        table: &str,
        word: &str,
        value: &toml::Value,
        kind: &Kind,
        at: usize,
        pointer: &str,
    ) -> Option<Meaning> {
        let toml::Value::Table(said) = value else {
            if word == OTHER && pointer == "status" {
                self.fault(
                    at,
                    format!("bảng {table}: từ lạ không bao giờ được coi là một trạng thái; viết \"*\" = {{ nothing = true }} hoặc bỏ đi"),
                    format!("the table {table}: an unknown word is never taken for a status; write \"*\" = {{ nothing = true }}, or remove it"),
                );
                return None;
            }
            return self.fixed(value, kind, at, pointer).map(Meaning::Is);
        };
        let text = |key: &str| said.get(key).and_then(toml::Value::as_str);
        match (
            said.len(),
            said.get("nothing"),
            text("refuse_vi"),
            text("refuse_en"),
        ) {
            (1, Some(toml::Value::Boolean(true)), ..) => Some(Meaning::Nothing),
            (2, None, Some(vi), Some(en)) => Some(Meaning::Refused(vi.into(), en.into())),
            _ => {
                self.fault(
                    at,
                    format!("bảng {table}, từ {word}: viết một giá trị, {{ nothing = true }}, hoặc {{ refuse_vi = \"…\", refuse_en = \"…\" }}"),
                    format!("the table {table}, the word {word}: write a value, {{ nothing = true }}, or {{ refuse_vi = \"…\", refuse_en = \"…\" }}"),
                );
                None
            }
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
            (Kind::Whole { min, max, .. }, toml::Value::Integer(n)) => {
                (min..=max).contains(&n).then_some(Fixed::Whole(*n))
            }
            (Kind::Flag, toml::Value::Boolean(b)) => Some(Fixed::Flag(*b)),
            _ => None,
        };
        if fixed.is_none() {
            let wanted = match kind {
                Kind::Words(words) => words.join(", "),
                Kind::Whole { min, max, .. } => format!("{min}…{max}"),
                Kind::Flag => "true, false".to_owned(),
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
}

/// The word of a code table that stands for every other one.
pub(in crate::adapt) const OTHER: &str = "*";
