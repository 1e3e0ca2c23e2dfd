//! Agencies' endpoints: for the hub's own carriers, and for those who look at them.

use diesel::prelude::*;

use crate::store::StoreError;
use crate::store::cipher::Cipher;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::KeptEndpoint;
use crate::store::rows::EndpointRow;
use crate::store::tables::*;

/// Every endpoint, by agency.
///
/// # Errors
/// What the database says. An endpoint that cannot be read is no error: it is left out, and the log says why.
pub fn endpoints(conn: &mut Conn, cipher: &Cipher) -> Result<Vec<KeptEndpoint>, StoreError> {
    let rows: Vec<EndpointRow> = on_backend!(conn, c => endpoints::table
        .order(endpoints::agency).select(EndpointRow::as_select()).load(c))?;
    // One that cannot be read, for want of its key, must not hold up the others.
    let read = |row: &EndpointRow| {
        KeptEndpoint::of(row, cipher)
            .inspect_err(|error| tracing::error!(%error, agency = row.agency, "an endpoint cannot be read"))
            .ok()
    };
    Ok(rows.iter().filter_map(read).collect())
}
