//! How far one way has been told of its feed, as its holder knows it: what was read, what is under way, what the cursor may pass. Pure.
//!
//! The cursor passes an event that has arrived, or that gets a row in the same commit, and no other. Of a dossier one event is under way
//! at a time, in their order; once something of it has a row, whatever comes after that gets one too, and goes behind it.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::store::ledger::{LeasedNotice, SetAside};
use crate::store::read::Noticed;

/// An event as it was read: as a notice, what of its dossier has a row, and what it says.
pub(super) struct Read<T> {
    pub(super) notice: LeasedNotice,
    pub(super) noticed: Noticed,
    pub(super) says: T,
}

/// An event under way.
struct UnderWay {
    notice: LeasedNotice,
    since: Instant,
    has_row: bool,
}

/// What is recorded of a way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    /// Those of what has ended that have a row by now. Of the others what did not arrive gets one with this record.
    pub(super) with_rows: HashSet<i64>,
    /// What else gets a row.
    pub(super) set_aside: Vec<SetAside>,
    /// Up to where the cursor goes.
    pub(super) to: i64,
}

/// How far a way has been told.
pub(super) struct Position<T> {
    /// The cursor, as it was last written.
    cursor: i64,
    /// Everything that was read after the cursor, in order.
    read: VecDeque<i64>,
    /// What of it the cursor may not pass yet.
    open: BTreeSet<i64>,
    /// Read and not begun, in order.
    waiting: VecDeque<(LeasedNotice, T)>,
    under_way: BTreeMap<i64, UnderWay>,
    /// Dossiers with an event under way.
    busy: HashSet<String>,
    /// Dossiers of which something has a row.
    noticed: HashSet<String>,
    /// What gets a row with the next record.
    aside: Vec<SetAside>,
}

impl<T> Position<T> {
    /// Nothing has been read after this cursor.
    pub(super) fn at(cursor: i64) -> Self {
        Position {
            cursor,
            read: VecDeque::new(),
            open: BTreeSet::new(),
            waiting: VecDeque::new(),
            under_way: BTreeMap::new(),
            busy: HashSet::new(),
            noticed: HashSet::new(),
            aside: Vec::new(),
        }
    }

    /// The cursor, as it was last written.
    pub(super) fn cursor(&self) -> i64 {
        self.cursor
    }

    /// Up to where it has been read.
    pub(super) fn read_to(&self) -> i64 {
        self.read.back().copied().unwrap_or(self.cursor)
    }

    /// How many events were read after the cursor.
    pub(super) fn beyond(&self) -> usize {
        self.read.len()
    }

    /// How many of them are not begun.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes what was read next.
    pub(super) fn take(&mut self, news: impl IntoIterator<Item = Read<T>>) {
        for Read {
            notice,
            noticed,
            says,
        } in news
        {
            self.read.push_back(notice.seq);
            match noticed {
                Noticed::Itself => {}
                Noticed::Another => {
                    self.noticed.insert(notice.dossier.clone());
                    self.put_aside(notice, None);
                }
                Noticed::Nothing => {
                    self.open.insert(notice.seq);
                    self.waiting.push_back((notice, says));
                }
            }
        }
    }

    /// The next events that may go now, at most so many; they are under way from now on.
    pub(super) fn next(&mut self, max: usize, now: Instant) -> Vec<(LeasedNotice, T)> {
        let mut next = Vec::new();
        let mut left = VecDeque::with_capacity(self.waiting.len());
        while let Some((notice, says)) = self.waiting.pop_front() {
            if self.noticed.contains(&notice.dossier) {
                self.put_aside(notice, None);
            } else if next.len() == max || self.busy.contains(&notice.dossier) {
                // Nothing of the same dossier goes past it.
                let is_full = next.len() == max;
                left.push_back((notice, says));
                if is_full {
                    left.append(&mut self.waiting);
                }
            } else {
                self.busy.insert(notice.dossier.clone());
                self.under_way.insert(
                    notice.seq,
                    UnderWay {
                        notice: notice.clone(),
                        since: now,
                        has_row: false,
                    },
                );
                next.push((notice, says));
            }
        }
        self.waiting = left;
        next
    }

