//! The slow decision. Every step tries every row.

use std::collections::BTreeSet;

use super::model::{Case, City, CommuneRow, Day, RuleRow, Span, TODAYS_CATALOGUE};
use crate::domain::dossier::Catalogue;

/// What a filing comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Routed {
        agency: Option<String>,
        parked: Option<&'static str>,
        version: u32,
    },
    /// Its labels, sorted.
    Refused(Vec<&'static str>),
}

impl Verdict {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Verdict::Routed { parked: None, .. } => "agency",
            Verdict::Routed {
                parked: Some(label), ..
            } => label,
            Verdict::Refused(_) => "refused",
        }
    }
}

fn holds((from, to): Span, on: Day) -> bool {
    from.is_none_or(|from| on >= from) && to.is_none_or(|to| on <= to)
}

pub(super) fn decide(city: &City, case: &Case) -> Verdict {
    let mut refused = Vec::new();
    let version = case.procedure.map(|code| {
        let of = |(c, _, span): &&(u32, u32, Span)| *c == code && holds(*span, case.on);
        city.procedures.iter().find(of).map(|(_, version, _)| *version)
    });
    match version {
        None => refused.push("procedure-unknown"),
        Some(None) => refused.push("procedure-not-in-force"),
        Some(Some(_)) => {}
    }
    let placed = |rule: &&RuleRow| {
        rule.place != 0 && Some(rule.procedure) == case.procedure && holds(rule.span, case.on)
    };
    let needs_place = matches!(version, Some(Some(_))) && city.rules.iter().any(|rule| placed(&rule));
    let communes = match case.place {
        None if needs_place => {
            refused.push("competence-field-missing");
            None
        }
        None => None,
        Some(place) => {
            let found = communes(city, place, case.on);
            if found.is_empty() {
                refused.push("place-unknown");
            }
            Some(found)
        }
    };
    if !refused.is_empty() {
        refused.sort_unstable();
        return Verdict::Refused(refused);
    }
    let (Some(code), Some(Some(version))) = (case.procedure, version) else {
        unreachable!("refused above");
    };
    let ask = |commune: Option<u32>| agencies(city, code, commune, case.on);
    let routed = |agencies: &BTreeSet<String>| {
        let parked = match agencies.len() {
            0 => Some("competence-gap"),
            1 => None,
            _ => Some("competence-overlap"),
        };
        Verdict::Routed {
            agency: agencies.first().filter(|_| parked.is_none()).cloned(),
            parked,
            version,
        }
    };
    let Some(communes) = communes else {
        return routed(&ask(None));
    };
    let answers: BTreeSet<BTreeSet<String>> = communes.iter().map(|(commune, _)| ask(*commune)).collect();
    if answers.len() == 1 {
        return routed(answers.first().unwrap());
    }
    let default = communes.iter().find(|(_, default)| *default);
    match (case.divided, default) {
        (1, _) => Verdict::Routed {
            agency: None,
            parked: Some("place-ambiguous"),
            version,
        },
        (2, Some((commune, _))) => routed(&ask(*commune)),
        _ => Verdict::Refused(vec!["place-ambiguous"]),
    }
}

/// The communes of today a place may be, each with whether it is the default; an old commune while it lasts is none of today's.
fn communes(
    city: &City,
    (stated, code, paper): (Option<Catalogue>, u32, Option<Day>),
    on: Day,
) -> Vec<(Option<u32>, bool)> {
    let old_paper = paper.is_some_and(|paper| paper < TODAYS_CATALOGUE);
    let legacy = match stated {
        Some(catalogue) => catalogue == Catalogue::Legacy,
        None => old_paper || on < TODAYS_CATALOGUE,
    };
    if legacy {
        if !city.legacy.contains(&code) {
            return Vec::new();
        }
        if on < TODAYS_CATALOGUE {
            return vec![(None, true)];
        }
        let mut found = Vec::new();
        for (_, new, default) in city.succession.iter().filter(|(old, _, _)| *old == code) {
            for (commune, further) in became(city, (*new, TODAYS_CATALOGUE), on) {
                join(&mut found, commune, *default && further);
            }
        }
        return found
            .into_iter()
            .map(|(code, default)| (Some(code), default))
            .collect();
    }
    // A code means what it meant when the paper was written, if that was in today's catalogue and before the filing.
    let meant = paper
        .filter(|paper| *paper >= TODAYS_CATALOGUE && *paper < on)
        .unwrap_or(on);
    let begun = |row: &&CommuneRow| row.code == code && row.span.0.is_some_and(|from| from <= meant);
    let row = city.communes.iter().filter(begun).max_by_key(|row| row.span.0);
    // A code that did not exist yet means what it meant first.
    let of_code = city.communes.iter().filter(|row| row.code == code);
    let row = row.or_else(|| of_code.min_by_key(|row| row.span.0));
    let found = row.map(|row| became(city, (code, row.span.0.unwrap()), on));
    let found = found.unwrap_or_default().into_iter();
    found.map(|(code, default)| (Some(code), default)).collect()
}

