//! Official codes that the hub gives itself, where the city's system does not: who gives the codes of an agency, and how they are
//! numbered. Off until an operator turns it on for an agency.
//!
//! The code is the identifier of the competent agency, the day of receipt and the running number within that day (Decree 118/2025
//! art. 28.2). The day is Vietnam's, whatever the hour on the hub's machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::codes::{DossierCode, UnitCode};
use super::time::Date;

/// Digits of a running number at least: what the counters of the offices print (`0001`).
pub const FEWEST_DIGITS: u8 = 4;

/// Digits of a running number at most, as everybody who reads a code takes them.
pub const MOST_DIGITS: u8 = 6;

/// The last running number of a day, with [`MOST_DIGITS`] digits.
pub const LAST_NUMBER: u32 = 999_999;

/// Numbers a hub takes at once where holes are allowed.
pub const BLOCK_NUMBERS: u32 = 50;

/// Who gives the official codes of an agency's dossiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "given_by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CodeGiver {
    /// The city's system, or the portal: codes come from outside, and the agency confirms them.
    City {},
    /// This hub, when a dossier is accepted.
    Hub(Numbering),
}

impl Default for CodeGiver {
    fn default() -> Self {
        CodeGiver::City {}
    }
}

/// How the hub numbers the dossiers of an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Numbering {
    /// The electronic identifier of the competent agency, in its old or new form, with which each code begins.
    pub unit: UnitCode,
    /// Digits of the running number at least, 4 to 6. After 9999 a number of four digits goes on with five.
    #[serde(default)]
    pub digits: Digits,
    /// Whether the numbers of a day may have holes.
    #[serde(default)]
    pub series: NumberSeries,
}

impl Numbering {
    /// The code with a running number of a day; none past the last number.
    pub fn code(&self, day: Date, number: u32) -> Option<DossierCode> {
        DossierCode::numbered(&self.unit, day, number, usize::from(self.digits.0))
    }
}

/// Whether the running numbers of a day may have holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumberSeries {
    /// They follow one another, 1, 2, 3: a number is taken in the commit that accepts the dossier.
    #[default]
    GapFree,
    /// Each hub takes [`BLOCK_NUMBERS`] at once and hands them out. What a hub has left when it stops is never given; the order of the
    /// numbers is not the order of receipt.
    Blocks,
}

impl NumberSeries {
    /// Every one.
    pub const ALL: [NumberSeries; 2] = [NumberSeries::GapFree, NumberSeries::Blocks];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            NumberSeries::GapFree => "gap-free",
            NumberSeries::Blocks => "blocks",
        }
    }

    /// The one of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|series| series.word() == word)
    }
}

/// Digits of a running number at least: 4 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Digits(u8);

impl Default for Digits {
    fn default() -> Self {
        Digits(FEWEST_DIGITS)
    }
}

/// Fewer digits than the offices print, or more than anybody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a running number has {FEWEST_DIGITS} to {MOST_DIGITS} digits")]
pub struct NotDigits;

impl TryFrom<u8> for Digits {
    type Error = NotDigits;
    fn try_from(digits: u8) -> Result<Self, NotDigits> {
        if (FEWEST_DIGITS..=MOST_DIGITS).contains(&digits) {
            Ok(Digits(digits))
        } else {
            Err(NotDigits)
        }
    }
}

impl From<Digits> for u8 {
    fn from(digits: Digits) -> u8 {
        digits.0
    }
}

impl JsonSchema for Digits {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digits".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "integer", "minimum": FEWEST_DIGITS, "maximum": MOST_DIGITS, "default": FEWEST_DIGITS
        })
    }
}

