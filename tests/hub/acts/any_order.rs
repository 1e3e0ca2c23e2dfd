//! Whatever the parties do, in whatever order: the history replayed is the state that is stored, and nothing is lost of it.

use std::time::Duration;

use lienthong::domain::event::Back;
use lienthong::domain::lifecycle::Role;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::store::ledger::{Act, ActOutcome, DossierAction};
use rand::{Rng, RngExt};

use crate::backends::{Stage, on_both};
use crate::papers::{action, filed, report};

/// One of the things that can be tried, with who tries it; most often an agency's report.
fn attempt<R: Rng>(
    rng: &mut R,
    to: Status,
    text: Option<String>,
    new_due: Timestamp,
) -> (Role, DossierAction) {
    let step = |to| DossierAction::Step {
        to,
        text: "lý do".to_owned(),
        details: None,
        back: None,
    };
    match rng.random_range(0..8) {
        0 => (
            Role::Submitter,
            DossierAction::Supplement {
                text,
                papers: Vec::new(),
            },
        ),
        1 => (Role::ReceivingUnit, step(to)),
        2 => (Role::Submitter, step(Status::Withdrawn)),
        3 => (
            Role::Agency,
            DossierAction::Postpone {
                new_due,
                text: "lý do".to_owned(),
            },
        ),
        4 => (
            Role::Agency,
            DossierAction::Correct {
                results: Vec::new(),
                refusal: false,
                text,
            },
        ),
        n => {
            let back = (n == 5).then_some(Back::Returned);
            let new_due = rng.random_bool(0.2).then_some(new_due);
            (
                Role::Agency,
                DossierAction::Report {
                    to,
                    text,
                    details: None,
                    back,
                    new_due,
                    task: None,
                },
            )
        }
    }
}

/// Something anybody may try.
fn anything(stage: &Stage, dossier: &str) -> Act {
    let mut rng = stage.rng();
    let to = Status::ALL[rng.random_range(0..10)];
    let text = rng.random_bool(0.8).then(|| "lý do".to_owned());
    let new_due = stage
        .clock
        .now()
        .plus(Duration::from_secs(rng.random_range(1..40) * 86_400));
    let (role, what) = attempt(&mut *rng, to, text, new_due);
    let late = rng.random_range(0..120);
    drop(rng);
    let agency = report(stage, dossier, to);
    let occurred_at = agency.occurred_at;
    let who = if role == Role::Agency {
        agency
    } else {
        action(stage, dossier, DossierAction::Accept { text: None })
    };
    let micros = occurred_at.as_micros() - late * 1_000_000;
    Act {
        role,
        action: what,
        occurred_at: Timestamp::from_micros(micros),
        ..who
    }
}

on_both! {
    async fn the_stored_state_is_what_the_history_says(stage) {
        let store = stage.open();
        let mut ids = Vec::new();
        for n in 0..12 {
            ids.push(filed(stage, &store, &format!("r{n}")).await);
        }
        let mut done = 0;
        for round in 0..20 {
            stage.later(60 + round);
            for id in &ids {
                match store.ledger.ask(anything(stage, id)).await.unwrap() {
                    ActOutcome::Done(_) => done += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(done, 240);
        let report = stage.audit();
        assert_eq!((report.findings, report.dossiers), (vec![], 12));
        // Each event was told to the submitter, once, and each number is there.
        assert_eq!(stage.rows("feed"), report.events);
        assert_eq!(stage.number("SELECT sum(events) AS n FROM dossiers"), report.events);
    }
}
