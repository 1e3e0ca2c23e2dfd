//! Versions of formats: what is in use, what another one would change, putting it into use and going back.
//!
//! What was reviewed is what is put into use, or nothing is. A version never changes once it is kept; every hub of the database takes a
//! change up when it refreshes.

mod compare;
mod shadow;

pub use shadow::LOOKED_AT;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Semaphore;

use super::ServiceError;
use super::tenants::reason_of;
use crate::adapt::{Adapter, Samples, family};
use crate::clock::Clock;
use crate::domain::rejection::{Problem, Rejection, problems};
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::{Actor, TenantKey};
use crate::domain::time::Timestamp;
use crate::domain::view::{
    FORMAT_BYTES, FormatActivationRequest, FormatDriftView, FormatPlanRequest, FormatPlanView,
    FormatRollbackRequest, FormatStanding, FormatUseAnswer, FormatVersionView, FormatVersionsView,
};
use crate::identity::{Access, Permission};
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::directory_plans::FAULTS_TOLD;
use crate::service::fault::internal;
use crate::service::formats_in_use::{DRIFT_TOLD, FormatSet, FormatsInUse, name_and_version, written};
use crate::service::parts::Base;
use crate::service::refresher::Refresher;
use crate::store::ledger::{FormatActivation, FormatChange, FormatRollback, KeepFormats};
use crate::store::{Store, read};

/// Versions of formats.
pub struct Formats {
    store: Arc<Store>,
    clock: Clock,
    in_use: Arc<FormatsInUse>,
    credentials: Arc<Credentials>,
    directory: Arc<DirectoryInUse>,
    refresher: Arc<Refresher>,
    /// One trial at a time, so that filings keep the processors.
    trying: Semaphore,
    /// When a file that differs was told of last, in microseconds.
    told: AtomicI64,
}

impl Formats {
    pub(super) fn new(base: &Base, refresher: &Arc<Refresher>) -> Self {
        Formats {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            in_use: Arc::clone(&base.formats),
            credentials: Arc::clone(&base.credentials),
            directory: Arc::clone(&base.directory),
            refresher: Arc::clone(refresher),
            trying: Semaphore::new(1),
            told: AtomicI64::new(0),
        }
    }

