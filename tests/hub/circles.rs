//! No files of the source form a circle: a file can be understood with those it takes from, and none of these takes from it.
//!
//! Read is every path in code and inside macros, and in the strings of attributes; what stands under `#[cfg(test)]` is free. A file
//! takes from the file that defines the thing, not from those that hand it on: a room's file may bring out what its children
//! define, and a child may take from there what its sibling defines. Methods are not followed.
//!
//! Nor is a file longer than can be understood at once.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Spacing, TokenStream, TokenTree};

use crate::imports::{after_test, files, is_cfg_test, sources, src};

/// A path, or the module of a file, name by name from the root of the crate.
type Names = Vec<String>;

/// What begins a definition.
const DEFINES: [&str; 8] = [
    "struct", "enum", "union", "fn", "trait", "type", "const", "static",
];

/// One file, as far as its paths go.
#[derive(Default)]
struct File {
    /// Where it stands under `src`.
    place: String,
    /// What it defines at its own level.
    defines: BTreeSet<String>,
    /// Names it has from elsewhere, with their paths.
    brings: BTreeMap<String, Names>,
    /// Modules it has every name of.
    globs: Vec<Names>,
    /// Names that it hands on.
    hands_on: BTreeMap<String, Names>,
    /// Paths it names in its code and brings in for itself.
    takes: Vec<Names>,
    /// First words of the paths in its code.
    words: BTreeSet<String>,
}

impl File {
    fn read(&mut self, stream: TokenStream, is_top: bool) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is_cfg_test(&tokens[at..]) {
                at = after_test(&tokens, at);
                continue;
            }
            let next = tokens.get(at + 1);
            match &tokens[at] {
                TokenTree::Group(group) => self.read(group.stream(), false),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let path: Names = text.trim_matches('"').split("::").map(str::to_owned).collect();
                    let is_path = path.len() > 1 && path.iter().all(|name| is_name(name));
                    self.takes.extend(Some(path).filter(|_| is_path));
                }
                TokenTree::Ident(word) if word == "use" && !next.is_some_and(|t| is(t, '<')) => {
                    let end = (at..tokens.len()).find(|i| is(&tokens[*i], ';'));
                    let end = end.unwrap_or(tokens.len());
                    let hands_on = at > 0
                        && match &tokens[at - 1] {
                            TokenTree::Ident(word) => word == "pub",
                            before => {
                                matches!(before, TokenTree::Group(_))
                                    && at > 1
                                    && is_word(&tokens[at - 2], "pub")
                            }
                        };
                    self.brought(&tokens[at + 1..end], is_top, hands_on);
                    at = end;
                }
                TokenTree::Ident(word) => {
                    if let Some(TokenTree::Ident(name)) = next
                        && is_top
                        && DEFINES.iter().any(|d| word == d)
                    {
                        self.defines.insert(name.to_string());
                    }
                    if let (true, Some(TokenTree::Ident(name))) = (word == "macro_rules", tokens.get(at + 2))
                    {
                        self.defines.insert(name.to_string());
                    }
                    let mut path = vec![word.to_string()];
                    let begins = begins(&tokens, at);
                    while let Some([colon, _, TokenTree::Ident(name)]) = tokens.get(at + 1..at + 4)
                        && is_joint(colon)
                    {
                        path.push(name.to_string());
                        at += 3;
                    }
                    if begins {
                        self.words.insert(path[0].clone());
                        self.takes.extend(Some(path).filter(|path| path.len() > 1));
                    }
                }
                TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }

    /// Notes what a `use` brings.
    fn brought(&mut self, tokens: &[TokenTree], is_top: bool, hands_on: bool) {
        let mut found = Vec::new();
        leaves(tokens, Vec::new(), &mut found);
        for (path, name) in found {
            if name == "*" {
                self.globs.extend(Some(path).filter(|_| is_top));
                continue;
            }
            if is_top {
                self.brings.insert(name.clone(), path.clone());
            }
            if hands_on {
                self.hands_on.insert(name, path);
            } else {
                self.takes.push(path);
            }
        }
    }
}

/// The paths of a tree of `use`, each with the name it has here.
fn leaves(tokens: &[TokenTree], mut path: Names, found: &mut Vec<(Names, String)>) {
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                found.push((path, tokens[i + 1].to_string()));
                return;
            }
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for part in inner.split(|t| is(t, ',')).filter(|part| !part.is_empty()) {
                    leaves(part, path.clone(), found);
                }
                return;
            }
            token if is(token, '*') => {
                found.push((path, "*".to_owned()));
                return;
            }
            _ => {}
        }
    }
    if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
        path.pop();
    }
    let name = path.last().cloned().unwrap_or_default();
    found.push((path, name));
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == sign)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(found) if found == word)
}

