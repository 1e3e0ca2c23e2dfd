//! What happens to dossiers, and who is told of it.

use std::collections::BTreeSet;

use super::overlay::Batch;
use super::writes::AtHand;
use crate::domain::dossier::ForeignValue;
use crate::domain::event::{Event, EventKind};
use crate::domain::ids::{DeliveryId, EventId};
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::domain::view::DeliveryState;
use crate::store::StoreError;
use crate::store::fresh;
use crate::store::message::Content;
use crate::store::moment::At;
use crate::store::rows::{DeliveryRow, DossierRow, FeedRow, IrregularityRow, PartyRow};
use crate::store::state::{put_state, state_of, tasks_of};
use crate::store::word::{PartyRole, Word};

/// What happened, before it is numbered.
pub struct PendingEvent<'a> {
    pub what: EventKind,
    pub occurred_at: Timestamp,
    /// The moment was read from the actor's own clock, by its system.
    pub stated: bool,
    pub actor: &'a Actor,
    /// Where the files it names stand in the actor's document, in their order; empty where nobody knows.
    pub paths: &'a [String],
    /// The officer, as the actor's system names them.
    pub officer: Option<&'a str>,
    /// What the actor's format said beside it.
    pub foreign_values: &'a [ForeignValue],
    /// The number of the version of a format that it was read with.
    pub format_version: Option<i64>,
}

impl<'a> PendingEvent<'a> {
    /// Something nobody's system claimed, that names no file by its place.
    pub fn of(what: EventKind, occurred_at: Timestamp, actor: &'a Actor) -> Self {
        PendingEvent {
            what,
            occurred_at,
            stated: false,
            actor,
            paths: &[],
            officer: None,
            foreign_values: &[],
            format_version: None,
        }
    }
}

