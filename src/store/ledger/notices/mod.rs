//! Telling submitters: subscriptions, and the notices that go by them.
//!
//! The feed is the outbox: its rows are committed with the event. A notice is a feed row on its way by one subscription, made a
//! bounded number ahead of what is delivered, so that a receiver that is away for a week costs a window of rows and a cursor,
//! and going on from an old cursor is the same step as going on from now. Within a dossier one notice is under way at a time;
//! behind a parked one the dossier's later ones are held.

mod rows;
mod ways;

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::dsl::{exists, min};
use diesel::prelude::*;

use rows::{ACTIVE, find, of, waiting};

use super::audit;
use super::batch::Batch;
use super::command::Command;
use super::requests::{
    Carried, EndSubscription, Fate, LeaseNotices, LeasedNotice, NoticeSettlement, QueueRemoved,
    ReceiverAnswers, RetryNotices, RotateSecret, SettleNotices, SpreadNews, Subscribe, Subscribed,
    TestSubscription,
};
use crate::domain::audit::{Action, Deed};
use crate::domain::failure::Failure;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::domain::view::{NoticeOutcome, SubscriptionState, Way};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::script::{Clash, Script};
use crate::store::tables::*;
use crate::store::telling::{HELD, News, PARKED, Subscription, WAITING, may_go};
use crate::store::word::{NoticeState, Word};

impl Command for Subscribe {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Subscribed, StoreError> {
        ways::subscribe(conn, batch.clock, batch.head.seq, self)
    }
}

impl Command for EndSubscription {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        ways::end(conn, batch.clock, &self.0)
    }
}

impl Command for QueueRemoved {
    fn play(&self, _: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        let key = (self.tenant.as_str(), Way::Queue.word());
        let removed = on_backend!(conn, c => diesel::delete(subscriptions::table.find(key)
            .filter(subscriptions::state.eq(Word(SubscriptionState::Ended)))).execute(c))?;
        Ok(removed > 0)
    }
}

impl Command for RotateSecret {
    fn play(&self, _: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        ways::rotate(conn, &self.tenant, &self.secret, self.older_until)
    }
}

impl Command for TestSubscription {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        ways::test(conn, batch.clock, &self.subscription, &self.event)
    }
}

impl Command for SpreadNews {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<usize, StoreError> {
        spread(conn, batch.clock, &self.0)
    }
}

impl Command for LeaseNotices {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<LeasedNotice>, StoreError> {
        lease(conn, batch.clock, self)
    }
}

impl Command for SettleNotices {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        settle(conn, batch.clock, &self.settlements, self.set_at)
    }
}

impl Command for ReceiverAnswers {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<(), StoreError> {
        let now = At(batch.clock);
        let failing = of(&self.0)
            .filter(notices::state.eq(WAITING))
            .filter(notices::leased_until.is_null())
            .filter(notices::not_before.gt(now));
        on_backend!(conn, c => diesel::update(failing).set(notices::not_before.eq(now)).execute(c))?;
        Ok(())
    }
}

impl Command for RetryNotices {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<usize, StoreError> {
        retry(conn, batch.clock, &self.subscription, self.by.as_ref())
    }
}

/// Takes feed rows into notices, in order and each once: the cursor moves in the same commit, and only from where it was.
fn spread(conn: &mut Conn, now: Timestamp, news: &[News]) -> Result<usize, StoreError> {
    let tenants: Vec<&str> = news.iter().map(|n| n.subscription.tenant.as_str()).collect();
    let rows: Vec<SubscriptionRow> = on_backend!(conn, c => subscriptions::table
        .filter(subscriptions::tenant.eq_any(&tenants))
        .filter(subscriptions::state.eq(ACTIVE))
        .select(SubscriptionRow::as_select())
        .load(c))?;
    let cursors: HashMap<(&str, &str), i64> = rows
        .iter()
        .map(|r| ((r.tenant.as_str(), r.way.as_str()), r.cursor))
        .collect();
    let current = |n: &&News| {
        let key = (n.subscription.tenant.as_str(), n.subscription.way.word());
        cursors.get(&key) == Some(&n.after)
    };
    let fresh: Vec<&News> = news.iter().filter(current).collect();
    let dossiers: HashSet<&str> = fresh
        .iter()
        .flat_map(|n| n.events.iter().map(|e| e.1.as_str()))
        .collect();
    let stuck: Vec<(String, String, String)> = on_backend!(conn, c => notices::table
        .filter(notices::tenant.eq_any(&tenants))
        .filter(notices::dossier.eq_any(&dossiers))
        .filter(notices::state.eq(PARKED))
        .select((notices::tenant, notices::way, notices::dossier))
        .distinct()
        .load(c))?;
    let stuck: HashSet<(&str, &str, &str)> = stuck
        .iter()
        .map(|s| (s.0.as_str(), s.1.as_str(), s.2.as_str()))
        .collect();
    let mut made = Vec::new();
    for n in &fresh {
        for (seq, dossier, event) in &n.events {
            let mut row = waiting(&n.subscription, now, (*seq, dossier, event));
            if stuck.contains(&(row.tenant.as_str(), row.way.as_str(), row.dossier.as_str())) {
                row.state = HELD;
            }
            made.push(row);
        }
    }
    let mut script = Script::on(conn);
    script.write(&made, Clash::Stays)?;
    for n in &fresh {
        let Some((last, _, _)) = n.events.last() else {
            continue;
        };
        let key = (n.subscription.tenant.as_str(), n.subscription.way.word());
        script.run(diesel::update(subscriptions::table.find(key)).set(subscriptions::cursor.eq(*last)))?;
    }
    script.end()?;
    Ok(made.len())
}

