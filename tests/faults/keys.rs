//! Keys that are changed while the receipts they signed stay in people's hands.

use lienthong::identity::keys::VerifyingKey;
use lienthong::identity::sign::verify_receipt;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::installation::{AGENCY, Installation, OPERATOR};

/// The keys everybody may know.
async fn published(installation: &Installation) -> Vec<Value> {
    let url = format!(
        "https://localhost:{}/.well-known/jwks.json",
        installation.ports[1]
    );
    let answer = installation.http(OPERATOR).get(url).send().await.unwrap();
    let told: Value = answer.json().await.unwrap();
    told["keys"].as_array().unwrap().clone()
}

/// Files a dossier; the receipt of it.
async fn receipt(installation: &Installation, reference: &str) -> String {
    let answer = installation.file(reference).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let told: Value = answer.json().await.unwrap();
    told["receipt"].as_str().unwrap().to_owned()
}

fn verifies(receipt: &str, keys: &[Value]) -> bool {
    let keys: Vec<VerifyingKey> = keys
        .iter()
        .map(|jwk| VerifyingKey::from_jwk(jwk).unwrap())
        .collect();
    verify_receipt(receipt, &keys).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_outlives_the_key_that_signed_it() {
    let own = "receipt_key_file = \"keys/receipts.key\"";
    // No key of its own: that of tokens signs receipts too.
    let installation = Installation::new("keys", &[(own, "# no receipt_key_file")]);
    let hub = installation.serve().await;
    let keys = published(&installation).await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    let old = receipt(&installation, "KEYS-1").await;
    assert!(verifies(&old, &keys));
    let token = installation.partner(AGENCY).token().await.unwrap().access_token;
    drop(hub);

    its_key_is_retired(&installation, &keys[0]);

    let hub = installation.serve().await;
    let keys = published(&installation).await;
    let days: Vec<&Value> = keys.iter().map(|key| &key["retired_at"]).collect();
    assert_eq!(days.iter().filter(|day| day.is_null()).count(), 2, "{keys:?}");
    assert_eq!(
        days.iter().filter(|day| **day == "2026-01-01").count(),
        1,
        "{keys:?}"
    );
    let new = receipt(&installation, "KEYS-2").await;
    let (of_before, of_now): (Vec<Value>, Vec<Value>) =
        keys.into_iter().partition(|key| !key["retired_at"].is_null());
    assert!(verifies(&old, &of_before) && !verifies(&old, &of_now));
    assert!(verifies(&new, &of_now) && !verifies(&new, &of_before));
    a_token_of_it_opens_nothing(&installation, &token).await;
    drop(hub);
    installation.remove();
}

/// As OPERATIONS says: the key's entry is saved with the day, new keys are named, the old one is destroyed.
fn its_key_is_retired(installation: &Installation, key: &Value) {
    let retired = |entry: &Value, more: Value| {
        let mut entry = entry.clone();
        entry
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        std::fs::write(installation.dir.join("keys/old.jwk"), entry.to_string()).unwrap();
    };
    installation.good(&["keys", "new", "later"]);
    std::fs::remove_file(installation.dir.join("keys/tokens.key")).unwrap();
    let path = installation.dir.join("hub.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text
        .replace("keys/tokens.key", "later/tokens.key")
        .replace(
            "# no receipt_key_file",
            "receipt_key_file = \"later/receipts.key\"",
        )
        .replace(
            "# retired_key_files = []",
            "retired_key_files = [\"keys/old.jwk\"]",
        );
    assert!(text.contains("[\"keys/old.jwk\"]") && text.contains("later/receipts.key"));
    std::fs::write(&path, text).unwrap();
    for wrong in [
        json!({}),
        json!({ "retired_at": "one day" }),
        json!({ "retired_at": "2026-01-01", "d": "AAAA" }),
    ] {
        retired(key, wrong.clone());
        let said = installation.run(&["doctor", "--config", "hub.toml"]);
        assert!(
            said.exit != Some(0) && said.out.contains("old.jwk") | said.err.contains("old.jwk"),
            "{wrong}: {said:?}"
        );
    }
    retired(key, json!({ "retired_at": "2026-01-01" }));
    installation.good(&["doctor", "--config", "hub.toml"]);
}

/// What is retired verifies receipts and nothing else.
async fn a_token_of_it_opens_nothing(installation: &Installation, token: &str) {
    let inbox = format!("{}/v1/inbox", installation.partner_url());
    let call = installation.http(AGENCY).get(inbox).bearer_auth(token);
    let refused = call.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let told: Value = refused.json().await.unwrap();
    assert_eq!(told["label"], "token-signature-invalid", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_settings_lost_is_named_and_nothing_looks_edited() {
    let installation = Installation::new("keys-lost", &[]);
    let hub = installation.serve().await;
    receipt(&installation, "KEYS-3").await;
    drop(hub);
    let path = installation.dir.join("hub.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let lost = text
        .replace("current = \"k1\"", "current = \"k2\"")
        .replace("k1 = \"keys/k1.hex\"", "k2 = \"keys/k1.hex\"");
    assert_ne!(lost.matches("k2").count(), 0, "{text}");
    std::fs::write(&path, lost).unwrap();
    for command in [["doctor"].as_slice(), &["serve"], &["audit", "verify"]] {
        let said = installation.run(&[command, &["--config", "hub.toml"]].concat());
        let told = format!("{}{}", said.out, said.err);
        assert!(
            said.exit != Some(0) && told.contains("k1"),
            "{command:?}: {said:?}"
        );
        assert!(!told.contains("decrypted"), "{command:?}: {said:?}");
    }
    std::fs::write(&path, text).unwrap();
    installation.good(&["audit", "verify", "--config", "hub.toml"]);
    installation.remove();
}
