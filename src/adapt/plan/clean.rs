//! What is done with a text before it is read: a closed set of pure steps, each of which takes time in proportion to the text.

use std::borrow::Cow;

use crate::adapt::limits::MAX_TEXT;

/// One step of cleaning.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::adapt) enum Cleaner {
    Digits,
    Lower,
    Upper,
    OneSpace,
    Entities,
    Number {
        group: Option<char>,
        decimal: Option<char>,
    },
    /// Texts and what stands for each, the longest first.
    Replace(Vec<(Box<str>, Box<str>)>),
    Split {
        by: Box<str>,
        take: i32,
    },
    StripPrefix(Box<str>),
    StripSuffix(Box<str>),
}

/// The predefined entities of XML (XML 1.0, 4.6).
const ENTITIES: [(&str, char); 5] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
];

/// Characters of the longest reference that is looked for: `&#x10FFFF;`.
const LONGEST_REFERENCE: usize = 10;

impl Cleaner {
    /// What it does, for a message in Vietnamese and English.
    pub const fn shown(&self) -> (&'static str, &'static str) {
        match self {
            Cleaner::Digits => ("chỉ giữ chữ số", "digits alone were kept"),
            Cleaner::Lower => ("đổi thành chữ thường", "capitals became small letters"),
            Cleaner::Upper => ("đổi thành chữ hoa", "small letters became capitals"),
            Cleaner::OneSpace => ("gộp khoảng trắng", "runs of white space became one space"),
            Cleaner::Entities => (
                "đổi &…; thành ký tự",
                "references such as &amp; became characters",
            ),
            Cleaner::Number { .. } => (
                "bỏ dấu phân nhóm và phần thập phân bằng 0",
                "separators of thousands and a fraction of zeros were removed",
            ),
            Cleaner::Replace(_) => (
                "thay theo bảng của định dạng",
                "texts were replaced by the format's table",
            ),
            Cleaner::Split { .. } => ("chỉ lấy một phần", "one of its parts was taken"),
            Cleaner::StripPrefix(_) => ("bỏ phần đầu", "its beginning was removed"),
            Cleaner::StripSuffix(_) => ("bỏ phần cuối", "its end was removed"),
        }
    }

    /// The text after this step. One that does not have the form the step is for is left as it is.
    pub fn apply<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let cleaned = match self {
            Cleaner::Digits => text.chars().filter(char::is_ascii_digit).collect(),
            Cleaner::Lower => text.to_lowercase(),
            Cleaner::Upper => text.to_uppercase(),
            Cleaner::OneSpace => {
                let words: Vec<&str> = text.split_whitespace().collect();
                words.join(" ")
            }
            Cleaner::Entities => entities(&text),
            Cleaner::Number { group, decimal } => match number(text.trim(), *group, *decimal) {
                Some(plain) => plain,
                None => return text,
            },
            Cleaner::Replace(pairs) => replace(&text, pairs),
            Cleaner::Split { by, take } => {
                let parts: Vec<&str> = text.split(&**by).collect();
                let from_end = || {
                    parts
                        .len()
                        .checked_sub(usize::try_from(take.unsigned_abs()).ok()?)
                };
                let number = usize::try_from(*take).ok().or_else(from_end);
                let part = number.and_then(|number| parts.get(number));
                part.map_or_else(String::new, |part| part.trim().to_owned())
            }
            Cleaner::StripPrefix(affix) => match text.trim_start().strip_prefix(&**affix) {
                Some(rest) => rest.trim_start().to_owned(),
                None => return text,
            },
            Cleaner::StripSuffix(affix) => match text.trim_end().strip_suffix(&**affix) {
                Some(rest) => rest.trim_end().to_owned(),
                None => return text,
            },
        };
        // A replacement may be longer than what it stands for; a text stays one that a document may hold.
        if cleaned == *text || cleaned.len() > MAX_TEXT {
            text
        } else {
            Cow::Owned(cleaned)
        }
    }
}

/// Character references and the predefined entities as the characters they name.
fn entities(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        cleaned.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(LONGEST_REFERENCE).position(|b| b == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((c, end)) => {
                cleaned.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                cleaned.push('&');
                rest = &rest[1..];
            }
        }
    }
    cleaned.push_str(rest);
    cleaned
}

fn character(name: &str) -> Option<char> {
    let code = match name.strip_prefix('#') {
        None => return ENTITIES.iter().find(|(n, _)| *n == name).map(|(_, c)| *c),
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16),
        Some(decimal) => decimal.parse(),
    };
    // A control character is none that a text may hold, so it stays as it is written.
    char::from_u32(code.ok()?).filter(|c| !c.is_control())
}