    /// Keeps the formats this hub began with, as far as the database has none of their name and version; of a file that differs from
    /// what is kept, notes that it does. What is in use stays in use. Called at the start, and from time to time while a file differs.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_own(&self) -> Result<(), ServiceError> {
        if self.in_use.has_unkept() || !self.in_use.drift().is_empty() {
            self.keep().await?;
            self.refresher.refresh().await?;
        }
        for (format, in_use, file) in self.in_use.drift() {
            tracing::warn!(
                format,
                in_use = %in_use,
                file = %file,
                "the file of a format is not the text in use under its name and version"
            );
        }
        Ok(())
    }

    /// Files that hubs began with though another text is in use, as they were seen within the last hour.
    ///
    /// # Errors
    /// What the database says.
    pub async fn drifts(&self) -> Result<Vec<FormatDriftView>, ServiceError> {
        self.in_use.drifts(&self.store, self.clock.now()).await
    }

    /// Says again that a file of this hub differs from what is in use, where it does and this was not said for a while.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tell_drift(&self) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let told = Timestamp::from_micros(self.told.load(Ordering::Relaxed));
        if now >= told.plus(DRIFT_TOLD / 3) && !self.in_use.drift().is_empty() {
            self.keep().await?;
        }
        Ok(())
    }

    async fn keep(&self) -> Result<(), ServiceError> {
        self.told.store(self.clock.now().as_micros(), Ordering::Relaxed);
        let keep = KeepFormats {
            formats: self.in_use.own(),
            actor: Actor::hub(),
        };
        Ok(self.store.ledger.ask(keep).await?)
    }

    /// Every version that is kept: how it is used, since when, by whom, and whether a file differs from it.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn versions(&self, access: &Access) -> Result<FormatVersionsView, ServiceError> {
        access.permit(Permission::FormatManage)?;
        self.refresher.refresh().await?;
        let drifts = self.drifts().await?;
        let set = self.in_use.current();
        let view = |(name, kept): (&String, &read::KeptFormat)| {
            let standing = set.standing(name);
            let last = set
                .last_use(&kept.name)
                .filter(|_| standing == FormatStanding::Activated);
            FormatVersionView {
                format: name.clone(),
                number: kept.number,
                sha256: kept.sha256,
                kept_at: kept.kept_at,
                standing,
                since: last.map(|last| last.at),
                by: last.map(|last| last.by.clone()),
                usable: set.number(name).is_some(),
                drift: drifts
                    .iter()
                    .filter(|drift| drift.format == *name)
                    .cloned()
                    .collect(),
            }
        };
        Ok(FormatVersionsView {
            formats: set.kept().iter().map(view).collect(),
        })
    }

    /// What putting a version into use would change. Changes nothing.
    ///
    /// # Errors
    /// `format-faulty` with every fault of the text and of the samples; `format-taken`.
    pub async fn plan(
        &self,
        access: &Access,
        request: FormatPlanRequest,
    ) -> Result<FormatPlanView, ServiceError> {
        access.permit(Permission::FormatManage)?;
        self.refresher.refresh().await?;
        let samples = Samples {
            documents: request.samples,
            expected: request.expected,
        };
        let adapter = usable(&request.format, &request.text, &samples)?;
        let set = self.in_use.current();
        free(&set, &adapter)?;
        let name = adapter.family();
        let register = self.credentials.register();
        let has = |formats: &[String]| formats.iter().any(|format| family(format) == name);
        let tenants = register.tenants().filter(|tenant| has(&tenant.formats));
        let mut tenants: Vec<TenantKey> = tenants.map(|tenant| tenant.key.clone()).collect();
        tenants.sort_unstable();
        let directory = self.directory.load();
        let agencies = directory
            .agencies()
            .filter(|agency| family(&agency.format) == name);
        let before: Vec<&Arc<Adapter>> = match set.registry().activated(name) {
            Some(activated) => set
                .registry()
                .adapters()
                .filter(|a| a.name() == activated)
                .collect(),
            None => set.registry().adapters().filter(|a| a.family() == name).collect(),
        };
        let lost = lost(&adapter, &before);
        Ok(FormatPlanView {
            sha256: adapter.sha256(),
            digest: plan_digest(turn(&set, name), &adapter, &samples),
            from: set.registry().activated(name).map(str::to_owned),
            changes: set.registry().activated(name) != Some(adapter.name()),
            samples: u32::try_from(samples.documents.len()).unwrap_or(u32::MAX),
            tenants,
            agencies: agencies.map(|agency| agency.key.clone()).collect(),
            lost,
            format: request.format,
        })
    }

    /// Puts a version into use for all who have the format, on every hub of the database.
    ///
    /// # Errors
    /// As [`Formats::plan`]; `format-plan-stale` when the plan was of another text, or another version is in use by now.
    pub async fn activate(
        &self,
        access: &Access,
        request: FormatActivationRequest,
    ) -> Result<FormatUseAnswer, ServiceError> {
        access.permit(Permission::FormatManage)?;
        let reason = reason_of(request.reason)?;
        self.refresher.refresh().await?;
        let samples = Samples {
            documents: request.samples,
            expected: request.expected,
        };
        let adapter = usable(&request.format, &request.text, &samples)?;
        let set = self.in_use.current();
        free(&set, &adapter)?;
        let reviewed = turn(&set, adapter.family());
        if plan_digest(reviewed, &adapter, &samples) != request.plan {
            return Err(problems::FormatPlanStale.into());
        }
        let activation = FormatActivation {
            format: written(&adapter).ok_or_else(|| internal("a format without a version"))?,
            reviewed,
            actor: access.actor(),
            reason,
        };
        match self.store.ledger.ask(activation).await? {
            FormatChange::Done => self.used(adapter.family()).await,
            FormatChange::Taken(sha256) => {
                let version = name_and_version(adapter.name()).map_or(0, |(_, version)| version);
                Err(taken(adapter.name(), sha256, version).into())
            }
            FormatChange::Stale | FormatChange::Nothing => Err(problems::FormatPlanStale.into()),
        }
    }

    /// Goes back to the version that was in use before, on every hub of the database.
    ///
    /// # Errors
    /// `format-not-activated` where there is none; `format-plan-stale` when another version is in use than the one to be left.
    pub async fn roll_back(
        &self,
        access: &Access,
        request: FormatRollbackRequest,
    ) -> Result<FormatUseAnswer, ServiceError> {
        access.permit(Permission::FormatManage)?;
        let reason = reason_of(request.reason)?;
        self.refresher.refresh().await?;
        let set = self.in_use.current();
        let nothing = || problems::FormatNotActivated {
            format: &request.name,
        };
        let Some(activated) = set.registry().activated(&request.name) else {
            return Err(nothing().into());
        };
        if activated != request.from {
            return Err(problems::FormatPlanStale.into());
        }
        let rollback = FormatRollback {
            name: request.name.clone(),
            leaves: turn(&set, &request.name),
            actor: access.actor(),
            reason,
        };
        match self.store.ledger.ask(rollback).await? {
            FormatChange::Done => self.used(&request.name).await,
            FormatChange::Nothing => Err(nothing().into()),
            FormatChange::Stale | FormatChange::Taken(_) => Err(problems::FormatPlanStale.into()),
        }
    }

    /// What is in use now.
    async fn used(&self, name: &str) -> Result<FormatUseAnswer, ServiceError> {
        self.refresher.refresh().await?;
        let set = self.in_use.load();
        Ok(FormatUseAnswer {
            name: name.to_owned(),
            in_use: set.registry().activated(name).map(str::to_owned),
        })
    }
}

