//! The demo city: who takes part, enrolled from the directory, and how each is spoken for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::queues::QueueUsers;
use super::state::State;
use crate::app::AppError;
use crate::client::{Partner, Retry, Settings};
use crate::clock::{Clock, Entropy};
use crate::domain::codes::Key;
use crate::domain::routing::{AgencyChannel, Directory};
use crate::domain::tenant::{
    Certificate, Point, Staff, Standing, SuccessorPolicy, Tenant, TenantKey, TenantKind,
};
use crate::domain::text::Text;
use crate::identity::peer::PeerCertificate;
use crate::net::outbound::{Outbound, http_client};
use crate::net::pem;
use crate::sim::agency::Agency;
use crate::sim::demo::Filer;
use crate::sim::format::Format;
use crate::sim::report::ReportFormat;
use crate::store::ledger::Enrolment;

/// The directory as shipped; a sandbox needs no files beside the executable.
pub fn shipped_directory() -> BTreeMap<String, String> {
    macro_rules! files {
        ($($name:literal),* $(,)?) => {
            BTreeMap::from([$((
                $name.to_owned(),
                include_str!(concat!("../../../schema/directory/hanoi/", $name)).to_owned(),
            )),*])
        };
    }
    files!(
        "agencies.csv",
        "agents.csv",
        "branches.csv",
        "communes.csv",
        "competence.csv",
        "enterprises.csv",
        "holidays.csv",
        "hours.csv",
        "legacy_communes.csv",
        "points.csv",
        "procedure_aliases.csv",
        "procedures.csv",
        "succession.csv",
        "time_limits.csv",
    )
}

/// The named person every sandbox tenant that files has.
pub const STAFF: &str = "nv-001";

/// Formats of branches and of agents.
const BRANCH_FORMATS: [&str; 2] = ["canonical/v1", "dvcqg-mc/v1"];
const AGENT_FORMATS: [&str; 2] = ["canonical/v1", "vnpost-hcc/v1"];

/// The operator's tenant.
pub const OPERATOR: &str = "operator.trung-tam";

/// Everybody of the directory as tenants, with a person each, points and certificates.
///
/// # Errors
/// Certificates that cannot be made or read.
pub fn enrolment(state: &State, directory: &Directory) -> Result<Enrolment, AppError> {
    let mut all = Enrolment::default();
    let operator: TenantKey = constant(OPERATOR)?;
    add(
        &mut all,
        operator,
        "Trung tâm Phục vụ hành chính công (trình diễn)",
        None,
        &[],
    )?;
    for enterprise in directory.enterprises() {
        add(
            &mut all,
            TenantKey::new(TenantKind::Enterprise, &enterprise.key),
            &enterprise.name,
            None,
            &[],
        )?;
    }
    for agent in directory.agents() {
        let parent = TenantKey::new(TenantKind::Enterprise, &agent.enterprise);
        let key = TenantKey::new(TenantKind::Agent, &agent.key);
        add(&mut all, key, &agent.name, Some(parent), &AGENT_FORMATS)?;
    }
    for branch in directory.branches() {
        add(
            &mut all,
            TenantKey::new(TenantKind::Branch, &branch.key),
            &branch.name,
            None,
            &BRANCH_FORMATS,
        )?;
    }
    for agency in directory.agencies() {
        let formats = ["canonical/v1", agency.format.as_str()];
        let formats = if formats[0] == formats[1] {
            &formats[..1]
        } else {
            &formats[..]
        };
        add(
            &mut all,
            TenantKey::new(TenantKind::Agency, &agency.key),
            &agency.name,
            None,
            formats,
        )?;
    }
    for point in directory.points() {
        all.points.push(Point {
            key: point.key.clone(),
            tenant: TenantKey::new(TenantKind::Branch, &point.branch),
            name: name(&point.name)?,
        });
    }
    for tenant in &all.tenants {
        let (certificate, _) = state.tenant_pem(&tenant.key)?;
        let chain = pem::certificates(certificate.as_bytes()).map_err(crate::net::NetError::from)?;
        let parsed = PeerCertificate::parse(&chain[0]).map_err(|e| AppError::Unusable(e.to_string()))?;
        all.certificates.push(Certificate {
            thumbprint: *parsed.thumbprint(),
            tenant: tenant.key.clone(),
            not_after: parsed.not_after(),
            revoked_at: None,
        });
    }
    Ok(all)
}

