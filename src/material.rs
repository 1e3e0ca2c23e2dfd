//! What the settings name, opened: keys, certificates, the directory, adapters, where the database is.
//!
//! The commands and the composition root make the rooms of these. Nothing is kept here and nothing connects. An error says
//! which file it is about and what to do, in both languages, and never holds a word of the file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::adapt::{self, AdapterFault};
use crate::blobs::{Blobs, Bucket, Folder, S3};
use crate::broker::Rabbit;
use crate::broker::admin::Admin;
use crate::broker::rabbit::Options;
use crate::clock::Clock;
use crate::config;
use crate::domain::routing::{Directory, DirectoryFault};
use crate::identity::keys::{SigningKey, VerifyingKey};
use crate::identity::secret::LookupSecrets;
use crate::net::dev_ca::DevCa;
use crate::net::guard::{Guard, Network};
use crate::net::outbound::{Caller, Outbound, http_client};
use crate::net::{pem, tls::ServerIdentity};
use crate::store::{Backend, Cipher, Postgres, Sizes};

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaterialError {
    /// Which file or folder.
    pub path: PathBuf,
    /// What is wrong and what to do, in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

impl fmt::Display for MaterialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} | {}",
            self.path.display(),
            self.message_vi,
            self.message_en
        )
    }
}

impl std::error::Error for MaterialError {}

fn bad(path: &Path, vi: impl Into<String>, en: impl Into<String>) -> MaterialError {
    MaterialError {
        path: path.to_owned(),
        message_vi: vi.into(),
        message_en: en.into(),
    }
}

/// Longer files are not what a setting of this kind means: a slip, or a device.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// A whole file.
///
/// # Errors
/// When it cannot be read, is not a file, or is longer than 16 MiB.
pub fn file(path: &Path) -> Result<Vec<u8>, MaterialError> {
    let unreadable = |e: std::io::Error| {
        bad(
            path,
            format!("không đọc được: {e}"),
            format!("cannot be read: {e}"),
        )
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() || metadata.len() > LONGEST_FILE {
        return Err(bad(
            path,
            "không phải tệp, hoặc lớn hơn 16 MiB",
            "is no file, or is larger than 16 MiB",
        ));
    }
    std::fs::read(path).map_err(unreadable)
}

fn text(path: &Path) -> Result<String, MaterialError> {
    String::from_utf8(file(path)?).map_err(|_| bad(path, "không phải UTF-8", "is not UTF-8"))
}

/// The certificates of a PEM file, in its order.
///
/// # Errors
/// When there is none, or one is damaged.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    pem::certificates(&file(path)?)
        .map_err(|e| bad(path, format!("không có chứng thư dùng được: {e}"), e.to_string()))
}

/// The private key of a PEM file.
///
/// # Errors
/// When there is none or more than one, or it is encrypted or damaged.
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, MaterialError> {
    pem::private_key(&file(path)?)
        .map_err(|e| bad(path, format!("không có khoá riêng dùng được: {e}"), e.to_string()))
}

/// The certificates of several files together: roots to trust.
///
/// # Errors
/// As [`certificates`], of the first file that is wrong.
pub fn roots<'a>(
    files: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let mut all = Vec::new();
    for path in files {
        all.extend(certificates(path)?);
    }
    Ok(all)
}

/// A listener's certificate with its key.
///
/// # Errors
/// When a file is wrong, or the key is not the certificate's.
pub fn server_identity(certificate: &Path, key: &Path) -> Result<ServerIdentity, MaterialError> {
    ServerIdentity::new(certificates(certificate)?, private_key(key)?).map_err(|e| {
        bad(
            certificate,
            format!("không dùng được cùng {}: {e}", key.display()),
            format!("with {}: {e}", key.display()),
        )
    })
}

/// The key that signs tokens and receipts, and the further ones whose signatures are accepted.
///
/// # Errors
/// When a file holds no P-256 key in PKCS#8.
pub fn signing_keys(tokens: &config::Tokens) -> Result<(Arc<SigningKey>, Vec<VerifyingKey>), MaterialError> {
    let read = |path: &PathBuf| {
        SigningKey::from_pkcs8_pem(&file(path)?).map_err(|e| {
            bad(
                path,
                "không phải khoá riêng PKCS#8 trên đường cong P-256 (PEM: PRIVATE KEY)",
                e.to_string(),
            )
        })
    };
    let signing = Arc::new(read(&tokens.signing_key_file)?);
    let further = tokens
        .further_key_files
        .iter()
        .map(|path| read(path).map(|key| key.public().clone()))
        .collect::<Result<_, _>>()?;
    Ok((signing, further))
}

