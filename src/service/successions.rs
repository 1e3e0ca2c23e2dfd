//! Open dossiers whose agency was reorganised: each goes to the agency that took over, once, or waits for the operator.

use std::sync::Arc;

use super::ServiceError;
use super::fault::internal;
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::rejection::Label;
use crate::domain::routing::{Directory, Heir, HeldDossier};
use crate::domain::status::Status;
use crate::domain::time::Date;
use crate::identity::{Access, Permission};
use crate::service::directory::DirectoryInUse;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::kept::KeptDossier;
use crate::store::ledger::{Succeed, SucceedOutcome};
use crate::store::read;

/// Dossiers of one agency read at a time.
const PAGE: i64 = 200;

/// What a look came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Dossiers that went to a successor.
    pub passed: usize,
    /// Dossiers that wait for the operator.
    pub parked: usize,
}

/// What becomes of open dossiers when an agency is reorganised.
pub struct Successions {
    store: Arc<Store>,
    clock: Clock,
    directory: Arc<DirectoryInUse>,
    notifier: Arc<Notifier>,
}

impl Successions {
    pub(super) fn new(base: &Base) -> Self {
        Successions {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            directory: Arc::clone(&base.directory),
            notifier: Arc::clone(&base.notifier),
        }
    }

    /// Looks at the open dossiers of every agency that was reorganised by today. Of an agency that has ended none is left
    /// afterwards, so the next look finds nothing.
    ///
    /// # Errors
    /// What the database says; what is done by then stays done.
    pub async fn step(&self) -> Result<Taken, ServiceError> {
        let (directory, today) = (self.directory.current(), self.clock.now().date());
        let mut taken = Taken::default();
        for agency in directory.departed(today) {
            for status in Status::ALL.into_iter().filter(|status| !status.is_final()) {
                self.of_agency(&directory, (agency, status), today, &mut taken)
                    .await?;
            }
        }
        Ok(taken)
    }

    async fn of_agency(
        &self,
        directory: &Directory,
        (agency, status): (&Key, Status),
        today: Date,
        taken: &mut Taken,
    ) -> Result<(), ServiceError> {
        let scope = Access::system().permit(Permission::HubRead)?;
        let mut after: Option<String> = None;
        loop {
            let (scope, key, from) = (scope.clone(), agency.to_string(), after.take());
            let page = self
                .store
                .readers
                .run(move |conn| read::held_by(conn, &scope, (&key, status), from.as_deref(), PAGE))
                .await?;
            let full = page.len() as i64 == PAGE;
            after = page.last().map(|row| row.id.to_string());
            for row in page {
                self.look_at(directory, agency, &row, today, taken).await?;
            }
            if !full {
                return Ok(());
            }
        }
    }

    async fn look_at(
        &self,
        directory: &Directory,
        agency: &Key,
        row: &KeptDossier,
        today: Date,
        taken: &mut Taken,
    ) -> Result<(), ServiceError> {
        let mut reason = row.route.read()?;
        let held = HeldDossier {
            agency,
            procedure: &row.procedure,
            since: reason.held_since().unwrap_or_else(|| row.received_at.date()),
            reason: &reason,
        };
        let heir = directory.heir(held, today);
        if heir == Heir::Stays {
            return Ok(());
        }
        let (succession, _) = directory.succession(agency, &heir, today);
        let text = format!("{} | {}", succession.vi, succession.en);
        let to = succession.agency.clone();
        reason.take_over(succession);
        // What an operator decided was about an agency that is no more.
        reason.assigned = None;
        let reception = directory.reception(&row.submitter, row.point.as_ref(), to.as_ref(), today);
        reason.reception = Some(reception.reason());
        let silence = |key: &Key| {
            directory
                .clockwork(Some(key), &row.procedure)
                .silence(self.clock.now())
        };
        let succeed = Succeed {
            dossier: row.id.to_string(),
            actor: Access::system().actor(),
            from: agency.clone(),
            to: match to {
                Some(key) => {
                    let silence = silence(&key);
                    Ok((key, silence))
                }
                None => Err(Label::SuccessorUndecided),
            },
            text,
            supervisor: reception.supervisor.map(|unit| unit.to_string()),
            route: serde_json::to_string(&reason).map_err(internal)?,
        };
        let passes = succeed.to.is_ok();
        if self.store.ledger.ask(succeed).await? == SucceedOutcome::Done {
            self.notifier.tell(&row.submitter);
            if passes {
                taken.passed += 1;
            } else {
                taken.parked += 1;
            }
        }
        Ok(())
    }
}
