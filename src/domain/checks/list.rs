//! Checks as rows of a list: those for every dossier, which come with the hub, and those of a directory.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use super::check::Check;
use super::limits;
use super::rule::{CheckRule, CheckRuleFault};
use super::words::{CheckName, CheckSeverity, CheckedDocument, OwnSentence};
use crate::domain::codes::ProcedureCode;
use crate::domain::routing::table::{self, Dated, DirectoryFault, Period, Row, Rows, in_force};
use crate::domain::text::Text;
use crate::domain::time::Date;

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Of which procedure; of every one where there is none.
    pub procedure: Option<ProcedureCode>,
    /// Its name.
    pub name: CheckName,
    /// What it looks at.
    pub document: CheckedDocument,
    /// How much it weighs.
    pub severity: CheckSeverity,
    /// The check; none where the row only weighs another one of this name anew.
    pub check: Option<Check>,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

impl Requirement {
    /// As a finding names it: `1.004873 to-khai`.
    pub fn named(&self) -> String {
        let procedure = self.procedure.as_ref().map_or("*", ProcedureCode::as_str);
        format!("{procedure} {}", self.name)
    }
}

impl Dated for Requirement {
    fn period(&self) -> Period {
        (self.valid_from, self.valid_to)
    }
}

type RowKey = (Option<ProcedureCode>, CheckedDocument, CheckName);

/// The rows of a list, found by procedure.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    rows: Vec<Requirement>,
    every: Vec<usize>,
    of_procedure: HashMap<ProcedureCode, Vec<usize>>,
}

impl Requirements {
    /// The file of a directory.
    pub const FILE: &'static str = "requirements.csv";

    /// Its columns.
    const COLUMNS: [&'static str; 12] = [
        "procedure",
        "document",
        "name",
        "rule",
        "arguments",
        "severity",
        "vi",
        "en",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];

    /// Reads a list; `file` is its name in faults.
    pub(in crate::domain) fn read(file: &str, text: &str, faults: &mut Vec<DirectoryFault>) -> Requirements {
        let read: Rows<RowKey, Requirement> =
            table::read_dated(file, text, &Self::COLUMNS, faults, requirement);
        let mut list = Requirements::default();
        for row in read.iter() {
            let place = list.rows.len();
            let rows = match &row.procedure {
                Some(procedure) => list.of_procedure.entry(procedure.clone()).or_default(),
                None => &mut list.every,
            };
            rows.push(place);
            if rows.len() == limits::PER_PROCEDURE + 1 {
                let (limit, name) = (limits::PER_PROCEDURE, row.named());
                faults.push(DirectoryFault {
                    file: file.to_owned(),
                    line: 0,
                    message_vi: format!("một thủ tục có nhiều nhất {limit} quy tắc; từ {name} trở đi là thừa, bỏ bớt"),
                    message_en: format!("a procedure has at most {limit} checks; those from {name} on are too many, remove some"),
                });
            }
            list.rows.push(row.clone());
        }
        list
    }

    /// Every row, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.rows.iter()
    }

    /// Those for every dossier, whatever their days.
    pub(super) fn every(&self, document: CheckedDocument) -> impl Iterator<Item = &Requirement> {
        let rows = self.every.iter().filter_map(|&place| self.rows.get(place));
        rows.filter(move |row| row.document == document)
    }

    /// Those that hold on a day: first for every procedure, then for this one.
    pub(super) fn on(
        &self,
        document: CheckedDocument,
        procedure: Option<&ProcedureCode>,
        on: Date,
    ) -> impl Iterator<Item = &Requirement> {
        let own = procedure.and_then(|code| self.of_procedure.get(code));
        let own = own.map_or(&[][..], Vec::as_slice).iter();
        let own = own.filter_map(|&place| self.rows.get(place));
        let all = self
            .every(document)
            .chain(own.filter(move |row| row.document == document));
        all.filter(move |row| in_force(row.valid_from, row.valid_to, on))
    }
}

/// The checks of every dossier, which come with the hub.
pub fn shipped() -> &'static Requirements {
    static SHIPPED: OnceLock<Requirements> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        // A test reads it without a fault.
        let text = include_str!("../../../schema/checks.csv");
        Requirements::read("checks.csv", text, &mut Vec::new())
    })
}

fn requirement(row: &mut Row<'_>) -> Option<(RowKey, Requirement)> {
    let procedure = match row.cell("procedure") {
        "*" => Some(None),
        _ => row.value::<ProcedureCode>("procedure", "* | N.NNNNNN").map(Some),
    };
    let (document, name) = (
        row.word("document", &CheckedDocument::WORDS),
        row.value::<CheckName>("name", CheckName::FORM),
    );
    let severity = row.word("severity", &CheckSeverity::WORDS);
    let sentence = sentence(row);
    let (period, provisional) = (row.period(), row.flag("provisional"));
    let rule = match document {
        Some(document) => rule(row, document),
        None => None,
    };
    let ((valid_from, valid_to), name, document) = (period?, name?, document?);
    let (severity, sentence) = (severity?, sentence?);
    let check = rule?.map(|rule| Check {
        name: name.clone(),
        document,
        rule,
        severity,
        sentence,
    });
    let requirement = Requirement {
        procedure: procedure?,
        name: name.clone(),
        document,
        severity,
        check,
        valid_from,
        valid_to,
        provisional: provisional?,
    };
    Some(((requirement.procedure.clone(), document, name), requirement))
}

/// The rule of a row; none inside where the row only weighs another one anew.
fn rule(row: &mut Row<'_>, document: CheckedDocument) -> Option<Option<CheckRule>> {
    let (word, cell) = (row.cell("rule").to_owned(), row.cell("arguments").to_owned());
    if word.is_empty() && cell.is_empty() && row.cell("vi").is_empty() {
        return Some(None);
    }
    let mut arguments = BTreeMap::new();
    for argument in cell.split(';').map(str::trim).filter(|one| !one.is_empty()) {
        let Some((name, value)) = argument.split_once('=') else {
            row.wrong("arguments", "name=a|b; name=c");
            return None;
        };
        if arguments
            .insert(name.trim().to_owned(), value.trim().to_owned())
            .is_some()
        {
            row.wrong("arguments", "name=a|b; name=c");
            return None;
        }
    }
    match CheckRule::parse(document, &word, &arguments) {
        Ok(CheckRule::FeesTotal) => {
            row.fault(
                "fees-total cần tổng mà định dạng ghi; chỉ đặt trong adapter.toml".to_owned(),
                "fees-total needs the total that a format gives; it stands in an adapter.toml only"
                    .to_owned(),
            );
            None
        }
        Ok(rule) => Some(Some(rule)),
        Err(CheckRuleFault { vi, en }) => {
            row.fault(vi, en);
            None
        }
    }
}

/// The sentence of a row's own: in both languages or none.
fn sentence(row: &mut Row<'_>) -> Option<Option<OwnSentence>> {
    if row.cell("vi").is_empty() && row.cell("en").is_empty() {
        return Some(None);
    }
    let sentences = (row.cell("vi").parse(), row.cell("en").parse());
    let (Ok(vi), Ok(en)): (Result<Sentence, _>, Result<Sentence, _>) = sentences else {
        let characters = limits::SENTENCE;
        row.fault(
            format!("vi và en phải cùng có, mỗi câu 1–{characters} ký tự"),
            format!("vi and en go together, each of 1 to {characters} characters"),
        );
        return None;
    };
    Some(Some(OwnSentence {
        vi: vi.into(),
        en: en.into(),
    }))
}

type Sentence = Text<{ limits::SENTENCE }>;