/// Whether this is the first of two colons.
fn is_joint(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == ':' && p.spacing() == Spacing::Joint)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a path begins at a word: it is neither the rest of one, nor a member of something, nor the name of a module declared here.
fn begins(tokens: &[TokenTree], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| &tokens[i]) else {
        return true;
    };
    let earlier = at.checked_sub(2).map(|i| &tokens[i]);
    let goes_on = is(before, ':') && earlier.is_some_and(is_joint);
    let is_member = is(before, '.') && !earlier.is_some_and(|t| is(t, '.'));
    !goes_on && !is_member && !is_word(before, "mod")
}

/// What a path leads to.
enum Found {
    /// A thing that this file defines.
    Thing(Names),
    /// A module: what is taken through it counts, its name does not.
    Module,
}

/// The files of the crate, by their modules.
struct House(BTreeMap<Names, File>);

impl House {
    fn of(texts: impl IntoIterator<Item = (String, String)>) -> House {
        let files = texts.into_iter().map(|(place, text)| {
            let mut module: Names = place
                .trim_end_matches(".rs")
                .split('/')
                .map(str::to_owned)
                .collect();
            if module.last().is_some_and(|name| name == "mod") {
                module.pop();
            }
            let stream = text.parse().unwrap_or_else(|e| panic!("{place}: {e}"));
            let mut file = File {
                place,
                ..File::default()
            };
            file.read(stream, true);
            (module, file)
        });
        House(files.collect())
    }

    /// Where a path leads that stands in a file; nothing where it leaves the crate.
    fn lead(&self, from: &[String], path: &[String], steps: usize) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let ups = path.iter().take_while(|name| *name == "super").count();
        let (first, rest) = path.split_first()?;
        if first == "crate" {
            return self.walk(Vec::new(), rest, steps);
        }
        if first == "self" {
            return self.walk(from.to_vec(), rest, steps);
        }
        if ups > 0 {
            let up = from.len().checked_sub(ups)?;
            return self.walk(from[..up].to_vec(), &path[ups..], steps);
        }
        let child = [from, std::slice::from_ref(first)].concat();
        if self.0.contains_key(&child) {
            return self.walk(from.to_vec(), path, steps);
        }
        let brought = self.0.get(from)?.brings.get(first)?;
        if brought.first() == Some(first) {
            return None;
        }
        self.lead(from, &[brought, rest].concat(), steps)
    }

    /// Where the rest of a path leads from a module on.
    fn walk(&self, module: Names, rest: &[String], steps: usize) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let Some((name, after)) = rest.split_first() else {
            return Some(Found::Module);
        };
        let child = [&module[..], std::slice::from_ref(name)].concat();
        let has_child = self.0.contains_key(&child);
        if has_child && !after.is_empty() {
            return self.walk(child, after, steps);
        }
        let file = self.0.get(&module)?;
        if file.defines.contains(name) {
            return Some(Found::Thing(module));
        }
        if let Some(brought) = file.brings.get(name)
            && let Some(found) = self.lead(&module, &[brought, after].concat(), steps)
        {
            return Some(found);
        }
        if has_child {
            return Some(Found::Module);
        }
        for glob in &file.globs {
            if let Some(Found::Thing(there)) = self.lead(&module, &[glob, rest].concat(), steps)
                && self.0[&there].defines.contains(name)
            {
                return Some(Found::Thing(there));
            }
        }
        // Made by a macro, or a thing of another crate that is handed on.
        (!file.brings.contains_key(name)).then_some(Found::Thing(module))
    }

    /// What each file takes from which other.
    fn arrows(&self) -> BTreeMap<&Names, BTreeMap<Names, BTreeSet<String>>> {
        self.0
            .iter()
            .map(|(module, file)| {
                let used = file
                    .hands_on
                    .iter()
                    .filter(|(name, _)| file.words.contains(*name));
                let mut taken: BTreeMap<Names, BTreeSet<String>> = BTreeMap::new();
                for path in file.takes.iter().chain(used.map(|(_, path)| path)) {
                    if let Some(Found::Thing(there)) = self.lead(module, path, 32)
                        && there != *module
                    {
                        taken.entry(there).or_default().insert(path.join("::"));
                    }
                }
                (module, taken)
            })
            .collect()
    }

    /// Every circle, told by its arrows.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let reached: BTreeMap<&Names, BTreeSet<&Names>> = (arrows.keys())
            .map(|module| {
                let (mut seen, mut open) = (BTreeSet::new(), vec![*module]);
                while let Some(here) = open.pop() {
                    open.extend(arrows[here].keys().filter(|there| seen.insert(*there)));
                }
                (*module, seen)
            })
            .collect();
        let mut told = Vec::new();
        let mut done: BTreeSet<&Names> = BTreeSet::new();
        for (module, seen) in &reached {
            if !seen.contains(module) || done.contains(module) {
                continue;
            }
            let circle: Vec<&Names> = seen
                .iter()
                .filter(|other| reached[*other].contains(module))
                .copied()
                .collect();
            done.extend(circle.iter().copied());
            let mut lines = vec![format!("a circle of {} files:", circle.len())];
            for from in &circle {
                for (to, paths) in arrows[from].iter().filter(|(to, _)| circle.contains(to)) {
                    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                    let (from, to) = (&self.0[*from].place, &self.0[to].place);
                    lines.push(format!("  src/{from} takes from src/{to}: {}", paths.join(", ")));
                }
            }
            told.push(lines.join("\n"));
        }
        told
    }
}

