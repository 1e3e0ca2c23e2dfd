//! Who is responsible: the directory of agencies, places, procedures and rules, and the one agency a dossier goes to.
//!
//! A [`Directory`] is an immutable snapshot read from CSV text (`schema/directory/hanoi/README.md` says what the files mean);
//! a new one replaces it whole. Start with [`Directory::route`]. [`Directory::check`] tells what is wrong with the data before
//! a dossier finds out. The receiving point is never asked: it must not decide who is responsible.

mod check;
mod decide;
mod directory;
mod files;
mod heirs;
mod joint;
mod matched;
mod place;
pub mod plan;
mod reason;
mod reception;
mod reorganisation;
mod report;
mod required;
mod rows;
mod sentences;
mod shared;
pub(super) mod table;
#[cfg(test)]
mod tests;
mod unit;

pub use check::{Finding, Severity};
pub use directory::Directory;
pub use heirs::{Heir, HeldDossier};
pub use joint::{OneStopUnit, ProcedureTask, TaskAgency};
pub use plan::FileChange;
pub use reason::{
    AssignedReason, CatalogueBy, Matched, NamedCommune, PlaceReason, ProcedureReason, ReceptionReason,
    ResolvedBy, RouteReason, RuleReason, SuccessionReason,
};
pub use reception::Reception;
pub use reorganisation::{OpenDossiers, Reorganisation, ReorganisationKind, Units};
pub use report::{CompetenceFault, CompetenceReport, CompetenceSpot};
pub use rows::{
    Agency, AgencyChannel, AgencyKind, Agent, Branch, Commune, District, Enterprise, Level, PlaceRule, Point,
    PointKind, Procedure, Rule, RuleAgency, RulePlace,
};
pub use table::DirectoryFault;
pub(in crate::domain) use table::in_force;
pub use unit::CodeLook;

use super::calendar::Limit;
use super::codes::Key;
use super::dossier::ProcedureKnown;
use super::rejection::{Label, Problem};
use super::task::AgencyTask;

/// What is done with a filing whose former commune was divided between different agencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divided {
    /// It is refused with the candidates: somebody is there to choose.
    Refuse,
    /// It is taken and parked: nobody is there to ask.
    Park,
    /// The default successor is taken, and said so.
    TakeDefault,
}

/// Where a dossier goes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The procedure it was received under.
    pub procedure: ProcedureKnown,
    /// How long the agency has.
    pub limit: Limit,
    /// The responsible agency; `None` when it is parked for the operator.
    pub agency: Option<Key>,
    /// What each of several agencies has to do, the lead first, none sent yet; empty where one agency decides alone.
    pub tasks: Vec<AgencyTask>,
    /// Why it is parked: `CompetenceGap`, `CompetenceOverlap`, `PlaceAmbiguous` or `SuccessorUndecided`.
    pub parked: Option<Label>,
    /// Worth a look, not wrong. A parked dossier has the problem of its label here, with the rules in question.
    pub warnings: Vec<Problem>,
    /// The whole reason.
    pub reason: RouteReason,
}
