//! Every column of every table is changed behind the store's back, one at a time: `audit verify` finds it, or the column is listed
//! as proven by nothing, with the reason (`store::seals::LOOSE`). The columns are those of the source, so none is forgotten.

use std::collections::BTreeSet;

use lienthong::adapt::Registry;
use lienthong::domain::register::Change;
use lienthong::domain::seal::sha256;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{
    AssignmentRequest, Cursor, FormatActivationRequest, FormatPlanRequest, SubscriptionRequest, Transport,
};
use lienthong::identity::Access;
use lienthong::identity::webhook::WebhookSecret;
use lienthong::service::{Answered, Call, Wanted};
use lienthong::store::conn::Conn;
use lienthong::store::kept::{NewEndpoint, Secrets};
use lienthong::store::ledger::SetEndpoint;
use lienthong::store::read::{self, verify_here};
use lienthong::store::seals::LOOSE;
use serde_json::json;

use crate::backends::{Stage, on_both, run};
use crate::city::{COMMUNE, City, NEIGHBOUR, changed, for_the_commune, incoming};
use crate::schema::{keys, source};

async fn upload(city: &City, access: &Access, bytes: &[u8]) {
    let named = sha256(bytes);
    let mut file = city
        .hub
        .files
        .begin_upload(access, Some(bytes.len() as u64))
        .await
        .unwrap();
    file.write(bytes).await.unwrap();
    city.hub.files.uploaded(access, file, &named, None).await.unwrap();
}

/// Gives the commune an endpoint.
async fn push_to_the_commune(stage: &Stage, city: &City) {
    let secrets = Secrets {
        current: WebhookSecret::draw(&mut *stage.rng()),
        older: None,
    };
    let endpoint = NewEndpoint {
        agency: COMMUNE.parse().unwrap(),
        url: "https://agency.example/".parse().unwrap(),
        secrets,
        set_at: stage.clock.now(),
        set_by: format!("agency.{COMMUNE}").parse().unwrap(),
    };
    let endpoint = endpoint.sealed(&stage.cipher, &mut *stage.rng()).unwrap();
    city.store.ledger.ask(SetEndpoint(endpoint)).await.unwrap();
}

/// A hub that has done a bit of everything: filed with a file, amended, assigned, reported, read, refused, pushed, subscribed, and
/// changed its register.
async fn lived(stage: &Stage) -> City {
    let city = City::pushing(stage).await;
    let (agent, branch) = (city.access("agent.a-001"), city.access("branch.ba-dinh"));
    let operator = city.access("operator.truc-ban");
    upload(&city, &agent, b"here").await;
    let mut filing = for_the_commune(stage, "r1");
    let file = |name: &str, bytes: &[u8]| json!({ "name": name, "media_type": "application/pdf", "sha256": sha256(bytes).to_string() });
    filing["components"][0]["files"] = json!([file("a.pdf", b"here"), file("b.pdf", b"awaited")]);
    let filed = city.file(&agent, &filing).await;
    stage.later(60);
    filing["summary"] = json!("Hồ sơ thử, bản sửa");
    let again = city
        .hub
        .intake
        .submit(&agent, incoming(&filing, "amended"))
        .await
        .unwrap();
    assert!(matches!(again, Answered::New(_)));
    stage.later(60);
    let other = city.file(&branch, &for_the_commune(stage, "r2")).await;
    let call = Call {
        key: IdempotencyKey::parse("assigned").unwrap(),
        request_digest: Sha256::new([1; 32]),
        traceparent: None,
    };
    let to_the_neighbour = AssignmentRequest {
        agency: NEIGHBOUR.parse().unwrap(),
        reason: "Theo công văn mẫu".to_owned(),
    };
    city.hub
        .acts
        .assign(&operator, other.tracking_id, call, to_the_neighbour)
        .await
        .unwrap();
    stage.later(60);
    let agency = city.access(&format!("agency.{COMMUNE}"));
    let mut given = city
        .hub
        .files
        .open(&agency, filed.tracking_id, 3, Wanted::All)
        .await
        .unwrap();
    while given.bytes.as_mut().unwrap().next().await.unwrap().is_some() {}
    upload(&city, &agent, b"awaited").await;
    let mut bad = for_the_commune(stage, "r3");
    bad["channel"] = json!("pigeon");
    assert!(city.submit(&branch, &bad).await.is_err());
    let webhook = SubscriptionRequest {
        way: Transport::Webhook,
        url: Some("https://receiver.example/".to_owned()),
        from: Some(Cursor::START),
    };
    city.hub.subscriptions.subscribe(&branch, webhook).await.unwrap();
    push_to_the_commune(stage, &city).await;
    city.hub.formats.keep_own().await.unwrap();
    put_into_use(&city, &operator).await;
    changed(&city.store, Change::Suspend("branch.ha-dong".parse().unwrap())).await;
    assert_eq!(stage.audit().findings, []);
    city
}

