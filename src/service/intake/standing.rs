//! What a filing says beside its content: where the dossier stands, when it was complete, and which date the receipt promises.
//!
//! A status the sender names is taken where the table gives the step to the sender, contradicted where it cannot be true, and else
//! kept beside with a warning. Told again with the same dossier it is no news: synchronisations repeat themselves.

use super::prepared::{Attempted, Beside, Filed, Prepared, Twin};
use crate::domain::calendar::Limit;
use crate::domain::dossier::{Filing, ForeignValue};
use crate::domain::event::Verdict;
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::entry::{self, Entry, ResentStatus};
use crate::domain::lifecycle::{Report, Role};
use crate::domain::rejection::{Language, Problem, problems};
use crate::domain::status::Status;
use crate::domain::tenant::TenantKind;
use crate::domain::time::Timestamp;
use crate::domain::view::ProblemView;
use crate::identity::{Access, Permission};
use crate::service::ServiceError;
use crate::service::fault::{encode, internal};
use crate::service::intake::Intake;
use crate::store::kept::KeptDossier;
use crate::store::ledger::{Act, DossierAction, KeptAnswer, Remember, SubmitOutcome};
use crate::store::{Cipher, read};

/// The reason of a step told as the status of a filing that gives none; the applicant reads it.
const REASON: &str = "Theo trạng thái nơi tiếp nhận gửi cùng hồ sơ; lý do xem ở giấy tờ của nơi tiếp nhận";

/// Fields that one warning names.
const NAMED: usize = 5;

/// Where a filing places its dossier.
pub(super) struct Placed {
    /// Where it begins; of an amendment, where it waits.
    pub entry: Status,
    /// What is told beside the answer.
    pub warnings: Vec<Problem>,
    /// Blind index of the status it says.
    pub told: Option<String>,
    /// Whether the answer is given and kept; else more follows.
    pub answers: bool,
}

/// A status that a filing says its dossier stands at.
#[derive(Clone, Copy)]
pub(super) struct Said {
    status: Status,
    complete_at: Option<Timestamp>,
}

impl Said {
    /// By what it is known again with its dossier.
    pub(super) fn blind(self, cipher: &Cipher, dossier: &str) -> String {
        let complete_at = self.complete_at.map(Timestamp::as_micros).unwrap_or_default();
        let said = format!("filing|{dossier}|{}|{complete_at}", self.status);
        hex::encode(cipher.blind("report", said.as_bytes()))
    }
}

/// The parts a sender has in what it files: a branch receives for the agency, an agent of the post files for the applicant.
fn parts(access: &Access) -> &'static [Role] {
    if access.kind() == TenantKind::Branch {
        &[Role::Submitter, Role::ReceivingUnit]
    } else {
        &[Role::Submitter]
    }
}

impl Prepared {
    /// The status it says its dossier stands at.
    pub(super) fn told_status(&self) -> Option<Said> {
        self.filing.reported_status.map(|status| Said {
            status,
            complete_at: self.filing.received_at,
        })
    }

    /// What it says, filed the way its dossier was: how a dossier reached the office does not change by being sent again.
    pub(super) fn as_filed_through(&self, row: &KeptDossier) -> Filing {
        Filing {
            channel: row.channel,
            ..self.filing.clone()
        }
    }

    /// The same through the dossier's own channel, with a warning; nothing where the channel is the same.
    pub(super) fn keep_channel(&self, row: &KeptDossier) -> Option<Prepared> {
        let kept = row.channel;
        if kept == self.filing.channel {
            return None;
        }
        let warning = problems::ChannelKept {
            channel: &kept.word(),
            sent: &self.filing.channel.word(),
        };
        let mut warnings = self.warnings.clone();
        warnings.push(warning.into());
        Some(Prepared {
            filing: self.as_filed_through(row),
            warnings,
            ..self.clone()
        })
    }

