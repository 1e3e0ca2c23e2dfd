//! Where a partner's own server is: an address the hub calls.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An `https` URL of at most [`EndpointUrl::LONGEST`] bytes with a host, without user, password or fragment. Host and path may be in
/// Vietnamese (an IRI, RFC 3987).
///
/// It is kept as it was parsed, by the parser the client calls with: there is no second reading of it that could find another
/// host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointUrl(url::Url);

/// The host of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name, to be resolved.
    Name(&'a str),
    /// An address, as it is written.
    Address(IpAddr),
}

/// Why a text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an https URL with a host and without user, password or fragment")]
pub struct NotAnEndpoint;

impl EndpointUrl {
    /// What every endpoint is like, as the schemas say it. Which hosts there are, no pattern says.
    pub const PATTERN: &'static str =
        r"^https://[^@#/?\\\u0000-\u0020\u007f]+([/?][^#\\\u0000-\u0020\u007f]*)?$";

    /// Bytes of it at most.
    pub const LONGEST: usize = 2048;

    /// Its host.
    pub fn host(&self) -> Host<'_> {
        match self.0.host() {
            Some(url::Host::Ipv4(address)) => Host::Address(address.into()),
            Some(url::Host::Ipv6(address)) => Host::Address(address.into()),
            Some(url::Host::Domain(name)) => Host::Name(name),
            None => Host::Name(""),
        }
    }

    /// As the client takes it.
    pub fn as_url(&self) -> &url::Url {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for EndpointUrl {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, NotAnEndpoint> {
        // What the parser would quietly strip (line breaks, blanks around) is refused.
        if text.len() > Self::LONGEST || text.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return Err(NotAnEndpoint);
        }
        // So is what it would quietly read as something else: `https:host`, `https:///host`, an empty user, a backslash for a slash.
        let after = text
            .strip_prefix("https://")
            .filter(|after| !after.contains('\\'));
        let authority = after.and_then(|after| after.split(['/', '?', '#']).next());
        if authority.is_none_or(|authority| authority.is_empty() || authority.contains('@')) {
            return Err(NotAnEndpoint);
        }
        let url = url::Url::parse(text).map_err(|_| NotAnEndpoint)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if url.scheme() == "https" && url.has_host() && plain && url.as_str().len() <= Self::LONGEST {
            Ok(EndpointUrl(url))
        } else {
            Err(NotAnEndpoint)
        }
    }
}

impl TryFrom<String> for EndpointUrl {
    type Error = NotAnEndpoint;
    fn try_from(text: String) -> Result<Self, NotAnEndpoint> {
        text.parse()
    }
}

impl From<EndpointUrl> for String {
    fn from(url: EndpointUrl) -> String {
        url.0.into()
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl schemars::JsonSchema for EndpointUrl {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EndpointUrl".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "format": "iri", "maxLength": Self::LONGEST, "pattern": Self::PATTERN,
            "description": "An https URL without user, password or fragment"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_is_an_endpoint() {
        let schema = serde_json::json!({ "pattern": EndpointUrl::PATTERN });
        let told = jsonschema::validator_for(&schema).unwrap();
        for text in [
            "https://hook.example.vn",
            "https://hook.example.vn:8443/lienthong/v1?mode=a",
            "https://192.0.2.1/x",
            "https://[2001:db8::1]:8443/",
            "https://xn--h-ecs.example/",
            "https://hook.example.vn/a@b",
            "https://dịch-vụ.example.vn/bản-tin",
        ] {
            assert!(text.parse::<EndpointUrl>().is_ok(), "{text}");
            assert!(told.is_valid(&serde_json::json!(text)), "{text}");
        }
        for text in [
            "",
            "hook.example.vn",
            "http://hook.example.vn/",
            "ftp://hook.example.vn/",
            "https://",
            "https://user@hook.example.vn/",
            "https://user:secret@hook.example.vn/",
            "https://hook.example.vn/#top",
            " https://hook.example.vn/",
            "https://hook.example.vn/a b",
            "https://hook.example.vn/\n",
            "https://ho\tok.example.vn/",
            "https:hook.example.vn",
            "HTTPS://hook.example.vn/",
            "https:///hook.example.vn/",
            "https://@hook.example.vn/",
            "https://hook.example.vn\\x",
        ] {
            assert_eq!(text.parse::<EndpointUrl>(), Err(NotAnEndpoint), "{text:?}");
            assert!(!told.is_valid(&serde_json::json!(text)), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_known_however_it_is_written() {
        for text in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
        ] {
            let url: EndpointUrl = text.parse().unwrap();
            assert_eq!(url.host(), Host::Address("127.0.0.1".parse().unwrap()), "{text}");
        }
        let mapped: EndpointUrl = "https://[::ffff:10.0.0.1]/".parse().unwrap();
        assert_eq!(mapped.host(), Host::Address("::ffff:10.0.0.1".parse().unwrap()));
        let named: EndpointUrl = "https://Hook.Example.VN/".parse().unwrap();
        assert_eq!(named.host(), Host::Name("hook.example.vn"));
    }

    #[test]
    fn the_longest_endpoint_is_taken_and_one_byte_more_is_not() {
        let of = |length: usize| format!("https://hook.example.vn/{}", "a".repeat(length - 24));
        assert!(of(EndpointUrl::LONGEST).parse::<EndpointUrl>().is_ok());
        assert!(of(EndpointUrl::LONGEST + 1).parse::<EndpointUrl>().is_err());
    }
}