/// A version of a format is put into use.
async fn put_into_use(city: &City, operator: &Access) {
    let text = Registry::shipped().get("dvcqg-mc/v1").unwrap().text().to_owned();
    let (samples, expected) = Default::default();
    let request = FormatPlanRequest {
        format: "dvcqg-mc/v1".to_owned(),
        text,
        samples,
        expected,
    };
    let plan = city.hub.formats.plan(operator, request.clone()).await.unwrap();
    let request = FormatActivationRequest {
        format: request.format,
        text: request.text,
        samples: request.samples,
        expected: request.expected,
        plan: plan.digest,
        reason: "Theo công văn mẫu".to_owned(),
    };
    city.hub.formats.activate(operator, request).await.unwrap();
}

/// Another value of a column, as SQL.
fn other_value(stage: &Stage, class: &str, column: &str) -> String {
    match (class, stage.is_postgres()) {
        ("Text", _) => format!("COALESCE(\"{column}\", '') || 'x'"),
        ("SmallInt" | "Integer" | "BigInt", _) => format!("COALESCE(\"{column}\", 0) + 1"),
        ("Bool", _) => format!("NOT \"{column}\""),
        ("Moment", true) => format!("COALESCE(\"{column}\", now()) + interval '1 second'"),
        ("Moment", false) => {
            format!(
                "COALESCE(substr(\"{column}\", 1, 18) || ((substr(\"{column}\", 19, 1) + 1) % 10) || substr(\"{column}\", 20), '2026-11-23T01:00:00.000000Z')"
            )
        }
        ("Binary", true) => {
            format!("COALESCE(set_byte(\"{column}\", 0, get_byte(\"{column}\", 0) # 1), '\\x00'::bytea)")
        }
        ("Binary", false) => format!(
            "COALESCE(unhex(CASE substr(hex(\"{column}\"), 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr(hex(\"{column}\"), 2)), x'00')"
        ),
        (other, _) => panic!("{other}"),
    }
}

/// Whether a change is found; it is undone.
fn found(stage: &Stage, conn: &mut Conn, change: &str) -> bool {
    run(conn, "BEGIN").unwrap();
    run(conn, change).unwrap_or_else(|e| panic!("{change}: {e}"));
    let report = verify_here(conn, &stage.cipher, None);
    run(conn, "ROLLBACK").unwrap();
    report.map_or(true, |report| !report.findings.is_empty())
}

fn loose(table: &str, column: &str) -> bool {
    LOOSE
        .iter()
        .any(|(t, c, _)| *t == table && (*c == column || *c == "*"))
}

