//! One text, or a list of texts.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// One text, several, or none.
#[derive(Clone, Debug, Default)]
pub(in crate::adapt) struct OneOrMany(Vec<String>);

impl OneOrMany {
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// The first of them; of several namespaces the one that is written.
    pub fn written(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"a\" or [\"a\", \"b\"]")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }

        deserializer.deserialize_any(Texts)
    }
}
