//! What RabbitMQ alone promises: users and what they may do, the check of the topology.

mod check;

use std::time::Duration;

use lapin::options::BasicPublishOptions;
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use lienthong::broker::admin::AdminError;
use lienthong::broker::topology::{QueueLimits, STATUS_QUEUE, STATUSES, Topology};
use lienthong::broker::{
    Acknowledgement, Broker, BrokerError, PublishOutcome, QueueDepth, Rabbit, Source, Target,
};
use lienthong::domain::tenant::TenantKey;
use serde_json::json;

use crate::stage::{Props, Stage, envelope, rabbit, take};

const PASSWORD: &str = "only-for-this-test";

/// The broker as the agency sees it.
async fn signed_in(stage: &Stage, props: &Props) -> Broker {
    props
        .admin
        .agency_user_put(&stage.agency, PASSWORD)
        .await
        .unwrap();
    let url = props.url_as(&format!("agency.{}", stage.agency), PASSWORD);
    Broker::Rabbit(Rabbit::new(&url, Default::default()).unwrap())
}

async fn raw(url: &str) -> lapin::Channel {
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    connection.create_channel().await.unwrap()
}

fn refused(outcomes: &[PublishOutcome], word: &str) {
    assert!(
        matches!(outcomes, [PublishOutcome::Refused(reason)] if reason.contains(word)),
        "{outcomes:?}"
    );
}

#[test]
fn an_agency_reads_its_queue_and_reports_in_its_own_name() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let agency = signed_in(&stage, &props).await;
        assert_eq!(
            stage.broker.publish(&[stage.envelope("evt_1")]).await,
            [PublishOutcome::Confirmed]
        );
        let mut inbox = agency.consume(&stage.source(), 1).await.unwrap();
        take(&mut inbox).await.settle(Acknowledgement::Ack).await.unwrap();

        let status = envelope(Target::Status(stage.agency.clone()), "st_1");
        assert_eq!(agency.publish(&[status]).await, [PublishOutcome::Confirmed]);
        let mut statuses = stage.broker.consume(&Source::Statuses, 1).await.unwrap();
        let got = take(&mut statuses).await;
        assert_eq!(got.agency(), Some(stage.agency.clone()));
        assert_eq!(got.user_id, Some(format!("agency.{}", stage.agency)));
        assert!(got.is_vouched());
    });
}

#[test]
fn a_consumer_nobody_waits_for_holds_nothing() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        // Given up at any moment of it, also when the broker has begun to answer.
        let source = stage.source();
        for micros in (100..6000).step_by(100) {
            let consuming = stage.broker.consume(&source, 5);
            drop(tokio::time::timeout(Duration::from_micros(micros), consuming).await);
        }
        let sent: Vec<String> = (0..40).map(|n| format!("evt_{n}")).collect();
        let batch: Vec<_> = sent.iter().map(|id| stage.envelope(id)).collect();
        assert_eq!(
            stage.broker.publish(&batch).await,
            vec![PublishOutcome::Confirmed; sent.len()]
        );
        let mut consumer = stage.consumer(10).await;
        let mut got = std::collections::BTreeSet::new();
        while got.len() < sent.len() {
            let delivery = take(&mut consumer).await;
            got.insert(delivery.message_id.clone());
            delivery.settle(Acknowledgement::Ack).await.unwrap();
        }
    });
}

#[test]
fn an_agency_may_do_nothing_else() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let agency = signed_in(&stage, &props).await;
        let in_others_name = envelope(Target::Status(stage.other.clone()), "st_1");
        refused(&agency.publish(&[in_others_name]).await, "ACCESS_REFUSED");
        let as_the_hub = envelope(Target::Agency(stage.other.clone()), "evt_1");
        refused(&agency.publish(&[as_the_hub]).await, "ACCESS_REFUSED");
        let to_itself = envelope(Target::Agency(stage.agency.clone()), "evt_2");
        refused(&agency.publish(&[to_itself]).await, "ACCESS_REFUSED");
        for source in [
            Source::Agency(stage.other.clone()),
            Source::Statuses,
            Source::DeadLetters,
        ] {
            let error = agency.consume(&source, 1).await.unwrap_err();
            let denied =
                matches!(&error, BrokerError::Refused { reason, .. } if reason.contains("ACCESS_REFUSED"));
            assert!(denied, "{source:?}: {error}");
        }
        let wider = Topology::for_agencies([(
            "a-new-one".parse().unwrap(),
            lienthong::broker::topology::QueueReader::Hub,
        )]);
        assert!(matches!(
            agency.declare(&wider).await,
            Err(BrokerError::Refused { .. })
        ));

        // Past the exchanges, straight into a queue.
        let channel = raw(&props.url_as(&format!("agency.{}", stage.agency), PASSWORD)).await;
        channel.confirm_select(Default::default()).await.unwrap();
        let straight = channel
            .basic_publish(
                "".into(),
                STATUS_QUEUE.into(),
                BasicPublishOptions::default(),
                b"{}",
                BasicProperties::default(),
            )
            .await
            .unwrap();
        assert!(straight.await.unwrap_err().to_string().contains("ACCESS_REFUSED"));
        assert_eq!(
            agency
                .publish(&[envelope(Target::Status(stage.agency.clone()), "st_2")])
                .await,
            [PublishOutcome::Confirmed]
        );
    });
}

