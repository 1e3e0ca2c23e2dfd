//! Where and how an agency is pushed to: as it is kept, and as it is sealed when it is set.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::domain::codes::Key;
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::Failure;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::identity::webhook::WebhookSecret;
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::moment::At;
use crate::store::rows::EndpointRow;

/// An endpoint as it is kept.
#[derive(Clone, Debug)]
pub struct KeptEndpoint {
    /// The agency that is pushed to.
    pub agency: Key,
    /// Its address.
    pub url: EndpointUrl,
    /// Secrets that sign.
    pub secrets: Secrets,
    /// When it was set.
    pub set_at: Timestamp,
    /// Who set it.
    pub set_by: TenantKey,
    /// What fails there, while it is spared.
    pub failure: Option<Failure>,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// When it is tried again.
    pub next_probe: Option<Timestamp>,
}

impl KeptEndpoint {
    pub(in crate::store) fn of(row: &EndpointRow, cipher: &Cipher) -> Result<Self, StoreError> {
        let bad = |what: &str| corrupt(format!("{what} of an endpoint"));
        Ok(KeptEndpoint {
            agency: row.agency.parse().map_err(|_| bad("agency"))?,
            url: row.url.parse().map_err(|_| bad("url"))?,
            secrets: Secrets::of(row, cipher)?,
            set_at: row.set_at.0,
            set_by: row.set_by.parse().map_err(|_| bad("tenant"))?,
            failure: row.failure.map(|failure| failure.0),
            failing_since: row.failing_since.map(|at| at.0),
            next_probe: row.next_probe.map(|at| at.0),
        })
    }
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

    pub(in crate::store) fn of(row: &EndpointRow, cipher: &Cipher) -> Result<Self, StoreError> {
        let plain = cipher.open(
            &row.bound_name(),
            Sealed {
                key_id: row.key_id.clone(),
                nonce: row.nonce.clone(),
                ciphertext: row.ciphertext.clone(),
            },
        )?;
        let written: Written =
            serde_json::from_slice(&plain).map_err(|_| corrupt("secrets of an endpoint"))?;
        Ok(Secrets {
            current: WebhookSecret::new(written.current),
            older: written
                .older
                .map(|(secret, until)| (WebhookSecret::new(secret), until)),
        })
    }
}

/// As they are sealed.
#[derive(Serialize, Deserialize)]
struct Written {
    current: [u8; WebhookSecret::BYTES],
    older: Option<([u8; WebhookSecret::BYTES], Timestamp)>,
}

/// An endpoint as it is to be, new or changed. Nothing is known yet of how it answers.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// The agency that is pushed to.
    pub agency: Key,
    /// Its address.
    pub url: EndpointUrl,
    /// Secrets that sign.
    pub secrets: Secrets,
    /// When it is set.
    pub set_at: Timestamp,
    /// Who sets it.
    pub set_by: TenantKey,
}

impl NewEndpoint {
    /// Its secrets are encrypted here, on the caller's thread; they open only beside the address they were set for.
    ///
    /// # Errors
    /// [`StoreError::Key`] when the key does not seal.
    pub fn sealed(self, cipher: &Cipher, rng: &mut impl Rng) -> Result<SealedEndpoint, StoreError> {
        let mut row = EndpointRow {
            agency: self.agency.to_string(),
            url: self.url.to_string(),
            set_at: At(self.set_at),
            set_by: self.set_by.to_string(),
            failure: None,
            failing_since: None,
            next_probe: None,
            key_id: String::new(),
            nonce: Vec::new(),
            ciphertext: Vec::new(),
        };
        let Secrets { current, older } = &self.secrets;
        let written = Written {
            current: *current.expose(),
            older: older.as_ref().map(|(secret, until)| (*secret.expose(), *until)),
        };
        let plain = serde_json::to_vec(&written).map_err(|e| corrupt(e.to_string()))?;
        let sealed = cipher.seal(&row.bound_name(), &plain, rng)?;
        (row.key_id, row.nonce, row.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
        Ok(SealedEndpoint { row })
    }
}

/// An endpoint as the ledger takes it.
#[derive(Clone)]
pub struct SealedEndpoint {
    pub(in crate::store) row: EndpointRow,
}

fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt(what.into())
}
