//! Subscriptions and notices: the feed taken over without a gap, order within a dossier, leases, parking, the window.

use std::time::Duration;

use lienthong::domain::failure::Failure;
use lienthong::domain::ids::SecretId;
use lienthong::domain::register::{Change, Newcomer};
use lienthong::domain::status::Status;
use lienthong::domain::tenant::{Actor, Standing, Tenant, TenantKind};
use lienthong::domain::text::Text;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::{Backlog, Way};
use lienthong::store::ledger::{
    Carried, EndSubscription, EndpointStanding, Fate, HeldWay, HoldWay, Intervene, Intervention,
    LeaseNotices, LeasedNotice, NoticeSettlement, Progress, QueueRemoved, RetryNotices, RotateSecret,
    SetAside, SetEndpoint, SettleNotices, SettlePushes, SettledNotices, Subscribe, Subscribed, Subscription,
    Sweep, TEST, TestSubscription, WINDOW,
};
use lienthong::store::moment::At;
use lienthong::store::read::Noticed;
use lienthong::store::rows::{EndpointRow, SecretRow};
use lienthong::store::word::Worded;
use lienthong::store::{Store, read};

use super::everything;
use crate::backends::{Stage, on_both};
use crate::papers::*;

const LEASE: Duration = Duration::from_secs(30);
const HOLD: Duration = Duration::from_secs(5);

fn webhook(tenant: &str) -> Subscription {
    Subscription {
        tenant: tenant.to_owned(),
        way: Way::Webhook,
    }
}

fn secret(stage: &Stage, tenant: &str) -> SecretRow {
    let now = stage.clock.now();
    let id = SecretId::new(now, &mut *stage.rng()).to_string();
    let sealed = stage
        .cipher
        .seal(&read::secret_row(tenant, &id), &[7; 32], &mut *stage.rng())
        .unwrap();
    SecretRow {
        tenant: tenant.to_owned(),
        id,
        since: At(now),
        until: None,
        key_id: sealed.key_id,
        nonce: sealed.nonce,
        ciphertext: sealed.ciphertext,
    }
}

async fn subscribe(stage: &Stage, store: &Store, which: &Subscription, from: Option<i64>) -> bool {
    let wanted = Subscribe {
        subscription: which.clone(),
        url: Some("https://hook.example.vn/".to_owned()),
        from,
        secret: Some(secret(stage, &which.tenant)),
    };
    store.ledger.ask(wanted).await.unwrap() == Subscribed::Done { secret_taken: true }
}

/// The ways that are behind their feeds.
async fn behind(store: &Store) -> Vec<String> {
    let ways = store.readers.run(read::active_ways).await.unwrap();
    let behind = ways.into_iter().filter(|way| way.is_behind);
    behind
        .map(|way| format!("{} {}", way.row.tenant, way.row.way))
        .collect()
}

