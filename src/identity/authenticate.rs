//! The door: certificate, token and named person together.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::CertificateDer;

use crate::domain::codes::Key;
use crate::domain::rejection::{Problem, Rejection, problems};
use crate::domain::tenant::{Register, Tenant};
use crate::domain::time::Timestamp;

use super::access::Access;
use super::peer::{ConnectionPeer, Peer, PeerCertificate, Trust, would_pass};
use super::permission::Permissions;
use super::token::{Issuer, Tokens};

/// What callers are judged by. Each part is replaced whole while requests go on; the next request sees the new one.
#[derive(Debug)]
pub struct Gate {
    register: ArcSwap<Register>,
    trust: ArcSwap<Trust>,
    tokens: ArcSwap<Tokens>,
    remembered_tokens: usize,
}

impl Gate {
    /// A door with this register, these roots and this issuer, remembering about `remembered_tokens` verified tokens.
    pub fn new(register: Register, trust: Trust, issuer: Issuer, remembered_tokens: usize) -> Self {
        Gate {
            register: ArcSwap::from_pointee(register),
            trust: ArcSwap::from_pointee(trust),
            tokens: ArcSwap::from_pointee(Tokens::new(issuer, remembered_tokens)),
            remembered_tokens,
        }
    }

    /// Everybody who may speak, as of now.
    pub fn register(&self) -> Arc<Register> {
        self.register.load_full()
    }

    /// The issuer and its memory, as of now.
    pub fn tokens(&self) -> Arc<Tokens> {
        self.tokens.load_full()
    }

    /// Judges a certificate that is to be registered as it would be judged when it calls; see [`peer::would_pass`](super::peer::would_pass).
    ///
    /// # Errors
    /// The problem its calls would be refused with.
    pub fn would_pass(
        &self,
        leaf: &PeerCertificate,
        chain: &[CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<(), Problem> {
        would_pass(leaf, chain, &self.trust.load(), now)
    }

    /// Puts a newer register in place. An older one than the present is left aside, so that two reloads cannot cross.
    pub fn replace_register(&self, register: Register) {
        let register = Arc::new(register);
        self.register.rcu(|present| {
            let newer = register.version >= present.version;
            Arc::clone(if newer { &register } else { present })
        });
    }

    /// Puts other roots in place; every open connection is judged by them from its next request on.
    pub fn replace_trust(&self, trust: Trust) {
        self.trust.store(Arc::new(trust));
    }

    /// Puts another issuer in place (a key rolled over) and forgets every verified token.
    pub fn replace_issuer(&self, issuer: Issuer) {
        self.tokens
            .store(Arc::new(Tokens::new(issuer, self.remembered_tokens)));
    }

    /// Judges the certificate alone: what the token endpoint needs.
    ///
    /// # Errors
    /// Those of [`Peer::judge`].
    pub fn peer(&self, connection: Option<&ConnectionPeer>, now: Timestamp) -> Result<Peer, Rejection> {
        Peer::judge(connection, &self.trust.load(), &self.register.load(), now)
    }
}

/// Judges a request: the connection's certificate, the `Authorization` header, `Acting-Staff` and `Receiving-Point`.
///
/// Everything that can change is judged anew: validity, revocation, standing, the token's end. Only signatures are remembered.
///
/// # Errors
/// Those of [`Peer::judge`]; `token-missing` and those of [`Issuer::verify`]; `staff-unknown`; `point-unknown`.
pub fn authenticate(
    gate: &Gate,
    connection: Option<&ConnectionPeer>,
    authorization: Option<&str>,
    acting_staff: Option<&str>,
    receiving_point: Option<&str>,
    now: Timestamp,
) -> Result<Access, Rejection> {
    let register = gate.register.load();
    let peer = Peer::judge(connection, &gate.trust.load(), &register, now)?;
    let tokens = gate.tokens.load();
    let token = bearer(authorization).ok_or_else(|| {
        let token_endpoint = tokens.issuer().endpoint();
        Rejection::from(problems::TokenMissing { token_endpoint })
    })?;
    let claims = tokens.verify(token, peer.thumbprint(), now)?;
    let tenant: &Arc<Tenant> = peer.tenant();
    // A certificate that was registered for somebody else since the token was minted.
    if claims.tenant != tenant.key {
        return Err(problems::TokenCertificateMismatch.into());
    }
    let staff = match acting_staff {
        Some(word) => {
            let id: Key = word.parse().map_err(|_| problems::StaffUnknown)?;
            Some(
                register
                    .staff(&tenant.key, &id)
                    .ok_or(problems::StaffUnknown)?
                    .clone(),
            )
        }
        None => None,
    };
    let point = match receiving_point {
        Some(word) => {
            let key: Key = word.parse().map_err(|_| problems::PointUnknown)?;
            Some(
                register
                    .point(&tenant.key, &key)
                    .ok_or(problems::PointUnknown)?
                    .clone(),
            )
        }
        None => None,
    };
    let permissions = claims.permissions.and(Permissions::of(tenant.key.kind()));
    Ok(Access::new(
        Arc::clone(tenant),
        permissions,
        *peer.thumbprint(),
        staff,
        point,
    ))
}

/// The token of `Authorization: Bearer …`; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(header: Option<&str>) -> Option<&str> {
    let (scheme, token) = header?.trim().split_once(' ')?;
    let token = token.trim_start();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
