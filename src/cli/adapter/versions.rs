//! `lienthong adapter activate`, `rollback`, `versions`: which version of a format is in use.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::desk::{DeskArgs, agreed};
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::domain::view::{
    FormatActivationRequest, FormatPlanRequest, FormatPlanView, FormatRollbackRequest, FormatStanding,
    FormatVersionView,
};
use crate::material::{self, FormatFolder};

#[derive(Debug, Args)]
pub(in crate::cli) struct ActivateArgs {
    /// Folder of the version, `…/<name>/v<number>`, with `adapter.toml`; its `samples/` and `expected/` are checked too
    dir: PathBuf,

    /// Only print the plan; exit 1 if anything changes
    #[arg(long)]
    plan: bool,

    /// Print the plan as JSON
    #[arg(long)]
    json: bool,

    /// Why; kept in the audit
    #[arg(long, default_value = "đổi phiên bản định dạng bằng dòng lệnh")]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArgs {
    /// The format, without a version
    name: String,

    /// Why; kept in the audit
    #[arg(long, default_value = "quay lại phiên bản định dạng trước bằng dòng lệnh")]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct VersionsArgs {
    /// Only those of this format, without a version
    name: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    desk: DeskArgs,
}

/// A version as its folder has it.
pub(super) fn folder(dir: &Path) -> Result<FormatFolder, CommandError> {
    Ok(material::format_folder(dir)?)
}

pub(super) fn activate(args: &ActivateArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let FormatFolder {
        format,
        text,
        samples,
        expected,
    } = folder(&args.dir)?;
    let desk = args.desk.open()?;
    let request = FormatPlanRequest {
        format,
        text,
        samples,
        expected,
    };
    let plan = desk.ask(
        async |hub, access| hub.formats.plan(access, request.clone()).await,
        async |partner| partner.plan_format(&request).await,
    );
    let plan = match plan {
        Ok(plan) => plan,
        Err(refusal) => return refusal.print(out),
    };
    match args.json {
        true => print_json(out, &plan)?,
        false => show(&plan, out)?,
    }
    if !plan.changes {
        writeln!(out, "không có gì thay đổi | nothing changes")?;
        return Ok(Exit::Good);
    }
    if args.plan {
        return Ok(Exit::Findings);
    }
    if !args.yes && !agreed(out, "Đưa vào sử dụng? | Put it into use?")? {
        writeln!(out, "không đổi | not changed")?;
        return Ok(Exit::Findings);
    }
    let request = FormatActivationRequest {
        format: request.format,
        text: request.text,
        samples: request.samples,
        expected: request.expected,
        plan: plan.digest,
        reason: args.reason.clone(),
    };
    let done = desk.ask(
        async |hub, access| hub.formats.activate(access, request.clone()).await,
        async |partner| partner.activate_format(&request).await,
    );
    match done {
        Ok(answer) => {
            let now = answer.in_use.unwrap_or_default();
            writeln!(out, "đang dùng | in use: {now}")?;
            Ok(Exit::Good)
        }
        Err(refusal) => refusal.print(out),
    }
}

/// Names shown of tenants and agencies; the rest are counted.
const SHOWN: usize = 10;

fn show(plan: &FormatPlanView, out: &mut dyn Write) -> Result<(), CommandError> {
    let from = plan.from.as_deref().unwrap_or("-");
    writeln!(out, "{from} → {}", plan.format)?;
    writeln!(out, "  SHA-256   {}", plan.sha256)?;
    writeln!(
        out,
        "  mẫu đúng như mong đợi | samples as expected: {}",
        plan.samples
    )?;
    let tenants: Vec<&str> = plan.tenants.iter().map(|key| key.as_str()).collect();
    let agencies: Vec<&str> = plan.agencies.iter().map(|key| key.as_str()).collect();
    for (vi, en, names) in [
        ("đọc hồ sơ của", "reads what these file", tenants),
        ("viết hồ sơ cho", "writes to these agencies", agencies),
    ] {
        let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
        let rest = names.len().saturating_sub(SHOWN);
        let rest = match rest {
            0 => String::new(),
            rest => format!(", … {rest} more"),
        };
        writeln!(out, "  {vi} | {en} ({}): {shown}{rest}", names.len())?;
    }
    for word in &plan.lost {
        writeln!(
            out,
            "! không còn | no longer: {word}; phiên bản đang dùng làm được | what is in use can"
        )?;
    }
    Ok(())
}

