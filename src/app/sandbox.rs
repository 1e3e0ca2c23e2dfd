//! The sandbox: a whole hub with a whole city around it, in one folder and one process.

mod city;
mod samples;
mod state;
mod ways;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

pub use city::{OPERATOR, STAFF, Speakers, shipped_directory};
pub use state::{Lock, SandboxFolder};
pub use ways::{QueueUsers, Ways, mailboxes};

use self::ways::{Where, read_pem};
use super::{AppError, Assembly, BalancersOf, Running, Sockets};
use crate::blobs::{Blobs, Folder};
use crate::broker::rabbit::{Options, Rabbit};
use crate::broker::{Broker, embedded::Embedded};
use crate::client::Retry;
use crate::clock::{Clock, Entropy};
use crate::domain::codes::Key;
use crate::domain::routing::{AgencyChannel, Directory};
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::http::Connections;
use crate::identity::secret::LookupSecrets;
use crate::net::guard::{EgressPolicy, Network};
use crate::net::outbound::{Caller, OutboundOptions};
use crate::net::pem;
use crate::service::UploadLimits;
use crate::sim::agency::{OfficePace, run_agencies};
use crate::sim::catalogue::FilingCatalogue;
use crate::sim::demo::{Demo, SubmitterTransport};
use crate::sim::desk::Tally;
use crate::sim::outcome::{RunOutcome, RunProgress};
use crate::store::conn::{Connector, Purpose};
use crate::store::{Backend, Cipher, Postgres, StoreSizes, migrate};

/// What a sandbox is made of.
#[derive(Clone, Debug)]
pub struct SandboxPlan {
    /// Its folder.
    pub dir: PathBuf,
    /// Begin anew.
    pub fresh: bool,
    /// Decides who behaves how and what is filed.
    pub seed: u64,
    /// How many seconds of office time pass in one second.
    pub speed_up: f64,
    /// Where partners call; port 0 takes a free one.
    pub partner: SocketAddr,
    /// Where everybody calls.
    pub web: SocketAddr,
    /// Where the operator looks.
    pub operations: SocketAddr,
    /// A PostgreSQL server instead of SQLite.
    pub postgres: Option<String>,
    /// PEM file of the authority of its certificate.
    pub postgres_ca: Option<PathBuf>,
    /// A RabbitMQ server instead of the embedded broker.
    pub amqp: Option<String>,
    /// Its management interface, which makes the agencies' users.
    pub amqp_admin: Option<String>,
    /// PEM file of the authority of its certificates.
    pub amqp_ca: Option<PathBuf>,
    /// Filings of a demo on their way at once.
    pub parallel: usize,
    /// Whether agencies answer.
    pub agencies: bool,
    /// Those that do not even then: whoever runs the sandbox plays them.
    pub left: Vec<Key>,
    /// Folder with formats beside those that come with the hub.
    pub adapters: Option<PathBuf>,
    /// Formats that tenants of the city have beside their own.
    pub formats: Vec<(TenantKey, String)>,
    /// How many connections the listeners keep, and how long.
    pub connections: Connections,
    /// Balancers before the partner and the web listener that say whom they speak for.
    pub proxies: Vec<Network>,
}

impl SandboxPlan {
    /// Agencies consume their own queues only where there is somebody to make their users.
    fn own_queues(&self) -> bool {
        self.amqp.is_some() && self.amqp_admin.is_some()
    }
}

/// How long it is looked at start whether the broker is there.
const BROKER_LOOK: Duration = Duration::from_secs(3);

/// Why the broker takes nothing; none where it does. A short look: the start has just tried for as long as it may take.
async fn why_away(broker: &Broker) -> Option<String> {
    match tokio::time::timeout(BROKER_LOOK, broker.ready()).await {
        Ok(answer) => answer.err().map(|error| error.to_string()),
        Err(_) => Some(format!("no answer within {} s", BROKER_LOOK.as_secs())),
    }
}

