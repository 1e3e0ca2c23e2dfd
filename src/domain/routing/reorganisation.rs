//! `reorganisations.csv`: which unit another one became, from which day, and by which legal document.
//!
//! A row says that `old` was taken over by `new` on its first day. Rows of one `old` and one day together say what became of
//! it: one row, and it was renamed, merged or handed over; several, and it was split. Rows about one procedure come before rows
//! about all of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{self, DirectoryFault, Rows};
use crate::domain::codes::{CommuneCode, Key, ProcedureCode};
use crate::domain::time::Date;

/// What happened to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReorganisationKind {
    /// It was divided between several.
    Split,
    /// It was joined with others into one.
    Merge,
    /// It goes on under another name or key.
    Rename,
    /// It goes on, without some of its competence.
    HandOver,
}

/// The unit before and the unit after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Units {
    /// Communes of the 2025 catalogue.
    Communes {
        /// Before.
        old: CommuneCode,
        /// After.
        new: CommuneCode,
    },
    /// Agencies, by stable key.
    Agencies {
        /// Before.
        old: Key,
        /// After.
        new: Key,
    },
}

/// What becomes of dossiers that are open on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpenDossiers {
    /// They go to the new agency.
    Move,
    /// The old one brings them to their end.
    Stay,
}

/// One row of a reorganisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reorganisation {
    /// Its name.
    pub row: String,
    /// What happened.
    pub kind: ReorganisationKind,
    /// To whom.
    pub units: Units,
    /// The first day of the new state, in Vietnam.
    pub date: Date,
    /// Only the competence for this procedure.
    pub procedure: Option<ProcedureCode>,
    /// Of a divided commune: the part that is meant when nobody says which.
    pub is_default: bool,
    /// What becomes of dossiers that are open on the day.
    pub open: OpenDossiers,
    /// The legal document.
    pub source: String,
    /// Assumed, not published.
    pub provisional: bool,
}

impl Reorganisation {
    /// The file.
    pub const FILE: &'static str = "reorganisations.csv";

    /// Its columns.
    pub(super) const COLUMNS: [&'static str; 11] = [
        "row",
        "kind",
        "unit",
        "old",
        "new",
        "valid_from",
        "procedure",
        "is_default",
        "open_dossiers",
        "provisional",
        "source",
    ];

    /// The agency it begins with, when it is about agencies.
    pub fn old_agency(&self) -> Option<&Key> {
        match &self.units {
            Units::Agencies { old, .. } => Some(old),
            Units::Communes { .. } => None,
        }
    }

    /// Row and legal document, as a sentence names them.
    pub(super) fn named(&self) -> String {
        format!("{} ({})", self.row, self.source)
    }
}

#[derive(Clone, Copy)]
enum UnitWord {
    Commune,
    Agency,
}

/// Reads the file.
pub(super) fn read(text: &str, faults: &mut Vec<DirectoryFault>) -> Rows<String, Reorganisation> {
    let kinds = [
        ("split", ReorganisationKind::Split),
        ("merge", ReorganisationKind::Merge),
        ("rename", ReorganisationKind::Rename),
        ("hand-over", ReorganisationKind::HandOver),
    ];
    let units = [("commune", UnitWord::Commune), ("agency", UnitWord::Agency)];
    let open = [("move", OpenDossiers::Move), ("stay", OpenDossiers::Stay)];
    let columns = &Reorganisation::COLUMNS;
    table::read(Reorganisation::FILE, text, columns, faults, |row| {
        let (name, kind, unit) = (
            row.text("row"),
            row.word("kind", &kinds),
            row.word("unit", &units),
        );
        let units = match unit? {
            UnitWord::Commune => {
                let (old, new) = (row.value("old", "NNNNN"), row.value("new", "NNNNN"));
                old.zip(new).map(|(old, new)| Units::Communes { old, new })
            }
            UnitWord::Agency => {
                let (old, new) = (row.value("old", "[a-z0-9-]"), row.value("new", "[a-z0-9-]"));
                old.zip(new).map(|(old, new)| Units::Agencies { old, new })
            }
        };
        let date = row.value::<Date>("valid_from", "YYYY-MM-DD");
        let procedure = row.optional::<ProcedureCode>("procedure", "N.NNNNNN");
        let (is_default, open) = (row.flag("is_default"), row.word("open_dossiers", &open));
        let (provisional, source) = (row.flag("provisional"), row.text("source"));
        let (name, units, procedure) = (name?, units?, procedure?);
        if matches!(units, Units::Communes { .. }) && procedure.is_some() {
            row.fault(
                "procedure chỉ dành cho unit=agency".to_owned(),
                "procedure belongs to unit=agency".to_owned(),
            );
            return None;
        }
        let value = Reorganisation {
            row: name.clone(),
            kind: kind?,
            units,
            date: date?,
            procedure,
            is_default: is_default?,
            open: open?,
            source: source?,
            provisional: provisional?,
        };
        Some((name, value))
    })
}
