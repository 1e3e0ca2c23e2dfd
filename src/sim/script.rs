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
pub enum Wait {
    /// This long after the step before, in office time: the driver divides it by its speed-up.
    After(Duration),
    /// Until the receiving unit has accepted the dossier.
    Acceptance,
    /// Until the submitter has completed what was asked for.
    Supplement,
    /// As [`Wait::After`], also where the dossier ends meanwhile.
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
pub enum Word {
    /// One of the ten statuses.
    Status(Status),
    /// A word that is in no table; only a format that writes words can say it, others leave the step out.
    Unknown,
}

/// One report that will be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStatus {
    /// When.
    pub wait: Wait,
    /// What it says.
    pub word: Word,
    /// Its reason or note.
    pub text: Option<&'static str>,
    /// What it brings.
    pub brings: Brings,
    /// It happened before the report that was sent before it: the two are in the wrong order.
    pub before_last: bool,
    /// It is sent again a moment later, the same in every part.
    pub twice: bool,
    /// The agency's system gives the dossier its official code with it, unless it has one.
    pub assigns_code: bool,
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
            Wait::Supplement
        } else {
            Wait::After(HOUR)
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

    fn of(behaviour: Behaviour, situation: Situation, pace: f64) -> Self {
        // A branch accepts its own online dossiers; what was received at a counter or by post is accepted from the start.
        let accepts = situation.status == Status::Registered && !situation.by_branch;
        let accepted = plain(Status::Accepted, 20 * MINUTE);
        let processing = plain(Status::Processing, HOUR);
        let finished = plain(Status::Finished, 2 * HOUR);
        let mut steps = if accepts {
            vec![accepted.clone()]
        } else {
            Vec::new()
        };
        match behaviour {
            Behaviour::Plain => steps.extend([processing, finished]),
            Behaviour::Supplement => {
                let text = Some("Đề nghị bổ sung: bản sao giấy tờ tùy thân; tờ khai có chữ ký");
                let ask = PlannedStatus {
                    text,
                    ..plain(Status::SupplementRequested, HOUR)
                };
                let resumed = PlannedStatus {
                    wait: Wait::Supplement,
                    ..finished
                };
                steps.extend([processing, ask, resumed]);
            }
            Behaviour::Fee => {
                let text = Some("Đề nghị nộp lệ phí theo thông báo");
                let ask = PlannedStatus {
                    text,
                    ..plain(Status::PaymentRequested, HOUR)
                };
                let paid = PlannedStatus {
                    text: Some("Đã nộp lệ phí"),
                    ..plain(Status::Processing, HOUR)
                };
                steps.extend([processing, ask, paid, finished]);
            }
            Behaviour::Refuse if accepts => {
                let text = Some("Hồ sơ không thuộc đối tượng giải quyết của thủ tục");
                steps = vec![PlannedStatus {
                    text,
                    ..plain(Status::Refused, HOUR)
                }];
            }
            Behaviour::Refuse => {
                let text = Some("Kết quả: văn bản từ chối giải quyết, có nêu lý do");
                let refusal = PlannedStatus {
                    text,
                    brings: Brings::Refusal,
                    ..finished
                };
                steps.extend([processing, refusal]);
            }
            Behaviour::Late => {
                let text = Some("Đã gửi thư xin lỗi vì trễ hạn");
                steps.extend([
                    processing,
                    PlannedStatus {
                        text,
                        ..plain(Status::Finished, 30 * HOUR)
                    },
                ]);
            }
            Behaviour::Twice => {
                steps.extend([processing, finished]);
                for step in &mut steps {
                    step.twice = true;
                }
            }
            Behaviour::OutOfOrder => {
                let (sooner, later) = if accepts {
                    (accepted, processing)
                } else {
                    (processing, finished.clone())
                };
                steps = vec![
                    later,
                    PlannedStatus {
                        before_last: true,
                        ..PlannedStatus {
                            wait: MOMENT,
                            ..sooner
                        }
                    },
                ];
                if accepts {
                    steps.push(finished);
                }
            }
            Behaviour::Skip => steps = vec![finished],
            Behaviour::Stop => {
                let text = Some("Tạm dừng chờ ý kiến của cơ quan phối hợp");
                let stopped = PlannedStatus {
                    text,
                    ..plain(Status::Stopped, HOUR)
                };
                steps.extend([processing.clone(), stopped, processing, finished]);
            }
            Behaviour::Postpone => {
                let postponed = PlannedStatus {
                    text: Some("Xin lỗi và gia hạn: cần xác minh thêm"),
                    brings: Brings::Postponement,
                    ..plain(Status::Processing, HOUR)
                };
                steps.extend([processing, postponed, finished]);
            }
            Behaviour::Return => {
                let returned = PlannedStatus {
                    text: Some("Trả lại bộ phận một cửa: chuyển nhầm phòng"),
                    brings: Brings::Return,
                    ..plain(Status::Accepted, HOUR)
                };
                steps.extend([processing.clone(), returned, processing, finished]);
            }
            Behaviour::Correct => {
                let corrected = PlannedStatus {
                    wait: Wait::Regardless(HOUR),
                    text: Some("Sửa ngày ghi trên kết quả"),
                    brings: Brings::Correction,
                    ..finished
                };
                steps.extend([processing, finished, corrected]);
            }
            Behaviour::UnknownWord => {
                let unknown = PlannedStatus {
                    word: Word::Unknown,
                    ..plain(Status::Processing, 10 * MINUTE)
                };
                steps.insert(0, unknown);
                steps.extend([processing, finished]);
            }
        }
        for step in &mut steps {
            if let Wait::After(after) | Wait::Regardless(after) = &mut step.wait {
                *after = after.mul_f64(pace);
            }
        }
        if let (true, Status::Registered, Some(first)) =
            (situation.by_branch, situation.status, steps.first_mut())
        {
            first.wait = Wait::Acceptance;
        }
        let refused = Word::Status(Status::Refused);
        if let Some(first) = steps
            .iter_mut()
            .find(|s| s.word != Word::Unknown && s.word != refused)
        {
            first.assigns_code = true;
        }
        Script { behaviour, steps }
    }
}

