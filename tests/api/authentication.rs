//! Who is let in: every 401 and 403 by a real request.

use std::sync::Arc;
use std::time::Duration;

use lienthong::app::sandbox::Sandbox;
use lienthong::domain::register::Change;
use lienthong::domain::tenant::{Actor, Certificate, TenantKey};
use lienthong::domain::time::Timestamp;
use lienthong::identity::Permissions;
use lienthong::identity::keys::SigningKey;
use lienthong::identity::peer::PeerCertificate;
use lienthong::identity::token::{Issuer, TokenRules};
use lienthong::net::dev_ca::{DevCa, Issued, Validity};
use lienthong::store::ledger::{RegisterChange, Registered};
use reqwest::Method;
use serde_json::json;

use crate::documents::online;
use crate::house::{Caller, House, Told, ago, now, run, until};

static HOUSE: House = House::new();

const HOUR: i64 = 3600;

fn certificate(ca: &DevCa, tenant: &str, from: Timestamp, to: Timestamp) -> Issued {
    ca.client(&tenant.parse().unwrap(), Validity { from, to })
        .unwrap()
}

/// Pins a certificate, past the hub: it learns of it when it looks. What the register keeps is the pin; whether a certificate is
/// good today, its own dates say.
fn pinned(issued: &Issued, tenant: &str) -> Change {
    let read = PeerCertificate::parse(&issued.chain[0]).unwrap();
    Change::AddCertificate(Certificate {
        thumbprint: *read.thumbprint(),
        tenant: tenant.parse().unwrap(),
        not_after: ago(-48 * HOUR),
        revoked_at: None,
    })
}

/// A change of the register that is taken, written past the hub.
async fn written(hub: &Sandbox, change: Change) {
    let change = RegisterChange {
        actor: Actor::hub(),
        reason: "Theo công văn mẫu".to_owned(),
        change,
    };
    let ledger = &hub.running().store().ledger;
    let outcome = ledger.ask(change).await.unwrap();
    assert!(matches!(outcome, Registered::Done { .. }), "{outcome:?}");
}

/// The same, and the hub knows.
async fn changed(hub: &Sandbox, change: Change) {
    written(hub, change).await;
    hub.running().hub().refresher.refresh().await.unwrap();
}

/// A call of the partner listener without a token.
async fn knock(caller: &Caller) -> Told {
    Told::of(caller.http.get(format!("{}/v1/dossiers", caller.base))).await
}

#[test]
fn a_certificate_that_is_not_in_order_is_refused_by_its_label_and_gets_no_token() {
    run(async {
        let hub = HOUSE.hub().await;
        let (ca, name) = (hub.state().ca(), "agent.a-020");
        let stranger = DevCa::create(now()).unwrap();
        let expired = certificate(ca, name, ago(48 * HOUR), ago(24 * HOUR));
        let early = certificate(ca, name, ago(-24 * HOUR), ago(-48 * HOUR));
        changed(hub, pinned(&expired, name)).await;
        changed(hub, pinned(&early, name)).await;
        let of = |issued| Caller::holding(hub, name, issued);
        let cases = [
            (Caller::bare(hub, name), "certificate-missing"),
            (
                of(certificate(&stranger, name, ago(HOUR), ago(-HOUR))),
                "certificate-untrusted",
            ),
            (of(expired), "certificate-expired"),
            (of(early), "certificate-not-yet-valid"),
            (
                of(certificate(ca, name, ago(HOUR), ago(-HOUR))),
                "certificate-unknown",
            ),
        ];
        for (caller, label) in cases {
            knock(&caller).await.refuses(label);
            let told = caller.ask_token("").await;
            assert_eq!(
                (told.status, told.header("content-type")),
                (401, "application/json"),
                "{label}"
            );
            let answer = told.json();
            assert_eq!(answer["error"], "invalid_client", "{answer}");
            assert!(
                answer["error_description"].as_str().unwrap().starts_with(label),
                "{answer}"
            );
            assert!(told.header("www-authenticate").starts_with("Bearer"), "{label}");
        }
    });
}

