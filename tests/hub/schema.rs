//! Both live schemas against `src/store/tables`, column by column; every migration there, back and there again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use lienthong::domain::failure::Failure;
use lienthong::domain::legal::TimeLimits;
use lienthong::domain::view::Transport;
use lienthong::store::conn::{Conn, Purpose};
use lienthong::store::ledger::{
    Carried, FeedProgress, HoldWay, LeaseOutbox, LeasedNotice, Likeness, NoticeSettlement, OutboxSettlement,
    SettleNotices, SettleOutbox, SubmitOutcome, Subscribe, Subscription, Watch,
};
use lienthong::store::partitions::PartitionChanges;
use lienthong::store::{migrate, read};

use crate::backends::{Stage, on_both};
use crate::papers::{BRANCH, clockwork, filed, filing, limits};

/// Tables that diesel keeps for itself.
const DIESELS: &str = "__diesel_schema_migrations";

/// Table, column, then class of type and whether it may be null.
pub type Schema = BTreeMap<String, BTreeMap<String, (String, bool)>>;

/// What the source says, from its `table!` blocks.
pub fn source() -> Schema {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/tables");
    let files = std::fs::read_dir(folder).unwrap();
    let text: String = files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let mut schema = Schema::new();
    for block in text.split("diesel::table! {").skip(1) {
        let mut table = String::new();
        for line in block.lines().map(str::trim) {
            if let Some((column, of)) = line.strip_suffix(',').and_then(|l| l.split_once(" -> ")) {
                let (of, null) = match of.strip_prefix("Nullable<") {
                    Some(inner) => (inner.trim_end_matches('>'), true),
                    None => (of, false),
                };
                let columns = schema.get_mut(&table).unwrap();
                columns.insert(column.to_owned(), (of.to_owned(), null));
            } else if let Some((name, _)) = line.strip_suffix(") {").and_then(|l| l.split_once(" (")) {
                name.clone_into(&mut table);
                schema.insert(table.clone(), BTreeMap::new());
            }
        }
    }
    assert!(schema.len() > 10 && schema.values().all(|columns| !columns.is_empty()));
    schema
}

/// The columns of each table's key, from the same blocks.
pub fn keys() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/tables");
    let files = std::fs::read_dir(folder).unwrap();
    let text: String = files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let keys = text
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_suffix(") {")?.split_once(" ("));
    keys.map(|(table, keys)| (table.to_owned(), keys.to_owned()))
        .collect()
}

/// What lives, as `table|column|type|YES or NO`.
fn live(stage: &Stage) -> BTreeMap<String, BTreeMap<String, (String, bool)>> {
    let sql = if stage.is_postgres() {
        "SELECT c.table_name || '|' || c.column_name || '|' || c.data_type || '|' || c.is_nullable AS t \
         FROM information_schema.columns c JOIN pg_class k ON k.oid = c.table_name::regclass \
         WHERE c.table_schema = 'public' AND NOT k.relispartition"
    } else {
        "SELECT m.name || '|' || c.name || '|' || c.type || '|' || CASE c.\"notnull\" WHEN 0 THEN 'YES' ELSE 'NO' END AS t \
         FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
    };
    let mut schema = Schema::new();
    for line in stage.texts(sql) {
        let parts: Vec<&str> = line.split('|').collect();
        let [table, column, of, null] = parts[..] else {
            panic!("{line}")
        };
        if table != DIESELS && !table.starts_with("sqlite_") {
            schema
                .entry(table.to_owned())
                .or_default()
                .insert(column.to_owned(), (of.to_owned(), null == "YES"));
        }
    }
    schema
}

/// The type a database keeps a class of the source in.
fn native(class: &str, postgres: bool) -> &'static str {
    match (class, postgres) {
        ("Text", true) => "text",
        ("SmallInt", true) => "smallint",
        ("Integer", true) => "integer",
        ("BigInt", true) => "bigint",
        ("Binary", true) => "bytea",
        ("Bool", true) => "boolean",
        ("Moment", true) => "timestamp with time zone",
        ("Text" | "Moment", false) => "TEXT",
        ("SmallInt" | "Integer" | "BigInt" | "Bool", false) => "INTEGER",
        ("Binary", false) => "BLOB",
        (other, _) => panic!("{other}: no database keeps it"),
    }
}

/// Everything a schema is made of, for comparing before and after.
fn objects(stage: &Stage) -> BTreeSet<String> {
    let sql = if stage.is_postgres() {
        "SELECT k.relname || ' ' || k.relkind::text AS t FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace WHERE n.nspname = 'public'"
    } else {
        "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS t FROM sqlite_master"
    };
    stage.texts(sql).into_iter().collect()
}

