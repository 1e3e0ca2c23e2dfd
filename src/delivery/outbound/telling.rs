//! What the carrier of one way knows of it: whether it is held, how far its feed was read and told, whether notices with a row may wait.
//! Nothing here asks anybody anything.

use std::time::{Duration, Instant};

use super::position::{Position, Read};
use super::recipient::{LEASE, LOOK_AGAIN};
use crate::domain::time::Timestamp;
use crate::store::ledger::{
    Carried, HeldWay, LeasedNotice, NoticeSettlement, SendOutcome, SetAside, SettledNotices, WINDOW,
};

/// How long a way stays with a hub that says nothing: one that died holds up its webhooks for no longer.
pub(super) const HOLD: Duration = Duration::from_secs(5);

/// How far a way has been told, by events that say a `T`, to where an `E` leads.
pub(super) struct Telling<T, E> {
    /// None until the way is held.
    position: Option<Position<T>>,
    /// It is somebody else's by now, or was set up anew: nothing more is begun.
    is_over: bool,
    /// When it was last said that the way is held.
    held: Option<Instant>,
    /// Whether the feed was read to its end, as far as is known.
    is_read: bool,
    /// How often there was news.
    news: u64,
    /// Where it goes, and when that was looked up.
    pub(super) endpoint: Option<(E, Timestamp)>,
    rows: Rows,
}

impl<T, E> Default for Telling<T, E> {
    fn default() -> Self {
        Telling {
            position: None,
            is_over: false,
            held: None,
            is_read: false,
            news: 0,
            endpoint: None,
            rows: Rows::default(),
        }
    }
}

/// What is known of the notices with a row.
#[derive(Default)]
struct Rows {
    /// Whether there are any.
    any: bool,
    /// How many waited when the way was taken, and were made since.
    waiting: i64,
    /// Whether one may go that could not when it was asked last.
    changed: bool,
    asked: Option<Instant>,
}

/// From where it is read on.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// The place in the feed.
    pub(super) place: i64,
    /// Whether notices have to be looked for.
    pub(super) has_rows: bool,
    news: u64,
}

/// What is to be written down.
pub(super) struct Told {
    pub(super) settlements: Vec<NoticeSettlement>,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) set_aside: Vec<SetAside>,
}

impl<T, E> Telling<T, E> {
    /// Whether the way may be told; none while that has not been asked.
    pub(super) fn is_held(&self) -> Option<bool> {
        match (&self.position, self.is_over) {
            (_, true) => Some(false),
            (position, false) => position.as_ref().map(|_| true),
        }
    }

    /// What came of asking for the way.
    pub(super) fn hold(&mut self, held: Option<HeldWay>, now: Instant) {
        let Some(held) = held else {
            self.is_over = true;
            return;
        };
        self.position = Some(Position::at(held.cursor));
        self.held = Some(now);
        self.rows = Rows {
            any: held.has_rows,
            waiting: held.waiting,
            changed: held.has_rows,
            asked: Some(now),
        };
    }

    /// Whether to ask for notices with a row: where one may go that could not, and now and then, since subscribers and operators make
    /// others go. It counts as asked.
    pub(super) fn asks_for_rows(&mut self, now: Instant, pause: Duration) -> bool {
        let rows = &mut self.rows;
        let is_time = rows.asked.is_none_or(|asked| now.duration_since(asked) >= pause);
        let asks = rows.changed || is_time;
        if asks {
            (rows.changed, rows.asked) = (false, Some(now));
        }
        asks
    }

    /// A notice with a row may go that could not.
    pub(super) fn rows_changed(&mut self) {
        self.rows.changed = true;
    }

