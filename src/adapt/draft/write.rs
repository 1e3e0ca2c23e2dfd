//! A draft as a file: every guess on a line of its own, with a word on what it was guessed by.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::guess::{FieldGuess, Guesses, ListGuess};
use super::values::{self, Proposal, Words};
use crate::adapt::target::{Kind, Member, Target};

/// Words of a document that may be shown in a draft are codes: no longer than this, without many digits.
const WORD: usize = 24;
const DIGITS: usize = 3;

/// Code tables that rules of the draft use, with the words met that they do not have.
#[derive(Default)]
pub(super) struct Tables {
    used: BTreeMap<&'static str, (Words, BTreeSet<String>)>,
}

impl Tables {
    fn use_of(&mut self, proposal: &Proposal, met: &[String]) {
        let strange = values::strange(met, proposal.words);
        let table = self.used.entry(proposal.name).or_default();
        table.0 = proposal.words;
        table.1.extend(strange.into_iter().map(str::to_owned));
    }

    /// Their names, for `fold_case`.
    pub fn names(&self) -> Vec<String> {
        self.used.keys().map(|name| quoted(name)).collect()
    }

    pub fn write(&self, text: &mut String) {
        for (name, (words, strange)) in &self.used {
            push(
                text,
                &format!("\n# đoán | guess: nghĩa của từng từ | what each word means\n[table.{name}]\n"),
            );
            for (word, meaning) in *words {
                push(text, &format!("{} = {meaning}\n", quoted(word)));
            }
            let shown = |word: &&String| {
                let digits = word.bytes().filter(u8::is_ascii_digit).count();
                word.chars().count() <= WORD && digits <= DIGITS && !word.contains('@')
            };
            for word in strange.iter().filter(shown) {
                push(
                    text,
                    &format!(
                        "# TODO: từ này nghĩa gì? | what does this word mean? {} =\n",
                        quoted(word)
                    ),
                );
            }
        }
    }
}

/// The rules of a document under `[dossier]` or `[statuses]`.
pub(super) struct Rules<'a> {
    pub document: &'static str,
    pub members: &'a [Member],
    pub guesses: &'a Guesses,
}

impl Rules<'_> {
    /// `kept` and `field`, which stand right under the document.
    pub fn write_fields(&self, text: &mut String, tables: &mut Tables) {
        let kept = &self.guesses.kept;
        if !kept.is_empty() {
            push(
                text,
                "# Chưa có trường chuẩn, giữ kèm; xem lại từng trường | no canonical field was guessed: kept beside it; look at each\n",
            );
            push(text, "kept = [\n");
            for path in kept {
                push(text, &format!("    {},\n", quoted(path)));
            }
            push(text, "]\n");
        }
        push(text, "field = [\n");
        for field in &self.guesses.fields {
            let line = self.field(field, "", tables);
            push(text, &format!("    {line}\n"));
        }
        push(text, "]\n");
    }

    /// The lists, each a table of its own.
    pub fn write_lists(&self, text: &mut String, tables: &mut Tables) {
        for list in &self.guesses.lists {
            let place = format!("{}.list", self.document);
            self.list(list, &place, "", text, tables);
        }
    }

    fn list(&self, list: &ListGuess, place: &str, within: &str, text: &mut String, tables: &mut Tables) {
        push(text, &format!("\n# đoán theo tên | guess by name\n[[{place}]]\n"));
        push(
            text,
            &format!("to = {}\nfrom = {}\n", quoted(&list.to), quoted(&list.from)),
        );
        if let Some(mark) = &list.deleted {
            if let Some(proposal) = values::proposal("", true) {
                tables.use_of(&proposal, &[]);
            }
            push(
                text,
                &format!(
                    "when = {{ from = {}, table = \"boolean\", is_not = [\"true\"] }}\n",
                    quoted(mark)
                ),
            );
        }
        if !list.kept.is_empty() {
            let kept: Vec<String> = list.kept.iter().map(|path| quoted(path)).collect();
            push(text, &format!("kept = [{}]\n", kept.join(", ")));
        }
        let inside = format!("{within}{}[].", list.to);
        push(text, "field = [\n");
        for field in &list.fields {
            let line = self.field(field, &inside, tables);
            push(text, &format!("    {line}\n"));
        }
        push(text, "]\n");
        for inner in &list.lists {
            self.list(inner, &format!("{place}.list"), &inside, text, tables);
        }
    }

    /// A rule for one value, and what it was guessed by.
    fn field(&self, field: &FieldGuess, within: &str, tables: &mut Tables) -> String {
        let name = format!("{within}{}", field.to);
        let mut rule = format!("{{ to = {}", quoted(&field.to));
        if let Some(constant) = field.constant {
            return format!(
                "{rule}, constant = {} }}, # đoán | guess: không thấy trong mẫu, sửa nếu sai | not in the samples, correct it if it is wrong",
                quoted(constant)
            );
        }
        let from: Vec<String> = field.from.iter().map(|path| quoted(path)).collect();
        match from.as_slice() {
            [one] => push(&mut rule, &format!(", from = {one}")),
            several => push(&mut rule, &format!(", from = [{}]", several.join(", "))),
        }
        let kind = kind_of(self.members, &name);
        if let Some(present) = &field.present {
            let when = format!(", when = {{ from = {}, present = true }}", quoted(present));
            push(&mut rule, &when);
        }
        let mut by = vec!["tên | name"];
        by.extend(read_as(&mut rule, field, kind, &name, tables));
        if field.joined {
            push(&mut rule, ", join = \", \"");
        }
        if let Some(form) = field.only_if {
            push(&mut rule, &format!(", only_if = {}", quoted(form)));
        }
        if let Some(default) = field.default {
            push(&mut rule, &format!(", default = {}", quoted(default)));
            by.push("khi thiếu, sửa nếu sai | where it is missing, correct it if it is wrong");
        }
        if name == "occurred_at" {
            push(&mut rule, ", absent = \"receipt\"");
        }
        let values = if field.values.is_empty() {
            "; mẫu để trống | empty in the samples"
        } else {
            ""
        };
        format!("{rule} }}, # đoán theo | guess by {}{values}", by.join("; "))
    }
}

