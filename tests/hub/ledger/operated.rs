//! What operators change: decided against what the database holds, written with its entry of the audit, chained, warned of once.

use std::time::Duration;

use lienthong::domain::audit::{Action, Entry};
use lienthong::domain::register::{Change, Newcomer};
use lienthong::domain::rejection::{Label, problems};
use lienthong::domain::sha256::Sha256;
use lienthong::domain::tenant::{
    Actor, Certificate, Staff, Standing, SuccessorPolicy, Tenant, TenantKey, TenantKind, Thumbprint,
};
use lienthong::domain::text::Text;
use lienthong::store::ledger::{Intervene, Intervention, RegisterChange, Registered, WarnExpiring};
use lienthong::store::{Store, read};

use super::everything;
use crate::backends::{Stage, on_both};
use crate::papers::{AGENCY, filed};

fn key(word: &str) -> TenantKey {
    word.parse().unwrap()
}

fn newcomer(stage: &Stage, word: &str, print: Thumbprint) -> Newcomer {
    let own = key(word);
    Newcomer {
        certificates: vec![Certificate {
            thumbprint: print,
            tenant: own.clone(),
            not_after: stage.clock.now().plus(Duration::from_secs(90 * 86_400)),
            revoked_at: None,
        }],
        staff: vec![Staff {
            id: "nv-1".parse().unwrap(),
            tenant: own.clone(),
            name: Text::parse("Nhân viên mẫu").unwrap(),
            until: None,
        }],
        points: Vec::new(),
        tenant: Tenant {
            parent: (own.kind() == TenantKind::Agent).then(|| key("enterprise.mau-a")),
            key: own,
            name: Text::parse("Đơn vị mẫu").unwrap(),
            formats: vec!["canonical/v1".to_owned()],
            standing: Standing::Active,
            successor_policy: SuccessorPolicy::Ask,
            codes: Default::default(),
        },
    }
}

fn print(n: u32) -> Thumbprint {
    let mut print = [0; 32];
    print[..4].copy_from_slice(&n.to_be_bytes());
    Thumbprint::new(Sha256::new(print))
}

async fn change(store: &Store, change: Change) -> Registered {
    let change = RegisterChange {
        actor: Actor::of(key("operator.truc-ban")),
        reason: "Theo công văn mẫu".to_owned(),
        change,
    };
    store.ledger.ask(change).await.unwrap()
}

async fn entries(store: &Store) -> Vec<Entry> {
    let filter = read::AuditFilter {
        limit: 20_000,
        ..Default::default()
    };
    let scope = everything();
    store
        .readers
        .run(move |conn| read::entries(conn, &scope, &filter))
        .await
        .unwrap()
}

fn label(outcome: &Registered) -> Option<Label> {
    match outcome {
        Registered::Done { .. } => None,
        Registered::Refused(rejection) => Some(rejection.label()),
    }
}

