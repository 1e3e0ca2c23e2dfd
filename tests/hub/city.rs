//! A small city: a hub with Hanoi's own rules, three agencies, and partners with certificates and tokens of their own.
//!
//! The register is enrolled, the tokens are minted and the callers are judged as in production; only the socket is missing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use lienthong::adapt::Registry;
use lienthong::domain::codes::Key;
use lienthong::domain::register::{Change, Newcomer};
use lienthong::domain::routing::Directory;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::tenant::{
    Actor, Certificate, Point, Staff, Standing, SuccessorPolicy, Tenant, TenantKey, TenantKind,
};
use lienthong::domain::text::Text;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::{StatusAnswer, StatusReport, StatusRequest, SubmissionAnswer};
use lienthong::identity::Access;
use lienthong::identity::keys::SigningKey;
use lienthong::identity::peer::{ConnectionPeer, Trust, thumbprint};
use lienthong::identity::secret::LookupSecrets;
use lienthong::identity::sign::ReceiptSigner;
use lienthong::identity::token::{Issuer, TokenRules};
use lienthong::net::dev_ca::{DevCa, Validity};
use lienthong::net::guard::EgressPolicy;
use lienthong::net::outbound::{Caller, OutboundOptions};
use lienthong::service::{Answered, Hub, HubParts, Incoming, Mode, Reported, ServiceError, UploadLimits};
use lienthong::store::Store;
use lienthong::store::ledger::{RegisterChange, Registered};
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use crate::backends::{Stage, unique};

/// A commune's office that pulls, and the one next door.
pub const COMMUNE: &str = "ubnd-00004";
pub const NEIGHBOUR: &str = "ubnd-00008";
/// A department with a queue of its own, by its key in the directory's files.
const DEPARTMENT: &str = "so-cong-thuong";

/// How long its certificates live.
const LIFE: Duration = Duration::from_secs(30 * 86_400);

/// Who has a certificate here. The department comes on top, under its own name.
const TENANTS: [&str; 9] = [
    "enterprise.buu-chinh-mau-a",
    "enterprise.buu-chinh-mau-b",
    "agent.a-001",
    "agent.a-002",
    "branch.ba-dinh",
    "branch.ha-dong",
    "agency.ubnd-00004",
    "agency.ubnd-00008",
    "operator.truc-ban",
];

pub struct City {
    pub hub: Arc<Hub>,
    /// The files of its directory.
    files: BTreeMap<String, String>,
    /// Its database.
    pub store: Arc<Store>,
    /// The department with a queue of its own. Users of a RabbitMQ belong to all its virtual hosts, so its key is this city's.
    pub department: Key,
    /// Issues certificates for partners' endpoints, whatever the clock of the stage says: TLS knows the machine's only.
    pub endpoints: DevCa,
    peers: HashMap<String, ConnectionPeer>,
    ca: DevCa,
}

/// An agency on this channel; a format behind it, after a comma, takes the place of the agency's own.
fn on_channel(line: &str, channel: &str) -> String {
    let whole = if channel.contains(',') {
        ",pull,canonical/v1,"
    } else {
        ",pull,"
    };
    assert!(line.contains(whole), "{line}");
    line.replace(whole, &format!(",{channel},"))
}

/// The directory's files with three agencies left, the department renamed to `department`, the commune reached by `channel`, and some
/// files as they are said here.
fn directory_files(department: &str, channel: &str, said: &[(&str, &str)]) -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
    let read = |name: &&str| {
        let mut text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        if let Some((_, other)) = said.iter().find(|(file, _)| file == name) {
            (*other).clone_into(&mut text);
        }
        if *name == "agencies.csv" {
            let kept = |line: &&str| {
                ["key,", "so-cong-thuong,", "ubnd-00004,", "ubnd-00008,"]
                    .iter()
                    .any(|start| line.starts_with(start))
            };
            text = text
                .lines()
                .filter(kept)
                .map(|line| match line.starts_with(COMMUNE) {
                    true => format!("{}\n", on_channel(line, channel)),
                    false => format!("{line}\n"),
                })
                .collect();
        }
        ((*name).to_owned(), text.replace(DEPARTMENT, department))
    };
    Directory::FILES.iter().map(read).collect()
}

