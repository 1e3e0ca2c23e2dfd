//! What makes a certificate unfit to call with, whoever issued it: told by its own label, at registration and at every call.

use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_MD5WITHRSAENC,
    OID_PKCS1_RSAENCRYPTION, OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA, OID_SIG_ED25519,
};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Version;

use crate::domain::rejection::{Problem, problems};

/// ecdsa-with-SHA1 (RFC 3279, 2.2.3).
const ECDSA_WITH_SHA1: Oid<'static> = oid!(1.2.840.10045.4.1);

/// The shortest RSA key the TLS library verifies, in bits.
const RSA_BITS: usize = 2048;

/// Why a certificate is not taken from a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// X.509 of version 1 or 2, which cannot say what it is for.
    OldVersion,
    /// An RSA key of so many bits.
    WeakKey(usize),
    /// A kind of key, or a curve, that is not supported.
    UnknownKey,
    /// Signed with SHA-1 or MD5.
    WeakSignature,
    /// It says what it is for, and client authentication is not among it (RFC 5280, 4.2.1.12).
    NotForClients,
    /// Its chain does not lead to a root that is trusted; the word is for support.
    Chain(&'static str),
}

impl Unfit {
    /// What is wrong with the certificate itself.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Option<Unfit> {
        if certificate.version() != X509Version::V3 {
            return Some(Unfit::OldVersion);
        }
        let signed = &certificate.signature_algorithm.algorithm;
        let weak = [
            OID_PKCS1_SHA1WITHRSA,
            OID_SHA1_WITH_RSA,
            OID_PKCS1_MD5WITHRSAENC,
            ECDSA_WITH_SHA1,
        ];
        if weak.contains(signed) {
            return Some(Unfit::WeakSignature);
        }
        let key = certificate.public_key();
        let kind = &key.algorithm.algorithm;
        if *kind == OID_PKCS1_RSAENCRYPTION {
            let bits = match key.parsed() {
                Ok(PublicKey::RSA(rsa)) => rsa.key_size(),
                _ => 0,
            };
            if bits < RSA_BITS {
                return Some(Unfit::WeakKey(bits));
            }
        } else if *kind == OID_KEY_TYPE_EC_PUBLIC_KEY {
            let curve = key.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok());
            let curves = [OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521];
            if !curve.is_some_and(|curve| curves.contains(&curve)) {
                return Some(Unfit::UnknownKey);
            }
        } else if *kind != OID_SIG_ED25519 {
            return Some(Unfit::UnknownKey);
        }
        match certificate.extended_key_usage() {
            Ok(Some(purposes)) if !purposes.value.client_auth => Some(Unfit::NotForClients),
            _ => None,
        }
    }

    /// What the caller, or whoever registers the certificate, is told.
    pub(super) fn problem(self) -> Problem {
        match self {
            Unfit::OldVersion => problems::CertificateVersionOld.into(),
            Unfit::WeakKey(bits) => problems::CertificateKeyWeak {
                bits: &bits,
                least: &RSA_BITS,
            }
            .into(),
            Unfit::UnknownKey => problems::CertificateKeyUnsupported.into(),
            Unfit::WeakSignature => problems::CertificateSignatureWeak.into(),
            Unfit::NotForClients => problems::CertificateNotForClients.into(),
            Unfit::Chain(why) => problems::CertificateUntrusted { reason: Some(&why) }.into(),
        }
    }
}