/// A key of 32 bytes, written as 64 hexadecimal digits.
///
/// # Errors
/// When the file holds anything else, or a key that was plainly not drawn by chance.
pub fn key(path: &Path) -> Result<[u8; 32], MaterialError> {
    let text = text(path)?;
    let mut key = [0u8; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| {
        bad(
            path,
            "phải là 64 chữ số thập lục phân (openssl rand -hex 32)",
            "must be 64 hexadecimal digits (openssl rand -hex 32)",
        )
    })?;
    if key.iter().all(|byte| *byte == key[0]) {
        return Err(bad(
            path,
            "không phải khoá ngẫu nhiên (openssl rand -hex 32)",
            "was not drawn by chance (openssl rand -hex 32)",
        ));
    }
    Ok(key)
}

/// The keys of the store.
///
/// # Errors
/// When a key file is wrong, or two of them hold one key.
pub fn cipher(keys: &config::Keys) -> Result<Arc<Cipher>, MaterialError> {
    let mut all = Vec::new();
    for (id, path) in &keys.encryption {
        all.push((id.clone(), key(path)?));
    }
    let (blind, lookup) = (key(&keys.blind_index_file)?, key(&keys.lookup_file)?);
    let mut distinct: Vec<&[u8; 32]> = all.iter().map(|(_, key)| key).chain([&blind, &lookup]).collect();
    distinct.sort_unstable();
    let path = &keys.blind_index_file;
    if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(bad(
            path,
            "hai tệp khoá giống nhau; mỗi việc một khoá riêng",
            "two key files hold one key; each purpose has its own",
        ));
    }
    Cipher::new(&keys.current, &all, &blind)
        .map(Arc::new)
        .map_err(|e| bad(path, format!("khoá không dùng được: {e}"), e.to_string()))
}

/// The citizens' look-up secrets.
///
/// # Errors
/// As [`key`].
pub fn lookup_secrets(keys: &config::Keys) -> Result<LookupSecrets, MaterialError> {
    key(&keys.lookup_file).map(LookupSecrets::new)
}

/// Where the database is.
///
/// # Errors
/// When the address or the authorities' file cannot be used.
pub fn backend(database: &config::Database) -> Result<Backend, MaterialError> {
    match database {
        config::Database::Sqlite { path } => Ok(Backend::Sqlite { path: path.clone() }),
        config::Database::Postgres { url, ca_file } => {
            let roots = roots(ca_file)?;
            let place = ca_file.clone().unwrap_or_else(|| PathBuf::from("database.url"));
            Postgres::new(url.expose(), &roots)
                .map(|postgres| Backend::Postgres(Box::new(postgres)))
                .map_err(|e| {
                    bad(
                        &place,
                        format!("địa chỉ PostgreSQL không dùng được: {e}"),
                        e.to_string(),
                    )
                })
        }
    }
}

/// How large the store is.
pub fn sizes(limits: &config::Limits) -> Sizes {
    Sizes {
        batch: limits.batch,
        ledger_queue: limits.ledger_queue,
        readers: limits.readers,
        read_queue: limits.read_queue,
    }
}

/// Why a folder is no directory.
#[derive(Clone, Debug)]
pub enum DirectoryError {
    /// A file cannot be read.
    Material(MaterialError),
    /// The files cannot be understood; all faults of all files.
    Faults(Vec<DirectoryFault>),
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DirectoryError::Material(error) => error.fmt(f),
            DirectoryError::Faults(faults) => faults
                .iter()
                .enumerate()
                .try_for_each(|(i, fault)| write!(f, "{}{fault}", if i == 0 { "" } else { "\n" })),
        }
    }
}

impl std::error::Error for DirectoryError {}

/// The files of a directory, name to text. A file that is absent is left out, for [`Directory::read`] to name.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn directory_files(folder: &Path) -> Result<BTreeMap<String, String>, MaterialError> {
    if !folder.is_dir() {
        return Err(bad(folder, "không có thư mục này", "is no folder"));
    }
    let mut files = BTreeMap::new();
    for name in Directory::FILES {
        let path = folder.join(name);
        if path.exists() {
            files.insert((*name).to_owned(), text(&path)?);
        }
    }
    Ok(files)
}

/// The directory in a folder. What contradicts itself across files is left to [`Directory::check`].
///
/// # Errors
/// [`DirectoryError`].
pub fn directory(folder: &Path) -> Result<Directory, DirectoryError> {
    let files = directory_files(folder).map_err(DirectoryError::Material)?;
    Directory::read(&files).map_err(DirectoryError::Faults)
}

/// Why adapters cannot be used.
#[derive(Clone, Debug)]
pub enum AdapterError {
    /// A file cannot be read.
    Material(MaterialError),
    /// The files do not compile; all faults of all files.
    Faults(Vec<AdapterFault>),
}

