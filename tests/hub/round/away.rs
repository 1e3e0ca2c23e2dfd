//! When something is not there: the outbox waits, and what is broken holds up nothing else.

use std::time::Duration;

use super::{embedded, moving, word};
use crate::backends::{Stage, eventually};
use crate::city::{COMMUNE, City, for_the_commune, for_the_department};

/// What cannot be rendered stays behind in sight; the rest goes its way.
fn one_broken(stage: Stage) {
    stage.now().play(async |stage| {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let broken = city
            .file(&branch, &for_the_commune(stage, "broken"))
            .await
            .tracking_id;
        stage.execute(&format!("DELETE FROM contents WHERE dossier = '{broken}'"));
        for n in 0..3 {
            city.file(&branch, &for_the_commune(stage, &format!("r{n}")))
                .await;
        }
        let agency = city.access(&format!("agency.{COMMUNE}"));
        moving(&city, embedded(), async || {
            let mut got = 0;
            eventually("the others arrive", async || {
                let page = city
                    .hub
                    .messages
                    .inbox(&agency, 10, Duration::ZERO)
                    .await
                    .unwrap();
                assert!(page.messages.iter().all(|m| word(&m.event) == "filed"));
                got += page.messages.len();
                (got == 3).then_some(())
            })
            .await;
            eventually("their confirms are written down", async || {
                (stage.unsent() == 1).then_some(())
            })
            .await;
        })
        .await;
        assert_eq!(stage.unsent(), 1);
        let told = stage.texts("SELECT outcome AS t FROM attempts WHERE outcome <> 'confirmed'");
        assert!(!told.is_empty() && told.iter().all(|t| t == "retry"), "{told:?}");
    });
}

#[test]
fn a_broken_row_holds_up_nothing_else_on_sqlite() {
    one_broken(Stage::sqlite());
}

#[test]
fn a_broken_row_holds_up_nothing_else_on_postgresql() {
    one_broken(Stage::postgres());
}

/// Filed while nothing moves; carried when something does. Nobody consumes the department's queue on the embedded broker.
#[test]
fn the_outbox_waits_for_the_movers() {
    Stage::sqlite().now().play(async |stage| {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        city.file(&branch, &for_the_department(stage, "nobody-reads"))
            .await;
        for n in 0..20 {
            city.file(&branch, &for_the_commune(stage, &format!("r{n}")))
                .await;
        }
        assert_eq!(stage.unsent(), 21);
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let broker =
            lienthong::broker::Broker::Embedded(lienthong::broker::Embedded::new(Duration::from_millis(50)));
        moving(&city, broker, async || {
            let mut order = Vec::new();
            eventually("all arrive", async || {
                let page = city.hub.messages.inbox(&agency, 7, Duration::ZERO).await.unwrap();
                order.extend(page.messages.iter().map(|m| {
                    m.event.data.document.value()["reference"]
                        .as_str()
                        .unwrap()
                        .to_owned()
                }));
                (order.len() == 20).then_some(())
            })
            .await;
            assert_eq!(order, (0..20).map(|n| format!("r{n}")).collect::<Vec<_>>());
            eventually("only the unread one is left", async || {
                (stage.unsent() == 1).then_some(())
            })
            .await;
        })
        .await;
    });
}
