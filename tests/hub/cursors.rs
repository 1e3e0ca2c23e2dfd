//! Cursors belong to one history: after a restore, or made up, they are answered by where to begin again, and nothing is missed.

use std::time::Duration;

use lienthong::domain::rejection::Label;
use lienthong::domain::view::{Cursor, FeedPage, SubscriptionRequest, Transport};
use lienthong::identity::Access;
use lienthong::service::ServiceError;

use crate::backends::{Stage, on_both};
use crate::city::{City, for_the_commune};

async fn page(city: &City, access: &Access, after: Cursor) -> Result<FeedPage, ServiceError> {
    city.hub.feed.events(access, after, Duration::ZERO, 100).await
}

/// Where a refusal says to begin again.
fn begin_again<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> Cursor {
    let Err(ServiceError::Rejected(refused)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(
        (refused.label(), refused.http_status()),
        (Label::CursorUnknown, 410)
    );
    let problem = &refused.problems()[0];
    problem.args()["begin"].parse().unwrap()
}

/// Takes the database back to where it was after so many events, as a restored backup has it.
fn restore(stage: &Stage, events: i64) {
    let kept = format!("SELECT number FROM blocks WHERE first_seq + count - 1 = {events}");
    stage.execute(&format!(
        "DELETE FROM feed WHERE seq > {events}; DELETE FROM events WHERE seq > {events}; \
         UPDATE head SET seq = {events}, block = ({kept}), hash = (SELECT hash FROM blocks WHERE number = ({kept})), \
           at = (SELECT at FROM blocks WHERE number = ({kept})); \
         DELETE FROM blocks WHERE number > (SELECT block FROM head); DELETE FROM alarms;"
    ));
}

on_both! {
    async fn after_a_restore_a_cursor_says_where_to_begin_again_and_nothing_is_missed(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        for n in 0..3 {
            city.file(&branch, &for_the_commune(stage, &format!("before-{n}"))).await;
            stage.later(60);
        }
        let common = page(&city, &branch, Cursor::START).await.unwrap();
        let at_backup = common.next;
        assert_eq!(page(&city, &branch, at_backup).await.unwrap(), FeedPage { events: vec![], next: at_backup });
        for n in 0..4 {
            city.file(&branch, &for_the_commune(stage, &format!("lost-{n}"))).await;
            stage.later(60);
        }
        let lost = page(&city, &branch, at_backup).await.unwrap().next;
        restore(stage, at_backup.number);

        // Past the end, and just as well when the numbers have come so far again.
        assert_eq!(begin_again(page(&city, &branch, lost).await), at_backup);
        for n in 0..8 {
            city.file(&branch, &for_the_commune(stage, &format!("after-{n}"))).await;
            stage.later(60);
        }
        assert_eq!(begin_again(page(&city, &branch, lost).await), at_backup);
        let webhook = |from| SubscriptionRequest {
            way: Transport::Webhook,
            url: Some("https://receiver.example/".to_owned()),
            from: Some(from),
        };
        assert_eq!(begin_again(city.hub.subscriptions.subscribe(&branch, webhook(lost)).await), at_backup);

        // Who does as it is told has everything of the new history, once.
        let again = page(&city, &branch, at_backup).await.unwrap();
        let all = page(&city, &branch, Cursor::START).await.unwrap();
        assert_eq!(again.events, all.events[common.events.len()..]);
        assert!(again.events.len() >= 8);
        let subscribed = city.hub.subscriptions.subscribe(&branch, webhook(at_backup)).await.unwrap();
        assert_eq!(subscribed.subscription.webhook.unwrap().cursor, at_backup);
    }

    async fn a_made_up_cursor_is_refused_and_a_bare_number_of_this_history_is_not(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        city.file(&branch, &for_the_commune(stage, "r1")).await;
        stage.later(60);
        city.file(&branch, &for_the_commune(stage, "r2")).await;
        let all = page(&city, &branch, Cursor::START).await.unwrap();
        let last = all.next;
        let bare = |number| Cursor { number, at: None };
        assert_eq!(page(&city, &branch, bare(0)).await.unwrap(), all);
        assert_eq!(page(&city, &branch, bare(1)).await.unwrap().events, all.events[1..]);
        assert_eq!(page(&city, &branch, bare(last.number)).await.unwrap().events, []);
        assert_eq!(begin_again(page(&city, &branch, bare(last.number + 1)).await), Cursor::START);
        assert_eq!(begin_again(page(&city, &branch, bare(i64::MAX)).await), Cursor::START);
        // Another moment than that of the event with the number: it is told the last common place before it.
        let first = page(&city, &branch, Cursor::START).await.unwrap();
        let moved = Cursor::after(1, stage.clock.now().plus(Duration::from_secs(9)));
        assert_eq!(begin_again(page(&city, &branch, moved).await).number, 1);
        let early = Cursor::after(last.number, lienthong::domain::time::Timestamp::from_micros(1));
        assert_eq!(begin_again(page(&city, &branch, early).await), Cursor::START);
        assert_eq!(first, all);
    }

    async fn the_alarms_cursor_belongs_to_one_history_too(stage) {
        let city = City::open(stage).await;
        let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        city.file(&branch, &for_the_commune(stage, "r1")).await;
        stage.later(86_400 * 3);
        city.hub.limits.watch().await.unwrap();
        let alarms = async |after| city.hub.limits.alarms(&operator, after, true, 200).await;
        let told = alarms(Cursor::START).await.unwrap();
        assert!(!told.alarms.is_empty());
        assert_eq!(alarms(told.next).await.unwrap().alarms, []);
        assert_eq!(alarms(Cursor { number: told.next.number, at: None }).await.unwrap().alarms, []);
        let later = Cursor::after(told.next.number, stage.clock.now().plus(Duration::from_secs(1)));
        assert!(begin_again(alarms(later).await).number < told.next.number);
        assert_eq!(begin_again(alarms(Cursor { number: 99_999, at: None }).await), Cursor::START);
        stage.execute("DELETE FROM alarms");
        assert_eq!(begin_again(alarms(told.next).await), Cursor::START);
    }
}
