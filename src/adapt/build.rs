//! Makes a [`Filing`] of a canonical tree. Every problem is found in one pass; what the office calls a warning is a warning.

mod parts;
mod party;
mod report;

use std::fmt::Write as _;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::apply::{Applied, Canon};
use super::judged::{Judged, Stated};
use super::provenance::{Provenance, last_name, located};
use crate::domain::attachment::InlineFile;
use crate::domain::checks::{CheckInForce, Facts, Identified, broken};
use crate::domain::codes::{DossierCode, NotACode};
use crate::domain::dossier::{Channel, Filing};
use crate::domain::rejection::{Label, Problem, problems};
use crate::domain::status::Status;
use crate::domain::text::{self, Lines, NotAText, Text};
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::StatusReport;

/// An example of the official code, for messages.
const DOSSIER_CODE_FORM: &str = "H26.12-261120-0001";

/// A built value, or none with at least one problem, said here or before.
pub(super) struct Built<T> {
    pub value: Option<T>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
    /// What checks say of it.
    pub judged: Judged,
    /// The files whose content stood in the document.
    pub contents: Vec<InlineFile>,
}

/// Builds the filing. Paths are the sender's.
pub(super) fn filing<'c>(
    applied: &Applied<'_>,
    checks: impl FnOnce(Stated<'_>) -> Vec<CheckInForce<'c>>,
) -> Built<Filing> {
    let mut build = Build::default();
    let value = build.filing(&applied.canon);
    let checks = checks(Stated::of(&applied.canon));
    build.finish(value, applied, &checks)
}

/// Builds one status report. Paths are the sender's.
pub(super) fn status_report(applied: &Applied<'_>, checks: &[CheckInForce<'_>]) -> Built<StatusReport> {
    let mut build = Build::default();
    let value = build.report(&applied.canon);
    build.finish(value, applied, checks)
}

/// The sender's word for the party a field belongs to: its own place, or, where it has none, the field that names it.
fn whose(pointer: &str, provenance: &Provenance) -> String {
    let party = pointer.rsplit_once('/').map_or("", |(party, _)| party);
    let mut path = provenance.locate(party);
    if path == provenance.locate("") {
        path = provenance.locate(&format!("{party}/name"));
    }
    last_name(&path).to_owned()
}

/// Members of a canonical object.
type Members<'c, 't> = &'c [(&'t str, Canon<'t>)];

/// Why something is worth a look.
enum Doubt {
    Said(Problem),
    /// It is another identity number than stands at this pointer.
    Contradicts(String),
}

#[derive(Default)]
struct Build {
    /// Canonical JSON Pointer of the object being built.
    at: String,
    problems: Vec<(String, Problem)>,
    warnings: Vec<(String, Doubt)>,
    /// Persons whose identity number was read.
    identities: Vec<Identified>,
    /// Something wrong was met that had been said before.
    bad: bool,
    /// The files whose content stood in the document.
    contents: Vec<InlineFile>,
}