    /// Whether the status it says needs a reason.
    fn needs_reason(&self) -> bool {
        matches!(
            self.filing.reported_status,
            Some(Status::Refused | Status::SupplementRequested | Status::Stopped)
        )
    }

    /// Why the status it says was taken: by its own word, or where it gives none, by where its reason is to be found.
    fn note(&self) -> Option<String> {
        let said = self.filing.reported_text.as_ref().map(ToString::to_string);
        said.filter(|_| self.needs_reason())
            .or_else(|| self.needs_reason().then(|| REASON.to_owned()))
    }

    /// A warning where the applicant will read no reason.
    fn lacks_reason(&self) -> Option<Problem> {
        let status = self.filing.reported_status.filter(|_| self.needs_reason())?;
        let told = || {
            let name = self.text_path.rsplit('/').next().unwrap_or_default();
            problems::StatusReasonMissing {
                status: &status,
                field: &name,
            }
            .at(&self.text_path)
        };
        self.filing.reported_text.is_none().then(told)
    }

    /// A warning where the receipt promises another date than the limit gives: another day, or of hours another minute.
    pub(super) fn promise_differs(&self, due: Option<Timestamp>) -> Option<Problem> {
        let (promised, due) = (self.promised?, due?);
        let same = match self.route.limit {
            Limit::WorkingHours(_) => promised.as_seconds() / 60 == due.as_seconds() / 60,
            Limit::WorkingDays(_) | Limit::CalendarDays(_) | Limit::SameDay(_) => {
                promised.date() == due.date()
            }
        };
        let differs = problems::DueDiffers {
            promised: &promised.on_paper(),
            due: &due.on_paper(),
        };
        (!same).then(|| differs.into())
    }
}

/// A warning that values beside the content of an accepted dossier are others than before.
fn content_kept(values: &[ForeignValue]) -> Option<Problem> {
    let mut names: Vec<&str> = values.iter().map(ForeignValue::name).collect();
    names.dedup();
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > NAMED { ", …" } else { "" };
    let told = || {
        problems::ContentKept {
            fields: &format!("{shown}{more}"),
        }
        .into()
    };
    (!names.is_empty()).then(told)
}

impl Intake {
    /// Whether it reads as one that begins now: as nothing that a known dossier has come to since.
    pub(super) fn may_begin(access: &Access, prepared: &Prepared) -> bool {
        let said = prepared.filing.reported_status;
        said.is_none_or(|status| status == Status::Registered)
            && entry::entry(prepared.filing.channel, said, parts(access)).is_ok()
    }

    /// A dossier nobody knows yet begins where its sender says, or where its channel does.
    pub(super) async fn file_new(&self, call: Filed<'_>, id: DossierId, beside: Beside) -> Attempted {
        let Filed { access, prepared, .. } = call;
        let said = prepared.filing.reported_status;
        let begins = entry::entry(prepared.filing.channel, said, parts(access));
        let Entry { status, warning } = match begins {
            Ok(entry) => entry,
            Err(problem) => return self.contradict(call, problem).await,
        };
        let place = Placed {
            entry: status,
            warnings: warning.map(|w| w.at(&prepared.status_path)).into_iter().collect(),
            told: self.blind_status(prepared, id),
            answers: true,
        };
        self.write(call, (id, None), beside, place).await
    }

