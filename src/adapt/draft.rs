//! The first draft of a mapping, from documents that a partner really sends: what each field is likely to be, by its name and by
//! its values. A guess is marked as one; whatever nothing was guessed of is kept beside the canonical form, and nothing is left out.

mod guess;
mod names;
mod seen;
mod values;
mod write;

use std::fmt::Write as _;

use super::document::decode;
use super::target::{self, Member};
use super::tree::Syntax;
use super::{json, xml};
use crate::domain::rejection::Rejection;
use guess::{Guesses, guess};
use seen::{Samples, Seen, Syntaxes};
use write::{Rules, Tables, key, quoted};

/// A document to draft from.
#[derive(Clone, Debug)]
pub struct DraftSample {
    /// What it is called in an error.
    pub name: String,
    /// As it was sent.
    pub bytes: Vec<u8>,
    /// How it is written.
    pub syntax: Syntax,
    /// It reports statuses instead of filing a dossier.
    pub statuses: bool,
}

/// A draft.
#[derive(Clone, Debug)]
pub struct MappingDraft {
    /// The file; it always parses, and compiles where nothing is lacking.
    pub text: String,
    /// Fields of the samples for which a canonical field was guessed.
    pub guessed: usize,
    /// Fields that are kept beside it, by their paths; a group or a list counts as one.
    pub kept: Vec<String>,
    /// Fields whose names no path can say.
    pub unsayable: Vec<String>,
    /// Canonical fields that are required and for which nothing was found.
    pub lacking: Vec<String>,
}

/// A document that nothing can be drafted from.
#[derive(Clone, Debug)]
pub struct UndraftableSample {
    /// What it is called.
    pub name: String,
    /// What is wrong with it.
    pub why: Rejection,
}

/// Fields that every dossier and every report has.
const REQUIRED: [&str; 5] = [
    "reference",
    "procedure.code",
    "channel",
    "filed_at",
    "applicant.name",
];
const REQUIRED_OF_REPORTS: [&str; 2] = ["dossier", "status"];

/// Drafts a mapping called `name`, version 1, from these documents.
///
/// # Errors
/// A document that is not well formed.
pub fn draft(name: &str, samples: &[DraftSample]) -> Result<MappingDraft, UndraftableSample> {
    let (mut dossiers, mut reports) = (Samples::default(), Samples::default());
    let mut syntaxes = Syntaxes::default();
    // JSON says what is a list, which XML may leave open.
    for syntax in [Syntax::Json, Syntax::Xml] {
        for sample in samples.iter().filter(|sample| sample.syntax == syntax) {
            let into = if sample.statuses {
                &mut reports
            } else {
                &mut dossiers
            };
            add(sample, into, &mut syntaxes)?;
        }
    }
    dossiers.settle();
    reports.settle();
    let mut tables = Tables::default();
    let mut draft = MappingDraft {
        text: String::new(),
        guessed: 0,
        kept: Vec::new(),
        unsayable: Vec::new(),
        lacking: Vec::new(),
    };
    let mut rules = String::new();
    let has = |statuses: bool| samples.iter().any(|sample| sample.statuses == statuses);
    if has(false) {
        let members = target::filing();
        document(
            ("dossier", &REQUIRED),
            (&dossiers, &syntaxes),
            &members,
            &mut rules,
            &mut tables,
            &mut draft,
        );
    }
    if has(true) {
        let members = target::status_report();
        let required = &REQUIRED_OF_REPORTS;
        document(
            ("statuses", required),
            (&reports, &syntaxes),
            &members,
            &mut rules,
            &mut tables,
            &mut draft,
        );
    }
    head(name, samples.len(), &syntaxes, &tables, &mut draft.text);
    lists([&dossiers.top, &reports.top], &mut draft.text);
    draft.text.push_str(&rules);
    tables.write(&mut draft.text);
    summary(&mut draft);
    Ok(draft)
}

fn add(sample: &DraftSample, into: &mut Samples, syntaxes: &mut Syntaxes) -> Result<(), UndraftableSample> {
    let media_type = match sample.syntax {
        Syntax::Json => "application/json",
        Syntax::Xml => "application/xml",
    };
    let wrong = |why: Rejection| UndraftableSample {
        name: sample.name.clone(),
        why,
    };
    let decoded =
        decode(&sample.bytes, sample.syntax, media_type).map_err(|problem| wrong(problem.into()))?;
    let tree = match sample.syntax {
        Syntax::Json => json::read(&decoded.text),
        Syntax::Xml => xml::read(&decoded.text),
    };
    into.add(&tree.map_err(|problem| wrong(problem.into()))?, syntaxes);
    Ok(())
}

