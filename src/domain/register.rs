//! Changes of the register, decided purely: what an operator may do to those who may speak, given what is known of whom the
//! change names. Start with [`decide`]; the ledger loads what is [`Known`], asks, and writes what comes of it.
//!
//! Every change may be repeated: what already is as asked changes nothing and is no error. Closing is for ever, a revoked
//! certificate never comes back, a number of staff stays its person's, a point its tenant's, and one operator always remains.

use std::collections::HashMap;

use super::audit::{Action, AuditAction};
use super::codes::Key;
use super::issuing::CodeGiver;
use super::rejection::{Problem, Rejection, problems};
use super::tenant::{
    Certificate, Point, Staff, Standing, SuccessorPolicy, Tenant, TenantKey, TenantKind, Thumbprint,
};
use super::text::Text;
use super::time::Timestamp;

/// Tenants registered in one call.
pub const TENANTS_AT_ONCE: usize = 10_000;

/// Certificates, people, or points registered with one tenant.
pub const PARTS_OF_A_TENANT: usize = 200;

/// Rows to add to the register, or to replace in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrolment {
    /// Tenants.
    pub tenants: Vec<Tenant>,
    /// Certificates; a revoked one stays, marked.
    pub certificates: Vec<Certificate>,
    /// Named persons.
    pub staff: Vec<Staff>,
    /// Receiving points.
    pub points: Vec<Point>,
}

/// A tenant with what it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The tenant.
    pub tenant: Tenant,
    /// Its certificates.
    pub certificates: Vec<Certificate>,
    /// Its people.
    pub staff: Vec<Staff>,
    /// Its receiving points.
    pub points: Vec<Point>,
}

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// New tenants, all or none.
    Register(Vec<Newcomer>),
    /// Other facts of a tenant; what is `None` stays.
    Alter {
        /// Which.
        tenant: TenantKey,
        /// Its name.
        name: Option<Text<200>>,
        /// Its formats.
        formats: Option<Vec<String>>,
        /// What becomes of divided communes.
        successor_policy: Option<SuccessorPolicy>,
        /// Who gives the official codes of its dossiers; agencies only.
        codes: Option<CodeGiver>,
    },
    /// It may not speak for now.
    Suspend(TenantKey),
    /// It may speak again.
    Resume(TenantKey),
    /// It never speaks again; an enterprise takes its agents with it.
    Close(TenantKey),
    /// One more certificate.
    AddCertificate(Certificate),
    /// A certificate that is accepted no more.
    RevokeCertificate {
        /// Whose.
        tenant: TenantKey,
        /// Which.
        thumbprint: Thumbprint,
    },
    /// One more person, or another name for one.
    AddStaff(Staff),
    /// A person who acts no more.
    RemoveStaff {
        /// Of whom.
        tenant: TenantKey,
        /// Which.
        id: Key,
    },
    /// One more receiving point, or another name for one; one that was ended begins again.
    AddPoint(Point),
    /// Nothing is received at a point any more. Its key stays its tenant's.
    EndPoint {
        /// Of whom.
        tenant: TenantKey,
        /// Which.
        key: Key,
    },
}

/// What is known of everybody and everything a change names.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The tenants it names, their parents, and the agents of an enterprise that is to be closed.
    pub tenants: HashMap<TenantKey, Tenant>,
    /// The certificates.
    pub certificates: HashMap<Thumbprint, Certificate>,
    /// The people.
    pub staff: HashMap<(TenantKey, Key), Staff>,
    /// The points.
    pub points: HashMap<Key, Point>,
    /// Certificates, still good, of operators who may speak.
    pub operators: Vec<(TenantKey, Thumbprint)>,
}

/// What comes of a change: what is written, and what the audit says. Both are empty when everything already is as asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What is written.
    pub enrolment: Enrolment,
    /// What the audit says.
    pub actions: Vec<AuditAction>,
}

