//! Filing: bytes in, a committed dossier and a signed receipt out.
//!
//! Everything that costs is done before the ledger is asked: reading, routing, sealing, signing, even the answer. The ledger
//! only checks that what was found still holds; when it does not (two calls raced), the whole is prepared once more.

mod asked;
pub mod batch;
mod keys;
pub(super) mod prepared;
mod standing;
mod understood;
mod written;

use std::sync::Arc;

use super::ServiceError;
use crate::clock::Clock;
use crate::domain::dossier::{Filing, ForeignValue};
use crate::domain::ids::{DossierId, SubmissionId};
use crate::domain::rejection::{Problem, problems};
use crate::domain::routing::{Route, RouteReason};
use crate::domain::seal::sha256;
use crate::identity::secret::LookupSecrets;
use crate::identity::{Access, Permission};
use crate::service::acts::Acts;
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::dossiers::Dossiers;
use crate::service::draws::Draws;
use crate::service::files::Files;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::service::refusals::Refusals;
use crate::store::conn::Conn;
use crate::store::kept::KeptDossier;
use crate::store::ledger::{KeyUse, Replay, SubmitOutcome};
use crate::store::{Store, read};
use keys::KeysInFlight;
use prepared::{Attempted, Beside, Filed, Prepared, Twin, Understood};

pub use prepared::{Incoming, Mode};

/// What a filing is answered: the JSON of a [`SubmissionAnswer`](crate::domain::view::SubmissionAnswer). It is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// By this call.
    New(Vec<u8>),
    /// By an earlier call: its stored answer.
    Replayed(Vec<u8>),
}

impl Answered {
    /// The JSON, whichever call made it.
    pub fn body(&self) -> &[u8] {
        match self {
            Answered::New(body) | Answered::Replayed(body) => body,
        }
    }
}

/// The name of this route among idempotency keys.
const ROUTE: &str = "submissions";

/// How often a race is prepared anew before the caller is asked to come again.
const ATTEMPTS: usize = 4;

/// What is known when a filing is looked up.
struct Found {
    target: Target,
    /// Whether the status it says was told of this dossier before.
    told_before: bool,
    /// The dossier that was there first of what this one is about.
    twin: Option<Twin>,
    /// Whether another dossier has the code it claims, or claims it too.
    contested: bool,
    /// What stands beside the content and was not there before, where nothing else differs from what was accepted.
    other_values: Option<Vec<ForeignValue>>,
}

impl Found {
    /// A dossier nobody has filed, and nobody has filed anything like it.
    fn nothing(id: DossierId) -> Self {
        Found {
            target: Target::New(id),
            told_before: false,
            twin: None,
            contested: false,
            other_values: None,
        }
    }
}

/// The dossier a filing turns out to be about.
enum Target {
    New(DossierId),
    Amend(DossierId, Box<KeptDossier>),
    Same(Box<KeptDossier>),
    Closed(Box<KeptDossier>),
}

impl Target {
    /// The dossier, where there is one.
    fn known(&self) -> Option<&KeptDossier> {
        match self {
            Target::New(_) => None,
            Target::Amend(_, row) | Target::Same(row) | Target::Closed(row) => Some(row),
        }
    }
}

/// Filing, one by one and in batches.
pub struct Intake {
    store: Arc<Store>,
    clock: Clock,
    draws: Arc<Draws>,
    credentials: Arc<Credentials>,
    directory: Arc<DirectoryInUse>,
    formats: Arc<FormatsInUse>,
    notifier: Arc<Notifier>,
    lookup: Arc<LookupSecrets>,
    dossiers: Arc<Dossiers>,
    acts: Arc<Acts>,
    refusals: Arc<Refusals>,
    files: Arc<Files>,
    keys: Arc<KeysInFlight>,
    /// Places of batch items in the ledger's queue: half of it.
    batches: tokio::sync::Semaphore,
}

impl Intake {
    pub(super) fn new(
        base: &Base,
        dossiers: &Arc<Dossiers>,
        acts: &Arc<Acts>,
        refusals: &Arc<Refusals>,
        files: &Arc<Files>,
    ) -> Self {
        Intake {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            draws: Arc::clone(&base.draws),
            credentials: Arc::clone(&base.credentials),
            directory: Arc::clone(&base.directory),
            formats: Arc::clone(&base.formats),
            notifier: Arc::clone(&base.notifier),
            lookup: Arc::clone(&base.lookup),
            dossiers: Arc::clone(dossiers),
            acts: Arc::clone(acts),
            refusals: Arc::clone(refusals),
            files: Arc::clone(files),
            keys: Default::default(),
            batches: tokio::sync::Semaphore::new((base.store.ledger.capacity() / 2).max(1)),
        }
    }

