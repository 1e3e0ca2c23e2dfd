//! What is filed: made up by the simulation and written down before anything is measured, each document different from all others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Uri};
use serde::Serialize;

use super::error::{BenchError, Result};
use super::line::PreparedRequest;
use super::plan::Documents;
use super::speaker::Speaker;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::time::Timestamp;
use crate::sim::catalogue::FilingCatalogue;
use crate::sim::filing::{Case, Paper, Series};
use crate::sim::format::Format;

/// Where a dossier is filed.
const SUBMISSIONS: &str = "/v1/submissions";

/// The least size of a document, in bytes, and of the two larger kinds of the mix.
const USUAL: usize = 1_850;
const LARGER: usize = 8_000;
const LARGEST: usize = 40_000;

/// About as many bytes one such paper adds.
const PAPER_BYTES: usize = 300;

/// One tenant's requests, taken one after another.
pub struct RequestStock {
    /// Who sends them.
    pub speaker: Arc<Speaker>,
    requests: Vec<PreparedRequest>,
    next: AtomicUsize,
}

impl RequestStock {
    /// A full stock.
    pub fn new(speaker: Arc<Speaker>, requests: Vec<PreparedRequest>) -> Arc<Self> {
        Arc::new(RequestStock {
            speaker,
            requests,
            next: AtomicUsize::new(0),
        })
    }

    /// The next request and its number from 0; none when all have been taken.
    pub fn take(&self) -> Option<(usize, &PreparedRequest)> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        self.requests.get(at).map(|request| (at, request))
    }

    /// Bytes of each request.
    pub fn sizes(&self) -> impl Iterator<Item = usize> {
        self.requests.iter().map(|request| request.body.len())
    }

    /// All requests.
    pub fn requests(&self) -> &[PreparedRequest] {
        &self.requests
    }
}

/// How large documents are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct DocumentSizes {
    /// How many were made.
    pub count: u64,
    /// Bytes on average.
    pub mean: f64,
    /// Of the largest.
    pub largest: u64,
}

impl DocumentSizes {
    /// Of documents of so many bytes.
    pub fn of(documents: impl IntoIterator<Item = usize>) -> Self {
        let (mut count, mut bytes, mut largest) = (0, 0, 0);
        for size in documents {
            let size = size as u64;
            (count, bytes, largest) = (count + 1, bytes + size, largest.max(size));
        }
        DocumentSizes {
            count,
            mean: if count == 0 {
                0.0
            } else {
                bytes as f64 / count as f64
            },
            largest,
        }
    }
}

/// What is made up, and in which forms it is written.
pub struct Maker {
    catalogue: Arc<FilingCatalogue>,
    documents: Documents,
    series: Series,
    now: Timestamp,
}

impl Maker {
    /// Documents of this seed; `run` keeps references of two makers apart (lower-case letters and digits).
    pub fn new(
        catalogue: Arc<FilingCatalogue>,
        documents: Documents,
        (seed, run): (u64, &str),
        now: Timestamp,
    ) -> Self {
        Maker {
            catalogue,
            documents,
            series: Series::new(seed, run),
            now,
        }
    }

    /// `count` requests of a tenant; `tenant` of `of` tenants takes every `of`th case, so that no two file the same.
    ///
    /// # Errors
    /// A key that is no header, which the simulation does not make.
    pub fn requests(
        &self,
        key: &TenantKey,
        (tenant, of): (usize, usize),
        count: usize,
    ) -> Result<Vec<PreparedRequest>> {
        let branch = key.kind() == TenantKind::Branch;
        let formats = self.formats(branch);
        (0..count)
            .map(|n| {
                let index = n * of + tenant;
                let case = self.series.case(index, branch, &self.catalogue, self.now);
                request(case, formats[n % formats.len()], self.least(index))
            })
            .collect()
    }

    fn formats(&self, branch: bool) -> &'static [Format] {
        use Format::{CanonicalJson, CanonicalXml, DvcqgMcJson, VnpostHccJson, VnpostHccXml};
        match (self.documents, branch) {
            (Documents::Canonical, _) => &[CanonicalJson],
            (Documents::Mix, true) => &[CanonicalJson, DvcqgMcJson, CanonicalXml, DvcqgMcJson],
            (Documents::Mix, false) => &[VnpostHccXml, VnpostHccJson, CanonicalJson, VnpostHccXml],
        }
    }

    fn least(&self, index: usize) -> usize {
        match (self.documents, index % 100) {
            (Documents::Mix, 99) => LARGEST,
            (Documents::Mix, 90..=98) => LARGER,
            _ => USUAL,
        }
    }
}

/// Written and ready to be sent. No paper names a file: the bytes of files travel apart, and one that never came would be missed.
fn request(mut case: Case, format: Format, least: usize) -> Result<PreparedRequest> {
    for paper in &mut case.papers {
        paper.file = None;
    }
    let mut body = format.render(&case);
    if body.len() < least {
        // Every format has its own words: one look at the size is close enough.
        let missing = (least - body.len()).div_ceil(PAPER_BYTES);
        case.papers.extend(std::iter::repeat_n(Paper::LONG, missing));
        body = format.render(&case);
    }
    let value = |text: &str| HeaderValue::try_from(text).map_err(BenchError::of("a header"));
    Ok(PreparedRequest {
        method: Method::POST,
        uri: Uri::from_static(SUBMISSIONS),
        headers: vec![
            (CONTENT_TYPE, value(format.media_type())?),
            (
                HeaderName::from_static("submission-format"),
                value(format.name())?,
            ),
            (
                HeaderName::from_static("idempotency-key"),
                value(&case.reference)?,
            ),
        ],
        body: Bytes::from(body),
    })
}

/// A full stock for each speaker, written on all processors.
///
/// # Errors
/// As [`Maker::requests`].
pub async fn stocks(
    maker: &Arc<Maker>,
    speakers: &[Arc<Speaker>],
    each: usize,
) -> Result<Vec<Arc<RequestStock>>> {
    let of = speakers.len();
    let writing = speakers.iter().enumerate().map(|(tenant, speaker)| {
        let (maker, speaker) = (Arc::clone(maker), Arc::clone(speaker));
        tokio::task::spawn_blocking(move || {
            let requests = maker.requests(&speaker.tenant, (tenant, of), each)?;
            Ok(RequestStock::new(speaker, requests))
        })
    });
    let mut stocks = Vec::with_capacity(of);
    for written in writing.collect::<Vec<_>>() {
        stocks.push(written.await.map_err(BenchError::of("writing documents"))??);
    }
    Ok(stocks)
}
