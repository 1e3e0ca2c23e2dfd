//! Files: up under their digest, down with the digest checked. Both at constant memory, whatever the size.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use reqwest::{Method, Response};
use tokio::time::Instant;

use super::call::{Call, Partner, Repeat, may_repeat};
use super::contents::Contents;
use super::error::ClientError;
use crate::domain::ids::{DossierId, ReadId};
use crate::domain::sha256::Sha256;
use crate::domain::view::{AttachmentsView, BlobView, ReadPage};

/// How long one try may take: the largest file (2 GiB) at ten megabits a second.
const FILE_TIME: Duration = Duration::from_secs(1_800);

/// All of these fail as [`ClientError`] says.
impl Partner {
    /// Uploads a file under its digest, for the dossiers of the caller that name it. Sent again from its first byte when the line breaks:
    /// the hub keeps a file once.
    ///
    /// # Errors
    /// See [`ClientError`]; a problem `digest-mismatch` when the bytes are not those of the digest.
    pub async fn upload(&self, sha256: Sha256, contents: Contents) -> Result<BlobView, ClientError> {
        let path = format!("/v1/blobs/{sha256}");
        let call = Call {
            body: contents,
            repeat: Repeat::Harmless,
            ..Call::put(&path, "application/octet-stream", Vec::new())
        };
        self.send(&call.waiting(FILE_TIME)).await?.json()
    }

    /// Whether the caller has uploaded this file.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn is_uploaded(&self, sha256: Sha256) -> Result<bool, ClientError> {
        let path = format!("/v1/blobs/{sha256}");
        let call = Call {
            method: Method::HEAD,
            ..Call::get(&path)
        };
        match self.send(&call).await {
            Ok(_) => Ok(true),
            // An answer to HEAD has no body to say more.
            Err(ClientError::Contract { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The files of a dossier, with those that are missing.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn attachments(&self, id: DossierId) -> Result<AttachmentsView, ClientError> {
        let path = format!("/v1/dossiers/{id}/attachments");
        self.send(&Call::get(&path)).await?.json()
    }

    /// Who downloaded files of a dossier, newest first.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn reads(
        &self,
        id: DossierId,
        after: Option<ReadId>,
        limit: Option<u32>,
    ) -> Result<ReadPage, ClientError> {
        let path = format!("/v1/dossiers/{id}/reads");
        let call = Call::get(&path).query("after", after).query("limit", limit);
        self.send(&call).await?.json()
    }

    /// Begins to download the `n`th file of a dossier. The download is logged with the caller's name.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn download(&self, id: DossierId, n: i32) -> Result<Download<'_>, ClientError> {
        let path = format!("/v1/dossiers/{id}/attachments/{n}");
        let answer = self.sent(&fetching(&path), opened).await?;
        let status = answer.status().as_u16();
        let tag = answer.headers().get("etag").and_then(|v| v.to_str().ok());
        let sha256 = tag.and_then(|tag| tag.trim_matches('"').parse().ok());
        let (Some(sha256), Some(size)) = (sha256, answer.content_length()) else {
            return Err(ClientError::contract(status, "a file without its digest or size"));
        };
        Ok(Download {
            partner: self,
            path,
            sha256,
            size,
            answer: Some(answer),
            got: 0,
            digest: Context::new(&SHA256),
            failures: 0,
            since: Instant::now(),
        })
    }
}

fn fetching(path: &str) -> Call<'_> {
    Call::get(path).waiting(FILE_TIME)
}

async fn opened(answer: Response) -> Result<Response, ClientError> {
    Ok(answer)
}

/// A file that comes in pieces. A broken line is taken up again where it broke.
pub struct Download<'a> {
    partner: &'a Partner,
    path: String,
    sha256: Sha256,
    size: u64,
    answer: Option<Response>,
    got: u64,
    digest: Context,
    failures: u32,
    since: Instant,
}

impl Download<'_> {
    /// Its digest, as the hub says; what comes is checked against it.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next piece; nothing after the last, when all that came has the digest. Until then what came may be damaged.
    ///
    /// # Errors
    /// [`ClientError::Damaged`] when the bytes are not those of the digest; else see [`ClientError`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        loop {
            let error = match self.piece().await {
                Ok(Some(piece)) => {
                    (self.failures, self.since) = (0, Instant::now());
                    return Ok(Some(piece));
                }
                Ok(None) if self.got == self.size => return self.checked(),
                Ok(None) => ClientError::BrokenOff,
                Err(error) => error,
            };
            self.answer = None;
            if !may_repeat(Repeat::Harmless, &error) {
                return Err(error);
            }
            self.failures += 1;
            match self.partner.pause(self.failures, self.since.elapsed(), None) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    async fn piece(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        if self.got == self.size {
            return Ok(None);
        }
        let answer = match &mut self.answer {
            Some(answer) => answer,
            none => none.insert(
                Self::rest(
                    self.partner,
                    &fetching(&self.path)
                        .header("range", Some(format!("bytes={}-", self.got)))
                        .header("if-range", Some(format!("\"{}\"", self.sha256))),
                )
                .await?,
            ),
        };
        let Some(piece) = answer.chunk().await? else {
            return Ok(None);
        };
        self.got += piece.len() as u64;
        self.digest.update(&piece);
        Ok(Some(piece.to_vec()))
    }

    async fn rest(partner: &Partner, call: &Call<'_>) -> Result<Response, ClientError> {
        let answer = partner.sent(call, opened).await?;
        match answer.status().as_u16() {
            206 => Ok(answer),
            other => Err(ClientError::contract(other, "the whole file instead of its rest")),
        }
    }

    fn checked(&self) -> Result<Option<Vec<u8>>, ClientError> {
        if Sha256::finished(self.digest.clone()) == self.sha256 {
            Ok(None)
        } else {
            Err(ClientError::Damaged)
        }
    }
}