const MOMENT: Wait = Wait::After(MINUTE);

fn plain(status: Status, after: Duration) -> PlannedStatus {
    PlannedStatus {
        wait: Wait::After(after),
        word: Word::Status(status),
        text: None,
        brings: match status {
            Status::SupplementRequested => Brings::Papers,
            Status::PaymentRequested => Brings::Fee,
            Status::Finished => Brings::Result,
            _ => Brings::Nothing,
        },
        before_last: false,
        twice: false,
        assigns_code: false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::event::{Happening, Verdict, When};
    use crate::domain::lifecycle::{Phase, Report, Role, State, decide, evolve};
    use crate::domain::tenant::TenantKey;
    use crate::domain::time::Timestamp;

    const SITUATIONS: [Situation; 4] = [
        Situation {
            status: Status::Registered,
            by_branch: false,
        },
        Situation {
            status: Status::Registered,
            by_branch: true,
        },
        Situation {
            status: Status::Accepted,
            by_branch: true,
        },
        Situation {
            status: Status::Accepted,
            by_branch: false,
        },
    ];

    fn dossiers(count: usize) -> Vec<DossierId> {
        let mut rng = StdRng::seed_from_u64(3);
        (0..count)
            .map(|_| DossierId::new(Timestamp::from_micros(1_000_000), &mut rng))
            .collect()
    }

    #[test]
    fn a_plan_is_the_same_each_time_and_every_behaviour_occurs() {
        let mut seen: BTreeMap<Behaviour, u32> = BTreeMap::new();
        for dossier in dossiers(1_000) {
            let script = Script::new(9, dossier, SITUATIONS[0]);
            assert_eq!(script, Script::new(9, dossier, SITUATIONS[0]));
            *seen.entry(script.behaviour).or_default() += 1;
        }
        for (behaviour, weight) in Behaviour::WEIGHTS {
            let count = seen[&behaviour];
            assert!(
                count > 10 * weight / 2 && count < 10 * weight * 2,
                "{behaviour:?} {count}"
            );
        }
        assert!(
            dossiers(50)
                .iter()
                .any(|d| Script::new(9, *d, SITUATIONS[0]) != Script::new(8, *d, SITUATIONS[0]))
        );
    }

    /// Plays a script against the lifecycle, the submitter completing what is asked for, and says where it ends.
    fn play(script: &Script, situation: Situation) -> (Status, Vec<Verdict>) {
        let filed = Happening::StatusRecorded {
            to: situation.status,
            text: None,
            details: None,
        };
        let mut state: State = evolve(None, &filed, When::of_hub(Timestamp::from_micros(0)));
        let agency: TenantKey = "agency.so-tu-phap".parse().unwrap();
        state.phase = Phase::entering(situation.status, situation.status);
        let (mut now, mut verdicts) = (0, Vec::new());
        for step in &script.steps {
            now += 10_000_000;
            let mut say = |to, role, at| {
                let (text, at) = (step.text.map(str::to_owned), Timestamp::from_micros(at));
                let report = Report {
                    text,
                    late: role == Role::Agency && state.is_late(&agency, at),
                    ..Report::new(to, role, at)
                };
                let when = When {
                    stated_by: (role == Role::Agency).then_some(&agency),
                    ..When::of_hub(at)
                };
                let decision = decide(&state, &report);
                for h in &decision.happenings {
                    state = evolve(Some(state.clone()), h, when);
                }
                decision.verdict
            };
            if step.wait == Wait::Acceptance {
                let accepted = say(Status::Accepted, Role::ReceivingUnit, now - 5_000_000);
                assert_eq!(accepted, Verdict::Applied);
            }
            if step.wait == Wait::Supplement {
                assert_eq!(
                    say(Status::Processing, Role::Submitter, now - 5_000_000),
                    Verdict::Applied
                );
            }
            if let Word::Status(status) = step.word {
                let at = if step.before_last { now - 15_000_000 } else { now };
                verdicts.push(say(status, Role::Agency, at));
            }
        }
        (state.status(), verdicts)
    }

    #[test]
    fn every_story_ends_and_the_lifecycle_takes_every_report() {
        for situation in SITUATIONS {
            for (behaviour, _) in Behaviour::WEIGHTS {
                let script = Script::of(behaviour, situation, 1.0);
                let (end, verdicts) = play(&script, situation);
                let what = format!("{behaviour:?} in {situation:?}: {verdicts:?}");
                assert!(matches!(end, Status::Finished | Status::Refused), "{what}");
                assert!(!verdicts.contains(&Verdict::Rejected), "{what}");
                let recorded = verdicts.iter().filter(|v| **v == Verdict::Recorded).count();
                // Played here as bare statuses, a postponement and a correction are no change either.
                let still = matches!(
                    behaviour,
                    Behaviour::OutOfOrder | Behaviour::Postpone | Behaviour::Correct
                );
                assert_eq!(recorded, usize::from(still), "{what}");
                let codes = script.steps.iter().filter(|s| s.assigns_code).count();
                assert_eq!(codes, usize::from(end == Status::Finished), "{what}");
            }
        }
    }

    #[test]
    fn what_was_begun_is_finished_from_anywhere() {
        for status in Status::ALL {
            let situation = Situation {
                status,
                by_branch: false,
            };
            let (end, verdicts) = play(&Script::finishing(status), situation);
            assert!(
                end.is_final() || end == Status::Finished,
                "{status:?} {verdicts:?}"
            );
            assert!(!verdicts.contains(&Verdict::Rejected), "{status:?} {verdicts:?}");
        }
    }
}
