//! The content of a file as documents hold it: base64.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The alphabet of RFC 4648, 4, with its padding, without it, or with a part of it. What stands behind the last bit is zero: a text that was cut is
/// not taken for a shorter file.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes that a text says; none where it is no base64. White space anywhere is passed over, as writers of MIME break lines.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let spaced = |b: u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    if !text.bytes().any(spaced) {
        return BASE64.decode(text).ok();
    }
    let mut packed = text.as_bytes().to_vec();
    packed.retain(|b| !spaced(*b));
    BASE64.decode(packed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_line_breaks_and_without_padding_and_nothing_else_is() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("TQ==", b"M"),
            ("TQ", b"M"),
            ("TQ=", b"M"),
            ("TWE=", b"Ma"),
            ("TWE", b"Ma"),
            ("TWFu", b"Man"),
            ("TW\r\nFu\r\n", b"Man"),
            (" T W F\tu ", b"Man"),
            ("+/+/", b"\xfb\xff\xbf"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(bytes), "{text}");
        }
        for text in [
            "T",
            "TQ===",
            "TR==",
            "=TQ=",
            "TQ==TQ==",
            "-_-_",
            "TWFu!",
            "TWE\u{a0}u",
            "TWE\u{200b}u",
            "data:text/plain;base64,TWFu",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
