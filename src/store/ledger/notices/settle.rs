//! What became of notices: of those with a row, of those told from the feed, and how far the way has come.

use std::collections::HashSet;

use diesel::prelude::*;

use super::rows::{find, of, place, waiting};
use super::ways;
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::domain::view::{NoticeOutcome, SubscriptionState};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::kept::{Hold, KeptSubscription};
use crate::store::ledger::requests::{
    Carried, FeedProgress, LeasedNotice, NoticeSettlement, SendOutcome, SetAside, SettleNotices,
    SettledNotices,
};
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::script::{Clash, Script};
use crate::store::tables::*;
use crate::store::telling::{HELD, PARKED, Subscription, WAITING};
use crate::store::word::{NoticeState, Word};

/// What one settlement writes beside what it changes at once.
struct Settling<'a> {
    now: Timestamp,
    which: &'a Subscription,
    /// Whether the way was set up anew since it was called: what it said then says nothing of what it is now, which is tried at once.
    is_another: bool,
    arrived: Vec<i64>,
    made: Vec<NoticeRow>,
    tried: Vec<NoticeAttemptRow>,
}

pub(super) fn settle(
    conn: &mut Conn,
    now: Timestamp,
    asked: &SettleNotices,
) -> Result<SettledNotices, StoreError> {
    let which = &asked.subscription;
    let FeedProgress { holder, from, .. } = &asked.progress;
    let way = find(conn, which)?;
    let is_as_set_up = way.as_ref().is_some_and(|way| way.since == asked.set_at);
    let held = way.as_ref();
    let held = held.filter(|way| way.is_held_by(holder) && way.cursor == *from);
    let is_held = held.is_some();
    let mut settling = Settling {
        now,
        which,
        is_another: way.is_some() && !is_as_set_up,
        arrived: Vec::new(),
        made: Vec::new(),
        tried: Vec::with_capacity(asked.settlements.len()),
    };
    let mut is_gone = false;
    for s in &asked.settlements {
        is_gone |= s.fate == SendOutcome::Gone;
        let outcome = match s.notice.has_row {
            true => settling.row(conn, s)?,
            false => settling.of_the_feed(s, is_held),
        };
        settling.tried.push(attempt(which, s, now, outcome));
    }
    if is_gone {
        ways::disable(conn, now, which, asked.set_at)?;
    }
    if is_held {
        settling.set_aside(conn, &asked.progress.set_aside)?;
    }
    let mut script = Script::on(conn);
    if !settling.arrived.is_empty() {
        script.run(diesel::delete(
            of(which).filter(notices::seq.eq_any(settling.arrived)),
        ))?;
    }
    script.write(&settling.made, Clash::Stays)?;
    script.write(&settling.tried, Clash::Stays)?;
    if let Some(way) = held {
        go_on(&mut script, now, way, &asked.progress)?;
    }
    script.end()?;
    let is_active = way.is_some_and(|way| way.state == SubscriptionState::Active);
    Ok(SettledNotices {
        is_held,
        stands: is_as_set_up && is_active && !is_gone,
    })
}

fn go_on(
    script: &mut Script<'_>,
    now: Timestamp,
    way: &KeptSubscription,
    progress: &FeedProgress,
) -> Result<(), StoreError> {
    let hold = Hold {
        by: progress.holder.clone(),
        until: now.plus(progress.hold),
    };
    let cursor = progress.to.max(progress.from);
    place(script, &way.subscription, Some(way.number), cursor, Some(hold))
}