/// Of each dossier the first that waits, so that the next goes when it has arrived.
fn lease(conn: &mut Conn, now: Timestamp, asked: &LeaseNotices) -> Result<Vec<LeasedNotice>, StoreError> {
    let which = &asked.subscription;
    let earlier = diesel::alias!(notices as earlier);
    // A value of its own for each row, and no join of all that waits with all that waits: which PostgreSQL makes of `NOT EXISTS` as long
    // as it has not counted the table.
    let first = earlier
        .filter(earlier.field(notices::tenant).eq(notices::tenant))
        .filter(earlier.field(notices::way).eq(notices::way))
        .filter(earlier.field(notices::dossier).eq(notices::dossier))
        .filter(earlier.field(notices::state).eq(WAITING))
        .select(min(earlier.field(notices::seq)))
        .single_value();
    let rows: Vec<NoticeRow> = on_backend!(conn, c => {
        let mut standing = subscriptions::table
            .find((which.tenant.as_str(), which.way.word()))
            .filter(subscriptions::state.eq(ACTIVE))
            .into_boxed();
        if let Some(then) = asked.set_at {
            standing = standing.filter(subscriptions::since.eq(At(then)));
        }
        let mut ready = of(which)
            .filter(may_go!(now))
            .filter(first.eq(notices::seq.nullable()))
            .filter(exists(standing))
            .into_boxed();
        if asked.least_tried_first {
            ready = ready.order((notices::attempts, notices::not_before));
        }
        ready.then_order_by(notices::seq).limit(asked.max).select(NoticeRow::as_select()).load(c)
    })?;
    let seqs: Vec<i64> = rows.iter().map(|r| r.seq).collect();
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    // By their numbers: found by the search above in one statement, PostgreSQL would search anew for each.
    on_backend!(conn, c => diesel::update(of(which).filter(notices::seq.eq_any(&seqs)))
        .set((
            notices::leased_until.eq(Some(At(now.plus(asked.lease)))),
            notices::attempts.eq(notices::attempts + 1),
        ))
        .execute(c))?;
    Ok(rows
        .into_iter()
        .map(|r| LeasedNotice {
            seq: r.seq,
            dossier: r.dossier,
            event: r.event,
            attempt: r.attempts + 1,
        })
        .collect())
}

