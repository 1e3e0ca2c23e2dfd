//! A tenant at a hub: its certificate, and a token that is bound to it and renewed before it ends.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderValue;
use parking_lot::RwLock;
use rustls::ClientConfig;
use tokio::task::JoinHandle;

use super::error::{BenchError, Result};
use super::ground::{Ground, STAFF};
use super::site::Site;
use crate::client::{Partner, Retry, Settings};
use crate::clock::{Clock, Entropy};
use crate::domain::tenant::{TenantKey, TenantKind};
use crate::net::outbound::{OutboundOptions, http_client};
use crate::net::tls;

/// How often the token is renewed; it lives ten minutes.
const RENEW: Duration = Duration::from_secs(240);

/// A tenant that calls.
pub struct Speaker {
    /// Who.
    pub tenant: TenantKey,
    /// For what is asked beside the load, with patience.
    pub partner: Partner,
    /// For the load's own connections.
    pub tls: Arc<ClientConfig>,
    /// Where, `localhost:PORT`.
    pub host: String,
    /// The same port.
    pub port: u16,
    bearer: RwLock<HeaderValue>,
    renewing: RwLock<Option<JoinHandle<()>>>,
}

impl Drop for Speaker {
    fn drop(&mut self) {
        if let Some(task) = self.renewing.get_mut().take() {
            task.abort();
        }
    }
}

impl Speaker {
    /// Speaks to the hub of this number, with a token of its own.
    ///
    /// # Errors
    /// A hub that gives no token, a certificate that cannot be read.
    pub async fn open(
        ground: &Ground,
        site: &Site,
        hub: usize,
        tenant: &TenantKey,
        (clock, entropy): (&Clock, &Entropy),
    ) -> Result<Arc<Self>> {
        let identity = ground.identity(tenant.as_str())?;
        let mut config =
            tls::client_config(&[ground.root().clone()], Some(&identity)).map_err(BenchError::of(tenant))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let http = http_client(&OutboundOptions {
            roots: vec![ground.root().clone()],
            identity: Some(identity),
            timeout: Duration::from_secs(900),
            connect_timeout: Duration::from_secs(5),
        })
        .map_err(BenchError::of(tenant))?;
        let (host, port) = site.address(hub);
        let files = matches!(tenant.kind(), TenantKind::Branch | TenantKind::Agent);
        let settings = Settings {
            base: format!("https://{host}/")
                .parse()
                .map_err(BenchError::of("an address"))?,
            tenant: tenant.clone(),
            staff: files
                .then(|| STAFF.parse())
                .transpose()
                .map_err(BenchError::of(STAFF))?,
            point: None,
            scope: None,
            retry: Retry::PATIENT,
        };
        let partner = Partner::new(http, settings, clock.clone(), entropy.generator());
        let bearer = bearer(&partner).await?;
        let speaker = Arc::new(Speaker {
            tenant: tenant.clone(),
            partner,
            tls: Arc::new(config),
            host,
            port,
            bearer: RwLock::new(bearer),
            renewing: RwLock::new(None),
        });
        let kept = Arc::downgrade(&speaker);
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW).await;
                let Some(speaker) = kept.upgrade() else { return };
                // One that fails is seen in the answers of the load.
                if let Ok(bearer) = self::bearer(&speaker.partner).await {
                    *speaker.bearer.write() = bearer;
                }
            }
        });
        *speaker.renewing.write() = Some(task);
        Ok(speaker)
    }

    /// The value of `Authorization` now.
    pub fn bearer(&self) -> HeaderValue {
        self.bearer.read().clone()
    }

    /// The named person who acts, where there is one.
    pub fn staff(&self) -> Option<HeaderValue> {
        let files = matches!(self.tenant.kind(), TenantKind::Branch | TenantKind::Agent);
        files.then(|| HeaderValue::from_static(STAFF))
    }
}

async fn bearer(partner: &Partner) -> Result<HeaderValue> {
    let token = partner
        .token()
        .await
        .map_err(BenchError::of(format!("a token of {}", partner.tenant())))?;
    let mut value =
        HeaderValue::try_from(format!("Bearer {}", token.access_token)).map_err(BenchError::of("a token"))?;
    value.set_sensitive(true);
    Ok(value)
}
