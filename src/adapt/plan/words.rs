//! Words of the sender, compared with those a mapping names.

use std::collections::HashMap;

use crate::adapt::tree::{NodeId, Tree, Value};
use crate::adapt::words;
use crate::domain::text::{self, Lines};

/// A scalar as a text, to compare it with words of a mapping; white space around it does not count, as in XML.
pub(in crate::adapt) fn scalar<'t>(tree: &'t Tree<'_>, node: NodeId) -> Option<std::borrow::Cow<'t, str>> {
    plain_scalar(tree.value(node))
}

/// The same of a value.
pub(in crate::adapt) fn plain_scalar<'t>(value: &'t Value<'_>) -> Option<std::borrow::Cow<'t, str>> {
    Some(match value {
        Value::Text(t) => t.trim().into(),
        Value::Whole(n) => n.to_string().into(),
        Value::Fraction(_, n) => n.as_str().into(),
        Value::Flag(b) => (if *b { "true" } else { "false" }).into(),
        _ => return None,
    })
}

/// A value that does not come from the document.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::adapt) enum Fixed {
    Text(Box<str>),
    Whole(i64),
    Flag(bool),
}

/// What a word of a code table means.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::adapt) enum Meaning {
    Is(Fixed),
    /// It is known, and says nothing that the hub records.
    Nothing,
    /// It is known and refused, for a reason in Vietnamese and English.
    Refused(Box<str>, Box<str>),
}

/// Words of the sender, and what each is for.
#[derive(Clone, Debug)]
pub(in crate::adapt) struct Words<T> {
    words: HashMap<Box<str>, T>,
    /// Compared without case.
    fold: bool,
    /// What every other word is, where the table says it.
    pub other: Option<T>,
    /// The words in order, for messages.
    pub allowed: String,
}

impl<T> Words<T> {
    /// Of words in the order of messages; gives back those that fold into one with another.
    pub fn of(words: impl Iterator<Item = (String, T)>, fold: bool) -> (Self, Vec<String>)
    where
        T: PartialEq,
    {
        let (mut map, mut allowed, mut double) = (HashMap::<Box<str>, T>::new(), Vec::new(), Vec::new());
        for (word, meaning) in words {
            let key = if fold { words::fold(&word) } else { word.clone() };
            match map.get(key.as_str()) {
                Some(other) if *other != meaning => double.push(word),
                Some(_) => {}
                None => {
                    map.insert(key.into(), meaning);
                    allowed.push(word);
                }
            }
        }
        let words = Words {
            words: map,
            fold,
            other: None,
            allowed: allowed.join(", "),
        };
        (words, double)
    }

    /// What a word is for.
    pub fn get(&self, word: &str) -> Option<&T> {
        // What cannot be seen in a word is not of it.
        let word = text::clean(word, Lines::One).ok()?;
        if self.fold {
            self.words.get(words::fold(&word).as_str())
        } else {
            self.words.get(&*word)
        }
    }
}
