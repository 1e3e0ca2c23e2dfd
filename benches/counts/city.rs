//! A whole hub in this process, on SQLite, with the shipped directory: partners with certificates and tokens of their own, judged as in
//! production. Only sockets and the broker are missing.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lienthong::adapt::Registry;
use lienthong::blobs::{Blobs, Folder};
use lienthong::clock::{Clock, Entropy};
use lienthong::domain::event::Verdict;
use lienthong::domain::ids::DossierId;
use lienthong::domain::register::{Change, Newcomer};
use lienthong::domain::routing::Directory;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::tenant::{
    Actor, Certificate, Staff, Standing, SuccessorPolicy, Tenant, TenantKey, TenantKind,
};
use lienthong::domain::text::Text;
use lienthong::domain::view::SubmissionAnswer;
use lienthong::identity::Access;
use lienthong::identity::keys::SigningKey;
use lienthong::identity::peer::{ConnectionPeer, Trust, thumbprint};
use lienthong::identity::secret::LookupSecrets;
use lienthong::identity::sign::ReceiptSigner;
use lienthong::identity::token::{Issuer, TokenRules};
use lienthong::net::dev_ca::{DevCa, Validity};
use lienthong::net::guard::EgressPolicy;
use lienthong::net::outbound::{Caller, OutboundOptions};
use lienthong::service::{Answered, Hub, HubParts, Incoming, Mode, Reported, UploadLimits};
use lienthong::sim::format::Format;
use lienthong::store::ledger::{RegisterChange, Registered};
use lienthong::store::{Backend, Cipher, Store, StoreSizes};

use crate::documents::{directory_files, monday};

/// Who files.
pub const BRANCH: &str = "branch.ba-dinh";
/// Who files for others.
pub const AGENT: &str = "agent.a-001";

const ENTERPRISE: &str = "enterprise.buu-chinh-mau-a";
const STAFF: &str = "nv-1";
const LIFE: Duration = Duration::from_secs(30 * 86_400);

/// A partner's connection and token.
struct Partner {
    peer: ConnectionPeer,
    bearer: String,
    staff: Option<&'static str>,
}

/// A hub at work and those who call it.
pub struct City {
    hub: Hub,
    clock: Clock,
    partners: HashMap<String, Partner>,
}

impl City {
    /// Opens a hub with its files in an empty folder.
    pub async fn open(folder: &Path) -> City {
        let (clock, entropy) = (Clock::manual(monday()), Entropy::seeded(7));
        let files = directory_files();
        let directory = Directory::read(&files).unwrap_or_else(|faults| panic!("{faults:?}"));
        let ca = DevCa::create(monday()).expect("an authority");
        let key = SigningKey::generate_pkcs8().expect("a key");
        let key = Arc::new(SigningKey::from_pkcs8_der(key.expose()).expect("a key"));
        let names: Vec<String> = directory
            .agencies()
            .map(|agency| format!("agency.{}", agency.key))
            .chain([ENTERPRISE, BRANCH, AGENT].map(str::to_owned))
            .collect();
        let store = Arc::new(store(folder, &clock, &entropy));
        let hub = Hub::new(HubParts {
            store: Arc::clone(&store),
            blobs: Blobs::Folder(Folder::open(&folder.join("files")).expect("a folder")),
            uploads: UploadLimits::default(),
            adapters: Registry::shipped(),
            directory,
            trust: Trust::new(std::slice::from_ref(ca.root())).expect("a root"),
            issuer: Issuer::new(rules(), Arc::clone(&key), Vec::new()),
            receipts: ReceiptSigner::new(key),
            lookup: LookupSecrets::new([9; 32]),
            own_queues: true,
            provisional: true,
            caller: caller(&ca),
            mtls_base: "https://partner.hub.example".to_owned(),
            clock: clock.clone(),
            entropy,
        });
        let mut newcomers = Vec::new();
        let mut peers = Vec::new();
        for name in names {
            let key: TenantKey = name.parse().expect("a tenant's key");
            let validity = Validity::starting(monday(), LIFE);
            let chain = ca.client(&key, validity).expect("a certificate").chain;
            newcomers.push(newcomer(&key, &chain[0]));
            peers.push((key, ConnectionPeer::new(chain)));
        }
        let change = RegisterChange {
            actor: Actor::hub(),
            reason: "Theo công văn mẫu".to_owned(),
            change: Change::Register(newcomers),
        };
        match store.ledger.ask(change).await {
            Ok(Registered::Done { .. }) => {}
            Ok(Registered::Refused(rejection)) => panic!("{rejection}"),
            Err(error) => panic!("{error}"),
        }
        hub.refresher.refresh().await.expect("the register");
        hub.directory_plans
            .import(&Access::system(), &files)
            .await
            .expect("the directory");
        let partners = peers.into_iter().map(|(key, peer)| partner(&hub, &key, peer));
        City {
            partners: partners.collect(),
            hub,
            clock,
        }
    }

    /// Lets a second pass, so that no two things happen at once.
    pub fn tick(&self) {
        self.clock.advance(Duration::from_secs(1));
    }

