//! Another directory: planned, reviewed, put into use. What was reviewed is what is applied, or nothing is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ServiceError;
use super::fault::internal;
use super::tenants::reason_of;
use crate::domain::dossier::Place;
use crate::domain::rejection::{Label, Rejection, problems};
use crate::domain::routing::{Directory, Divided, Finding, ResolvedBy, RouteReason, Severity, plan};
use crate::domain::view::{
    DirectoryImportAnswer, DirectoryImportRequest, DirectoryPlanRequest, DirectoryPlanView, FindingView,
    RouteChange,
};
use crate::identity::{Access, Permission};
use crate::service::parts::Base;
use crate::service::refresher::Refresher;
use crate::store::Store;
use crate::store::ledger::{DirectoryImport, Imported};
use crate::store::read::{self, KeptDirectory, OpenDossier};

/// Open dossiers a plan routes anew, newest first.
pub const PLANNED_DOSSIERS: usize = 100_000;

/// Faults of a directory told at once; whoever mends them asks again.
pub const FAULTS_TOLD: usize = 100;

/// Open dossiers read at a time.
const PAGE: i64 = 1_000;

/// Examples of each move dossiers would make.
const EXAMPLES: usize = 3;

/// Where a dossier is, where it would be, and why not.
type Move = (Option<String>, Option<String>, Option<Label>);

/// Putting another directory into use.
pub struct DirectoryPlans {
    store: Arc<Store>,
    refresher: Arc<Refresher>,
    /// Whether it may hold rows that are marked provisional.
    provisional: bool,
}

impl DirectoryPlans {
    pub(super) fn new(base: &Base, refresher: &Arc<Refresher>, provisional: bool) -> Self {
        DirectoryPlans {
            store: Arc::clone(&base.store),
            refresher: Arc::clone(refresher),
            provisional,
        }
    }

    /// What another directory would change, and which open dossiers it would send elsewhere. Changes nothing.
    ///
    /// # Errors
    /// `directory-faulty` with every fault, which must be mended first.
    pub async fn plan(
        &self,
        access: &Access,
        request: DirectoryPlanRequest,
    ) -> Result<DirectoryPlanView, ServiceError> {
        access.permit(Permission::DirectoryManage)?;
        let (directory, warnings) = self.usable(&request.files)?;
        let in_use = self.directory_in_use(access).await?;
        let from = in_use.as_ref().map(|(version, _)| version.clone());
        let before = in_use.map(|(_, files)| files).unwrap_or_default();
        let to = directory.version().to_owned();
        let simulated = self.simulate(access, Arc::new(directory)).await?;
        let routes = simulated
            .moves
            .into_iter()
            .map(|((from, to, label), (dossiers, examples))| {
                let key = |key: Option<String>| key.map(|k| k.parse()).transpose().map_err(internal);
                Ok(RouteChange {
                    from: key(from)?,
                    to: key(to)?,
                    label,
                    dossiers,
                    examples: examples
                        .iter()
                        .map(|id| id.parse().map_err(internal))
                        .collect::<Result<_, _>>()?,
                })
            });
        Ok(DirectoryPlanView {
            digest: plan::digest(from.as_deref().unwrap_or(""), &request.files),
            from,
            to,
            files: plan::changes(&before, &request.files),
            warnings,
            examined: simulated.examined,
            more: simulated.more,
            routes: routes.collect::<Result<_, ServiceError>>()?,
        })
    }

    /// Puts a directory into use, on every hub of the database.
    ///
    /// # Errors
    /// `directory-faulty`; `plan-stale` when the plan was of other files, or another directory is in use by now.
    pub async fn replace(
        &self,
        access: &Access,
        request: DirectoryImportRequest,
    ) -> Result<DirectoryImportAnswer, ServiceError> {
        access.permit(Permission::DirectoryManage)?;
        let reason = reason_of(request.reason)?;
        let (directory, _) = self.usable(&request.files)?;
        let in_use = self.directory_in_use(access).await?.map(|(version, _)| version);
        let in_use = in_use.unwrap_or_default();
        if plan::digest(&in_use, &request.files) != request.plan {
            return Err(problems::PlanStale.into());
        }
        let version = directory.version().to_owned();
        let import = DirectoryImport {
            version: version.clone(),
            files: directory_bytes(&request.files),
            reviewed_against: Some(in_use),
            actor: access.actor(),
            reason: Some(reason),
        };
        match self.store.ledger.ask(import).await? {
            Imported::Done => {
                self.refresher.refresh().await?;
                Ok(DirectoryImportAnswer { version })
            }
            Imported::Stale => Err(problems::PlanStale.into()),
        }
    }

    /// The version and files in use by the database.
    async fn directory_in_use(&self, access: &Access) -> Result<Option<KeptDirectory>, ServiceError> {
        access.permit(Permission::DirectoryManage)?;
        Ok(self.store.readers.run(read::directory_in_use).await?)
    }

