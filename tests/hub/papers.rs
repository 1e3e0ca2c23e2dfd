//! What a test hands to the ledger: filings and acts, prepared as the service prepares them, without a person in them.

use std::sync::LazyLock;

use lienthong::domain::calendar::Limit;
use lienthong::domain::clocks::Clockwork;
use lienthong::domain::dossier::Channel;
use lienthong::domain::ids::{DossierId, SubmissionId};
use lienthong::domain::lifecycle::Role;
use lienthong::domain::routing::{Directory, Divided, RouteReason};
use lienthong::domain::seal::sha256;
use lienthong::domain::status::Status;
use lienthong::domain::tasks::Tasks;
use lienthong::domain::tenant::Actor;
use lienthong::store::kept::{Json, NewDossier, NewSubmission, Part};
use lienthong::store::ledger::{
    Act, ActOutcome, Acted, DossierAction, Expect, KeptAnswer, KeyUse, Likeness, Submit, SubmitOutcome,
};
use lienthong::store::message::Content;
use lienthong::store::{PartyRole, Store, read};

use crate::backends::Stage;

pub const BRANCH: &str = "branch.tay-ho";
pub const AGENCY: &str = "so-tu-phap";
/// How long the agency has for each dossier filed here.
pub const LIMIT: Limit = Limit::WorkingDays(3);

/// The use of an idempotency key for these bytes.
pub fn key(tenant: &str, key: &str, bytes: &[u8]) -> KeyUse {
    KeyUse {
        tenant: tenant.to_owned(),
        route: "submissions",
        key: key.to_owned(),
        request: sha256(bytes),
    }
}

/// The answer a filing of this reference gets.
pub fn answer(reference: &str) -> Vec<u8> {
    format!("{{\"for\":\"{reference}\"}}").into_bytes()
}

/// A new dossier under a reference, filed online by [`BRANCH`] for [`AGENCY`]; its key is `key-<reference>`.
pub fn filing(stage: &Stage, reference: &str) -> Submit {
    filing_by(stage, BRANCH, reference)
}

/// As [`filing`], by another tenant.
pub fn filing_by(stage: &Stage, tenant: &str, reference: &str) -> Submit {
    let now = stage.clock.now();
    let id = DossierId::new(now, &mut *stage.rng());
    let submission = submission(stage, reference);
    let name = read::content_row(&id.to_string(), 1);
    let content = stage
        .cipher
        .seal(&name, reference.as_bytes(), &mut *stage.rng())
        .unwrap();
    let acceptance = clockwork().acceptance(now);
    let mut watches = clockwork().filed_online(now, acceptance);
    watches.push(clockwork().silence(now));
    Submit {
        key: key(tenant, &format!("key-{reference}"), reference.as_bytes()),
        expect: Expect::New,
        dossier: NewDossier {
            id,
            submitter: tenant.parse().unwrap(),
            reference: reference.to_owned(),
            point: None,
            receiving_unit: None,
            supervisor: None,
            agency: Some(AGENCY.parse().unwrap()),
            parked: None,
            procedure: "1.004873".parse().unwrap(),
            channel: Channel::Online,
            assisted: false,
            claimed_code: None,
            limit: LIMIT,
            acceptance_due: Some(acceptance),
            forecast_due: Some(clockwork().due(now, LIMIT)),
            due: None,
            filed_at: now,
            content_blind: sha256(reference.as_bytes()).as_bytes().to_vec(),
            route: route(),
            received_at: now,
        },
        entry: Status::Registered,
        submission,
        content,
        said: Content::of(reference.as_bytes()),
        contested: false,
        code_path: "/dossier_code".to_owned(),
        files: Vec::new(),
        parties: vec![
            part(tenant, PartyRole::Submitter),
            part(&format!("agency.{AGENCY}"), PartyRole::LeadAgency),
        ],
        tasks: Tasks::default(),
        out_of_area: None,
        likeness: Likeness {
            blind: sha256(id.to_string().as_bytes()).as_bytes().to_vec(),
            twin: None,
        },
        actor: Actor::of(tenant.parse().unwrap()),
        filed_at: now,
        promised: None,
        told: None,
        watches,
        answer: Some(KeptAnswer::Filed(answer(reference))),
        traceparent: None,
    }
}

