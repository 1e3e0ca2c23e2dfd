//! A person or an organisation, and the papers that say who it is.

use serde::{Deserialize, Serialize};

use super::limits;
use crate::domain::absent;
use crate::domain::codes::{Email, IdentityNumber, Phone, TaxCode};
use crate::domain::text::Text;
use crate::domain::time::Date;

/// What kind of applicant (`LoaiDoiTuong`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartyKind {
    /// 1 công dân.
    Citizen,
    /// 2 doanh nghiệp.
    Enterprise,
    /// 3 cơ quan nhà nước.
    StateAgency,
    /// 4 tổ chức khác.
    OtherOrganisation,
}

impl PartyKind {
    /// The portal's number.
    pub const fn code(self) -> u8 {
        match self {
            PartyKind::Citizen => 1,
            PartyKind::Enterprise => 2,
            PartyKind::StateAgency => 3,
            PartyKind::OtherOrganisation => 4,
        }
    }
}

/// Sex as written on the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
}

/// What paper a number is of that says who somebody is (`LoaiDinhDanh`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityPaperKind {
    /// 1 số định danh cá nhân: 12 digits.
    PersonalNumber,
    /// 2 chứng minh nhân dân: 9 digits.
    OldCard,
    /// Hộ chiếu, of any country.
    Passport,
    /// Another paper, or one of which nobody said what it is.
    #[default]
    Other,
}

impl IdentityPaperKind {
    /// The portal's number, where it has one.
    pub const fn code(self) -> Option<u8> {
        match self {
            IdentityPaperKind::PersonalNumber => Some(1),
            IdentityPaperKind::OldCard => Some(2),
            IdentityPaperKind::Passport | IdentityPaperKind::Other => None,
        }
    }
}

/// A paper that says who somebody is, beside the identity number: a passport, a card of the old kind, a decision of founding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityPaper {
    /// What paper; left out, known by the form of the number.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<IdentityPaperKind>")]
    pub kind: IdentityPaperKind,
    /// What the sender calls it, in his own words or code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind_name: Option<Text<100>>,
    /// Its number, as written on it.
    pub number: Text<50>,
}

/// A person or an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Citizen, enterprise, agency or other.
    pub kind: PartyKind,
    /// Full name.
    pub name: Text<500>,
    /// Identity number of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_number: Option<IdentityNumber>,
    /// Other papers that say who it is: passports, cards of the old kind, numbers that contradict.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<IdentityPaper>>", length(max = limits::IDENTITY_PAPERS))]
    pub identity_papers: Vec<IdentityPaper>,
    /// Tax code of an enterprise, or of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_code: Option<TaxCode>,
    /// Date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub birth_date: Option<Date>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Address as one text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Text<1000>>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
}
