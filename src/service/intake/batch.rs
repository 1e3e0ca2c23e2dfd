//! Filing many: each item of a batch is one filing, taken or refused for itself, and answered in the order of the batch.
//!
//! A batch is a stream of items in and a stream of results out. Between them only so many items are in work, so that memory does
//! not depend on how long a batch is; they are in work together, so that one commit takes many of them. An item whose reference is
//! in work already waits: what a batch says twice about one dossier happens in the order in which it says it.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesOrdered, Stream, StreamExt as _, unfold};
use tokio::time::Instant;

use super::{Answered, Incoming, Mode, Prepared};
use crate::adapt::SplitDocument;
use crate::domain::rejection::{Problem, Rejection, problems};
use crate::domain::submission::IdempotencyKey;
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::intake::Intake;
use crate::store::ledger::KeyUse;

/// Items of one batch in work at once. Two batches of a tenant fill one commit.
pub const ITEMS_IN_WORK: usize = 64;

/// Bytes of documents of one batch in work at once; a single document may pass it.
pub const BYTES_IN_WORK: usize = 4 * 1024 * 1024;

/// How long an item waits for room in the hub before it is answered `queue-full`.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The pause before an item that found the hub full is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// The name of this route among idempotency keys.
const ROUTE: &str = "batch";

/// What all items of a batch have in common.
pub struct BatchCall {
    /// `Idempotency-Key` of the call.
    pub key: IdempotencyKey,
    /// Media type of each item, without parameters, lower case.
    pub media_type: String,
    /// `Submission-Format`, where it was sent.
    pub format: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// Where an item stands in what was sent.
#[derive(Clone, Debug)]
pub enum ItemPlace {
    /// In this line, counted from 1.
    Line(u64),
    /// In a document that lists several: its place there, counted from 0.
    Listed(Arc<SplitDocument>, usize),
}

impl ItemPlace {
    /// The number its result carries.
    pub fn number(&self) -> u64 {
        match self {
            ItemPlace::Line(number) => *number,
            ItemPlace::Listed(_, number) => *number as u64 + 1,
        }
    }

    /// The place in the whole of a place in the item.
    fn path(&self, inside: &str) -> String {
        match self {
            ItemPlace::Line(number) => format!("{number}:{inside}"),
            ItemPlace::Listed(parts, number) => parts.path(*number, inside),
        }
    }
}

/// One item.
pub struct BatchItem {
    /// Where it stands.
    pub place: ItemPlace,
    /// Its exact bytes, or why they were not read.
    pub document: Result<Vec<u8>, Problem>,
}

/// What became of an item.
pub struct BatchResult {
    /// The item's number.
    pub item: u64,
    /// Its answer.
    pub outcome: Result<Answered, ServiceError>,
}

/// An item that was read.
struct Read {
    place: ItemPlace,
    incoming: Incoming,
    prepared: Result<Prepared, ServiceError>,
    reference: Option<String>,
}

/// An item that is done, and what it held while it was in work.
struct Done {
    result: BatchResult,
    reference: Option<String>,
    bytes: usize,
}

/// A batch on its way.
struct Run<S> {
    intake: Arc<Intake>,
    access: Arc<Access>,
    call: BatchCall,
    items: Option<Pin<Box<S>>>,
    work: FuturesOrdered<BoxFuture<'static, Done>>,
    /// The references in work.
    references: HashSet<String>,
    bytes: usize,
    /// Read, and waiting for an earlier item of its reference.
    held: Option<Read>,
}

impl Intake {
    /// Files the items of a batch, each for itself, and gives their results in order. Nothing is read ahead of what is in work;
    /// when nobody takes the results any more, no further item is begun.
    ///
    /// # Errors
    /// When the caller may not file at all, or no format fits.
    pub fn submit_batch<S>(
        self: &Arc<Self>,
        access: &Access,
        call: BatchCall,
        items: S,
    ) -> Result<impl Stream<Item = BatchResult> + use<S>, ServiceError>
    where
        S: Stream<Item = BatchItem>,
    {
        access.permit(Permission::SubmissionCreate)?;
        access.require_staff()?;
        let formats = &access.tenant().formats;
        let in_use = self.formats.load();
        in_use
            .registry()
            .choose(&call.media_type, call.format.as_deref(), formats)?;
        let run = Run {
            intake: Arc::clone(self),
            access: Arc::new(access.clone()),
            call,
            items: Some(Box::pin(items)),
            work: FuturesOrdered::new(),
            references: HashSet::new(),
            bytes: 0,
            held: None,
        };
        Ok(unfold(run, async |mut run| {
            let result = run.next().await?;
            Some((result, run))
        }))
    }

    /// The dossiers a document lists, as items of a batch, made one by one as they are taken.
    ///
    /// # Errors
    /// When the format has no such list, or the document as a whole cannot be read.
    pub fn listed(
        &self,
        access: &Access,
        call: &BatchCall,
        document: &[u8],
    ) -> Result<impl Iterator<Item = BatchItem> + use<>, ServiceError> {
        let formats = &access.tenant().formats;
        let in_use = self.formats.load();
        let adapter = in_use
            .registry()
            .choose(&call.media_type, call.format.as_deref(), formats)?;
        if !adapter.lists_dossiers(&call.media_type) {
            let expected = "application/x-ndjson";
            let problem = problems::MediaTypeUnsupported { expected: &expected };
            return Err(problem.into());
        }
        let parts = Arc::new(adapter.split(document)?);
        Ok((0..parts.count().max(1)).map(move |number| BatchItem {
            document: Ok(parts.document(number)),
            place: ItemPlace::Listed(Arc::clone(&parts), number),
        }))
    }

