//! Partitions of PostgreSQL: made ahead of their time, and dropped when what is in them is no longer kept. Nothing to do on SQLite.
//!
//! Making and dropping one locks its table against everybody, readers too, and waits for whoever reads it: a backup reads every table for
//! as long as it takes. So it is done in a session of its own that gives up soon and comes again, never in the ledger's. Partitions are
//! made long before they are needed, and what falls outside lands in `_rest`: nothing hangs on one try.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::StoreError;
use super::cause::Cause;
use super::conn::{Conn, Connector, Purpose};
use crate::domain::time::{Date, Timestamp};

/// How long what one partition holds is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Span {
    Month,
    Day,
}

/// A partitioned table.
struct Table {
    name: &'static str,
    span: Span,
    /// How many partitions there are beside the present one, ahead of it.
    ahead: usize,
    /// How long rows are kept, in days; none are kept for ever.
    kept_days: Option<u32>,
}

const fn by_month(name: &'static str) -> Table {
    Table {
        name,
        span: Span::Month,
        ahead: 3,
        kept_days: None,
    }
}

const TABLES: [Table; 6] = [
    by_month("submissions"),
    by_month("events"),
    by_month("attempts"),
    by_month("audit"),
    by_month("reads"),
    Table {
        name: "notice_attempts",
        span: Span::Day,
        ahead: 7,
        kept_days: Some(NOTICE_ATTEMPTS_KEPT_DAYS),
    },
];

/// How long attempts to tell a submitter are kept, in days, each to its end in Vietnam.
pub const NOTICE_ATTEMPTS_KEPT_DAYS: u32 = 30;

/// Bytes up to which a row stays whole, instead of being cut up beside its table: the most PostgreSQL allows, nearly a page.
const WHOLE: u16 = 8160;

/// What became of the partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionChanges {
    /// Those that were made.
    pub made: Vec<String>,
    /// Those that were dropped, with all that was in them.
    pub dropped: Vec<String>,
    /// Those that have to wait, each with why: somebody reads their table, most likely.
    pub later: Vec<(String, String)>,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The first moment that is kept of what is kept for so many days.
pub(super) fn kept_since(now: Timestamp, days: u32) -> Timestamp {
    let back = Duration::from_secs(u64::from(days) * 24 * 3600);
    midnight(now.minus(back).date())
}

/// Makes what is missing and drops what is over, in a session of its own. Blocks.
pub(super) fn keep(connector: &Connector, now: Timestamp) -> Result<PartitionChanges, StoreError> {
    if !connector.is_postgres() {
        return Ok(PartitionChanges::default());
    }
    keep_on(&mut connector.open(Purpose::Upkeep)?, now)
}

/// As [`keep`], on a connection there is.
///
/// # Errors
/// What the database says. A partition that has to wait is no error.
pub fn keep_on(conn: &mut Conn, now: Timestamp) -> Result<PartitionChanges, StoreError> {
    let mut kept = PartitionChanges::default();
    let there = names(conn)?;
    for table in &TABLES {
        let mut first = table.span.first(now.date());
        for _ in 0..=table.ahead {
            let next = table.span.next(first);
            let name = table.partition(first);
            if !there.contains(&name) {
                let make = format!(
                    "CREATE TABLE {name} PARTITION OF {} FOR VALUES FROM ('{}') TO ('{}') WITH (toast_tuple_target = {WHOLE})",
                    table.name,
                    midnight(first),
                    midnight(next),
                );
                run(conn, name, &make, (&mut kept.made, &mut kept.later))?;
            }
            first = next;
        }
        let Some(days) = table.kept_days else { continue };
        let since = kept_since(now, days);
        for name in &there {
            let day = table.day_of(name);
            if day.is_some_and(|day| midnight(table.span.next(day)) <= since) {
                let drop = format!("DROP TABLE {name}");
                run(conn, name.clone(), &drop, (&mut kept.dropped, &mut kept.later))?;
            }
        }
    }
    Ok(kept)
}

/// The partitions there are; none on SQLite.
fn names(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let Conn::Pg(session) = conn else {
        return Ok(Vec::new());
    };
    let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let named: Vec<Named> = diesel::sql_query(
        "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = ANY($1)",
    )
    .bind::<Array<Text>, _>(tables)
    .load(&mut **session)?;
    Ok(named.into_iter().map(|one| one.name).collect())
}

type Outcome<'a> = (&'a mut Vec<String>, &'a mut Vec<(String, String)>);

fn run(conn: &mut Conn, name: String, sql: &str, (done, later): Outcome<'_>) -> Result<(), StoreError> {
    let Conn::Pg(session) = conn else {
        return Ok(());
    };
    match session.batch_execute(sql).map_err(StoreError::from) {
        Ok(()) => done.push(name),
        Err(error) => match conn.cause_of(&error) {
            // Another hub was there first, rows lie in `_rest` that would belong in it, or the table is read just now.
            Cause::Refused | Cause::Away => later.push((name, error.to_string())),
            Cause::Storage | Cause::Lost | Cause::Lent => return Err(error),
        },
    }
    Ok(())
}

impl Table {
    fn partition(&self, first: Date) -> String {
        let (name, year, month) = (self.name, first.year(), first.month());
        match self.span {
            Span::Month => format!("{name}_{year:04}_{month:02}"),
            Span::Day => format!("{name}_{year:04}_{month:02}_{:02}", first.day()),
        }
    }

    /// The first day of what a partition of this table holds; none of another table's, and of `_rest`.
    fn day_of(&self, partition: &str) -> Option<Date> {
        let named = partition.strip_prefix(self.name)?.strip_prefix('_')?;
        let numbers: Option<Vec<i16>> = named.split('_').map(|n| n.parse().ok()).collect();
        match (self.span, numbers?.as_slice()) {
            (Span::Month, [year, month]) => Date::new(*year, i8::try_from(*month).ok()?, 1).ok(),
            (Span::Day, [year, month, day]) => {
                Date::new(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?).ok()
            }
            _ => None,
        }
    }
}

impl Span {
    fn first(self, day: Date) -> Date {
        match self {
            Span::Month => day.first_of_month(),
            Span::Day => day,
        }
    }

    fn next(self, first: Date) -> Date {
        let last = match self {
            Span::Month => first.last_of_month(),
            Span::Day => first,
        };
        last.tomorrow().unwrap_or(Date::MAX)
    }
}

fn midnight(day: Date) -> Timestamp {
    Timestamp::from_vietnam(day.at(0, 0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_known_by_its_name() {
        for table in &TABLES {
            let day = table.span.first(Date::constant(2026, 11, 30));
            let name = table.partition(day);
            assert_eq!(table.day_of(&name), Some(day), "{name}");
            assert_eq!(table.day_of(&format!("{}_rest", table.name)), None);
            assert_eq!(table.day_of("something_2026_11_30_01"), None);
        }
        // One table's name is the end of another's.
        let attempts = &TABLES[2];
        assert_eq!(attempts.day_of("notice_attempts_2026_11_30"), None);
    }

    #[test]
    fn days_are_kept_to_their_end_in_vietnam() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(
            kept_since(at("2026-12-31T16:59:59Z"), 30),
            at("2026-11-30T17:00:00Z")
        );
        assert_eq!(
            kept_since(at("2026-12-31T17:00:00Z"), 30),
            at("2026-12-01T17:00:00Z")
        );
    }
}
