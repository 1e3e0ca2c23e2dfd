//! The demo's own book: what was filed, what came back, and what is wrong with it. Pure; times are since the run began.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use super::outcome::{Row, RunOutcome, RunPercentiles, RunProgress, Used, Violation, ViolationKind};
use crate::domain::codes::Key;
use crate::domain::details::{Details, PaperAsked, ResultPaper};
use crate::domain::ids::{DossierId, EventId};
use crate::domain::seal;
use crate::domain::sha256::Sha256;
use crate::domain::status::Status;
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::domain::time::Timestamp;
use crate::domain::view::{DossierSummary, EventView, FeedData, HistoryView, SubmissionAnswer};

struct Entry {
    tenant: TenantKey,
    format: &'static str,
    agency_kind: String,
    begun: Duration,
    accept: Option<Duration>,
    dossier: Option<DossierId>,
    refused: bool,
    delivered: bool,
    status: Option<Status>,
    ended: Option<Duration>,
    seen: Vec<EventId>,
    last: i32,
    withdrawing: bool,
    files: BTreeSet<Sha256>,
}

/// What the hub shows of a dossier beside its history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownDossier {
    /// Supplements asked for.
    pub supplements: usize,
    /// Claims of fees.
    pub claims: usize,
    /// The results.
    pub results: Vec<ResultPaper>,
}

/// The files the hub has of a dossier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptFiles {
    /// Those of the filing.
    pub filed: BTreeSet<Sha256>,
    /// How many of all are still missing.
    pub missing: usize,
}

/// What the hub has of a dossier at the end.
pub struct Looked {
    /// Its history.
    pub history: HistoryView,
    /// What is listed under its reference.
    pub listed: Vec<DossierSummary>,
    /// What it shows.
    pub shown: ShownDossier,
    /// Its files.
    pub kept: KeptFiles,
}

/// What the submitter has to do after an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowUp {
    /// Complete what was asked for: these papers.
    Supplement(DossierId, Vec<PaperAsked>),
    /// The applicant no longer wants it.
    Withdraw(DossierId),
    /// Hand the result over.
    HandOver(DossierId),
}

/// The book of one run.
#[derive(Default)]
pub struct ExpectedLedger {
    entries: BTreeMap<String, Entry>,
    faults: Vec<Violation>,
    news: Vec<RunProgress>,
    /// How many were planned, once somebody has stopped the run before its end.
    interrupted: Option<usize>,
    /// What was used.
    pub used: Used,
}

impl ExpectedLedger {
    /// Notes that `tenant` is about to file `reference`.
    pub fn begin(&mut self, reference: &str, tenant: TenantKey, format: &'static str, now: Duration) {
        let entry = Entry {
            tenant,
            format,
            agency_kind: "none".to_owned(),
            begun: now,
            accept: None,
            dossier: None,
            refused: false,
            delivered: false,
            status: None,
            ended: None,
            seen: Vec::new(),
            last: 0,
            withdrawing: false,
            files: BTreeSet::new(),
        };
        self.entries.insert(reference.to_owned(), entry);
    }

    /// Notes the hub's answer; `agency_kind` is the kind of the agency it named.
    pub fn filed(&mut self, reference: &str, answer: &SubmissionAnswer, agency_kind: &str, now: Duration) {
        let Some(entry) = self.entries.get_mut(reference) else {
            return;
        };
        entry.accept = Some(now.saturating_sub(entry.begun));
        agency_kind.clone_into(&mut entry.agency_kind);
        entry.status = entry.status.or(Some(answer.status.code));
        let known = *entry.dossier.get_or_insert(answer.tracking_id);
        self.news.push(RunProgress::Filed);
        if known != answer.tracking_id {
            self.fault(
                ViolationKind::Doubled,
                reference,
                "its events are about another tracking id",
            );
        }
        if answer.existing {
            self.fault(
                ViolationKind::Doubled,
                reference,
                "the reference was known before",
            );
        }
        if let Some(label) = answer.parked {
            self.fault(ViolationKind::Refused, reference, &format!("parked: {label}"));
        } else if answer.agency.is_none() {
            self.fault(ViolationKind::Missing, reference, "no agency");
        }
    }

