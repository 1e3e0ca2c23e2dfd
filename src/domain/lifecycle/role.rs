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
    /// The competent agency; of several, the one that leads.
    Agency,
    /// An agency beside the one that leads: it settles its own task, and moves the dossier nowhere.
    CoAgency,
    /// A legal limit that passed.
    Clock,
    /// The operator of the hub.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] = [
        Role::Submitter,
        Role::ReceivingUnit,
        Role::Agency,
        Role::CoAgency,
        Role::Clock,
        Role::Operator,
    ];

    /// The word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Submitter => "submitter",
            Role::ReceivingUnit => "receiving-unit",
            Role::Agency => "agency",
            Role::CoAgency => "co-agency",
            Role::Clock => "clock",
            Role::Operator => "operator",
        }
    }
}
