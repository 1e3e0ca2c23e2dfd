//! The chain of what operators did: entries numbered without gaps, each bound to the one before.

use diesel::prelude::*;

use super::enrol::PIECE;
use super::persist::hash;
use crate::domain::audit::{Deed, Entry};
use crate::domain::seal::GENESIS;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;

/// Appends what somebody did. The head of the event chain is held by now, so no other hub appends at the same time.
pub(super) fn append<'a>(
    conn: &mut Conn,
    now: Timestamp,
    actor: &Actor,
    reason: Option<&str>,
    deeds: impl IntoIterator<Item = &'a Deed>,
) -> Result<(), StoreError> {
    let last: Option<(i64, Vec<u8>)> = on_backend!(conn, c => audit::table
        .select((audit::number, audit::hash)).order(audit::number.desc()).first(c).optional())?;
    let (mut number, mut previous) = match &last {
        Some((number, bytes)) => (*number, hash(bytes)?),
        None => (0, GENESIS),
    };
    let mut rows = Vec::new();
    for deed in deeds {
        number += 1;
        let entry = Entry {
            number,
            at: now,
            actor: actor.clone(),
            action: deed.action,
            subject: deed.subject.clone(),
            reason: reason.map(str::to_owned),
            detail: deed.detail.clone(),
        };
        let corrupt = |e: serde_json::Error| StoreError::Corrupt(e.to_string());
        previous = entry.hash(&previous).map_err(corrupt)?;
        rows.push(AuditRow {
            number,
            at: At(now),
            tenant: actor.tenant.to_string(),
            staff: actor.staff.as_ref().map(ToString::to_string),
            action: deed.action.word().to_owned(),
            subject: entry.subject,
            reason: entry.reason,
            detail: serde_json::to_string(&deed.detail).map_err(corrupt)?,
            hash: previous.to_vec(),
        });
    }
    for piece in rows.chunks(PIECE) {
        on_backend!(conn, c => diesel::insert_into(audit::table).values(piece).execute(c))?;
    }
    Ok(())
}
