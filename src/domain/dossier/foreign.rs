//! What stands beside the canonical form: codes of other systems, and values it has no field for.

use serde::{Deserialize, Serialize};

use super::limits;
use crate::domain::text::{Prose, Text};

/// The dossier's number in another system (receipt number, waybill).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignCode {
    /// Which system.
    pub system: Text<50>,
    /// Its code there.
    pub code: Text<100>,
}

/// What the sender's format says and the canonical dossier has no field for, kept as it was said for whoever reads the content.
/// The hub decides nothing by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignValue {
    /// Where it stood in the sender's document, from the dossier on: `/GhiChu`, `/TaiLieuNop/0/MaKetQuaThayThe`, in XML
    /// `/DocumentSender/ProvinceCode`.
    pub path: Text<{ limits::FOREIGN_PATH }>,
    /// The value, as text.
    pub value: Prose<{ limits::FOREIGN_VALUE }>,
}

impl ForeignValue {
    /// The sender's name of the field; of an entry of a list, that of the list.
    pub fn name(&self) -> &str {
        let steps = self.path.as_str().rsplit('/');
        let mut named = steps.filter(|step| !step.is_empty() && !step.bytes().all(|b| b.is_ascii_digit()));
        named.next().unwrap_or(self.path.as_str())
    }
}