impl fmt::Display for AdapterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AdapterError::Material(error) => error.fmt(f),
            AdapterError::Faults(faults) => faults
                .iter()
                .enumerate()
                .try_for_each(|(i, fault)| write!(f, "{}{fault}", if i == 0 { "" } else { "\n" })),
        }
    }
}

impl std::error::Error for AdapterError {}

/// Every `<name>/<version>/adapter.toml` of a folder, by that path.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn adapter_files(folder: &Path) -> Result<BTreeMap<String, String>, MaterialError> {
    let mut files = BTreeMap::new();
    for (name, format) in folders(folder)? {
        for (version, place) in folders(&format)? {
            let path = place.join("adapter.toml");
            if path.exists() {
                files.insert(format!("{name}/{version}/adapter.toml"), text(&path)?);
            }
        }
    }
    Ok(files)
}

/// The folders in a folder, by name, in order.
fn folders(folder: &Path) -> Result<BTreeMap<String, PathBuf>, MaterialError> {
    let unreadable = |e: std::io::Error| {
        bad(
            folder,
            format!("không đọc được: {e}"),
            format!("cannot be read: {e}"),
        )
    };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if let (true, Some(name)) = (path.is_dir(), path.file_name().and_then(|n| n.to_str())) {
            found.insert(name.to_owned(), path.clone());
        }
    }
    Ok(found)
}

/// The adapters that come with the hub, and those of a folder; one of the folder stands in for a shipped one of its name.
///
/// # Errors
/// [`AdapterError`].
pub fn adapters(folder: Option<&Path>) -> Result<adapt::Registry, AdapterError> {
    let Some(folder) = folder else {
        return Ok(adapt::Registry::shipped());
    };
    let files = adapter_files(folder).map_err(AdapterError::Material)?;
    adapt::Registry::shipped_with(&files).map_err(AdapterError::Faults)
}

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
    let networks = settings
        .allow_networks
        .iter()
        .map(|text| {
            text.parse::<Network>().map_err(|e| {
                bad(
                    Path::new("outbound.allow_networks"),
                    format!("{text} không phải mạng: viết như 10.20.0.0/16"),
                    format!("{text} is {e}"),
                )
            })
        })
        .collect::<Result<_, _>>()?;
    let outbound = Outbound {
        roots: roots(authorities)?,
        identity,
        timeout: Duration::from_secs(settings.timeout_seconds),
        connect_timeout: Duration::from_secs(settings.connect_timeout_seconds),
    };
    let guard = Guard::allowing(settings.allow_hosts.iter().cloned(), networks);
    Caller::new(&outbound, guard).map_err(|e| {
        bad(
            Path::new("[outbound]"),
            format!("không dùng được: {e}"),
            format!("cannot be used: {e}"),
        )
    })
}

/// How long one request to an S3 service may take: a part of 8 MiB, or a piece of 1 MiB.
const S3_TIME: Duration = Duration::from_secs(60);

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
            let http = http_client(&Outbound {
                roots: certificates_or_none(ca_file.as_deref(), clock)?,
                identity: None,
                timeout: S3_TIME,
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
        access_key: percent_decoded(url.username())?,
        secret_key: percent_decoded(url.password()?)?,
    };
    (!bucket.bucket.is_empty() && !bucket.access_key.is_empty()).then_some(bucket)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
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
    let http = http_client(&Outbound {
        roots,
        identity: None,
        timeout: ADMIN_TIME,
        connect_timeout: Duration::from_secs(5),
    })
    .map_err(|e| unusable(&e))?;
    Admin::new(http, url.expose(), vhost).map_err(|e| unusable(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_and_the_adapters_of_the_house_are_found() {
        let house = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(directory(&house.join("schema/directory/hanoi")).is_ok());
        let found = adapter_files(&house.join("adapters")).unwrap();
        assert!(found.contains_key("canonical/v1/adapter.toml"));
        let all = adapters(Some(&house.join("adapters"))).unwrap();
        assert_eq!(all.names().count(), found.len());
        assert_eq!(adapters(None).unwrap().names().count(), found.len());
    }

    #[test]
    fn an_error_names_the_file_and_holds_none_of_it() {
        let folder = std::env::temp_dir().join(format!("lienthong-material-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("k.hex");
        for wrong in ["s3cr3t", "", &"00".repeat(32), &"ab".repeat(31), &"zz".repeat(32)] {
            std::fs::write(&path, wrong).unwrap();
            let error = key(&path).unwrap_err();
            assert_eq!(error.path, path);
            assert!(!error.to_string().contains("s3cr3t"));
        }
        std::fs::write(&path, format!("{}\n", "0123456789abcdef".repeat(4))).unwrap();
        assert!(key(&path).is_ok());
        assert!(private_key(&path).is_err() && certificates(&folder).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
