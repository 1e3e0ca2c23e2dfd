//! Access tokens: JWTs (RFC 9068) that work only together with the certificate they were fetched with (RFC 8705).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::rejection::{Label, Rejection, problems};
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::{TenantKey, Thumbprint};
use crate::domain::time::Timestamp;
use crate::domain::view::TokenAnswer;

use super::keys::{self, KeyError, NotOurs, SigningKey, VerifyingKey};
use super::permission::{Permission, Permissions};

/// The JOSE `typ` of an access token (RFC 9068, 2.1).
const TOKEN_TYPE: &str = "at+jwt";

/// No token lives longer than this.
pub const LONGEST_LIFE: Duration = Duration::from_secs(600);

/// A longer token is none of ours, and is not even decoded: ours are about 700 bytes.
const LONGEST_TOKEN: usize = 4096;

/// What a hub says of itself in its tokens.
#[derive(Clone, Debug)]
pub struct TokenRules {
    /// `iss`: the base URL of the web listener, without a slash at its end; all hubs of one installation share it.
    pub issuer: String,
    /// `aud`: the base URL of the partner interface.
    pub audience: String,
    /// Where tokens are fetched; named in the advice of refusals.
    pub token_endpoint: String,
    /// How long a token lives; anything over [`LONGEST_LIFE`] is cut to it.
    pub life: Duration,
}

/// Mints tokens and verifies them.
#[derive(Debug)]
pub struct Issuer {
    rules: TokenRules,
    signing: Arc<SigningKey>,
    verifying: Vec<VerifyingKey>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    iss: String,
    sub: TenantKey,
    aud: String,
    client_id: TenantKey,
    iat: i64,
    exp: i64,
    jti: String,
    scope: String,
    cnf: Confirmation,
}

#[derive(Serialize, Deserialize)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    thumbprint: String,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// Whom it was minted for.
    pub tenant: TenantKey,
    /// What it permits, before the tenant's role is applied.
    pub permissions: Permissions,
    /// The certificate it is bound to.
    pub thumbprint: Thumbprint,
    /// The first second, since the Unix epoch, at which it is no longer good.
    pub expires: i64,
}

impl Issuer {
    /// Signs with one key; verifies with it and with `also` (a key that comes next, or one that was replaced less than ten
    /// minutes ago).
    pub fn new(mut rules: TokenRules, signing: Arc<SigningKey>, also: Vec<VerifyingKey>) -> Self {
        rules.life = rules.life.min(LONGEST_LIFE);
        let mut verifying = vec![signing.public().clone()];
        verifying.extend(also);
        Issuer {
            rules,
            signing,
            verifying,
        }
    }

    /// What it says of itself.
    pub fn rules(&self) -> &TokenRules {
        &self.rules
    }

    /// A token for a tenant, bound to a certificate. `jti` is 16 random bytes of the caller's.
    ///
    /// # Errors
    /// When the crypto library has no randomness to sign with.
    pub fn mint(
        &self,
        tenant: &TenantKey,
        scope: Permissions,
        thumbprint: &Thumbprint,
        now: Timestamp,
        jti: [u8; 16],
    ) -> Result<TokenAnswer, KeyError> {
        let life = u32::try_from(self.rules.life.as_secs()).unwrap_or(0);
        let claims = Wire {
            iss: self.rules.issuer.clone(),
            sub: tenant.clone(),
            aud: self.rules.audience.clone(),
            client_id: tenant.clone(),
            iat: now.as_seconds(),
            exp: now.as_seconds() + i64::from(life),
            jti: URL_SAFE_NO_PAD.encode(jti),
            scope: scope.to_string(),
            cnf: Confirmation {
                thumbprint: URL_SAFE_NO_PAD.encode(thumbprint.as_bytes()),
            },
        };
        Ok(TokenAnswer {
            access_token: self.signing.jws(TOKEN_TYPE, &claims)?,
            token_type: "Bearer".to_owned(),
            expires_in: life,
            scope: claims.scope,
        })
    }

    /// Verifies a token shown together with a certificate.
    ///
    /// # Errors
    /// `token-malformed`, `-signature-invalid`, `-audience-wrong`, `-expired` (from its `exp` on), `-certificate-mismatch`.
    pub fn verify(
        &self,
        token: &str,
        thumbprint: &Thumbprint,
        now: Timestamp,
    ) -> Result<TokenClaims, Rejection> {
        let claims = self.read(token)?;
        self.still_good(&claims, thumbprint, now)?;
        Ok(claims)
    }

