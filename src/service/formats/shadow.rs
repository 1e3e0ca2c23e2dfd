//! A version tried on what was filed: the newest submissions of its format are read by it and by what is in use, and compared.
//!
//! Nothing is written but an entry of the audit. Documents are read in small pages on a reader's thread and compared on another, one
//! trial at a time, so filings keep their readers and the memory stays that of a page.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compare::{Compared, Differences};
use super::{Formats, usable};
use crate::adapt::{Adapter, Samples};
use crate::domain::audit::{Action, AuditAction};
use crate::domain::ids::DossierId;
use crate::domain::rejection::problems;
use crate::domain::view::{SHADOWED_SUBMISSIONS, ShadowRequest, ShadowView};
use crate::identity::{Access, Permission, Scope};
use crate::service::ServiceError;
use crate::service::fault::internal;
use crate::service::formats_in_use::FormatSet;
use crate::store::kept::KeptSubmission;
use crate::store::ledger::ShadowRun;
use crate::store::read::{self, OfFormat};

/// Documents in memory at once.
const PAGE: usize = 32;

/// Submissions that are looked at in one query, to find those of one tenant.
const LOOKED_AT_ONCE: i64 = 500;

/// Submissions that are looked at to find those of one tenant.
pub const LOOKED_AT: usize = 100_000;

/// The submissions of a format, newest first, whichever version each was read with.
struct Newest {
    /// Of each version: what was found and not taken yet, newest last; and from where on to look, where there is more.
    versions: Vec<(String, Vec<OfFormat>, Option<String>, bool)>,
    looked_at: usize,
}

impl Formats {
    /// Tries a version on stored submissions.
    ///
    /// # Errors
    /// `format-faulty` with every fault; `permission-missing`, also for values where dossiers may not be read; `number-range` of how
    /// many; busy while another trial runs.
    pub async fn shadow(&self, access: &Access, request: ShadowRequest) -> Result<ShadowView, ServiceError> {
        access.permit(Permission::FormatManage)?;
        let scope = access.permit(Permission::HubRead)?;
        if request.values {
            access.permit(Permission::DossierRead)?;
        }
        if !(1..=SHADOWED_SUBMISSIONS).contains(&request.last) {
            let wrong = problems::QueryMalformed {
                parameter: &"last",
                expected: &format!("1–{SHADOWED_SUBMISSIONS}"),
            };
            return Err(wrong.at("/last").into());
        }
        let adapter = Arc::new(usable(&request.format, &request.text, &Samples::default())?);
        let _alone = self.trying.try_acquire().map_err(|_| ServiceError::Busy)?;
        self.refresher.refresh().await?;
        let mut run = self.begin(&adapter, &request).await?;
        let mut newest = self.newest(adapter.family()).await?;
        while (run.view.examined as usize) < request.last as usize {
            let wanted = PAGE.min((request.last - run.view.examined) as usize);
            let ids = self.take(&mut newest, &scope, &request, wanted).await?;
            if ids.is_empty() {
                break;
            }
            run = self.compare(run, &scope, ids).await?;
        }
        run.view.more = newest.has_more();
        self.note(access, &request, &run.view).await?;
        let Run {
            differences,
            mut view,
            ..
        } = run;
        view.cut = differences.cut;
        view.differences = differences.told();
        Ok(view)
    }

    async fn begin(&self, adapter: &Arc<Adapter>, request: &ShadowRequest) -> Result<Run, ServiceError> {
        Ok(Run {
            adapter: Arc::clone(adapter),
            set: self.in_use.current(),
            values: request.values,
            differences: Differences::default(),
            view: ShadowView {
                format: adapter.name().to_owned(),
                sha256: adapter.sha256(),
                against: BTreeMap::new(),
                examined: 0,
                same: 0,
                differ: 0,
                refused: 0,
                accepted: 0,
                refused_by_both: 0,
                more: false,
                differences: Vec::new(),
                cut: false,
            },
        })
    }

    async fn newest(&self, name: &str) -> Result<Newest, ServiceError> {
        let name = name.to_owned();
        let names = self
            .store
            .readers
            .run(move |conn| read::formats_of(conn, &name))
            .await?;
        Ok(Newest {
            versions: names
                .into_iter()
                .map(|name| (name, Vec::new(), None, true))
                .collect(),
            looked_at: 0,
        })
    }

