//! Agencies' endpoints: for the hub's own carriers, and for those who look at them.

use diesel::prelude::*;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::corrupt;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::time::Timestamp;
use crate::identity::webhook::WebhookSecret;
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::conn::{Conn, on_backend};
use crate::store::rows::EndpointRow;
use crate::store::tables::*;

/// Where and how an agency is pushed to.
#[derive(Clone)]
pub struct Endpoint {
    /// Its address.
    pub url: EndpointUrl,
    /// Secrets that sign, the newest first; the second one until a moment.
    pub secrets: Secrets,
    /// Everything else that is known of it.
    pub row: EndpointRow,
}

/// The secrets of an endpoint: the newest, and the one it replaces, until its end.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The newest.
    pub current: WebhookSecret,
    /// The one before, which signs until then.
    pub older: Option<(WebhookSecret, Timestamp)>,
}

impl Secrets {
    /// Those that sign at this moment.
    pub fn at(&self, now: Timestamp) -> Vec<WebhookSecret> {
        let older = self.older.iter().filter(|(_, until)| *until > now);
        std::iter::once(&self.current)
            .chain(older.map(|(secret, _)| secret))
            .cloned()
            .collect()
    }
}

/// As they are sealed.
#[derive(Serialize, Deserialize)]
struct Written {
    current: [u8; WebhookSecret::BYTES],
    older: Option<([u8; WebhookSecret::BYTES], Timestamp)>,
}

/// Seals the secrets of an agency's endpoint into its row: they open only beside the address they were set for.
pub fn seal_secrets(
    cipher: &Cipher,
    mut row: EndpointRow,
    secrets: &Secrets,
    rng: &mut impl Rng,
) -> Result<EndpointRow, StoreError> {
    let written = Written {
        current: *secrets.current.expose(),
        older: secrets
            .older
            .as_ref()
            .map(|(secret, until)| (*secret.expose(), *until)),
    };
    let plain = serde_json::to_vec(&written).map_err(|e| corrupt(e.to_string()))?;
    let sealed = cipher.seal(&row.bound_name(), &plain, rng)?;
    (row.key_id, row.nonce, row.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
    Ok(row)
}

pub(super) fn open_secrets(cipher: &Cipher, row: &EndpointRow) -> Result<Secrets, StoreError> {
    let plain = cipher.open(
        &row.bound_name(),
        Sealed {
            key_id: row.key_id.clone(),
            nonce: row.nonce.clone(),
            ciphertext: row.ciphertext.clone(),
        },
    )?;
    let written: Written = serde_json::from_slice(&plain).map_err(|_| corrupt("secrets of an endpoint"))?;
    Ok(Secrets {
        current: WebhookSecret::new(written.current),
        older: written
            .older
            .map(|(secret, until)| (WebhookSecret::new(secret), until)),
    })
}

/// Every endpoint, by agency.
pub fn endpoints(conn: &mut Conn, cipher: &Cipher) -> Result<Vec<Endpoint>, StoreError> {
    let rows: Vec<EndpointRow> = on_backend!(conn, c => endpoints::table
        .order(endpoints::agency).select(EndpointRow::as_select()).load(c))?;
    // One that cannot be read, for want of its key, must not hold up the others.
    let read = |row: EndpointRow| {
        let url = row.url.parse().map_err(|_| corrupt("url of an endpoint"));
        match (url, open_secrets(cipher, &row)) {
            (Ok(url), Ok(secrets)) => Some(Endpoint { url, secrets, row }),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, agency = row.agency, "an endpoint cannot be read");
                None
            }
        }
    };
    Ok(rows.into_iter().filter_map(read).collect())
}
