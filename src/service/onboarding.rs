//! Who may speak and who is responsible: keeping this process in step with the database.

use super::{Hub, ServiceError, directory_bytes};
use crate::domain::routing::Directory;
use crate::identity::{Access, Permission};
use crate::store::ledger::DirectoryImport;
use crate::store::read;

/// What a refresh found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// A newer register is in use.
    pub register: bool,
    /// Another directory is in use.
    pub directory: bool,
}

impl Hub {
    /// Loads the register and the directory when the database holds others than this process. Called at start and every few
    /// seconds, so that a revocation made on one hub holds on all.
    pub async fn refresh(&self) -> Result<Loaded, ServiceError> {
        let _alone = self.refreshing.lock().await;
        let (known, version) = (
            self.register().version,
            self.directory.load().version().to_owned(),
        );
        let (register, files) = self
            .store
            .readers
            .run(move |conn| Ok((read::register(conn, known)?, read::directory(conn, &version)?)))
            .await?;
        self.load_endpoints().await?;
        let mut loaded = Loaded::default();
        if let Some(register) = register {
            self.gate.replace_register(register);
            loaded.register = true;
        }
        if let Some(files) = files {
            match Directory::read(&files) {
                Ok(directory) => {
                    self.directory.store(std::sync::Arc::new(directory));
                    loaded.directory = true;
                }
                // Imported by a newer hub, or damaged: the one in use goes on, loudly.
                Err(faults) => tracing::error!(
                    faults = faults.len(),
                    "the directory in the database cannot be read"
                ),
            }
        }
        Ok(loaded)
    }

    /// Whether the database names a directory, be it one this hub can read or not.
    pub async fn has_directory(&self) -> Result<bool, ServiceError> {
        Ok(self.store.readers.run(read::has_directory).await?)
    }

    /// Puts a directory into use, here and on every hub of this database.
    pub async fn import_directory(
        &self,
        access: &Access,
        files: &std::collections::BTreeMap<String, String>,
    ) -> Result<String, ServiceError> {
        access.permit(Permission::HubRead)?;
        let directory = Directory::read(files)
            .map_err(|faults| ServiceError::Internal(format!("{} faults", faults.len())))?;
        let version = directory.version().to_owned();
        let import = DirectoryImport {
            version: version.clone(),
            files: directory_bytes(files),
            reviewed_against: None,
            actor: access.actor(),
            reason: None,
        };
        self.store.ledger.ask(import).await?;
        self.refresh().await?;
        Ok(version)
    }
}
