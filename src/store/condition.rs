//! In what condition a database is: for `lienthong doctor`. Reads only, except that asking for pending migrations makes
//! diesel's own table where there is none.

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::cause::Cause;
use super::conn::{Conn, Connector, Purpose, REPLY_TIME, on_backend};
use super::postgres::Session;
use super::tables::settings;
use super::{StoreError, migrate};
use crate::domain::time::Timestamp;

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `PostgreSQL 15.8`, `SQLite 3.50.4`.
    pub product: String,
    /// PostgreSQL's major version; none for SQLite, which comes with the hub.
    pub postgres_major: Option<i64>,
    /// Whether the connection that the server sees is encrypted; none for a file. Behind a pooler it is the pooler's.
    pub encrypted: Option<bool>,
    /// Settings under which a commit that was answered may be lost in a power cut, as `fsync = off`.
    pub undurable: Vec<String>,
    /// Whether it takes writes; a standby does not.
    pub writable: bool,
    /// Its clock.
    pub now: Timestamp,
    /// Names of the migrations that are not applied.
    pub pending: Vec<String>,
    /// Version of the directory in use; none where none was imported.
    pub directory: Option<String>,
}

/// Asks a database for its condition.
///
/// # Errors
/// When it does not answer.
pub fn condition(conn: &mut Conn) -> Result<Condition, StoreError> {
    let mut condition = match conn {
        Conn::Pg(c) => postgres(c)?,
        Conn::Sqlite(c) => sqlite(c)?,
    };
    condition.pending = migrate::pending(conn)?;
    if condition.pending.is_empty() {
        condition.directory = on_backend!(conn, c => settings::table
            .find("directory").select(settings::value).first(c).optional())?;
    }
    Ok(condition)
}

/// Whether the sessions the hub opens are its own, and keep what it sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// Settings that are not what was set, as `statement_timeout = 0, not 5000`.
    pub unset: Vec<String>,
    /// What one session was told is not known in the next statement: a pooler gives each transaction another one.
    pub shared: bool,
}

impl Sessions {
    /// What is wrong with them; none when all is well.
    pub fn fault(&self) -> Option<String> {
        if self.shared {
            return Some(
                "a pooler between gives each transaction another session (PgBouncer: pool_mode = transaction or statement)"
                    .to_owned(),
            );
        }
        (!self.unset.is_empty())
            .then(|| format!("settings of the session do not hold: {}", self.unset.join(", ")))
    }
}

/// Looks whether sessions are the hub's own. The hub holds the head of its chain, its limits of time and its read-only readers by what
/// is set on a session, and prepares its statements there.
///
/// # Errors
/// When the database does not answer.
pub fn sessions(connector: &Connector) -> Result<Sessions, StoreError> {
    if !connector.is_postgres() {
        return Ok(Sessions::default());
    }
    match looked_at(connector) {
        Err(StoreError::Sessions(_)) => Ok(Sessions {
            shared: true,
            ..Sessions::default()
        }),
        looked => looked,
    }
}

/// Asks something of a session; says when the session knows nothing of what was prepared on it, which is another's then.
fn asked<T>(conn: &mut Conn, ask: impl FnOnce(&mut Conn) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let told = conn.within(REPLY_TIME, ask);
    told.map_err(|error| match conn.cause_of(&error) {
        Cause::Lent => StoreError::Sessions(error.to_string()),
        _ => error,
    })
}

fn looked_at(connector: &Connector) -> Result<Sessions, StoreError> {
    let mut found = Sessions::default();
    let mut one = connector.open(Purpose::Ledger)?;
    let mut other = connector.open(Purpose::Reader)?;
    for round in 0..3 {
        let told = asked(&mut one, |conn| {
            execute(conn, &format!("SET lienthong.session = '{round}'"))
        });
        told?;
        // While this transaction is open it has a session for itself: that of `one`, where sessions are lent.
        if asked(&mut other, |conn| execute(conn, "BEGIN")).is_err() {
            found.shared = true;
            return Ok(found);
        }
        let looked = asked(&mut other, |conn| execute(conn, "SELECT 1"));
        let heard = asked(&mut one, |conn| setting(conn, "lienthong.session"));
        looked?;
        // None where it had to wait for the one session there is.
        if heard.ok().as_deref() != Some(round.to_string().as_str()) {
            found.shared = true;
            return Ok(found);
        }
        asked(&mut other, |conn| execute(conn, "ROLLBACK"))?;
    }
    for (conn, purpose) in [(&mut one, Purpose::Ledger), (&mut other, Purpose::Reader)] {
        for (name, wanted) in purpose.settings() {
            let is = asked(conn, |conn| kept(conn, name))?;
            if is != *wanted {
                found.unset.push(format!("{name} = {is}, not {wanted}"));
            }
        }
    }
    Ok(found)
}

