//! Instructions of a filing and of a report, counted by valgrind, against what is recorded in `benches/instructions.toml`.
//!
//! `cargo run --profile optimised --bin counts` counts and compares; with `UPDATE=1` it records. A time says as much of the machine as of
//! the code; a count of instructions is the same on a busy machine, to a fraction of a per cent, so CI can hold a change to it.
//!
//! The program starts itself under callgrind ([`play`]): a whole hub on SQLite in one process, everything from the bytes on (the caller
//! judged, adapted, routed, encrypted, signed, committed, sealed), one call at a time. All threads are counted. Between two boundaries
//! lies one line of the table; what it takes to start the hub lies before the first and is counted apart. docs/BENCHMARKS.md says more.

mod city;
#[path = "../shared/documents.rs"]
mod documents;
mod record;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use lienthong::domain::ids::DossierId;
use lienthong::domain::routing::Directory;
use lienthong::domain::status::Status;
use lienthong::sim::format::Format;
use lienthong::sim::report::{AgencyReport, ReportFormat};
use lienthong::sim::script::{Brings, ReportWord};

use city::{AGENT, BRANCH, City, filed};
use documents::{SIZES, Writer, directory_files, monday, sizes};
use record::{Line, Record};

/// What this program calls itself with, under valgrind.
const PLAY: &str = "--play";

/// Calls before anything is counted, so that statements are prepared and caches are warm.
const WARM_UP: usize = 3;

/// Documents of each size that are counted.
const FILINGS: [usize; 3] = [30, 10, 8];

/// Callers that are judged.
const JUDGED: usize = 100;

/// What each boundary writes before the name and the number of what lies behind it.
const SIGN: &str = "#counted";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (None, _) => {}
        (Some(first), Some(folder)) if first == PLAY => {
            play(Path::new(&folder));
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("counts: takes no arguments; UPDATE=1 records what is counted");
            return ExitCode::from(2);
        }
    }
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("counts: {error}");
            ExitCode::from(2)
        }
    }
}

/// Counts, and prints the counts beside those recorded. Whether they are within them.
fn compare() -> Result<bool, String> {
    let counted = Record {
        rustc: record::rustc()?,
        machine: record::machine(),
        lines: count()?,
    };
    if updating() {
        return counted.write().map(|()| true);
    }
    let recorded = Record::read()?;
    Ok(recorded.judge(&counted))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the switch that also writes the other committed files of this project again"
)]
fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

/// Starts this program under callgrind, and reads what it wrote at each boundary.
fn count() -> Result<Vec<Line>, String> {
    let this = std::env::current_exe().map_err(|e| format!("this executable: {e}"))?;
    let folder = fresh_folder(&this)?;
    let out = folder.join("callgrind");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--quiet", "--fair-sched=yes"])
        // Both manglings of a name hold this.
        .arg("--dump-before=*counts*boundary*")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(&this)
        .arg(PLAY)
        .arg(&folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let ran = valgrind
        .output()
        .map_err(|e| format!("valgrind: {e}; 'apt-get install valgrind'"))?;
    if !ran.status.success() {
        return Err(format!("the counted run ended with {}", ran.status));
    }
    let said = String::from_utf8(ran.stdout).map_err(|e| e.to_string())?;
    let mut lines = Vec::new();
    // The dumps are numbered from 1 as the boundaries were reached.
    for (n, behind) in said
        .lines()
        .filter_map(|line| line.strip_prefix(SIGN))
        .enumerate()
    {
        let dump = PathBuf::from(format!("{}.{}", out.display(), n + 1));
        let counted = totals(&dump)?;
        let (calls, name) = behind
            .trim()
            .split_once(' ')
            .ok_or_else(|| format!("not a boundary: {behind}"))?;
        let calls: u64 = calls.parse().map_err(|_| format!("not a number: {calls}"))?;
        if let Some(each) = counted.checked_div(calls) {
            lines.push(Line {
                name: name.to_owned(),
                each,
                dump,
            });
        }
    }
    Ok(lines)
}

/// Beside the other build results, empty.
fn fresh_folder(this: &Path) -> Result<PathBuf, String> {
    let target = this.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let folder = target.join("counts");
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    Ok(folder)
}

/// The instructions of a dump: its line `totals: N`.
fn totals(dump: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(dump).map_err(|e| format!("{}: {e}", dump.display()))?;
    text.lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals: "))
        .and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| format!("{} has no line `totals: N`", dump.display()))
}

