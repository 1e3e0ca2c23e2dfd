//! The hub's signing keys: ECDSA on P-256 (ES256), named by their RFC 7638 thumbprint.
//!
//! A signing key is PKCS#8. aws-lc draws its own randomness when it makes a key and when it signs; neither can be seeded, so a
//! test compares what a signature says, never its bytes.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::secret::Secret;
use crate::domain::time::Date;

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a PKCS#8 private key on P-256.
    #[error("not a PKCS#8 private key of the curve P-256 (PEM label PRIVATE KEY)")]
    NotP256,
    /// Not a public key of this hub's kind.
    #[error("not a public JWK with kty EC and crv P-256")]
    NotAPublicKey,
    /// The crypto library would not make a key or a signature.
    #[error("the crypto library refused to make a key or a signature")]
    Crypto,
}

/// A private key that signs tokens and receipts.
pub struct SigningKey {
    /// Read and checked once; jsonwebtoken would do so for every signature, which costs as much as signing.
    pair: EcdsaKeyPair,
    public: VerifyingKey,
}

impl SigningKey {
    /// A new key as PKCS#8 DER, to be kept by the caller. Its randomness is aws-lc's own.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate_pkcs8() -> Result<Secret<Vec<u8>>, KeyError> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map(|document| Secret::new(document.as_ref().to_vec()))
            .map_err(|_| KeyError::Crypto)
    }

    /// From PKCS#8 DER.
    ///
    /// # Errors
    /// When it is not a P-256 key.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| KeyError::NotP256)?;
        Ok(SigningKey {
            public: VerifyingKey::from_point(pair.public_key().as_ref())?,
            pair,
        })
    }

    /// From PEM (`-----BEGIN PRIVATE KEY-----`).
    ///
    /// # Errors
    /// When it is not a P-256 key in that form.
    pub fn from_pkcs8_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| KeyError::NotP256)?;
        Self::from_pkcs8_der(key.secret_pkcs8_der())
    }

    /// The public half.
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// A compact JWS (RFC 7515, 7.1) over `claims`, with this key's `kid` and the given `typ`.
    pub(super) fn jws(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.public.kid.clone());
        let mut jws = String::with_capacity(512);
        encode(&header, &mut jws)?;
        jws.push('.');
        encode(claims, &mut jws)?;
        let signature = self.pair.sign(&SystemRandom::new(), jws.as_bytes());
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.map_err(|_| KeyError::Crypto)?, &mut jws);
        Ok(jws)
    }
}

/// Appends a part of a JWS.
fn encode(part: &impl Serialize, to: &mut String) -> Result<(), KeyError> {
    let json = serde_json::to_vec(part).map_err(|_| KeyError::Crypto)?;
    URL_SAFE_NO_PAD.encode_string(json, to);
    Ok(())
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(kid {})", self.public.kid)
    }
}

/// A public key that verifies tokens or receipts.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: String,
    x: String,
    y: String,
    decoding: DecodingKey,
    retired_at: Option<Date>,
}