    /// Notes the files a filing names.
    pub fn names(&mut self, reference: &str, files: impl Iterator<Item = Sha256>) {
        if let Some(entry) = self.entries.get_mut(reference) {
            entry.files.extend(files);
        }
    }

    /// Compares the agency a dossier went to with the one it must reach, where that is known.
    pub fn routed(&mut self, reference: &str, must: Option<&Key>, agency: Option<&Key>) {
        if let (Some(must), Some(agency)) = (must, agency)
            && must != agency
        {
            self.fault(
                ViolationKind::Foreign,
                reference,
                &format!("it went to {agency} instead of {must}"),
            );
        }
    }

    /// Notes that something about `reference` was refused, or not answered within the client's patience.
    pub fn refused(&mut self, reference: &str, what: &str, filing: bool) {
        if let Some(entry) = self.entries.get_mut(reference) {
            entry.refused |= filing;
        }
        self.fault(ViolationKind::Refused, reference, what);
    }

    /// Notes an event `tenant` was told of by this way, and says what the submitter has to do now. Events of other runs are let pass.
    pub fn event(
        &mut self,
        tenant: &TenantKey,
        data: &FeedData,
        way: &str,
        now: Duration,
    ) -> Option<FollowUp> {
        let happened = &data.event;
        let reference = data.reference.as_str();
        if !self.is_news(tenant, data) {
            return None;
        }
        let entry = self.entries.get_mut(reference)?;
        let (last, number) = (entry.last, happened.number);
        entry.seen.push(happened.id);
        entry.last = last.max(number);
        self.used.told(happened.kind.as_str(), way);
        self.news.push(RunProgress::Event);
        if !entry.delivered && happened.actor.tenant.kind() == TenantKind::Agency {
            entry.delivered = true;
            self.news.push(RunProgress::Delivered);
        }
        let moved = matches!(happened.kind.as_str(), "filed" | "status-changed");
        let status = happened.status.as_ref().filter(|_| moved).map(|s| s.code);
        if number > last && status.is_some() {
            entry.status = status;
        }
        if entry.ended.is_none() && status.is_some_and(Status::is_final) {
            entry.ended = Some(now);
            self.news.push(RunProgress::Ended);
        }
        if number != last + 1 {
            let kind = if number > last {
                ViolationKind::Missing
            } else {
                ViolationKind::OutOfOrder
            };
            self.fault(kind, reference, &format!("event {number} came after {last}"));
        }
        self.follow_up(data, status)
    }

    /// Whether the tenant is told of it as the submitter, for the first time. Whoever should not have been told, or twice, is a
    /// fault.
    fn is_news(&mut self, tenant: &TenantKey, data: &FeedData) -> bool {
        let happened = &data.event;
        let reference = data.reference.as_str();
        let Some(entry) = self.entries.get_mut(reference) else {
            return false;
        };
        if entry.tenant != *tenant {
            // Its receiving unit and the one that supervises are told too; nobody else.
            let told = [&data.receiving_unit, &data.supervisor];
            if told.into_iter().flatten().any(|unit| unit == tenant) {
                return false;
            }
            self.fault(
                ViolationKind::Foreign,
                reference,
                "an event reached another tenant",
            );
            return false;
        }
        if *entry.dossier.get_or_insert(data.tracking_id) != data.tracking_id {
            self.fault(ViolationKind::Doubled, reference, "events about two tracking ids");
            return false;
        }
        if entry.seen.contains(&happened.id) {
            self.fault(
                ViolationKind::Doubled,
                reference,
                &format!("event {} came twice", happened.number),
            );
            return false;
        }
        true
    }

