//! `lienthong adapter new`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::document::print_problems;
use super::folder::MAPPING;
use crate::adapt::{DraftSample, MappingDraft, draft, sample_syntax};
use crate::cli::{CommandError, Exit};
use crate::material;

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    /// Documents that file dossiers, .json or .xml, as many and as different as there are
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "statuses")]
    from: Vec<PathBuf>,

    /// Documents that report statuses
    #[arg(long, value_name = "FILE", num_args = 1..)]
    statuses: Vec<PathBuf>,

    /// What the format is to be called: small letters without diacritics, digits and hyphens
    #[arg(long, value_name = "NAME", default_value = "doi-tac")]
    name: String,

    /// Write DIR/NAME/v1/adapter.toml instead of printing it; a file that is there already is left as it is
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &NewArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let is_sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if args.name.is_empty() || !args.name.chars().all(is_sound) {
        return Err(CommandError::new(
            "--name chỉ gồm chữ thường không dấu, chữ số và dấu gạch nối",
            "--name takes small letters without diacritics, digits and hyphens",
        ));
    }
    let dossiers = args.from.iter().map(|path| sample(path, false));
    let reports = args.statuses.iter().map(|path| sample(path, true));
    let samples: Vec<DraftSample> = dossiers.chain(reports).collect::<Result<_, _>>()?;
    let made = match draft(&args.name, &samples) {
        Ok(made) => made,
        Err(unread) => {
            writeln!(out, "{}", unread.name)?;
            print_problems(out, "✘", unread.why.problems())?;
            return Ok(Exit::Findings);
        }
    };
    let Some(dir) = &args.out else {
        out.write_all(made.text.as_bytes())?;
        return Ok(Exit::Good);
    };
    let folder = dir.join(&args.name).join("v1");
    let file = folder.join(MAPPING);
    if file.exists() {
        let file = file.display();
        return Err(CommandError::new(
            format!("{file} đã có; đổi --name hoặc --out, hoặc xóa tệp"),
            format!("{file} is there already; change --name or --out, or remove it"),
        ));
    }
    for folder in [folder.join("samples"), folder.join("expected")] {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&file, &made.text)?;
    told(&made, &file, out)?;
    Ok(Exit::Good)
}

fn sample(path: &Path, statuses: bool) -> Result<DraftSample, CommandError> {
    let name = path.display().to_string();
    let Some((syntax, _)) = sample_syntax(&name) else {
        return Err(CommandError::new(
            format!("{name}: tên tệp phải kết thúc bằng .json hoặc .xml"),
            format!("{name}: the file's name must end in .json or .xml"),
        ));
    };
    Ok(DraftSample {
        bytes: material::file(path)?,
        name,
        syntax,
        statuses,
    })
}

/// What was guessed, what not, and what to do next.
fn told(made: &MappingDraft, file: &Path, out: &mut dyn Write) -> Result<(), CommandError> {
    let (guessed, kept, lacking) = (made.guessed, made.kept.len(), made.lacking.len());
    writeln!(out, "{}", file.display())?;
    writeln!(
        out,
        "{guessed} trường đã đoán, {kept} trường giữ kèm, {lacking} trường bắt buộc chưa có nguồn | {guessed} fields guessed, {kept} kept beside, {lacking} required ones without a source"
    )?;
    for (what, paths) in [
        ("= giữ kèm | kept", &made.kept),
        (
            "✘ tên không viết được thành đường dẫn | a name no path can say",
            &made.unsayable,
        ),
        (
            "✘ bắt buộc, chưa có nguồn | required, without a source",
            &made.lacking,
        ),
    ] {
        for path in paths {
            writeln!(out, "  {what}: {path}")?;
        }
    }
    Ok(writeln!(
        out,
        "Xem lại từng dòng có \"đoán\", rồi chạy `lienthong adapter check` | Look at every line with \"guess\", then run `lienthong adapter check`"
    )?)
}
