//! What the settings name, opened: keys, certificates, the directory, adapters, where the database is.
//!
//! The commands and the composition root make the rooms of these. Nothing is kept here and nothing connects. An error says
//! which file it is about and what to do, in both languages, and never holds a word of the file.

mod formats;
mod outside;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::{Zeroize, Zeroizing};

use crate::adapt::{self, AdapterFault};
use crate::config;
use crate::domain::routing::{Directory, DirectoryFault};
use crate::identity::keys::{SigningKey, VerifyingKey};
use crate::identity::secret::LookupSecrets;
use crate::net::pem;
use crate::net::tls::ServerIdentity;
use crate::store::{Backend, Cipher, Postgres, StoreSizes};

pub use formats::{FormatFolder, format_folder};
pub use outside::{admin, blobs, caller, networks, rabbit};

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
        .map_err(|e| bad(path, format!("không có khóa riêng dùng được: {e}"), e.to_string()))
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

/// Keys that sign.
pub struct SigningKeys {
    /// Signs tokens.
    pub tokens: Arc<SigningKey>,
    /// Signs receipts; that of tokens, where no other is set.
    pub receipts: Arc<SigningKey>,
    /// Further keys whose tokens are accepted, and that are published.
    pub further: Vec<VerifyingKey>,
    /// Retired keys, published so that what they signed can be verified; nothing they sign is accepted.
    pub retired: Vec<VerifyingKey>,
}

/// The keys that sign tokens and receipts, the further ones whose signatures are accepted, and the public halves of retired ones.
///
/// # Errors
/// When a file holds no P-256 key in PKCS#8, or no public key with the date it was retired.
pub fn signing_keys(tokens: &config::TokenSettings) -> Result<SigningKeys, MaterialError> {
    let read = |path: &PathBuf| {
        SigningKey::from_pkcs8_pem(&Zeroizing::new(file(path)?)).map_err(|e| {
            bad(
                path,
                "không phải khóa riêng PKCS#8 trên đường cong P-256 (PEM: PRIVATE KEY)",
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
    let receipts = match &tokens.receipt_key_file {
        Some(path) => Arc::new(read(path)?),
        None => Arc::clone(&signing),
    };
    let retired = tokens
        .retired_key_files
        .iter()
        .map(|path| retired_key(path))
        .collect::<Result<_, _>>()?;
    Ok(SigningKeys {
        tokens: signing,
        receipts,
        further,
        retired,
    })
}

/// The public half of a key that signs no more, as a JWK with `retired_at`.
fn retired_key(path: &Path) -> Result<VerifyingKey, MaterialError> {
    let jwk: Option<serde_json::Value> = serde_json::from_slice(&file(path)?).ok();
    let key = jwk.as_ref().and_then(|jwk| VerifyingKey::from_jwk(jwk).ok());
    let private = jwk.is_some_and(|jwk| jwk.get("d").is_some());
    key.filter(|key| key.retired_at().is_some() && !private).ok_or_else(|| {
        bad(
            path,
            "phải là một khóa công khai (JWK, P-256) với ngày thôi dùng \"retired_at\": \"YYYY-MM-DD\", không có khóa riêng",
            "must be one public key (a JWK on P-256) with the date it was retired, \"retired_at\": \"YYYY-MM-DD\", without its private half",
        )
    })
}

/// Refuses key files that anybody but their owner may write, or that everybody may read.
///
/// # Errors
/// The first such file.
pub fn guarded<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), MaterialError> {
    for path in paths {
        // A file that is absent is named by whoever needs it.
        let Ok(metadata) = std::fs::metadata(path) else {
            continue;
        };
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o027 != 0 {
            let shown = path.display();
            return Err(bad(
                path,
                format!("là khóa mà người khác mở hoặc ghi được ({mode:03o}): chmod 600 {shown}"),
                format!("is a key that others may open or write ({mode:03o}): chmod 600 {shown}"),
            ));
        }
    }
    Ok(())
}

/// A key of 32 bytes, written as 64 hexadecimal digits.
///
/// # Errors
/// When the file holds anything else, or a key that was plainly not drawn by chance.
pub fn key(path: &Path) -> Result<[u8; 32], MaterialError> {
    let text = Zeroizing::new(text(path)?);
    let mut key = [0u8; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| {
        bad(
            path,
            "phải là 64 chữ số thập lục phân (lienthong keys new)",
            "must be 64 hexadecimal digits (lienthong keys new)",
        )
    })?;
    if key.iter().all(|byte| *byte == key[0]) {
        return Err(bad(
            path,
            "không phải khóa ngẫu nhiên (lienthong keys new)",
            "was not drawn by chance (lienthong keys new)",
        ));
    }
    Ok(key)
}

/// The keys of the store.
///
/// # Errors
/// When a key file is wrong, or two of them hold one key.
pub fn cipher(keys: &config::KeySettings) -> Result<Arc<Cipher>, MaterialError> {
    let mut all = Vec::new();
    for (id, path) in &keys.encryption {
        all.push((id.clone(), key(path)?));
    }
    let (mut blind, mut lookup) = (key(&keys.blind_index_file)?, key(&keys.lookup_file)?);
    let mut distinct: Vec<&[u8; 32]> = all.iter().map(|(_, key)| key).chain([&blind, &lookup]).collect();
    distinct.sort_unstable();
    let path = &keys.blind_index_file;
    if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(bad(
            path,
            "hai tệp khóa giống nhau; mỗi việc một khóa riêng",
            "two key files hold one key; each purpose has its own",
        ));
    }
    let cipher = Cipher::new(&keys.current, &all, &blind)
        .map(Arc::new)
        .map_err(|e| bad(path, format!("khóa không dùng được: {e}"), e.to_string()));
    // From here on they are aws-lc's, which wipes its own.
    all.iter_mut().for_each(|(_, key)| key.zeroize());
    blind.zeroize();
    lookup.zeroize();
    cipher
}

/// The citizens' look-up secrets.
///
/// # Errors
/// As [`key`].
pub fn lookup_secrets(keys: &config::KeySettings) -> Result<LookupSecrets, MaterialError> {
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
pub fn sizes(limits: &config::LimitSettings) -> StoreSizes {
    StoreSizes {
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
