//! What a tenant has several of: certificates, people, receiving points. Each is added, and ended, by a command of its own.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::cli::desk::DeskArgs;
use crate::cli::{CommandError, Exit};
use crate::domain::codes::Key;
use crate::domain::tenant::{TenantKey, Thumbprint};
use crate::domain::text::Text;
use crate::domain::view::{CertificateRequest, NewPoint, NewStaff, PointRequest, StaffRequest};
use crate::material;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CertificateCommand {
    /// Accept one more certificate; a tenant may have several, so that keys roll over without a stop
    Add(CertificateAddArgs),
    /// Accept a certificate no more; it never comes back
    Revoke(CertificateRevokeArgs),
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum StaffCommand {
    /// Name a person, or correct a name
    Add(StaffAddArgs),
    /// A person acts no more; the number stays theirs
    Remove(StaffRemoveArgs),
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PointCommand {
    /// Add a receiving point, or correct its name
    Add(PointAddArgs),
    /// Nothing is received at a point any more; its key stays the tenant's
    End(PointEndArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CertificateAddArgs {
    /// The tenant
    tenant: TenantKey,

    /// PEM file with the certificate
    file: PathBuf,

    /// Why; kept in the audit
    #[arg(long, default_value = "thêm chứng thư bằng dòng lệnh")]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CertificateRevokeArgs {
    /// The tenant
    tenant: TenantKey,

    /// SHA-256 of the certificate, 64 hexadecimal digits (`lienthong tenant show` has it)
    thumbprint: Thumbprint,

    /// Why; kept in the audit
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StaffAddArgs {
    /// The tenant
    tenant: TenantKey,

    /// The tenant's own number for the person, as sent in Acting-Staff
    id: Key,

    /// The name
    name: Text<200>,

    /// Why; kept in the audit
    #[arg(long, default_value = "thêm nhân viên bằng dòng lệnh")]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StaffRemoveArgs {
    /// The tenant
    tenant: TenantKey,

    /// The person's number
    id: Key,

    /// Why; kept in the audit
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PointAddArgs {
    /// The tenant
    tenant: TenantKey,

    /// The point's stable key, as sent in Receiving-Point
    point: Key,

    /// The name
    name: Text<200>,

    /// Why; kept in the audit
    #[arg(long, default_value = "thêm điểm tiếp nhận bằng dòng lệnh")]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PointEndArgs {
    /// The tenant
    tenant: TenantKey,

    /// The point's key
    point: Key,

    /// Why; kept in the audit
    #[arg(long)]
    reason: String,

    #[command(flatten)]
    desk: DeskArgs,
}

/// The first certificate of a file, as PEM; what lies beside it stays on this machine.
pub(super) fn pem(path: &Path) -> Result<String, CommandError> {
    let chain = material::certificates(path)?;
    let own = chain.first().map(|der| crate::net::pem::certificate_text(der));
    Ok(own.unwrap_or_default())
}

pub(super) fn certify(command: &CertificateCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let (desk, tenant, request) = match command {
        CertificateCommand::Add(args) => {
            let request = CertificateRequest {
                reason: args.reason.clone(),
                add: Some(pem(&args.file)?),
                revoke: None,
            };
            (&args.desk, &args.tenant, request)
        }
        CertificateCommand::Revoke(args) => {
            let request = CertificateRequest {
                reason: args.reason.clone(),
                add: None,
                revoke: Some(args.thumbprint),
            };
            (&args.desk, &args.tenant, request)
        }
    };
    desk.open()?.tell(
        out,
        async |hub, access| hub.tenants.certify(access, tenant, request.clone()).await,
        async |partner| partner.certify(tenant, &request).await,
    )
}

pub(super) fn staff(command: &StaffCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let (desk, tenant, request) = match command {
        StaffCommand::Add(args) => {
            let add = NewStaff {
                id: args.id.clone(),
                name: args.name.clone(),
            };
            let request = StaffRequest {
                reason: args.reason.clone(),
                add: Some(add),
                remove: None,
            };
            (&args.desk, &args.tenant, request)
        }
        StaffCommand::Remove(args) => {
            let request = StaffRequest {
                reason: args.reason.clone(),
                add: None,
                remove: Some(args.id.clone()),
            };
            (&args.desk, &args.tenant, request)
        }
    };
    desk.open()?.tell(
        out,
        async |hub, access| hub.tenants.staff(access, tenant, request.clone()).await,
        async |partner| partner.staff(tenant, &request).await,
    )
}

pub(super) fn point(command: &PointCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let (desk, tenant, request) = match command {
        PointCommand::Add(args) => {
            let add = NewPoint {
                key: args.point.clone(),
                name: args.name.clone(),
            };
            let request = PointRequest {
                reason: args.reason.clone(),
                add: Some(add),
                end: None,
            };
            (&args.desk, &args.tenant, request)
        }
        PointCommand::End(args) => {
            let request = PointRequest {
                reason: args.reason.clone(),
                add: None,
                end: Some(args.point.clone()),
            };
            (&args.desk, &args.tenant, request)
        }
    };
    desk.open()?.tell(
        out,
        async |hub, access| hub.tenants.point(access, tenant, request.clone()).await,
        async |partner| partner.point(tenant, &request).await,
    )
}
