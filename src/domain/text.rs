//! Text that a person typed, made fit to keep by one rule: Unicode NFC, nothing that cannot be seen, no control characters,
//! trimmed, bounded.
//!
//! Names, references, codes and addresses are one line ([`Text`]); what somebody explains may have several ([`Prose`]). How names
//! are compared is in [`names`].

mod letters;
pub mod names;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub use names::fold_name;

/// What the characters of a note are, as a pattern: no control character but line break and tab.
pub const PRINTABLE: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// The same of a text that says something: one character at least can be seen.
pub const SAYS_SOMETHING: &str = concat!(
    r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*",
    r"[^\s\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f",
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]",
    r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",
);

/// Longest free texts of calls, in characters (docs/LIMITS.md): what the hub takes and what the schemas say.
pub mod limits {
    /// Note or reason of an act on a dossier, and of a report.
    pub const NOTE: usize = 2000;
    /// Name of the officer in a report.
    pub const OFFICER: usize = 200;
    /// Reason of an operator's act: on the register, the directory, the agency of a dossier.
    pub const REASON: usize = 500;
    /// Reason kept with the attempts to carry a message.
    pub const CARRIAGE: usize = 1000;
    /// Who received a result.
    pub const RECEIVER: usize = 500;
    /// Proof that a result was received.
    pub const PROOF: usize = 200;
}

/// Why a text cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAText {
    /// Nothing is left after trimming.
    #[error("empty")]
    Empty,
    /// More characters than the field holds.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// NUL or another control character that is not a line break or a tab.
    #[error("holds a control character")]
    Control,
}

/// How many lines a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// One: a name, a reference, a code, an address.
    One,
    /// Several: what somebody explains.
    Several,
}

/// Whether a character leaves no trace on paper: zero-width, direction, tag and filler characters, which Unicode lets a program
/// ignore (`Default_Ignorable_Code_Point`), and the marks of interlinear annotation.
fn is_invisible(c: char) -> bool {
    !c.is_ascii()
        && (CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
            || matches!(c, '\u{fff9}'..='\u{fffb}'))
}

/// White space of any kind, and the empty cell of Braille, which looks like it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// A separator of lines or paragraphs that is no control character.
fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether [`clean`] takes something away that its writer may have meant, and not only spaces around: a character that cannot be
/// seen, or the end of a line where there is one line.
pub fn hides(raw: &str, lines: Lines) -> bool {
    let broken = |c: char| lines == Lines::One && (matches!(c, '\n' | '\r') || is_separator(c));
    raw.trim_matches(is_space)
        .chars()
        .any(|c| is_invisible(c) || broken(c))
}

/// Whether nothing can be seen of a text: [`clean`] leaves nothing of it.
pub fn is_blank(raw: &str) -> bool {
    raw.chars().all(|c| is_space(c) || is_invisible(c))
}

/// The one rule for every text that somebody typed: what cannot be seen is taken out, Unicode NFC, trimmed; in one line every run
/// of white space is one space, in several every line ends with U+000A. Cleaning what is clean changes nothing.
///
/// # Errors
/// Nothing is left, or a control character (U+0000 to U+001F and U+007F to U+009F, other than tab and line break).
pub fn clean(raw: &str, lines: Lines) -> Result<Cow<'_, str>, NotAText> {
    let trimmed = raw.trim_matches(is_space);
    if trimmed
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(NotAText::Control);
    }
    let mut before = 'x';
    let as_it_is = is_nfc_quick(trimmed.chars()) == IsNormalized::Yes
        && trimmed.chars().all(|c| {
            let doubled = c == ' ' && before == ' ' && lines == Lines::One;
            before = c;
            !doubled
                && !is_invisible(c)
                && (c == ' ' || !is_space(c) || lines == Lines::Several && matches!(c, '\n' | '\t'))
        });
    if as_it_is {
        return if trimmed.is_empty() {
            Err(NotAText::Empty)
        } else {
            Ok(Cow::Borrowed(trimmed))
        };
    }
    let seen: String = trimmed.chars().filter(|c| !is_invisible(*c)).nfc().collect();
    let mut text = String::with_capacity(seen.len());
    let mut rest = seen.trim_matches(is_space).chars().peekable();
    while let Some(c) = rest.next() {
        match (c, lines) {
            (c, Lines::One) if is_space(c) => {
                if !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            ('\r', Lines::Several) => {
                if rest.peek() != Some(&'\n') {
                    text.push('\n');
                }
            }
            (c, Lines::Several) if is_separator(c) => text.push('\n'),
            (c @ ('\n' | '\t'), Lines::Several) => text.push(c),
            (c, Lines::Several) if is_space(c) => text.push(' '),
            (c, _) => text.push(c),
        }
    }
    if text.is_empty() {
        return Err(NotAText::Empty);
    }
    Ok(Cow::Owned(text))
}

/// Non-empty text of at most `MAX` characters (Unicode scalar values) that [`clean`] left as it is; of one line, or with
/// `PROSE` of several.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize, const PROSE: bool = false>(Box<str>);

/// Text of several lines: what somebody explains.
pub type Prose<const MAX: usize> = Text<MAX, true>;

impl<const MAX: usize, const PROSE: bool> Text<MAX, PROSE> {
    /// How many lines it may have.
    pub const LINES: Lines = if PROSE { Lines::Several } else { Lines::One };

    /// Cleans and checks.
    ///
    /// # Errors
    /// As [`clean`], or more than `MAX` characters are left.
    pub fn parse(raw: &str) -> Result<Self, NotAText> {
        let text = clean(raw, Self::LINES)?;
        if text.chars().count() > MAX {
            return Err(NotAText::TooLong(MAX));
        }
        Ok(Text(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const PROSE: bool> std::str::FromStr for Text<MAX, PROSE> {
    type Err = NotAText;
    fn from_str(s: &str) -> Result<Self, NotAText> {
        Self::parse(s)
    }
}

impl<const MAX: usize, const PROSE: bool> TryFrom<String> for Text<MAX, PROSE> {
    type Error = NotAText;
    fn try_from(s: String) -> Result<Self, NotAText> {
        Self::parse(&s)
    }
}

impl<const MAX: usize, const PROSE: bool> From<Text<MAX, PROSE>> for String {
    fn from(t: Text<MAX, PROSE>) -> String {
        t.0.into()
    }
}

impl<const MAX: usize, const PROSE: bool> fmt::Display for Text<MAX, PROSE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize, const PROSE: bool> fmt::Debug for Text<MAX, PROSE> {
    /// Never the text itself: it may be a person's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.0.chars().count())
    }
}

impl<const MAX: usize, const PROSE: bool> schemars::JsonSchema for Text<MAX, PROSE> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "minLength": 1, "maxLength": MAX, "pattern": SAYS_SOMETHING})
    }
}
