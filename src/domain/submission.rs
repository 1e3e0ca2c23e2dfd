//! A submission: the exact bytes a tenant sent, and what the hub promises about them.

use serde::{Deserialize, Serialize};

use super::ids::{DossierId, SubmissionId};
use super::sha256::Sha256;
use super::tenant::TenantKey;
use super::time::Timestamp;

/// A value of the `Idempotency-Key` header: 1 to 128 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

impl IdempotencyKey {
    /// How long a key and its answer are kept, in days.
    pub const KEPT_DAYS: u32 = 30;

    /// Parses a header value.
    pub fn parse(raw: &str) -> Option<Self> {
        let ok = (1..=128).contains(&raw.len()) && raw.bytes().all(|b| (0x21..=0x7e).contains(&b));
        ok.then(|| IdempotencyKey(raw.into()))
    }

    /// The value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the receipt says. Signed by the hub as a JWS over exactly these fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReceiptClaims {
    /// The hub that signs.
    pub iss: String,
    /// Tracking id of the dossier.
    pub sub: DossierId,
    /// The submission.
    pub submission: SubmissionId,
    /// Who sent it.
    pub tenant: TenantKey,
    /// When it was received, in seconds since the Unix epoch.
    pub iat: i64,
    /// When it was received, to the microsecond.
    pub received_at: Timestamp,
    /// SHA-256 of the exact bytes received.
    pub sha256: Sha256,
    /// How many bytes.
    pub bytes: u64,
}
