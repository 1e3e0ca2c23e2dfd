//! How an agency goes about a dossier: a plan drawn from the seed and the tracking id, the same each time. Pure.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::domain::ids::DossierId;
use crate::domain::status::Status;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What kind of story it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behaviour {
    /// Accepts, processes, finishes.
    Plain,
    /// Asks for papers, goes on when they are there.
    Supplement,
    /// Asks for a fee, goes on when it is paid.
    Fee,
    /// Refuses: not accepted where that is still possible, else a refusal as the result.
    Refuse,
    /// Finishes long after it should have.
    Late,
    /// Sends each report twice.
    Twice,
    /// Sends two reports in the wrong order.
    OutOfOrder,
    /// Says only that it is finished.
    Skip,
    /// Uses a word the hub does not know, then the right one.
    UnknownWord,
    /// Stops for a time, then goes on.
    Stop,
    /// Tells of a later due date.
    Postpone,
    /// Sends it back to the receiving unit once, then goes on.
    Return,
    /// Finds a mistake in the result and puts it right.
    Correct,
}

impl Behaviour {
    /// Every behaviour, with how many of 100 dossiers it takes.
    pub const WEIGHTS: [(Behaviour, u32); 13] = [
        (Behaviour::Plain, 16),
        (Behaviour::Supplement, 15),
        (Behaviour::Fee, 13),
        (Behaviour::Refuse, 10),
        (Behaviour::Late, 5),
        (Behaviour::Twice, 10),
        (Behaviour::OutOfOrder, 8),
        (Behaviour::Skip, 6),
        (Behaviour::UnknownWord, 5),
        (Behaviour::Stop, 3),
        (Behaviour::Postpone, 3),
        (Behaviour::Return, 3),
        (Behaviour::Correct, 3),
    ];
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepWait {
    /// This long after the step before, in office time: the driver divides it by its speed-up.
    After(Duration),
    /// Until the receiving unit has accepted the dossier.
    Acceptance,
    /// Until the submitter has completed what was asked for.
    Supplement,
    /// As [`StepWait::After`], also where the dossier ends meanwhile.
    Regardless(Duration),
}

/// What a report brings beside its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brings {
    /// Nothing.
    Nothing,
    /// The papers asked for.
    Papers,
    /// The fee claimed.
    Fee,
    /// The result.
    Result,
    /// A refusal as the result.
    Refusal,
    /// The result put right.
    Correction,
    /// Word that the step goes back.
    Return,
    /// A later due date.
    Postponement,
}

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportWord {
    /// One of the ten statuses.
    Status(Status),
    /// A word that is in no table; only a format that writes words can say it, others leave the step out.
    Unknown,
}

/// One report that will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStatus {
    /// When.
    pub wait: StepWait,
    /// What it says.
    pub word: ReportWord,
    /// Its reason or note.
    pub text: Option<&'static str>,
    /// What it brings.
    pub brings: Brings,
    /// It happened before the report that was sent before it: the two are in the wrong order.
    pub before_last: bool,
    /// It is sent again a moment later, the same in every part.
    pub twice: bool,
    /// It is the agency's own task that is reported, as one of several agencies that get the papers one after the other.
    pub own_task: bool,
    /// The agency's system gives the dossier its official code with it, unless it has one.
    pub assigns_code: bool,
}

impl PlannedStatus {
    fn saying(self, text: &'static str) -> Self {
        PlannedStatus {
            text: Some(text),
            ..self
        }
    }
}

/// What the agency sees when a dossier arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Where the dossier stands.
    pub status: Status,
    /// A branch filed it, and accepts it by itself as the receiving unit.
    pub by_branch: bool,
}

/// The plan for one dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What kind of story.
    pub behaviour: Behaviour,
    /// The reports, in the order they are sent.
    pub steps: Vec<PlannedStatus>,
}

impl Script {
    /// The plan that `seed` gives for this dossier.
    pub fn new(seed: u64, dossier: DossierId, situation: Situation) -> Self {
        let mut bytes = [0u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..24].copy_from_slice(dossier.as_bytes());
        let mut rng = StdRng::from_seed(bytes);
        let mut draw = rng.random_range(0..Behaviour::WEIGHTS.iter().map(|(_, w)| w).sum::<u32>());
        let behaviour = Behaviour::WEIGHTS
            .iter()
            .find(|(_, weight)| {
                let here = draw < *weight;
                draw = draw.saturating_sub(*weight);
                here
            })
            .map_or(Behaviour::Plain, |(behaviour, _)| *behaviour);
        let pace = rng.random_range(0.5..1.5);
        Script::of(behaviour, situation, pace)
    }

