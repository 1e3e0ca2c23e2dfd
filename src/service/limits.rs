//! Limits: looking at those whose time has come, and telling the operator.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::ServiceError;
use super::fault::internal;
use super::feed::foreign;
use crate::clock::Clock;
use crate::domain::clocks::Watched;
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::routing::AgencyChannel;
use crate::domain::view::{AlarmPage, AlarmView, Cursor, LimitCount};
use crate::identity::{Access, Permission};
use crate::service::directory::DirectoryInUse;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::ledger::{Watch, WatchOutcome};
use crate::store::read::{self, CursorStanding, KeptAlarm};

/// Limits looked at in one commit, so that nobody waits long behind them.
pub const LIMITS_AT_ONCE: i64 = 64;

/// The time limits that run.
pub struct Limits {
    store: Arc<Store>,
    clock: Clock,
    directory: Arc<DirectoryInUse>,
    notifier: Arc<Notifier>,
}

impl Limits {
    pub(super) fn new(base: &Base) -> Self {
        Limits {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            directory: Arc::clone(&base.directory),
            notifier: Arc::clone(&base.notifier),
        }
    }

    /// Looks at the limits whose time has come: warns, tells what has passed, each once, and wakes whoever waits for it. The
    /// ledger is asked only when something waits.
    ///
    /// # Errors
    /// What the database says.
    pub async fn watch(&self) -> Result<WatchOutcome, ServiceError> {
        let now = self.clock.now();
        let directory = self.directory.current();
        let law = Arc::clone(directory.time_limits().at(now.date()));
        let allowed = Duration::from_secs(u64::from(law.clock_ahead));
        let waits = self
            .store
            .readers
            .run(move |conn| read::limits_wait(conn, now, allowed))
            .await?;
        if !waits {
            return Ok(WatchOutcome::default());
        }
        let keys = directory.agencies().map(|agency| agency.key.as_str());
        let watch = Watch {
            clockwork: directory.city_clockwork(),
            max: LIMITS_AT_ONCE,
            actor: Access::system().actor(),
            own_queues: keys
                .filter(|key| self.directory.channel(key) == AgencyChannel::Amqp)
                .map(str::to_owned)
                .collect(),
            law,
        };
        let outcome = self.store.ledger.ask(watch).await?;
        for fired in &outcome.fired {
            if let Some(submitter) = &fired.submitter {
                let submitter = submitter.parse().map_err(internal)?;
                self.notifier.tell(&submitter);
            }
        }
        Ok(outcome)
    }

    /// What was told of limits after a number, in order. Warnings only when asked for: they are the parties' matter.
    ///
    /// # Errors
    /// `permission-missing`; `cursor-unknown`, with where to begin again.
    pub async fn alarms(
        &self,
        access: &Access,
        after: Cursor,
        near: bool,
        limit: u32,
    ) -> Result<AlarmPage, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let limit = i64::from(limit.clamp(1, LARGEST_PAGE));
        let alarms = self
            .store
            .readers
            .run(move |conn| match read::alarm_cursor(conn, after)? {
                CursorStanding::Known(after) => Ok(Ok(read::alarms(conn, &scope, after, near, limit)?)),
                CursorStanding::Foreign { from } => Ok(Err(foreign("after", after, from))),
            })
            .await??;
        let next = alarms
            .last()
            .map_or(after, |alarm| Cursor::after(alarm.number, alarm.at));
        let alarms = alarms.iter().map(|alarm| self.alarm_view(alarm)).collect();
        Ok(AlarmPage { alarms, next })
    }

    fn alarm_view(&self, alarm: &KeptAlarm) -> AlarmView {
        AlarmView {
            number: alarm.number,
            at: alarm.at,
            limit: alarm.limit,
            passed: alarm.passed,
            due_at: alarm.due_at,
            party: alarm.limit.party(),
            dossier: alarm.dossier,
            agency: alarm.agency.as_ref().map(|key| self.directory.agency_view(key)),
        }
    }

    /// How many dossiers have a limit that is near or has passed: a line for each limit of a dossier.
    ///
    /// # Errors
    /// What the database says.
    pub async fn limits_told(&self) -> Result<Vec<LimitCount>, ServiceError> {
        let told = self.store.readers.run(read::limits_told).await?;
        let of_dossiers = Watched::ALL.into_iter().filter(|l| {
            !matches!(
                l,
                Watched::ClockAhead
                    | Watched::CodeContested
                    | Watched::FormatDrift
                    | Watched::SupervisionNotice
            )
        });
        let mut counts: BTreeMap<Watched, LimitCount> = of_dossiers
            .map(|limit| {
                let count = LimitCount {
                    limit,
                    near: 0,
                    passed: 0,
                };
                (limit, count)
            })
            .collect();
        for (limit, passed, number) in told {
            if let Some(count) = counts.get_mut(&limit) {
                *(if passed {
                    &mut count.passed
                } else {
                    &mut count.near
                }) = number;
            }
        }
        Ok(counts.into_values().collect())
    }
}
