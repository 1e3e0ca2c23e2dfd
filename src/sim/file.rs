//! Made-up files: the same seed, the same bytes, so that whoever receives one can tell whether it is the one that was sent.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use crate::client::{ClientError, Partner};
use crate::domain::ids::DossierId;
use crate::domain::seal;
use crate::domain::sha256::Sha256;
use crate::domain::view::AttachmentView;

/// The smallest and the largest file, in bytes.
const SIZES: std::ops::RangeInclusive<usize> = 200..=60_000;

/// The media type of all of them.
pub const MEDIA_TYPE: &str = "application/pdf";

/// A file that is made when its bytes are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    seed: String,
    /// Its name.
    pub name: String,
    /// Its digest.
    pub sha256: Sha256,
}

impl File {
    /// The file of this seed.
    pub fn of(seed: String, name: String) -> Self {
        let sha256 = seal::sha256(&bytes(&seed));
        File { seed, name, sha256 }
    }

    /// The result of a dossier, or the one that puts it right.
    pub fn of_result(dossier: DossierId, corrected: bool) -> Self {
        let which = if corrected { "corrected" } else { "result" };
        File::of(format!("{which}/{dossier}"), "ket-qua.pdf".to_owned())
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        bytes(&self.seed)
    }
}

/// Downloads a file of a dossier and says whether it is the one that was named: the client compares what comes with the digest the
/// hub gives it, and that digest must be the attachment's.
///
/// # Errors
/// See [`ClientError`].
pub(super) async fn fetch(
    partner: &Partner,
    dossier: DossierId,
    attachment: &AttachmentView,
) -> Result<bool, ClientError> {
    let mut download = partner.download(dossier, attachment.n).await?;
    let named = download.sha256() == attachment.sha256;
    while download.next().await?.is_some() {}
    Ok(named)
}

fn bytes(seed: &str) -> Vec<u8> {
    let mut rng = StdRng::from_seed(*seal::sha256(seed.as_bytes()).as_bytes());
    let mut bytes = b"%PDF-1.7\n% made up\n".to_vec();
    bytes.resize(rng.random_range(SIZES), 0);
    rng.fill_bytes(&mut bytes[19..]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_file_and_no_two_are_the_same() {
        let (a, b) = (
            File::of("a".into(), "a.pdf".into()),
            File::of("b".into(), "a.pdf".into()),
        );
        assert_eq!(a.bytes(), File::of("a".into(), "other.pdf".into()).bytes());
        assert!(a.bytes() != b.bytes() && a.sha256 != b.sha256);
        assert_eq!(a.sha256, seal::sha256(&a.bytes()));
        assert!(a.bytes().starts_with(b"%PDF") && SIZES.contains(&a.bytes().len()));
    }
}
