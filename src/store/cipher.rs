//! Encryption at rest: AES-256-GCM-SIV (RFC 8452), a key id beside every value, the row's own name as associated data, so that a
//! value moved to another row does not open.
//!
//! Nonces are 96 random bits. The generator is seeded anew from the operating system for each commit and each call
//! ([`crate::clock::Entropy::stir`]), and should a cloned machine draw the same nonce all the same, this cipher shows no more by it than
//! that two equal values of one row are equal (docs/decisions/0026-sealed-rows.md).
//!
//! What is longer than a few lines is packed before it is sealed (LZ4 blocks, docs/decisions/0035-packed-before-sealed.md): ciphertext cannot be
//! packed later, neither by the database nor by its disk.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};
use rand::Rng;

use super::StoreError;

/// An encrypted value as its three columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Which key.
    pub key_id: String,
    /// 12 random bytes; behind [`PACKED`], where the value was packed.
    pub nonce: Vec<u8>,
    /// Ciphertext and tag.
    pub ciphertext: Vec<u8>,
}

/// Stands before the nonce of a value that was packed. It is sealed with the value, so that neither form is taken for the other.
const PACKED: u8 = 1;

/// Values shorter than this are sealed as they are, in bytes: packed they would hardly be shorter.
const WORTH_PACKING: usize = 256;

/// The keys of the store: one to seal with, any number to open with, and one for blind indexes.
pub struct Cipher {
    current: String,
    keys: BTreeMap<String, LessSafeKey>,
    blind: hmac::Key,
}

impl Cipher {
    /// With 32-byte keys by id, of which `current` seals.
    ///
    /// # Errors
    /// [`StoreError::Key`] when `current` is none of them.
    pub fn new(current: &str, keys: &[(String, [u8; 32])], blind: &[u8; 32]) -> Result<Self, StoreError> {
        let keys = keys
            .iter()
            .map(|(id, key)| {
                let key = UnboundKey::new(&AES_256_GCM_SIV, key).map_err(|_| StoreError::Key(id.clone()))?;
                Ok((id.clone(), LessSafeKey::new(key)))
            })
            .collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        if !keys.contains_key(current) {
            return Err(StoreError::Key(current.to_owned()));
        }
        Ok(Cipher {
            current: current.to_owned(),
            keys,
            blind: hmac::Key::new(hmac::HMAC_SHA256, blind),
        })
    }

    /// Whether it has the key of this id.
    pub fn holds(&self, key_id: &str) -> bool {
        self.keys.contains_key(key_id)
    }

    /// Seals `plain` for the row named `row`.
    ///
    /// # Errors
    /// [`StoreError::Key`] when the key does not seal.
    pub fn seal(&self, row: &str, plain: &[u8], rng: &mut impl Rng) -> Result<Sealed, StoreError> {
        let mut nonce = [0u8; 12];
        rng.fill_bytes(&mut nonce);
        let key = &self.keys[&self.current];
        let packed = packed(plain);
        let is_packed = packed.is_some();
        let mut ciphertext = packed.unwrap_or_else(|| {
            let mut whole = Vec::with_capacity(plain.len() + 16);
            whole.extend_from_slice(plain);
            whole
        });
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context(row, is_packed).as_bytes()),
            &mut ciphertext,
        )
        .map_err(|_| StoreError::Key(self.current.clone()))?;
        Ok(Sealed {
            key_id: self.current.clone(),
            nonce: if is_packed {
                [&[PACKED], &nonce[..]].concat()
            } else {
                nonce.to_vec()
            },
            ciphertext,
        })
    }

    /// Opens what was sealed for the row named `row`.
    ///
    /// # Errors
    /// [`StoreError::Key`] when its key is not held; [`StoreError::Unreadable`] when it was changed or moved.
    pub fn open(&self, row: &str, sealed: Sealed) -> Result<Vec<u8>, StoreError> {
        let key = self
            .keys
            .get(&sealed.key_id)
            .ok_or_else(|| StoreError::Key(sealed.key_id.clone()))?;
        let unreadable = || StoreError::Unreadable(row.to_owned());
        let (is_packed, nonce) = match sealed.nonce.as_slice() {
            [PACKED, nonce @ ..] if nonce.len() == 12 => (true, nonce),
            nonce => (false, nonce),
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let mut plain = sealed.ciphertext;
        let length = key
            .open_in_place(nonce, Aad::from(context(row, is_packed).as_bytes()), &mut plain)
            .map_err(|_| unreadable())?
            .len();
        plain.truncate(length);
        if is_packed {
            return decompress_size_prepended(&plain).map_err(|_| unreadable());
        }
        Ok(plain)
    }

    /// A blind index: HMAC-SHA256 over the kind and the value, so that equal personal data can be found without being readable.
    pub fn blind(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.blind);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value);
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

