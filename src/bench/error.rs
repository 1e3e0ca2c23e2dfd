//! Why something could not be measured. What was measured and is wrong is a check of the report.

use std::fmt;

/// Why a measurement could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BenchError {
    /// Something it needs is not there, or did not do what it should; the sentence says what and why.
    #[error("{0}")]
    Failed(String),
    /// Somebody said stop.
    #[error("stopped before its end")]
    Stopped,
}

impl BenchError {
    /// That `what` failed, with why.
    pub fn of<E: fmt::Display>(what: impl fmt::Display) -> impl Fn(E) -> BenchError {
        move |why| BenchError::Failed(format!("{what}: {why}"))
    }

    /// A sentence of its own.
    pub fn said(sentence: impl Into<String>) -> BenchError {
        BenchError::Failed(sentence.into())
    }
}

/// What measuring gives.
pub type Result<T> = std::result::Result<T, BenchError>;
