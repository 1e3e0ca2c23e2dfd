//! Signatures of what the hub sends to an endpoint, by the rules of Standard Webhooks (standardwebhooks.com, 1.0.0): HMAC-SHA256
//! with a secret that the receiver alone shares.
//!
//! The signature covers `<webhook-id>.<webhook-timestamp>.<body>`, so that neither another body nor an old message passes. While
//! a secret is being replaced both sign, and the header holds both signatures.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;

use super::secret::Secret;
use crate::domain::time::Timestamp;

/// What a secret's text begins with.
const PREFIX: &str = "whsec_";

/// How far a receiver should let `webhook-timestamp` be from its own clock, in seconds: five minutes either way.
pub const TOLERANCE_SECONDS: i64 = 300;

/// A secret shared with one receiver: 32 random bytes, written `whsec_` and base64.
#[derive(Clone, Debug)]
pub struct WebhookSecret(Secret<[u8; WebhookSecret::BYTES]>);

impl WebhookSecret {
    /// How long a secret is.
    pub const BYTES: usize = 32;

    /// A new one.
    pub fn draw(rng: &mut impl Rng) -> Self {
        let mut bytes = [0u8; Self::BYTES];
        rng.fill_bytes(&mut bytes);
        WebhookSecret::new(bytes)
    }

    /// Of these bytes.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        WebhookSecret(Secret::new(bytes))
    }

    /// From its bytes, as the store kept them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(WebhookSecret::new)
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Self::from_bytes(&bytes)
    }

    /// Its text, to be shown once to the one it is shared with.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0.expose()))
    }

    /// Its bytes, to be encrypted and kept.
    pub fn expose(&self) -> &[u8; Self::BYTES] {
        self.0.expose()
    }

    fn signature(&self, id: &str, seconds: i64, body: &[u8]) -> hmac::Tag {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let mut context = hmac::Context::with_key(&key);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        context.sign()
    }
}

/// The three headers of a message: `webhook-id`, `webhook-timestamp` in seconds, `webhook-signature` with one `v1` signature a
/// secret, separated by spaces.
pub fn sign(secrets: &[WebhookSecret], id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let seconds = at.as_seconds();
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| format!("v1,{}", STANDARD.encode(secret.signature(id, seconds, body))))
        .collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}

/// What a receiver does: whether one of the signatures is made with `secret`, over this id, time and body, within
/// [`TOLERANCE_SECONDS`] of `now`.
pub fn verify(
    secret: &WebhookSecret,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: Timestamp,
) -> bool {
    let Ok(seconds) = timestamp.parse::<i64>() else {
        return false;
    };
    if (now.as_seconds() - seconds).abs() > TOLERANCE_SECONDS {
        return false;
    }
    let right = secret.signature(id, seconds, body);
    signatures
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .any(|shown| constant_time::verify_slices_are_equal(right.as_ref(), &shown).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn now() -> Timestamp {
        Timestamp::from_micros(1_614_265_330_000_000)
    }

    /// The vector of the Standard Webhooks reference libraries, whose secret has 24 bytes.
    #[test]
    fn the_signature_is_the_one_of_the_standard() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let mut context = hmac::Context::with_key(&key);
        context.update(b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.");
        context.update(br#"{"test": 2432232314}"#);
        assert_eq!(
            STANDARD.encode(context.sign()),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_receiver_verifies_with_either_secret_and_nothing_else() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let (old, new, other) = (
            WebhookSecret::draw(&mut rng),
            WebhookSecret::draw(&mut rng),
            WebhookSecret::draw(&mut rng),
        );
        let headers = sign(&[new.clone(), old.clone()], "evt_1", now(), b"body");
        let [(_, id), (_, at), (_, signatures)] = &headers;
        assert_eq!((id.as_str(), at.as_str()), ("evt_1", "1614265330"));
        let holds =
            |secret, id: &str, at: &str, body: &[u8], now| verify(secret, id, at, signatures, body, now);
        assert!(holds(&old, id, at, b"body", now()) && holds(&new, id, at, b"body", now()));
        assert!(!holds(&other, id, at, b"body", now()));
        assert!(!holds(&new, "evt_2", at, b"body", now()));
        assert!(!holds(&new, id, "1614265331", b"body", now()));
        assert!(!holds(&new, id, at, b"bode", now()));
        assert!(!holds(&new, id, "soon", b"body", now()));
    }

    #[test]
    fn an_old_message_is_refused_at_the_tolerance() {
        let secret = WebhookSecret::from_bytes(&[7; 32]).unwrap();
        let [(_, id), (_, at), (_, signatures)] = sign(std::slice::from_ref(&secret), "evt_1", now(), b"");
        let after = |seconds: i64| {
            let then = Timestamp::from_micros(now().as_micros() + seconds * 1_000_000);
            verify(&secret, &id, &at, &signatures, b"", then)
        };
        assert!(after(TOLERANCE_SECONDS) && after(-TOLERANCE_SECONDS));
        assert!(!after(TOLERANCE_SECONDS + 1) && !after(-TOLERANCE_SECONDS - 1));
    }

    #[test]
    fn a_secret_is_read_back_and_never_shown_by_chance() {
        let secret = WebhookSecret::from_bytes(&[7; 32]).unwrap();
        let text = secret.reveal();
        assert_eq!(WebhookSecret::parse(&text).unwrap().expose(), secret.expose());
        assert!(!format!("{secret:?}").contains('7'));
        for wrong in ["", "whsec_", "whsec_AAAA", &text[6..], "whsec_%%"] {
            assert!(WebhookSecret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
