//! The rows a batch will write.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::audit::AuditAction;
use crate::domain::clocks::Watched;
use crate::domain::event::Event;
use crate::domain::tenant::Actor;
use crate::domain::time::Timestamp;
use crate::store::fresh::RelaySlot;
use crate::store::message::Content;
use crate::store::rows::*;
use crate::store::word::PartyRole;

/// A delivery that goes to the relay as it is committed.
pub struct AtHand {
    pub place: RelaySlot,
    pub delivery: DeliveryRow,
    pub content: Content,
    /// The version of the dossier that says it.
    pub version: i32,
    /// When its dossier was accepted, by the word of whoever accepted it.
    pub accepted_at: Option<Timestamp>,
}

/// A dossier whose agency has answered.
pub struct AnsweredBy {
    pub dossier: String,
    /// Which, where the dossier is with several; else the one that has it.
    pub agency: Option<String>,
    /// Whether it reads its own queue.
    pub own_queue: bool,
}

/// Rows a batch will write.
#[derive(Default)]
pub struct Writes {
    pub submissions: Vec<SubmissionRow>,
    pub contents: Vec<ContentRow>,
    pub parties: Vec<PartyRow>,
    /// Parts that end: dossier, tenant and role.
    pub left: Vec<(String, String, PartyRole)>,
    pub natural: Vec<NaturalKeyRow>,
    /// By name: the same document refused twice in one batch is counted here.
    pub refusals: BTreeMap<String, RefusalRow>,
    pub keys: Vec<IdempotencyRow>,
    /// What happened, numbered; encrypted and sealed when everything is decided.
    pub told: Vec<(i64, Event)>,
    pub feed: Vec<FeedRow>,
    pub deliveries: Vec<DeliveryRow>,
    /// Those of them that go to the relay as they are committed.
    pub at_hand: Vec<AtHand>,
    pub attachments: Vec<AttachmentRow>,
    pub wraps: Vec<WrapRow>,
    /// Files whose row changed: index and tenant.
    pub shelved: BTreeSet<(Vec<u8>, String)>,
    /// Awaited files that are here: dossier, index, tenant.
    pub arrived: Vec<(String, Vec<u8>, String)>,
    /// Amended dossiers: files named before this event are no longer the filing's.
    pub superseded: Vec<(String, i32)>,
    pub reads: Vec<ReadRow>,
    /// What operators did, and who; the audit's.
    pub actions: Vec<(Actor, AuditAction)>,
    /// Dossiers whose agency has answered.
    pub answered: Vec<AnsweredBy>,
    /// Limits that were told of and stand as written, or no longer.
    pub watches: BTreeMap<(String, Watched), Option<WatchRow>>,
    /// Dossiers whose limits have changed.
    pub clocked: BTreeSet<String>,
    pub alarms: Vec<AlarmRow>,
    pub irregularities: Vec<IrregularityRow>,
    /// Dossiers whose state row must be written.
    pub touched: BTreeSet<String>,
}
