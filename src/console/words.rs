//! A status in plain words: what it means for the applicant, what happens next, and how urgent it looks.

use crate::domain::clocks::{DueReason, Watched};
use crate::domain::matter::Matter;
use crate::domain::status::Status;
use crate::domain::task::{AgencyTask, TaskState};
use crate::domain::tenant::TenantKey;
use crate::domain::view::DeliveryState;

use super::frame::Frame;

/// How a status looks. Always beside its name: colour alone says nothing to somebody who cannot see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Begun, waits for the office.
    Waiting,
    /// The office works on it.
    Moving,
    /// The applicant has to do something.
    Asking,
    /// A result exists.
    Done,
    /// Ended without a result, or stands still.
    Ended,
}

impl Tone {
    /// The class of the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Tone::Waiting => "waiting",
            Tone::Moving => "moving",
            Tone::Asking => "asking",
            Tone::Done => "done",
            Tone::Ended => "ended",
        }
    }
}

/// How a status looks.
pub(super) const fn tone(status: Status) -> Tone {
    match status {
        Status::Registered => Tone::Waiting,
        Status::Accepted | Status::Processing => Tone::Moving,
        Status::SupplementRequested | Status::PaymentRequested => Tone::Asking,
        Status::Finished | Status::HandedOver => Tone::Done,
        Status::Refused | Status::Withdrawn | Status::Stopped => Tone::Ended,
    }
}

/// How the task of one of several agencies looks.
pub(super) const fn task_tone(state: TaskState) -> Tone {
    match state {
        TaskState::Waiting => Tone::Waiting,
        TaskState::Sent => Tone::Moving,
        TaskState::Done => Tone::Done,
        TaskState::Unable => Tone::Asking,
    }
}

/// How far a task has come.
pub(super) fn task(f: &Frame, state: TaskState) -> &'static str {
    match state {
        TaskState::Waiting => f.say("Chưa đến lượt", "Not its turn yet"),
        TaskState::Sent => f.say("Đang thực hiện", "In hand"),
        TaskState::Done => f.say("Đã xong", "Done"),
        TaskState::Unable => f.say("Không thực hiện được", "Cannot be done"),
    }
}

/// What is told of the tasks of several agencies, and of a receipt out of area: who and how far, without anybody's words.
pub(super) fn shared(f: &Frame, matter: &Matter) -> Vec<String> {
    match matter {
        Matter::TasksGiven { tasks, .. } => {
            let line = |t: &AgencyTask| format!("{}. {}: {}", t.number, t.agency, t.text);
            tasks.iter().map(line).collect()
        }
        Matter::TaskSent { task, agency, due_at } => vec![format!("{task}. {agency} · {}", f.moment(due_at))],
        Matter::TaskReported {
            task: number,
            agency,
            outcome,
            ..
        } => vec![format!("{number}. {agency}: {}", task(f, outcome.state()))],
        Matter::TaskHandedOver {
            task,
            agency,
            instead,
            ..
        } => vec![format!("{task}. {instead} → {agency}")],
        Matter::OutOfArea { unit, deliverable } => {
            let unit = unit.as_ref().map_or("—", TenantKey::as_str);
            let told = match deliverable {
                true => f.say("đã báo", "notified"),
                false => f.say("chưa báo được", "not notified"),
            };
            vec![format!("{unit}: {told}")]
        }
        _ => Vec::new(),
    }
}

/// How a delivery looks.
pub(super) const fn delivery_tone(state: DeliveryState) -> Tone {
    match state {
        DeliveryState::Waiting | DeliveryState::Queued => Tone::Waiting,
        DeliveryState::Handed => Tone::Moving,
        DeliveryState::Acknowledged => Tone::Done,
        DeliveryState::Parked => Tone::Asking,
    }
}

/// How far a delivery has come.
pub(super) fn delivery(f: &Frame, state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => f.say("Chờ chuyển", "Waiting to be sent"),
        DeliveryState::Queued => f.say("Đã vào hàng đợi của cơ quan", "In the agency's queue"),
        DeliveryState::Handed => f.say("Cơ quan đã nhận", "Taken by the agency"),
        DeliveryState::Acknowledged => f.say("Cơ quan đã trả lời", "Answered by the agency"),
        DeliveryState::Parked => f.say("Dừng, chờ người vận hành", "Parked for the operator"),
    }
}