on_both! {
    async fn every_column_of_every_table_is_proven_or_listed_with_the_reason(stage) {
        let _city = lived(stage).await;
        let (schema, keys) = (source(), keys());
        let mut unseen = Vec::new();
        stage.behind(|conn| {
            for (table, columns) in &schema {
                for (column, (class, _)) in columns {
                    let value = other_value(stage, class, column);
                    let of = &keys[table];
                    let last = format!("SELECT {of} FROM {table} ORDER BY {} LIMIT 1", of.replace(',', " DESC,") + " DESC");
                    let change = format!("UPDATE {table} SET \"{column}\" = {value} WHERE ({of}) IN ({last})");
                    // A column of a table that is work in hand is not even tried.
                    if LOOSE.iter().any(|(t, c, _)| t == table && *c == "*") {
                        continue;
                    }
                    assert_ne!(crate::backends::number(conn, &format!("SELECT count(*) AS n FROM {table}")), 0, "{table} is empty");
                    if !found(stage, conn, &change) && !loose(table, column) {
                        unseen.push(format!("{table}.{column}"));
                    }
                }
            }
        });
        assert_eq!(unseen, Vec::<String>::new());
        for (table, column, _) in LOOSE {
            let there = schema.get(*table).is_some_and(|columns| *column == "*" || columns.contains_key(*column));
            assert!(there, "{table}.{column} is listed, and is no column");
        }
    }

    async fn what_is_added_or_taken_out_is_found(stage) {
        let _city = lived(stage).await;
        // An answer, a refusal, an endpoint or a secret that is taken out is a service denied, not a history changed.
        let may_go = ["idempotency_keys", "refusals", "endpoints", "subscription_secrets", "head"];
        let whole_tables = LOOSE.iter().filter(|(_, column, _)| *column == "*").map(|(table, ..)| *table);
        let left_out: BTreeSet<&str> = whole_tables.chain(may_go).collect();
        let mut changes: BTreeSet<String> = keys().into_iter().filter(|(table, _)| !left_out.contains(table.as_str())).map(|(table, of)| {
            let last = of.replace(',', " DESC,") + " DESC";
            format!("DELETE FROM {table} WHERE ({of}) IN (SELECT {of} FROM {table} ORDER BY {last} LIMIT 1)")
        }).collect();
        assert!(changes.len() > 15);
        let now = "(SELECT at FROM head)";
        changes.extend([
            // A certificate of a stranger for a tenant, a revocation that never was, a suspension undone.
            format!("INSERT INTO certificates (thumbprint, tenant, not_after, added_at) SELECT hash, 'branch.ba-dinh', {now}, {now} FROM head"),
            format!("UPDATE certificates SET revoked_at = {now}"),
            "UPDATE tenants SET standing = 'active', standing_since = NULL WHERE standing = 'suspended'".to_owned(),
            // Somebody else sees a dossier; another agency is responsible.
            format!("INSERT INTO dossier_parties (dossier, tenant, role, since) SELECT id, 'branch.ha-dong', 'submitter', {now} FROM dossiers"),
            format!("UPDATE dossiers SET agency = '{NEIGHBOUR}'"),
            "UPDATE dossiers SET route = '{}'".to_owned(),
            "UPDATE submissions SET receipt = 'x'".to_owned(),
            "INSERT INTO feed (tenant, seq, dossier) SELECT 'branch.ha-dong', max(seq), max(dossier) FROM feed".to_owned(),
        ]);
        stage.behind(|conn| {
            for change in &changes {
                assert!(found(stage, conn, change), "{change}");
            }
        });
    }

    async fn a_chain_that_was_computed_anew_has_no_seal_of_the_hubs_key(stage) {
        let _city = lived(stage).await;
        let stranger = lienthong::store::Cipher::new("test", &[("test".to_owned(), [3; 32])], &[5; 32]).unwrap();
        let report = stage.behind(|conn| read::verify(conn, &stranger, None).unwrap());
        assert!(report.findings.iter().any(|f| f.place == "head"), "{:?}", report.findings);
    }

    async fn a_head_that_was_kept_elsewhere_is_found_again(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        city.file(&branch, &for_the_commune(stage, "r1")).await;
        let kept: Sha256 = stage.audit().head.parse().unwrap();
        city.file(&branch, &for_the_commune(stage, "r2")).await;
        let look = |hash: Sha256| stage.behind(|conn| read::verify(conn, &stage.cipher, Some(&hash)).unwrap().kept_head_found);
        assert_eq!((look(kept), look(Sha256::new([7; 32]))), (Some(true), Some(false)));
    }

    async fn a_filing_writes_no_row_for_its_seals_and_few_bytes(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let count = |tables: &[&str]| -> Vec<i64> { tables.iter().map(|t| stage.rows(t)).collect() };
        let once = ["submissions", "contents", "dossiers", "idempotency_keys", "events", "feed", "deliveries", "blocks"];
        let never = ["audit", "reads", "settings"];
        let before = (count(&once), count(&never));
        city.file(&branch, &for_the_commune(stage, "r1")).await;
        let one_more: Vec<i64> = before.0.iter().map(|rows| rows + 1).collect();
        assert_eq!((count(&once), count(&never)), (one_more, before.1));
        // A digest of the state and one for each row beside it, 43 characters each, in an event that is written anyway.
        let event = stage.number("SELECT CAST(max(length(ciphertext)) AS BIGINT) AS n FROM events");
        assert!(event < 2_000, "{event} bytes of an event");
    }
}
