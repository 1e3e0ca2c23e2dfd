//! Synthetic filings: what a clerk has on the desk before it is written in any format.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use super::catalogue::{FilingCatalogue, FilingCommune, FilingProcedure};
use super::file::File;
use super::person::Person;
use crate::domain::codes::Key;
use crate::domain::dossier::{Catalogue, Channel};
use crate::domain::time::{Date, Timestamp};

const PAPERS: [(&str, &str); 5] = [
    ("TP-01", "Tờ khai theo mẫu"),
    ("TP-02", "Bản sao giấy tờ tùy thân"),
    ("TP-03", "Giấy tờ chứng minh nơi cư trú"),
    ("TP-04", "Văn bản ủy quyền (nếu có)"),
    ("TP-05", "Bản vẽ & thuyết minh <phụ lục \"A\">"),
];

/// One paper.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Originals handed in.
    pub originals: u16,
    /// Photocopies handed in.
    pub photos: u16,
    /// Its file, if it was digitised.
    pub file: Option<File>,
}

impl Paper {
    /// A paper with a long name, of which a larger document has many.
    pub const LONG: Paper = Paper {
        code: "TP-09",
        name: "Bản thuyết minh kèm theo hồ sơ thử nghiệm, gồm các bảng kê, sơ đồ vị trí và cam kết của người nộp về tính chính xác của nội dung",
        originals: 1,
        photos: 1,
        file: None,
    };
}

/// The commune that decides, as the applicant names it.
#[derive(Clone, Debug)]
pub struct NamedPlace {
    /// In which catalogue: an applicant may still give the address of before 2025-07-01.
    pub catalogue: Catalogue,
    /// Its code there.
    pub commune: String,
    /// Its name there.
    pub name: String,
    /// Its district, in the old catalogue.
    pub district: Option<String>,
    /// The date of the paper the address was copied from. With it a format may leave out the catalogue and the district: many systems
    /// know neither.
    pub paper: Option<Date>,
}

/// A made-up dossier. It has no `Debug`: even made-up people do not belong in a log.
#[derive(Clone)]
pub struct Case {
    /// The sender's reference.
    pub reference: String,
    /// An official code in the sender's hands, for the format that cannot do without.
    pub own_code: String,
    /// Procedure.
    pub procedure: FilingProcedure,
    /// How it came.
    pub channel: Channel,
    /// An agent helped to file online.
    pub assisted: bool,
    /// When the applicant filed.
    pub filed_at: Timestamp,
    /// Commune that decides.
    pub place: Option<NamedPlace>,
    /// The agency it must reach, where a commune decides.
    pub decides: Option<Key>,
    /// Who files.
    pub applicant: Person,
    /// Whose matter it is, when not the applicant.
    pub owner: Option<Person>,
    /// What it is about.
    pub summary: String,
    /// Papers.
    pub papers: Vec<Paper>,
    /// Its files are uploaded before it is filed; else those that the hub's answer says are missing.
    pub files_first: bool,
    /// The result goes back by post.
    pub result_by_post: bool,
}

impl Case {
    /// The files of its papers.
    pub fn files(&self) -> Vec<&File> {
        self.papers.iter().filter_map(|p| p.file.as_ref()).collect()
    }
}

/// A series of filings: the same seed gives the same people and papers; the run keeps references of two runs apart.
#[derive(Clone, Debug)]
pub struct Series {
    seed: u64,
    run: String,
    unit: String,
}

