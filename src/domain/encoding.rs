//! Which characters the bytes of a document are.
//!
//! A byte order mark decides first, then the `charset` of the media type, then the XML declaration (RFC 7303, 3.2 and 3.3). JSON is
//! UTF-8, and a `charset` beside it has no effect (RFC 8259, 8.1 and 11). XML may also be UTF-16 (XML 1.0, 4.3.3). Where what decides
//! is not what the bytes are, the document is refused with both; where only what does not decide says something else, it is read, with
//! a warning.

use std::borrow::Cow;

use super::rejection::Problem;
use super::rejection::problems::{self, Fill};
use super::syntax;

/// What is written in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JSON (RFC 8259).
    Json,
    /// XML 1.0.
    Xml,
}

/// The characters of a document.
#[derive(Debug)]
pub struct Decoded<'b> {
    /// Without its byte order mark.
    pub text: Cow<'b, str>,
    /// A declaration that was passed over because it is not true, as a warning.
    pub contradiction: Option<Problem>,
}

/// Reads the characters.
///
/// # Errors
/// `encoding-invalid`: the bytes are not well-formed; `encoding-contradicted`: they are not what decides; `encoding-unsupported`: it is
/// an encoding that is not taken.
pub fn decode<'b>(bytes: &'b [u8], kind: Kind, charset: Option<&str>) -> Result<Decoded<'b>, Problem> {
    let (found, mark) = look(bytes);
    let body = &bytes[mark..];
    let charset = charset.map(|name| Declared {
        shown: format!("Content-Type: …; charset={}", fit(name)),
        family: Family::of(name),
    });
    if kind == Kind::Json {
        return json(body, found, mark > 0, charset);
    }
    let inside = || {
        declaration(&utf8_prefix(body, found)).map(|name| Declared {
            shown: format!("XML encoding=\"{}\"", fit(&name)),
            family: Family::of(&name),
        })
    };
    if mark > 0 {
        let text = characters(body, found)?;
        let untrue = [charset, inside()].into_iter().flatten();
        return Ok(told(text, found, untrue));
    }
    match charset {
        Some(charset) => {
            let text = decided(body, found, &charset)?;
            Ok(told(text, found, inside()))
        }
        None => match inside() {
            Some(inside) => Ok(told(decided(body, found, &inside)?, found, None)),
            None => Ok(told(characters(body, found)?, found, None)),
        },
    }
}

fn json(body: &[u8], found: Found, marked: bool, charset: Option<Declared>) -> Result<Decoded<'_>, Problem> {
    if found != Found::Bytes {
        let shown = format!("{}{}", if marked { "BOM " } else { "" }, found.name());
        return Err(unsupported(&shown));
    }
    match std::str::from_utf8(body) {
        Ok(text) => Ok(told(Cow::Borrowed(text), found, charset)),
        Err(error) => match charset {
            Some(charset) if charset.family != Family::Utf8 => Err(unsupported(&charset.shown)),
            _ => Err(invalid(body, error.valid_up_to())),
        },
    }
}

/// The text, and the first declaration that is not true of it.
fn told(text: Cow<'_, str>, found: Found, declared: impl IntoIterator<Item = Declared>) -> Decoded<'_> {
    let untrue = declared.into_iter().find(|d| !d.family.agrees(found, &text));
    Decoded {
        contradiction: untrue.map(|d| contradicted(&d, found)),
        text,
    }
}

/// Reads what a declaration decides.
fn decided<'b>(body: &'b [u8], found: Found, declared: &Declared) -> Result<Cow<'b, str>, Problem> {
    match declared.family {
        Family::Utf8 if found == Found::Bytes => characters(body, found),
        Family::Utf16 if matches!(found, Found::Utf16Le | Found::Utf16Be) => characters(body, found),
        // ASCII is part of every one of them.
        Family::Ascii | Family::Other if found == Found::Bytes && body.is_ascii() => characters(body, found),
        Family::Utf8 | Family::Utf16 | Family::Ascii => Err(contradicted(declared, found)),
        Family::Other if found != Found::Bytes || std::str::from_utf8(body).is_ok() => {
            Err(contradicted(declared, found))
        }
        Family::Other => Err(unsupported(&declared.shown)),
    }
}

