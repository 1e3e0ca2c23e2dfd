//! Something wrong with an adapter file, and the line of it.

use std::fmt;

/// Something wrong with an adapter file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterFault {
    /// Which file, as it was handed in.
    pub file: String,
    /// Line in it, from 1.
    pub line: usize,
    /// What is wrong and what to do, in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

impl fmt::Display for AdapterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} / {}",
            self.file, self.line, self.message_vi, self.message_en
        )
    }
}

impl std::error::Error for AdapterFault {}

/// The line of a byte of a file, from 1.
pub(in crate::adapt) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// The bytes at which the lines of a file begin.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    let after_ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
    std::iter::once(0)
        .chain(after_ends.map(|(at, _)| at + 1))
        .collect()
}