/// Calls endpoints on this machine with certificates of this authority.
fn caller(ca: &DevCa) -> Caller {
    let outbound = OutboundOptions {
        roots: vec![ca.root().clone()],
        identity: None,
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
    };
    Caller::new(
        &outbound,
        EgressPolicy::allowing(["localhost".to_owned()], Vec::new()),
    )
    .unwrap()
}

fn tenant(key: &TenantKey) -> Tenant {
    Tenant {
        key: key.clone(),
        name: Text::parse(key.as_str()).unwrap(),
        parent: (key.kind() == TenantKind::Agent).then(|| "enterprise.buu-chinh-mau-a".parse().unwrap()),
        formats: vec!["canonical/v1".to_owned()],
        standing: Standing::Active,
        successor_policy: SuccessorPolicy::Ask,
        codes: Default::default(),
    }
}

/// A tenant with a certificate that begins now, and the chain it shows. An agent has staff, one branch has a point.
fn newcomer(name: &str, ca: &DevCa, now: Timestamp) -> (Newcomer, Vec<CertificateDer<'static>>) {
    let key: TenantKey = name.parse().unwrap();
    let issued = ca.client(&key, Validity::starting(now, LIFE)).unwrap();
    let certificate = Certificate {
        thumbprint: thumbprint(&issued.chain[0]),
        tenant: key.clone(),
        not_after: now.plus(LIFE),
        revoked_at: None,
    };
    let person = Staff {
        id: "nv-1".parse().unwrap(),
        tenant: key.clone(),
        name: Text::parse("Nhân viên mẫu").unwrap(),
        until: None,
    };
    let point = Point {
        key: "chi-nhanh-ba-dinh".parse().unwrap(),
        tenant: key.clone(),
        name: Text::parse("Điểm tiếp nhận Chi nhánh Ba Đình").unwrap(),
        until: None,
    };
    let newcomer = Newcomer {
        tenant: tenant(&key),
        certificates: vec![certificate],
        staff: Vec::from_iter((key.kind() == TenantKind::Agent).then_some(person)),
        points: Vec::from_iter((name == "branch.ba-dinh").then_some(point)),
    };
    (newcomer, issued.chain)
}

/// A change of the register that is taken, written past the hub: one that runs learns of it when it looks.
pub async fn changed(store: &Store, change: Change) -> i64 {
    let change = RegisterChange {
        actor: Actor::hub(),
        reason: "Theo công văn mẫu".to_owned(),
        change,
    };
    match store.ledger.ask(change).await.unwrap() {
        Registered::Done { version, .. } => version,
        Registered::Refused(rejection) => panic!("{rejection}"),
    }
}

/// What a hub on this store is made of. Its tokens are its own.
fn parts(
    stage: &Stage,
    store: &Arc<Store>,
    adapters: Registry,
    (files, uploads): (&BTreeMap<String, String>, UploadLimits),
    (ca, endpoints): (&DevCa, &DevCa),
) -> HubParts {
    let key = Arc::new(SigningKey::from_pkcs8_der(SigningKey::generate_pkcs8().unwrap().expose()).unwrap());
    let rules = TokenRules {
        issuer: "https://hub.example".to_owned(),
        audience: "https://partner.hub.example".to_owned(),
        token_endpoint: "https://partner.hub.example/oauth2/token".to_owned(),
        life: Duration::from_secs(600),
    };
    HubParts {
        store: Arc::clone(store),
        blobs: stage.blobs(),
        uploads,
        adapters,
        directory: Directory::read(files).unwrap_or_else(|faults| panic!("{faults:?}")),
        trust: Trust::new(std::slice::from_ref(ca.root())).unwrap(),
        issuer: Issuer::new(rules, Arc::clone(&key), Vec::new()),
        receipts: ReceiptSigner::new(key),
        lookup: LookupSecrets::new([9; 32]),
        own_queues: true,
        provisional: true,
        caller: caller(endpoints),
        mtls_base: "https://partner.hub.example".to_owned(),
        clock: stage.clock.clone(),
        entropy: stage.entropy.clone(),
    }
}