impl CodeGiver {
    /// The stable word of who gives them.
    pub const fn word(&self) -> &'static str {
        match self {
            CodeGiver::City {} => "city",
            CodeGiver::Hub(_) => "hub",
        }
    }

    /// How the hub numbers them, where it gives them.
    pub const fn numbering(&self) -> Option<&Numbering> {
        match self {
            CodeGiver::City {} => None,
            CodeGiver::Hub(numbering) => Some(numbering),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbering(unit: &str, digits: u8) -> Numbering {
        Numbering {
            unit: unit.parse().unwrap(),
            digits: digits.try_into().unwrap(),
            series: NumberSeries::GapFree,
        }
    }

    fn day(year: i16, month: i8, day: i8) -> Date {
        Date::new(year, month, day).unwrap()
    }

    #[test]
    fn a_code_is_the_unit_the_day_and_the_number_of_the_day() {
        let given = |numbering: &Numbering, number| {
            let code = numbering.code(day(2026, 11, 20), number);
            code.map(String::from)
        };
        // The forms of Decree 118/2025 art. 28.2 and of Circular 01/2018/TT-VPCP art. 19, as real dossiers carry them.
        let (new, old) = (numbering("H26.12", 4), numbering("000.A0.01.H26", 4));
        assert_eq!(given(&new, 1).as_deref(), Some("H26.12-261120-0001"));
        assert_eq!(given(&old, 9090).as_deref(), Some("000.A0.01.H26-261120-9090"));
        // After 9999 the number has more digits; it is never cut and never begins anew.
        assert_eq!(given(&new, 9999).as_deref(), Some("H26.12-261120-9999"));
        assert_eq!(given(&new, 10_000).as_deref(), Some("H26.12-261120-10000"));
        assert_eq!(given(&new, LAST_NUMBER).as_deref(), Some("H26.12-261120-999999"));
        assert_eq!(given(&new, LAST_NUMBER + 1), None);
        assert_eq!(given(&new, 0), None, "there is no number zero");
        assert_eq!(
            given(&numbering("H26", 6), 7).as_deref(),
            Some("H26-261120-000007")
        );
    }

    #[test]
    fn a_unit_is_what_a_code_may_begin_with() {
        for good in ["H26", "H26.12", "H26.12.3", "H26.A1.B22.333", "000.00.12.H26"] {
            assert!(good.parse::<UnitCode>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "h26",
            "H26.",
            "H2",
            "H26.1234",
            "H26-1",
            "000.00.H26",
            "000.00.12.X26",
            "H26.1.2.3.4",
        ] {
            assert!(bad.parse::<UnitCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_setting_reads_as_it_is_written() {
        let hub = r#"{"given_by":"hub","unit":"H26.12","digits":5,"series":"blocks"}"#;
        let read: CodeGiver = serde_json::from_str(hub).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), hub);
        let short: CodeGiver = serde_json::from_str(r#"{"given_by":"hub","unit":"H26.12"}"#).unwrap();
        assert_eq!(short, CodeGiver::Hub(numbering("H26.12", 4)));
        let city: CodeGiver = serde_json::from_str(r#"{"given_by":"city"}"#).unwrap();
        assert_eq!(city, CodeGiver::City {});
        for bad in [
            r#"{"given_by":"hub"}"#,
            r#"{"given_by":"hub","unit":"H26.12","digits":3}"#,
            r#"{"given_by":"hub","unit":"H26.12","digits":7}"#,
            r#"{"given_by":"hub","unit":"h26"}"#,
            r#"{"given_by":"hub","unit":"H26.12","prefix":"H26"}"#,
            r#"{"given_by":"city","unit":"H26.12"}"#,
            r#"{"given_by":"somebody"}"#,
        ] {
            assert!(serde_json::from_str::<CodeGiver>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        /// Whatever is numbered is a code that everybody reads, with the same unit and day; and no two numbers share one.
        #[test]
        fn numbers_and_codes_are_one_to_one(
            unit in "[A-Z][0-9]{2}(\\.[0-9A-Z]{1,3}){0,3}|[0-9A-Z]{3}(\\.[0-9A-Z]{2,3}){2}\\.[GHK][0-9]{2}",
            digits in FEWEST_DIGITS..=MOST_DIGITS,
            (a, b) in (1..=LAST_NUMBER, 1..=LAST_NUMBER),
            days in 0_i32..36_524,
        ) {
            let numbering = numbering(&unit, digits);
            let day = day(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let (one, other) = (numbering.code(day, a).unwrap(), numbering.code(day, b).unwrap());
            prop_assert_eq!(&one.as_str().parse::<DossierCode>().unwrap(), &one);
            prop_assert_eq!((one.unit(), one.day()), (unit.as_str(), Some(day)));
            prop_assert_eq!(one == other, a == b);
        }
    }
}
