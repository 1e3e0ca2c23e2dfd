//! What a page is asked with and answers with: the seam between the listener and whoever draws the pages.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::domain::rejection::Language;
use crate::service::{Hub, ServiceError};

/// A page of the web listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The hub in numbers.
    Overview,
    /// One dossier's way.
    Dossier,
    /// The citizen's form.
    LookUp,
    /// The form, sent.
    LookedUp,
    /// All labels.
    Errors,
    /// One label.
    Error,
    /// A file the pages use.
    Asset,
    /// There is no such page.
    NotFound,
    /// Something went wrong; the answer carries its status and label.
    Failed,
}

/// What a page is asked with.
#[derive(Clone)]
pub struct PageCall {
    /// Which page.
    pub page: Page,
    /// The verbs.
    pub hub: Arc<Hub>,
    /// The language to speak.
    pub language: Language,
    /// Whether the reader chose it by `?lang=`, so that links keep it.
    pub chosen: bool,
    /// What varies in the path.
    pub segment: String,
    /// The fields of the form, in order.
    pub form: Vec<(String, String)>,
}

impl PageCall {
    /// The first field of this name in the form.
    pub fn field(&self, name: &str) -> &str {
        self.form
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v.as_str())
    }
}

/// What a page answers.
pub struct PageReply {
    /// HTTP status.
    pub status: u16,
    /// Media type.
    pub media: &'static str,
    /// Bytes.
    pub body: Vec<u8>,
    /// Whether a browser may keep it for an hour.
    pub keep: bool,
}

/// How a page ends.
pub type PageOutcome = Result<PageReply, ServiceError>;

/// Whoever draws the pages.
pub type Pages = Arc<dyn Fn(PageCall) -> Pin<Box<dyn Future<Output = PageOutcome> + Send>> + Send + Sync>;
