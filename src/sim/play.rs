//! One dossier on its way through an agency: the steps of its plan, each reported when its time has come.

use std::sync::Arc;

use tokio::sync::watch;

use super::desk::{ReportOutcome, refused, told};
use super::office::{AgencyTransport, Office, SECOND};
use super::report::AgencyReport;
use super::script::{PlannedStatus, ReportWord, Script, StepWait};
use crate::domain::codes::DossierCode;
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::submission::IdempotencyKey;
use crate::domain::task::TaskOutcome;
use crate::domain::time::Timestamp;
use crate::domain::view::TaskReportRequest;

/// What the task of a dossier is told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Note {
    pub accepted: bool,
    pub supplemented: bool,
    pub ended: bool,
}

/// One dossier on its way through the agency.
pub(super) struct Play {
    pub office: Arc<Office>,
    pub dossier: DossierId,
    pub code: Option<DossierCode>,
    pub heard: watch::Receiver<Note>,
    pub sent: u32,
    pub last: Option<Timestamp>,
}

impl Play {
    pub(super) async fn run(mut self, script: Script) {
        for step in &script.steps {
            if !self.office.format.has_words() && step.word == ReportWord::Unknown {
                continue;
            }
            if !self.wait(step.wait).await || !self.step(step).await {
                return;
            }
        }
    }

    /// Whether there is still something to do after the wait.
    async fn wait(&mut self, wait: StepWait) -> bool {
        match wait {
            StepWait::After(office_time) => {
                let after = self.office.in_real_time(office_time);
                // No word for that long means to go on; the end of the dossier, or of the program, means to stop.
                tokio::time::timeout(after, self.heard.wait_for(|note| note.ended))
                    .await
                    .is_err()
            }
            StepWait::Regardless(office_time) => {
                tokio::time::sleep(self.office.in_real_time(office_time)).await;
                true
            }
            StepWait::Acceptance => self.told(|note| note.accepted).await,
            StepWait::Supplement => self.told(|note| note.supplemented).await,
        }
    }

    /// Whether the dossier was withdrawn while the report was on its way: word of it comes soon, if not before.
    async fn has_ended(&mut self) -> bool {
        let word = self.heard.wait_for(|note| note.ended);
        tokio::time::timeout(10 * SECOND, word)
            .await
            .is_ok_and(|noted| noted.is_ok())
    }

    /// Waits for that word; false where the dossier ended instead.
    async fn told(&mut self, word: impl Fn(&Note) -> bool) -> bool {
        let noted = self.heard.wait_for(|note| word(note) || note.ended).await;
        noted.is_ok_and(|note| !note.ended)
    }

    /// Reports the agency's own task; the papers go on with it. Whether there is still something to do then.
    async fn report_own_task(&mut self, step: &PlannedStatus) -> bool {
        self.sent += 1;
        let key = format!("{}-{}-{}", self.office.pace.run, self.dossier, self.sent);
        let Some(key) = IdempotencyKey::parse(&key) else {
            return true;
        };
        let request = TaskReportRequest {
            occurred_at: None,
            task: None,
            outcome: TaskOutcome::Done,
            text: step.text.map(str::to_owned),
            results: Vec::new(),
        };
        loop {
            let _permit = self.office.gate.acquire().await;
            let told = self
                .office
                .partner
                .report_task(self.dossier, &request, &key)
                .await;
            match told {
                Ok(_) => return true,
                Err(error) if error.is_passing() => tokio::time::sleep(2 * SECOND).await,
                // It was reported before this start.
                Err(error) if error.label() == Some(Label::TaskSettled) => return true,
                Err(error) => {
                    self.office.fault("task", &error);
                    return true;
                }
            }
        }
    }