/// How an attempt to deliver ended.
pub(super) fn outcome<'a>(f: &Frame, word: &'a str) -> &'a str {
    match word {
        "confirmed" => f.say("đã vào hàng đợi", "confirmed"),
        "handed" => f.say("đã giao", "handed over"),
        "retry" => f.say("sẽ thử lại", "to be tried again"),
        "refused" => f.say("bị từ chối", "refused"),
        "parked" => f.say("dừng, chờ người vận hành", "parked"),
        "retried" => f.say("người vận hành cho gửi lại", "sent again by an operator"),
        "unroutable" => f.say("không có nơi nhận", "nowhere to go"),
        "lease-over" => f.say("quá thời gian giữ", "lease over"),
        other => other,
    }
}

/// What an event is called.
pub(super) fn event<'a>(f: &Frame, kind: &'a str) -> &'a str {
    match kind {
        "filed" => f.say("Gửi hồ sơ", "Filed"),
        "amended" => f.say(
            "Thay nội dung trước khi tiếp nhận",
            "Content replaced before acceptance",
        ),
        "change-requested" => f.say("Người nộp đề nghị sửa đổi", "A change was asked for"),
        "opinion-asked" => f.say("Lấy ý kiến cơ quan khác", "Another body's opinion asked for"),
        "tasks-given" => f.say("Giao nhiệm vụ cho các cơ quan", "Tasks given to several agencies"),
        "task-sent" => f.say("Chuyển đến cơ quan tiếp theo", "Sent on to the next agency"),
        "task-reported" => f.say("Báo kết quả nhiệm vụ", "Task reported"),
        "task-handed-over" => f.say("Giao nhiệm vụ cho cơ quan khác", "Task given to another agency"),
        "out-of-area" => f.say(
            "Tiếp nhận ngoài phạm vi, báo Bộ phận Một cửa của cơ quan",
            "Received out of area; the agency's one-stop unit is notified",
        ),
        "opinion-answered" => f.say("Đã có ý kiến của cơ quan khác", "Another body's opinion came"),
        "early-result" => f.say("Sẽ có kết quả sớm", "The result will come early"),
        "papers-lost" => f.say("Mất, hỏng giấy tờ", "Papers were lost"),
        "fee-collected" => f.say("Đã thu phí, lệ phí", "A fee was collected"),
        "fee-paid-in" => f.say("Đã nộp phí, lệ phí vào ngân sách", "A fee was paid in"),
        "code-claimed" => f.say("Khai mã số hồ sơ", "Official code claimed"),
        "code-assigned" => f.say("Cấp mã số hồ sơ", "Official code assigned"),
        "code-contested" => f.say(
            "Hồ sơ khác cũng khai mã số này",
            "Another dossier claims the same code",
        ),
        "status-changed" => f.say("Chuyển trạng thái", "Status changed"),
        "status-recorded" => f.say("Báo cáo đến muộn, đã ghi nhận", "A late report recorded"),
        "status-rejected" => f.say("Báo cáo không hợp lệ", "A report rejected"),
        "supplemented" => f.say("Bổ sung hồ sơ", "Supplement handed in"),
        "postponed" => f.say("Gia hạn giải quyết", "Due date moved"),
        "result-corrected" => f.say("Đính chính kết quả", "Result corrected"),
        "assigned" => f.say("Phân công cơ quan giải quyết", "The agency named by an operator"),
        "unassigned" => f.say(
            "Cơ quan đã kết thúc, chờ phân công",
            "The agency has ended; waits for the operator",
        ),
        "handed-over" => f.say("Trả kết quả", "Result handed over"),
        "attachments-complete" => f.say("Đã có đủ tệp", "Every file is here"),
        "due-set" => f.say("Đặt hạn trả kết quả", "Due date set"),
        "limit-near" => f.say("Sắp đến hạn", "A time limit is near"),
        "limit-passed" => f.say("Quá hạn", "A time limit has passed"),
        other => other,
    }
}

