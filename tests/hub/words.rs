//! One word for one thing, in everything a person reads. The table "Words that are not used" of `docs/GLOSSARY.md` has the words
//! that have a better one; here the sentences, the pages of the hub, the help of the command line and the pages of this
//! repository are searched for them.

use std::path::{Path, PathBuf};

use lienthong::domain::failure::Failure;
use lienthong::domain::rejection::{Label, Language};
use lienthong::domain::status::Status;
use unicode_normalization::is_nfc;

const TABLE: &str = "## Words that are not used";

/// A file that knows the old way to write a word, because partners write it.
const READS_BOTH: &str = "src/domain/dossier.rs";

/// A phrase, and what to say instead; nothing where the phrase is right although it contains a word that is not.
#[derive(Debug)]
struct Rule {
    phrase: Vec<char>,
    instead: Option<String>,
}

/// Something with words in it, by the name it is reported under.
struct Source {
    name: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn lower(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The rules of the glossary, the longest phrase first: it decides before a shorter one it contains.
fn rules() -> Vec<Rule> {
    let glossary = read("docs/GLOSSARY.md");
    let (_, table) = glossary.split_once(TABLE).expect("the glossary has the table");
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let mut rules = Vec::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [not, but, _, right] = cells[..] else {
            panic!("four cells: {row}");
        };
        let (nots, buts): (Vec<_>, Vec<_>) = (not.split(", ").collect(), but.split(", ").collect());
        for (i, not) in nots.iter().enumerate() {
            let instead = if buts.len() == nots.len() { buts[i] } else { but };
            rules.push(Rule {
                phrase: lower(not),
                instead: Some(instead.to_owned()),
            });
        }
        let right = right.split(", ").filter(|phrase| !phrase.is_empty());
        rules.extend(right.map(|phrase| Rule {
            phrase: lower(phrase),
            instead: None,
        }));
    }
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.phrase.len()));
    rules
}

/// Whether a word goes on here: `road-away` and `a_road` have no word `road`.
fn goes_on(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

/// The words of a text as one line in small letters, each letter with the number of its line: a phrase may be broken anywhere.
fn letters(text: &str) -> Vec<(char, usize)> {
    let mut letters = vec![(' ', 1)];
    for (i, line) in text.lines().enumerate() {
        for c in lower(line.trim().trim_end_matches('\\')).into_iter().chain([' ']) {
            let space = c.is_whitespace();
            if !space || letters.last().is_some_and(|(before, _)| *before != ' ') {
                letters.push((if space { ' ' } else { c }, i + 1));
            }
        }
    }
    letters
}

/// Where a text has a word that is not used: the line, the word and what to say instead.
fn find(rules: &[Rule], text: &str) -> Vec<(usize, String, String)> {
    let letters = letters(text);
    let mut found = Vec::new();
    let mut at = 1;
    while at < letters.len() {
        let begins = goes_on(letters[at].0) && !goes_on(letters[at - 1].0);
        let rule = rules.iter().filter(|_| begins).find(|rule| {
            let end = at + rule.phrase.len();
            let whole = letters.get(end).is_none_or(|(after, _)| !goes_on(*after));
            whole && letters.len() >= end && letters[at..end].iter().map(|(c, _)| c).eq(&rule.phrase)
        });
        if let Some(Rule { phrase, instead }) = rule {
            if let Some(instead) = instead {
                found.push((letters[at].1, phrase.iter().collect(), instead.clone()));
            }
            at += phrase.len();
        } else {
            at += 1;
        }
    }
    found
}

/// The syllables of a text that have their tone mark on the second vowel, as in `khoẻ`. After `q` it belongs there: `quý`.
fn old_tone_marks(text: &str) -> Vec<(usize, String)> {
    const ENDS: &str = "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ";
    let old = |word: &str| {
        let rest = ENDS.split(' ').find_map(|end| word.strip_suffix(end));
        rest.is_some_and(|rest| !rest.ends_with('q'))
    };
    let mut found = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        let words = line.split(|c: char| !c.is_alphabetic());
        found.extend(
            words
                .filter(|word| old(word))
                .map(|word| (i + 1, word.to_owned())),
        );
    }
    found
}

/// What the library says in both languages: labels, failures, statuses.
fn sentences() -> Vec<Source> {
    let mut all = Vec::new();
    let mut say = |name: String, texts: &[&str]| {
        all.push(Source {
            name,
            text: texts.join("\n"),
        });
    };
    for label in Label::ALL {
        let t = label.text();
        say(
            format!("label {label}"),
            &[t.title_vi, t.title_en, t.advice_vi, t.advice_en],
        );
    }
    for failure in Failure::ALL {
        let both = [Language::Vietnamese, Language::English];
        let texts = both.map(|language| [failure.title(language), failure.advice(language)]);
        say(format!("failure {failure}"), &texts.concat());
    }
    for status in Status::ALL {
        say(format!("status {status}"), &[status.name_vi(), status.name_en()]);
    }
    all
}

