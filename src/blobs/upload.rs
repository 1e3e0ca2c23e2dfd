//! The way in: plain bytes are counted, hashed, sealed and handed on, in constant memory.

use aws_lc_rs::digest::{Context, SHA256};

use super::error::BlobError;
use super::segments::Sealer;
use super::{folder, s3};
use crate::domain::attachment::DataKey;
use crate::domain::ids::BlobId;
use crate::domain::sha256::Sha256;

/// Sealed bytes gathered before they are handed to the folder or the bucket.
const GATHERED: usize = 1024 * 1024;

pub(super) enum Sink {
    Folder(folder::Part),
    S3(s3::Part),
}

/// An object being made. Dropped before it is finished, it leaves nothing.
pub struct Upload {
    object: BlobId,
    key: DataKey,
    size: u64,
    digest: Context,
    sealer: Sealer,
    gathered: Vec<u8>,
    sink: Sink,
}

/// What arrived, whole and on disk.
pub struct Arrived {
    /// The object.
    pub object: BlobId,
    /// Its key.
    pub key: DataKey,
    /// Plain bytes.
    pub size: u64,
    /// Their digest.
    pub sha256: Sha256,
}

impl Upload {
    pub(super) fn new(object: BlobId, key: DataKey, sink: Sink) -> Self {
        Upload {
            object,
            size: 0,
            digest: Context::new(&SHA256),
            sealer: Sealer::new(object, &key),
            key,
            gathered: Vec::new(),
            sink,
        }
    }

    /// Takes the next plain bytes.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`]: a full disk, a bucket that does not answer.
    pub async fn write(&mut self, plain: &[u8]) -> Result<(), BlobError> {
        self.size += plain.len() as u64;
        self.digest.update(plain);
        self.sealer.push(plain, &mut self.gathered)?;
        if self.gathered.len() >= GATHERED {
            self.hand_on().await?;
        }
        Ok(())
    }

    /// How many plain bytes came so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes it last. What is returned is durable.
    ///
    /// # Errors
    /// As [`Upload::write`]; the object is not there then.
    pub async fn finish(mut self) -> Result<Arrived, BlobError> {
        let sealer = self.sealer;
        sealer.finish(&mut self.gathered)?;
        let rest = std::mem::take(&mut self.gathered);
        match self.sink {
            Sink::Folder(mut part) => {
                part.write(rest).await?;
                part.finish().await?;
            }
            Sink::S3(mut part) => {
                part.write(rest).await?;
                part.finish().await?;
            }
        }
        Ok(Arrived {
            object: self.object,
            key: self.key,
            size: self.size,
            sha256: Sha256::finished(self.digest),
        })
    }

    async fn hand_on(&mut self) -> Result<(), BlobError> {
        let gathered = std::mem::take(&mut self.gathered);
        match &mut self.sink {
            Sink::Folder(part) => part.write(gathered).await,
            Sink::S3(part) => part.write(gathered).await,
        }
    }
}
