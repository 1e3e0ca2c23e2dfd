//! Whoever reads the log at night finds each line in `docs/OPERATIONS.md`: every warning and error that a hub can write is in its table
//! of messages, and everything in that table is a line that a hub can write.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};

use crate::imports::sources;

/// Rooms whose lines are no hub's: they play partners, or measure.
const OTHERS: [&str; 4] = ["sim", "bench", "client", "cli"];

/// The heading of the table.
const HEADING: &str = "| message | what it means | what to do |";

/// The messages of `tracing::level!(…)`, by level: the last text of each.
fn messages() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for source in sources()
        .iter()
        .filter(|source| !OTHERS.contains(&source.room.as_str()))
    {
        for (at, token) in source.tokens.iter().enumerate() {
            let [
                TokenTree::Ident(level),
                TokenTree::Punct(mark),
                TokenTree::Group(said),
            ] = &source.tokens[at..source.tokens.len().min(at + 3)]
            else {
                continue;
            };
            let is_level = ["error", "warn", "info"].iter().any(|name| level == name);
            let is_of_tracing =
                at >= 3 && matches!(&source.tokens[at - 3], TokenTree::Ident(word) if word == "tracing");
            if is_level && mark.as_char() == '!' && is_of_tracing {
                let text =
                    last_text(said.stream()).unwrap_or_else(|| panic!("{token}: a line without words"));
                found.entry(level.to_string()).or_default().insert(text);
            }
        }
    }
    found
}

fn last_text(said: TokenStream) -> Option<String> {
    let texts = said.into_iter().filter_map(|token| match token {
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned())
        }
        _ => None,
    });
    texts.last()
}

/// What the table names in its first column.
fn explained() -> BTreeSet<String> {
    let page = include_str!("../../docs/OPERATIONS.md");
    let (_, table) = page.split_once(HEADING).expect("the table of messages");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cell = row.split('|').nth(1).unwrap_or_default();
        let names = cell.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_line_that_asks_for_somebody_is_explained_and_no_other() {
    let (messages, explained) = (messages(), explained());
    assert!(explained.len() > 30, "{explained:?}");
    let written: BTreeSet<&String> = messages.values().flatten().collect();
    let asks = ["warn", "error"]
        .iter()
        .filter_map(|level| messages.get(*level))
        .flatten();
    let unexplained: Vec<&String> = asks.filter(|text| !explained.contains(*text)).collect();
    assert!(
        unexplained.is_empty(),
        "docs/OPERATIONS.md says nothing of {unexplained:#?}"
    );
    let unwritten: Vec<&String> = explained.iter().filter(|text| !written.contains(text)).collect();
    assert!(unwritten.is_empty(), "no hub writes {unwritten:#?}");
}
