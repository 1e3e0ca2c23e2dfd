//! `lienthong adapter explain`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::folder;
use crate::adapt::{ExplainedDocument, ExplainedField, ExplainedRule, ExplainedSource, SourceUse, explain};
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// The format: name/version, or its folder or file
    #[arg(value_name = "NAME/VERSION")]
    format: String,

    /// This canonical field and what stands in it; with --by-source this path of the partner
    field: Option<String>,

    /// The other way round: what becomes of each path of the partner
    #[arg(long)]
    by_source: bool,

    /// Folder with further formats
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Whether a name is this one, or stands in it.
fn is_of(name: &str, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| {
        name.strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

pub(super) fn run(args: &ExplainArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let mapping = folder::mapping(&args.format, args.dir.as_deref())?;
    let mut explanation = match explain(&mapping.file, &mapping.text) {
        Ok(explanation) => explanation,
        Err(fault) => {
            writeln!(out, "{fault}")?;
            return Ok(Exit::Findings);
        }
    };
    let wanted = args.field.as_deref();
    explanation.fields.retain(|field| is_of(&field.field, wanted));
    explanation.sources.retain(|source| is_of(&source.path, wanted));
    let found = if args.by_source {
        explanation.sources.len()
    } else {
        explanation.fields.len()
    };
    if let (Some(wanted), 0) = (wanted, found) {
        return Err(CommandError::new(
            format!("không có {wanted}; bỏ tên này để xem tất cả"),
            format!("there is no {wanted}; leave it out to see all"),
        ));
    }
    match (args.json, args.by_source) {
        (true, true) => print_json(out, &explanation.sources)?,
        (true, false) => print_json(out, &explanation.fields)?,
        (false, true) => sources(&explanation.sources, out)?,
        (false, false) => fields(&explanation.fields, &mapping.file, out)?,
    }
    Ok(Exit::Good)
}

/// Each canonical field with its rules, and at the end those without one.
fn fields(fields: &[ExplainedField], file: &str, out: &mut dyn Write) -> Result<(), CommandError> {
    for document in [ExplainedDocument::Dossier, ExplainedDocument::Statuses] {
        let of: Vec<&ExplainedField> = fields.iter().filter(|f| f.document == document).collect();
        if of.is_empty() {
            continue;
        }
        writeln!(out, "[{}]", document.word())?;
        for field in of.iter().filter(|field| !field.rules.is_empty()) {
            let required = if field.required { " *" } else { "" };
            writeln!(out, "{}{required}", field.field)?;
            for rule in &field.rules {
                print_rule(rule, file, out)?;
            }
        }
        let without: Vec<String> = of
            .iter()
            .filter(|field| field.rules.is_empty())
            .map(|field| field.field.clone())
            .collect();
        if !without.is_empty() {
            writeln!(out, "(không có nguồn | without a source) {}", without.join(", "))?;
        }
    }
    writeln!(out, "* hồ sơ chuẩn bắt buộc | required by the canonical form")?;
    Ok(())
}

fn print_rule(rule: &ExplainedRule, file: &str, out: &mut dyn Write) -> Result<(), CommandError> {
    let from = if rule.from.is_empty() {
        "(không đọc từ tài liệu | not from the document)".to_owned()
    } else {
        rule.from.join(" , ")
    };
    writeln!(out, "    {from}    {file}:{}", rule.line)?;
    for (key, value) in &rule.how {
        writeln!(out, "        {key}: {value}")?;
    }
    let words: Vec<String> = rule
        .words
        .iter()
        .map(|(word, meaning)| format!("{word} = {meaning}"))
        .collect();
    if !words.is_empty() {
        writeln!(out, "        {}", words.join("; "))?;
    }
    Ok(())
}

/// Each path of the partner with what becomes of it.
fn sources(sources: &[ExplainedSource], out: &mut dyn Write) -> Result<(), CommandError> {
    let width = sources.iter().map(|s| s.path.chars().count()).max().unwrap_or(0);
    for document in [ExplainedDocument::Dossier, ExplainedDocument::Statuses] {
        let of: Vec<&ExplainedSource> = sources.iter().filter(|s| s.document == document).collect();
        if !of.is_empty() {
            writeln!(out, "[{}]", document.word())?;
        }
        for source in of {
            let mut path = source.path.as_str();
            for what in &source.becomes {
                writeln!(out, "{path:<width$}  {}", said(what))?;
                path = "";
            }
        }
    }
    Ok(())
}

/// What is done with a path, with the line that says so.
fn said(what: &SourceUse) -> String {
    match what {
        SourceUse::Read { field, line } => format!("→ {field}  (:{line})"),
        SourceUse::Asked { field, line } => format!("? {field}: điều kiện | a condition  (:{line})"),
        SourceUse::Required { how, line } => format!("! bắt buộc | must be: {how}  (:{line})"),
        SourceUse::Kept { line } => format!("= giữ kèm | kept as a foreign value  (:{line})"),
        SourceUse::Ignored { why, line } => format!("- không đọc | not read: {why}  (:{line})"),
        SourceUse::Forbidden { line } => format!("✘ không được gửi | must not be sent  (:{line})"),
    }
}
