//! What is shown without a certificate: a citizen's look-up, and the operator's overview of a sandbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault::{internal, parse_id};
use super::{Hub, ServiceError};
use crate::domain::codes::DossierCode;
use crate::domain::details::Details;
use crate::domain::event::{Event, EventKind};
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::view::{
    AgencyCount, Backlog, DeliveryCount, OverviewView, PublicStep, PublicView, StatusCount, SubmitterCount,
};
use crate::identity::{Access, Permission};
use crate::store::kept::KeptDossier;
use crate::store::read;

/// Claims of one code that a secret is tried on, the oldest first. Honest ones are few.
const CLAIMS_TRIED: i64 = 50;

impl Hub {
    /// A dossier by its official code and the secret of its receipt: the dossier that has the code, or one that claims it. `None`
    /// for a wrong pair; a claim alone shows nobody anything.
    pub async fn lookup_by_code(
        &self,
        code: DossierCode,
        secret: &str,
    ) -> Result<Option<PublicView>, ServiceError> {
        let named = self
            .store
            .readers
            .run(move |conn| read::of_code(conn, code.as_str(), CLAIMS_TRIED))
            .await?;
        for id in named {
            let id = parse_id(&id)?;
            if self.lookup.matches(id, secret) {
                return self.lookup(id, secret).await;
            }
        }
        Ok(None)
    }

    /// A dossier by its id and the secret of its receipt. `None` for a wrong pair, whichever half is wrong. The secret is made of the
    /// id alone, so a wrong one is known before anything is read: it costs nothing, and its time does not say whether there is
    /// such a dossier.
    ///
    /// # Errors
    /// The database is away.
    pub async fn lookup(&self, id: DossierId, secret: &str) -> Result<Option<PublicView>, ServiceError> {
        if !self.lookup.matches(id, secret) {
            return Ok(None);
        }
        let system = Access::system();
        match self.reached(&system, id).await {
            Ok(row) => self.public(row).await.map(Some),
            Err(ServiceError::Rejected(r)) if r.label() == Label::NotFound => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn public(&self, row: KeptDossier) -> Result<PublicView, ServiceError> {
        let id = row.id;
        let events = self.events_of(&Access::system(), id).await?;
        let (cipher, version) = (Arc::clone(&self.store.cipher), row.state.version);
        let content = self
            .store
            .readers
            .run(move |conn| read::content(conn, &cipher, &id.to_string(), version))
            .await?;
        let status = row.status();
        let (note, details) = told(&events, status);
        let with_agency = matches!(status, Status::Accepted | Status::Processing);
        let clocks = self.clocks_of(&row);
        Ok(PublicView {
            tracking_id: id,
            procedure_name: row.route.read()?.procedure.name,
            status: status.into(),
            since: row.state.since,
            agency: self.agency_of(&row),
            // By the date on the applicant's receipt, where that is another.
            late: with_agency && clocks.held_due().is_some_and(|due| due < self.clock.now()),
            clocks,
            note,
            details,
            place: self.place_of(&row),
            comes_back: content.result_return.map(|r| r.method),
            steps: steps(&events),
        })
    }

    /// Where a dossier was filed: the receiving point, and whose it is.
    fn place_of(&self, row: &KeptDossier) -> String {
        let register = self.register();
        let submitter = &row.submitter;
        let name = register.tenant(submitter);
        let name = name.map_or_else(|| submitter.to_string(), |t| t.name.to_string());
        let point = row.point.as_ref().and_then(|p| register.point(submitter, p));
        let point = point.map(|p| p.name.to_string());
        match point {
            Some(point) if point != name => format!("{point}, {name}"),
            _ => name,
        }
    }

    /// What is on its way and what has stopped there, for the metrics.
    ///
    /// # Errors
    /// The database is away.
    pub async fn backlog(&self) -> Result<Backlog, ServiceError> {
        Ok(self.store.readers.run(read::backlog).await?)
    }

    /// The hub in numbers.
    pub async fn overview(&self, access: &Access) -> Result<OverviewView, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let (numbers, overdue) = self
            .store
            .readers
            .run(move |conn| Ok((read::overview(conn, &scope)?, read::overdue(conn, &scope)?)))
            .await?;
        let overdue: BTreeMap<Option<String>, i64> = overdue.into_iter().collect();
        let limits = self.limits_told().await?;
        let backlog = self.backlog().await?;
        let register = self.register();
        let mut agencies: BTreeMap<Option<String>, AgencyCount> = BTreeMap::new();
        for (key, status, count) in numbers.by_agency {
            let agency = key
                .as_deref()
                .and_then(|k| k.parse().ok())
                .map(|k| self.agency_view(&k));
            let late = overdue.get(&key).copied().unwrap_or(0);
            let line = agencies.entry(key).or_insert(AgencyCount {
                agency,
                overdue: late,
                open: 0,
                finished: 0,
                total: 0,
            });
            if status.is_final() || status == Status::Finished {
                line.finished += count;
            } else {
                line.open += count;
            }
            line.total += count;
        }
        Ok(OverviewView {
            by_status: numbers
                .by_status
                .into_iter()
                .map(|(status, count)| StatusCount {
                    status: status.into(),
                    count,
                })
                .collect(),
            by_submitter: numbers
                .by_tenant
                .into_iter()
                .map(|(tenant, count)| {
                    let tenant = tenant.parse().map_err(internal)?;
                    let name = register
                        .tenant(&tenant)
                        .map_or_else(|| tenant.to_string(), |t| t.name.to_string());
                    Ok(SubmitterCount { tenant, name, count })
                })
                .collect::<Result<_, ServiceError>>()?,
            by_agency: agencies.into_values().collect(),
            deliveries: numbers
                .by_delivery
                .into_iter()
                .map(|(state, count)| DeliveryCount { state, count })
                .collect(),
            limits,
            backlog,
            outbox: numbers.outbox,
            events: numbers.seq,
            blocks: numbers.block,
        })
    }
}

/// What the office wrote with the present status, and what it brought. A later report of the same status completes it, a correction
/// replaces the results.
fn told(events: &[Event], status: Status) -> (Option<String>, Option<Details>) {
    let (mut note, mut details) = (None, None);
    for event in events {
        match &event.what {
            EventKind::StatusChanged {
                to,
                text,
                details: brought,
                ..
            } => {
                (note, details) = if *to == status {
                    (text.clone(), brought.clone())
                } else {
                    (None, None)
                }
            }
            EventKind::StatusRecorded {
                to,
                text,
                details: brought,
            } if *to == status => {
                note = text.clone().or(note);
                details = brought.clone().or(details);
            }
            EventKind::ResultCorrected {
                results,
                refusal,
                text,
                ..
            } if details.is_some() => {
                note = text.clone().or(note);
                details = Some(Details::Decision {
                    results: results.clone(),
                    refusal: *refusal,
                });
            }
            EventKind::Postponed { text, .. } => note = text.clone().or(note),
            _ => {}
        }
    }
    (note, details)
}

/// The way a dossier came.
fn steps(events: &[Event]) -> Vec<PublicStep> {
    let step = |event: &Event| {
        let status = match &event.what {
            EventKind::Filed { status, .. } => *status,
            EventKind::StatusChanged { to, .. } => *to,
            _ => return None,
        };
        Some(PublicStep {
            at: event.occurred_at,
            status: status.into(),
        })
    };
    events.iter().filter_map(step).collect()
}
