//! Documents as partners write them, made up by the simulation: every shipped format, in three sizes.

use std::collections::BTreeMap;

use lienthong::domain::routing::Directory;
use lienthong::domain::time::Timestamp;
use lienthong::sim::catalogue::FilingCatalogue;
use lienthong::sim::filing::{Paper, Series};
use lienthong::sim::format::Format;

/// The least bytes of a document: as most are, as some are, as few are. The same sizes as in `lienthong bench --documents mix`.
pub const SIZES: [(&str, usize); 3] = [("2 KB", 1_850), ("8 KB", 8_000), ("40 KB", 40_000)];

/// The sizes of a format. The post's says so little of a paper that as many as a dossier may have do not fill the largest.
pub fn sizes(format: Format) -> &'static [(&'static str, usize)] {
    match format {
        Format::CanonicalJson | Format::CanonicalXml | Format::DvcqgMcJson => &SIZES,
        Format::VnpostHccJson | Format::VnpostHccXml => &SIZES[..2],
    }
}

/// The moment everything here plays at: a Monday morning in Hanoi.
pub fn monday() -> Timestamp {
    "2026-11-23T08:00:00+07:00".parse().expect("a moment")
}

/// The shipped directory, as files.
pub fn directory_files() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
    let read = |name: &&str| {
        let path = format!("{folder}/{name}");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        ((*name).to_owned(), text)
    };
    Directory::FILES.iter().map(read).collect()
}

/// Writes documents; the same each time.
pub struct Writer {
    catalogue: FilingCatalogue,
    series: Series,
}

impl Writer {
    /// Of what may be filed under this directory.
    pub fn new(directory: &Directory) -> Self {
        Writer {
            catalogue: FilingCatalogue::of(directory, monday().date()).expect("something may be filed"),
            series: Series::new(7, "dem"),
        }
    }

    /// The `index`th document of a branch or an agent, at least so long: its reference and its bytes. No paper names a file, because
    /// the bytes of files travel apart.
    pub fn document(&self, index: usize, by_branch: bool, format: Format, least: usize) -> (String, Vec<u8>) {
        let mut case = self.series.case(index, by_branch, &self.catalogue, monday());
        for paper in &mut case.papers {
            paper.file = None;
        }
        let mut bytes = format.render(&case);
        while bytes.len() < least {
            case.papers.push(Paper::LONG);
            bytes = format.render(&case);
        }
        (case.reference, bytes)
    }
}
