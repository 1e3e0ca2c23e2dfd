//! The codes of the trade, each with one parser: procedures, dossiers, places, persons, enterprises, stable keys.
//!
//! Sources: Decree 118/2025 art. 28 for the dossier code, QĐ 19/2025/QĐ-TTg for places, TT 07/2016/TT-BCA for identity
//! numbers. A code is compared exactly as written: nothing here folds case. What a document or a call says of one is cleaned first, as
//! every text is ([`super::text::clean`]); a telephone has one form for the several in which people write it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::{Lines, clean};
use super::time::Date;

/// Why a text is not such a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// It does not have the form.
    #[error("does not have the form of this code")]
    Form,
    /// The form is right, its check digit is not.
    #[error("its check digit is wrong")]
    CheckDigit,
    /// It contains a day that does not exist.
    #[error("holds a day that does not exist")]
    Day,
}

/// What a code is written like, from what somebody typed: most are written in one way alone.
fn as_written(raw: &str) -> Cow<'_, str> {
    Cow::Borrowed(raw)
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $pattern:expr, $parse:expr) => {
        code! { $(#[$doc])* $name, $pattern, $parse, as_written }
    };
    ($(#[$doc:meta])* $name:ident, $pattern:expr, $parse:expr, $written:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Its form, as the schemas say it.
            pub const PATTERN: &'static str = $pattern;

            /// The code as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotACode;
            fn from_str(s: &str) -> Result<Self, NotACode> {
                let check: fn(&str) -> Result<(), NotACode> = $parse;
                let written: fn(&str) -> Cow<'_, str> = $written;
                let code = written(s);
                check(&code).map(|()| $name(code.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotACode;
            /// As somebody typed it: cleaned as every text is, then read.
            fn try_from(s: String) -> Result<Self, NotACode> {
                clean(&s, Lines::One).map_err(|_| NotACode::Form)?.parse()
            }
        }

        impl From<$name> for String {
            fn from(c: $name) -> String {
                c.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": $name::PATTERN})
            }
        }
    };
}

macro_rules! shown {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            /// Never the number itself: it is personal data.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

fn form(ok: bool) -> Result<(), NotACode> {
    if ok { Ok(()) } else { Err(NotACode::Form) }
}

fn digits(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit())
}

fn upper_alnum(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

code! {
    /// National procedure code `MaTTHC`: `1.004873`.
    ProcedureCode, r"^\d\.\d{6}$", |s| form(
        s.len() == 8 && s.as_bytes()[1] == b'.' && digits(&s[..1]) && digits(&s[2..])
    )
}

code! {
    /// Commune code of either catalogue: five digits, leading zeros matter. Means something only with its catalogue.
    CommuneCode, r"^\d{5}$", |s| form(s.len() == 5 && digits(s))
}

code! {
    /// District code of the catalogue before 2025-07-01: three digits.
    DistrictCode, r"^\d{3}$", |s| form(s.len() == 3 && digits(s))
}

code! {
    /// Official identifier of an agency (`H26.12.3`, or the older `000.00.12.H26`), at most 35 characters.
    AgencyCode, r"^[0-9A-Z]{1,3}(\.[0-9A-Z]{1,4}){0,4}$", |s| form(
        s.len() <= 35 && s.split('.').count() <= 5 && s.split('.').all(|p| p.len() <= 4 && upper_alnum(p))
    )
}

code! {
    /// Stable key of the hub's own: lower-case ASCII letters, digits and hyphens, at most 60. Queue names and audit use it, so
    /// it never changes when an official code does.
    Key, r"^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$", |s| form(
        (1..=60).contains(&s.len())
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !s.starts_with('-') && !s.ends_with('-')
    )
}

/// The unit in its old and its new form.
macro_rules! unit_pattern {
    () => {
        r"^([0-9A-Z]{3}\.[0-9A-Z]{2,3}\.[0-9A-Z]{2,3}\.[GHK]\d{2}|[A-Z]\d{2}(\.[0-9A-Z]{1,3}){0,3})"
    };
}

/// The unit, a day that exists (of this century, whose every fourth year is a leap year), and a running number of four to six
/// digits that is not zero.
macro_rules! dossier_code_pattern {
    () => {
        concat!(
            unit_pattern!(),
            r"-(\d{2}((0[13578]|1[02])(0[1-9]|[12]\d|3[01])|(0[469]|11)(0[1-9]|[12]\d|30)|02(0[1-9]|1\d|2[0-8]))",
            r"|([02468][048]|[13579][26])0229)",
            r"-([1-9]\d{3,5}|0[1-9]\d{2,4}|00[1-9]\d{1,3}|000[1-9]\d{0,2}|0000[1-9]\d?|00000[1-9])$",
        )
    };
}

code! {
    /// Mã số hồ sơ, the official dossier code: identifier of the competent agency, day of receipt, running number
    /// (Decree 118/2025 art. 28.2). Old and new forms of the identifier are accepted; the day must exist.
    DossierCode,
    dossier_code_pattern!(),
    dossier_code
}

code! {
    /// Electronic identifier of a competent agency as a dossier code begins with it, in its old or new form: `000.00.12.H26`, `H26.12`.
    UnitCode,
    concat!(unit_pattern!(), "$"),
    |s| form(is_unit(s))
}

code! {
    /// Số định danh cá nhân (12 digits) or the older CMND (9 digits).
    IdentityNumber, r"^(\d{12}|\d{9})$", |s| form(matches!(s.len(), 9 | 12) && digits(s))
}

code! {
    /// Mã số thuế: 10 digits with a check digit, 13 written `NNNNNNNNNN-NNN` for a branch, or a 12-digit identity number.
    TaxCode, r"^(\d{10}(-\d{3})?|\d{12})$", tax_code
}

code! {
    /// A telephone number: 8 to 15 digits, with an optional leading `+`. Spaces, dots, dashes and brackets between them are left out.
    Phone, r"^\+?\d{8,15}$", |s| {
        let number = s.strip_prefix('+').unwrap_or(s);
        form((8..=15).contains(&number.len()) && digits(number))
    }, |s| {
        let apart = |c: char| matches!(c, ' ' | '.' | '-' | '(' | ')' | '\u{2010}'..='\u{2015}');
        if s.contains(apart) { Cow::Owned(s.replace(apart, "")) } else { Cow::Borrowed(s) }
    }
}

impl Phone {
    /// The number as a subscriber of Vietnam dials it, for comparing: `+84912…`, `0084912…` and `0912…` are one.
    pub fn national(&self) -> String {
        let number = self.0.strip_prefix('+').unwrap_or(&self.0);
        let number = number.strip_prefix("00").unwrap_or(number);
        match number.strip_prefix("84") {
            // The 0 of a long-distance call is often left standing behind the country.
            Some(rest) if number.len() > 10 => {
                format!(
                    "0{}",
                    rest.strip_prefix('0').filter(|r| r.len() >= 9).unwrap_or(rest)
                )
            }
            _ => (*self.0).to_owned(),
        }
    }
}

code! {
    /// An e-mail address: one `@`, a dotted domain, no spaces, at most 254 characters. Deliverability is not checked.
    Email, r"^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$", |s| {
        let shape = s.split_once('@').is_some_and(|(local, domain)| {
            (1..=64).contains(&local.len())
                && !domain.contains('@')
                && domain.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
        });
        form(shape && s.len() <= 254 && s.chars().all(|c| !c.is_whitespace() && !c.is_control()))
    }
}

shown!(
    ProcedureCode,
    CommuneCode,
    DistrictCode,
    AgencyCode,
    Key,
    DossierCode,
    UnitCode
);
hidden!(IdentityNumber, TaxCode, Phone, Email);

/// Whether a text is the identifier of an agency, as codes begin with it.
fn is_unit(unit: &str) -> bool {
    let segments: Vec<&str> = unit.split('.').collect();
    let letter_two_digits = |p: &str, letters: &[u8]| {
        p.len() == 3
            && (letters.is_empty() && p.as_bytes()[0].is_ascii_uppercase()
                || letters.contains(&p.as_bytes()[0]))
            && digits(&p[1..])
    };
    let old = segments.len() == 4
        && segments[0].len() == 3
        && segments[1..3].iter().all(|p| (2..=3).contains(&p.len()))
        && segments[..3].iter().all(|p| upper_alnum(p))
        && letter_two_digits(segments[3], b"GHK");
    let new = letter_two_digits(segments[0], &[])
        && segments.len() <= 4
        && segments[1..].iter().all(|p| p.len() <= 3 && upper_alnum(p));
    old || new
}

fn dossier_code(s: &str) -> Result<(), NotACode> {
    let mut parts = s.rsplitn(3, '-');
    let (Some(seq), Some(day), Some(unit)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NotACode::Form);
    };
    form(is_unit(unit) && day.len() == 6 && digits(day) && (4..=6).contains(&seq.len()) && digits(seq))?;
    form(seq.bytes().any(|b| b != b'0'))?;
    day_of(day).map(|_| ()).ok_or(NotACode::Day)
}

fn day_of(yymmdd: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| yymmdd[range].parse::<i8>().ok();
    Date::new(2000 + i16::from(number(0..2)?), number(2..4)?, number(4..6)?).ok()
}

impl DossierCode {
    /// The code of a running number of a day, with so many digits at least; none of a number that no code can have, or of a day in
    /// another century than codes are of.
    pub(super) fn numbered(unit: &UnitCode, day: Date, number: u32, digits: usize) -> Option<Self> {
        let yymmdd = format!(
            "{:02}{:02}{:02}",
            day.year().rem_euclid(100),
            day.month(),
            day.day()
        );
        let code: DossierCode = format!("{unit}-{yymmdd}-{number:0digits$}").parse().ok()?;
        (code.day() == Some(day)).then_some(code)
    }

    /// The identifier of the agency that gave it: all before the day.
    pub fn unit(&self) -> &str {
        self.0.rsplitn(3, '-').nth(2).unwrap_or_default()
    }

    /// Whether a text that is no official code was meant for one: a unit, a day and a running number between dashes, where the day
    /// does not exist, a digit is missing, a letter is small, or a space stands between.
    pub fn resembles(text: &str) -> bool {
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| {
                if matches!(c, '_' | '\u{2010}'..='\u{2015}') {
                    '-'
                } else {
                    c.to_ascii_uppercase()
                }
            })
            .collect();
        let mut parts = text.rsplitn(3, '-');
        let (Some(number), Some(day), Some(unit)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let first = unit.split('.').next().unwrap_or_default();
        let of_a_province = first.len() == 3 && first.starts_with(['G', 'H', 'K']) && digits(&first[1..]);
        let old = unit.split('.').count() == 4 && unit.split('.').all(upper_alnum);
        (of_a_province || old) && digits(number) && digits(day) && (5..=8).contains(&day.len())
    }

    /// The day of receipt written in the code.
    pub fn day(&self) -> Option<Date> {
        day_of(self.0.rsplit('-').nth(1)?)
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The 63 province codes of birth registration that are valid for life (TT 07/2016/TT-BCA, PL1).
const BIRTH_PROVINCES: [&str; 63] = [
    "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019", "020", "022", "024",
    "025", "026", "027", "030", "031", "033", "034", "035", "036", "037", "038", "040", "042", "044", "045",
    "046", "048", "049", "051", "052", "054", "056", "058", "060", "062", "064", "066", "067", "068", "070",
    "072", "074", "075", "077", "079", "080", "082", "083", "084", "086", "087", "089", "091", "092", "093",
    "094", "095", "096",
];

impl IdentityNumber {
    /// Whether this is the 9-digit CMND, which lost its validity after 2024-12-31.
    pub fn is_old_card(&self) -> bool {
        self.0.len() == 9
    }

    /// Whether the place of birth registration is one of the 63 provinces. People born abroad have other prefixes, so an
    /// unknown one is a warning, never an error. Always true of a 9-digit number, which has no such part.
    pub fn has_known_prefix(&self) -> bool {
        self.is_old_card() || BIRTH_PROVINCES.contains(&&self.0[..3])
    }

    /// The year of birth the number tells (12 digits only).
    pub fn birth_year(&self) -> Option<i16> {
        if self.is_old_card() {
            return None;
        }
        let century = i16::from(self.0.as_bytes()[3] - b'0') / 2;
        let year: i16 = self.0[4..6].parse().ok()?;
        Some(1900 + 100 * century + year)
    }

    /// Whether the number says male (12 digits only).
    pub fn is_male(&self) -> Option<bool> {
        (!self.is_old_card()).then(|| (self.0.as_bytes()[3] - b'0').is_multiple_of(2))
    }
}

fn tax_code(s: &str) -> Result<(), NotACode> {
    let (base, branch) = match s.split_once('-') {
        Some((base, branch)) => (base, Some(branch)),
        None => (s, None),
    };
    if branch.is_none() && base.len() == 12 && digits(base) {
        return Ok(());
    }
    form(base.len() == 10 && digits(base))?;
    if let Some(branch) = branch {
        form(branch.len() == 3 && digits(branch) && branch != "000")?;
    }
    form(base[2..9].bytes().any(|b| b != b'0'))?;
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let sum: u32 = base
        .bytes()
        .zip(WEIGHTS)
        .map(|(b, w)| u32::from(b - b'0') * w)
        .sum();
    if 10 - sum % 11 == u32::from(base.as_bytes()[9] - b'0') {
        Ok(())
    } else {
        Err(NotACode::CheckDigit)
    }
}

#[cfg(test)]
mod tests;
