//! `lienthong audit`: is the history whole, and what did operators do?

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::json;

use super::desk::DeskArgs;
use super::print::print_json;
use super::settings::ConfigArg;
use super::{CommandError, Exit};
use crate::client::AuditListRequest;
use crate::domain::audit::Action;
use crate::domain::sha256::Sha256;
use crate::material;
use crate::service::AuditQuery;
use crate::store::StoreError;
use crate::store::conn::{Connector, Purpose};
use crate::store::read;

/// The sealed history, and what operators did
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verify every seal from the first block on, replay every event and compare every row that is sealed
    ///
    /// Exit 1 if anything is not as it was written. Keep a copy of the head's hash elsewhere: it proves all history before it, and
    /// `--head` looks for it.
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

    /// A head that an earlier run printed and that was kept elsewhere: is it part of this history?
    #[arg(long, value_name = "HASH", value_parser = head)]
    head: Option<Sha256>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn head(text: &str) -> Result<Sha256, String> {
    let bytes = hex::decode(text.trim())
        .ok()
        .and_then(|bytes| Sha256::try_from(bytes.as_slice()).ok());
    bytes.ok_or_else(|| "64 hexadecimal digits".to_owned())
}

pub(super) fn run(command: &AuditCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        AuditCommand::Verify(args) => verify(args, out),
        AuditCommand::Log(args) => log(args, out),
    }
}

fn log(args: &LogArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let page = args.desk.open()?.ask(
        async |hub, access| {
            let query = AuditQuery {
                subject: args.subject.clone(),
                action: args.action,
                before: args.before,
                limit: args.limit,
            };
            hub.tenants.audit(access, query).await
        },
        async |partner| {
            let filter = AuditListRequest {
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

fn verify(args: &VerifyArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let config = args.config.load()?;
    let cipher = material::cipher(&config.keys)?;
    let connector = Connector::new(material::backend(&config.database)?);
    // Not a reader's connection: those have a time limit, and the whole history takes as long as it takes.
    let mut conn = connector.open(Purpose::Migration)?;
    // Without it everything would look edited.
    if let Some(key) = read::lost_key(&mut conn, |key| cipher.holds(key))? {
        return Err(StoreError::Key(key).into());
    }
    let report = read::verify(&mut conn, &cipher, args.head.as_ref())?;
    if args.json {
        let findings: Vec<_> = report
            .findings
            .iter()
            .map(|finding| json!({ "place": finding.place, "what": finding.what }))
            .collect();
        let report = json!({
            "blocks": report.blocks, "events": report.events, "dossiers": report.dossiers, "acts": report.acts,
            "reads": report.reads, "head": report.head, "kept_head_found": report.kept_head_found, "findings": findings,
        });
        print_json(out, &report)?;
    } else {
        writeln!(out, "blocks    {}", report.blocks)?;
        writeln!(out, "events    {}", report.events)?;
        writeln!(out, "dossiers  {}", report.dossiers)?;
        writeln!(out, "acts      {}", report.acts)?;
        writeln!(out, "reads     {}", report.reads)?;
        writeln!(out, "head      {}", report.head)?;
        match report.kept_head_found {
            Some(true) => writeln!(
                out,
                "✔ mã băm khối bạn đã cất thuộc lịch sử này | the head you kept is part of this history"
            )?,
            Some(false) => writeln!(
                out,
                "✘ mã băm khối bạn đã cất không có trong lịch sử này | the head you kept is not part of this history"
            )?,
            None => {}
        }
        for finding in &report.findings {
            writeln!(out, "✘ {}: {}", finding.place, finding.what)?;
        }
        if report.findings.is_empty() {
            writeln!(out, "✔ mọi niêm phong đều nguyên vẹn | every seal is whole")?;
        }
    }
    Ok(
        if report.findings.is_empty() && report.kept_head_found != Some(false) {
            Exit::Good
        } else {
            Exit::Findings
        },
    )
}