    /// Judges a caller, as every request begins.
    pub fn judge(&self, tenant: &str) -> Access {
        let partner = &self.partners[tenant];
        self.hub
            .credentials
            .authenticate(Some(&partner.peer), Some(&partner.bearer), partner.staff, None)
            .unwrap_or_else(|rejection| panic!("{tenant}: {rejection}"))
    }

    /// Files a document that is taken: the bytes of the answer.
    pub async fn file(&self, tenant: &str, key: &str, format: Format, bytes: &[u8]) -> Vec<u8> {
        self.tick();
        let access = self.judge(tenant);
        let incoming = Incoming {
            bytes: bytes.to_vec(),
            media_type: format.media_type().to_owned(),
            format: Some(format.name().to_owned()),
            key: IdempotencyKey::parse(key).expect("a key"),
            traceparent: None,
            mode: Mode::Interactive,
        };
        let answered = self.hub.intake.submit(&access, incoming).await;
        let answered = answered.unwrap_or_else(|error| panic!("{key}: {error}"));
        assert!(matches!(answered, Answered::New(_)), "{key}");
        answered.body().to_vec()
    }

    /// Reports a status that is applied.
    pub async fn report(&self, agency: &str, format: &str, bytes: &[u8]) {
        self.tick();
        let access = self.judge(agency);
        let reported = Reported {
            bytes: bytes.to_vec(),
            media_type: "application/json".to_owned(),
            format: Some(format.to_owned()),
            key: None,
            traceparent: None,
        };
        let answer = self.hub.statuses.report(&access, reported).await;
        let answer = answer.unwrap_or_else(|error| panic!("{agency}: {error}"));
        let verdict = answer.results.first().and_then(|result| result.verdict);
        let applied = matches!(verdict, Some(Verdict::Applied | Verdict::AppliedInferred));
        assert!(applied, "{agency}: {:?}", answer.results);
    }
}

/// The dossier and the tenant of the agency that decides it.
pub fn filed(answer: &[u8]) -> (DossierId, String) {
    let answer: SubmissionAnswer = serde_json::from_slice(answer).expect("an answer");
    let agency = answer
        .agency
        .expect("somebody is responsible for all that is filed here");
    (answer.tracking_id, format!("agency.{}", agency.key))
}

/// A tenant that has fetched its token, by its name.
fn partner(hub: &Hub, key: &TenantKey, peer: ConnectionPeer) -> (String, Partner) {
    let form = format!("grant_type=client_credentials&client_id={key}");
    let token = hub.credentials.token(Some(&peer), form.as_bytes());
    let partner = Partner {
        peer,
        bearer: format!("Bearer {}", token.expect("a token").access_token),
        staff: (key.kind() == TenantKind::Agent).then_some(STAFF),
    };
    (key.to_string(), partner)
}

/// The store blocks while it opens, so on a thread of its own.
fn store(folder: &Path, clock: &Clock, entropy: &Entropy) -> Store {
    let cipher = Cipher::new("count", &[("count".to_owned(), [3; 32])], &[4; 32]).expect("keys");
    let backend = Backend::Sqlite {
        path: folder.join("hub.db"),
    };
    // One reader: which of several takes a read is the scheduler's choice, and what it has cached differs.
    let sizes = StoreSizes {
        readers: 1,
        ..StoreSizes::default()
    };
    let opened = std::thread::scope(|scope| {
        scope
            .spawn(|| Store::open(backend, Arc::new(cipher), sizes, true, clock, entropy))
            .join()
    });
    match opened {
        Ok(store) => store.unwrap_or_else(|error| panic!("{error}")),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn rules() -> TokenRules {
    TokenRules {
        issuer: "https://hub.example".to_owned(),
        audience: "https://partner.hub.example".to_owned(),
        token_endpoint: "https://partner.hub.example/oauth2/token".to_owned(),
        // As long as everything here plays; a hub gives ten minutes.
        life: Duration::from_secs(86_400),
    }
}

fn caller(ca: &DevCa) -> Caller {
    let outbound = OutboundOptions {
        roots: vec![ca.root().clone()],
        identity: None,
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
    };
    Caller::new(&outbound, EgressPolicy::allowing(Vec::new(), Vec::new())).expect("a caller")
}

fn newcomer(key: &TenantKey, certificate: &[u8]) -> Newcomer {
    let agent = key.kind() == TenantKind::Agent;
    Newcomer {
        tenant: Tenant {
            key: key.clone(),
            name: Text::parse(key.as_str()).expect("a name"),
            parent: agent.then(|| ENTERPRISE.parse().expect("a tenant's key")),
            formats: ["canonical/v1", "dvcqg-mc/v1", "vnpost-hcc/v1"]
                .map(str::to_owned)
                .to_vec(),
            standing: Standing::Active,
            successor_policy: SuccessorPolicy::Ask,
            codes: Default::default(),
        },
        certificates: vec![Certificate {
            thumbprint: thumbprint(certificate),
            tenant: key.clone(),
            not_after: monday().plus(LIFE),
            revoked_at: None,
        }],
        staff: Vec::from_iter(agent.then(|| Staff {
            id: STAFF.parse().expect("a person's number"),
            tenant: key.clone(),
            name: Text::parse("Nhân viên mẫu").expect("a name"),
            until: None,
        })),
        points: Vec::new(),
    }
}
