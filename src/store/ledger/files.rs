//! Files: what was uploaded, which dossiers name it, and the keys that are wrapped for them.
//!
//! A file belongs to the tenant that uploaded it, under a keyed index of its digest. Its data key is wrapped once for each dossier
//! that names it; until one does, it is wrapped for the uploader, and gone when nobody comes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::dsl::min;
use diesel::prelude::*;

use super::batch::{Batch, Told};
use super::{Command, Expect};
use crate::domain::attachment::{DataKey, FileKind, NamedFile};
use crate::domain::event::Happening;
use crate::domain::ids::{BlobId, ReadId};
use crate::domain::tenant::{Actor, TenantKind};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::cipher::{Cipher, Sealed};
use crate::store::conn::{Conn, on_backend};
use crate::store::moment::At;
use crate::store::read::{attachment_row, file_blind, upload_row};
use crate::store::rows::*;
use crate::store::script::{Clash, Script};
use crate::store::tables::*;

/// An upload is committed within this time after its bytes were durable, or not at all: what is older without a row is nobody's,
/// and may be removed.
pub const COMMITTED_WITHIN: std::time::Duration = std::time::Duration::from_secs(1800);

/// Dossiers that one command tells of an awaited file; the caller comes again for the rest.
const TOLD_AT_ONCE: usize = 200;

/// Uploads one commit forgets at most.
const FORGOTTEN_AT_ONCE: i64 = 500;

/// A file is here: durable, and not yet anybody's.
pub struct AddBlob {
    /// Who uploaded it.
    pub actor: Actor,
    /// Index of its digest.
    pub blind: Vec<u8>,
    /// The object that holds it.
    pub object: BlobId,
    /// Plain bytes.
    pub size: i64,
    /// Its key.
    pub key: DataKey,
    /// When it became durable, by this hub's clock.
    pub finished_at: Timestamp,
    /// W3C trace context of the call.
    pub traceparent: Option<String>,
}

/// What an upload came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobOutcome {
    /// The object is the tenant's file now.
    Added(Complete),
    /// The tenant has this file already; the object is not needed.
    Known(Complete),
    /// Too long after its bytes were there; the object may be gone.
    Late,
}

/// Whom an upload was news for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// Submitter and agency of each dossier that has all its files now.
    pub dossiers: Vec<(String, Option<String>)>,
    /// Whether more dossiers wait for the file than one commit tells.
    pub more: bool,
}

/// Somebody reads something of a dossier.
#[derive(Clone, Debug)]
pub struct NoteRead {
    /// Tracking id.
    pub dossier: String,
    /// Who.
    pub actor: Actor,
    /// Number of the attachment.
    pub attachment: i32,
    /// First and last byte; none of an empty file.
    pub bytes: Option<(i64, i64)>,
}

/// A file a filing names, as its caller found it.
#[derive(Clone, Debug)]
pub struct Naming {
    /// The file.
    pub file: NamedFile,
    /// Whether it had been uploaded.
    pub present: bool,
}

/// Index of a digest, and whose.
type Place = (Vec<u8>, String);

/// The files a batch is about.
#[derive(Default)]
pub(super) struct Shelf {
    /// Every index that was asked for; of another nothing is known.
    loaded: BTreeSet<Vec<u8>>,
    blobs: HashMap<Place, BlobRow>,
    /// One wrap of each file that has any: the way to its key.
    keepers: HashMap<Place, WrapRow>,
    /// Dossiers that name a file that is not here.
    awaited: HashMap<Place, BTreeSet<String>>,
    /// What a dossier still waits for.
    missing: BTreeMap<String, BTreeSet<(FileKind, Place)>>,
}

