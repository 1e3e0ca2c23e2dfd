//! Who may speak, and by what they are known: certificates, tokens, and the keys the hub signs with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rand::Rng as _;
use rustls::pki_types::CertificateDer;

use super::ServiceError;
use super::draws::Draws;
use super::fault::internal;
use crate::clock::Clock;
use crate::domain::rejection::{Problem, Rejection};
use crate::domain::submission::ReceiptClaims;
use crate::domain::tenant::Register;
use crate::domain::time::Timestamp;
use crate::domain::view::TokenAnswer;
use crate::identity::peer::{ConnectionPeer, PeerCertificate, Trust};
use crate::identity::sign::ReceiptSigner;
use crate::identity::token::{Issuer, TokenRules};
use crate::identity::token_request::{OAuthError, TokenRequest};
use crate::identity::{Access, Gate, authenticate};

/// How many verified tokens are remembered.
const REMEMBERED_TOKENS: usize = 10_000;

/// What [`Credentials`] are made of.
pub(super) struct CredentialParts {
    pub trust: Trust,
    pub issuer: Issuer,
    pub receipts: ReceiptSigner,
    pub mtls_base: String,
    pub clock: Clock,
    pub draws: Arc<Draws>,
}

/// Who may speak, and the keys the hub signs with.
pub struct Credentials {
    clock: Clock,
    draws: Arc<Draws>,
    gate: Gate,
    receipts: ArcSwap<ReceiptSigner>,
    /// Base URL of the partner listener.
    mtls_base: String,
}

impl Credentials {
    /// Nobody may speak until a register is put in place.
    pub(super) fn new(parts: CredentialParts) -> Self {
        Credentials {
            gate: Gate::new(Register::default(), parts.trust, parts.issuer, REMEMBERED_TOKENS),
            receipts: ArcSwap::from_pointee(parts.receipts),
            mtls_base: parts.mtls_base,
            clock: parts.clock,
            draws: parts.draws,
        }
    }

    /// Puts a newer register in place.
    pub(super) fn replace_register(&self, register: Register) {
        self.gate.replace_register(register);
    }

    /// Judges a certificate that is to be registered as it would be judged when it calls.
    ///
    /// # Errors
    /// The problem its calls would be refused with.
    pub(super) fn would_pass(
        &self,
        leaf: &PeerCertificate,
        chain: &[CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<(), Problem> {
        self.gate.would_pass(leaf, chain, now)
    }

    /// Signs a receipt.
    ///
    /// # Errors
    /// The claims cannot be written.
    pub(super) fn sign_receipt(&self, claims: &ReceiptClaims) -> Result<String, ServiceError> {
        self.receipts.load().sign(claims).map_err(internal)
    }

    /// Who may speak, now.
    pub fn register(&self) -> Arc<Register> {
        self.gate.register()
    }

    /// How tokens are made: by whom, for whom, for how long.
    pub fn token_rules(&self) -> TokenRules {
        self.gate.tokens().issuer().rules().clone()
    }

    /// The hub's name in tokens, receipts and events: the base URL of its web listener.
    pub fn issuer_url(&self) -> String {
        self.gate.tokens().issuer().rules().issuer.clone()
    }

    /// Judges a request's certificate, token, staff and point.
    ///
    /// # Errors
    /// As [`authenticate`].
    pub fn authenticate(
        &self,
        connection: Option<&ConnectionPeer>,
        authorization: Option<&str>,
        acting_staff: Option<&str>,
        receiving_point: Option<&str>,
    ) -> Result<Access, Rejection> {
        authenticate(
            &self.gate,
            connection,
            authorization,
            acting_staff,
            receiving_point,
            self.clock.now(),
        )
    }

    /// A token for a tenant's certificate.
    ///
    /// # Errors
    /// `invalid_client`, also for a certificate that is not taken; what [`TokenRequest::parse`] and [`TokenRequest::answer`] say.
    pub fn token(&self, connection: Option<&ConnectionPeer>, form: &[u8]) -> Result<TokenAnswer, OAuthError> {
        let now = self.clock.now();
        let peer = self
            .gate
            .peer(connection, now)
            .map_err(|r| OAuthError::from(&r))?;
        let request = TokenRequest::parse(form)?;
        let jti = self.draws.with(|rng| {
            let mut jti = [0u8; 16];
            rng.fill_bytes(&mut jti);
            jti
        });
        request.answer(self.gate.tokens().issuer(), &peer, now, jti)
    }

    /// The public keys of tokens and receipts.
    pub fn jwks(&self) -> serde_json::Value {
        self.gate.tokens().issuer().jwks(self.receipts.load().published())
    }

    /// Authorization server metadata (RFC 8414).
    pub fn metadata(&self) -> serde_json::Value {
        self.gate.tokens().issuer().metadata(&self.mtls_base)
    }

    /// Judges callers by other roots from their next request on.
    pub fn replace_trust(&self, trust: Trust) {
        self.gate.replace_trust(trust);
    }

    /// Signs tokens and receipts with other keys from the next on; tokens are accepted by what the new issuer accepts.
    pub fn replace_keys(&self, issuer: Issuer, receipts: ReceiptSigner) {
        // Published first: a receipt's key can be looked up as soon as there is a receipt.
        self.gate.replace_issuer(issuer);
        self.receipts.store(Arc::new(receipts));
    }
}
