//! The clocks of a dossier: which limits run in which status, when each ends, and how the due date moves.
//!
//! Pure: the ledger asks with the state before and after an act, and writes what it is told. Start with [`Clockwork::move_due`]
//! and [`Clockwork::changes`]. What the limits are stands in `time_limits.csv` ([`super::legal`]); when offices are open, in
//! [`super::calendar`].

mod due;
pub(super) mod watched;

use std::sync::Arc;

pub use due::{DueChange, DueReason};
pub use watched::{Deadline, Watched};

use super::calendar::{Calendar, Limit, Span};
use super::legal::{LegalLimits, Restart, TimeLimits};
use super::lifecycle::State;
use super::status::Status;
use super::time::{Date, Timestamp};

impl Watched {
    /// Whether it runs while a dossier stands so. While a supplement or a payment is asked for, and while it is stopped, the due
    /// date stands still.
    fn runs(self, state: &State) -> bool {
        let in_process = matches!(state.status(), Status::Accepted | Status::Processing);
        match self {
            Watched::OfficerNotice | Watched::Acceptance => state.status() == Status::Registered,
            Watched::SupplementNotice => in_process && state.supplements == 0,
            Watched::Supplement => state.status() == Status::SupplementRequested,
            Watched::Due | Watched::LateNotice => in_process && state.due.is_some(),
            Watched::PaperHandOver => state.status() == Status::Accepted,
            Watched::AgencySilent => !state.status().is_final(),
            Watched::Opinion => {
                let ended = state.status().is_final() || state.status() == Status::Finished;
                !ended && state.open.opinion_due().is_some()
            }
            Watched::FeeToBudget => state.open.fee.is_some(),
            Watched::Task => {
                let ended = state.status().is_final() || state.status() == Status::Finished;
                !ended && state.tasks.next_due().is_some()
            }
            Watched::ClockAhead
            | Watched::CodeContested
            | Watched::FormatDrift
            | Watched::SupervisionNotice => false,
        }
    }

    /// Whether a step from one state to another begins it, or begins it anew.
    fn begins(self, before: &State, after: &State) -> bool {
        let newly = self.runs(after) && !self.runs(before);
        match self {
            Watched::Acceptance | Watched::Supplement | Watched::FeeToBudget => newly,
            Watched::Opinion => {
                newly || (self.runs(after) && before.open.opinion_due() != after.open.opinion_due())
            }
            Watched::Task => newly || (self.runs(after) && before.tasks.next_due() != after.tasks.next_due()),
            Watched::SupplementNotice => newly && !before.accepted,
            Watched::Due | Watched::LateNotice => newly || (self.runs(after) && before.due != after.due),
            // Begun by a filing or a message, not by a step.
            Watched::OfficerNotice
            | Watched::PaperHandOver
            | Watched::AgencySilent
            | Watched::ClockAhead
            | Watched::CodeContested
            | Watched::FormatDrift
            | Watched::SupervisionNotice => false,
        }
    }
}

/// What becomes of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It begins, or begins anew.
    Begin(Deadline),
    /// It no longer runs.
    End(Watched),
}

/// How the papers of a dossier travel to its agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaperWay {
    /// Within the area of the agency.
    Near,
    /// From another area, or from nobody knows where.
    OutOfArea,
}

/// The limits a step ends.
pub fn ended(before: &State, after: &State) -> impl Iterator<Item = Watched> {
    Watched::ALL
        .into_iter()
        .filter(|limit| limit.runs(before) && !limit.runs(after))
}

/// What the clocks of one dossier are computed with: the hours of its agency and the limits of the law.
#[derive(Clone, Debug)]
pub struct Clockwork {
    calendar: Arc<Calendar>,
    limits: Arc<TimeLimits>,
}

impl Clockwork {
    /// With these hours and limits.
    pub fn new(calendar: Arc<Calendar>, limits: Arc<TimeLimits>) -> Self {
        Clockwork { calendar, limits }
    }

    fn law(&self, at: Timestamp) -> &LegalLimits {
        self.limits.at(at.date())
    }

    fn ends(&self, from: Timestamp, span: Span) -> Timestamp {
        self.calendar.ends(from, span, self.law(from).working_day_end)
    }

    /// When a dossier with this time limit is due that was accepted at `from`.
    pub fn due(&self, from: Timestamp, limit: Limit) -> Timestamp {
        self.ends(from, Span::Office(limit))
    }