impl Shelf {
    /// Loads what the commands name, one query a table; also says which dossiers must be loaded for it.
    pub(super) fn load(
        conn: &mut Conn,
        cipher: &Cipher,
        commands: &[&Command],
    ) -> Result<(Self, BTreeSet<String>), StoreError> {
        let (mut named, mut added, mut changed) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for command in commands {
            match command {
                Command::Submit(submit) => {
                    named.extend(submit.files.iter().map(|n| file_blind(cipher, &n.file.digest())));
                    if submit.expect != Expect::New {
                        changed.insert(submit.dossier.id.clone());
                    }
                }
                Command::Act(act) => {
                    let files = act.deed.files(|_| None);
                    if !files.is_empty() {
                        named.extend(files.iter().map(|file| file_blind(cipher, &file.digest())));
                        changed.insert(act.dossier.clone());
                    }
                }
                Command::AddBlob(add) => {
                    added.insert((add.blind.clone(), add.actor.tenant.to_string()));
                }
                _ => {}
            }
        }
        let mut shelf = Shelf::default();
        let touched: BTreeSet<&Vec<u8>> = named.iter().chain(added.iter().map(|(blind, _)| blind)).collect();
        if !touched.is_empty() {
            shelf.take_in(conn, &touched)?;
        }
        if !added.is_empty() {
            shelf.find_awaiting(conn, &added)?;
        }
        let waiting: BTreeSet<String> = shelf.awaited.values().flatten().cloned().collect();
        changed.extend(waiting.iter().cloned());
        if !changed.is_empty() {
            shelf.find_missing(conn, &changed)?;
        }
        shelf.loaded = touched.into_iter().cloned().collect();
        Ok((shelf, waiting))
    }

    fn take_in(&mut self, conn: &mut Conn, blinds: &BTreeSet<&Vec<u8>>) -> Result<(), StoreError> {
        let found: Vec<BlobRow> = on_backend!(conn, c => blobs::table
            .filter(blobs::blind.eq_any(blinds)).select(BlobRow::as_select()).load(c))?;
        self.blobs = found
            .into_iter()
            .map(|row| ((row.blind.clone(), row.tenant.clone()), row))
            .collect();
        let keepers: Vec<(Vec<u8>, String, Option<String>)> = on_backend!(conn, c => wraps::table
            .filter(wraps::blind.eq_any(blinds))
            .group_by((wraps::blind, wraps::tenant))
            .select((wraps::blind, wraps::tenant, min(wraps::dossier)))
            .load(c))?;
        for (blind, tenant, dossier) in keepers {
            let Some(dossier) = dossier else { continue };
            let wrap: WrapRow = on_backend!(conn, c => wraps::table
                .find((&dossier, &tenant, &blind)).select(WrapRow::as_select()).first(c))?;
            self.keepers.insert((blind, tenant), wrap);
        }
        Ok(())
    }

    fn find_awaiting(&mut self, conn: &mut Conn, places: &BTreeSet<Place>) -> Result<(), StoreError> {
        for place in places {
            let found: Vec<String> = on_backend!(conn, c => attachments::table
                .filter(attachments::blind.eq(&place.0)).filter(attachments::tenant.eq(&place.1))
                .filter(attachments::arrived_at.is_null())
                .select(attachments::dossier)
                .distinct()
                .limit(TOLD_AT_ONCE as i64)
                .load(c))?;
            self.awaited.insert(place.clone(), found.into_iter().collect());
        }
        Ok(())
    }

    fn find_missing(&mut self, conn: &mut Conn, dossiers: &BTreeSet<String>) -> Result<(), StoreError> {
        let found: Vec<(String, String, Vec<u8>, String)> = on_backend!(conn, c => attachments::table
            .filter(attachments::dossier.eq_any(dossiers))
            .filter(attachments::arrived_at.is_null())
            .filter(attachments::superseded.eq(false))
            .select((attachments::dossier, attachments::kind, attachments::blind, attachments::tenant))
            .load(c))?;
        for (dossier, kind, blind, tenant) in found {
            let kind =
                FileKind::parse(&kind).ok_or_else(|| StoreError::Corrupt(format!("kind of file {kind}")))?;
            self.missing
                .entry(dossier)
                .or_default()
                .insert((kind, (blind, tenant)));
        }
        Ok(())
    }

    /// Whether the file is here, and its key can still be had.
    fn present(&self, place: &Place) -> bool {
        self.blobs
            .get(place)
            .is_some_and(|row| row.ciphertext.is_some() || self.keepers.contains_key(place))
    }

