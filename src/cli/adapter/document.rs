//! Documents of a format, and what is said of them.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::adapt::{Adapter, Registry};
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::domain::rejection::{Language, Problem};
use crate::domain::view::ProblemView;
use crate::material;

/// A document, and its media type: the one that is named, else by the file's name.
pub(super) fn read(file: &Path, media_type: Option<&str>) -> Result<(Vec<u8>, String), CommandError> {
    let bytes = material::file(file)?;
    let media_type = match media_type {
        Some(media_type) => media_type.to_owned(),
        None => media_type_of(file)?,
    };
    Ok((bytes, media_type))
}

pub(super) fn refused(problems: &[Problem], json: bool, out: &mut dyn Write) -> Result<Exit, CommandError> {
    if json {
        print_json(out, &json!({ "problems": views(problems) }))?;
    } else {
        print_problems(out, "✘", problems)?;
    }
    Ok(Exit::Findings)
}

pub(super) fn chosen<'r>(registry: &'r Registry, name: &str) -> Result<&'r Adapter, CommandError> {
    registry.get(name).ok_or_else(|| {
        let names: Vec<&str> = registry.names().collect();
        let names = names.join(", ");
        CommandError::new(
            format!("không có định dạng {name}; có: {names}"),
            format!("no format {name}; there are: {names}"),
        )
    })
}

/// By the ending of the file's name.
pub(in crate::cli) fn media_type_of(file: &Path) -> Result<String, CommandError> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok("application/json".to_owned()),
        Some("xml") => Ok("application/xml".to_owned()),
        _ => Err(CommandError::new(
            "không đoán được kiểu nội dung; thêm --media-type",
            "the media type cannot be told from the file's name; add --media-type",
        )),
    }
}

pub(super) fn views(problems: &[Problem]) -> Vec<ProblemView> {
    problems
        .iter()
        .map(|problem| ProblemView::of(problem, Language::Vietnamese))
        .collect()
}

/// Each problem with its place and what to do, in both languages.
pub(super) fn print_problems(
    out: &mut dyn Write,
    sign: &str,
    problems: &[Problem],
) -> Result<(), CommandError> {
    for problem in problems {
        let place = problem
            .path
            .as_deref()
            .filter(|path| !path.is_empty())
            .unwrap_or("/");
        writeln!(out, "{sign} {} {place}", problem.label.as_str())?;
        for language in [Language::Vietnamese, Language::English] {
            writeln!(
                out,
                "    {}: {}",
                problem.title(language),
                problem.advice(language)
            )?;
        }
    }
    Ok(())
}