/// A number without its separators of thousands; a fraction of zeros is none.
fn number(text: &str, group: Option<char>, decimal: Option<char>) -> Option<String> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (&text[..1], rest),
        None => ("", text),
    };
    let (whole, fraction) = match decimal.and_then(|d| digits.split_once(d)) {
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, ""),
    };
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !(fraction.is_empty() || all_digits(fraction)) {
        return None;
    }
    let whole = match group {
        Some(group) if whole.contains(group) => {
            let mut groups = whole.split(group);
            let first = groups.next()?;
            let three = |s: &str| s.len() == 3 && all_digits(s);
            if !all_digits(first) || first.len() > 3 || !groups.all(three) {
                return None;
            }
            whole.replace(group, "")
        }
        _ if all_digits(whole) => whole.to_owned(),
        _ => return None,
    };
    let fraction = fraction.trim_end_matches('0');
    Some(match fraction {
        "" => format!("{sign}{whole}"),
        some => format!("{sign}{whole}.{some}"),
    })
}

/// Each text by what stands for it, in one pass.
fn replace(text: &str, pairs: &[(Box<str>, Box<str>)]) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if cleaned.len() > MAX_TEXT {
            break;
        }
        match pairs.iter().find(|(from, _)| rest.starts_with(&**from)) {
            Some((from, to)) => {
                cleaned.push_str(to);
                rest = &rest[from.len()..];
            }
            None => {
                cleaned.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(cleaner: &Cleaner, text: &str) -> String {
        cleaner.apply(Cow::Borrowed(text)).into_owned()
    }

    #[test]
    fn a_number_is_read_as_its_example_says() {
        let english = Cleaner::Number {
            group: Some(','),
            decimal: Some('.'),
        };
        let vietnamese = Cleaner::Number {
            group: Some('.'),
            decimal: Some(','),
        };
        let spaced = Cleaner::Number {
            group: Some(' '),
            decimal: None,
        };
        for (cleaner, text, wanted) in [
            (&english, "15,000.00", "15000"),
            (&english, " 1,234,567 ", "1234567"),
            (&english, "-1,000.50", "-1000.5"),
            (&english, "15000", "15000"),
            (&vietnamese, "15.000", "15000"),
            (&vietnamese, "15.000,00", "15000"),
            (&spaced, "15 000", "15000"),
            // Not of the form: left as it is, so that the number itself is told.
            (&english, "1,50", "1,50"),
            (&english, "1,0000", "1,0000"),
            (&english, "1,,000", "1,,000"),
            (&vietnamese, "15,000.00", "15,000.00"),
            (&english, ".5", ".5"),
            (&english, "", ""),
            (&english, "1.x", "1.x"),
        ] {
            assert_eq!(cleaned(cleaner, text), wanted, "{text}");
        }
    }

    #[test]
    fn references_are_characters_once() {
        for (text, wanted) in [
            ("A &amp; B", "A & B"),
            ("&amp;amp;", "&amp;"),
            ("&#272;&#x1EA3;o &lt;x&gt; &quot;&apos;", "Đảo <x> \"'"),
            (
                "&nbsp; & &; &#0; &#x110000; &amp",
                "&nbsp; & &; &#0; &#x110000; &amp",
            ),
            ("&đ;&#10;", "&đ;&#10;"),
        ] {
            assert_eq!(cleaned(&Cleaner::Entities, text), wanted, "{text}");
        }
    }

    #[test]
    fn the_other_steps() {
        let table = Cleaner::Replace(vec![
            ("TP. ".into(), "Thành phố ".into()),
            ("TP".into(), "tp".into()),
        ]);
        for (cleaner, text, wanted) in [
            (&Cleaner::Digits, "000 190.000-003", "000190000003"),
            (&Cleaner::Lower, "ĐANG XỬ LÝ", "đang xử lý"),
            (&Cleaner::Upper, "h26", "H26"),
            (&Cleaner::OneSpace, "  a \t b\r\nc ", "a b c"),
            (&table, "TP. Hà Nội, TP", "Thành phố Hà Nội, tp"),
            (
                &Cleaner::Split {
                    by: ";".into(),
                    take: 1,
                },
                "a; b ;c",
                "b",
            ),
            (
                &Cleaner::Split {
                    by: ";".into(),
                    take: -1,
                },
                "a;b;c",
                "c",
            ),
            (
                &Cleaner::Split {
                    by: ";".into(),
                    take: 7,
                },
                "a;b;c",
                "",
            ),
            (&Cleaner::StripPrefix("KQ-".into()), " KQ- 12", "12"),
            (&Cleaner::StripSuffix("VND".into()), "12 VND ", "12"),
            (&Cleaner::StripSuffix("VND".into()), "12", "12"),
        ] {
            assert_eq!(cleaned(cleaner, text), wanted, "{text}");
        }
    }

    #[test]
    fn a_text_never_outgrows_a_document() {
        let table = Cleaner::Replace(vec![("a".into(), "b".repeat(1_000).into())]);
        let text = "a".repeat(1_000);
        assert_eq!(cleaned(&table, &text), text);
    }
}
