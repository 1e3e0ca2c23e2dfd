//! Whose dossiers a scope reaches.

use diesel::prelude::*;

use crate::domain::tenant::TenantKind;
use crate::identity::{Reach, Scope};
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::state::tasks_of;
use crate::store::tables::{dossiers, tenants};

/// Whose part in a dossier a scope may use.
pub(super) struct Seen {
    /// The tenants.
    pub tenants: Vec<String>,
    /// Those of them that are agencies, as a dossier names its agency.
    pub agencies: Vec<String>,
}

impl Seen {
    fn of(tenants: Vec<String>) -> Self {
        let agencies = tenants
            .iter()
            .filter_map(|key| agency_of(key))
            .map(str::to_owned)
            .collect();
        Seen { tenants, agencies }
    }

    /// Whether one of them has a part in a dossier of these parties.
    pub fn reaches(&self, parties: &Parties) -> bool {
        let has_task = |agency: &String| {
            let tasks = tasks_of(parties.tasks.as_deref());
            tasks.is_ok_and(|tasks| tasks.shared_with(agency))
        };
        let is_one = |tenant: &String| self.tenants.contains(tenant);
        is_one(&parties.tenant)
            || parties.receiving_unit.as_ref().is_some_and(is_one)
            || parties.supervisor.as_ref().is_some_and(is_one)
            || parties
                .agency
                .as_ref()
                .is_some_and(|agency| self.agencies.contains(agency))
            || parties.tasks.is_some() && self.agencies.iter().any(has_task)
    }
}

/// Who has a part in a dossier now, as its own row has it. `dossier_parties` has since when, and whose part has ended.
#[derive(Queryable, Selectable)]
#[diesel(table_name = dossiers)]
pub(super) struct Parties {
    pub tenant: String,
    pub receiving_unit: Option<String>,
    pub supervisor: Option<String>,
    pub agency: Option<String>,
    pub tasks: Option<String>,
}

/// The agency a tenant is, by its own key.
pub(super) fn agency_of(tenant: &str) -> Option<&str> {
    let (kind, key) = tenant.split_once('.')?;
    (kind == TenantKind::Agency.word()).then_some(key)
}

/// Whose part in a dossier a scope may use; `None` for everything.
pub(super) fn seen(conn: &mut Conn, scope: &Scope) -> Result<Option<Seen>, StoreError> {
    Ok(match scope.reach() {
        Reach::Everything => None,
        Reach::Tenant(tenant) | Reach::Agency(tenant) => Some(Seen::of(vec![tenant.to_string()])),
        Reach::Enterprise(enterprise) => {
            let key = enterprise.as_str();
            let mut keys: Vec<String> = on_backend!(conn, c => tenants::table
                .filter(tenants::parent.eq(key)).select(tenants::key).load(c))?;
            keys.push(key.to_owned());
            Some(Seen::of(keys))
        }
    })
}

/// Adds the condition that one of `seen` has a part in the dossier now. A row names all of them but the agencies beside the competent
/// one, whose part is in `dossier_parties`; that has since when, too, and whose part has ended.
macro_rules! reached {
    ($query:expr, $seen:expr) => {
        match $seen {
            None => $query,
            Some(seen) => $query.filter(
                dossiers::tenant
                    .eq_any(&seen.tenants)
                    .nullable()
                    .or(dossiers::receiving_unit.eq_any(&seen.tenants))
                    .or(dossiers::supervisor.eq_any(&seen.tenants))
                    .or(dossiers::agency.eq_any(&seen.agencies))
                    .or(diesel::dsl::exists(
                        dossier_parties::table
                            .filter(dossier_parties::dossier.eq(dossiers::id))
                            .filter(dossier_parties::role.eq($crate::store::word::Word(
                                $crate::store::word::PartyRole::CoAgency,
                            )))
                            .filter(dossier_parties::tenant.eq_any(&seen.tenants))
                            .filter(dossier_parties::until.is_null()),
                    )
                    .nullable()),
            ),
        }
    };
}
pub(super) use reached;