impl Settling<'_> {
    /// What becomes of a notice that has a row.
    fn row(&mut self, conn: &mut Conn, s: &NoticeSettlement) -> Result<NoticeOutcome, StoreError> {
        let one = || of(self.which).filter(notices::seq.eq(s.notice.seq));
        let free = notices::leased_until.eq(None::<At>);
        Ok(match &s.fate {
            SendOutcome::Carried(Carried::Done) => {
                self.arrived.push(s.notice.seq);
                NoticeOutcome::Delivered
            }
            SendOutcome::Carried(Carried::Retry {
                not_before, counts, ..
            }) => {
                let uncounted = i32::from(!counts || self.is_another);
                let not_before = if self.is_another { self.now } else { *not_before };
                on_backend!(conn, c => diesel::update(one().filter(notices::state.eq(WAITING)))
                    .set((
                        free,
                        notices::not_before.eq(At(not_before)),
                        notices::attempts.eq(notices::attempts - uncounted),
                    ))
                    .execute(c))?;
                NoticeOutcome::Retry
            }
            SendOutcome::Carried(Carried::Park { .. }) => {
                park(conn, self.now, self.which, &s.notice)?;
                NoticeOutcome::Parked
            }
            SendOutcome::Gone => {
                on_backend!(conn, c => diesel::update(one()).set(free).execute(c))?;
                NoticeOutcome::Gone
            }
        })
    }

    /// What becomes of an event that was told from the feed: what did not arrive has a row from now on. Where another one holds the way,
    /// the feed still has it for them.
    fn of_the_feed(&mut self, s: &NoticeSettlement, is_held: bool) -> NoticeOutcome {
        let notice = &s.notice;
        let mut row = waiting(self.which, self.now, (notice.seq, &notice.dossier, &notice.event));
        let outcome = match &s.fate {
            SendOutcome::Carried(Carried::Done) => return NoticeOutcome::Delivered,
            SendOutcome::Carried(Carried::Retry {
                not_before, counts, ..
            }) => {
                if !self.is_another {
                    row.not_before = At(*not_before);
                    row.attempts = i32::from(*counts);
                }
                NoticeOutcome::Retry
            }
            SendOutcome::Carried(Carried::Park { .. }) => {
                (row.state, row.attempts) = (PARKED, notice.attempt);
                NoticeOutcome::Parked
            }
            SendOutcome::Gone => {
                row.attempts = notice.attempt;
                NoticeOutcome::Gone
            }
        };
        if is_held {
            self.made.push(row);
        }
        outcome
    }

    /// Rows of what the cursor passes untold: it hangs, or waits behind others of its dossier.
    fn set_aside(&mut self, conn: &mut Conn, aside: &[SetAside]) -> Result<(), StoreError> {
        if aside.is_empty() {
            return Ok(());
        }
        let dossiers: HashSet<&str> = aside.iter().map(|one| one.dossier.as_str()).collect();
        let stuck: Vec<String> = on_backend!(conn, c => of(self.which)
            .filter(notices::dossier.eq_any(&dossiers))
            .filter(notices::state.eq(PARKED))
            .select(notices::dossier)
            .distinct()
            .load(c))?;
        let parked_now = self.made.iter().filter(|row| row.state == PARKED);
        let stuck: HashSet<String> = parked_now.map(|row| row.dossier.clone()).chain(stuck).collect();
        for one in aside {
            let mut row = waiting(self.which, self.now, (one.seq, &one.dossier, &one.event));
            if let Some(lease) = one.leased {
                (row.leased_until, row.attempts) = (Some(At(self.now.plus(lease))), 1);
            } else if stuck.contains(&one.dossier) {
                row.state = HELD;
            }
            self.made.push(row);
        }
        Ok(())
    }
}

fn attempt(
    which: &Subscription,
    s: &NoticeSettlement,
    now: Timestamp,
    outcome: NoticeOutcome,
) -> NoticeAttemptRow {
    let failed = match &s.fate {
        SendOutcome::Carried(carried) => carried.failed().map(|(failure, reason)| (failure, Some(reason))),
        SendOutcome::Gone => Some((Failure::NotThere, None)),
    };
    NoticeAttemptRow {
        tenant: which.tenant.clone(),
        way: Word(which.way),
        seq: s.notice.seq,
        number: s.notice.attempt,
        at: At(now),
        event: s.notice.event.clone(),
        dossier: s.notice.dossier.clone(),
        outcome: Word(outcome),
        class: failed.map(|(failure, _)| Word(failure)),
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