/// The last change of what is in use of a format: what a plan was compared with.
fn turn(set: &FormatSet, name: &str) -> i64 {
    set.last_use(name).map_or(0, |last| last.turn)
}

/// A version that may be used: it compiles, and every sample gives what is expected of it.
pub(super) fn usable(format: &str, text: &str, samples: &Samples) -> Result<Adapter, Rejection> {
    let faulty = |place: &str, fault: String| {
        problems::FormatFaulty {
            place: &place,
            fault: &fault,
        }
        .at("/text")
    };
    if text.len() > FORMAT_BYTES {
        return Err(problems::BodyTooLarge { limit: &FORMAT_BYTES }.at("/text").into());
    }
    let well_named = name_and_version(format).is_some_and(|(name, version)| {
        version > 0
            && format == format!("{name}/v{version}")
            && !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    });
    if !well_named {
        return Err(problems::CodeMalformed {
            field: &"format",
            expected: &"so-mau/v2",
        }
        .at("/format")
        .into());
    }
    let adapter = Adapter::compile(&format!("{format}/adapter.toml"), text).map_err(|faults| {
        let problems = faults.iter().map(|f| {
            let said = format!("{} | {}", f.message_vi, f.message_en);
            faulty(&format!("{}:{}", f.file, f.line), said)
        });
        Rejection::of(problems.take(FAULTS_TOLD).collect())
            .unwrap_or_else(|| faulty("/", String::new()).into())
    })?;
    let wrong = adapter.sample_faults(samples).into_iter().map(|fault| {
        let said = format!("{} | {}", fault.message_vi, fault.message_en);
        faulty(&fault.file, said).at("/samples")
    });
    match Rejection::of(wrong.take(FAULTS_TOLD).collect()) {
        Some(rejection) => Err(rejection),
        None => Ok(adapter),
    }
}

/// Refuses another text under a name and version that are kept.
fn free(set: &FormatSet, adapter: &Adapter) -> Result<(), Problem> {
    match set.kept().get(adapter.name()) {
        Some(kept) if kept.sha256 != adapter.sha256() => {
            let versions = set.kept().values().filter(|one| one.name == kept.name);
            let last = versions.map(|one| one.version).max().unwrap_or(kept.version);
            Err(taken(adapter.name(), kept.sha256, last))
        }
        _ => Ok(()),
    }
}

/// A name and version that belong to another text; `last` is the last version there is.
fn taken(format: &str, sha256: Sha256, last: i32) -> Problem {
    problems::FormatTaken {
        format: &format,
        sha256: &sha256,
        next: &format!("{}/v{}", family(format), last.saturating_add(1)),
    }
    .at("/format")
}

/// What names a plan: the text with its samples, and what was in use when it was made.
fn plan_digest(turn: i64, adapter: &Adapter, samples: &Samples) -> Sha256 {
    let files = samples.documents.iter().chain(&samples.expected);
    let files: Vec<String> = files
        .map(|(file, text)| format!("{file}:{}", sha256(text.as_bytes())))
        .collect();
    sha256(
        format!(
            "{turn}\n{}\n{}\n{}",
            adapter.name(),
            adapter.sha256(),
            files.join("\n")
        )
        .as_bytes(),
    )
}

/// Something that a format can do: its word, and whether an adapter can.
type Ability = (&'static str, fn(&Adapter) -> bool);

/// What versions could do for which another stands in, and it cannot.
fn lost(adapter: &Adapter, before: &[&Arc<Adapter>]) -> Vec<String> {
    let abilities: [Ability; 4] = [
        ("dossiers-in", Adapter::reads_dossiers),
        ("statuses-in", Adapter::reads_statuses),
        ("dossiers-out", Adapter::renders),
        ("progress-out", Adapter::tells_progress),
    ];
    let lost = abilities
        .into_iter()
        .filter(|(_, can)| !can(adapter) && before.iter().any(|a| can(a)));
    lost.map(|(word, _)| word.to_owned()).collect()
}
