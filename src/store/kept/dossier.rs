//! A dossier as it stands, and as a filing writes it.

use std::str::FromStr;

use super::Json;
use crate::domain::calendar::Limit;
use crate::domain::codes::{DossierCode, Key, ProcedureCode};
use crate::domain::dossier::Channel;
use crate::domain::ids::{DossierId, SubmissionId};
use crate::domain::lifecycle::State;
use crate::domain::rejection::Label;
use crate::domain::routing::RouteReason;
use crate::domain::status::Status;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::columns::Column;
use crate::store::moment::At;
use crate::store::rows::{DossierRow, PartyRow};
use crate::store::state::state_of;
use crate::store::word::{Code, PartyRole, Word};

/// A dossier as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDossier {
    /// The hub's name of it.
    pub id: DossierId,
    /// Who filed it.
    pub submitter: TenantKey,
    /// The submitter's reference.
    pub reference: String,
    /// At which receiving point.
    pub point: Option<Key>,
    /// The one-stop unit that receives it.
    pub receiving_unit: Option<TenantKey>,
    /// The one-stop unit that supervises.
    pub supervisor: Option<TenantKey>,
    /// The agency that is responsible.
    pub agency: Option<Key>,
    /// Why none is.
    pub parked: Option<Label>,
    /// Its procedure.
    pub procedure: ProcedureCode,
    /// How it reached the office.
    pub channel: Channel,
    /// With an agent's help.
    pub assisted: bool,
    /// How far it has come.
    pub state: State,
    /// Until when it must be accepted, while that runs.
    pub acceptance_due: Option<Timestamp>,
    /// When its result would be due if it were accepted now.
    pub forecast_due: Option<Timestamp>,
    /// Blind index of its content.
    pub content_blind: Vec<u8>,
    /// Why it goes where it goes.
    pub route: Json<RouteReason>,
    /// The submission it stands on.
    pub submission: SubmissionId,
    /// When the hub received it.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

fn parsed<T: FromStr>(what: &str, text: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("dossier: {what}")))
}

fn perhaps<T: FromStr>(what: &str, text: Option<&str>) -> Result<Option<T>, StoreError> {
    text.map(|text| parsed(what, text)).transpose()
}

impl KeptDossier {
    pub(in crate::store) fn of(row: &DossierRow) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("dossier: {what}"));
        let parked = row.parked.as_deref();
        let channel = u8::try_from(row.channel).ok().and_then(Channel::of_code);
        Ok(KeptDossier {
            id: parsed("id", &row.id)?,
            submitter: parsed("tenant", &row.tenant)?,
            reference: row.reference.clone(),
            point: perhaps("point", row.point.as_deref())?,
            receiving_unit: perhaps("receiving unit", row.receiving_unit.as_deref())?,
            supervisor: perhaps("supervisor", row.supervisor.as_deref())?,
            agency: perhaps("agency", row.agency.as_deref())?,
            parked: parked
                .map(|label| Label::parse(label).ok_or_else(|| corrupt("why it is parked")))
                .transpose()?,
            procedure: parsed("procedure", &row.procedure)?,
            channel: channel.ok_or_else(|| corrupt("channel"))?,
            assisted: row.assisted,
            state: state_of(row)?,
            acceptance_due: row.acceptance_due.map(|at| at.0),
            forecast_due: row.forecast_due.map(|at| at.0),
            content_blind: row.content_blind.clone(),
            route: Json::kept(row.route.clone()),
            submission: parsed("submission", &row.submission)?,
            received_at: row.received_at.0,
            updated_at: row.updated_at.0,
        })
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// Where it was received, and its result goes back to (Decree 118/2025 art. 20.1): its receiving unit, else who filed it.
    pub fn place_of_receipt(&self) -> &TenantKey {
        self.receiving_unit.as_ref().unwrap_or(&self.submitter)
    }

    /// Whether an agency has the dossier: it is the competent one, or has a task in it.
    pub fn is_with(&self, agency: &str) -> bool {
        self.agency.as_ref().is_some_and(|key| key.as_str() == agency) || self.state.tasks.shared_with(agency)
    }

    /// Who is told of what happens to it, by a feed: who filed it, its receiving unit, and the unit that supervises. Each once.
    pub fn told(&self) -> impl Iterator<Item = &TenantKey> {
        let (submitter, unit) = (&self.submitter, self.receiving_unit.as_ref());
        let supervisor = self.supervisor.as_ref();
        std::iter::once(submitter)
            .chain(unit.filter(move |unit| *unit != submitter))
            .chain(supervisor.filter(move |other| *other != submitter && Some(*other) != unit))
    }
}

