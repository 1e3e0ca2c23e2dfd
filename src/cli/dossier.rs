//! `lienthong dossier`: what waits for the operator.

use std::io::Write;

use clap::{Args, Subcommand};
use rand::RngExt;

use super::desk::DeskArgs;
use super::print::print_json;
use super::{CommandError, Exit};
use crate::client::DossierFilter;
use crate::clock::Entropy;
use crate::domain::codes::Key;
use crate::domain::ids::DossierId;
use crate::domain::seal::sha256;
use crate::domain::submission::IdempotencyKey;
use crate::domain::view::{AssignmentRequest, DossierPage};
use crate::service::{Call, DossierQuery};

/// Dossiers that wait for the operator
#[derive(Debug, Subcommand)]
pub(super) enum DossierCommand {
    /// List the dossiers for which the rules name no agency, or several: id, why, procedure, submitter, when received
    Parked(ParkedArgs),
    /// Why a dossier goes where it goes, what a person decided, and how far its messages have come, as JSON
    Route(RouteArgs),
    /// Name the agency of a dossier, parked or not; the one before loses its part
    Assign(AssignArgs),
}

#[derive(Debug, Args)]
pub(super) struct ParkedArgs {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,

    /// Only those older than this one
    #[arg(long, value_name = "ID")]
    after: Option<DossierId>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct RouteArgs {
    /// Its tracking id
    dossier: DossierId,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct AssignArgs {
    /// Its tracking id
    dossier: DossierId,

    /// Stable key of an agency of the directory, as so-tu-phap
    agency: Key,

    /// Why; the history keeps it, the submitter and the agency read it
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

pub(super) fn run(command: &DossierCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        DossierCommand::Parked(args) => parked(args, out),
        DossierCommand::Route(args) => args.desk.open()?.tell(
            out,
            async |hub, access| hub.dossiers.route(access, args.dossier).await,
            async |partner| partner.route(args.dossier).await,
        ),
        DossierCommand::Assign(args) => assign(args, out),
    }
}

fn parked(args: &ParkedArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let page = args.desk.open()?.ask(
        async |hub, access| {
            let query = DossierQuery {
                parked: true,
                after: args.after,
                limit: args.limit,
                ..DossierQuery::default()
            };
            hub.dossiers.list(access, query).await
        },
        async |partner| {
            let filter = DossierFilter {
                parked: true,
                after: args.after.map(|id| id.to_string()),
                limit: Some(args.limit),
                ..DossierFilter::default()
            };
            partner.dossiers(&filter).await
        },
    );
    let page: DossierPage = match page {
        Ok(page) => page,
        Err(refusal) => return refusal.print(out),
    };
    if args.json {
        print_json(out, &page)?;
        return Ok(Exit::Good);
    }
    for dossier in page.dossiers {
        let why = dossier.parked.map_or("-", |label| label.as_str());
        let (id, code, who) = (dossier.tracking_id, dossier.procedure, dossier.submitter);
        writeln!(
            out,
            "{id}  {why}  {code}  {who}  {}  {}",
            dossier.received_at, dossier.procedure_name
        )?;
    }
    if let Some(next) = page.next {
        writeln!(out, "còn nữa / there are more: --after {next}")?;
    }
    Ok(Exit::Good)
}

fn assign(args: &AssignArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let request = AssignmentRequest {
        agency: args.agency.clone(),
        reason: args.reason.clone(),
    };
    let said = format!("{} {} {}", args.dossier, args.agency, args.reason);
    let request_digest = sha256(said.as_bytes());
    let once: u128 = Entropy::System.generator().random();
    let key = IdempotencyKey::parse(&format!("{once:032x}"))
        .ok_or_else(|| CommandError::new("không tạo được Idempotency-Key", "no key could be made"))?;
    args.desk.open()?.tell(
        out,
        async |hub, access| {
            let call = Call {
                key: key.clone(),
                request_digest,
                traceparent: None,
            };
            hub.acts.assign(access, args.dossier, call, request.clone()).await
        },
        async |partner| partner.assign(args.dossier, &request, &key).await,
    )
}