    /// The first day a date rests on that is only assumed to be a day off, or of work.
    pub fn assumed_between(&self, from: Timestamp, until: Timestamp) -> Option<Date> {
        self.calendar.assumed_between(from, until)
    }

    /// Until when an online dossier filed at `from` must be accepted.
    pub fn acceptance(&self, from: Timestamp) -> Timestamp {
        self.ends(from, self.law(from).acceptance)
    }

    /// Whether the applicant's time to complete a dossier asked for at `since` had passed at `at`.
    pub fn supplement_overdue(&self, since: Timestamp, at: Timestamp) -> bool {
        at > self.ends(since, self.law(since).supplement)
    }

    /// When papers received at `received` must be at the agency.
    pub fn paper(&self, received: Timestamp, way: PaperWay) -> Timestamp {
        let law = self.law(received);
        if way == PaperWay::OutOfArea {
            return self.ends(received, law.paper_out_of_area);
        }
        let date = received.date();
        let cut_off = law.paper_cut_off.on(date);
        if self.calendar.is_working_day(date) && received <= cut_off.min(self.calendar.closing(date)) {
            return self.calendar.closing(date);
        }
        let morning = Timestamp::from_vietnam(date.tomorrow().unwrap_or(date).at(0, 0, 0, 0));
        let start = if self.calendar.is_working_day(date) {
            morning
        } else {
            received
        };
        self.ends(self.calendar.opening_from(start), law.paper_next_morning)
    }

    /// A limit that ends at `due_at` and begins at `from`, with its warning.
    fn deadline(&self, limit: Watched, from: Timestamp, due_at: Timestamp) -> Deadline {
        let warning = self.law(from).warning(limit);
        let warn_at = warning.and_then(|lead| self.calendar.before(due_at, lead));
        Deadline {
            limit,
            due_at,
            warn_at: warn_at.filter(|at| *at > from && *at < due_at),
        }
    }

    /// The last moment at which a date later than `due` may be told.
    fn late_notice(&self, from: Timestamp, due: Timestamp) -> Option<Timestamp> {
        self.calendar.before(due, self.law(from).late_notice)
    }

    /// Whether at `at` it is too late to tell of a date later than `due` (art. 19.6).
    ///
    /// A day of the calendar is one on which an office may be closed, too: who tells on Sunday of a date on Monday is in time, though
    /// the reminder comes on the last working day before.
    pub fn late_notice_passed(&self, due: Timestamp, at: Timestamp) -> bool {
        let span = match self.law(at).late_notice {
            Span::Office(Limit::CalendarDays(days)) => Span::Hours(days.saturating_mul(24)),
            other => other,
        };
        self.calendar.before(due, span).is_some_and(|last| at > last)
    }

    /// How often a due date may be postponed at `at`.
    pub fn postponements(&self, at: Timestamp) -> u32 {
        self.law(at).postponements
    }

    /// Whether a due date that was postponed so often may be postponed at `at`.
    fn may_postpone(&self, postponements: i32, at: Timestamp) -> bool {
        postponements.cast_unsigned() < self.postponements(at)
    }

    /// Until when a fee that was collected at `collected` must have been paid in (art. 24.3).
    pub fn fee_to_budget(&self, collected: Timestamp) -> Timestamp {
        self.ends(collected, self.law(collected).fee_to_budget)
    }

    /// How often a supplement may be asked for at `at`.
    pub fn supplement_requests(&self, at: Timestamp) -> u32 {
        self.law(at).supplement_requests
    }

    /// Whether at `at` it is too late to correct a result issued at `issued` (art. 23.1).
    pub fn correction_passed(&self, issued: Timestamp, at: Timestamp) -> bool {
        at > self.ends(issued, self.law(issued).result_correction)
    }

    /// How long at `at` a result may be corrected.
    pub fn result_correction_limit(&self, at: Timestamp) -> Span {
        self.law(at).result_correction
    }

    /// How long at `at` before the due date a later one has to be told.
    pub fn late_notice_limit(&self, at: Timestamp) -> Span {
        self.law(at).late_notice
    }

    /// What is watched from a message to an agency on.
    pub fn silence(&self, from: Timestamp) -> Deadline {
        let ends = self.ends(from, self.law(from).agency_silent);
        self.deadline(Watched::AgencySilent, from, ends)
    }

    /// What is watched of the next task that is due, from a moment on.
    pub fn task(&self, from: Timestamp, due_at: Timestamp) -> Deadline {
        self.deadline(Watched::Task, from, due_at)
    }

