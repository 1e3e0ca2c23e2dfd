//! Rules for single values: sources, code tables, dates, constants, conditions.

use super::Compiler;
use crate::adapt::dates::DateForm;
use crate::adapt::plan::{Ask, Cond, Convert, Fixed, Known, LeafRule, Path, Test, Words};
use crate::adapt::spec::{FieldSpec, Otherwise, WhenSpec};
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
        let mut kept = false;
        for source in &sources {
            let place = known.follow(source);
            place.leaf = true;
            kept |= place.kept;
        }
        self.hold_together(spec, kind, &sources, pointer);
        let mut fixed =
            |value: &Option<toml::Value>| value.as_ref().and_then(|v| self.fixed(v, kind, at, pointer));
        let (constant, default) = (fixed(&spec.constant), fixed(&spec.default));
        LeafRule {
            sources,
            when: spec.when.as_ref().map(|w| self.cond(w, at, known)),
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
            kept,
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
        if spec.constant.is_some() && (spec.table.is_some() || spec.date.is_some() || must.is_some()) {
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
        let dated = Dated::of(pointer.rsplit(['.', '/']).next().unwrap_or(pointer));
        Convert::Date { form, day, dated }
    }

    /// The rows of a code table in the order of messages, and whether its words are compared without case.
    fn rows(
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
        let mut rows: Vec<(&str, &toml::Value)> = rows.iter().map(|(w, v)| (w.as_str(), v)).collect();
        rows.sort_by_key(|(w, _)| (w.parse::<u32>().unwrap_or(u32::MAX), *w));
        let fold = spec.format.fold_case.iter().any(|t| t.get_ref() == name);
        Some((rows, fold))
    }

    /// Gathers words, and says which fold into one that means something else.
    fn words<T: PartialEq>(
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

    fn table(&mut self, name: &'s str, kind: &Kind, at: usize, pointer: &str) -> Words<Fixed> {
        let (rows, fold) = self.rows(name, at, pointer).unwrap_or_default();
        let words: Vec<(String, Fixed)> = rows
            .into_iter()
            .filter_map(|(word, value)| Some((word.to_owned(), self.fixed(value, kind, at, pointer)?)))
            .collect();
        self.words(words.into_iter(), fold, at, pointer)
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
        if spec.from.is_none() || spec.all.is_some() || spec.any.is_some() || spec.not.is_some() {
            self.fault(
                at,
                "when cần from; all, any và not chưa dùng được khi đọc",
                "when needs from; all, any and not cannot be used for reading yet",
            );
        }
        let from = self.path(spec.from.as_deref().unwrap_or("."), at);
        let place = known.follow(&from);
        let name = from.0.last().map_or("", |step| &*step.name.local);
        let (ask, shown) = match (&spec.is, &spec.is_not, spec.present) {
            (Some(is), None, None) => {
                let (ask, words) = self.question(spec, is, true, at);
                (ask, format!("{name} = {words}"))
            }
            (None, Some(is_not), None) => {
                let (ask, words) = self.question(spec, is_not, false, at);
                (ask, format!("{name} ≠ {words}"))
            }
            (None, None, Some(present)) => {
                self.plain_when(spec, at);
                let shown = if present { name.to_owned() } else { String::new() };
                (Ask::Present(present), shown)
            }
            _ => {
                self.one_of_three(at);
                (Ask::Present(true), String::new())
            }
        };
        if !matches!(ask, Ask::Present(_)) {
            place.leaf = true;
        }
        Cond { from, ask, shown }
    }

    /// A question about a word: which words there are, for which the rule counts, and what another one is; and the sender's words
    /// that the condition names.
    fn question(
        &mut self,
        spec: &'s WhenSpec,
        named: &'s [String],
        counts: bool,
        at: usize,
    ) -> (Ask, String) {
        let (mut words, mut fold) = (Vec::new(), spec.fold_case);
        if let Some(table) = &spec.table {
            let (rows, folds) = self.rows(table, at, "when").unwrap_or_default();
            fold |= folds;
            for word in named {
                if !rows.is_empty() && !rows.iter().any(|(_, value)| meaning(value) == *word) {
                    self.fault(
                        at,
                        format!("when: bảng {table} không có nghĩa {word}"),
                        format!("when: nothing in the table {table} means {word}"),
                    );
                }
            }
            for (word, value) in rows {
                words.push((word.to_owned(), named.contains(&meaning(value)) == counts));
            }
        } else {
            words.extend(named.iter().map(|word| (word.clone(), counts)));
        }
        for word in spec.among.iter().flatten().filter(|w| !named.contains(*w)) {
            words.push((word.clone(), !counts));
        }
        if spec.table.is_none() && spec.among.is_none() && spec.otherwise.is_none() {
            self.fault(
                at,
                "when không nói từ lạ thì sao: kể các từ có thể có (among, table), hoặc thêm otherwise = \"refuse\" hay \"warn\"",
                "when does not say what an unknown word is: name the words there are (among, table), or add otherwise = \"refuse\" or \"warn\"",
            );
        }
        let shown: Vec<&str> = words
            .iter()
            .filter(|(_, answer)| *answer == counts)
            .map(|(word, _)| word.as_str())
            .collect();
        let shown = shown.join(", ");
        let ask = Ask::Word {
            words: self.words(words.into_iter(), fold, at, "when"),
            absent: !counts,
            otherwise: spec.otherwise.unwrap_or(Otherwise::Refuse),
        };
        (ask, shown)
    }

    fn plain_when(&mut self, spec: &WhenSpec, at: usize) {
        if spec.table.is_some() || spec.among.is_some() || spec.otherwise.is_some() || spec.fold_case {
            self.fault(
                at,
                "table, among, otherwise, fold_case chỉ dùng khi when đọc một từ của đơn vị gửi (is, is_not)",
                "table, among, otherwise and fold_case belong to a when that reads a word of the sender (is, is_not)",
            );
        }
    }

    fn one_of_three(&mut self, at: usize) {
        self.fault(
            at,
            "when cần đúng một trong is, is_not, present",
            "when takes exactly one of is, is_not, present",
        );
    }

    /// What a condition asks of a value of the hub's own, whose words the model knows.
    pub fn test(&mut self, spec: &WhenSpec, at: usize) -> Test {
        self.plain_when(spec, at);
        let words = |list: &Vec<String>| list.iter().map(|w| w.as_str().into()).collect();
        match (&spec.is, &spec.is_not, spec.present) {
            (Some(is), None, None) => Test::Is(words(is)),
            (None, Some(is_not), None) => Test::IsNot(words(is_not)),
            (None, None, Some(present)) => Test::Present(present),
            _ => {
                self.one_of_three(at);
                Test::Present(true)
            }
        }
    }
}

/// A canonical value of a code table as a condition writes it.
fn meaning(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
