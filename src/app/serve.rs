//! `lienthong serve`: a hub of a configuration, until it is told to end.

use std::net::TcpListener;
use std::sync::Arc;

use super::renewal::Renewal;
use super::{AppError, Assembly, Running, Sockets, until_told_to_stop};
use crate::broker::{Broker, embedded::Embedded};
use crate::clock::{Clock, Entropy};
use crate::config::{BrokerKind, Config};
use crate::domain::routing::{AgencyChannel, Directory, Finding, Severity};
use crate::http::Connections;
use crate::material;
use crate::service::Hub;

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A file that cannot be used, a port that is taken, a database that is away or not migrated, a directory that may not be used.
pub async fn run(config: Config) -> Result<(), AppError> {
    no_core_dumps();
    let renewal = Renewal::prepare(&config)?;
    let running = Running::start(assemble(&config)?).await?;
    say_who_pulls_instead(running.hub());
    tracing::info!(partner = %config.partner.public_url, web = %config.web.public_url, "the hub serves");
    let renewing = renewal.begin(config, Arc::clone(running.hub()), running.shown().clone());
    until_told_to_stop().await;
    tracing::info!("the hub ends");
    renewing.abort();
    running.stop().await;
    Ok(())
}

/// Without RabbitMQ no agency has a queue of its own: what `doctor` says, at the moment it begins to hold.
fn say_who_pulls_instead(hub: &Hub) {
    if hub.directory.own_queues() {
        return;
    }
    let directory = hub.directory.current();
    let agencies = directory
        .agencies()
        .filter(|agency| agency.channel == AgencyChannel::Amqp)
        .count();
    if agencies > 0 {
        tracing::warn!(
            agencies,
            "agencies that are down for AMQP pull their inbox: there is no RabbitMQ"
        );
    }
}

fn assemble(config: &Config) -> Result<Assembly, AppError> {
    let directory = material::directory_files(&config.directory.folder)?;
    if !config.directory.allow_provisional {
        refuse_provisional(&directory)?;
    }
    material::guarded(config.key_files())?;
    let keys = material::signing_keys(&config.tokens)?;
    let bind = |what: &str, address| {
        TcpListener::bind(address).map_err(AppError::io(format!("{what} on {address}")))
    };
    Ok(Assembly {
        backend: material::backend(&config.database)?,
        cipher: material::cipher(&config.keys)?,
        sizes: material::sizes(&config.limits),
        migrate: false,
        blobs: material::blobs(&config.blobs.home, &Clock::System)?,
        uploads: super::uploads(&config.blobs),
        broker: broker(config)?,
        provisional: config.directory.allow_provisional,
        own_queues: matches!(config.broker.kind, BrokerKind::Amqp { .. }),
        caller: material::caller(config)?,
        directory,
        adapters: material::adapters(config.adapters.folder.as_deref())
            .map_err(|e| AppError::Unusable(e.to_string()))?,
        trust: material::roots(&config.partner.client_ca_files)?,
        strict_handshake: config.partner.strict_handshake,
        partner: material::server_identity(&config.partner.certificate_file, &config.partner.key_file)?,
        web: Some(material::server_identity(
            &config.web.certificate_file,
            &config.web.key_file,
        )?),
        sockets: Sockets {
            partner: bind("partner listener", config.partner.listen)?,
            web: bind("web listener", config.web.listen)?,
            operations: bind("operations listener", config.operations.listen)?,
        },
        balancers: super::BalancersOf::in_networks(
            material::networks("partner.proxy_networks", &config.partner.proxy_networks)?,
            material::networks("web.proxy_networks", &config.web.proxy_networks)?,
        ),
        connections: Connections {
            per_address: config.limits.connections_per_address,
            ..Connections::default()
        },
        partner_url: config.partner.public_url.clone(),
        web_url: config.web.public_url.clone(),
        token_life: config.tokens.lifetime(),
        receipt_key: keys.receipts,
        retired_keys: keys.retired,
        token_key: keys.tokens,
        token_keys_also: keys.further,
        lookup: material::lookup_secrets(&config.keys)?,
        sandbox: config.web.sandbox_pages,
        clock: Clock::System,
        entropy: Entropy::System,
    })
}

/// Keys and citizens' data are in this process' memory: a crash writes none of it to a disk. A limit of one byte, not of none, because
/// a handler that the kernel pipes dumps to is not held to a limit, except to this one (core(5); it is how the kernel itself keeps a handler
/// from dumping its own).
fn no_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = Rlimit {
        current: Some(1),
        maximum: Some(1),
    };
    if let Err(error) = setrlimit(Resource::Core, limit) {
        tracing::warn!(%error, "core dumps could not be turned off");
    }
}

fn broker(config: &Config) -> Result<Broker, AppError> {
    Ok(match &config.broker.kind {
        BrokerKind::Embedded => Broker::Embedded(Embedded::new(super::EMBEDDED_PATIENCE)),
        BrokerKind::Amqp { url, ca_file, .. } => Broker::Rabbit(material::rabbit(
            url,
            ca_file.as_deref(),
            config.broker.confirm_window,
        )?),
    })
}

/// A production hub does not decide by rows somebody made up to fill a gap.
fn refuse_provisional(files: &std::collections::BTreeMap<String, String>) -> Result<(), AppError> {
    let directory = Directory::read(files).map_err(|faults| super::unreadable(&faults))?;
    let findings = directory.check(true);
    let wrong = |finding: &&Finding| finding.severity == Severity::Error;
    let mut errors: Vec<String> = findings.iter().filter(wrong).map(ToString::to_string).collect();
    if errors.is_empty() {
        return Ok(());
    }
    if findings
        .iter()
        .filter(wrong)
        .any(|finding| finding.code == "rows-provisional")
    {
        errors.push(
            "provisional rows are taken where directory.allow_provisional = true; that is for trials"
                .to_owned(),
        );
    }
    Err(AppError::Unusable(errors.join("\n")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_crash_leaves_no_core() {
        super::no_core_dumps();
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        assert_eq!(
            line.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
            ["1", "1"],
            "{line}"
        );
    }
}
