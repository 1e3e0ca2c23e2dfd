//! The decision: procedure, place and day to one agency, or to the operator's desk.

use super::directory::{Directory, RuleIndex};
use super::matched::{Match, agencies};
use super::place::Located;
use super::reason::{Matched, PlaceReason, ProcedureReason, RouteReason, RuleReason};
use super::rows::{Commune, Procedure, RuleAgency, RulePlace};
use super::sentences::sentences;
use super::table::in_force;
use super::{Divided, ResolvedBy, Route};
use crate::domain::codes::{Key, ProcedureCode};
use crate::domain::dossier::{Catalogue, Place, ProcedureKnown};
use crate::domain::rejection::problems::{self, Fill};
use crate::domain::rejection::{Problem, Rejection};
use crate::domain::time::Date;

/// What the city appends to a national code (`1.004873.000.00.00.H26`, `1.004873.H26`), the longer one first.
const SUFFIXES: [&str; 2] = [".000.00.00.H26", ".H26"];

impl RuleIndex {
    /// Whether on that day any rule of the procedure depends on the place.
    pub(super) fn needs_place(&self, on: Date) -> bool {
        self.placed.iter().any(|&(from, to)| in_force(from, to, on))
    }
}

impl Directory {
    /// Finds the responsible agency of a filing while somebody is there to be asked. See [`Directory::route_by`].
    ///
    /// # Errors
    /// Those of [`Directory::route_by`]; `place-ambiguous`.
    pub fn route(
        &self,
        procedure_as_received: &str,
        place: Option<&Place>,
        filed_on: Date,
    ) -> Result<Route, Rejection> {
        self.route_by(procedure_as_received, place, filed_on, Divided::Refuse)
    }

    /// Finds the responsible agency of a filing.
    ///
    /// `procedure_as_received` is a national code or a local form of one; `filed_on` is the day in Vietnam whose rules count.
    /// `divided` says what becomes of a former commune whose parts have different agencies. A gap or an overlap of the rules is
    /// not an error: the route then has no agency and is parked.
    ///
    /// # Errors
    /// All at once, each with its canonical JSON pointer: `procedure-unknown`, `procedure-not-in-force`, `place-unknown`,
    /// `place-name-mismatch`, `place-ambiguous` (where it is to be refused), `competence-field-missing`.
    pub fn route_by(
        &self,
        procedure_as_received: &str,
        place: Option<&Place>,
        filed_on: Date,
        divided: Divided,
    ) -> Result<Route, Rejection> {
        let mut problems = Vec::new();
        let procedure = self
            .find_procedure(procedure_as_received, filed_on)
            .map_err(|p| problems.push(p))
            .ok();
        let mut located = match place.map(|place| self.locate(place, filed_on)).transpose() {
            Ok(located) => located,
            Err(more) => {
                problems.extend(more);
                None
            }
        };
        if let Some((procedure, _)) = procedure
            && place.is_none()
            && self
                .rules_of(&procedure.code)
                .is_some_and(|rules| rules.needs_place(filed_on))
        {
            let missing = problems::CompetenceFieldMissing {
                procedure: &procedure.code,
                field: &"commune",
            };
            problems.push(missing.at("/place/commune"));
        }
        if let Some(rejection) = Rejection::of(problems) {
            return Err(rejection);
        }
        let Some((procedure, matched)) = procedure else {
            return Err(unknown(procedure_as_received).into());
        };
        let matches = match (
            self.decide(procedure, located.as_ref(), filed_on),
            located.as_mut(),
        ) {
            (Ok(matches), _) => matches,
            (Err(_), Some(place)) if divided == Divided::Park => {
                place.by = ResolvedBy::Undecided;
                Vec::new()
            }
            (Err(_), Some(place)) if divided == Divided::TakeDefault && place.default => {
                place.targets.truncate(1);
                place.by = ResolvedBy::DefaultSuccessor;
                self.decide(procedure, Some(&*place), filed_on)?
            }
            (Err(ambiguous), _) => return Err(ambiguous.into()),
        };
        let known = ProcedureReason {
            received: procedure_as_received.to_owned(),
            code: procedure.code.clone(),
            name: procedure.name.clone(),
            version: procedure.version,
            matched,
        };
        Ok(self.reasoned(procedure, known, located.as_ref(), &matches, filed_on))
    }

