//! The database or the broker is away for a while: what is refused says so, what is accepted is kept, and it all goes on.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lienthong::app::sandbox::{Sandbox, SandboxPlan};
use lienthong::blobs::{self, BlobError, Blobs, Bucket, S3};
use lienthong::broker::{Broker, BrokerError, Envelope, PublishOutcome, Rabbit, Source, Target, Topology};
use lienthong::client::{ClientError, Partner, Retry, Submission};
use lienthong::clock::{Clock, Entropy};
use lienthong::domain::attachment::DataKey;
use lienthong::domain::ids::BlobId;
use lienthong::domain::rejection::Label;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::SubmissionAnswer;
use lienthong::http::Connections;

use crate::installation;
use crate::line::{Line, address};
use crate::stack::{Production, folder, s3};

/// Longer than any deadline of the hub's own; what takes longer hangs.
const AT_MOST: Duration = Duration::from_secs(60);

/// What comes of a call to somebody who hangs: an answer of the hub's own, in time.
async fn in_time<T>(what: &str, call: impl Future<Output = T>) -> T {
    match tokio::time::timeout(AT_MOST, call).await {
        Ok(answer) => answer,
        Err(tokio::time::error::Elapsed { .. }) => panic!("{what} hangs"),
    }
}

/// One call, no second try: the test looks at each answer itself.
const ONCE: Retry = Retry {
    attempts: 1,
    ..Retry::BRIEF
};

async fn sandbox(dir: &Path, postgres: String, amqp: String) -> Sandbox {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Sandbox::start(SandboxPlan {
        dir: dir.to_owned(),
        fresh: true,
        seed: 1,
        speed_up: 1.0,
        partner: any,
        web: any,
        operations: any,
        postgres: Some(postgres),
        postgres_ca: None,
        amqp: Some(amqp),
        amqp_admin: None,
        amqp_ca: None,
        parallel: 1,
        agencies: false,
        left: Vec::new(),
        adapters: None,
        formats: Vec::new(),
        connections: Connections::default(),
        proxies: Vec::new(),
    })
    .await
    .unwrap()
}

fn branch(sandbox: &Sandbox) -> Arc<Partner> {
    sandbox
        .speakers(ONCE)
        .partner(&"branch.tay-ho".parse().unwrap(), None)
        .unwrap()
}

async fn file(partner: &Partner, name: &str) -> Result<SubmissionAnswer, ClientError> {
    let body =
        include_str!("../../adapters/canonical/v1/samples/minimal.json").replace("BD-2026-000124", name);
    partner
        .submit(&Submission {
            body: body.into_bytes(),
            media_type: "application/json".to_owned(),
            format: Some("canonical/v1".to_owned()),
            key: IdempotencyKey::parse(name).unwrap(),
        })
        .await
}

/// As everywhere in these tests, within a shorter time.
async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = tokio::time::timeout(Duration::from_secs(60), installation::until(what, ask));
    asked.await.unwrap_or_else(|_| panic!("{what}"))
}

