//! The hub in numbers, for the operator.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::status::Status;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::view::{
    AgencyCount, DeliveryCount, OutOfAreaCount, OverviewView, StatusCount, SubmitterCount,
};
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::fault::internal;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::limits::Limits;
use crate::service::parts::Base;
use crate::service::vitals::Vitals;
use crate::store::conn::Conn;
use crate::store::{Store, read};

/// The numbers of the whole hub.
pub struct Overview {
    store: Arc<Store>,
    directory: Arc<DirectoryInUse>,
    credentials: Arc<Credentials>,
    limits: Arc<Limits>,
    vitals: Arc<Vitals>,
    formats: Arc<FormatsInUse>,
    clock: Clock,
}

impl Overview {
    pub(super) fn new(base: &Base, limits: &Arc<Limits>, vitals: &Arc<Vitals>) -> Self {
        Overview {
            store: Arc::clone(&base.store),
            directory: Arc::clone(&base.directory),
            credentials: Arc::clone(&base.credentials),
            limits: Arc::clone(limits),
            vitals: Arc::clone(vitals),
            formats: Arc::clone(&base.formats),
            clock: base.clock.clone(),
        }
    }

    /// The branches of the directory, as tenants.
    fn units(&self) -> Vec<TenantKey> {
        let directory = self.directory.load();
        let branches = directory.branches();
        branches
            .map(|branch| TenantKey::new(TenantKind::Branch, &branch.key))
            .collect()
    }

    /// The hub in numbers.
    ///
    /// # Errors
    /// `permission-missing`.
    pub async fn show(&self, access: &Access) -> Result<OverviewView, ServiceError> {
        let scope = access.permit(Permission::HubRead)?;
        let units = self.units();
        let read = move |conn: &mut Conn| {
            let (numbers, overdue) = (read::overview(conn, &scope)?, read::overdue(conn, &scope)?);
            Ok((numbers, overdue, read::supervised(conn, &scope, units)?))
        };
        let (numbers, overdue, supervised) = self.store.readers.run(read).await?;
        let overdue = BTreeMap::from_iter(overdue);
        let limits = self.limits.limits_told().await?;
        let backlog = self.vitals.backlog().await?;
        let register = self.credentials.register();
        let mut agencies: BTreeMap<Option<String>, AgencyCount> = BTreeMap::new();
        for (key, status, count) in numbers.by_agency {
            let parsed = key.as_deref().and_then(|k| k.parse().ok());
            let agency = parsed.map(|k| self.directory.agency_view(&k));
            let late = overdue.get(&key).copied().unwrap_or(0);
            let line = agencies.entry(key).or_insert(AgencyCount {
                agency,
                overdue: late,
                open: 0,
                finished: 0,
                total: 0,
            });
            if status.is_final() || status == Status::Finished {
                line.finished += count;
            } else {
                line.open += count;
            }
            line.total += count;
        }
        Ok(OverviewView {
            by_status: numbers
                .by_status
                .into_iter()
                .map(|(status, count)| StatusCount {
                    status: status.into(),
                    count,
                })
                .collect(),
            by_submitter: numbers
                .by_tenant
                .into_iter()
                .map(|(tenant, count)| {
                    let tenant = tenant.parse().map_err(internal)?;
                    let name = register
                        .tenant(&tenant)
                        .map_or_else(|| tenant.to_string(), |t| t.name.to_string());
                    Ok(SubmitterCount { tenant, name, count })
                })
                .collect::<Result<_, ServiceError>>()?,
            by_agency: agencies.into_values().collect(),
            deliveries: numbers
                .by_delivery
                .into_iter()
                .map(|(state, count)| DeliveryCount { state, count })
                .collect(),
            limits,
            out_of_area: supervised
                .into_iter()
                .map(|(unit, open)| OutOfAreaCount { unit, open })
                .collect(),
            backlog,
            format_drift: self.formats.drifts(&self.store, self.clock.now()).await?,
            outbox: numbers.outbox,
            events: numbers.seq,
            blocks: numbers.block,
        })
    }
}
