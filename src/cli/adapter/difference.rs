//! `lienthong adapter diff`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::folder::{self, Mapping};
use super::samples::print_changes;
use crate::adapt::{
    ExplainedRule, FieldDifference, MappingDifference, Registry, SourceFate, ValueChange, explain,
    mapping_difference, sample_syntax, value_changes,
};
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::material;
use crate::material::AdapterError;

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// The format as it was: name/version, or its folder or file
    old: String,

    /// The format as it is to be
    new: String,

    /// Documents that senders of the old format really send, beside the samples of its folder
    #[arg(long, value_name = "FILE", num_args = 1..)]
    samples: Vec<PathBuf>,

    /// Folder with further formats
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A document of the old format that the new one reads otherwise.
struct ReadOtherwise {
    file: String,
    changes: Vec<ValueChange>,
}

pub(super) fn run(args: &DiffArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let old = folder::mapping(&args.old, args.dir.as_deref())?;
    let new = folder::mapping(&args.new, args.dir.as_deref())?;
    let explained =
        explain(&old.file, &old.text).and_then(|before| Ok((before, explain(&new.file, &new.text)?)));
    let difference = match explained {
        Ok((before, after)) => mapping_difference(&before, &after),
        Err(fault) => {
            writeln!(out, "{fault}")?;
            return Ok(Exit::Findings);
        }
    };
    let (registries, documents) = match (compiled(&old), compiled(&new)) {
        (Ok(before), Ok(after)) => ([before, after], documents(&old, &args.samples)?),
        (Err(faults), _) | (_, Err(faults)) => {
            writeln!(out, "{faults}")?;
            return Ok(Exit::Findings);
        }
    };
    let mut otherwise = Vec::new();
    for (file, path) in &documents {
        let bytes = material::file(path)?;
        let read = |registry: &Registry| {
            let adapter = registry.names().next().and_then(|name| registry.get(name));
            adapter.map(|adapter| adapter.sample_outcome(file, &bytes).expected)
        };
        let (before, after) = (read(&registries[0]), read(&registries[1]));
        let changes = value_changes(&json!(before), &json!(after));
        if !changes.is_empty() {
            let file = file.clone();
            otherwise.push(ReadOtherwise { file, changes });
        }
    }
    let hurts = difference.sources.iter().any(|source| source.may_hurt())
        || difference.fields.iter().any(|field| !field.lost.is_empty())
        || !otherwise.is_empty();
    if args.json {
        let documents: BTreeMap<&str, &[ValueChange]> = otherwise
            .iter()
            .map(|one| (one.file.as_str(), one.changes.as_slice()))
            .collect();
        print_json(
            out,
            &json!({ "difference": difference, "documents": documents, "safe": !hurts }),
        )?;
    } else {
        told(&difference, out)?;
        print_documents(&otherwise, documents.len(), out)?;
        verdict(hurts, documents.is_empty(), out)?;
    }
    Ok(if hurts { Exit::Findings } else { Exit::Good })
}

fn compiled(mapping: &Mapping) -> Result<Registry, AdapterError> {
    // Under a name that is no folder's, so that a file may stand anywhere.
    let place = mapping
        .file
        .trim_end_matches(folder::MAPPING)
        .trim_end_matches('/');
    let file = format!("{place} {}", folder::MAPPING);
    Registry::compile(&BTreeMap::from([(file, mapping.text.clone())])).map_err(AdapterError::Faults)
}

/// The samples beside the old format, and further files.
fn documents(old: &Mapping, more: &[PathBuf]) -> Result<Vec<(String, PathBuf)>, CommandError> {
    let samples = old.folder.as_ref().map(|folder| folder.join("samples"));
    let beside = samples
        .map(|dir| folder::files(&dir))
        .transpose()?
        .unwrap_or_default();
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let more = more.iter().filter_map(|path| Some((name(path)?, path.clone())));
    let all = beside.into_iter().chain(more);
    Ok(all.filter(|(name, _)| sample_syntax(name).is_some()).collect())
}