/// The file's beginning: what the format is, and how it is written.
fn head(name: &str, samples: usize, syntaxes: &Syntaxes, tables: &Tables, text: &mut String) {
    let fold = tables.names().join(", ");
    let _ = write!(
        text,
        "# Bản nháp, đoán từ {samples} tài liệu: xem lại mọi dòng có \"đoán\", rồi xóa chú thích của dòng đó.\n\
         # A draft, guessed from {samples} documents: look at every line with \"guess\", then take its comment away.\n\n\
         [format]\nname = {name}\nversion = 1\ntitle_vi = {title_vi}\ntitle_en = {title_en}\n\
         provisional = true # đến khi đối tác xác nhận | until the partner has confirmed it\n\
         unknown = \"warn\"\nempty = \"absent\"\nfold_case = [{fold}]\n",
        name = quoted(name),
        title_vi = quoted(&format!("{name} (bản nháp)")),
        title_en = quoted(&format!("{name} (draft)")),
    );
    let media_types = |syntax: &str| {
        format!("media_types = [\"application/{syntax}\", \"application/vnd.lienthong.{name}+{syntax}\"]\n")
    };
    if syntaxes.json {
        let _ = write!(text, "\n[json]\n{}values = \"text\"\n", media_types("json"));
    }
    if syntaxes.xml {
        let _ = write!(text, "\n[xml]\n{}", media_types("xml"));
        let spaces: Vec<String> = syntaxes
            .spaces
            .iter()
            .filter(|space| !space.is_empty())
            .map(|space| quoted(space))
            .collect();
        if !spaces.is_empty() {
            let _ = writeln!(text, "namespace = [{}]", spaces.join(", "));
        }
        let prefixes = syntaxes.prefixes.iter();
        let prefixes: Vec<String> = prefixes
            .map(|(space, prefix)| format!("{prefix} = {}", quoted(space)))
            .collect();
        if !prefixes.is_empty() {
            let _ = writeln!(text, "namespaces = {{ {} }}", prefixes.join(", "));
        }
    }
}

/// How the lists of the samples are written, where that has to be said.
fn lists(tops: [&Seen; 2], text: &mut String) {
    fn gather(seen: &Seen, found: &mut std::collections::BTreeMap<String, String>) {
        if seen.listed && !seen.name.is_empty() {
            let item = seen.item.as_ref().map(|item| format!("item = {}", quoted(item)));
            let one = seen.alone.then(|| "one = true".to_owned());
            let said: Vec<String> = item.into_iter().chain(one).collect();
            if !said.is_empty() {
                found.entry(seen.name.clone()).or_insert_with(|| said.join(", "));
            }
        }
        seen.children.iter().for_each(|child| gather(child, found));
    }
    let mut found = std::collections::BTreeMap::new();
    tops.into_iter().for_each(|top| gather(top, &mut found));
    if found.is_empty() {
        return;
    }
    text.push_str("\n# đoán theo mẫu | guess by the samples\n[lists]\n");
    for (name, said) in found {
        let _ = writeln!(text, "{} = {{ {said} }}", key(&name));
    }
}

/// Where the dossiers or reports are in a document, and what stands around them.
struct Items<'s> {
    path: Option<String>,
    item: &'s Seen,
    around: Vec<&'s str>,
}

