//! The dossiers an agency works on: what each message means for them, and a task for each.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::desk::{ArrivalPath, Reading, is_readable, own_task, read};
use super::office::{LeftOver, Office};
use super::play::{Note, Play};
use super::script::Script;
use crate::domain::codes::DossierCode;
use crate::domain::ids::DossierId;
use crate::domain::task::{TaskOrder, TaskState};
use crate::domain::view::AgencyData;

/// The dossiers an agency works on.
pub(super) struct Work {
    pub(super) office: Arc<Office>,
    left_over: Vec<LeftOver>,
    notes: HashMap<DossierId, watch::Sender<Note>>,
    tasks: JoinSet<()>,
}

impl Work {
    /// Nothing begun yet, but what an earlier start left over.
    pub(super) fn new(office: Arc<Office>, left_over: Vec<LeftOver>) -> Self {
        Work {
            office,
            left_over,
            notes: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Whether what an earlier start left over has not been taken up.
    pub(super) fn leaves_over(&self) -> bool {
        !self.left_over.is_empty()
    }

    /// Takes a message over; refused with the reason where it cannot be read.
    pub(super) fn take(&mut self, data: &AgencyData, path: ArrivalPath) -> Result<(), &'static str> {
        self.office.tally.message(path);
        while self.tasks.try_join_next().is_some() {}
        if !is_readable(data) {
            self.office.tally.fault("document unreadable");
            return Err("the document cannot be read");
        }
        self.consider(data);
        Ok(())
    }

    /// Goes on with what was begun before this start. To be called once what still waited has been read, so that a dossier
    /// whose first message only comes now is not taken for one of them.
    pub(super) fn resume_left_over(&mut self) {
        for left in std::mem::take(&mut self.left_over) {
            if self.notes.contains_key(&left.dossier) {
                continue;
            }
            let script = match left.helps {
                true => Script::helping(self.office.pace.seed, left.dossier),
                false => Script::finishing(left.status),
            };
            self.begin(left.dossier, script, left.code);
        }
    }

    fn consider(&mut self, data: &AgencyData) {
        let dossier = data.tracking_id;
        let office = &self.office;
        match read(data, office.partner.tenant(), self.notes.contains_key(&dossier)) {
            Reading::Begin(situation) => {
                let own = own_task(data.joint.as_ref(), office.partner.tenant());
                let in_sequence = data
                    .joint
                    .as_ref()
                    .is_some_and(|j| j.order == TaskOrder::InSequence);
                let first = own.filter(|task| in_sequence && task.lead && task.state == TaskState::Sent);
                let script =
                    Script::new(office.pace.seed, dossier, situation).after_own_task(first.is_some());
                self.begin(dossier, script, data.dossier_code.clone());
            }
            Reading::Help => {
                let script = Script::helping(office.pace.seed, dossier);
                // The code is the lead's to give.
                self.begin(dossier, script, None);
            }
            Reading::Resume(status) => {
                self.begin(dossier, Script::finishing(status), data.dossier_code.clone());
            }
            Reading::Accepted => self.tell(dossier, |note| note.accepted = true),
            Reading::Supplemented => self.tell(dossier, |note| note.supplemented = true),
            Reading::Ended => {
                self.tell(dossier, |note| note.ended = true);
                self.notes.remove(&dossier);
            }
            Reading::Nothing => {}
        }
    }

    fn begin(&mut self, dossier: DossierId, script: Script, code: Option<DossierCode>) {
        let (note, heard) = watch::channel(Note::default());
        self.notes.insert(dossier, note);
        let play = Play {
            office: self.office.clone(),
            dossier,
            code,
            heard,
            sent: 0,
            last: None,
        };
        self.tasks.spawn(play.run(script));
    }

    fn tell(&self, dossier: DossierId, change: impl FnOnce(&mut Note)) {
        if let Some(note) = self.notes.get(&dossier) {
            note.send_modify(change);
        }
    }
}