/// The base URLs of the partner, the web and the operations listener.
fn urls_of(sockets: &Sockets) -> Result<[String; 3], AppError> {
    let port = |listener: &std::net::TcpListener| {
        listener
            .local_addr()
            .map(|a| a.port())
            .map_err(AppError::io("listener"))
    };
    Ok([
        format!("https://localhost:{}", port(&sockets.partner)?),
        format!("http://localhost:{}", port(&sockets.web)?),
        format!("http://localhost:{}", port(&sockets.operations)?),
    ])
}

/// A sandbox at work.
pub struct Sandbox {
    _lock: Lock,
    state: SandboxFolder,
    running: Running,
    partner_url: String,
    web_url: String,
    operations_url: String,
    directory: Directory,
    clock: Clock,
    entropy: Entropy,
    plan: SandboxPlan,
    ways: Ways,
    agencies: Option<JoinHandle<()>>,
    tally: Arc<Tally>,
    broker_away: Option<String>,
    stop: watch::Sender<bool>,
}

impl Sandbox {
    /// Opens the folder, starts the hub, enrols the city, lets its agencies answer.
    ///
    /// # Errors
    /// What cannot be had: the folder, the ports, the database, the broker.
    pub async fn start(plan: SandboxPlan) -> Result<Self, AppError> {
        let (clock, entropy) = (Clock::System, Entropy::System);
        let lock = Lock::take(&plan.dir)?;
        if plan.fresh {
            lock.clear(&plan.dir)?;
        }
        let state = SandboxFolder::open(&plan.dir, clock.now())?;
        samples::write(&plan.dir, clock.now())?;
        if plan.fresh && plan.postgres.is_some() {
            // Its old contents are sealed with keys that are gone with the folder.
            let backend = backend(&plan, &state)?;
            tokio::task::spawn_blocking(move || empty(backend))
                .await
                .map_err(|e| AppError::Unusable(e.to_string()))??;
        }
        let files = shipped_directory();
        let directory = Directory::read(&files).map_err(|faults| crate::app::unreadable(&faults))?;
        if let Some(key) = plan.left.iter().find(|key| directory.agency(key).is_none()) {
            return Err(AppError::Unusable(format!(
                "there is no agency {key}; their keys are the first column of schema/directory/hanoi/agencies.csv"
            )));
        }
        let sockets = Sockets::bind(plan.partner, plan.web, plan.operations)?;
        let [partner_url, web_url, operations_url] = urls_of(&sockets)?;
        let assembly = assemble(
            &plan,
            &state,
            files,
            sockets,
            &partner_url,
            &web_url,
            &clock,
            &entropy,
        )?;
        let broker = assembly.broker.clone();
        let running = Running::start(assembly).await?;
        let broker_away = why_away(&broker).await;
        let newcomers = city::newcomers(&state, &directory)?;
        let registered = match city::register(running.hub(), newcomers).await {
            Ok(()) => city::give_formats(running.hub(), &plan.formats).await,
            failed => failed,
        };
        if let Err(error) = registered {
            running.stop().await;
            return Err(error);
        }
        let ways = ways_of(&plan, &state, &clock, &entropy).await?;
        let (stop, _) = watch::channel(false);
        let mut sandbox = Sandbox {
            _lock: lock,
            state,
            running,
            partner_url,
            web_url,
            operations_url,
            directory,
            clock,
            entropy,
            ways,
            agencies: None,
            tally: Arc::new(Tally::default()),
            broker_away,
            stop,
            plan,
        };
        if sandbox.plan.agencies {
            sandbox.let_agencies_answer().await?;
        }
        Ok(sandbox)
    }

