//! Whose commands the database refused. A fault costs the tenant that sent it: after the first its commands are played apart from
//! everybody else's for a while, and after a few it is slowed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Command;
use super::notices::NoticeCommand;
use super::push::PushCommand;
use crate::domain::tenant::{Actor, TenantKind};
use crate::domain::time::Timestamp;
use crate::store::columns::Column;
use crate::store::moment::At;

/// A fault is remembered for so long after the last one.
pub const FAULTS_REMEMBERED: Duration = Duration::from_secs(600);

/// So many faults remembered of a tenant, and it is slowed.
pub const FAULTS_ALLOWED: u32 = 5;

/// How long a tenant is slowed the first time; each further fault doubles it …
pub const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// … up to this.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// What is remembered of one tenant.
#[derive(Clone, Copy, Debug)]
struct Standing {
    faults: u32,
    /// Every fault since the hub started.
    total: u64,
    last: Timestamp,
    until: Option<Timestamp>,
}

/// The faults of all tenants. Only tenants of the register are in it, so it is as small as the register.
#[derive(Default)]
pub(super) struct Faults {
    of: Mutex<HashMap<String, Standing>>,
}

impl Faults {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Standing>) -> T) -> T {
        work(&mut self.of.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a fault. Says for how long its tenant is slowed now, if it is.
    pub(super) fn note(&self, sender: &Sender<'_>, now: Timestamp) -> Option<Duration> {
        self.with(|of| {
            let standing = of.entry(sender.tenant.to_owned()).or_insert(Standing {
                faults: 0,
                total: 0,
                last: now,
                until: None,
            });
            if now.since(standing.last) > FAULTS_REMEMBERED {
                standing.faults = 0;
            }
            standing.faults += 1;
            standing.total += 1;
            standing.last = now;
            let over = standing.faults.checked_sub(FAULTS_ALLOWED)?;
            if !sender.may_be_slowed {
                return None;
            }
            let pause = FIRST_PAUSE.saturating_mul(1 << over.min(10)).min(LONGEST_PAUSE);
            standing.until = Some(now.plus(pause));
            Some(pause)
        })
    }

    /// For how long a tenant is still slowed.
    pub(super) fn slowed(&self, tenant: &str, now: Timestamp) -> Option<Duration> {
        self.with(|of| {
            let left = of.get(tenant)?.until?.since(now);
            (!left.is_zero()).then_some(left)
        })
    }

    /// Whether a tenant had a fault lately.
    pub(super) fn suspect(&self, tenant: &str, now: Timestamp) -> bool {
        self.with(|of| {
            of.get(tenant)
                .is_some_and(|standing| now.since(standing.last) <= FAULTS_REMEMBERED)
        })
    }

    /// Faults of each tenant since the hub started.
    pub(super) fn totals(&self) -> Vec<(String, u64)> {
        self.with(|of| {
            of.iter()
                .map(|(tenant, standing)| (tenant.clone(), standing.total))
                .collect()
        })
    }
}

/// Who sent a command.
pub(super) struct Sender<'a> {
    pub tenant: &'a str,
    /// An operator mends, and is not slowed.
    pub may_be_slowed: bool,
}

impl<'a> Sender<'a> {
    fn named(tenant: &'a str) -> Self {
        Sender {
            tenant,
            may_be_slowed: !tenant.starts_with("operator."),
        }
    }

    fn actor(actor: &'a Actor) -> Self {
        Sender {
            tenant: actor.tenant.as_str(),
            may_be_slowed: actor.tenant.kind() != TenantKind::Operator,
        }
    }
}

