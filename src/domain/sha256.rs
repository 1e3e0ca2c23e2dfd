//! A SHA-256 digest: bytes here, 64 hexadecimal digits wherever it is read or written as text.

use std::array::TryFromSliceError;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::Context;
use serde::{Deserialize, Serialize, Serializer};

use super::codes::NotACode;
use super::text::{Lines, clean};

/// A SHA-256 digest. As text it has 64 hexadecimal digits, in lower case as the hub writes it; capitals, and `sha256:` or
/// `sha-256:` before it, are the same digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// Its form, as the schemas say it.
    pub const PATTERN: &'static str = r"^[0-9a-f]{64}$";

    /// The digest with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Sha256(bytes)
    }

    /// The digest of all that a context of SHA-256 was given.
    pub fn finished(context: Context) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Sha256(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its digits, without a text of their own on the heap.
    fn digits<'b>(&self, room: &'b mut [u8; 64]) -> &'b str {
        // Twice as many digits as bytes: the room is never too small, and digits are text.
        let _ = hex::encode_to_slice(self.0, room);
        std::str::from_utf8(room).unwrap_or_default()
    }
}

impl TryFrom<&[u8]> for Sha256 {
    type Error = TryFromSliceError;
    fn try_from(bytes: &[u8]) -> Result<Self, TryFromSliceError> {
        bytes.try_into().map(Sha256)
    }
}

/// What somebody wrote before the digits, left out.
fn unnamed(text: &str) -> &str {
    let named = ["sha256", "sha-256"].into_iter().find_map(|name| {
        let (before, digest) = text.split_at_checked(name.len())?;
        let digest = digest.strip_prefix([':', '=', '-'])?;
        before.eq_ignore_ascii_case(name).then_some(digest.trim_start())
    });
    named.unwrap_or(text)
}

impl FromStr for Sha256 {
    type Err = NotACode;
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(unnamed(text), &mut bytes).map_err(|_| NotACode::Form)?;
        Ok(Sha256(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = NotACode;
    /// As somebody typed it: cleaned as every text is, then read.
    fn try_from(text: String) -> Result<Self, NotACode> {
        clean(&text, Lines::One).map_err(|_| NotACode::Form)?.parse()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.digits(&mut [0; 64]))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits(&mut [0; 64]))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.digits(&mut [0; 64]))
    }
}

impl schemars::JsonSchema for Sha256 {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Sha256".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": Sha256::PATTERN})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_however_it_is_written() {
        let digest = "0123456789abcdef".repeat(4);
        for same in [
            digest.clone(),
            digest.to_uppercase(),
            format!("sha256:{digest}"),
            format!("SHA-256:{}", digest.to_uppercase()),
            format!("sha-256={digest}"),
        ] {
            assert_eq!(same.parse::<Sha256>().unwrap().to_string(), digest, "{same}");
        }
        for bad in [
            &digest[1..],
            &format!("md5:{digest}"),
            &format!("sha256{digest}"),
            &format!("sha256:{}", &digest[1..]),
            "sha256:",
            &format!("{}g", &digest[1..]),
        ] {
            assert_eq!(bad.parse::<Sha256>(), Err(NotACode::Form), "{bad}");
        }
    }

    #[test]
    fn a_digest_is_text_in_json_and_wherever_it_is_shown() {
        let digest = Sha256::new([0xab; 32]);
        let text = "ab".repeat(32);
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{text}\""));
        let typed = format!("\" SHA256:{}\\u200b\"", text.to_uppercase());
        assert_eq!(serde_json::from_str::<Sha256>(&typed).unwrap(), digest);
        let number = serde_json::from_str::<Sha256>("7").unwrap_err().to_string();
        assert!(number.contains("expected a string"), "{number}");
        assert_eq!((format!("{digest}"), format!("{digest:?}")), (text.clone(), text));
        assert_eq!(format!("{digest:.4}"), "abab");
        assert_eq!(Sha256::try_from(digest.as_bytes().as_slice()).ok(), Some(digest));
        assert!(Sha256::try_from([1; 31].as_slice()).is_err());
    }
}
