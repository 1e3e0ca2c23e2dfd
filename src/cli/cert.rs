//! `lienthong cert`

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::print::beside;
use super::{CommandError, Exit};
use crate::clock::Clock;
use crate::domain::tenant::TenantKey;
use crate::identity::peer::thumbprint;
use crate::net::dev_ca::{DevCa, Issued, Validity};

/// Certificates
#[derive(Debug, Subcommand)]
pub(super) enum CertCommand {
    /// Make a certification authority for development, a server certificate and certificates of tenants
    ///
    /// An authority that the folder holds already is used again. Never for production: it has no revocation and its key lies
    /// beside it.
    Dev(DevArgs),
}

#[derive(Debug, Args)]
pub(super) struct DevArgs {
    /// Folder to write to; made if absent
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,

    /// A further name or address of the server, beside localhost; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,

    /// A tenant to make a client certificate for, as branch.so-1; may be repeated
    #[arg(long, value_name = "KEY")]
    tenant: Vec<TenantKey>,

    /// Days the certificates are valid
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
}

pub(super) fn run(command: &CertCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let CertCommand::Dev(args) = command;
    let now = Clock::System.now();
    let validity = Validity::starting(now, Duration::from_secs(u64::from(args.days) * 24 * 3600));
    std::fs::create_dir_all(&args.dir)?;
    let authority = authority(&args.dir, now)?;
    writeln!(out, "{}", args.dir.join("ca.pem").display())?;
    let server = authority.server(&args.host, validity)?;
    put(&args.dir, "server", &server, out)?;
    for tenant in &args.tenant {
        let client = authority.client(tenant, validity)?;
        put(&args.dir, tenant.as_str(), &client, out)?;
        let print = client.chain.first().map(|der| thumbprint(der).to_string());
        writeln!(out, "  sha256 {}", print.unwrap_or_default())?;
    }
    Ok(Exit::Good)
}

fn authority(dir: &Path, now: crate::domain::time::Timestamp) -> Result<DevCa, CommandError> {
    let (root, key) = (dir.join("ca.pem"), dir.join("ca.key"));
    if root.exists() || key.exists() {
        let (root, key) = (std::fs::read_to_string(root)?, std::fs::read_to_string(key)?);
        return Ok(DevCa::load(&root, &key)?);
    }
    let authority = DevCa::create(now)?;
    write(&key, authority.key_pem(), 0o600)?;
    write(&root, authority.root_pem(), 0o644)?;
    Ok(authority)
}

fn put(dir: &Path, name: &str, issued: &Issued, out: &mut dyn Write) -> Result<(), CommandError> {
    let (certificate, key) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
    write(&key, &issued.key_pem, 0o600)?;
    write(&certificate, &issued.certificate_pem, 0o644)?;
    writeln!(out, "{}\n{}", certificate.display(), key.display())?;
    Ok(())
}

/// The mode is given when the file is made: a key is at no moment readable by others.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<(), CommandError> {
    let fresh = beside(path);
    drop(std::fs::remove_file(&fresh));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(std::fs::rename(fresh, path)?)
}
