//! The chain of what operators did: entries numbered without gaps, each bound to the one before, and its end sealed by the block of
//! the commit. An entry of a change of the register or the directory carries the digests of the rows as they are since.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::domain::audit::AuditAction;
use crate::domain::seal::{self, ChainEnd, GENESIS};
use crate::domain::sha256::Sha256;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::of_row;
use crate::store::rows::*;
use crate::store::script::{self, Clash};
use crate::store::tables::*;

/// A row that an action changed: its name as `table:key`, and its digest now.
pub(super) struct Changed {
    /// Whose row it is; its digest stands in the entry about it, where there is one.
    pub owner: String,
    /// Table and key.
    pub name: String,
    /// As it is since.
    pub digest: Sha256,
}

impl Changed {
    /// A row of somebody's, by its name in the chain.
    pub(super) fn of(owner: &str, name: String, digest: Sha256) -> Self {
        Changed {
            owner: owner.to_owned(),
            name,
            digest,
        }
    }
}

/// How far the chain has come.
pub(super) fn end(conn: &mut Conn) -> Result<ChainEnd, StoreError> {
    let last: Option<(i64, Vec<u8>)> = on_backend!(conn, c => audit::table
        .select((audit::number, audit::hash)).order(audit::number.desc()).first(c).optional())?;
    Ok(match &last {
        Some((number, bytes)) => ChainEnd {
            number: *number,
            hash: of_row::sha256(bytes)?,
        },
        None => ChainEnd {
            number: 0,
            hash: GENESIS,
        },
    })
}

/// Appends what somebody did. The head of the event chain is held by now, so no other hub appends at the same time.
pub(super) fn append<'a>(
    conn: &mut Conn,
    now: Timestamp,
    actor: &Actor,
    reason: Option<&str>,
    actions: impl IntoIterator<Item = &'a AuditAction>,
) -> Result<(), StoreError> {
    append_with(conn, now, actor, reason, actions, Vec::new())
}

/// As [`append`], with the rows that were changed by it. Each stands in the last entry about its owner, else in the last of all.
pub(super) fn append_with<'a>(
    conn: &mut Conn,
    now: Timestamp,
    actor: &Actor,
    reason: Option<&str>,
    actions: impl IntoIterator<Item = &'a AuditAction>,
    changed: Vec<Changed>,
) -> Result<(), StoreError> {
    let corrupt = |e: serde_json::Error| StoreError::Corrupt(e.to_string());
    let actions: Vec<&AuditAction> = actions.into_iter().collect();
    let last_about: BTreeMap<&str, usize> = (0..)
        .zip(&actions)
        .map(|(place, entry)| (entry.subject.as_str(), place))
        .collect();
    let mut of_entry: Vec<BTreeMap<String, Sha256>> = vec![BTreeMap::new(); actions.len()];
    for row in changed {
        let place = last_about.get(row.owner.as_str()).copied();
        if let Some(rows) = of_entry.get_mut(place.unwrap_or(actions.len().saturating_sub(1))) {
            rows.insert(row.name, row.digest);
        }
    }
    let ChainEnd {
        mut number,
        hash: mut previous,
    } = end(conn)?;
    let mut rows = Vec::with_capacity(actions.len());
    for (entry, changed) in actions.into_iter().zip(of_entry) {
        number += 1;
        let mut row = AuditRow {
            number,
            at: At(now),
            tenant: actor.tenant.to_string(),
            staff: actor.staff.as_ref().map(ToString::to_string),
            action: entry.action.word().to_owned(),
            subject: entry.subject.clone(),
            reason: reason.map(str::to_owned),
            detail: serde_json::to_string(&entry.detail).map_err(corrupt)?,
            rows: if changed.is_empty() {
                None
            } else {
                Some(serde_json::to_string(&changed).map_err(corrupt)?)
            },
            hash: Vec::new(),
        };
        previous = seal::link(&previous, &row.digest());
        row.hash = previous.as_bytes().to_vec();
        rows.push(row);
    }
    script::write(conn, &rows, Clash::Fails)
}