    /// What the submitter does about a dossier that has come to this status by an event.
    fn follow_up(&mut self, data: &FeedData, status: Option<Status>) -> Option<FollowUp> {
        let (happened, reference) = (&data.event, data.reference.as_str());
        let entry = self.entries.get_mut(reference)?;
        match status {
            Some(Status::Processing) if !happened.inferred && !entry.withdrawing && gives_up(reference) => {
                entry.withdrawing = true;
                Some(FollowUp::Withdraw(data.tracking_id))
            }
            Some(Status::SupplementRequested) if !entry.withdrawing => {
                let papers = match &happened.details {
                    Some(Details::Papers(papers)) => papers.clone(),
                    _ => Vec::new(),
                };
                Some(FollowUp::Supplement(data.tracking_id, papers))
            }
            Some(Status::Finished) if !happened.inferred => Some(FollowUp::HandOver(data.tracking_id)),
            _ => None,
        }
    }

    /// How many of those not refused have not ended.
    pub fn open(&self) -> usize {
        self.entries
            .values()
            .filter(|e| e.ended.is_none() && !e.refused)
            .count()
    }

    /// What was filed: reference, dossier, whose.
    pub fn filed_dossiers(&self) -> Vec<(String, DossierId, TenantKey)> {
        let filed = self.entries.iter().filter(|(_, e)| e.accept.is_some());
        filed
            .filter_map(|(r, e)| Some((r.clone(), e.dossier?, e.tenant.clone())))
            .collect()
    }

    /// Whether every event of this history has reached the submitter.
    pub fn has_seen(&self, reference: &str, history: &HistoryView) -> bool {
        self.entries
            .get(reference)
            .is_some_and(|e| history.events.iter().all(|h| e.seen.contains(&h.id)))
    }

    /// Compares what was seen with the hub's history, and with what it lists under the reference.
    pub fn audit(&mut self, reference: &str, looked: &Looked) {
        let Some(entry) = self.entries.get(reference) else {
            return;
        };
        let events = &looked.history.events;
        let unseen: Vec<i32> = (events.iter())
            .filter(|h| !entry.seen.contains(&h.id))
            .map(|h| h.number)
            .collect();
        let same_files = looked.kept.missing == 0 && looked.kept.filed == entry.files;
        let dossier = entry.dossier;
        if !unseen.is_empty() {
            self.fault(
                ViolationKind::Missing,
                reference,
                &format!("events {unseen:?} did not reach the submitter"),
            );
        }
        if !same_files {
            self.fault(
                ViolationKind::Missing,
                reference,
                "the hub has other files than were sent",
            );
        }
        if told(&looked.history) != looked.shown {
            self.fault(
                ViolationKind::Missing,
                reference,
                "what its events brought does not stand in the dossier",
            );
        }
        self.audit_history(reference, events);
        self.audit_listed(reference, &looked.listed, dossier);
    }

    /// Each event is in the history once, and they are numbered without a gap.
    fn audit_history(&mut self, reference: &str, events: &[EventView]) {
        let ids: HashSet<EventId> = events.iter().map(|h| h.id).collect();
        if ids.len() != events.len() {
            self.fault(
                ViolationKind::Doubled,
                reference,
                "an event is in the history twice",
            );
        }
        let gapless = events.iter().zip(1..).all(|(h, n)| h.number == n);
        if !gapless {
            self.fault(
                ViolationKind::OutOfOrder,
                reference,
                "the history is not numbered 1, 2, 3, …",
            );
        }
    }

    /// Under the reference stands this dossier and no other.
    fn audit_listed(&mut self, reference: &str, listed: &[DossierSummary], dossier: Option<DossierId>) {
        let same = listed.first().is_some_and(|d| Some(d.tracking_id) == dossier);
        match listed.len() {
            0 => self.fault(
                ViolationKind::Missing,
                reference,
                "not listed under its reference",
            ),
            1 if same => {}
            1 => self.fault(
                ViolationKind::Doubled,
                reference,
                "another dossier has its reference",
            ),
            count => self.fault(
                ViolationKind::Doubled,
                reference,
                &format!("{count} dossiers under one reference"),
            ),
        }
    }

    /// Notes that something is wrong.
    pub fn fault(&mut self, kind: ViolationKind, reference: &str, what: &str) {
        let fault = Violation {
            kind,
            reference: reference.to_owned(),
            what: what.to_owned(),
        };
        self.news.push(RunProgress::Fault(fault.clone()));
        self.faults.push(fault);
    }

