//! `lienthong tenant`: those who may speak. What a tenant has several of is in [`parts`].

mod codes;
mod parts;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::desk::{DeskArgs, agreed};
use super::print::print_json;
use super::{CommandError, Exit};
use codes::CodesArgs;
use parts::{CertificateCommand, PointCommand, StaffCommand};

use crate::client::TenantFilter;
use crate::domain::codes::Key;
use crate::domain::tenant::{SuccessorPolicy, TenantKey, TenantKind};
use crate::domain::text::Text;
use crate::domain::view::{
    NewPoint, NewStaff, NewTenant, RegisterRequest, StandingRequest, StandingWord, TenantRequest,
    TenantSummary,
};
use crate::material;
use crate::service::TenantQuery;

/// Those who may speak to the hub: operators, enterprises and their agents, branches, agencies
///
/// Changes hold on every hub of the database within two seconds, and are kept with who, when and why (`lienthong audit log`).
/// What already is as asked changes nothing, so every command may be repeated.
#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// List tenants: standing, good certificates, when the first of them ends, name
    List(ListArgs),
    /// Everything the register holds of a tenant, as JSON
    Show(OneArgs),
    /// Register a tenant, or many from a file; all or none
    Register(Box<RegisterArgs>),
    /// Change a tenant's name, formats or policy, or who gives an agency's codes; what is not named stays
    Change(ChangeArgs),
    /// A tenant may not call for now; what it filed goes on
    Suspend(StandArgs),
    /// A suspended tenant may call again
    Resume(StandArgs),
    /// A tenant never calls again, nor do an enterprise's agents; what it filed goes on
    Close(CloseArgs),
    /// Certificates of a tenant
    #[command(subcommand)]
    Certificate(CertificateCommand),
    /// People who act for a tenant
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Receiving points of a tenant
    #[command(subcommand)]
    Point(PointCommand),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only of this kind: enterprise, agent, branch, agency, operator
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<TenantKind>,

    /// Only those of which a certificate ends within so many days
    #[arg(long, value_name = "N")]
    ending_within_days: Option<u32>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct OneArgs {
    /// The tenant, as agent.a-001
    tenant: TenantKey,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct RegisterArgs {
    /// The tenant's stable name: its kind, a dot, and lower-case letters, digits and hyphens, as agency.so-tu-phap
    #[arg(required_unless_present = "file")]
    tenant: Option<TenantKey>,

    /// JSON file with a list of tenants, shaped as `tenants` of POST /v1/tenants in openapi.json; at most 10,000
    #[arg(long, value_name = "FILE", conflicts_with = "tenant")]
    file: Option<PathBuf>,

    /// The name shown to people [default: of an agency, the directory's; else the key]
    #[arg(long, requires = "tenant")]
    name: Option<Text<200>>,

    /// The enterprise an agent belongs to
    #[arg(long, value_name = "KEY", requires = "tenant")]
    parent: Option<TenantKey>,

    /// A format it may file or report in, name/version; may be repeated [default: canonical/v1, and an agency's own]
    #[arg(long, value_name = "FORMAT", requires = "tenant")]
    format: Vec<String>,

    /// PEM file with a certificate of its own; may be repeated
    #[arg(long, value_name = "FILE", requires = "tenant")]
    certificate: Vec<PathBuf>,

    /// A person who may act for it, as nv-001=Name; may be repeated
    #[arg(long = "person", value_name = "ID=NAME", value_parser = named, requires = "tenant")]
    person: Vec<(Key, Text<200>)>,

    /// A receiving point, as diem-01=Name; may be repeated
    #[arg(long, value_name = "KEY=NAME", value_parser = named, requires = "tenant")]
    point: Vec<(Key, Text<200>)>,

    /// What becomes of a filing whose commune was divided: ask, or default
    #[arg(long, value_name = "POLICY", value_parser = policy, requires = "tenant")]
    successor_policy: Option<SuccessorPolicy>,

    /// Why; kept in the audit
    #[arg(long, default_value = "đăng ký bằng dòng lệnh")]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    /// The tenant
    tenant: TenantKey,

    /// Its name
    #[arg(long)]
    name: Option<Text<200>>,

    /// Its formats, instead of those it has; may be repeated
    #[arg(long, value_name = "FORMAT")]
    format: Vec<String>,

    /// What becomes of a filing whose commune was divided: ask, or default
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    successor_policy: Option<SuccessorPolicy>,

    #[command(flatten)]
    codes: CodesArgs,

    /// Why; kept in the audit
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct StandArgs {
    /// The tenant
    tenant: TenantKey,

    /// Why; kept in the audit
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(super) struct CloseArgs {
    #[command(flatten)]
    stand: StandArgs,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

fn kind(word: &str) -> Result<TenantKind, String> {
    let found = TenantKind::ALL.into_iter().find(|kind| kind.word() == word);
    found.ok_or_else(|| TenantKind::ALL.map(TenantKind::word).join(", "))
}

fn policy(word: &str) -> Result<SuccessorPolicy, String> {
    let all = SuccessorPolicy::ALL.map(SuccessorPolicy::word).join(", ");
    SuccessorPolicy::parse(word).ok_or(all)
}

fn named(text: &str) -> Result<(Key, Text<200>), String> {
    let (key, name) = text.split_once('=').ok_or("KEY=NAME")?;
    let key = key.parse::<Key>().map_err(|e| e.to_string())?;
    Ok((key, Text::parse(name).map_err(|e| e.to_string())?))
}

pub(super) fn run(command: &TenantCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        TenantCommand::List(args) => list(args, out),
        TenantCommand::Show(args) => args.desk.open()?.tell(
            out,
            async |hub, access| hub.tenants.show(access, &args.tenant),
            async |partner| partner.registered(&args.tenant).await,
        ),
        TenantCommand::Register(args) => register(args, out),
        TenantCommand::Change(args) => change(args, out),
        TenantCommand::Suspend(args) => stand(args, StandingWord::Suspended, out),
        TenantCommand::Resume(args) => stand(args, StandingWord::Active, out),
        TenantCommand::Close(args) => {
            let question = format!("Đóng {0} vĩnh viễn? | Close {0} for ever?", args.stand.tenant);
            if !args.yes && !agreed(out, &question)? {
                return Ok(Exit::Findings);
            }
            stand(&args.stand, StandingWord::Closed, out)
        }
        TenantCommand::Certificate(command) => parts::certify(command, out),
        TenantCommand::Staff(command) => parts::staff(command, out),
        TenantCommand::Point(command) => parts::point(command, out),
    }
}

/// Tenants of one page.
const PAGE: u32 = 200;

fn list(args: &ListArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let desk = args.desk.open()?;
    let mut all: Vec<TenantSummary> = Vec::new();
    let mut after = None;
    loop {
        let page = desk.ask(
            async |hub, access| {
                let query = TenantQuery {
                    kind: args.kind,
                    ending_within_days: args.ending_within_days,
                    after: after.clone(),
                    limit: PAGE,
                };
                hub.tenants.list(access, &query)
            },
            async |partner| {
                let filter = TenantFilter {
                    kind: args.kind,
                    ending_within_days: args.ending_within_days,
                    after: after.clone(),
                    limit: Some(PAGE),
                };
                partner.tenants(&filter).await
            },
        );
        let page = match page {
            Ok(page) => page,
            Err(refusal) => return refusal.print(out),
        };
        all.extend(page.tenants);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if args.json {
        print_json(out, &all)?;
        return Ok(Exit::Good);
    }
    let width = all.iter().map(|t| t.key.as_str().len()).max().unwrap_or(0);
    for tenant in all {
        let standing = match tenant.standing {
            StandingWord::Active => "active",
            StandingWord::Suspended => "suspended",
            StandingWord::Closed => "closed",
        };
        let end = tenant
            .next_end
            .map_or_else(|| "-".to_owned(), |end| end.date().to_string());
        let (key, certificates, name) = (tenant.key.as_str(), tenant.certificates, tenant.name);
        writeln!(
            out,
            "{key:width$}  {standing:9}  {certificates}  {end:10}  {name}"
        )?;
    }
    Ok(Exit::Good)
}

fn register(args: &RegisterArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let request = RegisterRequest {
        reason: args.reason.clone(),
        tenants: args.tenants()?,
    };
    args.desk.open()?.tell(
        out,
        async |hub, access| hub.tenants.register(access, request.clone()).await,
        async |partner| partner.register_tenants(&request).await,
    )
}

impl RegisterArgs {
    fn tenants(&self) -> Result<Vec<NewTenant>, CommandError> {
        if let Some(path) = &self.file {
            let bytes = material::file(path)?;
            return serde_json::from_slice(&bytes).map_err(|e| {
                let path = path.display();
                CommandError::new(
                    format!("{path} không phải danh sách đơn vị: {e}"),
                    format!("{path} is no list of tenants: {e}"),
                )
            });
        }
        let Some(key) = &self.tenant else {
            return Ok(Vec::new());
        };
        let own_name = || (key.kind() != TenantKind::Agency).then(|| Text::parse(key.as_str()).ok());
        Ok(vec![NewTenant {
            key: key.clone(),
            name: self.name.clone().or_else(|| own_name().flatten()),
            parent: self.parent.clone(),
            formats: (!self.format.is_empty()).then(|| self.format.clone()),
            successor_policy: self.successor_policy.unwrap_or_default(),
            certificates: self
                .certificate
                .iter()
                .map(|path| parts::pem(path))
                .collect::<Result<_, _>>()?,
            staff: self
                .person
                .iter()
                .cloned()
                .map(|(id, name)| NewStaff { id, name })
                .collect(),
            points: self
                .point
                .iter()
                .cloned()
                .map(|(key, name)| NewPoint { key, name })
                .collect(),
        }])
    }
}

fn change(args: &ChangeArgs, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let request = TenantRequest {
        reason: args.reason.clone(),
        name: args.name.clone(),
        formats: (!args.format.is_empty()).then(|| args.format.clone()),
        successor_policy: args.successor_policy,
        codes: args.codes.asked()?,
    };
    args.desk.open()?.tell(
        out,
        async |hub, access| hub.tenants.alter(access, &args.tenant, request.clone()).await,
        async |partner| partner.alter_tenant(&args.tenant, &request).await,
    )
}

fn stand(args: &StandArgs, standing: StandingWord, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let request = StandingRequest {
        reason: args.reason.clone(),
        standing,
    };
    args.desk.open()?.tell(
        out,
        async |hub, access| hub.tenants.stand(access, &args.tenant, request.clone()).await,
        async |partner| partner.stand(&args.tenant, &request).await,
    )
}