fn characters(body: &[u8], found: Found) -> Result<Cow<'_, str>, Problem> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = body.chunks(2).map(|pair| match pair {
            [a, b] => unit([*a, *b]),
            // Half a unit is none: an unpaired surrogate, which is told below.
            _ => 0xd800,
        });
        let mut text = String::with_capacity(body.len());
        for c in char::decode_utf16(units) {
            text.push(c.map_err(|_| ill_formed("UTF-16", &text))?);
        }
        Ok(Cow::Owned(text))
    };
    match found {
        Found::Bytes => std::str::from_utf8(body)
            .map(Cow::Borrowed)
            .map_err(|e| invalid(body, e.valid_up_to())),
        Found::Utf16Le => wide(u16::from_le_bytes),
        Found::Utf16Be => wide(u16::from_be_bytes),
        Found::Utf32 => Err(unsupported(&found.name())),
    }
}

/// Not well-formed UTF-8 at a byte.
fn invalid(body: &[u8], at: usize) -> Problem {
    ill_formed("UTF-8", std::str::from_utf8(&body[..at]).unwrap_or_default())
}

/// Not well-formed behind these characters.
fn ill_formed(encoding: &str, before: &str) -> Problem {
    let (line, column) = syntax::line_and_column(before, before.len());
    problems::EncodingInvalid {
        encoding: &encoding,
        line: &line,
        column: &column,
    }
    .into()
}

fn contradicted(declared: &Declared, found: Found) -> Problem {
    problems::EncodingContradicted {
        declared: &declared.shown,
        found: &found.name(),
    }
    .into()
}

fn unsupported(declared: &dyn Fill) -> Problem {
    problems::EncodingUnsupported { declared }.into()
}

/// The media type of a `Content-Type` without its parameters, in lower case; `text/xml` is `application/xml` (RFC 7303, 9.2).
/// None when it is none.
pub fn essence(content_type: &str) -> Option<String> {
    let essence = content_type.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, name) = essence.split_once('/')?;
    if kind.is_empty() || name.is_empty() {
        return None;
    }
    Some(if essence == "text/xml" {
        "application/xml".to_owned()
    } else {
        essence
    })
}

/// The `charset` of a `Content-Type`, fit to be repeated.
pub fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| fit(&value.to_ascii_lowercase()))
            .filter(|value| !value.is_empty())
    })
}

/// A `Content-Type` as it is kept: without parameters but a `charset` that decides something, which is any of XML, since it comes
/// before the XML declaration, and one of JSON that is not UTF-8. None when it is none.
pub fn content_type(sent: &str) -> Option<String> {
    let essence = essence(sent)?;
    let in_xml = essence.ends_with("xml");
    let counts = |name: &String| in_xml || Family::of(name) != Family::Utf8;
    Some(match charset(sent).filter(counts) {
        Some(name) => format!("{essence}; charset={name}"),
        None => essence,
    })
}

/// What the bytes are, by their mark or by where their zeros are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// One byte or more a character, ASCII among them: UTF-8, if it is well-formed.
    Bytes,
    Utf16Le,
    Utf16Be,
    Utf32,
}

impl Found {
    const fn name(self) -> &'static str {
        match self {
            Found::Bytes => "UTF-8",
            Found::Utf16Le => "UTF-16LE",
            Found::Utf16Be => "UTF-16BE",
            Found::Utf32 => "UTF-32",
        }
    }
}

/// What it is, and how long its mark.
fn look(bytes: &[u8]) -> (Found, usize) {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => (Found::Bytes, 3),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => (Found::Utf32, 4),
        [0xff, 0xfe, ..] => (Found::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Found::Utf16Be, 2),
        // Both syntaxes begin with two characters of ASCII (RFC 4627, 3; XML 1.0, appendix F).
        [0, 0, 0, 1..=255, ..] | [1..=255, 0, 0, 0, ..] => (Found::Utf32, 0),
        [0, 1..=255, 0, 1..=255, ..] => (Found::Utf16Be, 0),
        [1..=255, 0, 1..=255, 0, ..] => (Found::Utf16Le, 0),
        _ => (Found::Bytes, 0),
    }
}

struct Declared {
    /// As the sender wrote it, and where.
    shown: String,
    family: Family,
}

/// What a name stands for, as far as it matters here (the names of IANA and WHATWG).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Utf8,
    Utf16,
    Ascii,
    Other,
}

impl Family {
    fn of(name: &str) -> Family {
        let name: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        match name.as_str() {
            "utf8" | "unicode11utf8" | "csutf8" | "utf8bom" => Family::Utf8,
            "utf16" | "utf16le" | "utf16be" | "unicode" | "ucs2" | "iso10646ucs2" | "csutf16" => {
                Family::Utf16
            }
            "usascii" | "ascii" | "ansix341968" | "ansix341986" | "iso646us" | "iso646irv1991" | "us"
            | "ibm367" | "cp367" | "csascii" => Family::Ascii,
            _ => Family::Other,
        }
    }

