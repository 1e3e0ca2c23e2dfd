//! A filing written in each format a partner may use, as the partner's own program would write it.
//!
//! This is deliberately not the adapters' work turned round: it is a second reading of the same formats.

mod canonical;
mod dvcqg;
mod vnpost;
mod xml;

use super::filing::Case;

/// A format and its syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The canonical dossier in JSON.
    CanonicalJson,
    /// The canonical dossier in XML.
    CanonicalXml,
    /// The portal's `DongBoHoSoMC` in JSON.
    DvcqgMcJson,
    /// VNPost's `MDocument` in JSON.
    VnpostHccJson,
    /// The same in XML.
    VnpostHccXml,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 5] = [
        Format::CanonicalJson,
        Format::CanonicalXml,
        Format::DvcqgMcJson,
        Format::VnpostHccJson,
        Format::VnpostHccXml,
    ];

    /// Every syntax of the format of this name (`canonical/v1`); none of an unknown one.
    pub fn of(name: &str) -> Vec<Format> {
        Format::ALL.into_iter().filter(|f| f.name() == name).collect()
    }

    /// The name, as in `Submission-Format`.
    pub const fn name(self) -> &'static str {
        match self {
            Format::CanonicalJson | Format::CanonicalXml => "canonical/v1",
            Format::DvcqgMcJson => "dvcqg-mc/v1",
            Format::VnpostHccJson | Format::VnpostHccXml => "vnpost-hcc/v1",
        }
    }

    /// Name and syntax, for a person.
    pub const fn label(self) -> &'static str {
        match self {
            Format::CanonicalJson => "canonical/v1 json",
            Format::CanonicalXml => "canonical/v1 xml",
            Format::DvcqgMcJson => "dvcqg-mc/v1 json",
            Format::VnpostHccJson => "vnpost-hcc/v1 json",
            Format::VnpostHccXml => "vnpost-hcc/v1 xml",
        }
    }

    /// Media type of the bytes.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::CanonicalJson | Format::DvcqgMcJson | Format::VnpostHccJson => "application/json",
            Format::CanonicalXml | Format::VnpostHccXml => "application/xml",
        }
    }

    /// Whether it can name the files of a dossier by their digests.
    pub const fn names_files(self) -> bool {
        !matches!(self, Format::VnpostHccJson | Format::VnpostHccXml)
    }

    /// The bytes that are filed.
    pub fn render(self, case: &Case) -> Vec<u8> {
        match self {
            Format::CanonicalJson => canonical::value(case).to_string(),
            Format::CanonicalXml => canonical::xml(case),
            Format::DvcqgMcJson => dvcqg::value(case).to_string(),
            Format::VnpostHccJson => vnpost::value(case).to_string(),
            Format::VnpostHccXml => vnpost::xml(case),
        }
        .into_bytes()
    }
}