    /// Files a dossier. What it answers is committed.
    ///
    /// # Errors
    /// Every problem of the document at once; `reference-content-differs`; the idempotency labels.
    pub async fn submit(&self, access: &Access, incoming: Incoming) -> Result<Answered, ServiceError> {
        access.permit(Permission::SubmissionCreate)?;
        access.require_staff()?;
        let _in_flight = self.keys.claim(access.key().as_str(), incoming.key.as_str())?;
        let key = KeyUse {
            tenant: access.key().to_string(),
            route: ROUTE,
            key: incoming.key.as_str().to_owned(),
            request: incoming.digest(),
        };
        match self.prepare(access, &incoming) {
            Ok(prepared) => self.file(access, &incoming, &key, &prepared).await,
            Err(refused) => self.refuse_unread(access, &incoming, key, refused).await,
        }
    }

    /// What could not be read or routed is refused, unless it was taken once: then it is answered as it was then, though the
    /// directory or a format may have changed since. A database that is away cannot say so, and makes no refusal into a failure.
    pub(super) async fn refuse_unread(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: KeyUse,
        refused: ServiceError,
    ) -> Result<Answered, ServiceError> {
        match self.stored(key).await {
            Ok(Some(answered)) => answered.map(Answered::Replayed),
            Ok(None) | Err(_) => Err(self.refusals.keep_refused(access, incoming, refused).await),
        }
    }

    /// Files what was read and routed.
    pub(super) async fn file(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: &KeyUse,
        prepared: &Prepared,
    ) -> Result<Answered, ServiceError> {
        // First the bytes are durable, then the ledger commits who named them.
        self.files
            .keep_contents(access, &prepared.contents, incoming.traceparent.as_deref())
            .await?;
        for attempt in 0..=ATTEMPTS {
            // Nearly every filing is one nobody has filed before. It is taken for that without a look: the ledger, which looks in any
            // case, says when it is not, and nothing is written then.
            let seen = match attempt {
                0 if Self::may_begin(access, prepared) => Found::nothing(self.new_id(prepared)),
                0 => continue,
                _ => self.find(access, prepared).await?,
            };
            match Box::pin(self.attempt(access, incoming, key, prepared, seen)).await? {
                (SubmitOutcome::Committed, body) | (SubmitOutcome::Issued(body), _) => {
                    self.notifier.tell(access.key());
                    return Ok(Answered::New(body));
                }
                (SubmitOutcome::Replayed(body), _) => return Ok(Answered::Replayed(body)),
                (SubmitOutcome::KeyReused, _) => return Err(problems::IdempotencyKeyReused.into()),
                (SubmitOutcome::Raced, _) => {}
            }
        }
        Err(ServiceError::Busy)
    }

