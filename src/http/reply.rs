//! What an act answers with, before the dispatch turns it into bytes on a line.

use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;

use actix_web::web::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{LocalBoxStream, Stream, unfold};
use serde::Serialize;

use crate::domain::rejection::Label;
use crate::service::ServiceError;

use super::line::Work;
use super::xml;

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) media: Cow<'static, str>,
    pub(super) body: Body,
    pub(super) headers: Vec<(&'static str, String)>,
    /// Which refusal it is, for the log and the count.
    pub(super) label: Option<Label>,
}

/// What an answer carries.
pub(super) enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// What is made while it is sent.
    Stream(LocalBoxStream<'static, Result<Bytes, Infallible>>),
    /// So many bytes, sent as they are read.
    Sized(u64, Pieces),
}

/// A stream that keeps something until it is dropped.
pub(super) fn holding<T: 'static, G: 'static>(
    stream: LocalBoxStream<'static, T>,
    guard: G,
) -> LocalBoxStream<'static, T> {
    let next = async |(mut stream, guard): (LocalBoxStream<'static, T>, G)| {
        let item = stream.next().await?;
        Some((item, (stream, guard)))
    };
    unfold((stream, guard), next).boxed_local()
}

#[cfg(test)]
impl Body {
    /// The bytes of a body that is whole.
    pub(super) fn whole(self) -> Vec<u8> {
        match self {
            Body::Whole(bytes) => bytes,
            Body::Stream(_) | Body::Sized(..) => panic!("a stream"),
        }
    }
}

/// The media type of values, one a line.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// Bytes as they are read. A piece that cannot be read cuts the connection, so that nobody takes half for the whole.
pub(super) type Pieces = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>>>>;

/// How an act ends.
pub(super) type Outcome = Result<Reply, ServiceError>;

/// The form an answer of the hub is written in, chosen by `Accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
}

impl Reply {
    /// Bytes of a media type.
    pub(super) fn new(status: u16, media: impl Into<Cow<'static, str>>, body: impl Into<Vec<u8>>) -> Self {
        Reply {
            status,
            media: media.into(),
            body: Body::Whole(body.into()),
            headers: Vec::new(),
            label: None,
        }
    }

    /// Lines of JSON, sent while they are made.
    pub(super) fn lines(lines: impl Stream<Item = Vec<u8>> + 'static) -> Self {
        let body = Body::Stream(lines.map(|line| Ok(line.into())).boxed_local());
        Reply {
            body,
            ..Reply::new(200, NDJSON, Vec::new())
        }
    }

    /// A value of the contract, as JSON.
    pub(super) fn json(value: &impl Serialize) -> Outcome {
        Reply::formed(200, value, Form::Json)
    }

    /// A value of the contract, in the form asked for.
    pub(super) fn formed(status: u16, value: &impl Serialize, form: Form) -> Outcome {
        let json = serde_json::to_vec(value).map_err(|e| ServiceError::Internal(e.to_string()))?;
        Reply::translated(status, json, form)
    }

    /// JSON bytes of the contract, in the form asked for.
    pub(super) fn translated(status: u16, json: Vec<u8>, form: Form) -> Outcome {
        let (media, root, namespace) = match (status < 400, form) {
            (true, Form::Json) => return Ok(Reply::new(status, "application/json", json)),
            (false, Form::Json) => return Ok(Reply::new(status, "application/problem+json", json)),
            (true, Form::Xml) => ("application/xml", "answer", xml::ANSWER),
            (false, Form::Xml) => ("application/problem+xml", "problem", xml::PROBLEM),
        };
        let body = xml::from_json(&json, root, namespace)
            .ok_or_else(|| ServiceError::Internal("an answer was not JSON".to_owned()))?;
        Ok(Reply::new(status, media, body))
    }

    /// Keeps a request in work for as long as its answer is being made.
    #[must_use]
    pub(super) fn during(mut self, work: Option<Work>) -> Self {
        if let Body::Stream(stream) = self.body {
            self.body = Body::Stream(holding(stream, work));
        }
        self
    }

    /// Adds a header.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