impl Command {
    /// Whose command it is; none for what the hub does by itself, or for many at once.
    pub(super) fn sender(&self) -> Option<Sender<'_>> {
        Some(match self {
            Command::Submit(submit) => Sender::actor(&submit.actor),
            Command::Remember(remember) => Sender::named(&remember.key.tenant),
            Command::Refuse(row) => Sender::named(&row.tenant),
            Command::Act(act) => Sender::actor(&act.actor),
            Command::Assign(assign) => Sender::actor(&assign.actor),
            Command::Register(change) => Sender::actor(&change.actor),
            Command::AddBlob(add) => Sender::actor(&add.actor),
            Command::NoteRead(read) => Sender::actor(&read.actor),
            Command::Notices(command) => match command.as_ref() {
                NoticeCommand::Subscribe(asked) => Sender::named(&asked.subscription.tenant),
                _ => return None,
            },
            Command::Push(command) => match command.as_ref() {
                PushCommand::SetEndpoint(row) => Sender::named(&row.set_by),
                PushCommand::Intervene(asked) => Sender::actor(&asked.actor),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// A column for which the command has a value that no database holds.
    pub(super) fn unstorable(&self) -> Option<&'static str> {
        let moment = |at: Timestamp| At(at).is_storable();
        match self {
            Command::Submit(submit) => {
                let limits = submit.watches.iter();
                if !moment(submit.filed_at) {
                    return Some("events.occurred_at");
                }
                if limits
                    .into_iter()
                    .any(|l| !moment(l.due_at) || !At(l.warn_at.unwrap_or(l.due_at)).is_storable())
                {
                    return Some("watches.due_at");
                }
                submit
                    .key
                    .unstorable()
                    .or_else(|| submit.dossier.unstorable())
                    .or_else(|| submit.submission.unstorable())
                    .or_else(|| submit.parties.iter().find_map(|row| row.unstorable()))
            }
            Command::Remember(remember) => remember.key.unstorable(),
            Command::Refuse(row) => row.unstorable(),
            Command::Act(act) => {
                if !moment(act.occurred_at) || act.deed.moments().any(|at| !moment(at)) {
                    return Some("events.occurred_at");
                }
                if !act.report_key.is_storable() {
                    return Some("natural_keys.value");
                }
                if !act.dossier.is_storable() {
                    return Some("events.dossier");
                }
                act.key.as_ref().and_then(super::KeyUse::unstorable)
            }
            Command::Assign(assign) => assign
                .key
                .unstorable()
                .or_else(|| (!assign.route.is_storable()).then_some("dossiers.route")),
            Command::Register(change) => (!change.reason.is_storable()).then_some("audit.reason"),
            Command::Push(command) => match command.as_ref() {
                PushCommand::SetEndpoint(row) => row.unstorable(),
                _ => None,
            },
            Command::Notices(command) => match command.as_ref() {
                NoticeCommand::Subscribe(asked) => (!asked.url.is_storable()).then_some("subscriptions.url"),
                _ => None,
            },
            _ => None,
        }
    }
}

impl super::KeyUse {
    fn unstorable(&self) -> Option<&'static str> {
        (!self.key.is_storable()).then_some("idempotency_keys.key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_faults_slow_a_tenant_each_more_for_longer_and_ten_quiet_minutes_forget_them() {
        let faults = Faults::default();
        let sender = Sender::named("branch.tay-ho");
        let mut now = Timestamp::from_micros(0);
        for _ in 1..FAULTS_ALLOWED {
            assert_eq!(faults.note(&sender, now), None);
        }
        assert!(faults.suspect("branch.tay-ho", now) && faults.slowed("branch.tay-ho", now).is_none());
        assert!(!faults.suspect("branch.ha-dong", now));
        assert_eq!(faults.note(&sender, now), Some(FIRST_PAUSE));
        assert_eq!(faults.slowed("branch.tay-ho", now), Some(FIRST_PAUSE));
        assert_eq!(faults.note(&sender, now), Some(FIRST_PAUSE * 2));
        for _ in 0..20 {
            faults.note(&sender, now);
        }
        assert_eq!(faults.slowed("branch.tay-ho", now), Some(LONGEST_PAUSE));
        now = now.plus(LONGEST_PAUSE);
        assert_eq!(faults.slowed("branch.tay-ho", now), None);
        now = now.plus(Duration::from_secs(1));
        assert!(!faults.suspect("branch.tay-ho", now));
        assert_eq!(faults.note(&sender, now), None);
        assert_eq!(faults.totals(), [("branch.tay-ho".to_owned(), 27)]);
    }

    #[test]
    fn an_operator_is_counted_and_not_slowed() {
        let faults = Faults::default();
        let sender = Sender::actor(&Actor::hub()).tenant.to_owned();
        for _ in 0..20 {
            assert_eq!(
                faults.note(&Sender::named(&sender), Timestamp::from_micros(0)),
                None
            );
        }
        assert_eq!(faults.slowed(&sender, Timestamp::from_micros(0)), None);
    }
}
