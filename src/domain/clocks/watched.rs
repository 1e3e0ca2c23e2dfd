//! The limits the hub watches: their words, who must keep each, and when one ends.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::lifecycle::Role;
use crate::domain::time::Timestamp;

/// A limit the hub watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    /// The officer hears of an online dossier (art. 17.2): the hub's own duty.
    OfficerNotice,
    /// Acceptance, or a request for a supplement, of an online dossier (art. 17.2).
    Acceptance,
    /// The last moment to ask for a supplement (art. 19.5). Letting it pass is no fault; asking afterwards is.
    SupplementNotice,
    /// The applicant completes the dossier (art. 19.5).
    Supplement,
    /// The due date.
    Due,
    /// The last moment to tell of a later date (art. 19.6). Letting it pass is no fault; telling afterwards is.
    LateNotice,
    /// Papers received at a counter or by post reach the agency (arts. 18.2, 20.1a).
    PaperHandOver,
    /// An agency takes, or answers, a message.
    AgencySilent,
    /// The time of the chain is not ahead of a hub's clock.
    ClockAhead,
    /// Another body gives its opinion (art. 19.4).
    Opinion,
    /// What was collected reaches the budget (art. 24.3).
    FeeToBudget,
    /// An official code names one dossier (art. 28.1): no limit, but told to the operator as one.
    CodeContested,
    /// A hub begins with the rules that are in use: no limit, but told to the operator as one.
    FormatDrift,
    /// An agency of several does its task (art. 20.2).
    Task,
    /// The agency's own one-stop unit hears of what was received out of area (art. 20.1): no limit, but told to the operator as one
    /// where the unit cannot be told here.
    SupervisionNotice,
}

impl Watched {
    /// Every limit.
    pub const ALL: [Watched; 15] = [
        Watched::OfficerNotice,
        Watched::Acceptance,
        Watched::SupplementNotice,
        Watched::Supplement,
        Watched::Due,
        Watched::LateNotice,
        Watched::PaperHandOver,
        Watched::AgencySilent,
        Watched::ClockAhead,
        Watched::Opinion,
        Watched::FeeToBudget,
        Watched::CodeContested,
        Watched::FormatDrift,
        Watched::Task,
        Watched::SupervisionNotice,
    ];

    /// Its stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Watched::OfficerNotice => "officer-notice",
            Watched::Acceptance => "acceptance",
            Watched::SupplementNotice => "supplement-notice",
            Watched::Supplement => "supplement",
            Watched::Due => "due",
            Watched::LateNotice => "late-notice",
            Watched::PaperHandOver => "paper-hand-over",
            Watched::AgencySilent => "agency-silent",
            Watched::ClockAhead => "clock-ahead",
            Watched::Opinion => "opinion",
            Watched::FeeToBudget => "fee-to-budget",
            Watched::CodeContested => "code-contested",
            Watched::FormatDrift => "format-drift",
            Watched::Task => "task",
            Watched::SupervisionNotice => "supervision-notice",
        }
    }

    /// The limit of a word.
    pub fn parse(word: &str) -> Option<Watched> {
        Watched::ALL.into_iter().find(|limit| limit.word() == word)
    }

    /// Who must keep it.
    pub const fn party(self) -> Role {
        match self {
            Watched::OfficerNotice
            | Watched::ClockAhead
            | Watched::CodeContested
            | Watched::FormatDrift
            | Watched::SupervisionNotice => Role::Operator,
            Watched::Task => Role::CoAgency,
            Watched::Supplement => Role::Submitter,
            Watched::PaperHandOver | Watched::FeeToBudget => Role::ReceivingUnit,
            Watched::Acceptance
            | Watched::SupplementNotice
            | Watched::Due
            | Watched::LateNotice
            | Watched::Opinion
            | Watched::AgencySilent => Role::Agency,
        }
    }

    /// Whether somebody has failed when it passes. A right that ends is warned of and never an alarm.
    pub const fn binds(self) -> bool {
        !matches!(self, Watched::SupplementNotice | Watched::LateNotice)
    }

    /// Whether the agency is sent a message when it is near, or has passed. A silent agency would not read it.
    pub const fn tells_agency(self, passed: bool) -> bool {
        match self {
            Watched::Acceptance
            | Watched::SupplementNotice
            | Watched::Due
            | Watched::LateNotice
            | Watched::Task
            | Watched::Opinion => true,
            Watched::Supplement => passed,
            Watched::OfficerNotice
            | Watched::PaperHandOver
            | Watched::AgencySilent
            | Watched::ClockAhead
            | Watched::FeeToBudget
            | Watched::CodeContested
            | Watched::FormatDrift
            | Watched::SupervisionNotice => false,
        }
    }

    /// The setting that says how long before its end it is near; none where nobody is warned.
    pub const fn warning_key(self) -> Option<&'static str> {
        match self {
            Watched::OfficerNotice => Some("officer-notice-warning"),
            Watched::Acceptance => Some("acceptance-warning"),
            Watched::SupplementNotice => Some("supplement-notice-warning"),
            Watched::Supplement => Some("supplement-warning"),
            // A task is a part of what is due.
            Watched::Due | Watched::Task => Some("due-warning"),
            Watched::LateNotice => Some("late-notice-warning"),
            Watched::PaperHandOver => Some("paper-warning"),
            Watched::AgencySilent
            | Watched::ClockAhead
            | Watched::Opinion
            | Watched::FeeToBudget
            | Watched::CodeContested
            | Watched::FormatDrift
            | Watched::SupervisionNotice => None,
        }
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A limit that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deadline {
    /// Which.
    pub limit: Watched,
    /// When it ends. It has passed when this instant is over.
    pub due_at: Timestamp,
    /// From when on it is near; none where nobody is warned, or it was near from the start.
    pub warn_at: Option<Timestamp>,
}
