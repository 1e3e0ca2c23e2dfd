//! Deliveries: the outbox on its way to the broker, the inbox of an agency that pulls, and when a message counts as understood.

use std::time::Duration;

use lienthong::domain::failure::Failure;
use lienthong::domain::ids::DeliveryId;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::domain::view::{DeliveryState, SettleItem, Settlement};
use lienthong::store::ledger::{
    Act, Arrive, Carried, LeaseInbox, LeaseOutbox, OutboxSettlement, SettleInbox, SettleOutbox,
};
use lienthong::store::{Store, Worded, read};

use crate::backends::{Stage, on_both};
use crate::papers::*;

const LEASE: Duration = Duration::from_secs(30);

/// What the broker said of everything that is in the outbox now.
async fn publish(store: &Store, carried: Carried) -> Vec<String> {
    let leased = store
        .ledger
        .ask(LeaseOutbox {
            max: 100,
            lease: LEASE,
            since: None,
        })
        .await
        .unwrap();
    let settled = leased.iter().map(|item| OutboxSettlement {
        delivery: item.delivery.clone(),
        attempt: item.attempt,
        own_queue: false,
        carried: carried.clone(),
    });
    store.ledger.ask(SettleOutbox(settled.collect())).await.unwrap();
    leased.into_iter().map(|item| item.delivery).collect()
}

/// Everything of the outbox in the inbox of the agency.
async fn arrived(store: &Store) -> Vec<String> {
    let deliveries = publish(store, Carried::Done).await;
    store.ledger.ask(Arrive(deliveries.clone())).await.unwrap();
    deliveries
}

async fn take(store: &Store) -> Vec<(String, i32)> {
    let leased = store
        .ledger
        .ask(LeaseInbox {
            agency: AGENCY.to_owned(),
            max: 10,
            lease: LEASE,
        })
        .await
        .unwrap();
    leased.into_iter().map(|l| (l.delivery, l.attempt)).collect()
}

async fn settle(
    store: &Store,
    agency: &str,
    delivery: &str,
    outcome: Settlement,
) -> (Option<DeliveryState>, Option<Label>) {
    let item = SettleItem {
        delivery: delivery.parse::<DeliveryId>().unwrap(),
        outcome,
        reason: Some("because".to_owned()),
    };
    let result = store
        .ledger
        .ask(SettleInbox {
            agency: agency.to_owned(),
            items: vec![item],
        })
        .await
        .unwrap()
        .remove(0);
    (result.state, result.label)
}

fn states(stage: &Stage) -> Vec<String> {
    stage.texts("SELECT state AS t FROM deliveries ORDER BY id")
}

/// `number outcome reason` of every attempt.
fn attempts(stage: &Stage) -> Vec<String> {
    stage.texts("SELECT CAST(number AS TEXT) || ' ' || outcome || ' ' || COALESCE(reason, '-') AS t FROM attempts ORDER BY at, number, outcome")
}

