//! The commands of docs/ADAPTERS.md, "A format, step by step", run one after another; what the page shows of their output is compared.

use std::path::Path;

use super::copy;
use crate::cli::Exit;
use crate::cli::tests::{Folder, house, lienthong};

/// A block of the page: its language, and its text.
fn blocks(section: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let inside: Vec<&str> = lines
                .by_ref()
                .take_while(|l| l.trim() != "```")
                .map(str::trim)
                .collect();
            blocks.push((language.to_owned(), inside.join("\n")));
        }
    }
    blocks
}

/// A path of the page where it really is: the shipped formats in this repository, what is made in a folder of the test.
fn real(word: &str, folder: &Folder) -> String {
    match word {
        _ if word.starts_with("adapters/") => house(word),
        _ if word.starts_with("formats") => folder.path(word),
        _ => word.to_owned(),
    }
}

fn run(line: &str, folder: &Folder) -> String {
    let (command, said) = line.split_once(" # exit ").unwrap_or((line, "0"));
    let words: Vec<String> = command
        .split_whitespace()
        .map(|word| real(word, folder))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["lienthong", rest @ ..] => {
            let (exit, out) = lienthong(rest);
            let wanted = if said.starts_with('1') {
                Exit::Findings
            } else {
                Exit::Good
            };
            assert_eq!(exit, Ok(wanted), "{line}\n{out}");
            out.replace(&folder.path(""), "").replace(&house(""), "")
        }
        ["cp", "-r", from @ .., to] => {
            for from in from {
                copy(
                    Path::new(from),
                    &Path::new(to).join(Path::new(from).file_name().unwrap()),
                );
            }
            String::new()
        }
        ["cp", from, to] => {
            std::fs::copy(from, to).unwrap();
            String::new()
        }
        _ => panic!("the page has a command that is not known here: {line}"),
    }
}

/// Each line that the page shows is in the output, in this order; `…` stands for lines in between.
fn compare(shown: &str, out: &str, command: &str) {
    let mut rest = out.lines();
    for line in shown.lines().filter(|line| *line != "…") {
        assert!(
            rest.any(|l| l.trim() == line),
            "{command} does not say: {line}\n{out}"
        );
    }
}

#[test]
fn the_page_about_a_format_step_by_step_is_true() {
    let page = std::fs::read_to_string(house("docs/ADAPTERS.md")).unwrap();
    let section = page.split("\n## A format, step by step\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let folder = Folder::new("adapter-page");
    let (mut last, mut commands, mut compared) = ((String::new(), String::new()), 0, 0);
    for (language, text) in blocks(section) {
        match language.as_str() {
            "sh" => {
                for line in text.replace("\\\n", " ").lines() {
                    last = (line.to_owned(), run(line, &folder));
                    commands += 1;
                }
            }
            "text" => {
                compare(&text, &last.1, &last.0);
                compared += 1;
            }
            // What is not run here: a hub that goes on for ever.
            "console" => {}
            other => panic!("a block in {other}"),
        }
    }
    assert!(commands >= 10 && compared >= 4, "{commands} {compared}");
}