    /// An event has arrived: the next of its dossier may go.
    pub(super) fn arrived(&mut self, seq: i64) {
        if let Some(one) = self.under_way.get_mut(&seq) {
            self.busy.remove(&one.notice.dossier);
            self.open.remove(&seq);
        }
    }

    /// Whether something must be recorded though nothing has ended: events get rows. Among them what hangs for so long that others have
    /// passed it.
    pub(super) fn keeps(&mut self, late: Duration, lease: Duration, now: Instant) -> bool {
        let passed = self.passed();
        let hangs: Vec<LeasedNotice> = self
            .under_way
            .values()
            .filter(|one| !one.has_row && self.open.contains(&one.notice.seq))
            .filter(|one| now.duration_since(one.since) >= late)
            .filter(|one| passed.is_some_and(|passed| passed > one.notice.seq))
            .map(|one| one.notice.clone())
            .collect();
        for notice in hangs {
            if let Some(one) = self.under_way.get_mut(&notice.seq) {
                one.has_row = true;
            }
            self.noticed.insert(notice.dossier.clone());
            self.put_aside(notice, Some(lease));
        }
        !self.aside.is_empty()
    }

    /// Nothing more is begun: what others have passed must get a row, and what comes after these is left to the feed. Whether there is
    /// something to record.
    pub(super) fn leave(&mut self) -> bool {
        let passed = self.passed().unwrap_or(self.cursor);
        for (notice, _) in std::mem::take(&mut self.waiting) {
            if notice.seq < passed {
                self.noticed.insert(notice.dossier.clone());
                self.put_aside(notice, None);
            } else {
                self.open.remove(&notice.seq);
            }
        }
        let open = &self.open;
        self.read.retain(|seq| *seq <= passed || open.contains(seq));
        !self.aside.is_empty()
    }

    /// The last event that the cursor might pass.
    fn passed(&self) -> Option<i64> {
        let mut last = self.read.iter().rev();
        last.find(|seq| !self.open.contains(seq)).copied()
    }

    fn put_aside(&mut self, notice: LeasedNotice, leased: Option<Duration>) {
        self.open.insert(notice.seq);
        self.aside.push(SetAside {
            seq: notice.seq,
            dossier: notice.dossier,
            event: notice.event,
            leased,
        });
    }

    /// What is to be recorded now that these have ended.
    pub(super) fn record(&mut self, ended: impl IntoIterator<Item = i64>) -> Recorded {
        let mut with_rows = HashSet::new();
        for seq in ended {
            let Some(one) = self.under_way.remove(&seq) else {
                continue;
            };
            if one.has_row {
                let before = self.aside.len();
                self.aside.retain(|aside| aside.seq != seq);
                if self.aside.len() == before {
                    with_rows.insert(seq);
                }
            }
            if self.open.remove(&seq) {
                self.noticed.insert(one.notice.dossier.clone());
            }
            if self.noticed.contains(&one.notice.dossier) {
                self.busy.remove(&one.notice.dossier);
            }
        }
        let set_aside = std::mem::take(&mut self.aside);
        for one in &set_aside {
            self.open.remove(&one.seq);
        }
        let to = match self.open.first() {
            None => self.read_to(),
            Some(first) => {
                let passed = self.read.iter().take_while(|seq| *seq < first);
                passed.last().copied().unwrap_or(self.cursor)
            }
        };
        Recorded {
            with_rows,
            set_aside,
            to,
        }
    }