    /// The answer an earlier call with this key got.
    async fn stored(&self, key: KeyUse) -> Result<Option<Result<Vec<u8>, ServiceError>>, ServiceError> {
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::answered(conn, &cipher, &key))
            .await?;
        let answer = |replay: Replay| match replay.of_filing()? {
            SubmitOutcome::Replayed(body) => Ok(body),
            _ => Err(problems::IdempotencyKeyReused.into()),
        };
        Ok(found.map(answer))
    }

    /// Reads and routes: pure work on the caller's thread.
    pub(super) fn prepare(&self, access: &Access, incoming: &Incoming) -> Result<Prepared, ServiceError> {
        let tenant = access.tenant();
        let formats = self.formats.load();
        let adapter =
            formats
                .registry()
                .choose(&incoming.media_type, incoming.format.as_deref(), &tenant.formats)?;
        let received_at = self.clock.now();
        let Understood {
            filing,
            mut warnings,
            provenance,
            contents,
            files,
            route,
            complete_at,
            promised,
        } = self.understand(adapter, access, incoming, received_at)?;
        let likeness = filing.likeness(&route.procedure.code);
        let (claimed, odd) =
            self.directory
                .code_of(filing.dossier_code.clone(), route.agency.as_ref(), received_at);
        let code_path = provenance.locate("/dossier_code");
        warnings.extend(odd.map(|problem| problem.at(code_path.clone())));
        Ok(Prepared {
            claimed,
            code_path,
            likeness: self.store.cipher.blind("likeness", &likeness).to_vec(),
            filing,
            warnings,
            route,
            format_version: formats.number(adapter.name()),
            format: adapter.name().to_owned(),
            received_at,
            submission: self.draws.with(|rng| SubmissionId::new(received_at, rng)),
            digest: sha256(&incoming.bytes),
            files,
            contents: contents.into(),
            complete_at,
            promised,
            status_path: provenance.locate("/reported_status"),
            text_path: provenance.locate("/reported_text"),
        })
    }

    async fn attempt(
        &self,
        access: &Access,
        incoming: &Incoming,
        key: &KeyUse,
        prepared: &Prepared,
        Found {
            target,
            told_before,
            twin,
            contested,
            other_values,
        }: Found,
    ) -> Attempted {
        let beside = Beside { twin, contested };
        let kept = target.known().and_then(|row| prepared.keep_channel(row));
        let prepared = kept.as_ref().unwrap_or(prepared);
        let decided = match &target {
            Target::Amend(_, row) => decided(row, &prepared.route)?.map(|route| Prepared {
                route,
                ..prepared.clone()
            }),
            _ => None,
        };
        let prepared = decided.as_ref().unwrap_or(prepared);
        let call = Filed {
            access,
            incoming,
            key,
            prepared,
            other_values: other_values.as_deref(),
        };
        match target {
            Target::New(id) => self.file_new(call, id, beside).await,
            Target::Amend(id, row) => self.file_again(call, (id, *row), told_before, beside).await,
            Target::Same(row) => self.file_same(call, *row, told_before).await,
            Target::Closed(row) => self.refuse_change(call, &row).await,
        }
    }

    fn new_id(&self, prepared: &Prepared) -> DossierId {
        self.draws.with(|rng| DossierId::new(prepared.received_at, rng))
    }

    /// Which dossier the sender's reference names and what may be done with it, and which other may be the same matter.
    async fn find(&self, access: &Access, prepared: &Prepared) -> Result<Found, ServiceError> {
        let scope = access.permit(Permission::SubmissionCreate)?;
        let (tenant, reference) = (access.key().to_string(), prepared.filing.reference.to_string());
        let (likeness, claimed) = (prepared.likeness.clone(), prepared.claimed.clone());
        let (cipher, status) = (Arc::clone(&self.store.cipher), prepared.told_status());
        let (known, told_before, twin, contested) = self
            .store
            .readers
            .run(move |conn| {
                let known = read::by_reference(conn, &scope, &tenant, &reference)?;
                let told_before = match (&known, status) {
                    (Some(row), Some(status)) => {
                        read::report_known(conn, &tenant, &status.blind(&cipher, &row.id.to_string()))?
                    }
                    _ => false,
                };
                let own = known.as_ref().map(|row| row.id.to_string());
                let first = read::first_alike(conn, &likeness)?.filter(|first| own.as_ref() != Some(first));
                let twin = match first {
                    Some(id) => Some(Twin {
                        seen: read::dossier(conn, &scope, &id)?.is_some(),
                        id,
                    }),
                    None => None,
                };
                let contested = match claimed {
                    Some(code) => read::code_known(conn, code.as_str(), own.as_deref())?,
                    None => false,
                };
                Ok((known, told_before, twin, contested))
            })
            .await?;
        let mut other_values = None;
        let target = match known {
            None => Target::New(self.new_id(prepared)),
            Some(row) if row.content_blind == self.content_blind(&prepared.as_filed_through(&row)) => {
                Target::Same(Box::new(row))
            }
            Some(row) if row.state.accepted || row.status().is_final() => {
                other_values = self.values_beside(&row, prepared).await?;
                match other_values {
                    Some(_) => Target::Same(Box::new(row)),
                    None => Target::Closed(Box::new(row)),
                }
            }
            Some(row) => Target::Amend(row.id, Box::new(row)),
        };
        Ok(Found {
            target,
            told_before,
            twin,
            contested,
            other_values,
        })
    }

    /// What stands beside the content of a filing and not beside what was accepted; none where the content itself differs. The dates,
    /// notes and lists of an office's own steps stand there, and move on while what was filed stays the same.
    async fn values_beside(
        &self,
        row: &KeptDossier,
        prepared: &Prepared,
    ) -> Result<Option<Vec<ForeignValue>>, ServiceError> {
        let (cipher, id, version) = (
            Arc::clone(&self.store.cipher),
            row.id.to_string(),
            row.state.version,
        );
        let read = move |conn: &mut Conn| read::content(conn, &cipher, &id, version);
        let mut before = self.store.readers.run(read).await?;
        let mut sent = prepared.as_filed_through(row);
        let (known, values) = (
            std::mem::take(&mut before.foreign_values),
            std::mem::take(&mut sent.foreign_values),
        );
        let same = before.content_bytes() == sent.content_bytes();
        Ok(same.then(|| {
            values
                .into_iter()
                .filter(|value| !known.contains(value))
                .collect()
        }))
    }

    fn content_blind(&self, filing: &Filing) -> Vec<u8> {
        self.store
            .cipher
            .blind("content", &filing.content_bytes())
            .to_vec()
    }

    /// Other content under a reference that is already accepted. A call that was answered before keeps its answer.
    async fn refuse_change(&self, call: Filed<'_>, row: &KeptDossier) -> Attempted {
        if let Some(replayed) = self.answered_before(call).await? {
            return Ok(replayed);
        }
        let status = row.status();
        let refused: Problem = if status.is_final() {
            problems::ReferenceEnded { status: &status }.into()
        } else {
            problems::ReferenceContentDiffers.into()
        };
        Err(self
            .refusals
            .keep_refused(call.access, call.incoming, refused.into())
            .await)
    }
}

/// The route of an amendment of a dossier whose agency an operator named: where the rules say the same of the new content as of the
/// old, the operator's decision holds.
fn decided(before: &KeptDossier, by_rules: &Route) -> Result<Option<Route>, ServiceError> {
    let old = before.route.read()?;
    let Some(assigned) = old.assigned.as_ref().filter(|_| old.same_case(&by_rules.reason)) else {
        return Ok(None);
    };
    Ok(Some(Route {
        agency: Some(assigned.agency.clone()),
        parked: None,
        warnings: Vec::new(),
        reason: RouteReason {
            assigned: Some(assigned.clone()),
            ..by_rules.reason.clone()
        },
        ..by_rules.clone()
    }))
}