impl Series {
    /// The filings of `run` (lower-case letters and digits) that `seed` gives.
    pub fn new(seed: u64, run: &str) -> Self {
        // A unit no agency of the directory has, different for each run: official codes of two runs never meet.
        let mixed = run.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let letter = |n: u64| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(n % 26) as usize]);
        let unit = format!(
            "H26.T{}{}.{}",
            letter(mixed),
            letter(mixed >> 16),
            letter(mixed >> 32)
        );
        Series {
            seed,
            run: run.to_owned(),
            unit,
        }
    }

    /// The `index`th filing, filed shortly before `now`.
    pub fn case(&self, index: usize, by_branch: bool, catalogue: &FilingCatalogue, now: Timestamp) -> Case {
        let mut rng = self.generator(index);
        let (procedure, commune) = catalogue.turn(index);
        let (channel, assisted) = channel(by_branch, &mut rng);
        let applicant = if rng.random_bool(0.2) {
            Person::enterprise(&commune.name, &mut rng)
        } else {
            Person::citizen(&commune.name, &mut rng)
        };
        let owner = rng
            .random_bool(0.25)
            .then(|| Person::citizen(&commune.name, &mut rng));
        let place = (procedure.by_place || rng.random_bool(0.5)).then(|| place(commune, &mut rng));
        let decides = (procedure.by_place && procedure.by_commune)
            .then(|| commune.agency.clone())
            .flatten();
        let age = Duration::from_secs(rng.random_range(1..600));
        let day = now.date();
        let reference = format!("{}-{index:06}", self.run);
        Case {
            papers: papers(&reference, &mut rng),
            reference,
            own_code: format!("{}-{}-{:04}", self.unit, day.strftime("%y%m%d"), index + 1),
            procedure: procedure.clone(),
            channel,
            assisted,
            filed_at: now.minus(age),
            place,
            decides,
            applicant,
            owner,
            summary: format!(
                "{} – hồ sơ thử số {index}, \"không giải quyết\" & <không lưu>",
                procedure.name
            ),
            result_by_post: rng.random_bool(0.3),
            files_first: rng.random_bool(0.5),
        }
    }

    fn generator(&self, index: usize) -> StdRng {
        let mut seed = [0u8; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&(index as u64).to_le_bytes());
        StdRng::from_seed(seed)
    }
}

/// Agents mostly help to file online; branches mostly receive at the counter.
fn channel(by_branch: bool, rng: &mut impl Rng) -> (Channel, bool) {
    match (by_branch, rng.random_range(0..10)) {
        (true, 0..6) => (Channel::Counter, false),
        (true, 6..8) => (Channel::Online, false),
        (false, 0..8) => (Channel::Online, true),
        _ => (Channel::Post, false),
    }
}

/// The date of a paper that names a former commune.
const OLD_PAPER: Date = Date::constant(2024, 3, 15);

/// One in five still gives the address of before 2025-07-01, where it is wholly in one commune of today.
fn place(commune: &FilingCommune, rng: &mut impl Rng) -> NamedPlace {
    let former = rng
        .random_bool(0.2)
        .then(|| rng.random_range(0..commune.former.len().max(1)));
    match former.and_then(|n| commune.former.get(n)) {
        Some(former) => NamedPlace {
            catalogue: Catalogue::Legacy,
            commune: former.code.to_string(),
            name: former.name.clone(),
            district: former.district.as_ref().map(ToString::to_string),
            paper: rng.random_bool(0.5).then_some(OLD_PAPER),
        },
        None => NamedPlace {
            catalogue: Catalogue::Since2025,
            commune: commune.code.to_string(),
            name: commune.name.clone(),
            district: None,
            paper: None,
        },
    }
}

fn papers(reference: &str, rng: &mut impl Rng) -> Vec<Paper> {
    let first = rng.random_range(0..PAPERS.len());
    (0..rng.random_range(1..=3))
        .map(|i| {
            let (code, name) = PAPERS[(first + i) % PAPERS.len()];
            let file = rng
                .random_bool(0.7)
                .then(|| File::of(format!("{reference}/{i}"), format!("{}.pdf", code.to_lowercase())));
            Paper {
                code,
                name,
                originals: rng.random_range(0..2),
                photos: rng.random_range(0..3),
                file,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::codes::DossierCode;

    #[test]
    fn a_series_is_the_same_each_time_and_two_runs_never_meet() {
        let catalogue = crate::sim::catalogue::tests::small();
        let now = "2026-11-23T08:00:00+07:00".parse().unwrap();
        let (a, b) = (Series::new(7, "run1"), Series::new(7, "run2"));
        for i in 0..40 {
            let (x, y, z) = (
                a.case(i, false, &catalogue, now),
                a.case(i, false, &catalogue, now),
                b.case(i, false, &catalogue, now),
            );
            assert!(x.applicant == y.applicant && x.applicant == z.applicant && x.filed_at == y.filed_at);
            assert!(x.reference != z.reference && x.own_code != z.own_code);
            assert!(x.own_code.parse::<DossierCode>().is_ok(), "{}", x.own_code);
            assert!(x.filed_at < now && (x.place.is_some() || !x.procedure.by_place));
        }
        let references: std::collections::HashSet<_> = (0..200)
            .map(|i| a.case(i, true, &catalogue, now).reference)
            .collect();
        assert_eq!(references.len(), 200);
    }
}
