//! What a person sees: pages drawn by the server, which work without scripts and load nothing from elsewhere.
//!
//! The console has no powers of its own. A page asks the same verbs as a partner, with an [`Access`]; the
//! citizen's look-up asks the one verb that needs none. The overview and the timeline show every tenant's dossiers, so they
//! exist only where the hub is a sandbox; elsewhere they are as absent as any unknown address.
//!
//! Everything shown is Vietnamese first, with an English switch. No page shows whose a dossier is.
//!
//! Start with [`pages`], then [`frame`], then one of the pages and its template.

mod assets;
mod dossier;
mod draw;
mod errors;
mod frame;
mod lookup;
mod message;
mod overview;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use crate::domain::rejection::problems;
use crate::http::extract::{Page, PageCall, PageOutcome, Pages};
use crate::identity::Access;

use frame::Frame;

/// The pages, as the web listener takes them. A hub with real dossiers has the look-up and the labels; a sandbox, whose dossiers
/// are all invented, also has the overview and the timelines, which look with the hub's own eyes.
pub fn pages(sandbox: bool) -> Pages {
    let console = Console {
        sandbox: sandbox.then(|| Arc::new(Access::system())),
    };
    Arc::new(move |call| {
        let console = console.clone();
        Box::pin(async move { console.draw(call).await })
    })
}

/// Who draws the pages.
#[derive(Clone)]
struct Console {
    /// Whose eyes the overview and the timeline look with; none where they do not exist.
    sandbox: Option<Arc<Access>>,
}

impl Console {
    async fn draw(self, call: PageCall) -> PageOutcome {
        let frame = Frame::of(&call, self.sandbox.is_some());
        match (call.page, &self.sandbox) {
            (Page::Overview, Some(access)) => overview::draw(frame, &call, access).await,
            (Page::Dossier, Some(access)) => dossier::draw(frame, &call, access).await,
            // Where there is nothing to see, the front door leads to the one thing a citizen can do.
            (Page::Overview, None) | (Page::LookUp, _) => lookup::form(frame),
            (Page::Dossier, None) => Err(problems::NotFound.into()),
            (Page::LookedUp, _) => lookup::draw(frame, &call).await,
            (Page::Errors, _) => errors::list(frame),
            (Page::Error, _) => errors::one(frame, &call.segment),
            (Page::Asset, _) => assets::file(&call.segment),
            (Page::NotFound, _) => message::not_found(frame),
            (Page::Failed, _) => message::failed(frame, &call.segment),
        }
    }
}