    fn key(&self, cipher: &Cipher, place: &Place) -> Result<Option<DataKey>, StoreError> {
        let Some(row) = self.blobs.get(place) else {
            return Ok(None);
        };
        let (name, sealed) = match (&row.key_id, &row.nonce, &row.ciphertext, self.keepers.get(place)) {
            (Some(key_id), Some(nonce), Some(ciphertext), _) => (
                upload_row(&row.object),
                Sealed {
                    key_id: key_id.clone(),
                    nonce: nonce.clone(),
                    ciphertext: ciphertext.clone(),
                },
            ),
            (.., Some(wrap)) => (
                wrap.bound_name(),
                Sealed {
                    key_id: wrap.key_id.clone(),
                    nonce: wrap.nonce.clone(),
                    ciphertext: wrap.ciphertext.clone(),
                },
            ),
            _ => return Ok(None),
        };
        crate::store::read::data_key(cipher, &name, sealed).map(Some)
    }
}

/// Whether what a filing's caller found of its files still holds.
pub(super) fn as_found(batch: &Batch<'_>, tenant: &str, files: &[Naming]) -> bool {
    files.iter().all(|naming| {
        let blind = file_blind(batch.cipher, &naming.file.digest());
        batch.shelf.present(&(blind, tenant.to_owned())) == naming.present
    })
}

/// Notes the files an event names. A file that is here gets a wrap for the dossier; another is awaited.
pub(super) fn name<'f>(
    batch: &mut Batch<'_>,
    dossier: &str,
    number: i32,
    kind: FileKind,
    owner: &str,
    files: impl Iterator<Item = &'f NamedFile>,
) -> Result<(), StoreError> {
    for (position, file) in (0..).zip(files) {
        let place = (file_blind(batch.cipher, &file.digest()), owner.to_owned());
        if !batch.shelf.loaded.contains(&place.0) {
            return Err(StoreError::Corrupt(
                "an event names a file its command did not".to_owned(),
            ));
        }
        let meta = serde_json::to_vec(file).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let meta = batch
            .cipher
            .seal(&attachment_row(dossier, number, position), &meta, batch.rng)?;
        let present = batch.shelf.present(&place);
        batch.writes.attachments.push(AttachmentRow {
            dossier: dossier.to_owned(),
            number,
            position,
            kind: kind.word().to_owned(),
            tenant: owner.to_owned(),
            blind: place.0.clone(),
            named_at: At(batch.now),
            arrived_at: present.then_some(At(batch.now)),
            superseded: false,
            key_id: meta.key_id,
            nonce: meta.nonce,
            ciphertext: meta.ciphertext,
        });
        if present {
            wrap(batch, dossier, &place)?;
        } else {
            let shelf = &mut batch.shelf;
            shelf
                .missing
                .entry(dossier.to_owned())
                .or_default()
                .insert((kind, place.clone()));
            shelf.awaited.entry(place).or_default().insert(dossier.to_owned());
        }
    }
    Ok(())
}

/// A new version of a filing stands in the place of the older ones, files and all.
pub(super) fn supersede(batch: &mut Batch<'_>, dossier: &str, number: i32) {
    if let Some(missing) = batch.shelf.missing.get_mut(dossier) {
        missing.retain(|(kind, _)| *kind != FileKind::Filing);
    }
    batch.writes.superseded.push((dossier.to_owned(), number));
}

/// Wraps a file's key for a dossier. From then on it is the dossiers' alone.
fn wrap(batch: &mut Batch<'_>, dossier: &str, place: &Place) -> Result<(), StoreError> {
    let lost = || StoreError::Corrupt("a file without its key".to_owned());
    let key = batch.shelf.key(batch.cipher, place)?.ok_or_else(lost)?;
    let row = batch.shelf.blobs.get_mut(place).ok_or_else(lost)?;
    (row.unused_since, row.key_id, row.nonce, row.ciphertext) = (None, None, None, None);
    let mut wrap = WrapRow {
        dossier: dossier.to_owned(),
        tenant: place.1.clone(),
        blind: place.0.clone(),
        object: row.object.clone(),
        key_id: String::new(),
        nonce: Vec::new(),
        ciphertext: Vec::new(),
    };
    let sealed = batch.cipher.seal(&wrap.bound_name(), key.expose(), batch.rng)?;
    (wrap.key_id, wrap.nonce, wrap.ciphertext) = (sealed.key_id, sealed.nonce, sealed.ciphertext);
    batch.writes.shelved.insert(place.clone());
    batch
        .shelf
        .keepers
        .entry(place.clone())
        .or_insert_with(|| wrap.clone());
    batch.writes.wraps.push(wrap);
    Ok(())
}