/// Why a due date was set.
pub(super) fn due_reason(f: &Frame, reason: DueReason) -> &'static str {
    match reason {
        DueReason::Accepted => f.say("tiếp nhận hồ sơ", "accepted"),
        DueReason::SupplementCompleted => f.say(
            "bổ sung xong, tính lại từ đầu",
            "supplement complete, counted again",
        ),
        DueReason::Paid => f.say("đã nộp phí, tính tiếp", "paid, goes on"),
        DueReason::Resumed => f.say("giải quyết trở lại, tính tiếp", "resumed, goes on"),
        DueReason::Returned => f.say("trả lại bước trước, tính tiếp", "returned, goes on"),
        DueReason::Postponed => f.say("cơ quan hẹn lại", "postponed by the agency"),
        DueReason::Promised => f.say("ngày hẹn ghi trên giấy", "the promised date"),
    }
}

/// What a watched limit is called.
pub(super) fn limit(f: &Frame, limit: Watched) -> &'static str {
    match limit {
        Watched::OfficerNotice => f.say(
            "Báo cán bộ về hồ sơ trực tuyến",
            "Telling the officer of an online dossier",
        ),
        Watched::Acceptance => f.say(
            "Tiếp nhận hoặc yêu cầu bổ sung",
            "Accepting or asking for a supplement",
        ),
        Watched::SupplementNotice => f.say(
            "Thời gian còn được yêu cầu bổ sung",
            "Time in which a supplement may be asked for",
        ),
        Watched::Supplement => f.say("Người nộp bổ sung hồ sơ", "The applicant's supplement"),
        Watched::Due => f.say("Trả kết quả", "The result"),
        Watched::LateNotice => f.say(
            "Thời gian còn được hẹn lại",
            "Time in which a later date may be told",
        ),
        Watched::PaperHandOver => f.say("Chuyển hồ sơ giấy", "Handing over the papers"),
        Watched::AgencySilent => f.say(
            "Cơ quan nhận và trả lời bản tin",
            "The agency's answer to a message",
        ),
        Watched::ClockAhead => f.say("Đồng hồ của cổng", "The hub's clock"),
        Watched::Task => f.say(
            "Nhiệm vụ của cơ quan chủ trì, phối hợp",
            "The task of one of several agencies",
        ),
        Watched::SupervisionNotice => f.say(
            "Thông báo tiếp nhận ngoài phạm vi",
            "Notice of receipt out of area",
        ),
        Watched::Opinion => f.say("Ý kiến của cơ quan khác", "Another body's opinion"),
        Watched::FeeToBudget => f.say("Nộp phí, lệ phí vào ngân sách", "Paying fees in to the budget"),
        Watched::CodeContested => f.say(
            "Một mã số hồ sơ, nhiều hồ sơ cùng khai",
            "One official code, claimed by several",
        ),
        Watched::FormatDrift => f.say(
            "Tệp định dạng khác nội dung đang dùng",
            "A format's file is not what is in use",
        ),
    }
}

