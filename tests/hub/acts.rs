//! What the parties do to a dossier, through the verbs, on both databases: what each act writes, whom it reaches, and what it is
//! answered when it may not be.

mod any_order;
mod details;
mod matters;
mod turns;

use lienthong::domain::details::Lists;
use lienthong::domain::ids::DossierId;
use lienthong::domain::rejection::Label;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{EventView, StatusReport, StatusResult};
use lienthong::identity::Access;
use lienthong::service::{Call, ServiceError};
use serde_json::Value;

use crate::backends::Stage;
use crate::city::{COMMUNE, City, for_the_commune};

/// An online dossier of a branch, and who has a part in it.
struct Case {
    city: City,
    branch: Access,
    agency: Access,
    id: DossierId,
}

impl Case {
    async fn open(stage: &Stage) -> Case {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let agency = city.access(&format!("agency.{COMMUNE}"));
        let id = city
            .file(&branch, &for_the_commune(stage, "r1"))
            .await
            .tracking_id;
        Case {
            city,
            branch,
            agency,
            id,
        }
    }

    /// The agency reports, a minute later than all before.
    async fn reports(&self, stage: &Stage, status: Status, lists: Lists) -> StatusResult {
        stage.later(60);
        let report = StatusReport {
            text: Some("lý do".to_owned()),
            occurred_at: Some(stage.clock.now()),
            ..StatusReport::new(self.id.to_string(), status)
        };
        let mut answer = self
            .city
            .report(&self.agency, vec![report.with_lists(lists)])
            .await;
        answer.results.remove(0)
    }

    /// The last event of the history.
    async fn last(&self) -> EventView {
        let mut history = self
            .city
            .hub
            .dossiers
            .history(&self.branch, self.id)
            .await
            .unwrap();
        history.events.pop().unwrap()
    }
}

fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn call(key: &str) -> Call {
    Call {
        key: IdempotencyKey::parse(key).unwrap(),
        request_digest: Sha256::new([1; 32]),
        traceparent: None,
    }
}

fn label<T>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

fn told(result: &StatusResult) -> Option<Label> {
    result.problem.as_ref().map(|p| p.label)
}
