//! What RabbitMQ makes of a message that was sent by AMQP 1.0. A body of data it hands on as it is; any other body it hands on in the
//! encoding of AMQP 1.0 (OASIS, part 1 and part 3.2), and says so in the property `type`.

/// The `type` of such a message.
pub(super) const TYPE: &str = "amqp-1.0";

/// Descriptors of the sections of a message.
const DATA: u64 = 0x75;
const SEQUENCE: u64 = 0x76;
const VALUE: u64 = 0x77;

/// The bytes a client meant: data sections in a row, or one value that is text or binary.
///
/// # Errors
/// Why they are not there; in words the sender can act on.
pub(super) fn body(message: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut rest = message;
    let mut found: Option<Vec<u8>> = None;
    while !rest.is_empty() {
        let (section, after) = descriptor(rest).ok_or(BROKEN)?;
        let (value, after) = value(after).ok_or(BROKEN)?;
        rest = after;
        match (section, value) {
            (DATA, Value::Bytes(bytes)) => found.get_or_insert_default().extend_from_slice(bytes),
            (VALUE, Value::Bytes(bytes)) => found = Some(bytes.to_vec()),
            (VALUE, Value::Other) => return Err("an AMQP 1.0 value that is neither text nor binary"),
            (SEQUENCE, _) => return Err("an AMQP 1.0 sequence, not data"),
            // Headers, properties, annotations: RabbitMQ has read them.
            _ => {}
        }
    }
    found.ok_or("no AMQP 1.0 data")
}

const BROKEN: &str = "not the encoding of AMQP 1.0 that its type says";

enum Value<'a> {
    Bytes(&'a [u8]),
    Other,
}

/// The descriptor of a section, as a small or a full unsigned long.
fn descriptor(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes {
        [0x00, 0x53, code, rest @ ..] => Some((u64::from(*code), rest)),
        [0x00, 0x80, rest @ ..] => {
            let (code, rest) = rest.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*code), rest))
        }
        _ => None,
    }
}

/// One value and what is behind it. The upper half of a constructor says how long a value is (part 1, 1.2).
fn value(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (constructor, rest) = bytes.split_first()?;
    let length = match constructor >> 4 {
        0x4 => return Some((Value::Other, rest)),
        0x5 => return Some((Value::Other, rest.get(1..)?)),
        0x6 => return Some((Value::Other, rest.get(2..)?)),
        0x7 => return Some((Value::Other, rest.get(4..)?)),
        0x8 => return Some((Value::Other, rest.get(8..)?)),
        0x9 => return Some((Value::Other, rest.get(16..)?)),
        0xa | 0xc | 0xe => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0xb | 0xd | 0xf => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_be_bytes(*length)).ok()?, rest)
        }
        _ => return None,
    };
    let (length, rest) = length;
    let (content, rest) = rest.split_at_checked(length)?;
    let value = match constructor >> 4 {
        0xa | 0xb => Value::Bytes(content),
        _ => Value::Other,
    };
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_data_are_understood_whatever_sections_stand_before() {
        let text = [&[0x00, 0x53, 0x77, 0xa1, 2], &b"{}"[..]].concat();
        assert_eq!(body(&text).unwrap(), b"{}");
        let long = [
            &[0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x77, 0xb1, 0, 0, 0, 2],
            &b"{}"[..],
        ]
        .concat();
        assert_eq!(body(&long).unwrap(), b"{}");
        let binary = [&[0x00, 0x53, 0x77, 0xb0, 0, 0, 0, 2], &b"{}"[..]].concat();
        assert_eq!(body(&binary).unwrap(), b"{}");
        // A header (list0), properties (list8), application properties (map32), then two pieces of data.
        let pieces = [
            &[0x00, 0x53, 0x70, 0x45][..],
            &[0x00, 0x53, 0x73, 0xc0, 4, 1, 0xa1, 1, b'i'],
            &[0x00, 0x53, 0x74, 0xd1, 0, 0, 0, 4, 0, 0, 0, 0],
            &[0x00, 0x53, 0x75, 0xa0, 1, b'{'],
            &[0x00, 0x53, 0x75, 0xa0, 1, b'}'],
        ]
        .concat();
        assert_eq!(body(&pieces).unwrap(), b"{}");
    }

    #[test]
    fn what_has_no_bytes_of_its_own_is_told_by_its_kind() {
        for (bytes, word) in [
            (&[0x00, 0x53, 0x76, 0x45][..], "sequence"),
            (&[0x00, 0x53, 0x77, 0xc1, 1, 0], "neither text nor binary"),
            (&[0x00, 0x53, 0x77, 0x54, 7], "neither text nor binary"),
            (&[0x00, 0x53, 0x70, 0x45], "no AMQP 1.0 data"),
            (&[], "no AMQP 1.0 data"),
            (b"{}", "not the encoding"),
            (&[0x00, 0x53, 0x77, 0xa1, 9, b'x'], "not the encoding"),
            (&[0x00, 0x53], "not the encoding"),
            (&[0x00, 0x80, 0, 0], "not the encoding"),
            (&[0x00, 0x53, 0x77, 0x98, 1], "not the encoding"),
        ] {
            let why = body(bytes).unwrap_err();
            assert!(why.contains(word), "{bytes:?}: {why}");
        }
    }
}
