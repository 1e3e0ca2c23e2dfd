//! The certificate a caller came with: is it trusted, valid now, registered, not revoked, and may its tenant speak?
//!
//! The TLS handshake has proved that the caller holds the key; whose it is, is judged here and on every request, because a
//! connection lives longer than a decision. What cannot change while a connection lives (the parsed certificate, the signatures
//! of its chain) is computed once per connection and per set of roots.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};

use super::unfit::Unfit;
use crate::domain::rejection::{Problem, Rejection, problems};
use crate::domain::seal::sha256;
use crate::domain::sha256::Sha256;
use crate::domain::tenant::{Register, Standing, Tenant, Thumbprint};
use crate::domain::time::Timestamp;

/// The SHA-256 of a certificate's DER.
pub fn thumbprint(der: &[u8]) -> Thumbprint {
    Thumbprint::new(sha256(der))
}

/// What the hub reads from a caller's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    thumbprint: Thumbprint,
    not_before: Timestamp,
    not_after: Timestamp,
    unfit: Option<Unfit>,
}

/// The bytes are not one X.509 certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one X.509 certificate in DER")]
pub struct NotACertificate;

/// Why a text cannot be registered as a tenant's certificate. Holds none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableCertificate {
    /// No PEM section of a certificate, or a damaged one.
    #[error("PEM: CERTIFICATE")]
    NotPem,
    /// It holds a private key, which nobody may send.
    #[error("PRIVATE KEY")]
    PrivateKey,
    /// An authority's certificate; a tenant has one of its own.
    #[error("CA:TRUE")]
    Authority,
}

impl PeerCertificate {
    /// Reads the first certificate of a PEM text, and what follows it: its issuers, unread.
    ///
    /// # Errors
    /// When there is none, when it is an authority's, or when a private key lies beside it.
    pub fn from_pem(text: &str) -> Result<(Self, Vec<CertificateDer<'static>>), UnusableCertificate> {
        if text.contains("PRIVATE KEY-----") {
            return Err(UnusableCertificate::PrivateKey);
        }
        let chain = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| UnusableCertificate::NotPem)?;
        let der = chain.first().ok_or(UnusableCertificate::NotPem)?;
        let (_, parsed) =
            x509_parser::parse_x509_certificate(der).map_err(|_| UnusableCertificate::NotPem)?;
        if parsed.is_ca() {
            return Err(UnusableCertificate::Authority);
        }
        let leaf = PeerCertificate::parse(der).map_err(|_| UnusableCertificate::NotPem)?;
        Ok((leaf, chain))
    }

    /// Reads a certificate.
    ///
    /// # Errors
    /// When the bytes are not exactly one certificate.
    pub fn parse(der: &[u8]) -> Result<Self, NotACertificate> {
        let (rest, parsed) = x509_parser::parse_x509_certificate(der).map_err(|_| NotACertificate)?;
        if !rest.is_empty() {
            return Err(NotACertificate);
        }
        let at = |seconds: i64| Timestamp::from_micros(seconds.saturating_mul(1_000_000));
        Ok(PeerCertificate {
            thumbprint: thumbprint(der),
            unfit: Unfit::of(&parsed),
            not_before: at(parsed.validity().not_before.timestamp()),
            not_after: at(parsed.validity().not_after.timestamp()),
        })
    }

    /// The SHA-256 of its DER.
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// Why it cannot be a caller's certificate, whoever issued it and whenever it is shown.
    pub fn unfit(&self) -> Option<Unfit> {
        self.unfit
    }

    /// The first moment it is valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last moment it is valid.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

/// The roots partners' certificates must lead to. Replaced whole when they change.
#[derive(Debug)]
pub struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    digest: Sha256,
}

