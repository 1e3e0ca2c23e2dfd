//! The shipped samples, in the sandbox's folder, as if written yesterday: a date of the day they were made would soon be of another year,
//! with other limits, rules and holidays.

use std::fs;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};

use crate::app::AppError;
use crate::domain::time::Timestamp;

macro_rules! samples {
    ($($path:literal),* $(,)?) => {
        /// Path below the folder of samples, and the text.
        const SAMPLES: &[(&str, &str)] = &[$((
            $path,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/adapters/", $path)),
        ),)*];
    };
}

samples! {
    "canonical/v1/samples/minimal.json",
    "canonical/v1/samples/minimal.xml",
    "canonical/v1/samples/full.json",
    "canonical/v1/samples/full.xml",
    "canonical/v1/samples/statuses.json",
    "canonical/v1/samples/statuses.xml",
    "dvcqg-mc/v1/samples/minimal.json",
    "dvcqg-mc/v1/samples/full.json",
    "dvcqg-mc/v1/samples/statuses.json",
    "vnpost-hcc/v1/samples/minimal.json",
    "vnpost-hcc/v1/samples/minimal.xml",
    "vnpost-hcc/v1/samples/full.json",
    "vnpost-hcc/v1/samples/full.xml",
}

/// Writes them: `samples/canonical-v1/minimal.json` and so on.
pub(super) fn write(dir: &Path, now: Timestamp) -> Result<(), AppError> {
    for (path, text) in SAMPLES {
        let name = path.replacen("/v1/samples/", "-v1/", 1);
        let file = dir.join("samples").join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(AppError::io(folder.display().to_string()))?;
        }
        fs::write(&file, dated(text, now)).map_err(AppError::io(file.display().to_string()))?;
    }
    Ok(())
}

/// The text with all its moments moved by the same whole number of days, so that the earliest is of the last day before `now`'s. A date
/// without a time of day is of a paper or a person, and stays.
fn dated(text: &str, now: Timestamp) -> String {
    let found = moments(text);
    let Some(first) = found.iter().map(|m| m.at).min() else {
        return text.to_owned();
    };
    let yesterday = now.in_vietnam().checked_sub(1.day()).unwrap_or(now.in_vietnam());
    let mut days = yesterday
        .date()
        .since(first.date())
        .unwrap_or_default()
        .get_days();
    if first
        .checked_add(days.days())
        .is_ok_and(|moved| moved > yesterday)
    {
        days -= 1;
    }
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for moment in found {
        out.push_str(&text[end..moment.start]);
        let date = moment.at.date().saturating_add(days.days());
        out.push_str(&date.strftime(moment.form).to_string());
        end = moment.start + moment.length;
    }
    out + &text[end..]
}

/// A moment in a text: where its date stands, how it is written.
struct Moment {
    start: usize,
    length: usize,
    form: &'static str,
    at: DateTime,
}

/// Moments as the samples write them: `2026-11-20T08:30:00…` and `20261120083000`.
fn moments(text: &str) -> Vec<Moment> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let moment = match run {
            14 => read(text, at, "%Y%m%d", "%Y%m%d%H%M%S", 14),
            4 => read(text, at, "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", 19),
            _ => None,
        };
        match moment {
            Some(moment) => {
                at += moment.length.max(run);
                found.push(moment);
            }
            None => at += run.max(1),
        }
    }
    found
}

fn read(text: &str, start: usize, date: &'static str, form: &str, length: usize) -> Option<Moment> {
    let written = text.get(start..start + length)?;
    let at = DateTime::strptime(form, written).ok()?;
    Some(Moment {
        start,
        length: Date::strftime(&at.date(), date).to_string().len(),
        form: date,
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_move_together_to_yesterday_and_dates_of_papers_stay() {
        let now: Timestamp = "2027-03-02T01:10:00Z".parse().unwrap();
        let text = r#"{"filed_at": "2026-11-20T08:30:00+07:00", "birth_date": "1985-03-01", "NgayTiepNhan": "20261120090000",
            "NgayHenTra": "20261125170000", "NgaySinh": "19850301", "reference": "BD-2026-000123"}"#;
        let moved = dated(text, now);
        // 08:10 in Vietnam: 08:30 of the day before is less than a day ago, so that it is the day before that.
        let expected = text
            .replace("2026-11-20T", "2027-02-28T")
            .replace("20261120090000", "20270228090000")
            .replace("20261125170000", "20270305170000");
        assert_eq!(moved, expected);
        assert_eq!(dated("{}", now), "{}");
    }

    #[test]
    fn every_sample_with_a_moment_is_of_the_last_two_days() {
        let now: Timestamp = "2028-02-29T05:00:00Z".parse().unwrap();
        for (path, text) in SAMPLES {
            let first = moments(&dated(text, now)).iter().map(|m| m.at).min();
            let first = first.unwrap_or_else(|| panic!("{path} has no moment"));
            assert!(
                first <= now.in_vietnam() && first >= now.in_vietnam().checked_sub(2.days()).unwrap(),
                "{path}"
            );
        }
    }
}
