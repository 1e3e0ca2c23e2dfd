//! `lienthong directory route`

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::folder::read_folder;
use crate::cli::desk::DeskArgs;
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::clock::Clock;
use crate::domain::codes::CommuneCode;
use crate::domain::dossier::{Catalogue, Place};
use crate::domain::routing::{Directory, Divided};
use crate::domain::text::Text;
use crate::domain::time::Date;
use crate::domain::view::{AgencyView, RouteAnswer, RouteRequest};

#[derive(Debug, Args)]
pub(in crate::cli) struct RouteArgs {
    /// The procedure: its national code, or a local form of it
    #[arg(long, value_name = "CODE", value_parser = procedure_code)]
    procedure: Text<50>,

    /// The commune that decides, with the catalogue its code is from where that is known: 00004, 00004@2025, 00028@legacy
    #[arg(long, value_name = "COMMUNE[@CATALOGUE]")]
    place: Option<GivenPlace>,

    /// Date of the paper the place was taken from
    #[arg(long, value_name = "DAY", requires = "place")]
    document_date: Option<Date>,

    /// The day of filing (YYYY-MM-DD, in Vietnam); today, when it is left out
    #[arg(long, value_name = "DAY")]
    at: Option<Date>,

    /// Nobody is there to be asked, as in a batch: a place that may be several parks the filing instead of refusing it
    #[arg(long)]
    batch: bool,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    /// Folder with the CSV files: they are asked, and no hub is
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    #[command(flatten)]
    desk: DeskArgs,
}

fn procedure_code(text: &str) -> Result<Text<50>, &'static str> {
    text.parse().map_err(
        |_| "mã thủ tục có từ 1 đến 50 ký tự in được | a procedure's code has 1 to 50 printable characters",
    )
}

/// A commune, and the catalogue its code is from.
#[derive(Clone, Debug)]
struct GivenPlace {
    commune: CommuneCode,
    catalogue: Option<Catalogue>,
}

impl FromStr for GivenPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (commune, catalogue) = match text.split_once('@') {
            Some((commune, word)) => (commune, Some(word)),
            None => (text, None),
        };
        let catalogue = match catalogue {
            None => None,
            Some("2025") => Some(Catalogue::Since2025),
            Some("legacy") => Some(Catalogue::Legacy),
            Some(_) => {
                return Err("danh mục là 2025 hoặc legacy | the catalogue is 2025 or legacy".to_owned());
            }
        };
        let commune = commune
            .parse()
            .map_err(|_| "mã xã gồm 5 chữ số | a commune code has 5 digits".to_owned())?;
        Ok(GivenPlace { commune, catalogue })
    }
}

pub(super) fn run(args: &RouteArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let request = RouteRequest {
        procedure: args.procedure.clone(),
        place: args.place.clone().map(|place| Place {
            catalogue: place.catalogue,
            commune: place.commune,
            name: None,
            district: None,
            document_date: args.document_date,
        }),
        at: args.at,
        batch: args.batch,
    };
    let answer = match &args.dir {
        Some(dir) => match read_folder(dir, out)? {
            Some((_, directory)) => of_folder(&directory, &request),
            None => return Ok(Exit::Findings),
        },
        None => {
            let answer = args.desk.open()?.ask(
                async |hub, access| hub.intake.route_of(access, &request),
                async |partner| partner.route_of(&request).await,
            );
            match answer {
                Ok(answer) => answer,
                Err(refusal) => return refusal.print(out),
            }
        }
    };
    if args.json {
        print_json(out, &answer)?;
    } else {
        show(&answer, out)?;
    }
    Ok(if answer.agency.is_some() {
        Exit::Good
    } else {
        Exit::Findings
    })
}

fn of_folder(directory: &Directory, request: &RouteRequest) -> RouteAnswer {
    let today = Clock::System.now().date();
    let at = request.at.unwrap_or(today);
    let divided = if request.batch {
        Divided::Park
    } else {
        Divided::Refuse
    };
    let decided = directory.route_by(request.procedure.as_str(), request.place.as_ref(), at, divided);
    let settled = decided.map(|route| directory.settle(route, at, today.max(at)));
    RouteAnswer::of(settled, |key| AgencyView {
        key: key.clone(),
        name: directory
            .agency_at(key, at)
            .map_or_else(|| key.to_string(), |agency| agency.name.clone()),
    })
}

/// The agency, the two sentences, and what is to be looked at.
fn show(answer: &RouteAnswer, out: &mut dyn Write) -> Result<(), CommandError> {
    match (&answer.agency, answer.parked) {
        (Some(agency), _) => writeln!(out, "{}  {}", agency.key, agency.name)?,
        (None, Some(label)) => writeln!(out, "chờ phân công | waits for the operator: {label}")?,
        (None, None) => writeln!(out, "bị từ chối | would be refused")?,
    }
    if let Some(reason) = &answer.reason {
        writeln!(out, "{}", reason.vi)?;
        writeln!(out, "{}", reason.en)?;
    }
    for problem in answer.refused.iter().chain(&answer.warnings) {
        let path = problem.path.as_deref().unwrap_or("");
        writeln!(out, "{} {path}: {} | {}", problem.label, problem.vi, problem.en)?;
    }
    Ok(())
}