impl VerifyingKey {
    /// From an uncompressed point: 0x04, then x and y of 32 bytes each.
    fn from_point(point: &[u8]) -> Result<Self, KeyError> {
        let [4, xy @ ..] = point else {
            return Err(KeyError::NotAPublicKey);
        };
        if xy.len() != 64 {
            return Err(KeyError::NotAPublicKey);
        }
        let (x, y) = (
            URL_SAFE_NO_PAD.encode(&xy[..32]),
            URL_SAFE_NO_PAD.encode(&xy[32..]),
        );
        // RFC 7638: the required members in lexical order, without white space. Base64url needs no escaping.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        Ok(VerifyingKey {
            kid,
            x,
            y,
            decoding: DecodingKey::from_ec_der(point),
            retired_at: None,
        })
    }

    /// The day from which on it signs nothing; none while it does.
    pub fn retired_at(&self) -> Option<Date> {
        self.retired_at
    }

    /// From one key of a JWKS. Its `kid` is recomputed, not believed.
    ///
    /// # Errors
    /// When it is not an EC key on P-256.
    pub fn from_jwk(jwk: &serde_json::Value) -> Result<Self, KeyError> {
        let member = |name: &str| jwk.get(name).and_then(serde_json::Value::as_str);
        let coordinate = |name: &str| -> Option<Vec<u8>> {
            URL_SAFE_NO_PAD
                .decode(member(name)?)
                .ok()
                .filter(|bytes| bytes.len() == 32)
        };
        if (member("kty"), member("crv")) != (Some("EC"), Some("P-256")) {
            return Err(KeyError::NotAPublicKey);
        }
        let (Some(x), Some(y)) = (coordinate("x"), coordinate("y")) else {
            return Err(KeyError::NotAPublicKey);
        };
        Ok(VerifyingKey {
            retired_at: member("retired_at").and_then(|day| day.parse().ok()),
            ..Self::from_point(&[&[4], x.as_slice(), y.as_slice()].concat())?
        })
    }

    /// Every usable key of a JWKS; keys of other kinds are left out, as RFC 7517 (5) asks.
    pub fn from_jwks(jwks: &serde_json::Value) -> Vec<Self> {
        let keys = jwks.get("keys").and_then(serde_json::Value::as_array);
        keys.into_iter()
            .flatten()
            .filter_map(|jwk| Self::from_jwk(jwk).ok())
            .collect()
    }

    /// Its name: the RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// As a JWK (RFC 7517); one that is retired has the member `retired_at`.
    pub fn jwk(&self) -> serde_json::Value {
        let mut jwk = serde_json::json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": self.x, "y": self.y,
        });
        if let Some(day) = self.retired_at {
            jwk["retired_at"] = day.to_string().into();
        }
        jwk
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey(kid {})", self.kid)
    }
}

/// A JWKS (RFC 7517) of these keys, each once.
pub fn jwks<'a>(keys: impl IntoIterator<Item = &'a VerifyingKey>) -> serde_json::Value {
    let mut seen: Vec<&VerifyingKey> = Vec::new();
    for key in keys {
        if !seen.iter().any(|k| k.kid == key.kid) {
            seen.push(key);
        }
    }
    serde_json::json!({ "keys": seen.into_iter().map(VerifyingKey::jwk).collect::<Vec<_>>() })
}

/// Why a compact JWS is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// Not three parts, not base64url, not JSON, of another `typ`, or signed claims of another shape.
    #[error("not a compact JWS of this kind")]
    Form,
    /// Another algorithm, a key that is not known, or a signature that does not fit.
    #[error("its signature is not by a known key")]
    Signature,
}

#[derive(serde::Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    alg: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    typ: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    kid: Option<std::borrow::Cow<'a, str>>,
    /// Extensions that must be understood (RFC 7515, 4.1.11); none is.
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

/// Verifies a compact JWS of the given `typ` by whichever key its `kid` names. Neither issuer, audience nor time is checked.
///
/// The algorithm is pinned: what the header names is compared with ES256, never obeyed.
pub(super) fn open_jws<T: DeserializeOwned>(
    jws: &str,
    typ: &str,
    keys: &[VerifyingKey],
) -> Result<T, NotOurs> {
    let (head, rest) = jws.split_once('.').ok_or(NotOurs::Form)?;
    if rest.split('.').count() != 2 {
        return Err(NotOurs::Form);
    }
    let head = URL_SAFE_NO_PAD.decode(head).map_err(|_| NotOurs::Form)?;
    let head: Head<'_> = serde_json::from_slice(&head).map_err(|_| NotOurs::Form)?;
    if head.crit.is_some() || head.typ.as_deref() != Some(typ) {
        return Err(NotOurs::Form);
    }
    if head.alg != "ES256" {
        return Err(NotOurs::Signature);
    }
    let key = keys
        .iter()
        .find(|k| head.kid.as_deref() == Some(k.kid.as_str()))
        .ok_or(NotOurs::Signature)?;

    let mut rules = jsonwebtoken::Validation::new(Algorithm::ES256);
    // The library reads the machine's clock; the moment is an argument here, so callers judge time and audience themselves.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    match jsonwebtoken::decode::<T>(jws, &key.decoding, &rules) {
        Ok(data) => Ok(data.claims),
        Err(e) if matches!(e.kind(), jsonwebtoken::errors::ErrorKind::InvalidSignature) => {
            Err(NotOurs::Signature)
        }
        Err(_) => Err(NotOurs::Form),
    }
}
