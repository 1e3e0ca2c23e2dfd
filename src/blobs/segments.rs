//! How a file is encrypted: AES-256-GCM in segments, so that a part of it can be read, and a lost, moved or cut-off part is found.
//!
//! The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: *Online Authenticated-Encryption and its Nonce-Reuse
//! Misuse-Resistance*, 2015), laid out as age lays it out: the plain text in pieces of [`SEGMENT`] bytes, each sealed with a tag of
//! its own under the nonce `number (11 bytes, big-endian) ‖ last (1 byte)`. A file has a key of its own, so no nonce comes twice;
//! the name of the object is associated data. Reordering changes the number, truncation leaves the file without a last segment,
//! and either does not open. An empty file is one empty last segment.

use std::ops::Range;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::error::BlobError;
use crate::domain::attachment::DataKey;
use crate::domain::ids::BlobId;

/// Plain bytes of a segment; only the last may be shorter.
pub const SEGMENT: usize = 65_536;

/// Bytes a segment is longer when sealed.
const TAG: usize = 16;

/// Bytes of a whole sealed segment.
const SEALED: u64 = (SEGMENT + TAG) as u64;

/// How many segments a file of so many plain bytes has.
fn segments(size: u64) -> u64 {
    size.div_ceil(SEGMENT as u64).max(1)
}

/// Bytes a file of so many plain bytes takes when sealed.
pub fn sealed_size(size: u64) -> u64 {
    size + segments(size) * TAG as u64
}

/// One file's key, bound to its object.
struct Segments {
    key: LessSafeKey,
    object: BlobId,
}

impl Segments {
    fn new(object: BlobId, key: &DataKey) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).expect("AES-256 takes 32 bytes");
        Segments {
            key: LessSafeKey::new(key),
            object,
        }
    }

    fn nonce(number: u64, last: bool) -> Nonce {
        let mut nonce = [0u8; 12];
        nonce[3..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(last);
        Nonce::assume_unique_for_key(nonce)
    }

    fn aad(&self) -> Aad<&[u8; 16]> {
        Aad::from(self.object.as_bytes())
    }
}

/// Seals a file piece by piece.
pub struct Sealer {
    segments: Segments,
    number: u64,
    waiting: Vec<u8>,
}

impl Sealer {
    /// For the object of this name.
    pub fn new(object: BlobId, key: &DataKey) -> Self {
        Sealer {
            segments: Segments::new(object, key),
            number: 0,
            waiting: Vec::with_capacity(SEGMENT + TAG),
        }
    }

