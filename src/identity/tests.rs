//! A small city of callers, and what the door says to each.

mod authenticate;
mod peer;
mod receipt;
mod token;
mod token_request;

use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer as CaIssuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;

use crate::domain::codes::Key;
use crate::domain::rejection::{Label, Rejection};
use crate::domain::sha256::Sha256;
use crate::domain::tenant::{
    Certificate, Point, Register, Staff, Standing, SuccessorPolicy, Tenant, TenantKey, TenantKind, Thumbprint,
};
use crate::domain::text::Text;
use crate::domain::time::Timestamp;

use super::keys::SigningKey;
use super::peer::{ConnectionPeer, Trust, thumbprint};
use super::token::{Issuer, TokenRules};

fn now() -> Timestamp {
    "2026-11-23T01:30:00.25Z".parse().unwrap()
}

fn seconds(n: i64) -> Timestamp {
    Timestamp::from_micros(now().as_micros() + n * 1_000_000)
}

fn key(word: &str) -> Key {
    word.parse().unwrap()
}

fn tenant_key(word: &str) -> TenantKey {
    word.parse().unwrap()
}

fn label<T: std::fmt::Debug>(outcome: Result<T, Rejection>) -> Label {
    outcome.unwrap_err().label()
}

/// An authority under a root of its own.
struct Ca {
    issuer: CaIssuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

fn params(name: &str, from: Timestamp, to: Timestamp) -> CertificateParams {
    let at = |moment: Timestamp| {
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(moment.as_seconds() as u64)
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (at(from), at(to));
    params
}

fn ca_params(name: &str, from: Timestamp, to: Timestamp) -> CertificateParams {
    let mut params = params(name, from, to);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

impl Ca {
    fn root(name: &str) -> Ca {
        let key = KeyPair::generate().unwrap();
        let params = ca_params(name, seconds(-1_000_000), seconds(1_000_000));
        let der = params.self_signed(&key).unwrap().der().clone();
        Ca {
            issuer: CaIssuer::new(params, key),
            der,
        }
    }

    fn intermediate(&self, from: Timestamp, to: Timestamp) -> Ca {
        let key = KeyPair::generate().unwrap();
        let params = ca_params("between", from, to);
        let der = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Ca {
            issuer: CaIssuer::new(params, key),
            der,
        }
    }

    fn issue_for(
        &self,
        purpose: ExtendedKeyUsagePurpose,
        from: Timestamp,
        to: Timestamp,
    ) -> CertificateDer<'static> {
        let mut params = params("a partner", from, to);
        params.extended_key_usages = vec![purpose];
        params
            .signed_by(&KeyPair::generate().unwrap(), &self.issuer)
            .unwrap()
            .der()
            .clone()
    }

    fn issue(&self, from: Timestamp, to: Timestamp) -> CertificateDer<'static> {
        self.issue_for(ExtendedKeyUsagePurpose::ClientAuth, from, to)
    }

    /// Valid for a day before and after the present.
    fn issue_now(&self) -> CertificateDer<'static> {
        self.issue(seconds(-86_400), seconds(86_400))
    }

    fn trust(&self) -> Trust {
        Trust::new(std::slice::from_ref(&self.der)).unwrap()
    }
}

fn connection(chain: &[&CertificateDer<'static>]) -> ConnectionPeer {
    ConnectionPeer::new(chain.iter().map(|c| (*c).clone()).collect())
}

fn tenant(word: &str) -> Tenant {
    let own = tenant_key(word);
    let parent = (own.kind() == TenantKind::Agent).then(|| tenant_key("enterprise.mau-a"));
    Tenant {
        name: Text::parse(word).unwrap(),
        key: own,
        parent,
        formats: vec!["canonical/1".to_owned()],
        standing: Standing::Active,
        successor_policy: SuccessorPolicy::Ask,
        codes: Default::default(),
    }
}

fn registered(der: &CertificateDer<'_>, of: &str) -> Certificate {
    Certificate {
        thumbprint: thumbprint(der),
        tenant: tenant_key(of),
        not_after: seconds(86_400),
        revoked_at: None,
    }
}

/// The tenants of these tests, with these certificates.
fn register(version: i64, certificates: Vec<Certificate>) -> Register {
    register_of(version, everybody(), certificates)
}

fn everybody() -> Vec<Tenant> {
    [
        "enterprise.mau-a",
        "agent.mau-a-001",
        "agent.mau-a-002",
        "branch.tay-ho",
        "agency.ubnd-00004",
        "operator.truc-ban",
    ]
    .map(tenant)
    .to_vec()
}

fn register_of(version: i64, tenants: Vec<Tenant>, certificates: Vec<Certificate>) -> Register {
    let person = |of: &str, id: &str| Staff {
        id: key(id),
        tenant: tenant_key(of),
        name: Text::parse("Nguyễn Văn Mẫu").unwrap(),
        until: None,
    };
    let point = Point {
        key: key("diem-01"),
        tenant: tenant_key("branch.tay-ho"),
        name: Text::parse("Điểm số 1").unwrap(),
        until: None,
    };
    let staff = vec![person("agent.mau-a-001", "nv-1"), person("branch.tay-ho", "nv-9")];
    Register::new(version, tenants, certificates, staff, vec![point])
}

fn signing_key() -> Arc<SigningKey> {
    Arc::new(SigningKey::from_pkcs8_der(SigningKey::generate_pkcs8().unwrap().expose()).unwrap())
}

fn rules() -> TokenRules {
    TokenRules {
        issuer: "https://hub.example".to_owned(),
        audience: "https://partner.hub.example".to_owned(),
        token_endpoint: "https://partner.hub.example/oauth2/token".to_owned(),
        life: Duration::from_secs(600),
    }
}

fn issuer() -> Issuer {
    Issuer::new(rules(), signing_key(), Vec::new())
}

const PRINT: Thumbprint = Thumbprint::new(Sha256::new([7; 32]));
const OTHER_PRINT: Thumbprint = Thumbprint::new(Sha256::new([8; 32]));
