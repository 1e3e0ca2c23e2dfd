//! Who receives a dossier, and whether that is in the area of the agency that decides it (Decree 118/2025 art. 20.1a). The place
//! that receives never decides who is responsible.

use super::directory::Directory;
use super::reason::ReceptionReason;
use super::rows::AgencyKind;
use crate::domain::codes::{CommuneCode, Key};
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::time::Date;

/// Where a dossier is received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reception {
    /// The branch whose one-stop unit receives it; none where the directory does not say to which branch an agent belongs.
    pub unit: Option<TenantKey>,
    /// It is known to be received in another area than the agency's.
    pub out_of_area: bool,
    /// Received out of area: the branch whose one-stop unit is the agency's own, and supervises.
    pub supervisor: Option<TenantKey>,
    /// Received out of area, and by another unit than the agency's own, as far as is known: the agency's own is to be notified.
    pub notice: bool,
}

impl Reception {
    /// As it is kept with the dossier.
    pub fn reason(&self) -> ReceptionReason {
        ReceptionReason {
            unit: self.unit.clone(),
            out_of_area: self.out_of_area,
        }
    }
}

impl Directory {
    /// Where what `submitter` files at `point` for `agency` is received. A point whose commune is not written down is in the area of
    /// its branch; what nobody has written down is not thereby another area.
    pub fn reception(
        &self,
        submitter: &TenantKey,
        point: Option<&Key>,
        agency: Option<&Key>,
        on: Date,
    ) -> Reception {
        let own: Option<Key> = submitter.key().parse().ok();
        let agent = own
            .as_ref()
            .filter(|_| submitter.kind() == TenantKind::Agent)
            .and_then(|key| self.agent_on(key, on));
        // A point that has left the network on paper is where it was last.
        let point = point.and_then(|key| self.point_on(key, on).or_else(|| self.point(key)));
        let unit = match submitter.kind() {
            TenantKind::Branch => own.as_ref(),
            _ => agent.and_then(|a| a.branch.as_ref()).or(point.map(|p| &p.branch)),
        };
        let from: Option<&CommuneCode> = match (point, agent) {
            (Some(point), _) => point.commune.as_ref(),
            (None, agent) => agent.map(|a| &a.commune),
        };
        let tenant = |key: &Key| TenantKey::new(TenantKind::Branch, key);
        let area = agency
            .and_then(|key| self.agency_at(key, on))
            .filter(|a| a.kind == AgencyKind::Commune)
            .and_then(|a| a.commune.as_ref());
        // A department of the city is at home in all of it.
        let Some(area) = area else {
            return Reception {
                unit: unit.map(tenant),
                out_of_area: false,
                supervisor: None,
                notice: false,
            };
        };
        // As it is written down for the agency; else the unit whose point serves its commune.
        let own_unit = agency.and_then(|key| self.own_unit(key, on));
        let home = own_unit.or_else(|| self.branch_of(area, on));
        let out_of_area = match (from, unit, home) {
            (Some(from), _, _) => from != area,
            (None, Some(unit), Some(home)) => unit != home,
            (None, _, _) => false,
        };
        Reception {
            unit: unit.map(tenant),
            out_of_area,
            supervisor: home.filter(|home| out_of_area && Some(*home) != unit).map(tenant),
            notice: out_of_area && (home.is_none() || home != unit),
        }
    }
}