pub fn part(tenant: &str, role: PartyRole) -> Part {
    Part {
        tenant: tenant.parse().unwrap(),
        role,
        point: None,
    }
}

/// The bytes of a submission, sealed.
pub fn submission(stage: &Stage, bytes: &str) -> NewSubmission {
    let id = SubmissionId::new(stage.clock.now(), &mut *stage.rng());
    let name = id.to_string();
    NewSubmission {
        id,
        received_at: stage.clock.now(),
        version: 1,
        format: "canonical/v1".to_owned(),
        format_version: None,
        media_type: "application/json".to_owned(),
        sha256: sha256(bytes.as_bytes()),
        size: bytes.len() as i64,
        receipt: String::new(),
        sealed: stage
            .cipher
            .seal(&name, bytes.as_bytes(), &mut *stage.rng())
            .unwrap(),
    }
}

/// Other content under the reference of `before`, which stands at `version`; `word` makes its key and its bytes.
pub fn amendment(stage: &Stage, before: &str, reference: &str, version: i32, word: &str) -> Submit {
    let mut submit = filing(stage, reference);
    submit.dossier.id = before.parse().unwrap();
    submit.submission = submission(stage, word);
    submit.submission.version = version + 1;
    submit.content = stage
        .cipher
        .seal(
            &read::content_row(before, version + 1),
            word.as_bytes(),
            &mut *stage.rng(),
        )
        .unwrap();
    submit.said = Content::of(word.as_bytes());
    submit.key = key(BRANCH, &format!("key-{word}"), word.as_bytes());
    submit.expect = Expect::Amend {
        dossier: before.to_owned(),
        version,
        agency: Some(AGENCY.to_owned()),
    };
    submit.parties = Vec::new();
    submit.answer = Some(KeptAnswer::Filed(answer(word)));
    submit
}

/// Files a new dossier and gives its id.
pub async fn filed(stage: &Stage, store: &Store, reference: &str) -> String {
    let submit = filing(stage, reference);
    let id = submit.dossier.id.to_string();
    assert_eq!(store.ledger.ask(submit).await.unwrap(), SubmitOutcome::Committed);
    id
}

/// The shipped directory.
static SHIPPED: LazyLock<Directory> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
    let file = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let files = Directory::FILES
        .iter()
        .map(|name| ((*name).to_owned(), file(name)));
    Directory::read(&files.collect()).unwrap()
});

/// The hours and limits of the shipped directory.
pub fn clockwork() -> Clockwork {
    SHIPPED.clockwork(None, &"9.902001".parse().unwrap())
}

/// Why a dossier goes where it goes: a reason of the shipped directory.
pub fn route() -> Json<RouteReason> {
    let day = "2026-11-23".parse().unwrap();
    let route = SHIPPED
        .route_by("9.902001", None, day, Divided::TakeDefault)
        .unwrap();
    Json::of(&route.reason).unwrap()
}

/// [`AGENCY`] reports a status, now.
pub fn report(stage: &Stage, dossier: &str, to: Status) -> Act {
    let now = stage.clock.now();
    Act {
        key: None,
        dossier: dossier.to_owned(),
        actor: Actor::of(format!("agency.{AGENCY}").parse().unwrap()),
        role: Role::Agency,
        action: DossierAction::Report {
            to,
            text: Some("lý do".to_owned()),
            details: None,
            back: None,
            new_due: None,
            task: None,
        },
        paths: Vec::new(),
        occurred_at: now,
        stated: true,
        assigned_code: None,
        officer: None,
        foreign_values: Vec::new(),
        format_version: None,
        report_key: None,
        clockwork: clockwork(),
        turns: Vec::new(),
        own_queue: false,
        traceparent: None,
    }
}

/// The submitter acts, now.
pub fn action(stage: &Stage, dossier: &str, action: DossierAction) -> Act {
    Act {
        actor: Actor::of(BRANCH.parse().unwrap()),
        role: Role::Submitter,
        action,
        ..report(stage, dossier, Status::Processing)
    }
}

/// An act that is taken, in one way or another.
pub async fn acted(store: &Store, act: Act) -> Acted {
    match store.ledger.ask(act).await.unwrap() {
        ActOutcome::Done(acted) => acted,
        other => panic!("{other:?}"),
    }
}

pub fn limits() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/schema/directory/hanoi/time_limits.csv"
    );
    std::fs::read_to_string(path).unwrap()
}
