//! What all measurements of a run stand on: a folder with keys, certificates and a directory, made by the commands an operator uses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::{BenchError, Result};
use super::hub::command;
use super::plan::BenchPlan;
use crate::domain::codes::Key;
use crate::domain::routing::{AgencyChannel, Directory, Rule, RuleAgency, RulePlace};
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::text::Text;
use crate::domain::time::Date;
use crate::domain::view::{NewStaff, NewTenant};
use crate::net::pem;
use crate::sim::catalogue::FilingCatalogue;

/// The agency that decides everything that is filed: it reads its own queue and speaks the canonical form. In a run it has a key of its
/// own, because its user belongs to the whole broker, where another agency of that key may be at work.
const AGENCY: &str = "so-nong-nghiep-moi-truong";

/// The directory as it is, and as it is where every agency pulls.
pub const DIRECTORY: &str = "directory";
/// See [`DIRECTORY`].
pub const PULLED: &str = "directory-pull";

/// The named person of every tenant that files.
pub const STAFF: &str = "nv-001";

/// The most tenants that can file: there are as many branches.
pub const TENANTS: usize = 12;

/// Formats of branches and of agents.
const BRANCH_FORMATS: [&str; 2] = ["canonical/v1", "dvcqg-mc/v1"];
const AGENT_FORMATS: [&str; 2] = ["canonical/v1", "vnpost-hcc/v1"];

/// A folder with what every installation of the run uses.
pub struct Ground {
    /// The folder.
    pub dir: PathBuf,
    /// The executable.
    pub hub: PathBuf,
    /// A name no other run has; databases and virtual hosts begin with it.
    pub name: String,
    /// The agency that decides all that is filed.
    pub agency: Key,
    /// Who is responsible for what.
    pub directory: Directory,
    /// What may be filed: all of it is for that agency.
    pub catalogue: FilingCatalogue,
    /// Those that file, a branch and an agent in turn, with their enterprises behind them.
    tenants: Vec<TenantKey>,
    enterprises: Vec<TenantKey>,
    root: CertificateDer<'static>,
}

impl Ground {
    /// Makes the folder, empty, under the plan's.
    ///
    /// # Errors
    /// A folder that cannot be written, an executable that cannot be run.
    pub async fn make(plan: &BenchPlan) -> Result<Self> {
        let name = format!("bench_{:x}", plan.clock.now().as_micros());
        std::fs::create_dir_all(&plan.dir).map_err(BenchError::of(plan.dir.display()))?;
        let dir = std::fs::canonicalize(&plan.dir).map_err(BenchError::of(plan.dir.display()))?;
        let dir = dir.join(&name);
        let agency: Key = name
            .replace('_', "-")
            .parse()
            .map_err(|_| BenchError::said(&name))?;
        let files: BTreeMap<String, String> = plan
            .directory
            .iter()
            .map(|(file, text)| (file.clone(), text.replace(AGENCY, agency.as_str())))
            .collect();
        let directory = Directory::read(&files)
            .map_err(|faults| BenchError::said(format!("the directory has {} faults", faults.len())))?;
        write(&dir.join(DIRECTORY), &files, |text| text.to_owned())?;
        // Without RabbitMQ no agency has a queue of its own, and a hub whose directory says so warns of it.
        write(&dir.join(PULLED), &files, |text| text.replace(",amqp,", ",pull,"))?;
        let hub = std::fs::canonicalize(&plan.hub).map_err(BenchError::of(plan.hub.display()))?;
        let (tenants, enterprises) = filers(&directory);
        let mut line = vec!["cert", "dev", "--dir", "tls"];
        let tenant_of_agency = TenantKey::new(TenantKind::Agency, &agency);
        for tenant in tenants.iter().chain(&enterprises).map(TenantKey::as_str) {
            line.extend(["--tenant", tenant]);
        }
        line.extend(["--tenant", tenant_of_agency.as_str()]);
        command(&hub, &dir, &line).await?;
        command(&hub, &dir, &["keys", "new", "keys"]).await?;
        let root = certificates(&dir.join("tls/ca.pem"))?
            .pop()
            .ok_or_else(|| BenchError::said("tls/ca.pem is empty"))?;
        Ok(Ground {
            catalogue: decided(&directory, &agency, plan.clock.now().date())?,
            agency,
            dir,
            hub,
            name,
            directory,
            tenants,
            enterprises,
            root,
        })
    }

    /// The first so many of those that file.
    pub fn tenants(&self, count: usize) -> &[TenantKey] {
        &self.tenants[..count.clamp(1, self.tenants.len())]
    }

