//! What authentication yields: an [`Access`], and the [`Scope`] a permission of it opens.

use std::sync::Arc;

use crate::domain::codes::Key;
use crate::domain::rejection::{Rejection, problems};
use crate::domain::tenant::{
    Actor, Point, Staff, Standing, SuccessorPolicy, Tenant, TenantKey, TenantKind, Thumbprint,
};
use crate::domain::text::Text;

use super::permission::{Permission, Permissions};

/// An authenticated caller. Made only by [`super::authenticate()`], and by [`Access::system`] for the hub itself.
#[derive(Clone, Debug)]
pub struct Access {
    tenant: Arc<Tenant>,
    permissions: Permissions,
    thumbprint: Option<Thumbprint>,
    staff: Option<Staff>,
    point: Option<Point>,
}

impl Access {
    pub(super) fn new(
        tenant: Arc<Tenant>,
        permissions: Permissions,
        thumbprint: Thumbprint,
        staff: Option<Staff>,
        point: Option<Point>,
    ) -> Self {
        Access {
            tenant,
            permissions,
            thumbprint: Some(thumbprint),
            staff,
            point,
        }
    }

    /// The hub acting for itself: `operator.hub`, with [`Reach::Everything`] and every permission. For commands run by somebody
    /// who already holds the machine (the CLI, the sandbox) and for the hub's own errands; never for anything that came over
    /// the network. Every use is found by searching for this name.
    pub fn system() -> Self {
        let key: Key = "hub".parse().expect("a constant of the right form");
        Access {
            tenant: Arc::new(Tenant {
                key: TenantKey::new(TenantKind::Operator, &key),
                name: Text::parse("lienthong").expect("a constant of the right form"),
                parent: None,
                formats: Vec::new(),
                standing: Standing::Active,
                successor_policy: SuccessorPolicy::Ask,
                codes: Default::default(),
            }),
            permissions: Permission::ALL.iter().copied().collect(),
            thumbprint: None,
            staff: None,
            point: None,
        }
    }

    /// An agency whose message came out of the broker, which verified its user and its routing key. It may report statuses and
    /// nothing else.
    pub fn vouched_by_broker(tenant: Arc<Tenant>) -> Self {
        let permissions = [Permission::StatusReport].into_iter().collect();
        Access {
            tenant,
            permissions,
            thumbprint: None,
            staff: None,
            point: None,
        }
    }

    /// Checks one permission and opens the scope a query needs.
    ///
    /// # Errors
    /// `permission-missing` with the permission and the kind of tenant.
    pub fn permit(&self, permission: Permission) -> Result<Scope, Rejection> {
        if !self.permissions.holds(permission) {
            let problem = problems::PermissionMissing {
                permission: &permission,
                kind: &self.kind().word(),
            };
            return Err(problem.into());
        }
        let everything = self.kind() == TenantKind::Operator && self.permissions.holds(Permission::HubRead);
        Ok(Scope {
            tenant: Arc::clone(&self.tenant),
            everything,
        })
    }

    /// For verbs that write: an agent must have named the acting person. That is a rule of this hub, derived from staff acting
    /// under assignment and not disclosing data (Decree 118/2025 arts. 5.3 and 7.4): nobody can answer for an act that has no
    /// name.
    ///
    /// # Errors
    /// `staff-required` when an agent did not.
    pub fn require_staff(&self) -> Result<(), Rejection> {
        match self.kind() {
            TenantKind::Agent if self.staff.is_none() => Err(problems::StaffRequired.into()),
            _ => Ok(()),
        }
    }

    /// The tenant, as the register had it when the request came.
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// Its name.
    pub fn key(&self) -> &TenantKey {
        &self.tenant.key
    }

    /// Its kind.
    pub fn kind(&self) -> TenantKind {
        self.tenant.key.kind()
    }

    /// What it may do with this token.
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// The certificate it called with; `None` for the hub itself.
    pub fn thumbprint(&self) -> Option<&Thumbprint> {
        self.thumbprint.as_ref()
    }

    /// The person it named.
    pub fn staff(&self) -> Option<&Staff> {
        self.staff.as_ref()
    }

    /// The receiving point it named.
    pub fn point(&self) -> Option<&Point> {
        self.point.as_ref()
    }

    /// Who acts, as events and the audit keep it.
    pub fn actor(&self) -> Actor {
        Actor {
            tenant: self.tenant.key.clone(),
            staff: self.staff.as_ref().map(|s| s.id.clone()),
            point: self.point.as_ref().map(|p| p.key.clone()),
        }
    }
}

/// Proof that a permission was checked, and whose data it opens. Every read of the store takes one; there is no public way to
/// make one but [`Access::permit`].
#[derive(Clone, Debug)]
pub struct Scope {
    tenant: Arc<Tenant>,
    everything: bool,
}

/// Whose dossiers a scope reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Those this tenant itself filed (an agent, a branch), or none (an operator whose token lacks `hub:read`).
    Tenant(&'a TenantKey),
    /// Those this enterprise's agents filed, and its own.
    Enterprise(&'a TenantKey),
    /// Those this agency is, or was, responsible for.
    Agency(&'a TenantKey),
    /// All of them: an operator with `hub:read`, or the hub itself.
    Everything,
}

impl Scope {
    /// Whose dossiers it reaches.
    pub fn reach(&self) -> Reach<'_> {
        let key = &self.tenant.key;
        match key.kind() {
            _ if self.everything => Reach::Everything,
            TenantKind::Enterprise => Reach::Enterprise(key),
            TenantKind::Agency => Reach::Agency(key),
            TenantKind::Agent | TenantKind::Branch | TenantKind::Operator => Reach::Tenant(key),
        }
    }

    /// The tenant it was opened for.
    pub fn tenant(&self) -> &TenantKey {
        &self.tenant.key
    }
}
