//! Files: taken in, listed, given out, and forgotten when nobody names them.
//!
//! A file belongs to the tenant that uploaded it; for anybody else its digest is absent. An upload is always read, hashed and
//! written whole, whether the tenant has the file or not and whoever else may have it, so that neither an answer nor its time
//! tells. Order: the bytes are durable, then the ledger is asked, then the caller is answered; what is left over by a crash in
//! between is nobody's, and the sweep removes it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;

use super::intake::internal;
use super::{Hub, ServiceError};
use crate::blobs::{BlobError, Opener, PIECE, SEGMENT, SHELVES, Upload};
use crate::domain::attachment::{AWAITED_DAYS, DataKey};
use crate::domain::codes::Sha256Hex;
use crate::domain::ids::{BlobId, DossierId, ReadId};
use crate::domain::rejection::{Label, Problem};
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::domain::view::{AttachmentView, AttachmentsView, BlobView, MissingFile, ReadPage, ReadView};
use crate::identity::{Access, Permission};
use crate::store::ledger::{AddBlob, BlobOutcome, COMMITTED_WITHIN, Complete, NoteRead};
use crate::store::read::{self, Attachment};
use crate::store::rows::ReadRow;

/// How much may be uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of one tenant on their way at once.
    pub in_flight: u64,
    /// Bytes of one tenant that no dossier names, with those on their way.
    pub unused: u64,
    /// How long a file that no dossier names is kept.
    pub kept: Duration,
}

impl Default for UploadLimits {
    fn default() -> Self {
        const GIB: u64 = 1024 * 1024 * 1024;
        UploadLimits {
            file: 2 * GIB,
            in_flight: 8 * GIB,
            unused: 20 * GIB,
            kept: Duration::from_secs(72 * 3600),
        }
    }
}

/// When a tenant over its quota may try again, in seconds.
const RETRY_QUOTA: u32 = 60;

/// When to try again while the folder or the bucket is away, in seconds.
const RETRY_FILES: u32 = 5;

/// Plain bytes given out at once.
const GIVEN: u64 = 8 * SEGMENT as u64;

/// Readings of one page at most.
const LARGEST_PAGE: u32 = 200;

/// Objects looked up at once by the sweep.
const LOOKED_UP: usize = 500;

/// Without a row so long after it was finished, an object is nobody's: twice the time in which an upload may be committed.
const ORPHANED_AFTER: Duration = Duration::from_secs(2 * COMMITTED_WITHIN.as_secs());

/// Bytes on their way, by tenant.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<TenantKey, u64>>);

/// Some bytes of the quota; given back when dropped.
struct Share {
    of: Arc<InFlight>,
    tenant: TenantKey,
    bytes: u64,
}

impl Share {
    /// Takes more; false, and nothing taken, when that is more than `limit` altogether.
    fn grow(&mut self, bytes: u64, limit: u64) -> bool {
        let mut taken = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = taken.entry(self.tenant.clone()).or_default();
        if all.saturating_add(bytes) > limit {
            return false;
        }
        *all += bytes;
        self.bytes += bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(all) = taken.get_mut(&self.tenant) {
            *all -= self.bytes;
            if *all == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

impl From<BlobError> for ServiceError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Unavailable(why) => {
                tracing::error!(why, "the store of attachments does not take or give");
                ServiceError::Rejected(
                    Problem::new(Label::FilesUnavailable)
                        .with("retry_after", RETRY_FILES)
                        .into(),
                )
            }
            other => ServiceError::Internal(other.to_string()),
        }
    }
}

/// An upload in progress. Dropped before [`Hub::uploaded`], it leaves nothing.
pub struct Incoming {
    upload: Upload,
    share: Share,
    /// What of the share has arrived.
    arrived: u64,
    limits: UploadLimits,
    /// What the tenant may have on its way, beside what it has stored.
    room: u64,
}

impl Incoming {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// `file-too-large`, `upload-quota`, `files-unavailable`.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ServiceError> {
        self.arrived += bytes.len() as u64;
        if self.arrived > self.limits.file {
            return Err(too_large(self.limits.file));
        }
        let more = self.arrived.saturating_sub(self.share.bytes);
        if more > 0 && !self.share.grow(more, self.room) {
            return Err(over_quota(&self.limits));
        }
        Ok(self.upload.write(bytes).await?)
    }
}

fn too_large(limit: u64) -> ServiceError {
    Problem::new(Label::FileTooLarge).with("limit", limit).into()
}

