//! A certification authority for development and the sandbox. It has no revocation, no intermediate and no audit: never for
//! production, where partners bring certificates of the issuers the operator trusts.
//!
//! Keys and serial numbers are drawn by aws-lc's own randomness.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;

use super::{NetError, pem};

/// Its name, which is also how a partner sees that it is not a real one.
const CA_NAME: &str = "lienthong development CA";

/// How long the authority itself lives: ten years.
const CA_LIFE: Duration = Duration::from_secs(3_653 * 24 * 3600);

/// Certificates begin this much before the moment they are made, for clocks that run behind.
const BACKDATE: Duration = Duration::from_secs(300);

/// From when to when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment; cut to whole seconds.
    pub from: Timestamp,
    /// The last moment; cut to whole seconds.
    pub to: Timestamp,
}

impl Validity {
    /// From a few minutes before `now`, for `life`.
    pub fn starting(now: Timestamp, life: Duration) -> Self {
        let backdate = i64::try_from(BACKDATE.as_micros()).unwrap_or(0);
        Validity { from: Timestamp::from_micros(now.as_micros() - backdate), to: now.plus(life) }
    }
}

/// A certificate with its issuer's chain and its key, for writing to files or for use in place.
pub struct Issued {
    /// The certificate, then nothing: the root is handed over apart.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
    /// The certificate as PEM.
    pub certificate_pem: String,
    /// The private key as PEM (PKCS#8).
    pub key_pem: String,
}

/// The authority.
pub struct DevCa {
    issuer: Issuer<'static, KeyPair>,
    key_pem: String,
    root: CertificateDer<'static>,
    root_pem: String,
}

impl DevCa {
    /// A new authority, valid for ten years.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn create(now: Timestamp) -> Result<Self, NetError> {
        let key = KeyPair::generate()?;
        let mut params = ca_params();
        let validity = Validity::starting(now, CA_LIFE);
        set_validity(&mut params, validity);
        let root = params.self_signed(&key)?;
        Ok(DevCa {
            key_pem: key.serialize_pem(),
            root_pem: root.pem(),
            root: root.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority that [`DevCa::root_pem`] and [`DevCa::key_pem`] were written from.
    ///
    /// # Errors
    /// When either cannot be read, or they do not belong together.
    pub fn load(root_pem: &str, key_pem: &str) -> Result<Self, NetError> {
        let root = pem::certificates(root_pem.as_bytes())?.swap_remove(0);
        pem::private_key(key_pem.as_bytes())?;
        let key = KeyPair::from_pem(key_pem)?;
        let (_, parsed) =
            x509_parser::parse_x509_certificate(&root).map_err(|_| pem::PemError::NotACertificate(1))?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
            return Err(NetError::KeyMismatch);
        }
        Ok(DevCa {
            issuer: Issuer::new(ca_params(), key),
            key_pem: key_pem.to_owned(),
            root,
            root_pem: root_pem.to_owned(),
        })
    }

    /// The root certificate, which partners and servers trust.
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The root certificate as PEM.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// The private key as PEM, to be kept where only the hub reads it.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// A server certificate for `localhost`, `127.0.0.1`, `::1` and these further names or addresses.
    ///
    /// # Errors
    /// When a name is not a host name.
    pub fn server(&self, extra: &[String], validity: Validity) -> Result<Issued, NetError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("lienthong");
        let names = ["localhost", "127.0.0.1", "::1"].into_iter().chain(extra.iter().map(String::as_str));
        for name in names {
            let san = match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.try_into()?),
            };
            if !params.subject_alt_names.contains(&san) {
                params.subject_alt_names.push(san);
            }
        }
        self.issue(params, ExtendedKeyUsagePurpose::ServerAuth, validity)
    }

    /// A client certificate for a tenant: its key as common name, and as `urn:lienthong:tenant:<key>`.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn client(&self, tenant: &TenantKey, validity: Validity) -> Result<Issued, NetError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(tenant.as_str());
        let urn = format!("urn:lienthong:tenant:{tenant}");
        params.subject_alt_names.push(SanType::URI(urn.as_str().try_into()?));
        self.issue(params, ExtendedKeyUsagePurpose::ClientAuth, validity)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        purpose: ExtendedKeyUsagePurpose,
        validity: Validity,
    ) -> Result<Issued, NetError> {
        set_validity(&mut params, validity);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            chain: vec![certificate.der().clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

/// The same each time, so that a loaded authority signs as the created one did.
fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(CA_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn set_validity(params: &mut CertificateParams, validity: Validity) {
    let at = |moment: Timestamp| {
        let seconds = u64::try_from(moment.as_seconds()).unwrap_or(0);
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.not_before = at(validity.from);
    params.not_after = at(validity.to);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T01:30:00.5Z".parse().unwrap()
    }

    #[test]
    fn a_loaded_authority_is_the_same_authority() {
        let made = DevCa::create(now()).unwrap();
        let loaded = DevCa::load(made.root_pem(), made.key_pem()).unwrap();
        assert_eq!(loaded.root(), made.root());
        let validity = Validity::starting(now(), Duration::from_secs(3600));
        let issued = loaded.server(&["hub.example".to_owned(), "localhost".to_owned()], validity).unwrap();
        let (_, root) = x509_parser::parse_x509_certificate(made.root()).unwrap();
        let (_, leaf) = x509_parser::parse_x509_certificate(&issued.chain[0]).unwrap();
        assert_eq!(leaf.issuer(), root.subject());
        let path = webpki::EndEntityCert::try_from(&issued.chain[0]).unwrap();
        let anchor = webpki::anchor_from_trusted_cert(made.root()).unwrap();
        let at = rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_secs(now().as_seconds() as u64));
        path.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &[anchor],
            &[],
            at,
            webpki::KeyUsage::server_auth(),
            None,
            None,
        )
        .unwrap();
        let names: Vec<&str> = path.valid_dns_names().collect();
        assert_eq!(names, ["localhost", "hub.example"]);
    }

    #[test]
    fn a_key_of_another_authority_is_refused() {
        let (a, b) = (DevCa::create(now()).unwrap(), DevCa::create(now()).unwrap());
        assert!(matches!(DevCa::load(a.root_pem(), b.key_pem()), Err(NetError::KeyMismatch)));
        assert!(matches!(DevCa::load(a.key_pem(), a.key_pem()), Err(NetError::Pem(_))));
    }

    #[test]
    fn a_client_certificate_names_its_tenant() {
        let ca = DevCa::create(now()).unwrap();
        let tenant: TenantKey = "agent.mau-a-001".parse().unwrap();
        let validity = Validity { from: now(), to: now().plus(Duration::from_secs(60)) };
        let issued = ca.client(&tenant, validity).unwrap();
        let (_, leaf) = x509_parser::parse_x509_certificate(&issued.chain[0]).unwrap();
        assert_eq!(leaf.subject().to_string(), "CN=agent.mau-a-001");
        assert_eq!(leaf.validity().not_before.timestamp(), now().as_seconds());
        assert_eq!(leaf.validity().not_after.timestamp(), now().as_seconds() + 60);
        let path = webpki::EndEntityCert::try_from(&issued.chain[0]).unwrap();
        assert_eq!(path.valid_uri_names().collect::<Vec<_>>(), ["urn:lienthong:tenant:agent.mau-a-001"]);
        assert_eq!(pem::certificates(issued.certificate_pem.as_bytes()).unwrap(), issued.chain);
        assert_eq!(pem::private_key(issued.key_pem.as_bytes()).unwrap(), issued.key);
    }
}
