//! What an operator does through a hub's interface: the executable on both sides, over mutual TLS.

use serde_json::{Value, json};

use crate::installation::{AGENCY, BRANCH, Installation, OPERATOR, Said, said, sample};

/// Who comes newly to the hub.
const NEWCOMER: &str = "agent.mau-1";

/// What an operator's command says that does what it is to do.
fn done(installation: &Installation, line: &[&str]) -> Said {
    let told = installation.operator(line);
    assert_eq!(told.exit, Some(0), "{line:?}: {told:?}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_works_from_anywhere_through_a_hub() {
    let installation = Installation::new("operator", &[]);
    let hub = installation.serve().await;
    a_newcomer_is_registered_suspended_and_resumed(&installation);
    a_refusal_names_its_place_and_nothing_is_done(&installation);
    let id = a_parked_dossier_is_given_to_an_agency(&installation).await;
    its_message_is_stopped_and_goes_again(&installation, &id);
    whoever_is_no_operator_gets_nothing(&installation);
    the_audit_names_the_operator_and_not_the_hub(&installation);
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}

/// It calls at once; suspended, it is refused; resumed, it calls again.
fn a_newcomer_is_registered_suspended_and_resumed(installation: &Installation) {
    let (agent, certificate) = (NEWCOMER, "tls/agent.mau-1.pem");
    done(installation, &["cert", "dev", "--dir", "tls", "--tenant", agent]);
    done(
        installation,
        &[
            "tenant",
            "register",
            "enterprise.mau",
            "--name",
            "Doanh nghiệp mẫu",
        ],
    );
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
    done(installation, &[&own[..], &parts].concat());
    let token = || said(&mut installation.agent(agent, "token", &[]));
    assert_eq!(token().exit, Some(0));
    done(installation, &["tenant", "suspend", agent, "--reason", "thử"]);
    let refused = token();
    assert_eq!(refused.exit, Some(1), "{refused:?}");
    assert!(refused.out.contains("tenant-suspended"), "{refused:?}");
    done(installation, &["tenant", "resume", agent, "--reason", "thử xong"]);
    assert_eq!(token().exit, Some(0));
    assert!(
        done(installation, &["tenant", "list", "--kind", "agent"])
            .out
            .contains(agent)
    );
    let shown = done(installation, &["tenant", "show", agent]).json();
    assert_eq!(
        (&shown["standing"], &shown["parent"]),
        (&json!("active"), &json!("enterprise.mau"))
    );
}

fn a_refusal_names_its_place_and_nothing_is_done(installation: &Installation) {
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
}

/// Nobody is responsible for this one: it is parked, explained, and given to an agency.
async fn a_parked_dossier_is_given_to_an_agency(installation: &Installation) -> String {
    let mut dossier = sample("OP-1", &Value::Null);
    dossier["procedure"]["code"] = "9.990001".into();
    std::fs::write(installation.dir.join("parked.json"), dossier.to_string()).unwrap();
    let filed = said(&mut installation.agent(BRANCH, "submit", &["parked.json", "--format", "canonical/v1"]));
    assert_eq!(filed.exit, Some(0), "{filed:?}");
    let id = filed.json()["tracking_id"].as_str().unwrap().to_owned();
    let parked = done(installation, &["dossier", "parked"]).out;
    assert!(
        parked.contains(&id) && parked.contains("competence-gap"),
        "{parked}"
    );
    let route = done(installation, &["dossier", "route", &id]).json();
    assert_eq!(route["deliveries"], json!([]), "{route}");
    let to = AGENCY.split_once('.').unwrap().1;
    done(installation, &["dossier", "assign", &id, to, "--reason", "thử"]);
    assert_eq!(done(installation, &["dossier", "parked"]).out, "");
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
    id
}

fn its_message_is_stopped_and_goes_again(installation: &Installation, id: &str) {
    let delivery = done(installation, &["dossier", "route", id]).json()["deliveries"][0]["id"].clone();
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
}

/// And what is missing of the way is said.
fn whoever_is_no_operator_gets_nothing(installation: &Installation) {
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
}

fn the_audit_names_the_operator_and_not_the_hub(installation: &Installation) {
    let log = done(installation, &["audit", "log", "--subject", NEWCOMER, "--json"]).json();
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
}
