//! The ledger and its readers, each promise on both databases.

mod acts;
mod audit;
mod carrying;
mod clocks;
mod crowd;
mod filing;
mod fresh;
mod held;
mod notices;
mod operated;
mod refused;
mod register;
mod telling;

use lienthong::domain::event::EventKind;
use lienthong::identity::{Access, Permission, Scope};
use lienthong::store::kept::KeptDossier;
use lienthong::store::{Store, read};

fn everything() -> Scope {
    Access::system().permit(Permission::HubRead).unwrap()
}

pub(crate) async fn row(store: &Store, id: &str) -> Option<KeptDossier> {
    let (scope, id) = (everything(), id.to_owned());
    store
        .readers
        .run(move |conn| read::dossier(conn, &scope, &id))
        .await
        .unwrap()
}

async fn history(store: &Store, id: &str) -> Vec<(i32, EventKind)> {
    let (id, cipher) = (id.to_owned(), store.cipher.clone());
    let events = store
        .readers
        .run(move |conn| read::history(conn, &cipher, &id))
        .await
        .unwrap();
    events.into_iter().map(|e| (e.number, e.what)).collect()
}