    /// The limits that begin when an online dossier is filed.
    pub fn filed_online(&self, received: Timestamp, acceptance: Timestamp) -> Vec<Deadline> {
        let told = self.ends(received, self.law(received).officer_notice);
        vec![
            self.deadline(Watched::OfficerNotice, received, told),
            self.deadline(Watched::Acceptance, received, acceptance),
        ]
    }

    /// The limits that begin when a dossier is received at a counter or by post.
    pub fn received(&self, received: Timestamp, due: Timestamp, way: PaperWay) -> Vec<Deadline> {
        let papers = self.paper(received, way);
        let mut begun = self.in_process(received, Some(due), 0);
        begun.push(self.notice(received));
        begun.push(self.deadline(Watched::PaperHandOver, received, papers));
        begun
    }

    fn notice(&self, from: Timestamp) -> Deadline {
        let last = self.ends(from, self.law(from).supplement_notice);
        self.deadline(Watched::SupplementNotice, from, last)
    }

    /// What is watched of a due date that was postponed so often. Who may not postpone it again has no last moment to do so.
    fn in_process(&self, from: Timestamp, due: Option<Timestamp>, postponements: i32) -> Vec<Deadline> {
        let late = due
            .filter(|_| self.may_postpone(postponements, from))
            .and_then(|due| self.late_notice(from, due))
            .filter(|at| *at > from);
        let late = late.map(|at| self.deadline(Watched::LateNotice, from, at));
        let due = due.map(|due| self.deadline(Watched::Due, from, due));
        due.into_iter().chain(late).collect()
    }

    /// How a step at `at` moves the due date, if it does. Acceptance begins the limit; a completed supplement begins it again
    /// (art. 19.5); what stood still while a payment was awaited or the dossier was stopped goes on by the time that passed.
    pub fn move_due(&self, before: &State, after: &State, limit: Limit, at: Timestamp) -> Option<DueChange> {
        if !after.accepted || after.status().is_final() {
            return None;
        }
        let law = self.law(at);
        let moved = |restart: Restart| match (restart, before.due) {
            (Restart::GoesOn, Some(due)) => {
                self.calendar
                    .moved_on(due, limit, law.working_day_end, before.since, at)
            }
            _ => self.due(at, limit),
        };
        let still = |status| matches!(status, Status::PaymentRequested | Status::Stopped);
        let (to, reason) = match (before.status(), after.status()) {
            _ if !before.accepted => (self.due(at, limit), DueReason::Accepted),
            (from, to) if from == to => return None,
            (Status::SupplementRequested, _) => (moved(law.after_supplement), DueReason::SupplementCompleted),
            // It stands still on, or waits for papers and will begin again.
            (from, to) if still(from) && (still(to) || to == Status::SupplementRequested) => return None,
            (from, Status::Accepted) if still(from) => (moved(law.after_standstill), DueReason::Returned),
            (Status::PaymentRequested, _) => (moved(law.after_standstill), DueReason::Paid),
            (Status::Stopped, _) => (moved(law.after_standstill), DueReason::Resumed),
            _ => return None,
        };
        let from = before.due;
        (from != Some(to)).then_some(DueChange { from, to, reason })
    }

    /// Which limits a step at `at` begins and ends. `acceptance` is until when the dossier must be accepted, where it must.
    pub fn changes(
        &self,
        before: &State,
        after: &State,
        acceptance: Option<Timestamp>,
        at: Timestamp,
    ) -> Vec<Change> {
        let mut changes: Vec<Change> = ended(before, after).map(Change::End).collect();
        let right = Watched::LateNotice;
        if right.runs(before) && right.runs(after) && !self.may_postpone(after.postponements, at) {
            changes.push(Change::End(right));
        }
        let mut begin = |deadline: Deadline| {
            if deadline.limit.begins(before, after) {
                changes.push(Change::Begin(deadline));
            }
        };
        if let Some(ends) = acceptance {
            begin(self.deadline(Watched::Acceptance, at, ends));
        }
        begin(self.notice(at));
        let supplement = self.ends(at, self.law(at).supplement);
        begin(self.deadline(Watched::Supplement, at, supplement));
        for deadline in self.in_process(at, after.due, after.postponements) {
            begin(deadline);
        }
        let beside = [
            (Watched::Opinion, after.open.opinion_due()),
            (Watched::FeeToBudget, after.open.fee_due()),
            (Watched::Task, after.tasks.next_due()),
        ];
        for (limit, due) in beside {
            if let Some(due) = due {
                begin(self.deadline(limit, at, due));
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests;