    /// Whether the declaration is true of a text that was found to be so.
    fn agrees(self, found: Found, text: &str) -> bool {
        match self {
            Family::Utf8 => found == Found::Bytes,
            Family::Utf16 => matches!(found, Found::Utf16Le | Found::Utf16Be),
            Family::Ascii | Family::Other => found == Found::Bytes && text.is_ascii(),
        }
    }
}

/// A name fit to be repeated: the letters a name of an encoding has (RFC 2978), and not many.
fn fit(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.:+()".contains(*c))
        .take(40)
        .collect()
}

/// As much of the beginning as a declaration takes.
fn utf8_prefix(body: &[u8], found: Found) -> String {
    let head = &body[..body.len().min(1024)];
    match found {
        Found::Bytes => head
            .iter()
            .take_while(|b| b.is_ascii())
            .map(|b| char::from(*b))
            .collect(),
        Found::Utf16Le => head.chunks(2).map(|p| char::from(p[0])).collect(),
        Found::Utf16Be => head
            .chunks(2)
            .filter_map(|p| p.get(1))
            .map(|b| char::from(*b))
            .collect(),
        Found::Utf32 => String::new(),
    }
}

/// The encoding an XML declaration names.
fn declaration(head: &str) -> Option<String> {
    let inside = head.strip_prefix("<?xml")?.split_once("?>")?.0;
    let (_, after) = inside.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value[1..].split_once(quote)?.0;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Label;

    fn xml(bytes: &[u8], charset: Option<&str>) -> Result<(String, Option<Problem>), Problem> {
        decode(bytes, Kind::Xml, charset).map(|d| (d.text.into_owned(), d.contradiction))
    }

    fn declared(name: &str, text: &str) -> String {
        format!("<?xml version=\"1.0\" encoding=\"{name}\"?><a>{text}</a>")
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn a_name_of_what_the_bytes_are_is_taken_however_it_is_spelt() {
        for name in [
            "UTF-8",
            "utf-8",
            "utf8",
            "UTF8",
            "us-ascii",
            "US-ASCII",
            "ASCII",
            "ISO-8859-1",
            "windows-1258",
        ] {
            let (_, told) = xml(declared(name, "A").as_bytes(), None).unwrap();
            assert_eq!(told, None, "{name}");
        }
        for name in ["utf-8", "utf8", "UTF8"] {
            let (text, told) = xml(declared(name, "Đỗ").as_bytes(), Some(name)).unwrap();
            assert!(text.contains("Đỗ") && told.is_none(), "{name}");
        }
    }

    #[test]
    fn what_decides_and_is_not_true_is_named_with_what_is() {
        for name in ["UTF-16", "us-ascii", "windows-1258", "ISO-8859-1"] {
            let refused = xml(declared(name, "Đỗ").as_bytes(), None).unwrap_err();
            assert_eq!(refused.label, Label::EncodingContradicted, "{name}");
            assert_eq!(refused.args()["declared"], format!("XML encoding=\"{name}\""));
            assert_eq!(refused.args()["found"], "UTF-8");
            let refused = xml("<a>Đỗ</a>".as_bytes(), Some(name)).unwrap_err();
            assert_eq!(refused.label, Label::EncodingContradicted, "{name}");
            assert_eq!(
                refused.args()["declared"],
                format!("Content-Type: …; charset={name}")
            );
        }
        let refused = xml(&utf16("<a>x</a>", u16::to_le_bytes), Some("utf-8")).unwrap_err();
        assert_eq!(
            (refused.label, &*refused.args()["found"]),
            (Label::EncodingContradicted, "UTF-16LE")
        );
        let latin = b"<?xml version='1.0' encoding='windows-1258'?><a>\xd0\xf5</a>";
        let refused = xml(latin, None).unwrap_err();
        assert_eq!(refused.label, Label::EncodingUnsupported);
        assert_eq!(refused.args()["declared"], "XML encoding=\"windows-1258\"");
    }

    #[test]
    fn a_mark_decides_before_the_charset_and_the_charset_before_the_declaration() {
        let marked = [b"\xef\xbb\xbf", declared("UTF-16", "Đỗ").as_bytes()].concat();
        let (text, told) = xml(&marked, None).unwrap();
        assert!(text.starts_with("<?xml") && text.contains("Đỗ"));
        assert_eq!(told.unwrap().label, Label::EncodingContradicted);
        let (_, told) = xml(&marked, Some("iso-8859-1")).unwrap();
        assert_eq!(
            told.unwrap().args()["declared"],
            "Content-Type: …; charset=iso-8859-1"
        );
        let (text, told) = xml(declared("UTF-16", "Đỗ").as_bytes(), Some("utf-8")).unwrap();
        assert!(text.contains("Đỗ"));
        assert_eq!(told.unwrap().args()["found"], "UTF-8");
    }

    #[test]
    fn xml_in_utf_16_is_read_and_json_in_it_is_named() {
        let text = declared("UTF-16", "Đỗ 😀");
        for (unit, mark) in [
            (u16::to_le_bytes as fn(u16) -> [u8; 2], [0xff, 0xfe]),
            (u16::to_be_bytes, [0xfe, 0xff]),
        ] {
            let bare = utf16(&text, unit);
            let marked = [&mark[..], &bare].concat();
            for charset in [None, Some("utf-16")] {
                for bytes in [&bare, &marked] {
                    assert_eq!(xml(bytes, charset).unwrap(), (text.clone(), None));
                }
            }
            let json = utf16("{\"a\": 1}", unit);
            let refused = decode(&json, Kind::Json, None).unwrap_err();
            assert_eq!(refused.label, Label::EncodingUnsupported);
            assert!(refused.args()["declared"].starts_with("UTF-16"));
            let json = [&mark[..], &json].concat();
            assert!(
                decode(&json, Kind::Json, None).unwrap_err().args()["declared"].starts_with("BOM UTF-16")
            );
        }
        let half = [
            b"\xff\xfe".as_slice(),
            &utf16("<a>\nx", u16::to_le_bytes),
            b"\0\xd8",
        ]
        .concat();
        let refused = xml(&half, None).unwrap_err();
        assert_eq!(
            (
                refused.label,
                &*refused.args()["line"],
                &*refused.args()["column"]
            ),
            (Label::EncodingInvalid, "2", "2")
        );
        assert_eq!(
            xml(&half[..half.len() - 1], None).unwrap_err().label,
            Label::EncodingInvalid
        );
        let wide: Vec<u8> = "<a/>".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(xml(&wide, None).unwrap_err().label, Label::EncodingUnsupported);
    }

    #[test]
    fn the_charset_of_json_has_no_effect_but_a_word() {
        let read = |text: &'static str, charset| decode(text.as_bytes(), Kind::Json, Some(charset)).unwrap();
        assert_eq!(read("{\"a\":\"Đ\"}", "utf-8").contradiction, None);
        assert_eq!(read("{\"a\":\"D\"}", "iso-8859-1").contradiction, None);
        let told = read("{\"a\":\"Đ\"}", "iso-8859-1").contradiction.unwrap();
        assert_eq!(
            (told.label, &*told.args()["found"]),
            (Label::EncodingContradicted, "UTF-8")
        );
        let refused = decode(b"{\"a\":\"\xd0\"}", Kind::Json, Some("windows-1258")).unwrap_err();
        assert_eq!(refused.label, Label::EncodingUnsupported);
        let refused = decode(b"{\n\"a\":\"\xd0\"}", Kind::Json, None).unwrap_err();
        assert_eq!(
            (
                refused.label,
                &*refused.args()["line"],
                &*refused.args()["column"]
            ),
            (Label::EncodingInvalid, "2", "6")
        );
    }

    #[test]
    fn a_media_type_keeps_what_says_something() {
        assert_eq!(
            content_type("Application/JSON; Charset=\"UTF-8\"").as_deref(),
            Some("application/json")
        );
        assert_eq!(
            content_type("text/xml;charset=utf8").as_deref(),
            Some("application/xml; charset=utf8")
        );
        assert_eq!(
            content_type("text/xml; a=b; charset=ISO-8859-1").as_deref(),
            Some("application/xml; charset=iso-8859-1")
        );
        for none in ["", "json", "/xml", "application/"] {
            assert_eq!(content_type(none), None, "{none}");
        }
        assert_eq!(
            charset("application/xml; charset=\"us-ascii\"").as_deref(),
            Some("us-ascii")
        );
        assert_eq!(charset("application/xml; charset="), None);
    }

    #[test]
    fn nothing_but_a_name_is_repeated() {
        let name = format!("x<script>{}", "y".repeat(100));
        let refused = xml("<a>Đ</a>".as_bytes(), Some(&name)).unwrap_err();
        assert!(!refused.args()["declared"].contains('<') && refused.args()["declared"].len() < 80);
    }
}
