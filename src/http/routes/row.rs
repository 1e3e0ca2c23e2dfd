//! What a row of the table is made of.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::http::extract::page::Page;
use crate::identity::Permission;

/// Which listener serves a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listener {
    /// Tenants: TLS with client certificates.
    Partner,
    /// Everybody: TLS without.
    Web,
    /// The machine itself: plain HTTP on the loopback.
    Operations,
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads, and may be repeated.
    Get,
    /// Reads, and tells only the head of it.
    Head,
    /// Acts.
    Post,
    /// Puts something in its place; doing it twice is doing it once.
    Put,
    /// Ends something.
    Delete,
}

impl Method {
    /// On the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

/// A document the hub publishes about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is explained by its row")]
pub enum PublishedDocument {
    Metadata,
    Keys,
    Live,
    Ready,
    Delivery,
    OpenApi,
    AsyncApi,
    Metrics,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The token endpoint: needs a certificate, and no token yet.
    Token,
    /// A verb of the service: needs a certificate, a token and this permission.
    Verb(Permission),
    /// A document: open to everybody who reaches the listener.
    Document(PublishedDocument),
    /// A page: open to everybody who reaches the listener.
    Page(Page),
}

/// A type of the contract: its name, and how OpenAPI learns it.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Adds the type to a generator and says how to refer to it.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

pub(in crate::http) const fn shape<T: JsonSchema>() -> Shape {
    Shape {
        schema: |generator| generator.subschema_for::<T>(),
    }
}

/// What a request carries.
#[derive(Clone, Copy)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A document in a format registered for the tenant.
    Document,
    /// Documents, one a line; or one document that lists several.
    Documents,
    /// A JSON value.
    Json(Shape),
    /// A file, however it is made.
    File,
    /// A form with these fields, all of them required unless marked.
    Form(&'static [(&'static str, bool)]),
}

/// What a success carries.
#[derive(Clone, Copy)]
pub enum Gives {
    /// A value, always as JSON.
    Json(Shape),
    /// A value, as JSON or XML by `Accept`, with this status.
    Chosen(u16, Shape),
    /// Values, one a line, written while they are made.
    Lines(Shape),
    /// A value, as JSON: 201 when it is new, 200 when it was there.
    Made(Shape),
    /// A file, whole or in part.
    File,
    /// Nothing but a head.
    Nothing,
    /// A JSON document without a type of ours.
    Object,
    /// Bytes of another media type.
    Bytes(&'static str),
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterLocation {
    /// In the path.
    Path,
    /// After the question mark.
    Query,
    /// A header.
    Header,
}

/// What values a parameter has.
#[derive(Clone, Copy, Debug)]
pub enum ParameterType {
    /// A whole number between two bounds, and what counts when it is left out.
    Number(i64, i64, Option<i64>),
    /// A text of this pattern.
    Pattern(&'static str),
    /// `true` or `false`.
    Truth,
    /// A moment, RFC 3339 with its zone.
    Moment,
    /// Text of at most so many characters, none of them a control character.
    Text(usize),
    /// Anything: what is not understood counts as left out.
    Anything,
}

/// A parameter of a route.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub location: ParameterLocation,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What values it has.
    pub values: ParameterType,
    /// What it means.
    pub about: &'static str,
}

/// One row.
#[derive(Clone, Copy)]
pub struct HttpRoute {
    /// Method.
    pub method: Method,
    /// Path with `{…}` for what varies.
    pub path: &'static str,
    /// Operation id: unique, in OpenAPI, metrics and logs.
    pub id: &'static str,
    /// Which listener.
    pub listener: Listener,
    /// What it does, and what that needs.
    pub operation: Operation,
    /// Parameters beside the body.
    pub parameters: &'static [Parameter],
    /// Request body.
    pub takes: Takes,
    /// Answer.
    pub gives: Gives,
    /// What it is for, in Vietnamese.
    pub vi: &'static str,
    /// What it is for, in English.
    pub en: &'static str,
}

impl HttpRoute {
    /// The permission it needs, when it needs one.
    pub const fn permission(&self) -> Option<Permission> {
        match self.operation {
            Operation::Verb(permission) => Some(permission),
            Operation::Token | Operation::Document(_) | Operation::Page(_) => None,
        }
    }

    /// Whether it changes something, so that a full ledger refuses it before its body is read.
    pub const fn writes(&self) -> bool {
        matches!(self.method, Method::Post | Method::Put | Method::Delete)
            && matches!(self.operation, Operation::Verb(..))
    }
}
