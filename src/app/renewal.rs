//! What an operator renews is taken up while the hub serves: certificates with their keys, the roots of callers, the keys that sign.
//!
//! The files are read at SIGHUP and every [`LOOK`]. Where their bytes are others than before, and what belongs together can be used
//! together, the next handshake, request or token has it; open connections are not disturbed. What cannot be used is told once, and
//! the present stays: half of a pair may have been written.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use zeroize::Zeroizing;

use super::{AppError, ListenerTls};
use crate::config::Config;
use crate::domain::seal::{GENESIS, digest_of, sha256};
use crate::domain::sha256::Sha256;
use crate::identity::peer::Trust;
use crate::identity::sign::ReceiptSigner;
use crate::identity::token::Issuer;
use crate::material;
use crate::net::tls::ServerIdentity;
use crate::service::Hub;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Files that are used together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The certificate of the partner listener and its key.
    Partner,
    /// The certificate of the web listener and its key.
    Web,
    /// The roots of callers.
    Callers,
    /// The keys of tokens and receipts.
    Keys,
}

impl Part {
    const ALL: [Part; 4] = [Part::Partner, Part::Web, Part::Callers, Part::Keys];

    const fn name(self) -> &'static str {
        match self {
            Part::Partner => "certificate of the partner listener",
            Part::Web => "certificate of the web listener",
            Part::Callers => "roots of callers",
            Part::Keys => "keys of tokens and receipts",
        }
    }

    fn files(self, config: &Config) -> Vec<&Path> {
        let tokens = &config.tokens;
        let files: Vec<&PathBuf> = match self {
            Part::Partner => vec![&config.partner.certificate_file, &config.partner.key_file],
            Part::Web => vec![&config.web.certificate_file, &config.web.key_file],
            Part::Callers => config.partner.client_ca_files.iter().collect(),
            Part::Keys => std::iter::once(&tokens.signing_key_file)
                .chain(&tokens.receipt_key_file)
                .chain(&tokens.further_key_files)
                .chain(&tokens.retired_key_files)
                .collect(),
        };
        files.into_iter().map(PathBuf::as_path).collect()
    }
}

/// Made before the files are read to start with: what is renewed meanwhile is then found to be another, and a SIGHUP that comes meanwhile
/// ends nothing.
pub struct Renewal {
    seen: [Sha256; Part::ALL.len()],
    asked: Signal,
}

impl Renewal {
    /// Remembers what is there now, and listens for SIGHUP from here on.
    ///
    /// # Errors
    /// When the process may not listen.
    pub fn prepare(config: &Config) -> Result<Self, AppError> {
        Ok(Renewal {
            seen: Part::ALL.map(|part| fingerprint(&part.files(config))),
            asked: signal(SignalKind::hangup()).map_err(AppError::io("SIGHUP"))?,
        })
    }

    /// Looks after the files of the configuration, until it is aborted.
    pub fn begin(self, config: Config, hub: Arc<Hub>, shown: ListenerTls) -> JoinHandle<()> {
        let mut asked = self.asked;
        let mut watched = Watched {
            config,
            hub,
            shown,
            seen: self.seen,
        };
        tokio::spawn(async move {
            let mut clock = tokio::time::interval(LOOK);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let is_asked = tokio::select! {
                    _ = clock.tick() => false,
                    _ = asked.recv() => true,
                };
                // Files are read on a thread that may wait for a disk.
                let looked = tokio::task::spawn_blocking(move || {
                    let found = watched.look();
                    (watched, found)
                });
                let Ok((back, found)) = looked.await else { return };
                watched = back;
                if is_asked && found == 0 {
                    tracing::info!("SIGHUP: no certificate, root or key has changed");
                }
            }
        })
    }
}

struct Watched {
    config: Config,
    hub: Arc<Hub>,
    shown: ListenerTls,
    /// What each part was when it was looked at last.
    seen: [Sha256; Part::ALL.len()],
}

impl Watched {
    /// Takes up what has changed since the last look; how many parts have.
    fn look(&mut self) -> usize {
        let mut changed = 0;
        for (part, seen) in Part::ALL.into_iter().zip(&mut self.seen) {
            let now = fingerprint(&part.files(&self.config));
            if now == *seen {
                continue;
            }
            *seen = now;
            changed += 1;
            match take_up(part, &self.config, &self.hub, &self.shown) {
                Ok(()) => tracing::info!(what = part.name(), "renewed: in use from now on"),
                Err(error) => {
                    tracing::error!(what = part.name(), %error, "cannot be used; the one before stays in use");
                }
            }
        }
        changed
    }
}

fn take_up(part: Part, config: &Config, hub: &Hub, shown: &ListenerTls) -> Result<(), AppError> {
    let show = |identity: &ServerIdentity, certificate: &Path, key: &Path| -> Result<(), AppError> {
        material::guarded([key])?;
        Ok(identity.replace(material::certificates(certificate)?, material::private_key(key)?)?)
    };
    match part {
        Part::Partner => show(
            &shown.partner,
            &config.partner.certificate_file,
            &config.partner.key_file,
        ),
        Part::Web => match &shown.web {
            Some(web) => show(web, &config.web.certificate_file, &config.web.key_file),
            None => Ok(()),
        },
        Part::Callers => {
            let roots = material::roots(&config.partner.client_ca_files)?;
            let trust = Trust::new(&roots).map_err(|e| AppError::Unusable(e.to_string()))?;
            shown.callers.replace(&roots)?;
            hub.credentials.replace_trust(trust);
            Ok(())
        }
        Part::Keys => {
            material::guarded(config.key_files())?;
            let keys = material::signing_keys(&config.tokens)?;
            let issuer = Issuer::new(hub.credentials.token_rules(), keys.tokens, keys.further);
            hub.credentials
                .replace_keys(issuer, ReceiptSigner::after(keys.receipts, keys.retired));
            Ok(())
        }
    }
}

/// What files hold, and which of them could not be read, as one value.
fn fingerprint(files: &[&Path]) -> Sha256 {
    let each = files.iter().map(|path| {
        let read = material::file(path).map(Zeroizing::new);
        read.map_or(GENESIS, |bytes| sha256(&bytes))
    });
    digest_of(|all| each.for_each(|one| all.update(one.as_bytes())))
}
