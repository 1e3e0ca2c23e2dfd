//! The rules of competence that apply to a filing, and whom they name.

use super::reorganisation::Reorganisation;
use super::rows::{Agency, Rule};
use crate::domain::codes::Key;

/// A rule that applies, with the agency it leads to.
#[derive(Clone)]
pub(super) struct Match<'a> {
    pub(super) rule: &'a Rule,
    pub(super) agency: &'a Agency,
    /// The rows by which that agency took over from the one the rule names.
    pub(super) by: Vec<&'a Reorganisation>,
}

/// The distinct agencies of some matches, in order of key.
pub(super) fn agencies<'a>(matches: &[Match<'a>]) -> Vec<&'a Key> {
    let mut keys: Vec<&Key> = matches.iter().map(|f| &f.agency.key).collect();
    keys.sort();
    keys.dedup();
    keys
}