    /// The names of the next submissions, newest first; none when there are no more, or too many of others were looked at.
    async fn take(
        &self,
        newest: &mut Newest,
        scope: &Scope,
        request: &ShadowRequest,
        wanted: usize,
    ) -> Result<Vec<String>, ServiceError> {
        let limit = match request.tenant {
            Some(_) => LOOKED_AT_ONCE,
            None => PAGE as i64,
        };
        let mut taken = Vec::with_capacity(wanted);
        while taken.len() < wanted {
            for (format, found, from, more) in &mut newest.versions {
                while found.is_empty() && *more && newest.looked_at < LOOKED_AT {
                    let (scope, format, before) = (scope.clone(), format.clone(), from.clone());
                    let look = move |conn: &mut crate::store::conn::Conn| {
                        read::newest_of_format(conn, &scope, &format, before.as_deref(), limit)
                    };
                    let page = self.store.readers.run(look).await?;
                    *more = page.len() as i64 == limit;
                    newest.looked_at += page.len();
                    *from = page.last().map(|one| one.id.clone()).or(from.take());
                    let of_tenant =
                        |one: &OfFormat| request.tenant.as_ref().is_none_or(|t| t.as_str() == one.tenant);
                    found.extend(page.into_iter().filter(of_tenant).rev());
                }
            }
            // Names of submissions are in the order of time.
            let heads = newest
                .versions
                .iter_mut()
                .filter(|(_, found, ..)| !found.is_empty());
            let Some((_, found, ..)) =
                heads.max_by_key(|(_, found, ..)| found.last().map(|one| one.id.clone()))
            else {
                break;
            };
            taken.extend(found.pop().map(|one| one.id));
        }
        Ok(taken)
    }

    /// Reads and compares a page.
    async fn compare(&self, mut run: Run, scope: &Scope, ids: Vec<String>) -> Result<Run, ServiceError> {
        let (cipher, scope) = (Arc::clone(&self.store.cipher), scope.clone());
        let read = move |conn: &mut crate::store::conn::Conn| read::documents(conn, &cipher, &scope, &ids);
        let mut documents = self.store.readers.run(read).await?;
        documents.reverse();
        let compared = tokio::task::spawn_blocking(move || {
            for document in &documents {
                run.document(document)?;
            }
            Ok::<_, ServiceError>(run)
        });
        let run = compared.await.map_err(internal)??;
        tokio::task::yield_now().await;
        Ok(run)
    }

    async fn note(
        &self,
        access: &Access,
        request: &ShadowRequest,
        view: &ShadowView,
    ) -> Result<(), ServiceError> {
        let mut action = AuditAction::on(Action::FormatShadowed, &view.format)
            .with("sha256", view.sha256)
            .with("examined", view.examined)
            .with("values", request.values);
        if let Some(tenant) = &request.tenant {
            action = action.with("tenant", tenant);
        }
        let run = ShadowRun {
            actor: access.actor(),
            action,
        };
        Ok(self.store.ledger.ask(run).await?)
    }
}

impl Newest {
    fn has_more(&self) -> bool {
        self.versions
            .iter()
            .any(|(_, found, _, more)| !found.is_empty() || *more)
    }
}

/// A trial, as far as it has come.
struct Run {
    adapter: Arc<Adapter>,
    set: Arc<FormatSet>,
    values: bool,
    differences: Differences,
    view: ShadowView,
}

impl Run {
    /// Reads one document both ways: by what would read it if it came now, and by the version that is tried.
    fn document(&mut self, document: &KeptSubmission) -> Result<(), ServiceError> {
        let dossier: DossierId = document.dossier.parse().map_err(internal)?;
        let Some(in_use) = self.set.registry().current(&document.format) else {
            // Read by a version that does not compile here: there is nothing to compare with.
            return Err(internal(format!("{} does not compile", document.format)));
        };
        *self.view.against.entry(in_use.name().to_owned()).or_default() += 1;
        let now = in_use.read(&document.bytes, &document.media_type);
        let then = self.adapter.read(&document.bytes, &document.media_type);
        let compared = self.differences.count(dossier, (&now, &then), self.values);
        let view = &mut self.view;
        view.examined += 1;
        match compared {
            Compared::Same => view.same += 1,
            Compared::Differ => view.differ += 1,
            Compared::Refused => view.refused += 1,
            Compared::Accepted => view.accepted += 1,
            Compared::RefusedByBoth => view.refused_by_both += 1,
        }
        Ok(())
    }
}
