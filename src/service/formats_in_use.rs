//! The formats in use: those of the database, by which every hub of it reads and writes, and those this hub began with.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};

use crate::adapt::{Adapter, Registry, family};
use crate::domain::routing::Directory;
use crate::domain::sha256::Sha256;
use crate::domain::time::Timestamp;
use crate::domain::view::{FormatDriftView, FormatRef, FormatStanding};
use crate::service::ServiceError;
use crate::store::Store;
use crate::store::ledger::FormatText;
use crate::store::read::{self, KeptFormat, KeptFormatUse, KeptFormats};

/// The form that everybody can be written to in.
pub(super) const CANONICAL: &str = "canonical/v1";

/// How long a file is told of that differs from what is in use, after a hub saw it last. A hub that has it says so three times as often.
pub const DRIFT_TOLD: Duration = Duration::from_secs(3600);

/// The formats in use, exchanged whole when the database has others.
pub struct FormatsInUse {
    /// As they came with this hub and stand in its folder.
    own: Registry,
    current: ArcSwap<FormatSet>,
}

/// The formats at one moment. What is read and what it is pinned to come from one set.
#[derive(Debug)]
pub struct FormatSet {
    revision: i64,
    registry: Registry,
    kept: BTreeMap<String, KeptFormat>,
    by_number: HashMap<i64, String>,
    uses: BTreeMap<String, KeptFormatUse>,
}

impl FormatSet {
    /// The adapters, and which of them is in use.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The number a version is kept under; none before the hub has kept its formats, or of one that is not kept.
    pub fn number(&self, name: &str) -> Option<i64> {
        let kept = self.kept.get(name)?;
        // What this hub reads with is what is kept, else nothing is said.
        let same = self
            .registry
            .get(name)
            .is_some_and(|adapter| adapter.sha256() == kept.sha256);
        same.then_some(kept.number)
    }

    /// The adapter that a number stands for.
    pub(super) fn numbered(&self, number: i64) -> Option<&Adapter> {
        self.registry.get(self.by_number.get(&number)?)
    }

    /// Every version that is kept, by its name.
    pub(super) fn kept(&self) -> &BTreeMap<String, KeptFormat> {
        &self.kept
    }

    /// The last change of what is in use of a format, by its name without a version.
    pub(super) fn last_use(&self, name: &str) -> Option<&KeptFormatUse> {
        self.uses.get(name)
    }

    /// How a version is used.
    pub(super) fn standing(&self, name: &str) -> FormatStanding {
        match self.registry.activated(family(name)) {
            None => FormatStanding::Listed,
            Some(activated) if activated == name => FormatStanding::Activated,
            Some(_) => FormatStanding::Replaced,
        }
    }

    /// A version as a message refers to it.
    pub(super) fn reference(&self, format: String, number: Option<i64>) -> FormatRef {
        let kept = number.and_then(|number| self.by_number.get(&number));
        let sha256 = kept.and_then(|name| self.kept.get(name)).map(|kept| kept.sha256);
        FormatRef {
            format,
            number,
            sha256,
        }
    }

    /// The version that writes a message: by its number.
    pub(super) fn written_by(&self, number: i64) -> Option<FormatRef> {
        let name = self.by_number.get(&number)?.clone();
        Some(self.reference(name, Some(number)))
    }

    /// Whether a name is that of the version in use of a format of which somebody has one of these versions.
    pub(super) fn is_activated(&self, name: &str, listed: &[String]) -> bool {
        let family_of = family(name);
        self.registry.activated(family_of) == Some(name) && listed.iter().any(|one| family(one) == family_of)
    }

    /// The adapter that writes to an agency whose format the directory names.
    pub(super) fn writer(&self, wanted: &str) -> Option<&Adapter> {
        let found = self.registry.current(wanted);
        found
            .or_else(|| self.registry.current(CANONICAL))
            .map(Arc::as_ref)
    }
}

impl FormatsInUse {
    pub(super) fn new(own: Registry) -> Self {
        let as_they_are = Registry::of(own.adapters().cloned(), BTreeMap::new());
        FormatsInUse {
            own,
            current: ArcSwap::from_pointee(FormatSet {
                // No database has changed its formats so often: whatever it has is news.
                revision: 0,
                registry: as_they_are,
                kept: BTreeMap::new(),
                by_number: HashMap::new(),
                uses: BTreeMap::new(),
            }),
        }
    }

    /// The formats in use.
    pub fn current(&self) -> Arc<FormatSet> {
        self.current.load_full()
    }

    /// The same for a look that is over at once.
    pub(super) fn load(&self) -> Guard<Arc<FormatSet>> {
        self.current.load()
    }

    /// How often the formats had changed that are in use here.
    pub(super) fn revision(&self) -> i64 {
        self.current.load().revision
    }

    /// The formats that this hub began with, as they are kept.
    pub(super) fn own(&self) -> Vec<FormatText> {
        self.own
            .adapters()
            .filter_map(|adapter| written(adapter))
            .collect()
    }

