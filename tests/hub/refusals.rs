//! Refused documents: kept once with why, seen by their sender and the operator, within a quota and for a time; and never in the
//! way of an answer.

use lienthong::domain::ids::RefusalId;
use lienthong::domain::rejection::{Label, Rejection, problems};
use lienthong::domain::view::RefusedKind;
use lienthong::identity::Access;
use lienthong::service::{RefusalQuery, Reported, ServiceError};
use lienthong::store::StoreSizes;
use lienthong::store::kept::{NewRefusal, SealedRefusal};
use lienthong::store::ledger::refuse::{BYTES_OF_A_TENANT, KEPT_DAYS, OF_A_TENANT};
use lienthong::store::ledger::{Refuse, Sweep};
use serde_json::json;

use crate::backends::{Stage, on_both};
use crate::city::{City, for_the_commune, incoming};
use crate::limits::stop_the_ledger;

fn rejection<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) -> Rejection {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    }
}

fn all() -> RefusalQuery {
    RefusalQuery {
        limit: 200,
        ..RefusalQuery::default()
    }
}

async fn listed(city: &City, access: &Access, query: RefusalQuery) -> Vec<RefusalId> {
    let page = city.hub.refusals.list(access, query).await.unwrap();
    page.refusals.into_iter().map(|r| r.id).collect()
}

fn bad(stage: &Stage, reference: &str) -> serde_json::Value {
    let mut filing = for_the_commune(stage, reference);
    filing["channel"] = json!("pigeon");
    filing
}

/// The name of the nth refusal of a tenant.
fn named(tenant: &str, n: usize) -> RefusalId {
    RefusalId::derived(lienthong::domain::seal::sha256(format!("{tenant}{n}").as_bytes()).as_bytes())
}

/// A refusal as the service makes it, of so many bytes.
fn sealed(stage: &Stage, tenant: &str, n: usize, size: usize) -> SealedRefusal {
    let refusal = NewRefusal {
        id: named(tenant, n),
        tenant: &tenant.parse().unwrap(),
        kind: RefusedKind::Submission,
        format: None,
        media_type: "application/json",
        bytes: &vec![b'x'; size],
        problems: &[problems::FieldMissing { field: &"name" }.into()],
        at: stage.clock.now(),
    };
    refusal.sealed(&stage.cipher, &mut *stage.rng()).unwrap()
}

