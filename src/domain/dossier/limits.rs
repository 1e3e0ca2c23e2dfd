//! Limits of a filing, all deliberate (docs/LIMITS.md).

/// Papers in one dossier.
pub const COMPONENTS: usize = 200;
/// Files of one paper.
pub const FILES: usize = 50;
/// Fees of one dossier.
pub const FEES: usize = 50;
/// Codes of other systems.
pub const FOREIGN_CODES: usize = 20;
/// Values kept beside the canonical form.
pub const FOREIGN_VALUES: usize = 200;
/// Longest of them, in characters.
pub const FOREIGN_VALUE: usize = 4000;
/// Longest place of one, in characters.
pub const FOREIGN_PATH: usize = 500;
/// Papers that say who somebody is.
pub const IDENTITY_PAPERS: usize = 10;
/// Largest amount in đồng.
pub const AMOUNT_VND: i64 = 1_000_000_000_000;
