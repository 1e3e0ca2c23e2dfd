//! What a statement costs is bounded by what is due, not by all that ever happened: the plan of every statement the hub sends, on
//! tables that have grown.
//!
//! The statements are those that were sent while a dossier went its whole way and its submitter was told by a webhook. A statement
//! that reads an index without a bound is in `plans.txt` with it, so that it is seen; one that reads a growing table from end to end
//! fails. `UPDATE=1` writes the file anew.

use std::collections::BTreeSet;
use std::sync::Mutex;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use lienthong::store::conn::Conn;

use super::hooks::{Hook, drained, says};
use super::{embedded, moving, office};
use crate::backends::{Stage, optional_setting, run};
use crate::city::{City, for_the_commune};

/// Every text that was sent, with its places for values.
static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn listener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            SENT.lock().unwrap().insert(query.to_string());
        }
    }))
}

/// Tables that are as large as the register, the directory or the list of subscribers, whatever happens.
const SMALL: [&str; 11] = [
    "__diesel_schema_migrations",
    "head",
    "settings",
    "tenants",
    "certificates",
    "staff",
    "points",
    "directories",
    "endpoints",
    "subscriptions",
    "subscription_secrets",
];

/// How many rows each row becomes.
const GROWN: i64 = 3000;

/// Copies every row of every growing table, with other names and numbers in it, and has them counted.
const GROW: &str = r"
DO $$
DECLARE t record; list text; picked text; n text := '@';
BEGIN
    FOR t IN SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT c.relname = ANY(string_to_array('#', ','))
          AND c.relname NOT LIKE '\_\_%'
    LOOP
        SELECT string_agg(quote_ident(attname), ', '), string_agg(CASE
            WHEN attname IN ('id', 'dossier', 'reference', 'delivery', 'event', 'cause', 'key', 'value', 'submission', 'object', 'code', 'claimed_code')
                THEN format('%I || ''-'' || g', attname)
            WHEN attname IN ('tenant', 'agency', 'day') THEN format('%I || ''-'' || g %% 50', attname)
            WHEN attname IN ('seq', 'event_seq', 'block', 'first_seq') OR (attname = 'number' AND atttypid = 'bigint'::regtype)
                THEN format('%I + g * 100000', attname)
            WHEN attname IN ('likeness', 'blind') THEN format('%I || decode(lpad(to_hex(g), 8, ''0''), ''hex'')', attname)
            ELSE quote_ident(attname) END, ', ')
        INTO list, picked FROM pg_attribute WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped;
        EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM (SELECT * FROM %I LIMIT 5) x, generate_series(1, %s) g', t.relname, list, picked, t.relname, n);
    END LOOP;
END $$";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    #[diesel(column_name = "QUERY PLAN")]
    plan: String,
}

/// The plan of the nth statement, whose values are not known, as the hub's sessions have it made. Each has a name of its own: a session
/// keeps what it was asked prepared, and knows it by its text.
fn plan(conn: &mut Conn, nth: usize, sql: &str) -> Result<Vec<String>, String> {
    let Conn::Pg(conn) = conn else {
        panic!("a plan of PostgreSQL")
    };
    let values = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
    let nulls = if values == 0 {
        String::new()
    } else {
        format!("({})", vec!["NULL"; values].join(", "))
    };
    diesel::connection::SimpleConnection::batch_execute(
        &mut **conn,
        &format!("PREPARE looked_{nth} AS {sql}"),
    )
    .map_err(|e| e.to_string())?;
    let lines: Vec<Line> = diesel::sql_query(format!("EXPLAIN (COSTS OFF) EXECUTE looked_{nth}{nulls}"))
        .load(&mut **conn)
        .map_err(|e| e.to_string())?;
    Ok(lines.into_iter().map(|line| line.plan).collect())
}