on_both! {
    async fn every_column_is_what_the_source_says(stage) {
        stage.migrate();
        let mut expected = source();
        for (class, _) in expected.values_mut().flat_map(BTreeMap::values_mut) {
            *class = native(class, stage.is_postgres()).to_owned();
        }
        let live = live(stage);
        for (table, columns) in &expected {
            assert_eq!(live.get(table), Some(columns), "{table}");
        }
        assert_eq!(live.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    }

    async fn every_migration_goes_there_and_back_and_there_again(stage) {
        let up = |conn: &mut _| migrate::up(conn).unwrap();
        let [_, names] = migrate::names().unwrap();
        assert_eq!(stage.behind(|conn| migrate::pending(conn).unwrap()), names);
        assert_eq!(stage.behind(up).len(), names.len());
        let first = objects(stage);
        stage.behind(|conn| migrate::down(conn).unwrap());
        let left: Vec<String> = objects(stage).into_iter().filter(|o| !o.contains("__diesel") && !o.contains("sqlite_")).collect();
        assert_eq!(left, Vec::<String>::new());
        stage.behind(up);
        assert_eq!(objects(stage), first);
        // Once more is nothing more.
        assert_eq!(stage.behind(up), Vec::<String>::new());
        assert_eq!(stage.behind(|conn| migrate::pending(conn).unwrap()), Vec::<String>::new());
    }
}

on_both! {
    /// With dossiers in the tables whose limits run, are near and have passed, that are alike, delivered and not.
    async fn limits_and_the_outbox_are_kept_both_ways(stage) {
        let store = stage.open();
        let mut first: Option<(String, Vec<u8>)> = None;
        for reference in ["r1", "r2", "r3"] {
            let mut submit = filing(stage, reference);
            // All are about one matter.
            match &first {
                None => first = Some((submit.dossier.id.to_string(), submit.likeness.blind.clone())),
                Some((id, blind)) => submit.likeness = Likeness { blind: blind.clone(), twin: Some(id.clone()) },
            }
            assert_eq!(store.ledger.ask(submit).await.unwrap(), SubmitOutcome::Committed);
        }
        let leased = store.ledger.ask(LeaseOutbox { max: 1, lease: Duration::from_secs(30), since: None }).await.unwrap();
        let sent = leased.iter().map(|item| OutboxSettlement {
            delivery: item.delivery.clone(), attempt: 1, own_queue: false, carried: Carried::Done,
        });
        store.ledger.ask(SettleOutbox(sent.collect())).await.unwrap();
        store.ledger.ask(LeaseOutbox { max: 1, lease: Duration::from_secs(30), since: None }).await.unwrap();
        stage.later(7 * 3600);
        tell_of_limits(stage, &store).await;
        drop(store);
        let (before, unsent) = (kept(stage), stage.unsent());
        let running = stage.limits().iter().filter(|(_, stands, _)| stands == "running").count() as i64;
        // Two filings, one of them in the hands of a relay, and what was told of limits.
        assert!(unsent > 2, "{unsent}");
        assert!(before.iter().any(|line| line.contains("running")) && before.iter().any(|line| line.contains("passed") || line.contains("near")), "{before:?}");
        back_before(stage, "0011");
        assert_eq!((stage.rows("outbox"), stage.rows("likenesses")), (unsent, 3));
        assert_eq!(stage.number("SELECT count(*) AS n FROM outbox WHERE leased_until IS NOT NULL AND attempts = 1"), 1);
        assert_eq!(stage.number("SELECT count(*) AS n FROM watches WHERE stage = 'running' AND next_at IS NULL"), 0);
        assert_eq!(stage.number("SELECT count(*) AS n FROM watches WHERE stage = 'running'"), running);
        stage.behind(|conn| migrate::up(conn).unwrap());
        assert_eq!(kept(stage), before);
        assert_eq!(stage.audit().findings, []);
    }

    /// With a way that is held, a cursor in the middle of its feed, and notices that could not be told.
    async fn how_far_a_way_was_told_is_kept_both_ways(stage) {
        let store = stage.open();
        let which = Subscription { tenant: BRANCH.to_owned(), way: Transport::Webhook };
        let wanted = Subscribe { subscription: which.clone(), url: Some("https://hook.example.vn/".to_owned()), from: Some(0), secret: None };
        store.ledger.ask(wanted).await.unwrap();
        let set_at = stage.clock.now();
        for reference in ["r1", "r2", "r3"] {
            filed(stage, &store, reference).await;
        }
        let hold = |holder: &str| HoldWay { subscription: which.clone(), set_at, holder: holder.to_owned(), time: Duration::from_secs(5) };
        assert!(store.ledger.ask(hold("one")).await.unwrap().is_some());
        let (asked, place) = (which.clone(), 0);
        let first = store.readers.run(move |conn| {
            let one = read::untold(conn, &asked, place, 1, false)?.remove(0);
            Ok(LeasedNotice { event: read::event_ids(conn, &[1])?.remove(&1).unwrap(), seq: 1, dossier: one.dossier, attempt: 1, has_row: false })
        });
        let failed = Carried::Retry { failure: Failure::Busy, reason: "503".to_owned(), not_before: set_at, counts: true };
        let settled = SettleNotices {
            subscription: which.clone(),
            set_at,
            settlements: vec![NoticeSettlement { notice: first.await.unwrap(), fate: failed.into() }],
            progress: FeedProgress { holder: "one".to_owned(), from: 0, to: 2, set_aside: Vec::new(), hold: Duration::from_secs(5) },
        };
        assert!(store.ledger.ask(settled).await.unwrap().is_held);
        drop(store);
        let told = |table: &str| {
            let mut told = stage.texts("SELECT tenant || ' ' || way || ' ' || state AS t FROM subscriptions");
            told.extend(stage.texts(&format!("SELECT tenant || ' ' || way || ' ' || CAST(cursor AS TEXT) || ' ' || coalesce(held_by, '-') AS t FROM {table}")));
            told.extend(stage.texts("SELECT CAST(seq AS TEXT) || ' ' || state || ' ' || CAST(attempts AS TEXT) AS t FROM notices"));
            told
        };
        let before = told("way_positions");
        assert_eq!(before[1..], ["branch.tay-ho webhook 2 one", "1 waiting 1"]);
        assert_eq!(stage.rows("way_positions"), 1, "the one before is removed");
        back_before(stage, "0014");
        assert_eq!(told("subscriptions"), before);
        back_before(stage, "0012");
        assert_eq!(stage.texts("SELECT CAST(cursor AS TEXT) AS t FROM subscriptions"), ["2"]);
        stage.behind(|conn| migrate::up(conn).unwrap());
        assert_eq!(told("way_positions")[1..], ["branch.tay-ho webhook 2 -", "1 waiting 1"]);
        // Nobody holds it now.
        let store = stage.open();
        let held = store.ledger.ask(hold("two")).await.unwrap().unwrap();
        assert_eq!((held.cursor, held.waiting), (2, 1));
    }
}

/// Takes migrations back, newest first, until this one is.
pub fn back_before(stage: &Stage, migration: &str) {
    while !stage
        .behind(|conn| migrate::back(conn).unwrap())
        .contains(migration)
    {}
}

/// What the newest migration moves, line by line.
fn kept(stage: &Stage) -> Vec<String> {
    let mut lines: Vec<String> = stage
        .limits()
        .into_iter()
        .map(|limit| format!("{limit:?}"))
        .collect();
    lines.extend(stage.texts(
        "SELECT id || ' ' || coalesce(twin, '-') || ' ' || (likeness IS NULL) || ' ' || coalesce(CAST(look_at AS TEXT), '-') AS t FROM dossiers ORDER BY id",
    ));
    let running = stage.texts("SELECT running AS t FROM dossiers WHERE running IS NOT NULL ORDER BY id");
    lines.extend(running.iter().map(|text| {
        serde_json::from_str::<serde_json::Value>(text)
            .unwrap()
            .to_string()
    }));
    lines.extend(stage.texts(
        "SELECT id || ' ' || state || ' ' || coalesce(CAST(send_at AS TEXT), '-') || ' ' || coalesce(CAST(send_leased_until AS TEXT), '-') || ' ' \
         || send_attempts AS t FROM deliveries ORDER BY id",
    ));
    lines
}

async fn tell_of_limits(stage: &Stage, store: &lienthong::store::Store) {
    let told = store.ledger.ask(Watch {
        clockwork: clockwork(),
        max: 100,
        actor: lienthong::domain::tenant::Actor::hub(),
        own_queues: BTreeSet::new(),
        law: std::sync::Arc::clone(TimeLimits::read(&limits()).unwrap().at(stage.clock.now().date())),
    });
    assert!(!told.await.unwrap().fired.is_empty(), "{}", stage.clock.now());
}

#[test]
fn both_databases_have_the_same_migrations() {
    let [postgres, sqlite] = migrate::names().unwrap();
    assert_eq!(postgres, sqlite);
    assert!(!postgres.is_empty());
}

#[test]
fn partitions_exist_for_this_month_and_the_three_that_follow() {
    Stage::postgres().play(async |stage| {
        stage.migrate();
        let expected = |months: &[&str]| -> BTreeSet<String> {
            let tables = ["attempts", "audit", "events", "reads", "submissions"];
            tables
                .iter()
                .flat_map(|t| months.iter().map(move |m| format!("{t}_{m}")))
                .collect()
        };
        let partitions = || -> BTreeSet<String> {
            stage
                .texts("SELECT relname::text AS t FROM pg_class WHERE relispartition AND relkind = 'r'")
                .into_iter()
                .collect()
        };
        let of_days = |count: usize| -> BTreeSet<String> {
            let first = stage.clock.now().date();
            let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(count);
            let named = days.map(|day| format!("notice_attempts_{}", day.to_string().replace('-', "_")));
            named.chain(["notice_attempts_rest".to_owned()]).collect()
        };
        let mut months = vec!["rest", "2026_11", "2026_12", "2027_01", "2027_02"];
        let first_days = of_days(8);
        assert_eq!(partitions(), &expected(&months) | &first_days);
        // A month later one more is needed; those that exist are left alone, until what is in them is no longer kept.
        stage.later(31 * 86_400);
        stage.migrate();
        months.push("2027_03");
        let kept: BTreeSet<String> = first_days.into_iter().skip(1).collect();
        assert_eq!(partitions(), &expected(&months) | &(&kept | &of_days(8)));
    });
}

#[test]
fn whoever_reads_a_table_for_long_keeps_nobody_from_writing() {
    Stage::postgres().play(async |stage| {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let keep = || store.keep_partitions(stage.clock.now());
        let day = stage.clock.now().date().to_string().replace('-', "_");
        let (old, new) = (format!("notice_attempts_{day}"), "events_2027_03".to_owned());
        assert_eq!(keep().await.unwrap(), PartitionChanges::default());
        stage.later(35 * 86_400);
        let (reading, let_go) = reads_for_long(stage, "events, notice_attempts");
        let kept = keep().await.unwrap();
        let waits: Vec<&String> = kept.later.iter().map(|(name, _)| name).collect();
        assert!(waits.contains(&&new) && waits.contains(&&old), "{kept:?}");
        assert!(
            kept.made.contains(&"submissions_2027_03".to_owned()) && kept.dropped.is_empty(),
            "{kept:?}"
        );
        filed(stage, &store, "r2").await;
        let_go.send(()).unwrap();
        reading.join().unwrap();
        let kept = keep().await.unwrap();
        assert_eq!(kept.later, []);
        assert!(
            kept.made.contains(&new) && kept.dropped.contains(&old),
            "{kept:?}"
        );
        assert_eq!(keep().await.unwrap(), PartitionChanges::default());
    });
}

/// A transaction that has read these tables and stays open, as a backup's does, until it is let go.
fn reads_for_long(stage: &Stage, tables: &str) -> (std::thread::JoinHandle<()>, std::sync::mpsc::Sender<()>) {
    let (let_go, wait) = std::sync::mpsc::channel::<()>();
    let (began, has_begun) = std::sync::mpsc::channel();
    let (connector, read) = (stage.connector(), format!("BEGIN; SELECT count(*) FROM {tables}"));
    let reading = std::thread::spawn(move || {
        let mut conn = connector.open(Purpose::Migration).unwrap();
        let Conn::Pg(session) = &mut conn else { return };
        session.batch_execute(&read).unwrap();
        began.send(()).unwrap();
        let _ = wait.recv();
    });
    has_begun.recv().unwrap();
    (reading, let_go)
}

#[test]
fn a_month_begins_at_midnight_in_hanoi() {
    Stage::postgres().play(async |stage| {
        let store = stage.open();
        crate::papers::filed(stage, &store, "in november").await;
        // 2026-12-01 00:00 in Hanoi is 17:00 of the day before in UTC.
        let begins: lienthong::domain::time::Timestamp = "2026-11-30T17:00:00Z".parse().unwrap();
        stage.clock.advance(begins.since(stage.clock.now()));
        crate::papers::filed(stage, &store, "in december").await;
        for table in ["events", "submissions"] {
            assert_eq!(
                (
                    stage.rows(&format!("{table}_2026_11")),
                    stage.rows(&format!("{table}_2026_12"))
                ),
                (1, 1)
            );
        }
    });
}