/// Decides a change at `now`.
///
/// # Errors
/// Every problem of a registration at once; else the one that stands in the way: `not-found`, `tenant-exists`, `tenant-closed`,
/// `codes-not-an-agency`, `parent-unknown`, `certificate-unusable`, `certificate-taken`, `certificate-retired`, `point-taken`, `last-operator`.
pub fn decide(mut known: Known, change: &Change, now: Timestamp) -> Result<Decision, Rejection> {
    let mut decided = Decision::default();
    match change {
        Change::Register(newcomers) => decided.register_all(&mut known, newcomers, now)?,
        Change::Alter {
            tenant,
            name,
            formats,
            successor_policy,
            codes,
        } => {
            let before = open(&known, tenant)?;
            if codes.is_some() && tenant.kind() != TenantKind::Agency {
                return Err(problems::CodesNotAnAgency { tenant: &tenant }.at("/codes").into());
            }
            let after = Tenant {
                name: name.clone().unwrap_or_else(|| before.name.clone()),
                formats: formats.clone().unwrap_or_else(|| before.formats.clone()),
                successor_policy: successor_policy.unwrap_or(before.successor_policy),
                codes: codes.clone().unwrap_or_else(|| before.codes.clone()),
                ..before.clone()
            };
            decided.alter(before, after);
        }
        Change::Suspend(tenant) => {
            let before = open(&known, tenant)?;
            if before.standing == Standing::Active {
                another_operator(&known, |operator, _| operator != tenant, tenant)?;
                decided.stand(before, Standing::Suspended { since: now });
            }
        }
        Change::Resume(tenant) => {
            let before = open(&known, tenant)?;
            if before.standing != Standing::Active {
                decided.stand(before, Standing::Active);
            }
        }
        Change::Close(tenant) => decided.close(&known, tenant, now)?,
        Change::AddCertificate(certificate) => {
            open(&known, &certificate.tenant)?;
            decided.pin(&mut known, certificate, now)?;
        }
        Change::RevokeCertificate { tenant, thumbprint } => {
            decided.revoke(&known, tenant, thumbprint, now)?;
        }
        Change::AddStaff(person) => {
            open(&known, &person.tenant)?;
            decided.name(&mut known, person);
        }
        Change::RemoveStaff { tenant, id } => decided.remove(&known, tenant, id, now)?,
        Change::AddPoint(point) => {
            open(&known, &point.tenant)?;
            decided.place(&mut known, point)?;
        }
        Change::EndPoint { tenant, key } => decided.end_point(&known, tenant, key, now)?,
    }
    Ok(decided)
}

/// A tenant that is registered and not closed.
fn open<'a>(known: &'a Known, tenant: &TenantKey) -> Result<&'a Tenant, Problem> {
    let found = known.tenants.get(tenant).ok_or(problems::NotFound)?;
    match found.standing {
        Standing::Closed { .. } => Err(problems::TenantClosed { tenant: &tenant }.into()),
        Standing::Active | Standing::Suspended { .. } => Ok(found),
    }
}

/// Whoever takes an operator's voice away must leave another one that can give it back.
fn another_operator(
    known: &Known,
    remains: impl Fn(&TenantKey, &Thumbprint) -> bool,
    tenant: &TenantKey,
) -> Result<(), Problem> {
    let concerned =
        tenant.kind() == TenantKind::Operator && known.operators.iter().any(|(of, _)| of == tenant);
    if concerned
        && !known
            .operators
            .iter()
            .any(|(of, thumbprint)| remains(of, thumbprint))
    {
        return Err(problems::LastOperator.into());
    }
    Ok(())
}

/// An action on a tenant with the facts it leaves.
fn described(action: AuditAction, tenant: &Tenant) -> AuditAction {
    let action = action
        .with("name", &tenant.name)
        .with("formats", tenant.formats.join(" "))
        .with("successor_policy", tenant.successor_policy.word());
    match tenant.codes.numbering() {
        None => action,
        Some(numbering) => action
            .with("codes", tenant.codes.word())
            .with("unit", &numbering.unit)
            .with("digits", u8::from(numbering.digits))
            .with("series", numbering.series.word()),
    }
}

impl Decision {
    /// All newcomers or none.
    fn register_all(
        &mut self,
        known: &mut Known,
        newcomers: &[Newcomer],
        now: Timestamp,
    ) -> Result<(), Rejection> {
        let mut problems = Vec::new();
        for (i, newcomer) in newcomers.iter().enumerate() {
            for mut problem in self.register(known, newcomer, now) {
                let inside = problem.path.unwrap_or_default();
                problem.path = Some(format!("/tenants/{i}{inside}"));
                problems.push(problem);
            }
        }
        Rejection::of(problems).map_or(Ok(()), Err)
    }

