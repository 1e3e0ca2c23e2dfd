//! What is known of one request from its first line: its id, its trace, the language and form of its answers.

use std::cell::OnceCell;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use rand::Rng;

use crate::domain::ids::RequestId;
use crate::domain::rejection::Language;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

use super::negotiate;

/// The facts of one request. Holds nothing a person wrote.
pub(super) struct Call {
    /// Its name in logs, in problem documents and in `Request-Id`.
    pub(super) id: RequestId,
    /// W3C trace context: the caller's trace if it sent one, with a span of the hub's own.
    pub(super) traceparent: String,
    /// The language of sentences.
    pub(super) language: Language,
    /// Whether problems are written as XML.
    pub(super) problem_in_xml: bool,
    /// Who called, once that is certain.
    pub(super) tenant: OnceCell<TenantKey>,
}

const PROBLEM_FORMS: [&str; 5] = [
    "application/problem+json",
    "application/json",
    "application/problem+xml",
    "application/xml",
    "text/xml",
];

impl Call {
    /// Reads the head of a request.
    pub(super) fn begin(request: &HttpRequest, now: Timestamp, rng: &mut impl Rng) -> Self {
        let accept = text(request, &header::ACCEPT);
        let form = negotiate::media(accept, &PROBLEM_FORMS);
        Call {
            id: RequestId::new(now, rng),
            traceparent: traceparent(text(request, &HeaderName::from_static("traceparent")), rng),
            language: negotiate::language(text(request, &header::ACCEPT_LANGUAGE)),
            problem_in_xml: form.is_some_and(|f| f.ends_with("xml")),
            tenant: OnceCell::new(),
        }
    }
}

/// A header's text, when it is visible ASCII.
pub(super) fn text<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The caller's trace with a new span, or a trace of our own when the header is absent or malformed (Trace Context, 3.2).
fn traceparent(sent: Option<&str>, rng: &mut impl Rng) -> String {
    let mut random = [0u8; 24];
    rng.fill_bytes(&mut random);
    let span = hex::encode(&random[..8]);
    match sent.and_then(trace_and_flags) {
        Some((trace, flags)) => format!("00-{trace}-{span}-{flags}"),
        None => format!("00-{}-{span}-00", hex::encode(&random[8..])),
    }
}

fn trace_and_flags(sent: &str) -> Option<(&str, &str)> {
    let lower_hex = |s: &str, length: usize| {
        s.len() == length && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = sent.trim().splitn(5, '-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // Later versions may add parts; version 00 has exactly four.
    let known = lower_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let some = |s: &str| s.bytes().any(|b| b != b'0');
    let ours = known && lower_hex(trace, 32) && some(trace) && lower_hex(span, 16) && some(span);
    (ours && lower_hex(flags, 2)).then_some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_trace_goes_on_and_a_malformed_one_begins_anew() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let made = traceparent(Some(sent), &mut rng);
        assert!(
            made.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && made.ends_with("-01"),
            "{made}"
        );
        assert_ne!(made, sent);
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            let made = traceparent(Some(bad), &mut rng);
            assert!(
                trace_and_flags(&made).is_some() && !made.contains("4bf92f"),
                "{bad}"
            );
        }
    }
}
