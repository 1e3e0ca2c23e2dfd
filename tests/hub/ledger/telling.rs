//! What the tests of ways and notices ask of the ledger.

use std::time::Duration;

use lienthong::domain::failure::Failure;
use lienthong::domain::ids::SecretId;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::Transport;
use lienthong::identity::webhook::WebhookSecret;
use lienthong::store::Store;
use lienthong::store::kept::{NewSecret, SealedSecret};
use lienthong::store::ledger::{
    Carried, FeedProgress, HeldWay, HoldWay, LeaseNotices, LeasedNotice, NoticeSettlement, RetryNotices,
    SendOutcome, SetAside, SettleNotices, SettledNotices, Subscribe, Subscribed, Subscription,
};
use lienthong::store::read;
use lienthong::store::read::Noticed;

use super::everything;
use crate::backends::Stage;

pub(super) const LEASE: Duration = Duration::from_secs(30);
pub(super) const HOLD: Duration = Duration::from_secs(5);

pub(super) fn webhook(tenant: &str) -> Subscription {
    Subscription {
        tenant: tenant.to_owned(),
        way: Transport::Webhook,
    }
}

pub(super) fn secret(stage: &Stage, tenant: &str) -> SealedSecret {
    let now = stage.clock.now();
    let new = NewSecret {
        tenant: tenant.parse().unwrap(),
        id: SecretId::new(now, &mut *stage.rng()),
        since: now,
        secret: WebhookSecret::new([7; 32]),
    };
    new.sealed(&stage.cipher, &mut *stage.rng()).unwrap()
}

pub(super) async fn subscribe(stage: &Stage, store: &Store, which: &Subscription, from: Option<i64>) -> bool {
    let wanted = Subscribe {
        subscription: which.clone(),
        url: Some("https://hook.example.vn/".to_owned()),
        from,
        secret: Some(secret(stage, &which.tenant)),
    };
    store.ledger.ask(wanted).await.unwrap() == Subscribed::Done { secret_taken: true }
}

/// The ways that are behind their feeds.
pub(super) async fn behind(store: &Store) -> Vec<String> {
    let ways = store.readers.run(read::active_ways).await.unwrap();
    let behind = ways.into_iter().filter(|way| way.is_behind);
    behind
        .map(|way| format!("{} {}", way.way.tenant(), way.way.subscription.way.word()))
        .collect()
}

/// What a way has not been told of, as its holder reads it.
pub(super) async fn untold(store: &Store, which: &Subscription, place: i64) -> Vec<(i64, Noticed)> {
    let which = which.clone();
    let untold = store
        .readers
        .run(move |conn| read::untold(conn, &which, place, 10_000, true))
        .await;
    untold
        .unwrap()
        .into_iter()
        .map(|one| (one.seq, one.noticed))
        .collect()
}

pub(super) async fn set_at(store: &Store, which: &Subscription) -> Timestamp {
    let (scope, tenant, way) = (everything(), which.tenant.clone(), which.way.word());
    let ways = store
        .readers
        .run(move |conn| read::ways(conn, &scope, Timestamp::from_micros(0)))
        .await
        .unwrap();
    ways.into_iter()
        .find(|one| one.way.tenant() == tenant && one.way.subscription.way.word() == way)
        .unwrap()
        .way
        .since
}

pub(super) async fn hold_by(store: &Store, which: &Subscription, holder: &str) -> Option<HeldWay> {
    let command = HoldWay {
        subscription: which.clone(),
        set_at: set_at(store, which).await,
        holder: holder.to_owned(),
        time: HOLD,
    };
    store.ledger.ask(command).await.unwrap()
}

pub(super) async fn hold(store: &Store, which: &Subscription) -> HeldWay {
    hold_by(store, which, "hub").await.unwrap()
}

