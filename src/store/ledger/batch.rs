//! One batch in memory: what was loaded for it, as it stands after the commands so far, and the rows it will write.
//!
//! Commands are decided here, and nothing here speaks to a database. From below: `writes`, the rows; `batch_files`, the files a batch is about;
//! `numbers`, of the codes the hub gives;
//! `overlay`, all of it; then what is done on it: `answers`, `files`, `events`.

mod answers;
mod batch_files;
mod events;
mod files;
mod numbers;
mod overlay;
mod writes;

pub use batch_files::{BatchFiles, DigestIndex};
pub use events::PendingEvent;
pub use numbers::{Counter, DayOfUnit, Issuing, Numbers};
pub use overlay::Batch;
pub use writes::{AnsweredBy, AtHand, Writes};
