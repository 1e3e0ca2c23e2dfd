//! Telling submitters: subscriptions, and the notices that go by them.
//!
//! The feed is the outbox: its rows are committed with the event, and a way has a cursor in it, which moves as its receiver takes what
//! comes. One hub at a time holds a way and tells it what its feed has after the cursor; nothing is written for what arrives but the
//! cursor and the log of attempts. What fails, hangs, or waits behind such in its dossier gets a row of its own, so that the cursor can
//! pass it; a receiver that is away for a week costs a few rows and a cursor, and going on from an old cursor is the same step as going
//! on from now. Within a dossier one notice is under way at a time; behind a parked one the dossier's later ones are held.

mod hold;
mod rows;
mod settle;
mod ways;

use diesel::dsl::{exists, min};
use diesel::prelude::*;

use rows::{ACTIVE, of};

use super::audit;
use super::batch::Batch;
use super::command::Command;
use super::requests::{
    EndSubscription, HeldWay, HoldWay, LeaseNotices, LeasedNotice, QueueRemoved, ReceiverAnswers,
    RetryNotices, RotateSecret, SettleNotices, SettledNotices, Subscribe, Subscribed, TestSubscription,
};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::domain::view::{SubscriptionState, Transport};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;
use crate::store::telling::{HELD, PARKED, Subscription, WAITING, may_go};
use crate::store::word::Word;

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
        let which = Subscription {
            tenant: self.tenant.clone(),
            way: Transport::Queue,
        };
        let key = (self.tenant.as_str(), Word(which.way));
        let removed = on_backend!(conn, c => diesel::delete(subscriptions::table.find(key)
            .filter(subscriptions::state.eq(Word(SubscriptionState::Ended)))).execute(c))?;
        if removed > 0 {
            rows::displace(conn, &which)?;
        }
        Ok(removed > 0)
    }
}

impl Command for RotateSecret {
    fn play(&self, _: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        ways::rotate(conn, &self.tenant, &self.secret.row, self.older_until)
    }
}

impl Command for TestSubscription {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<bool, StoreError> {
        ways::test(conn, batch.clock, &self.subscription, &self.event)
    }
}

impl Command for HoldWay {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Option<HeldWay>, StoreError> {
        hold::hold(conn, batch.clock, self)
    }
}

impl Command for LeaseNotices {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<LeasedNotice>, StoreError> {
        lease(conn, batch.clock, self)
    }
}

impl Command for SettleNotices {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<SettledNotices, StoreError> {
        settle::settle(conn, batch.clock, self)
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
            .find((which.tenant.as_str(), Word(which.way)))
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
            has_row: true,
        })
        .collect())
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
        let action = AuditAction::on(Action::NoticesRetried, &which.tenant)
            .with("way", which.way.word())
            .with("count", parked);
        audit::append(conn, now, actor, Some(reason), [&action])?;
    }
    Ok(parked)
}