#[test]
fn a_server_certificate_of_a_trusted_issuer_opens_nothing() {
    run(async {
        let hub = HOUSE.hub().await;
        let issued = hub
            .state()
            .ca()
            .server(
                &[],
                Validity {
                    from: ago(HOUR),
                    to: ago(-HOUR),
                },
            )
            .unwrap();
        knock(&Caller::holding(hub, "agent.a-021", issued))
            .await
            .refuses("certificate-not-for-clients");
    });
}

#[test]
fn a_revocation_written_by_another_hub_holds_on_open_connections_within_a_refresh() {
    run(async {
        let hub = HOUSE.hub().await;
        let name = "agent.a-022";
        let issued = certificate(hub.state().ca(), name, ago(HOUR), ago(-HOUR));
        let thumbprint = *PeerCertificate::parse(&issued.chain[0]).unwrap().thumbprint();
        changed(hub, pinned(&issued, name)).await;
        let caller = Caller::holding(hub, name, issued);
        assert_eq!(caller.get("/v1/dossiers").await.status, 200);
        // Straight into the database: this hub is not told.
        let revoked = Change::RevokeCertificate {
            tenant: name.parse().unwrap(),
            thumbprint,
        };
        written(hub, revoked).await;
        until("the revocation is seen", async || {
            (caller.get("/v1/dossiers").await.status == 401).then_some(())
        })
        .await;
        caller.get("/v1/dossiers").await.refuses("certificate-revoked");
        assert_eq!(caller.ask_token("").await.status, 401);
        // The tenant's other certificate is not touched.
        assert_eq!(HOUSE.caller(name).await.get("/v1/dossiers").await.status, 200);
    });
}

#[test]
fn a_suspended_tenant_and_the_agents_of_a_suspended_enterprise_are_refused() {
    run(async {
        let hub = HOUSE.hub().await;
        let agent = HOUSE.caller("agent.b-030").await;
        assert_eq!(agent.get("/v1/dossiers").await.status, 200);
        let refused = async || {
            agent.get("/v1/dossiers").await.refuses("tenant-suspended");
            let told = agent.ask_token("").await;
            assert_eq!(
                (told.status, told.json()["error"].clone()),
                (401, json!("invalid_client"))
            );
        };
        for who in ["agent.b-030", "enterprise.buu-chinh-mau-b"] {
            let who: TenantKey = who.parse().unwrap();
            changed(hub, Change::Suspend(who.clone())).await;
            refused().await;
            changed(hub, Change::Resume(who)).await;
            assert_eq!(agent.get("/v1/dossiers").await.status, 200);
        }
        changed(hub, Change::Close("agent.b-030".parse().unwrap())).await;
        refused().await;
    });
}

/// An issuer with the hub's own key, for tokens the hub would not mint.
fn issuer(hub: &Sandbox, audience: &str, name: &str) -> Issuer {
    let rules = TokenRules {
        issuer: name.to_owned(),
        audience: audience.to_owned(),
        token_endpoint: String::new(),
        life: Duration::from_secs(600),
    };
    Issuer::new(rules, hub.state().signing_key("token.p8").unwrap(), Vec::new())
}

