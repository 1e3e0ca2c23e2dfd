//! Files: taken in, listed, given out, and forgotten when nobody names them.
//!
//! A file belongs to the tenant that uploaded it; for anybody else its digest is absent. An upload is always read, hashed and
//! written whole, whether the tenant has the file or not and whoever else may have it, so that neither an answer nor its time
//! tells. Order: the bytes are durable, then the ledger is asked, then the caller is answered; what is left over by a crash in
//! between is nobody's, and the sweep removes it.

pub(super) mod quota;
mod uploads;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::ServiceError;
use super::fault::internal;
use crate::blobs::{BlobError, Blobs, Opener, PIECE, SEGMENT, SHELVES};
use crate::clock::Clock;
use crate::domain::attachment::AWAITED_DAYS;
use crate::domain::contract::LARGEST_PAGE;
use crate::domain::ids::{BlobId, DossierId, ReadId};
use crate::domain::rejection::problems;
use crate::domain::sha256::Sha256;
use crate::domain::view::{AttachmentView, AttachmentsView, MissingFile, ReadPage, ReadView};
use crate::identity::{Access, Permission};
use crate::service::draws::Draws;
use crate::service::notifier::Notifier;
use crate::service::parts::Base;
use crate::store::Store;
use crate::store::ledger::{COMMITTED_WITHIN, ForgetUploads, NoteRead};
use crate::store::read::{self, Attachment, KeptRead};

pub(super) use quota::InFlight;
pub use quota::UploadLimits;
pub use uploads::Incoming;

/// When to try again while the folder or the bucket is away, in seconds.
const RETRY_FILES: u32 = 5;

/// Plain bytes given out at once.
const GIVEN: u64 = 8 * SEGMENT as u64;

/// Objects looked up at once by the sweep.
const LOOKED_UP: usize = 500;

/// Without a row so long after it was finished, an object is nobody's: twice the time in which an upload may be committed.
const ORPHANED_AFTER: Duration = Duration::from_secs(2 * COMMITTED_WITHIN.as_secs());

impl From<BlobError> for ServiceError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Unavailable(why) => {
                tracing::error!(why, "the store of attachments does not take or give");
                ServiceError::Rejected(
                    problems::FilesUnavailable {
                        retry_after: &RETRY_FILES,
                    }
                    .into(),
                )
            }
            other => ServiceError::Internal(other.to_string()),
        }
    }
}

/// A part of a file on its way out.
pub struct FileDownload {
    blobs: Blobs,
    object: BlobId,
    opener: Opener,
    left: Range<u64>,
}

impl FileDownload {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// The object is gone, damaged, or its store is away. What was given before is right.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ServiceError> {
        if self.left.is_empty() {
            return Ok(None);
        }
        // Up to a border of segments, so that none is opened twice.
        let border = (self.left.start / GIVEN + 1) * GIVEN;
        let now = self.left.start..border.min(self.left.end);
        let stored = self.opener.stored(&now);
        debug_assert!(stored.end - stored.start <= PIECE);
        let sealed = self.blobs.read(self.object, stored).await?;
        let plain = self.opener.open(&now, &sealed)?;
        self.left.start = now.end;
        Ok(Some(plain))
    }
}

/// What a caller wants of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Only what it is.
    Nothing,
    /// All of it.
    All,
    /// From this byte, to this one or the end.
    From(u64, Option<u64>),
    /// So many bytes at its end.
    Last(u64),
}

/// A file of a dossier, as it is given out.
pub struct Given {
    /// Digest of the whole.
    pub sha256: Sha256,
    /// File name, as its sender gave it.
    pub name: String,
    /// Media type, as its sender gave it.
    pub media_type: Option<String>,
    /// Size of the whole.
    pub size: u64,
    /// Which part.
    pub part: Range<u64>,
    /// Its bytes; none where nothing was wanted.
    pub bytes: Option<FileDownload>,
}

/// The part of a file of `size` bytes that is wanted; none where it has no such bytes (RFC 9110, 14.1.2).
fn part(wanted: Wanted, size: u64) -> Option<Range<u64>> {
    match wanted {
        Wanted::Nothing | Wanted::All => Some(0..size),
        Wanted::From(first, last) => {
            let end = last.map_or(size, |last| last.saturating_add(1).min(size));
            (first < end).then_some(first..end)
        }
        Wanted::Last(count) => (count > 0 && size > 0).then(|| size.saturating_sub(count)..size),
    }
}

