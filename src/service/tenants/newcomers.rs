//! Tenants to register, read at the door: what the request says, and what the directory adds.

use super::too_many;
use crate::domain::issuing::CodeGiver;
use crate::domain::register::{Newcomer, PARTS_OF_A_TENANT};
use crate::domain::rejection::{Label, Problem, problems};
use crate::domain::routing::Agency;
use crate::domain::tenant::{Certificate, Point, Staff, Standing, Tenant, TenantKey, TenantKind};
use crate::domain::text::Text;
use crate::domain::view::NewTenant;
use crate::identity::peer::PeerCertificate;
use crate::service::tenants::Tenants;

/// A problem for each kind of part of which one request holds too many.
fn too_many_parts(wanted: &NewTenant) -> Vec<Problem> {
    let parts = [
        ("/certificates", wanted.certificates.len()),
        ("/staff", wanted.staff.len()),
        ("/points", wanted.points.len()),
    ];
    let over = parts.into_iter().filter(|(_, n)| *n > PARTS_OF_A_TENANT);
    over.map(|(path, _)| too_many(path, PARTS_OF_A_TENANT)).collect()
}

impl Tenants {
    /// A tenant to register, with what the directory adds.
    pub(super) fn newcomer(&self, wanted: NewTenant) -> Result<(Newcomer, Vec<Problem>), Vec<Problem>> {
        let (mut problems, mut warnings) = (too_many_parts(&wanted), Vec::new());
        let key = wanted.key;
        let agency = (key.kind() == TenantKind::Agency).then(|| self.directory.agency_in_force(key.key()));
        let agency = agency
            .transpose()
            .map_err(|p| problems.push(p.at("/key")))
            .ok()
            .flatten();
        let name = wanted
            .name
            .or_else(|| agency.as_ref().and_then(|a| Text::parse(&a.name).ok()));
        if name.is_none() {
            problems.push(problems::FieldMissing { field: &"name" }.at("/name"));
        }
        if key == crate::domain::tenant::Actor::hub().tenant {
            // Its name in the audit is the hub's own.
            problems.push(problems::TenantExists { tenant: &key }.at("/key"));
        }
        let formats = wanted
            .formats
            .unwrap_or_else(|| default_formats(key.kind(), agency.as_ref()));
        problems.extend(self.known_formats(&formats).err());
        let mut certificates = Vec::with_capacity(wanted.certificates.len());
        for (i, pem) in wanted.certificates.iter().enumerate() {
            match self.certificate(&key, pem, &format!("/certificates/{i}")) {
                Ok((certificate, warning)) => {
                    certificates.push(certificate);
                    warnings.extend(warning);
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        let (Some(name), true) = (name, problems.is_empty()) else {
            return Err(problems);
        };
        let staff = wanted.staff.into_iter().map(|person| Staff {
            id: person.id,
            tenant: key.clone(),
            name: person.name,
            until: None,
        });
        let points = wanted.points.into_iter().map(|point| Point {
            key: point.key,
            tenant: key.clone(),
            name: point.name,
            until: None,
        });
        let (staff, points) = (staff.collect(), points.collect());
        let newcomer = Newcomer {
            tenant: Tenant {
                key,
                name,
                parent: wanted.parent,
                formats,
                standing: Standing::Active,
                successor_policy: wanted.successor_policy,
                codes: CodeGiver::default(),
            },
            certificates,
            staff,
            points,
        };
        Ok((newcomer, warnings))
    }

    /// A certificate to register, tried as it will be judged when it calls. What could never pass is refused; a chain that does not lead
    /// to a root trusted today is a warning, since its issuers may come with the calls, and its root by then.
    pub(super) fn certificate(
        &self,
        tenant: &TenantKey,
        pem: &str,
        path: &str,
    ) -> Result<(Certificate, Option<Problem>), Vec<Problem>> {
        let unusable = |why: &dyn std::fmt::Display| problems::CertificateUnusable { reason: &why }.at(path);
        let (read, chain) = PeerCertificate::from_pem(pem).map_err(|why| vec![unusable(&why)])?;
        let warning = match self.credentials.would_pass(&read, &chain, self.clock.now()) {
            Ok(()) => None,
            Err(problem) if problem.label == Label::CertificateUntrusted => Some(problem.at(path)),
            Err(problem) => return Err(vec![unusable(&problem.label), problem.at(path)]),
        };
        let certificate = Certificate {
            thumbprint: *read.thumbprint(),
            tenant: tenant.clone(),
            not_after: read.not_after(),
            revoked_at: None,
        };
        Ok((certificate, warning))
    }

    pub(super) fn known_formats(&self, formats: &[String]) -> Result<(), Problem> {
        let in_use = self.formats.load();
        if formats.iter().all(|f| in_use.registry().get(f).is_some()) {
            return Ok(());
        }
        let names: Vec<&str> = in_use.registry().names().collect();
        let problem = problems::ValueUnknown {
            field: &"formats",
            expected: &names.join(", "),
        };
        Err(problem.at("/formats"))
    }
}

fn default_formats(kind: TenantKind, agency: Option<&Agency>) -> Vec<String> {
    const CANONICAL: &str = "canonical/v1";
    match (kind, agency) {
        (TenantKind::Enterprise | TenantKind::Operator, _) => Vec::new(),
        (_, Some(agency)) if agency.format != CANONICAL => vec![CANONICAL.to_owned(), agency.format.clone()],
        _ => vec![CANONICAL.to_owned()],
    }
}
