//! The writes of a commit, in their order. On PostgreSQL they go in one trip; SQLite has each at once.
//!
//! Rows of one table go as one statement whose text is the same however many they are (`UNNEST` of one array a column; `VALUES` for one
//! alone), so that it is parsed and planned once a session. On SQLite each row is a step of one kept statement.

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, Bool, HasSqlType, Integer, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;

use super::StoreError;
use super::conn::Conn;
use super::moment::{At, Moment};
use super::postgres::{Binds, Query};
use super::word::{Code, Word, Worded};

/// A row that is written with others of its table.
pub trait Stored {
    /// Its table.
    const TABLE: &'static str;
    /// Its columns.
    const COLUMNS: &'static [&'static str];

    /// Binds one array a column, in the order of the columns.
    fn bind_arrays(rows: &[&Self], binds: &mut Binds) -> QueryResult<()>;

    /// Binds each column's value of PostgreSQL, in their order.
    fn bind_row(&self, binds: &mut Binds) -> QueryResult<()>;

    /// Binds each column's value of SQLite, in their order.
    fn bind_values<'b>(&'b self, out: &mut RowValues<'_, 'b>) -> QueryResult<()>;
}

/// The SQL type a value of a row is written as.
pub trait Written {
    /// The type.
    type Sql;
}

macro_rules! written {
    ($($of:ty as $sql:ty),*) => {$(impl Written for $of { type Sql = $sql; })*};
}

written!(String as Text, Vec<u8> as Binary, i64 as BigInt, i32 as Integer, i16 as SmallInt, bool as Bool, At as Moment, Code as SmallInt);

impl<T: Worded> Written for Word<T> {
    type Sql = Text;
}

impl<T: Written> Written for Option<T> {
    type Sql = Nullable<T::Sql>;
}

/// What to do where the table has a row of this key already.
#[derive(Clone, Copy)]
pub enum Clash {
    /// Nothing of the kind is expected: the database says so.
    Fails,
    /// The row that is there stays.
    Stays,
    /// These columns are the key; of the others all are written anew but those that stay as they were.
    Changes {
        /// The key.
        key: &'static [&'static str],
        /// What stays.
        but: &'static [&'static str],
    },
}

impl Clash {
    fn clause(self, columns: &[&str]) -> String {
        match self {
            Clash::Fails => String::new(),
            Clash::Stays => " ON CONFLICT DO NOTHING".to_owned(),
            Clash::Changes { key, but } => {
                let changed = columns.iter().filter(|c| !key.contains(c) && !but.contains(c));
                let set: Vec<String> = changed.map(|c| format!("\"{c}\" = excluded.\"{c}\"")).collect();
                format!(" ON CONFLICT ({}) DO UPDATE SET {}", quoted(key), set.join(", "))
            }
        }
    }
}

fn quoted(columns: &[&str]) -> String {
    let quoted: Vec<String> = columns.iter().map(|c| format!("\"{c}\"")).collect();
    quoted.join(", ")
}

fn head<R: Stored>() -> String {
    format!("INSERT INTO \"{}\" ({}) ", R::TABLE, quoted(R::COLUMNS))
}

/// A row alone goes as it is: the server makes a table of each array first, and of a dossier that is 35 of them.
fn insert<R: Stored>(rows: &[&R], clash: Clash) -> QueryResult<Query> {
    let places: Vec<String> = (1..=R::COLUMNS.len()).map(|n| format!("${n}")).collect();
    let (head, places, tail) = (head::<R>(), places.join(", "), clash.clause(R::COLUMNS));
    let mut binds = Binds::default();
    if let [row] = rows {
        row.bind_row(&mut binds)?;
        return binds.to(&format!("{head}VALUES ({places}){tail}"));
    }
    R::bind_arrays(rows, &mut binds)?;
    binds.to(&format!("{head}SELECT * FROM UNNEST({places}){tail}"))
}

/// One row as a statement of SQLite.
struct OneRow<'a, R> {
    row: &'a R,
    head: &'a str,
    tail: &'a str,
}

/// Where the values of a row are bound.
pub struct RowValues<'a, 'b> {
    out: AstPass<'a, 'b, Sqlite>,
    is_first: bool,
}

impl<'b> RowValues<'_, 'b> {
    /// The next value.
    pub fn push<ST, V>(&mut self, value: &'b V) -> QueryResult<()>
    where
        Sqlite: HasSqlType<ST>,
        V: ToSql<ST, Sqlite>,
    {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push_sql(", ");
        }
        self.out.push_bind_param::<ST, V>(value)
    }
}

impl<R: Stored> QueryFragment<Sqlite> for OneRow<'_, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.head);
        let mut values = RowValues {
            out: out.reborrow(),
            is_first: true,
        };
        self.row.bind_values(&mut values)?;
        out.push_sql(self.tail);
        Ok(())
    }
}

/// Known by its text, which is the same for every row.
impl<R> QueryId for OneRow<'_, R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R> RunQueryDsl<SqliteConnection> for OneRow<'_, R> {}

/// The writes of a commit.
pub(super) struct Script<'c> {
    conn: &'c mut Conn,
    waiting: Vec<Query>,
}

/// Writes rows of one table, now.
pub(super) fn write<'r, R: Stored + 'r>(
    conn: &mut Conn,
    rows: impl IntoIterator<Item = &'r R>,
    clash: Clash,
) -> Result<(), StoreError> {
    let mut script = Script::on(conn);
    script.write(rows, clash)?;
    script.end()
}

impl<'c> Script<'c> {
    pub(super) fn on(conn: &'c mut Conn) -> Self {
        Script {
            conn,
            waiting: Vec::new(),
        }
    }

    /// Writes rows of one table.
    pub(super) fn write<'r, R: Stored + 'r>(
        &mut self,
        rows: impl IntoIterator<Item = &'r R>,
        clash: Clash,
    ) -> Result<(), StoreError> {
        let rows: Vec<&R> = rows.into_iter().collect();
        if rows.is_empty() {
            return Ok(());
        }
        match self.conn {
            Conn::Pg(_) => self.waiting.push(insert(&rows, clash)?),
            Conn::Sqlite(c) => {
                let (head, tail) = (
                    format!("{}VALUES (", head::<R>()),
                    format!("){}", clash.clause(R::COLUMNS)),
                );
                for row in rows {
                    let (head, tail) = (head.as_str(), tail.as_str());
                    OneRow { row, head, tail }.execute(c)?;
                }
            }
        }
        Ok(())
    }

    /// Does anything else.
    pub(super) fn run<Q>(&mut self, query: Q) -> Result<(), StoreError>
    where
        Q: QueryFragment<Pg> + QueryFragment<Sqlite> + QueryId + RunQueryDsl<SqliteConnection>,
    {
        match self.conn {
            Conn::Pg(_) => self.waiting.push(Query::of(&query)?),
            Conn::Sqlite(c) => drop(query.execute(c)?),
        }
        Ok(())
    }

    /// Ends without a commit: what follows needs what was written.
    pub(super) fn end(self) -> Result<(), StoreError> {
        if let Conn::Pg(session) = self.conn {
            session.together(self.waiting)?;
        }
        Ok(())
    }

    /// Ends with the commit.
    pub(super) fn commit(mut self) -> Result<(), StoreError> {
        match self.conn {
            Conn::Pg(session) => {
                self.waiting.push(Query::plain("COMMIT"));
                session.together(self.waiting)?;
            }
            Conn::Sqlite(c) => c.batch_execute("COMMIT")?,
        }
        Ok(())
    }
}
