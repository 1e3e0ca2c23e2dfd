//! An operator's desk: the verbs of a hub on its database, without listeners or anything that moves. For commands run by
//! whoever holds the machine, above all before there is an operator who could call.

use std::sync::Arc;

use crate::app::AppError;
use crate::clock::{Clock, Entropy};
use crate::config::{BrokerKind, Config};
use crate::domain::routing::Directory;
use crate::identity::peer::Trust;
use crate::identity::sign::ReceiptSigner;
use crate::identity::token::Issuer;
use crate::material;
use crate::service::{Hub, HubParts};
use crate::store::Store;

/// The verbs on the database of these settings. Blocks while it opens; call it outside async code.
///
/// # Errors
/// A file that cannot be used, a database that is away or not migrated.
pub fn open(config: &Config) -> Result<Hub, AppError> {
    let store = Store::open(
        material::backend(&config.database)?,
        material::cipher(&config.keys)?,
        material::sizes(&config.limits),
        false,
        &Clock::System,
        &Entropy::System,
    )?;
    let files = material::directory_files(&config.directory.folder)?;
    let directory = Directory::read(&files).map_err(|faults| super::unreadable(&faults))?;
    let keys = material::signing_keys(&config.tokens)?;
    let trust = material::roots(&config.partner.client_ca_files)?;
    let adapters = material::adapters(config.adapters.folder.as_deref());
    Ok(Hub::new(HubParts {
        store: Arc::new(store),
        blobs: material::blobs(&config.blobs.home, &Clock::System)?,
        uploads: super::uploads(&config.blobs),
        adapters: adapters.map_err(|e| AppError::Unusable(e.to_string()))?,
        directory,
        trust: Trust::new(&trust).map_err(|e| AppError::Unusable(e.to_string()))?,
        issuer: Issuer::new(
            super::token_rules(
                &config.web.public_url,
                &config.partner.public_url,
                config.tokens.lifetime(),
            ),
            keys.tokens,
            keys.further,
        ),
        receipts: ReceiptSigner::after(keys.receipts, keys.retired),
        lookup: material::lookup_secrets(&config.keys)?,
        mtls_base: config.partner.public_url.clone(),
        provisional: config.directory.allow_provisional,
        caller: material::caller(config)?,
        own_queues: matches!(config.broker.kind, BrokerKind::Amqp { .. }),
        clock: Clock::System,
        entropy: Entropy::System,
    }))
}
