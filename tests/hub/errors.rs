//! Every label has one line in `docs/ERRORS.md` and one example document under `tests/hub/errors`, and there is none without a
//! label. `UPDATE=1` writes both anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use lienthong::domain::rejection::{Label, Language, Problem};
use lienthong::domain::view::{ProblemDocument, ProblemView};

use crate::backends::optional_setting;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples() -> PathBuf {
    root().join("tests/hub/errors")
}

/// The labels as the source groups them: a comment of its own above each group's first label.
fn groups() -> Vec<(String, Vec<Label>)> {
    let source = std::fs::read_to_string(root().join("src/domain/rejection.rs")).unwrap();
    let (_, list) = source.split_once("\nlabels! {").unwrap();
    let (list, _) = list.split_once("\n}").unwrap();
    let mut groups: Vec<(String, Vec<Label>)> = Vec::new();
    for line in list.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix("// ") {
            groups.push((title.to_owned(), Vec::new()));
        } else if let Some(label) = line.split('"').nth(1).and_then(Label::parse) {
            groups
                .last_mut()
                .expect("a group begins with its comment")
                .1
                .push(label);
        }
    }
    groups
}

fn document() -> String {
    let mut text = "# What the hub can refuse\n\n\
        Every refusal is a problem document (RFC 9457) with a stable label. A label is never renamed; its sentences may get better.\n\
        One document lists all problems at once, each with its path in the sender's own document; the first decides the HTTP status.\n\
        A name in braces is filled in: a code, a limit, the name of a field, never a person's data. Warnings have labels of the same\n\
        kind, and come with an answer that was accepted. How a whole document looks is under `tests/hub/errors/<label>.json`.\n\n\
        Written from `src/domain/rejection.rs` by `UPDATE=1 cargo test --test hub errors::`, and held to it by the same test.\n"
        .to_owned();
    for (title, labels) in groups() {
        let mut chars = title.chars();
        let title: String = chars
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(chars)
            .collect();
        write!(
            text,
            "\n## {title}\n\n| Label | HTTP | Tiếng Việt | English |\n|---|---|---|---|\n"
        )
        .unwrap();
        for label in labels {
            let t = label.text();
            let cell = |s: &str| s.replace('|', "\\|").replace('<', "&lt;");
            let (vi, en) = (cell(t.advice_vi), cell(t.advice_en));
            writeln!(
                text,
                "| `{}` | {} | **{}.** {vi} | **{}.** {en} |",
                t.label, t.http_status, t.title_vi, t.title_en
            )
            .unwrap();
        }
    }
    text
}

/// The names in braces of a sentence.
fn holes(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}').map(|p| p.0))
}

/// A document with this one problem, each name filled with itself in guillemets.
fn example(label: Label) -> String {
    let fill = |name| (name, format!("«{name}»"));
    let args: BTreeMap<&str, String> = holes(label.text().advice_en).map(fill).collect();
    let kept = serde_json::json!({"label": label, "path": "/path/in/the/document", "args": args});
    let problem: Problem = serde_json::from_value(kept).unwrap();
    let document = ProblemDocument {
        kind: format!("https://hub.example/errors/{label}"),
        label,
        title: problem.title(Language::Vietnamese).to_owned(),
        status: label.text().http_status,
        detail: problem.advice(Language::Vietnamese),
        instance: "req_00000000000000000000000000000000".parse().unwrap(),
        refusal: None,
        problems: vec![ProblemView::of(&problem, Language::Vietnamese)],
    };
    serde_json::to_string_pretty(&document).unwrap() + "\n"
}

fn is_update() -> bool {
    optional_setting("UPDATE").is_some_and(|v| v == "1")
}

#[test]
fn the_page_lists_every_label_as_the_source_does() {
    let listed: Vec<Label> = groups().into_iter().flat_map(|g| g.1).collect();
    assert_eq!(
        listed,
        Label::ALL,
        "the groups of the source hold every label, in order"
    );
    let page = root().join("docs/ERRORS.md");
    if is_update() {
        std::fs::write(&page, document()).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == document(),
        "docs/ERRORS.md is not what the labels say; UPDATE=1 writes it anew"
    );
}

/// What was published stays: `labels.txt` is the list as it was reviewed, and not written from the source. A label may be added, by
/// hand or by `UPDATE=1`, which adds and changes nothing else; one that is gone, or has another status, breaks partners' code.
#[test]
fn what_was_published_stays() {
    let path = root().join("tests/hub/labels.txt");
    let reviewed = std::fs::read_to_string(&path).unwrap();
    let entry = |label: &Label| format!("{label} {}", label.text().http_status);
    let now: BTreeSet<String> = Label::ALL.iter().map(entry).collect();
    for line in reviewed.lines() {
        assert!(
            now.contains(line),
            "{line}: published, and not so in the source any more"
        );
    }
    let known: BTreeSet<&str> = reviewed.lines().collect();
    assert_eq!(known.len(), reviewed.lines().count(), "listed twice");
    let new: Vec<String> = Label::ALL
        .iter()
        .map(entry)
        .filter(|e| !known.contains(e.as_str()))
        .collect();
    if is_update() {
        std::fs::write(
            &path,
            reviewed.clone() + &new.iter().map(|e| format!("{e}\n")).collect::<String>(),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        new,
        Vec::<String>::new(),
        "new labels are reviewed and added to tests/hub/labels.txt"
    );
}

#[test]
fn every_label_has_an_example_and_every_example_a_label() {
    let expected: BTreeSet<String> = Label::ALL.iter().map(|l| format!("{l}.json")).collect();
    if is_update() {
        std::fs::create_dir_all(examples()).unwrap();
        for label in Label::ALL {
            std::fs::write(examples().join(format!("{label}.json")), example(*label)).unwrap();
        }
    }
    let found: BTreeSet<String> = std::fs::read_dir(examples())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, expected);
    for label in Label::ALL {
        let written = std::fs::read_to_string(examples().join(format!("{label}.json"))).unwrap();
        assert!(
            written == example(*label),
            "{label}.json is not what the label says; UPDATE=1 writes it anew"
        );
        let read: ProblemDocument = serde_json::from_str(&written).unwrap();
        assert!(
            !read.detail.contains('?') && !read.problems[0].en.contains('{'),
            "{label}: an unfilled name"
        );
    }
}