/// Everything that the feed has for a way gets a row, as if something of its dossier had one; how many.
pub(super) async fn spread(store: &Store, which: &Subscription) -> usize {
    let held = hold(store, which).await;
    let (asked, place) = (which.clone(), held.cursor);
    let rows = store.readers.run(move |conn| {
        let untold = read::untold(conn, &asked, place, 10_000, true)?;
        let seqs: Vec<i64> = untold.iter().map(|one| one.seq).collect();
        let mut ids = read::event_ids(conn, &seqs)?;
        let aside = untold
            .into_iter()
            .filter(|one| one.noticed != Noticed::Itself)
            .map(|one| SetAside {
                event: ids.remove(&one.seq).unwrap(),
                seq: one.seq,
                dossier: one.dossier,
                leased: None,
            });
        Ok((seqs, aside.collect::<Vec<_>>()))
    });
    let (seqs, set_aside) = rows.await.unwrap();
    let many = set_aside.len();
    let to = seqs.last().copied().unwrap_or(place);
    let settled = told(store, which, "hub", place, to, Vec::new(), set_aside).await;
    assert_eq!(
        settled,
        SettledNotices {
            is_held: true,
            stands: true
        }
    );
    many
}

pub(super) async fn lease(store: &Store, which: &Subscription, max: i64) -> Vec<LeasedNotice> {
    let command = LeaseNotices {
        subscription: which.clone(),
        set_at: None,
        max,
        lease: LEASE,
        least_tried_first: false,
    };
    store.ledger.ask(command).await.unwrap()
}

pub(super) fn seqs(leased: &[LeasedNotice]) -> Vec<i64> {
    leased.iter().map(|l| l.seq).collect()
}

/// What `holder` says of a way that it knows at the cursor `from`.
pub(super) async fn told(
    store: &Store,
    which: &Subscription,
    holder: &str,
    from: i64,
    to: i64,
    settlements: Vec<NoticeSettlement>,
    set_aside: Vec<SetAside>,
) -> SettledNotices {
    let settled = SettleNotices {
        subscription: which.clone(),
        set_at: set_at(store, which).await,
        settlements,
        progress: FeedProgress {
            holder: holder.to_owned(),
            from,
            to,
            set_aside,
            hold: HOLD,
        },
    };
    store.ledger.ask(settled).await.unwrap()
}

/// What became of notices with a row.
pub(super) async fn settle(store: &Store, which: &Subscription, leased: &[LeasedNotice], fate: SendOutcome) {
    let cursor = hold(store, which).await.cursor;
    let settlements = leased.iter().map(|notice| NoticeSettlement {
        notice: notice.clone(),
        fate: fate.clone(),
    });
    told(
        store,
        which,
        "hub",
        cursor,
        cursor,
        settlements.collect(),
        Vec::new(),
    )
    .await;
}

/// A notice of the event, told from the feed.
pub(super) async fn from_feed(store: &Store, which: &Subscription, seq: i64) -> LeasedNotice {
    let asked = which.clone();
    let one = store.readers.run(move |conn| {
        let one = read::untold(conn, &asked, seq - 1, 1, false)?.remove(0);
        Ok((one.dossier, read::event_ids(conn, &[seq])?.remove(&seq).unwrap()))
    });
    let (dossier, event) = one.await.unwrap();
    LeasedNotice {
        seq,
        dossier,
        event,
        attempt: 1,
        has_row: false,
    }
}

pub(super) fn done() -> SendOutcome {
    SendOutcome::Carried(Carried::Done)
}

pub(super) fn retry(not_before: Timestamp, counts: bool) -> SendOutcome {
    SendOutcome::Carried(Carried::Retry {
        failure: Failure::Busy,
        reason: "503".to_owned(),
        not_before,
        counts,
    })
}

pub(super) fn again(subscription: Subscription) -> RetryNotices {
    RetryNotices {
        subscription,
        by: None,
    }
}

pub(super) fn parked() -> SendOutcome {
    SendOutcome::Carried(Carried::Park {
        failure: Failure::DocumentRefused,
        reason: "422".to_owned(),
    })
}

/// `seq state` of every notice.
pub(super) fn states(stage: &Stage) -> Vec<String> {
    stage.texts("SELECT CAST(seq AS TEXT) || ' ' || state AS t FROM notices ORDER BY tenant, way, seq")
}
