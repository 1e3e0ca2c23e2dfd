use super::*;
use crate::domain::rejection::problems;
use crate::identity::peer::Peer;
use crate::identity::token_request::{OAuthError, OAuthErrorCode, TokenRequest};

fn asked(form: &str) -> Result<String, OAuthErrorCode> {
    answered(form, "agent.mau-a-001")
        .map(|a| a.scope)
        .map_err(|e| e.code())
}

fn answered(form: &str, tenant: &str) -> Result<crate::domain::view::TokenAnswer, OAuthError> {
    let ca = Ca::root("a root");
    let own = ca.issue_now();
    let register = register(1, vec![registered(&own, tenant)]);
    let peer = Peer::judge(Some(&connection(&[&own])), &ca.trust(), &register, now()).unwrap();
    let issuer = issuer();
    let answer = TokenRequest::parse(form.as_bytes())?.answer(&issuer, &peer, now(), [1; 16])?;
    let claims = issuer
        .verify(&answer.access_token, &thumbprint(&own), now())
        .unwrap();
    assert_eq!(claims.tenant.as_str(), tenant);
    Ok(answer)
}

const BASE: &str = "grant_type=client_credentials&client_id=agent.mau-a-001";

#[test]
fn without_a_scope_the_role_decides() {
    let everything = "submission:create dossier:read dossier:withdraw dossier:supplement dossier:change \
                      dossier:loss dossier:payment dossier:hand-over file:upload file:read event:read subscription:manage";
    assert_eq!(asked(BASE).as_deref(), Ok(everything));
    assert_eq!(asked(&format!("{BASE}&scope=")).as_deref(), Ok(everything));
    assert_eq!(asked(&format!("&{BASE}&unknown=1&&")).as_deref(), Ok(everything));
}

#[test]
fn a_narrower_scope_is_given_and_a_wider_one_refused() {
    assert_eq!(
        asked(&format!("{BASE}&scope=event%3Aread+dossier:read")).as_deref(),
        Ok("dossier:read event:read")
    );
    assert_eq!(
        asked(&format!("{BASE}&scope=inbox:take")),
        Err(OAuthErrorCode::InvalidScope)
    );
    assert_eq!(
        asked(&format!("{BASE}&scope=hub:read+event:read")),
        Err(OAuthErrorCode::InvalidScope)
    );
    assert_eq!(
        asked(&format!("{BASE}&scope=everything")),
        Err(OAuthErrorCode::InvalidScope)
    );
}

#[test]
fn the_target_must_be_this_service() {
    let ours = "https%3A%2F%2Fpartner.hub.example%2F";
    assert!(asked(&format!("{BASE}&resource={ours}&audience={ours}")).is_ok());
    let theirs = format!("{BASE}&resource={ours}&resource=https://elsewhere.example");
    assert_eq!(asked(&theirs), Err(OAuthErrorCode::InvalidTarget));
}

#[test]
fn broken_requests_are_told_in_the_words_of_rfc_6749() {
    use OAuthErrorCode::*;
    let cases = [
        ("", InvalidRequest),
        ("client_id=agent.mau-a-001", InvalidRequest),
        ("grant_type=client_credentials", InvalidRequest),
        ("grant_type=&client_id=agent.mau-a-001", InvalidRequest),
        (
            "grant_type=password&client_id=agent.mau-a-001",
            UnsupportedGrantType,
        ),
        (
            "grant_type=client_credentials&client_id=agent.mau-a-002",
            InvalidClient,
        ),
        (
            "grant_type=client_credentials&client_id=AGENT.mau-a-001",
            InvalidClient,
        ),
        (
            "grant_type=client_credentials&grant_type=client_credentials&client_id=agent.mau-a-001",
            InvalidRequest,
        ),
        ("grant_type=client_credentials&client_id=%zz", InvalidRequest),
        ("grant_type=client_credentials&client_id=%f", InvalidRequest),
        ("grant_type=client_credentials&client_id=%ff", InvalidRequest),
    ];
    for (form, code) in cases {
        assert_eq!(asked(form), Err(code), "{form}");
    }
    assert_eq!(
        asked(&format!("{BASE}&x={}", "y".repeat(5_000))),
        Err(InvalidRequest)
    );
    let error = TokenRequest::parse(b"\xff\xfe").unwrap_err();
    assert_eq!((error.code(), error.status()), (InvalidRequest, 400));
}

#[test]
fn a_refusal_is_the_body_rfc_6749_asks_for() {
    let error = answered(
        "grant_type=client_credentials&client_id=branch.tay-ho",
        "agent.mau-a-001",
    )
    .err()
    .unwrap();
    assert_eq!(error.status(), 401);
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        serde_json::json!({
            "error": "invalid_client",
            "error_description": "client_id must be the tenant the certificate is registered for",
        })
    );
    let error = OAuthError::from(&Rejection::from(problems::CertificateRevoked));
    assert_eq!((error.code().word(), error.status()), ("invalid_client", 401));
    assert!(error.description().starts_with("certificate-revoked: "));
    for label in Label::ALL {
        let text = OAuthError::from(&Rejection::from(crate::domain::rejection::Problem::example(
            *label,
        )))
        .description()
        .to_owned();
        let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(
            !label.as_str().starts_with("certificate") || text.bytes().all(allowed),
            "{text}"
        );
    }
}
