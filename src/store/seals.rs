//! What the chain proves of the rows beside it, and which columns it does not prove, with the reason.
//!
//! A row is proven in one of four ways. **By its event**: the last event a commit writes of a dossier carries the digest of the
//! dossier's row as it then is and of every row the commit adds for it ([`RowSeal`]); events are leaves of blocks. **By an act**: a
//! change of the register or the directory is an entry of the audit, which carries the digests of the rows it wrote. **By a chain of
//! its own**, whose end stands in every block: the audit, and the log of reads. **By its key**: an encrypted value is bound to the
//! other columns of its row, which are part of the name it is sealed under, and does not open when one of them is another.
//!
//! A column that is none of this is in [`LOOSE`].

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::event::Event;
use crate::domain::sha256::Sha256;
use crate::store::word::{PartyRole, Worded};

/// The kind of the keyed seal over the head's hash: who can write to the database and has no key of the hub cannot make one, so a
/// chain that was computed anew is found even without a copy of its head.
pub(super) const HEAD: &str = "head";

/// The head of the chain, by its index: the newest is found first, however many old ones nobody may clear away yet.
macro_rules! newest_head {
    () => {
        head::table.order(head::block.desc()).limit(1)
    };
}
pub(in crate::store) use newest_head;

/// Columns that no seal covers, and why nothing is lost by it: table, column, reason. `*` is every column of the table.
pub const LOOSE: &[(&str, &str, &str)] = &[
    (
        "dossier_parties",
        "until",
        "compared with the events that end a part",
    ),
    ("audit", "hash", "the link itself; compared"),
    (
        "certificates",
        "warned",
        "which warning was given; at worst one comes again or late",
    ),
    (
        "deliveries",
        "state",
        "how far a message has come; the agency's own acts are events",
    ),
    ("deliveries", "since", "as the state"),
    ("deliveries", "ready", "as the state"),
    ("deliveries", "attempt", "as the state"),
    ("deliveries", "not_before", "as the state"),
    ("deliveries", "leased_until", "as the state"),
    ("deliveries", "failure", "as the state"),
    (
        "attachments",
        "arrived_at",
        "whether the file is here is compared with its wrapped key; the moment is told, not proven",
    ),
    ("attachments", "superseded", "compared with the events that amend"),
    (
        "deliveries",
        "send_at",
        "work in hand: when a message is sent that the broker has not confirmed",
    ),
    (
        "deliveries",
        "format_version",
        "set anew where an operator sends it again; the audit has which",
    ),
    (
        "format_drifts",
        "*",
        "what hubs found at their start; found anew at the next",
    ),
    ("deliveries", "send_leased_until", "as when it is sent"),
    ("deliveries", "send_attempts", "as when it is sent"),
    (
        "dossiers",
        "likeness",
        "derived from the contents; a warning hangs on it",
    ),
    ("dossiers", "twin", "as the likeness"),
    (
        "dossiers",
        "running",
        "limits that run; derived from the events and the calendar",
    ),
    ("dossiers", "look_at", "as the limits that run"),
    ("attempts", "*", "a log of carrying, for whoever mends a line"),
    (
        "watches",
        "*",
        "limits that were told of; derived from the events and the calendar",
    ),
    (
        "alarms",
        "*",
        "copies of what events and certificates say, for the operator's list",
    ),
    (
        "irregularities",
        "*",
        "copies of what events say, for the operator's list",
    ),
    (
        "irregular_counts",
        "*",
        "how many of those; counted anew from the events",
    ),
    (
        "subscriptions",
        "*",
        "how a submitter wants to be told; it reads its own, and the feed has everything",
    ),
    (
        "way_positions",
        "*",
        "work in hand: up to where a submitter was told; the feed has everything",
    ),
    ("notices", "*", "work in hand; built anew from the feed"),
    ("notice_attempts", "*", "a log of carrying, kept 30 days"),
    ("writer", "*", "a lock; nothing in it changes"),
    (
        "code_counters",
        "*",
        "where to look for the next number; each code given is an event, and a name that no other dossier can have",
    ),
    (
        "blobs",
        "*",
        "where the bytes of a file lie; they are bound to the key that is wrapped for each dossier",
    ),
    (
        "endpoints",
        "failure",
        "how an endpoint stands; found anew at the next try",
    ),
    ("endpoints", "failing_since", "as the failure"),
    ("endpoints", "next_probe", "as the failure"),
    (
        "refusals",
        "count",
        "how often a refused document came; it is no dossier, and goes after 30 days",
    ),
    ("refusals", "last_at", "as the count"),
    (
        "refusals",
        "problems",
        "what its sender was told; told again when it is sent again",
    ),
    (
        "subscription_secrets",
        "since",
        "from when a secret signs; the receiver refuses a wrong signature",
    ),
    ("subscription_secrets", "until", "as the moment it signs from"),
];

/// Whether no digest covers a column.
pub fn is_loose(table: &str, column: &str) -> bool {
    LOOSE
        .iter()
        .any(|(t, c, _)| *t == table && (*c == column || *c == "*"))
}

/// What an event seals of the rows beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSeal {
    /// Digest of the dossier's row, as it is after the commit.
    pub dossier: Digests,
    /// Digests of the rows that the commit added for the dossier: received bytes, content, parts, names, files, messages.
    #[serde(default, skip_serializing_if = "Digests::is_empty")]
    pub rows: Digests,
    /// Tenants whose part in the dossier ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

/// How a seal names a part that ends. An agency may have two parts in one dossier; of several agencies', the part of one beside the
/// competent agency is named apart.
pub fn left_by(tenant: &str, role: PartyRole) -> String {
    match role {
        PartyRole::CoAgency => format!("{tenant} {}", role.word()),
        _ => tenant.to_owned(),
    }
}

/// Some digests, written as one text: base64url of their bytes, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests(pub Vec<Sha256>);

impl Digests {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(Sha256::as_bytes).copied().collect();
        s.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(serde::de::Error::custom)?;
        let (whole, rest) = bytes.as_chunks::<32>();
        if rest.is_empty() {
            Ok(Digests(whole.iter().copied().map(Sha256::new).collect()))
        } else {
            Err(serde::de::Error::custom("a digest has 32 bytes"))
        }
    }
}

/// An event as it is kept: its own fields, and what it seals.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptEvent {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// What it seals; of all events a commit writes of a dossier the last one has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<RowSeal>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_one_text_and_come_back() {
        for digests in [
            Digests(vec![]),
            Digests(vec![Sha256::new([1; 32])]),
            Digests(vec![Sha256::new([1; 32]), Sha256::new([255; 32])]),
        ] {
            let text = serde_json::to_string(&digests).unwrap();
            assert_eq!(serde_json::from_str::<Digests>(&text).unwrap(), digests);
        }
        assert!(serde_json::from_str::<Digests>("\"AAAA\"").is_err());
    }

    #[test]
    fn every_reason_is_given_once() {
        for (n, (table, column, reason)) in LOOSE.iter().enumerate() {
            assert!(reason.len() > 10, "{table}.{column}");
            let again = LOOSE[n + 1..].iter().any(|(t, c, _)| t == table && c == column);
            assert!(!again, "{table}.{column}");
        }
        assert!(is_loose("watches", "stage") && is_loose("deliveries", "state"));
        assert!(!is_loose("deliveries", "agency") && !is_loose("dossiers", "route"));
    }
}
