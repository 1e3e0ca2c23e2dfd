//! The demo city: who takes part, registered from the directory, and how each is spoken for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::state::SandboxFolder;
use super::ways::Ways;
use crate::app::AppError;
use crate::client::{Partner, Retry, Settings};
use crate::clock::{Clock, Entropy};
use crate::domain::codes::Key;
use crate::domain::routing::{AgencyChannel, Directory, Point};
use crate::domain::tenant::{Standing, SuccessorPolicy, TenantKey, TenantKind};
use crate::domain::text::Text;
use crate::domain::view::{
    CertificateRequest, NewPoint, NewStaff, NewTenant, RegisterRequest, TenantRequest,
};
use crate::identity::Access;
use crate::identity::peer::PeerCertificate;
use crate::net::outbound::{OutboundOptions, http_client};
use crate::net::pem;
use crate::service::Hub;
use crate::sim::agency::{AgencyTransport, SimulatedAgency};
use crate::sim::demo::{Filer, SubmitterTransport};
use crate::sim::format::Format;
use crate::sim::report::ReportFormat;

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
        "one_stop_units.csv",
        "points.csv",
        "procedure_aliases.csv",
        "procedure_limits.csv",
        "procedures.csv",
        "reorganisations.csv",
        "requirements.csv",
        "succession.csv",
        "tasks.csv",
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

/// Everybody of the directory to register, with a person, points and a certificate each.
///
/// # Errors
/// Certificates that cannot be made or read.
pub fn newcomers(state: &SandboxFolder, directory: &Directory) -> Result<Vec<NewTenant>, AppError> {
    let mut all = vec![newcomer(
        state,
        constant(OPERATOR)?,
        "Trung tâm Phục vụ hành chính công (trình diễn)",
        &[],
    )?];
    for enterprise in directory.enterprises() {
        let key = TenantKey::new(TenantKind::Enterprise, &enterprise.key);
        all.push(newcomer(state, key, &enterprise.name, &[])?);
    }
    for agent in directory.agents() {
        let key = TenantKey::new(TenantKind::Agent, &agent.key);
        all.push(NewTenant {
            parent: Some(TenantKey::new(TenantKind::Enterprise, &agent.enterprise)),
            ..newcomer(state, key, &agent.name, &AGENT_FORMATS)?
        });
    }
    for branch in directory.branches() {
        let points = directory.points().filter(|point| point.branch == branch.key);
        let point = |point: &Point| {
            Ok::<_, AppError>(NewPoint {
                key: point.key.clone(),
                name: name(&point.name)?,
            })
        };
        let key = TenantKey::new(TenantKind::Branch, &branch.key);
        all.push(NewTenant {
            points: points.map(point).collect::<Result<_, _>>()?,
            ..newcomer(state, key, &branch.name, &BRANCH_FORMATS)?
        });
    }
    for agency in directory.agencies() {
        let formats = ["canonical/v1", agency.format.as_str()];
        let formats = if formats[0] == formats[1] {
            &formats[..1]
        } else {
            &formats[..]
        };
        let key = TenantKey::new(TenantKind::Agency, &agency.key);
        all.push(newcomer(state, key, &agency.name, formats)?);
    }
    Ok(all)
}

fn newcomer(
    state: &SandboxFolder,
    key: TenantKey,
    shown: &str,
    formats: &[&str],
) -> Result<NewTenant, AppError> {
    let (certificate, _) = state.tenant_pem(&key)?;
    let files = matches!(key.kind(), TenantKind::Agent | TenantKind::Branch);
    let person = || {
        Ok::<_, AppError>(NewStaff {
            id: constant(STAFF)?,
            name: name("Nhân viên mẫu")?,
        })
    };
    Ok(NewTenant {
        key,
        name: Some(name(shown)?),
        parent: None,
        formats: Some(formats.iter().map(|f| (*f).to_owned()).collect()),
        successor_policy: SuccessorPolicy::Ask,
        certificates: vec![certificate],
        staff: files.then(person).transpose()?.into_iter().collect(),
        points: Vec::new(),
    })
}