    async fn let_agencies_answer(&mut self) -> Result<(), AppError> {
        if let Some(users) = &self.ways.queues {
            let agencies = self.directory.agencies();
            for agency in agencies.filter(|a| a.channel == AgencyChannel::Amqp) {
                users.admit_agency(&agency.key).await?;
            }
            self.hand_out_queues(users)?;
        }
        let agencies =
            self.speakers(Retry::PATIENT)
                .agencies(&self.directory, &self.plan.left, &self.ways)?;
        let pace = OfficePace {
            seed: self.plan.seed,
            speed_up: self.plan.speed_up,
            parallel: 32,
            run: self.run_name(),
        };
        let (tally, stopped) = (Arc::clone(&self.tally), self.stop.subscribe());
        self.agencies = Some(tokio::spawn(run_agencies(agencies, pace, tally, stopped)));
        Ok(())
    }

    /// Writes down, beside the certificate of each agency left to others, how it reaches its queue.
    fn hand_out_queues(&self, users: &QueueUsers) -> Result<(), AppError> {
        let agencies = self.directory.agencies();
        for agency in agencies.filter(|a| a.channel == AgencyChannel::Amqp && self.plan.left.contains(&a.key))
        {
            let tenant = TenantKey::new(TenantKind::Agency, &agency.key);
            self.state
                .hand_out(&tenant, "amqp.url", &users.agency_url(&agency.key)?)?;
        }
        Ok(())
    }

    /// A name no other start of this sandbox has.
    fn run_name(&self) -> String {
        format!("{:x}", self.clock.now().as_micros())
    }

