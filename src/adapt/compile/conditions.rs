//! Conditions of rules: what they ask of the sender's document, and of the hub's own values.

use super::Compiler;
use super::values::OTHER;
use crate::adapt::plan::{Ask, Cond, Known, Question, Start, Test};
use crate::adapt::spec::{Otherwise, WhenSpec};

impl<'s> Compiler<'s> {
    pub(super) fn cond(&mut self, spec: &'s WhenSpec, at: usize, known: &mut Known) -> Cond {
        let alone =
            spec.from.is_none() && spec.is.is_none() && spec.is_not.is_none() && spec.present.is_none();
        let mut several = |specs: &'s Vec<WhenSpec>| specs.iter().map(|s| self.cond(s, at, known)).collect();
        let cond = match (&spec.all, &spec.any, &spec.not, &spec.from) {
            (Some(all), None, None, None) if alone && !all.is_empty() => Cond::All(several(all)),
            (None, Some(any), None, None) if alone && !any.is_empty() => Cond::Any(several(any)),
            (None, None, Some(not), None) if alone => Cond::Not(Box::new(self.cond(not, at, known))),
            (None, None, None, Some(from)) => return Cond::Ask(self.asked(spec, from, at, known)),
            _ => {
                self.fault(
                    at,
                    "when cần đúng một trong from, all, any, not: { from = \"…\", is = [\"…\"] }, { all = [{…}, {…}] }, { any = [{…}, {…}] }, { not = {…} }",
                    "when takes exactly one of from, all, any, not: { from = \"…\", is = [\"…\"] }, { all = [{…}, {…}] }, { any = [{…}, {…}] }, { not = {…} }",
                );
                Cond::All(Vec::new())
            }
        };
        self.plain_when(spec, at);
        cond
    }

    fn asked(&mut self, spec: &'s WhenSpec, from: &str, at: usize, known: &mut Known) -> Question {
        let from = self.path(from, at);
        let name = from.steps.last().map_or("", |step| &*step.name.local);
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
        match ask {
            // Whether something is there may be asked of a structure, which is then known by what is read inside.
            Ask::Present(_) if from.start == Start::Here => {
                known.follow(&from);
            }
            Ask::Present(_) => {
                let steps = self.absolute(&from, at);
                self.outside.push((steps, Known::default()));
            }
            Ask::Word { .. } => {
                self.reads(&from, at, known);
            }
        }
        Question { from, ask, shown }
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
            for (word, value) in rows.into_iter().filter(|(word, _)| *word != OTHER) {
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
