//! `lienthong deliveries`: what is carried to agencies, for those who run the hub. It speaks to a hub as an operator, with a
//! certificate, as a partner would: what it does is checked and kept like any other call.

use std::io::Write;

use clap::{Args, Subcommand};

use super::print::answered;
use super::runtime::runtime;
use super::speaker::Speaker;
use super::{CommandError, Exit};
use crate::client::DeliveriesFilter;
use crate::domain::codes::Key;
use crate::domain::ids::DeliveryId;
use crate::domain::view::{DeliveryState, ParkRequest, ResendRequest, RetryRequest};

/// See how messages to agencies are carried, have one sent again, or park it
///
/// As an operator of a running hub. Answers are printed as JSON, refusals too (exit 1). Every intervention is kept with the
/// delivery's attempts: who, when, why.
#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// List deliveries that failed: every attempt, why, whose matter it is and what to do; the parked ones, when nothing is said
    List(ListArgs),
    /// Have a delivery tried again, on the way it always goes
    Retry(RetryArgs),
    /// Have a delivery tried no more
    Park(ParkArgs),
    /// Have sent again what the broker has lost: confirmed, not settled, and in no queue
    ///
    /// After a broker was lost, restored or purged. Oldest first; what still lies in a queue is not sent again. An agency that reads its
    /// own queue may get again what it has taken and not answered; it deduplicates by event id.
    Resend(ResendArgs),
    /// List agencies' endpoints, and which of them are spared because they fail
    Endpoints(EndpointsArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// Only those in this state [default: parked]; waiting and queued are those being tried again
    #[arg(long, value_name = "STATE")]
    state: Option<DeliveryState>,

    /// Only those to this agency
    #[arg(long, value_name = "KEY")]
    agency: Option<Key>,

    /// Only those of this failure: unreachable, slow, denied, document-refused …
    #[arg(long, value_name = "FAILURE")]
    failure: Option<crate::domain::failure::Failure>,

    /// `next` of the page before
    #[arg(long, value_name = "ID")]
    after: Option<DeliveryId>,

    /// How many at most, 1 to 200 [default: 50]
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// The delivery, dlv_…
    id: DeliveryId,

    /// Why, without anybody's name; kept with the attempts
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Although the agency has it, or its queue had it, already; it deduplicates by event id
    #[arg(long)]
    again: bool,
}

#[derive(Debug, Args)]
pub(super) struct ParkArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// The delivery, dlv_…
    id: DeliveryId,

    /// Why, without anybody's name; kept with the attempts
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
pub(super) struct ResendArgs {
    #[command(flatten)]
    speaker: Speaker,

    /// Of this agency alone; of all, when nothing is said
    #[arg(long, value_name = "KEY")]
    agency: Option<Key>,

    /// Why, without anybody's name; kept with the attempts
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
pub(super) struct EndpointsArgs {
    #[command(flatten)]
    speaker: Speaker,
}

pub(super) fn run(command: &DeliveriesCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let runtime = runtime()?;
    match command {
        DeliveriesCommand::List(args) => {
            let filter = DeliveriesFilter {
                state: args.state,
                agency: args.agency.clone(),
                failure: args.failure,
                after: args.after,
                limit: args.limit,
            };
            let partner = args.speaker.partner(None)?;
            answered(runtime.block_on(partner.deliveries(&filter)), out)
        }
        DeliveriesCommand::Retry(args) => {
            let request = RetryRequest {
                reason: args.reason.clone(),
                again: args.again,
            };
            let partner = args.speaker.partner(None)?;
            answered(runtime.block_on(partner.retry_delivery(args.id, &request)), out)
        }
        DeliveriesCommand::Park(args) => {
            let request = ParkRequest {
                reason: args.reason.clone(),
            };
            let partner = args.speaker.partner(None)?;
            answered(runtime.block_on(partner.park_delivery(args.id, &request)), out)
        }
        DeliveriesCommand::Resend(args) => {
            let request = ResendRequest {
                reason: args.reason.clone(),
                agency: args.agency.clone(),
            };
            let partner = args.speaker.partner(None)?;
            answered(runtime.block_on(partner.resend_deliveries(&request)), out)
        }
        DeliveriesCommand::Endpoints(args) => {
            let partner = args.speaker.partner(None)?;
            answered(runtime.block_on(partner.endpoints()), out)
        }
    }
}
