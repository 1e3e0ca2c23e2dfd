//! The dispatch: every request of every listener comes in here and goes out here.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::SizedStream;
use actix_web::http::{StatusCode, header};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use crate::domain::rejection::{Label, Language, Rejection, problems};
use crate::service::ServiceError;

use super::call::{Call, text};
use super::extract::{Authed, Page, PageCall, PageReply, body, held, pairs};
use super::line::Other;
use super::reply::{Body, Outcome, Reply};
use super::routes::{HttpRoute, Listener, Method, Operation, allowed};
use super::state::{State, peer};
use super::v1::served::Handler;
use super::{documents, limits, negotiate, problem};

/// Answers a request of a route of the table; one that leads to a verb, by its handler.
pub(super) async fn enter(
    route: &'static HttpRoute,
    handler: Option<Handler>,
    state: Rc<State>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let (started, _running) = (Instant::now(), state.metrics.running());
    let work = Other::of(&request).map(Other::begin);
    let call = Rc::new(state.begin(&request));
    // Asked for before the request is handed over.
    let wants_page = wants_page(route, &request);
    let language = page_language(&request, &call).0;
    let outcome = match route.operation {
        Operation::Verb(permission) => {
            match (
                Authed::enter((route, permission), &state, &call, request, payload).await,
                handler,
            ) {
                (Ok(authed), Some(handler)) => handler(authed).await,
                (Ok(_), None) => Err(problems::NotFound.into()),
                (Err(refused), _) => Err(refused),
            }
        }
        Operation::Token => match held(route, &request) {
            Ok(()) => token(&state, &request, payload).await,
            Err(refused) => Err(refused.into()),
        },
        Operation::Document(document) => match held(route, &request) {
            Ok(()) => documents::answer(document, &state, &request),
            Err(refused) => Err(refused.into()),
        },
        // A page is a person's: messengers add parameters of their own to the links they pass on.
        Operation::Page(page) => self::page(page, &state, &call, &request, payload).await,
    };
    let reply = match outcome {
        Err(error) if wants_page => state.failed_page(&call, language, &error).await,
        other => state.settle(&call, other),
    };
    state.finish(route.id, &call, started, reply.during(work))
}

/// Answers a request no route of the listener takes: a wrong method on a known path, or an unknown path.
pub(super) async fn stray(
    listener: Listener,
    path: Option<&'static str>,
    state: Rc<State>,
    request: HttpRequest,
) -> HttpResponse {
    let (started, _running) = (Instant::now(), state.metrics.running());
    let _work = Other::of(&request).map(Other::begin);
    let call = state.begin(&request);
    let (id, rejection): (_, Rejection) = match path {
        Some(path) => {
            let problem = problems::MethodNotAllowed {
                allow: &allowed(listener, path),
            };
            ("method-not-allowed", problem.into())
        }
        None => ("not-found", problems::NotFound.into()),
    };
    let language = page_language(&request, &call).0;
    let reply = if listener == Listener::Web && path.is_none() && likes_html(&request) {
        state.failed_page(&call, language, &rejection.into()).await
    } else {
        state.settle(&call, Err(rejection.into()))
    };
    state.finish(id, &call, started, reply)
}

impl State {
    fn begin(&self, request: &HttpRequest) -> Call {
        Call::begin(request, self.hub.clock.now(), &mut *self.rng.borrow_mut())
    }

    /// Turns a failure into its problem document. What is ours is logged here, once.
    fn settle(&self, call: &Call, outcome: Outcome) -> Reply {
        match outcome {
            Ok(reply) => reply,
            Err(error) => {
                if let ServiceError::Internal(cause) = &error {
                    tracing::error!(request = %call.id, cause, "a request failed");
                }
                let rejection = problem::rejection(&error);
                let issuer = self.hub.credentials.issuer_url();
                problem::reply(&rejection, &issuer, call.language, call.problem_in_xml, call.id)
            }
        }
    }

    /// A failure as a page for somebody with a browser. Its status and headers are those of the problem document.
    async fn failed_page(&self, call: &Call, language: Language, error: &ServiceError) -> Reply {
        let rejection = problem::rejection(error);
        if let ServiceError::Internal(cause) = error {
            tracing::error!(request = %call.id, cause, "a page failed");
        }
        let label = rejection.label();
        let mut reply = problem::reply(
            &rejection,
            &self.hub.credentials.issuer_url(),
            language,
            false,
            call.id,
        );
        let page = if label == Label::NotFound {
            Page::NotFound
        } else {
            Page::Failed
        };
        let asked = PageCall {
            page,
            hub: Arc::clone(&self.hub),
            language,
            chosen: false,
            segment: label.as_str().to_owned(),
            form: Vec::new(),
        };
        if let Ok(drawn) = (self.pages)(asked).await {
            reply.media = drawn.media.into();
            reply.body = Body::Whole(drawn.body);
        }
        guarded(reply)
    }