    /// The rest of the way for a dossier that was begun before the agency's program was started again.
    pub fn finishing(status: Status) -> Self {
        let wait = if status == Status::SupplementRequested {
            StepWait::Supplement
        } else {
            StepWait::After(HOUR)
        };
        let mut steps = match status {
            Status::PaymentRequested | Status::Stopped => vec![plain(Status::Processing, HOUR)],
            Status::Finished | Status::Refused | Status::Withdrawn | Status::HandedOver => Vec::new(),
            _ => vec![PlannedStatus {
                wait,
                ..plain(Status::Finished, HOUR)
            }],
        };
        if matches!(status, Status::PaymentRequested | Status::Stopped) {
            steps.push(plain(Status::Finished, HOUR));
        }
        Script {
            behaviour: Behaviour::Plain,
            steps,
        }
    }

    /// What an agency does in a dossier that another leads: it does its task, and in one of eight cannot.
    pub fn helping(seed: u64, dossier: DossierId) -> Self {
        let draw = dossier.as_bytes().iter().fold(seed, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
        });
        let step = match draw % 8 {
            0 => plain(Status::Refused, 2 * HOUR)
                .saying("Không thuộc phạm vi của cơ quan; đề nghị giao cơ quan khác"),
            _ => plain(Status::Finished, 2 * HOUR).saying("Thống nhất với nội dung hồ sơ"),
        };
        Script {
            behaviour: Behaviour::Plain,
            steps: vec![PlannedStatus {
                assigns_code: false,
                brings: Brings::Nothing,
                ..step
            }],
        }
    }

    /// The same, where papers go on to other agencies once the agency has reported its own task.
    #[must_use]
    pub fn after_own_task(mut self, has_one: bool) -> Self {
        if has_one {
            let task = PlannedStatus {
                own_task: true,
                assigns_code: false,
                brings: Brings::Nothing,
                ..plain(Status::Processing, MINUTE).saying("Đã xong phần việc của cơ quan chủ trì")
            };
            self.steps.insert(0, task);
        }
        self
    }

    fn of(behaviour: Behaviour, situation: Situation, pace: f64) -> Self {
        // A branch accepts its own online dossiers; what was received at a counter or by post is accepted from the start.
        let accepts = situation.status == Status::Registered && !situation.by_branch;
        let mut steps = story(behaviour, accepts);
        for step in &mut steps {
            if let StepWait::After(after) | StepWait::Regardless(after) = &mut step.wait {
                *after = after.mul_f64(pace);
            }
        }
        if let (true, Status::Registered, Some(first)) =
            (situation.by_branch, situation.status, steps.first_mut())
        {
            first.wait = StepWait::Acceptance;
        }
        let refused = ReportWord::Status(Status::Refused);
        if let Some(first) = steps
            .iter_mut()
            .find(|s| s.word != ReportWord::Unknown && s.word != refused)
        {
            first.assigns_code = true;
        }
        Script { behaviour, steps }
    }
}

const MOMENT: StepWait = StepWait::After(MINUTE);

