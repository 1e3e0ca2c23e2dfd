//! Acting on a dossier as a person does: accept it, complete it, hand over its result. What goes another way than forward is in
//! [`super::turns`].

use super::{Hub, ServiceError};
use crate::domain::attachment;
use crate::domain::clocks::Clockwork;
use crate::domain::codes::{DossierCode, Key};
use crate::domain::dossier::limits;
use crate::domain::event::{HandOver, Verdict};
use crate::domain::ids::DossierId;
use crate::domain::lifecycle::Role;
use crate::domain::plausible::{CLOCK_SKEW, Dated};
use crate::domain::rejection::{Label, Language, Problem};
use crate::domain::routing::{AgencyChannel, CodeLook};
use crate::domain::submission::IdempotencyKey;
use crate::domain::tenant::TenantKind;
use crate::domain::text::{Lines, NotAText, clean, limits as text};
use crate::domain::time::Timestamp;
use crate::domain::view::{
    AcceptanceRequest, DossierSummary, HandOverRequest, ProblemView, SupplementRequest,
};
use crate::identity::{Access, Permission};
use crate::store::kept::KeptDossier;
use crate::store::ledger::{Act, ActOutcome, Acted, Deed, KeyUse};

/// What every unsafe call brings beside its body.
pub struct Call {
    /// `Idempotency-Key`.
    pub key: IdempotencyKey,
    /// SHA-256 of the body.
    pub request_digest: [u8; 32],
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// A deed somebody wants done.
pub(super) struct Wish {
    /// In which part.
    pub role: Role,
    /// The route, under which its idempotency key counts.
    pub route: &'static str,
    /// What.
    pub deed: Deed,
    /// When, by the actor's word.
    pub occurred_at: Option<Timestamp>,
    /// The official code it brings.
    pub assigned_code: Option<DossierCode>,
}

impl Wish {
    pub(super) const fn of(
        role: Role,
        route: &'static str,
        deed: Deed,
        occurred_at: Option<Timestamp>,
    ) -> Self {
        Wish {
            role,
            route,
            deed,
            occurred_at,
            assigned_code: None,
        }
    }
}

/// The part in which a receiving unit or an agency acts on what was filed online.
pub(super) fn office(access: &Access) -> Role {
    if access.kind() == TenantKind::Agency {
        Role::Agency
    } else {
        Role::ReceivingUnit
    }
}

impl Hub {
    /// Accepts a dossier that was filed online.
    pub async fn accept(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: AcceptanceRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierAccept)?;
        let text = bounded("/text", request.text, text::NOTE)?;
        let wish = Wish {
            assigned_code: request.assigned_code,
            ..Wish::of(
                office(access),
                "acceptance",
                Deed::Accept { text },
                request.occurred_at,
            )
        };
        self.act(access, id, call, wish).await
    }

    /// Completes what was asked for.
    pub async fn supplement(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: SupplementRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierSupplement)?;
        access.require_staff()?;
        let text = match request.text {
            None if !request.papers.is_empty() => None,
            text => Some(required("/text", text.unwrap_or_default(), text::NOTE)?),
        };
        within("/papers", request.papers.len(), limits::COMPONENTS)?;
        for (i, paper) in request.papers.iter().enumerate() {
            within(&format!("/papers/{i}/files"), paper.files.len(), limits::FILES)?;
        }
        let papers = request.papers;
        let deed = Deed::Supplement { text, papers };
        let wish = Wish::of(Role::Submitter, "supplements", deed, request.occurred_at);
        self.act(access, id, call, wish).await
    }

    /// Notes that the applicant has the result.
    pub async fn hand_over(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        request: HandOverRequest,
    ) -> Result<DossierSummary, ServiceError> {
        access.permit(Permission::DossierHandOver)?;
        access.require_staff()?;
        let receiver = required_line("/receiver", request.receiver, text::RECEIVER)?;
        let proof = line("/proof", request.proof, text::PROOF)?;
        let received_at = request.received_at.unwrap_or_else(|| self.clock.now());
        let deed = Deed::HandOver(HandOver {
            receiver,
            received_at,
            proof,
        });
        let wish = Wish::of(Role::Submitter, "hand-over", deed, Some(received_at));
        self.act(access, id, call, wish).await
    }

    pub(super) async fn act(
        &self,
        access: &Access,
        id: DossierId,
        call: Call,
        wish: Wish,
    ) -> Result<DossierSummary, ServiceError> {
        let row = self.reached(access, id).await?;
        if let Some(part) = whose_step(&row, wish.role, access) {
            return Err(Problem::new(Label::NotYourPart).with("tenant", part).into());
        }
        let now = self.clock.now();
        let field = if matches!(wish.deed, Deed::HandOver(_)) {
            "received_at"
        } else {
            "occurred_at"
        };
        let occurred_at = not_in_future(field, wish.occurred_at, now)?;
        let files = wish.deed.files(|pointer| Some(pointer.to_owned()));
        attachment::within_limit(&files, "files")?;
        // One key names one act on one dossier.
        let mut request = Vec::with_capacity(80);
        request.extend_from_slice(&call.request_digest);
        request.extend_from_slice(id.to_string().as_bytes());
        let (assigned_code, odd) = self.code_of(wish.assigned_code, row.agency.as_ref(), now);
        let act = Act {
            key: Some(KeyUse {
                tenant: access.key().to_string(),
                route: wish.route,
                key: call.key.as_str().to_owned(),
                request: crate::domain::seal::sha256(&request),
            }),
            dossier: id.to_string(),
            actor: access.actor(),
            role: wish.role,
            deed: wish.deed,
            paths: files.into_iter().filter_map(|file| file.path).collect(),
            occurred_at,
            stated: false,
            assigned_code,
            officer: None,
            foreign_values: Vec::new(),
            report_key: None,
            clockwork: self.clockwork(&row),
            own_queue: self.reads_own_queue(access),
            traceparent: call.traceparent,
        };
        let acted = self.take(&row, act).await?;
        if let (Verdict::Rejected, Some(problem)) = (acted.verdict, &acted.problem) {
            return Err(problem.clone().into());
        }
        let row = self.reached(access, id).await?;
        let warnings = odd.iter().chain(&acted.warnings);
        let warnings = warnings.map(|warning| {
            let at = warning.clone().at("/assigned_code");
            ProblemView::of(&at, Language::Vietnamese)
        });
        Ok(DossierSummary {
            warnings: warnings.collect(),
            ..self.summary(&row)?
        })
    }

    /// A code somebody brings for a dossier of this agency, if it can be one, and what is worth a look about it.
    pub(super) fn code_of(
        &self,
        code: Option<DossierCode>,
        agency: Option<&Key>,
        now: Timestamp,
    ) -> (Option<DossierCode>, Option<Problem>) {
        let Some(code) = code else {
            return (None, None);
        };
        let today = now.plus(CLOCK_SKEW).date();
        match self.directory.load().look_at_code(&code, agency, today) {
            CodeLook::Usable(odd) => (Some(code), odd),
            CodeLook::NotYet(problem) => (None, Some(problem)),
        }
    }

    /// Hands an act to the ledger and wakes whoever waits for its news.
    pub(super) async fn take(&self, row: &KeptDossier, act: Act) -> Result<Acted, ServiceError> {
        match self.store.ledger.ask(act).await? {
            ActOutcome::Done(acted) => {
                self.tell(&row.submitter);
                let others = row.told().skip(1);
                others.for_each(|tenant| self.pulse.ring(tenant.as_str()));
                Ok(acted)
            }
            ActOutcome::KeyReused => Err(Label::IdempotencyKeyReused.into()),
            ActOutcome::Absent => Err(Label::NotFound.into()),
        }
    }

    /// What the clocks of a dossier are computed with.
    pub(super) fn clockwork(&self, row: &KeptDossier) -> Clockwork {
        self.directory
            .load()
            .clockwork(row.agency.as_ref(), &row.procedure)
    }

    /// Whether the caller is an agency that consumes its own queue.
    pub(super) fn reads_own_queue(&self, access: &Access) -> bool {
        access.kind() == TenantKind::Agency && self.channel(access.key().key()) == AgencyChannel::Amqp
    }
}

