//! Running numbers of the official codes that the hub gives: which agencies have them, how far each day has come.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::codes::UnitCode;
use crate::domain::issuing::{BLOCK_NUMBERS, LAST_NUMBER, NumberSeries, Numbering};
use crate::domain::time::Date;
use crate::store::rows::CodeCounterRow;

/// The numbers of a day under a unit.
pub type DayOfUnit = (Date, UnitCode);

/// Days that a hub may have a block left of at most: yesterday's filings come in for a while after midnight.
const DAYS_OF_BLOCKS: usize = 2;

/// What is known from commit to commit. It is replaced when one succeeds: of a commit that was rolled back nothing stays, and no number
/// is given twice.
#[derive(Clone, Default)]
pub struct Issuing {
    /// How far the audit had come when the agencies were read: whatever changes them is in it.
    pub read_at: Option<i64>,
    /// The agencies whose codes the hub gives, by their keys.
    pub agencies: Arc<HashMap<String, Numbering>>,
    /// What is left of the blocks this hub has taken: the next number, and the last.
    blocks: BTreeMap<DayOfUnit, (u32, u32)>,
}

impl Issuing {
    /// Nobody knows whether the last commit was written: what was left of the blocks may have been given, and is not given again.
    pub fn forget_blocks(&mut self) {
        self.blocks.clear();
    }

    /// Keeps what is left of the last days only.
    fn tidy(&mut self) {
        let mut days: Vec<Date> = self.blocks.keys().map(|(day, _)| *day).collect();
        days.dedup();
        if let Some(oldest) = days.len().checked_sub(DAYS_OF_BLOCKS).and_then(|n| days.get(n)) {
            self.blocks.retain(|(day, _), _| day >= oldest);
        }
    }
}

/// The numbers a batch takes.
pub struct Numbers {
    pub issuing: Issuing,
    /// The counters it has looked at, as they stand after the commands so far.
    pub counters: BTreeMap<DayOfUnit, Counter>,
}

/// How far the numbers of a day have come.
pub struct Counter {
    pub last: u32,
    /// Whether it is to be written.
    pub moved: bool,
    /// Up to which number it is known whose codes they are.
    pub known_until: u32,
}

impl Numbers {
    pub fn new(issuing: Issuing) -> Self {
        Numbers {
            issuing,
            counters: BTreeMap::new(),
        }
    }

    /// How the hub numbers the dossiers of an agency, where it does.
    pub fn of_agency(&self, agency: Option<&str>) -> Option<&Numbering> {
        self.issuing.agencies.get(agency?)
    }

    /// The next number of a day; none when they are used up. Its counter has been loaded.
    pub fn take(&mut self, name: &DayOfUnit, series: NumberSeries) -> Option<u32> {
        if let (NumberSeries::Blocks, Some((next, last))) = (series, self.issuing.blocks.get_mut(name))
            && next <= last
        {
            *next += 1;
            return Some(*next - 1);
        }
        let counter = self.counters.get_mut(name)?;
        let first = counter.last + 1;
        if first > LAST_NUMBER {
            return None;
        }
        counter.moved = true;
        counter.last = match series {
            NumberSeries::GapFree => first,
            NumberSeries::Blocks => LAST_NUMBER.min(counter.last + BLOCK_NUMBERS),
        };
        if series == NumberSeries::Blocks {
            self.issuing
                .blocks
                .insert(name.clone(), (first + 1, counter.last));
        }
        Some(first)
    }

    /// The counters to write.
    pub fn rows(&self) -> Vec<CodeCounterRow> {
        let moved = self.counters.iter().filter(|(_, counter)| counter.moved);
        moved
            .map(|((day, unit), counter)| CodeCounterRow {
                day: day.to_string(),
                unit: unit.to_string(),
                last: i32::try_from(counter.last).unwrap_or(i32::MAX),
            })
            .collect()
    }

    /// What is known once the batch is committed.
    pub fn settled(mut self) -> Issuing {
        self.issuing.tidy();
        self.issuing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(day: i8) -> DayOfUnit {
        (Date::new(2026, 11, day).unwrap(), "H26.12".parse().unwrap())
    }

    fn numbers(issuing: Issuing, day: i8, last: u32) -> Numbers {
        let mut numbers = Numbers::new(issuing);
        let counter = Counter {
            last,
            moved: false,
            known_until: 0,
        };
        numbers.counters.insert(name(day), counter);
        numbers
    }

    #[test]
    fn what_is_left_of_a_block_is_given_by_the_next_commits_and_by_no_other_series() {
        let mut first = numbers(Issuing::default(), 20, 7);
        assert_eq!(first.take(&name(20), NumberSeries::Blocks), Some(8));
        assert_eq!(first.take(&name(20), NumberSeries::Blocks), Some(9));
        assert_eq!(first.rows()[0].last, 57);
        let mut later = numbers(first.settled(), 20, 57);
        assert_eq!(later.take(&name(20), NumberSeries::Blocks), Some(10));
        assert_eq!(later.rows().len(), 0, "the counter has not moved");
        // An operator asks for numbers without holes: what the blocks have left is no longer given.
        assert_eq!(later.take(&name(20), NumberSeries::GapFree), Some(58));
        assert_eq!(later.rows()[0].last, 58);
        let mut issuing = later.settled();
        issuing.forget_blocks();
        assert_eq!(
            numbers(issuing, 20, 58).take(&name(20), NumberSeries::Blocks),
            Some(59)
        );
    }

    #[test]
    fn numbers_end_where_codes_do() {
        for series in NumberSeries::ALL {
            let mut last = numbers(Issuing::default(), 20, LAST_NUMBER - 1);
            assert_eq!(last.take(&name(20), series), Some(LAST_NUMBER), "{series:?}");
            assert_eq!(last.take(&name(20), series), None, "{series:?}");
            assert_eq!(last.rows()[0].last, 999_999);
        }
    }

    #[test]
    fn blocks_of_two_days_are_kept_and_no_more() {
        let mut issuing = Issuing::default();
        for day in 20..24 {
            let mut batch = numbers(issuing, day, 0);
            assert_eq!(batch.take(&name(day), NumberSeries::Blocks), Some(1));
            issuing = batch.settled();
        }
        let kept: Vec<i8> = issuing.blocks.keys().map(|(day, _)| day.day()).collect();
        assert_eq!(kept, [22, 23]);
    }
}