    /// The cursor was written.
    pub(super) fn recorded(&mut self, to: i64) {
        self.cursor = to;
        while self.read.front().is_some_and(|seq| *seq <= to) {
            self.read.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const LATE: Duration = Duration::from_millis(500);
    const LEASE: Duration = Duration::from_secs(30);

    fn read(seq: i64, dossier: &str) -> Read<()> {
        Read {
            notice: LeasedNotice {
                seq,
                dossier: dossier.to_owned(),
                event: format!("evt_{seq}"),
                attempt: 1,
                has_row: false,
            },
            noticed: Noticed::Nothing,
            says: (),
        }
    }

    fn seqs(next: &[(LeasedNotice, ())]) -> Vec<i64> {
        next.iter().map(|(notice, ())| notice.seq).collect()
    }

    /// The numbers of what gets a row beside what has ended, and whether each is leased; and where the cursor goes.
    fn recorded(position: &mut Position<()>, ended: &[i64]) -> (Vec<(i64, bool)>, i64) {
        let Recorded { set_aside, to, .. } = position.record(ended.iter().copied());
        let rows = set_aside.iter().map(|one| (one.seq, one.leased.is_some()));
        (rows.collect(), to)
    }

    #[test]
    fn the_cursor_passes_what_has_arrived_and_waits_for_what_has_not() {
        let now = Instant::now();
        let mut position = Position::at(10);
        position.take([read(11, "a"), read(14, "b"), read(15, "a"), read(20, "c")]);
        assert_eq!((position.read_to(), position.beyond()), (20, 4));
        assert_eq!(
            seqs(&position.next(9, now)),
            [11, 14, 20],
            "one of a dossier at a time"
        );
        position.arrived(14);
        assert_eq!(recorded(&mut position, &[14]), (vec![], 10));
        position.arrived(11);
        assert_eq!(seqs(&position.next(9, now)), [15], "before it is recorded");
        assert_eq!(recorded(&mut position, &[11]), (vec![], 14));
        position.recorded(14);
        assert_eq!((position.cursor(), position.beyond()), (14, 2));
        position.arrived(20);
        position.arrived(15);
        assert_eq!(recorded(&mut position, &[15, 20]), (vec![], 20));
        position.recorded(20);
        assert_eq!(
            (position.cursor(), position.beyond(), position.read_to()),
            (20, 0, 20)
        );
    }

    #[test]
    fn what_comes_behind_a_failed_one_gets_a_row_too() {
        let now = Instant::now();
        let mut position = Position::at(0);
        position.take([read(1, "a"), read(2, "a"), read(3, "b")]);
        assert_eq!(seqs(&position.next(9, now)), [1, 3]);
        assert_eq!(
            recorded(&mut position, &[1]),
            (vec![], 1),
            "its own row is its settlement's"
        );
        position.recorded(1);
        position.take([read(4, "a")]);
        assert!(position.next(9, now).is_empty());
        assert!(position.keeps(LATE, LEASE, now));
        position.arrived(3);
        assert_eq!(recorded(&mut position, &[3]), (vec![(2, false), (4, false)], 4));
    }

    #[test]
    fn one_that_hangs_gets_a_row_once_others_have_passed_it() {
        let now = Instant::now();
        let mut position = Position::at(0);
        position.take([read(1, "a"), read(2, "b"), read(3, "a")]);
        assert_eq!(seqs(&position.next(9, now)), [1, 2]);
        assert!(!position.keeps(LATE, LEASE, now + LATE), "nothing has passed it");
        position.arrived(2);
        assert_eq!(recorded(&mut position, &[2]), (vec![], 0));
        assert!(!position.keeps(LATE, LEASE, now));
        assert!(position.keeps(LATE, LEASE, now + LATE));
        assert!(position.next(9, now).is_empty());
        assert_eq!(recorded(&mut position, &[]), (vec![(1, true), (3, false)], 3));
        position.recorded(3);
        position.arrived(1);
        let end = position.record([1]);
        assert_eq!(
            (end.with_rows, end.to),
            (HashSet::from([1]), 3),
            "its settlement is of the row"
        );
    }

    #[test]
    fn who_leaves_tells_nothing_twice_and_leaves_the_rest_to_the_feed() {
        let now = Instant::now();
        let mut position = Position::at(0);
        position.take([
            read(1, "a"),
            read(2, "a"),
            read(3, "b"),
            read(4, "a"),
            read(5, "b"),
        ]);
        assert_eq!(seqs(&position.next(9, now)), [1, 3]);
        position.arrived(1);
        position.arrived(3);
        assert_eq!(recorded(&mut position, &[1, 3]), (vec![], 1));
        position.recorded(1);
        assert!(position.leave());
        assert_eq!(
            recorded(&mut position, &[]),
            (vec![(2, false)], 3),
            "what comes after is not passed"
        );
        position.recorded(3);
        assert!(!position.leave());
        assert_eq!((position.read_to(), position.waiting()), (3, 0));
    }

    #[test]
    fn one_that_ends_before_its_row_is_written_needs_none() {
        let now = Instant::now();
        let mut position = Position::at(0);
        position.take([read(1, "a"), read(2, "b")]);
        position.next(9, now);
        position.arrived(2);
        assert!(position.keeps(LATE, LEASE, now + LATE));
        position.arrived(1);
        let end = position.record([1, 2]);
        assert_eq!(
            (end.with_rows, end.set_aside, end.to),
            (HashSet::new(), vec![], 2)
        );
    }

    #[test]
    fn what_has_a_row_already_is_passed_and_what_is_behind_it_gets_one() {
        let mut position = Position::at(0);
        let itself = Read {
            noticed: Noticed::Itself,
            ..read(1, "a")
        };
        let another = Read {
            noticed: Noticed::Another,
            ..read(2, "a")
        };
        position.take([itself, another]);
        assert!(position.next(9, Instant::now()).is_empty());
        assert_eq!(recorded(&mut position, &[]), (vec![(2, false)], 2));
    }

    proptest! {
        /// Whatever happens in whatever order: the cursor never passes an event that neither arrived nor has a row, the events of a
        /// dossier go in their order, and in the end everything has one or the other.
        #[test]
        fn nothing_is_passed_untold(
            dossiers in prop::collection::vec(0..6u8, 1..40),
            steps in prop::collection::vec((0..5u8, 0..8usize), 0..120),
        ) {
            let start = Instant::now();
            let mut now = start;
            let mut position = Position::at(0);
            let of: HashMap<i64, u8> = (1..).zip(dossiers.iter().copied()).collect();
            let mut unread: VecDeque<i64> = (1..=dossiers.len() as i64).collect();
            let (mut calls, mut ended): (Vec<i64>, Vec<i64>) = Default::default();
            let (mut arrived, mut rows): (HashSet<i64>, HashSet<i64>) = Default::default();
            let mut last: HashMap<u8, i64> = HashMap::new();
            let finish = std::iter::repeat_n([(0, 7), (1, 7), (2, 0), (4, 0)], 400).flatten();
            for (step, n) in steps.into_iter().chain(finish) {
                match step {
                    0 => {
                        let news: Vec<i64> = unread.drain(..n.min(unread.len())).collect();
                        position.take(news.into_iter().map(|seq| read(seq, &of[&seq].to_string())));
                    }
                    1 => for seq in seqs(&position.next(n, now)) {
                        let before = last.insert(of[&seq], seq);
                        prop_assert!(before.is_none_or(|before| before < seq));
                        let of_dossier = |other: &i64| of[other] == of[&seq] && *other < seq;
                        prop_assert!((1..seq).filter(of_dossier).all(|other| arrived.contains(&other)));
                        calls.push(seq);
                    },
                    2 | 3 if !calls.is_empty() => {
                        let seq = calls.remove(n % calls.len());
                        if step == 2 {
                            position.arrived(seq);
                            arrived.insert(seq);
                        }
                        ended.push(seq);
                    }
                    4 => {
                        now += Duration::from_millis(100 * n as u64);
                        position.keeps(LATE, LEASE, now);
                        let over = std::mem::take(&mut ended);
                        let Recorded { with_rows, set_aside, to } = position.record(over.iter().copied());
                        prop_assert!(with_rows.is_subset(&rows));
                        prop_assert!(set_aside.iter().all(|one| rows.insert(one.seq)), "one row each");
                        rows.extend(over.into_iter().filter(|seq| !arrived.contains(seq)));
                        prop_assert!(to >= position.cursor());
                        prop_assert!((1..=to).all(|seq| arrived.contains(&seq) || rows.contains(&seq)), "{to}");
                        position.recorded(to);
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(position.cursor(), dossiers.len() as i64);
        }
    }
}