impl City {
    /// Another hub on the same database, which begins with these formats.
    pub async fn another_hub(&self, stage: &Stage, adapters: Registry) -> Hub {
        let cas = (&self.ca, &self.endpoints);
        let hub = Hub::new(parts(
            stage,
            &self.store,
            adapters,
            (&self.files, UploadLimits::default()),
            cas,
        ));
        hub.refresher.refresh().await.unwrap();
        hub.formats.keep_own().await.unwrap();
        hub
    }

    /// A city on the stage's database.
    pub async fn open(stage: &Stage) -> City {
        Self::on(stage, stage.open()).await
    }

    /// A city with other limits of uploads.
    pub async fn with_uploads(stage: &Stage, uploads: UploadLimits) -> City {
        Self::made(stage, stage.open(), ("pull", &[]), uploads, Registry::shipped()).await
    }

    /// A city whose commune is pushed to.
    pub async fn pushing(stage: &Stage) -> City {
        Self::made(
            stage,
            stage.open(),
            ("push", &[]),
            UploadLimits::default(),
            Registry::shipped(),
        )
        .await
    }

    /// A city on this store.
    pub async fn on(stage: &Stage, store: Store) -> City {
        Self::made(
            stage,
            store,
            ("pull", &[]),
            UploadLimits::default(),
            Registry::shipped(),
        )
        .await
    }

    /// A city with a partner's format beside the shipped ones, which its commune takes.
    pub async fn speaking(stage: &Stage, format: &str, mapping: &str) -> City {
        let files = BTreeMap::from([(format!("{format}/adapter.toml"), mapping.to_owned())]);
        let registry = Registry::shipped_with(&files).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let channel = format!("pull,{format}");
        Self::made(
            stage,
            stage.open(),
            (&channel, &[]),
            UploadLimits::default(),
            registry,
        )
        .await
    }

    /// A city whose hub begins with these formats, and has kept them.
    pub async fn with_formats(stage: &Stage, adapters: Registry) -> City {
        let city = Self::made(
            stage,
            stage.open(),
            ("pull", &[]),
            UploadLimits::default(),
            adapters,
        )
        .await;
        city.hub.formats.keep_own().await.unwrap();
        city
    }

    /// A city with some files of its directory as they are said here.
    pub async fn with(stage: &Stage, said: &[(&str, &str)]) -> City {
        let (uploads, formats) = (UploadLimits::default(), Registry::shipped());
        Self::made(stage, stage.open(), ("pull", said), uploads, formats).await
    }

    /// A second hub on the database of a city.
    pub async fn beside(stage: &Stage, city: &City) -> Arc<Hub> {
        let ca = DevCa::create(stage.clock.now()).unwrap();
        let store = Arc::new(stage.open());
        let other = Hub::new(parts(
            stage,
            &store,
            Registry::shipped(),
            (&city.files, UploadLimits::default()),
            (&ca, &city.endpoints),
        ));
        other.refresher.refresh().await.unwrap();
        Arc::new(other)
    }

