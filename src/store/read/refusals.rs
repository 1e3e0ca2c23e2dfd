//! Refused documents and why.

use diesel::prelude::*;

use super::seen;
use crate::domain::ids::RefusalId;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::identity::Scope;
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::KeptRefusal;
use crate::store::moment::At;
use crate::store::rows::{RefusalHeadRow, RefusalRow};
use crate::store::tables::refusals;

/// Which refusals to list.
#[derive(Clone, Debug, Default)]
pub struct RefusalFilter {
    /// Of this tenant.
    pub tenant: Option<TenantKey>,
    /// Last refused at this moment or later.
    pub since: Option<Timestamp>,
    /// Last refused before this moment.
    pub until: Option<Timestamp>,
    /// Older than this one: its moment and its id.
    pub after: Option<(Timestamp, RefusalId)>,
    /// At most so many.
    pub limit: i64,
}

macro_rules! reached {
    ($query:expr, $seen:expr) => {
        match $seen {
            None => $query.into_boxed(),
            Some(seen) => $query.filter(refusals::tenant.eq_any(&seen.tenants)).into_boxed(),
        }
    };
}

/// Refusals, newest first, without what was refused.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn refusals(
    conn: &mut Conn,
    scope: &Scope,
    filter: &RefusalFilter,
) -> Result<Vec<KeptRefusal>, StoreError> {
    let seen = seen(conn, scope)?;
    let after = filter.after.map(|(at, id)| (At(at), id.to_string()));
    let rows: Vec<RefusalHeadRow> = on_backend!(conn, c => {
        let mut query = reached!(refusals::table, &seen);
        if let Some(tenant) = &filter.tenant {
            query = query.filter(refusals::tenant.eq(tenant.as_str()));
        }
        if let Some(since) = filter.since {
            query = query.filter(refusals::last_at.ge(At(since)));
        }
        if let Some(until) = filter.until {
            query = query.filter(refusals::last_at.lt(At(until)));
        }
        if let Some((at, id)) = &after {
            query = query.filter(
                refusals::last_at.lt(at).or(refusals::last_at.eq(at).and(refusals::id.lt(id))),
            );
        }
        query
            .order((refusals::last_at.desc(), refusals::id.desc()))
            .limit(filter.limit)
            .select(RefusalHeadRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(KeptRefusal::of).collect()
}

/// One refusal by its id.
///
/// # Errors
/// What the database says; [`StoreError::Corrupt`] for a row that does not parse.
pub fn refusal(conn: &mut Conn, scope: &Scope, id: RefusalId) -> Result<Option<KeptRefusal>, StoreError> {
    let (seen, id) = (seen(conn, scope)?, id.to_string());
    let row: Option<RefusalHeadRow> = on_backend!(conn, c => reached!(refusals::table.filter(refusals::id.eq(&id)), &seen)
        .select(RefusalHeadRow::as_select()).first(c).optional())?;
    row.map(KeptRefusal::of).transpose()
}

/// What was refused: its media type and its bytes.
///
/// # Errors
/// What the database says; as [`Cipher::open`].
pub fn refused(
    conn: &mut Conn,
    cipher: &Cipher,
    scope: &Scope,
    id: RefusalId,
) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    let (seen, id) = (seen(conn, scope)?, id.to_string());
    let row: Option<RefusalRow> = on_backend!(conn, c => reached!(refusals::table.filter(refusals::id.eq(&id)), &seen)
        .select(RefusalRow::as_select()).first(c).optional())?;
    row.map(|row| {
        let name = row.bound_name();
        let sealed = Sealed {
            key_id: row.key_id,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        };
        Ok((row.media_type, cipher.open(&name, sealed)?))
    })
    .transpose()
}