/// What a status means for the applicant.
pub(super) fn meaning(f: &Frame, status: Status) -> &'static str {
    match status {
        Status::Registered => f.say(
            "Hồ sơ đã gửi đến Trung tâm và đang chờ cán bộ kiểm tra.",
            "Your dossier has reached the Center and waits to be checked.",
        ),
        Status::Accepted => f.say(
            "Hồ sơ đầy đủ, đã được tiếp nhận. Thời hạn giải quyết đã bắt đầu tính.",
            "Your dossier is complete and accepted. The time limit has begun to run.",
        ),
        Status::Refused => f.say(
            "Hồ sơ không được tiếp nhận. Lý do ghi trong Phiếu từ chối giải quyết hồ sơ, hoặc hồ sơ đã đóng do quá hạn bổ sung.",
            "Your dossier was not accepted: the reason is in the notice of refusal. Or it was closed because its supplement did not come in time.",
        ),
        Status::Processing => f.say(
            "Cơ quan có thẩm quyền đang giải quyết hồ sơ.",
            "The competent agency is working on your dossier.",
        ),
        Status::SupplementRequested => f.say(
            "Hồ sơ còn thiếu hoặc chưa đúng. Cơ quan đang chờ bạn bổ sung.",
            "Something is missing or not right. The agency waits for you to complete it.",
        ),
        Status::PaymentRequested => f.say(
            "Bạn cần nộp phí, lệ phí hoặc thuế để hồ sơ được giải quyết tiếp.",
            "A fee or tax has to be paid before your dossier can go on.",
        ),
        Status::Withdrawn => f.say(
            "Hồ sơ đã kết thúc do bạn yêu cầu rút.",
            "Your dossier has ended because you withdrew it.",
        ),
        Status::Stopped => f.say(
            "Việc giải quyết đang tạm dừng. Lý do ghi trong thông báo gửi cho bạn.",
            "Work on your dossier is stopped for now. The reason is in the notice sent to you.",
        ),
        Status::Finished => f.say(
            "Đã có kết quả giải quyết, đang chờ trả cho bạn.",
            "The result is ready and waits to be handed to you.",
        ),
        Status::HandedOver => f.say(
            "Kết quả đã được trả. Hồ sơ đã kết thúc.",
            "The result was handed over. Your dossier is closed.",
        ),
    }
}

/// What happens next, and who has to do it.
pub(super) fn next(f: &Frame, status: Status) -> &'static str {
    match status {
        Status::Registered => f.say(
            "Trước hạn tiếp nhận ghi ở đây, Trung tâm tiếp nhận hoặc báo bạn bổ sung. Bạn chưa phải làm gì.",
            "By the time shown here the Center accepts it or tells you what to add. You need do nothing now.",
        ),
        Status::Accepted => f.say(
            "Hồ sơ được chuyển đến cơ quan có thẩm quyền. Bạn chưa phải làm gì.",
            "It goes to the competent agency. You need do nothing now.",
        ),
        Status::Refused => f.say(
            "Bạn có thể sửa theo lý do đã nêu rồi nộp hồ sơ mới.",
            "You may put right what the reason names and file anew.",
        ),
        Status::Processing => f.say(
            "Khi có kết quả, nơi bạn nộp hồ sơ sẽ báo. Bạn chưa phải làm gì.",
            "The place where you filed tells you when the result is there. You need do nothing now.",
        ),
        Status::SupplementRequested => f.say(
            "Mang hoặc gửi giấy tờ còn thiếu đến nơi bạn đã nộp, theo Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ; nếu nộp trực tuyến thì bổ sung trên Cổng Dịch vụ công quốc gia. Quá hạn ghi trên phiếu, hồ sơ có thể bị đóng.",
            "Bring or send what is missing to the place where you filed, as the notice says; what was filed online is completed on the National Public Service Portal. After its limit the dossier may be closed.",
        ),
        Status::PaymentRequested => f.say(
            "Nộp theo thông báo, rồi giữ chứng từ. Hồ sơ được giải quyết tiếp khi cơ quan xác nhận đã nộp.",
            "Pay as the notice says and keep the proof. Work goes on when the agency confirms the payment.",
        ),
        Status::Withdrawn => f.say(
            "Nếu vẫn cần, bạn có thể nộp hồ sơ mới.",
            "If you still need it, you may file anew.",
        ),
        Status::Stopped => f.say(
            "Xem thông báo đã nhận, hoặc hỏi nơi bạn đã nộp hồ sơ.",
            "Read the notice, or ask at the place where you filed.",
        ),
        Status::Finished => f.say(
            "Mang Giấy tiếp nhận hồ sơ và hẹn trả kết quả đến nơi bạn đã nộp (mất giấy thì mang giấy tờ tùy thân), hoặc chờ bưu điện phát nếu đã đăng ký.",
            "Bring your receipt to the place where you filed (or, if it is lost, an identity paper), or wait for the post if you asked for it.",
        ),
        Status::HandedOver => f.say(
            "Nếu kết quả có sai sót, hãy báo nơi đã trả kết quả để được đính chính.",
            "If something in the result is wrong, tell the place that handed it over and have it corrected.",
        ),
    }
}
