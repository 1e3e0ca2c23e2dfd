//! One word for one thing: what two rooms call alike is one type, which one of them has and the other imports.
//!
//! Whoever reads `Ledger`, searches for it or says it aloud means one thing then, whatever room they are in, and need not look
//! at the imports first. The words that took part in the last sorting-out are at the end of `docs/GLOSSARY.md`. Counted is what
//! is `pub` and nothing less: what only its own room, or a part of it, can name may be called as suits there. What the arguments
//! of a macro name (`words!` of the store) is not seen.

use std::collections::BTreeMap;

use proc_macro2::TokenTree;

use crate::imports::{flatten, sources, src};

/// The words before the name of a type.
const KINDS: [&str; 5] = ["struct", "enum", "trait", "type", "union"];

/// The types that are `pub`, each with its line. `pub(crate)` is a `pub` with a group after it.
fn public_types(tokens: &[TokenTree]) -> Vec<(String, usize)> {
    let is_public = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    let mut found = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| is_public(token)) {
        let after = &tokens[at + 1..];
        let after = match after {
            [TokenTree::Ident(word), rest @ ..] if word == "unsafe" => rest,
            _ => after,
        };
        if let [TokenTree::Ident(kind), TokenTree::Ident(name), ..] = after
            && KINDS.iter().any(|k| kind == k)
        {
            found.push((name.to_string(), name.span().start().line));
        }
    }
    found
}

#[test]
fn no_two_rooms_have_public_types_of_one_name() {
    let mut named: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for source in sources() {
        let path = source.path.strip_prefix(src()).unwrap().display();
        for (name, line) in public_types(&source.tokens) {
            let rooms = named.entry(name).or_default();
            let places = rooms.entry(source.room.clone()).or_default();
            places.push(format!("src/{path}:{line}"));
        }
    }
    assert!(named.contains_key("Hub"), "nothing was looked at");
    let twice: Vec<String> = named
        .into_iter()
        .filter(|(_, rooms)| rooms.len() > 1)
        .map(|(name, rooms)| {
            let places: Vec<String> = rooms.into_values().flatten().collect();
            format!("`{name}` is {}", places.join(" and "))
        })
        .collect();
    assert!(
        twice.is_empty(),
        "these names mean something else in another room (docs/GLOSSARY.md, “Names in the code”):\n{}",
        twice.join("\n")
    );
}

/// The scanner itself: what counts, and what does not.
#[test]
fn the_scanner_sees_what_is_public_and_nothing_less() {
    let text = "pub struct A; mod inner { pub enum B {} pub(crate) struct No; pub(in crate::room) union Nor {} } \
                pub unsafe trait C {} struct Neither; impl C for A { type Kind = (); } pub type D = A; pub fn type_of() {} \
                #[cfg(test)] mod tests { pub struct Hidden; } macro_rules! m { () => { pub enum E {} pub enum $name {} }; } \
                const S: &str = \"pub struct Text;\"; // pub struct Comment;";
    let (mut tokens, mut exempt) = (Vec::new(), Vec::new());
    flatten(
        text.parse().unwrap(),
        std::path::Path::new("src/room"),
        &mut tokens,
        &mut exempt,
    );
    let names: Vec<String> = public_types(&tokens).into_iter().map(|t| t.0).collect();
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
}
