//! How an operator's command reaches the hub: through its interface with an operator's certificate, or, on the hub's own machine,
//! directly on its database.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::print::print_json;
use super::runtime::runtime;
use super::speaker::Speaker;
use super::{CommandError, Exit};
use crate::app;
use crate::client::{ClientError, Partner};
use crate::config::{Config, Environment};
use crate::domain::rejection::{Language, Problem};
use crate::domain::view::ProblemView;
use crate::identity::Access;
use crate::service::{Hub, ServiceError};

/// Which hub, and how it is reached. With `--hub` the command calls it as an operator; else it works on the database of `--config`.
#[derive(Debug, Args)]
pub(super) struct DeskArgs {
    /// File with the settings of a hub on this machine: its database is changed directly. For the first operator, and while no
    /// hub runs
    #[arg(long, value_name = "FILE", env = "LIENTHONG_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,

    #[command(flatten)]
    speaker: Speaker,
}

/// The hub, on this machine or elsewhere.
enum HubLink {
    /// Its verbs on its database, as the hub itself.
    Local(Box<Hub>),
    /// Its interface.
    Remote(Box<Partner>),
}

/// An open desk: the hub, and what runs the calls.
pub(super) struct Desk {
    hub: HubLink,
    runtime: tokio::runtime::Runtime,
}

/// Why the hub did not do what was asked.
pub(super) enum Refusal {
    /// It says why.
    Problems(Vec<ProblemView>),
    /// It could not.
    Failed(CommandError),
}

impl DeskArgs {
    pub(super) fn open(&self) -> Result<Desk, CommandError> {
        self.open_with(false)
    }

    /// The same; `provisional` takes rows of a directory that are marked so, whatever the settings of this machine say.
    pub(super) fn open_with(&self, provisional: bool) -> Result<Desk, CommandError> {
        let runtime = runtime()?;
        let hub = match (&self.speaker.hub, &self.config) {
            (Some(_), _) => HubLink::Remote(Box::new(self.speaker.partner(None)?)),
            (None, Some(path)) => {
                let mut config = Config::load(path, &Environment::of_process())?;
                config.directory.allow_provisional |= provisional;
                let hub = app::desk::open(&config)?;
                runtime.block_on(hub.refresher.refresh()).map_err(failed)?;
                HubLink::Local(Box::new(hub))
            }
            (None, None) => {
                return Err(CommandError::new(
                    "cần --hub URL (gọi cổng) hoặc --config TỆP (trên máy của cổng)",
                    "needs --hub URL (to call a hub) or --config FILE (on the hub's own machine)",
                ));
            }
        };
        Ok(Desk { hub, runtime })
    }
}

impl Desk {
    /// Does one thing, wherever the hub is.
    pub(super) fn ask<T>(
        &self,
        here: impl AsyncFnOnce(&Hub, &Access) -> Result<T, ServiceError>,
        there: impl AsyncFnOnce(&Partner) -> Result<T, ClientError>,
    ) -> Result<T, Refusal> {
        match &self.hub {
            HubLink::Local(hub) => {
                let done = self.runtime.block_on(here(hub, &Access::system()));
                done.map_err(refused)
            }
            HubLink::Remote(partner) => {
                let done = self.runtime.block_on(there(partner));
                done.map_err(|error| match error {
                    ClientError::Problem(document) => Refusal::Problems(document.problems),
                    other => Refusal::Failed(other.into()),
                })
            }
        }
    }

    /// Does one thing and prints what came of it as JSON; a refusal problem by problem, and exit 1.
    pub(super) fn tell<T: serde::Serialize>(
        &self,
        out: &mut dyn Write,
        here: impl AsyncFnOnce(&Hub, &Access) -> Result<T, ServiceError>,
        there: impl AsyncFnOnce(&Partner) -> Result<T, ClientError>,
    ) -> Result<Exit, CommandError> {
        match self.ask(here, there) {
            Ok(answer) => {
                print_json(out, &answer)?;
                Ok(Exit::Good)
            }
            Err(refusal) => refusal.print(out),
        }
    }
}

impl Refusal {
    /// Each problem on a line, and exit 1.
    pub(super) fn print(self, out: &mut dyn Write) -> Result<Exit, CommandError> {
        match self {
            Refusal::Problems(problems) => {
                for problem in problems {
                    let place = problem.path.map_or_else(String::new, |path| format!(" {path}"));
                    writeln!(out, "✘ {}{place}: {} | {}", problem.label, problem.vi, problem.en)?;
                }
                Ok(Exit::Findings)
            }
            Refusal::Failed(failure) => Err(failure),
        }
    }
}

fn refused(error: ServiceError) -> Refusal {
    match error {
        ServiceError::Rejected(rejection) => {
            let view = |p: &Problem| ProblemView::of(p, Language::Vietnamese);
            Refusal::Problems(rejection.problems().iter().map(view).collect())
        }
        other => Refusal::Failed(failed(other)),
    }
}

fn failed(error: ServiceError) -> CommandError {
    CommandError::new("cổng không thực hiện được (chạy `lienthong doctor`)", error)
}

/// Asks before what cannot be undone; `no` is the answer of whoever is not there.
pub(super) fn agreed(out: &mut dyn Write, question: &str) -> Result<bool, CommandError> {
    use std::io::{BufRead, IsTerminal};
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::new(
            "không có ai để hỏi: thêm --yes",
            "there is nobody to ask: add --yes",
        ));
    }
    write!(out, "{question} [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "c" | "có"))
}
