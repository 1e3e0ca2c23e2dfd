//! What operators are told as they are told of a limit, though no time runs.

use std::fmt::Display;

use diesel::prelude::*;

use super::batch::Batch;
use crate::domain::clocks::Watched;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::{AlarmRow, DossierRow};
use crate::store::tables::alarms;
use crate::store::word::Word;

/// Raises an alarm at once, whose cause is this kind of thing and which of them.
pub fn raise(
    batch: &mut Batch<'_>,
    conn: &mut Conn,
    kind: Watched,
    which: impl Display,
    dossier: Option<&DossierRow>,
) -> Result<(), StoreError> {
    let last: Option<i64> = on_backend!(conn, c => alarms::table
        .order(alarms::number.desc()).select(alarms::number).first(c).optional())?;
    let earlier = i64::try_from(batch.writes.alarms.len()).unwrap_or(i64::MAX);
    batch.writes.alarms.push(AlarmRow {
        number: last.unwrap_or(0) + 1 + earlier,
        cause: format!("{kind}:{which}"),
        at: At(batch.now),
        kind: Word(kind),
        passed: true,
        due_at: At(batch.now),
        dossier: dossier.map(|d| d.id.clone()),
        agency: dossier.and_then(|d| d.agency.clone()),
    });
    Ok(())
}
