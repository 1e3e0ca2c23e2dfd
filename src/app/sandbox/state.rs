//! The folder of a sandbox: keys, certificates and the database, made once and gone on with.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use crate::app::AppError;
use crate::domain::tenant::TenantKey;
use crate::domain::time::Timestamp;
use crate::identity::keys::SigningKey;
use crate::net::dev_ca::{DevCa, Validity};
use crate::net::tls::ServerIdentity;

/// How long the sandbox's certificates live.
const LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// Keeps a folder for this process until it is dropped, or the process dies.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the folder, making it if needed.
    ///
    /// # Errors
    /// Another process has it.
    pub fn take(dir: &Path) -> Result<Self, AppError> {
        make_private(dir)?;
        let file =
            File::create(dir.join("lock")).map_err(AppError::io(dir.join("lock").display().to_string()))?;
        file.try_lock().map_err(|_| {
            AppError::Unusable(format!(
                "{} is in use by another lienthong; give another --dir",
                dir.display()
            ))
        })?;
        Ok(Lock { _file: file })
    }

    /// Empties the folder.
    ///
    /// # Errors
    /// What cannot be removed.
    pub fn clear(&self, dir: &Path) -> Result<(), AppError> {
        for entry in fs::read_dir(dir)
            .map_err(AppError::io(dir.display().to_string()))?
            .flatten()
        {
            let path = entry.path();
            if path.file_name().is_some_and(|n| n != "lock") {
                let gone = if path.is_dir() {
                    fs::remove_dir_all(&path)
                } else {
                    fs::remove_file(&path)
                };
                gone.map_err(AppError::io(path.display().to_string()))?;
            }
        }
        Ok(())
    }
}

/// A sandbox's folder.
pub struct SandboxFolder {
    dir: PathBuf,
    ca: DevCa,
    now: Timestamp,
}

impl SandboxFolder {
    /// Opens a folder, making what is not there. The hub holds its [`Lock`]; partners beside it only read.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Self, AppError> {
        let (root, key) = (dir.join("ca/root.pem"), dir.join("ca/root.key"));
        let ca = if root.exists() && key.exists() {
            DevCa::load(&read(&root)?, &read(&key)?)?
        } else {
            let ca = DevCa::create(now)?;
            write_private(&key, ca.key_pem().as_bytes())?;
            write_private(&root, ca.root_pem().as_bytes())?;
            ca
        };
        Ok(SandboxFolder {
            dir: dir.to_owned(),
            ca,
            now,
        })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The development authority.
    pub fn ca(&self) -> &DevCa {
        &self.ca
    }

    /// The database file of the embedded stack.
    pub fn database(&self) -> PathBuf {
        self.dir.join("hub.sqlite")
    }

    /// The folder of attachments.
    pub fn blobs(&self) -> PathBuf {
        self.dir.join("blobs")
    }

    /// 32 random bytes of this name, the same at every start.
    ///
    /// # Errors
    /// The file cannot be read or written, or does not hold 32 bytes in hexadecimal.
    pub fn secret(&self, name: &str, rng: &mut StdRng) -> Result<[u8; 32], AppError> {
        let path = self.dir.join("keys").join(name);
        if path.exists() {
            let bytes = hex::decode(read(&path)?.trim())
                .ok()
                .and_then(|b| b.try_into().ok());
            return bytes.ok_or_else(|| {
                AppError::Unusable(format!("{} is not 32 bytes in hexadecimal", path.display()))
            });
        }
        let mut bytes = [0u8; 32];
        rng.fill_bytes(&mut bytes);
        write_private(&path, hex::encode(bytes).as_bytes())?;
        Ok(bytes)
    }

    /// A signing key of this name, the same at every start.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn signing_key(&self, name: &str) -> Result<Arc<SigningKey>, AppError> {
        let path = self.dir.join("keys").join(name);
        if !path.exists() {
            write_private(&path, SigningKey::generate_pkcs8()?.expose())?;
        }
        let der = fs::read(&path).map_err(AppError::io(path.display().to_string()))?;
        Ok(Arc::new(SigningKey::from_pkcs8_der(&der)?))
    }

    /// The hub's own certificate, for localhost. A new one at each start: nobody pins it.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn server(&self) -> Result<ServerIdentity, AppError> {
        let issued = self.ca.server(&[], Validity::starting(self.now, LIFE))?;
        Ok(ServerIdentity::new(issued.chain, issued.key)?)
    }

    /// Where a tenant's certificate and key are.
    pub fn tenant_files(&self, tenant: &TenantKey) -> (PathBuf, PathBuf) {
        let dir = self.dir.join("tenants").join(tenant.as_str());
        (dir.join("cert.pem"), dir.join("key.pem"))
    }

    /// A tenant's certificate and key as PEM, made when they are not there or end within a day.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn tenant_pem(&self, tenant: &TenantKey) -> Result<(String, String), AppError> {
        let (cert, key) = self.tenant_files(tenant);
        if cert.exists() && key.exists() {
            let pem = read(&cert)?;
            let chain = crate::net::pem::certificates(pem.as_bytes()).map_err(crate::net::NetError::from)?;
            let parsed = crate::identity::peer::PeerCertificate::parse(&chain[0]);
            let soon = self.now.plus(Duration::from_secs(24 * 3600));
            if parsed.is_ok_and(|c| c.not_after() > soon) {
                return Ok((pem, read(&key)?));
            }
        }
        let issued = self.ca.client(tenant, Validity::starting(self.now, LIFE))?;
        write_private(&key, issued.key_pem.as_bytes())?;
        write_private(&cert, issued.certificate_pem.as_bytes())?;
        Ok((issued.certificate_pem, issued.key_pem))
    }

    /// Puts a file for a tenant beside its certificate.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn hand_out(&self, tenant: &TenantKey, name: &str, text: &str) -> Result<(), AppError> {
        let (certificate, _) = self.tenant_files(tenant);
        write_private(&certificate.with_file_name(name), format!("{text}\n").as_bytes())
    }
}

fn read(path: &Path) -> Result<String, AppError> {
    fs::read_to_string(path).map_err(AppError::io(path.display().to_string()))
}

fn make_private(dir: &Path) -> Result<(), AppError> {
    fs::create_dir_all(dir).map_err(AppError::io(dir.display().to_string()))?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
        .map_err(AppError::io(dir.display().to_string()))
}

/// Writes a file only its owner can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), AppError> {
    let what = || path.display().to_string();
    if let Some(parent) = path.parent() {
        make_private(parent)?;
    }
    let part = path.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .map_err(AppError::io(what()))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(AppError::io(what()))?;
    fs::rename(&part, path).map_err(AppError::io(what()))
}
