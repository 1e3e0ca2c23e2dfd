//! A document of any syntax as one tree that can be changed into another.

use super::Changes;

/// What is written at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// Named fields, in order; a name may occur twice.
    Object(Vec<(String, Said)>),
    List(Vec<Said>),
    Text(String),
    /// A number, a flag or nothing, as it is written.
    Literal(String),
}

/// Copies of an item that make a list long.
const LONG: usize = 150;

impl Said {
    /// Every part, the whole first.
    fn walk<'a>(&'a mut self, at: &mut usize, wanted: usize) -> Option<&'a mut Said> {
        if *at == wanted {
            return Some(self);
        }
        *at += 1;
        match self {
            Said::Object(fields) => fields.iter_mut().find_map(|(_, said)| said.walk(at, wanted)),
            Said::List(items) => items.iter_mut().find_map(|said| said.walk(at, wanted)),
            _ => None,
        }
    }

    fn part(&mut self, wanted: usize) -> &mut Said {
        // Looked for twice: what is returned early would stay borrowed.
        if self.clone().walk(&mut 0, wanted).is_none() {
            return self;
        }
        self.walk(&mut 0, wanted).unwrap()
    }

    fn count(&self) -> usize {
        1 + match self {
            Said::Object(fields) => fields.iter().map(|(_, said)| said.count()).sum(),
            Said::List(items) => items.iter().map(Said::count).sum(),
            _ => 0,
        }
    }

    /// Every value, with the way to it.
    pub fn leaves(&self) -> usize {
        match self {
            Said::Object(fields) => fields.iter().map(|(_, said)| said.leaves()).sum(),
            Said::List(items) => items.iter().map(Said::leaves).sum(),
            Said::Text(_) | Said::Literal(_) => 1,
        }
    }

    /// The value of this number.
    pub fn leaf(&mut self, number: usize) -> Option<&mut Said> {
        fn find<'a>(said: &'a mut Said, left: &mut usize) -> Option<&'a mut Said> {
            match said {
                Said::Object(fields) => fields.iter_mut().find_map(|(_, said)| find(said, left)),
                Said::List(items) => items.iter_mut().find_map(|said| find(said, left)),
                leaf if *left == 0 => Some(leaf),
                _ => {
                    *left -= 1;
                    None
                }
            }
        }
        let mut left = number;
        find(self, &mut left)
    }

    /// Every name in it.
    fn names(&self, names: &mut Vec<String>) {
        match self {
            Said::Object(fields) => fields.iter().for_each(|(name, said)| {
                names.push(name.clone());
                said.names(names);
            }),
            Said::List(items) => items.iter().for_each(|said| said.names(names)),
            _ => {}
        }
    }

    /// Does to it what a case says, with values of a list of wild ones.
    pub fn change(&mut self, changes: &Changes, wild: &[&str]) {
        for (how, at, other) in changes {
            let count = self.count();
            // The whole stays what it is, most of the time.
            let at = if count > 1 { 1 + at.index(count - 1) } else { 0 };
            let taken = self.part(other.index(count)).clone();
            let name = {
                let mut names = vec!["la".to_owned()];
                self.names(&mut names);
                names.swap_remove(other.index(names.len()))
            };
            let nested = taken.count() * count > 40_000;
            let part = self.part(at);
            match how % 13 {
                0..=2 => *part = Said::Text(wild[other.index(wild.len())].to_owned()),
                3 => *part = Said::Literal("null".to_owned()),
                4 if !nested => *part = taken,
                5 => *part = part.retyped(),
                6 => *part = Said::List(vec![part.clone(); LONG / (1 + part.count() / 20)]),
                7 => *part = Said::Object(vec![(name, part.clone())]),
                8 => part.remove(usize::from(*how)),
                9 => part.rename(usize::from(*how), &name),
                10 => part.double(usize::from(*how)),
                11 if !nested => part.add(name, taken),
                _ => part.swap(usize::from(*how)),
            }
        }
    }

    /// The same as something of another type.
    fn retyped(&self) -> Said {
        match self {
            Said::Object(fields) => Said::List(fields.iter().map(|(_, said)| said.clone()).collect()),
            Said::List(items) => items.first().cloned().unwrap_or(Said::Text(String::new())),
            Said::Text(text) if text.parse::<f64>().is_ok_and(f64::is_finite) => Said::Literal(text.clone()),
            Said::Text(_) => Said::Literal("7".to_owned()),
            Said::Literal(text) => Said::Text(text.clone()),
        }
    }

    fn remove(&mut self, number: usize) {
        match self {
            Said::Object(fields) if !fields.is_empty() => drop(fields.remove(number % fields.len())),
            Said::List(items) if !items.is_empty() => drop(items.remove(number % items.len())),
            other => *other = Said::Text(String::new()),
        }
    }

    fn rename(&mut self, number: usize, name: &str) {
        if let Said::Object(fields) = self {
            let count = fields.len().max(1);
            if let Some((before, _)) = fields.get_mut(number % count) {
                name.clone_into(before);
            }
        }
    }

    fn double(&mut self, number: usize) {
        match self {
            Said::Object(fields) if !fields.is_empty() => fields.push(fields[number % fields.len()].clone()),
            Said::List(items) if !items.is_empty() => items.push(items[number % items.len()].clone()),
            other => *other = Said::List(vec![other.clone(), other.clone()]),
        }
    }

    fn add(&mut self, name: String, said: Said) {
        match self {
            Said::Object(fields) => fields.push((name, said)),
            Said::List(items) => items.push(said),
            other => *other = said,
        }
    }

    fn swap(&mut self, number: usize) {
        match self {
            Said::Object(fields) if fields.len() > 1 => {
                let (one, other) = (number % fields.len(), (number / 3) % fields.len());
                let said = fields[one].1.clone();
                fields[one].1 = std::mem::replace(&mut fields[other].1, said);
            }
            Said::List(items) if items.len() > 1 => {
                let by = number % items.len();
                items.rotate_left(by);
            }
            _ => {}
        }
    }
}
