//! The token endpoint's request and its refusals (RFC 6749, 4.4 and 5.2; RFC 8705; RFC 8707).

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::domain::percent;
use crate::domain::rejection::{Language, Rejection};
use crate::domain::time::Timestamp;
use crate::domain::view::TokenAnswer;

use super::peer::Peer;
use super::permission::Permissions;
use super::token::Issuer;

/// A form longer than this is refused unread.
pub const LONGEST_FORM: usize = 4096;

/// A request for a token by client credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    client_id: String,
    scope: Option<Permissions>,
    target: Vec<String>,
}

/// The words of RFC 6749, 5.2 (and `invalid_target` of RFC 8707) a token request may be refused with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OAuthErrorCode {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The certificate is not in order, or belongs to another client.
    InvalidClient,
    /// Only `client_credentials` is served.
    UnsupportedGrantType,
    /// A scope does not exist, or this tenant may not have it.
    InvalidScope,
    /// The token is asked for another service.
    InvalidTarget,
    /// The hub could not sign.
    ServerError,
}

impl OAuthErrorCode {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            OAuthErrorCode::InvalidRequest => "invalid_request",
            OAuthErrorCode::InvalidClient => "invalid_client",
            OAuthErrorCode::UnsupportedGrantType => "unsupported_grant_type",
            OAuthErrorCode::InvalidScope => "invalid_scope",
            OAuthErrorCode::InvalidTarget => "invalid_target",
            OAuthErrorCode::ServerError => "server_error",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            OAuthErrorCode::InvalidClient => 401,
            OAuthErrorCode::ServerError => 500,
            _ => 400,
        }
    }
}

impl Serialize for OAuthErrorCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.word())
    }
}

/// A refused token request. Serialises as the body RFC 6749 (5.2) asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OAuthError {
    error: OAuthErrorCode,
    error_description: Cow<'static, str>,
}

impl OAuthError {
    fn new(error: OAuthErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        OAuthError {
            error,
            error_description: description.into(),
        }
    }

    /// Which word.
    pub fn code(&self) -> OAuthErrorCode {
        self.error
    }

    /// What to do, in English (RFC 6749 allows ASCII only). Never repeats what was sent.
    pub fn description(&self) -> &str {
        &self.error_description
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.error.status()
    }
}

impl From<&Rejection> for OAuthError {
    /// A certificate that is not in order is a client that could not be authenticated; the label says which way.
    fn from(rejection: &Rejection) -> Self {
        let first = &rejection.problems()[0];
        let text = format!("{}: {}", first.label, first.advice(Language::English));
        OAuthError::new(OAuthErrorCode::InvalidClient, text.replace(['"', '\\'], "'"))
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error.word(), self.error_description)
    }
}

impl std::error::Error for OAuthError {}

impl TokenRequest {
    /// Parses an `application/x-www-form-urlencoded` body. Parameters it does not know are ignored, as RFC 6749 asks; known
    /// ones may come once, except `resource`.
    ///
    /// # Errors
    /// `invalid_request`, `unsupported_grant_type`, `invalid_scope`.
    pub fn parse(form: &[u8]) -> Result<Self, OAuthError> {
        let invalid = |text: &'static str| OAuthError::new(OAuthErrorCode::InvalidRequest, text);
        if form.len() > LONGEST_FORM {
            return Err(invalid("the form is too long"));
        }
        let (mut grant_type, mut client_id, mut scope) = (None, None, None);
        let mut target = Vec::new();
        for pair in form.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
            let (name, value) = match pair.iter().position(|b| *b == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &pair[pair.len()..]),
            };
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(invalid("the form is not percent-encoded UTF-8"));
            };
            let slot = match name.as_str() {
                "grant_type" => &mut grant_type,
                "client_id" => &mut client_id,
                "scope" => &mut scope,
                "resource" | "audience" => {
                    target.push(value);
                    continue;
                }
                _ => continue,
            };
            // A parameter without a value counts as left out (RFC 6749, 3.2).
            if slot.replace(value).is_some() {
                return Err(invalid("a parameter is given twice"));
            }
        }
        let given = |slot: Option<String>| slot.filter(|v| !v.is_empty());
        match given(grant_type).as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                let text = "only grant_type=client_credentials is served";
                return Err(OAuthError::new(OAuthErrorCode::UnsupportedGrantType, text));
            }
            None => {
                return Err(invalid(
                    "grant_type is missing; send grant_type=client_credentials",
                ));
            }
        }
        let client_id = given(client_id)
            .ok_or_else(|| invalid("client_id is missing; send your tenant key (RFC 8705, section 2)"))?;
        let scope = match given(scope) {
            Some(words) => Some(Permissions::parse(&words).ok_or_else(unknown_scope)?),
            None => None,
        };
        target.retain(|t| !t.is_empty());
        Ok(TokenRequest {
            client_id,
            scope,
            target,
        })
    }

    /// Answers the request of a caller whose certificate is in order. Without a `scope` it gets all its role allows.
    /// `jti` is 16 random bytes of the caller's.
    ///
    /// # Errors
    /// `invalid_client`, `invalid_scope`, `invalid_target`; `server_error` when the hub cannot sign.
    pub fn answer(
        &self,
        issuer: &Issuer,
        peer: &Peer,
        now: Timestamp,
        jti: [u8; 16],
    ) -> Result<TokenAnswer, OAuthError> {
        let tenant = &peer.tenant().key;
        if self.client_id != tenant.as_str() {
            let text = "client_id must be the tenant the certificate is registered for";
            return Err(OAuthError::new(OAuthErrorCode::InvalidClient, text));
        }
        let ours = |t: &String| t.trim_end_matches('/') == issuer.rules().audience.trim_end_matches('/');
        if !self.target.iter().all(ours) {
            let text = format!("tokens are issued for {} only", issuer.rules().audience);
            return Err(OAuthError::new(OAuthErrorCode::InvalidTarget, text));
        }
        let role = Permissions::of(tenant.kind());
        let scope = self.scope.unwrap_or(role);
        if !role.holds_all(scope) {
            let text = format!("a tenant of kind {} may have: {role}", tenant.kind().word());
            return Err(OAuthError::new(OAuthErrorCode::InvalidScope, text));
        }
        issuer
            .mint(tenant, scope, peer.thumbprint(), now, jti)
            .map_err(|_| {
                OAuthError::new(
                    OAuthErrorCode::ServerError,
                    "the hub could not sign a token; try again",
                )
            })
    }
}

fn unknown_scope() -> OAuthError {
    let text = "scope holds a word that is no permission; see scopes_supported in the metadata";
    OAuthError::new(OAuthErrorCode::InvalidScope, text)
}

/// One name or value of a form; `None` when an escape is broken or the bytes are not UTF-8.
fn decoded(raw: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = raw.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    percent::decoded(&spaced)
}