    /// Writes the answer, counts it and logs it in one line.
    fn finish(&self, id: &'static str, call: &Call, started: Instant, reply: Reply) -> HttpResponse {
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let took = started.elapsed();
        self.metrics.answered(id, status.as_u16(), reply.label, took);
        tracing::info!(
            request = %call.id,
            trace_id = call.traceparent.split('-').nth(1),
            route = id,
            status = status.as_u16(),
            label = reply.label.map(Label::as_str),
            tenant = call.tenant.get().map(tracing::field::display),
            ms = took.as_micros() as f64 / 1000.0,
            "answered"
        );
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, reply.media.as_ref()));
        response.insert_header(("Request-Id", call.id.to_string()));
        response.insert_header(("traceparent", call.traceparent.as_str()));
        response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        if self.secure {
            // RFC 6797. A sandbox speaks plain HTTP on loopback and must not bind `localhost` for two years.
            response.insert_header((header::STRICT_TRANSPORT_SECURITY, "max-age=63072000"));
        }
        if !reply.headers.iter().any(|(name, _)| *name == "Cache-Control") {
            response.insert_header((header::CACHE_CONTROL, "no-store"));
        }
        for (name, value) in &reply.headers {
            response.insert_header((*name, value.as_str()));
        }
        match reply.body {
            Body::Whole(bytes) => response.body(bytes),
            Body::Stream(stream) => response.streaming(stream),
            Body::Sized(length, pieces) => response.body(SizedStream::new(length, pieces)),
        }
    }
}

/// RFC 6749 has its own shape of a refusal; one that is not OAuth's (too slow, too large) is a problem document.
async fn token(state: &Rc<State>, request: &HttpRequest, mut payload: Payload) -> Outcome {
    let form = body::read(request, &mut payload, limits::FORM_BYTES).await?;
    match state.hub.credentials.token(peer(request), &form) {
        Ok(answer) => Ok(Reply::json(&answer)?.with("Pragma", "no-cache")),
        Err(refused) => {
            let mut reply = Reply::json(&refused)?;
            reply.status = refused.status();
            let challenge = reply.status == 401;
            Ok(if challenge {
                reply.with("WWW-Authenticate", "Bearer error=\"invalid_client\"")
            } else {
                reply
            })
        }
    }
}

const CONTENT_SECURITY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

async fn page(
    page: Page,
    state: &State,
    call: &Call,
    request: &HttpRequest,
    mut payload: Payload,
) -> Outcome {
    let (language, chosen) = page_language(request, call);
    let mut form = Vec::new();
    if page == Page::LookedUp {
        let expected = "application/x-www-form-urlencoded";
        if body::media_type(request, expected)? != expected {
            return Err(body::unsupported(expected).into());
        }
        let sent = body::read(request, &mut payload, limits::FORM_BYTES).await?;
        form = std::str::from_utf8(&sent)
            .ok()
            .and_then(pairs)
            .unwrap_or_default();
    }
    let segment = request
        .match_info()
        .iter()
        .next()
        .map_or_else(String::new, |(_, value)| value.to_owned());
    let asked = PageCall {
        page,
        hub: Arc::clone(&state.hub),
        language,
        chosen,
        segment,
        form,
    };
    let drawn = if page == Page::LookedUp {
        looked_up(state, request, asked).await?
    } else {
        (state.pages)(asked).await?
    };
    let cache = if drawn.keep {
        "public, max-age=3600"
    } else {
        "no-store"
    };
    Ok(guarded(
        Reply::new(drawn.status, drawn.media, drawn.body).with("Cache-Control", cache),
    ))
}

/// What every page tells the browser, that of a failure too.
fn guarded(reply: Reply) -> Reply {
    reply
        .with("Content-Security-Policy", CONTENT_SECURITY)
        .with("Referrer-Policy", "no-referrer")
}

/// A look-up. What it costs is bounded for all of them together; wrong ones are counted, right ones are not.
async fn looked_up(state: &State, request: &HttpRequest, asked: PageCall) -> Result<PageReply, ServiceError> {
    let (from, now) = (request.peer_addr().map(|a| a.ip()), state.hub.clock.now());
    let key = asked.field("id").trim().to_ascii_lowercase();
    let busy = problems::RateLimited {
        retry_after: &limits::RETRY_RATE,
    };
    // Whose turn it is not is answered by what costs nothing, or by the few places that are left for it.
    let turns = if state.attempts.exhausted(from, &key, now) {
        &state.look_ups.of_exhausted
    } else {
        &state.look_ups.of_all
    };
    let waited = tokio::time::timeout(limits::LOOKUP_TURN, turns.acquire()).await;
    let _turn = waited.map_err(|_| busy)?;
    let drawn = (state.pages)(asked).await?;
    if drawn.status == 404 {
        state.attempts.wrong(from, &key, now)?;
    }
    Ok(drawn)
}

/// The language of a page, and whether the reader chose it by `?lang=`.
fn page_language(request: &HttpRequest, call: &Call) -> (Language, bool) {
    let asked = pairs(request.query_string()).unwrap_or_default();
    match asked
        .iter()
        .find(|(name, _)| name == "lang")
        .map(|(_, value)| value.as_str())
    {
        Some("en") => (Language::English, true),
        Some("vi") => (Language::Vietnamese, true),
        _ => (call.language, false),
    }
}

fn likes_html(request: &HttpRequest) -> bool {
    let offers = ["application/problem+json", "application/json", "text/html"];
    negotiate::media(text(request, &header::ACCEPT), &offers) == Some("text/html")
}

/// Whether a failure of this route is shown as a page: its success is one, and the client is a browser.
fn wants_page(route: &HttpRoute, request: &HttpRequest) -> bool {
    matches!(route.operation, Operation::Page(page) if page != Page::Asset) && likes_html(request)
}

/// actix's name of a method of the table.
pub(super) fn method(method: Method) -> actix_web::http::Method {
    match method {
        Method::Get => actix_web::http::Method::GET,
        Method::Post => actix_web::http::Method::POST,
        Method::Put => actix_web::http::Method::PUT,
        Method::Head => actix_web::http::Method::HEAD,
        Method::Delete => actix_web::http::Method::DELETE,
    }
}