    /// A directory that may be used, with what is to be looked at.
    fn usable(&self, files: &BTreeMap<String, String>) -> Result<(Directory, Vec<FindingView>), Rejection> {
        let faulty = |place: &str, fault: String| {
            problems::DirectoryFaulty {
                place: &place,
                fault: &fault,
            }
            .at("/files")
        };
        let directory = Directory::read(files).map_err(|faults| {
            let problems = faults.iter().map(|f| {
                let said = format!("{} | {}", f.message_vi, f.message_en);
                faulty(&format!("{}:{}", f.file, f.line), said)
            });
            Rejection::of(problems.take(FAULTS_TOLD).collect())
                .unwrap_or_else(|| faulty("/", String::new()).into())
        })?;
        let (errors, warnings): (Vec<Finding>, Vec<Finding>) = directory
            .check(!self.provisional)
            .into_iter()
            .partition(|finding| finding.severity == Severity::Error);
        let problems = errors
            .iter()
            .map(|f| faulty(f.code, format!("{} | {}", f.message_vi, f.message_en)));
        if let Some(rejection) = Rejection::of(problems.take(FAULTS_TOLD).collect()) {
            return Err(rejection);
        }
        let view = |f: Finding| FindingView {
            code: f.code.to_owned(),
            vi: f.message_vi,
            en: f.message_en,
        };
        Ok((directory, warnings.into_iter().map(view).collect()))
    }

    /// Routes the open dossiers by another directory, on the readers' threads, a page at a time.
    async fn simulate(&self, access: &Access, directory: Arc<Directory>) -> Result<Simulated, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let mut simulated = Simulated::default();
        let mut after: Option<String> = None;
        loop {
            let (scope, other, from) = (scope.clone(), Arc::clone(&directory), after.take());
            let page = self.store.readers.run(move |conn| {
                let open = read::open_dossiers(conn, &scope, from.as_deref(), PAGE)?;
                let moves = open
                    .iter()
                    .map(|dossier| elsewhere(&other, dossier))
                    .collect::<Result<Vec<_>, _>>();
                Ok((open.last().map(|d| d.id.clone()), moves))
            });
            let (last, moves) = page.await?;
            let moves = moves.map_err(internal)?;
            let full = moves.len() as i64 == PAGE;
            simulated.examined += moves.len() as u64;
            for (id, moved) in moves.into_iter().flatten() {
                let (count, examples) = simulated.moves.entry(moved).or_default();
                *count += 1;
                if examples.len() < EXAMPLES {
                    examples.push(id);
                }
            }
            after = last;
            if !full || after.is_none() {
                return Ok(simulated);
            }
            if simulated.examined >= PLANNED_DOSSIERS as u64 {
                simulated.more = true;
                return Ok(simulated);
            }
        }
    }

    /// Puts a directory into use, here and on every hub of this database.
    ///
    /// # Errors
    /// `permission-missing`; `internal` for files with faults.
    pub async fn import(
        &self,
        access: &Access,
        files: &std::collections::BTreeMap<String, String>,
    ) -> Result<String, ServiceError> {
        access.permit(Permission::HubRead)?;
        let directory = Directory::read(files)
            .map_err(|faults| ServiceError::Internal(format!("{} faults", faults.len())))?;
        let version = directory.version().to_owned();
        let import = DirectoryImport {
            version: version.clone(),
            files: directory_bytes(files),
            reviewed_against: None,
            actor: access.actor(),
            reason: None,
        };
        self.store.ledger.ask(import).await?;
        self.refresher.refresh().await?;
        Ok(version)
    }
}

#[derive(Default)]
struct Simulated {
    examined: u64,
    more: bool,
    moves: BTreeMap<Move, (u64, Vec<String>)>,
}

/// Where the rules of a directory would send a dossier, when that is not where it is. What a person decided stands.
fn elsewhere(
    directory: &Directory,
    dossier: &OpenDossier,
) -> Result<Option<(String, Move)>, serde_json::Error> {
    let reason: RouteReason = serde_json::from_str(&dossier.route)?;
    if reason.assigned.is_some() {
        return Ok(None);
    }
    let place = reason.place.as_ref().map(|place| Place {
        catalogue: Some(place.catalogue),
        commune: place.given_code.clone(),
        name: None,
        district: None,
        document_date: None,
    });
    let divided = match reason.place.as_ref().map(|place| place.by) {
        Some(ResolvedBy::DefaultSuccessor) => Divided::TakeDefault,
        _ => Divided::Park,
    };
    // The day was written from a date; one that is not parks nothing and moves nothing.
    let Ok(day) = reason.date.parse() else {
        return Ok(None);
    };
    let (to, label) = match directory.route_by(&reason.procedure.received, place.as_ref(), day, divided) {
        Ok(route) => (route.agency.map(String::from), route.parked),
        Err(rejection) => (None, Some(rejection.label())),
    };
    let same =
        to == dossier.agency && (to.is_some() || label.map(|l| l.as_str()) == dossier.parked.as_deref());
    let moved = (dossier.agency.clone(), to, label);
    Ok((!same).then(|| (dossier.id.clone(), moved)))
}

/// The files of a directory as the database keeps them.
fn directory_bytes(files: &BTreeMap<String, String>) -> Vec<u8> {
    serde_json::to_vec(files).unwrap_or_default()
}
