//! Another directory: planned, reviewed, put into use. What was reviewed is what is applied, or nothing is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ServiceError;
use super::fault::internal;
use super::tenants::{one_of, reason_of};
use crate::clock::Clock;
use crate::domain::rejection::{Label, Problem, Rejection, problems};
use crate::domain::routing::{
    CompetenceSpot, Directory, Divided, Finding, Heir, HeldDossier, ResolvedBy, RouteReason, Severity, plan,
};
use crate::domain::time::Date;
use crate::domain::view::{
    DirectoryHistoryView, DirectoryImportAnswer, DirectoryImportRequest, DirectoryPlanRequest,
    DirectoryPlanView, DirectoryRollbackRequest, FindingView, RouteChange, ScheduledDirectory,
};
use crate::identity::{Access, Permission};
use crate::service::parts::Base;
use crate::service::refresher::Refresher;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::ledger::{DirectoryImport, DirectoryUnschedule, Imported};
use crate::store::read::{self, KeptDirectory, OpenDossier};

/// Open dossiers a plan routes anew, newest first.
pub const PLANNED_DOSSIERS: usize = 100_000;

/// Faults of a directory told at once; whoever mends them asks again.
pub const FAULTS_TOLD: usize = 100;

/// Open dossiers read at a time.
const PAGE: i64 = 1_000;

/// Examples of each move dossiers would make.
const EXAMPLES: usize = 3;

/// What was done with directories, as a history shows it.
const ACTS: i64 = 100;

/// Where a dossier is, where it would be, and why not.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Move {
    from: Option<String>,
    to: Option<String>,
    label: Option<Label>,
    /// Its agency is reorganised, so that the hub moves it.
    by_the_hub: bool,
}

/// Putting another directory into use.
pub struct DirectoryPlans {
    store: Arc<Store>,
    clock: Clock,
    refresher: Arc<Refresher>,
    /// Whether it may hold rows that are marked provisional.
    provisional: bool,
}

impl DirectoryPlans {
    pub(super) fn new(base: &Base, refresher: &Arc<Refresher>, provisional: bool) -> Self {
        DirectoryPlans {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            refresher: Arc::clone(refresher),
            provisional,
        }
    }

    /// What another directory would change, and what becomes of open dossiers. Changes nothing.
    ///
    /// # Errors
    /// `directory-faulty` with every fault, which must be mended first; `directory-version-unknown`; `effective-day-past`.
    pub async fn plan(
        &self,
        access: &Access,
        request: DirectoryPlanRequest,
    ) -> Result<DirectoryPlanView, ServiceError> {
        access.permit(Permission::DirectoryManage)?;
        let on = self.effective(request.effective)?;
        let files = self.files_of(request.files, request.version).await?;
        let (directory, warnings) = self.usable(&files)?;
        let in_use = self.directory_in_use(access).await?;
        let from = in_use.as_ref().map(|(version, _)| version.clone());
        let before = in_use.map(|(_, files)| files).unwrap_or_default();
        let (to, directory) = (directory.version().to_owned(), Arc::new(directory));
        let simulated = self.simulate(access, Arc::clone(&directory), on).await?;
        let brought = self.brought(before.clone(), directory).await?;
        let routes = simulated.moves.into_iter().map(|(moved, (dossiers, examples))| {
            let key = |key: Option<String>| key.map(|k| k.parse()).transpose().map_err(internal);
            Ok(RouteChange {
                from: key(moved.from)?,
                to: key(moved.to)?,
                label: moved.label,
                moves: moved.by_the_hub,
                dossiers,
                examples: examples
                    .iter()
                    .map(|id| id.parse().map_err(internal))
                    .collect::<Result<_, _>>()?,
            })
        });
        Ok(DirectoryPlanView {
            digest: plan::digest(from.as_deref().unwrap_or(""), &files),
            from,
            to,
            files: plan::changes(&before, &files),
            warnings,
            brought_total: brought.len(),
            brought: brought.into_iter().take(plan::ROWS_SHOWN).collect(),
            examined: simulated.examined,
            more: simulated.more,
            routes: routes.collect::<Result<_, ServiceError>>()?,
        })
    }