on_both! {
    async fn what_is_changed_is_kept_with_its_reason_and_what_is_so_already_is_not(stage) {
        let store = stage.open();
        let all = Change::Register(vec![
            newcomer(stage, "operator.mot", print(1)),
            newcomer(stage, "enterprise.mau-a", print(2)),
            newcomer(stage, "agent.a-1", print(3)),
        ]);
        assert_eq!(change(&store, all.clone()).await, Registered::Done { version: 1, actions: 9 });
        assert_eq!(change(&store, all).await, Registered::Done { version: 1, actions: 0 });
        let taken = newcomer(stage, "branch.x", print(3));
        assert_eq!(label(&change(&store, Change::Register(vec![taken])).await), Some(Label::CertificateTaken));
        let last = Change::Close(key("operator.mot"));
        assert_eq!(label(&change(&store, last).await), Some(Label::LastOperator));
        stage.later(60);
        let close = Change::Close(key("enterprise.mau-a"));
        assert_eq!(change(&store, close).await, Registered::Done { version: 2, actions: 2 });
        let register = store.readers.run(|conn| read::register(conn, 0)).await.unwrap().unwrap();
        let standing = &register.tenant(&key("agent.a-1")).unwrap().standing;
        assert_eq!(standing, &Standing::Closed { since: stage.clock.now() });
        let said = entries(&store).await;
        let newest: Vec<(i64, Action, &str)> = said.iter().take(2).map(|e| (e.number, e.action, e.subject.as_str())).collect();
        assert_eq!(newest, [(11, Action::TenantClosed, "agent.a-1"), (10, Action::TenantClosed, "enterprise.mau-a")]);
        assert!(said.iter().all(|e| e.reason.as_deref() == Some("Theo công văn mẫu") && e.actor.tenant == key("operator.truc-ban")));
        assert_eq!((stage.audit().findings, stage.audit().acts), (vec![], 11));
    }

    async fn what_is_done_about_a_delivery_is_an_entry_in_the_same_commit_and_what_is_refused_is_none(stage) {
        let store = stage.open();
        let dossier = filed(stage, &store, "r1").await;
        let delivery = stage.texts("SELECT id AS t FROM deliveries").remove(0);
        let intervene = async |action: Intervene| {
            let asked = Intervention {
                delivery: delivery.clone(),
                own_queue: false,
                action,
                reason: "Theo công văn mẫu".to_owned(),
                actor: Actor::of(key("operator.truc-ban")),
            };
            store.ledger.ask(asked).await.unwrap()
        };
        let retry = Intervene::Retry { again: false };
        assert_eq!(intervene(retry).await, Err(problems::DeliveryUnderWay.into()));
        assert_eq!(entries(&store).await, []);
        for action in [Intervene::Park, Intervene::Park, retry] {
            assert_eq!(intervene(action).await, Ok(()));
        }
        let said = entries(&store).await;
        let told: Vec<_> = said.iter().map(|e| (e.number, e.action, e.detail["state"].as_str())).collect();
        assert_eq!(told, [(2, Action::DeliveryRetried, "parked"), (1, Action::DeliveryParked, "waiting")]);
        for entry in &said {
            assert_eq!((entry.subject.as_str(), entry.actor.tenant.as_str()), (dossier.as_str(), "operator.truc-ban"));
            assert_eq!((entry.detail["delivery"].as_str(), entry.detail["agency"].as_str()), (delivery.as_str(), AGENCY));
            assert_eq!(entry.reason.as_deref(), Some("Theo công văn mẫu"));
        }
        // As many as the attempts say, and bound like every entry.
        assert_eq!(stage.rows("attempts"), 2);
        assert_eq!((stage.audit().findings, stage.audit().acts), (vec![], 2));
        stage.execute("UPDATE audit SET tenant = 'operator.khac' WHERE number = 1");
        assert_eq!(stage.audit().findings[0].place, "act 1");
    }

    async fn a_person_who_was_taken_off_acts_no_more(stage) {
        let store = stage.open();
        change(&store, Change::Register(vec![newcomer(stage, "branch.a", print(1))])).await;
        let nv: lienthong::domain::codes::Key = "nv-1".parse().unwrap();
        change(&store, Change::RemoveStaff { tenant: key("branch.a"), id: nv.clone() }).await;
        let register = store.readers.run(|conn| read::register(conn, 0)).await.unwrap().unwrap();
        assert!(register.staff(&key("branch.a"), &nv).is_none());
        assert_eq!(register.staff_of(&key("branch.a")).count(), 1, "the name stays with the number");
    }

    async fn ten_thousand_at_once_are_registered_or_none(stage) {
        let store = stage.open();
        let mut all = vec![newcomer(stage, "enterprise.mau-a", print(0))];
        all.extend((1..10_000).map(|n| newcomer(stage, &format!("agent.a-{n}"), print(n))));
        let mut wrong = all.clone();
        wrong[9_999].certificates[0].thumbprint = print(7);
        assert_eq!(label(&change(&store, Change::Register(wrong)).await), Some(Label::CertificateTaken));
        assert_eq!((stage.rows("tenants"), stage.rows("audit")), (0, 0));
        assert_eq!(change(&store, Change::Register(all)).await, Registered::Done { version: 1, actions: 30_000 });
        assert_eq!((stage.rows("tenants"), stage.rows("certificates"), stage.rows("staff")), (10_000, 10_000, 10_000));
    }

    async fn an_entry_that_was_changed_or_taken_out_is_found(stage) {
        let store = stage.open();
        for n in 1..4 {
            change(&store, Change::Register(vec![newcomer(stage, &format!("branch.b-{n}"), print(n))])).await;
        }
        assert_eq!(stage.audit().findings, []);
        stage.execute("UPDATE audit SET reason = 'khác' WHERE number = 4");
        assert_eq!(stage.audit().findings.len(), 1);
        stage.execute("UPDATE audit SET reason = 'Theo công văn mẫu' WHERE number = 4");
        assert_eq!(stage.audit().findings, []);
        stage.execute("DELETE FROM audit WHERE number = 5");
        assert_eq!(stage.audit().findings[0].place, "act 6");
    }

    async fn a_certificate_that_ends_soon_is_warned_of_once_a_step_by_one_hub(stage) {
        let (store, other) = (stage.open(), stage.open());
        let all = vec![newcomer(stage, "branch.a", print(1)), newcomer(stage, "branch.b", print(2))];
        change(&store, Change::Register(all)).await;
        change(&store, Change::Close(key("branch.b"))).await;
        assert_eq!(store.ledger.ask(WarnExpiring).await.unwrap(), []);
        let mut steps = Vec::new();
        for _ in 0..95 {
            let warned = [store.ledger.ask(WarnExpiring).await.unwrap(), other.ledger.ask(WarnExpiring).await.unwrap()].concat();
            steps.extend(warned.into_iter().map(|w| (w.certificate.tenant.to_string(), w.days)));
            stage.later(86_400);
        }
        assert_eq!(steps, [60, 30, 14, 7, 1].map(|days| ("branch.a".to_owned(), days)));
        let warnings = entries(&store).await.into_iter().filter(|e| e.action == Action::CertificateExpiring);
        assert_eq!(warnings.count(), 5);
        assert_eq!(stage.audit().findings, []);
    }

    async fn two_hubs_cannot_both_take_the_last_operator_away(stage) {
        let (one, two) = (stage.open(), stage.open());
        let all = vec![newcomer(stage, "operator.mot", print(1)), newcomer(stage, "operator.hai", print(2))];
        change(&one, Change::Register(all)).await;
        let (a, b) = tokio::join!(
            change(&one, Change::Suspend(key("operator.mot"))),
            change(&two, Change::Suspend(key("operator.hai"))),
        );
        let mut labels = [label(&a), label(&b)];
        labels.sort();
        assert_eq!(labels, [None, Some(Label::LastOperator)]);
    }
}
