//! What is kept, as values of the domain: what readers find and what a filing writes. Rows stay behind it.

mod delivery;
mod dossier;
mod json;
mod submission;

pub use delivery::{KeptAttempt, KeptDelivery};
pub use dossier::{KeptDossier, NewDossier, Part};
pub use json::Json;
pub use submission::{KeptSubmission, NewSubmission};
