//! The life of a dossier: what may happen to it, and what each event makes of it.
//!
//! [`decide()`] may refuse; [`evolve`] may not fail. The table is `schema/lifecycle.csv`: from × to × who × guard. Agencies decide
//! and the hub mirrors, so a broken rule is applied and flagged where the office would have to live with it
//! ([`super::event::Verdict::AppliedIrregular`]); only what cannot be true is rejected (out of a final status, by the wrong party).

mod beside;
mod decide;
pub mod entry;
mod matters;
mod report;
mod role;
mod state;
mod table;

pub use beside::{Correction, LONGEST_POSTPONEMENT_DAYS, correct};
pub use decide::{allowed, decide};
pub use matters::judge;
pub use report::{Decision, Report};
pub use role::Role;
pub use state::{Phase, Promise, Resume, State, evolve};
pub use table::{Guard, Transition, table};

#[cfg(test)]
mod tests;
