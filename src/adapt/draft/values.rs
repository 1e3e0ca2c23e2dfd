//! What the values of a field look like: forms of dates, numbers with separators, words.

use crate::adapt::dates::DateForm;
use crate::adapt::words::fold;

/// Forms of moments and of days, the stricter first.
const MOMENTS: &[&str] = &[
    "rfc3339",
    "yyyyMMddHHmmss",
    "yyyyMMddHHmm",
    "iso",
    "json-date",
    "dd/MM/yyyy HH:mm:ss",
    "dd/MM/yyyy HH:mm",
    "dd-MM-yyyy HH:mm:ss",
    "yyyy-MM-dd HH:mm:ss",
    "yyyy/MM/dd HH:mm:ss",
    "HH:mm dd/MM/yyyy",
    "d/M/yyyy H:m:s",
    "yyyyMMdd",
    "dd/MM/yyyy",
    "dd-MM-yyyy",
    "yyyy/MM/dd",
    "d/M/yyyy",
];
const DAYS: &[&str] = &[
    "rfc3339",
    "yyyyMMdd",
    "dd/MM/yyyy",
    "dd-MM-yyyy",
    "iso",
    "yyyy/MM/dd",
    "d/M/yyyy",
    "dd.MM.yyyy",
    "json-date",
];

/// Forms of dates by which every one of these values is read, as few as possible; none where one is read by no form.
pub(super) fn date_forms(values: &[String], is_day: bool) -> Option<Vec<&'static str>> {
    let known = if is_day { DAYS } else { MOMENTS };
    let reads = |pattern: &str, value: &str| {
        DateForm::parse(pattern, None).is_ok_and(|form| {
            if is_day {
                form.read_day(value).is_some()
            } else {
                form.read_instant(value).is_some()
            }
        })
    };
    let mut forms: Vec<&'static str> = Vec::new();
    for value in values {
        if forms.iter().any(|form| reads(form, value)) {
            continue;
        }
        forms.push(known.iter().find(|form| reads(form, value))?);
    }
    Some(forms)
}

/// An example by which a number with separators is read (`number = "…"`), where these values have some.
pub(super) fn number_example(values: &[String]) -> Option<&'static str> {
    let with = |sign: char| values.iter().any(|value| value.contains(sign));
    let decimal = |sign: char| {
        values.iter().any(|value| {
            value
                .rsplit_once(sign)
                .is_some_and(|(_, rest)| rest.trim_end_matches(|c: char| !c.is_ascii_digit()).len() != 3)
        })
    };
    // Of two signs the later one stands before the fraction.
    let comma_last = || {
        values
            .iter()
            .any(|value| value.rfind(',') > value.rfind('.') && value.contains('.'))
    };
    match (with('.'), with(','), with(' ')) {
        (true, true, _) if comma_last() => Some("1.234,00"),
        (true, true, _) => Some("1,234.00"),
        (true, false, _) if decimal('.') => Some("1234.00"),
        (true, false, _) => Some("1.234"),
        (false, true, _) if decimal(',') => Some("1234,00"),
        (false, true, _) => Some("1,234"),
        (false, false, true) => Some("1 234"),
        (false, false, false) => None,
    }
}

/// What is written behind every one of these numbers (`đ`), where it is the same.
pub(super) fn number_suffix(values: &[String]) -> Option<String> {
    let suffix = |value: &String| {
        let end = value.rfind(|c: char| c.is_ascii_digit())? + 1;
        Some(value[end..].trim().to_owned())
    };
    let first = values.iter().find_map(suffix)?;
    let all = values
        .iter()
        .all(|value| suffix(value).is_some_and(|s| s == first));
    (all && !first.is_empty()).then_some(first)
}

/// Words of a table, and what each means as the file writes it.
pub(super) type Words = &'static [(&'static str, &'static str)];

/// A code table that is proposed: its words, and what each means as the file writes it.
pub(super) struct Proposal {
    pub name: &'static str,
    pub words: Words,
}

/// The words of yes and no, compared without case.
const YES_NO: Words = &[
    ("true", "true"),
    ("1", "true"),
    ("yes", "true"),
    ("y", "true"),
    ("có", "true"),
    ("co", "true"),
    ("x", "true"),
    ("false", "false"),
    ("0", "false"),
    ("no", "false"),
    ("n", "false"),
    ("không", "false"),
    ("khong", "false"),
];

/// Whether a result goes by post.
const BY_POST: Words = &[
    ("true", "\"post\""),
    ("yes", "\"post\""),
    ("y", "\"post\""),
    ("có", "\"post\""),
    ("1", "\"post\""),
    ("false", "\"counter\""),
    ("no", "\"counter\""),
    ("n", "\"counter\""),
    ("không", "\"counter\""),
    ("0", "\"counter\""),
    ("post", "\"post\""),
    ("counter", "\"counter\""),
];

