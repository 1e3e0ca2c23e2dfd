//! What a statement costs is bounded by what is due, not by all that ever happened: the plan of every statement the hub sends, on
//! tables that have grown.
//!
//! The statements are those that were sent while a dossier went its whole way, on either broker, its submitter was told by a webhook,
//! everybody looked for dossiers, and an agency was taken over by another. Each is planned three times: on tables that are nearly empty, since a session keeps the plan it made then; on tables that have grown, before anybody has
//! analysed them; and after. A statement that reads an index without a bound, or everything that somebody ever had, is in `plans.txt` with
//! it, so that it is seen; one that reads a growing table from end to end fails. `UPDATE=1` writes the file anew.

use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use lienthong::domain::issuing::{CodeGiver, NumberSeries, Numbering};
use lienthong::domain::status::Status;
use lienthong::domain::view::{Cursor, DeliveryState, TenantRequest};
use lienthong::identity::Access;
use lienthong::service::DossierQuery;
use lienthong::store::conn::{Conn, Purpose};
use lienthong::store::ledger::Sweep;

use super::hooks::{Hook, drained, says};
use super::{TestVhost, embedded, moving, office};
use crate::backends::{Stage, eventually, optional_setting, run};
use crate::city::{City, for_the_commune, for_the_department};
use crate::reorganised::{DAY, MERGED, reorganised};

/// Every text that was sent, with its places for values.
static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn listener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            SENT.lock().insert(query.to_string());
        }
    }))
}

/// Tables that are as large as the register, the directory or the list of subscribers, whatever happens.
const SMALL: [&str; 16] = [
    "__diesel_schema_migrations",
    "head",
    "writer",
    "settings",
    "tenants",
    "certificates",
    "staff",
    "points",
    "directories",
    "formats",
    "format_uses",
    "format_drifts",
    "endpoints",
    "subscriptions",
    "subscription_secrets",
    "way_positions",
];

/// How many rows each row becomes.
const GROWN: i64 = 3000;

/// Copies every row of every growing table, with other names and numbers in it, and has them counted.
const GROW: &str = r"
DO $$
DECLARE t record; list text; picked text; n text := '@';
BEGIN
    FOR t IN SELECT c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE s.nspname = 'public' AND c.relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', t.relname);
    END LOOP;
    FOR t IN SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT c.relname = ANY(string_to_array('#', ','))
          AND c.relname NOT LIKE '\_\_%'
    LOOP
        SELECT string_agg(quote_ident(attname), ', '), string_agg(CASE
            WHEN attname IN ('id', 'dossier', 'reference', 'delivery', 'event', 'cause', 'key', 'value', 'submission', 'object', 'code', 'claimed_code', 'unit')
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

/// Columns that have few values, so that each has more and more rows.
const BROAD: [&str; 8] = [
    "tenant", "agency", "state", "status", "kind", "way", "parent", "route",
];

/// Columns that name one row. Everything before or after one is no bound: it is what has ever happened, or half of it.
const NAMES: [&str; 4] = ["id", "seq", "dossier", "number"];

/// The columns a condition is about: `((tenant = $1) AND (seq > $2))`; of an open range of names, none.
fn columns(condition: &str) -> BTreeSet<&str> {
    let is_open = |part: &&str| {
        let (column, rest) = part.trim_start_matches('(').split_once(' ').unwrap_or_default();
        NAMES.contains(&column) && (rest.starts_with('<') || rest.starts_with('>'))
    };
    let parts = condition.split(" AND ").filter(|part| !is_open(part));
    let column = |part: &'_ str| {
        let start = part.find(|c: char| c.is_alphanumeric()).unwrap_or_default();
        let rest = &part[start..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        (start, start + end)
    };
    parts
        .map(|part| {
            let (start, end) = column(part);
            &part[start..end]
        })
        .collect()
}

/// Whether a scan at this depth feeds nothing but what takes a bounded number of its rows, and passes over nobody else's to find them.
fn is_limited(plan: &[String], n: usize) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut own = plan[n + 1..].iter().take_while(|l| !l.contains("->"));
    let filter = own.find_map(|l| l.trim_start().strip_prefix("Filter: "));
    if filter.is_some_and(|filter| columns(filter).iter().any(|column| BROAD.contains(column))) {
        return false;
    }
    let mut under = depth(&plan[n]);
    for line in plan[..n]
        .iter()
        .rev()
        .filter(|line| line.contains("->") || depth(line) == 0)
    {
        if depth(line) >= under {
            continue;
        }
        under = depth(line);
        let node = line.trim_start().trim_start_matches("->").trim();
        if node.starts_with("Limit") {
            return true;
        }
        let takes_all = [
            "Sort",
            "Aggregate",
            "Hash",
            "GroupAggregate",
            "HashAggregate",
            "Bitmap",
        ];
        if takes_all.iter().any(|all| node.starts_with(all)) {
            return false;
        }
    }
    false
}