/// How a value of this kind is read, by the values met; says by what that was guessed.
fn read_as(
    rule: &mut String,
    field: &FieldGuess,
    kind: Option<&Kind>,
    name: &str,
    tables: &mut Tables,
) -> Option<&'static str> {
    let by_table = |tables: &mut Tables, rule: &mut String, is_flag: bool| {
        let proposal = values::proposal(name, is_flag)?;
        tables.use_of(&proposal, &field.values);
        push(rule, &format!(", table = {}", quoted(proposal.name)));
        Some("các từ | words")
    };
    match kind? {
        Kind::Instant | Kind::Day => {
            let forms = values::date_forms(&field.values, matches!(kind, Some(Kind::Day)));
            let said = match &forms {
                Some(forms) if !forms.is_empty() => "dạng ngày | form of the date",
                _ => "dạng ngày chưa rõ, sửa nếu sai | form of the date unknown, correct it if it is wrong",
            };
            let forms = forms
                .filter(|forms| !forms.is_empty())
                .unwrap_or_else(|| vec!["iso"]);
            let forms: Vec<String> = forms.into_iter().map(quoted).collect();
            match forms.as_slice() {
                [one] => push(rule, &format!(", date = {one}")),
                several => push(rule, &format!(", date = [{}]", several.join(", "))),
            }
            Some(said)
        }
        // Statuses are numbers with a table of their own.
        Kind::Whole { .. } if name == "status" || name == "reported_status" => by_table(tables, rule, false),
        Kind::Whole { .. } => {
            let suffix = values::number_suffix(&field.values)
                .map(|suffix| format!("{{ strip-suffix = {} }}", quoted(&suffix)));
            let example = values::number_example(&field.values)
                .map(|example| format!("{{ number = {} }}", quoted(example)));
            let steps: Vec<String> = suffix.into_iter().chain(example).collect();
            if steps.is_empty() {
                return None;
            }
            push(rule, &format!(", mend = [{}]", steps.join(", ")));
            Some("cách viết số | how the number is written")
        }
        Kind::Flag => by_table(tables, rule, true),
        Kind::Words(_) => by_table(tables, rule, false),
        Kind::Text | Kind::Content => None,
    }
}

/// What a canonical value is, by its name from the whole on.
fn kind_of<'m>(members: &'m [Member], name: &str) -> Option<&'m Kind> {
    let (head, rest) = name.split_once('.').unwrap_or((name, ""));
    let member = members.iter().find(|m| *m.name == *head.trim_end_matches("[]"))?;
    let target = match &member.target {
        Target::List { item, .. } => item.as_ref(),
        other => other,
    };
    match target {
        Target::Leaf(kind) => Some(kind),
        Target::Object(inner) => kind_of(inner, rest),
        Target::List { .. } => None,
    }
}

/// A text as the file writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A key as the file writes it.
pub(super) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn push(text: &mut String, more: &str) {
    // Writing into a text does not fail.
    let _ = text.write_str(more);
}