pub(super) fn add(batch: &mut Batch<'_>, add: &AddBlob) -> Result<BlobOutcome, StoreError> {
    if batch.clock.since(add.finished_at) > COMMITTED_WITHIN {
        return Ok(BlobOutcome::Late);
    }
    let place = (add.blind.clone(), add.actor.tenant.to_string());
    let known = batch.shelf.present(&place);
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
        batch.shelf.blobs.insert(place.clone(), row);
    } else if let Some(row) = batch.shelf.blobs.get_mut(&place) {
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
fn arrived(batch: &mut Batch<'_>, place: &Place, add: &AddBlob) -> Result<Complete, StoreError> {
    let waiting = batch.shelf.awaited.remove(place).unwrap_or_default();
    let mut complete = Complete {
        dossiers: Vec::new(),
        more: waiting.len() >= TOLD_AT_ONCE,
    };
    for id in waiting {
        let Some(mut dossier) = batch.dossiers.get(&id).cloned() else {
            return Err(StoreError::Corrupt(format!(
                "{id} waits for a file and is not there"
            )));
        };
        wrap(batch, &id, place)?;
        batch
            .writes
            .arrived
            .push((id.clone(), place.0.clone(), place.1.clone()));
        let missing = batch.shelf.missing.entry(id.clone()).or_default();
        let before = missing.len();
        missing.retain(|(_, other)| other != place);
        if before == 0 || !missing.is_empty() {
            continue;
        }
        let what = Happening::AttachmentsComplete;
        let kind = what.word();
        let told = Told::of(what, batch.now, &add.actor);
        let written = batch.append(&mut dossier, vec![told])?;
        if add.actor.tenant.kind() != TenantKind::Agency {
            for event in written {
                batch.deliver(&dossier, event, kind, add.traceparent.as_deref());
            }
        }
        complete
            .dossiers
            .push((dossier.tenant.clone(), dossier.agency.clone()));
        batch.writes.touched.insert(id.clone());
        batch.dossiers.insert(id, dossier);
    }
    Ok(complete)
}

pub(super) fn note_read(batch: &mut Batch<'_>, read: &NoteRead) {
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
pub(super) fn forget(
    batch: &Batch<'_>,
    conn: &mut Conn,
    before: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let old: Vec<(Vec<u8>, String, String)> = on_backend!(conn, c => blobs::table
        .filter(blobs::unused_since.lt(At(before)))
        .order(blobs::unused_since)
        .limit(FORGOTTEN_AT_ONCE)
        .select((blobs::blind, blobs::tenant, blobs::object))
        .load(c))?;
    let mut objects = Vec::with_capacity(old.len());
    for (blind, tenant, object) in old {
        let place = (blind, tenant);
        if batch.shelf.blobs.contains_key(&place) {
            continue;
        }
        on_backend!(conn, c => diesel::delete(blobs::table.find((&place.0, &place.1))).execute(c))?;
        objects.push(object);
    }
    Ok(objects)
}

impl Batch<'_> {
    /// Writes what the batch made of the files.
    pub(super) fn persist_files(&self, script: &mut Script<'_>) -> Result<(), StoreError> {
        let w = &self.writes;
        let shelved = w.shelved.iter().filter_map(|place| self.shelf.blobs.get(place));
        script.write(shelved, BLOB_CHANGES)?;
        script.write(&w.attachments, Clash::Fails)?;
        for (dossier, blind, tenant) in &w.arrived {
            script.run(
                diesel::update(
                    attachments::table
                        .filter(attachments::dossier.eq(dossier))
                        .filter(attachments::blind.eq(blind))
                        .filter(attachments::tenant.eq(tenant))
                        .filter(attachments::arrived_at.is_null()),
                )
                .set(attachments::arrived_at.eq(Some(At(self.now)))),
            )?;
        }
        for (dossier, number) in &w.superseded {
            script.run(
                diesel::update(
                    attachments::table
                        .filter(attachments::dossier.eq(dossier))
                        .filter(attachments::number.lt(number))
                        .filter(attachments::kind.eq(FileKind::Filing.word())),
                )
                .set(attachments::superseded.eq(true)),
            )?;
        }
        script.write(&w.wraps, Clash::Stays)?;
        script.write(&w.reads, Clash::Fails)
    }
}

const BLOB_CHANGES: Clash = Clash::Changes {
    key: &["blind", "tenant"],
    but: &[],
};