fn is_vietnamese(line: &str) -> bool {
    line.chars()
        .any(|c| c.is_alphabetic() && !c.is_ascii() && c != 'µ')
}

/// The lines of a source file that say something in Vietnamese to somebody; the others are left empty, so that numbers stay.
fn said(source: &str) -> String {
    let (source, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
    let keep = |line: &&str| is_vietnamese(line) && !line.trim_start().starts_with("//");
    source
        .lines()
        .map(|line| Some(line).filter(keep).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn named(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().into_owned()
}

/// The Vietnamese sentences of the source, and the pages of the hub.
fn source() -> Vec<Source> {
    let mut paths = Vec::new();
    files(&root().join("src"), &mut paths);
    let read_by_people = |path: &PathBuf| {
        let name = named(path);
        let test = name.contains("/tests") || name == READS_BOTH;
        !test && (name.ends_with(".rs") || name.ends_with(".html"))
    };
    paths.retain(read_by_people);
    let read_in = |path: &PathBuf| {
        let name = named(path);
        let text = read(&name);
        let text = if name.ends_with(".rs") { said(&text) } else { text };
        Source { name, text }
    };
    paths.iter().map(read_in).collect()
}

/// A page without the part of the glossary that lists the words themselves.
fn page(name: String) -> Source {
    let mut text = read(&name);
    if name == "docs/GLOSSARY.md" {
        let (kept, _) = text.split_once(TABLE).expect("the glossary has the table");
        text = kept.to_owned();
    }
    Source { name, text }
}

/// The pages of this repository, and what the program writes into it for people.
fn pages() -> Vec<Source> {
    let mut names: Vec<String> = [
        "README.md",
        "README.vi.md",
        "adapters/README.md",
        "certs/README.md",
        "schema/README.md",
        "schema/config.schema.json",
        "schema/api/asyncapi.json",
        "schema/api/openapi.json",
        "tests/cli/help.txt",
    ]
    .map(str::to_owned)
    .into();
    for folder in ["docs", "docs/vi"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        let found = entries.map(|entry| named(&entry.unwrap().path()));
        names.extend(found.filter(|name| name.ends_with(".md")));
    }
    names.sort();
    names.into_iter().map(page).collect()
}

#[test]
fn one_word_for_one_thing() {
    let rules = rules();
    let mut faults = Vec::new();
    for Source { name, text } in sentences().into_iter().chain(source()).chain(pages()) {
        for (line, word, instead) in find(&rules, &text) {
            faults.push(format!("{name}:{line}: not “{word}”, but “{instead}”"));
        }
        for (line, word) in old_tone_marks(&text) {
            faults.push(format!(
                "{name}:{line}: “{word}” has its tone mark on the wrong vowel"
            ));
        }
        if !is_nfc(&text) {
            faults.push(format!("{name}: is not in NFC"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_finder_finds_whole_words_and_nothing_else() {
    let rules = rules();
    assert!(rules.len() > 30, "the table was read: {}", rules.len());
    for Rule { phrase, instead } in &rules {
        let word: String = phrase.iter().collect();
        let shouted = word.to_uppercase().replace(' ', "\n  ");
        for sentence in [format!("Here is {word}."), format!("x\n\n* ({shouted})")] {
            let found: Vec<String> = find(&rules, &sentence)
                .into_iter()
                .map(|(_, word, _)| word)
                .collect();
            let expected: Vec<String> = instead.iter().map(|_| word.clone()).collect();
            assert_eq!(found, expected, "{sentence}");
        }
        for other in [
            format!("a{word}"),
            format!("{word}s9"),
            format!("{word}-away"),
            format!("to_{word}"),
        ] {
            assert!(
                !find(&rules, &other).iter().any(|(_, found, _)| *found == word),
                "{other}"
            );
        }
        let again = instead
            .as_deref()
            .map_or(Vec::new(), |instead| find(&rules, instead));
        assert!(again.is_empty(), "{word}: what to say instead is not used either");
    }
    assert_eq!(find(&rules, "one\nthe fingerprint\n")[0].0, 2);
    let marks = old_tone_marks("Khoẻ, hoà, uỷ; but toán, hoàn, khoản, quý, quỹ, khóa, thoát");
    assert_eq!(marks.len(), 3, "{marks:?}");
}