#[test]
fn a_forged_user_is_refused_and_none_is_shown_as_none() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let user = format!("agency.{}", stage.agency);
        signed_in(&stage, &props).await;
        let url = props.url_as(&user, PASSWORD);
        let key = || user.as_str().into();
        let send = async |properties: BasicProperties| {
            let channel = raw(&url).await;
            channel.confirm_select(Default::default()).await.unwrap();
            let options = BasicPublishOptions::default();
            channel
                .basic_publish(STATUSES.into(), key(), options, b"{}", properties)
                .await
                .unwrap()
                .await
        };
        let forged = BasicProperties::default().with_user_id(format!("agency.{}", stage.other).into());
        assert!(
            send(forged)
                .await
                .unwrap_err()
                .to_string()
                .contains("PRECONDITION_FAILED")
        );
        // What a library for CloudEvents sends: attributes in headers, nothing in the properties.
        let mut headers = FieldTable::default();
        headers.insert(
            "cloudEvents_id".into(),
            lapin::types::AMQPValue::LongString("st_1".into()),
        );
        headers.insert(
            "cloudEvents:type".into(),
            lapin::types::AMQPValue::LongString("vn.example.status".into()),
        );
        headers.insert("cloudEvents:n".into(), lapin::types::AMQPValue::LongInt(1));
        assert!(
            send(BasicProperties::default().with_headers(headers))
                .await
                .unwrap()
                .is_ack()
        );
        assert!(send(BasicProperties::default()).await.unwrap().is_ack());

        let mut statuses = stage.broker.consume(&Source::Statuses, 2).await.unwrap();
        let got = take(&mut statuses).await;
        assert_eq!(
            (&*got.message_id, &*got.kind, got.headers.len()),
            ("st_1", "vn.example.status", 2)
        );
        assert_eq!((got.user_id.as_deref(), got.is_vouched()), (None, false));
        let bare = take(&mut statuses).await;
        assert_eq!(
            (&*bare.message_id, &*bare.kind, &*bare.content_type),
            ("", "", "")
        );
    });
}

#[test]
fn a_submitter_reads_its_own_queue_and_may_do_nothing_else() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let tenant = |key: &str| -> TenantKey { format!("branch.{}{key}", stage.agency).parse().unwrap() };
        let (own, other) = (tenant("-own"), tenant("-other"));
        let both = Topology::for_agencies([]).with_tenants([&own, &other]);
        stage.broker.declare(&both).await.unwrap();
        props.admin.tenant_user_put(&own, PASSWORD).await.unwrap();
        let url = props.url_as(&format!("tenant.{own}"), PASSWORD);
        let submitter = Broker::Rabbit(Rabbit::new(&url, Default::default()).unwrap());

        let told = envelope(Target::Tenant(own.clone()), "evt_1");
        assert_eq!(stage.broker.publish(&[told]).await, [PublishOutcome::Confirmed]);
        let mut queue = submitter.consume(&Source::Tenant(own.clone()), 1).await.unwrap();
        take(&mut queue).await.settle(Acknowledgement::Ack).await.unwrap();
        for to in [
            Target::Tenant(own.clone()),
            Target::Tenant(other.clone()),
            Target::Status(stage.agency.clone()),
        ] {
            refused(&submitter.publish(&[envelope(to, "x")]).await, "ACCESS_REFUSED");
        }
        for source in [Source::Tenant(other), stage.source(), Source::Statuses] {
            let error = submitter.consume(&source, 1).await.unwrap_err();
            let denied =
                matches!(&error, BrokerError::Refused { reason, .. } if reason.contains("ACCESS_REFUSED"));
            assert!(denied, "{source:?}: {error}");
        }
        props.admin.tenant_user_delete(&own).await.unwrap();
    });
}

