//! `lienthong adapter check`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::adapt::Adapter;
use crate::cli::{CommandError, Exit};
use crate::material::{self, AdapterError};

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// Folder with formats, each as `<name>/v<number>/adapter.toml`
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let registry = match material::adapters(args.dir.as_deref()) {
        Ok(registry) => registry,
        Err(error @ AdapterError::Faults(_)) => {
            writeln!(out, "{error}")?;
            return Ok(Exit::Findings);
        }
        Err(error) => return Err(error.into()),
    };
    for adapter in registry.names().filter_map(|name| registry.get(name)) {
        let (vi, en) = adapter.titles();
        let provisional = if adapter.is_provisional() {
            " (provisional)"
        } else {
            ""
        };
        let types: Vec<&str> = adapter.media_types().collect();
        writeln!(out, "{}{provisional}: {vi} | {en}", adapter.name())?;
        writeln!(out, "  {}: {}", types.join(", "), abilities(adapter).join(", "))?;
        for remark in adapter.remarks() {
            writeln!(out, "  ! {remark}")?;
        }
        for (what_vi, what_en, fields) in [
            ("hồ sơ", "dossiers", adapter.unwritten_of_dossiers()),
            ("trạng thái", "statuses", adapter.unwritten_of_statuses()),
        ] {
            if !fields.is_empty() {
                let fields = fields.join(", ");
                writeln!(
                    out,
                    "  đọc mà không ghi, {what_vi} | read and not written, {what_en}: {fields}"
                )?;
            }
        }
    }
    Ok(Exit::Good)
}

fn abilities(adapter: &Adapter) -> Vec<&'static str> {
    [
        (adapter.reads_dossiers(), "dossiers in"),
        (adapter.reads_statuses(), "statuses in"),
        (adapter.renders(), "dossiers out"),
        (adapter.tells_progress(), "progress out"),
    ]
    .into_iter()
    .filter_map(|(can, what)| can.then_some(what))
    .collect()
}
