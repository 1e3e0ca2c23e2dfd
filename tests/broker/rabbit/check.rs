//! What the check of the topology finds on a RabbitMQ that somebody has changed.

use lapin::types::FieldTable;
use lienthong::broker::Source;
use lienthong::broker::topology::{DOSSIERS, QueueLimits, STATUS_QUEUE, Topology};
use serde_json::json;

use super::{raw, signed_in};
use crate::stage::{Stage, rabbit};

#[test]
fn the_check_finds_what_was_changed_by_hand() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        signed_in(&stage, &props).await;
        let (own, other) = (
            stage.source().queue(),
            Source::Agency(stage.other.clone()).queue(),
        );
        let channel = raw(&props.url).await;
        let own_name = || own.as_str().into();
        channel
            .queue_unbind(own_name(), DOSSIERS.into(), own_name(), FieldTable::default())
            .await
            .unwrap();
        let declared = channel.queue_bind(
            other.as_str().into(),
            DOSSIERS.into(),
            own_name(),
            Default::default(),
            FieldTable::default(),
        );
        declared.await.unwrap();
        props.admin.queue_delete(STATUS_QUEUE).await.unwrap();
        let objects = |found: &[lienthong::broker::check::Difference]| -> Vec<String> {
            found.iter().map(|difference| difference.object.clone()).collect()
        };
        let found = props.admin.check(&stage.topology).await.unwrap();
        let expected = [
            format!("queue {STATUS_QUEUE}"),
            format!("binding dossiers → {own}"),
            format!("binding statuses → {STATUS_QUEUE}"),
            format!("binding dossiers → {other}"),
        ];
        assert_eq!(objects(&found), expected, "{found:#?}");

        // QueueLimits, users: against another plan than the one that was declared.
        let agencies = [
            (
                stage.agency.clone(),
                lienthong::broker::topology::QueueReader::Hub,
            ),
            (
                stage.other.clone(),
                lienthong::broker::topology::QueueReader::Amqp,
            ),
        ];
        let plan = Topology::with_limits(
            agencies,
            &QueueLimits {
                returns: 7,
                ..QueueLimits::default()
            },
        );
        let found = props.admin.check(&plan).await.unwrap();
        let wrong = found
            .iter()
            .find(|difference| difference.object == format!("queue {own}"))
            .unwrap();
        assert_eq!(wrong.problem, "argument x-delivery-limit is 50, not 7");
        let users: Vec<_> = objects(&found)
            .into_iter()
            .filter(|object| object.starts_with("user"))
            .collect();
        assert_eq!(users, [format!("user {other}"), format!("user {own}")]);
        let error = stage.broker.declare(&plan).await.unwrap_err();
        assert!(error.to_string().contains("x-delivery-limit"), "{error}");
    });
}

#[test]
fn the_check_finds_policies_and_missing_topic_permissions() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        signed_in(&stage, &props).await;
        let own = stage.source().queue();
        let policy = async |name, pattern: String, definition, kind| {
            let path = ["policies", &props.vhost, name];
            let body = json!({"pattern": pattern, "definition": definition, "apply-to": kind});
            props.manage(reqwest::Method::PUT, &path, &body).await;
        };
        policy("shorter", format!("^{own}$"), json!({"max-length": 10}), "queues").await;
        policy(
            "aside",
            "^dossiers$".to_owned(),
            json!({"alternate-exchange": "aside"}),
            "exchanges",
        )
        .await;
        policy(
            "same",
            "^hub.statuses$".to_owned(),
            json!({"delivery-limit": 50}),
            "queues",
        )
        .await;
        let path = ["topic-permissions", &props.vhost, &own];
        props.manage(reqwest::Method::DELETE, &path, &json!({})).await;
        // A queue shows its policy with its next figures.
        let found = loop {
            let found = props.admin.check(&stage.topology).await.unwrap();
            if found.len() >= 3 {
                break found;
            }
        };
        let said: Vec<_> = found
            .iter()
            .map(|found| (found.object.as_str(), found.problem.as_str()))
            .collect();
        let (queue, user) = (format!("queue {own}"), format!("user {own}"));
        let expected = [
            (
                "exchange dossiers",
                "policy aside sets alternate-exchange to \"aside\"",
            ),
            (&*queue, "policy shorter sets max-length to 10"),
            (
                &*user,
                "no topic permission, or another than planned: it may report in other agencies' names",
            ),
        ];
        assert_eq!(said, expected);
    });
}