    /// Puts a directory into use, on every hub of the database, now or from a day on.
    ///
    /// # Errors
    /// `directory-faulty`; `plan-stale` when the plan was of other files, or another directory is in use by now;
    /// `directory-scheduled` while another one waits for its day; `directory-version-unknown`; `effective-day-past`.
    pub async fn replace(
        &self,
        access: &Access,
        request: DirectoryImportRequest,
    ) -> Result<DirectoryImportAnswer, ServiceError> {
        access.permit(Permission::DirectoryManage)?;
        let reason = reason_of(request.reason)?;
        self.effective(request.effective)?;
        let files = self.files_of(request.files, request.version).await?;
        let (directory, _) = self.usable(&files)?;
        let in_use = self.directory_in_use(access).await?.map(|(version, _)| version);
        let in_use = in_use.unwrap_or_default();
        if plan::digest(&in_use, &files) != request.plan {
            return Err(problems::PlanStale.into());
        }
        let version = directory.version().to_owned();
        let import = DirectoryImport {
            version: version.clone(),
            files: directory_bytes(&files),
            reviewed_against: Some(in_use),
            effective: request.effective,
            actor: access.actor(),
            reason: Some(reason),
        };
        match self.store.ledger.ask(import).await? {
            Imported::Done | Imported::Scheduled => {
                self.refresher.refresh().await?;
                Ok(DirectoryImportAnswer {
                    version,
                    effective: request.effective,
                })
            }
            Imported::Stale => Err(problems::PlanStale.into()),
            Imported::Waits(next) => Err(problems::DirectoryScheduled {
                version: &next.version,
                date: &next.effective,
            }
            .into()),
        }
    }

    /// Goes back: cancels the directory that waits for its day, or, where none waits, puts the one before into use again, as it was
    /// planned. It is checked by today's rules, as any other.
    ///
    /// # Errors
    /// As [`DirectoryPlans::replace`]; `directory-version-unknown` where there was none before; `plan-stale` without a plan.
    pub async fn rollback(
        &self,
        access: &Access,
        request: DirectoryRollbackRequest,
    ) -> Result<DirectoryImportAnswer, ServiceError> {
        access.permit(Permission::DirectoryManage)?;
        let standing = self.store.readers.run(read::directory_standing).await?;
        if standing.next.is_some() {
            let cancel = DirectoryUnschedule {
                actor: access.actor(),
                reason: Some(reason_of(request.reason)?),
            };
            self.store.ledger.ask(cancel).await?;
            return Ok(DirectoryImportAnswer {
                version: standing.in_use,
                effective: None,
            });
        }
        let again = DirectoryImportRequest {
            files: None,
            version: Some(standing.before),
            effective: None,
            plan: request.plan.ok_or(problems::PlanStale)?,
            reason: request.reason,
        };
        self.replace(access, again).await
    }

