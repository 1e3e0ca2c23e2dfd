//! A hub to test against, and those who call it.

use parking_lot::Mutex;
use std::future::Future;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lienthong::app::sandbox::{Lock, STAFF, Sandbox, SandboxPlan};
use lienthong::clock::Clock;
use lienthong::domain::rejection::Label;
use lienthong::domain::tenant::{TenantKey, TenantKind};
use lienthong::domain::time::Timestamp;
use lienthong::http::Connections;
use lienthong::net::dev_ca::Issued;
use lienthong::net::outbound::{OutboundOptions, http_client};
use lienthong::net::pem;
use reqwest::{Client, Method, RequestBuilder};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::sync::{OnceCell, RwLock};

/// One runtime for every test: a hub outlives the test that happened to start it.
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads")
});

/// Held for reading by every test, for writing by one that measures the whole process.
static QUIET: RwLock<()> = RwLock::const_new(());

/// Runs a test beside others.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    RUNTIME.block_on(async {
        let _beside = QUIET.read().await;
        test.await
    })
}

/// Runs a test while no other runs in this process.
pub fn run_alone<T>(test: impl Future<Output = T>) -> T {
    RUNTIME.block_on(async {
        let _alone = QUIET.write().await;
        test.await
    })
}

/// Everything this process logged.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Page;

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = LOG.lock();
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

static LOGGING: LazyLock<()> = LazyLock::new(|| {
    tracing_subscriber::fmt()
        .with_env_filter(format!(
            "info,lienthong=trace,actix_web=debug,actix_http=debug,reqwest=off,hyper=off,{}",
            lienthong::http::LOG_DIRECTIVES.join(",")
        ))
        .with_writer(|| Page)
        .with_ansi(false)
        .init();
});

/// What was logged until now.
pub fn logged() -> String {
    let log = LOG.lock();
    String::from_utf8_lossy(&log).into_owned()
}

/// A module's hub.
pub struct House {
    cell: OnceCell<Sandbox>,
    connections: Option<Connections>,
}

/// Folders are used again, certificates and all; the database is always new.
fn folder(number: usize) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("api/{number}"))
}

/// The one address that speaks for others.
pub const BALANCER: &str = "127.0.0.7";

/// A sandbox in a folder, without agencies that answer.
pub fn plan(dir: PathBuf) -> SandboxPlan {
    let any = "127.0.0.1:0".parse().expect("an address");
    SandboxPlan {
        dir,
        fresh: false,
        seed: 1,
        speed_up: 1.0,
        partner: any,
        web: any,
        operations: any,
        postgres: None,
        postgres_ca: None,
        amqp: None,
        amqp_admin: None,
        amqp_ca: None,
        parallel: 1,
        agencies: false,
        left: Vec::new(),
        adapters: None,
        formats: Vec::new(),
        connections: Connections::default(),
        proxies: vec![BALANCER.parse().expect("a network")],
    }
}

async fn start(connections: Option<Connections>) -> Sandbox {
    LazyLock::force(&LOGGING);
    for number in 0..200 {
        let dir = folder(number);
        let Ok(lock) = Lock::take(&dir) else { continue };
        for end in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(dir.join(format!("hub.sqlite{end}"))));
        }
        // The files of a database that is gone are nobody's.
        drop(std::fs::remove_dir_all(dir.join("blobs")));
        drop(lock);
        let mut plan = plan(dir);
        plan.connections = connections.unwrap_or_default();
        match Sandbox::start(plan).await {
            Ok(sandbox) => return sandbox,
            // Another process took the folder in between.
            Err(error) if error.to_string().contains("in use") => {}
            Err(error) => panic!("the hub does not start: {error}"),
        }
    }
    panic!("200 folders are in use");
}

impl House {
    /// Not started yet.
    pub const fn new() -> Self {
        House {
            cell: OnceCell::const_new(),
            connections: None,
        }
    }

