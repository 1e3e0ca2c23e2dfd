//! Paths to values of the hub's own, as `[render]` and `[progress]` write them.

use serde_json::Value;

use crate::adapt::target::{Member, Target};

/// `a.b`, `^.a` of the place around, `$.a` of the whole.
#[derive(Clone, Debug)]
pub(super) struct SourcePath {
    start: Start,
    steps: Vec<SourceStep>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// So many places further out.
    Around(usize),
    Whole,
}

#[derive(Clone, Debug)]
struct SourceStep {
    name: Box<str>,
    pick: Pick,
}

/// Which of a list.
#[derive(Clone, Debug)]
enum Pick {
    /// It is no list.
    Only,
    First,
    Each,
    /// The first whose field has this value.
    Where(Box<str>, Box<str>),
}

impl SourcePath {
    /// None where it is malformed.
    pub fn parse(raw: &str) -> Option<Self> {
        let (start, rest) = match raw.strip_prefix("$.") {
            Some(rest) => (Start::Whole, rest),
            None => {
                let rest = raw.trim_start_matches("^.");
                (Start::Around((raw.len() - rest.len()) / 2), rest)
            }
        };
        let steps = pieces(rest).into_iter().map(step).collect::<Option<_>>()?;
        Some(SourcePath { start, steps })
    }

    /// Whether it may lead to several values.
    pub fn is_manifold(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.pick, Pick::Each))
    }
}

/// The steps of a path: dots inside brackets are of a value.
fn pieces(raw: &str) -> Vec<&str> {
    let mut inside = false;
    let between = |c: char| {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ => {}
        }
        c == '.' && !inside
    };
    raw.split(between).collect()
}

fn step(raw: &str) -> Option<SourceStep> {
    let (name, pick) = match raw.strip_suffix(']') {
        None => (raw, Pick::Only),
        Some(rest) => {
            let (name, inner) = rest.split_once('[')?;
            let pick = match inner.split_once('=') {
                Some((key, value)) if !key.is_empty() => Pick::Where(key.into(), value.into()),
                None if inner == "0" => Pick::First,
                None if inner.is_empty() => Pick::Each,
                _ => return None,
            };
            (name, pick)
        }
    };
    let sound = !name.is_empty() && !name.contains(['[', ']', '=', '^', '$', '@', ' ']);
    sound.then(|| SourceStep {
        name: name.into(),
        pick,
    })
}

/// The places a rule can look at while a file is compiled: the whole first, the one where it stands last.
#[derive(Debug)]
pub(super) struct Places {
    /// The members of each, and its name from the whole on.
    places: Vec<(Vec<Member>, String)>,
}

impl Places {
    pub fn of(whole: &[Member]) -> Self {
        Places {
            places: vec![(whole.to_vec(), String::new())],
        }
    }

    /// Enters the items of a list: their members, and the name of the list from the whole on.
    pub fn enter(&mut self, members: Vec<Member>, name: String) {
        self.places.push((members, name));
    }

    pub fn leave(&mut self) {
        self.places.pop();
    }

    /// How many lists are around.
    pub fn depth(&self) -> usize {
        self.places.len() - 1
    }

    /// The members of the place itself, and its name.
    pub fn here(&self) -> (Vec<Member>, String) {
        self.places.last().cloned().unwrap_or_default()
    }

    /// What a path leads to, and its name from the whole on.
    pub fn reach(&self, path: &SourcePath) -> Option<(&Target, String)> {
        let place = match path.start {
            Start::Whole => self.places.first()?,
            Start::Around(levels) => self.places.iter().rev().nth(levels)?,
        };
        let (mut members, mut name) = (&place.0, place.1.clone());
        let (last, inner) = path.steps.split_last()?;
        for step in inner {
            match along(members, step, &mut name)? {
                Target::Object(inner) => members = inner,
                _ => return None,
            }
        }
        Some((along(members, last, &mut name)?, name))
    }
}

fn along<'m>(members: &'m [Member], step: &SourceStep, name: &mut String) -> Option<&'m Target> {
    let target = &members.iter().find(|m| m.name == step.name)?.target;
    if !name.is_empty() {
        name.push('.');
    }
    name.push_str(&step.name);
    if matches!(step.pick, Pick::Only) {
        return Some(target);
    }
    let Target::List { item, .. } = target else {
        return None;
    };
    if let Pick::Where(key, _) = &step.pick {
        let Target::Object(inner) = item.as_ref() else {
            return None;
        };
        inner.iter().find(|member| member.name == *key)?;
    }
    Some(item)
}

/// A value that rules are asked of, within those around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'v> {
    pub here: &'v Value,
    pub around: Option<&'v Scope<'v>>,
}

impl<'v> Scope<'v> {
    fn start(&self, start: Start) -> Option<&'v Value> {
        let mut scope = *self;
        match start {
            Start::Whole => {
                while let Some(around) = scope.around {
                    scope = *around;
                }
            }
            Start::Around(levels) => {
                for _ in 0..levels {
                    scope = *scope.around?;
                }
            }
        }
        Some(scope.here)
    }

    /// The first value a path leads to.
    pub fn first(&self, path: &SourcePath) -> Option<&'v Value> {
        let first = |value: &'v Value, step: &SourceStep| step.all(value).into_iter().next();
        path.steps
            .iter()
            .try_fold(self.start(path.start)?, first)
            .filter(|value| !value.is_null())
    }

    /// Every value a path leads to.
    pub fn all(&self, path: &SourcePath) -> Vec<&'v Value> {
        let mut values: Vec<&Value> = self.start(path.start).into_iter().collect();
        for step in &path.steps {
            values = values.into_iter().flat_map(|value| step.all(value)).collect();
        }
        values.retain(|value| !value.is_null());
        values
    }
}

impl SourceStep {
    fn all<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let Some(inner) = value.get(&*self.name) else {
            return Vec::new();
        };
        let items = || inner.as_array().into_iter().flatten();
        match &self.pick {
            Pick::Only => vec![inner],
            Pick::First => items().take(1).collect(),
            Pick::Each => items().collect(),
            Pick::Where(key, wanted) => items()
                .filter(|item| item[&**key].as_str() == Some(wanted))
                .take(1)
                .collect(),
        }
    }
}