/// What was counted since the boundary before were so many calls of this name; none where it is not to be told.
///
/// Callgrind writes a dump and starts again at zero before this function is entered.
#[inline(never)]
fn boundary(calls: usize, name: &str) {
    println!("{SIGN} {calls} {name}");
}

/// What is counted. Also runs without valgrind, and counts nothing then.
fn play(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let city = City::open(folder).await;
        let directory = Directory::read(&directory_files()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let mut desk = Desk {
            writer: Writer::new(&directory),
            city: &city,
            next: 0,
        };
        let mut first = Vec::new();
        for format in Format::ALL {
            for (size, counted) in sizes(format).iter().zip(FILINGS) {
                let tracked = desk.file(format, *size, counted).await;
                if *size == SIZES[0] {
                    first.push(tracked);
                }
            }
        }
        for (format, dossiers) in [ReportFormat::Canonical, ReportFormat::DvcqgMc]
            .into_iter()
            .zip(first)
        {
            report(&city, format, &dossiers).await;
        }
        judge(&city);
    });
}

/// Where documents are written and filed.
struct Desk<'a> {
    writer: Writer,
    city: &'a City,
    next: usize,
}

impl Desk<'_> {
    /// Files documents of one format and size; the dossiers and who decides them.
    async fn file(
        &mut self,
        format: Format,
        (size, least): (&str, usize),
        counted: usize,
    ) -> Vec<(DossierId, String)> {
        let by_branch = !matches!(format, Format::VnpostHccJson | Format::VnpostHccXml);
        let tenant = if by_branch { BRANCH } else { AGENT };
        let documents: Vec<_> = (0..WARM_UP + counted)
            .map(|n| self.writer.document(self.next + n, by_branch, format, least))
            .collect();
        self.next += documents.len();
        let (warm_up, rest) = documents.split_at(WARM_UP);
        let mut answers = Vec::with_capacity(documents.len());
        for (key, bytes) in warm_up {
            answers.push(self.city.file(tenant, key, format, bytes).await);
        }
        boundary(0, "made ready");
        for (key, bytes) in rest {
            answers.push(self.city.file(tenant, key, format, bytes).await);
        }
        boundary(rest.len(), &format!("filing, {}, {size}", format.label()));
        answers.iter().map(|answer| filed(answer)).collect()
    }
}

/// Reports of each dossier that it is being processed.
async fn report(city: &City, format: ReportFormat, dossiers: &[(DossierId, String)]) {
    let reports: Vec<_> = dossiers
        .iter()
        .map(|(dossier, agency)| {
            let report = AgencyReport {
                dossier: *dossier,
                code: None,
                word: ReportWord::Status(Status::Processing),
                occurred_at: monday(),
                text: Some("Đã chuyển phòng chuyên môn thụ lý"),
                brings: Brings::Nothing,
                assigns: None,
            };
            (agency, report.render(format))
        })
        .collect();
    let (warm_up, rest) = reports.split_at(WARM_UP);
    for (agency, bytes) in warm_up {
        city.report(agency, format.name(), bytes).await;
    }
    boundary(0, "made ready");
    for (agency, bytes) in rest {
        city.report(agency, format.name(), bytes).await;
    }
    boundary(rest.len(), &format!("report, {} json", format.name()));
}

/// Callers whose token the hub has seen before: a part of each line above.
fn judge(city: &City) {
    boundary(0, "made ready");
    for _ in 0..JUDGED {
        std::hint::black_box(city.judge(BRANCH));
    }
    boundary(JUDGED, "caller judged");
}