    /// One whose listeners keep other connections than is usual.
    pub const fn keeping(connections: Connections) -> Self {
        House {
            cell: OnceCell::const_new(),
            connections: Some(connections),
        }
    }

    /// The hub, started by whoever asks first.
    pub async fn hub(&self) -> &Sandbox {
        self.cell
            .get_or_init(|| async {
                // On a thread of the runtime, so that its tasks never hang on a test's.
                RUNTIME
                    .spawn(start(self.connections))
                    .await
                    .expect("the start does not panic")
            })
            .await
    }

    /// Somebody enrolled, by `agent.a-001` and the like.
    pub async fn caller(&self, tenant: &str) -> Caller {
        Caller::enrolled(self.hub().await, tenant)
    }
}

/// The present moment, by the hub's own clock.
pub fn now() -> Timestamp {
    Clock::System.now()
}

/// So many seconds before now.
pub fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_micros(now().as_micros() - seconds * 1_000_000)
}

/// A word no other test uses.
pub fn fresh(word: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!(
        "{word}-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// Asks again until there is an answer; fails after ten seconds.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within ten seconds: {what}");
        pace.tick().await;
    }
}

/// An HTTP client with this certificate, or none.
pub fn client(
    hub: &Sandbox,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> Client {
    http_client(&OutboundOptions {
        roots: vec![hub.state().ca().root().clone()],
        identity,
        timeout: Duration::from_secs(40),
        connect_timeout: Duration::from_secs(5),
    })
    .expect("the sandbox's material")
}

/// Somebody who calls the partner listener.
pub struct Caller {
    pub http: Client,
    pub base: String,
    pub tenant: TenantKey,
    pub staff: Option<String>,
    token: OnceCell<String>,
}

impl Caller {
    /// With the certificate the sandbox enrolled.
    pub fn enrolled(hub: &Sandbox, tenant: &str) -> Caller {
        let key: TenantKey = tenant.parse().expect("a tenant");
        let (certificate, private) = hub.state().tenant_pem(&key).expect("a certificate");
        let chain = pem::certificates(certificate.as_bytes()).expect("PEM");
        let private = pem::private_key(private.as_bytes()).expect("PEM");
        Caller::with(hub, key, Some((chain, private)))
    }

    /// With a certificate of the test's.
    pub fn holding(hub: &Sandbox, tenant: &str, issued: Issued) -> Caller {
        Caller::with(
            hub,
            tenant.parse().expect("a tenant"),
            Some((issued.chain, issued.key)),
        )
    }

    /// Without a certificate.
    pub fn bare(hub: &Sandbox, tenant: &str) -> Caller {
        Caller::with(hub, tenant.parse().expect("a tenant"), None)
    }

    fn with(
        hub: &Sandbox,
        tenant: TenantKey,
        identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    ) -> Caller {
        let files = matches!(tenant.kind(), TenantKind::Agent | TenantKind::Branch);
        Caller {
            http: client(hub, identity),
            base: hub.urls()[0].to_owned(),
            staff: files.then(|| STAFF.to_owned()),
            tenant,
            token: OnceCell::new(),
        }
    }

    /// Asks for a token; these pairs go into the form beside grant and client.
    pub async fn ask_token(&self, more: &str) -> Told {
        let form = format!("grant_type=client_credentials&client_id={}{more}", self.tenant);
        self.form("/oauth2/token", form).await
    }

    /// Sends a form.
    pub async fn form(&self, path: &str, form: impl Into<reqwest::Body>) -> Told {
        let request = self.http.post(format!("{}{path}", self.base));
        Told::of(
            request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form),
        )
        .await
    }

    /// Its token, fetched once.
    pub async fn token(&self) -> &str {
        self.token
            .get_or_init(|| async {
                let told = self.ask_token("").await;
                assert_eq!(told.status, 200, "{}: {}", self.tenant, told.text());
                told.json()["access_token"].as_str().expect("a token").to_owned()
            })
            .await
    }

    /// A request with token and staff.
    pub async fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let token = self.token().await;
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(token);
        match &self.staff {
            Some(staff) => request.header("Acting-Staff", staff),
            None => request,
        }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Told {
        Told::of(self.request(Method::GET, path).await).await
    }

    /// Acts, with JSON and a key of its own.
    pub async fn post(&self, path: &str, body: &Value) -> Told {
        let request = self.request(Method::POST, path).await;
        Told::of(request.header("Idempotency-Key", fresh("key")).json(body)).await
    }

    /// Files bytes of a media type under a key.
    pub async fn file_as(&self, media: &str, key: &str, body: impl Into<reqwest::Body>) -> Told {
        let request = self.request(Method::POST, "/v1/submissions").await;
        let request = request
            .header("Content-Type", media)
            .header("Idempotency-Key", key);
        Told::of(request.header("Submission-Format", "canonical/v1").body(body)).await
    }

    /// Files a canonical dossier.
    pub async fn file(&self, dossier: &Value) -> Told {
        self.file_as("application/json", &fresh("key"), dossier.to_string())
            .await
    }

    /// Files a canonical dossier that must be taken; its tracking id.
    pub async fn filed(&self, dossier: &Value) -> String {
        let told = self.file(dossier).await;
        assert_eq!(told.status, 202, "{}", told.text());
        told.json()["tracking_id"].as_str().expect("an id").to_owned()
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Told {
    /// Sends and reads to the end.
    pub async fn of(request: RequestBuilder) -> Told {
        Told::try_of(request).await.expect("an answer")
    }

    /// Sends and reads to the end, where the hub may hang up instead.
    pub async fn try_of(request: RequestBuilder) -> Result<Told, reqwest::Error> {
        let response = request.send().await?;
        Ok(Told {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    /// The labels of a problem document, the deciding one first.
    pub fn labels(&self) -> Vec<String> {
        let document = self.json();
        let problems = document["problems"].as_array().expect("problems");
        problems
            .iter()
            .map(|p| p["label"].as_str().expect("a label").to_owned())
            .collect()
    }

    /// The paths of a problem document.
    pub fn paths(&self) -> Vec<String> {
        let document = self.json();
        let problems = document["problems"].as_array().expect("problems");
        problems
            .iter()
            .map(|p| p["path"].as_str().unwrap_or("").to_owned())
            .collect()
    }

    /// Holds it to be a whole problem document of this label, in JSON and in Vietnamese.
    #[track_caller]
    pub fn refuses(&self, label: &str) -> Value {
        let text = Label::parse(label).expect("a label").text();
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{label}: {}",
            self.text()
        );
        let document = self.json();
        assert_eq!(document["label"], label, "{document}");
        assert_eq!(self.status, text.http_status, "{document}");
        assert_eq!(document["status"], text.http_status, "{document}");
        assert_eq!(document["title"], text.title_vi, "{document}");
        let kind = document["type"].as_str().expect("a type");
        assert!(
            kind.starts_with("http") && kind.ends_with(&format!("/errors/{label}")),
            "{kind}"
        );
        assert_eq!(document["instance"], self.header("request-id"), "{document}");
        assert_eq!(document["detail"], document["problems"][0]["vi"], "{document}");
        for problem in document["problems"].as_array().expect("problems") {
            for part in ["label", "title", "vi", "en"] {
                let said = problem[part].as_str().expect("a text");
                assert!(
                    !said.is_empty() && (label == "query-malformed" || !said.contains('?')),
                    "{label}: {said}"
                );
            }
        }
        assert_eq!(self.header("content-language"), "vi");
        assert_eq!(self.header("cache-control"), "no-store");
        let challenged = self.header("www-authenticate").starts_with("Bearer");
        assert_eq!(challenged, self.status == 401, "{label}");
        document
    }
}