#[test]
fn a_user_of_another_virtual_host_keeps_its_password() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let agency = signed_in(&stage, &props).await;
        agency.ready().await.unwrap();
        let beside = props.admin.for_vhost(&format!("{}-beside", props.vhost));
        beside.vhost_create().await.unwrap();
        let refused = beside.agency_user_put(&stage.agency, "another").await;
        assert!(
            matches!(&refused, Err(AdminError::Shared { elsewhere, .. }) if *elsewhere == [props.vhost.clone()]),
            "{refused:?}"
        );
        // The hub it belongs to may give it a new one, and its user still gets in by the old one until then.
        signed_in(&stage, &props).await.ready().await.unwrap();
        // Somebody gives it permissions there all the same: the check says so.
        let all = json!({"configure": "", "write": "", "read": ""});
        let user = format!("agency.{}", stage.agency);
        props
            .manage(
                reqwest::Method::PUT,
                &["permissions", &format!("{}-beside", props.vhost), &user],
                &all,
            )
            .await;
        let found = props.admin.check(&stage.topology).await.unwrap();
        assert!(
            matches!(found.as_slice(), [one] if one.object == format!("user {user}") && one.problem.contains("-beside")),
            "{found:?}"
        );
        beside.vhost_delete().await.unwrap();
    });
}

#[test]
fn what_lies_in_a_queue_is_told_and_that_there_is_none() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let of = |messages, readers| Some(QueueDepth { messages, readers });
        assert_eq!(stage.broker.level(&stage.source()).await.unwrap(), of(0, 0));
        stage
            .broker
            .publish(&[stage.envelope("evt_1"), stage.envelope("evt_2")])
            .await;
        assert_eq!(stage.broker.level(&stage.source()).await.unwrap(), of(2, 0));
        let mut inbox = stage.broker.consume(&stage.source(), 1).await.unwrap();
        let held = take(&mut inbox).await;
        assert_eq!(stage.broker.level(&stage.source()).await.unwrap(), of(1, 1));
        held.settle(Acknowledgement::Ack).await.unwrap();
        let before = stage.broker.epoch();
        props.admin.queue_delete(&stage.source().queue()).await.unwrap();
        assert_eq!(stage.broker.level(&stage.source()).await.unwrap(), None);
        assert!(
            stage.broker.epoch() > before,
            "what was declared is to be declared again"
        );
    });
}

#[test]
fn a_user_that_is_deleted_is_out() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        let agency = signed_in(&stage, &props).await;
        let mut inbox = agency.consume(&stage.source(), 1).await.unwrap();
        props.admin.agency_user_delete(&stage.agency).await.unwrap();
        assert!(inbox.next().await.is_none());
        assert!(matches!(agency.ready().await, Err(BrokerError::Connection(_))));
    });
}

#[test]
fn what_is_too_old_goes_to_the_dead_letters() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let mut letter = stage.envelope("evt_1");
        letter.expires = Some(std::time::Duration::ZERO);
        assert_eq!(stage.broker.publish(&[letter]).await, [PublishOutcome::Confirmed]);
        let mut dead = stage.broker.consume(&Source::DeadLetters, 1).await.unwrap();
        assert_eq!(take(&mut dead).await.message_id, "evt_1");
    });
}

#[test]
fn what_was_declared_is_what_was_planned() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        signed_in(&stage, &props).await;
        assert_eq!(props.admin.check(&stage.topology).await.unwrap(), []);
    });
}

#[test]
fn what_was_imported_is_what_was_planned_and_can_be_declared() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        // The stage has declared it: away with it.
        props.admin.vhost_delete().await.unwrap();
        props.admin.vhost_create().await.unwrap();
        props
            .admin
            .definitions_import(&stage.topology.plan(&props.vhost))
            .await
            .unwrap();
        assert_eq!(props.admin.check(&stage.topology).await.unwrap(), []);
        stage.broker.declare(&stage.topology).await.unwrap();
        // Nobody can be such a user before it has a password.
        let user = format!("agency.{}", stage.agency);
        for password in ["", "guess"] {
            let nobody = Rabbit::new(&props.url_as(&user, password), Default::default()).unwrap();
            assert!(
                matches!(nobody.ready().await, Err(BrokerError::Connection(_))),
                "{password:?}"
            );
        }
    });
}

#[test]
fn depths_are_told() {
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let props = stage.rabbit.clone().unwrap();
        assert_eq!(
            stage
                .broker
                .publish(&[stage.envelope(1), stage.envelope(2)])
                .await,
            vec![PublishOutcome::Confirmed; 2]
        );
        let mut consumer = stage.consumer(1).await;
        let _held = take(&mut consumer).await;
        loop {
            let depth = props.admin.queue_depths().await.unwrap()[&stage.source().queue()];
            if (depth.ready, depth.unsettled, depth.consumers) == (1, 1, 1) {
                break;
            }
        }
    });
}
