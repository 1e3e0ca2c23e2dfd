//! What a commit leaves for whoever carries it on, handed out once the database has it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::event::Event;
use crate::domain::view::Progress;
use crate::store::fresh::{FeedItem, Fresh, RelaySlot, Told};
use crate::store::ledger::batch::{AtHand, Issuing, Writes};
use crate::store::message::Message;
use crate::store::rows::DossierRow;

/// What a commit leaves for whoever carries it on.
pub(in crate::store::ledger) struct Committed {
    messages: Vec<(RelaySlot, Message)>,
    told: Vec<Told>,
    /// What is known since of the codes that the hub gives.
    issuing: Issuing,
    /// Whether there is something in the outbox that is nobody's.
    has_left: bool,
}

impl Committed {
    /// What is about to be committed: the events, each with its length as it is stored.
    pub(super) fn of(
        writes: &mut Writes,
        dossiers: &BTreeMap<String, DossierRow>,
        events: Vec<(i64, Event, usize)>,
        issuing: Issuing,
    ) -> Self {
        let mut tenants: HashMap<i64, Vec<String>> = HashMap::with_capacity(events.len());
        for row in &writes.feed {
            tenants.entry(row.seq).or_default().push(row.tenant.clone());
        }
        let mut by_seq: HashMap<i64, Arc<Event>> = HashMap::with_capacity(events.len());
        let mut told = Vec::with_capacity(events.len());
        for (seq, event, bytes) in events {
            let event = Arc::new(event);
            by_seq.insert(seq, Arc::clone(&event));
            // Without its dossier it is a gap, and so is whatever was kept before it.
            let Some(row) = dossiers.get(&event.dossier.to_string()) else {
                told.clear();
                continue;
            };
            told.push(Told {
                tenants: tenants.remove(&seq).unwrap_or_default(),
                bytes,
                item: FeedItem {
                    seq,
                    event,
                    reference: row.reference.clone(),
                    code: row.code.clone(),
                    submitter: row.tenant.clone(),
                    receiving_unit: row.receiving_unit.clone(),
                    supervisor: row.supervisor.clone(),
                },
            });
        }
        let at_hand = std::mem::take(&mut writes.at_hand);
        let has_left = writes.deliveries.len() > at_hand.len();
        let message = |one: AtHand| {
            let dossier = dossiers.get(&one.delivery.dossier)?;
            let event = by_seq.get(&one.delivery.event_seq).cloned()?;
            let message = Message::of(
                &one.delivery,
                event,
                (dossier, None),
                one.content,
                // Of the event alone that made it.
                (one.accepted_at, Progress::default()),
            );
            Some((one.place, message.ok()?))
        };
        Committed {
            messages: at_hand.into_iter().filter_map(message).collect(),
            told,
            issuing,
            has_left,
        }
    }

    /// It is committed. Gives what is known since of the codes that the hub gives.
    pub(in crate::store::ledger) fn hand_out(self, fresh: &Fresh) -> Issuing {
        for (place, message) in self.messages {
            place.send(message);
        }
        fresh.keep(self.told);
        if self.has_left {
            fresh.leave();
        }
        self.issuing
    }
}