    /// What is to be written down now that these have ended; it says as well that the way is held.
    pub(super) fn record(&mut self, ended: Vec<(LeasedNotice, SendOutcome)>, now: Instant) -> Told {
        self.held = Some(now);
        let settlements = ended
            .into_iter()
            .map(|(notice, fate)| NoticeSettlement { notice, fate });
        let mut told = Told {
            settlements: settlements.collect(),
            from: 0,
            to: 0,
            set_aside: Vec::new(),
        };
        if let Some(position) = &mut self.position {
            let of_the_feed = told.settlements.iter().filter(|s| !s.notice.has_row);
            let recorded = position.record(of_the_feed.map(|s| s.notice.seq));
            for s in &mut told.settlements {
                s.notice.has_row |= recorded.with_rows.contains(&s.notice.seq);
            }
            (told.from, told.to) = (position.cursor(), recorded.to);
            told.set_aside = recorded.set_aside;
        }
        let failed =
            |s: &&NoticeSettlement| !s.notice.has_row && s.fate != SendOutcome::Carried(Carried::Done);
        let made = told.set_aside.len() + told.settlements.iter().filter(failed).count();
        self.rows.waiting += made as i64;
        self.rows.any |= made > 0;
        self.rows.changed |= made > 0 || told.settlements.iter().any(|s| s.notice.has_row);
        told
    }

    /// What was recorded is written, with the cursor at this place.
    pub(super) fn settled(&mut self, settled: SettledNotices, to: i64) {
        self.is_over |= !settled.stands || !settled.is_held;
        if let Some(position) = self.position.as_mut().filter(|_| settled.is_held) {
            position.recorded(to);
        }
    }

    /// The feed has more than was read.
    pub(super) fn news(&mut self) {
        self.is_read = false;
        self.news += 1;
    }

    /// Whether to read on, where so many events are read ahead. Not so far that one that hangs is passed by more than a window, nor while
    /// a window of notices with rows waits.
    pub(super) fn reads_on(&self, ahead: usize) -> bool {
        let is_open = !self.is_over && !self.is_read && self.rows.waiting < i64::from(WINDOW);
        let position = self.position.as_ref().filter(|_| is_open);
        position
            .is_some_and(|position| position.beyond() < usize::from(WINDOW) && position.waiting() < ahead / 2)
    }

    /// Whether so much was read after the cursor that it is to move.
    pub(super) fn is_far(&self) -> bool {
        let position = self.position.as_ref();
        position.is_some_and(|position| position.beyond() > usize::from(WINDOW) / 4)
    }

    /// From where to read on.
    pub(super) fn reading(&self) -> Reading {
        Reading {
            place: self.position.as_ref().map_or(0, Position::read_to),
            has_rows: self.rows.any,
            news: self.news,
        }
    }

    /// What was read from there, and whether that is all there was.
    pub(super) fn read(&mut self, from: Reading, read: impl IntoIterator<Item = Read<T>>, is_all: bool) {
        // What came while it was read may have come too late for it.
        self.is_read = is_all && self.news == from.news;
        if let Some(position) = &mut self.position {
            position.take(read);
        }
    }

    /// The next events that may go, at most so many.
    pub(super) fn next(&mut self, max: usize, now: Instant) -> Vec<(LeasedNotice, T)> {
        match &mut self.position {
            Some(position) if !self.is_over => position.next(max, now),
            _ => Vec::new(),
        }
    }

    /// A notice has arrived.
    pub(super) fn arrived(&mut self, notice: &LeasedNotice) {
        if let Some(position) = self.position.as_mut().filter(|_| !notice.has_row) {
            position.arrived(notice.seq);
        }
    }

    /// Whether something must be written down though nothing has ended: events get rows, or it is time to say that the way is still held.
    pub(super) fn keeps(&mut self, now: Instant) -> bool {
        let Some(position) = self.position.as_mut().filter(|_| !self.is_over) else {
            return false;
        };
        let is_time = self.held.is_some_and(|held| now.duration_since(held) >= HOLD / 3);
        position.keeps(LOOK_AGAIN, LEASE, now) || is_time
    }

    /// Nothing more is begun. Whether that leaves something to be written down.
    pub(super) fn leaves(&mut self) -> bool {
        self.is_read = true;
        let position = self.position.as_mut().filter(|_| !self.is_over);
        position.is_some_and(Position::leave)
    }
}
