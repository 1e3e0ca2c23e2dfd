//! Percent-encoded text (RFC 3986), as it stands in addresses and forms.

/// The text itself; `None` when an escape is broken, or when what comes of it is not UTF-8.
pub fn decoded(text: &[u8]) -> Option<String> {
    // The library leaves a broken escape as it stands. In a password or a form it is a mistake, and is told.
    let whole =
        |escape: &[u8]| matches!(escape, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    if !text.split(|b| *b == b'%').skip(1).all(whole) {
        return None;
    }
    let decoded = percent_encoding::percent_decode(text).decode_utf8();
    decoded.ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_text_is_decoded_or_told_to_be_broken() {
        assert_eq!(decoded(b"a%40b%2Fc").as_deref(), Some("a@b/c"));
        assert_eq!(decoded("%e1%BB%9D ờ+".as_bytes()).as_deref(), Some("ờ ờ+"));
        assert_eq!(decoded(b"").as_deref(), Some(""));
        for broken in ["a%4", "a%", "a%zz", "%+4", "%%41", "%ff"] {
            assert_eq!(decoded(broken.as_bytes()), None, "{broken}");
        }
    }
}