#[test]
fn a_token_that_is_not_in_order_is_refused_by_its_label() {
    run(async {
        let hub = HOUSE.hub().await;
        let [partner, web, _] = hub.urls();
        let (name, other) = ("branch.ba-dinh", "branch.ba-vi");
        let (caller, stranger) = (HOUSE.caller(name).await, HOUSE.caller(other).await);
        let tenant: TenantKey = name.parse().unwrap();
        let (pem, _) = hub.state().tenant_pem(&tenant).unwrap();
        let chain = lienthong::net::pem::certificates(pem.as_bytes()).unwrap();
        let print = *PeerCertificate::parse(&chain[0]).unwrap().thumbprint();
        let all = Permissions::of(tenant.kind());
        let minted = |issuer: &Issuer, at: Timestamp| {
            issuer
                .mint(&tenant, all, &print, at, [7; 16])
                .unwrap()
                .access_token
        };
        let ours = issuer(hub, partner, web);
        let good = minted(&ours, now());
        let (head, signature) = good.rsplit_once('.').unwrap();
        let flipped = flipped(signature);
        let foreign = minted(&thief(&ours), now());
        let cases = [
            (format!("Bearer {good}"), ""),
            (format!("bearer  {good}"), ""),
            (String::new(), "token-missing"),
            ("Bearer".to_owned(), "token-missing"),
            ("Basic dTpw".to_owned(), "token-missing"),
            ("Bearer nonsense".to_owned(), "token-malformed"),
            (format!("Bearer {head}"), "token-malformed"),
            (format!("Bearer {}", "x".repeat(5000)), "token-malformed"),
            (format!("Bearer {head}.{flipped}"), "token-signature-invalid"),
            (format!("Bearer {foreign}"), "token-signature-invalid"),
            (format!("Bearer {}", minted(&ours, ago(601))), "token-expired"),
            (
                format!(
                    "Bearer {}",
                    minted(&issuer(hub, "https://other.example", web), now())
                ),
                "token-audience-wrong",
            ),
            (
                format!(
                    "Bearer {}",
                    minted(&issuer(hub, partner, "https://other.example"), now())
                ),
                "token-audience-wrong",
            ),
            (
                format!("Bearer {}", stranger.token().await),
                "token-certificate-mismatch",
            ),
        ];
        for (header, label) in cases {
            let mut request = caller.http.get(format!("{partner}/v1/dossiers"));
            if !header.is_empty() {
                request = request.header("Authorization", &header);
            }
            let told = Told::of(request).await;
            if label.is_empty() {
                assert_eq!(told.status, 200, "{header}: {}", told.text());
            } else {
                let document = told.refuses(label);
                assert!(!document.to_string().contains(signature), "{label}");
            }
        }
        no_other_algorithm_is_believed(&caller, partner, &good).await;
    });
}

/// One letter of it is another.
fn flipped(signature: &str) -> String {
    signature
        .char_indices()
        .map(|(i, c)| {
            if i == 10 {
                if c == 'A' { 'B' } else { 'A' }
            } else {
                c
            }
        })
        .collect()
}

/// Says that it is this issuer, and has a key of its own.
fn thief(of: &Issuer) -> Issuer {
    let key = SigningKey::generate_pkcs8().unwrap();
    let key = Arc::new(SigningKey::from_pkcs8_der(key.expose()).unwrap());
    Issuer::new(of.rules().clone(), key, Vec::new())
}

/// An unsigned token, and one that says it is signed with a shared secret.
async fn no_other_algorithm_is_believed(caller: &Caller, partner: &str, good: &str) {
    for alg in ["none", "HS256"] {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let head = encode(&format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#));
        let claims = good.split('.').nth(1).unwrap();
        for signature in ["", "AAAA"] {
            let request = caller.http.get(format!("{partner}/v1/dossiers"));
            let told = Told::of(request.bearer_auth(format!("{head}.{claims}.{signature}"))).await;
            assert_eq!(told.status, 401, "{alg}: {}", told.text());
        }
    }
}

#[test]
fn a_token_carries_what_was_asked_for_and_never_more_than_the_role() {
    run(async {
        let caller = HOUSE.caller("agent.a-023").await;
        let told = caller.ask_token("&scope=event:read").await;
        let answer = told.json();
        assert_eq!((told.status, told.header("cache-control")), (200, "no-store"));
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["scope"], "event:read");
        assert_eq!(answer["expires_in"], 600);
        let small = answer["access_token"].as_str().unwrap();
        let ask = async |path: &str| {
            Told::of(
                caller
                    .http
                    .get(format!("{}{path}", caller.base))
                    .bearer_auth(small),
            )
            .await
        };
        assert_eq!(ask("/v1/events").await.status, 200);
        let document = ask("/v1/dossiers").await.refuses("permission-missing");
        assert!(
            document["detail"].as_str().unwrap().contains("dossier:read"),
            "{document}"
        );
    });
}

