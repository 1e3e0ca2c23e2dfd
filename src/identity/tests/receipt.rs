use rand::SeedableRng;

use super::*;
use crate::domain::ids::{DossierId, SubmissionId};
use crate::domain::submission::ReceiptClaims;
use crate::identity::keys::{self, NotOurs, VerifyingKey};
use crate::identity::sign::{ReceiptSigner, verify_receipt};

fn claims() -> ReceiptClaims {
    let mut rng = rand::rngs::StdRng::seed_from_u64(5);
    ReceiptClaims {
        iss: "https://hub.example".to_owned(),
        sub: DossierId::new(now(), &mut rng),
        submission: SubmissionId::new(now(), &mut rng),
        tenant: tenant_key("agent.mau-a-001"),
        iat: now().as_seconds(),
        received_at: now(),
        sha256: "ab".repeat(32).parse().unwrap(),
        bytes: 4321,
    }
}

#[test]
fn a_receipt_verifies_with_the_jwks_alone() {
    let signer = ReceiptSigner::new(signing_key());
    let receipt = signer.sign(&claims()).unwrap();
    // As somebody outside has it: text fetched from the hub.
    let published = keys::jwks([signing_key().public(), signer.public()]).to_string();
    let keys = VerifyingKey::from_jwks(&serde_json::from_str(&published).unwrap());
    assert_eq!(verify_receipt(&receipt, &keys), Ok(claims()));
    assert_eq!(verify_receipt(&receipt, &[]), Err(NotOurs::Signature));
    assert_eq!(
        verify_receipt(&receipt, &[signing_key().public().clone()]),
        Err(NotOurs::Signature)
    );
}

#[test]
fn one_changed_byte_breaks_it() {
    let signer = ReceiptSigner::new(signing_key());
    let receipt = signer.sign(&claims()).unwrap();
    let keys = [signer.public().clone()];
    for i in 0..receipt.len() {
        let mut changed = receipt.clone().into_bytes();
        changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
        assert!(
            verify_receipt(std::str::from_utf8(&changed).unwrap(), &keys).is_err(),
            "byte {i}"
        );
    }
    assert!(verify_receipt(&receipt[..receipt.len() - 1], &keys).is_err());
    assert!(verify_receipt(&format!("{receipt}A"), &keys).is_err());
}

#[test]
fn a_token_is_no_receipt() {
    let key = signing_key();
    let token = key.jws("at+jwt", &claims()).unwrap();
    assert_eq!(
        verify_receipt(&token, &[key.public().clone()]),
        Err(NotOurs::Form)
    );
}
