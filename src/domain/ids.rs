//! Identifiers of the hub's own making: a prefix that says what it names, and a UUIDv7 (RFC 9562), so that ids sort by time.

use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Why a text is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "std::borrow::Cow<'_, str>", into = "String")]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = concat!($prefix, "_");

            /// A new id, made at `at` with randomness from `rng`.
            pub fn new(at: Timestamp, rng: &mut impl Rng) -> Self {
                let mut random = [0u8; 10];
                rng.fill_bytes(&mut random);
                let millis = u64::try_from(at.as_micros() / 1000).unwrap_or(0);
                $name(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The id without its prefix, as 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            /// Exactly the prefix and 32 lower-case hexadecimal digits.
            fn from_str(s: &str) -> Result<Self, NotAnId> {
                let hex = s.strip_prefix(Self::PREFIX).ok_or(NotAnId)?;
                if hex.len() != 32 || hex.bytes().any(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                    return Err(NotAnId);
                }
                uuid::Uuid::try_parse(hex).map($name).map_err(|_| NotAnId)
            }
        }

        impl TryFrom<std::borrow::Cow<'_, str>> for $name {
            type Error = NotAnId;
            fn try_from(s: std::borrow::Cow<'_, str>) -> Result<Self, NotAnId> {
                s.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": concat!("^", $prefix, "_[0-9a-f]{32}$")})
            }
        }
    )*};
}

ids! {
    /// The hub's tracking id of a dossier. Not the official dossier code, which the city's system assigns.
    DossierId = "dos";
    /// One submission: the exact bytes a tenant sent.
    SubmissionId = "sub";
    /// One event in the life of a dossier.
    EventId = "evt";
    /// One carriage of one event to one agency.
    DeliveryId = "dlv";
    /// One secret of a webhook.
    SecretId = "whs";
    /// The stored bytes of one uploaded file.
    BlobId = "blb";
    /// One reading of something of a dossier, as kept in the read log.
    ReadId = "rdg";
    /// One request, as named in logs and problem documents.
    RequestId = "req";
    /// One document that was refused and kept.
    RefusalId = "rfs";
}

impl RefusalId {
    /// The id of the document with this keyed digest: a UUIDv8 (RFC 9562, 5.8), so that the same document refused again is known
    /// before anything is looked up.
    pub fn derived(digest: &[u8; 32]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        RefusalId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn ids_sort_by_time_and_parse_back() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let a = DossierId::new(Timestamp::from_micros(1_700_000_000_000_000), &mut rng);
        let b = DossierId::new(Timestamp::from_micros(1_700_000_000_001_000), &mut rng);
        assert!(a < b && a.to_string() < b.to_string());
        assert_eq!(a.to_string().parse::<DossierId>(), Ok(a));
        assert!(a.to_string().parse::<EventId>().is_err());
        assert!(a.to_string().to_uppercase().parse::<DossierId>().is_err());
    }
}
