//! One call: token, headers, repeating, and the reading of the answer.

use std::time::Duration;

use parking_lot::Mutex;
use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Method, Response, Url};
use serde::de::DeserializeOwned;

use super::contents::Contents;
use super::error::ClientError;
use super::retry::{Retry, retry_after};
use crate::clock::Clock;
use crate::domain::codes::Key;
use crate::domain::contract::LONGEST_WAIT;
use crate::domain::rejection::Label;
use crate::domain::submission::IdempotencyKey;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::domain::view::{ProblemDocument, TokenAnswer};

/// The longest a hub holds a long poll open.
pub const MAX_WAIT: Duration = LONGEST_WAIT;

/// How long one call may take, beside the time a long poll waits.
const CALL_TIME: Duration = Duration::from_secs(30);

/// Who calls, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the hub's partner listener, `https://host:port/`.
    pub base: Url,
    /// The tenant whose certificate the HTTP client carries.
    pub tenant: TenantKey,
    /// The named person who acts; an agent must have one.
    pub staff: Option<Key>,
    /// The receiving point of a branch.
    pub point: Option<Key>,
    /// Scopes to ask for, separated by spaces; none asks for all the tenant has.
    pub scope: Option<String>,
    /// How patiently calls are repeated.
    pub retry: Retry,
}

struct Token {
    bearer: String,
    renew_at: Timestamp,
}

/// One tenant at one hub. Share it by reference or `Arc`; its calls may run at the same time.
pub struct Partner {
    http: reqwest::Client,
    settings: Settings,
    clock: Clock,
    rng: Mutex<StdRng>,
    token: tokio::sync::Mutex<Option<Token>>,
}

/// What may happen when a call is sent twice.
#[derive(Clone, Copy)]
pub(super) enum Repeat<'a> {
    /// Nothing: it only reads, or says again what was said.
    Harmless,
    /// Nothing, because the hub knows the call by this key.
    Keyed(&'a IdempotencyKey),
    /// It could act twice; only a refusal that says "not taken" is repeated.
    Unkeyed,
}

/// A call, before it is sent.
pub(super) struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub query: Vec<(&'static str, String)>,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Contents,
    pub repeat: Repeat<'a>,
    pub waits: Duration,
}

impl<'a> Call<'a> {
    pub fn get(path: &'a str) -> Self {
        Call {
            method: Method::GET,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Contents::Bytes(Vec::new()),
            repeat: Repeat::Harmless,
            waits: Duration::ZERO,
        }
    }

    pub fn post(path: &'a str, media_type: &str, body: Vec<u8>, repeat: Repeat<'a>) -> Self {
        Call {
            method: Method::POST,
            headers: vec![(CONTENT_TYPE, media_type.to_owned())],
            body: Contents::Bytes(body),
            repeat,
            ..Call::get(path)
        }
    }

    /// Puts something in its place. What it answers may be said once only, so it is not repeated on a broken line.
    pub fn put(path: &'a str, media_type: &str, body: Vec<u8>) -> Self {
        Call {
            method: Method::PUT,
            ..Call::post(path, media_type, body, Repeat::Unkeyed)
        }
    }

    pub fn delete(path: &'a str) -> Self {
        Call {
            method: Method::DELETE,
            repeat: Repeat::Unkeyed,
            ..Call::get(path)
        }
    }

    pub fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|v| (name, v.to_string())));
        self
    }

    pub fn header(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        let name = HeaderName::from_static(name);
        self.headers.extend(value.map(|v| (name, v.to_string())));
        self
    }

    pub fn waiting(mut self, wait: Duration) -> Self {
        self.waits = wait;
        self
    }
}

/// An answer that was read whole.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A refusal of the token endpoint (RFC 6749, 5.2).
#[derive(serde::Deserialize)]
struct TokenRefusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|e| ClientError::not_the_shape(self.status, &e))
    }

    pub fn problem(&self) -> ClientError {
        let is_problem = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.starts_with("application/problem+json"));
        if let (false, Ok(refusal)) = (is_problem, serde_json::from_slice::<TokenRefusal>(&self.body)) {
            return ClientError::Token {
                status: self.status,
                error: refusal.error,
                description: refusal.error_description,
            };
        }
        if !is_problem {
            return ClientError::contract(self.status, "a refusal without a problem document");
        }
        match serde_json::from_slice::<ProblemDocument>(&self.body) {
            Ok(document) => ClientError::Problem(Box::new(document)),
            Err(e) => ClientError::not_the_shape(self.status, &e),
        }
    }
}

impl Partner {
    /// A tenant that speaks through `http`, which carries its certificate and the trusted roots.
    pub fn new(http: reqwest::Client, settings: Settings, clock: Clock, rng: StdRng) -> Self {
        Partner {
            http,
            settings,
            clock,
            rng: Mutex::new(rng),
            token: tokio::sync::Mutex::new(None),
        }
    }

    /// The tenant it speaks for.
    pub fn tenant(&self) -> &TenantKey {
        &self.settings.tenant
    }

