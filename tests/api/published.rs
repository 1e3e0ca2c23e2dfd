//! What everybody may read: keys, metadata, health, the interface's own description, the metrics.

use reqwest::Method;
use serde_json::Value;

use crate::documents::online;
use crate::house::{House, Told, client, run};

static HOUSE: House = House::new();

async fn web(path: &str) -> Told {
    let hub = HOUSE.hub().await;
    Told::of(client(hub, None).get(format!("{}{path}", hub.urls()[1]))).await
}

async fn operations(path: &str) -> Told {
    let hub = HOUSE.hub().await;
    Told::of(client(hub, None).get(format!("{}{path}", hub.urls()[2]))).await
}

#[test]
fn the_keys_are_published_and_hold_nothing_private() {
    run(async {
        let keys = web("/.well-known/jwks.json").await;
        assert_eq!(
            (keys.status, keys.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(keys.json(), web("/oauth2/jwks").await.json());
        let all = keys.json()["keys"].as_array().unwrap().clone();
        assert_eq!(all.len(), 2, "one for tokens, one for receipts");
        for key in all {
            assert_eq!(
                (key["kty"].clone(), key["crv"].clone(), key["alg"].clone()),
                ("EC".into(), "P-256".into(), "ES256".into())
            );
            assert!(key["d"].is_null() && key["kid"].is_string(), "{key}");
        }
    });
}

#[test]
fn the_metadata_lead_to_the_token_endpoint() {
    run(async {
        let hub = HOUSE.hub().await;
        let told = web("/.well-known/oauth-authorization-server").await.json();
        assert_eq!(told["issuer"], hub.urls()[1]);
        let endpoint = format!("{}/oauth2/token", hub.urls()[0]);
        assert_eq!(told["mtls_endpoint_aliases"]["token_endpoint"], endpoint);
        assert_eq!(
            told["token_endpoint_auth_methods_supported"][0],
            "tls_client_auth"
        );
        assert_eq!(told["tls_client_certificate_bound_access_tokens"], true);
        let jwks = told["jwks_uri"].as_str().unwrap();
        assert_eq!(Told::of(client(hub, None).get(jwks)).await.status, 200);
        assert_eq!(HOUSE.caller("agent.a-001").await.ask_token("").await.status, 200);
    });
}

#[test]
fn health_is_told_on_both_listeners() {
    run(async {
        for told in [web("/health/live").await, operations("/health/live").await] {
            assert_eq!(
                (told.status, told.json()["live"].clone()),
                (200, Value::Bool(true))
            );
        }
        for told in [web("/health/ready").await, operations("/health/ready").await] {
            assert_eq!(told.status, 200, "{}", told.text());
            assert_eq!(told.json(), serde_json::json!({ "ready": true, "missing": [] }));
        }
        for told in [
            web("/health/delivery").await,
            operations("/health/delivery").await,
        ] {
            assert_eq!(told.status, 200, "{}", told.text());
            assert_eq!(
                told.json(),
                serde_json::json!({ "delivering": true, "missing": [] })
            );
        }
        let hub = HOUSE.hub().await;
        let head = client(hub, None).request(Method::HEAD, format!("{}/health/live", hub.urls()[1]));
        let told = Told::of(head).await;
        assert_eq!((told.status, told.body.len()), (200, 0));
    });
}

#[test]
fn the_descriptions_served_are_the_ones_checked_in() {
    run(async {
        // Read now, not at compile time: a rewritten file is no reason to build this again.
        let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/api");
        for name in ["openapi.json", "asyncapi.json"] {
            let (served, kept) = (
                web(&format!("/{name}")).await,
                std::fs::read_to_string(schema.join(name)).unwrap(),
            );
            let differs = served
                .text()
                .lines()
                .zip(kept.lines())
                .find(|(a, b)| a != b)
                .map(|(a, b)| format!("{a} | {b}"));
            assert!(
                served.text() == kept,
                "{name} is stale: {}",
                differs.unwrap_or_default()
            );
        }
    });
}

/// The value of a metric whose line begins so.
fn value(page: &str, beginning: &str) -> f64 {
    let line = page.lines().find(|l| l.starts_with(beginning));
    line.and_then(|l| l.rsplit_once(' '))
        .map_or(0.0, |(_, v)| v.parse().unwrap())
}

#[test]
fn the_metrics_count() {
    run(async {
        let caller = HOUSE.caller("agent.a-002").await;
        let before = operations("/metrics").await.text();
        caller.filed(&online("00004")).await;
        caller.file(&Value::Null).await;
        let told = operations("/metrics").await;
        assert!(told.header("content-type").starts_with("text/plain"));
        let after = told.text();
        let grown = |line: &str| value(&after, line) - value(&before, line);
        for line in [
            "http_requests_total{route=\"submit\",status=\"2xx\"}",
            "http_requests_total{route=\"submit\",status=\"4xx\"}",
            "http_request_seconds_count{route=\"submit\",status=\"2xx\"}",
            "http_refusals_total{label=\"object-expected\"}",
        ] {
            assert_eq!(grown(&format!("lienthong_{line}")), 1.0, "{line} of {after}");
        }
        for line in [
            "ledger_queue_room",
            "ledger_queue_capacity",
            "tls_connections_total{listener=\"partner\",certificate=\"shown\"}",
        ] {
            assert!(
                value(&after, &format!("lienthong_{line}")) > 0.0,
                "{line} of {after}"
            );
        }
        assert!(!after.contains("a-002"), "no metric names a tenant");
    });
}

#[test]
fn the_metrics_are_named_as_what_they_are() {
    run(async {
        let hub = HOUSE.hub().await;
        let url = format!("{}/metrics", hub.urls()[2]);
        // Nothing is shown of what never happened.
        assert_eq!(operations("/health/live").await.status, 200);
        // As Prometheus asks (3.x), as curl does, and as one that reads the old form only.
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                          application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.1";
        for (accept, media, open) in [
            (
                Some(prometheus),
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                true,
            ),
            (Some("*/*"), "text/plain; version=0.0.4; charset=utf-8", false),
            (
                Some("text/plain"),
                "text/plain; version=0.0.4; charset=utf-8",
                false,
            ),
            (
                Some("application/json"),
                "text/plain; version=0.0.4; charset=utf-8",
                false,
            ),
            (None, "text/plain; version=0.0.4; charset=utf-8", false),
        ] {
            let request = client(hub, None).get(&url);
            let request = accept.map_or(request.try_clone().unwrap(), |a| request.header("Accept", a));
            let told = Told::of(request).await;
            assert_eq!(
                (told.status, told.header("content-type")),
                (200, media),
                "{accept:?}"
            );
            let text = told.text();
            assert_eq!(text.ends_with("# EOF\n"), open, "{accept:?}");
            let counter = "# TYPE lienthong_http_requests";
            assert!(
                text.contains(&format!(
                    "{counter}{} counter\n",
                    if open { "" } else { "_total" }
                )),
                "{text}"
            );
        }
    });
}

#[test]
fn an_unknown_path_and_a_wrong_method_are_told_apart() {
    run(async {
        let hub = HOUSE.hub().await;
        let caller = HOUSE.caller("agent.a-001").await;
        for base in hub.urls() {
            Told::of(caller.http.get(format!("{base}/nothing/here")))
                .await
                .refuses("not-found");
        }
        let told = Told::of(caller.http.delete(format!("{}/v1/dossiers", caller.base))).await;
        told.refuses("method-not-allowed");
        assert_eq!(told.header("allow"), "GET");
        let told = Told::of(caller.http.head(format!("{}/v1/inbox", caller.base))).await;
        assert_eq!(
            told.status, 405,
            "a HEAD of an inbox would lease what nobody sees"
        );
    });
}