    /// Files of this hub that are not what is in use under their names: the name, the digest in use and the file's.
    pub(super) fn drift(&self) -> Vec<(String, Sha256, Sha256)> {
        let set = self.load();
        let differs = |adapter: &Arc<Adapter>| {
            let kept = set.kept.get(adapter.name())?;
            let differs = kept.sha256 != adapter.sha256();
            differs.then(|| (adapter.name().to_owned(), kept.sha256, adapter.sha256()))
        };
        self.own.adapters().filter_map(differs).collect()
    }

    /// Files that hubs of the database began with though another text is in use under their names, as far as they were seen lately.
    pub(super) async fn drifts(
        &self,
        store: &Store,
        now: Timestamp,
    ) -> Result<Vec<FormatDriftView>, ServiceError> {
        let since = now.minus(DRIFT_TOLD);
        let found = store.readers.run(move |conn| read::drifts(conn, since)).await?;
        let set = self.load();
        let view = |drift: read::FormatDrift| {
            let format = set.by_number.get(&drift.format)?;
            Some(FormatDriftView {
                in_use: set.kept.get(format)?.sha256,
                format: format.clone(),
                file: drift.sha256,
                since: drift.since,
                seen_at: drift.seen_at,
            })
        };
        Ok(found.into_iter().filter_map(view).collect())
    }

    /// Whether a format of this hub is not in the database yet.
    pub(super) fn has_unkept(&self) -> bool {
        let set = self.load();
        self.own
            .adapters()
            .any(|adapter| !set.kept.contains_key(adapter.name()))
    }

    /// Takes up what the database has. A version whose text does not compile here is left out, loudly; a file of this hub under its
    /// name reads in its place, and nothing is pinned to it.
    pub(super) fn take_up(&self, kept: KeptFormats) {
        let before = self.current.load_full();
        let mut adapters: BTreeMap<String, Arc<Adapter>> = BTreeMap::new();
        for adapter in self.own.adapters() {
            adapters.insert(adapter.name().to_owned(), Arc::clone(adapter));
        }
        let (mut versions, mut by_number) = (BTreeMap::new(), HashMap::new());
        for version in kept.versions {
            let name = full_name(&version);
            match self.compiled(&before, &name, &version) {
                Ok(adapter) => drop(adapters.insert(name.clone(), adapter)),
                Err(faults) => tracing::error!(
                    format = name,
                    faults,
                    "a format in the database does not compile here: it was put into use by another release, or its text is damaged"
                ),
            }
            by_number.insert(version.number, name.clone());
            versions.insert(name, version);
        }
        let in_use = kept.uses.iter().filter_map(|one| {
            let name = by_number.get(&one.format?)?;
            Some((one.name.clone(), name.clone()))
        });
        let registry = Registry::of(adapters.into_values(), in_use.collect());
        self.current.store(Arc::new(FormatSet {
            revision: kept.revision,
            registry,
            kept: versions,
            by_number,
            uses: kept.uses.into_iter().map(|one| (one.name.clone(), one)).collect(),
        }));
    }

    /// An adapter with the text of a version: as it is in use, as the hub has it, else compiled; how many faults it has if it has any.
    fn compiled(&self, before: &FormatSet, name: &str, version: &KeptFormat) -> Result<Arc<Adapter>, usize> {
        let mut known = before.registry.adapters().chain(self.own.adapters());
        let same = known.find(|adapter| adapter.name() == name && adapter.sha256() == version.sha256);
        match same {
            Some(adapter) => Ok(Arc::clone(adapter)),
            None => Adapter::compile(&format!("{name}/adapter.toml"), &version.text)
                .map(Arc::new)
                .map_err(|faults| faults.len()),
        }
    }

    /// The number of the version that writes to each agency of a directory.
    pub(super) fn writers(&self, directory: &Directory) -> HashMap<String, i64> {
        let set = self.load();
        let numbered = directory.agencies().filter_map(|agency| {
            let number = set.number(set.writer(&agency.format)?.name())?;
            Some((agency.key.to_string(), number))
        });
        numbered.collect()
    }
}

/// Name and version as they are said: `dvcqg-mc/v1`.
pub(super) fn full_name(kept: &KeptFormat) -> String {
    format!("{}/v{}", kept.name, kept.version)
}

/// Name and version apart; none for what is no name of a version.
pub(super) fn name_and_version(format: &str) -> Option<(&str, i32)> {
    let (name, version) = format.split_once("/v")?;
    Some((name, version.parse().ok()?))
}

/// An adapter as it is kept.
pub(super) fn written(adapter: &Adapter) -> Option<FormatText> {
    let (name, version) = name_and_version(adapter.name())?;
    Some(FormatText {
        name: name.to_owned(),
        version,
        sha256: adapter.sha256(),
        text: adapter.text().to_owned(),
    })
}
