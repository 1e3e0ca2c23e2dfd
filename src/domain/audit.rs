//! What operators did: to the register, to the directory, to the route of a dossier, to deliveries. Kept in a chain of its own: each entry's
//! hash covers the one before, so that nothing is edited or taken out unseen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tenant::Actor;
use super::time::Timestamp;

macro_rules! actions {
    ($(#[$doc_of_first:meta])* $first:ident = $first_word:literal; $($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// One kind of act.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action { $(#[$doc_of_first])* $first, $($(#[$doc])* $name,)* }

        impl Action {
            /// Every kind.
            pub const ALL: &'static [Action] = &[Action::$first, $(Action::$name,)*];

            /// Every word, as a regular expression.
            pub const PATTERN: &'static str = concat!("^(", $first_word, $("|", $word,)* ")$");

            /// The stable word.
            pub const fn word(self) -> &'static str {
                match self { Action::$first => $first_word, $(Action::$name => $word,)* }
            }
        }
    };
}

actions! {
    /// A tenant was registered.
    TenantRegistered = "tenant-registered";
    /// Its name, formats or policy were changed, or who gives the codes of its dossiers.
    TenantChanged = "tenant-changed";
    /// It may not speak for now.
    TenantSuspended = "tenant-suspended";
    /// It may speak again.
    TenantResumed = "tenant-resumed";
    /// It never speaks again.
    TenantClosed = "tenant-closed";
    /// A certificate was pinned to a tenant.
    CertificateAdded = "certificate-added";
    /// A certificate is accepted no more.
    CertificateRevoked = "certificate-revoked";
    /// The hub warned that a certificate ends soon.
    CertificateExpiring = "certificate-expiring";
    /// A person may act for a tenant.
    StaffAdded = "staff-added";
    /// A person's name was corrected.
    StaffRenamed = "staff-renamed";
    /// A person acts for the tenant no more.
    StaffRemoved = "staff-removed";
    /// A receiving point was added.
    PointAdded = "point-added";
    /// Nothing is received at a point any more.
    PointEnded = "point-ended";
    /// Many rows at once, past the rules: what the first sandboxes did. Read in their audit, never written again.
    RegisterEnrolled = "register-enrolled";
    /// A dossier was given an agency by a person.
    DossierAssigned = "dossier-assigned";
    /// A dossier's agency was taken over by another, or ended without a successor that is known.
    DossierSucceeded = "dossier-succeeded";
    /// The task of a co-agency was given to another agency.
    TaskHandedOver = "task-handed-over";
    /// A delivery is tried again, from its first attempt.
    DeliveryRetried = "delivery-retried";
    /// A delivery is tried no more until somebody has it tried again.
    DeliveryParked = "delivery-parked";
    /// Deliveries that the broker had lost are sent again.
    DeliveriesResent = "deliveries-resent";
    /// Events of a submitter that were given up are sent again.
    NoticesRetried = "notices-retried";
    /// Another directory was put into use.
    DirectoryImported = "directory-imported";
    /// A version of a format was kept as a hub began to use it: from then on it never changes.
    FormatKept = "format-kept";
    /// A version of a format was put into use for all who have the format.
    FormatActivated = "format-activated";
    /// The version before was put into use again.
    FormatRolledBack = "format-rolled-back";
    /// A version was tried on stored submissions, without being used.
    FormatShadowed = "format-shadowed";
    /// Another directory will be put into use on a day.
    DirectoryScheduled = "directory-scheduled";
    /// A directory that was to be put into use on a day will not be.
    DirectoryUnscheduled = "directory-unscheduled";
    /// The day of a directory has come: it is in use.
    DirectoryTookEffect = "directory-took-effect";
}

impl std::str::FromStr for Action {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        Action::ALL.iter().copied().find(|a| a.word() == word).ok_or(())
    }
}

/// An act, before it has its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditAction {
    /// What kind.
    pub action: Action,
    /// On what: a tenant's key, a tracking id, `directory`.
    pub subject: String,
    /// What exactly, in codes and names; small.
    pub detail: BTreeMap<String, String>,
}

impl AuditAction {
    /// An act on something, without details.
    pub fn on(action: Action, subject: impl std::fmt::Display) -> Self {
        AuditAction {
            action,
            subject: subject.to_string(),
            detail: BTreeMap::new(),
        }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.detail.insert(name.to_owned(), value.to_string());
        self
    }
}

/// One entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    /// Its place, from 1 without gaps.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who; `operator.hub` is the hub itself, or whoever holds its machine.
    pub actor: Actor,
    /// What kind.
    pub action: Action,
    /// On what: a tenant's key, a tracking id, `directory`.
    pub subject: String,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What exactly.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_parse_back_and_are_what_json_says() {
        for action in Action::ALL {
            assert_eq!(action.word().parse(), Ok(*action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.word());
        }
        assert!("tenant-eaten".parse::<Action>().is_err());
    }
}
