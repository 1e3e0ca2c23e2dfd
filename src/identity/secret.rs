//! Secrets and what is derived from them without being stored: the citizen's look-up secret.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroize;

use crate::domain::ids::DossierId;

/// A value whose `Debug` shows nothing, and whose memory is wiped when it goes. It has no `Display` and no `Serialize`;
/// [`Secret::expose`] is what a review looks for.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> Secret<T> {
    /// Wraps a secret.
    pub fn new(value: T) -> Self {
        Secret(value)
    }

    /// The secret itself.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Crockford's base 32: no I, L, O, U, so that it can be read over the telephone.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a look-up secret; 5 bits each, 60 in all.
const LOOKUP_LENGTH: usize = 12;

/// Derives the secret a citizen needs, beside the tracking id, to look a dossier up. Nothing is stored: whoever holds the key
/// can derive it again. 60 bits are enough only together with the limit on attempts of the public page.
#[derive(Debug)]
pub struct LookupSecrets {
    key: hmac::Key,
}

impl LookupSecrets {
    /// From the hub's key for this purpose alone.
    pub fn new(key: [u8; 32]) -> Self {
        LookupSecrets {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
        }
    }

    /// The secret of a dossier, as printed: `7K3M-9QZT-01XW`.
    pub fn of(&self, dossier: DossierId) -> String {
        let plain = self.characters(dossier);
        let mut printed = String::with_capacity(LOOKUP_LENGTH + 2);
        for (i, c) in plain.iter().enumerate() {
            if i > 0 && i % 4 == 0 {
                printed.push('-');
            }
            printed.push(char::from(*c));
        }
        printed
    }

    /// Whether what somebody typed is the secret of this dossier. Case, hyphens and spaces do not matter, and O, I, L are read
    /// as the digits they look like. Takes the same time however much of it is right.
    pub fn matches(&self, dossier: DossierId, typed: &str) -> bool {
        let mut read = [0u8; LOOKUP_LENGTH];
        let ignored = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}') || c.is_whitespace();
        for (at, c) in typed.chars().filter(|c| !ignored(*c)).enumerate() {
            let c = match c.to_ascii_uppercase() {
                'O' => b'0',
                'I' | 'L' => b'1',
                c if c.is_ascii() => c as u8,
                _ => return false,
            };
            let Some(place) = read.get_mut(at) else {
                return false;
            };
            *place = c;
        }
        constant_time::verify_slices_are_equal(&self.characters(dossier), &read).is_ok()
    }

    fn characters(&self, dossier: DossierId) -> [u8; LOOKUP_LENGTH] {
        let tag = hmac::sign(&self.key, &labelled("lookup-secret/1", dossier.as_bytes()));
        let mut bits = [0u8; 8];
        bits.copy_from_slice(&tag.as_ref()[..8]);
        let bits = u64::from_be_bytes(bits);
        std::array::from_fn(|i| CROCKFORD[(bits >> (59 - 5 * i) & 31) as usize])
    }
}

/// Length-prefixed, so that no label and value can be read as another label and value.
fn labelled(label: &str, value: &[u8]) -> Vec<u8> {
    [&(label.len() as u64).to_be_bytes(), label.as_bytes(), value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use rand::SeedableRng;

    fn dossiers() -> (DossierId, DossierId) {
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let at = Timestamp::from_micros(1_790_000_000_000_000);
        (DossierId::new(at, &mut rng), DossierId::new(at, &mut rng))
    }

    #[test]
    fn a_lookup_secret_is_stable_and_tolerant_of_typing() {
        let (a, b) = dossiers();
        let secrets = LookupSecrets::new([3; 32]);
        let printed = secrets.of(a);
        assert_eq!(printed, secrets.of(a));
        assert_eq!(printed.len(), 14);
        assert!(
            printed
                .split('-')
                .all(|g| g.len() == 4 && g.bytes().all(|c| CROCKFORD.contains(&c)))
        );
        assert!(secrets.matches(a, &printed));
        assert!(secrets.matches(a, &format!(" {} ", printed.to_lowercase().replace('-', " "))));
        assert!(secrets.matches(a, &printed.replace('0', "o").replace('1', "l").replace('-', "–")));
        assert!(!secrets.matches(b, &printed));
        assert!(!LookupSecrets::new([4; 32]).matches(a, &printed));
    }

    #[test]
    fn every_other_typing_is_wrong() {
        let (a, _) = dossiers();
        let secrets = LookupSecrets::new([3; 32]);
        let printed = secrets.of(a);
        for i in (0..14).filter(|i| i % 5 != 4) {
            let mut wrong = printed.clone().into_bytes();
            wrong[i] = if wrong[i] == b'7' { b'8' } else { b'7' };
            assert!(!secrets.matches(a, std::str::from_utf8(&wrong).unwrap()));
        }
        for wrong in [
            "",
            "-",
            &printed[..13],
            &format!("{printed}0"),
            &"đ".repeat(12),
            &"\0".repeat(12),
        ] {
            assert!(!secrets.matches(a, wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "Secret(…)");
        let shown = format!("{:?}", LookupSecrets::new([0xab; 32]));
        assert!(
            !shown.contains("171") && !shown.to_lowercase().contains("abab"),
            "{shown}"
        );
    }
}
