//! `lienthong directory report`

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::folder::read_folder;
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::domain::routing::{CompetenceFault, CompetenceSpot};
use crate::domain::time::Date;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// Folder with the CSV files
    dir: PathBuf,

    /// A day to look at (YYYY-MM-DD, in Vietnam); may be given several times
    #[arg(long, value_name = "DAY")]
    at: Vec<Date>,

    /// Print JSON, one line each
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ReportArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let Some((_, directory)) = read_folder(&args.dir, out)? else {
        return Ok(Exit::Findings);
    };
    let days: BTreeSet<Date> = args.at.iter().copied().collect();
    let report = if days.is_empty() {
        directory.competence()
    } else {
        directory.competence_on(&days)
    };
    for spot in &report.spots {
        if args.json {
            print_json(out, spot)?;
        } else {
            writeln!(out, "{}", line(spot))?;
        }
    }
    let of = |fault| report.spots.iter().filter(|spot| spot.fault == fault).count();
    let (gaps, overlaps) = (of(CompetenceFault::Gap), of(CompetenceFault::Overlap));
    if !args.json {
        writeln!(
            out,
            "version {}: {} tuyến | routes, {gaps} khoảng trống | gaps, {overlaps} chồng lấn | overlaps",
            directory.version(),
            report.decided
        )?;
    }
    Ok(if report.spots.is_empty() {
        Exit::Good
    } else {
        Exit::Findings
    })
}

/// A gap or an overlap on one line.
pub(super) fn line(spot: &CompetenceSpot) -> String {
    let fault = match spot.fault {
        CompetenceFault::Gap => "khoảng trống | gap",
        CompetenceFault::Overlap => "chồng lấn | overlap",
    };
    let place = match &spot.commune {
        Some(commune) => format!("{} {}", commune.code, commune.name),
        None => "*".to_owned(),
    };
    let (from, to) = (
        spot.from.as_deref().unwrap_or("…"),
        spot.to.as_deref().unwrap_or("…"),
    );
    let rules = if spot.rules.is_empty() {
        String::new()
    } else {
        let agencies: Vec<&str> = spot.agencies.iter().map(|key| key.as_str()).collect();
        format!("  {}: {}", spot.rules.join(" + "), agencies.join(", "))
    };
    format!("{fault}  {}  {place}  {from} – {to}{rules}", spot.procedure)
}
