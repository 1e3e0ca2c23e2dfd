//! Limits of checks, all deliberate (docs/LIMITS.md).

/// Checks of one procedure, whatever their days; and of those for every procedure.
pub const PER_PROCEDURE: usize = 50;
/// Checks of one document of a format.
pub const PER_FORMAT: usize = 50;
/// Characters of one argument.
pub const ARGUMENT: usize = 1000;
/// Choices in one argument: codes, names, words, fields.
pub const CHOICES: usize = 20;
/// Characters of a sentence of one's own.
pub const SENTENCE: usize = 500;
