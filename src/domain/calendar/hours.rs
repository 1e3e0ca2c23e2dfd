//! Opening hours: one row of `hours.csv`, and whose it is.

use jiff::civil::{Time, Weekday};

use crate::domain::codes::Key;
use crate::domain::routing::{AgencyKind, in_force};
use crate::domain::time::Date;

/// Whose hours.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OfficeKey {
    /// `*`: every office that has no rows of its own.
    City,
    /// `@commune`: the agencies of a kind.
    Kind(AgencyKind),
    /// One agency.
    Agency(Key),
}

/// One row of `hours.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    /// Names the row.
    pub name: String,
    /// Whose.
    pub whose: OfficeKey,
    /// On which days of the week.
    pub weekdays: Vec<Weekday>,
    /// When it opens and closes, in order; at both instants it is open.
    pub sessions: Vec<(Time, Time)>,
    /// First day; `None` is open.
    pub valid_from: Option<Date>,
    /// Last day; `None` is open.
    pub valid_to: Option<Date>,
    /// Assumed, not published.
    pub provisional: bool,
}

impl OpeningHours {
    pub(super) fn in_force(&self, on: Date) -> bool {
        in_force(self.valid_from, self.valid_to, on)
    }

    /// Whether two rows speak of the same office, day of the week and date.
    pub(super) fn overlaps(&self, other: &OpeningHours) -> bool {
        let starts_before = |from: Option<Date>, to: Option<Date>| match (from, to) {
            (Some(from), Some(to)) => from <= to,
            _ => true,
        };
        self.whose == other.whose
            && starts_before(self.valid_from, other.valid_to)
            && starts_before(other.valid_from, self.valid_to)
            && self.weekdays.iter().any(|day| other.weekdays.contains(day))
    }
}