#[test]
fn the_token_endpoint_refuses_in_the_words_of_oauth() {
    run(async {
        let caller = HOUSE.caller("agent.a-024").await;
        let client = "client_id=agent.a-024";
        let grant = "grant_type=client_credentials";
        let base = &caller.base;
        let cases = [
            (String::new(), "invalid_request"),
            (grant.to_owned(), "invalid_request"),
            (client.to_owned(), "invalid_request"),
            (format!("{grant}&{grant}&{client}"), "invalid_request"),
            (format!("{grant}&{client}&scope=%zz"), "invalid_request"),
            (format!("grant_type=password&{client}"), "unsupported_grant_type"),
            (format!("{grant}&client_id=agent.a-025"), "invalid_client"),
            (format!("{grant}&{client}&scope=dossier:own"), "invalid_scope"),
            (format!("{grant}&{client}&scope=hub:read"), "invalid_scope"),
            (
                format!("{grant}&{client}&resource=https://other.example"),
                "invalid_target",
            ),
        ];
        for (form, error) in cases {
            let told = caller.form("/oauth2/token", form.clone()).await;
            let answer = told.json();
            assert_eq!(answer["error"], error, "{form}: {answer}");
            assert_eq!(
                told.status,
                if error == "invalid_client" { 401 } else { 400 },
                "{form}"
            );
            let said = answer["error_description"].as_str().unwrap();
            assert!(said.is_ascii() && !said.contains(['"', '\\']), "{said}");
        }
        let good = caller.ask_token(&format!("&resource={base}")).await;
        assert_eq!(good.status, 200);
        let long = format!("{grant}&{client}&x={}", "y".repeat(5000));
        caller.form("/oauth2/token", long).await.refuses("body-too-large");
        Told::of(caller.http.get(format!("{base}/oauth2/token")))
            .await
            .refuses("method-not-allowed");
    });
}

#[test]
fn a_postal_agent_names_its_person_and_a_branch_only_its_own_points() {
    run(async {
        let mut agent = HOUSE.caller("agent.a-025").await;
        let dossier = online("00004");
        agent.staff = None;
        agent.file(&dossier).await.refuses("staff-required");
        for wrong in ["nv-999", "NV 001", "nv-001x"] {
            agent.staff = Some(wrong.to_owned());
            agent.file(&dossier).await.refuses("staff-unknown");
            agent.get("/v1/dossiers").await.refuses("staff-unknown");
        }
        agent.staff = Some("nv-001".to_owned());
        assert_eq!(agent.file(&dossier).await.status, 202);

        let mut branch = HOUSE.caller("branch.ba-dinh").await;
        branch.staff = None;
        let at = async |point: &str, reference: &str| {
            let request = branch.request(Method::POST, "/v1/submissions").await;
            let request = request
                .header("Receiving-Point", point)
                .header("Idempotency-Key", reference);
            Told::of(
                request
                    .header("Submission-Format", "canonical/v1")
                    .json(&online("00004")),
            )
            .await
        };
        for wrong in ["chi-nhanh-ba-vi", "no-such-point", "Điểm"] {
            at(wrong, "point-1").await.refuses("point-unknown");
        }
        let taken = at("chi-nhanh-ba-dinh", "point-2").await;
        assert_eq!(taken.status, 202, "{}", taken.text());
        let id = taken.json()["tracking_id"].as_str().unwrap().to_owned();
        let seen = branch.get(&format!("/v1/dossiers/{id}")).await.json();
        assert_eq!(seen["point"], "chi-nhanh-ba-dinh");
    });
}

#[test]
fn a_refusal_speaks_xml_to_an_xml_client_and_english_to_an_english_one() {
    run(async {
        let caller = Caller::bare(HOUSE.hub().await, "agent.a-001");
        let ask = || caller.http.get(format!("{}/v1/dossiers", caller.base));
        let told = Told::of(ask().header("Accept", "application/xml")).await;
        assert_eq!(
            (told.status, told.header("content-type")),
            (401, "application/problem+xml")
        );
        let text = told.text();
        for part in [
            "<problem xmlns=\"urn:ietf:rfc:7807\">",
            "<label>certificate-missing</label>",
            "<status>401</status>",
            "<title>Thiếu chứng thư máy khách</title>",
            "<en>Connect again and present the certificate registered for your tenant.</en>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(told.header("www-authenticate").starts_with("Bearer"));
        let told = Told::of(ask().header("Accept-Language", "en-GB,en;q=0.9")).await;
        assert_eq!(told.header("content-language"), "en");
        assert_eq!(told.json()["title"], "No client certificate");
        assert_eq!(told.json()["detail"], told.json()["problems"][0]["en"]);
    });
}
