//! Refusals as problem documents (RFC 9457), the only shape in which the interface says no.

use crate::domain::ids::RequestId;
use crate::domain::rejection::{Label, Language, Rejection, problems};
use crate::domain::view::{ProblemDocument, ProblemView};
use crate::service::ServiceError;

use super::limits;
use super::reply::{Form, Reply};

/// The problem document of a refusal, for a reader of `language`. `issuer` is the base URL whose `/errors/…` pages explain labels.
pub fn document(
    rejection: &Rejection,
    issuer: &str,
    language: Language,
    instance: RequestId,
) -> ProblemDocument {
    // A rejection is never empty, and its first problem decides.
    let first = &rejection.problems()[0];
    ProblemDocument {
        kind: format!("{}/errors/{}", issuer.trim_end_matches('/'), first.label),
        label: first.label,
        title: first.title(language).to_owned(),
        status: rejection.http_status(),
        detail: first.advice(language),
        instance,
        refusal: rejection.kept(),
        problems: rejection
            .problems()
            .iter()
            .map(|p| ProblemView::of(p, language))
            .collect(),
    }
}

/// What a failed verb is told the caller as.
pub(super) fn rejection(error: &ServiceError) -> Rejection {
    match error {
        ServiceError::Rejected(rejection) => rejection.clone(),
        ServiceError::Busy => problems::QueueFull {
            retry_after: &limits::RETRY_QUEUE,
        }
        .into(),
        ServiceError::StoreUnavailable => problems::StoreUnavailable {
            retry_after: &limits::RETRY_STORE,
        }
        .into(),
        ServiceError::Internal(_) => problems::Internal.into(),
    }
}

/// The answer to a refused request.
pub(super) fn reply(
    rejection: &Rejection,
    issuer: &str,
    language: Language,
    in_xml: bool,
    instance: RequestId,
) -> Reply {
    let document = document(rejection, issuer, language, instance);
    let json = serde_json::to_vec(&document).unwrap_or_default();
    let form = if in_xml { Form::Xml } else { Form::Json };
    let mut reply = Reply::translated(document.status, json, form)
        .unwrap_or_else(|_| Reply::new(document.status, "application/problem+json", "{}"));
    reply.label = Some(document.label);
    let first = &rejection.problems()[0];
    if document.status == 401 {
        reply = reply.with("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    }
    if let Some(seconds) = first.args().get("retry_after") {
        reply = reply.with("Retry-After", seconds);
    }
    if let (405, Some(allow)) = (document.status, first.args().get("allow")) {
        reply = reply.with("Allow", allow);
    }
    if let (416, Some(size)) = (document.status, first.args().get("size")) {
        reply = reply.with("Content-Range", format!("bytes */{size}"));
    }
    if first.label == Label::ContentCodingUnsupported {
        // RFC 9110, 12.5.3 and 15.5.16.
        reply = reply.with("Accept-Encoding", "identity");
    }
    let tag = match language {
        Language::Vietnamese => "vi",
        Language::English => "en",
    };
    reply.with("Content-Language", tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Problem;

    const ISSUER: &str = "https://hub.example/";

    fn request() -> RequestId {
        "req_0190b1a0000070008000000000000001".parse().unwrap()
    }

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply
            .headers
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v.as_str())
    }

    #[test]
    fn every_label_has_a_document_in_both_languages_and_forms() {
        for label in Label::ALL {
            let rejection = Rejection::from(Problem::example(*label));
            for language in [Language::Vietnamese, Language::English] {
                let json = reply(&rejection, ISSUER, language, false, request());
                assert_eq!(
                    (json.status, &*json.media),
                    (label.text().http_status, "application/problem+json")
                );
                let told: ProblemDocument = serde_json::from_slice(&json.body.whole()).unwrap();
                assert_eq!(told.kind, format!("https://hub.example/errors/{label}"));
                assert_eq!((told.label, told.problems.len()), (*label, 1));
                let xml = reply(&rejection, ISSUER, language, true, request());
                assert_eq!(&*xml.media, "application/problem+xml");
                let text = String::from_utf8(xml.body.whole()).unwrap();
                assert!(text.contains("<problem xmlns=\"urn:ietf:rfc:7807\">"), "{text}");
                assert!(text.contains(&format!("<label>{label}</label>")), "{text}");
            }
        }
    }

    #[test]
    fn a_refusal_says_how_to_go_on() {
        let busy = reply(
            &rejection(&ServiceError::Busy),
            ISSUER,
            Language::English,
            false,
            request(),
        );
        assert_eq!((busy.status, header(&busy, "Retry-After")), (503, Some("2")));
        let away = rejection(&ServiceError::StoreUnavailable);
        let away = reply(&away, ISSUER, Language::English, false, request());
        assert_eq!((away.status, header(&away, "Retry-After")), (503, Some("5")));
        let token = reply(
            &Problem::example(Label::TokenExpired).into(),
            ISSUER,
            Language::English,
            false,
            request(),
        );
        assert_eq!(
            header(&token, "WWW-Authenticate"),
            Some("Bearer error=\"invalid_token\"")
        );
        let method = problems::MethodNotAllowed { allow: &"GET, POST" };
        let method = reply(&method.into(), ISSUER, Language::English, false, request());
        assert_eq!(
            (method.status, header(&method, "Allow")),
            (405, Some("GET, POST"))
        );
    }

    #[test]
    fn what_went_wrong_inside_stays_inside() {
        let error = ServiceError::Internal("disk /var/lib at 100%".to_owned());
        let told = reply(&rejection(&error), ISSUER, Language::English, false, request());
        assert_eq!(told.status, 500);
        assert!(!String::from_utf8(told.body.whole()).unwrap().contains("disk"));
    }
}
