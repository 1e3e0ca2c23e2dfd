//! A status report of its canonical tree: the status, and the lists that come with it.

use super::{Build, DOSSIER_CODE_FORM, Members};
use crate::adapt::apply::Canon;
use crate::domain::codes::DossierCode;
use crate::domain::details::{FeeClaim, Lists, PaperAsked, ResultPaper};
use crate::domain::event::Back;
use crate::domain::rejection::problems;
use crate::domain::task::TaskOutcome;
use crate::domain::text::{self, Lines};
use crate::domain::view::StatusReport;

impl Build {
    pub(super) fn report(&mut self, canon: &Canon<'_>) -> Option<StatusReport> {
        let Canon::Object(o) = canon else { return None };
        let dossier = self.need_text::<100, false>(o, "dossier");
        let status = self.need(o, "status").and_then(|_| self.status(o, "status"));
        let occurred_at = self.instant(o, "occurred_at");
        let text = self.text::<2000, true>(o, "text").map(String::from);
        let assigned_code = self.assigned_code(o);
        let officer = self.text::<200, false>(o, "officer").map(String::from);
        let lists = Lists {
            papers: self.list(o, "papers", Self::paper),
            fees: self.list(o, "fees", Self::claim),
            results: self.list(o, "results", Self::result),
            refusal: self.flag(o, "refusal"),
            correction: self.flag(o, "correction"),
        };
        let back = self.word::<Back>(o, "back");
        let new_due = self.instant(o, "new_due");
        let task = self.word::<TaskOutcome>(o, "task");
        let foreign_values = self.list(o, "foreign_values", Self::foreign_value);
        let (dossier, status) = (dossier?, status?);
        if let Err(problem) = lists.check(status) {
            // Said here, where the sender's own path is known.
            let name = problem.path.clone().unwrap_or_default();
            self.problem(name.trim_start_matches('/'), problem);
        }
        let report = StatusReport {
            occurred_at,
            text,
            assigned_code,
            officer,
            back,
            new_due,
            task,
            foreign_values,
            ..StatusReport::new(dossier, status)
        };
        Some(report.with_lists(lists))
    }

    /// The official code a report brings. A status never falls because of the code beside it: one that is none is told.
    fn assigned_code(&mut self, o: Members<'_, '_>) -> Option<DossierCode> {
        let Canon::Text(raw) = self.get(o, "assigned_code")? else {
            return self.clash("assigned_code");
        };
        let code = text::clean(raw, Lines::One).unwrap_or_default().parse().ok();
        if code.is_none() {
            let (field, expected) = (&"assigned_code", &DOSSIER_CODE_FORM);
            if DossierCode::resembles(raw) {
                self.warning(field, problems::DossierCodeMistyped { field });
            } else {
                self.warning(field, problems::CodeMalformed { field, expected });
            }
        }
        code
    }

    fn paper(&mut self, o: Members<'_, '_>) -> Option<PaperAsked> {
        let (code, name, note) = (
            self.text(o, "code"),
            self.need_text(o, "name"),
            self.text(o, "note"),
        );
        let copies = self.copies(o);
        Some(PaperAsked {
            code,
            name: name?,
            note,
            copies,
        })
    }

    fn claim(&mut self, o: Members<'_, '_>) -> Option<FeeClaim> {
        let fee = self.fee(o);
        let (payee, account) = (self.text(o, "payee"), self.text(o, "account"));
        let reference = self.text(o, "reference");
        Some(FeeClaim {
            fee: fee?,
            payee,
            account,
            reference,
        })
    }

    fn result(&mut self, o: Members<'_, '_>) -> Option<ResultPaper> {
        let (code, number) = (self.text(o, "code"), self.text(o, "number"));
        let (name, summary) = (self.need_text(o, "name"), self.text(o, "summary"));
        let issued_on = self.day(o, "issued_on");
        let files = self.list(o, "files", Self::file);
        Some(ResultPaper {
            code,
            number,
            name: name?,
            summary,
            issued_on,
            files,
        })
    }
}