    /// Which directory is in use, which were, and which waits for its day.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn history(&self, access: &Access) -> Result<DirectoryHistoryView, ServiceError> {
        access.permit(Permission::DirectoryManage)?;
        let scope = access.permit(Permission::HubRead)?;
        let filter = read::AuditFilter {
            subject: Some("directory".to_owned()),
            limit: ACTS,
            ..read::AuditFilter::default()
        };
        let (standing, acts) = self
            .store
            .readers
            .run(move |conn| {
                Ok((
                    read::directory_standing(conn)?,
                    read::entries(conn, &scope, &filter)?,
                ))
            })
            .await?;
        let some = |version: String| (!version.is_empty()).then_some(version);
        Ok(DirectoryHistoryView {
            in_use: some(standing.in_use),
            before: some(standing.before),
            scheduled: standing.next.map(|next| ScheduledDirectory {
                version: next.version,
                effective: next.effective,
            }),
            acts,
        })
    }

    /// The day as of which a plan is told: today, or a later one.
    fn effective(&self, day: Option<Date>) -> Result<Date, Problem> {
        let today = self.clock.now().date();
        match day {
            Some(day) if day <= today => Err(problems::EffectiveDayPast { today: &today }.at("/effective")),
            day => Ok(day.unwrap_or(today)),
        }
    }

    /// The files that were sent, or those of a version that was in use before.
    async fn files_of(
        &self,
        files: Option<BTreeMap<String, String>>,
        version: Option<String>,
    ) -> Result<BTreeMap<String, String>, ServiceError> {
        match (files, version) {
            (Some(files), None) => Ok(files),
            (None, Some(version)) => {
                let read = move |conn: &mut Conn| read::directory_of(conn, &version);
                let kept = self.store.readers.run(read).await?;
                Ok(kept.ok_or_else(|| problems::DirectoryVersionUnknown.at("/version"))?)
            }
            (files, _) => Err(one_of(files.is_some(), "files", "version").into()),
        }
    }

    /// The gaps and overlaps that a directory has and the one in use has not. Found on a reader's thread: it takes a while.
    async fn brought(
        &self,
        before: BTreeMap<String, String>,
        after: Arc<Directory>,
    ) -> Result<Vec<CompetenceSpot>, ServiceError> {
        let compare = move |_: &mut Conn| {
            let known = Directory::read(&before).map(|before| before.competence().spots);
            let known: BTreeSet<CompetenceSpot> = known.unwrap_or_default().into_iter().collect();
            let mut brought = after.competence().spots;
            brought.retain(|spot| !known.contains(spot));
            Ok(brought)
        };
        Ok(self.store.readers.run(compare).await?)
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
    async fn simulate(
        &self,
        access: &Access,
        directory: Arc<Directory>,
        on: Date,
    ) -> Result<Simulated, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let mut simulated = Simulated::default();
        let mut after: Option<String> = None;
        loop {
            let (scope, other, from) = (scope.clone(), Arc::clone(&directory), after.take());
            let page = self.store.readers.run(move |conn| {
                let open = read::open_dossiers(conn, &scope, from.as_deref(), PAGE)?;
                let moves = open
                    .iter()
                    .map(|dossier| elsewhere(&other, dossier, on))
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
            effective: None,
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

/// Where a directory would have a dossier, when that is not where it is: because its agency is reorganised, or because the rules of its
/// day say otherwise. What a person decided stands, unless the agency is no more.
fn elsewhere(
    directory: &Directory,
    dossier: &OpenDossier,
    on: Date,
) -> Result<Option<(String, Move)>, serde_json::Error> {
    let reason: RouteReason = serde_json::from_str(&dossier.route)?;
    // The days were written from dates; one that is not parks nothing and moves nothing.
    let (Ok(day), Some(since)) = (reason.date.parse::<Date>(), reason.held_since()) else {
        return Ok(None);
    };
    let moved = |to, label, by_the_hub| {
        let from = dossier.agency.clone();
        Ok(Some((
            dossier.id.clone(),
            Move {
                from,
                to,
                label,
                by_the_hub,
            },
        )))
    };
    if let Some(agency) = dossier.agency.as_deref().and_then(|key| key.parse().ok()) {
        let held = HeldDossier {
            agency: &agency,
            procedure: &reason.procedure.code,
            since,
            reason: &reason,
        };
        match directory.heir(held, on) {
            Heir::Stays => {}
            Heir::Passes { to, .. } => return moved(Some(to.into()), None, true),
            Heir::Undecided { .. } => return moved(None, Some(Label::SuccessorUndecided), true),
        }
    }
    if reason.assigned.is_some() || reason.succession.is_some() {
        return Ok(None);
    }
    let place = reason.given_place();
    let divided = match reason.place.as_ref().map(|place| place.by) {
        Some(ResolvedBy::DefaultSuccessor) => Divided::TakeDefault,
        _ => Divided::Park,
    };
    let decided = directory.route_by(&reason.procedure.received, place.as_ref(), day, divided);
    let (to, label) = match decided.map(|route| directory.settle(route, day, on)) {
        Ok(route) => (route.agency.map(String::from), route.parked),
        Err(rejection) => (None, Some(rejection.label())),
    };
    let same =
        to == dossier.agency && (to.is_some() || label.map(|l| l.as_str()) == dossier.parked.as_deref());
    if same { Ok(None) } else { moved(to, label, false) }
}

/// The files of a directory as the database keeps them.
fn directory_bytes(files: &BTreeMap<String, String>) -> Vec<u8> {
    serde_json::to_vec(files).unwrap_or_default()
}
