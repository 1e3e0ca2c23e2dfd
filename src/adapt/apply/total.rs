//! Reads the totals that a format gives of its fees, for the checks that compare them.

use super::Apply;
use crate::adapt::plan::{Total, scalar};
use crate::adapt::provenance::last_name;
use crate::adapt::reads::Mark;
use crate::adapt::spec::Otherwise;
use crate::adapt::tree::NodeId;
use crate::domain::checks::StatedTotal;
use crate::domain::dossier::limits;
use crate::domain::whole::{self, NotWhole};

impl<'t> Apply<'t, '_> {
    /// The totals of an item that are there. One that is no amount is told, and its check says nothing.
    pub(super) fn totals(&mut self, totals: &[Total], item: NodeId) -> Vec<StatedTotal> {
        let mut read = Vec::new();
        for total in totals {
            let Some(node) = self.found(&total.from, item) else {
                continue;
            };
            self.reads.mark(node, Mark::Read);
            let path = self.tree.path(node);
            let number = scalar(self.tree, node).map_or(Err(NotWhole::Form), |text| whole::parse(&text));
            match number {
                Ok(amount_vnd) if (0..=limits::AMOUNT_VND).contains(&amount_vnd) => read.push(StatedTotal {
                    check: total.check.clone(),
                    amount_vnd,
                    path,
                }),
                wrong => {
                    let why = wrong.err().unwrap_or(NotWhole::Range);
                    let range = (0, limits::AMOUNT_VND);
                    let problem = why.problem(&last_name(&path), range, " đồng").at(path.clone());
                    match total.otherwise {
                        Otherwise::Refuse => self.problems.push(problem),
                        Otherwise::Warn => self.warnings.push(problem),
                    }
                }
            }
        }
        read
    }
}