on_both! {
    async fn a_refused_document_is_kept_once_with_its_problems_and_its_bytes(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let sent = bad(stage, "r1");
        let refused = rejection(city.hub.intake.submit(&agent, incoming(&sent, "k1")).await);
        let id = refused.kept().unwrap();
        stage.later(60);
        // Under whatever key: the same bytes are the same document.
        assert_eq!(rejection(city.hub.intake.submit(&agent, incoming(&sent, "k2")).await).kept(), Some(id));
        let view = city.hub.refusals.show(&agent, id).await.unwrap();
        assert_eq!((view.summary.count, view.summary.kind, view.summary.label), (2, RefusedKind::Submission, Label::ValueUnknown));
        assert_eq!(view.summary.last_at.since(view.summary.first_at).as_secs(), 60);
        assert_eq!(view.problems[0].path.as_deref(), Some("/channel"));
        let bytes = serde_json::to_vec(&sent).unwrap();
        assert_eq!(view.summary.size, bytes.len() as i64);
        assert_eq!(city.hub.refusals.bytes(&agent, id).await.unwrap(), ("application/json".to_owned(), bytes));
        // Nothing of it lies open.
        let open = if stage.is_postgres() { "position('Mẫu'::bytea in ciphertext)" } else { "instr(ciphertext, CAST('Mẫu' AS BLOB))" };
        assert_eq!(stage.number(&format!("SELECT CAST({open} AS BIGINT) AS n FROM refusals")), 0);
        // Another's bytes are another refusal, even when they are equal.
        assert_ne!(rejection(city.hub.intake.submit(&city.access("branch.ba-dinh"), incoming(&sent, "k1")).await).kept(), Some(id));
        assert_eq!(stage.rows("refusals"), 2);
    }

    async fn its_sender_the_enterprise_and_the_operator_see_it_and_nobody_else(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let id = rejection(city.hub.intake.submit(&agent, incoming(&bad(stage, "r1"), "k")).await).kept().unwrap();
        for (who, sees) in [
            ("agent.a-001", true), ("enterprise.buu-chinh-mau-a", true), ("operator.truc-ban", true), ("agent.a-002", false),
            ("enterprise.buu-chinh-mau-b", false), ("branch.ba-dinh", false), ("agency.ubnd-00004", false),
        ] {
            let access = city.access(who);
            assert_eq!(listed(&city, &access, all()).await.contains(&id), sees, "{who}");
            let absent = RefusalId::derived(&[0; 32]);
            for (id, sees) in [(id, sees), (absent, false)] {
                let (view, bytes) = (city.hub.refusals.show(&access, id).await, city.hub.refusals.bytes(&access, id).await);
                if sees {
                    assert_eq!((view.unwrap().summary.id, bytes.unwrap().0), (id, "application/json".to_owned()), "{who}");
                } else {
                    assert_eq!((rejection(view).label(), rejection(bytes).label()), (Label::NotFound, Label::NotFound), "{who}");
                }
            }
        }
    }

    async fn a_list_is_narrowed_and_paged(stage) {
        let city = City::open(stage).await;
        let (agent, branch, operator) = (city.access("agent.a-001"), city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        let mut ids = Vec::new();
        let begun = stage.clock.now();
        for n in 0..5 {
            let who = if n % 2 == 0 { &agent } else { &branch };
            ids.push(rejection(city.submit(who, &bad(stage, &format!("r{n}"))).await).kept().unwrap());
            stage.later(10);
        }
        ids.reverse();
        let after = |seconds| Some(begun.plus(std::time::Duration::from_secs(seconds)));
        assert_eq!(listed(&city, &operator, all()).await, ids);
        assert_eq!(listed(&city, &operator, RefusalQuery { tenant: Some("branch.ba-dinh".parse().unwrap()), ..all() }).await, [ids[1], ids[3]]);
        assert_eq!(listed(&city, &operator, RefusalQuery { since: after(10), until: after(30), ..all() }).await, ids[2..4]);
        let mut paged = Vec::new();
        let mut cursor = None;
        loop {
            let page = city.hub.refusals.list(&operator, RefusalQuery { after: cursor, limit: 2, ..RefusalQuery::default() }).await.unwrap();
            paged.extend(page.refusals.into_iter().map(|r| r.id));
            match page.next {
                Some(next) => cursor = Some(next.parse().unwrap()),
                None => break,
            }
        }
        assert_eq!(paged, ids);
    }

    async fn statuses_refused_whole_are_kept_too(stage) {
        let city = City::open(stage).await;
        let agency = city.access("agency.ubnd-00004");
        let reported = Reported { bytes: b"{".to_vec(), media_type: "application/json".to_owned(), format: None, key: None, traceparent: None };
        let id = rejection(city.hub.statuses.report(&agency, reported).await).kept().unwrap();
        assert_eq!(city.hub.refusals.show(&agency, id).await.unwrap().summary.kind, RefusedKind::Statuses);
        assert_eq!(city.hub.refusals.bytes(&agency, id).await.unwrap().1, b"{");
    }

    async fn a_tenant_has_its_quota_and_its_oldest_go_first(stage) {
        let store = stage.open();
        let kept = |tenant: &str| stage.number(&format!("SELECT count(*) AS n FROM refusals WHERE tenant = '{tenant}'"));
        store.ledger.ask(Refuse(sealed(stage, "agent.a-001", 0, 10))).await.unwrap();
        store.ledger.ask(Refuse(sealed(stage, "agent.a-002", 0, 10))).await.unwrap();
        stage.later(1);
        let most = (1..OF_A_TENANT as usize).map(|n| store.ledger.ask(Refuse(sealed(stage, "agent.a-001", n, 10))));
        futures_util::future::try_join_all(most).await.unwrap();
        assert_eq!(kept("agent.a-001"), OF_A_TENANT);
        stage.later(1);
        store.ledger.ask(Refuse(sealed(stage, "agent.a-001", 10_000, 10))).await.unwrap();
        assert_eq!((kept("agent.a-001"), kept("agent.a-002")), (OF_A_TENANT, 1));
        assert_eq!(stage.number(&format!("SELECT count(*) AS n FROM refusals WHERE id = '{}'", named("agent.a-001", 0))), 0);
        // In bytes as well.
        let large = BYTES_OF_A_TENANT as usize / 4;
        for n in 0..4 {
            stage.later(1);
            store.ledger.ask(Refuse(sealed(stage, "branch.ba-dinh", n, large))).await.unwrap();
        }
        assert_eq!(kept("branch.ba-dinh"), 4);
        stage.later(1);
        store.ledger.ask(Refuse(sealed(stage, "branch.ba-dinh", 4, 1))).await.unwrap();
        assert_eq!(kept("branch.ba-dinh"), 4);
        assert_eq!(stage.number("SELECT CAST(sum(size) AS BIGINT) AS n FROM refusals WHERE tenant = 'branch.ba-dinh'"), 3 * large as i64 + 1);
    }

    async fn what_is_old_goes_with_the_sweep(stage) {
        let store = stage.open();
        store.ledger.ask(Refuse(sealed(stage, "agent.a-001", 0, 10))).await.unwrap();
        let day = 24 * 3600;
        stage.later(u64::from(KEPT_DAYS) * day);
        store.ledger.ask(Refuse(sealed(stage, "agent.a-001", 1, 10))).await.unwrap();
        assert_eq!((store.ledger.ask(Sweep).await.unwrap(), stage.rows("refusals")), (0, 2));
        stage.later(1);
        assert_eq!((store.ledger.ask(Sweep).await.unwrap(), stage.rows("refusals")), (1, 1));
    }

    async fn a_refusal_is_answered_though_it_cannot_be_kept(stage) {
        let store = stage.open_with(StoreSizes { batch: 4, ledger_queue: 4, readers: 2, read_queue: 64 });
        let city = City::on(stage, store.clone()).await;
        let agent = city.access("agent.a-001");
        let (go_on, holder) = stop_the_ledger(stage);
        // The database takes nothing: after a moment the refusal goes out without a name.
        let refused = rejection(city.hub.intake.submit(&agent, incoming(&bad(stage, "r1"), "k1")).await);
        assert_eq!((refused.label(), refused.kept()), (Label::ValueUnknown, None));
        go_on.send(()).unwrap();
        holder.join().unwrap();
        assert!(rejection(city.hub.intake.submit(&agent, incoming(&bad(stage, "r2"), "k2")).await).kept().is_some());
    }
}