fn add(
    all: &mut Enrolment,
    key: TenantKey,
    shown: &str,
    parent: Option<TenantKey>,
    formats: &[&str],
) -> Result<(), AppError> {
    if matches!(key.kind(), TenantKind::Agent | TenantKind::Branch) {
        all.staff.push(Staff {
            id: constant(STAFF)?,
            tenant: key.clone(),
            name: name("Nhân viên mẫu")?,
            until: None,
        });
    }
    all.tenants.push(Tenant {
        key,
        name: name(shown)?,
        parent,
        formats: formats.iter().map(|f| (*f).to_owned()).collect(),
        standing: Standing::Active,
        successor_policy: SuccessorPolicy::Ask,
    });
    Ok(())
}

fn name(text: &str) -> Result<Text<200>, AppError> {
    Text::parse(text).map_err(|e| AppError::Unusable(format!("a name of the directory is {e}")))
}

fn constant<T: std::str::FromStr>(word: &str) -> Result<T, AppError>
where
    T::Err: std::fmt::Display,
{
    word.parse()
        .map_err(|e| AppError::Unusable(format!("{word}: {e}")))
}

/// Makes partners: each with its own certificate and connection.
pub struct Speakers<'a> {
    /// The folder with the certificates.
    pub state: &'a State,
    /// Base URL of the partner listener.
    pub partner_url: String,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// How patiently calls are repeated.
    pub retry: Retry,
}

impl Speakers<'_> {
    /// A partner that speaks for a tenant.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn partner(&self, tenant: &TenantKey, point: Option<Key>) -> Result<Arc<Partner>, AppError> {
        let (certificate, key) = self.state.tenant_pem(tenant)?;
        let chain: Vec<CertificateDer<'static>> =
            pem::certificates(certificate.as_bytes()).map_err(crate::net::NetError::from)?;
        let key = pem::private_key(key.as_bytes()).map_err(crate::net::NetError::from)?;
        let http = http_client(&Outbound {
            roots: vec![self.state.ca().root().clone()],
            identity: Some((chain, key)),
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(5),
        })?;
        let files = matches!(tenant.kind(), TenantKind::Agent | TenantKind::Branch);
        let settings = Settings {
            base: constant(&format!("{}/", self.partner_url))?,
            tenant: tenant.clone(),
            staff: if files { Some(constant(STAFF)?) } else { None },
            point,
            scope: None,
            retry: self.retry,
        };
        Ok(Arc::new(Partner::new(
            http,
            settings,
            self.clock.clone(),
            self.entropy.generator(),
        )))
    }

    /// Everybody who files: every branch, from its first point, and every agent, in turn.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn filers(&self, directory: &Directory) -> Result<Vec<Filer>, AppError> {
        let formats = |names: &[&str]| names.iter().flat_map(|n| Format::of(n)).collect::<Vec<_>>();
        let mut filers = Vec::new();
        for branch in directory.branches() {
            let point = directory
                .points()
                .find(|p| p.branch == branch.key)
                .map(|p| p.key.clone());
            let partner = self.partner(&TenantKey::new(TenantKind::Branch, &branch.key), point)?;
            filers.push(Filer {
                partner,
                formats: formats(&BRANCH_FORMATS),
            });
        }
        for agent in directory.agents() {
            let partner = self.partner(&TenantKey::new(TenantKind::Agent, &agent.key), None)?;
            filers.push(Filer {
                partner,
                formats: formats(&AGENT_FORMATS),
            });
        }
        Ok(filers)
    }

    /// Every agency but those left to others; with `queues`, those that consume their own queue do.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn agencies(
        &self,
        directory: &Directory,
        left: &[Key],
        queues: Option<&QueueUsers>,
    ) -> Result<Vec<Agency>, AppError> {
        directory
            .agencies()
            .filter(|agency| !left.contains(&agency.key))
            .map(|agency| {
                let queue = match queues {
                    Some(users) if agency.channel == AgencyChannel::Amqp => Some(users.broker(&agency.key)?),
                    _ => None,
                };
                Ok(Agency {
                    partner: self.partner(&TenantKey::new(TenantKind::Agency, &agency.key), None)?,
                    queue,
                    code: agency.code.clone(),
                    format: ReportFormat::of(&agency.format).unwrap_or(ReportFormat::Canonical),
                })
            })
            .collect()
    }
}
