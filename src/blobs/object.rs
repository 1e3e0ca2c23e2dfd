//! What is the same of every object, wherever it is kept: its shelf, and how much of it is read at once.

use std::ops::RangeInclusive;

use super::segments::SEGMENT;
use crate::domain::ids::BlobId;

/// Stored bytes read at once at most.
pub const PIECE: u64 = 16 * (SEGMENT as u64 + 16);

/// The shelves the objects stand on: the last two hexadecimal digits of their names.
pub const SHELVES: RangeInclusive<u8> = 0..=u8::MAX;

/// The shelf an object stands on, as its two digits.
pub(super) fn shelf_of(object: BlobId) -> String {
    let name = object.to_string();
    name[name.len() - 2..].to_owned()
}
