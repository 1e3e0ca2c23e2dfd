//! What is shown without a certificate: a citizen's look-up, and the operator's overview of a sandbox.

use std::sync::Arc;

use super::ServiceError;
use super::fault::parse_id;
use crate::clock::Clock;
use crate::domain::codes::DossierCode;
use crate::domain::details::Details;
use crate::domain::event::{Event, EventKind};
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::view::{PublicStep, PublicView};
use crate::identity::Access;
use crate::identity::secret::LookupSecrets;
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::dossiers::Dossiers;
use crate::service::parts::Base;
use crate::store::kept::KeptDossier;
use crate::store::{Store, read};

/// Claims of one code that a secret is tried on, the oldest first. Honest ones are few.
const CLAIMS_TRIED: i64 = 50;

/// What the holder of a receipt may see.
pub struct Lookup {
    store: Arc<Store>,
    clock: Clock,
    directory: Arc<DirectoryInUse>,
    credentials: Arc<Credentials>,
    dossiers: Arc<Dossiers>,
    secrets: Arc<LookupSecrets>,
}

impl Lookup {
    pub(super) fn new(base: &Base, dossiers: &Arc<Dossiers>) -> Self {
        Lookup {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            directory: Arc::clone(&base.directory),
            credentials: Arc::clone(&base.credentials),
            dossiers: Arc::clone(dossiers),
            secrets: Arc::clone(&base.lookup),
        }
    }

    /// A dossier by its official code and the secret of its receipt: the dossier that has the code, or one that claims it. `None`
    /// for a wrong pair; a claim alone shows nobody anything.
    ///
    /// # Errors
    /// As [`Lookup::by_id`].
    pub async fn by_code(&self, code: DossierCode, secret: &str) -> Result<Option<PublicView>, ServiceError> {
        let named = self
            .store
            .readers
            .run(move |conn| read::of_code(conn, code.as_str(), CLAIMS_TRIED))
            .await?;
        for id in named {
            let id = parse_id(&id)?;
            if self.secrets.matches(id, secret) {
                return self.by_id(id, secret).await;
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
    pub async fn by_id(&self, id: DossierId, secret: &str) -> Result<Option<PublicView>, ServiceError> {
        if !self.secrets.matches(id, secret) {
            return Ok(None);
        }
        let system = Access::system();
        match self.dossiers.reached(&system, id).await {
            Ok(row) => self.public(row).await.map(Some),
            Err(ServiceError::Rejected(r)) if r.label() == Label::NotFound => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn public(&self, row: KeptDossier) -> Result<PublicView, ServiceError> {
        let id = row.id;
        let events = self.dossiers.events_of(&Access::system(), id).await?;
        let (cipher, version) = (Arc::clone(&self.store.cipher), row.state.version);
        let content = self
            .store
            .readers
            .run(move |conn| read::content(conn, &cipher, &id.to_string(), version))
            .await?;
        let status = row.status();
        let (note, details) = told(&events, status);
        let with_agency = matches!(status, Status::Accepted | Status::Processing);
        let clocks = self.directory.clocks_of(&row);
        Ok(PublicView {
            tracking_id: id,
            procedure_name: row.route.read()?.procedure.name,
            status: status.into(),
            since: row.state.since,
            agency: self.directory.agency_of(&row),
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
        let register = self.credentials.register();
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