    /// What has happened since this was last asked.
    pub fn news(&mut self) -> Vec<RunProgress> {
        std::mem::take(&mut self.news)
    }

    /// The run was interrupted: of so many dossiers some were not filed, and what has not ended is not missing.
    pub fn interrupt(&mut self, planned: usize) {
        self.interrupted = Some(planned);
    }

    /// Closes the book.
    pub fn outcome(mut self, run: String, seed: u64, began_at: Timestamp, ended_at: Timestamp) -> RunOutcome {
        let open: Vec<(String, Option<Status>)> = self
            .entries
            .iter()
            .filter(|(_, e)| e.ended.is_none() && !e.refused && self.interrupted.is_none())
            .map(|(r, e)| (r.clone(), e.status))
            .collect();
        for (reference, status) in open {
            let at = status.map_or_else(|| "nowhere".to_owned(), |s| s.code().to_string());
            self.fault(
                ViolationKind::Missing,
                &reference,
                &format!("did not end; stands at {at}"),
            );
        }
        let mut groups: BTreeMap<(&str, &str), Vec<&Entry>> = BTreeMap::new();
        let mut statuses: BTreeMap<u8, usize> = BTreeMap::new();
        for entry in self.entries.values() {
            groups
                .entry((entry.format, entry.agency_kind.as_str()))
                .or_default()
                .push(entry);
            if let Some(status) = entry.status {
                *statuses.entry(status.code()).or_default() += 1;
            }
        }
        let rows = groups
            .iter()
            .map(|((format, kind), entries)| row(format, kind, entries))
            .collect();
        let total = row("", "", &self.entries.values().collect::<Vec<_>>());
        let fault_count = self.faults.len();
        self.faults.truncate(super::outcome::MOST_FAULTS);
        RunOutcome {
            run,
            seed,
            began_at,
            ended_at,
            planned: self.interrupted.unwrap_or(self.entries.len()),
            interrupted: self.interrupted.is_some(),
            rows,
            total,
            statuses,
            used: self.used,
            faults: self.faults,
            fault_count,
            agencies: None,
        }
    }
}

/// Three applicants of a hundred give up, the same ones each time.
fn gives_up(reference: &str) -> bool {
    seal::sha256(reference.as_bytes()).as_bytes()[0] < 8
}

/// What the events of a history brought, by an independent reading.
fn told(history: &HistoryView) -> ShownDossier {
    let (mut told, mut now) = (ShownDossier::default(), None);
    for event in &history.events {
        let named = event.status.as_ref().map(|s| s.code);
        let holds = match event.kind.as_str() {
            "status-changed" => {
                now = named;
                match named {
                    // A stop is recorded as a supplement.
                    Some(Status::SupplementRequested | Status::Stopped) => told.supplements += 1,
                    Some(Status::PaymentRequested) => told.claims += 1,
                    _ => {}
                }
                if named != Some(Status::HandedOver) {
                    told.results.clear();
                }
                true
            }
            "status-recorded" => named == now,
            "result-corrected" => true,
            _ => false,
        };
        if let Some(Details::Decision { results, .. }) = event.details.as_ref().filter(|_| holds) {
            told.results.clone_from(results);
        }
    }
    told
}

fn row(format: &str, agency_kind: &str, entries: &[&Entry]) -> Row {
    let round_trip = |e: &&Entry| e.ended.map(|at| at.saturating_sub(e.begun));
    let mut accepts: Vec<Duration> = entries.iter().filter_map(|e| e.accept).collect();
    let mut round_trips: Vec<Duration> = entries.iter().filter_map(round_trip).collect();
    Row {
        format: format.to_owned(),
        agency_kind: agency_kind.to_owned(),
        filed: accepts.len(),
        delivered: entries.iter().filter(|e| e.delivered).count(),
        ended: round_trips.len(),
        events: entries.iter().map(|e| e.seen.len()).sum(),
        accept_ms: RunPercentiles::of(&mut accepts),
        round_trip_ms: RunPercentiles::of(&mut round_trips),
    }
}

#[cfg(test)]
mod tests;
