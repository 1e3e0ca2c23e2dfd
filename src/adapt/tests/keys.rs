use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The fields of every struct of a source, each struct with its name.
fn structs(stream: TokenStream) -> Vec<(String, BTreeSet<String>)> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let of = |three: &[TokenTree]| match three {
        [
            TokenTree::Ident(word),
            TokenTree::Ident(name),
            TokenTree::Group(body),
        ] if word == "struct" && body.delimiter() == Delimiter::Brace => {
            Some((name.to_string(), fields(body.stream())))
        }
        _ => None,
    };
    tokens.windows(3).filter_map(of).collect()
}

/// What stands between `pub` and a colon.
fn fields(body: TokenStream) -> BTreeSet<String> {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let of = |three: &[TokenTree]| match three {
        [
            TokenTree::Ident(public),
            TokenTree::Ident(name),
            TokenTree::Punct(colon),
        ] if public == "pub" && colon.as_char() == ':' => {
            Some(name.to_string().trim_start_matches("r#").to_owned())
        }
        _ => None,
    };
    tokens.windows(3).filter_map(of).collect()
}

/// The keys in each row of the table of keys, in backticks.
fn rows(page: &str) -> BTreeSet<BTreeSet<String>> {
    let (_, table) = page.split_once("| Where | Keys |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let keys = rows.map(|row| row.split(" | ").nth(1).unwrap());
    keys.map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_page_of_adapters_names_every_key_and_no_other() {
    let sources = [
        include_str!("../spec.rs"),
        include_str!("../spec/file.rs"),
        include_str!("../spec/out.rs"),
    ];
    let sources = sources.map(|source| structs(source.parse().unwrap()));
    let structs: Vec<_> = sources.into_iter().flatten().collect();
    assert!(structs.len() > 10, "nothing was looked at");
    let rows = rows(include_str!("../../../docs/ADAPTERS.md"));
    let unsaid: Vec<_> = structs.iter().filter(|(_, keys)| !rows.contains(keys)).collect();
    assert!(
        unsaid.is_empty(),
        "docs/ADAPTERS.md has no row with just these keys: {unsaid:#?}"
    );
    let known: BTreeSet<&BTreeSet<String>> = structs.iter().map(|(_, keys)| keys).collect();
    let unknown: Vec<_> = rows.iter().filter(|keys| !known.contains(keys)).collect();
    assert!(
        unknown.is_empty(),
        "docs/ADAPTERS.md has rows of keys that are not accepted: {unknown:#?}"
    );
}
