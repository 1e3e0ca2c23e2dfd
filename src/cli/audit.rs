//! `lienthong audit`: is the history whole, and what did operators do?

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::json;

use super::desk::DeskArgs;
use super::{ConfigArg, Exit, Failure, print_json};
use crate::client::AuditFilter;
use crate::domain::audit::Action;
use crate::material;
use crate::service::AuditQuery;
use crate::store::conn::{Connector, Purpose};
use crate::store::read;

/// The sealed history, and what operators did
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verify every seal from the first block on, replay every event and compare every dossier
    ///
    /// Exit 1 if anything is not as it was written. Keep a copy of the head's hash elsewhere: it proves all history before it.
    Verify(VerifyArgs),
    /// What operators did, newest first: number, when, who, what, on what, why, details
    Log(Box<LogArgs>),
}

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// Only on this: a tenant's key, a tracking id, `directory`
    #[arg(long)]
    subject: Option<String>,

    /// Only of this kind, as tenant-suspended
    #[arg(long, value_name = "KIND", value_parser = action)]
    action: Option<Action>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,

    /// Only entries before this number
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    desk: DeskArgs,
}

fn action(word: &str) -> Result<Action, String> {
    let all: Vec<&str> = Action::ALL.iter().map(|a| a.word()).collect();
    word.parse().map_err(|()| all.join(", "))
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
    match command {
        AuditCommand::Verify(args) => verify(args, out),
        AuditCommand::Log(args) => log(args, out),
    }
}

fn log(args: &LogArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let page = args.desk.open()?.ask(
        async |hub, access| {
            let query = AuditQuery {
                subject: args.subject.clone(),
                action: args.action,
                before: args.before,
                limit: args.limit,
            };
            hub.audit(access, query).await
        },
        async |partner| {
            let filter = AuditFilter {
                subject: args.subject.clone(),
                action: args.action,
                before: args.before,
                limit: Some(args.limit),
            };
            partner.audit(&filter).await
        },
    );
    let page = match page {
        Ok(page) => page,
        Err(refusal) => return refusal.print(out),
    };
    if args.json {
        print_json(out, &page)?;
        return Ok(Exit::Good);
    }
    for entry in page.entries {
        let who = match &entry.actor.staff {
            Some(staff) => format!("{}/{staff}", entry.actor.tenant),
            None => entry.actor.tenant.to_string(),
        };
        let details: Vec<String> = entry
            .detail
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let (number, at, word, on) = (entry.number, entry.at, entry.action.word(), entry.subject);
        let (why, details) = (entry.reason.unwrap_or_default(), details.join(", "));
        writeln!(out, "{number}  {at}  {who}  {word}  {on}  {why}  {details}")?;
    }
    Ok(Exit::Good)
}

fn verify(args: &VerifyArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
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
            "blocks": report.blocks, "events": report.events, "dossiers": report.dossiers, "acts": report.acts,
            "head": report.head, "unproven_due_dates": report.unproven_due_dates, "findings": findings,
        });
        print_json(out, &report)?;
    } else {
        writeln!(out, "blocks    {}", report.blocks)?;
        writeln!(out, "events    {}", report.events)?;
        writeln!(out, "dossiers  {}", report.dossiers)?;
        writeln!(out, "acts      {}", report.acts)?;
        writeln!(out, "head      {}", report.head)?;
        if report.unproven_due_dates > 0 {
            writeln!(
                out,
                "⚠ {0} hồ sơ có hạn trả được đặt trước khi hạn trả được ghi thành sự kiện, không có gì chứng minh | {0} dossiers have a \
                 due date from before due dates were kept as events; nothing proves it",
                report.unproven_due_dates
            )?;
        }
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
