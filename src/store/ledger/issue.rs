//! The official code that the hub gives where an agency's codes are its to give: in the commit that accepts the dossier, so that no code
//! is given to nothing, and none twice.
//!
//! The writer's lock is held from before the counter is read until the commit: hubs of one database take numbers one after another, and
//! what is rolled back took none. A number whose code another dossier has, because somebody brought it, is passed over; a claim holds no
//! number, since nobody could give a code but the hub.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use super::batch::{Batch, Counter, DayOfUnit, Issuing, PendingEvent};
use super::code;
use crate::domain::codes::DossierCode;
use crate::domain::event::EventKind;
use crate::domain::ids::EventId;
use crate::domain::issuing::{LAST_NUMBER, Numbering};
use crate::domain::rejection::{Problem, problems};
use crate::domain::tenant::{Actor, TenantKey};
use crate::domain::time::{Date, Timestamp};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::of_row;
use crate::store::rows::*;
use crate::store::tables::{code_counters, natural_keys, tenants};
use crate::store::word::NaturalKind;

/// Numbers whose codes are looked up together, from the first that is wanted.
const LOOKED_AT: u32 = 16;

/// What came of an acceptance for the code.
pub(super) enum Issued {
    /// The hub gives no codes of this agency, or the dossier has one.
    Nothing,
    /// It has this code now, told by this event.
    Given {
        code: DossierCode,
        event: (i64, EventId),
    },
    /// No number is left.
    UsedUp(Problem),
}

impl Issued {
    /// The code that was given.
    pub(super) const fn code(&self) -> Option<&DossierCode> {
        match self {
            Issued::Given { code, .. } => Some(code),
            Issued::Nothing | Issued::UsedUp(_) => None,
        }
    }

    /// What its sender is told, who brought this code.
    pub(super) fn warning(&self, brought: Option<&DossierCode>) -> Option<Problem> {
        match (self, brought) {
            (Issued::UsedUp(problem), _) => Some(problem.clone()),
            (Issued::Given { code, .. }, Some(brought)) if brought != code => {
                Some(problems::DossierCodeIssuedHere { code: &brought }.into())
            }
            (Issued::Given { .. } | Issued::Nothing, _) => None,
        }
    }
}

/// Reads anew which agencies the hub gives codes for, where an operator has done anything since.
pub(super) fn up_to_date(conn: &mut Conn, known: &Issuing, acts: i64) -> Result<Issuing, StoreError> {
    let mut issuing = known.clone();
    if issuing.read_at != Some(acts) {
        issuing.agencies = agencies(conn)?;
        issuing.read_at = Some(acts);
    }
    Ok(issuing)
}

/// Reads them anew within a batch: one of its commands has changed the register.
pub(super) fn read_again(batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
    batch.numbers.issuing.agencies = agencies(conn)?;
    // What was looked up may be another form of code, or another series.
    for counter in batch.numbers.counters.values_mut() {
        counter.known_until = 0;
    }
    Ok(())
}

fn agencies(conn: &mut Conn) -> Result<Arc<HashMap<String, Numbering>>, StoreError> {
    let rows: Vec<TenantRow> = on_backend!(conn, c => tenants::table
        .filter(tenants::codes.is_not_null()).select(TenantRow::as_select()).load(c))?;
    let mut agencies = HashMap::with_capacity(rows.len());
    for row in &rows {
        let key: TenantKey = row
            .key
            .parse()
            .map_err(|_| StoreError::Corrupt(format!("tenant {}: key", row.key)))?;
        if let Some(numbering) = of_row::codes(row)?.numbering() {
            agencies.insert(key.key().to_owned(), numbering.clone());
        }
    }
    Ok(Arc::new(agencies))
}

/// Gives a dossier that is accepted, and has no code, the next one of the day it was received.
pub(super) fn issue(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    dossier: &mut DossierRow,
    received: Timestamp,
) -> Result<Issued, StoreError> {
    if !dossier.accepted || dossier.code.is_some() {
        return Ok(Issued::Nothing);
    }
    let Some(numbering) = batch.numbers.of_agency(dossier.agency.as_deref()).cloned() else {
        return Ok(Issued::Nothing);
    };
    let day = received.date();
    let Some(code) = next(batch, conn, &numbering, day)? else {
        tracing::error!(unit = %numbering.unit, %day, "the running numbers of a day are used up: a dossier is accepted without a code");
        let (last, date) = (&LAST_NUMBER, &day);
        return Ok(Issued::UsedUp(problems::DossierCodesUsedUp { last, date }.into()));
    };
    let rival = code::rival(batch, conn, code.as_str(), &dossier.id)?;
    batch.claim(NaturalKind::Code, "", code.as_str(), &dossier.id);
    let hub = Actor::hub();
    let told = EventKind::CodeAssigned { code: code.clone() };
    let told = PendingEvent::of(told, batch.now, &hub);
    let written = batch.append(dossier, vec![told])?;
    let event = *written
        .first()
        .ok_or_else(|| StoreError::Corrupt("a code without an event".to_owned()))?;
    if let Some(rival) = rival {
        code::contest(batch, conn, &hub, &code, dossier, rival)?;
    }
    Ok(Issued::Given { code, event })
}

/// The next code of a day that no dossier has. What is passed over belongs to a dossier each, and is passed over once.
fn next(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    numbering: &Numbering,
    day: Date,
) -> Result<Option<DossierCode>, StoreError> {
    let name = (day, numbering.unit.clone());
    load(batch, conn, &name)?;
    while let Some(number) = batch.numbers.take(&name, numbering.series) {
        look(batch, conn, (&name, numbering), number)?;
        let Some(code) = numbering.code(day, number) else {
            return Ok(None);
        };
        let key = (NaturalKind::Code, String::new(), code.as_str().to_owned());
        if !batch.natural.contains_key(&key) {
            return Ok(Some(code));
        }
    }
    Ok(None)
}

fn load(batch: &mut Batch<'_>, conn: &mut Conn, name: &DayOfUnit) -> Result<(), StoreError> {
    if batch.numbers.counters.contains_key(name) {
        return Ok(());
    }
    let (day, unit) = (name.0.to_string(), name.1.as_str());
    let last: Option<i32> = on_backend!(conn, c => code_counters::table
        .filter(code_counters::day.eq(&day)).filter(code_counters::unit.eq(unit))
        .select(code_counters::last).first(c).optional())?;
    let last = u32::try_from(last.unwrap_or(0))
        .map_err(|_| StoreError::Corrupt(format!("counter of {unit} on {day}")))?;
    let counter = Counter {
        last,
        moved: false,
        known_until: 0,
    };
    batch.numbers.counters.insert(name.clone(), counter);
    Ok(())
}

/// Finds out whose the codes of a number and of those after it are: somebody may have brought one, or claim it.
fn look(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    (name, numbering): (&DayOfUnit, &Numbering),
    number: u32,
) -> Result<(), StoreError> {
    let Some(counter) = batch.numbers.counters.get_mut(name) else {
        return Ok(());
    };
    if number < counter.known_until {
        return Ok(());
    }
    counter.known_until = number + LOOKED_AT;
    let codes = (number..counter.known_until).filter_map(|number| numbering.code(name.0, number));
    let codes: Vec<String> = codes.map(String::from).collect();
    let rows: Vec<NaturalKeyRow> = on_backend!(conn, c => natural_keys::table
        .filter(natural_keys::value.eq_any(&codes)).select(NaturalKeyRow::as_select()).load(c))?;
    for row in rows {
        let key = (row.kind.0, row.tenant, row.value);
        batch.natural.entry(key).or_insert(row.dossier);
    }
    Ok(())
}