pub(super) fn roll_back(args: &RollbackArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let desk = args.desk.open()?;
    let versions = desk.ask(
        async |hub, access| hub.formats.versions(access).await,
        async |partner| partner.formats().await,
    );
    let versions = match versions {
        Ok(versions) => versions.formats,
        Err(refusal) => return refusal.print(out),
    };
    let is_activated = |one: &&FormatVersionView| {
        one.standing == FormatStanding::Activated && one.format.split('/').next() == Some(args.name.as_str())
    };
    let from = versions.iter().find(is_activated).map(|one| one.format.clone());
    // Of a format that was never put into use the hub says so.
    let from = from.unwrap_or_else(|| format!("{}/v1", args.name));
    if !args.yes && !agreed(out, &format!("Thôi dùng {from}? | Leave {from}?"))? {
        writeln!(out, "không đổi | not changed")?;
        return Ok(Exit::Findings);
    }
    let request = FormatRollbackRequest {
        name: args.name.clone(),
        from,
        reason: args.reason.clone(),
    };
    let done = desk.ask(
        async |hub, access| hub.formats.roll_back(access, request.clone()).await,
        async |partner| partner.roll_back_format(&request).await,
    );
    match done {
        Ok(answer) => {
            match answer.in_use {
                Some(now) => writeln!(out, "đang dùng | in use: {now}")?,
                None => writeln!(
                    out,
                    "mỗi đơn vị dùng phiên bản của mình | each tenant uses the version that it has"
                )?,
            }
            Ok(Exit::Good)
        }
        Err(refusal) => refusal.print(out),
    }
}

pub(super) fn versions(args: &VersionsArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let desk = args.desk.open()?;
    let found = desk.ask(
        async |hub, access| hub.formats.versions(access).await,
        async |partner| partner.formats().await,
    );
    let mut found = match found {
        Ok(found) => found,
        Err(refusal) => return refusal.print(out),
    };
    if let Some(name) = &args.name {
        found
            .formats
            .retain(|one| one.format.split('/').next() == Some(name));
    }
    let exit = match found
        .formats
        .iter()
        .any(|one| !one.drift.is_empty() || !one.usable)
    {
        true => Exit::Findings,
        false => Exit::Good,
    };
    if args.json {
        print_json(out, &found)?;
        return Ok(exit);
    }
    let width = found
        .formats
        .iter()
        .map(|one| one.format.len())
        .max()
        .unwrap_or(0);
    for one in &found.formats {
        line(one, width, out)?;
    }
    Ok(exit)
}

/// Digits of a digest that are shown: enough to tell texts apart.
const DIGITS: usize = 12;

fn line(one: &FormatVersionView, width: usize, out: &mut dyn Write) -> Result<(), CommandError> {
    let (mark, vi, en) = match one.standing {
        FormatStanding::Activated => ("✔", "đang dùng chung", "in use for all"),
        FormatStanding::Listed => ("✔", "dùng theo từng đơn vị", "used by whoever has it"),
        FormatStanding::Replaced => ("·", "đã được thay", "replaced"),
    };
    let digest = one.sha256.to_string();
    let digest = digest.get(..DIGITS).unwrap_or(&digest);
    let by = one
        .by
        .as_ref()
        .map(|by| format!(", {}", by.tenant))
        .unwrap_or_default();
    let since = one.since.unwrap_or(one.kept_at);
    writeln!(
        out,
        "{mark} {:width$}  {digest}  {vi} | {en}  {since}{by}",
        one.format
    )?;
    if !one.usable {
        writeln!(
            out,
            "  ✘ không biên dịch được trên bản phần mềm này; bản tin mới không được ghi theo phiên bản này | does not compile in this \
             release; nothing new is pinned to it"
        )?;
    }
    for drift in &one.drift {
        let file = drift.file.to_string();
        writeln!(
            out,
            "  ! tệp khác nội dung đang dùng | the file is not the text in use: {}…, {} – {}; đặt thành phiên bản tiếp theo hoặc đặt lại \
             tệp cũ | make it the next version, or put the old file back",
            file.get(..DIGITS).unwrap_or(&file),
            drift.since,
            drift.seen_at
        )?;
    }
    Ok(())
}
