//! No files of the source form a circle: a file can be understood with those it takes from, and none of these takes from it.
//!
//! Read is every path in code and inside macros, and in the strings of attributes; what stands under `#[cfg(test)]` is free. A file
//! takes from the file that defines the thing, not from those that hand it on: a room's file may bring out what its children
//! define, and a child may take from there what its sibling defines. Names that a star brings are looked for in what stands
//! behind it, and what a macro makes is where the macro is called. Methods are not followed.
//!
//! Nor is a file longer than can be understood at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};

use crate::imports::{after_test, files, is_cfg_test, sources, src};

mod examples;

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
    /// Its module, also where this is a module inside it.
    of: Names,
    /// What it defines at its own level.
    defines: BTreeSet<String>,
    /// What macros may make that are called at its own level.
    makes: BTreeSet<String>,
    /// Modules that stand in it whole.
    inner: Vec<(String, TokenStream)>,
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

/// Whether what follows these is `pub`, or `pub` to somebody.
fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., word, TokenTree::Group(_)] | [.., word] => is_word(word, "pub"),
        [] => false,
    }
}

/// The name that this word defines, by what follows it.
fn defined(word: &Ident, after: &[TokenTree], is_top: bool) -> Option<String> {
    match after {
        [TokenTree::Ident(name), ..] if is_top && DEFINES.iter().any(|d| word == d) => Some(name.to_string()),
        [_, TokenTree::Ident(name), ..] if word == "macro_rules" => Some(name.to_string()),
        _ => None,
    }
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
                TokenTree::Group(group) => {
                    if is_top
                        && at > 1
                        && is(&tokens[at - 1], '!')
                        && !is_word(&tokens[at - 2], "macro_rules")
                    {
                        self.makes.extend(made(group.stream()));
                    }
                    self.read(group.stream(), false);
                }
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let path: Names = text.trim_matches('"').split("::").map(str::to_owned).collect();
                    let is_path = path.len() > 1 && path.iter().all(|name| is_name(name));
                    self.takes.extend(Some(path).filter(|_| is_path));
                }
                TokenTree::Ident(word) if word == "use" && !next.is_some_and(|t| is(t, '<')) => {
                    let end = (at..tokens.len()).find(|i| is(&tokens[*i], ';'));
                    let end = end.unwrap_or(tokens.len());
                    self.brought(&tokens[at + 1..end], is_top, is_public(&tokens[..at]));
                    at = end;
                }
                TokenTree::Ident(word)
                    if let ("mod", true, Some([TokenTree::Ident(name), TokenTree::Group(group)])) =
                        (word.to_string().as_str(), is_top, tokens.get(at + 1..at + 3)) =>
                {
                    self.inner.push((name.to_string(), group.stream()));
                    at += 2;
                }
                TokenTree::Ident(word) => {
                    self.defines.extend(defined(word, &tokens[at + 1..], is_top));
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
                // Of an enum, its variants; of a module, nothing yet.
                self.takes.extend(Some(path.clone()).filter(|_| !hands_on));
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

/// What a macro may make of this: names that begin a part of it, or that it defines as code does.
fn made(stream: TokenStream) -> BTreeSet<String> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let begins = |at: &usize| match at.checked_sub(1).map(|before| &tokens[before]) {
        None | Some(TokenTree::Group(_)) => true,
        Some(TokenTree::Punct(sign)) => matches!(sign.as_char(), ',' | ';'),
        Some(TokenTree::Ident(word)) => DEFINES.iter().any(|d| word == d),
        Some(TokenTree::Literal(_)) => false,
    };
    (0..tokens.len())
        .filter(begins)
        .filter_map(|at| match &tokens[at] {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        })
        .collect()
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
        let mut files = BTreeMap::new();
        for (place, text) in texts {
            let mut module: Names = place
                .trim_end_matches(".rs")
                .split('/')
                .map(str::to_owned)
                .collect();
            if module.last().is_some_and(|name| name == "mod") {
                module.pop();
            }
            let stream = text.parse().unwrap_or_else(|e| panic!("{place}: {e}"));
            let mut open = vec![(module.clone(), stream)];
            while let Some((inside, stream)) = open.pop() {
                let mut file = File {
                    place: place.clone(),
                    of: module.clone(),
                    ..File::default()
                };
                file.read(stream, true);
                let inner = std::mem::take(&mut file.inner).into_iter();
                open.extend(inner.map(|(name, stream)| ([&inside[..], &[name]].concat(), stream)));
                files.insert(inside, file);
            }
        }
        House(files)
    }

    /// Where a path leads that stands in a file; nothing where it leaves the crate, nor, where it has to be `sure`, where the thing
    /// is not to be seen.
    fn lead(&self, from: &[String], path: &[String], sure: bool, steps: usize) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let ups = path.iter().take_while(|name| *name == "super").count();
        let (first, rest) = path.split_first()?;
        if first == "crate" {
            return self.walk(Vec::new(), rest, sure, steps);
        }
        if first == "self" {
            return self.walk(from.to_vec(), rest, sure, steps);
        }
        if ups > 0 {
            let up = from.len().checked_sub(ups)?;
            return self.walk(from[..up].to_vec(), &path[ups..], sure, steps);
        }
        let child = [from, std::slice::from_ref(first)].concat();
        if self.0.contains_key(&child) {
            return self.walk(from.to_vec(), path, sure, steps);
        }
        let brought = self.0.get(from)?.brings.get(first)?;
        if brought.first() == Some(first) {
            return None;
        }
        self.lead(from, &[brought, rest].concat(), sure, steps)
    }

    /// Where the rest of a path leads from a module on.
    fn walk(&self, module: Names, rest: &[String], sure: bool, steps: usize) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let Some((name, after)) = rest.split_first() else {
            return Some(Found::Module);
        };
        let child = [&module[..], std::slice::from_ref(name)].concat();
        let has_child = self.0.contains_key(&child);
        if has_child && !after.is_empty() {
            return self.walk(child, after, sure, steps);
        }
        let file = self.0.get(&module)?;
        if file.defines.contains(name) {
            return Some(Found::Thing(module));
        }
        if let Some(brought) = file.brings.get(name)
            && let Some(found) = self.lead(&module, &[brought, after].concat(), sure, steps)
        {
            return Some(found);
        }
        if has_child {
            return Some(Found::Module);
        }
        for glob in &file.globs {
            let found = self.lead(&module, &[glob, rest].concat(), true, steps);
            if let Some(Found::Thing(_)) = found {
                return found;
            }
        }
        // Made by a macro, or a thing of another crate that is handed on.
        let may_be_here = !sure && !file.brings.contains_key(name);
        (may_be_here || file.makes.contains(name)).then_some(Found::Thing(module))
    }

    /// What the code of a file names that only a star can have brought.
    fn by_stars(&self, module: &[String], file: &File) -> Vec<Names> {
        let is_own = |word: &String| {
            file.defines.contains(word)
                || file.makes.contains(word)
                || file.brings.contains_key(word)
                || self
                    .0
                    .contains_key(&[module, std::slice::from_ref(word)].concat())
        };
        let words = file.words.iter().filter(|word| !is_own(word));
        words
            .flat_map(|word| {
                file.globs
                    .iter()
                    .map(move |glob| [&glob[..], std::slice::from_ref(word)].concat())
            })
            .collect()
    }

    /// What each file takes from which other.
    fn arrows(&self) -> BTreeMap<&Names, BTreeMap<&Names, BTreeSet<String>>> {
        let mut arrows: BTreeMap<&Names, BTreeMap<&Names, BTreeSet<String>>> = BTreeMap::new();
        for (module, file) in &self.0 {
            let used = file.hands_on.iter();
            let used = used
                .filter(|(name, _)| file.words.contains(*name))
                .map(|(_, path)| path);
            let by_stars = self.by_stars(module, file);
            let paths = file.takes.iter().chain(used).map(|path| (path, false));
            let taken = arrows.entry(&file.of).or_default();
            for (path, sure) in paths.chain(by_stars.iter().map(|path| (path, true))) {
                if let Some(Found::Thing(there)) = self.lead(module, path, sure, 32)
                    && self.0[&there].of != file.of
                {
                    taken
                        .entry(&self.0[&there].of)
                        .or_default()
                        .insert(path.join("::"));
                }
            }
        }
        arrows
    }

    /// Every circle, told by its arrows.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let reached: BTreeMap<&Names, BTreeSet<&Names>> = (arrows.keys())
            .map(|module| {
                let (mut seen, mut open) = (BTreeSet::new(), vec![*module]);
                while let Some(here) = open.pop() {
                    open.extend(arrows[here].keys().copied().filter(|there| seen.insert(*there)));
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
                for (to, paths) in arrows[*from].iter().filter(|(to, _)| circle.contains(to)) {
                    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                    let (from, to) = (&self.0[*from].place, &self.0[*to].place);
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src", "tests", "benches"] {
        files(&root.join(folder), &mut paths);
    }
    assert!(paths.len() > 700, "{} files were looked at", paths.len());
    let mut long: Vec<(usize, String)> = (paths.iter())
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let place = path.strip_prefix(root).unwrap().display().to_string();
            (text.lines().count(), place)
        })
        .filter(|(lines, _)| *lines > LINES)
        .collect();
    long.sort_by_key(|(lines, _)| std::cmp::Reverse(*lines));
    let told: Vec<String> = (long.iter())
        .map(|(lines, place)| format!("  {place}: {lines}"))
        .collect();
    assert!(
        told.is_empty(),
        "files of more than {LINES} lines, to be split by their subjects:\n{}",
        told.join("\n")
    );
}