fn over_quota(limits: &UploadLimits) -> ServiceError {
    Problem::new(Label::UploadQuota)
        .with("limit", limits.unused)
        .with("retry_after", RETRY_QUOTA)
        .into()
}

/// A part of a file on its way out.
pub struct Outgoing {
    hub: Arc<Hub>,
    object: BlobId,
    opener: Opener,
    left: Range<u64>,
}

impl Outgoing {
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
        let sealed = self.hub.blobs.read(self.object, stored).await?;
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
    pub sha256: Sha256Hex,
    /// File name, as its sender gave it.
    pub name: String,
    /// Media type, as its sender gave it.
    pub media_type: Option<String>,
    /// Size of the whole.
    pub size: u64,
    /// Which part.
    pub part: Range<u64>,
    /// Its bytes; none where nothing was wanted.
    pub bytes: Option<Outgoing>,
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

impl Hub {
    /// How much may be uploaded.
    pub fn upload_limits(&self) -> UploadLimits {
        self.uploads
    }

    /// Begins an upload; `declared` is its length, where that is said beforehand.
    ///
    /// # Errors
    /// `file-too-large`, `upload-quota`, `files-unavailable`; all before a byte is read.
    pub async fn begin_upload(
        &self,
        access: &Access,
        declared: Option<u64>,
    ) -> Result<Incoming, ServiceError> {
        let scope = access.permit(Permission::FileUpload)?;
        access.require_staff()?;
        let limits = self.uploads;
        let declared = declared.unwrap_or(0);
        if declared > limits.file {
            return Err(too_large(limits.file));
        }
        let unused = self
            .store
            .readers
            .run(move |conn| read::unused_bytes(conn, &scope))
            .await?;
        let room = limits
            .in_flight
            .min(limits.unused.saturating_sub(unused.max(0) as u64));
        let mut share = Share {
            of: Arc::clone(&self.in_flight_bytes),
            tenant: access.key().clone(),
            bytes: 0,
        };
        if !share.grow(declared, room) {
            return Err(over_quota(&limits));
        }
        let now = self.clock.now();
        let (object, key) = self.with_rng(|rng| {
            let mut key = [0u8; 32];
            rng.fill_bytes(&mut key);
            (BlobId::new(now, rng), DataKey::new(key))
        });
        Ok(Incoming {
            upload: self.blobs.begin(object, key).await?,
            share,
            arrived: 0,
            limits,
            room,
        })
    }

    /// Ends an upload: the whole body is here. Whether the tenant had the file is said; whether another has it, never.
    ///
    /// # Errors
    /// `digest-mismatch`; `files-unavailable`. Nothing is left then.
    pub async fn uploaded(
        &self,
        access: &Access,
        incoming: Incoming,
        named: &Sha256Hex,
        traceparent: Option<String>,
    ) -> Result<BlobView, ServiceError> {
        let arrived = incoming.upload.finish().await?;
        let finished_at = self.clock.now();
        let actual = hex::encode(arrived.sha256);
        if actual != named.as_str() {
            self.blobs.remove(arrived.object).await?;
            return Err(Problem::new(Label::DigestMismatch).with("sha256", actual).into());
        }
        let add = || AddBlob {
            actor: access.actor(),
            blind: read::file_blind(&self.store.cipher, &arrived.sha256),
            object: arrived.object,
            size: arrived.size as i64,
            key: arrived.key.clone(),
            finished_at,
            traceparent: traceparent.clone(),
        };
        let outcome = self.store.ledger.add_blob(add()).await?;
        let (existing, mut complete) = match outcome {
            BlobOutcome::Added(complete) => (false, complete),
            BlobOutcome::Known(complete) => (true, complete),
            BlobOutcome::Late => {
                self.blobs.remove(arrived.object).await?;
                return Err(BlobError::Unavailable("an upload was committed too late".to_owned()).into());
            }
        };
        if existing {
            // The file is kept already; should this fail, the sweep finds the object.
            if let Err(error) = self.blobs.remove(arrived.object).await {
                tracing::warn!(%error, "a second copy stays until the sweep");
            }
        }
        self.tell_complete(&complete)?;
        while complete.more {
            complete = match self.store.ledger.add_blob(add()).await? {
                BlobOutcome::Added(next) | BlobOutcome::Known(next) => next,
                BlobOutcome::Late => break,
            };
            self.tell_complete(&complete)?;
        }
        drop(incoming.share);
        Ok(BlobView {
            sha256: named.clone(),
            size: arrived.size as i64,
            existing,
        })
    }

