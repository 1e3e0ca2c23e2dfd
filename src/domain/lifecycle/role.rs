//! In which part somebody acts on a dossier.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which part somebody acts on a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Who filed it.
    Submitter,
    /// The one-stop unit that receives for the agency.
    ReceivingUnit,
    /// The competent agency.
    Agency,
    /// A legal limit that passed.
    Clock,
    /// The operator of the hub.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::Submitter,
        Role::ReceivingUnit,
        Role::Agency,
        Role::Clock,
        Role::Operator,
    ];

    /// The word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Submitter => "submitter",
            Role::ReceivingUnit => "receiving-unit",
            Role::Agency => "agency",
            Role::Clock => "clock",
            Role::Operator => "operator",
        }
    }
}
