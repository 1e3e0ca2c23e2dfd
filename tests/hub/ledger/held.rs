//! Ways in the hands of one hub: the feed told without a gap, the cursor, what gets a row, who holds.

use std::time::Duration;

use lienthong::domain::register::Change;
use lienthong::domain::register::Newcomer;
use lienthong::domain::status::Status;
use lienthong::domain::tenant::Standing;
use lienthong::domain::tenant::Tenant;
use lienthong::domain::tenant::TenantKind;
use lienthong::domain::text::Text;
use lienthong::domain::view::Transport;
use lienthong::store::ledger::{
    FeedProgress, HeldWay, LeasedNotice, NoticeSettlement, SendOutcome, SetAside, SettleNotices,
    SettledNotices, Subscribe, Subscription, WINDOW,
};
use lienthong::store::read;
use lienthong::store::read::Noticed;

use super::everything;
use super::telling::*;
use crate::backends::on_both;
use crate::papers::*;

on_both! {
    async fn a_new_way_begins_now_or_at_a_cursor_and_is_told_the_feed_without_a_gap(stage) {
        let store = stage.open();
        for n in 0..3 {
            filed(stage, &store, &format!("before {n}")).await;
        }
        let (now, early) = (webhook(BRANCH), Subscription { tenant: BRANCH.to_owned(), way: Transport::Queue });
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
        assert_eq!(stage.texts("SELECT CAST(cursor AS TEXT) AS t FROM way_positions ORDER BY tenant, way"), ["4", "4", "4"]);
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
        let settle = |notice: &LeasedNotice, fate: SendOutcome, from: i64, to: i64| SettleNotices {
            subscription: which.clone(),
            set_at: then,
            settlements: vec![NoticeSettlement { notice: notice.clone(), fate }],
            progress: FeedProgress { holder: "hub".to_owned(), from, to, set_aside: Vec::new(), hold: HOLD },
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
                codes: Default::default(),
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

    async fn what_waits_is_counted_as_far_as_a_window(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        let waiting = async || {
            let (scope, now) = (everything(), stage.clock.now());
            let ways = store.readers.run(move |conn| read::ways(conn, &scope, now)).await.unwrap();
            let backlog = store.readers.run(read::backlog).await.unwrap();
            assert_eq!(backlog.notices_waiting, ways[0].counts.waiting);
            assert_eq!(backlog.notices_waiting_since, ways[0].counts.oldest);
            (ways[0].counts.waiting, ways[0].counts.oldest)
        };
        assert_eq!(waiting().await, (0, None));
        let since = stage.clock.now();
        filed(stage, &store, "first").await;
        stage.later(60);
        let window = i64::from(WINDOW);
        for seq in 1..=window {
            let n = format!("{seq:032x}");
            store.ledger.ask(filing(stage, &n)).await.unwrap();
        }
        assert_eq!(waiting().await, (window, Some(since)));
        let first = from_feed(&store, &which, 1).await;
        hold(&store, &which).await;
        let failed = NoticeSettlement { notice: first, fate: retry(since, true) };
        told(&store, &which, "hub", 0, 1, vec![failed], Vec::new()).await;
        assert_eq!(waiting().await, (window + 1, Some(stage.clock.now())), "a notice, and what the feed has");
    }

    async fn looking_for_what_is_untold_costs_what_is_due_and_not_what_was(stage) {
        let store = stage.open();
        assert!(subscribe(stage, &store, &webhook("branch.tay-ho"), None).await);
        let history = "INSERT INTO feed (tenant, seq, dossier) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
             SELECT 'branch.tay-ho', i, 'dos_1' FROM n";
        stage.execute(history);
        stage.execute("UPDATE way_positions SET cursor = 20000");
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
}