    async fn step(&mut self, step: &PlannedStatus) -> bool {
        if step.own_task {
            return self.report_own_task(step).await;
        }
        let occurred_at = self.moment(step.before_last);
        let mut report = AgencyReport {
            dossier: self.dossier,
            code: self.code.clone(),
            word: step.word,
            occurred_at,
            text: step.text,
            brings: step.brings,
            assigns: None,
        };
        self.exchange_files(&report).await;
        // A second try finds a number that another program of this agency has not used; a third would hide a fault.
        for _ in 0..3 {
            if step.assigns_code && self.code.is_none() {
                report.assigns = self.office.codes().next(occurred_at.date());
            }
            match self.send(&report).await {
                ReportOutcome::CodeTaken => continue,
                ReportOutcome::Over => return false,
                ReportOutcome::Taken if step.word == ReportWord::Unknown => {
                    self.office.tally.fault("unknown word taken");
                }
                ReportOutcome::Sent if step.word == ReportWord::Unknown => {}
                ReportOutcome::Taken | ReportOutcome::Sent => {
                    self.code = self.code.take().or(report.assigns.clone());
                    if step.twice {
                        self.send(&report).await;
                    }
                }
                ReportOutcome::WordUnknown if step.word == ReportWord::Unknown => {
                    self.office.tally.unknown_word();
                }
                ReportOutcome::WordUnknown => self.office.tally.fault("report: status-word-unknown"),
                ReportOutcome::Refused(Some(Label::ClockNotRunning | Label::ResultMissing))
                    if self.has_ended().await =>
                {
                    return false;
                }
                ReportOutcome::Refused(label) => {
                    let label = label.map_or("no result", |l| l.as_str());
                    tracing::warn!(dossier = %self.dossier, label, "a report of an agency was refused");
                    self.office.tally.fault(&format!("report: {label}"));
                }
            }
            self.last = Some(self.last.map_or(occurred_at, |last| last.max(occurred_at)));
            return true;
        }
        self.office.tally.fault("report: dossier-code-taken");
        false
    }

    /// What is decided has been read; what is issued is there before it is told of. A file that cannot be had is told, and holds up nothing.
    async fn exchange_files(&self, report: &AgencyReport) {
        let Some(file) = report.file() else { return };
        // Closed only when the program ends, and then nobody waits here.
        let _permit = self.office.gate.acquire().await;
        let exchanged = async {
            self.office.fetch_files(self.dossier).await?;
            self.office.send_file(&file).await
        };
        if let Err(error) = exchanged.await {
            self.office.tally.fault(&format!("files: {}", error.word()));
        }
    }

    /// When the next report happened: now, or just before the last one.
    fn moment(&self, before_last: bool) -> Timestamp {
        match self.last {
            // A whole second, because some formats carry nothing finer.
            Some(last) if before_last => Timestamp::from_micros(last.as_micros() - 1_000_000),
            _ => self.office.clock().now(),
        }
    }

    async fn send(&mut self, report: &AgencyReport) -> ReportOutcome {
        self.sent += 1;
        let key = format!("{}-{}-{}", self.office.pace.run, self.dossier, self.sent);
        let body = report.render(self.office.format);
        if let AgencyTransport::Queue(broker) = &self.office.reach {
            self.office.publish(broker, key, body).await;
            return ReportOutcome::Sent;
        }
        let Some(key) = IdempotencyKey::parse(&key) else {
            return ReportOutcome::Refused(None);
        };
        loop {
            let answer = {
                // Closed only when the program ends, and then nobody waits here.
                let _permit = self.office.gate.acquire().await;
                let format = self.office.format.name();
                self.office
                    .partner
                    .report_in(format, "application/json", body.clone(), Some(&key))
                    .await
            };
            match answer {
                Ok(answer) => {
                    let told = told(&answer);
                    if told == ReportOutcome::Taken {
                        self.office.tally.report();
                    }
                    return told;
                }
                Err(error) if error.is_passing() => tokio::time::sleep(2 * SECOND).await,
                Err(error) => return refused(error.label()),
            }
        }
    }
}
