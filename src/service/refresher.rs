//! Who may speak and who is responsible: keeping this process in step with the database.

use std::sync::Arc;

use super::ServiceError;
use crate::domain::routing::Directory;
use crate::identity::Access;
use crate::service::credentials::Credentials;
use crate::service::directory::DirectoryInUse;
use crate::service::endpoints::Endpoints;
use crate::service::formats_in_use::FormatsInUse;
use crate::service::parts::Base;
use crate::store::ledger::{DirectoryDue, Due};
use crate::store::{Store, read};

/// What a refresh found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// A newer register is in use.
    pub register: bool,
    /// Another directory is in use.
    pub directory: bool,
    /// Other formats are in use.
    pub formats: bool,
}

/// Takes up what another hub has changed.
pub struct Refresher {
    store: Arc<Store>,
    credentials: Arc<Credentials>,
    directory: Arc<DirectoryInUse>,
    endpoints: Arc<Endpoints>,
    formats: Arc<FormatsInUse>,
    /// One at a time, so that nobody puts back what he read before another one's news.
    refreshing: tokio::sync::Mutex<()>,
}

impl Refresher {
    pub(super) fn new(base: &Base, endpoints: &Arc<Endpoints>) -> Self {
        Refresher {
            store: Arc::clone(&base.store),
            credentials: Arc::clone(&base.credentials),
            directory: Arc::clone(&base.directory),
            endpoints: Arc::clone(endpoints),
            formats: Arc::clone(&base.formats),
            refreshing: Default::default(),
        }
    }

    /// Loads the register, the directory and the formats when the database holds others than this process. Called at start and every few
    /// seconds, so that a revocation made on one hub holds on all.
    ///
    /// # Errors
    /// What the database says. A directory that cannot be read is no error: the one in use goes on.
    pub async fn refresh(&self) -> Result<Loaded, ServiceError> {
        let _alone = self.refreshing.lock().await;
        self.take_effect().await?;
        let (known, version, revision) = (
            self.credentials.register().version,
            self.directory.load().version().to_owned(),
            self.formats.revision(),
        );
        let (register, files, formats) = self
            .store
            .readers
            .run(move |conn| {
                let register = read::register(conn, known)?;
                Ok((
                    register,
                    read::directory(conn, &version)?,
                    read::formats(conn, revision)?,
                ))
            })
            .await?;
        self.endpoints.refresh().await?;
        let mut loaded = Loaded::default();
        if let Some(register) = register {
            self.credentials.replace_register(register);
            loaded.register = true;
        }
        if let Some(files) = files {
            match Directory::read(&files) {
                Ok(directory) => {
                    self.directory.replace(directory);
                    loaded.directory = true;
                }
                // Imported by a newer hub, or damaged: the one in use goes on, loudly.
                Err(faults) => tracing::error!(
                    faults = faults.len(),
                    "the directory in the database cannot be read"
                ),
            }
        }
        if let Some(formats) = formats {
            self.formats.take_up(formats);
            loaded.formats = true;
        }
        if loaded.directory || loaded.formats {
            let writers = self.formats.writers(&self.directory.load());
            self.store.fresh.writers.replace(writers);
        }
        Ok(loaded)
    }

    /// Puts the directory into use whose day has come. Every hub looks; the first one does it.
    async fn take_effect(&self) -> Result<(), ServiceError> {
        let standing = self.store.readers.run(read::directory_standing).await?;
        let today = self.directory.today();
        let Some(next) = standing.next.filter(|next| next.effective <= today) else {
            return Ok(());
        };
        let due = DirectoryDue {
            today,
            actor: Access::system().actor(),
        };
        if self.store.ledger.ask(due).await? == Due::Done {
            tracing::info!(
                version = next.version,
                "the day of a directory has come: it is in use"
            );
        }
        Ok(())
    }

    /// Whether the database names a directory, be it one this hub can read or not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn has_directory(&self) -> Result<bool, ServiceError> {
        Ok(self.store.readers.run(read::has_directory).await?)
    }
}
