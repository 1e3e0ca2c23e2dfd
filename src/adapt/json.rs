//! Reads JSON into a [`Tree`], refusing duplicate names, and stopping at the first limit passed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::limits;
use super::tree::{
    NodeId, Syntax, Tree, Value, check_characters, check_text, push_json, text_too_long, too_deep,
};
use crate::domain::rejection::{Problem, problems};
use crate::domain::syntax;
use crate::domain::whole::{self, NotWhole};

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Tree<'_>, Problem> {
    read_with(text, &[])
}

/// The same, where texts under these names may be as long as the document.
pub(super) fn read_with<'d>(text: &'d str, contents: &[Box<str>]) -> Result<Tree<'d>, Problem> {
    let mut reader = Reader {
        tree: Tree::new(Syntax::Json),
        contents,
        trouble: None,
    };
    let mut source = serde_json::Deserializer::from_str(text);
    let outcome = Seed {
        reader: &mut reader,
        parent: None,
        name: Cow::Borrowed(""),
        depth: 0,
    }
    .deserialize(&mut source)
    .and_then(|()| source.end());
    match (outcome, reader.trouble) {
        (Ok(()), None) => Ok(reader.tree),
        (_, Some(problem)) => Err(problem),
        (Err(error), None) => Err(syntax::json(text, &error)),
    }
}

struct Reader<'c, 'd> {
    tree: Tree<'d>,
    /// Names of texts that hold files.
    contents: &'c [Box<str>],
    trouble: Option<Problem>,
}

struct Seed<'r, 'c, 'd> {
    reader: &'r mut Reader<'c, 'd>,
    parent: Option<NodeId>,
    name: Cow<'d, str>,
    /// Containers around this value.
    depth: usize,
}

impl<'d> Seed<'_, '_, 'd> {
    fn fail<E: serde::de::Error>(&mut self, problem: Problem) -> E {
        self.reader.trouble = Some(problem);
        E::custom("refused")
    }

    fn add<E: serde::de::Error>(&mut self, value: Value<'d>) -> Result<NodeId, E> {
        let name = std::mem::take(&mut self.name);
        self.reader
            .tree
            .add(self.parent, name, 0, false, value)
            .map_err(|p| self.fail(p))
    }

    fn text<E: serde::de::Error>(mut self, text: Cow<'d, str>) -> Result<(), E> {
        let verdict = check_characters(&text);
        let is_long = text.len() > limits::MAX_TEXT;
        let is_file = is_long && self.reader.contents.iter().any(|name| **name == *self.name);
        let id = self.add(Value::Text(text))?;
        if is_file {
            self.reader.tree.mark_long(id);
        }
        let verdict = match is_long && !is_file {
            true => Err(text_too_long()),
            false => verdict,
        };
        verdict.map_err(|problem| {
            let path = self.reader.tree.path(id);
            self.fail(problem.at(path))
        })
    }

    fn number<E: serde::de::Error>(
        mut self,
        read: Result<i64, NotWhole>,
        written: impl fmt::Display,
    ) -> Result<(), E> {
        let value = match read {
            Ok(number) => Value::Whole(number),
            Err(why) => Value::Fraction(why, written.to_string()),
        };
        self.add(value).map(drop)
    }

    fn open<E: serde::de::Error>(&mut self, value: Value<'d>) -> Result<NodeId, E> {
        if self.depth >= limits::MAX_DEPTH {
            return Err(self.fail(too_deep()));
        }
        self.add(value)
    }
}

impl<'d> DeserializeSeed<'d> for Seed<'_, '_, 'd> {
    type Value = ();
    fn deserialize<D: Deserializer<'d>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'d> Visitor<'d> for Seed<'_, '_, 'd> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: serde::de::Error>(mut self, v: bool) -> Result<(), E> {
        self.add(Value::Flag(v)).map(drop)
    }

    fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<(), E> {
        self.number(whole::exact(v), v)
    }

    fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<(), E> {
        let number = i64::try_from(v).map_err(|_| NotWhole::Range);
        self.number(number.and_then(whole::exact), v)
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<(), E> {
        self.number(whole::floating(v), v)
    }

    fn visit_unit<E: serde::de::Error>(mut self) -> Result<(), E> {
        self.add(Value::Null).map(drop)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, v: &'d str) -> Result<(), E> {
        self.text(Cow::Borrowed(v))
    }

    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<(), E> {
        self.text(Cow::Owned(v.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'d>>(mut self, mut items: A) -> Result<(), A::Error> {
        let id = self.open(Value::List)?;
        let depth = self.depth + 1;
        while items
            .next_element_seed(Seed {
                reader: &mut *self.reader,
                parent: Some(id),
                name: Cow::Borrowed(""),
                depth,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'d>>(mut self, mut fields: A) -> Result<(), A::Error> {
        let id = self.open(Value::Object)?;
        let depth = self.depth + 1;
        let mut names = Names::default();
        while let Some(name) = fields.next_key_seed(Key)? {
            if name.len() > limits::MAX_NAME {
                let path = self.reader.tree.path(id);
                let problem = problems::TextTooLong {
                    limit: &limits::MAX_NAME,
                }
                .at(path);
                return Err(self.fail(problem));
            }
            if let Err(problem) = check_text(&name) {
                let path = self.reader.tree.path(id);
                return Err(self.fail(problem.at(path)));
            }
            if !names.insert(name.clone()) {
                let mut path = self.reader.tree.path(id);
                push_json(&mut path, &name);
                return Err(self.fail(problems::DuplicateKey { field: &name }.at(path)));
            }
            fields.next_value_seed(Seed {
                reader: &mut *self.reader,
                parent: Some(id),
                name,
                depth,
            })?;
        }
        Ok(())
    }
}

/// Reads a name without copying it where the bytes hold it as it is.
struct Key;

impl<'d> DeserializeSeed<'d> for Key {
    type Value = Cow<'d, str>;
    fn deserialize<D: Deserializer<'d>>(self, d: D) -> Result<Cow<'d, str>, D::Error> {
        d.deserialize_str(self)
    }
}

impl<'d> Visitor<'d> for Key {
    type Value = Cow<'d, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_borrowed_str<E: serde::de::Error>(self, v: &'d str) -> Result<Cow<'d, str>, E> {
        Ok(Cow::Borrowed(v))
    }
    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<Cow<'d, str>, E> {
        Ok(Cow::Owned(v.to_owned()))
    }
}

/// The names of one object. Most objects are small, where comparing beats hashing; a hostile one is large, where it must not.
#[derive(Default)]
struct Names<'d> {
    few: Vec<Cow<'d, str>>,
    many: HashSet<Cow<'d, str>>,
}

impl<'d> Names<'d> {
    const FEW: usize = 24;

    /// Whether the name is new.
    fn insert(&mut self, name: Cow<'d, str>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
}
