//! Which checks a document breaks.
//!
//! A rule whose fields are missing or could not be read says nothing: what is wrong with them is told by whoever read them.

use std::cell::OnceCell;

use super::check::Check;
use super::facts::{FactNode, FactValue, Facts};
use super::field::{FieldPath, Instance, Place};
use super::papers::{CopyKind, FiledPaper, PaperMatch, filed};
use super::rule::{CheckRule, FieldCondition, Holds};
use super::standing::CheckInForce;
use super::told::{Broken, BrokenPlace, Said};
use crate::domain::dossier::{FeeKind, Sex};
use crate::domain::text;
use crate::domain::time::{Date, Timestamp};

/// Everything that a document breaks of these checks, in their order.
pub fn broken<N: FactNode>(checks: &[CheckInForce<'_>], facts: &Facts<'_, N>) -> Vec<Broken> {
    let judge = Judge {
        facts,
        papers: OnceCell::new(),
    };
    let mut all = Vec::new();
    for CheckInForce { check, severity } in checks {
        let told = judge.rule(check).into_iter().map(|(place, said)| Broken {
            check: check.name.clone(),
            severity: *severity,
            place,
            said,
            sentence: check.sentence.clone(),
        });
        all.extend(told);
    }
    all
}

type Found = Vec<(BrokenPlace, Said)>;

struct Judge<'f, 'a, N> {
    facts: &'f Facts<'a, N>,
    /// The papers, read once for all rules and only where one asks; none where one of them could not be.
    papers: OnceCell<Option<Vec<FiledPaper>>>,
}

/// One place of a rule, and what is wrong there.
fn at(pointer: impl Into<String>, said: Said) -> (BrokenPlace, Said) {
    (BrokenPlace::Canonical(pointer.into()), said)
}

impl<'a, N: FactNode> Judge<'_, 'a, N> {
    fn rule(&self, check: &Check) -> Found {
        match &check.rule {
            CheckRule::DatesInOrder { earlier, later } => self.dates(earlier, later),
            CheckRule::FeesTotal => self.total(check),
            CheckRule::FeeRange {
                kind,
                codes,
                least,
                most,
            } => self.range(*kind, codes, (*least, *most)),
            CheckRule::IdentityAgrees => self.identities(),
            CheckRule::AuthorisationPaper(paper) => self.authorisation(paper),
            CheckRule::PaperRequired { paper, when } => self.paper(paper, when.as_ref()),
            CheckRule::CopiesAtLeast { paper, kind, least } => self.copies(paper, *kind, *least),
            CheckRule::FieldRequired { fields, when } => self.required(fields, when.as_ref()),
            CheckRule::FieldForbidden { field, when } => self.forbidden(field, when),
        }
    }

    /// Whether what stands at a place could not be read.
    fn is_bad(&self, place: &Place<'_, N>) -> bool {
        place.found.is_some_and(|node| node.value() == FactValue::Bad) || self.facts.is_bad(&place.pointer)
    }

    /// The day or moment at a place, where one can be read.
    fn when(&self, place: &Place<'_, N>) -> Option<When> {
        if self.is_bad(place) {
            return None;
        }
        match place.found?.value() {
            FactValue::Moment(at) => Some(When::Moment(at)),
            FactValue::Day(day) => Some(When::Day(day)),
            FactValue::Text(text) => {
                let moment = text.parse().ok().map(When::Moment);
                moment.or_else(|| text.parse().ok().map(When::Day))
            }
            _ => None,
        }
    }

    fn dates(&self, earlier: &FieldPath, later: &FieldPath) -> Found {
        let beside = later.is_beside(earlier);
        let mut found = Found::new();
        for instance in later.instances(self.facts) {
            let first = match beside {
                true => instance.places(self.facts, earlier),
                false => earlier.places(self.facts),
            };
            for second in instance.places(self.facts, later) {
                let Some(is) = self.when(&second) else { continue };
                let before =
                    |first: &&Place<'_, N>| self.when(first).is_some_and(|first| is.is_before(first));
                let Some(first) = first.iter().find(before) else {
                    continue;
                };
                let said = match (earlier.as_str(), later.as_str()) {
                    ("filed_at", "received_at") => Said::ReceiptEarly,
                    ("filed_at" | "received_at", "promised_due") => Said::PromiseEarly,
                    _ => Said::OutOfOrder {
                        earlier: first.pointer.clone(),
                    },
                };
                found.push(at(second.pointer, said));
            }
        }
        found
    }

    /// The items of `fees`; none where something about them could not be read.
    fn fees(&self) -> Option<&'a [N]> {
        if self.facts.is_bad("/fees") {
            return None;
        }
        match self.facts.root.member("fees") {
            None => Some(&[]),
            Some(list) if list.value() == FactValue::List => Some(list.items()),
            Some(_) => None,
        }
    }

    fn total(&self, check: &Check) -> Found {
        let stated = self.facts.totals.iter().find(|total| total.check == check.name);
        let (Some(stated), Some(fees)) = (stated, self.fees()) else {
            return Found::new();
        };
        let amounts: Option<Vec<i64>> = fees.iter().map(amount).collect();
        let Some(amounts) = amounts else {
            return Found::new();
        };
        let sum = amounts.iter().fold(0, |sum: i64, one| sum.saturating_add(*one));
        if sum == stated.amount_vnd {
            return Found::new();
        }
        let total = stated.amount_vnd;
        vec![(
            BrokenPlace::Sender(stated.path.clone()),
            Said::TotalDiffers { total, sum },
        )]
    }

    fn range(&self, kind: Option<FeeKind>, codes: &[String], (least, most): (i64, i64)) -> Found {
        let word = kind.map(|kind| match kind {
            FeeKind::Fee => "fee",
            FeeKind::Charge => "charge",
        });
        let mut found = Found::new();
        for (n, fee) in self.fees().unwrap_or_default().iter().enumerate() {
            let is = |name: &str| match fee.member(name).map(FactNode::value) {
                Some(FactValue::Text(text)) => Some(text.trim()),
                _ => None,
            };
            let meant = word.is_none_or(|word| is("kind") == Some(word))
                && (codes.is_empty() || is("code").is_some_and(|code| codes.iter().any(|one| one == code)));
            if meant && amount(fee).is_some_and(|amount| amount < least || amount > most) {
                found.push(at(
                    format!("/fees/{n}/amount_vnd"),
                    Said::OutOfRange { least, most },
                ));
            }
        }
        found
    }

    fn identities(&self) -> Found {
        let mut found = Found::new();
        for person in self.facts.identities {
            let year = person.number.birth_year();
            if let (Some(year), Some(birth)) = (year, person.birth_date)
                && year != birth.year()
            {
                found.push(at(format!("{}/birth_date", person.party), Said::BirthMismatch));
            }
            if let (Some(male), Some(sex)) = (person.number.is_male(), person.sex)
                && male != (sex == Sex::Male)
            {
                found.push(at(format!("{}/sex", person.party), Said::SexMismatch));
            }
        }
        found
    }

    fn papers(&self) -> Option<&[FiledPaper]> {
        let papers = self.papers.get_or_init(|| filed(self.facts));
        papers.as_deref()
    }

    fn authorisation(&self, paper: &PaperMatch) -> Found {
        let person = self.facts.root.member("authorised_person");
        let acts = person.is_some_and(|person| person.value() != FactValue::Bad);
        if acts && self.lacks(paper) {
            return vec![at("/authorised_person", Said::NoAuthorisation)];
        }
        Found::new()
    }

    fn paper(&self, paper: &PaperMatch, when: Option<&FieldCondition>) -> Found {
        let asked = when.is_none_or(|when| {
            let places = when.field.places(self.facts);
            self.holds(when, &places).is_some()
        });
        if asked && self.lacks(paper) {
            let paper = paper.shown.clone();
            return vec![at("/components", Said::NoPaper { paper })];
        }
        Found::new()
    }

    /// Whether it is known that no such paper is there.
    fn lacks(&self, paper: &PaperMatch) -> bool {
        let papers = self.papers();
        papers.is_some_and(|papers| !papers.iter().any(|one| paper.means(one)))
    }

    fn copies(&self, paper: &PaperMatch, kind: CopyKind, least: i64) -> Found {
        let papers = self.papers().unwrap_or_default().iter();
        let meant: Vec<&FiledPaper> = papers.filter(|one| paper.means(one)).collect();
        let Some(first) = meant.first().filter(|_| !meant.iter().any(|one| one.held)) else {
            return Found::new();
        };
        let count: i64 = meant.iter().map(|one| one.count(kind)).sum();
        if count >= least {
            return Found::new();
        }
        let paper = paper.shown.clone();
        vec![at(first.pointer.clone(), Said::CopiesFew { paper, kind, least })]
    }

    /// Where a condition holds, that of its places by which it does; one that could not be read makes it hold nowhere.
    fn holds(&self, when: &FieldCondition, places: &[Place<'_, N>]) -> Option<String> {
        if places.iter().any(|place| self.is_bad(place)) {
            return None;
        }
        let word_is =
            |place: &&Place<'_, N>, holds: &dyn Fn(&str) -> bool| match place.found.map(FactNode::value) {
                Some(FactValue::Text(text)) => holds(text.trim()),
                Some(FactValue::Whole(number)) => holds(&number.to_string()),
                Some(FactValue::Flag(flag)) => holds(if flag { "true" } else { "false" }),
                _ => false,
            };
        let found = match &when.holds {
            Holds::Present => places.iter().find(|place| is_there(place)),
            Holds::Absent => places.iter().find(|place| !is_there(place)),
            Holds::Is(words) => places
                .iter()
                .find(|place| word_is(place, &|word| words.iter().any(|one| one == word))),
            Holds::IsNot(words) => places
                .iter()
                .find(|place| word_is(place, &|word| !words.iter().any(|one| one == word))),
        };
        found.map(|place| place.pointer.clone())
    }

    /// The instances of a field in which a condition holds, each with the place by which it does.
    fn asked(
        &self,
        field: &FieldPath,
        when: Option<&FieldCondition>,
    ) -> Vec<(Instance<'a, N>, Option<String>)> {
        let mut asked = Vec::new();
        for instance in field.instances(self.facts) {
            let Some(when) = when else {
                asked.push((instance, None));
                continue;
            };
            let places = match when.field.is_beside(field) {
                true => instance.places(self.facts, &when.field),
                false => when.field.places(self.facts),
            };
            if let Some(by) = self.holds(when, &places) {
                asked.push((instance, Some(by)));
            }
        }
        asked
    }

    fn required(&self, fields: &[FieldPath], when: Option<&FieldCondition>) -> Found {
        let Some(first) = fields.first() else {
            return Found::new();
        };
        let mut found = Found::new();
        for (instance, by) in self.asked(first, when) {
            let mut places = fields.iter().flat_map(|field| instance.places(self.facts, field));
            let Some(told) = places.next() else { continue };
            let is_fine = |place: &Place<'_, N>| is_there(place) || self.is_bad(place);
            if is_fine(&told) || places.any(|place| is_fine(&place)) {
                continue;
            }
            let said = match (first.name(), when.map(|when| when.field.name())) {
                ("tax_code", Some("kind")) => Said::NoTaxCode,
                _ => Said::Needed {
                    when: when.cloned(),
                    asked: by,
                },
            };
            found.push(at(told.pointer, said));
        }
        found
    }

    fn forbidden(&self, field: &FieldPath, when: &FieldCondition) -> Found {
        let mut found = Found::new();
        for (instance, by) in self.asked(field, Some(when)) {
            for place in instance.places(self.facts, field) {
                if is_there(&place) && !self.is_bad(&place) {
                    let (when, asked) = (when.clone(), by.clone());
                    found.push(at(place.pointer, Said::Unfit { when, asked }));
                }
            }
        }
        found
    }
}

/// Whether a place says something.
fn is_there<N: FactNode>(place: &Place<'_, N>) -> bool {
    place.found.is_some_and(|node| match node.value() {
        FactValue::Text(text) => !text::is_blank(text),
        FactValue::List => !node.items().is_empty(),
        _ => true,
    })
}

fn amount<N: FactNode>(fee: &N) -> Option<i64> {
    match fee.member("amount_vnd")?.value() {
        FactValue::Whole(amount) => Some(amount),
        _ => None,
    }
}

/// A day or a moment.
#[derive(Clone, Copy)]
enum When {
    Moment(Timestamp),
    Day(Date),
}

impl When {
    fn day(self) -> Date {
        match self {
            When::Moment(at) => at.date(),
            When::Day(day) => day,
        }
    }

    fn is_before(self, other: When) -> bool {
        match (self, other) {
            (When::Moment(one), When::Moment(other)) => one < other,
            _ => self.day() < other.day(),
        }
    }
}
