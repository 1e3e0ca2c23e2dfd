//! The body of a call: bytes in memory, or a file that is read while it is sent.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, Stream};
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, RequestBuilder};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::error::ClientError;

/// What is sent as the body of a call. It is read anew at every try.
#[derive(Clone, Debug)]
pub enum Contents {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What this file holds, read while it is sent.
    File(PathBuf),
    /// The same; the counter says how many bytes of this try were read, for somebody who watches.
    Watched(PathBuf, Arc<AtomicU64>),
}

/// Bytes read of a watched file at once.
const READ_AT_ONCE: usize = 64 * 1024;

impl Contents {
    /// Makes this the body of a request.
    pub(super) async fn go_with(&self, request: RequestBuilder) -> Result<RequestBuilder, ClientError> {
        let (path, watched) = match self {
            Contents::Bytes(bytes) => return Ok(request.body(bytes.clone())),
            Contents::File(path) => (path, None),
            Contents::Watched(path, read) => (path, Some(read)),
        };
        let file = File::open(path).await.map_err(ClientError::File)?;
        let size = file.metadata().await.map_err(ClientError::File)?.len();
        let body = match watched {
            None => Body::from(file),
            Some(read) => Body::wrap_stream(counted(file, Arc::clone(read))),
        };
        Ok(request.header(CONTENT_LENGTH, size).body(body))
    }
}

fn counted(
    file: File,
    read: Arc<AtomicU64>,
) -> impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static {
    read.store(0, Ordering::Relaxed);
    stream::try_unfold((file, read), |(mut file, read)| async move {
        let mut piece = vec![0; READ_AT_ONCE];
        let n = file.read(&mut piece).await?;
        piece.truncate(n);
        read.fetch_add(n as u64, Ordering::Relaxed);
        Ok((n > 0).then_some((piece, (file, read))))
    })
}
