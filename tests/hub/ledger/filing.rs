//! Filing: what one commit holds, and what a key, a reference, a version and an official code each guard.

use lienthong::domain::event::EventKind;
use lienthong::domain::rejection::Label;
use lienthong::domain::status::Status;
use lienthong::store::ledger::{KeptAnswer, Likeness, Remember, Submit, SubmitOutcome};
use lienthong::store::{StoreError, read};

use super::{everything, history, row};
use crate::backends::on_both;
use crate::papers::*;

/// What happens when the same call races itself: each has the same key and bytes, and a submission of its own.
fn again(first: &Submit, mut second: Submit) -> Submit {
    second.key = first.key.clone();
    second
}

on_both! {
    async fn a_new_dossier_is_one_commit_of_everything(stage) {
        let store = stage.open();
        let submit = filing(stage, "r1");
        let (id, submission) = (submit.dossier.id.to_string(), submit.submission.id.to_string());
        assert_eq!(store.ledger.ask(submit).await.unwrap(), SubmitOutcome::Committed);

        let stored = row(&store, &id).await.unwrap();
        assert_eq!((stored.status().code(), stored.state.events, stored.state.version, stored.state.accepted), (1, 1, 1, false));
        let events = history(&store, &id).await;
        assert!(matches!(&events[..], [(1, EventKind::Filed { submission: s, status: Status::Registered, agency: Some(a), parked: None })]
            if s.to_string() == submission && a.as_str() == AGENCY));
        for table in [
            "submissions", "contents", "dossiers", "idempotency_keys", "events", "feed", "deliveries", "blocks",
        ] {
            assert_eq!(stage.rows(table), 1, "{table}");
        }
        assert_eq!(stage.rows("dossier_parties"), 2);
        assert_eq!(stage.texts("SELECT kind AS t FROM natural_keys"), ["reference"]);
        assert_eq!(stage.texts("SELECT state AS t FROM deliveries"), ["waiting"]);
        assert_eq!(stage.texts("SELECT kind AS t FROM deliveries"), ["filed"]);
        let (scope, cipher) = (everything(), store.cipher.clone());
        let feed = store.readers.run(move |c| read::feed(c, &cipher, &scope, 0, 10)).await.unwrap();
        assert_eq!((feed.len(), feed[0].seq, feed[0].reference.as_str()), (1, 1, "r1"));
        let cipher = store.cipher.clone();
        let kept = store.readers.run(move |c| read::submission(c, &cipher, &submission)).await.unwrap().unwrap();
        assert_eq!((kept.id, kept.bytes), (stored.submission, b"r1".to_vec()));
        let report = stage.audit();
        assert_eq!((report.blocks, report.events, report.dossiers), (1, 1, 1));
        assert_eq!(report.findings, []);
    }

    async fn a_dossier_without_an_agency_waits_for_the_operator_and_is_sent_to_nobody(stage) {
        let store = stage.open();
        let mut submit = filing(stage, "r1");
        submit.dossier.agency = None;
        submit.dossier.parked = Some(Label::CompetenceGap);
        submit.parties.pop();
        store.ledger.ask(submit).await.unwrap();
        assert_eq!((stage.rows("events"), stage.rows("deliveries"), stage.unsent()), (1, 0, 0));
        let (scope, parked) = (everything(), read::Filter { parked: true, limit: 5, ..read::Filter::default() });
        let waiting = store.readers.run(move |c| read::list(c, &scope, &parked)).await.unwrap();
        assert_eq!(waiting.dossiers[0].parked, Some(Label::CompetenceGap));
    }

    async fn the_same_call_again_gets_the_stored_answer_and_writes_nothing(stage) {
        let store = stage.open();
        let first = filing(stage, "r1");
        let second = again(&first, filing(stage, "r1"));
        store.ledger.ask(first).await.unwrap();
        stage.later(3600);
        let outcome = store.ledger.ask(second).await.unwrap();
        assert_eq!(outcome, SubmitOutcome::Replayed(answer("r1")));
        assert_eq!((stage.rows("dossiers"), stage.rows("events"), stage.rows("submissions")), (1, 1, 1));
    }

    async fn the_same_call_twice_in_one_batch_is_filed_once(stage) {
        let store = stage.open();
        let first = filing(stage, "r1");
        let second = again(&first, filing(stage, "r1"));
        let (a, b) = tokio::join!(store.ledger.ask(first), store.ledger.ask(second));
        assert_eq!(a.unwrap(), SubmitOutcome::Committed);
        assert_eq!(b.unwrap(), SubmitOutcome::Replayed(answer("r1")));
        assert_eq!(stage.rows("dossiers"), 1);
    }

    async fn a_key_belongs_to_its_bytes_its_tenant_and_its_route(stage) {
        let store = stage.open();
        let first = filing(stage, "r1");
        let used = first.key.clone();
        store.ledger.ask(first).await.unwrap();

        let mut other_bytes = filing(stage, "r2");
        other_bytes.key.key.clone_from(&used.key);
        assert_eq!(store.ledger.ask(other_bytes).await.unwrap(), SubmitOutcome::KeyReused);
        assert_eq!(stage.rows("dossiers"), 1);

        let mut other_tenant = filing_by(stage, "branch.ha-dong", "r1");
        other_tenant.key.key.clone_from(&used.key);
        assert_eq!(store.ledger.ask(other_tenant).await.unwrap(), SubmitOutcome::Committed);
        let mut other_route = filing(stage, "r3");
        other_route.key = lienthong::store::ledger::KeyUse { route: "acceptance", ..used };
        assert_eq!(store.ledger.ask(other_route).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!(stage.rows("dossiers"), 3);
    }

    async fn two_filings_of_one_reference_race_and_one_of_them_looks_again(stage) {
        let store = stage.open();
        let first = filing(stage, "r1");
        let mut second = filing(stage, "r1");
        second.key.key = "another".to_owned();
        let (a, b) = tokio::join!(store.ledger.ask(first), store.ledger.ask(second));
        assert_eq!((a.unwrap(), b.unwrap()), (SubmitOutcome::Committed, SubmitOutcome::Raced));
        let mut later = filing(stage, "r1");
        later.key.key = "a third".to_owned();
        assert_eq!(store.ledger.ask(later).await.unwrap(), SubmitOutcome::Raced);
        // The reference is the tenant's own.
        assert_eq!(store.ledger.ask(filing_by(stage, "branch.ha-dong", "r1")).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!((stage.rows("dossiers"), stage.audit().findings), (2, vec![]));
    }

    async fn an_answer_can_be_kept_without_an_event(stage) {
        let store = stage.open();
        let remember = || Remember { key: key(BRANCH, "k", b"bytes"), answer: KeptAnswer::Filed(b"yes".to_vec()) };
        assert_eq!(store.ledger.ask(remember()).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!(store.ledger.ask(remember()).await.unwrap(), SubmitOutcome::Replayed(b"yes".to_vec()));
        assert_eq!((stage.rows("submissions"), stage.rows("events"), stage.rows("blocks")), (0, 0, 0));
    }

    async fn of_two_equal_matters_in_one_commit_the_second_looks_again(stage) {
        let store = stage.open();
        let first = filing(stage, "r1");
        let mut second = filing_by(stage, "branch.ha-dong", "r2");
        second.likeness = first.likeness.clone();
        let (id, blind) = (first.dossier.id.to_string(), first.likeness.blind.clone());
        let (mut again, other) = (filing_by(stage, "branch.ha-dong", "r2"), second.dossier.id.to_string());
        let (a, b) = tokio::join!(store.ledger.ask(first), store.ledger.ask(second));
        assert_eq!((a.unwrap(), b.unwrap()), (SubmitOutcome::Committed, SubmitOutcome::Raced));
        again.dossier.id = other.parse().unwrap();
        again.likeness = Likeness { blind: blind.clone(), twin: Some(id.clone()) };
        assert_eq!(store.ledger.ask(again).await.unwrap(), SubmitOutcome::Committed);
        let twins = "SELECT id || ' ' || coalesce(twin, '-') AS t FROM dossiers ORDER BY twin IS NOT NULL";
        assert_eq!(stage.texts(twins), [format!("{id} -"), format!("{other} {id}")]);

        // The first one becomes another matter: the second is now the first of what both were about.
        let mut amend = amendment(stage, &id, "r1", 1, "another matter");
        amend.likeness.blind = vec![1; 32];
        assert_eq!(store.ledger.ask(amend).await.unwrap(), SubmitOutcome::Committed);
        let mut third = filing(stage, "r3");
        third.likeness.blind.clone_from(&blind);
        assert_eq!(store.ledger.ask(third).await.unwrap(), SubmitOutcome::Raced);
        let mut third = filing(stage, "r3");
        third.likeness = Likeness { blind, twin: Some(other.clone()) };
        assert_eq!(store.ledger.ask(third).await.unwrap(), SubmitOutcome::Committed);
    }

    async fn an_amendment_holds_to_the_version_it_saw(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        let mut amend = amendment(stage, &id, "r1", 1, "second");
        amend.dossier.agency = Some("so-xay-dung".parse().unwrap());
        stage.later(1);
        assert_eq!(store.ledger.ask(amend).await.unwrap(), SubmitOutcome::Committed);
        let now = row(&store, &id).await.unwrap();
        assert_eq!((now.state.version, now.state.events, now.agency.as_ref().map(|a| a.as_str())), (2, 2, Some("so-xay-dung")));
        assert_eq!((stage.rows("submissions"), stage.rows("contents")), (2, 2));
        assert_eq!(stage.texts("SELECT agency AS t FROM deliveries ORDER BY id"), [AGENCY, "so-xay-dung"]);
        // The first agency's part has ended, the second's has begun.
        let parts = "SELECT tenant AS t FROM dossier_parties WHERE until IS NULL ORDER BY tenant";
        assert_eq!(stage.texts(parts), ["agency.so-xay-dung", BRANCH]);

        for version in [1, 3] {
            let stale = amendment(stage, &id, "r1", version, &format!("stale {version}"));
            assert_eq!(store.ledger.ask(stale).await.unwrap(), SubmitOutcome::Raced);
        }
        let elsewhere = amendment(stage, &id, "r2", 2, "under another reference");
        assert_eq!(store.ledger.ask(elsewhere).await.unwrap(), SubmitOutcome::Raced);
        let nobody = amendment(stage, "dos_00000000000000000000000000000000", "r1", 2, "of nothing");
        assert_eq!(store.ledger.ask(nobody).await.unwrap(), SubmitOutcome::Raced);
        assert_eq!((stage.rows("submissions"), stage.audit().findings), (2, vec![]));
    }

    async fn what_is_accepted_is_no_longer_amended(stage) {
        let store = stage.open();
        let id = filed(stage, &store, "r1").await;
        acted(&store, report(stage, &id, Status::Accepted)).await;
        let amend = amendment(stage, &id, "r1", 1, "too late");
        assert_eq!(store.ledger.ask(amend).await.unwrap(), SubmitOutcome::Raced);
    }

    async fn a_submitter_claims_a_code_and_occupies_none(stage) {
        let store = stage.open();
        let code = "H26.PHX-261123-0001";
        let claiming = |tenant: &str, reference: &str, contested| {
            let mut submit = filing_by(stage, tenant, reference);
            submit.dossier.claimed_code = Some(code.parse().unwrap());
            submit.contested = contested;
            submit
        };
        let contests = |all: &[(i32, EventKind)]| all.iter().filter(|h| matches!(h.1, EventKind::CodeContested { .. })).count();
        let first = claiming(BRANCH, "r1", false);
        let id = first.dossier.id.to_string();
        store.ledger.ask(first).await.unwrap();
        let events = history(&store, &id).await;
        assert!(matches!(&events[1], (2, EventKind::CodeClaimed { code: c }) if c.as_str() == code));
        let claimed = row(&store, &id).await.unwrap();
        assert_eq!((claimed.state.code, claimed.state.claimed), (None, Some(code.parse().unwrap())));
        // The agency is sent the filing, not the claim beside it.
        assert_eq!(stage.texts("SELECT d.kind || ' ' || e.number AS t FROM deliveries d JOIN events e ON e.id = d.event"), ["filed 1"]);

        // Another claims it too: whoever prepared that without seeing the first looks again, then both sides and the operator are told.
        let mut late = claiming("branch.ha-dong", "r2", false);
        late.key.key = "unseen".to_owned();
        assert_eq!(store.ledger.ask(late).await.unwrap(), SubmitOutcome::Raced);
        let second = claiming("branch.ha-dong", "r2", true);
        let other = second.dossier.id.to_string();
        assert_eq!(store.ledger.ask(second).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!(contests(&history(&store, &id).await), 1);
        assert_eq!(contests(&history(&store, &other).await), 1);
        let alarm = "SELECT kind || ' ' || dossier AS t FROM alarms";
        assert_eq!(stage.texts(alarm), [format!("code-contested {other}")]);
        let told = "SELECT f.tenant AS t FROM feed f JOIN events e ON e.seq = f.seq ORDER BY e.seq";
        assert_eq!(stage.texts(told), [BRANCH, BRANCH, "branch.ha-dong", "branch.ha-dong", "branch.ha-dong", BRANCH]);

        // A third is told by its own answer; nobody is told a second time.
        assert_eq!(store.ledger.ask(claiming("branch.ba-vi", "r3", true)).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!((contests(&history(&store, &id).await), stage.rows("alarms")), (1, 1));

        // The agency settles it.
        let mut confirm = report(stage, &id, Status::Accepted);
        confirm.assigned_code = Some(code.parse().unwrap());
        assert_eq!(acted(&store, confirm).await.warnings, []);
        let confirmed = row(&store, &id).await.unwrap();
        assert_eq!((confirmed.state.code, confirmed.state.claimed), (Some(code.parse().unwrap()), None));
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_amended_claim_no_longer_stands_in_the_way(stage) {
        let store = stage.open();
        let code = "H26.PHX-261123-0001";
        let mut first = filing(stage, "r1");
        first.dossier.claimed_code = Some(code.parse().unwrap());
        let id = first.dossier.id.to_string();
        store.ledger.ask(first).await.unwrap();
        let mut amend = amendment(stage, &id, "r1", 1, "another code");
        amend.dossier.claimed_code = Some("H26.PHX-261123-0002".parse().unwrap());
        assert_eq!(store.ledger.ask(amend).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!(row(&store, &id).await.unwrap().state.claimed, Some("H26.PHX-261123-0002".parse().unwrap()));
        let mut other = filing_by(stage, "branch.ha-dong", "r2");
        other.dossier.claimed_code = Some(code.parse().unwrap());
        assert_eq!(store.ledger.ask(other).await.unwrap(), SubmitOutcome::Committed);
        assert_eq!((stage.rows("alarms"), stage.audit().findings), (0, vec![]));
    }

    async fn a_poisoned_command_fails_alone(stage) {
        let store = stage.open();
        let first = filing(stage, "r0");
        let used = first.submission.clone();
        store.ledger.ask(first).await.unwrap();
        // The poison is in the middle: a submission id that is already taken, which only the database notices.
        let waiting = (1..=9).map(|n| {
            let mut submit = filing(stage, &format!("r{n}"));
            if n == 5 {
                submit.submission.id = used.id;
                submit.submission.received_at = used.received_at;
            }
            let store = store.clone();
            async move { (n, store.ledger.ask(submit).await) }
        });
        for (n, outcome) in futures_util::future::join_all(waiting).await {
            match outcome {
                Ok(outcome) => assert!(n != 5 && outcome == SubmitOutcome::Committed, "{n}: {outcome:?}"),
                Err(error) => assert!(n == 5 && matches!(error, StoreError::Unstorable(_)), "{n}: {error}"),
            }
        }
        assert_eq!((stage.rows("dossiers"), stage.rows("events"), stage.rows("idempotency_keys")), (9, 9, 9));
        assert_eq!(stage.audit().findings, []);
    }
}
