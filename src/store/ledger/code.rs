//! Official codes: a submitter claims one, the responsible agency gives or confirms it, and a code names one dossier
//! (Decree 118/2025 art. 28.1). Two dossiers that claim one code are told, and the operator with them, once for the code.

use diesel::prelude::*;

use super::alarm;
use super::batch::{Batch, PendingEvent};
use super::requests::Act;
use crate::domain::clocks::Watched;
use crate::domain::codes::DossierCode;
use crate::domain::event::EventKind;
use crate::domain::lifecycle::{Role, State};
use crate::domain::rejection::{Problem, problems};
use crate::domain::tenant::Actor;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::rows::DossierRow;
use crate::store::tables::dossiers;
use crate::store::word::NaturalKind;

/// Claimants of one code that are looked at to find another one: those of this batch may have let go of it.
const LOOKED_AT: i64 = 16;

/// What came of a code that was brought.
pub(super) struct Brought {
    /// What is told of it.
    pub what: Option<EventKind>,
    /// What its bringer is told.
    pub warning: Option<Problem>,
    /// The dossier that has it, or claims it too.
    pub rival: Option<DossierRow>,
}

impl Brought {
    pub(super) const NOTHING: Brought = Brought {
        what: None,
        warning: None,
        rival: None,
    };
}

/// Another dossier that has this code, or claims it.
pub(super) fn rival(
    batch: &Batch<'_>,
    conn: &mut Conn,
    code: &str,
    but: &str,
) -> Result<Option<DossierRow>, StoreError> {
    if let Some(row) = holder(batch, conn, code)?.filter(|row| row.id != but) {
        return Ok(Some(row));
    }
    if key(batch, NaturalKind::Claim, code).is_none() {
        return Ok(None);
    }
    let claims = |row: &DossierRow| row.claimed_code.as_deref() == Some(code) && row.id != but;
    if let Some(row) = batch.dossiers.values().find(|row| claims(row)) {
        return Ok(Some(row.clone()));
    }
    let kept: Vec<DossierRow> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::claimed_code.eq(code)).filter(dossiers::id.ne(but))
        .order(dossiers::id).limit(LOOKED_AT).select(DossierRow::as_select()).load(c))?;
    Ok(kept.into_iter().find(|row| !batch.dossiers.contains_key(&row.id)))
}

/// Notes that a dossier claims a code; the first that ever did is found again by it.
pub(super) fn claim(batch: &mut Batch<'_>, code: &str, dossier: &str) {
    batch.claim(NaturalKind::Claim, "", code, dossier);
}

/// What becomes of the code an act brings.
pub(super) fn bring(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    act: &Act,
    row: &DossierRow,
    state: &State,
) -> Result<Brought, StoreError> {
    let dossier = row.id.as_str();
    let Some(code) = act
        .assigned_code
        .as_ref()
        .filter(|code| state.code.as_ref() != Some(*code) && act.role != Role::CoAgency)
    else {
        return Ok(Brought::NOTHING);
    };
    let rival = rival(batch, conn, code.as_str(), dossier)?;
    let taken = rival
        .as_ref()
        .is_some_and(|row| row.code.as_deref() == Some(code.as_str()));
    // Where the hub gives the codes, what an agency brings is a claim like any other: it is kept, and takes the place of none.
    let gives = batch.numbers.of_agency(row.agency.as_deref()).is_some();
    let issued_here = gives && act.role == Role::Agency;
    if matches!(act.role, Role::Agency | Role::Operator) && !issued_here {
        // Who had it before and let go of it is kept beside.
        let given = !taken
            && (batch.claim(NaturalKind::Code, "", code.as_str(), dossier)
                || batch.claim(NaturalKind::Code, dossier, code.as_str(), dossier));
        return Ok(Brought {
            what: given.then(|| EventKind::CodeAssigned { code: code.clone() }),
            warning: (!given).then(|| problems::DossierCodeTaken.into()),
            rival,
        });
    }
    if let Some(confirmed) = &state.code {
        let differs = match issued_here {
            true => problems::DossierCodeIssuedHere { code }.into(),
            false => problems::DossierCodeDiffers { code: &confirmed }.into(),
        };
        return Ok(Brought {
            warning: Some(differs),
            ..Brought::NOTHING
        });
    }
    claim(batch, code.as_str(), dossier);
    let news = state.claimed.as_ref() != Some(code);
    Ok(Brought {
        what: news.then(|| EventKind::CodeClaimed { code: code.clone() }),
        warning: match issued_here {
            true => Some(problems::DossierCodeIssuedHere { code }.into()),
            false => rival.is_some().then(|| contested(code)),
        },
        rival: rival.filter(|_| news),
    })
}

/// The warning that another dossier claims a code too.
pub(super) fn contested(code: &DossierCode) -> Problem {
    problems::DossierCodeContested { code: &code }.into()
}

/// Tells both sides of a conflict, and the operator: once for a code, so that nobody is told of every claim somebody invents.
pub(super) fn contest(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    actor: &Actor,
    code: &DossierCode,
    dossier: &mut DossierRow,
    mut rival: DossierRow,
) -> Result<(), StoreError> {
    if key(batch, NaturalKind::Contest, code.as_str()).is_some() {
        return Ok(());
    }
    batch.claim(NaturalKind::Contest, "", code.as_str(), &dossier.id);
    // One side must not learn who the other is.
    let hub = Actor::hub();
    for side in [&mut *dossier, &mut rival] {
        let told = PendingEvent {
            what: EventKind::CodeContested { code: code.clone() },
            occurred_at: batch.now,
            stated: false,
            actor: if side.tenant == actor.tenant.as_str() {
                actor
            } else {
                &hub
            },
            paths: &[],
            officer: None,
            foreign_values: &[],
            format_version: None,
        };
        batch.append(side, vec![told])?;
    }
    batch.writes.touched.insert(rival.id.clone());
    batch.dossiers.insert(rival.id.clone(), rival);
    alarm::raise(batch, conn, Watched::CodeContested, code, Some(dossier))
}

/// The dossier that has this code now. One that was given another code since has let go of it.
fn holder(batch: &Batch<'_>, conn: &mut Conn, code: &str) -> Result<Option<DossierRow>, StoreError> {
    if key(batch, NaturalKind::Code, code).is_none() {
        return Ok(None);
    }
    let named = batch.natural.iter();
    let named = named.filter(|((kind, _, value), _)| *kind == NaturalKind::Code && value == code);
    for (_, id) in named {
        let row = load(batch, conn, id)?;
        if row.code.as_deref() == Some(code) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

fn key<'a>(batch: &'a Batch<'_>, kind: NaturalKind, code: &str) -> Option<&'a str> {
    let name = (kind, String::new(), code.to_owned());
    batch.natural.get(&name).map(String::as_str)
}

fn load(batch: &Batch<'_>, conn: &mut Conn, id: &str) -> Result<DossierRow, StoreError> {
    if let Some(row) = batch.dossiers.get(id) {
        return Ok(row.clone());
    }
    Ok(on_backend!(conn, c => dossiers::table
        .filter(dossiers::id.eq(id)).select(DossierRow::as_select()).first(c))?)
}
