//! A whole `adapter.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::out::RenderSpec;
use super::{Body, DocumentSpec, FormatSpec, JsonSpec, ListingSpec, XmlSpec};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::adapt) struct AdapterSpec {
    pub format: FormatSpec,
    pub json: Option<JsonSpec>,
    pub xml: Option<XmlSpec>,
    /// Lists of the format by the name of their field, each declared once for every path that leads through it.
    #[serde(default)]
    pub lists: BTreeMap<Spanned<String>, ListingSpec>,
    #[serde(default)]
    pub table: BTreeMap<String, BTreeMap<String, toml::Value>>,
    #[serde(default)]
    pub shape: BTreeMap<String, Body>,
    pub dossier: Option<DocumentSpec>,
    pub statuses: Option<DocumentSpec>,
    pub render: Option<RenderSpec>,
    pub progress: Option<RenderSpec>,
}
