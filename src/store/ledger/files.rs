//! Files: what was uploaded, which dossiers name it, and the keys that are wrapped for them.
//!
//! A file belongs to the tenant that uploaded it, under a keyed index of its digest. Its data key is wrapped once for each dossier
//! that names it; until one does, it is wrapped for the uploader, and gone when nobody comes.

use diesel::prelude::*;

use super::batch::{Batch, DigestIndex, PendingEvent};
use super::command::Command;
use super::requests::{AddBlob, BlobOutcome, COMMITTED_WITHIN, Complete, ForgetUploads, NoteRead};
use crate::domain::event::EventKind;
use crate::domain::ids::ReadId;
use crate::domain::tenant::TenantKind;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::conn::{Conn, on_backend};
use crate::store::file_keys::upload_row;
use crate::store::moment::At;
use crate::store::rows::*;
use crate::store::tables::*;

/// Dossiers that one command tells of an awaited file; the caller comes again for the rest.
pub(super) const TOLD_AT_ONCE: usize = 200;

/// Uploads one commit forgets at most.
const FORGOTTEN_AT_ONCE: i64 = 500;

impl Command for AddBlob {
    fn play(&self, batch: &mut Batch<'_>, _: &mut Conn) -> Result<BlobOutcome, StoreError> {
        add(batch, self)
    }
}

impl Command for NoteRead {
    fn play(&self, batch: &mut Batch<'_>, _: &mut Conn) -> Result<(), StoreError> {
        note_read(batch, self);
        Ok(())
    }
}

impl Command for ForgetUploads {
    fn play(&self, batch: &mut Batch<'_>, conn: &mut Conn) -> Result<Vec<String>, StoreError> {
        forget(batch, conn, self.before)
    }
}

fn add(batch: &mut Batch<'_>, add: &AddBlob) -> Result<BlobOutcome, StoreError> {
    if batch.clock.since(add.finished_at) > COMMITTED_WITHIN {
        return Ok(BlobOutcome::Late);
    }
    let place = (add.blind.clone(), add.actor.tenant.to_string());
    let known = batch.files.present(&place);
    if !known {
        let object = add.object.to_string();
        let sealed = batch
            .cipher
            .seal(&upload_row(&object), add.key.expose(), batch.rng)?;
        let row = BlobRow {
            tenant: place.1.clone(),
            blind: place.0.clone(),
            object,
            size: add.size,
            uploaded_at: At(batch.now),
            unused_since: Some(At(batch.now)),
            key_id: Some(sealed.key_id),
            nonce: Some(sealed.nonce),
            ciphertext: Some(sealed.ciphertext),
        };
        batch.files.blobs.insert(place.clone(), row);
    } else if let Some(row) = batch.files.blobs.get_mut(&place) {
        // Sent again, it is wanted: its time begins anew.
        row.unused_since = row.unused_since.map(|_| At(batch.now));
    }
    batch.writes.shelved.insert(place.clone());
    let complete = arrived(batch, &place, add)?;
    Ok(if known {
        BlobOutcome::Known(complete)
    } else {
        BlobOutcome::Added(complete)
    })
}

/// Tells the dossiers that waited for a file.
fn arrived(batch: &mut Batch<'_>, place: &DigestIndex, add: &AddBlob) -> Result<Complete, StoreError> {
    let waiting = batch.files.awaited.remove(place).unwrap_or_default();
    let mut complete = Complete {
        submitters: Vec::new(),
        more: waiting.len() >= TOLD_AT_ONCE,
    };
    for id in waiting {
        let Some(mut dossier) = batch.dossiers.get(&id).cloned() else {
            return Err(StoreError::Corrupt(format!(
                "{id} waits for a file and is not there"
            )));
        };
        batch.wrap(&id, place)?;
        batch
            .writes
            .arrived
            .push((id.clone(), place.0.clone(), place.1.clone()));
        let missing = batch.files.missing.entry(id.clone()).or_default();
        let before = missing.len();
        missing.retain(|(_, other)| other != place);
        if before == 0 || !missing.is_empty() {
            continue;
        }
        let what = EventKind::AttachmentsComplete;
        let kind = what.word();
        let told = PendingEvent::of(what, batch.now, &add.actor);
        let written = batch.append(&mut dossier, vec![told])?;
        if add.actor.tenant.kind() != TenantKind::Agency {
            for event in written {
                batch.deliver(&dossier, event, kind, add.traceparent.as_deref());
            }
        }
        complete.submitters.push(dossier.tenant.clone());
        batch.writes.touched.insert(id.clone());
        batch.dossiers.insert(id, dossier);
    }
    Ok(complete)
}

fn note_read(batch: &mut Batch<'_>, read: &NoteRead) {
    batch.writes.reads.push(ReadRow {
        id: ReadId::new(batch.now, batch.rng).to_string(),
        at: At(batch.now),
        // Given when the batch is sealed.
        number: 0,
        dossier: read.dossier.clone(),
        tenant: read.actor.tenant.to_string(),
        staff: read.actor.staff.as_ref().map(ToString::to_string),
        point: read.actor.point.as_ref().map(ToString::to_string),
        what: "attachment".to_owned(),
        attachment: Some(read.attachment),
        first_byte: read.bytes.map(|b| b.0),
        last_byte: read.bytes.map(|b| b.1),
    });
}

/// Forgets uploads that no dossier has named since `before`, and says which objects are nobody's now. What the batch itself is about
/// stays: its rows are not written yet.
fn forget(batch: &Batch<'_>, conn: &mut Conn, before: Timestamp) -> Result<Vec<String>, StoreError> {
    let old: Vec<(Vec<u8>, String, String)> = on_backend!(conn, c => blobs::table
        .filter(blobs::unused_since.lt(At(before)))
        .order(blobs::unused_since)
        .limit(FORGOTTEN_AT_ONCE)
        .select((blobs::blind, blobs::tenant, blobs::object))
        .load(c))?;
    let mut objects = Vec::with_capacity(old.len());
    for (blind, tenant, object) in old {
        let place = (blind, tenant);
        if batch.files.blobs.contains_key(&place) {
            continue;
        }
        on_backend!(conn, c => diesel::delete(blobs::table.find((&place.0, &place.1))).execute(c))?;
        objects.push(object);
    }
    Ok(objects)
}
