//! What is recorded: instructions of each line, with which compiler, on what kind of processor.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// So much more than recorded is too much, in per cent; so much less, and the record is to be written anew, so that the next change is
/// held to what was won. Two runs of the same executable differ by a tenth of a per cent, of the largest documents by less than one.
const TOLERANCE: f64 = 3.0;

/// One thing that is counted.
pub struct Line {
    /// What.
    pub name: String,
    /// Instructions of one call.
    pub each: u64,
    /// Where callgrind says which function took them.
    pub dump: PathBuf,
}

/// Counts, and what they are counts of.
pub struct Record {
    /// The compiler.
    pub rustc: String,
    /// The kind of processor: libraries choose their code by it.
    pub machine: String,
    /// What was counted.
    pub lines: Vec<Line>,
}

#[derive(Deserialize)]
struct File {
    rustc: String,
    machine: String,
    instructions: toml::Table,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.toml")
}

/// What the compiler calls itself.
pub fn rustc() -> Result<String, String> {
    let said = Command::new("rustc").arg("--version").output();
    let said = said.map_err(|e| format!("rustc: {e}"))?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// The kind of processor that programs see under valgrind, as far as their code differs by it.
pub fn machine() -> String {
    #[cfg(target_arch = "x86_64")]
    let more = if std::is_x86_feature_detected!("avx2") {
        " with AVX2"
    } else {
        ""
    };
    #[cfg(not(target_arch = "x86_64"))]
    let more = "";
    format!("{}{more}", std::env::consts::ARCH)
}

impl Record {
    /// The committed record.
    pub fn read() -> Result<Record, String> {
        let path = path();
        let failed =
            |error: &dyn std::fmt::Display| format!("{}: {error}; UPDATE=1 writes it", path.display());
        let text = std::fs::read_to_string(&path).map_err(|e| failed(&e))?;
        let file: File = toml::from_str(&text).map_err(|e| failed(&e))?;
        let lines = file.instructions.into_iter().map(|(name, value)| {
            let each = value.as_integer().and_then(|n| u64::try_from(n).ok());
            Ok(Line {
                each: each.ok_or_else(|| failed(&format!("{name} is no number")))?,
                name,
                dump: PathBuf::new(),
            })
        });
        Ok(Record {
            rustc: file.rustc,
            machine: file.machine,
            lines: lines.collect::<Result<_, String>>()?,
        })
    }

    /// Commits to these counts.
    pub fn write(&self) -> Result<(), String> {
        let mut text = format!(
            "# Instructions of one call, as `UPDATE=1 cargo run --profile optimised --bin counts` counts them (docs/BENCHMARKS.md).\n\
             # `.ci/run` fails when one takes {TOLERANCE} % more, and says when one takes so much less.\n\n\
             rustc = {:?}\nmachine = {:?}\n\n[instructions]\n",
            self.rustc, self.machine
        );
        for line in &self.lines {
            let _ = writeln!(text, "{:?} = {}", line.name, underscored(line.each));
        }
        let path = path();
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        for line in &self.lines {
            println!("{:>12}  {}", underscored(line.each), line.name);
        }
        println!("written to {}; review the change", path.display());
        Ok(())
    }

    /// Prints what was counted beside what is recorded. Whether it is within the tolerance; what another compiler or another kind of
    /// processor makes of the same code is told and not judged.
    pub fn judge(&self, counted: &Record) -> bool {
        let same = self.rustc == counted.rustc && self.machine == counted.machine;
        let (mut above, mut below) = (Vec::new(), Vec::new());
        println!("{:>12} {:>12} {:>8}", "recorded", "counted", "");
        for line in &counted.lines {
            let Some(known) = self.lines.iter().find(|known| known.name == line.name) else {
                println!(
                    "{:>12} {:>12} {:>8}  {}",
                    "-",
                    underscored(line.each),
                    "",
                    line.name
                );
                above.push(line);
                continue;
            };
            let change = (line.each as f64 / known.each as f64 - 1.0) * 100.0;
            println!(
                "{:>12} {:>12} {change:>+6.1} %  {}",
                underscored(known.each),
                underscored(line.each),
                line.name
            );
            if change > TOLERANCE {
                above.push(line);
            } else if change < -TOLERANCE {
                below.push(line);
            }
        }
        let gone: Vec<_> = self
            .lines
            .iter()
            .filter(|known| counted.lines.iter().all(|line| line.name != known.name))
            .map(|known| known.name.as_str())
            .collect();
        for line in &above {
            println!(
                "more than recorded, or not recorded: {}; `callgrind_annotate --auto=no --threshold=100 {}` says where",
                line.name,
                line.dump.display()
            );
        }
        for name in &gone {
            println!("recorded, and counted no more: {name}");
        }
        if !below.is_empty() {
            println!(
                "{} of {} take at least {TOLERANCE} % less than recorded: record what was won",
                below.len(),
                counted.lines.len()
            );
        }
        let within = above.is_empty() && gone.is_empty();
        if !same {
            println!(
                "told and not judged: recorded with {} on {}, counted with {} on {}; record it anew there",
                self.rustc, self.machine, counted.rustc, counted.machine
            );
            return true;
        }
        if !(within && below.is_empty()) {
            println!("UPDATE=1 cargo run --profile optimised --bin counts records them");
        }
        within
    }
}

/// `1_234_567`.
fn underscored(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
