//! Files of a dossier, and who read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::attachment::{FileKind, NamedFile};
use crate::domain::codes::Key;
use crate::domain::ids::{DossierId, ReadId};
use crate::domain::sha256::Sha256;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

/// A file a dossier names that has not been uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingFile {
    /// Upload it under this digest.
    pub sha256: Sha256,
    /// Its name, as sent.
    pub name: String,
    /// Where the sender's own document names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl From<&NamedFile> for MissingFile {
    fn from(file: &NamedFile) -> Self {
        MissingFile {
            sha256: file.sha256,
            name: file.name.clone(),
            path: file.path.clone(),
        }
    }
}

/// The answer to an upload: the file is kept, encrypted and durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlobView {
    /// Its digest.
    pub sha256: Sha256,
    /// Its size in bytes.
    #[schemars(range(min = 0))]
    pub size: i64,
    /// Whether the tenant had uploaded it before.
    pub existing: bool,
}

/// One file of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentView {
    /// Its number in this dossier, from 1. It never changes.
    pub n: i32,
    /// What named it.
    pub kind: FileKind,
    /// The event that named it, by its number in the history.
    pub event: i32,
    /// File name, as its sender gave it.
    pub name: String,
    /// Media type, as its sender gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Size in bytes; null while it is missing.
    pub size: Option<i64>,
    /// Who named it and uploads it.
    pub owner: TenantKey,
    /// When it was named.
    pub named_at: Timestamp,
    /// When its bytes were there; null while it is missing.
    pub arrived_at: Option<Timestamp>,
    /// A later version of the filing stands in its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// It has been missing for more than three days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// Where it is downloaded.
    pub link: String,
}

/// The files of a dossier, in the order they were named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentsView {
    /// The dossier.
    pub tracking_id: DossierId,
    /// How many of those that stand are still missing.
    pub missing: usize,
    /// Every file.
    pub attachments: Vec<AttachmentView>,
}

/// Somebody read something of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadView {
    /// Unique.
    pub id: ReadId,
    /// When.
    pub at: Timestamp,
    /// Which tenant.
    pub tenant: TenantKey,
    /// Which named person, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<Key>,
    /// At which point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Key>,
    /// `attachment`.
    pub what: String,
    /// Number of the attachment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<i32>,
    /// First and last byte that were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<(i64, i64)>,
}

/// A page of what was read of a dossier, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadPage {
    /// The dossier.
    pub tracking_id: DossierId,
    /// Newest first.
    pub reads: Vec<ReadView>,
    /// Value of `after` for the next page; null on the last.
    pub next: Option<ReadId>,
}