/// Files of tenants and of dossiers.
pub struct Files {
    store: Arc<Store>,
    clock: Clock,
    draws: Arc<Draws>,
    notifier: Arc<Notifier>,
    blobs: Blobs,
    uploads: UploadLimits,
    in_flight_bytes: Arc<InFlight>,
}

impl Files {
    pub(super) fn new(base: &Base, blobs: Blobs, uploads: UploadLimits) -> Self {
        Files {
            store: Arc::clone(&base.store),
            clock: base.clock.clone(),
            draws: Arc::clone(&base.draws),
            notifier: Arc::clone(&base.notifier),
            blobs,
            uploads,
            in_flight_bytes: Default::default(),
        }
    }

    /// The files of a dossier.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn list(&self, access: &Access, id: DossierId) -> Result<AttachmentsView, ServiceError> {
        let files = self.files_of(access, id).await?;
        let awaited = Duration::from_secs(AWAITED_DAYS * 24 * 3600);
        let now = self.clock.now();
        let attachments: Vec<AttachmentView> = files
            .into_iter()
            .map(|file| {
                Ok(AttachmentView {
                    n: file.n,
                    kind: file.kind,
                    event: file.event,
                    name: file.file.name,
                    media_type: file.file.media_type,
                    sha256: file.file.sha256,
                    size: file.size,
                    owner: file.owner.parse().map_err(internal)?,
                    named_at: file.named_at,
                    arrived_at: file.arrived_at,
                    superseded: file.superseded,
                    overdue: file.arrived_at.is_none()
                        && !file.superseded
                        && now.since(file.named_at) > awaited,
                    link: format!("/v1/dossiers/{id}/attachments/{}", file.n),
                })
            })
            .collect::<Result<_, ServiceError>>()?;
        let missing = attachments
            .iter()
            .filter(|a| a.arrived_at.is_none() && !a.superseded)
            .count();
        Ok(AttachmentsView {
            tracking_id: id,
            missing,
            attachments,
        })
    }

    async fn files_of(&self, access: &Access, id: DossierId) -> Result<Vec<Attachment>, ServiceError> {
        let scope = access.permit(Permission::DossierRead)?;
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::attachments(conn, &cipher, &scope, &id.to_string()))
            .await?;
        found.ok_or_else(|| problems::NotFound.into())
    }

    /// The files a dossier names that are not here.
    pub(super) async fn missing(
        &self,
        access: &Access,
        id: DossierId,
    ) -> Result<Vec<MissingFile>, ServiceError> {
        let files = self.files_of(access, id).await?;
        Ok(files
            .iter()
            .filter(|f| f.arrived_at.is_none() && !f.superseded)
            .map(|f| MissingFile::from(&f.file))
            .collect())
    }

    /// A file of a dossier, for its parties. That it was read is committed before the first byte goes out.
    ///
    /// # Errors
    /// `not-found`, `attachment-missing`, `range-not-satisfiable`.
    pub async fn open(
        &self,
        access: &Access,
        id: DossierId,
        n: i32,
        wanted: Wanted,
    ) -> Result<Given, ServiceError> {
        access.permit(Permission::FileRead)?;
        let files = self.files_of(access, id).await?;
        let file = files
            .into_iter()
            .find(|f| f.n == n)
            .ok_or(ServiceError::from(problems::NotFound))?;
        let missing = || {
            ServiceError::from(problems::AttachmentMissing {
                sha256: &file.file.sha256,
            })
        };
        let size = u64::try_from(file.size.ok_or_else(missing)?).unwrap_or(0);
        let (cipher, dossier, of) = (Arc::clone(&self.store.cipher), id.to_string(), file.clone());
        let held = self
            .store
            .readers
            .run(move |conn| read::held(conn, &cipher, &dossier, &of))
            .await?
            .ok_or_else(missing)?;
        let part = part(wanted, size).ok_or(problems::RangeNotSatisfiable { size: &size })?;
        let bytes = if wanted == Wanted::Nothing {
            None
        } else {
            let asked = (!part.is_empty()).then(|| (part.start as i64, part.end as i64 - 1));
            let note = NoteRead {
                dossier: id.to_string(),
                actor: access.actor(),
                attachment: n,
                bytes: asked,
            };
            self.store.ledger.ask(note).await?;
            Some(FileDownload {
                blobs: self.blobs.clone(),
                object: held.object,
                opener: Opener::new(held.object, &held.key, size),
                left: part.clone(),
            })
        };
        Ok(Given {
            sha256: file.file.sha256,
            name: file.file.name,
            media_type: file.file.media_type,
            size,
            part,
            bytes,
        })
    }

    /// Who read what of a dossier, newest first.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn reads(
        &self,
        access: &Access,
        id: DossierId,
        after: Option<ReadId>,
        limit: u32,
    ) -> Result<ReadPage, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let limit = limit.clamp(1, LARGEST_PAGE);
        let after = after.map(|id| id.to_string());
        let found = self
            .store
            .readers
            .run(move |conn| {
                read::reads(
                    conn,
                    &scope,
                    &id.to_string(),
                    after.as_deref(),
                    i64::from(limit) + 1,
                )
            })
            .await?;
        let mut kept = found.ok_or(ServiceError::from(problems::NotFound))?;
        let more = kept.len() > limit as usize;
        kept.truncate(limit as usize);
        let reads: Vec<ReadView> = kept.into_iter().map(read_view).collect();
        let next = reads.last().map(|r| r.id).filter(|_| more);
        Ok(ReadPage {
            tracking_id: id,
            reads,
            next,
        })
    }

    /// How many files dossiers have awaited for longer than they should.
    ///
    /// # Errors
    /// What the database says.
    pub async fn overdue(&self) -> Result<i64, ServiceError> {
        let before = self
            .clock
            .now()
            .minus(Duration::from_secs(AWAITED_DAYS * 24 * 3600));
        Ok(self
            .store
            .readers
            .run(move |conn| read::overdue_files(conn, before))
            .await?)
    }

    /// Removes what is nobody's: uploads that no dossier has named in their time, objects whose commit never came, what a killed
    /// process had begun. Safe to run again, and on several hubs at once. Says how many objects it removed.
    ///
    /// # Errors
    /// The database or the store of attachments is away; the next run goes on.
    pub async fn sweep(&self) -> Result<usize, ServiceError> {
        let now = self.clock.now();
        let mut removed = 0;
        loop {
            let objects = self
                .store
                .ledger
                .ask(ForgetUploads {
                    before: now.minus(self.uploads.kept),
                })
                .await?;
            if objects.is_empty() {
                break;
            }
            for object in &objects {
                self.blobs.remove(object.parse().map_err(internal)?).await?;
                removed += 1;
            }
        }
        let orphaned = now.minus(ORPHANED_AFTER);
        for shelf in SHELVES {
            // The objects first, their rows after: a row that comes in between is seen.
            let finished = self.blobs.finished_before(shelf, orphaned).await?;
            for some in finished.chunks(LOOKED_UP) {
                let names: Vec<String> = some.iter().map(ToString::to_string).collect();
                let known = self
                    .store
                    .readers
                    .run(move |conn| read::known_objects(conn, &names))
                    .await?;
                for object in some.iter().filter(|object| !known.contains(&object.to_string())) {
                    self.blobs.remove(*object).await?;
                    removed += 1;
                }
            }
        }
        Ok(removed + self.blobs.clear_unfinished(orphaned).await?)
    }
}

fn read_view(kept: KeptRead) -> ReadView {
    ReadView {
        id: kept.id,
        at: kept.at,
        tenant: kept.tenant,
        staff: kept.staff,
        point: kept.point,
        what: kept.what,
        attachment: kept.attachment,
        bytes: kept.bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_within_the_file_or_none() {
        assert_eq!(part(Wanted::All, 0), Some(0..0));
        assert_eq!(part(Wanted::From(0, Some(0)), 10), Some(0..1));
        assert_eq!(part(Wanted::From(3, None), 10), Some(3..10));
        assert_eq!(part(Wanted::From(3, Some(99)), 10), Some(3..10));
        assert_eq!(part(Wanted::From(9, Some(u64::MAX)), 10), Some(9..10));
        assert_eq!(part(Wanted::From(10, None), 10), None);
        assert_eq!(part(Wanted::From(0, None), 0), None);
        assert_eq!(part(Wanted::Last(4), 10), Some(6..10));
        assert_eq!(part(Wanted::Last(99), 10), Some(0..10));
        assert_eq!(part(Wanted::Last(0), 10), None);
        assert_eq!(part(Wanted::Last(1), 0), None);
    }
}