    /// One newcomer; what is wrong with it.
    fn register(&mut self, known: &mut Known, newcomer: &Newcomer, now: Timestamp) -> Vec<Problem> {
        let tenant = &newcomer.tenant;
        let mut problems = Vec::new();
        let parent = tenant.parent.as_ref().map(|key| (key, known.tenants.get(key)));
        let belongs = match (tenant.key.kind(), parent) {
            (TenantKind::Agent, Some((key, Some(parent)))) => {
                key.kind() == TenantKind::Enterprise && !matches!(parent.standing, Standing::Closed { .. })
            }
            (TenantKind::Agent, _) => false,
            (_, parent) => parent.is_none(),
        };
        if !belongs {
            problems.push(problems::ParentUnknown { tenant: &tenant.key }.at("/parent"));
        }
        match known.tenants.get(&tenant.key) {
            Some(before) if matches!(before.standing, Standing::Closed { .. }) => {
                problems.push(problems::TenantClosed { tenant: &tenant.key }.at("/key"));
            }
            Some(before) => {
                let same = Tenant {
                    standing: tenant.standing.clone(),
                    ..before.clone()
                };
                if same != *tenant {
                    problems.push(problems::TenantExists { tenant: &tenant.key }.at("/key"));
                }
            }
            None => {
                let mut action = AuditAction::on(Action::TenantRegistered, &tenant.key);
                if let Some(parent) = &tenant.parent {
                    action = action.with("parent", parent);
                }
                self.actions.push(described(action, tenant));
                self.enrolment.tenants.push(tenant.clone());
                known.tenants.insert(tenant.key.clone(), tenant.clone());
            }
        }
        for (i, certificate) in newcomer.certificates.iter().enumerate() {
            let pinned = self.pin(known, certificate, now);
            problems.extend(pinned.err().map(|p| p.at(format!("/certificates/{i}"))));
        }
        for person in &newcomer.staff {
            self.name(known, person);
        }
        for (i, point) in newcomer.points.iter().enumerate() {
            let placed = self.place(known, point);
            problems.extend(placed.err().map(|p| p.at(format!("/points/{i}/key"))));
        }
        problems
    }

    fn alter(&mut self, before: &Tenant, after: Tenant) {
        if after != *before {
            let mut action = AuditAction::on(Action::TenantChanged, &before.key);
            if after.codes != before.codes {
                action = action.with("codes", after.codes.word());
            }
            self.actions.push(described(action, &after));
            self.enrolment.tenants.push(after);
        }
    }

    fn stand(&mut self, before: &Tenant, standing: Standing) {
        let action = match standing {
            Standing::Active => Action::TenantResumed,
            Standing::Suspended { .. } => Action::TenantSuspended,
            Standing::Closed { .. } => Action::TenantClosed,
        };
        self.actions.push(AuditAction::on(action, &before.key));
        self.enrolment.tenants.push(Tenant {
            standing,
            ..before.clone()
        });
    }

    fn close(&mut self, known: &Known, tenant: &TenantKey, now: Timestamp) -> Result<(), Problem> {
        let found = known.tenants.get(tenant);
        let before = found.ok_or(problems::NotFound)?;
        another_operator(known, |operator, _| operator != tenant, tenant)?;
        let mut agents: Vec<&Tenant> = known
            .tenants
            .values()
            .filter(|t| t.parent.as_ref() == Some(tenant))
            .collect();
        agents.sort_by(|a, b| a.key.cmp(&b.key));
        for one in std::iter::once(before).chain(agents) {
            if !matches!(one.standing, Standing::Closed { .. }) {
                self.stand(one, Standing::Closed { since: now });
            }
        }
        Ok(())
    }

