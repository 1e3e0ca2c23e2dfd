//! Who may import whom: the table of `docs/ARCHITECTURE.md` against the source, token by token, inside macros too.
//!
//! A room is a file or folder right under `src`. What stands under `#[cfg(test)]` is free to import what it tests with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Crates that one room, or two, may name.
const CRATES: [(&str, &[&str]); 14] = [
    ("diesel", &["store"]),
    ("tokio_postgres", &["store"]),
    ("diesel_migrations", &["store"]),
    ("lapin", &["broker"]),
    ("actix_web", &["http", "console"]),
    ("actix_http", &["http"]),
    ("actix_server", &["http"]),
    ("actix_service", &["http"]),
    ("proxy_header", &["http"]),
    ("quick_xml", &["adapt", "http", "sim"]),
    ("jsonwebtoken", &["identity"]),
    ("object_store", &["blobs"]),
    ("ipnet", &["net"]),
    ("percent_encoding", &["domain", "http"]),
];

/// Rooms without IO: what they do is done when they return.
const PURE: [&str; 3] = ["domain", "adapt", "identity"];

pub(crate) struct Source {
    pub(crate) room: String,
    pub(crate) path: PathBuf,
    pub(crate) tokens: Vec<TokenTree>,
}

pub(crate) fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file under a folder, however deep.
pub(crate) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The file's tokens in one row, groups opened, without what stands under `#[cfg(test)]`; modules in files of their own that
/// stand there are noted in `exempt`.
pub(crate) fn flatten(
    stream: TokenStream,
    folder: &Path,
    into: &mut Vec<TokenTree>,
    exempt: &mut Vec<PathBuf>,
) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_cfg_test(&tokens[at..]) {
            let end = after_test(&tokens, at) - 1;
            if matches!(&tokens[end], TokenTree::Punct(_)) {
                exempt.extend(module_file(&tokens[at + 2..end], folder));
            }
            at = end + 1;
            continue;
        }
        into.push(tokens[at].clone());
        if let TokenTree::Group(group) = &tokens[at] {
            flatten(group.stream(), folder, into, exempt);
        }
        at += 1;
    }
}

/// Whether an attribute `#[cfg(test)]` begins here.
pub(crate) fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(p), TokenTree::Group(g), ..]
        if p.as_char() == '#' && g.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// Where what stands after the item begins whose `#[cfg(test)]` is here.
pub(crate) fn after_test(tokens: &[TokenTree], at: usize) -> usize {
    let end = (at + 2..tokens.len()).find(|i| match &tokens[*i] {
        TokenTree::Group(g) => g.delimiter() == Delimiter::Brace,
        TokenTree::Punct(p) => p.as_char() == ';',
        _ => false,
    });
    end.map_or(tokens.len(), |end| end + 1)
}