/// Registers who is not known yet, and pins the certificates that were renewed. What operators have decided since the first start
/// stands: no certificate is given back, nobody's closing is undone.
///
/// # Errors
/// A database that was filled from another folder; one that is away.
pub async fn register(hub: &Hub, city: Vec<NewTenant>) -> Result<(), AppError> {
    let access = Access::system();
    let reason = "Khởi động môi trường thử | the sandbox starts";
    let failed = |error: crate::service::ServiceError| AppError::Unusable(error.to_string());
    let register = hub.credentials.register();
    let (mut strangers, mut renewed, mut recognised) = (Vec::new(), Vec::new(), false);
    for tenant in city {
        let Some(known) = register.tenant(&tenant.key) else {
            strangers.push(tenant);
            continue;
        };
        for pem in tenant.certificates {
            let (certificate, _) =
                PeerCertificate::from_pem(&pem).map_err(|e| AppError::Unusable(e.to_string()))?;
            if register.certificate(certificate.thumbprint()).is_some() {
                recognised = true;
            } else if !matches!(known.standing, Standing::Closed { .. }) {
                renewed.push((tenant.key.clone(), pem));
            }
        }
    }
    if register.tenants().next().is_some() && !recognised {
        return Err(AppError::Unusable(
            "this database was filled from another folder: give its --dir, or --fresh to begin anew"
                .to_owned(),
        ));
    }
    if !strangers.is_empty() {
        let request = RegisterRequest {
            reason: reason.to_owned(),
            tenants: strangers,
        };
        hub.tenants.register(&access, request).await.map_err(failed)?;
    }
    for (tenant, pem) in renewed {
        let request = CertificateRequest {
            reason: reason.to_owned(),
            add: Some(pem),
            revoke: None,
        };
        hub.tenants
            .certify(&access, &tenant, request)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Gives tenants further formats, beside those they have; one that a tenant has already changes nothing.
///
/// # Errors
/// A tenant that is not of the city; a format that the hub does not have.
pub async fn give_formats(hub: &Hub, given: &[(TenantKey, String)]) -> Result<(), AppError> {
    for (key, format) in given {
        let register = hub.credentials.register();
        let Some(tenant) = register.tenant(key) else {
            return Err(AppError::Unusable(format!(
                "--format {key}={format}: the city has no tenant {key}; the folder tenants/ has one folder for each"
            )));
        };
        if tenant.formats.contains(format) {
            continue;
        }
        let mut formats = tenant.formats.clone();
        formats.push(format.clone());
        let request = TenantRequest {
            reason: "Định dạng để thử | a format to try".to_owned(),
            name: None,
            formats: Some(formats),
            successor_policy: None,
            codes: None,
        };
        let altered = hub.tenants.alter(&Access::system(), key, request).await;
        altered.map_err(|error| AppError::Unusable(format!("--format {key}={format}: {error}")))?;
    }
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
    pub state: &'a SandboxFolder,
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
        let http = http_client(&OutboundOptions {
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

    /// Everybody who files: every branch, from its first point, and every agent, in turn. Of four, two read their feed, one is called,
    /// and one reads a queue of its own, as far as there are these ways.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn filers(&self, directory: &Directory, ways: &Ways) -> Result<Vec<Filer>, AppError> {
        let formats = |names: &[&str]| names.iter().flat_map(|n| Format::of(n)).collect::<Vec<_>>();
        let back = |nth: usize, partner: &Partner| -> Result<SubmitterTransport, AppError> {
            Ok(match (nth % 4, &ways.queues) {
                (1, _) => SubmitterTransport::Webhook(ways.mailboxes.clone()),
                (3, Some(users)) => SubmitterTransport::Queue(users.tenant(partner.tenant())?),
                _ => SubmitterTransport::Feed,
            })
        };
        let mut filers: Vec<Filer> = Vec::new();
        for branch in directory.branches() {
            let point = directory
                .points()
                .find(|p| p.branch == branch.key)
                .map(|p| p.key.clone());
            let partner = self.partner(&TenantKey::new(TenantKind::Branch, &branch.key), point)?;
            filers.push(Filer {
                back: back(filers.len(), &partner)?,
                partner,
                formats: formats(&BRANCH_FORMATS),
            });
        }
        for agent in directory.agents() {
            let partner = self.partner(&TenantKey::new(TenantKind::Agent, &agent.key), None)?;
            filers.push(Filer {
                back: back(filers.len(), &partner)?,
                partner,
                formats: formats(&AGENT_FORMATS),
            });
        }
        Ok(filers)
    }

    /// Every agency but those left to others, each reached as the directory says, as far as there is that way; the rest pull.
    ///
    /// # Errors
    /// Certificates that cannot be read.
    pub fn agencies(
        &self,
        directory: &Directory,
        left: &[Key],
        ways: &Ways,
    ) -> Result<Vec<SimulatedAgency>, AppError> {
        directory
            .agencies()
            .filter(|agency| !left.contains(&agency.key))
            .map(|agency| {
                let reach = match (agency.channel, &ways.queues) {
                    (AgencyChannel::Amqp, Some(users)) => AgencyTransport::Queue(users.agency(&agency.key)?),
                    (AgencyChannel::Push, _) => AgencyTransport::Endpoint(ways.mailboxes.clone()),
                    _ => AgencyTransport::Inbox,
                };
                Ok(SimulatedAgency {
                    partner: self.partner(&TenantKey::new(TenantKind::Agency, &agency.key), None)?,
                    reach,
                    code: agency.code.clone(),
                    format: ReportFormat::of(&agency.format).unwrap_or(ReportFormat::Canonical),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_is_left_out_of_the_sandbox() {
        let shipped = shipped_directory();
        let names: Vec<&str> = shipped.keys().map(String::as_str).collect();
        let mut all = Directory::FILES.to_vec();
        all.sort_unstable();
        assert_eq!(names, all);
    }
}
