//! The README's lines for production, run as they stand there on PostgreSQL, RabbitMQ and S3; and what `doctor` then says.

use std::time::Duration;

use lienthong::domain::codes::Key;
use reqwest::Method;
use serde_json::{Value, json};

use crate::installation::{AGENCY, BRANCH, Installation, OPERATOR, PERSON, Said, said, sample, until};
use crate::stack::{Production, s3, unique};

/// An agency that reads its own queue.
const READS_ITS_QUEUE: &str = "so-tu-phap";

const README: &str = include_str!("../../README.md");

/// The commands of the page's block for production, without what is said beside them.
fn commands(page: &str) -> Vec<String> {
    let from = page
        .find("lienthong config example > hub.toml")
        .expect("the block");
    let block = page[from..].split("```").next().unwrap_or_default();
    let bare = |line: &str| line.split(" # ").next().unwrap_or_default().trim().to_owned();
    block.lines().map(bare).filter(|line| !line.is_empty()).collect()
}

/// What the doctor found not to be good.
fn findings(doctor: &Said) -> Vec<(String, String)> {
    let items: Vec<Value> = serde_json::from_str(&doctor.out).unwrap_or_else(|e| panic!("{e}: {doctor:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let not_good = items.iter().filter(|item| item["mark"] == "bad");
    not_good
        .map(|item| (text(&item["what"]), text(&item["found"]["en"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_the_ten_lines_of_the_readme_make_a_hub_that_takes_a_dossier() {
    let services = Production::fresh("readme").await;
    let mut installation = Installation::bare("readme");
    installation.channel(READS_ITS_QUEUE, "amqp");
    installation.environment = services.environment();
    installation
        .environment
        .push(("LIENTHONG_BLOBS_URL", format!("{}/{}", s3(), unique())));
    let adapters = format!("{}/adapters", env!("CARGO_MANIFEST_DIR"));
    let certificate = format!("tls/{OPERATOR}.pem");
    let mut hub = None;
    let lines = commands(README);
    assert_eq!(lines.len(), 11);
    for line in lines {
        let line = line
            .replace("DIR", "directory")
            .replace("ADAPTERS", &adapters)
            .replace("FILE", &certificate);
        // What a person answers, and where this run differs from an installation of its own.
        let line = match line.split(' ').take(3).collect::<Vec<_>>()[..] {
            ["lienthong", "directory", "import"] => format!("{line} --yes"),
            ["lienthong", "broker", "plan"] => line.replace(" >", &format!(" --vhost {} >", services.name())),
            ["lienthong", "serve", _] => {
                hub = Some(installation.serve().await);
                takes_a_dossier(&installation).await;
                continue;
            }
            _ => line,
        };
        let told = installation.shell(&line);
        assert_eq!(told.exit, Some(0), "{line}: {told:?}");
        if line.ends_with("hub.toml") && line.contains("config example") {
            let ca = services.ca_setting();
            let changes = ca.iter().map(|(from, to)| (*from, to.as_str()));
            installation.edit(&changes.collect::<Vec<_>>());
        }
        if line.ends_with("rabbit.json") {
            let plan = std::fs::read_to_string(installation.dir.join("rabbit.json")).unwrap();
            services.import(&serde_json::from_str(&plan).unwrap()).await;
        }
    }
    a_queue_of_a_submitter_is_planned(&installation, &services).await;
    assert_eq!(hub.unwrap().terminate(), Some(0));
    services
        .forget_users(
            &[READS_ITS_QUEUE.parse::<Key>().unwrap()],
            &[BRANCH.parse().unwrap()],
        )
        .await;
    services.remove().await;
    installation.remove();
}

/// The others come through the hub; one files, and the agency has it.
async fn takes_a_dossier(installation: &Installation) {
    let person = format!("{PERSON}=Nhân viên mẫu");
    for line in [
        [BRANCH, "--name", "Chi nhánh thử", "--person", &person].as_slice(),
        &[AGENCY],
    ] {
        let certificate = format!("tls/{}.pem", line[0]);
        let told = installation
            .operator(&[&["tenant", "register"], line, &["--certificate", &certificate]].concat());
        assert_eq!(told.exit, Some(0), "{told:?}");
    }
    std::fs::write(
        installation.dir.join("first.json"),
        sample("P-1", &Value::Null).to_string(),
    )
    .unwrap();
    let told = said(&mut installation.agent(BRANCH, "submit", &["first.json", "--format", "canonical/v1"]));
    assert_eq!(told.exit, Some(0), "{told:?}");
    let id = told.json()["tracking_id"].clone();
    let inbox = installation
        .partner(AGENCY)
        .inbox(Duration::from_secs(30), 10)
        .await
        .unwrap();
    let there: Vec<Value> = inbox
        .messages
        .iter()
        .map(|m| json!(m.event.data.tracking_id))
        .collect();
    assert_eq!(there, std::slice::from_ref(&id));
    let told = said(&mut installation.agent(BRANCH, "follow", &["--no-wait"]));
    let first = told.out.lines().next().expect("an event");
    let event: Value = serde_json::from_str(first).unwrap();
    assert_eq!((told.exit, &event["subject"]), (Some(0), &id), "{told:?}");
}

/// The doctor knows what a submitter asked for, and names what its user lacks until the plan with it was imported.
async fn a_queue_of_a_submitter_is_planned(installation: &Installation, services: &Production) {
    let doctor = || installation.run(&["doctor", "--config", "hub.toml", "--json"]);
    assert_eq!(findings(&doctor()), []);
    let request = installation.call(Method::PUT, BRANCH, "/v1/subscription").await;
    let answer = request.json(&json!({ "way": "queue" })).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let name = format!("tenant.{BRANCH}");
    until("only its user is missing", async || {
        match &findings(&doctor())[..] {
            [(what, found)] => (what == "broker topology"
                && found.contains(&format!("user {name}"))
                && !found.contains(&format!("queue {name}")))
            .then_some(()),
            _ => None,
        }
    })
    .await;
    let line = [
        "broker",
        "plan",
        "--directory",
        "directory",
        "--vhost",
        services.name(),
        "--submitter",
        BRANCH,
    ];
    services
        .import(&serde_json::from_str(&installation.good(&line)).unwrap())
        .await;
    let told = doctor();
    assert_eq!((told.exit, findings(&told)), (Some(0), vec![]), "{told:?}");
}
