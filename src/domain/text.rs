//! Text that a person typed, made fit to keep: Unicode NFC, no control characters, trimmed, bounded.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// What the characters of a note are, as a pattern: no control character but line break and tab.
pub const PRINTABLE: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// The same of a text that says something: one character at least is no space.
pub const SAYS_SOMETHING: &str = concat!(
    r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*",
    r"[^\s\u0000-\u0008\u000e-\u001f\u007f-\u009f]",
    r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",
);

/// Longest free texts of calls, in characters (docs/LIMITS.md): what the hub takes and what the schemas say.
pub mod limits {
    /// Note or reason of an act on a dossier, and of a report.
    pub const NOTE: usize = 2000;
    /// Name of the officer in a report; kept with the note.
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

/// Non-empty text of at most `MAX` characters (Unicode scalar values), in NFC.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(Box<str>);

impl<const MAX: usize> Text<MAX> {
    /// Trims, normalises and checks.
    pub fn parse(raw: &str) -> Result<Self, NotAText> {
        let trimmed = raw.trim();
        if trimmed.is_empty() {
            return Err(NotAText::Empty);
        }
        if trimmed
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(NotAText::Control);
        }
        let normal: Box<str> = if is_nfc_quick(trimmed.chars()) == IsNormalized::Yes {
            trimmed.into()
        } else {
            trimmed.nfc().collect::<String>().into()
        };
        if normal.chars().count() > MAX {
            return Err(NotAText::TooLong(MAX));
        }
        Ok(Text(normal))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::str::FromStr for Text<MAX> {
    type Err = NotAText;
    fn from_str(s: &str) -> Result<Self, NotAText> {
        Self::parse(s)
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = NotAText;
    fn try_from(s: String) -> Result<Self, NotAText> {
        Self::parse(&s)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(t: Text<MAX>) -> String {
        t.0.into()
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    /// Never the text itself: it may be a person's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.0.chars().count())
    }
}

impl<const MAX: usize> schemars::JsonSchema for Text<MAX> {
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

/// Folds a Vietnamese name for comparison: NFC, lower case, and the two spellings of the tone mark made one (`Hoà` = `Hòa`,
/// domain fact 1.4). Only for comparing; never shown.
pub fn fold_name(name: &str) -> String {
    // Decomposed, a tone mark is a character of its own; moving it to the end of its syllable makes both spellings equal.
    let mut folded = String::with_capacity(name.len());
    for (i, syllable) in name.to_lowercase().split_whitespace().enumerate() {
        if i > 0 {
            folded.push(' ');
        }
        let mut tones = String::new();
        for c in syllable.nfd() {
            if matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}') {
                tones.push(c);
            } else {
                folded.push(c);
            }
        }
        folded.push_str(&tones);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_tone_mark_are_one_name() {
        assert_eq!(fold_name("Xã Ứng Hoà"), fold_name("XÃ ỨNG  HÒA"));
        assert_ne!(fold_name("Xã Hoà Xá"), fold_name("Xã Hoà Xa"));
    }

    #[test]
    fn the_limit_counts_characters_after_normalising() {
        let decomposed = "e\u{301}".repeat(3);
        assert_eq!(Text::<3>::parse(&decomposed).unwrap().as_str(), "ééé");
        assert_eq!(Text::<3>::parse("éééé"), Err(NotAText::TooLong(3)));
        assert_eq!(Text::<3>::parse(" \n "), Err(NotAText::Empty));
        assert_eq!(Text::<9>::parse("a\0b"), Err(NotAText::Control));
    }
}
