//! What a directory asks of the documents of its procedures.

use super::directory::Directory;
use crate::domain::checks::Requirements;
use crate::domain::codes::ProcedureCode;
use crate::domain::time::Date;

impl Directory {
    /// The checks that it has beside its procedures.
    pub fn requirements(&self) -> &Requirements {
        &self.requirements
    }

    /// The national code of a procedure as it was received, where it is in force that day.
    pub fn procedure_code(&self, received: &str, on: Date) -> Option<&ProcedureCode> {
        let found = self.find_procedure(received, on).ok();
        found.map(|(procedure, _)| &procedure.code)
    }
}