/// What a commune that existed on one day is on a later one.
fn became(city: &City, (code, then): (u32, Day), on: Day) -> Vec<(u32, bool)> {
    let Some(row) = city
        .communes
        .iter()
        .find(|row| row.code == code && holds(row.span, then))
    else {
        return Vec::new();
    };
    if holds(row.span, on) {
        return vec![(code, true)];
    }
    let Some(next) = row.span.1.map(|last| last + 1).filter(|next| *next <= on) else {
        return Vec::new();
    };
    let turns: Vec<(u32, bool)> = city
        .commune_turns
        .iter()
        .filter(|turn| turn.old == code && turn.day == next)
        .map(|turn| (turn.new, turn.default))
        .collect();
    let alone = turns.len() <= 1;
    let turns = if turns.is_empty() {
        vec![(code, true)]
    } else {
        turns
    };
    let mut found = Vec::new();
    for (new, default) in turns {
        for (commune, further) in became(city, (new, next), on) {
            join(&mut found, commune, (alone || default) && further);
        }
    }
    found
}

fn join(found: &mut Vec<(u32, bool)>, commune: u32, default: bool) {
    match found.iter_mut().find(|(known, _)| *known == commune) {
        Some(known) => known.1 |= default,
        None => found.push((commune, default)),
    }
}

/// The agencies that the rules of a procedure lead to.
fn agencies(city: &City, procedure: u32, commune: Option<u32>, on: Day) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rule in &city.rules {
        let here = match rule.place {
            0 => true,
            1 => commune.is_some(),
            code => commune == Some(code),
        };
        if rule.procedure != procedure || !here || !holds(rule.span, on) {
            continue;
        }
        match &rule.agency {
            Some(key) => heirs(
                city,
                (key, rule.span.0.unwrap_or(Day::MIN)),
                procedure,
                on,
                &mut found,
            ),
            None => found.extend(
                city.agencies
                    .iter()
                    .filter(|agency| commune.is_some() && agency.commune == commune && holds(agency.span, on))
                    .map(|agency| agency.key.clone()),
            ),
        }
    }
    found
}

/// Who has the competence that an agency was given on a day.
fn heirs(city: &City, (key, given): (&str, Day), procedure: u32, on: Day, found: &mut BTreeSet<String>) {
    let passes = |turn: &&super::model::Turn<String>| {
        turn.old == key
            && turn.day > given
            && turn.day <= on
            && turn.procedure.is_none_or(|only| only == procedure)
    };
    let turns: Vec<_> = city.agency_turns.iter().filter(passes).collect();
    let Some(first) = turns.iter().map(|turn| turn.day).min() else {
        let lives = city
            .agencies
            .iter()
            .any(|agency| agency.key == key && holds(agency.span, on));
        found.extend(lives.then(|| key.to_owned()));
        return;
    };
    let of_day: Vec<_> = turns.into_iter().filter(|turn| turn.day == first).collect();
    let special = of_day.iter().any(|turn| turn.procedure.is_some());
    for turn in of_day.iter().filter(|turn| turn.procedure.is_some() == special) {
        heirs(city, (&turn.new, first), procedure, on, found);
    }
}