/// The scans of a plan that nothing bounds: of whole tables, of whole indexes, and of everything that somebody ever had.
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
            let condition = own
                .into_iter()
                .find_map(|l| l.trim_start().strip_prefix("Index Cond: "));
            let words: Vec<&str> = scan.split(' ').filter(|word| *word != "Backward").collect();
            let index = whole_table(words.get(1).copied().unwrap_or_default());
            match condition.map(columns) {
                None => found.push(format!("every entry of {index}")),
                Some(by) if by.iter().all(|column| BROAD.contains(column)) && !is_limited(plan, n) => {
                    let by: Vec<&str> = by.into_iter().collect();
                    let whose = match by.is_empty() {
                        true => "before or after one".to_owned(),
                        false => format!("of one {}", by.join(", ")),
                    };
                    found.push(format!("every entry of {index} {whose}"));
                }
                Some(_) => {}
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
    let another = Stage::postgres().now();
    Stage::postgres().now().play(async |stage| {
        let city = City::open(stage).await;
        office::there_and_back(stage, &city, embedded()).await;
        told(stage, &city).await;
        looked_for(&city).await;
        issued(stage, &city).await;
        tried(&city).await;
        taken_over(stage, &city).await;
        queued(&another).await;
        let sent = std::mem::take(&mut *SENT.lock());
        let asked = asked_by_indexes(stage);
        assert!(asked.len() > 3, "{asked:?}");
        let twice = |sql: &&String| asked.iter().any(|asked| asks_twice(sql, asked));
        assert_eq!(sent.iter().find(twice), None);
        let mut planned = plans(stage, &sent);
        assert!(planned.len() > 60, "{} statements", planned.len());
        stage.execute(
            &GROW
                .replace('@', &GROWN.to_string())
                .replace('#', &SMALL.join(",")),
        );
        planned.extend(plans(stage, &sent));
        stage.execute("ANALYZE");
        planned.extend(plans(stage, &sent));
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

/// The plan of each statement, on a session of its own.
fn plans(stage: &Stage, sent: &BTreeSet<String>) -> Vec<(String, Result<Vec<String>, String>)> {
    stage.behind(|conn| {
        for (name, value) in Purpose::Reader.settings() {
            run(conn, &format!("SET {name} = {value}")).unwrap();
        }
        let looked = sent.iter().filter(|sql| {
            ["SELECT", "UPDATE", "DELETE"]
                .iter()
                .any(|word| sql.starts_with(word))
        });
        looked
            .enumerate()
            .map(|(nth, sql)| (sql.clone(), plan(conn, nth, sql)))
            .collect()
    })
}

/// The columns that indexes of a part of a table ask to be there: table and column.
fn asked_by_indexes(stage: &Stage) -> Vec<String> {
    let partial = "SELECT indexdef AS t FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %IS NOT NULL%'";
    let column = |index: &String| {
        let (table, rest) = index.split_once(" ON public.")?.1.split_once(' ')?;
        let (before, _) = rest.split_once(" WHERE ")?.1.split_once(" IS NOT NULL")?;
        let column = before.rsplit('(').next()?;
        Some(format!("{table}.{column} IS NOT NULL"))
    };
    stage.texts(partial).iter().filter_map(column).collect()
}

/// PostgreSQL takes the index that is smallest on paper. An index of what waits is, and under an old snapshot it holds everything that
/// has ever waited since: whoever knows the rows by their names must not ask for it.
fn asks_twice(sql: &str, asked: &str) -> bool {
    let sql = sql.replace('"', "");
    let table = asked.split('.').next().unwrap_or_default();
    sql.contains(asked) && sql.contains(&format!("{table}.id = "))
}

/// Whoever has a part looks for dossiers, by what can be asked for.
async fn looked_for(city: &City) {
    let agency: Option<lienthong::domain::codes::Key> = Some("ubnd-00004".parse().unwrap());
    for tenant in [
        "branch.ba-dinh",
        "agent.a-001",
        "enterprise.buu-chinh-mau-a",
        "agency.ubnd-00004",
        "operator.truc-ban",
    ] {
        for (status, agency, parked) in [
            (None, None, false),
            (Some(Status::Registered), None, false),
            (None, agency.clone(), false),
            (Some(Status::Registered), agency.clone(), false),
            (None, None, true),
        ] {
            let query = DossierQuery {
                status,
                agency,
                parked,
                limit: 50,
                ..DossierQuery::default()
            };
            city.hub.dossiers.list(&city.access(tenant), query).await.unwrap();
        }
        let access = city.access(tenant);
        if !tenant.starts_with("operator") {
            city.hub
                .feed
                .events(&access, Cursor::START, Duration::ZERO, 50)
                .await
                .unwrap();
        }
    }
}

/// The hub gives an official code, and counters of long ago go.
async fn issued(stage: &Stage, city: &City) {
    let numbering = Numbering {
        unit: "H26.101".parse().unwrap(),
        digits: Default::default(),
        series: NumberSeries::GapFree,
    };
    let request = TenantRequest {
        reason: "Theo công văn mẫu".to_owned(),
        name: None,
        formats: None,
        successor_policy: None,
        codes: Some(CodeGiver::Hub(numbering)),
    };
    let agency = "agency.ubnd-00004".parse().unwrap();
    let operator = city.access("operator.truc-ban");
    city.hub.tenants.alter(&operator, &agency, request).await.unwrap();
    let mut filing = for_the_commune(stage, "issued");
    filing["channel"] = serde_json::json!("counter");
    let answer = city.file(&city.access("branch.ba-dinh"), &filing).await;
    assert!(answer.dossier_code.is_some());
    stage.execute("INSERT INTO code_counters (day, unit, last) VALUES ('2020-01-02', 'H26.101', 1)");
    assert!(city.store.ledger.ask(Sweep).await.unwrap() > 0);
}

/// Another version of a format is tried on what was filed, and put into use.
async fn tried(city: &City) {
    let operator = city.access("operator.truc-ban");
    city.hub.formats.keep_own().await.unwrap();
    let text = lienthong::adapt::Registry::shipped()
        .get("canonical/v1")
        .unwrap()
        .text()
        .to_owned();
    let request = lienthong::domain::view::ShadowRequest {
        format: "canonical/v2".to_owned(),
        text: text.replace("version = 1", "version = 2"),
        last: 10,
        tenant: Some("branch.ba-dinh".parse().unwrap()),
        values: false,
    };
    let seen = city.hub.formats.shadow(&operator, request.clone()).await.unwrap();
    assert!(seen.examined > 0, "{seen:?}");
    let all = lienthong::domain::view::ShadowRequest {
        tenant: None,
        ..request
    };
    city.hub.formats.shadow(&operator, all).await.unwrap();
    city.hub.formats.versions(&operator).await.unwrap();
}

/// An agency has ended yesterday, by the clock on the wall, and its open dossiers go to the one that takes over.
async fn taken_over(stage: &Stage, city: &City) {
    let today = stage.clock.now().date();
    let yesterday = today.yesterday().unwrap();
    let mut files = reorganised(MERGED);
    for text in files.values_mut() {
        let moved = text.replace("2026-12-01", &yesterday.to_string());
        *text = moved.replace(DAY, &today.to_string());
    }
    let plans = &city.hub.directory_plans;
    plans.import(&Access::system(), &files).await.unwrap();
    assert!(city.hub.successions.step().await.unwrap().passed > 0);
}

/// A message goes into an agency's own queue. It is another city's: a database has one register.
async fn queued(stage: &Stage) {
    TestVhost::play(stage, async |_, city, broker| {
        let branch = city.access("branch.ba-dinh");
        moving(city, broker, async || {
            let filed = city.file(&branch, &for_the_department(stage, "queued")).await;
            eventually("it is in the agency's queue", async || {
                let route = city.hub.dossiers.route(&branch, filed.tracking_id).await.unwrap();
                let mut deliveries = route.deliveries.iter();
                deliveries
                    .any(|delivery| delivery.state == DeliveryState::Queued)
                    .then_some(())
            })
            .await;
        })
        .await;
    })
    .await;
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
