//! `lienthong audit`

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{ConfigArg, Exit, Failure, print_json};
use crate::material;
use crate::store::conn::{Connector, Purpose};
use crate::store::read;

/// The sealed history
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verify every seal from the first block on, replay every event and compare every dossier
    ///
    /// Exit 1 if anything is not as it was written. Keep a copy of the head's hash elsewhere: it proves all history before it.
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    config: ConfigArg,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &AuditCommand, out: &mut dyn Write) -> Result<Exit, Failure> {
    let AuditCommand::Verify(args) = command;
    let config = args.config.load()?;
    let cipher = material::cipher(&config.keys)?;
    let connector = Connector::new(material::backend(&config.database)?)?;
    // Not a reader's connection: those have a time limit, and the whole history takes as long as it takes.
    let mut conn = connector.open(Purpose::Migration)?;
    let report = read::verify(&mut conn, &cipher)?;
    if args.json {
        let findings: Vec<_> = report
            .findings
            .iter()
            .map(|finding| json!({ "place": finding.place, "what": finding.what }))
            .collect();
        let report = json!({
            "blocks": report.blocks, "events": report.events, "dossiers": report.dossiers,
            "head": report.head, "findings": findings,
        });
        print_json(out, &report)?;
    } else {
        writeln!(out, "blocks    {}", report.blocks)?;
        writeln!(out, "events    {}", report.events)?;
        writeln!(out, "dossiers  {}", report.dossiers)?;
        writeln!(out, "head      {}", report.head)?;
        for finding in &report.findings {
            writeln!(out, "✘ {}: {}", finding.place, finding.what)?;
        }
        if report.findings.is_empty() {
            writeln!(out, "✔ mọi niêm phong đều nguyên vẹn | every seal is whole")?;
        }
    }
    Ok(if report.findings.is_empty() {
        Exit::Good
    } else {
        Exit::Findings
    })
}
