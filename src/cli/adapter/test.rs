//! `lienthong adapter test`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::folder;
use super::samples::{self, Tally};
use crate::adapt::Registry;
use crate::cli::{CommandError, Exit};
use crate::material::AdapterError;

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    /// A format's folder, or one with formats below it, each as `<name>/v<number>`
    dir: PathBuf,

    /// Write what the samples give into expected/, to be read like code before it is kept
    #[arg(long)]
    update: bool,
}

pub(super) fn run(args: &TestArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let found = folder::formats(&args.dir)?;
    if found.is_empty() {
        writeln!(out, "{}", folder::nothing(&args.dir))?;
        return Ok(Exit::Findings);
    }
    let registry = match Registry::compile(&folder::texts(&found)?) {
        Ok(registry) => registry,
        Err(faults) => {
            writeln!(out, "{}", AdapterError::Faults(faults))?;
            return Ok(Exit::Findings);
        }
    };
    let mut all = Tally::default();
    for (file, dir) in &found {
        let name = file.trim_end_matches(folder::MAPPING).trim_end_matches('/');
        let Some(adapter) = registry.get(name) else {
            continue;
        };
        writeln!(out, "{name}")?;
        all.add(samples::look(adapter, dir, args.update, out)?);
    }
    let Tally {
        samples,
        findings,
        written,
    } = all;
    if args.update {
        writeln!(
            out,
            "{samples} mẫu, {written} tệp đã ghi, {findings} điều cần xem | {samples} samples, {written} files written, {findings} findings"
        )?;
    } else {
        writeln!(
            out,
            "{samples} mẫu, {findings} điều cần xem | {samples} samples, {findings} findings"
        )?;
    }
    Ok(if findings == 0 { Exit::Good } else { Exit::Findings })
}