fn execute(conn: &mut Conn, statement: &str) -> Result<(), StoreError> {
    Ok(on_backend!(conn, c => c.batch_execute(statement))?)
}

/// A setting that may be of nobody's making; empty where there is none.
fn setting(conn: &mut Conn, name: &str) -> Result<String, StoreError> {
    let asked = sql::<Text>(&format!("coalesce(current_setting('{name}', true), '')"));
    Ok(on_backend!(conn, c => diesel::select(asked).first(c))?)
}

/// A setting in the server's own unit.
fn kept(conn: &mut Conn, name: &str) -> Result<String, StoreError> {
    let asked = sql::<Text>(&format!(
        "(SELECT setting FROM pg_settings WHERE name = '{name}')"
    ));
    Ok(on_backend!(conn, c => diesel::select(asked).first(c))?)
}

fn postgres(c: &mut Session) -> Result<Condition, StoreError> {
    let (version, number, encrypted, standby, micros): (String, i64, bool, bool, i64) = diesel::select((
        sql::<Text>("split_part(current_setting('server_version'), ' ', 1)"),
        sql::<BigInt>("current_setting('server_version_num')::bigint"),
        sql::<Bool>("coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)"),
        sql::<Bool>("pg_is_in_recovery()"),
        sql::<BigInt>("(extract(epoch from clock_timestamp()) * 1000000)::bigint"),
    ))
    .first(c)?;
    let mut undurable = Vec::new();
    for name in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value: String = diesel::select(sql::<Text>(&format!("current_setting('{name}')"))).first(c)?;
        if value == "off" {
            undurable.push(format!("{name} = off"));
        }
    }
    Ok(Condition {
        product: format!("PostgreSQL {version}"),
        postgres_major: Some(number / 10_000),
        encrypted: Some(encrypted),
        undurable,
        writable: !standby,
        now: Timestamp::from_micros(micros),
        pending: Vec::new(),
        directory: None,
    })
}

/// `PRAGMA synchronous`: 2 is FULL, 3 is EXTRA.
const SYNCHRONOUS_FULL: i64 = 2;

fn sqlite(c: &mut SqliteConnection) -> Result<Condition, StoreError> {
    let (version, synchronous, journal, read_only, seconds): (String, i64, String, bool, i64) =
        diesel::select((
            sql::<Text>("sqlite_version()"),
            sql::<BigInt>("(SELECT synchronous FROM pragma_synchronous)"),
            sql::<Text>("(SELECT journal_mode FROM pragma_journal_mode)"),
            sql::<Bool>("(SELECT query_only FROM pragma_query_only)"),
            sql::<BigInt>("unixepoch()"),
        ))
        .first(c)?;
    let mut undurable = Vec::new();
    if synchronous < SYNCHRONOUS_FULL {
        undurable.push(format!("synchronous = {synchronous}"));
    }
    if journal != "wal" {
        undurable.push(format!("journal_mode = {journal}"));
    }
    Ok(Condition {
        product: format!("SQLite {version}"),
        postgres_major: None,
        encrypted: None,
        undurable,
        writable: !read_only,
        now: Timestamp::from_micros(seconds * 1_000_000),
        pending: Vec::new(),
        directory: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Backend;
    use crate::store::conn::{Connector, Purpose};

    #[test]
    fn a_new_file_is_durable_and_waits_for_every_migration() {
        let path = std::env::temp_dir().join(format!("lienthong-condition-{}.db", std::process::id()));
        let connector = Connector::new(Backend::Sqlite { path: path.clone() });
        let mut conn = connector.open(Purpose::Migration).unwrap();
        let before = condition(&mut conn).unwrap();
        assert_eq!(before.pending, migrate::names().unwrap()[1]);
        assert!(before.undurable.is_empty() && before.writable && before.encrypted.is_none());
        migrate::up(&mut conn).unwrap();
        let after = condition(&mut conn).unwrap();
        assert!(after.pending.is_empty() && after.directory.is_none());
        drop(conn);
        for ending in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(format!("{}{ending}", path.display())));
        }
    }
}
