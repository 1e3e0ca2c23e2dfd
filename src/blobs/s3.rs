//! Objects in an S3 bucket, through `object_store`: small ones in one request, large ones in parts.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::buffered::BufWriter;
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use tokio::io::AsyncWriteExt;

use super::error::BlobError;
use super::object::{PIECE, shelf_of};
use crate::domain::ids::BlobId;
use crate::domain::time::Timestamp;

/// Bytes of one part: what an upload holds in memory, twice. S3 takes 10,000 parts, so an object may have 78 GiB.
const PART: usize = 8 * 1024 * 1024;

/// Parts of one upload on their way at once.
const AT_ONCE: usize = 2;

/// How long the service may take for one step, all tries of it together: a piece that is read, a part that is taken, an object
/// that is finished or removed. Whoever waits for a file is told after that, and not when the service comes back.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long one request may take: a part of 8 MiB, or a piece of 1 MiB.
pub const REQUEST: Duration = Duration::from_secs(15);

/// How often, and how long after the first, a request is tried again that was refused or not answered.
const TRIES: usize = 3;
const TRYING: Duration = Duration::from_secs(10);

/// Which bucket, and who asks.
#[derive(Clone)]
pub struct Bucket {
    /// `https://host:port` of the service; the bucket is the first part of the path.
    pub endpoint: String,
    /// Region, as the service calls itself.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What every name begins with.
    pub prefix: String,
    /// Access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
}

/// A bucket that holds objects.
#[derive(Clone)]
pub struct S3 {
    store: Arc<AmazonS3>,
    prefix: Path,
}

/// Every request goes through the client it is handed, with that client's roots and limits.
#[derive(Debug)]
struct Handed(reqwest::Client);

impl HttpConnector for Handed {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> Self {
        BlobError::Unavailable(error.to_string())
    }
}

impl S3 {
    /// A bucket, reached through `http`. Nothing is asked yet.
    ///
    /// # Errors
    /// An endpoint that is no address.
    pub fn new(bucket: &Bucket, http: reqwest::Client) -> Result<Self, BlobError> {
        let store = AmazonS3Builder::new()
            .with_endpoint(&bucket.endpoint)
            .with_region(&bucket.region)
            .with_bucket_name(&bucket.bucket)
            .with_access_key_id(&bucket.access_key)
            .with_secret_access_key(&bucket.secret_key)
            // The address was checked with the settings: plain HTTP only to this machine, or where the operator said so.
            .with_allow_http(true)
            .with_http_connector(Handed(http))
            .with_retry(RetryConfig {
                max_retries: TRIES,
                retry_timeout: TRYING,
                ..RetryConfig::default()
            })
            .build()?;
        Ok(S3 {
            store: Arc::new(store),
            prefix: Path::from(bucket.prefix.as_str()),
        })
    }

    fn path(&self, object: BlobId) -> Path {
        self.prefix
            .clone()
            .join(shelf_of(object))
            .join(object.to_string())
    }

    pub(super) fn begin(&self, object: BlobId) -> Part {
        let store: Arc<dyn ObjectStore> = Arc::clone(&self.store) as _;
        let writer = BufWriter::with_capacity(store, self.path(object), PART).with_max_concurrency(AT_ONCE);
        Part { writer: Some(writer) }
    }

    pub(super) async fn read(&self, object: BlobId, range: Range<u64>) -> Result<Vec<u8>, BlobError> {
        let end = range.end.min(range.start + PIECE);
        let path = self.path(object);
        match within(self.store.get_range(&path, range.start..end)).await? {
            Ok(bytes) => Ok(bytes.into()),
            Err(object_store::Error::NotFound { .. }) => Err(BlobError::Absent(object)),
            Err(other) => Err(other.into()),
        }
    }

    pub(super) async fn remove(&self, object: BlobId) -> Result<(), BlobError> {
        match within(self.store.delete(&self.path(object))).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    pub(super) async fn finished_before(
        &self,
        shelf: u8,
        moment: Timestamp,
    ) -> Result<Vec<BlobId>, BlobError> {
        let shelf = self.prefix.clone().join(format!("{shelf:02x}"));
        let mut listed = self.store.list(Some(&shelf));
        let mut old = Vec::new();
        while let Some(meta) = within(listed.try_next()).await?? {
            if meta.last_modified.timestamp_micros() < moment.as_micros() {
                old.extend(
                    meta.location
                        .filename()
                        .and_then(|name| name.parse::<BlobId>().ok()),
                );
            }
        }
        Ok(old)
    }
}

/// Waits for the service, but no longer than [`PATIENCE`].
async fn within<T>(answer: impl Future<Output = T>) -> Result<T, BlobError> {
    let answered = tokio::time::timeout(PATIENCE, answer).await;
    answered.map_err(|_| BlobError::Unavailable(format!("no answer within {} s", PATIENCE.as_secs())))
}

/// An object being written.
pub(super) struct Part {
    writer: Option<BufWriter>,
}

impl Part {
    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> Result<(), BlobError> {
        if let Some(writer) = &mut self.writer {
            within(writer.put(bytes.into())).await??;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), BlobError> {
        // Shut down or failed, there is nothing left to take back but what the bucket's own rule removes.
        if let Some(mut writer) = self.writer.take() {
            within(writer.shutdown()).await??;
        }
        Ok(())
    }
}

impl Drop for Part {
    /// Takes the parts back that were sent, where there still is somebody to do it; else the bucket's rule for unfinished uploads
    /// does.
    fn drop(&mut self) {
        if let (Some(mut writer), Ok(runtime)) = (self.writer.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                let aborted = within(writer.abort()).await;
                if let Err(error) = aborted.and_then(|done| Ok(done?)) {
                    tracing::warn!(%error, "the parts of an unfinished upload stay until the bucket's rule removes them");
                }
            });
        }
    }
}