    /// Makes partners of this city.
    pub fn speakers(&self, retry: Retry) -> Speakers<'_> {
        Speakers {
            state: &self.state,
            partner_url: self.partner_url.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            retry,
        }
    }

    /// Files `dossiers` and waits until each has ended and its submitter knows everything, or until `stop`.
    ///
    /// # Errors
    /// Certificates that cannot be read. What goes wrong in the run is in the outcome.
    pub async fn demo(
        &self,
        dossiers: usize,
        progress: mpsc::UnboundedSender<RunProgress>,
        stop: impl Future<Output = ()>,
    ) -> Result<RunOutcome, AppError> {
        let catalogue = FilingCatalogue::of(&self.directory, self.clock.now().date())
            .map_err(|e| AppError::Unusable(e.to_string()))?;
        let filers = self
            .speakers(Retry::PATIENT)
            .filers(&self.directory, &self.ways)?;
        if let Some(users) = &self.ways.queues {
            for filer in filers
                .iter()
                .filter(|f| matches!(f.back, SubmitterTransport::Queue(_)))
            {
                users.admit_tenant(filer.partner.tenant()).await?;
            }
        }
        let demo = Demo {
            dossiers,
            filers,
            catalogue: Arc::new(catalogue),
            seed: self.plan.seed,
            run: self.run_name(),
            parallel: self.plan.parallel,
            stall: Duration::from_secs(120),
        };
        let mut outcome = demo.run_until(self.clock.clone(), progress, stop).await;
        outcome.agencies = Some(self.tally.view());
        Ok(outcome)
    }

    /// The hub.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Why the broker could not be used when the sandbox started; none when it could.
    pub fn broker_away(&self) -> Option<&str> {
        self.broker_away.as_deref()
    }

    /// Its folder.
    pub fn state(&self) -> &SandboxFolder {
        &self.state
    }

    /// The directory in use.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Base URLs of the partner, web and operations listeners.
    pub fn urls(&self) -> [&str; 3] {
        [&self.partner_url, &self.web_url, &self.operations_url]
    }

    /// Stops the city, then the hub.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Some(agencies) = self.agencies {
            drop(agencies.await);
        }
        self.running.stop().await;
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "what a start has just made, each used once"
)]
fn assemble(
    plan: &SandboxPlan,
    state: &SandboxFolder,
    directory: std::collections::BTreeMap<String, String>,
    sockets: Sockets,
    partner_url: &str,
    web_url: &str,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Assembly, AppError> {
    let mut rng = entropy.generator();
    let storage = state.secret("storage.key", &mut rng)?;
    let blind = state.secret("blind.key", &mut rng)?;
    Ok(Assembly {
        backend: backend(plan, state)?,
        cipher: Arc::new(Cipher::new(
            "sandbox",
            &[("sandbox".to_owned(), storage)],
            &blind,
        )?),
        sizes: StoreSizes::default(),
        migrate: true,
        blobs: Blobs::Folder(Folder::open(&state.blobs()).map_err(AppError::io("blobs"))?),
        uploads: UploadLimits::default(),
        broker: broker(plan)?,
        provisional: true,
        own_queues: plan.own_queues(),
        caller: caller(state)?,
        directory,
        adapters: crate::material::adapters(plan.adapters.as_deref())
            .map_err(|error| AppError::Unusable(error.to_string()))?,
        trust: vec![state.ca().root().clone()],
        strict_handshake: false,
        partner: state.server()?,
        web: None,
        sockets,
        balancers: BalancersOf::in_networks(plan.proxies.clone(), plan.proxies.clone()),
        connections: plan.connections,
        partner_url: partner_url.to_owned(),
        web_url: web_url.to_owned(),
        token_life: Duration::from_secs(600),
        token_key: state.signing_key("token.p8")?,
        token_keys_also: Vec::new(),
        receipt_key: state.signing_key("receipt.p8")?,
        retired_keys: Vec::new(),
        lookup: LookupSecrets::new(state.secret("lookup.key", &mut rng)?),
        sandbox: true,
        clock: clock.clone(),
        entropy: entropy.clone(),
    })
}

/// Calls the city's own endpoints, which are on this machine.
fn caller(state: &SandboxFolder) -> Result<Caller, AppError> {
    let outbound = OutboundOptions {
        roots: vec![state.ca().root().clone()],
        identity: None,
        timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(5),
    };
    Ok(Caller::new(
        &outbound,
        EgressPolicy::allowing(["localhost".to_owned()], Vec::new()),
    )?)
}

/// Takes a database back to nothing.
fn empty(backend: Backend) -> Result<(), AppError> {
    let connector = Connector::new(backend);
    let mut conn = connector.open(Purpose::Migration)?;
    Ok(migrate::down(&mut conn)?)
}

fn backend(plan: &SandboxPlan, state: &SandboxFolder) -> Result<Backend, AppError> {
    let Some(url) = &plan.postgres else {
        return Ok(Backend::Sqlite {
            path: state.database(),
        });
    };
    let roots = match &plan.postgres_ca {
        Some(path) => {
            let pem = std::fs::read(path).map_err(AppError::io(path.display().to_string()))?;
            pem::certificates(&pem).map_err(crate::net::NetError::from)?
        }
        None => Vec::new(),
    };
    Ok(Backend::Postgres(Box::new(Postgres::new(url, &roots)?)))
}

async fn ways_of(
    plan: &SandboxPlan,
    state: &SandboxFolder,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Ways, AppError> {
    let queues = match (&plan.amqp, &plan.amqp_admin) {
        (Some(amqp), Some(admin)) => {
            let at = Where {
                amqp,
                admin,
                authorities: plan.amqp_ca.as_ref(),
            };
            let secret = state.secret("amqp.key", &mut entropy.generator())?;
            Some(QueueUsers::new(&at, state, &secret)?)
        }
        _ => None,
    };
    Ok(Ways {
        mailboxes: mailboxes(state, clock).await?,
        queues,
    })
}

fn broker(plan: &SandboxPlan) -> Result<Broker, AppError> {
    Ok(match &plan.amqp {
        Some(url) => {
            let options = Options {
                authorities: plan.amqp_ca.as_ref().map(read_pem).transpose()?,
                ..Options::default()
            };
            Broker::Rabbit(Rabbit::new(url, options)?)
        }
        None => Broker::Embedded(Embedded::new(crate::app::EMBEDDED_PATIENCE)),
    })
}
