//! How much of a document is read at all. One row each in docs/LIMITS.md, one test at each limit and one past it.

/// Bytes of one document.
pub const MAX_BYTES: usize = crate::domain::contract::DOCUMENT_BYTES;
/// Levels of nesting: objects and lists in JSON, elements in XML; the root is the first.
pub const MAX_DEPTH: usize = 32;
/// Parts of one document: every object, list, value, element, attribute, comment and processing instruction is one.
pub const MAX_PARTS: usize = 20_000;
/// Bytes of one text.
pub const MAX_TEXT: usize = 65_536;
/// Bytes of one field name. A name appears in paths, so it is kept short.
pub const MAX_NAME: usize = 256;
/// Attributes of one element, namespace declarations included.
pub const MAX_ATTRIBUTES: usize = 64;
/// Namespaces of one document.
pub const MAX_NAMESPACES: usize = 64;
/// Problems told of one document, and warnings; the rest is counted out.
pub const MAX_PROBLEMS: usize = 100;
/// Status reports in one message.
pub const MAX_REPORTS: usize = crate::domain::details::limits::REPORTS;
/// Dossiers one document of a batch may list. For more there is a batch of lines.
pub const MAX_ITEMS: usize = 500;
/// Bytes of an adapter file.
pub const MAX_MAPPING: usize = 262_144;
/// Rules of an adapter file and words of its code tables; those of a shape or a table count wherever it is named.
pub const MAX_RULES: usize = 100_000;