    /// Other content under a reference that is not accepted yet: an amendment, and what its status says after it.
    pub(super) async fn file_again(
        &self,
        call: Filed<'_>,
        (id, row): (DossierId, KeptDossier),
        told_before: bool,
        beside: Beside,
    ) -> Attempted {
        if let Some(replayed) = self.answered_before(call).await? {
            return Ok(replayed);
        }
        let told = match Self::judge(call, &row, told_before) {
            Ok(told) => told,
            Err(problem) => return self.contradict(call, problem).await,
        };
        let place = Placed {
            entry: Status::Registered,
            warnings: match &told {
                ResentStatus::Beside(warning) => vec![warning.clone().at(&call.prepared.status_path)],
                ResentStatus::Nothing | ResentStatus::News(_) => Vec::new(),
            },
            told: match &told {
                ResentStatus::News(_) => None,
                ResentStatus::Nothing | ResentStatus::Beside(_) => self.blind_status(call.prepared, id),
            },
            answers: !matches!(told, ResentStatus::News(_)),
        };
        let more: Vec<Problem> = beside
            .twin
            .as_ref()
            .map(Twin::warning)
            .into_iter()
            .chain(Self::told_of_code(call.prepared, Some(&row), beside.contested))
            .collect();
        let written = self.write(call, (id, Some(&row)), beside, place).await?;
        match (told, &written.0) {
            (ResentStatus::News(_), SubmitOutcome::Committed) => {
                let row = self.same_row(call).await?;
                self.settle_standing(call, row, false, Some(more)).await
            }
            _ => Ok(written),
        }
    }

    /// The same content again: what it says of where the dossier stands may be news.
    pub(super) async fn file_same(&self, call: Filed<'_>, row: KeptDossier, told_before: bool) -> Attempted {
        if let Some(replayed) = self.answered_before(call).await? {
            return Ok(replayed);
        }
        self.settle_standing(call, row, told_before, None).await
    }

    /// Takes what a filing says of its dossier, and answers with the dossier as it then stands. `amended` is what is told of an
    /// amendment that this call has just made.
    async fn settle_standing(
        &self,
        call: Filed<'_>,
        row: KeptDossier,
        told_before: bool,
        amended: Option<Vec<Problem>>,
    ) -> Attempted {
        let Filed {
            access,
            prepared,
            key,
            ..
        } = call;
        let told = match Self::judge(call, &row, told_before) {
            Ok(told) => told,
            Err(problem) => return self.contradict(call, problem).await,
        };
        let mut warnings = prepared.warnings.clone();
        let (news, beside) = match told {
            ResentStatus::News(_) => (true, None),
            ResentStatus::Beside(warning) => (false, Some(warning.at(&prepared.status_path))),
            ResentStatus::Nothing => (false, None),
        };
        warnings.extend(beside);
        let others = call.other_values.unwrap_or_default();
        warnings.extend(content_kept(others));
        if let Some(status) = prepared.filing.reported_status.filter(|_| !told_before) {
            if news {
                warnings.extend(prepared.lacks_reason());
            }
            let mut act = self.act_of(call, &row, status);
            act.foreign_values = others.to_vec();
            if !news {
                act.action = DossierAction::Keep { to: status };
            }
            let acted = self.acts.take(&row, act).await?;
            // It was moved on between the look and the commit.
            if let (Verdict::Rejected, Some(problem)) = (acted.verdict, acted.problem) {
                return self.contradict(call, problem).await;
            }
        }
        self.promise(call, &row).await?;
        let row = self.same_row(call).await?;
        // Once another date was set the receipt promises nothing.
        let differs = prepared.promise_differs(row.state.due);
        let promises = row.state.promise.is_some_and(|promise| promise.holds);
        warnings.extend(differs.filter(|_| promises));
        let mut answer = self.existing_answer(access, &row).await?;
        answer.existing = amended.is_none();
        warnings.extend(amended.into_iter().flatten());
        answer.warnings = warnings
            .iter()
            .map(|problem| ProblemView::of(problem, Language::Vietnamese))
            .collect();
        let body = encode(&answer)?;
        let remember = Remember {
            key: key.clone(),
            answer: KeptAnswer::Filed(body.clone()),
        };
        Ok((self.store.ledger.ask(remember).await?, body))
    }

