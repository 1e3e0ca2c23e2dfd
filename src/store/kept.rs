//! What is kept, as values of the domain: what readers find, and what a request writes. Rows stay behind it.
//!
//! What is `New…` and holds a secret or the bytes of a sender becomes `Sealed…` on the caller's thread, before the ledger is asked.

mod delivery;
mod dossier;
mod endpoint;
mod json;
mod refusal;
mod secret;
mod submission;
mod subscription;

pub use delivery::{KeptAttempt, KeptDelivery};
pub use dossier::{KeptDossier, NewDossier, Part};
pub use endpoint::{KeptEndpoint, NewEndpoint, SealedEndpoint, Secrets};
pub use json::Json;
pub use refusal::{KeptRefusal, NewRefusal, SealedRefusal};
pub(in crate::store) use secret::secret_row;
pub use secret::{KeptSecret, NewSecret, SealedSecret};
pub use submission::{KeptSubmission, NewSubmission};
pub use subscription::{Hold, KeptSubscription};
pub(in crate::store) use subscription::{Position, newest, position};