impl<'s> Items<'s> {
    /// The document itself, unless it is a list, or little more than the one list in it.
    fn of(top: &'s Seen) -> Items<'s> {
        let whole = Items {
            path: None,
            item: top,
            around: Vec::new(),
        };
        if top.listed {
            return Items {
                path: Some(".".to_owned()),
                ..whole
            };
        }
        let is_list = |child: &&Seen| child.listed && !child.children.is_empty();
        let mut candidates = top.children.iter().filter(is_list);
        let (Some(list), None) = (candidates.next(), candidates.next()) else {
            return whole;
        };
        let around: Vec<&str> = top
            .children
            .iter()
            .filter(|child| child.name != list.name)
            .map(|child| child.name.as_str())
            .collect();
        let has_groups = top
            .children
            .iter()
            .any(|child| !child.listed && !child.children.is_empty());
        let named = names::list(&list.name).is_some();
        if named || has_groups || list.leaves() <= around.len() {
            return whole;
        }
        Items {
            path: Some(list.name.clone()),
            item: list,
            around,
        }
    }
}

fn document(
    (word, required): (&'static str, &[&str]),
    (samples, syntaxes): (&Samples, &Syntaxes),
    members: &[Member],
    text: &mut String,
    tables: &mut Tables,
    draft: &mut MappingDraft,
) {
    let is_xml = syntaxes.xml;
    let items = Items::of(&samples.top);
    let guesses = guess(items.item, word == "statuses");
    let _ = write!(text, "\n[{word}]\n");
    if let Some(root) = &samples.root {
        let _ = writeln!(text, "root = {}", quoted(root));
    } else if is_xml {
        let root = if word == "statuses" { "Statuses" } else { "Dossier" };
        let _ = writeln!(
            text,
            "root = {} # đoán | guess: không có mẫu XML | there is no sample in XML",
            quoted(root)
        );
    }
    if let Some(path) = &items.path {
        let paths = match &samples.wrapper {
            Some(wrapper) => format!("[{}, {}]", quoted(wrapper), quoted(path)),
            None => quoted(path),
        };
        let _ = writeln!(text, "items = {paths} # đoán | guess");
        if let Some(item) = &items.item.item {
            let _ = writeln!(text, "item = {}", quoted(item));
        }
    }
    let lacking = required
        .iter()
        .filter(|to| !guesses.fields.iter().any(|field| field.to == ***to));
    for to in lacking {
        let _ = writeln!(
            text,
            "# TODO: chưa thấy nguồn cho trường bắt buộc | no source was found for a required field: {to}"
        );
        draft.lacking.push((*to).to_owned());
    }
    let rules = Rules {
        document: word,
        members,
        guesses: &guesses,
    };
    rules.write_fields(text, tables);
    if !items.around.is_empty() {
        let fields: Vec<String> = items.around.iter().map(|name| quoted(name)).collect();
        let _ = write!(
            text,
            "\n[{word}.envelope]\nignored = [{{ fields = [{}], why = \"đoán: đứng ngoài các hồ sơ | guess: around the dossiers\" }}]\n",
            fields.join(", ")
        );
    }
    rules.write_lists(text, tables);
    count(guesses, draft);
}

/// Adds what became of a document's fields.
fn count(guesses: Guesses, draft: &mut MappingDraft) {
    fn of_list(list: &guess::ListGuess, draft: &mut MappingDraft) {
        draft.guessed += list.fields.iter().map(|field| field.from.len()).sum::<usize>();
        let kept = list.kept.iter().map(|path| format!("{}[].{path}", list.from));
        draft.kept.extend(kept);
        list.lists.iter().for_each(|inner| of_list(inner, draft));
    }
    draft.guessed += guesses.fields.iter().map(|field| field.from.len()).sum::<usize>();
    guesses.lists.iter().for_each(|list| of_list(list, draft));
    draft.kept.extend(guesses.kept);
    draft.unsayable.extend(guesses.unsayable);
}

/// What was guessed and what was not, at the end of the file.
fn summary(draft: &mut MappingDraft) {
    let mut said = format!(
        "\n# {} trường đã đoán, {} trường giữ kèm, {} trường bắt buộc chưa có nguồn\n# {} fields guessed, {} kept beside, {} required ones without a source\n",
        draft.guessed,
        draft.kept.len(),
        draft.lacking.len(),
        draft.guessed,
        draft.kept.len(),
        draft.lacking.len()
    );
    for (what, paths) in [
        ("giữ kèm | kept", &draft.kept),
        (
            "tên không viết được thành đường dẫn | names no path can say",
            &draft.unsayable,
        ),
        (
            "bắt buộc, chưa có nguồn | required, without a source",
            &draft.lacking,
        ),
    ] {
        for path in paths {
            let _ = writeln!(said, "# {what}: {}", path.escape_debug());
        }
    }
    draft.text.push_str(&said);
}
