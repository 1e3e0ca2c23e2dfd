//! What an operator does through a hub's interface: the executable on both sides, over mutual TLS.

use serde_json::{Value, json};

use crate::installation::{AGENCY, BRANCH, Installation, OPERATOR, said, sample};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_works_from_anywhere_through_a_hub() {
    let installation = Installation::new("operator", &[]);
    let hub = installation.serve().await;
    let does = |line: &[&str]| {
        let told = installation.operator(line);
        assert_eq!(told.exit, Some(0), "{line:?}: {told:?}");
        told
    };

    // A newcomer is registered and calls at once; suspended, it is refused; resumed, it calls again.
    let (agent, certificate) = ("agent.mau-1", "tls/agent.mau-1.pem");
    does(&["cert", "dev", "--dir", "tls", "--tenant", agent]);
    does(&[
        "tenant",
        "register",
        "enterprise.mau",
        "--name",
        "Doanh nghiệp mẫu",
    ]);
    let own = [
        "tenant",
        "register",
        agent,
        "--parent",
        "enterprise.mau",
        "--name",
        "Đại lý mẫu",
    ];
    let parts = ["--person", "nv-001=Nhân viên mẫu", "--certificate", certificate];
    does(&[&own[..], &parts].concat());
    let token = || said(&mut installation.agent(agent, "token", &[]));
    assert_eq!(token().exit, Some(0));
    does(&["tenant", "suspend", agent, "--reason", "thử"]);
    let refused = token();
    assert_eq!(refused.exit, Some(1), "{refused:?}");
    assert!(refused.out.contains("tenant-suspended"), "{refused:?}");
    does(&["tenant", "resume", agent, "--reason", "thử xong"]);
    assert_eq!(token().exit, Some(0));
    assert!(does(&["tenant", "list", "--kind", "agent"]).out.contains(agent));
    let shown = does(&["tenant", "show", agent]).json();
    assert_eq!(
        (&shown["standing"], &shown["parent"]),
        (&json!("active"), &json!("enterprise.mau"))
    );

    // A refusal names its place, and nothing is done.
    let told = installation.operator(&[
        "tenant",
        "register",
        "agent.mau-2",
        "--parent",
        "enterprise.nobody",
        "--name",
        "x",
    ]);
    assert_eq!(told.exit, Some(1), "{told:?}");
    assert!(
        told.out.starts_with("✘ parent-unknown /tenants/0/parent: "),
        "{told:?}"
    );

    // Nobody is responsible for this one: it is parked, explained, and given to an agency.
    let mut dossier = sample("OP-1", &Value::Null);
    dossier["procedure"]["code"] = "9.990001".into();
    std::fs::write(installation.dir.join("parked.json"), dossier.to_string()).unwrap();
    let filed = said(&mut installation.agent(BRANCH, "submit", &["parked.json", "--format", "canonical/v1"]));
    assert_eq!(filed.exit, Some(0), "{filed:?}");
    let id = filed.json()["tracking_id"].as_str().unwrap().to_owned();
    let parked = does(&["dossier", "parked"]).out;
    assert!(
        parked.contains(&id) && parked.contains("competence-gap"),
        "{parked}"
    );
    let route = does(&["dossier", "route", &id]).json();
    assert_eq!(route["deliveries"], json!([]), "{route}");
    let to = AGENCY.split_once('.').unwrap().1;
    does(&["dossier", "assign", &id, to, "--reason", "thử"]);
    assert_eq!(does(&["dossier", "parked"]).out, "");
    let inbox = installation
        .partner(AGENCY)
        .inbox(std::time::Duration::from_secs(30), 10)
        .await
        .unwrap();
    let subjects: Vec<String> = inbox
        .messages
        .iter()
        .map(|m| m.event.data.tracking_id.to_string())
        .collect();
    assert_eq!(subjects, [id.as_str()]);
    // Its message can be stopped, is listed then, and goes again.
    let delivery = does(&["dossier", "route", &id]).json()["deliveries"][0]["id"].clone();
    let delivery = delivery.as_str().unwrap();
    let carries = |line: &[&str]| {
        let told = said(&mut installation.speaker(OPERATOR, &[&["deliveries"], line].concat()));
        assert_eq!(told.exit, Some(0), "{line:?}: {told:?}");
        told.json()
    };
    carries(&["park", delivery, "--reason", "thử"]);
    let listed = carries(&["list"])["deliveries"].clone();
    let listed: Vec<&Value> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["delivery"]["id"])
        .collect();
    assert_eq!(listed, [delivery]);
    carries(&["retry", delivery, "--reason", "thử xong"]);
    assert_eq!(carries(&["list"])["deliveries"], json!([]));

    // Whoever is no operator gets nothing, and what is missing of the way is said.
    let mut branch = installation.command(&["tenant", "list"]);
    let branch = branch
        .env("LIENTHONG_HUB", installation.partner_url())
        .env("LIENTHONG_CA", "tls/ca.pem")
        .env("LIENTHONG_CERT", format!("tls/{BRANCH}.pem"))
        .env("LIENTHONG_KEY", format!("tls/{BRANCH}.key"))
        .env("LIENTHONG_AS", BRANCH);
    let told = said(branch.args(["--staff", "nv-001"]));
    assert_eq!(told.exit, Some(1), "{told:?}");
    assert!(told.out.starts_with("✘ permission-missing"), "{told:?}");
    let told = installation.run(&["tenant", "list", "--hub", &installation.partner_url()]);
    assert_eq!(told.exit, Some(2), "{told:?}");
    assert!(
        told.err.contains("this needs --ca, --cert, --key, --as too"),
        "{told:?}"
    );

    // The audit names the operator, not the hub.
    let log = does(&["audit", "log", "--subject", agent, "--json"]).json();
    let acts: Vec<(&str, &str)> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (
                e["action"].as_str().unwrap(),
                e["actor"]["tenant"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(acts.contains(&("tenant-suspended", OPERATOR)), "{acts:?}");
    assert!(acts.iter().all(|(_, who)| *who == OPERATOR), "{acts:?}");
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}
