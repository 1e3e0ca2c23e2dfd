//! Subscriptions and notices with a row: order within a dossier, leases, parking, what is left of it all.

use std::time::Duration;

use lienthong::domain::failure::Failure;
use lienthong::domain::status::Status;
use lienthong::domain::tenant::Actor;
use lienthong::domain::view::Backlog;
use lienthong::domain::view::Transport;
use lienthong::identity::webhook::WebhookSecret;
use lienthong::store::Worded;
use lienthong::store::kept::{NewEndpoint, Secrets};
use lienthong::store::ledger::{
    EndSubscription, EndpointStanding, Intervene, Intervention, NoticeSettlement, QueueRemoved, RotateSecret,
    SendOutcome, SetEndpoint, SettlePushes, Subscribe, Subscribed, Subscription, Sweep, TEST,
    TestSubscription,
};
use lienthong::store::read;

use super::everything;
use super::telling::*;
use crate::backends::on_both;
use crate::papers::*;

on_both! {
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
        settle(&store, &which, &leased, SendOutcome::Gone).await;
        filed(stage, &store, "r2").await;
        assert_eq!((behind(&store).await, hold_by(&store, &which, "hub").await), (vec![], None));
        assert_eq!(lease(&store, &which, 9).await, []);
        let (scope, now) = (everything(), stage.clock.now());
        let ways = store.readers.run(move |conn| read::ways(conn, &scope, now)).await.unwrap();
        assert_eq!((ways[0].way.state.word(), ways[0].way.reason.as_deref()), ("disabled", Some("receiver-gone")));
        assert_eq!((ways[0].counts.waiting, ways[0].secrets.len()), (2, 1));
        subscribe(stage, &store, &which, None).await;
        assert_eq!(spread(&store, &which).await, 1);
        assert_eq!(seqs(&lease(&store, &which, 9).await), [1, 2]);
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
        let (hook, queue) = (webhook(BRANCH), Subscription { tenant: BRANCH.to_owned(), way: Transport::Queue });
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
        // What whoever held it has in hand leaves nothing behind.
        let failed = NoticeSettlement { notice: from_feed(&store, &queue, 1).await, fate: retry(stage.clock.now(), true) };
        let settled = told(&store, &queue, "hub", 1, 1, vec![failed], Vec::new()).await;
        assert_eq!((settled.is_held, stage.rows("notices")), (false, 0));
        let again = Subscribe { subscription: queue, url: None, from: None, secret: None };
        let answer = store.ledger.ask(again).await.unwrap();
        assert_eq!(answer, Subscribed::Ending, "its queue is not gone yet");
        assert!(store.ledger.ask(removed()).await.unwrap());
        assert_eq!((stage.rows("notices"), stage.rows("subscriptions"), stage.rows("feed")), (0, 0, 1));
        assert_eq!(stage.rows("way_positions"), 0);
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
        settle(&store, &which, &second, SendOutcome::Gone).await;
        let delivery = stage.texts("SELECT id AS t FROM deliveries ORDER BY id").remove(0);
        let park = Intervention {
            delivery,
            own_queue: false,
            action: Intervene::Park,
            reason: "Thử".to_owned(),
            actor: Actor::hub(),
        };
        store.ledger.ask(park).await.unwrap().unwrap();
        let endpoint = NewEndpoint {
            agency: AGENCY.parse().unwrap(),
            url: "https://nhan.example.vn/".parse().unwrap(),
            secrets: Secrets { current: WebhookSecret::new([7; 32]), older: None },
            set_at: since,
            set_by: format!("agency.{AGENCY}").parse().unwrap(),
        };
        let sealed = endpoint.sealed(&stage.cipher, &mut *stage.rng()).unwrap();
        store.ledger.ask(SetEndpoint(sealed)).await.unwrap();
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
        let kept = store.keep_partitions(stage.clock.now()).await.unwrap();
        if stage.is_postgres() {
            // The day goes whole, and all that was in it.
            assert_eq!((kept.dropped.len(), stage.rows("notice_attempts")), (1, 0));
            assert_eq!(store.ledger.ask(Sweep).await.unwrap(), 2, "the answers of the two filings");
            // What lies in no partition goes row by row.
            many(1, 1_500);
            assert_eq!(store.ledger.ask(Sweep).await.unwrap(), 1_000);
            assert_eq!((store.ledger.ask(Sweep).await.unwrap(), stage.rows("notice_attempts")), (500, 0));
            return;
        }
        // The oldest moment goes whole, with the answers of the two filings; a younger one in its turn; then nothing is left to do.
        assert_eq!((store.ledger.ask(Sweep).await.unwrap(), stage.rows("notice_attempts")), (1_502, 10));
        assert_eq!((store.ledger.ask(Sweep).await.unwrap(), stage.rows("notice_attempts")), (10, 0));
        assert_eq!(store.ledger.ask(Sweep).await.unwrap(), 0);
    }

    async fn old_attempts_are_forgotten(stage) {
        let store = stage.open();
        let which = webhook(BRANCH);
        subscribe(stage, &store, &which, None).await;
        filed(stage, &store, "r1").await;
        spread(&store, &which).await;
        let leased = lease(&store, &which, 9).await;
        settle(&store, &which, &leased, done()).await;
        // To the end of the day, in Vietnam.
        let forget = async || {
            store.keep_partitions(stage.clock.now()).await.unwrap();
            store.ledger.ask(Sweep).await.unwrap();
        };
        stage.later(30 * 86_400 + 16 * 3_600 - 1);
        forget().await;
        assert_eq!(stage.rows("notice_attempts"), 1);
        stage.later(1);
        forget().await;
        assert_eq!(stage.rows("notice_attempts"), 0);
    }
}