/// Channels of filing.
const CHANNEL: Words = &[
    ("1", "\"counter\""),
    ("2", "\"online\""),
    ("3", "\"post\""),
    ("counter", "\"counter\""),
    ("online", "\"online\""),
    ("post", "\"post\""),
];

/// Catalogues of communes.
const CATALOGUE: Words = &[
    ("2025", "\"2025\""),
    ("cu", "\"legacy\""),
    ("legacy", "\"legacy\""),
];

/// Fees and charges.
const FEE_KIND: Words = &[
    ("1", "\"fee\""),
    ("2", "\"charge\""),
    ("phi", "\"fee\""),
    ("phí", "\"fee\""),
    ("le-phi", "\"charge\""),
    ("lệ phí", "\"charge\""),
];

/// Sexes.
const SEX: Words = &[
    ("1", "\"male\""),
    ("2", "\"female\""),
    ("nam", "\"male\""),
    ("nữ", "\"female\""),
    ("male", "\"male\""),
    ("female", "\"female\""),
];

/// Kinds of parties.
const PARTY_KIND: Words = &[
    ("1", "\"citizen\""),
    ("2", "\"enterprise\""),
    ("3", "\"state-agency\""),
    ("4", "\"other-organisation\""),
    ("citizen", "\"citizen\""),
    ("business", "\"enterprise\""),
    ("enterprise", "\"enterprise\""),
    ("agency", "\"state-agency\""),
    ("organization", "\"other-organisation\""),
];

/// Statuses by their numbers.
const STATUS: Words = &[
    ("1", "1"),
    ("2", "2"),
    ("3", "3"),
    ("4", "4"),
    ("5", "5"),
    ("6", "6"),
    ("7", "7"),
    ("8", "8"),
    ("9", "9"),
    ("10", "10"),
];

/// The table that is likely for a canonical field of words, or of yes and no.
pub(super) fn proposal(field: &str, is_flag: bool) -> Option<Proposal> {
    if is_flag {
        return Some(Proposal {
            name: "boolean",
            words: YES_NO,
        });
    }
    let last = field.rsplit(['.', ']']).next().unwrap_or(field);
    let (name, words) = match (field, last) {
        ("channel", _) => ("channel", CHANNEL),
        ("place.catalogue", _) => ("catalogue", CATALOGUE),
        ("result_return.method", _) => ("return_method", BY_POST),
        ("fees[].kind", _) => ("fee_kind", FEE_KIND),
        (_, "sex") => ("sex", SEX),
        (_, "kind") => ("party_kind", PARTY_KIND),
        (_, "status" | "reported_status") => ("status", STATUS),
        _ => return None,
    };
    Some(Proposal { name, words })
}

/// The words of these values that a table does not have.
pub(super) fn strange<'v>(values: &'v [String], words: &[(&str, &str)]) -> Vec<&'v str> {
    let known = |value: &&String| words.iter().any(|(word, _)| fold(word) == fold(value));
    let values = values.iter().filter(|value| !known(value));
    values.map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn forms_of_dates_are_recognised() {
        for (values, is_day, forms) in [
            (&["20261120083000"][..], false, Some(&["yyyyMMddHHmmss"][..])),
            (&["2026-11-20T08:30:00+07:00"], false, Some(&["rfc3339"])),
            (&["2026-11-20T08:30:00"], false, Some(&["iso"])),
            (
                &["20/11/2026 08:30:00", "20/11/2026 08:30"],
                false,
                Some(&["dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy HH:mm"]),
            ),
            (&["/Date(1764064800000+0700)/"], false, Some(&["json-date"])),
            (&["01/03/1985"], true, Some(&["dd/MM/yyyy"])),
            (&["1/3/1985"], true, Some(&["d/M/yyyy"])),
            (&["hôm qua"], true, None),
        ] {
            assert_eq!(date_forms(&texts(values), is_day).as_deref(), forms, "{values:?}");
        }
    }

    #[test]
    fn numbers_with_separators_are_recognised() {
        for (values, example) in [
            (&["15000"][..], None),
            (&["15.000", "1.500.000"], Some("1.234")),
            (&["15,000.00"], Some("1,234.00")),
            (&["15.000,00"], Some("1.234,00")),
            (&["15000.00"], Some("1234.00")),
            (&["15 000"], Some("1 234")),
        ] {
            assert_eq!(number_example(&texts(values)), example, "{values:?}");
        }
        assert_eq!(
            number_suffix(&texts(&["15.000đ", "8.000 đ"])).as_deref(),
            Some("đ")
        );
        assert_eq!(number_suffix(&texts(&["15.000đ", "8.000"])), None);
    }
}
