use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::identity::keys::VerifyingKey;
use crate::identity::permission::Permissions;
use crate::identity::token::{LONGEST_LIFE, Tokens};

fn branch() -> TenantKey {
    tenant_key("branch.tay-ho")
}

fn mint(issuer: &Issuer) -> String {
    let scope = Permissions::of(TenantKind::Branch);
    issuer
        .mint(&branch(), scope, &PRINT, now(), [9; 16])
        .unwrap()
        .access_token
}

fn part(token: &str, n: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_token_says_what_rfc_9068_and_rfc_8705_ask() {
    let issuer = issuer();
    let answer = issuer
        .mint(
            &branch(),
            Permissions::parse("event:read").unwrap(),
            &PRINT,
            now(),
            [9; 16],
        )
        .unwrap();
    assert_eq!(
        (
            answer.token_type.as_str(),
            answer.expires_in,
            answer.scope.as_str()
        ),
        ("Bearer", 600, "event:read")
    );
    let keys = issuer.jwks([]);
    let kid = &keys["keys"][0]["kid"];
    assert_eq!(
        part(&answer.access_token, 0),
        json!({"alg": "ES256", "typ": "at+jwt", "kid": kid})
    );
    let iat = now().as_seconds();
    assert_eq!(
        part(&answer.access_token, 1),
        json!({
            "iss": "https://hub.example", "sub": "branch.tay-ho", "aud": "https://partner.hub.example",
            "client_id": "branch.tay-ho", "iat": iat, "exp": iat + 600,
            "jti": URL_SAFE_NO_PAD.encode([9; 16]), "scope": "event:read",
            "cnf": {"x5t#S256": URL_SAFE_NO_PAD.encode(PRINT.as_bytes())},
        })
    );
    let claims = issuer.verify(&answer.access_token, &PRINT, now()).unwrap();
    assert_eq!((claims.tenant, claims.expires), (branch(), iat + 600));
    assert_eq!(claims.permissions.to_string(), "event:read");
}

#[test]
fn no_token_outlives_ten_minutes_and_none_is_good_at_its_end() {
    let life = Duration::from_secs(86_400);
    let issuer = Issuer::new(TokenRules { life, ..rules() }, signing_key(), vec![]);
    assert_eq!(issuer.rules().life, LONGEST_LIFE);
    let token = mint(&issuer);
    let end = Timestamp::from_micros((now().as_seconds() + 600) * 1_000_000);
    let before = Timestamp::from_micros(end.as_micros() - 1);
    assert!(issuer.verify(&token, &PRINT, before).is_ok());
    assert_eq!(label(issuer.verify(&token, &PRINT, end)), Label::TokenExpired);
}

#[test]
fn a_token_works_only_with_its_certificate_and_at_its_service() {
    let key = signing_key();
    let issuer = Issuer::new(rules(), Arc::clone(&key), vec![]);
    let token = mint(&issuer);
    assert_eq!(
        label(issuer.verify(&token, &OTHER_PRINT, now())),
        Label::TokenCertificateMismatch
    );
    let audience = "https://elsewhere.example".to_owned();
    let elsewhere = Issuer::new(TokenRules { audience, ..rules() }, Arc::clone(&key), vec![]);
    assert_eq!(
        label(elsewhere.verify(&token, &PRINT, now())),
        Label::TokenAudienceWrong
    );
    let other = Issuer::new(
        TokenRules {
            issuer: "https://other.example".to_owned(),
            ..rules()
        },
        key,
        vec![],
    );
    let refusal = other.verify(&token, &PRINT, now()).unwrap_err();
    assert_eq!(refusal.label(), Label::TokenAudienceWrong);
    assert_eq!(
        refusal.problems()[0].args()["token_endpoint"],
        rules().token_endpoint
    );
}

/// HS256 keyed with the public key, in every form an attacker may have it.
fn keyed_with_the_public_key(key: &SigningKey, claims: &Value) -> [String; 2] {
    let jwk = key.public().jwk();
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.public().kid().to_owned());
    [point, jwk.to_string().into_bytes()]
        .map(|secret| jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&secret)).unwrap())
}