on_both! {
    async fn the_outbox_is_leased_and_free_again_when_the_lease_is_over(stage) {
        let store = stage.open();
        for n in 0..3 {
            filed(stage, &store, &format!("r{n}")).await;
        }
        let two = store.ledger.ask(LeaseOutbox { max: 2, lease: LEASE, since: None }).await.unwrap();
        let one = store.ledger.ask(LeaseOutbox { max: 2, lease: LEASE, since: None }).await.unwrap();
        assert_eq!((two.len(), one.len()), (2, 1));
        assert!(two.iter().chain(&one).all(|item| item.attempt == 1 && item.agency == AGENCY));
        assert_eq!(store.ledger.ask(LeaseOutbox { max: 2, lease: LEASE, since: None }).await.unwrap(), []);
        stage.later(30);
        assert_eq!(store.ledger.ask(LeaseOutbox { max: 9, lease: LEASE, since: None }).await.unwrap(), [], "a lease holds up to its last moment");
        stage.later(1);
        let again = store.ledger.ask(LeaseOutbox { max: 9, lease: LEASE, since: None }).await.unwrap();
        assert_eq!(again.iter().map(|item| item.attempt).collect::<Vec<_>>(), [2, 2, 2]);
    }

    async fn what_the_broker_confirmed_leaves_the_outbox(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        publish(&store, Carried::Done).await;
        assert_eq!((stage.unsent(), states(stage)), (0, vec!["queued".to_owned()]));
        assert_eq!(attempts(stage), ["1 confirmed -"]);
    }

    async fn what_the_broker_refused_waits_for_its_time(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let not_before = stage.clock.now().plus(Duration::from_secs(10));
        publish(&store, Carried::Retry { failure: Failure::BrokerAway, reason: "away".to_owned(), not_before, counts: true }).await;
        assert_eq!(store.ledger.ask(LeaseOutbox { max: 9, lease: LEASE, since: None }).await.unwrap(), []);
        stage.later(10);
        let again = store.ledger.ask(LeaseOutbox { max: 9, lease: LEASE, since: None }).await.unwrap();
        assert_eq!(again[0].attempt, 2);
        assert_eq!((states(stage), attempts(stage)), (vec!["waiting".to_owned()], vec!["1 retry away".to_owned()]));
    }

    async fn what_can_never_be_carried_is_parked_in_sight(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        publish(&store, Carried::Park { failure: Failure::Unroutable, reason: "unroutable".to_owned() }).await;
        assert_eq!((stage.unsent(), states(stage)), (0, vec!["parked".to_owned()]));
        assert_eq!(attempts(stage), ["1 parked unroutable"]);
    }

    async fn a_message_is_handed_out_when_it_has_arrived_and_not_before(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let delivery = publish(&store, Carried::Done).await.remove(0);
        assert_eq!(take(&store).await, []);
        store.ledger.ask(Arrive(vec![delivery.clone()])).await.unwrap();
        store.ledger.ask(Arrive(vec![delivery.clone(), "dlv_unknown".to_owned()])).await.unwrap();
        assert_eq!(store.ledger.ask(LeaseInbox { agency: "so-xay-dung".to_owned(), max: 10, lease: LEASE }).await.unwrap(), []);
        assert_eq!(take(&store).await, [(delivery.clone(), 1)]);
        assert_eq!(take(&store).await, [], "it is leased");
        assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Done).await, (Some(DeliveryState::Handed), None));
        stage.later(3600);
        assert_eq!(take(&store).await, []);
        assert_eq!(attempts(stage), ["1 confirmed -", "1 handed because"]);
    }

    async fn the_embedded_broker_may_bring_it_before_it_is_confirmed(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let item = store.ledger.ask(LeaseOutbox { max: 1, lease: LEASE, since: None }).await.unwrap().remove(0);
        store.ledger.ask(Arrive(vec![item.delivery.clone()])).await.unwrap();
        take(&store).await;
        settle(&store, AGENCY, &item.delivery, Settlement::Done).await;
        let confirmed = OutboxSettlement { delivery: item.delivery, attempt: 1, own_queue: false, carried: Carried::Done };
        store.ledger.ask(SettleOutbox(vec![confirmed])).await.unwrap();
        assert_eq!((stage.unsent(), states(stage)), (0, vec!["handed".to_owned()]));
    }

    async fn a_lease_that_is_over_is_lost_unless_the_work_was_done(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let delivery = arrived(&store).await.remove(0);
        let never_taken = settle(&store, AGENCY, &delivery, Settlement::Done).await;
        assert_eq!(never_taken, (None, Some(Label::LeaseLost)));
        take(&store).await;
        stage.later(31);
        for outcome in [Settlement::Retry, Settlement::Reject] {
            assert_eq!(settle(&store, AGENCY, &delivery, outcome).await, (None, Some(Label::LeaseLost)));
        }
        assert_eq!(take(&store).await, [(delivery.clone(), 2)], "and it is handed out again");
        stage.later(31);
        assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Done).await, (Some(DeliveryState::Handed), None));
    }

    async fn a_message_sent_back_comes_again_later_and_a_refused_one_is_parked(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let delivery = arrived(&store).await.remove(0);
        take(&store).await;
        assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Retry).await, (Some(DeliveryState::Queued), None));
        assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Retry).await, (None, Some(Label::LeaseLost)), "it is no longer held");
        assert_eq!(take(&store).await, []);
        stage.later(5);
        assert_eq!(take(&store).await, [(delivery.clone(), 2)]);
        assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Retry).await, (Some(DeliveryState::Queued), None));
        stage.later(5);
        assert_eq!(take(&store).await, [], "the second pause is longer");
        stage.later(5);
        assert_eq!(take(&store).await, [(delivery.clone(), 3)]);
        assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Reject).await, (Some(DeliveryState::Parked), None));
        // Settled once: said again, nothing changes.
        assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Done).await, (Some(DeliveryState::Parked), None));
        stage.later(3600);
        assert_eq!(take(&store).await, []);
        assert_eq!(attempts(stage), ["1 confirmed -", "1 retry because", "2 retry because", "3 refused because"]);
    }

    async fn a_message_that_always_comes_back_is_parked_at_the_limit(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let delivery = arrived(&store).await.remove(0);
        for n in 1..=50 {
            assert_eq!(take(&store).await, [(delivery.clone(), n)]);
            let expected = if n < 50 { DeliveryState::Queued } else { DeliveryState::Parked };
            assert_eq!(settle(&store, AGENCY, &delivery, Settlement::Retry).await.0, Some(expected), "{n}");
            stage.later(600);
        }
        assert_eq!(take(&store).await, []);
    }

    async fn another_agencys_message_is_absent(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let delivery = arrived(&store).await.remove(0);
        take(&store).await;
        let unknown = DeliveryId::new(stage.clock.now(), &mut *stage.rng()).to_string();
        let theirs = settle(&store, "so-xay-dung", &delivery, Settlement::Done).await;
        assert_eq!(theirs, (None, Some(Label::NotFound)));
        assert_eq!(theirs, settle(&store, AGENCY, &unknown, Settlement::Done).await);
        assert_eq!(states(stage), ["queued"]);
    }

    async fn a_status_acknowledges_what_is_in_hand_and_leaves_what_is_not_taken(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        arrived(&store).await;
        stage.later(1);
        store.ledger.ask(amendment(stage, &id, "r1", 1, "second")).await.unwrap();
        let second = arrived(&store).await.remove(0);
        stage.later(1);
        let first = store.ledger.ask(LeaseInbox { agency: AGENCY.to_owned(), max: 1, lease: LEASE }).await.unwrap().remove(0).delivery;
        settle(&store, AGENCY, &first, Settlement::Done).await;
        assert_eq!(states(stage), ["handed", "queued"]);
        acted(&store, report(stage, &id, Status::Accepted)).await;
        assert_eq!(states(stage), ["acknowledged", "queued"]);
        assert_eq!(take(&store).await, [(second.clone(), 1)], "it is still to be taken");
        // The agency has answered since: taking it over is understanding it.
        assert_eq!(settle(&store, AGENCY, &second, Settlement::Done).await, (Some(DeliveryState::Acknowledged), None));
    }

    async fn a_status_of_an_agency_with_a_queue_of_its_own_acknowledges_what_lies_there(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        publish(&store, Carried::Done).await;
        acted(&store, Act { own_queue: true, ..report(stage, &id, Status::Accepted) }).await;
        assert_eq!(states(stage), ["acknowledged"]);
    }

    async fn what_waits_for_the_broker_is_known_by_the_oldest(stage) {
        let store = stage.open();
        let oldest = async |since: Timestamp| store.readers.run(move |conn| read::oldest_unsent(conn, since)).await.unwrap();
        let depth = async |since: Timestamp| store.readers.run(move |conn| read::outbox_depth(conn, since)).await.unwrap();
        let begin = stage.clock.now();
        assert_eq!((oldest(begin).await, depth(begin).await), (None, 0));
        filed(stage, &store, "r1").await;
        stage.later(60);
        let second = stage.clock.now();
        filed(stage, &store, "r2").await;
        assert_eq!((oldest(begin).await, depth(begin).await), (Some(begin), 2));
        assert_eq!((oldest(second).await, depth(second).await), (Some(second), 1));
        // The first is sent, the second cannot be, and waits for its time.
        let not_before = stage.clock.now().plus(Duration::from_secs(90));
        let all = LeaseOutbox { max: 9, lease: Duration::from_secs(30), since: None };
        let leased = store.ledger.ask(all).await.unwrap();
        assert_eq!(oldest(begin).await, Some(begin), "what somebody has in hand still waits");
        let retry = Carried::Retry { failure: Failure::BrokerAway, reason: "away".to_owned(), not_before, counts: true };
        let carried = [Carried::Done, retry];
        let settled = leased.iter().zip(carried).map(|(item, carried)| OutboxSettlement {
            delivery: item.delivery.clone(), attempt: item.attempt, own_queue: false, carried,
        });
        store.ledger.ask(SettleOutbox(settled.collect())).await.unwrap();
        assert_eq!((oldest(begin).await, depth(begin).await), (Some(not_before), 1));
    }

    async fn an_agency_that_is_no_longer_responsible_gets_nothing_more(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        arrived(&store).await;
        stage.later(1);
        let mut elsewhere = amendment(stage, &id, "r1", 1, "second");
        elsewhere.dossier.agency = Some("so-xay-dung".parse().unwrap());
        store.ledger.ask(elsewhere).await.unwrap();
        assert_eq!(take(&store).await, [], "the first agency's message is not handed out");
        assert_eq!(states(stage), ["parked", "waiting"]);
        assert_eq!(stage.texts("SELECT agency AS t FROM deliveries WHERE send_at IS NOT NULL"), ["so-xay-dung"]);
    }

    async fn a_message_that_is_taken_and_never_settled_is_parked_at_last(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        arrived(&store).await;
        for _ in 0..50 {
            assert_eq!(take(&store).await.len(), 1);
            stage.later(61);
        }
        assert_eq!(take(&store).await, []);
        assert_eq!(states(stage), ["parked"]);
    }

    async fn the_fate_of_every_message_of_a_dossier_can_be_read(stage) {
        let store = stage.open();
        filed(stage, &store, "r1").await;
        let not_before = stage.clock.now();
        publish(&store, Carried::Retry { failure: Failure::BrokerAway, reason: "away".to_owned(), not_before, counts: true }).await;
        stage.later(1);
        arrived(&store).await;
        let scope = lienthong::identity::Access::system().permit(lienthong::identity::Permission::HubRead).unwrap();
        let found = store.readers.run(move |conn| {
            let row = lienthong::store::read::list(conn, &scope, &lienthong::store::read::Filter { limit: 1, ..Default::default() })?.dossiers.remove(0);
            lienthong::store::read::deliveries_of(conn, &row.id.to_string())
        }).await.unwrap();
        let (delivery, attempts) = (&found[0].delivery, &found[0].attempts);
        assert_eq!((found.len(), delivery.state, delivery.ready), (1, DeliveryState::Queued, true));
        let told: Vec<(i32, &str)> = attempts.iter().map(|a| (a.number, a.outcome.word())).collect();
        assert_eq!(told, [(1, "retry"), (2, "confirmed")]);
    }
}
