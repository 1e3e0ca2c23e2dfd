//! Every kind of limit in a made-up world, against counting its minutes one by one.

use proptest::prelude::*;

use super::*;

/// A made-up world for counting minutes: hours of two offices over time, and days unlike their day of the week.
#[derive(Clone, Debug)]
struct World {
    weekdays: [usize; 7],
    later: [usize; 7],
    special: Vec<(i64, usize)>,
}

const SESSIONS: [&str; 5] = [
    "",
    "08:00-12:00 13:00-17:00",
    "07:30-11:30 13:30-17:00",
    "09:00-11:15",
    "06:00-07:00 08:00-09:00 18:00-21:30",
];
const KINDS: [&str; 4] = ["holiday", "makeup-off", "makeup-work", "half-day"];
/// Where the later hours begin, in days after the first.
const LATER: i64 = 25;

fn first() -> Date {
    jiff::civil::date(2026, 1, 26)
}

fn day(n: i64) -> Date {
    first().saturating_add(jiff::SignedDuration::from_hours(24 * n))
}

fn worlds() -> impl Strategy<Value = World> {
    let week = || prop::array::uniform7(0usize..SESSIONS.len());
    let special = prop::collection::btree_map(0i64..60, 0usize..KINDS.len(), 0..12);
    (week(), week(), special).prop_map(|(mut weekdays, mut later, special)| {
        // Monday opens, so that a make-up day and a half day have hours.
        weekdays[0] = weekdays[0].max(1);
        later[0] = later[0].max(1);
        let special = special.into_iter().collect();
        World {
            weekdays,
            later,
            special,
        }
    })
}

impl World {
    fn calendar(&self) -> Calendar {
        let mut hours = String::new();
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let until = day(LATER - 1);
        let periods = [
            (self.weekdays, format!(",{until}")),
            (self.later, format!("{},", day(LATER))),
        ];
        for (period, (week, dates)) in periods.into_iter().enumerate() {
            for (weekday, sessions) in week.into_iter().enumerate().filter(|(_, s)| *s > 0) {
                let (name, sessions) = (names[weekday], SESSIONS[sessions]);
                hours += &format!("{period}{name},*,{name},{sessions},{dates},false,x\n");
            }
        }
        let special = self.special.iter();
        let days: String = special
            .map(|(n, kind)| format!("{},{},x,false\n", day(*n), KINDS[*kind]))
            .collect();
        with(&days, &hours)
    }

    /// Whether the minute that begins here is worked: written apart from the code under test, from the rule's own words.
    fn worked(&self, minute: i64) -> bool {
        let local = Timestamp::from_micros(minute * 60_000_000).in_vietnam();
        let n = local.date().duration_since(first()).as_hours() / 24;
        let week = if n >= LATER { self.later } else { self.weekdays };
        let today = usize::try_from(local.date().weekday().to_monday_zero_offset()).unwrap();
        let own = SESSIONS[week[today]];
        let monday = SESSIONS[week[0]];
        let sessions = match self
            .special
            .iter()
            .find(|(at, _)| *at == n)
            .map(|(_, kind)| KINDS[*kind])
        {
            None => own,
            Some("holiday" | "makeup-off") => "",
            Some("makeup-work") => monday,
            Some(_) => if own.is_empty() { monday } else { own }
                .split(' ')
                .next()
                .unwrap(),
        };
        let now = format!("{:02}:{:02}", local.hour(), local.minute());
        sessions.split_whitespace().any(|s| {
            let (opens, closes) = s.split_once('-').unwrap();
            opens <= now.as_str() && now.as_str() < closes
        })
    }

    /// Whether an instant at the beginning of a minute is one at which the office is open, both ends counted.
    fn open(&self, minute: i64) -> bool {
        self.worked(minute) || self.worked(minute - 1)
    }

    /// The first such instant from here on.
    fn opening(&self, mut minute: i64) -> i64 {
        while !self.open(minute) {
            minute += 1;
        }
        minute
    }

    /// Walks to the end of the first worked day at or after midnight of `midnight`, minute by minute.
    fn closing_from(&self, midnight: i64) -> i64 {
        let mut minute = midnight;
        while !self.worked(minute) {
            minute += 1;
        }
        let end = minute - minute_of_day(minute) + 1440;
        (minute..end).rev().find(|m| self.worked(*m)).unwrap() + 1
    }

    fn due(&self, received: i64, limit: Limit, end: DayEnd) -> i64 {
        match limit {
            Limit::WorkingHours(hours) => {
                let (mut minute, mut left) = (received, hours * 60);
                while left > 0 {
                    left -= u32::from(self.worked(minute));
                    minute += 1;
                }
                if hours == 0 {
                    self.opening(received)
                } else {
                    minute
                }
            }
            Limit::WorkingDays(days) => {
                let receipt = self.opening(received);
                let mut midnight = receipt - minute_of_day(receipt);
                for _ in 0..days {
                    midnight += 1440;
                    let closes = self.closing_from(midnight);
                    midnight = closes - 1 - minute_of_day(closes - 1);
                }
                let closes = self.closing_from(midnight);
                if end == DayEnd::Closing {
                    return closes;
                }
                let mut at = midnight + minute_of_day(receipt);
                while at < closes && !self.open(at) {
                    at += 1;
                }
                at.min(closes)
            }
            Limit::CalendarDays(days) => {
                let receipt = self.opening(received);
                self.closing_from(receipt - minute_of_day(receipt) + i64::from(days) * 1440)
            }
            Limit::SameDay(cut_off) => {
                let receipt = self.opening(received);
                let time = format!(
                    "{:02}:{:02}",
                    minute_of_day(receipt) / 60,
                    minute_of_day(receipt) % 60
                );
                let late = time > cut_off.to_string();
                self.closing_from(receipt - minute_of_day(receipt) + i64::from(late) * 1440)
            }
        }
    }
}

fn minute_of_day(minute: i64) -> i64 {
    (minute + 7 * 60).rem_euclid(1440)
}

fn minute(at: Timestamp) -> i64 {
    assert_eq!(at.as_micros() % 60_000_000, 0);
    at.as_micros() / 60_000_000
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_limit_equals_counting_minutes(world in worlds(), start in 0i64..40 * 1440, length in 0u32..14) {
        let calendar = world.calendar();
        let received = minute(Timestamp::from_micros(midnight(first()))) + start;
        for limit in [
            Limit::WorkingHours(length * 3),
            Limit::WorkingDays(length),
            Limit::CalendarDays(length),
            Limit::SameDay(format!("{:02}:30", length + 6).parse().unwrap()),
        ] {
            for end in [DayEnd::Closing, DayEnd::Carried] {
                let due = calendar.due(Timestamp::from_micros(received * 60_000_000), limit, end);
                prop_assert_eq!(minute(due), world.due(received, limit, end), "{:?} {:?}", limit, end);
            }
        }
    }

    #[test]
    fn a_warning_in_hours_leaves_exactly_its_hours(world in worlds(), start in 20i64 * 1440..50 * 1440, hours in 1u32..9) {
        let calendar = world.calendar();
        let end = minute(Timestamp::from_micros(midnight(first()))) + start;
        let span = Span::Office(Limit::WorkingHours(hours));
        let at = minute(calendar.before(Timestamp::from_micros(end * 60_000_000), span).unwrap());
        let worked = (at..end).filter(|m| world.worked(*m)).count();
        prop_assert_eq!(worked, hours as usize * 60);
        prop_assert!(world.worked(at - 1) || world.worked(at), "it is an instant at which the office is open");
    }
}
