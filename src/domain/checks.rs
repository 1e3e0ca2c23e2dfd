//! Rules about what a dossier or a report means, as data: what its shape cannot say.
//!
//! A [`CheckRule`] is one of a closed set of pure questions; a [`Check`] is one of them under a name, with how much it weighs. They
//! stand in the list of what holds for every dossier (`schema/checks.csv`), beside a format (`[[dossier.check]]` of its
//! `adapter.toml`), and beside the procedures of a directory ([`Requirements::FILE`]); [`in_force`] puts them together, and
//! [`broken`] says which of them a document breaks. No rule ever changes what is read.

mod check;
mod facts;
mod field;
mod judge;
pub mod limits;
mod list;
mod papers;
mod rule;
mod standing;
mod told;
mod words;

#[cfg(test)]
mod tests;

pub use check::Check;
pub use facts::{FactNode, FactValue, Facts, Identified, StatedTotal};
pub use field::FieldPath;
pub use judge::broken;
pub use list::{Requirement, Requirements, shipped};
pub use papers::{CopyKind, PaperMatch};
pub use rule::{CheckRule, CheckRuleFault, FieldCondition};
pub use standing::{CheckInForce, in_force};
pub use told::{Broken, BrokenPlace};
pub use words::{CheckName, CheckSeverity, CheckedDocument, NotACheckName, OwnSentence};