    async fn made(
        stage: &Stage,
        store: Store,
        (channel, said): (&str, &[(&str, &str)]),
        uploads: UploadLimits,
        adapters: Registry,
    ) -> City {
        let store = Arc::new(store);
        let department: Key = format!("{DEPARTMENT}-{}", unique().replace('_', "-"))
            .parse()
            .unwrap();
        let files = directory_files(department.as_str(), channel, said);
        let now = stage.clock.now();
        let ca = DevCa::create(now).unwrap();
        let endpoints = DevCa::create("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let parts = parts(stage, &store, adapters, (&files, uploads), (&ca, &endpoints));
        let hub = Arc::new(Hub::new(parts));
        let mut newcomers = Vec::new();
        let mut peers = HashMap::new();
        let names = TENANTS.map(str::to_owned);
        for name in names.into_iter().chain([format!("agency.{department}")]) {
            let (newcomer, chain) = newcomer(&name, &ca, now);
            newcomers.push(newcomer);
            peers.insert(name, ConnectionPeer::new(chain));
        }
        changed(&store, Change::Register(newcomers)).await;
        hub.refresher.refresh().await.unwrap();
        hub.directory_plans
            .import(&Access::system(), &files)
            .await
            .unwrap();
        City {
            hub,
            store,
            department,
            endpoints,
            peers,
            ca,
            files,
        }
    }

    /// A tenant as the hub knows it after it has shown its certificate and a token fetched with it. An agent names its staff.
    pub fn access(&self, tenant: &str) -> Access {
        let peer = &self.peers[tenant];
        let form = format!("grant_type=client_credentials&client_id={tenant}");
        let token = self.hub.credentials.token(Some(peer), form.as_bytes()).unwrap();
        let staff = tenant.starts_with("agent.").then_some("nv-1");
        let point = (tenant == "branch.ba-dinh").then_some("chi-nhanh-ba-dinh");
        let bearer = format!("Bearer {}", token.access_token);
        self.hub
            .credentials
            .authenticate(Some(peer), Some(&bearer), staff, point)
            .unwrap()
    }

    /// Files a dossier, each time as a call of its own.
    pub async fn submit(&self, access: &Access, filing: &Value) -> Result<Answered, ServiceError> {
        static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let call = CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let key = format!("key-{}-{call}", filing["reference"].as_str().unwrap());
        self.hub.intake.submit(access, incoming(filing, &key)).await
    }

    /// Files a dossier that is taken.
    pub async fn file(&self, access: &Access, filing: &Value) -> SubmissionAnswer {
        let answered = self.submit(access, filing).await.unwrap();
        assert!(matches!(answered, Answered::New(_)));
        serde_json::from_slice(answered.body()).unwrap()
    }

    /// Reports statuses in canonical form.
    pub async fn report(&self, access: &Access, reports: Vec<StatusReport>) -> StatusAnswer {
        self.hub.statuses.report(access, reported(reports)).await.unwrap()
    }
}

/// A call with these bytes.
pub fn incoming(filing: &Value, key: &str) -> Incoming {
    Incoming {
        bytes: serde_json::to_vec(filing).unwrap(),
        media_type: "application/json".to_owned(),
        format: None,
        key: IdempotencyKey::parse(key).unwrap(),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        mode: Mode::Interactive,
    }
}

/// A message with these reports.
pub fn reported(reports: Vec<StatusReport>) -> Reported {
    Reported {
        bytes: serde_json::to_vec(&StatusRequest { reports }).unwrap(),
        media_type: "application/json".to_owned(),
        format: None,
        key: None,
        traceparent: None,
    }
}

/// A filing in canonical JSON for [`COMMUNE`], received online with a synthetic applicant.
pub fn for_the_commune(stage: &Stage, reference: &str) -> Value {
    json!({
        "reference": reference,
        "procedure": { "code": "1.004873", "name": "Cấp Giấy xác nhận tình trạng hôn nhân" },
        "channel": "online",
        "assisted_by_agent": false,
        "filed_at": stage.clock.now().to_string(),
        "place": { "catalogue": "2025", "commune": "00004", "name": "Phường Ba Đình" },
        "applicant": {
            "kind": "citizen", "name": "Nguyễn Văn Mẫu", "address": "Số 1 đường Mẫu", "phone": "0000000001",
            "identity_number": "000090000001", "birth_date": "1990-01-02", "sex": "male",
        },
        "summary": "Hồ sơ thử",
        "components": [{ "code": "TP-01", "name": "Tờ khai", "copies": { "original": 1, "photo": 0 }, "digitised": false }],
        "result_return": { "method": "counter" },
        "is_test": true,
    })
}

/// The same for the department.
pub fn for_the_department(stage: &Stage, reference: &str) -> Value {
    let mut filing = for_the_commune(stage, reference);
    filing["procedure"] = json!({ "code": "9.905001", "name": "Thủ tục của Sở Công Thương" });
    filing
}