/// Where the module declared by these tokens stands, without its ending.
fn module_file(tokens: &[TokenTree], folder: &Path) -> Option<PathBuf> {
    let named = tokens.iter().find_map(|t| match t {
        TokenTree::Group(g) => {
            let text = g.stream().to_string();
            let path = text.strip_prefix("path = \"")?.strip_suffix(".rs\"")?;
            Some(path.to_owned())
        }
        _ => None,
    });
    let declared = tokens.windows(2).find_map(|pair| match pair {
        [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "mod" => Some(name.to_string()),
        _ => None,
    });
    let named_or_declared = named.or(declared)?;
    Some(folder.join(named_or_declared))
}

/// Every file of every room, without tests.
pub(crate) fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    files(&src(), &mut paths);
    paths.sort();
    let mut exempt = Vec::new();
    let mut sources = Vec::new();
    for path in paths {
        let inside = path.strip_prefix(src()).unwrap();
        let first = inside.components().next().unwrap();
        let room = Path::new(first.as_os_str())
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        if ["lib", "main"].contains(&room.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let stream: TokenStream = text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let own_folder = match path.file_stem().and_then(|s| s.to_str()) {
            Some("mod") => path.parent().unwrap().to_owned(),
            _ => path.with_extension(""),
        };
        let mut tokens = Vec::new();
        let before = exempt.len();
        flatten(stream, &own_folder, &mut tokens, &mut exempt);
        // `#[path]` counts from the file's folder, not from the module's.
        let beside: Vec<PathBuf> = exempt[before..]
            .iter()
            .filter_map(|p: &PathBuf| Some(path.parent()?.join(p.file_name()?)))
            .collect();
        exempt.extend(beside.into_iter().filter(|p| p.with_extension("rs").exists()));
        sources.push(Source { room, path, tokens });
    }
    sources.retain(|s| {
        let stem = s.path.with_extension("");
        !exempt.iter().any(|e| stem == *e || stem.starts_with(e))
    });
    sources
}

/// The rooms named by `crate::room`, `$crate::room` and `crate::{room, …}` with the line of each.
fn named_rooms(source: &Source) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (i, token) in source.tokens.iter().enumerate() {
        if !matches!(token, TokenTree::Ident(word) if word == "crate") {
            continue;
        }
        let is_path = source.tokens[i + 1..]
            .iter()
            .take(2)
            .all(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ':'));
        match source.tokens.get(i + 3) {
            Some(TokenTree::Ident(room)) if is_path => {
                found.push((room.to_string(), room.span().start().line));
            }
            Some(TokenTree::Group(group)) if is_path => {
                // The first word of each part of `{a::b, c}`.
                let mut begins = true;
                for part in group.stream() {
                    match part {
                        TokenTree::Ident(room) if begins => {
                            found.push((room.to_string(), room.span().start().line));
                            begins = false;
                        }
                        TokenTree::Punct(p) if p.as_char() == ',' => begins = true,
                        _ => begins = false,
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The table: each room with the rooms it may import.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ARCHITECTURE.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (_, rest) = text
        .split_once("| room | may import |\n|---|---|\n")
        .expect("the table of imports");
    let words =
        |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    rest.lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let [room, imports] = cells[..] else {
                panic!("{line}")
            };
            (
                words(room).pop_first().expect("a room in backticks"),
                words(imports),
            )
        })
        .collect()
}

#[test]
fn the_table_of_imports_is_what_the_source_does() {
    let table = table();
    let sources = sources();
    let rooms: BTreeSet<&str> = sources.iter().map(|s| s.room.as_str()).collect();
    assert_eq!(
        rooms,
        table.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        "one row a room"
    );
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for source in &sources {
        for (room, line) in named_rooms(source) {
            if room == source.room || !rooms.contains(room.as_str()) {
                continue;
            }
            if !table[&source.room].contains(&room) {
                let path = source.path.strip_prefix(src()).unwrap().display();
                faults.push(format!(
                    "src/{path}:{line}: `{}` may not import `{room}`",
                    source.room
                ));
            }
            used.entry(&source.room).or_default().insert(room);
        }
    }
    for (room, imports) in &table {
        let used = used.remove(room.as_str()).unwrap_or_default();
        for unused in imports.difference(&used) {
            faults.push(format!("docs/ARCHITECTURE.md: `{room}` never imports `{unused}`"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_crate_is_named_only_where_it_belongs() {
    let mut faults = Vec::new();
    for source in sources() {
        for token in &source.tokens {
            let TokenTree::Ident(word) = token else { continue };
            let at = || format!("{}:{}", source.path.display(), word.span().start().line);
            for (name, rooms) in CRATES {
                if word == name && !rooms.contains(&source.room.as_str()) {
                    faults.push(format!("{}: only {rooms:?} may name {name}", at()));
                }
            }
            if (word == "async" || word == "await") && PURE.contains(&source.room.as_str()) {
                faults.push(format!("{}: {PURE:?} have no async", at()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_answers_never_reaches_past_the_verbs() {
    let table = table();
    for room in ["http", "console"] {
        assert!(
            table.get(room).is_none_or(|imports| !imports.contains("store")),
            "{room} names store"
        );
    }
}

/// The scanner itself: what it must see, and what it must leave out.
#[test]
fn the_scanner_sees_macros_groups_and_skips_tests() {
    let text = "use crate::{domain::codes, store}; fn f() { m!(crate::broker::X); } macro_rules! n { () => { $crate::net::y() } } \
                #[cfg(test)] mod tests { use crate::service; } #[cfg(test)] mod apart; fn g(_: crate::adapt::A) {} \
                const S: &str = \"crate::client\"; // crate::sim";
    let (mut tokens, mut exempt) = (Vec::new(), Vec::new());
    flatten(
        text.parse().unwrap(),
        Path::new("src/room"),
        &mut tokens,
        &mut exempt,
    );
    let source = Source {
        room: "room".to_owned(),
        path: PathBuf::new(),
        tokens,
    };
    let rooms: Vec<String> = named_rooms(&source).into_iter().map(|r| r.0).collect();
    assert_eq!(rooms, ["domain", "store", "broker", "net", "adapt"]);
    assert_eq!(exempt, [PathBuf::from("src/room/apart")]);
}