    /// Takes plain bytes; what became whole is appended to `out`. A full segment is held back until it is known not to be the last.
    ///
    /// # Errors
    /// Never in practice: the cipher refuses lengths no segment has.
    pub fn push(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), BlobError> {
        while !plain.is_empty() {
            if self.waiting.len() == SEGMENT {
                self.seal(false, out)?;
            }
            let (now, later) = plain.split_at(plain.len().min(SEGMENT - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Appends the last segment.
    ///
    /// # Errors
    /// As [`Sealer::push`].
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), BlobError> {
        self.seal(true, out)
    }

    fn seal(&mut self, last: bool, out: &mut Vec<u8>) -> Result<(), BlobError> {
        let nonce = Segments::nonce(self.number, last);
        self.segments
            .key
            .seal_in_place_append_tag(nonce, self.segments.aad(), &mut self.waiting)
            .map_err(|_| BlobError::Damaged(self.segments.object))?;
        out.append(&mut self.waiting);
        self.number += 1;
        Ok(())
    }
}

/// Opens parts of a file of known size.
pub struct Opener {
    segments: Segments,
    size: u64,
}

impl Opener {
    /// For the object of this name, of so many plain bytes.
    pub fn new(object: BlobId, key: &DataKey, size: u64) -> Self {
        Opener {
            segments: Segments::new(object, key),
            size,
        }
    }

    /// The stored bytes that hold these plain bytes: whole segments. `wanted` must lie within the file.
    pub fn stored(&self, wanted: &Range<u64>) -> Range<u64> {
        let first = wanted.start / SEGMENT as u64;
        let last = wanted.end.saturating_sub(1).max(wanted.start) / SEGMENT as u64;
        first * SEALED..((last + 1) * SEALED).min(sealed_size(self.size))
    }

    /// The plain bytes of `wanted` out of what [`Opener::stored`] named.
    ///
    /// # Errors
    /// [`BlobError::Damaged`]: changed, moved, cut off, or of another key.
    pub fn open(&self, wanted: &Range<u64>, stored: &[u8]) -> Result<Vec<u8>, BlobError> {
        let damaged = || BlobError::Damaged(self.segments.object);
        let first = wanted.start / SEGMENT as u64;
        let mut plain = Vec::with_capacity(stored.len());
        for (number, sealed) in (first..).zip(stored.chunks(SEGMENT + TAG)) {
            let nonce = Segments::nonce(number, number + 1 == segments(self.size));
            let mut segment = sealed.to_vec();
            let opened = self
                .segments
                .key
                .open_in_place(nonce, self.segments.aad(), &mut segment);
            plain.extend_from_slice(opened.map_err(|_| damaged())?);
        }
        let fitting = |bytes: u64| usize::try_from(bytes).map_err(|_| damaged());
        let skip = fitting(wanted.start - first * SEGMENT as u64)?;
        let length = fitting(wanted.end - wanted.start)?;
        if plain.len() < skip + length {
            return Err(damaged());
        }
        plain.truncate(skip + length);
        plain.drain(..skip);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use rand::SeedableRng;

    fn object(n: u64) -> BlobId {
        let mut rng = rand::rngs::StdRng::seed_from_u64(n);
        BlobId::new(Timestamp::from_micros(1_800_000_000_000_000), &mut rng)
    }

    fn bytes(size: usize) -> Vec<u8> {
        (0..size).map(|i| (i % 251) as u8).collect()
    }

    fn sealed(plain: &[u8], piece: usize) -> Vec<u8> {
        let mut sealer = Sealer::new(object(1), &DataKey::new([7; 32]));
        let mut out = Vec::new();
        for part in plain.chunks(piece) {
            sealer.push(part, &mut out).unwrap();
        }
        sealer.finish(&mut out).unwrap();
        out
    }

    fn opened(stored: &[u8], size: usize, wanted: Range<u64>) -> Result<Vec<u8>, BlobError> {
        let opener = Opener::new(object(1), &DataKey::new([7; 32]), size as u64);
        let at = opener.stored(&wanted);
        let piece = &stored[(at.start as usize).min(stored.len())..(at.end as usize).min(stored.len())];
        opener.open(&wanted, piece)
    }

    #[test]
    fn what_is_sealed_opens_whole_and_in_part_however_it_was_cut() {
        for size in [
            0,
            1,
            SEGMENT - 1,
            SEGMENT,
            SEGMENT + 1,
            3 * SEGMENT,
            3 * SEGMENT + 5,
        ] {
            let plain = bytes(size);
            let stored = sealed(&plain, 1000);
            assert_eq!(stored, sealed(&plain, size.max(1)), "{size}");
            assert_eq!(stored.len() as u64, sealed_size(size as u64), "{size}");
            assert_eq!(opened(&stored, size, 0..size as u64).unwrap(), plain, "{size}");
            let end = size as u64;
            let middle = SEGMENT as u64 - 2..(SEGMENT as u64 + 2).min(end);
            for wanted in [0..end.min(1), end.saturating_sub(1)..end, middle] {
                if wanted.start < wanted.end {
                    let expected = &plain[wanted.start as usize..wanted.end as usize];
                    assert_eq!(
                        opened(&stored, size, wanted.clone()).unwrap(),
                        expected,
                        "{size} {wanted:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_changed_moved_or_cut_off_segment_does_not_open() {
        let size = 3 * SEGMENT;
        let (plain, whole) = (bytes(size), 0..size as u64);
        let stored = sealed(&plain, size);
        let sealed_segment = SEGMENT + TAG;
        let mut changed = stored.clone();
        changed[sealed_segment + 3] ^= 1;
        let mut swapped = stored.clone();
        let (one, two) = swapped[..2 * sealed_segment].split_at_mut(sealed_segment);
        one.swap_with_slice(two);
        let cut = &stored[..2 * sealed_segment];
        let grown = [&stored[..], &stored[..sealed_segment]].concat();
        for (what, bad) in [("changed", &changed[..]), ("swapped", &swapped), ("cut", cut)] {
            assert!(opened(bad, size, whole.clone()).is_err(), "{what}");
        }
        // A file cut at a segment, with its size made to fit: no last segment is there.
        assert!(opened(cut, 2 * SEGMENT, 0..2 * SEGMENT as u64).is_err());
        assert!(opened(&grown, 4 * SEGMENT, 0..4 * SEGMENT as u64).is_err());
        // Under another object's name, or another key.
        let of =
            |object, key| Opener::new(object, &DataKey::new([key; 32]), size as u64).open(&whole, &stored);
        assert!(of(object(1), 7).is_ok() && of(object(2), 7).is_err() && of(object(1), 8).is_err());
    }
}
