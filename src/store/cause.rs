//! Why a statement failed: judged by what the database says it is, never by words of a sentence.

/// Why a statement failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The database refuses the statement, or took too long over it; another one it may take.
    Refused,
    /// The database takes nothing now. The session is as good as before.
    Away,
    /// The storage below the database failed.
    Storage,
    /// The session is gone; what became of the statement is not known.
    Lost,
    /// The session is not the hub's own: a pooler lends another one to each transaction.
    Lent,
}

/// diesel gives the text of an error of SQLite and not its number. For what is not the statement's own fault the text is the one
/// constant that `sqlite3_errstr` has for the number, so it is compared as a whole.
pub(super) fn of_sqlite(message: &str) -> Cause {
    match message {
        "database is locked" | "database table is locked" | "attempt to write a readonly database" => {
            Cause::Away
        }
        "database or disk is full" | "disk I/O error" | "out of memory" => Cause::Storage,
        "unable to open database file" => Cause::Lost,
        _ => Cause::Refused,
    }
}
