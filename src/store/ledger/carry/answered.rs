//! An agency that answers before it is written down that the message arrived: its word is the better one. Of several agencies this is
//! kept of the competent one; a message to another stays as it arrived until that one reports again.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::tables::*;
use crate::store::word::Word;

/// Those of these deliveries that stand in `state` and have been answered meanwhile. Two questions by their keys: asked for both at once,
/// PostgreSQL may read one of the tables from end to end.
pub(in crate::store::ledger) fn answered(
    conn: &mut Conn,
    ids: &[&str],
    state: DeliveryState,
) -> Result<Vec<String>, StoreError> {
    type Looked = (String, String, i64, Word<DeliveryState>, String);
    let rows: Vec<Looked> = on_backend!(conn, c => deliveries::table
        .filter(deliveries::id.eq_any(ids))
        .select((deliveries::id, deliveries::dossier, deliveries::event_seq, deliveries::state, deliveries::agency))
        .load(c))?;
    let rows: Vec<_> = rows.into_iter().filter(|row| row.3 == Word(state)).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let of: Vec<&str> = rows.iter().map(|row| row.1.as_str()).collect();
    let heard: HashMap<String, (Option<i64>, Option<String>)> = on_backend!(conn, c => dossiers::table
        .filter(dossiers::id.eq_any(&of))
        .select((dossiers::id, (dossiers::answered_seq, dossiers::agency)))
        .load::<(String, (Option<i64>, Option<String>))>(c))?
    .into_iter()
    .collect();
    let is_answered = |(_, dossier, seq, _, agency): &Looked| {
        let heard = heard.get(dossier);
        heard.is_some_and(|(heard, competent)| {
            competent.as_ref() == Some(agency) && heard.is_some_and(|heard| heard > *seq)
        })
    };
    let answered = rows.into_iter().filter(is_answered);
    Ok(answered.map(|row| row.0).collect())
}
