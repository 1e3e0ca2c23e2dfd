//! Each library is a promise by others that we pass on: `docs/decisions` has the reason for every one that `Cargo.toml` names.

use std::collections::BTreeSet;
use std::path::Path;

/// The libraries a manifest names, those for tests too.
fn named(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|section| manifest.get(section)?.as_table())
        .flat_map(|section| section.keys().cloned())
        .collect()
}

/// What a page puts in backticks.
fn in_backticks(page: &str) -> impl Iterator<Item = &str> {
    page.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn a_decision_gives_the_reason_for_every_library() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let libraries = named(&std::fs::read_to_string(root.join("Cargo.toml")).unwrap());
    assert!(
        libraries.contains("serde") && libraries.contains("proptest"),
        "nothing was looked at"
    );
    let mut unexplained = libraries;
    for page in std::fs::read_dir(root.join("docs/decisions")).unwrap() {
        let page = std::fs::read_to_string(page.unwrap().path()).unwrap();
        for word in in_backticks(&page) {
            unexplained.remove(word);
        }
    }
    assert!(
        unexplained.is_empty(),
        "no page of docs/decisions says why these libraries are here (0012-libraries.md has a table): {unexplained:?}"
    );
}

/// The reader itself: sections in either form, and words on one line.
#[test]
fn the_reader_sees_every_library_and_every_word() {
    let manifest = "[dependencies]\na = \"1\"\nb-c = { version = \"2\" }\n[dependencies.d]\nversion = \"1\"\n\
                    [dev-dependencies]\ne = \"1\"\n[lints.rust]\nno = \"deny\"";
    assert_eq!(
        named(manifest).into_iter().collect::<Vec<_>>(),
        ["a", "b-c", "d", "e"]
    );
    let page = "| `a`, `b-c` | no | an apostrophe` |\nand `d`\n";
    assert_eq!(in_backticks(page).collect::<Vec<_>>(), ["a", "b-c", " |", "d"]);
}
