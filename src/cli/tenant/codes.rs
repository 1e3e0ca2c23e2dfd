//! Who gives the official codes of an agency's dossiers, as it is said on the command line.

use clap::{Args, ValueEnum};

use crate::cli::CommandError;
use crate::domain::codes::UnitCode;
use crate::domain::issuing::{CodeGiver, Digits, NumberSeries, Numbering};

#[derive(Debug, Args)]
pub(super) struct CodesArgs {
    /// Of an agency: who gives the official codes of its dossiers
    #[arg(long, value_name = "WHO")]
    codes: Option<Giver>,

    /// The agency's electronic identifier, with which its codes begin, as H26.12 or 000.00.12.H26
    #[arg(long, value_name = "UNIT", requires = "codes", required_if_eq("codes", "hub"))]
    unit: Option<UnitCode>,

    /// Digits of the running number at least, 4 to 6 [default: 4]
    #[arg(long, value_name = "N", value_parser = digits, requires = "unit")]
    digits: Option<Digits>,

    /// Whether the numbers of a day may have holes: gap-free, or blocks [default: gap-free]
    #[arg(long, value_name = "SERIES", value_parser = series, requires = "unit")]
    series: Option<NumberSeries>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Giver {
    /// The city's system or the portal; they come from outside
    City,
    /// This hub, when a dossier is accepted
    Hub,
}

impl CodesArgs {
    /// What is asked for, if anything.
    pub(super) fn asked(&self) -> Result<Option<CodeGiver>, CommandError> {
        let Some(giver) = self.codes else {
            return Ok(None);
        };
        match (giver, &self.unit) {
            (Giver::Hub, Some(unit)) => Ok(Some(CodeGiver::Hub(Numbering {
                unit: unit.clone(),
                digits: self.digits.unwrap_or_default(),
                series: self.series.unwrap_or_default(),
            }))),
            (Giver::City, None) => Ok(Some(CodeGiver::City {})),
            (Giver::Hub, None) | (Giver::City, Some(_)) => Err(CommandError::new(
                "--unit đi cùng --codes hub, và chỉ với --codes hub",
                "--unit goes with --codes hub, and with nothing else",
            )),
        }
    }
}

fn digits(text: &str) -> Result<Digits, String> {
    let digits = text.parse::<u8>().map_err(|e| e.to_string())?;
    Digits::try_from(digits).map_err(|e| e.to_string())
}

fn series(word: &str) -> Result<NumberSeries, String> {
    let all = NumberSeries::ALL.map(NumberSeries::word).join(", ");
    NumberSeries::parse(word).ok_or(all)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        codes: CodesArgs,
    }

    fn asked(line: &str) -> Option<CodeGiver> {
        let words = std::iter::once("change").chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|e| e.kind());
        line.ok()?.codes.asked().ok()?
    }

    #[test]
    fn an_identifier_goes_with_the_hub_and_with_nobody_else() {
        let read = |json: &str| serde_json::from_str::<CodeGiver>(json).ok();
        assert_eq!(asked("--codes city"), read(r#"{"given_by":"city"}"#));
        assert_eq!(
            asked("--codes hub --unit 000.00.12.H26 --digits 5 --series blocks"),
            read(r#"{"given_by":"hub","unit":"000.00.12.H26","digits":5,"series":"blocks"}"#)
        );
        assert_eq!(
            asked("--codes hub --unit H26.12"),
            read(r#"{"given_by":"hub","unit":"H26.12"}"#)
        );
        for wrong in [
            "--codes hub",
            "--codes city --unit H26.12",
            "--unit H26.12",
            "--codes hub --unit h26",
            "--codes hub --unit H26.12 --digits 3",
            "--codes hub --unit H26.12 --series some",
            "--codes nobody",
        ] {
            assert_eq!(asked(wrong), None, "{wrong}");
        }
        assert_eq!(asked(""), None, "what is not named stays");
    }
}