    fn pin(&mut self, known: &mut Known, certificate: &Certificate, now: Timestamp) -> Result<(), Problem> {
        let print = certificate.thumbprint;
        if let Some(before) = known.certificates.get(&certificate.thumbprint) {
            let thumbprint = &print;
            return match before {
                other if other.tenant != certificate.tenant => {
                    Err(problems::CertificateTaken { thumbprint }.at("/add"))
                }
                revoked if revoked.revoked_at.is_some() => {
                    Err(problems::CertificateRetired { thumbprint }.at("/add"))
                }
                _ => Ok(()),
            };
        }
        if certificate.not_after < now {
            let reason = &certificate.not_after;
            return Err(problems::CertificateUnusable { reason }.at("/add"));
        }
        let action = AuditAction::on(Action::CertificateAdded, &certificate.tenant);
        self.actions.push(
            action
                .with("thumbprint", print)
                .with("not_after", certificate.not_after),
        );
        self.enrolment.certificates.push(certificate.clone());
        known
            .certificates
            .insert(certificate.thumbprint, certificate.clone());
        Ok(())
    }

    fn revoke(
        &mut self,
        known: &Known,
        tenant: &TenantKey,
        thumbprint: &Thumbprint,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let found = known.certificates.get(thumbprint).filter(|c| c.tenant == *tenant);
        let before = found.ok_or(problems::NotFound)?;
        if before.revoked_at.is_none() {
            another_operator(known, |_, of| of != thumbprint, tenant)?;
            let action = AuditAction::on(Action::CertificateRevoked, tenant);
            self.actions.push(action.with("thumbprint", thumbprint));
            self.enrolment.certificates.push(Certificate {
                revoked_at: Some(now),
                ..before.clone()
            });
        }
        Ok(())
    }

    fn name(&mut self, known: &mut Known, person: &Staff) {
        let key = (person.tenant.clone(), person.id.clone());
        let action = match known.staff.get(&key) {
            Some(before) if before == person => return,
            Some(before) if before.until.is_none() => Action::StaffRenamed,
            Some(_) | None => Action::StaffAdded,
        };
        let action = AuditAction::on(action, &person.tenant);
        self.actions
            .push(action.with("id", &person.id).with("name", &person.name));
        self.enrolment.staff.push(person.clone());
        known.staff.insert(key, person.clone());
    }

    fn remove(&mut self, known: &Known, tenant: &TenantKey, id: &Key, now: Timestamp) -> Result<(), Problem> {
        let found = known.staff.get(&(tenant.clone(), id.clone()));
        let before = found.ok_or(problems::NotFound)?;
        if before.until.is_none() {
            let action = AuditAction::on(Action::StaffRemoved, tenant);
            self.actions
                .push(action.with("id", id).with("name", &before.name));
            self.enrolment.staff.push(Staff {
                until: Some(now),
                ..before.clone()
            });
        }
        Ok(())
    }

    fn place(&mut self, known: &mut Known, point: &Point) -> Result<(), Problem> {
        match known.points.get(&point.key) {
            Some(before) if before.tenant != point.tenant => {
                return Err(problems::PointTaken { point: &point.key }.at("/key"));
            }
            Some(before) if before == point => return Ok(()),
            Some(_) | None => {}
        }
        let action = AuditAction::on(Action::PointAdded, &point.tenant);
        self.actions
            .push(action.with("point", &point.key).with("name", &point.name));
        self.enrolment.points.push(point.clone());
        known.points.insert(point.key.clone(), point.clone());
        Ok(())
    }

    fn end_point(
        &mut self,
        known: &Known,
        tenant: &TenantKey,
        key: &Key,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let found = known.points.get(key).filter(|point| point.tenant == *tenant);
        let before = found.ok_or(problems::NotFound)?;
        if before.until.is_none() {
            let action = AuditAction::on(Action::PointEnded, tenant);
            self.actions
                .push(action.with("point", key).with("name", &before.name));
            self.enrolment.points.push(Point {
                until: Some(now),
                ..before.clone()
            });
        }
        Ok(())
    }
}

/// Days before a certificate's end at which it is warned of, each once.
pub const WARN_DAYS: [i16; 5] = [60, 30, 14, 7, 1];

/// The warning that is due for a certificate: the smallest number of days of [`WARN_DAYS`] that its end is nearer than; `None`
/// when it is far, or over.
pub fn warning_due(not_after: Timestamp, now: Timestamp) -> Option<i16> {
    if not_after < now {
        return None;
    }
    let left = not_after.since(now);
    let days = |n: i16| std::time::Duration::from_secs(u64::from(n.unsigned_abs()) * 86_400);
    WARN_DAYS.into_iter().rev().find(|n| left <= days(*n))
}

#[cfg(test)]
mod tests;
