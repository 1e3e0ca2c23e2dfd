//! Why a statement failed, by its SQLSTATE: never by the words of a message, which are in the server's language.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use tokio_postgres::error::{DbError, SqlState};

use crate::store::cause::Cause;

/// What a SQLSTATE says of the statement that failed (PostgreSQL, appendix A). What is not named here is the statement's own matter: a
/// value the database refuses, or a time-out of the statement, which another statement need not meet.
pub(super) fn of_state(state: &SqlState) -> Cause {
    match state.code() {
        // Not while others hold what it needs: a lock, or what another transaction has changed.
        "40001" | "40P01" | "55P03" => Cause::Away,
        // disk_full, io_error; and out_of_memory, in which nobody's statement is at fault either.
        "53100" | "53200" | "58030" => Cause::Storage,
        // The session was ended, by an operator, a crash, or because it held its transaction too long; or it is to a server that does
        // not write any more, and only a new one finds the server that does.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" | "25006" | "53300" => {
            Cause::Lost
        }
        // A statement is not known that was prepared: somebody between lends sessions out.
        "26000" | "42P05" => Cause::Lent,
        code if code.starts_with("08") => Cause::Lost,
        _ => Cause::Refused,
    }
}

/// An error of the server as diesel shows it.
pub(super) fn told(error: &DbError) -> Error {
    let kind = match *error.code() {
        SqlState::UNIQUE_VIOLATION => DatabaseErrorKind::UniqueViolation,
        SqlState::FOREIGN_KEY_VIOLATION => DatabaseErrorKind::ForeignKeyViolation,
        SqlState::NOT_NULL_VIOLATION => DatabaseErrorKind::NotNullViolation,
        SqlState::CHECK_VIOLATION => DatabaseErrorKind::CheckViolation,
        SqlState::T_R_SERIALIZATION_FAILURE => DatabaseErrorKind::SerializationFailure,
        SqlState::READ_ONLY_SQL_TRANSACTION => DatabaseErrorKind::ReadOnlyTransaction,
        _ => DatabaseErrorKind::Unknown,
    };
    Error::DatabaseError(kind, Box::new(Said(error.clone())))
}

struct Said(DbError);

impl DatabaseErrorInformation for Said {
    fn message(&self) -> &str {
        self.0.message()
    }

    fn details(&self) -> Option<&str> {
        self.0.detail()
    }

    fn hint(&self) -> Option<&str> {
        self.0.hint()
    }

    fn table_name(&self) -> Option<&str> {
        self.0.table()
    }

    fn column_name(&self) -> Option<&str> {
        self.0.column()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.0.constraint()
    }

    fn statement_position(&self) -> Option<i32> {
        None
    }
}

/// An error with its causes, since tokio-postgres shows only the outermost.
pub(in crate::store) fn chain(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(c) = cause {
        text.push_str(": ");
        text.push_str(&c.to_string());
        cause = c.source();
    }
    text
}