#[test]
fn forged_tokens_are_told_by_their_labels() {
    let key = signing_key();
    let issuer = Issuer::new(rules(), Arc::clone(&key), vec![]);
    let token = mint(&issuer);
    let (head, claims) = (part(&token, 0), part(&token, 1));
    let parts: Vec<&str> = token.split('.').collect();
    let refused = |token: &str| label(issuer.verify(token, &PRINT, now()));
    let with = |name: &str, value: Value| {
        let mut changed = head.clone();
        changed[name] = value;
        changed
    };

    // alg none, with and without a signature
    let none = encoded(&with("alg", json!("none")));
    assert_eq!(
        refused(&format!("{none}.{}.", parts[1])),
        Label::TokenSignatureInvalid
    );
    assert_eq!(
        refused(&format!("{none}.{}.{}", parts[1], parts[2])),
        Label::TokenSignatureInvalid
    );

    for forged in keyed_with_the_public_key(&key, &claims) {
        assert_eq!(refused(&forged), Label::TokenSignatureInvalid);
    }

    // another key, under its own name and under ours
    let thief = SigningKey::from_pkcs8_der(SigningKey::generate_pkcs8().unwrap().expose()).unwrap();
    assert_eq!(
        refused(&thief.jws("at+jwt", &claims).unwrap()),
        Label::TokenSignatureInvalid
    );
    let theirs = thief.jws("at+jwt", &claims).unwrap();
    let signature = theirs.rsplit('.').next().unwrap();
    assert_eq!(
        refused(&format!("{}.{}.{signature}", parts[0], parts[1])),
        Label::TokenSignatureInvalid
    );

    // a header that asks for a key of its own, or for what nobody understands
    for (name, value) in [("kid", json!("elsewhere")), ("kid", Value::Null)] {
        let forged = encoded(&with(name, value));
        assert_eq!(
            refused(&format!("{forged}.{}.{}", parts[1], parts[2])),
            Label::TokenSignatureInvalid
        );
    }
    let critical = encoded(&with("crit", json!(["b64"])));
    assert_eq!(
        refused(&format!("{critical}.{}.{}", parts[1], parts[2])),
        Label::TokenMalformed
    );

    // claims changed under the old signature
    let mut richer = claims.clone();
    richer["scope"] = json!("hub:read");
    let forged = format!("{}.{}.{}", parts[0], encoded(&richer), parts[2]);
    assert_eq!(refused(&forged), Label::TokenSignatureInvalid);

    // signed by the right key, but a receipt
    assert_eq!(
        refused(&key.jws("receipt+jwt", &claims).unwrap()),
        Label::TokenMalformed
    );
    assert_eq!(refused(&key.jws("JWT", &claims).unwrap()), Label::TokenMalformed);
}

#[test]
fn what_is_no_token_is_malformed() {
    let key = signing_key();
    let issuer = Issuer::new(rules(), Arc::clone(&key), vec![]);
    let token = mint(&issuer);
    let long = "a".repeat(5_000);
    let cases = [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "e30.e30.",
        &token[..token.len() - 90],
        &format!("{token}.x"),
        &long,
        "đ.đ.đ",
    ];
    for bad in cases {
        assert_eq!(
            label(issuer.verify(bad, &PRINT, now())),
            Label::TokenMalformed,
            "{bad}"
        );
    }
    // Our signature over claims that are none of a token.
    assert_eq!(
        label(issuer.verify(&key.jws("at+jwt", &json!({"sub": 1})).unwrap(), &PRINT, now())),
        Label::TokenMalformed
    );
}

#[test]
fn every_changed_byte_is_noticed() {
    let issuer = issuer();
    let token = mint(&issuer);
    for i in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let said = label(issuer.verify(&changed, &PRINT, now()));
        assert!(
            matches!(said, Label::TokenMalformed | Label::TokenSignatureInvalid),
            "byte {i}: {said}"
        );
    }
}

