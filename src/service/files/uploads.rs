//! Files on their way in: counted, read, hashed and written whole, then made their tenant's.

use std::collections::HashSet;
use std::sync::Arc;

use rand::Rng;

use super::quota::{Share, UploadLimits};
use crate::blobs::{BlobError, Upload};
use crate::domain::attachment::{DataKey, InlineFile};
use crate::domain::ids::BlobId;
use crate::domain::rejection::problems;
use crate::domain::sha256::Sha256;
use crate::domain::view::BlobView;
use crate::identity::{Access, Permission, Scope};
use crate::service::ServiceError;
use crate::service::fault::internal;
use crate::service::files::Files;
use crate::store::ledger::{AddBlob, BlobOutcome, Complete};
use crate::store::read;

/// When a tenant over its quota may try again, in seconds.
const RETRY_QUOTA: u32 = 60;

/// An upload in progress. Dropped before [`Files::uploaded`], it leaves nothing.
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
    problems::FileTooLarge { limit: &limit }.into()
}

fn over_quota(limits: &UploadLimits) -> ServiceError {
    problems::UploadQuota {
        limit: &limits.unused,
        retry_after: &RETRY_QUOTA,
    }
    .into()
}

impl Files {
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
        self.begin(access, scope, declared).await
    }

    /// Keeps files whose content stood in a filing, as uploads of whoever files. Each is there before the filing is committed; one
    /// that the filer has already is not kept twice.
    ///
    /// # Errors
    /// `upload-quota`, `files-unavailable`. What was kept until then no dossier names, and the sweep removes it.
    pub(in crate::service) async fn keep_contents(
        &self,
        access: &Access,
        contents: &[InlineFile],
        traceparent: Option<&str>,
    ) -> Result<(), ServiceError> {
        let mut kept = HashSet::new();
        for content in contents {
            if !kept.insert(content.sha256) {
                continue;
            }
            let scope = access.permit(Permission::SubmissionCreate)?;
            let size = content.bytes.len() as u64;
            let mut incoming = self.begin(access, scope, Some(size)).await?;
            incoming.write(&content.bytes).await?;
            let traceparent = traceparent.map(str::to_owned);
            self.uploaded(access, incoming, &content.sha256, traceparent)
                .await?;
        }
        Ok(())
    }

    async fn begin(
        &self,
        access: &Access,
        scope: Scope,
        declared: Option<u64>,
    ) -> Result<Incoming, ServiceError> {
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
            .min(limits.unused.saturating_sub(u64::try_from(unused).unwrap_or(0)));
        let mut share = Share {
            of: Arc::clone(&self.in_flight_bytes),
            tenant: access.key().clone(),
            bytes: 0,
        };
        if !share.grow(declared, room) {
            return Err(over_quota(&limits));
        }
        let now = self.clock.now();
        let (object, key) = self.draws.with(|rng| {
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
        named: &Sha256,
        traceparent: Option<String>,
    ) -> Result<BlobView, ServiceError> {
        let arrived = incoming.upload.finish().await?;
        let finished_at = self.clock.now();
        let actual = arrived.sha256;
        if actual != *named {
            self.blobs.remove(arrived.object).await?;
            return Err(problems::DigestMismatch { sha256: &actual }.into());
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
        let outcome = self.store.ledger.ask(add()).await?;
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
            complete = match self.store.ledger.ask(add()).await? {
                BlobOutcome::Added(next) | BlobOutcome::Known(next) => next,
                BlobOutcome::Late => break,
            };
            self.tell_complete(&complete)?;
        }
        drop(incoming.share);
        Ok(BlobView {
            sha256: *named,
            size: arrived.size as i64,
            existing,
        })
    }

    fn tell_complete(&self, complete: &Complete) -> Result<(), ServiceError> {
        for submitter in &complete.submitters {
            self.notifier.tell(&submitter.parse().map_err(internal)?);
        }
        Ok(())
    }

    /// The size of a file the caller has uploaded.
    ///
    /// # Errors
    /// `not-found`, also when another tenant has it.
    pub async fn upload_size(&self, access: &Access, sha256: &Sha256) -> Result<u64, ServiceError> {
        let scope = access.permit(Permission::FileUpload)?;
        let digest = *sha256;
        let cipher = Arc::clone(&self.store.cipher);
        let found = self
            .store
            .readers
            .run(move |conn| read::uploaded(conn, &cipher, &scope, &digest))
            .await?;
        u64::try_from(found.ok_or(problems::NotFound)?).map_err(internal)
    }
}