#[test]
fn no_files_form_a_circle() {
    let house = House::of(sources().into_iter().map(|source| {
        let place = source
            .path
            .strip_prefix(src())
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        (place, std::fs::read_to_string(&source.path).unwrap())
    }));
    let arrows: usize = house.arrows().values().map(BTreeMap::len).sum();
    // A reader that sees nothing finds no circle either.
    assert!(
        arrows > 3 * house.0.len(),
        "{arrows} arrows of {} files",
        house.0.len()
    );
    let circles = house.circles();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// More lines than this are more than one subject.
const LINES: usize = 500;

/// A file can be read in one sitting, and its name says what is in it: one that grows past this has come to hold a second subject,
/// which belongs into a file of its own. Tests count as well.
#[test]
fn no_file_is_longer_than_one_subject() {
    let mut paths = Vec::new();
    files(&src(), &mut paths);
    assert!(paths.len() > 100, "nothing was looked at");
    let mut long: Vec<(usize, String)> = (paths.iter())
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let place = path.strip_prefix(src()).unwrap().display().to_string();
            (text.lines().count(), place)
        })
        .filter(|(lines, _)| *lines > LINES)
        .collect();
    long.sort_by_key(|(lines, _)| std::cmp::Reverse(*lines));
    let told: Vec<String> = (long.iter())
        .map(|(lines, place)| format!("  src/{place}: {lines}"))
        .collect();
    assert!(
        told.is_empty(),
        "files of more than {LINES} lines, to be split by their subjects:\n{}",
        told.join("\n")
    );
}

/// The reader itself: what is a circle, and what is none.
#[test]
fn a_circle_is_seen_and_what_is_handed_on_is_none() {
    let house = |files: &[(&str, &str)]| {
        House::of(
            files
                .iter()
                .map(|(place, text)| ((*place).to_owned(), (*text).to_owned())),
        )
        .circles()
    };
    let handed_on = [
        (
            "a/mod.rs",
            "mod b; mod c; pub use b::{B, Other as Named}; pub(crate) use c::C;",
        ),
        (
            "a/b.rs",
            "pub struct B; pub struct Other; #[cfg(test)] mod tests { use super::super::C; }",
        ),
        ("a/c.rs", "use super::{B, Named}; pub struct C(B, Named);"),
        ("d.rs", "use crate::a; fn f(_: a::C) {} // crate::e::E"),
        ("e.rs", "pub struct E(crate::d::Missing);"),
    ];
    assert_eq!(house(&handed_on), [""; 0]);
    let circles: [&[(&str, &str)]; 7] = [
        &[
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B(crate::a::A);"),
        ],
        // Defined in the parent that uses the child.
        &[
            ("a/mod.rs", "mod b; pub struct A(b::B);"),
            ("a/b.rs", "use super::A; pub struct B;"),
        ],
        // Handed on, and used as well.
        &[
            ("a/mod.rs", "mod b; pub use b::B; pub struct A(B);"),
            ("a/b.rs", "pub struct B; fn f(_: super::A) {}"),
        ],
        // By a module's name, inside a macro, and by an attribute.
        &[
            ("a.rs", "use crate::b; pub struct A; fn f() { b::g() }"),
            ("b.rs", "fn h() { m!(x, [crate::a::A]) } pub fn g() {}"),
        ],
        &[
            (
                "a.rs",
                "#[serde(with = \"crate::b\")] pub struct A; #[x(y = \"crate::b::g\")] struct C;",
            ),
            ("b.rs", "use crate::a::A; pub fn g() {}"),
        ],
        // Through a glob, and through a name of one's own.
        &[
            ("a.rs", "use crate::c::*; pub struct A; fn f(_: crate::c::B) {}"),
            ("b.rs", "use crate::a::A as It; pub struct B;"),
            ("c.rs", "pub use crate::b::*;"),
        ],
        &[
            ("a.rs", "use crate::{b::{self, B as Renamed}}; pub struct A;"),
            ("b.rs", "pub struct B; pub struct D(crate::c::C);"),
            ("c.rs", "pub struct C; fn f(x: crate::a::A) -> u8 { x.b }"),
        ],
    ];
    for files in circles {
        assert_eq!(house(files).len(), 1, "{files:?}");
    }
}
