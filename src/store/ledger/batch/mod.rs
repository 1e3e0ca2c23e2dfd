//! One batch in memory: what was loaded for it, as it stands after the commands so far, and the rows it will write.
//!
//! Commands are decided here, and nothing here speaks to a database. From below: `writes`, the rows; `shelf`, the files a batch is about;
//! `overlay`, all of it; then what is done on it: `answers`, `files`, `events`.

mod answers;
mod events;
mod files;
mod overlay;
mod shelf;
mod writes;

pub use events::Told;
pub use overlay::Batch;
pub use shelf::{Place, Shelf};
pub use writes::{AtHand, Writes};