/// What a way has not been told of, as its holder reads it.
async fn untold(store: &Store, which: &Subscription, place: i64) -> Vec<(i64, Noticed)> {
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

async fn set_at(store: &Store, which: &Subscription) -> Timestamp {
    let (scope, tenant, way) = (everything(), which.tenant.clone(), which.way.word());
    let ways = store
        .readers
        .run(move |conn| read::ways(conn, &scope, Timestamp::from_micros(0)))
        .await
        .unwrap();
    ways.into_iter()
        .find(|one| one.row.tenant == tenant && one.row.way == way)
        .unwrap()
        .row
        .since
        .0
}

async fn hold_by(store: &Store, which: &Subscription, holder: &str) -> Option<HeldWay> {
    let command = HoldWay {
        subscription: which.clone(),
        set_at: set_at(store, which).await,
        holder: holder.to_owned(),
        time: HOLD,
    };
    store.ledger.ask(command).await.unwrap()
}

async fn hold(store: &Store, which: &Subscription) -> HeldWay {
    hold_by(store, which, "hub").await.unwrap()
}

/// Everything that the feed has for a way gets a row, as if something of its dossier had one; how many.
async fn spread(store: &Store, which: &Subscription) -> usize {
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

async fn lease(store: &Store, which: &Subscription, max: i64) -> Vec<LeasedNotice> {
    let command = LeaseNotices {
        subscription: which.clone(),
        set_at: None,
        max,
        lease: LEASE,
        least_tried_first: false,
    };
    store.ledger.ask(command).await.unwrap()
}

fn seqs(leased: &[LeasedNotice]) -> Vec<i64> {
    leased.iter().map(|l| l.seq).collect()
}

/// What `holder` says of a way that it knows at the cursor `from`.
async fn told(
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
        progress: Progress {
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
async fn settle(store: &Store, which: &Subscription, leased: &[LeasedNotice], fate: Fate) {
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
async fn from_feed(store: &Store, which: &Subscription, seq: i64) -> LeasedNotice {
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

fn done() -> Fate {
    Fate::Carried(Carried::Done)
}

fn retry(not_before: Timestamp, counts: bool) -> Fate {
    Fate::Carried(Carried::Retry {
        failure: Failure::Busy,
        reason: "503".to_owned(),
        not_before,
        counts,
    })
}

fn again(subscription: Subscription) -> RetryNotices {
    RetryNotices {
        subscription,
        by: None,
    }
}

fn parked() -> Fate {
    Fate::Carried(Carried::Park {
        failure: Failure::DocumentRefused,
        reason: "422".to_owned(),
    })
}

/// `seq state` of every notice.
fn states(stage: &Stage) -> Vec<String> {
    stage.texts("SELECT CAST(seq AS TEXT) || ' ' || state AS t FROM notices ORDER BY tenant, way, seq")
}

on_both! {
    async fn a_new_way_begins_now_or_at_a_cursor_and_is_told_the_feed_without_a_gap(stage) {
        let store = stage.open();
        for n in 0..3 {
            filed(stage, &store, &format!("before {n}")).await;
        }
        let (now, early) = (webhook(BRANCH), Subscription { tenant: BRANCH.to_owned(), way: Way::Queue });
        assert!(subscribe(stage, &store, &now, None).await);
        let from_one = Subscribe { subscription: early.clone(), url: None, from: Some(1), secret: None };
        store.ledger.ask(from_one).await.unwrap();
        assert_eq!(behind(&store).await, [format!("{BRANCH} queue")]);
        filed(stage, &store, "after").await;
        assert_eq!(behind(&store).await.len(), 2);
        let new = Noticed::Nothing;
        assert_eq!(untold(&store, &now, hold(&store, &now).await.cursor).await, [(4, new)]);
        assert_eq!(untold(&store, &early, hold(&store, &early).await.cursor).await, [(2, new), (3, new), (4, new)]);
        for (which, from) in [(&now, 3), (&early, 1)] {
            told(&store, which, "hub", from, 4, Vec::new(), Vec::new()).await;
        }
        assert_eq!((behind(&store).await.len(), stage.rows("notices")), (0, 0));
        // A cursor that was never given out is the newest; sent again, the subscription goes on where it was.
        let (stranger, future) = (webhook("branch.ba-dinh"), Some(i64::MAX));
        assert!(subscribe(stage, &store, &stranger, future).await);
        assert!(!subscribe(stage, &store, &now, None).await, "it has a secret");
        assert_eq!(stage.texts("SELECT CAST(cursor AS TEXT) AS t FROM subscriptions ORDER BY tenant, way"), ["4", "4", "4"]);
    }

    async fn what_arrives_moves_the_cursor_and_leaves_nothing_but_the_log(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        for n in 0..3 {
            filed(stage, &store, &format!("r{n}")).await;
        }
        assert_eq!(hold(&store, &which).await, HeldWay { cursor: 0, waiting: 0, has_rows: false });
        let mut settlements = Vec::new();
        for seq in [1, 3] {
            settlements.push(NoticeSettlement { notice: from_feed(&store, &which, seq).await, fate: done() });
        }
        told(&store, &which, "hub", 0, 1, settlements, Vec::new()).await;
        assert_eq!((stage.rows("notices"), stage.rows("notice_attempts"), hold(&store, &which).await.cursor), (0, 2, 1));
    }

    async fn what_fails_what_hangs_and_what_waits_behind_such_gets_a_row(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        let mut ids = Vec::new();
        for n in 0..4 {
            ids.push(filed(stage, &store, &format!("r{n}")).await);
        }
        acted(&store, report(stage, &ids[3], Status::Accepted)).await;
        hold(&store, &which).await;
        let later = stage.clock.now().plus(Duration::from_secs(9));
        let mut settlements = Vec::new();
        for (seq, fate) in [(1, retry(later, true)), (2, retry(later, false)), (4, parked())] {
            settlements.push(NoticeSettlement { notice: from_feed(&store, &which, seq).await, fate });
        }
        let mut aside = Vec::new();
        for (seq, leased) in [(3, Some(LEASE)), (5, None), (6, None)] {
            let LeasedNotice { seq, dossier, event, .. } = from_feed(&store, &which, seq).await;
            aside.push(SetAside { seq, dossier, event, leased });
        }
        told(&store, &which, "hub", 0, 6, settlements, aside).await;
        let rows = stage.texts(
            "SELECT CAST(seq AS TEXT) || ' ' || state || ' ' || CAST(attempts AS TEXT) || CASE WHEN leased_until IS NULL THEN '' ELSE ' leased' END AS t \
             FROM notices ORDER BY seq",
        );
        assert_eq!(rows, ["1 waiting 1", "2 waiting 0", "3 waiting 1 leased", "4 parked 1", "5 held 0", "6 held 0"]);
        assert_eq!(hold(&store, &which).await, HeldWay { cursor: 6, waiting: 3, has_rows: true });
        assert_eq!(lease(&store, &which, 9).await, [], "nothing before its time");
        acted(&store, report(stage, &ids[0], Status::Accepted)).await;
        filed(stage, &store, "new").await;
        let (new, another) = (Noticed::Nothing, Noticed::Another);
        assert_eq!(untold(&store, &which, 6).await, [(7, another), (8, another), (9, new)]);
    }

    async fn one_hub_at_a_time_holds_a_way_and_another_takes_it_when_it_is_silent(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        filed(stage, &store, "r1").await;
        assert!(hold_by(&store, &which, "one").await.is_some());
        assert!(hold_by(&store, &which, "one").await.is_some(), "it goes on");
        assert_eq!(hold_by(&store, &which, "two").await, None);
        stage.later(HOLD.as_secs());
        told(&store, &which, "one", 0, 0, Vec::new(), Vec::new()).await;
        stage.later(HOLD.as_secs());
        assert_eq!(hold_by(&store, &which, "two").await, None, "what it says keeps it");
        stage.later(1);
        assert!(hold_by(&store, &which, "two").await.is_some());
        // What the first one says now changes nothing but the log.
        let first = from_feed(&store, &which, 1).await;
        let late = |fate| vec![NoticeSettlement { notice: first.clone(), fate }];
        let lost = SettledNotices { is_held: false, stands: true };
        assert_eq!(told(&store, &which, "one", 0, 1, late(parked()), Vec::new()).await, lost);
        assert_eq!((stage.rows("notices"), stage.rows("notice_attempts")), (0, 1));
        assert_eq!(hold_by(&store, &which, "two").await.unwrap().cursor, 0);
        // Nor from a cursor that is not the way's.
        assert_eq!(told(&store, &which, "two", 5, 6, late(done()), Vec::new()).await, lost);
        assert_eq!(hold_by(&store, &which, "two").await.unwrap().cursor, 0);
    }

    async fn a_way_that_is_set_up_anew_goes_on_and_one_that_begins_elsewhere_has_no_holder(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        filed(stage, &store, "r1").await;
        let then = set_at(&store, &which).await;
        hold(&store, &which).await;
        subscribe(stage, &store, &which, None).await;
        let first = from_feed(&store, &which, 1).await;
        let settle = |notice: &LeasedNotice, fate: Fate, from: i64, to: i64| SettleNotices {
            subscription: which.clone(),
            set_at: then,
            settlements: vec![NoticeSettlement { notice: notice.clone(), fate }],
            progress: Progress { holder: "hub".to_owned(), from, to, set_aside: Vec::new(), hold: HOLD },
        };
        // What the receiver before said of it is forgotten: it is tried at once, as if for the first time.
        let later = stage.clock.now().plus(Duration::from_secs(60));
        let settled = store.ledger.ask(settle(&first, retry(later, true), 0, 1)).await.unwrap();
        assert_eq!(settled, SettledNotices { is_held: true, stands: false });
        assert_eq!(lease(&store, &which, 9).await[0].attempt, 1);
        subscribe(stage, &store, &which, Some(0)).await;
        let settled = store.ledger.ask(settle(&first, done(), 1, 1)).await.unwrap();
        assert_eq!(settled, SettledNotices { is_held: false, stands: false });
        assert!(hold_by(&store, &which, "another").await.is_some());
    }

    async fn going_back_to_an_older_cursor_doubles_no_notice_that_waits(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        for n in 0..3 {
            filed(stage, &store, &format!("r{n}")).await;
        }
        spread(&store, &which).await;
        let two = lease(&store, &which, 2).await;
        settle(&store, &which, &two, done()).await;
        subscribe(stage, &store, &which, Some(0)).await;
        assert_eq!(untold(&store, &which, 0).await, [(1, Noticed::Nothing), (2, Noticed::Nothing), (3, Noticed::Itself)]);
        assert_eq!(spread(&store, &which).await, 2);
        assert_eq!(states(stage), ["1 waiting", "2 waiting", "3 waiting"]);
    }

    async fn an_enterprise_is_told_of_what_its_agents_file(stage) {
        let store = stage.open();
        let tenant = |key: &str| {
            let key: lienthong::domain::tenant::TenantKey = key.parse().unwrap();
            Tenant {
                name: Text::parse(key.as_str()).unwrap(),
                parent: (key.kind() == TenantKind::Agent).then(|| "enterprise.a".parse().unwrap()),
                formats: Vec::new(),
                successor_policy: lienthong::domain::tenant::SuccessorPolicy::Ask,
                standing: Standing::Active,
                key,
            }
        };
        let newcomer = |key: &str| Newcomer { tenant: tenant(key), certificates: Vec::new(), staff: Vec::new(), points: Vec::new() };
        let newcomers = ["enterprise.a", "agent.a-1", "agent.a-2"].map(newcomer);
        crate::city::changed(&store, Change::Register(newcomers.to_vec())).await;
        let which = webhook("enterprise.a");
        subscribe(stage, &store, &which, None).await;
        for (n, by) in ["agent.a-1", BRANCH, "agent.a-2", "agent.a-1"].into_iter().enumerate() {
            store.ledger.ask(filing_by(stage, by, &format!("r{n}"))).await.unwrap();
        }
        assert_eq!(spread(&store, &which).await, 3);
        assert_eq!(seqs(&lease(&store, &which, 9).await), [1, 3, 4]);
    }

    async fn one_event_of_a_dossier_is_under_way_at_a_time(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        let id = filed(stage, &store, "r1").await;
        filed(stage, &store, "r2").await;
        acted(&store, report(stage, &id, Status::Accepted)).await;
        acted(&store, report(stage, &id, Status::Processing)).await;
        spread(&store, &which).await;
        let first = lease(&store, &which, 9).await;
        assert_eq!(seqs(&first), [1, 2]);
        assert_eq!(lease(&store, &which, 9).await, [], "the third waits for the first");
        settle(&store, &which, &first[1..], done()).await;
        assert_eq!(lease(&store, &which, 9).await, []);
        let later = stage.clock.now().plus(Duration::from_secs(5));
        settle(&store, &which, &first[..1], retry(later, true)).await;
        assert_eq!(lease(&store, &which, 9).await, [], "nor does it pass a first one that waits for its time");
        stage.later(5);
        for seq in [1, 3, 4, 5] {
            let next = lease(&store, &which, 9).await;
            assert_eq!(seqs(&next), [seq]);
            settle(&store, &which, &next, done()).await;
        }
        assert_eq!(stage.rows("notices"), 0);
        let told = stage.texts("SELECT CAST(seq AS TEXT) || ' ' || CAST(number AS TEXT) || ' ' || outcome || ' ' || COALESCE(class, '-') AS t FROM notice_attempts ORDER BY seq, number");
        assert_eq!(told, ["1 1 retry busy", "1 2 delivered -", "2 1 delivered -", "3 1 delivered -", "4 1 delivered -", "5 1 delivered -"]);
    }

    async fn a_lease_is_over_after_its_time_and_what_says_nothing_does_not_count(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        filed(stage, &store, "r1").await;
        spread(&store, &which).await;
        let leased = lease(&store, &which, 9).await;
        stage.later(30);
        assert_eq!(lease(&store, &which, 9).await, []);
        stage.later(1);
        let again = lease(&store, &which, 9).await;
        assert_eq!((leased[0].attempt, again[0].attempt, &again[0].event), (1, 2, &leased[0].event));
        settle(&store, &which, &again, retry(stage.clock.now(), false)).await;
        assert_eq!(lease(&store, &which, 9).await[0].attempt, 2);
    }

    async fn a_parked_notice_holds_its_own_dossier_and_no_other_until_it_is_sent_again(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        let id = filed(stage, &store, "r1").await;
        acted(&store, report(stage, &id, Status::Accepted)).await;
        spread(&store, &which).await;
        let first = lease(&store, &which, 9).await;
        settle(&store, &which, &first, parked()).await;
        acted(&store, report(stage, &id, Status::Processing)).await;
        filed(stage, &store, "r2").await;
        spread(&store, &which).await;
        assert_eq!(states(stage), ["1 parked", "2 held", "3 held", "4 held", "5 waiting"]);
        assert_eq!(seqs(&lease(&store, &which, 9).await), [5]);
        assert_eq!(store.ledger.ask(again(webhook("branch.ba-dinh"))).await.unwrap(), 0);
        assert_eq!(store.ledger.ask(again(which.clone())).await.unwrap(), 1);
        for seq in [1, 2, 3, 4] {
            let next = lease(&store, &which, 9).await;
            assert_eq!(next.iter().map(|n| (n.seq, n.attempt)).collect::<Vec<_>>(), [(seq, 1)]);
            settle(&store, &which, &next, done()).await;
        }
    }

    async fn a_receiver_that_is_gone_ends_its_way_and_loses_nothing(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        filed(stage, &store, "r1").await;
        spread(&store, &which).await;
        let leased = lease(&store, &which, 9).await;
        settle(&store, &which, &leased, Fate::Gone).await;
        filed(stage, &store, "r2").await;
        assert_eq!((behind(&store).await, hold_by(&store, &which, "hub").await), (vec![], None));
        assert_eq!(lease(&store, &which, 9).await, []);
        let (scope, now) = (everything(), stage.clock.now());
        let ways = store.readers.run(move |conn| read::ways(conn, &scope, now)).await.unwrap();
        assert_eq!((ways[0].row.state.0.word(), ways[0].row.reason.as_deref()), ("disabled", Some("receiver-gone")));
        assert_eq!((ways[0].standing.waiting, ways[0].secrets.len()), (2, 1));
        subscribe(stage, &store, &which, None).await;
        assert_eq!(spread(&store, &which).await, 1);
        assert_eq!(seqs(&lease(&store, &which, 9).await), [1, 2]);
    }

    async fn what_waits_is_counted_as_far_as_a_window(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        let waiting = async || {
            let (scope, now) = (everything(), stage.clock.now());
            let ways = store.readers.run(move |conn| read::ways(conn, &scope, now)).await.unwrap();
            let backlog = store.readers.run(read::backlog).await.unwrap();
            assert_eq!(backlog.notices_waiting, ways[0].standing.waiting);
            assert_eq!(backlog.notices_waiting_since, ways[0].standing.oldest);
            (ways[0].standing.waiting, ways[0].standing.oldest)
        };
        assert_eq!(waiting().await, (0, None));
        let since = stage.clock.now();
        filed(stage, &store, "first").await;
        stage.later(60);
        for seq in 1..=WINDOW {
            let n = format!("{seq:032x}");
            store.ledger.ask(filing(stage, &n)).await.unwrap();
        }
        assert_eq!(waiting().await, (WINDOW, Some(since)));
        let first = from_feed(&store, &which, 1).await;
        hold(&store, &which).await;
        let failed = NoticeSettlement { notice: first, fate: retry(since, true) };
        told(&store, &which, "hub", 0, 1, vec![failed], Vec::new()).await;
        assert_eq!(waiting().await, (WINDOW + 1, Some(stage.clock.now())), "a notice, and what the feed has");
    }

    async fn an_older_secret_signs_until_its_time_and_the_one_before_it_no_more(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        let rotate = async |seconds| {
            let older_until = stage.clock.now().plus(Duration::from_secs(seconds));
            let command = RotateSecret { tenant: BRANCH.to_owned(), secret: secret(stage, BRANCH), older_until };
            store.ledger.ask(command).await.unwrap()
        };
        let live = async || {
            let (cipher, now) = (stage.cipher.clone(), stage.clock.now());
            store.readers.run(move |conn| read::secrets(conn, &cipher, BRANCH, now)).await.unwrap().len()
        };
        assert!(!rotate(60).await, "there is no webhook");
        subscribe(stage, &store, &which, None).await;
        assert_eq!(live().await, 1);
        stage.later(1);
        assert!(rotate(60).await);
        assert_eq!(live().await, 2);
        stage.later(1);
        assert!(rotate(60).await);
        assert_eq!((live().await, stage.rows("subscription_secrets")), (2, 2));
        stage.later(59);
        assert_eq!(live().await, 2);
        stage.later(1);
        assert_eq!(live().await, 1);
    }

    async fn a_test_event_goes_the_same_way_and_takes_the_place_of_one_that_waits(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        let test = async |event: &str| {
            let command = TestSubscription { subscription: which.clone(), event: event.to_owned() };
            store.ledger.ask(command).await.unwrap()
        };
        assert!(!test("evt_1").await);
        subscribe(stage, &store, &which, None).await;
        assert!(test("evt_1").await && test("evt_2").await);
        let leased = lease(&store, &which, 9).await;
        assert_eq!((leased.len(), leased[0].seq, leased[0].event.as_str()), (1, TEST, "evt_2"));
    }

    async fn an_ended_way_leaves_nothing_behind_but_the_feed(stage) {
        let store = stage.open();
        let (hook, queue) = (webhook(BRANCH), Subscription { tenant: BRANCH.to_owned(), way: Way::Queue });
        subscribe(stage, &store, &hook, None).await;
        let wanted = Subscribe { subscription: queue.clone(), url: None, from: None, secret: None };
        store.ledger.ask(wanted).await.unwrap();
        filed(stage, &store, "r1").await;
        spread(&store, &hook).await;
        spread(&store, &queue).await;
        assert!(store.ledger.ask(EndSubscription(hook.clone())).await.unwrap());
        assert!(!store.ledger.ask(EndSubscription(hook.clone())).await.unwrap());
        assert_eq!((stage.rows("subscription_secrets"), stage.rows("notices"), stage.rows("subscriptions")), (0, 1, 1));
        let removed = || QueueRemoved { tenant: BRANCH.to_owned() };
        assert!(!store.ledger.ask(removed()).await.unwrap(), "the queue is still wanted");
        assert!(store.ledger.ask(EndSubscription(queue.clone())).await.unwrap());
        assert!(!store.ledger.ask(EndSubscription(queue.clone())).await.unwrap());
        let again = Subscribe { subscription: queue, url: None, from: None, secret: None };
        let answer = store.ledger.ask(again).await.unwrap();
        assert_eq!(answer, Subscribed::Ending, "its queue is not gone yet");
        assert!(store.ledger.ask(removed()).await.unwrap());
        assert_eq!((stage.rows("notices"), stage.rows("subscriptions"), stage.rows("feed")), (0, 0, 1));
    }

    async fn the_backlog_says_what_is_on_its_way_and_what_has_stopped_there(stage) {
        let store = stage.open();
        let backlog = async || store.readers.run(read::backlog).await.unwrap();
        assert_eq!(backlog().await, Backlog::default());
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        let ids = [filed(stage, &store, "r1").await, filed(stage, &store, "r2").await];
        let since = stage.clock.now();
        spread(&store, &which).await;
        stage.later(60);
        // What the first dossier's event is given up for holds up its next one; the second's is still under way.
        let first: Vec<_> = lease(&store, &which, 9).await.into_iter().filter(|l| l.dossier == ids[0]).collect();
        settle(&store, &which, &first, parked()).await;
        acted(&store, report(stage, &ids[0], Status::Processing)).await;
        spread(&store, &which).await;
        let seen = backlog().await;
        assert_eq!((seen.notices_waiting, seen.notices_waiting_since), (1, Some(since)));
        assert_eq!(seen.notices_parked, 1);
        assert!(seen.notices_held > 0);
        assert_eq!((seen.deliveries_parked, seen.webhooks_disabled, seen.endpoints_spared), (0, 0, 0));
        // A receiver that is gone, a delivery an operator parks, an endpoint that fails.
        stage.later(LEASE.as_secs() + 1);
        let second = lease(&store, &which, 9).await;
        settle(&store, &which, &second, Fate::Gone).await;
        let delivery = stage.texts("SELECT id AS t FROM deliveries ORDER BY id").remove(0);
        let park = Intervention {
            delivery,
            own_queue: false,
            deed: Intervene::Park,
            reason: "Thử".to_owned(),
            actor: Actor::hub(),
        };
        store.ledger.ask(park).await.unwrap().unwrap();
        let sealed = secret(stage, BRANCH);
        let endpoint = EndpointRow {
            agency: AGENCY.to_owned(),
            url: "https://nhan.example.vn/".to_owned(),
            set_at: At(since),
            set_by: format!("agency.{AGENCY}"),
            failure: None,
            failing_since: None,
            next_probe: None,
            key_id: sealed.key_id,
            nonce: sealed.nonce,
            ciphertext: sealed.ciphertext,
        };
        store.ledger.ask(SetEndpoint(endpoint)).await.unwrap();
        let stand = async |standing| {
            let (agency, settlements) = (AGENCY.to_owned(), Vec::new());
            let settle = SettlePushes { agency, settlements, set_at: since, standing: Some(standing) };
            store.ledger.ask(settle).await.unwrap();
        };
        assert_eq!(backlog().await.endpoints_spared, 0);
        stand(EndpointStanding::Spared { failure: Failure::DocumentRefused, next_probe: stage.clock.now() }).await;
        let seen = backlog().await;
        assert_eq!((seen.deliveries_parked, seen.webhooks_disabled, seen.endpoints_spared), (1, 1, 1));
        stand(EndpointStanding::Answers).await;
        assert_eq!(backlog().await.endpoints_spared, 0);
    }

    async fn attempts_that_share_a_moment_are_forgotten_with_it_however_many(stage) {
        let store = stage.open();
        let at = "(SELECT at FROM head)";
        let many = |from: u32, to: u32| {
            let numbers = format!("WITH RECURSIVE n(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM n WHERE n < {to})");
            let row = format!("'{BRANCH}', 'webhook', n, 1, {at}, 'evt', 'dos', 'delivered'");
            stage.execute(&format!(
                "INSERT INTO notice_attempts (tenant, way, seq, number, at, event, dossier, outcome) {numbers} SELECT {row} FROM n"
            ));
        };
        filed(stage, &store, "r1").await;
        many(1, 1_500);
        stage.later(1);
        filed(stage, &store, "r2").await;
        many(1_501, 1_510);
        stage.later(31 * 86_400);
        // The oldest moment goes whole, with the answers of the two filings; a younger one in its turn; then nothing is left to do.
        assert_eq!((store.ledger.ask(Sweep).await.unwrap(), stage.rows("notice_attempts")), (1_502, 10));
        assert_eq!((store.ledger.ask(Sweep).await.unwrap(), stage.rows("notice_attempts")), (10, 0));
        assert_eq!(store.ledger.ask(Sweep).await.unwrap(), 0);
    }

    async fn looking_for_what_is_untold_costs_what_is_due_and_not_what_was(stage) {
        let store = stage.open();
        assert!(subscribe(stage, &store, &webhook("branch.tay-ho"), None).await);
        let history = "INSERT INTO feed (tenant, seq, dossier) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
             SELECT 'branch.tay-ho', i, 'dos_1' FROM n";
        stage.execute(history);
        stage.execute("UPDATE subscriptions SET cursor = 20000");
        stage.execute("ANALYZE");
        assert_eq!(behind(&store).await, Vec::<String>::new());
        if stage.is_postgres() {
            let rows = stage.behind(|conn| {
                crate::backends::run(conn, "BEGIN").unwrap();
                assert!(read::active_ways(conn).unwrap().iter().all(|way| !way.is_behind));
                let which = webhook("branch.tay-ho");
                assert_eq!(read::untold(conn, &which, 19_995, 3, true).unwrap().len(), 3);
                let sum = "SELECT (seq_tup_read + idx_tup_fetch)::bigint AS n FROM pg_stat_xact_user_tables WHERE relname = 'feed'";
                let rows = crate::backends::number(conn, sum);
                crate::backends::run(conn, "COMMIT").unwrap();
                rows
            });
            assert!(rows < 10, "{rows} rows of the feed were read");
        }
    }

    async fn old_attempts_are_forgotten(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        filed(stage, &store, "r1").await;
        spread(&store, &which).await;
        let leased = lease(&store, &which, 9).await;
        settle(&store, &which, &leased, done()).await;
        stage.later(30 * 86_400);
        store.ledger.ask(Sweep).await.unwrap();
        assert_eq!(stage.rows("notice_attempts"), 1);
        stage.later(1);
        store.ledger.ask(Sweep).await.unwrap();
        assert_eq!(stage.rows("notice_attempts"), 0);
    }
}