/// The value packed, where that makes it shorter by an eighth at least.
fn packed(plain: &[u8]) -> Option<Vec<u8>> {
    if plain.len() < WORTH_PACKING {
        return None;
    }
    let mut packed = compress_prepend_size(plain);
    if packed.len() > plain.len() / 8 * 7 {
        return None;
    }
    packed.reserve_exact(16);
    Some(packed)
}

/// What a value is sealed with: its row, and that it was packed.
fn context(row: &str, is_packed: bool) -> Cow<'_, str> {
    if is_packed {
        Cow::Owned(format!("{row}\0lz4"))
    } else {
        Cow::Borrowed(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_value_opens_only_in_its_own_row_and_unchanged() {
        let cipher = Cipher::new("k1", &[("k1".into(), [3; 32])], &[4; 32]).unwrap();
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let sealed = cipher.seal("submission:a", b"hello", &mut rng).unwrap();
        assert_eq!(cipher.open("submission:a", sealed.clone()).unwrap(), b"hello");
        assert!(matches!(
            cipher.open("submission:b", sealed.clone()),
            Err(StoreError::Unreadable(_))
        ));
        let mut changed = sealed;
        changed.ciphertext[0] ^= 1;
        assert!(matches!(
            cipher.open("submission:a", changed),
            Err(StoreError::Unreadable(_))
        ));
    }

    #[test]
    fn a_long_value_is_packed_and_is_never_taken_for_one_that_is_not() {
        let cipher = Cipher::new("k1", &[("k1".into(), [3; 32])], &[4; 32]).unwrap();
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let alike = r#"{"name":"Nguyễn Thị Mẫu","number":"000185000001"}"#.repeat(40);
        let mut noise = vec![0; 2_000];
        rng.fill_bytes(&mut noise);
        for (plain, packs) in [
            (alike.as_bytes(), true),
            (&alike.as_bytes()[..WORTH_PACKING - 1], false),
            (&noise, false),
            (b"", false),
        ] {
            let sealed = cipher.seal("content:a", plain, &mut rng).unwrap();
            assert_eq!(
                (sealed.nonce.len() == 13, sealed.ciphertext.len() < plain.len()),
                (packs, packs)
            );
            assert_eq!(cipher.open("content:a", sealed.clone()).unwrap(), plain);
            let mut other = sealed;
            match packs {
                true => drop(other.nonce.remove(0)),
                false => other.nonce.insert(0, PACKED),
            }
            assert!(matches!(
                cipher.open("content:a", other),
                Err(StoreError::Unreadable(_))
            ));
        }
    }

    /// With AES-GCM the two would show the exclusive or of what they hide, and the key of every tag.
    #[test]
    fn a_nonce_that_comes_twice_shows_nothing_of_different_values() {
        let cipher = Cipher::new("k1", &[("k1".into(), [3; 32])], &[4; 32]).unwrap();
        let seal = |plain: &[u8]| {
            let mut cloned = rand::rngs::StdRng::seed_from_u64(1);
            cipher.seal("submission:a", plain, &mut cloned).unwrap()
        };
        let (a, b) = (seal(&[0; 64]), seal(&[1; 64]));
        assert_eq!(a.nonce, b.nonce);
        let shown = a
            .ciphertext
            .iter()
            .zip(&b.ciphertext)
            .take(64)
            .filter(|(a, b)| *a ^ *b == 1)
            .count();
        assert!(shown < 8, "{shown} of 64 bytes show their difference");
        assert_ne!(a.ciphertext[64..], b.ciphertext[64..]);
    }

    #[test]
    fn a_blind_index_depends_on_key_kind_and_value() {
        let of = |key: u8, kind: &str, value: &[u8]| {
            Cipher::new("k1", &[("k1".into(), [3; 32])], &[key; 32])
                .unwrap()
                .blind(kind, value)
        };
        let all = [
            of(1, "identity", b"000123"),
            of(1, "tax", b"000123"),
            of(1, "identity", b"000124"),
            of(1, "identity0", b"00123"),
            of(2, "identity", b"000123"),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
        assert_eq!(all[0], of(1, "identity", b"000123"));
    }
}
