//! Every place of a document a mapping knows, as a tree.

use std::collections::HashMap;

use super::path::{Listing, Path, Pick, Step};
use crate::adapt::spec::Otherwise;
use crate::adapt::tree::Name;

/// Every field a document may hold.
#[derive(Debug, Default)]
pub(in crate::adapt) struct Known {
    pub children: HashMap<Box<str>, Vec<(Name, Known)>>,
    pub list: Option<KnownList>,
    /// Whatever is inside is not looked at, for a reason the file gives.
    pub ignored: bool,
    /// The canonical form has no place for it: every value inside is kept as a foreign value.
    pub kept: bool,
    pub forbidden: bool,
    /// May hold a value.
    pub leaf: bool,
    /// Words by which paths pick an entry of this list: the field, and the word.
    pub picks: Vec<(Name, Box<str>)>,
    /// What an entry with another word is.
    pub picked: Option<Picked>,
}

/// Entries of a list that paths pick by a word.
#[derive(Debug)]
pub(in crate::adapt) struct Picked {
    pub by: Name,
    pub words: Vec<Box<str>>,
    pub otherwise: Otherwise,
}

#[derive(Debug, Default)]
pub(in crate::adapt) struct KnownList {
    pub listing: Listing,
    /// The list of the document's items, each of which is looked at by itself.
    pub is_items: bool,
}

impl Known {
    /// The place of a child, made where there is none yet.
    pub fn enter(&mut self, name: &Name) -> &mut Known {
        let same = self.children.entry(name.local.clone()).or_default();
        match same.iter().position(|(n, _)| n == name) {
            Some(i) => &mut same[i].1,
            None => {
                same.push((name.clone(), Known::default()));
                let last = same.len() - 1;
                &mut same[last].1
            }
        }
    }

    /// The place a path leads to from here.
    pub fn follow(&mut self, path: &Path) -> &mut Known {
        self.walk_in(&path.steps)
    }

    /// The place these steps lead to.
    pub fn walk_in(&mut self, steps: &[Step]) -> &mut Known {
        let mut at = self;
        for step in steps {
            at = at.enter(&step.name);
            if step.pick != Pick::Only {
                at.list.get_or_insert_with(|| KnownList {
                    listing: step.listing.clone(),
                    is_items: false,
                });
            }
            if let Pick::Where(key, word) = &step.pick {
                at.enter(key).leaf = true;
                at.picks.push((key.clone(), word.clone()));
            }
        }
        at
    }

    /// Whether what no rule takes is kept beside the canonical form or ignored.
    pub fn is_aside(&self) -> bool {
        self.kept || self.ignored
    }

    /// Adds what is known of this place from elsewhere.
    pub fn merge(&mut self, other: Known) {
        for (name, inner) in other.children.into_values().flatten() {
            self.enter(&name).merge(inner);
        }
        if self.list.is_none() {
            self.list = other.list;
        }
        self.ignored |= other.ignored;
        self.kept |= other.kept;
        self.forbidden |= other.forbidden;
        self.leaf |= other.leaf;
        self.picks.extend(other.picks);
        if self.picked.is_none() {
            self.picked = other.picked;
        }
    }

    /// Every place with its name and where it stands, as a mapping writes it.
    pub fn walk<'k>(&'k self, within: &str, see: &mut impl FnMut(&'k Name, &'k Known, String)) {
        for (name, known) in self.children.values().flatten() {
            let shown = match within {
                "" => name.local.to_string(),
                within => format!("{within}.{}", name.local),
            };
            see(name, known, shown.clone());
            known.walk(&shown, see);
        }
    }
}