/// The scans of a plan that nothing bounds: of whole tables, and of whole indexes.
fn unbounded(plan: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (n, line) in plan.iter().enumerate() {
        let Some((_, scan)) = line.split_once("Scan ") else {
            continue;
        };
        let node = line.trim_start().trim_start_matches("->").trim();
        if node.starts_with("Seq Scan") || node.starts_with("Parallel Seq Scan") {
            found.push(node.to_owned());
        } else if node.starts_with("Index") || node.starts_with("Bitmap Index") {
            let depth = line.len() - line.trim_start().len();
            let own = plan[n + 1..].iter().take_while(|l| {
                let inner = l.len() - l.trim_start().len();
                inner > depth && !l.contains("->")
            });
            if !own.into_iter().any(|l| l.trim_start().starts_with("Index Cond")) {
                let words: Vec<&str> = scan.split(' ').filter(|word| *word != "Backward").collect();
                let index = words.get(1).copied().unwrap_or_default();
                found.push(format!("every entry of {}", whole_table(index)));
            }
        }
    }
    found
}

/// A statement without its list of columns.
fn short(sql: &str) -> String {
    let sql = match (sql.starts_with("SELECT"), sql.find(" FROM ")) {
        (true, Some(from)) => format!("SELECT …{}", &sql[from..]),
        _ => sql.to_owned(),
    };
    sql.replace('"', "")
}

/// An index of a partition under the name of its table's, whatever the month.
fn whole_table(index: &str) -> String {
    let parts: Vec<&str> = index.split('_').collect();
    let is_month = |part: &str| part == "rest" || part.bytes().all(|b| b.is_ascii_digit());
    parts
        .into_iter()
        .filter(|part| !is_month(part))
        .collect::<Vec<_>>()
        .join("_")
}

/// Whether a scan is of a table that does not grow.
fn is_small(scan: &str) -> bool {
    SMALL
        .iter()
        .any(|table| scan.contains(&format!(" {table}")) || scan.contains(&format!("{table}_pkey")))
}

#[test]
fn no_statement_reads_a_growing_table_from_end_to_end() {
    set_default_instrumentation(listener).unwrap();
    Stage::postgres().now().play(async |stage| {
        let city = City::open(stage).await;
        office::there_and_back(stage, &city, embedded()).await;
        told(stage, &city).await;
        let sent = std::mem::take(&mut *SENT.lock().unwrap());
        stage.execute(
            &GROW
                .replace('@', &GROWN.to_string())
                .replace('#', &SMALL.join(",")),
        );
        stage.execute("ANALYZE");
        let planned = stage.behind(|conn| {
            run(
                conn,
                "SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan",
            )
            .unwrap();
            let looked = sent.iter().filter(|sql| {
                ["SELECT", "UPDATE", "DELETE"]
                    .iter()
                    .any(|word| sql.starts_with(word))
            });
            looked
                .enumerate()
                .map(|(nth, sql)| (sql.clone(), plan(conn, nth, sql)))
                .collect::<Vec<_>>()
        });
        assert!(planned.len() > 60, "{} statements", planned.len());
        let (mut whole, mut noted) = (Vec::new(), Vec::new());
        for (sql, plan) in planned {
            let plan = plan.unwrap_or_else(|e| panic!("{sql}: {e}"));
            for scan in unbounded(&plan).into_iter().filter(|scan| !is_small(scan)) {
                let line = format!("{}\n    {scan}", short(&sql));
                if scan.contains("Seq Scan") {
                    whole.push(line);
                } else {
                    noted.push(line);
                }
            }
        }
        assert!(whole.is_empty(), "{}", whole.join("\n"));
        noted.sort();
        noted.dedup();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/round/plans.txt");
        let noted = noted.join("\n") + "\n";
        if optional_setting("UPDATE").is_some_and(|v| v == "1") {
            std::fs::write(path, &noted).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            noted,
            "UPDATE=1 writes it anew; read what changed"
        );
    });
}

/// A submitter is told by its webhook.
async fn told(stage: &Stage, city: &City) {
    let branch = city.access("branch.ha-dong");
    let hook = Hook::open(city, |_, _| says(204)).await;
    hook.subscribe(city, &branch, None).await;
    moving(city, embedded(), async || {
        city.file(&branch, &for_the_commune(stage, "told")).await;
        hook.asked_times(1).await;
        drained(city, &branch).await;
    })
    .await;
}
