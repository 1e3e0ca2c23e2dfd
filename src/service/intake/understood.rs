//! What a document says, whom it goes to, and everything that is wrong with it at once.

use super::Intake;
use super::prepared::{self, Incoming, Understood};
use crate::adapt::{Adapted, Adapter};
use crate::domain::attachment;
use crate::domain::rejection::{Problem, Rejection};
use crate::domain::time::Timestamp;
use crate::identity::Access;

impl Intake {
    /// Reads a document, judges it by the checks that hold for it, and routes it. What the format, the clock, its files, the
    /// directory and the checks find wrong is told together.
    pub(super) fn understand(
        &self,
        adapter: &Adapter,
        access: &Access,
        incoming: &Incoming,
        now: Timestamp,
    ) -> Result<Understood, Rejection> {
        let (bytes, media_type) = (&incoming.bytes, &incoming.media_type);
        let directory = self.directory.current();
        let (adapted, judged) = adapter.read_judged(bytes, media_type, &directory, now.date())?;
        let Adapted {
            filing,
            mut warnings,
            provenance,
            contents,
        } = adapted;
        let placed = |problem: &Problem| match problem.path.clone() {
            Some(pointer) => provenance.placed(problem.clone(), &pointer),
            None => problem.clone(),
        };
        let (ahead, doubtful) = filing.ahead_of(now);
        let (complete_at, promised, early) = prepared::dates(&filing, now);
        let files = attachment::named(&filing, |pointer| provenance.locate(pointer));
        let route = self.route(&filing, access, incoming.mode);
        let mut problems: Vec<Problem> = ahead.iter().map(placed).collect();
        problems.extend(files.as_ref().err().cloned());
        if let Err(rejection) = &route {
            problems.extend(rejection.problems().iter().map(placed));
        }
        problems.extend(judged.refused);
        if let Some(refused) = Rejection::of(problems) {
            return Err(refused);
        }
        let (files, route) = (files?, route?);
        let other_name = filing.procedure.names_another(&route.procedure);
        let found = doubtful
            .iter()
            .chain(&early)
            .chain(&route.warnings)
            .chain(&other_name);
        warnings.extend(found.map(placed));
        // A date that the hub does not use has been told, with what becomes of it.
        let told = |warning: &Problem| early.iter().any(|early| early.label == warning.label);
        warnings.extend(judged.warnings.into_iter().filter(|warning| !told(warning)));
        Ok(Understood {
            files,
            route,
            complete_at,
            promised,
            warnings,
            provenance,
            contents,
            filing,
        })
    }
}