impl Build {
    fn finish<T>(self, value: Option<T>, applied: &Applied<'_>, checks: &[CheckInForce<'_>]) -> Built<T> {
        let provenance = &applied.provenance;
        let bad: Vec<String> = self.problems.iter().map(|(pointer, _)| pointer.clone()).collect();
        let broken = broken(
            checks,
            &Facts {
                root: &applied.canon,
                bad: &bad,
                identities: &self.identities,
                totals: &applied.totals,
            },
        );
        let told = |(pointer, problem): (String, Problem)| {
            let path = provenance.locate(&pointer);
            let field = match problem.label {
                Label::IdentityBirthMismatch | Label::IdentitySexMismatch => whose(&pointer, provenance),
                Label::FieldMissing | Label::FieldNeeded => provenance.names_of(&pointer),
                _ => last_name(&path).to_owned(),
            };
            problem.named(&field, path)
        };
        let locate = |pointer: &str| provenance.locate(pointer);
        let judged = Judged::of(broken, locate, |pointer, problem| told((pointer, problem)));
        let doubted = |(pointer, doubt): (String, Doubt)| match doubt {
            Doubt::Said(problem) => told((pointer, problem)),
            Doubt::Contradicts(other) => located(provenance.locate(&pointer), |field| {
                let other = &provenance.locate(&other);
                problems::IdentityContradicted { field, other }.into()
            }),
        };
        let sound = self.problems.is_empty() && !self.bad;
        Built {
            value: value.filter(|_| sound),
            problems: self.problems.into_iter().map(told).collect(),
            warnings: self.warnings.into_iter().map(doubted).collect(),
            judged,
            contents: self.contents,
        }
    }

    fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// A problem of the member `name`; what the sender calls it is put in at the end.
    fn problem(&mut self, name: &str, problem: impl Into<Problem>) {
        let pointer = self.pointer(name);
        self.problems.push((pointer, problem.into()));
    }

    /// The same, worth a look.
    fn warning(&mut self, name: &str, problem: impl Into<Problem>) {
        let pointer = self.pointer(name);
        self.warnings.push((pointer, Doubt::Said(problem.into())));
    }

    /// A warning that the identity number `name` contradicts `other`.
    fn contradiction(&mut self, name: &str, other: &str) {
        let (pointer, other) = (self.pointer(name), self.pointer(other));
        self.warnings.push((pointer, Doubt::Contradicts(other)));
    }

    /// The member `name`, when it is there and sound.
    fn get<'c, 't>(&mut self, o: Members<'c, 't>, name: &str) -> Option<&'c Canon<'t>> {
        match o.iter().find(|(n, _)| *n == name).map(|(_, c)| c) {
            Some(Canon::Bad) => {
                self.bad = true;
                None
            }
            found => found,
        }
    }

    /// As [`Build::get`], but it must be there.
    fn need<'c, 't>(&mut self, o: Members<'c, 't>, name: &str) -> Option<&'c Canon<'t>> {
        if o.iter().any(|(n, _)| *n == name) {
            return self.get(o, name);
        }
        self.problem(name, problems::FieldMissing { field: &name });
        None
    }

    fn text_of<const N: usize, const PROSE: bool>(
        &mut self,
        name: &str,
        canon: &Canon<'_>,
    ) -> Option<Text<N, PROSE>> {
        let Canon::Text(raw) = canon else {
            return self.clash(name);
        };
        match Text::parse(raw) {
            Ok(text) => {
                if text::hides(raw, Text::<N, PROSE>::LINES) {
                    self.warning(name, problems::TextCleaned { field: &name });
                }
                Some(text)
            }
            Err(why) => {
                self.problem(
                    name,
                    match why {
                        NotAText::Empty => Problem::from(problems::TextEmpty { field: &name }),
                        NotAText::TooLong(limit) => problems::TextLength {
                            field: &name,
                            limit: &limit,
                        }
                        .into(),
                        NotAText::Control => problems::ControlCharacter.into(),
                    },
                );
                None
            }
        }
    }

    fn text<const N: usize, const PROSE: bool>(
        &mut self,
        o: Members<'_, '_>,
        name: &str,
    ) -> Option<Text<N, PROSE>> {
        let canon = self.get(o, name)?;
        self.text_of(name, canon)
    }

    fn need_text<const N: usize, const PROSE: bool>(
        &mut self,
        o: Members<'_, '_>,
        name: &str,
    ) -> Option<Text<N, PROSE>> {
        let canon = self.need(o, name)?;
        self.text_of(name, canon)
    }

    /// The compiler has matched types already; a clash here would be a fault of ours, told as a wrong type.
    fn clash<T>(&mut self, name: &str) -> Option<T> {
        let wrong = problems::TypeWrong {
            field: &name,
            expected: &"…",
        };
        self.problem(name, wrong);
        None
    }

    fn code_of<T: FromStr<Err = NotACode>>(
        &mut self,
        name: &str,
        canon: &Canon<'_>,
        expected: &str,
    ) -> Option<T> {
        let Canon::Text(raw) = canon else {
            return self.clash(name);
        };
        let cleaned = text::clean(raw, Lines::One);
        match cleaned.as_deref().unwrap_or_default().parse() {
            Ok(code) => {
                if text::hides(raw, Lines::One) {
                    self.warning(name, problems::TextCleaned { field: &name });
                }
                Some(code)
            }
            Err(NotACode::CheckDigit) => {
                self.problem(name, problems::CheckDigitWrong { field: &name });
                None
            }
            Err(NotACode::Form | NotACode::Day) => {
                let problem: Problem = match cleaned {
                    Err(NotAText::Empty) => problems::TextEmpty { field: &name }.into(),
                    Err(NotAText::Control) => problems::ControlCharacter.into(),
                    _ => problems::CodeMalformed {
                        field: &name,
                        expected: &expected,
                    }
                    .into(),
                };
                self.problem(name, problem);
                None
            }
        }
    }

    fn code<T: FromStr<Err = NotACode>>(
        &mut self,
        o: Members<'_, '_>,
        name: &str,
        expected: &str,
    ) -> Option<T> {
        let canon = self.get(o, name)?;
        self.code_of(name, canon, expected)
    }

    fn word_of<'de, T: Deserialize<'de>>(&mut self, name: &str, canon: &'de Canon<'_>) -> Option<T> {
        let Canon::Text(raw) = canon else {
            return self.clash(name);
        };
        match T::deserialize(StrDeserializer::<WordError>::new(raw)) {
            Ok(word) => Some(word),
            Err(_) => self.clash(name),
        }
    }

    fn word<'de, T: Deserialize<'de>>(&mut self, o: Members<'de, '_>, name: &str) -> Option<T> {
        let canon = self.get(o, name)?;
        self.word_of(name, canon)
    }

    fn need_word<'de, T: Deserialize<'de>>(&mut self, o: Members<'de, '_>, name: &str) -> Option<T> {
        let canon = self.need(o, name)?;
        self.word_of(name, canon)
    }

    fn whole(&mut self, o: Members<'_, '_>, name: &str) -> Option<i64> {
        match self.get(o, name)? {
            Canon::Whole(n) => Some(*n),
            _ => self.clash(name),
        }
    }

    fn status(&mut self, o: Members<'_, '_>, name: &str) -> Option<Status> {
        // The range of the model is 1 to 10, checked when the number was read.
        self.whole(o, name)
            .and_then(|n| u8::try_from(n).ok())
            .and_then(Status::from_code)
    }

    fn flag(&mut self, o: Members<'_, '_>, name: &str) -> bool {
        match self.get(o, name) {
            Some(Canon::Flag(b)) => *b,
            Some(_) => self.clash(name).unwrap_or_default(),
            None => false,
        }
    }

    fn instant(&mut self, o: Members<'_, '_>, name: &str) -> Option<Timestamp> {
        match self.get(o, name)? {
            Canon::Instant(at) => Some(*at),
            _ => self.clash(name),
        }
    }

    fn day(&mut self, o: Members<'_, '_>, name: &str) -> Option<Date> {
        match self.get(o, name)? {
            Canon::Day(day) => Some(*day),
            _ => self.clash(name),
        }
    }

    /// Builds inside `name`.
    fn inside<T>(
        &mut self,
        name: &str,
        canon: &Canon<'_>,
        make: impl FnOnce(&mut Self, Members<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let Canon::Object(members) = canon else {
            return self.clash(name);
        };
        let length = self.at.len();
        self.at.push('/');
        self.at.push_str(name);
        let made = make(self, members);
        self.at.truncate(length);
        made
    }

    fn part<T>(
        &mut self,
        o: Members<'_, '_>,
        name: &str,
        make: impl FnOnce(&mut Self, Members<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let canon = self.get(o, name)?;
        self.inside(name, canon, make)
    }

    fn need_part<T>(
        &mut self,
        o: Members<'_, '_>,
        name: &str,
        make: impl FnOnce(&mut Self, Members<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let canon = self.need(o, name)?;
        self.inside(name, canon, make)
    }

    fn list<T>(
        &mut self,
        o: Members<'_, '_>,
        name: &str,
        make: impl Fn(&mut Self, Members<'_, '_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(canon) = self.get(o, name) else {
            return Vec::new();
        };
        let Canon::List(items) = canon else {
            return self.clash(name).unwrap_or_default();
        };
        let length = self.at.len();
        // Writing to a String cannot fail.
        let _ = write!(self.at, "/{name}");
        let mut number = String::new();
        let mut made = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            number.clear();
            let _ = write!(number, "{i}");
            made.extend(self.inside(&number, item, &make));
        }
        self.at.truncate(length);
        made
    }

    fn filing(&mut self, canon: &Canon<'_>) -> Option<Filing> {
        let Canon::Object(o) = canon else {
            self.bad = true;
            return None;
        };
        let reference = self.need_text(o, "reference");
        let dossier_code = self.code::<DossierCode>(o, "dossier_code", DOSSIER_CODE_FORM);
        let foreign_codes = self.list(o, "foreign_codes", Self::foreign_code);
        let procedure = self.need_part(o, "procedure", Self::procedure);
        let channel = self.need_word::<Channel>(o, "channel");
        let assisted_by_agent = self.flag(o, "assisted_by_agent");
        let filed_at = self.need(o, "filed_at").and_then(|_| self.instant(o, "filed_at"));
        let reported_status = self.status(o, "reported_status");
        let reported_text = self.text(o, "reported_text");
        let received_at = self.instant(o, "received_at");
        let promised_due = self.instant(o, "promised_due");
        let place = self.part(o, "place", Self::place);
        let applicant = self.need_part(o, "applicant", Self::party);
        let owner = self.part(o, "owner", Self::party);
        let authorised_person = self.part(o, "authorised_person", Self::party);
        let summary = self.text(o, "summary");
        let components = self.list(o, "components", Self::component);
        let fees = self.list(o, "fees", Self::fee);
        let result_return = self.part(o, "result_return", Self::result_return);
        let foreign_values = self.list(o, "foreign_values", Self::foreign_value);
        let is_test = self.flag(o, "is_test");
        Some(Filing {
            reference: reference?,
            dossier_code,
            foreign_codes,
            procedure: procedure?,
            channel: channel?,
            assisted_by_agent,
            filed_at: filed_at?,
            reported_status,
            reported_text,
            received_at,
            promised_due,
            place,
            applicant: applicant?,
            owner,
            authorised_person,
            summary,
            components,
            fees,
            result_return,
            foreign_values,
            is_test,
        })
    }
}
