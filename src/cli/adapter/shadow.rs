//! `lienthong adapter shadow`: how another version of a format reads what was filed.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::versions::folder;
use crate::cli::desk::DeskArgs;
use crate::cli::print::print_json;
use crate::cli::{CommandError, Exit};
use crate::domain::tenant::TenantKey;
use crate::domain::view::{SHADOWED_SUBMISSIONS, ShadowDifference, ShadowKind, ShadowRequest, ShadowView};

#[derive(Debug, Args)]
pub(in crate::cli) struct ShadowArgs {
    /// Folder of the version, `…/<name>/v<number>`, with `adapter.toml`
    dir: PathBuf,

    /// How many submissions of the format, newest first, whichever version read them
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=i64::from(SHADOWED_SUBMISSIONS)))]
    last: u32,

    /// Only those of this tenant
    #[arg(long, value_name = "TENANT")]
    tenant: Option<TenantKey>,

    /// Show what was read, too. It may be personal; the audit says that it was shown
    #[arg(long)]
    values: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    desk: DeskArgs,
}

pub(super) fn run(args: &ShadowArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let folder = folder(&args.dir)?;
    let request = ShadowRequest {
        format: folder.format,
        text: folder.text,
        last: args.last,
        tenant: args.tenant.clone(),
        values: args.values,
    };
    let desk = args.desk.open()?;
    let view = desk.ask(
        async |hub, access| hub.formats.shadow(access, request.clone()).await,
        async |partner| partner.shadow_format(&request).await,
    );
    let view = match view {
        Ok(view) => view,
        Err(refusal) => return refusal.print(out),
    };
    match args.json {
        true => print_json(out, &view)?,
        false => show(&view, out)?,
    }
    Ok(match view.differences.is_empty() {
        true => Exit::Good,
        false => Exit::Findings,
    })
}

/// A trial for people: what came of it as a whole, then each difference on a line.
fn show(view: &ShadowView, out: &mut dyn Write) -> Result<(), CommandError> {
    let against: Vec<String> = view
        .against
        .iter()
        .map(|(name, n)| format!("{name} ({n})"))
        .collect();
    let against = match against.is_empty() {
        true => "-".to_owned(),
        false => against.join(", "),
    };
    writeln!(out, "{}, so với | against {against}", view.format)?;
    let more = if view.more {
        ""
    } else {
        ", tất cả | all there are"
    };
    writeln!(out, "{} hồ sơ mới nhất | newest submissions{more}", view.examined)?;
    for (count, mark, vi, en) in [
        (view.same, "✔", "đọc như nhau", "read alike"),
        (view.differ, "!", "đọc khác", "read differently"),
        (view.refused, "✘", "sẽ bị từ chối", "would be refused"),
        (
            view.accepted,
            "!",
            "sẽ được nhận, nay bị từ chối",
            "would be accepted, refused now",
        ),
        (view.refused_by_both, "·", "cả hai đều từ chối", "refused by both"),
    ] {
        if count > 0 {
            writeln!(out, "  {mark} {count:>6}  {vi} | {en}")?;
        }
    }
    if view.differences.is_empty() {
        return Ok(writeln!(out, "không có khác biệt | no differences")?);
    }
    writeln!(out)?;
    table(&view.differences, out)?;
    if view.cut {
        writeln!(out, "… còn khác biệt nữa | … and further differences")?;
    }
    Ok(())
}

/// Each difference on a line; where it was asked for, what was read, below.
fn table(differences: &[ShadowDifference], out: &mut dyn Write) -> Result<(), CommandError> {
    let field = |one: &ShadowDifference| match one.label {
        Some(label) if one.field.is_empty() => format!("/ {label}"),
        Some(label) => format!("{} {label}", one.field),
        None => one.field.clone(),
    };
    let width = differences
        .iter()
        .map(|one| field(one).chars().count())
        .max()
        .unwrap_or(0);
    for one in differences {
        let (mark, word) = said(one.kind);
        let examples: Vec<String> = one.examples.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "{mark} {word:<12}  {:<width$}  {:>6}  {}",
            field(one),
            one.submissions,
            examples.join(" ")
        )?;
        for value in &one.values {
            let text = |value: &Option<serde_json::Value>| {
                value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
            };
            writeln!(
                out,
                "      {}: {} → {}",
                value.dossier,
                text(&value.now),
                text(&value.then)
            )?;
        }
    }
    Ok(())
}

const fn said(kind: ShadowKind) -> (&'static str, &'static str) {
    match kind {
        ShadowKind::Refused => ("✘", "refused"),
        ShadowKind::Accepted => ("✔", "accepted"),
        ShadowKind::Changes => ("~", "changes"),
        ShadowKind::Appears => ("+", "appears"),
        ShadowKind::Disappears => ("-", "disappears"),
        ShadowKind::WarningNew => ("!", "warning new"),
        ShadowKind::WarningGone => (" ", "warning gone"),
    }
}
