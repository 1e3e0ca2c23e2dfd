//! The samples of a format against what they are expected to give.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::folder;
use crate::adapt::{
    Adapter, SIX_SAMPLES, SampleOutcome, Syntax, ValueChange, is_refused_sample, is_status_sample, kept_json,
    sample_syntax, value_changes,
};
use crate::cli::CommandError;
use crate::material;

/// Places of one file that are shown at most.
const SHOWN: usize = 20;

/// What became of the samples of a format, or of several.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub samples: usize,
    pub findings: usize,
    pub written: usize,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.samples += other.samples;
        self.findings += other.findings;
        self.written += other.written;
    }
}

/// What is looked at, and where it is said.
struct Look<'a> {
    expected: std::path::PathBuf,
    update: bool,
    out: &'a mut dyn Write,
    tally: Tally,
    /// The files in `expected/` that belong to a sample.
    owned: BTreeSet<String>,
}

/// Reads every sample of a format's folder and says what differs from what is expected; with `update` that is written instead.
/// Samples that are lacking are told, and are no finding.
pub(super) fn look(
    adapter: &Adapter,
    dir: &Path,
    update: bool,
    out: &mut dyn Write,
) -> Result<Tally, CommandError> {
    let samples = folder::files(&dir.join("samples"))?;
    let mut look = Look {
        expected: dir.join("expected"),
        update,
        out,
        tally: Tally::default(),
        owned: BTreeSet::new(),
    };
    let mut names = BTreeSet::new();
    for (name, path) in &samples {
        if sample_syntax(name).is_none() {
            look.finding(&format!(
                "samples/{name}: tên mẫu phải kết thúc bằng .json hoặc .xml | a sample ends in .json or .xml"
            ))?;
            continue;
        }
        names.insert(name.as_str());
        let outcome = adapter.sample_outcome(name, &material::file(path)?);
        look.sample(name, &outcome)?;
    }
    look.orphans()?;
    lacking(adapter, &names, look.out)?;
    Ok(look.tally)
}

impl Look<'_> {
    fn finding(&mut self, said: &str) -> Result<(), CommandError> {
        self.tally.findings += 1;
        Ok(writeln!(self.out, "  ✘ {said}")?)
    }

    fn sample(&mut self, name: &str, outcome: &SampleOutcome) -> Result<(), CommandError> {
        self.tally.samples += 1;
        if outcome.refused != is_refused_sample(name) && !is_status_sample(name) {
            self.finding(&if outcome.refused {
                format!("{name}: bị từ chối; mẫu bị từ chối đặt tên refused-… | is refused; a sample that is to be is named refused-…")
            } else {
                format!("{name}: được nhận, dù tên nói phải bị từ chối | is taken, though its name says that it is to be refused")
            })?;
        }
        self.file(name, &format!("{name}.json"), &kept_json(&outcome.expected))?;
        for (file, text) in &outcome.written {
            self.file(name, file, text)?;
        }
        if !outcome.lost.is_empty() {
            self.finding(&format!(
                "{name}: điều đã ghi ra đọc lại thì khác | what is written of it is read again as something else"
            ))?;
            print_changes(&outcome.lost, self.out)?;
        }
        Ok(())
    }

    /// One file of `expected/` against what it is to hold.
    fn file(&mut self, sample: &str, file: &str, got: &str) -> Result<(), CommandError> {
        self.owned.insert(file.to_owned());
        let path = self.expected.join(file);
        let wanted = path.is_file().then(|| folder::text(&path)).transpose()?;
        if wanted.as_deref() == Some(got) {
            return Ok(());
        }
        if self.update {
            std::fs::create_dir_all(&self.expected)?;
            std::fs::write(&path, got)?;
            self.tally.written += 1;
            return Ok(writeln!(self.out, "  + expected/{file}")?);
        }
        let Some(wanted) = wanted else {
            return self.finding(&format!(
                "{sample}: chưa có expected/{file}; --update sẽ ghi | there is no expected/{file}; --update writes it"
            ));
        };
        self.finding(&format!("{sample}: khác | differs from expected/{file}"))?;
        self.differences(file, &wanted, got)
    }

    fn differences(&mut self, file: &str, wanted: &str, got: &str) -> Result<(), CommandError> {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
        let is_json = sample_syntax(file).is_some_and(|(syntax, _)| syntax == Syntax::Json);
        if let (true, Some(wanted), Some(got)) = (is_json, parsed(wanted), parsed(got)) {
            let changes = value_changes(&wanted, &got);
            if changes.is_empty() {
                writeln!(
                    self.out,
                    "      chỉ khác cách trình bày; --update ghi lại | only laid out otherwise; --update writes it again"
                )?;
            }
            return print_changes(&changes, self.out);
        }
        let (mut wanted, mut got) = (wanted.lines(), got.lines());
        for number in 1.. {
            match (wanted.next(), got.next()) {
                (None, None) => break,
                (before, after) if before == after => {}
                (before, after) => {
                    let none = "(không có | nothing)";
                    writeln!(
                        self.out,
                        "      dòng | line {number}: {} → {}",
                        before.unwrap_or(none),
                        after.unwrap_or(none)
                    )?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// What is expected of a sample that is not there.
    fn orphans(&mut self) -> Result<(), CommandError> {
        for (file, _) in folder::files(&self.expected)? {
            if !self.owned.contains(&file) {
                self.finding(&format!(
                    "expected/{file}: không thuộc mẫu nào; xóa đi hoặc thêm mẫu | belongs to no sample; remove it or add the sample"
                ))?;
            }
        }
        Ok(())
    }
}

/// The samples a format should have and has not, by syntax.
fn lacking(adapter: &Adapter, names: &BTreeSet<&str>, out: &mut dyn Write) -> Result<(), CommandError> {
    for (ending, media_type) in [("json", "application/json"), ("xml", "application/xml")] {
        if adapter.syntax_of(media_type).is_none() {
            continue;
        }
        let statuses = adapter.reads_statuses().then_some("statuses");
        let six = SIX_SAMPLES.into_iter().filter(|_| adapter.reads_dossiers());
        let lacking: Vec<String> = six
            .chain(statuses)
            .map(|sample| format!("{sample}.{ending}"))
            .filter(|name| !names.contains(name.as_str()))
            .collect();
        if !lacking.is_empty() {
            writeln!(out, "  ! thiếu mẫu | samples lacking: {}", lacking.join(", "))?;
        }
    }
    Ok(())
}

/// Each place with what was there and what is there now.
pub(super) fn print_changes(changes: &[ValueChange], out: &mut dyn Write) -> Result<(), CommandError> {
    for change in changes.iter().take(SHOWN) {
        let path = if change.path.is_empty() { "/" } else { &change.path };
        let (before, after) = (shown(change.before.as_ref()), shown(change.after.as_ref()));
        writeln!(out, "      {path}: {before} → {after}")?;
    }
    if let Some(more) = changes.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        writeln!(out, "      … và {more} chỗ nữa | and {more} more places")?;
    }
    Ok(())
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "(không có | nothing)".to_owned(), Value::to_string)
}
