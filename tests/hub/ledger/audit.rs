//! `audit verify`: whatever is changed behind the store's back is found, and the finding says where.

use lienthong::domain::status::Status;
use lienthong::store::read;

use crate::backends::{Stage, on_both};
use crate::papers::*;

/// Three dossiers in three blocks, two of them accepted, with a due date each: events 1 to 7.
async fn history(stage: &Stage) -> [String; 3] {
    let store = stage.open();
    let mut ids = [const { String::new() }; 3];
    for (id, reference) in ids.iter_mut().zip(["r1", "r2", "r3"]) {
        *id = filed(stage, &store, reference).await;
        stage.later(60);
    }
    for id in &ids[..2] {
        acted(&store, report(stage, id, Status::Accepted)).await;
    }
    assert_eq!(stage.audit().findings, []);
    ids
}

/// The places in the chain, and the dossiers, where something is found, each once, in the order they were found. What is found in
/// the rows beside them is `sealed`'s.
fn places(stage: &Stage) -> Vec<String> {
    let mut places: Vec<String> = stage.audit().findings.into_iter().map(|f| f.place).collect();
    let chain = ["block ", "event ", "dossier", "head"];
    places.retain(|place| chain.iter().any(|of| place.starts_with(of)));
    places.dedup();
    places
}

/// The bytes of a column with their first one changed, for either database.
fn flipped(stage: &Stage, column: &str) -> String {
    if stage.is_postgres() {
        format!("set_byte({column}, 0, get_byte({column}, 0) # 1)")
    } else {
        // The first byte becomes the next one in hexadecimal writing.
        format!(
            "unhex(CASE substr(hex({column}), 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr(hex({column}), 2))"
        )
    }
}

fn flip(stage: &Stage, table: &str, column: &str, which: &str) {
    stage.execute(&format!(
        "UPDATE {table} SET {column} = {} WHERE {which}",
        flipped(stage, column)
    ));
}

on_both! {
    async fn a_clean_history_is_clean(stage) {
        history(stage).await;
        let report = stage.audit();
        assert_eq!((report.blocks, report.events, report.dossiers), (5, 7, 3));
        assert_eq!(report.head.len(), 64);
    }

    async fn an_edited_state_row(stage) {
        let [a, b, c] = history(stage).await;
        stage.execute(&format!("UPDATE dossiers SET status = 9 WHERE id = '{a}'"));
        stage.execute(&format!("UPDATE dossiers SET since = updated_at, accepted = NOT accepted WHERE id = '{c}'"));
        assert_eq!(places(stage), [format!("dossier {a}"), format!("dossier {c}")]);
        stage.execute(&format!("UPDATE dossiers SET status = 77 WHERE id = '{b}'"));
        assert_eq!(places(stage).len(), 3, "a row that cannot even be read is a finding too");
    }

    async fn a_deleted_and_an_invented_dossier(stage) {
        let [a, ..] = history(stage).await;
        stage.execute(&format!("DELETE FROM dossiers WHERE id = '{a}'"));
        assert_eq!(places(stage), ["dossiers"]);
        stage.execute("UPDATE dossiers SET id = 'dos_ffffffffffffffffffffffffffffffff' WHERE reference = 'r3'");
        assert_eq!(places(stage), ["dossier dos_ffffffffffffffffffffffffffffffff", "dossiers"]);
    }

    async fn an_edited_event(stage) {
        let [_, _, c] = history(stage).await;
        flip(stage, "events", "ciphertext", "seq = 3");
        assert_eq!(places(stage), ["event 3", &format!("dossier {c}"), "dossiers"]);
    }

    async fn an_event_moved_to_another_dossier(stage) {
        let [a, _, c] = history(stage).await;
        stage.execute(&format!("UPDATE events SET dossier = '{a}' WHERE seq = 3"));
        let found = places(stage);
        assert!(found.contains(&"event 3".to_owned()) && found.contains(&format!("dossier {c}")), "{found:?}");
    }

    async fn an_edited_salt_and_an_edited_leaf(stage) {
        history(stage).await;
        flip(stage, "events", "salt", "seq = 2");
        assert_eq!(places(stage), ["event 2"]);
        flip(stage, "events", "leaf", "seq = 4");
        assert_eq!(places(stage), ["event 2", "block 4", "event 4"]);
    }

    async fn a_leaf_that_is_no_hash(stage) {
        history(stage).await;
        let empty = if stage.is_postgres() { "''::bytea" } else { "x''" };
        stage.execute(&format!("UPDATE events SET leaf = {empty} WHERE seq = 2"));
        assert_eq!(places(stage), ["block 2", "event 2"]);
    }

    async fn a_deleted_event(stage) {
        let [a, ..] = history(stage).await;
        stage.execute("DELETE FROM events WHERE seq = 4");
        assert_eq!(places(stage), ["block 4", "event 5", &format!("dossier {a}")]);
    }

    async fn an_edited_block(stage) {
        history(stage).await;
        flip(stage, "blocks", "hash", "number = 3");
        assert_eq!(places(stage), ["block 3", "block 4"]);
        flip(stage, "blocks", "hash", "number = 3");
        flip(stage, "blocks", "root", "number = 2");
        assert_eq!(places(stage)[0], "block 2");
    }

    async fn a_block_sealed_at_another_time(stage) {
        history(stage).await;
        stage.execute("UPDATE blocks SET at = (SELECT max(at) FROM blocks) WHERE number = 2");
        assert_eq!(places(stage), ["block 2"]);
    }

    async fn a_deleted_block(stage) {
        history(stage).await;
        stage.execute("DELETE FROM blocks WHERE number = 2");
        assert_eq!(places(stage)[0], "block 3");
        stage.execute("DELETE FROM blocks WHERE number = 5");
        assert!(places(stage).contains(&"head".to_owned()));
    }

    async fn an_edited_head(stage) {
        history(stage).await;
        flip(stage, "head", "hash", "id = 1");
        assert_eq!(places(stage), ["head"]);
    }

    async fn a_hub_at_work_is_audited_as_it_stood_at_one_moment(stage) {
        let store = stage.open();
        let writing = async {
            for n in 0..100 {
                let id = filed(stage, &store, &format!("r{n}")).await;
                stage.later(1);
                acted(&store, report(stage, &id, Status::Accepted)).await;
            }
        };
        let reading = async {
            loop {
                let cipher = store.cipher.clone();
                let report = store.readers.run(move |c| read::verify(c, &cipher, None)).await.unwrap();
                assert_eq!(report.findings, []);
            }
        };
        tokio::select! {
            () = writing => {}
            () = reading => {}
        }
        assert_eq!(stage.audit().events, 300);
    }
}
