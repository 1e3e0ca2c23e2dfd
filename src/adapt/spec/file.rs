//! A whole `adapter.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::out::RenderSpec;
use super::{Body, DocumentSpec, FormatSpec, JsonSpec, XmlSpec};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::adapt) struct AdapterSpec {
    pub format: FormatSpec,
    pub json: Option<JsonSpec>,
    pub xml: Option<XmlSpec>,
    #[serde(default)]
    pub table: BTreeMap<String, BTreeMap<String, toml::Value>>,
    #[serde(default)]
    pub shape: BTreeMap<String, Body>,
    pub dossier: Option<DocumentSpec>,
    pub statuses: Option<DocumentSpec>,
    pub render: Option<RenderSpec>,
    pub progress: Option<RenderSpec>,
}