    fn tell_complete(&self, complete: &Complete) -> Result<(), ServiceError> {
        for (submitter, agency) in &complete.dossiers {
            self.tell(&submitter.parse().map_err(internal)?, agency.as_deref());
        }
        Ok(())
    }

    /// The size of a file the caller has uploaded.
    ///
    /// # Errors
    /// `not-found`, also when another tenant has it.
    pub async fn upload_size(&self, access: &Access, sha256: &Sha256Hex) -> Result<i64, ServiceError> {
        let scope = access.permit(Permission::FileUpload)?;
        let mut digest = [0; 32];
        hex::decode_to_slice(sha256.as_str(), &mut digest).map_err(internal)?;
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::uploaded(conn, &cipher, &scope, &digest))
            .await?;
        found.ok_or_else(|| Label::NotFound.into())
    }

    /// The files of a dossier.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn attachments(&self, access: &Access, id: DossierId) -> Result<AttachmentsView, ServiceError> {
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
        found.ok_or_else(|| Label::NotFound.into())
    }

    /// The files a dossier names that are not here.
    pub(super) async fn missing_files(
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
    pub async fn attachment(
        self: &Arc<Self>,
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
            .ok_or(ServiceError::from(Label::NotFound))?;
        let missing = || Problem::new(Label::AttachmentMissing).with("sha256", &file.file.sha256);
        let size = file.size.ok_or_else(missing)?.max(0) as u64;
        let (cipher, dossier, of) = (Arc::clone(&self.store.cipher), id.to_string(), file.clone());
        let held = self
            .store
            .readers
            .run(move |conn| read::held(conn, &cipher, &dossier, &of))
            .await?
            .ok_or_else(missing)?;
        let part =
            part(wanted, size).ok_or_else(|| Problem::new(Label::RangeNotSatisfiable).with("size", size))?;
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
            self.store.ledger.note_read(note).await?;
            Some(Outgoing {
                hub: Arc::clone(self),
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
        let mut rows = found.ok_or(ServiceError::from(Label::NotFound))?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let reads: Vec<ReadView> = rows.iter().map(read_view).collect::<Result<_, _>>()?;
        let next = reads.last().map(|r| r.id).filter(|_| more);
        Ok(ReadPage {
            tracking_id: id,
            reads,
            next,
        })
    }

    /// How many files dossiers have awaited for longer than they should.
    pub async fn overdue_files(&self) -> Result<i64, ServiceError> {
        let before = earlier(self.clock.now(), Duration::from_secs(AWAITED_DAYS * 24 * 3600));
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
    pub async fn sweep_files(&self) -> Result<usize, ServiceError> {
        let now = self.clock.now();
        let mut removed = 0;
        loop {
            let objects = self
                .store
                .ledger
                .forget_uploads(earlier(now, self.uploads.kept))
                .await?;
            if objects.is_empty() {
                break;
            }
            for object in &objects {
                self.blobs.remove(object.parse().map_err(internal)?).await?;
                removed += 1;
            }
        }
        let orphaned = earlier(now, ORPHANED_AFTER);
        for shelf in 0..SHELVES {
            // The objects first, their rows after: a row that comes in between is seen.
            let finished = self.blobs.finished_before(shelf as u8, orphaned).await?;
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

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_micros(now.as_micros() - by.as_micros() as i64)
}

fn read_view(row: &ReadRow) -> Result<ReadView, ServiceError> {
    Ok(ReadView {
        id: row.id.parse().map_err(internal)?,
        at: row.at.0,
        tenant: row.tenant.parse().map_err(internal)?,
        staff: row
            .staff
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(internal)?,
        point: row
            .point
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(internal)?,
        what: row.what.clone(),
        attachment: row.attachment,
        bytes: row.first_byte.zip(row.last_byte),
    })
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

    #[test]
    fn the_share_of_a_tenant_is_bounded_and_given_back() {
        let all = Arc::new(InFlight::default());
        let tenant: TenantKey = "branch.tay-ho".parse().unwrap();
        let share = |of: &Arc<InFlight>| Share {
            of: Arc::clone(of),
            tenant: tenant.clone(),
            bytes: 0,
        };
        let (mut one, mut two) = (share(&all), share(&all));
        assert!(one.grow(60, 100) && two.grow(40, 100) && !two.grow(1, 100));
        drop(one);
        assert_eq!(all.0.lock().unwrap().get(&tenant), Some(&40));
        assert!(two.grow(60, 100));
        drop(two);
        assert!(all.0.lock().unwrap().is_empty());
    }
}