    /// The rules that apply; for a divided commune, only if every part leads to the same agencies.
    fn decide<'a>(
        &'a self,
        procedure: &Procedure,
        located: Option<&Located<'a>>,
        on: Date,
    ) -> Result<Vec<Match<'a>>, Problem> {
        let targets = located.map_or(&[][..], |l| &l.targets);
        let Some((first, others)) = targets.split_first() else {
            return Ok(self.matching(&procedure.code, None, on));
        };
        let mut matches = self.matching(&procedure.code, Some(first), on);
        let decided = agencies(&matches);
        for target in others {
            let more = self.matching(&procedure.code, Some(target), on);
            if agencies(&more) != decided {
                return Err(ambiguous(targets));
            }
            for found in more {
                if !matches.iter().any(|f| f.rule.rule == found.rule.rule) {
                    matches.push(found);
                }
            }
        }
        Ok(matches)
    }

    fn reasoned(
        &self,
        procedure: &Procedure,
        known: ProcedureReason,
        located: Option<&Located<'_>>,
        matches: &[Match<'_>],
        on: Date,
    ) -> Route {
        let candidates = agencies(matches);
        let undecided = located.filter(|l| l.by == ResolvedBy::Undecided);
        let (agency, why): (_, Option<Problem>) = match (undecided, candidates.as_slice()) {
            (Some(place), _) => (None, Some(ambiguous(&place.targets))),
            (None, [one]) => (Some((*one).clone()), None),
            (None, []) => (None, Some(problems::CompetenceGap.into())),
            (None, _) => (None, Some(overlap(matches))),
        };
        let parked = why.as_ref().map(|problem| problem.label);
        let warnings = why.into_iter().chain(self.default_taken(located, on));
        let place = located.map(PlaceReason::of);
        let (vi, en) = sentences(procedure, place.as_ref(), matches, parked, self.version(), on);
        let rules = matches.iter().map(|f| RuleReason {
            rule: f.rule.rule.clone(),
            place: match &f.rule.place {
                RulePlace::City => "*".to_owned(),
                RulePlace::EachCommune => "@commune".to_owned(),
                RulePlace::Commune(code) => code.to_string(),
            },
            agency: f.agency.key.to_string(),
            taken_over: f.by.iter().map(|row| row.row.clone()).collect(),
        });
        Route {
            procedure: ProcedureKnown {
                code: known.code.clone(),
                name: known.name.clone(),
            },
            limit: procedure.limit,
            tasks: (agency.as_ref()).map_or_else(Vec::new, |lead| {
                self.tasks_of(&procedure.code, procedure.version, lead, on)
            }),
            parked,
            warnings: warnings.collect(),
            reason: RouteReason {
                directory: self.version().to_owned(),
                date: on.to_string(),
                procedure: known,
                place,
                rules: rules.collect(),
                chosen: agency.as_ref().map(Key::to_string),
                succession: None,
                reception: None,
                assigned: None,
                vi,
                en,
            },
            agency,
        }
    }

    /// The warning that of several successors the default one was taken.
    fn default_taken(&self, located: Option<&Located<'_>>, on: Date) -> Option<Problem> {
        let taken = located.filter(|l| l.by == ResolvedBy::DefaultSuccessor)?;
        // Of the same name they often are, so each is told with its code.
        let candidates: Vec<&Commune> = self
            .successors_on(taken.commune, on)
            .into_iter()
            .map(|(commune, _)| commune)
            .collect();
        let told = problems::DefaultSuccessor {
            former: &named(&[taken.commune]),
            candidates: &named(&candidates),
            taken: &named(&taken.targets),
        };
        Some(told.at("/place/commune"))
    }

    /// The rules of a procedure that apply to a commune, or to the whole city, that day, each with an agency in force.
    pub(super) fn matching(
        &self,
        procedure: &ProcedureCode,
        target: Option<&Commune>,
        on: Date,
    ) -> Vec<Match<'_>> {
        let Some(index) = self.rules_of(procedure) else {
            return Vec::new();
        };
        // Rules name communes of today; a commune of the old catalogue, while it was in force, has only city-wide rules.
        let target = target
            .filter(|c| c.catalogue == Catalogue::Since2025)
            .map(|c| &c.code);
        let placed = target
            .and_then(|code| index.by_commune.get(code))
            .map_or(&[][..], Vec::as_slice);
        let each = if target.is_some() {
            index.each_commune.as_slice()
        } else {
            &[]
        };
        let mut matches = Vec::new();
        for rule in index.city.iter().chain(placed).chain(each) {
            if !in_force(rule.valid_from, rule.valid_to, on) {
                continue;
            }
            match (&rule.agency, target) {
                (RuleAgency::Named(key), _) => {
                    let heirs = self.heirs(rule, key, on).into_iter();
                    matches.extend(heirs.map(|(agency, by)| Match { rule, agency, by }));
                }
                (RuleAgency::OfThePlace, Some(code)) => {
                    matches.extend(self.agencies_of(code, on).map(|agency| Match {
                        rule,
                        agency,
                        by: Vec::new(),
                    }));
                }
                (RuleAgency::OfThePlace, None) => {}
            }
        }
        matches
    }

    pub(super) fn find_procedure(&self, received: &str, on: Date) -> Result<(&Procedure, Matched), Problem> {
        // The version of that day; where there is none, the newest says which procedure is meant.
        let of_the_day = |code: &ProcedureCode| self.procedure_on(code, on).or_else(|| self.procedure(code));
        let exact = |code: &str| {
            code.parse::<ProcedureCode>()
                .ok()
                .and_then(|code| of_the_day(&code))
        };
        let by_alias = || {
            self.aliases
                .on(received, on)
                .and_then(|alias| of_the_day(&alias.code))
        };
        let by_suffix = || {
            SUFFIXES
                .iter()
                .find_map(|suffix| received.strip_suffix(suffix))
                .and_then(exact)
        };
        let found = (exact(received).map(|p| (p, Matched::Exact)))
            .or_else(|| by_alias().map(|p| (p, Matched::Alias)))
            .or_else(|| by_suffix().map(|p| (p, Matched::Suffix)));
        let Some((procedure, matched)) = found else {
            return Err(unknown(received));
        };
        if !in_force(procedure.valid_from, procedure.valid_to, on) {
            let problem = problems::ProcedureNotInForce {
                procedure: &procedure.code,
                date: &on,
            };
            return Err(problem.at("/procedure/code"));
        }
        Ok((procedure, matched))
    }
}

/// Why a dossier waits to which the rules of several agencies apply.
fn overlap(matches: &[Match<'_>]) -> Problem {
    let rules: Vec<&str> = matches.iter().map(|f| f.rule.rule.as_str()).collect();
    problems::CompetenceOverlap {
        rules: &rules.join(", "),
    }
    .into()
}

/// The refusal of a place that may be several.
fn ambiguous(candidates: &[&Commune]) -> Problem {
    let candidates = &named(candidates);
    problems::PlaceAmbiguous { candidates }.at("/place/commune")
}

/// Communes by code and name.
fn named(communes: &[&Commune]) -> String {
    let names: Vec<String> = communes
        .iter()
        .map(|c| format!("{} {}", c.code, c.name))
        .collect();
    names.join(", ")
}

/// The refusal of a procedure nobody knows. Its code is repeated where it looks like one: whoever fills the field with a name must
/// not find it in a log.
fn unknown(received: &str) -> Problem {
    let like_a_code = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let a_code = received.len() <= 50 && received.contains('.') && received.bytes().all(like_a_code);
    problems::ProcedureUnknown {
        field: &"code",
        procedure: a_code.then_some(&received as &dyn Fill),
    }
    .at("/procedure/code")
}