#[test]
fn a_key_rolls_over_without_a_stop() {
    let (old, new) = (signing_key(), signing_key());
    let before = Issuer::new(rules(), Arc::clone(&old), vec![new.public().clone()]);
    let after = Issuer::new(rules(), Arc::clone(&new), vec![old.public().clone()]);
    let later = Issuer::new(rules(), new, vec![]);
    let (first, second) = (mint(&before), mint(&after));
    assert!(before.verify(&second, &PRINT, now()).is_ok());
    assert!(after.verify(&first, &PRINT, now()).is_ok());
    assert_eq!(
        label(later.verify(&first, &PRINT, now())),
        Label::TokenSignatureInvalid
    );
    assert!(later.verify(&second, &PRINT, now()).is_ok());
    assert_eq!(after.jwks([old.public()])["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn a_remembered_token_is_still_judged() {
    let tokens = Tokens::new(issuer(), 100);
    let token = mint(tokens.issuer());
    let first = tokens.verify(&token, &PRINT, now()).unwrap();
    let again = tokens.verify(&token, &PRINT, seconds(599)).unwrap();
    assert!(Arc::ptr_eq(&first, &again), "the second one came from memory");
    assert_eq!(
        label(tokens.verify(&token, &OTHER_PRINT, now())),
        Label::TokenCertificateMismatch
    );
    assert_eq!(
        tokens.remembered(),
        1,
        "a stolen token does not push the owner's out"
    );
    assert_eq!(
        label(tokens.verify(&token, &PRINT, seconds(600))),
        Label::TokenExpired
    );
    assert_eq!(tokens.remembered(), 0);
    assert_eq!(
        label(tokens.verify(&token, &PRINT, seconds(600))),
        Label::TokenExpired
    );
    assert_eq!(
        label(tokens.verify("a.b.c", &PRINT, now())),
        Label::TokenMalformed
    );
    assert_eq!(tokens.remembered(), 0, "refusals are not kept");
}

#[test]
fn the_memory_is_bounded() {
    let tokens = Tokens::new(issuer(), 16);
    for i in 0..200u8 {
        let scope = Permissions::of(TenantKind::Branch);
        let answer = tokens
            .issuer()
            .mint(&branch(), scope, &PRINT, now(), [i; 16])
            .unwrap();
        tokens.verify(&answer.access_token, &PRINT, now()).unwrap();
    }
    assert!(tokens.remembered() <= 16, "{}", tokens.remembered());
}

#[test]
fn keys_are_named_by_rfc_7638_and_survive_the_jwks() {
    // The public point of RFC 7517, appendix A.1; its thumbprint was computed with another implementation.
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "kid": "believed-by-nobody",
    });
    let key = VerifyingKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.kid(), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
    let set = json!({"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}, key.jwk(), {"kty": "EC", "crv": "P-256", "x": "AA"}]});
    assert_eq!(VerifyingKey::from_jwks(&set).len(), 1);
    assert!(key.jwk().get("d").is_none());
}

#[test]
fn a_key_is_read_from_pem_and_shows_nothing() {
    let pkcs8 = SigningKey::generate_pkcs8().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        base64::engine::general_purpose::STANDARD.encode(pkcs8.expose())
    );
    let (a, b) = (
        SigningKey::from_pkcs8_der(pkcs8.expose()).unwrap(),
        SigningKey::from_pkcs8_pem(pem.as_bytes()).unwrap(),
    );
    assert_eq!(a.public().kid(), b.public().kid());
    assert_eq!(format!("{a:?}"), format!("SigningKey(kid {})", a.public().kid()));
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    assert!(SigningKey::from_pkcs8_der(&p384.serialize_der()).is_err());
    assert!(SigningKey::from_pkcs8_pem(b"nothing").is_err());
}

#[test]
fn the_metadata_is_the_reviewed_one() {
    let metadata = issuer().metadata("https://partner.hub.example");
    insta::assert_snapshot!(serde_json::to_string_pretty(&metadata).unwrap(), @r#"
    {
      "grant_types_supported": [
        "client_credentials"
      ],
      "issuer": "https://hub.example",
      "jwks_uri": "https://hub.example/.well-known/jwks.json",
      "mtls_endpoint_aliases": {
        "token_endpoint": "https://partner.hub.example/oauth2/token"
      },
      "response_types_supported": [],
      "scopes_supported": [
        "submission:create",
        "dossier:read",
        "dossier:accept",
        "dossier:refuse",
        "dossier:ask",
        "dossier:recall",
        "dossier:postpone",
        "dossier:correct",
        "dossier:withdraw",
        "dossier:supplement",
        "dossier:change",
        "dossier:opinion",
        "dossier:early-result",
        "dossier:loss",
        "dossier:payment",
        "dossier:task",
        "dossier:hand-over",
        "file:upload",
        "file:read",
        "event:read",
        "subscription:manage",
        "inbox:take",
        "endpoint:manage",
        "status:report",
        "hub:read",
        "dossier:assign",
        "directory:manage",
        "delivery:manage",
        "tenant:manage",
        "format:manage"
      ],
      "tls_client_certificate_bound_access_tokens": true,
      "token_endpoint": "https://partner.hub.example/oauth2/token",
      "token_endpoint_auth_methods_supported": [
        "tls_client_auth"
      ]
    }
    "#);
}