impl Trust {
    /// Trusts these roots. A root's own validity is not judged (RFC 5280, 6.1.1 d): taking an old root out is the operator's act.
    ///
    /// # Errors
    /// When one of them is not a certificate; the index says which.
    pub fn new(roots: &[CertificateDer<'_>]) -> Result<Self, BadRoot> {
        let mut anchors = Vec::with_capacity(roots.len());
        for (index, root) in roots.iter().enumerate() {
            let anchor = webpki::anchor_from_trusted_cert(root).map_err(|_| BadRoot { index })?;
            anchors.push(anchor.to_owned());
        }
        let prints: Vec<[u8; 32]> = roots.iter().map(|r| *sha256(r).as_bytes()).collect();
        Ok(Trust {
            anchors,
            algorithms: rustls::crypto::aws_lc_rs::default_provider()
                .signature_verification_algorithms
                .all,
            digest: sha256(&prints.concat()),
        })
    }

    /// Checks signatures, constraints and purpose (client authentication) of a chain, the caller's certificate first.
    ///
    /// The certificate's own validity is left to the request, so that "expired" is told apart from "untrusted": it is moved out
    /// of the way by verifying at the moment nearest to `now` at which the certificate itself is valid.
    fn verify(
        &self,
        leaf: &PeerCertificate,
        chain: &[CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<Window, Unfit> {
        if let Some(unfit) = leaf.unfit {
            return Err(unfit);
        }
        let (first, intermediates) = chain.split_first().ok_or(Unfit::Chain("empty"))?;
        let certificate = webpki::EndEntityCert::try_from(first).map_err(|e| reason(&e))?;
        let at = now.max(leaf.not_before).min(leaf.not_after);
        let seconds = u64::try_from(at.as_seconds()).unwrap_or(0);
        let path = certificate
            .verify_for_usage(
                self.algorithms,
                &self.anchors,
                intermediates,
                UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                webpki::KeyUsage::client_auth(),
                None,
                None,
            )
            .map_err(|e| reason(&e))?;
        let mut window = Window {
            from: Timestamp::from_micros(i64::MIN),
            to: Timestamp::from_micros(i64::MAX),
        };
        for intermediate in path.intermediate_certificates() {
            let read = PeerCertificate::parse(&intermediate.der()).map_err(|_| Unfit::Chain("malformed"))?;
            window = Window {
                from: window.from.max(read.not_before),
                to: window.to.min(read.not_after),
            };
        }
        Ok(window)
    }
}

/// A root that is not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("root certificate number {index} (from 0) cannot be read")]
pub struct BadRoot {
    /// Which one, counted from 0.
    pub index: usize,
}

/// When every intermediate certificate of a verified chain is valid.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: Timestamp,
    to: Timestamp,
}

/// What the verifier says, as far as this page can name it better than it can.
fn reason(error: &webpki::Error) -> Unfit {
    match error {
        webpki::Error::RequiredEkuNotFoundContext(_) => Unfit::NotForClients,
        webpki::Error::UnknownIssuer => Unfit::Chain("unknown-issuer"),
        webpki::Error::CertExpired { .. } => Unfit::Chain("intermediate-expired"),
        webpki::Error::CertNotValidYet { .. } => Unfit::Chain("intermediate-not-yet-valid"),
        webpki::Error::CaUsedAsEndEntity => Unfit::Chain("ca-certificate"),
        webpki::Error::NameConstraintViolation => Unfit::Chain("name-constraint"),
        webpki::Error::PathLenConstraintViolated => Unfit::Chain("path-length"),
        _ => Unfit::Chain("invalid-chain"),
    }
}

/// Judges a certificate that is to be registered as it will be judged when it calls: `chain` holds it first, then what was given with it.
///
/// # Errors
/// The same problems that its calls would be refused with, `certificate-unknown` apart.
pub fn would_pass(
    leaf: &PeerCertificate,
    chain: &[CertificateDer<'_>],
    trust: &Trust,
    now: Timestamp,
) -> Result<(), Problem> {
    if now > leaf.not_after {
        return Err(problems::CertificateExpired {
            not_after: &leaf.not_after,
        }
        .into());
    }
    trust.verify(leaf, chain, now).map(drop).map_err(Unfit::problem)
}

/// What one connection presented. Made once when it is opened, asked on every request.
#[derive(Debug)]
pub struct ConnectionPeer {
    chain: Vec<CertificateDer<'static>>,
    leaf: Option<PeerCertificate>,
    verdict: ArcSwapOption<Verdict>,
}

/// The chain judged against one set of roots.
#[derive(Debug)]
struct Verdict {
    trust: Sha256,
    outcome: Result<Window, Unfit>,
}

impl ConnectionPeer {
    /// What the handshake showed: the caller's certificate first, then what it sent along. Empty when it showed none.
    pub fn new(chain: Vec<CertificateDer<'static>>) -> Self {
        let leaf = chain.first().and_then(|der| PeerCertificate::parse(der).ok());
        ConnectionPeer {
            chain,
            leaf,
            verdict: ArcSwapOption::empty(),
        }
    }

    /// The certificate, when one was shown and could be read.
    pub fn certificate(&self) -> Option<&PeerCertificate> {
        self.leaf.as_ref()
    }

    /// The signatures of a chain cost a tenth of a millisecond; they are checked once for each set of roots. A refusal is kept
    /// too, so that a stranger cannot make the hub compute on every request; he has to connect again.
    fn window(&self, leaf: &PeerCertificate, trust: &Trust, now: Timestamp) -> Result<Window, Unfit> {
        if let Some(verdict) = self.verdict.load().as_deref()
            && verdict.trust == trust.digest
        {
            return verdict.outcome;
        }
        let outcome = trust.verify(leaf, &self.chain, now);
        self.verdict.store(Some(Arc::new(Verdict {
            trust: trust.digest,
            outcome,
        })));
        outcome
    }
}

/// A caller whose certificate is in order, and the tenant it belongs to.
#[derive(Clone, Debug)]
pub struct Peer {
    tenant: Arc<Tenant>,
    thumbprint: Thumbprint,
}

impl Peer {
    /// Judges what a connection presented, as things stand at `now`.
    ///
    /// # Errors
    /// `certificate-missing`, `-untrusted`, `-not-yet-valid`, `-expired`, `-unknown`, `-revoked`; `tenant-suspended`, also when
    /// the enterprise of an agent is suspended.
    pub fn judge(
        connection: Option<&ConnectionPeer>,
        trust: &Trust,
        register: &Register,
        now: Timestamp,
    ) -> Result<Peer, Rejection> {
        let untrusted = |why: &'static str| Unfit::Chain(why).problem();
        let connection = connection
            .filter(|c| !c.chain.is_empty())
            .ok_or(problems::CertificateMissing)?;
        let leaf = connection.leaf.as_ref().ok_or_else(|| untrusted("malformed"))?;
        let window = connection.window(leaf, trust, now).map_err(Unfit::problem)?;
        if now < leaf.not_before {
            let problem = problems::CertificateNotYetValid {
                not_before: &leaf.not_before,
            };
            return Err(problem.into());
        }
        if now > leaf.not_after {
            return Err(problems::CertificateExpired {
                not_after: &leaf.not_after,
            }
            .into());
        }
        if now < window.from {
            return Err(untrusted("intermediate-not-yet-valid").into());
        }
        if now > window.to {
            return Err(untrusted("intermediate-expired").into());
        }
        let thumbprint = &leaf.thumbprint;
        let unknown = problems::CertificateUnknown { thumbprint };
        let registered = register.certificate(thumbprint).ok_or(unknown)?;
        if registered.revoked_at.is_some() {
            return Err(problems::CertificateRevoked.into());
        }
        let tenant = register.tenant(&registered.tenant).ok_or(unknown)?;
        let parent = tenant.parent.as_ref().map(|key| register.tenant(key));
        let parent_speaks = parent.is_none_or(|p| p.is_some_and(|p| p.standing == Standing::Active));
        if tenant.standing != Standing::Active || !parent_speaks {
            return Err(problems::TenantSuspended.into());
        }
        Ok(Peer {
            tenant: Arc::clone(tenant),
            thumbprint: leaf.thumbprint,
        })
    }

    /// The tenant the certificate is registered for.
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// The certificate's thumbprint.
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }
}