fn settle(
    conn: &mut Conn,
    now: Timestamp,
    settlements: &[NoticeSettlement],
    set_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let mut arrived: BTreeMap<&Subscription, Vec<i64>> = BTreeMap::new();
    let mut tried = Vec::with_capacity(settlements.len());
    let is_another = is_another(conn, settlements, set_at)?;
    for s in settlements {
        let one = || of(&s.subscription).filter(notices::seq.eq(s.notice.seq));
        let free = notices::leased_until.eq(None::<At>);
        let outcome = match &s.fate {
            Fate::Carried(Carried::Done) => {
                arrived.entry(&s.subscription).or_default().push(s.notice.seq);
                NoticeOutcome::Delivered
            }
            Fate::Unsent => {
                on_backend!(conn, c => diesel::update(one().filter(notices::state.eq(WAITING)))
                    .set((free, notices::attempts.eq(notices::attempts - 1))).execute(c))?;
                continue;
            }
            Fate::Carried(Carried::Retry {
                not_before, counts, ..
            }) => {
                let uncounted = i32::from(!counts || is_another);
                let not_before = if is_another { now } else { *not_before };
                on_backend!(conn, c => diesel::update(one().filter(notices::state.eq(WAITING)))
                    .set((
                        free,
                        notices::not_before.eq(At(not_before)),
                        notices::attempts.eq(notices::attempts - uncounted),
                    ))
                    .execute(c))?;
                NoticeOutcome::Retry
            }
            Fate::Carried(Carried::Park { .. }) => {
                park(conn, now, &s.subscription, &s.notice)?;
                NoticeOutcome::Parked
            }
            Fate::Gone => {
                ways::disable(conn, now, &s.subscription, set_at)?;
                on_backend!(conn, c => diesel::update(one()).set(free).execute(c))?;
                NoticeOutcome::Gone
            }
        };
        tried.push(attempt(s, now, outcome));
    }
    let mut script = Script::on(conn);
    for (which, seqs) in arrived {
        script.run(diesel::delete(of(which).filter(notices::seq.eq_any(seqs))))?;
    }
    script.write(&tried, Clash::Stays)?;
    script.end()
}

/// Whether the way was set up anew since it was called: what it said then says nothing of what it is now, which is tried at once.
fn is_another(
    conn: &mut Conn,
    settlements: &[NoticeSettlement],
    set_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let (Some(then), Some(retry)) = (
        set_at,
        settlements
            .iter()
            .find(|s| matches!(s.fate, Fate::Carried(Carried::Retry { .. }))),
    ) else {
        return Ok(false);
    };
    Ok(find(conn, &retry.subscription)?.is_some_and(|row| row.since.0 != then))
}

fn attempt(s: &NoticeSettlement, now: Timestamp, outcome: NoticeOutcome) -> NoticeAttemptRow {
    let failed = match &s.fate {
        Fate::Carried(carried) => carried.failed().map(|(failure, reason)| (failure, Some(reason))),
        Fate::Gone => Some((Failure::NotThere, None)),
        Fate::Unsent => None,
    };
    NoticeAttemptRow {
        tenant: s.subscription.tenant.clone(),
        way: s.subscription.way.word().to_owned(),
        seq: s.notice.seq,
        number: s.notice.attempt,
        at: At(now),
        event: s.notice.event.clone(),
        dossier: s.notice.dossier.clone(),
        outcome: Word(outcome),
        class: failed.map(|(failure, _)| failure.word().to_owned()),
        reason: failed.and_then(|(_, reason)| reason).map(str::to_owned),
    }
}

/// Gives one up, and holds what comes after it in its dossier: the receiver would otherwise hear of an end without its middle.
fn park(
    conn: &mut Conn,
    now: Timestamp,
    which: &Subscription,
    notice: &LeasedNotice,
) -> Result<(), StoreError> {
    let change = |state: Word<NoticeState>| {
        (
            notices::state.eq(state),
            notices::since.eq(At(now)),
            notices::leased_until.eq(None::<At>),
        )
    };
    on_backend!(conn, c => diesel::update(of(which).filter(notices::seq.eq(notice.seq)))
        .set(change(PARKED)).execute(c))?;
    on_backend!(conn, c => diesel::update(of(which)
            .filter(notices::dossier.eq(&notice.dossier))
            .filter(notices::seq.gt(notice.seq))
            .filter(notices::state.eq(WAITING)))
        .set(change(HELD)).execute(c))?;
    Ok(())
}

fn retry(
    conn: &mut Conn,
    now: Timestamp,
    which: &Subscription,
    by: Option<&(Actor, String)>,
) -> Result<usize, StoreError> {
    let again = (
        notices::state.eq(WAITING),
        notices::since.eq(At(now)),
        notices::not_before.eq(At(now)),
        notices::leased_until.eq(None::<At>),
        notices::attempts.eq(0),
    );
    let parked = on_backend!(conn, c => diesel::update(of(which).filter(notices::state.eq(PARKED)))
        .set(again).execute(c))?;
    on_backend!(conn, c => diesel::update(of(which).filter(notices::state.eq(HELD))).set(again).execute(c))?;
    if let Some((actor, reason)) = by {
        let deed = Deed::on(Action::NoticesRetried, &which.tenant)
            .with("way", which.way.word())
            .with("count", parked);
        audit::append(conn, now, actor, Some(reason), [&deed])?;
    }
    Ok(parked)
}
