//! No function is longer than what a reader can hold in mind at once. A long one does several things in turn: each of them gets a
//! name, and the function becomes the list of these names. Tests count as well: a long story is told in steps, and a long table of
//! cases stands beside the function as a constant.

use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::imports::files;

/// A function has at most so many lines, from its `fn` to its closing brace.
const LINES: usize = 70;

/// A reader that sees nothing finds nothing long either.
const SEEN_AT_LEAST: usize = 5_800;

#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Every function with a body, inside macros too, and those inside others. One that a macro makes has the name of the macro's
/// variable.
fn functions(stream: TokenStream, found: &mut Vec<Function>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => functions(group.stream(), found),
            TokenTree::Ident(word) if word == "fn" => found.extend(function(&tokens[at..])),
            _ => {}
        }
    }
}

/// The function that begins here; none where it is only declared, or is the type of one.
fn function(tokens: &[TokenTree]) -> Option<Function> {
    let name = match &tokens[1..] {
        [TokenTree::Ident(name), ..] => name.to_string(),
        [TokenTree::Punct(sign), TokenTree::Ident(name), ..] if sign.as_char() == '$' => format!("${name}"),
        _ => return None,
    };
    let end = tokens.iter().find(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    })?;
    let TokenTree::Group(body) = end else {
        return None;
    };
    let line = tokens[0].span().start().line;
    Some(Function {
        name,
        line,
        lines: body.span_close().end().line + 1 - line,
    })
}

fn functions_of(text: &str) -> Vec<Function> {
    let mut found = Vec::new();
    let stream = text.parse().unwrap_or_else(|e| panic!("{e} in\n{text}"));
    functions(stream, &mut found);
    found
}

#[test]
fn no_function_is_longer_than_one_can_follow() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = Vec::new();
    files(&root.join("src"), &mut paths);
    files(&root.join("tests"), &mut paths);
    let (mut seen, mut long) = (0, Vec::new());
    for path in &paths {
        let found = functions_of(&std::fs::read_to_string(path).unwrap());
        seen += found.len();
        let place = path.strip_prefix(root).unwrap().display();
        let over = found.into_iter().filter(|function| function.lines > LINES);
        long.extend(over.map(|Function { name, line, lines }| {
            (lines, format!("  {place}:{line}: `{name}` has {lines} lines"))
        }));
    }
    assert!(seen >= SEEN_AT_LEAST, "only {seen} functions were looked at");
    long.sort_by_key(|(lines, _)| std::cmp::Reverse(*lines));
    let told: Vec<String> = long.into_iter().map(|(_, told)| told).collect();
    assert!(
        told.is_empty(),
        "functions of more than {LINES} lines, to be split where a reader would pause:\n{}",
        told.join("\n")
    );
}

/// The scanner itself: what is a function, where it begins and where it ends.
#[test]
fn the_scanner_measures_from_the_signature_to_the_closing_brace() {
    let text = "\
/// A comment is no part of it,
#[test]
pub(crate) async fn first<T>(
    it: impl Fn(T) -> [u8; 2],
) -> Option<T> where T: Copy {
    let text = \"fn no() {\"; // fn neither() {
    fn inner() { }
    let pointer: fn(u8) -> u8 = |x| { x };
}
trait Declares { fn declared(&self) -> [u8; 2]; fn default() {
} }
macro_rules! makes { ($name:ident) => { fn $name() {

} }; }
on_both! { async fn played(stage) {
} }
const fn last() {}
";
    let mut found = functions_of(text);
    found.sort_by_key(|function| function.line);
    let measured: Vec<(&str, usize, usize)> = found
        .iter()
        .map(|function| (function.name.as_str(), function.line, function.lines))
        .collect();
    let expected = [
        ("first", 3, 7),
        ("inner", 7, 1),
        ("default", 10, 2),
        ("$name", 12, 3),
        ("played", 15, 2),
        ("last", 17, 1),
    ];
    assert_eq!(measured, expected);
}

/// A function at the bound is none too long, and one of a line more is.
#[test]
fn a_line_more_than_the_bound_is_seen() {
    let of = |lines: usize| format!("fn long() {{{}}}", "\n".repeat(lines - 1));
    let is_long = |text: String| functions_of(&text)[0].lines > LINES;
    assert!(!is_long(of(LINES)));
    assert!(is_long(of(LINES + 1)));
}