    /// Takes the date a filing promises, where its dossier does not know it yet.
    async fn promise(&self, call: Filed<'_>, row: &KeptDossier) -> Result<(), ServiceError> {
        let known = row.state.promise.map(|promise| promise.to);
        let is_news = |to: &Timestamp| !row.status().is_final() && known != Some(*to);
        if let Some(to) = call.prepared.promised.filter(is_news) {
            let act = Act {
                action: DossierAction::Promise { to },
                report_key: None,
                occurred_at: call.prepared.received_at,
                ..self.act_of(call, row, Status::Registered)
            };
            self.acts.take(row, act).await?;
        }
        Ok(())
    }

    /// What a status sent with a known dossier comes to.
    fn judge(call: Filed<'_>, row: &KeptDossier, told_before: bool) -> Result<ResentStatus, Problem> {
        let Some(said) = call.prepared.filing.reported_status else {
            return Ok(ResentStatus::Nothing);
        };
        let here = row.status();
        if told_before && said != here {
            let kept = problems::StatusKept {
                status: &here,
                reported: &said,
            };
            return Ok(ResentStatus::Beside(kept.into()));
        }
        let report = Report {
            text: call.prepared.note(),
            own: true,
            ..Report::new(said, office(call.access), call.prepared.received_at)
        };
        entry::told(&row.state, &report)
    }

    /// The status as an act of whoever sent it.
    fn act_of(&self, call: Filed<'_>, row: &KeptDossier, to: Status) -> Act {
        let prepared = call.prepared;
        Act {
            key: None,
            dossier: row.id.to_string(),
            actor: call.access.actor(),
            role: office(call.access),
            action: DossierAction::Report {
                to,
                text: prepared.note(),
                details: None,
                back: None,
                new_due: None,
                task: None,
            },
            paths: Vec::new(),
            occurred_at: if to == Status::Accepted {
                prepared.complete_at
            } else {
                prepared.received_at
            },
            stated: false,
            assigned_code: None,
            officer: None,
            foreign_values: Vec::new(),
            format_version: prepared.format_version,
            report_key: self.blind_status(prepared, row.id),
            clockwork: self.directory.clockwork(row),
            turns: self.directory.turns(row),
            own_queue: false,
            traceparent: call.incoming.traceparent.clone(),
        }
    }

    fn blind_status(&self, prepared: &Prepared, dossier: DossierId) -> Option<String> {
        let said = prepared.told_status()?;
        Some(said.blind(&self.store.cipher, &dossier.to_string()))
    }

    /// The answer an earlier call with this key got: nothing is judged anew.
    pub(super) async fn answered_before(
        &self,
        call: Filed<'_>,
    ) -> Result<Option<(SubmitOutcome, Vec<u8>)>, ServiceError> {
        let replayed = |body| (SubmitOutcome::Replayed(body), Vec::new());
        let stored = self.stored(call.key.clone()).await?;
        stored.transpose().map(|body| body.map(replayed))
    }

    /// A status that cannot be true is refused with its place, and the document kept.
    async fn contradict(&self, call: Filed<'_>, problem: Problem) -> Attempted {
        let refused = problem.at(&call.prepared.status_path).into();
        Err(self
            .refusals
            .keep_refused(call.access, call.incoming, refused)
            .await)
    }

    /// The dossier of the call's reference, as it now stands.
    async fn same_row(&self, call: Filed<'_>) -> Result<KeptDossier, ServiceError> {
        let scope = call.access.permit(Permission::SubmissionCreate)?;
        let (tenant, reference) = (
            call.access.key().to_string(),
            call.prepared.filing.reference.to_string(),
        );
        let found = self
            .store
            .readers
            .run(move |conn| read::by_reference(conn, &scope, &tenant, &reference))
            .await?;
        found.ok_or_else(|| internal("a dossier is gone"))
    }
}

/// The part in which a sender tells a status of what it filed.
fn office(access: &Access) -> Role {
    if parts(access).contains(&Role::ReceivingUnit) {
        Role::ReceivingUnit
    } else {
        Role::Submitter
    }
}