    /// The authority of everybody's certificates.
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The certificate of a tenant, or `server`, with its key.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn identity(&self, of: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = certificates(&self.dir.join(format!("tls/{of}.pem")))?;
        let path = self.dir.join(format!("tls/{of}.key"));
        let key = std::fs::read(&path).map_err(BenchError::of(path.display()))?;
        Ok((
            chain,
            pem::private_key(&key).map_err(BenchError::of(path.display()))?,
        ))
    }

    /// Everybody to be registered, as `lienthong tenant register --file` reads it.
    ///
    /// # Errors
    /// A certificate that cannot be read.
    pub fn newcomers(&self) -> Result<Vec<NewTenant>> {
        let agency = TenantKey::new(TenantKind::Agency, &self.agency);
        let all = self.enterprises.iter().chain(&self.tenants).chain([&agency]);
        all.map(|key| self.newcomer(key)).collect()
    }

    fn newcomer(&self, key: &TenantKey) -> Result<NewTenant> {
        let path = self.dir.join(format!("tls/{key}.pem"));
        let certificate = std::fs::read_to_string(&path).map_err(BenchError::of(path.display()))?;
        let name = |text: &str| Text::<200>::parse(text).map_err(BenchError::of("a name"));
        let formats = match key.kind() {
            TenantKind::Branch => Some(BRANCH_FORMATS),
            TenantKind::Agent => Some(AGENT_FORMATS),
            _ => None,
        };
        let staff = NewStaff {
            id: STAFF.parse().map_err(|_| BenchError::said(STAFF))?,
            name: name("Nhân viên mẫu")?,
        };
        let parent = self
            .directory
            .agents()
            .find(|agent| key.key() == agent.key.as_str());
        let parent = parent.filter(|_| key.kind() == TenantKind::Agent);
        Ok(NewTenant {
            key: key.clone(),
            name: Some(name(key.as_str())?),
            parent: parent.map(|agent| TenantKey::new(TenantKind::Enterprise, &agent.enterprise)),
            formats: formats.map(|formats| formats.map(str::to_owned).to_vec()),
            successor_policy: crate::domain::tenant::SuccessorPolicy::Ask,
            certificates: vec![certificate],
            staff: formats.map(|_| staff).into_iter().collect(),
            points: Vec::new(),
        })
    }

    /// Removes the folder with all in it.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self) -> Result<()> {
        std::fs::remove_dir_all(&self.dir).map_err(BenchError::of(self.dir.display()))
    }
}

/// Writes the files of a directory, each as `change` has it.
fn write(folder: &Path, files: &BTreeMap<String, String>, change: impl Fn(&str) -> String) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(BenchError::of(folder.display()))?;
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::write(&path, change(text)).map_err(BenchError::of(path.display()))?;
    }
    Ok(())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = std::fs::read(path).map_err(BenchError::of(path.display()))?;
    pem::certificates(&text).map_err(BenchError::of(path.display()))
}

/// A branch and an agent in turn, and the enterprises of the agents.
fn filers(directory: &Directory) -> (Vec<TenantKey>, Vec<TenantKey>) {
    let branches = directory
        .branches()
        .map(|b| TenantKey::new(TenantKind::Branch, &b.key));
    let agents = directory
        .agents()
        .map(|a| TenantKey::new(TenantKind::Agent, &a.key));
    let pairs = branches.zip(agents).flat_map(|(branch, agent)| [branch, agent]);
    let enterprises = directory.enterprises();
    (
        pairs.take(TENANTS).collect(),
        enterprises
            .map(|e| TenantKey::new(TenantKind::Enterprise, &e.key))
            .collect(),
    )
}

/// As much of the catalogue as the agency decides in the whole city.
fn decided(directory: &Directory, agency: &Key, on: Date) -> Result<FilingCatalogue> {
    let reads = directory.agency(agency).map(|agency| agency.channel);
    if reads != Some(AgencyChannel::Amqp) {
        return Err(BenchError::said(format!(
            "{AGENCY} has no queue of its own in this directory"
        )));
    }
    let in_force = |rule: &Rule| {
        rule.valid_from.is_none_or(|day| day <= on) && rule.valid_to.is_none_or(|day| on <= day)
    };
    let its =
        |rule: &&Rule| rule.place == RulePlace::City && rule.agency == RuleAgency::Named(agency.clone());
    let rules: Vec<&Rule> = directory
        .rules()
        .filter(its)
        .filter(|rule| in_force(rule))
        .collect();
    let all = FilingCatalogue::of(directory, on).map_err(BenchError::of("the directory"))?;
    all.only(|code| rules.iter().any(|rule| rule.procedure == *code))
        .map_err(BenchError::of(AGENCY))
}