/// Whose step it is, where it is not the caller's, who sees the dossier all the same: a receiving unit or an enterprise, but only who
/// filed it completes, withdraws or hands it over; a supervisor, but only the unit that receives it accepts it.
fn whose_step(row: &KeptDossier, role: Role, access: &Access) -> Option<String> {
    let part = match role {
        Role::Submitter => Some(row.submitter.to_string()),
        Role::ReceivingUnit => (row.receiving_unit.as_ref().map(ToString::to_string))
            .or_else(|| row.agency.as_ref().map(|key| format!("agency.{key}"))),
        _ => return None,
    };
    let part = part.unwrap_or_else(|| TenantKind::Operator.word().to_owned());
    (part != access.key().as_str()).then_some(part)
}

/// A moment somebody states of what has happened; left out, now.
pub(super) fn not_in_future(
    field: &str,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, Problem> {
    let dated = Dated::of(field).unwrap_or(Dated::OccurredAt);
    let stated = at.map_or(Ok(now), |at| dated.check_now(at, now));
    stated.map_err(|why| why.problem().at(format!("/{field}")).with("field", field))
}

/// A text that must say something, of several lines.
pub(super) fn required(path: &str, text: String, limit: usize) -> Result<String, Problem> {
    said(path, bounded(path, Some(text), limit)?)
}

/// The name of somebody, a number, a proof: one line that must say something.
fn required_line(path: &str, text: String, limit: usize) -> Result<String, Problem> {
    said(path, line(path, Some(text), limit)?)
}

fn said(path: &str, text: Option<String>) -> Result<String, Problem> {
    text.ok_or_else(|| {
        Problem::new(Label::TextEmpty)
            .at(path)
            .with("field", path.trim_start_matches('/'))
    })
}

/// A list within its limit.
pub(super) fn within(path: &str, count: usize, limit: usize) -> Result<(), Problem> {
    if count > limit {
        let field = path.rsplit('/').next().unwrap_or_default();
        return Err(Problem::new(Label::TooManyItems)
            .at(path)
            .with("field", field)
            .with("limit", limit));
    }
    Ok(())
}

/// A note, cleaned, within its limit; blank is as good as none.
pub(super) fn bounded(path: &str, text: Option<String>, limit: usize) -> Result<Option<String>, Problem> {
    tidy(path, text, Lines::Several, limit)
}

/// The same of one line.
pub(super) fn line(path: &str, text: Option<String>, limit: usize) -> Result<Option<String>, Problem> {
    tidy(path, text, Lines::One, limit)
}

fn tidy(path: &str, text: Option<String>, lines: Lines, limit: usize) -> Result<Option<String>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let field = path.trim_start_matches('/');
    match clean(&text, lines) {
        Ok(text) if text.chars().count() > limit => Err(Problem::new(Label::TextLength)
            .at(path)
            .with("field", field)
            .with("limit", limit)),
        Ok(text) => Ok(Some(text.into_owned())),
        Err(NotAText::Empty) => Ok(None),
        Err(_) => Err(Problem::new(Label::ControlCharacter).at(path)),
    }
}