    /// The clock it was given.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Asks for a new access token (RFC 6749 4.4, RFC 8705). The other calls do so by themselves.
    ///
    /// # Errors
    /// [`ClientError::Problem`] when the certificate is not accepted or the tenant is suspended; else as every call.
    pub async fn token(&self) -> Result<TokenAnswer, ClientError> {
        let mut form = self.settings.base.clone();
        form.set_query(None);
        form.query_pairs_mut()
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", self.settings.tenant.as_str())
            .extend_pairs(self.settings.scope.iter().map(|s| ("scope", s)));
        let body = form.query().unwrap_or_default().as_bytes().to_vec();
        let call = Call::post(
            "/oauth2/token",
            "application/x-www-form-urlencoded",
            body,
            Repeat::Harmless,
        );
        self.repeated(&call, None, Self::whole).await?.json()
    }

    pub(super) async fn bearer(&self) -> Result<String, ClientError> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|t| self.clock.now() < t.renew_at) {
            return Ok(token.bearer.clone());
        }
        let asked_at = self.clock.now();
        let answer = self.token().await?;
        // Renewed when a fifth of its life is left, so that a slow call does not carry a dying token.
        let useful = Duration::from_secs(u64::from(answer.expires_in)) * 4 / 5;
        let bearer = format!("Bearer {}", answer.access_token);
        *kept = Some(Token {
            bearer: bearer.clone(),
            renew_at: asked_at.plus(useful),
        });
        Ok(bearer)
    }

    async fn forget(&self, bearer: &str) {
        let mut kept = self.token.lock().await;
        // Another call may have renewed it meanwhile.
        if kept.as_ref().is_some_and(|t| t.bearer == bearer) {
            *kept = None;
        }
    }

    /// Sends a call with the token, and once more with a new one when the hub says that it is over.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, ClientError> {
        self.sent(call, Self::whole).await
    }

    /// As [`Self::send`], with `take` to read the answer of a call that succeeded.
    pub(super) async fn sent<T, F>(
        &self,
        call: &Call<'_>,
        take: impl Fn(Response) -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let bearer = self.bearer().await?;
        match self.repeated(call, Some(&bearer), &take).await {
            Err(e)
                if matches!(
                    e.label(),
                    Some(Label::TokenExpired | Label::TokenSignatureInvalid)
                ) =>
            {
                self.forget(&bearer).await;
                let bearer = self.bearer().await?;
                self.repeated(call, Some(&bearer), &take).await
            }
            other => other,
        }
    }

    async fn repeated<T, F>(
        &self,
        call: &Call<'_>,
        bearer: Option<&str>,
        take: impl Fn(Response) -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let traceparent = self.traceparent();
        let begun = tokio::time::Instant::now();
        let mut failures = 0;
        loop {
            let (error, asked) = match self.once(call, bearer, &traceparent, &take).await {
                Ok(taken) => return Ok(taken),
                Err((error, _)) if !may_repeat(call.repeat, &error) => return Err(error),
                Err(failed) => failed,
            };
            failures += 1;
            match self.pause(failures, begun.elapsed(), asked) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// How long to wait before the call is repeated; none to give up.
    pub(super) fn pause(
        &self,
        failures: u32,
        elapsed: Duration,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        self.with_rng(|rng| self.settings.retry.pause(failures, elapsed, asked, rng))
    }

    /// One try; what failed comes with the pause the hub asked for.
    async fn once<T, F>(
        &self,
        call: &Call<'_>,
        bearer: Option<&str>,
        traceparent: &str,
        take: impl Fn(Response) -> F,
    ) -> Result<T, (ClientError, Option<Duration>)>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let failed = |error: ClientError| (error, None);
        let answer = self.begin(call, bearer, traceparent).await.map_err(failed)?;
        if answer.status().is_success() {
            return take(answer).await.map_err(failed);
        }
        let refusal = Self::whole(answer).await.map_err(failed)?;
        let asked = refusal.headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok());
        Err((refusal.problem(), retry_after(asked)))
    }

    /// Sends a call; gives the answer when its head is there.
    pub(super) async fn begin(
        &self,
        call: &Call<'_>,
        bearer: Option<&str>,
        traceparent: &str,
    ) -> Result<Response, ClientError> {
        let mut url = self.settings.base.clone();
        url.set_path(call.path);
        url.set_query(None);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .timeout(CALL_TIME + call.waits)
            .header("traceparent", traceparent);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(staff) = &self.settings.staff {
            request = request.header("acting-staff", staff.as_str());
        }
        if let Repeat::Keyed(key) = call.repeat {
            request = request.header("idempotency-key", key.as_str());
        }
        if matches!(call.method, Method::POST | Method::PUT) {
            request = call.body.go_with(request).await?;
        }
        Ok(request.send().await?)
    }

    /// Reads an answer to its end.
    pub(super) async fn whole(answer: Response) -> Result<Answer, ClientError> {
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await?.to_vec(),
        })
    }

    /// A W3C trace context of its own for each call; the same for its repetitions.
    pub(super) fn traceparent(&self) -> String {
        let (trace, span) = self.with_rng(|rng| (rng.random::<u128>().max(1), rng.random::<u64>().max(1)));
        format!("00-{trace:032x}-{span:016x}-01")
    }

    fn with_rng<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.rng.lock())
    }
}

pub(super) fn may_repeat(repeat: Repeat<'_>, error: &ClientError) -> bool {
    let not_taken = matches!(error.label(), Some(Label::RateLimited | Label::QueueFull));
    match repeat {
        Repeat::Unkeyed => not_taken,
        Repeat::Harmless => error.is_passing(),
        Repeat::Keyed(_) => error.is_passing() || error.label() == Some(Label::IdempotencyInFlight),
    }
}

#[cfg(test)]
mod tests;
