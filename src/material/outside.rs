//! What lies outside this process: RabbitMQ, partners' endpoints, the store of files.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::{MaterialError, bad, certificates, private_key, roots, text};
use crate::blobs::{self, Blobs, Bucket, Folder, S3};
use crate::broker::Rabbit;
use crate::broker::admin::Admin;
use crate::broker::rabbit::Options;
use crate::clock::Clock;
use crate::config;
use crate::domain::percent;
use crate::net::dev_ca::DevCa;
use crate::net::guard::{EgressPolicy, Network};
use crate::net::outbound::{Caller, OutboundOptions, http_client};

/// RabbitMQ at an address, not yet connected.
///
/// # Errors
/// When the address or the authorities' file cannot be used.
pub fn rabbit(
    url: &config::SecretUrl,
    ca_file: Option<&Path>,
    window: usize,
) -> Result<Rabbit, MaterialError> {
    let options = Options {
        window,
        authorities: ca_file.map(text).transpose()?,
        ..Options::default()
    };
    Rabbit::new(url.expose(), options).map_err(|e| {
        bad(
            Path::new("broker.url"),
            format!("địa chỉ RabbitMQ không dùng được: {e}"),
            e.to_string(),
        )
    })
}

/// The networks a setting names.
///
/// # Errors
/// When one is none.
pub fn networks(setting: &str, named: &[String]) -> Result<Vec<Network>, MaterialError> {
    let read = |text: &String| {
        text.parse::<Network>().map_err(|e| {
            bad(
                Path::new(setting),
                format!("{text} không phải mạng: viết như 10.20.0.0/16"),
                format!("{text} is {e}"),
            )
        })
    };
    named.iter().map(read).collect()
}

/// Who calls partners' endpoints.
///
/// # Errors
/// When a file or a network of the settings cannot be used.
pub fn caller(config: &config::Config) -> Result<Caller, MaterialError> {
    let settings = &config.outbound;
    let authorities = match settings.ca_files.as_slice() {
        [] => &config.partner.client_ca_files,
        named => named,
    };
    let identity = match (&settings.certificate_file, &settings.key_file) {
        (Some(certificate), Some(key)) => Some((certificates(certificate)?, private_key(key)?)),
        _ => None,
    };
    let networks = networks("outbound.allow_networks", &settings.allow_networks)?;
    let outbound = OutboundOptions {
        roots: roots(authorities)?,
        identity,
        timeout: Duration::from_secs(settings.timeout_seconds),
        connect_timeout: Duration::from_secs(settings.connect_timeout_seconds),
    };
    let guard = EgressPolicy::allowing(settings.allow_hosts.iter().cloned(), networks);
    Caller::new(&outbound, guard).map_err(|e| {
        bad(
            Path::new("[outbound]"),
            format!("không dùng được: {e}"),
            format!("cannot be used: {e}"),
        )
    })
}

/// Where the files of dossiers are kept. A folder is made where it is not there; a bucket is not asked.
///
/// # Errors
/// When the folder cannot be made, or the address or the authorities' file cannot be used.
pub fn blobs(home: &config::Home, clock: &Clock) -> Result<Blobs, MaterialError> {
    match home {
        config::Home::Folder(path) => Folder::open(path).map(Blobs::Folder).map_err(|e| {
            bad(
                path,
                format!("không dùng được làm kho tệp: {e}"),
                format!("cannot keep files: {e}"),
            )
        }),
        config::Home::S3 { url, region, ca_file } => {
            let unusable = |e: &dyn fmt::Display| {
                bad(
                    Path::new("blobs.url"),
                    format!("địa chỉ S3 không dùng được: {e}"),
                    format!("is no usable S3 address: {e}"),
                )
            };
            let bucket =
                bucket(url, region).ok_or_else(|| unusable(&"https://access-key:secret-key@host/bucket"))?;
            let http = http_client(&OutboundOptions {
                roots: certificates_or_none(ca_file.as_deref(), clock)?,
                identity: None,
                timeout: blobs::REQUEST,
                connect_timeout: Duration::from_secs(5),
            })
            .map_err(|e| unusable(&e))?;
            S3::new(&bucket, http).map(Blobs::S3).map_err(|e| unusable(&e))
        }
    }
}

/// Keys, bucket and prefix of an S3 address.
fn bucket(url: &config::SecretUrl, region: &str) -> Option<Bucket> {
    let url = reqwest::Url::parse(url.expose()).ok()?;
    let (bucket, prefix) = match url.path().trim_matches('/').split_once('/') {
        Some((bucket, prefix)) => (bucket.to_owned(), prefix.to_owned()),
        None => (url.path().trim_matches('/').to_owned(), String::new()),
    };
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let bucket = Bucket {
        endpoint: format!("{}://{}{port}", url.scheme(), url.host_str()?),
        region: region.to_owned(),
        bucket,
        prefix,
        access_key: percent::decoded(url.username().as_bytes())?,
        secret_key: percent::decoded(url.password()?.as_bytes())?,
    };
    (!bucket.bucket.is_empty() && !bucket.access_key.is_empty()).then_some(bucket)
}

/// The authorities of a file. Plain HTTP asks for no certificate; an authority whose key is thrown away makes sure that nothing else
/// is trusted.
fn certificates_or_none(
    path: Option<&Path>,
    clock: &Clock,
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    match path {
        Some(path) => certificates(path),
        None => {
            let ca = DevCa::create(clock.now())
                .map_err(|e| bad(Path::new("blobs.ca_file"), e.to_string(), e.to_string()))?;
            Ok(vec![ca.root().clone()])
        }
    }
}

/// How long RabbitMQ's management interface may take to answer.
const ADMIN_TIME: Duration = Duration::from_secs(30);

/// RabbitMQ's management interface for one virtual host.
///
/// # Errors
/// When the address or the authorities' file cannot be used.
pub fn admin(
    url: &config::SecretUrl,
    ca_file: Option<&Path>,
    vhost: &str,
    clock: &Clock,
) -> Result<Admin, MaterialError> {
    let unusable = |e: &dyn fmt::Display| {
        bad(
            Path::new("broker.admin_url"),
            format!("giao diện quản trị RabbitMQ không dùng được: {e}"),
            e.to_string(),
        )
    };
    let roots = match ca_file {
        Some(path) => certificates(path)?,
        // Plain HTTP asks for no certificate; an authority whose key is thrown away makes sure that nothing else is trusted.
        None => vec![
            DevCa::create(clock.now())
                .map_err(|e| unusable(&e))?
                .root()
                .clone(),
        ],
    };
    let http = http_client(&OutboundOptions {
        roots,
        identity: None,
        timeout: ADMIN_TIME,
        connect_timeout: Duration::from_secs(5),
    })
    .map_err(|e| unusable(&e))?;
    Admin::new(http, url.expose(), vhost).map_err(|e| unusable(&e))
}