/// The reports of such a story at the usual pace. `accepts`: the agency has to accept the dossier first.
fn story(behaviour: Behaviour, accepts: bool) -> Vec<PlannedStatus> {
    let opening = if accepts { vec![accepted()] } else { Vec::new() };
    let then = |steps: Vec<PlannedStatus>| [opening, steps].concat();
    match behaviour {
        Behaviour::Plain => then(vec![processing(), finished()]),
        Behaviour::Supplement => then(papers_asked()),
        Behaviour::Fee => then(fee_claimed()),
        Behaviour::Refuse if accepts => vec![not_accepted()],
        Behaviour::Refuse => then(vec![processing(), refused_as_result()]),
        Behaviour::Late => {
            let late = plain(Status::Finished, 30 * HOUR);
            then(vec![processing(), late.saying("Đã gửi thư xin lỗi vì trễ hạn")])
        }
        Behaviour::Twice => {
            let mut steps = then(vec![processing(), finished()]);
            for step in &mut steps {
                step.twice = true;
            }
            steps
        }
        Behaviour::OutOfOrder => out_of_order(accepts),
        Behaviour::Skip => vec![finished()],
        Behaviour::Stop => {
            let stopped = plain(Status::Stopped, HOUR).saying("Tạm dừng chờ ý kiến của cơ quan phối hợp");
            then(vec![processing(), stopped, processing(), finished()])
        }
        Behaviour::Postpone => then(vec![processing(), postponed(), finished()]),
        Behaviour::Return => then(vec![processing(), returned(), processing(), finished()]),
        Behaviour::Correct => then(vec![processing(), finished(), corrected()]),
        Behaviour::UnknownWord => {
            let mut steps = then(vec![processing(), finished()]);
            steps.insert(0, unknown_word());
            steps
        }
    }
}

fn accepted() -> PlannedStatus {
    plain(Status::Accepted, 20 * MINUTE)
}

fn processing() -> PlannedStatus {
    plain(Status::Processing, HOUR)
}

fn finished() -> PlannedStatus {
    plain(Status::Finished, 2 * HOUR)
}

fn papers_asked() -> Vec<PlannedStatus> {
    let ask = plain(Status::SupplementRequested, HOUR)
        .saying("Đề nghị bổ sung: bản sao giấy tờ tùy thân; tờ khai có chữ ký");
    let resumed = PlannedStatus {
        wait: StepWait::Supplement,
        ..finished()
    };
    vec![processing(), ask, resumed]
}

fn fee_claimed() -> Vec<PlannedStatus> {
    let ask = plain(Status::PaymentRequested, HOUR).saying("Đề nghị nộp lệ phí theo thông báo");
    let paid = processing().saying("Đã nộp lệ phí");
    vec![processing(), ask, paid, finished()]
}

fn not_accepted() -> PlannedStatus {
    plain(Status::Refused, HOUR).saying("Hồ sơ không thuộc đối tượng giải quyết của thủ tục")
}

/// Too late not to accept it: the refusal is the result.
fn refused_as_result() -> PlannedStatus {
    PlannedStatus {
        brings: Brings::Refusal,
        ..finished().saying("Kết quả: văn bản từ chối giải quyết, có nêu lý do")
    }
}

/// The second report comes first, and the first one a moment after it.
fn out_of_order(accepts: bool) -> Vec<PlannedStatus> {
    let (sooner, later) = if accepts {
        (accepted(), processing())
    } else {
        (processing(), finished())
    };
    let overtaken = PlannedStatus {
        before_last: true,
        wait: MOMENT,
        ..sooner
    };
    let mut steps = vec![later, overtaken];
    if accepts {
        steps.push(finished());
    }
    steps
}

fn postponed() -> PlannedStatus {
    PlannedStatus {
        brings: Brings::Postponement,
        ..processing().saying("Xin lỗi và gia hạn: cần xác minh thêm")
    }
}

fn returned() -> PlannedStatus {
    PlannedStatus {
        brings: Brings::Return,
        ..plain(Status::Accepted, HOUR).saying("Trả lại Bộ phận Một cửa: chuyển nhầm phòng")
    }
}

fn corrected() -> PlannedStatus {
    PlannedStatus {
        wait: StepWait::Regardless(HOUR),
        brings: Brings::Correction,
        ..finished().saying("Đính chính ngày ghi trên kết quả")
    }
}

fn unknown_word() -> PlannedStatus {
    PlannedStatus {
        word: ReportWord::Unknown,
        ..plain(Status::Processing, 10 * MINUTE)
    }
}

fn plain(status: Status, after: Duration) -> PlannedStatus {
    PlannedStatus {
        wait: StepWait::After(after),
        word: ReportWord::Status(status),
        text: None,
        brings: match status {
            Status::SupplementRequested => Brings::Papers,
            Status::PaymentRequested => Brings::Fee,
            Status::Finished => Brings::Result,
            _ => Brings::Nothing,
        },
        before_last: false,
        twice: false,
        own_task: false,
        assigns_code: false,
    }
}

#[cfg(test)]
mod tests;
