//! Ways set up, changed, ended, disabled; secrets replaced; a test event by one.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::rows::{ACTIVE, displace, find, of, place, waiting};
use crate::domain::time::Timestamp;
use crate::domain::view::{SubscriptionState, Transport};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::ledger::requests::{RECEIVER_GONE, Subscribe, Subscribed, TEST};
use crate::store::moment::{At, TICK};
use crate::store::rows::*;
use crate::store::script::Script;
use crate::store::tables::*;
use crate::store::telling::{Subscription, WAITING};
use crate::store::word::Word;

pub(super) fn subscribe(
    conn: &mut Conn,
    now: Timestamp,
    head: i64,
    wanted: &Subscribe,
) -> Result<Subscribed, StoreError> {
    let before = find(conn, &wanted.subscription)?;
    // Whoever removes a drained queue looks first and deletes then: nothing may come into it in between.
    if before
        .as_ref()
        .is_some_and(|way| way.state == SubscriptionState::Ended)
    {
        return Ok(Subscribed::Ending);
    }
    let is_elsewhere = before.as_ref().is_some_and(|way| way.url != wanted.url);
    // Later than the one before whatever the clock says: by this moment what was said of the one is told from the other.
    let since = before.as_ref().map_or(now, |way| now.max(way.since.plus(TICK)));
    let cursor = wanted
        .from
        .or(before.as_ref().map(|way| way.cursor))
        .unwrap_or(head);
    let which = &wanted.subscription;
    let row = SubscriptionRow {
        tenant: which.tenant.clone(),
        way: Word(which.way),
        state: ACTIVE,
        since: At(since),
        reason: None,
        url: wanted.url.clone(),
    };
    on_backend!(conn, c => diesel::insert_into(subscriptions::table).values(&row)
        .on_conflict((subscriptions::tenant, subscriptions::way)).do_update().set((
            subscriptions::state.eq(excluded(subscriptions::state)),
            subscriptions::since.eq(excluded(subscriptions::since)),
            subscriptions::reason.eq(excluded(subscriptions::reason)),
            subscriptions::url.eq(excluded(subscriptions::url)),
        )).execute(c))?;
    let number = before.as_ref().map(|way| way.number);
    // Whoever tells it now does so from a place that is no longer its own.
    let hold = before.filter(|_| wanted.from.is_none()).and_then(|way| way.hold);
    let mut script = Script::on(conn);
    // A cursor that nobody was given yet would pass over what comes.
    place(&mut script, which, number, cursor.clamp(0, head), hold)?;
    script.end()?;
    // Whoever sets it up says that it is there: it is tried at once, and another address as if nothing had been tried.
    on_backend!(conn, c => diesel::update(of(which).filter(notices::state.eq(WAITING)))
        .set(notices::not_before.eq(At(now))).execute(c))?;
    if is_elsewhere {
        on_backend!(conn, c => diesel::update(of(which).filter(notices::state.eq(WAITING)).filter(notices::leased_until.is_null()))
            .set(notices::attempts.eq(0)).execute(c))?;
    }
    let Some(secret) = &wanted.secret else {
        return Ok(Subscribed::Done { secret_taken: false });
    };
    let has_one: i64 = on_backend!(conn, c => subscription_secrets::table
        .filter(subscription_secrets::tenant.eq(&which.tenant)).count().get_result(c))?;
    if has_one > 0 {
        return Ok(Subscribed::Done { secret_taken: false });
    }
    on_backend!(conn, c => diesel::insert_into(subscription_secrets::table).values(&secret.row).execute(c))?;
    Ok(Subscribed::Done { secret_taken: true })
}

pub(super) fn end(conn: &mut Conn, now: Timestamp, which: &Subscription) -> Result<bool, StoreError> {
    on_backend!(conn, c => diesel::delete(of(which)).execute(c))?;
    let key = (which.tenant.as_str(), Word(which.way));
    let ended = Word(SubscriptionState::Ended);
    let changed = match which.way {
        Transport::Webhook => {
            on_backend!(conn, c => diesel::delete(subscription_secrets::table
                .filter(subscription_secrets::tenant.eq(&which.tenant))).execute(c))?;
            displace(conn, which)?;
            on_backend!(conn, c => diesel::delete(subscriptions::table.find(key)).execute(c))?
        }
        // The row stays until the queue is gone too. Nobody holds it: what its holder has in hand leaves nothing behind.
        Transport::Queue => {
            if let Some(way) = find(conn, which)? {
                let mut script = Script::on(conn);
                place(&mut script, which, Some(way.number), way.cursor, None)?;
                script.end()?;
            }
            on_backend!(conn, c => diesel::update(subscriptions::table.find(key)
                .filter(subscriptions::state.ne(ended)))
            .set((
                subscriptions::state.eq(ended),
                subscriptions::since.eq(At(now)),
            )).execute(c))?
        }
    };
    Ok(changed > 0)
}

pub(super) fn rotate(
    conn: &mut Conn,
    tenant: &str,
    secret: &SecretRow,
    older_until: Timestamp,
) -> Result<bool, StoreError> {
    let webhook = Subscription {
        tenant: tenant.to_owned(),
        way: Transport::Webhook,
    };
    if find(conn, &webhook)?.is_none() {
        return Ok(false);
    }
    let theirs = subscription_secrets::tenant.eq(tenant);
    on_backend!(conn, c => diesel::delete(subscription_secrets::table.filter(theirs)
        .filter(subscription_secrets::until.is_not_null())).execute(c))?;
    on_backend!(conn, c => diesel::update(subscription_secrets::table.filter(theirs))
        .set(subscription_secrets::until.eq(Some(At(older_until)))).execute(c))?;
    on_backend!(conn, c => diesel::insert_into(subscription_secrets::table).values(secret).execute(c))?;
    Ok(true)
}

pub(super) fn test(
    conn: &mut Conn,
    now: Timestamp,
    which: &Subscription,
    event: &str,
) -> Result<bool, StoreError> {
    if find(conn, which)?.is_none_or(|way| way.state != SubscriptionState::Active) {
        return Ok(false);
    }
    let row = waiting(which, now, (TEST, "", event));
    on_backend!(conn, c => diesel::delete(of(which).filter(notices::seq.eq(TEST))).execute(c))?;
    on_backend!(conn, c => diesel::insert_into(notices::table).values(&row).execute(c))?;
    Ok(true)
}

pub(super) fn disable(
    conn: &mut Conn,
    now: Timestamp,
    which: &Subscription,
    set_at: Timestamp,
) -> Result<(), StoreError> {
    let key = (which.tenant.as_str(), Word(which.way));
    let as_then = subscriptions::table
        .find(key)
        .filter(subscriptions::since.eq(At(set_at)))
        .filter(subscriptions::state.eq(ACTIVE));
    on_backend!(conn, c => diesel::update(as_then)
        .set((
            subscriptions::state.eq(Word(SubscriptionState::Disabled)),
            subscriptions::since.eq(At(now)),
            subscriptions::reason.eq(Some(RECEIVER_GONE)),
        ))
        .execute(c))?;
    Ok(())
}