fn told(difference: &MappingDifference, out: &mut dyn Write) -> Result<(), CommandError> {
    if !difference.fields.is_empty() {
        writeln!(out, "Trường chuẩn đọc khác | Canonical fields read otherwise")?;
    }
    for field in &difference.fields {
        writeln!(out, "  [{}] {}", field.document.word(), field.field)?;
        rules(field, out)?;
    }
    if !difference.sources.is_empty() {
        writeln!(
            out,
            "Trường của đối tác dùng khác | Paths of the partner used otherwise"
        )?;
    }
    for source in &difference.sources {
        let sign = if source.may_hurt() { "✘" } else { " " };
        writeln!(
            out,
            "{sign} [{}] {}: {} → {}",
            source.document.word(),
            source.path,
            fate(&source.before),
            fate(&source.after)
        )?;
    }
    Ok(())
}

/// Each rule that only one of the two has, and what is lost with those of the old one.
fn rules(field: &FieldDifference, out: &mut dyn Write) -> Result<(), CommandError> {
    let only = |these: &[ExplainedRule], those: &[ExplainedRule]| -> Vec<String> {
        let those: Vec<String> = those.iter().map(one_line).collect();
        let these = these.iter().map(one_line);
        these.filter(|rule| !those.contains(rule)).collect()
    };
    let (gone, come) = (
        only(&field.before, &field.after),
        only(&field.after, &field.before),
    );
    if gone.is_empty() && come.is_empty() {
        writeln!(out, "      (thứ tự khác | in another order)")?;
    }
    for rule in gone {
        writeln!(out, "    - {rule}")?;
    }
    for rule in come {
        writeln!(out, "    + {rule}")?;
    }
    if !field.lost.is_empty() {
        writeln!(
            out,
            "    ✘ không còn đọc | no longer read: {}",
            field.lost.join("; ")
        )?;
    }
    Ok(())
}

fn one_line(rule: &ExplainedRule) -> String {
    let from = match rule.from.as_slice() {
        [] => "(không đọc từ tài liệu | not from the document)".to_owned(),
        from => from.join(" , "),
    };
    let how = rule.how.iter().map(|(key, value)| format!("{key}: {value}"));
    let words = rule
        .words
        .iter()
        .map(|(word, meaning)| format!("{word} = {meaning}"));
    let words: Vec<String> = words.collect();
    let words = (!words.is_empty()).then(|| words.join(", "));
    let all: Vec<String> = std::iter::once(from).chain(how).chain(words).collect();
    all.join("; ")
}

fn fate(fate: &SourceFate) -> String {
    match fate {
        SourceFate::Forbidden => "không được gửi | must not be sent".to_owned(),
        SourceFate::Read(fields) => fields.iter().cloned().collect::<Vec<_>>().join(", "),
        SourceFate::Required => "bắt buộc | required".to_owned(),
        SourceFate::Asked => "chỉ là điều kiện | a condition alone".to_owned(),
        SourceFate::Kept => "giữ kèm | kept".to_owned(),
        SourceFate::Ignored => "không đọc | ignored".to_owned(),
        SourceFate::Unnamed => "không có trong tệp | not in the file".to_owned(),
    }
}

fn print_documents(otherwise: &[ReadOtherwise], all: usize, out: &mut dyn Write) -> Result<(), CommandError> {
    for one in otherwise {
        writeln!(out, "✘ {}: đọc khác | is read otherwise", one.file)?;
        print_changes(&one.changes, out)?;
    }
    let same = all - otherwise.len();
    Ok(writeln!(
        out,
        "{all} tài liệu, {same} đọc như cũ | {all} documents, {same} read as before"
    )?)
}

/// Whether a sender of the old format may go on as before.
fn verdict(hurts: bool, nothing_read: bool, out: &mut dyn Write) -> Result<(), CommandError> {
    let said = match (hurts, nothing_read) {
        (true, _) => {
            "✘ Không an toàn cho đơn vị đang gửi: xem các dòng ✘; để bản cũ và thêm phiên bản mới bên cạnh | Not safe for who sends it now: see the lines with ✘; leave the old version and add the new one beside it"
        }
        (false, true) => {
            "Không thấy gì mất đi, nhưng chưa đọc tài liệu nào: thêm --samples | Nothing is lost by the rules, but no document was read: add --samples"
        }
        (false, false) => "An toàn: điều đã đọc vẫn đọc như cũ | Safe: what was read is read as before",
    };
    Ok(writeln!(out, "{said}")?)
}
