//! `lienthong adapter check`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::folder::{self, Found};
use super::samples;
use crate::adapt::{Adapter, Registry};
use crate::cli::{CommandError, Exit};
use crate::material::AdapterError;

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// A format's folder, or one with formats below it, each as `<name>/v<number>/adapter.toml` [default: the formats that come
    /// with the hub alone]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let found = match &args.dir {
        Some(dir) => folder::formats(dir)?,
        None => Found::new(),
    };
    if let (Some(dir), true) = (&args.dir, found.is_empty()) {
        writeln!(out, "{}", folder::nothing(dir))?;
        return Ok(Exit::Findings);
    }
    let registry = match Registry::shipped_with(&folder::texts(&found)?) {
        Ok(registry) => registry,
        Err(faults) => {
            writeln!(out, "{}", AdapterError::Faults(faults))?;
            return Ok(Exit::Findings);
        }
    };
    let mut findings = 0;
    for adapter in registry.names().filter_map(|name| registry.get(name)) {
        describe(adapter, out)?;
        if let Some(dir) = found.get(&format!("{}/{}", adapter.name(), folder::MAPPING)) {
            let tally = samples::look(adapter, dir, false, out)?;
            let (read, wrong) = (tally.samples, tally.findings);
            writeln!(
                out,
                "  {read} mẫu, {wrong} điều cần xem | {read} samples, {wrong} findings"
            )?;
            findings += wrong;
        }
    }
    Ok(if findings == 0 { Exit::Good } else { Exit::Findings })
}

/// What a format takes and gives, what is worth a look in its file, and what it does not write.
fn describe(adapter: &Adapter, out: &mut dyn Write) -> Result<(), CommandError> {
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
    Ok(())
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