impl Batch<'_> {
    /// Appends events to a dossier, moves its state, tells who has a part in it beside the agency. Gives each one's sequence number and id.
    pub fn append(
        &mut self,
        dossier: &mut DossierRow,
        told: Vec<PendingEvent<'_>>,
    ) -> Result<Vec<(i64, EventId)>, StoreError> {
        let mut written = Vec::with_capacity(told.len());
        for one in told {
            let seq = self.head.seq + 1 + self.writes.told.len() as i64;
            let event = Event {
                id: EventId::new(self.now, self.rng),
                dossier: dossier
                    .id
                    .parse()
                    .map_err(|_| StoreError::Corrupt(format!("dossier id {}", dossier.id)))?,
                number: dossier.events + 1,
                at: self.now,
                occurred_at: one.occurred_at,
                stated: one.stated,
                actor: one.actor.clone(),
                officer: one.officer.map(str::to_owned),
                foreign_values: one.foreign_values.to_vec(),
                format_version: one.format_version,
                what: one.what,
            };
            let state = if dossier.events == 0 {
                None
            } else {
                Some(state_of(dossier)?)
            };
            let next = crate::domain::lifecycle::evolve(state, &event.what, event.when());
            put_state(dossier, &next);
            written.push((seq, event.id));
            if let Some((kind, mut named)) = event.what.files() {
                for (file, path) in named.iter_mut().zip(one.paths) {
                    file.path = Some(path.clone());
                }
                let owner = event.actor.tenant.as_str();
                self.name_files(&dossier.id, event.number, kind, owner, named.iter())?;
            }
            if let Some(label) = event.what.irregular() {
                self.writes.irregularities.push(IrregularityRow {
                    seq,
                    at: At(self.now),
                    dossier: dossier.id.clone(),
                    agency: dossier.agency.clone(),
                    tenant: event.actor.tenant.to_string(),
                    label: label.as_str().to_owned(),
                    status: dossier.status,
                });
            }
            for tenant in dossier.told() {
                self.writes.feed.push(FeedRow {
                    tenant: tenant.to_owned(),
                    seq,
                    dossier: dossier.id.clone(),
                });
            }
            self.writes.told.push((seq, event));
        }
        dossier.updated_at = At(self.now);
        Ok(written)
    }

    /// Queues a message about an event to the responsible agency, if there is one.
    pub fn deliver(
        &mut self,
        dossier: &DossierRow,
        event: (i64, EventId),
        kind: &str,
        traceparent: Option<&str>,
    ) {
        if let Some(agency) = dossier.agency.as_deref() {
            self.deliver_to(dossier, agency, event, kind, traceparent);
        }
    }

    /// Queues a message about an event to an agency that has a task in the dossier.
    pub fn deliver_to(
        &mut self,
        dossier: &DossierRow,
        agency: &str,
        event: (i64, EventId),
        kind: &str,
        traceparent: Option<&str>,
    ) {
        let delivery = self.delivery(dossier, agency, event, kind, traceparent);
        self.writes.deliveries.push(delivery);
    }

    /// Queues a message about an event to every agency beside the competent one that has the dossier.
    pub fn share(
        &mut self,
        dossier: &DossierRow,
        event: (i64, EventId),
        kind: &str,
        traceparent: Option<&str>,
    ) -> Result<(), StoreError> {
        let tasks = tasks_of(dossier.tasks.as_deref())?;
        let others = tasks
            .co_agencies()
            .filter(|agency| dossier.agency.as_deref() != Some(agency.as_str()));
        for agency in others {
            self.deliver_to(dossier, agency.as_str(), event, kind, traceparent);
        }
        Ok(())
    }

    /// As [`Batch::deliver`], where the content is at hand: the message is leased to the relay by the commit itself, and handed to it, if
    /// it has room. The dossier is the same as no other, and accepted by this event if it is.
    pub fn deliver_at_hand(
        &mut self,
        dossier: &DossierRow,
        event: (i64, EventId),
        kind: &str,
        traceparent: Option<&str>,
        (content, accepted_at): (&Content, Option<Timestamp>),
    ) {
        let Some(agency) = dossier.agency.as_deref() else {
            return;
        };
        let mut delivery = self.delivery(dossier, agency, event, kind, traceparent);
        if let Some(place) = self.fresh.place(content) {
            delivery.send_leased_until = Some(At(self.clock.plus(fresh::LEASE)));
            delivery.send_attempts = 1;
            self.writes.at_hand.push(AtHand {
                place,
                delivery: delivery.clone(),
                content: content.clone(),
                version: dossier.version,
                accepted_at,
            });
        }
        self.writes.deliveries.push(delivery);
    }

    fn delivery(
        &mut self,
        dossier: &DossierRow,
        agency: &str,
        event: (i64, EventId),
        kind: &str,
        traceparent: Option<&str>,
    ) -> DeliveryRow {
        let id = DeliveryId::new(self.now, self.rng).to_string();
        DeliveryRow {
            id,
            dossier: dossier.id.clone(),
            agency: agency.to_owned(),
            event_seq: event.0,
            event: event.1.to_string(),
            kind: kind.to_owned(),
            state: Word(DeliveryState::Waiting),
            since: At(self.now),
            ready: false,
            attempt: 0,
            not_before: At(self.clock),
            leased_until: None,
            traceparent: traceparent.map(str::to_owned),
            failure: None,
            send_at: Some(At(self.clock)),
            send_leased_until: None,
            send_attempts: 0,
            format_version: self.fresh.writers.of(agency),
        }
    }

    /// An amendment or an operator may name another agency: the old one's part ends, the new one's begins; and with it the part of the
    /// unit that supervises. An agency beside the competent one has its part from when it gets its task.
    pub fn hand_to_new_agency(&mut self, dossier: &DossierRow) -> Result<(), StoreError> {
        let Some(before) = self.dossiers.get(&dossier.id) else {
            return Ok(());
        };
        let co_agencies = |row: &DossierRow| -> Result<BTreeSet<String>, StoreError> {
            let tasks = tasks_of(row.tasks.as_deref())?;
            Ok(tasks.co_agencies().map(|key| format!("agency.{key}")).collect())
        };
        let (had, has) = (co_agencies(before)?, co_agencies(dossier)?);
        let left = had.difference(&has).map(|tenant| (Some(tenant.clone()), None));
        let came = has.difference(&had).map(|tenant| (None, Some(tenant.clone())));
        let shared: Vec<_> = left.chain(came).collect();
        let agency = |row: &DossierRow| row.agency.as_ref().map(|key| format!("agency.{key}"));
        let mut changes = vec![
            (PartyRole::LeadAgency, agency(before), agency(dossier)),
            (
                PartyRole::SupervisingUnit,
                before.supervisor.clone(),
                dossier.supervisor.clone(),
            ),
        ];
        changes.extend((shared.into_iter()).map(|(before, after)| (PartyRole::CoAgency, before, after)));
        for (role, before, after) in changes.into_iter().filter(|(_, before, after)| before != after) {
            if let Some(tenant) = before {
                // What began in this commit is in no table yet.
                for row in &mut self.writes.parties {
                    if row.dossier == dossier.id && row.tenant == tenant && row.role == Word(role) {
                        row.until = Some(At(self.now));
                    }
                }
                self.writes.left.push((dossier.id.clone(), tenant, role));
            }
            self.writes.parties.extend(after.map(|tenant| PartyRow {
                dossier: dossier.id.clone(),
                tenant,
                role: Word(role),
                point: None,
                since: At(self.now),
                until: None,
            }));
        }
        Ok(())
    }
}
