//! What is true: the words, values and rules of the trade.
//!
//! Everything here is pure. No room of ours is imported, nothing reads a clock, a file or a socket, nothing is random unless a
//! generator is handed over, nothing is async. Outside this room a dossier is bytes; inside it is a value that cannot be wrong:
//! types have private fields and one parser each.
//!
//! Start with [`dossier::Filing`] (what a clerk files), then [`lifecycle`] (what may happen to it) and [`routing`] (who is
//! responsible). [`rejection`] is the one list of everything the hub can refuse, with its stable labels.

pub mod absent;
pub mod attachment;
pub mod audit;
pub mod calendar;
pub mod checks;
pub mod clocks;
pub mod codes;
pub mod contract;
pub mod details;
pub mod dossier;
pub mod encoding;
pub mod endpoint;
pub mod event;
pub mod failure;
pub mod ids;
pub mod issuing;
pub mod legal;
pub mod lifecycle;
pub mod matter;
pub mod percent;
pub mod plausible;
pub mod register;
pub mod rejection;
pub mod routing;
pub mod seal;
pub mod sha256;
pub mod status;
pub mod submission;
pub mod syntax;
pub mod task;
pub mod tasks;
pub mod tenant;
pub mod text;
pub mod time;
pub mod view;
pub mod whole;