    /// Files one item, waiting for room where there is none.
    async fn file_item(&self, access: &Access, read: Read, key: KeyUse) -> Result<Answered, ServiceError> {
        let (incoming, place) = (read.incoming, read.place);
        let prepared = match read.prepared {
            Ok(prepared) => prepared,
            Err(refused) => {
                let refused = relocated(refused, &place);
                return self.refuse_unread(access, &incoming, key, refused).await;
            }
        };
        // At most half of the ledger's queue is for batches, so that a single filing finds it open. Never closed.
        let _share = self.batches.acquire().await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.file(access, &incoming, &key, &prepared).await {
                Err(ServiceError::Busy) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }
}

impl<S: Stream<Item = BatchItem>> Run<S> {
    /// The next result; begins what may be begun meanwhile.
    async fn next(&mut self) -> Option<BatchResult> {
        loop {
            if let Some(read) = self.held.take_if(|read| is_free(&self.references, read)) {
                self.begin(read);
            }
            let room = self.work.len() < ITEMS_IN_WORK && self.bytes < BYTES_IN_WORK && self.held.is_none();
            let (may_read, busy) = (room && self.items.is_some(), !self.work.is_empty());
            let (items, work) = (&mut self.items, &mut self.work);
            let event = tokio::select! {
                biased;
                Some(done) = work.next(), if busy => Event::Done(done),
                item = next_of(items), if may_read => Event::Item(item),
                else => return None,
            };
            match event {
                Event::Done(done) => {
                    self.bytes -= done.bytes;
                    if let Some(reference) = &done.reference {
                        self.references.remove(reference);
                    }
                    return Some(done.result);
                }
                Event::Item(None) => self.items = None,
                Event::Item(Some(item)) => self.read(item),
            }
        }
    }

    /// Reads an item, and begins it or holds it back.
    fn read(&mut self, item: BatchItem) {
        let place = item.place;
        let bytes = match item.document {
            Ok(bytes) => bytes,
            Err(problem) => {
                let outcome = Err(relocated(problem.at("").into(), &place));
                let result = BatchResult {
                    item: place.number(),
                    outcome,
                };
                return self.work.push_back(Box::pin(std::future::ready(Done {
                    result,
                    reference: None,
                    bytes: 0,
                })));
            }
        };
        let incoming = Incoming {
            bytes,
            media_type: self.call.media_type.clone(),
            format: self.call.format.clone(),
            key: self.call.key.clone(),
            traceparent: self.call.traceparent.clone(),
            // Nobody reads the answer while the batch runs: what must be asked waits, parked.
            mode: Mode::Batch,
        };
        let mut prepared = self.intake.prepare(&self.access, &incoming);
        if let Ok(prepared) = &mut prepared {
            for warning in &mut prepared.warnings {
                warning.path = warning.path.as_deref().map(|path| place.path(path));
            }
        }
        let reference = prepared.as_ref().ok().map(|p| p.filing.reference.to_string());
        let read = Read {
            place,
            incoming,
            prepared,
            reference,
        };
        if is_free(&self.references, &read) {
            self.begin(read);
        } else {
            self.held = Some(read);
        }
    }

    fn begin(&mut self, read: Read) {
        let digest = read.incoming.digest();
        let key = KeyUse {
            tenant: self.access.key().to_string(),
            route: ROUTE,
            // The item's own bytes are part of its key: the same line sent again is the same filing wherever it stands, and a
            // corrected line is another.
            key: format!("{}:{}", self.call.key.as_str(), digest),
            request: digest,
        };
        let (bytes, item) = (read.incoming.bytes.len(), read.place.number());
        let reference = read.reference.clone();
        self.bytes += bytes;
        self.references.extend(reference.clone());
        let (intake, access) = (Arc::clone(&self.intake), Arc::clone(&self.access));
        self.work.push_back(Box::pin(async move {
            let outcome = intake.file_item(&access, read, key).await;
            let result = BatchResult { item, outcome };
            Done {
                result,
                reference,
                bytes,
            }
        }));
    }
}

enum Event {
    Done(Done),
    Item(Option<BatchItem>),
}

async fn next_of<S: Stream<Item = BatchItem>>(items: &mut Option<Pin<Box<S>>>) -> Option<BatchItem> {
    items.as_mut()?.next().await
}

fn is_free(references: &HashSet<String>, read: &Read) -> bool {
    read.reference
        .as_ref()
        .is_none_or(|reference| !references.contains(reference))
}

/// A refusal with the paths of the whole batch.
fn relocated(refused: ServiceError, place: &ItemPlace) -> ServiceError {
    match refused {
        ServiceError::Rejected(rejection) => {
            ServiceError::Rejected(Rejection::relocated(rejection, |path| place.path(path)))
        }
        other => other,
    }
}