/// A dossier as it is filed; of an amendment, what changes.
#[derive(Clone, Debug)]
pub struct NewDossier {
    /// The hub's name of it.
    pub id: DossierId,
    /// Who files it.
    pub submitter: TenantKey,
    /// The submitter's reference.
    pub reference: String,
    /// At which receiving point.
    pub point: Option<Key>,
    /// The one-stop unit that receives it.
    pub receiving_unit: Option<TenantKey>,
    /// The one-stop unit that supervises.
    pub supervisor: Option<TenantKey>,
    /// The agency that is responsible.
    pub agency: Option<Key>,
    /// Why none is.
    pub parked: Option<Label>,
    /// Its procedure.
    pub procedure: ProcedureCode,
    /// How it reached the office.
    pub channel: Channel,
    /// With an agent's help.
    pub assisted: bool,
    /// The official code it claims to have.
    pub claimed_code: Option<DossierCode>,
    /// How long its agency has.
    pub limit: Limit,
    /// Until when it must be accepted.
    pub acceptance_due: Option<Timestamp>,
    /// When its result would be due if it were accepted now.
    pub forecast_due: Option<Timestamp>,
    /// When its result is due, of one that begins accepted.
    pub due: Option<Timestamp>,
    /// When it was filed, by the sender's word.
    pub filed_at: Timestamp,
    /// Blind index of its content.
    pub content_blind: Vec<u8>,
    /// Why it goes where it goes.
    pub route: Json<RouteReason>,
    /// When the hub received it.
    pub received_at: Timestamp,
}

impl NewDossier {
    /// The first column whose value no database holds.
    pub(in crate::store) fn unstorable(&self) -> Option<&'static str> {
        if !self.reference.is_storable() {
            return Some("dossiers.reference");
        }
        let moments = [
            ("dossiers.acceptance_due", self.acceptance_due),
            ("dossiers.forecast_due", self.forecast_due),
            ("dossiers.due", self.due),
            ("dossiers.since", Some(self.filed_at)),
            ("dossiers.received_at", Some(self.received_at)),
        ];
        let is_out = |at: Option<Timestamp>| at.is_some_and(|at| !At(at).is_storable());
        let out = moments.into_iter().find(|(_, at)| is_out(*at));
        out.map(|(column, _)| column)
    }

    /// Its row as it begins, in this status, on this submission. What the ledger alone knows is left empty: what else is there that is
    /// alike, what begins to run.
    pub(in crate::store) fn row(
        &self,
        entry: Status,
        submission: SubmissionId,
    ) -> Result<DossierRow, StoreError> {
        let received = At(self.received_at);
        let limit = serde_json::to_string(&self.limit);
        Ok(DossierRow {
            id: self.id.to_string(),
            tenant: self.submitter.to_string(),
            reference: self.reference.clone(),
            point: self.point.as_ref().map(ToString::to_string),
            receiving_unit: self.receiving_unit.as_ref().map(ToString::to_string),
            supervisor: self.supervisor.as_ref().map(ToString::to_string),
            agency: self.agency.as_ref().map(ToString::to_string),
            parked: self.parked.map(|label| label.as_str().to_owned()),
            procedure: self.procedure.to_string(),
            channel: i16::from(self.channel.code()),
            assisted: self.assisted,
            status: Code(entry),
            resume: None,
            since: At(self.filed_at),
            spoken: "{}".to_owned(),
            events: 0,
            version: 1,
            supplements: 0,
            postponements: 0,
            accepted: false,
            code: None,
            // The claim becomes the dossier's by its own event.
            claimed_code: None,
            open_matters: None,
            // As its own event tells.
            tasks: None,
            time_limit: limit.map_err(|e| StoreError::Corrupt(format!("time limit: {e}")))?,
            acceptance_due: self.acceptance_due.map(At),
            forecast_due: self.forecast_due.map(At),
            due: self.due.map(At),
            // By its own event.
            promised_due: None,
            promise_holds: false,
            answered_seq: None,
            content_blind: self.content_blind.clone(),
            route: self.route.text().to_owned(),
            submission: submission.to_string(),
            received_at: received,
            updated_at: received,
            likeness: None,
            twin: None,
            running: None,
            look_at: None,
        })
    }
}

/// A part in a dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose.
    pub tenant: TenantKey,
    /// Which.
    pub role: PartyRole,
    /// At which receiving point.
    pub point: Option<Key>,
}

impl Part {
    /// Its row, of a part that begins now.
    pub(in crate::store) fn row(&self, dossier: &str, since: Timestamp) -> PartyRow {
        PartyRow {
            dossier: dossier.to_owned(),
            tenant: self.tenant.to_string(),
            role: Word(self.role),
            point: self.point.as_ref().map(ToString::to_string),
            since: At(since),
            until: None,
        }
    }
}