/// What a probe is told: of intake, and of delivery. Nobody waits for it, whatever is away.
async fn health(sandbox: &Sandbox) -> (u16, u16) {
    let http = lienthong::net::outbound::http_client(&lienthong::net::outbound::OutboundOptions {
        roots: vec![sandbox.state().ca().root().clone()],
        identity: None,
        timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(5),
    })
    .unwrap();
    let ask = async |what: &str| {
        let url = format!("{}/health/{what}", sandbox.urls()[2]);
        let begun = std::time::Instant::now();
        let status = http.get(url).send().await.unwrap().status().as_u16();
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{what}: {:?}",
            begun.elapsed()
        );
        status
    };
    (ask("ready").await, ask("delivery").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_database_that_is_away_is_a_polite_refusal_and_nothing_is_doubled() {
    let services = Production::fresh("away_pg").await;
    let dir = folder("away-pg");
    let line = Line::to(address(&services.postgres)).await;
    let sandbox = sandbox(&dir, line.instead_of(&services.postgres), services.amqp.clone()).await;
    let branch = branch(&sandbox);
    let first = file(&branch, "R-1").await.unwrap();
    until("everything is well", async || {
        (health(&sandbox).await == (200, 200)).then_some(())
    })
    .await;

    line.cut();
    let refused = until("a filing is refused while the database is away", async || {
        file(&branch, "R-2").await.err()
    })
    .await;
    assert_eq!(refused.label(), Some(Label::StoreUnavailable), "{refused}");
    until("no intake without the database", async || {
        (health(&sandbox).await.0 == 503).then_some(())
    })
    .await;

    line.mend();
    // The same key all the while: taken or not before the line broke, there is one dossier in the end.
    let second = until("filings are taken again", async || {
        file(&branch, "R-2").await.ok()
    })
    .await;
    let again = file(&branch, "R-2").await.unwrap();
    assert_eq!(second.tracking_id, again.tracking_id);
    assert_ne!(first.tracking_id, second.tracking_id);
    let listed = branch
        .dossiers(&lienthong::client::DossierFilter::default())
        .await
        .unwrap();
    assert_eq!(listed.dossiers.len(), 2);
    sandbox.stop().await;
    services.remove().await;
}

/// The bound that OPERATIONS.md gives: an answer of the database, then a session, and what is between.
const BOUND: Duration = Duration::from_secs(15);

/// Stopped, not dead: connections are there and nothing is answered. TCP notices nothing; the hub does.
#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_database_that_hangs_is_a_polite_refusal_within_the_bound() {
    let services = Production::fresh("hang_pg").await;
    let dir = folder("hang-pg");
    let line = Line::to(address(&services.postgres)).await;
    let sandbox = sandbox(&dir, line.instead_of(&services.postgres), services.amqp.clone()).await;
    let branch = branch(&sandbox);
    file(&branch, "R-1").await.unwrap();

    line.hang();
    // Twice: the first finds sessions that were well, the second none at all.
    for round in 0..2 {
        let calls = (0..20).map(|n| {
            let branch = Arc::clone(&branch);
            async move {
                let name = format!("H-{round}-{n}");
                let answered = tokio::time::timeout(BOUND, file(&branch, &name)).await;
                answered.unwrap_or_else(|_| panic!("{name} waits for more than {BOUND:?}"))
            }
        });
        for answer in futures_util::future::join_all(calls).await {
            let refused = answer.unwrap_err();
            assert_eq!(refused.label(), Some(Label::StoreUnavailable), "{refused}");
        }
    }
    line.mend();
    let first = until("filings are taken again", async || {
        file(&branch, "H-0-0").await.ok()
    })
    .await;
    // Another session may still have to find out that it hung.
    let again = until("the same call gets its answer again", async || {
        file(&branch, "H-0-0").await.ok()
    })
    .await;
    assert_eq!(first, again);
    let listed = branch
        .dossiers(&lienthong::client::DossierFilter::default())
        .await
        .unwrap();
    assert_eq!(
        listed.dossiers.iter().filter(|d| d.reference == "H-0-0").count(),
        1
    );
    assert!(listed.dossiers.iter().any(|d| d.tracking_id == again.tracking_id));
    sandbox.stop().await;
    services.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_broker_that_is_away_lets_the_outbox_grow_and_loses_nothing() {
    let services = Production::fresh("away_mq").await;
    let dir = folder("away-mq");
    let line = Line::to(address(&services.amqp)).await;
    let sandbox = sandbox(&dir, services.postgres.clone(), line.instead_of(&services.amqp)).await;
    let branch = branch(&sandbox);

    line.cut();
    for n in 0..20 {
        file(&branch, &format!("R-{n}")).await.unwrap();
    }
    let hub = Arc::clone(sandbox.running().hub());
    assert_eq!(
        hub.vitals.outbox_depth().await.unwrap(),
        20,
        "nothing can have left"
    );
    until("no delivery without the broker", async || {
        (health(&sandbox).await.1 == 503).then_some(())
    })
    .await;
    assert_eq!(health(&sandbox).await.0, 200, "and still everything is taken");

    line.mend();
    until("delivery is back", async || {
        (health(&sandbox).await.1 == 200).then_some(())
    })
    .await;
    until("the outbox is empty", async || {
        (hub.vitals.outbox_depth().await.unwrap() == 0).then_some(())
    })
    .await;
    // The sample goes to the city's office, which pulls here: every message is in its inbox, once.
    let agency = sandbox
        .speakers(ONCE)
        .partner(&"agency.van-phong-ubnd-thanh-pho".parse().unwrap(), None)
        .unwrap();
    let mut dossiers = std::collections::BTreeSet::new();
    let mut messages = 0;
    while messages < 20 {
        let page = agency.inbox(Duration::from_secs(30), 100).await.unwrap();
        assert!(!page.messages.is_empty(), "{messages} of 20 arrived");
        messages += page.messages.len();
        dossiers.extend(page.messages.iter().map(|m| m.event.data.tracking_id));
    }
    assert_eq!((messages, dossiers.len()), (20, 20));
    sandbox.stop().await;
    services.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_broker_that_hangs_keeps_nobody_waiting() {
    let services = Production::fresh("hang_mq").await;
    let dir = folder("hang-mq");
    let line = Line::to(address(&services.amqp)).await;
    // Before the hub starts: it starts, and says what is missing.
    line.hang();
    let sandbox = in_time(
        "the start",
        Box::pin(sandbox(
            &dir,
            services.postgres.clone(),
            line.instead_of(&services.amqp),
        )),
    )
    .await;
    assert!(sandbox.broker_away().is_some());
    let branch = branch(&sandbox);
    for n in 0..5 {
        in_time("a filing", file(&branch, &format!("R-{n}")))
            .await
            .unwrap();
    }
    let hub = Arc::clone(sandbox.running().hub());
    assert_eq!(hub.vitals.outbox_depth().await.unwrap(), 5);
    line.mend();
    until("the outbox is empty", async || {
        (hub.vitals.outbox_depth().await.unwrap() == 0).then_some(())
    })
    .await;

    // And in the middle of its work: every question to it ends.
    let rabbit = Broker::Rabbit(Rabbit::new(&line.instead_of(&services.amqp), Default::default()).unwrap());
    rabbit.ready().await.unwrap();
    let statuses = rabbit.consume(&Source::Statuses, 1).await;
    assert!(statuses.is_ok(), "{statuses:?}");
    line.hang();
    every_question_ends(&rabbit).await;
    for n in 5..10 {
        in_time("a filing", file(&branch, &format!("R-{n}")))
            .await
            .unwrap();
    }
    line.mend();
    until("the outbox is empty again", async || {
        (hub.vitals.outbox_depth().await.unwrap() == 0).then_some(())
    })
    .await;
    sandbox.stop().await;
    services.remove().await;
}

/// Each with an answer, though the broker gives none.
async fn every_question_ends(rabbit: &Broker) {
    let (topology, agency) = (
        Topology::for_agencies([]),
        "van-phong-ubnd-thanh-pho".parse().unwrap(),
    );
    let message = Envelope {
        message_id: "evt_1".to_owned(),
        to: Target::Agency(agency),
        kind: "vn.lienthong.test".to_owned(),
        headers: Vec::new(),
        content_type: "application/json".to_owned(),
        body: (*b"{}").into(),
        expires: None,
    };
    let outcomes = in_time("publishing", rabbit.publish(&[message])).await;
    assert!(
        matches!(outcomes.as_slice(), [PublishOutcome::Refused(_)]),
        "{outcomes:?}"
    );
    let away = |error: BrokerError| matches!(error, BrokerError::Connection(_));
    assert!(away(
        in_time("a look", rabbit.level(&Source::Statuses))
            .await
            .unwrap_err()
    ));
    assert!(away(
        in_time("declaring", rabbit.declare(&topology)).await.unwrap_err()
    ));
    assert!(away(
        in_time("consuming", rabbit.consume(&Source::Statuses, 1))
            .await
            .unwrap_err()
    ));
    assert!(away(in_time("readiness", rabbit.ready()).await.unwrap_err()));
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_store_of_files_that_hangs_keeps_nobody_waiting() {
    let line = Line::to(address(&s3())).await;
    let url = reqwest::Url::parse(&line.instead_of(&s3())).unwrap();
    let bucket = Bucket {
        endpoint: format!("http://127.0.0.1:{}", url.port().unwrap()),
        region: "us-east-1".to_owned(),
        bucket: url.path().trim_matches('/').to_owned(),
        prefix: crate::stack::unique(),
        access_key: url.username().to_owned(),
        secret_key: url.password().unwrap().to_owned(),
    };
    let ca = lienthong::net::dev_ca::DevCa::create(Clock::System.now()).unwrap();
    let http = lienthong::net::outbound::http_client(&lienthong::net::outbound::OutboundOptions {
        roots: vec![ca.root().clone()],
        identity: None,
        timeout: blobs::REQUEST,
        connect_timeout: Duration::from_secs(5),
    })
    .unwrap();
    let home = Blobs::S3(S3::new(&bucket, http).unwrap());
    let mut rng = Entropy::System.generator();
    let mut object = || BlobId::new(Clock::System.now(), &mut rng);
    let (kept, lost) = (object(), object());
    let mut upload = home.begin(kept, DataKey::new([7; 32])).await.unwrap();
    upload.write(b"paper").await.unwrap();
    upload.finish().await.unwrap();
    assert!(!home.read(kept, 0..4096).await.unwrap().is_empty());

    line.hang();
    let unavailable = |error: BlobError| matches!(error, BlobError::Unavailable(_));
    let upload = async {
        let mut upload = home.begin(lost, DataKey::new([7; 32])).await?;
        upload.write(b"paper").await?;
        upload.finish().await.map(drop)
    };
    let (read, removed, written) = in_time("the store", async {
        tokio::join!(home.read(kept, 0..4096), home.remove(kept), upload)
    })
    .await;
    assert!(unavailable(read.unwrap_err()));
    assert!(unavailable(removed.unwrap_err()));
    assert!(unavailable(written.unwrap_err()));
    line.mend();
    home.remove(kept).await.unwrap();
    home.remove(lost).await.unwrap();
}