    /// What does not change while the token lives: form, signature, issuer, audience.
    fn read(&self, token: &str) -> Result<TokenClaims, Rejection> {
        if token.len() > LONGEST_TOKEN {
            return Err(self.malformed());
        }
        let wire: Wire = keys::open_jws(token, TOKEN_TYPE, &self.verifying).map_err(|e| match e {
            NotOurs::Form => self.malformed(),
            NotOurs::Signature => problems::TokenSignatureInvalid.into(),
        })?;
        if wire.iss != self.rules.issuer || wire.aud != self.rules.audience {
            let token_endpoint = self.endpoint();
            return Err(problems::TokenAudienceWrong { token_endpoint }.into());
        }
        let bound = URL_SAFE_NO_PAD
            .decode(&wire.cnf.thumbprint)
            .ok()
            .and_then(|bytes| Sha256::try_from(bytes.as_slice()).ok())
            .map(Thumbprint::new);
        let (Some(thumbprint), Some(permissions)) = (bound, Permissions::parse(&wire.scope)) else {
            return Err(self.malformed());
        };
        Ok(TokenClaims {
            tenant: wire.sub,
            permissions,
            thumbprint,
            expires: wire.exp,
        })
    }

    /// What is judged on every request.
    fn still_good(
        &self,
        claims: &TokenClaims,
        thumbprint: &Thumbprint,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        if now.as_seconds() >= claims.expires {
            let token_endpoint = self.endpoint();
            return Err(problems::TokenExpired { token_endpoint }.into());
        }
        if claims.thumbprint != *thumbprint {
            return Err(problems::TokenCertificateMismatch.into());
        }
        Ok(())
    }

    /// Where tokens come from, as refusals say.
    pub(super) fn endpoint(&self) -> &String {
        &self.rules.token_endpoint
    }

    fn malformed(&self) -> Rejection {
        let token_endpoint = self.endpoint();
        problems::TokenMalformed { token_endpoint }.into()
    }

    /// The public keys (RFC 7517), with those that sign receipts.
    pub fn jwks<'a>(&'a self, receipts: impl IntoIterator<Item = &'a VerifyingKey>) -> serde_json::Value {
        keys::jwks(self.verifying.iter().chain(receipts))
    }

    /// The authorisation server's metadata (RFC 8414). `mtls_base` is the base URL of the partner listener.
    ///
    /// The method is `tls_client_auth`, not `self_signed_tls_client_auth`: a certificate must lead to a trusted root (RFC 8705,
    /// 2.1); that it is registered by its thumbprint comes on top. `response_types_supported` is required by RFC 8414 and empty
    /// because there is no authorisation endpoint.
    pub fn metadata(&self, mtls_base: &str) -> serde_json::Value {
        let scopes: Vec<&str> = Permission::ALL.iter().map(|p| p.word()).collect();
        serde_json::json!({
            "issuer": self.rules.issuer,
            "token_endpoint": self.rules.token_endpoint,
            "jwks_uri": format!("{}/.well-known/jwks.json", self.rules.issuer),
            "scopes_supported": scopes,
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["tls_client_auth"],
            "tls_client_certificate_bound_access_tokens": true,
            "mtls_endpoint_aliases": { "token_endpoint": format!("{mtls_base}/oauth2/token") },
        })
    }
}

/// An issuer with the tokens it has verified lately. Replacing the issuer replaces the memory with it, so a key taken out of
/// service is forgotten at once.
#[derive(Debug)]
pub struct Tokens {
    issuer: Issuer,
    verified: TokenCache,
}

/// Verified tokens by the SHA-256 of their bytes. Bounded; an entry is used only before its `exp`. Refusals are not kept.
#[derive(Debug)]
pub struct TokenCache {
    entries: quick_cache::sync::Cache<Sha256, Arc<TokenClaims>>,
}

impl TokenCache {
    /// Remembers at most about this many tokens.
    pub fn new(capacity: usize) -> Self {
        TokenCache {
            entries: quick_cache::sync::Cache::new(capacity),
        }
    }
}

impl Tokens {
    /// An issuer that remembers at most about `capacity` verified tokens.
    pub fn new(issuer: Issuer, capacity: usize) -> Self {
        Tokens {
            issuer,
            verified: TokenCache::new(capacity),
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// As [`Issuer::verify`], but the signature of a token seen before is not computed again.
    ///
    /// # Errors
    /// Those of [`Issuer::verify`].
    pub fn verify(
        &self,
        token: &str,
        thumbprint: &Thumbprint,
        now: Timestamp,
    ) -> Result<Arc<TokenClaims>, Rejection> {
        let name = sha256(token.as_bytes());
        let known = self.verified.entries.get(&name);
        let fresh = known.is_none();
        let claims = match known {
            Some(claims) => claims,
            None => Arc::new(self.issuer.read(token)?),
        };
        match self.issuer.still_good(&claims, thumbprint, now) {
            Ok(()) if fresh => self.verified.entries.insert(name, Arc::clone(&claims)),
            Ok(()) => {}
            Err(refusal) => {
                // An expired entry is dead weight; one shown with a stolen certificate is still its owner's.
                if refusal.label() == Label::TokenExpired {
                    self.verified.entries.remove(&name);
                }
                return Err(refusal);
            }
        }
        Ok(claims)
    }

    /// How many tokens it remembers.
    pub fn remembered(&self) -> usize {
        self.verified.entries.len()
    }
}
