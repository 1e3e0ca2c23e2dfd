//! The citizen's look-up: a tracking id or the official code, and the secret of the look-up slip; in return where the dossier stands in
//! plain words, and what is asked of the citizen.
//!
//! A wrong id and a wrong secret get the same answer, so the page tells nobody which dossiers exist. The secret travels in the
//! form's body only, and is not written back into the page; what was looked for is, so that one slip does not cost both.

use askama::Template;

use crate::domain::codes::DossierCode;
use crate::domain::details::{Details, FeeClaim, PaperAsked, ResultPaper};
use crate::domain::dossier::ReturnMethod;
use crate::domain::ids::DossierId;
use crate::domain::status::Status;
use crate::domain::view::PublicView;
use crate::http::extract::{PageCall, PageOutcome};

use super::draw::html;
use super::frame::Frame;
use super::words;

/// The form.
#[derive(Template)]
#[template(path = "lookup.html", config = "src/console/askama.toml")]
pub(super) struct LookUp {
    f: Frame,
    refused: bool,
    /// Whether what was looked for is neither an id nor a code.
    unread: bool,
    /// What was looked for.
    typed: String,
}

/// What the citizen sees.
#[derive(Template)]
#[template(path = "public.html", config = "src/console/askama.toml")]
pub(super) struct Found {
    f: Frame,
    view: PublicView,
}

pub(super) fn form(f: Frame) -> PageOutcome {
    html(
        200,
        &LookUp {
            f,
            refused: false,
            unread: false,
            typed: String::new(),
        },
    )
}

/// What names a dossier on a receipt.
enum Named {
    Id(DossierId),
    Code(DossierCode),
}

/// Reads it as people copy it: spaces inside, capitals or none.
fn named(typed: &str) -> Option<Named> {
    let bare: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let id = bare.to_ascii_lowercase().parse().map(Named::Id).ok();
    id.or_else(|| bare.to_ascii_uppercase().parse().map(Named::Code).ok())
}

/// The longest text that is written back: what nobody's receipt holds is not shown again.
const WRITTEN_BACK: usize = 60;

pub(super) async fn draw(f: Frame, call: &PageCall) -> PageOutcome {
    let typed: String = call.field("id").trim().chars().take(WRITTEN_BACK).collect();
    let (named, secret) = (named(&typed), call.field("secret"));
    let unread = named.is_none();
    let found = match named {
        Some(Named::Id(id)) => call.hub.lookup.by_id(id, secret).await?,
        Some(Named::Code(code)) => call.hub.lookup.by_code(code, secret).await?,
        None => None,
    };
    match found {
        Some(view) => html(200, &Found { f, view }),
        None => html(
            404,
            &LookUp {
                f,
                refused: true,
                unread,
                typed,
            },
        ),
    }
}

impl LookUp {
    #[cfg(test)]
    pub(super) fn sample(f: &Frame) -> Vec<Self> {
        [
            (false, false, ""),
            (true, false, "H26.15.02-261120-0412"),
            (true, true, "<b>0412"),
        ]
        .map(|(refused, unread, typed)| LookUp {
            f: f.clone(),
            refused,
            unread,
            typed: typed.to_owned(),
        })
        .into()
    }
}

impl Found {
    fn class(&self) -> &'static str {
        words::tone(self.view.status.code).class()
    }

    fn meaning(&self) -> &'static str {
        match &self.view.details {
            Some(details) if details.is_refusal() => self.f.say(
                "Cơ quan đã giải quyết xong và từ chối yêu cầu. Lý do ghi ở dưới.",
                "The agency has decided and refused the request. The reason stands below.",
            ),
            _ => words::meaning(&self.f, self.view.status.code),
        }
    }

    fn next(&self) -> &'static str {
        let status = self.view.status.code;
        match (status, self.view.comes_back) {
            (Status::Finished, Some(ReturnMethod::Post)) => self.f.say(
                "Bưu điện sẽ phát kết quả đến địa chỉ bạn đã đăng ký.",
                "The post brings the result to the address you gave.",
            ),
            (Status::Finished, Some(ReturnMethod::Counter)) => self.f.say(
                "Mang Giấy tiếp nhận hồ sơ và hẹn trả kết quả đến nơi ghi dưới đây; mất giấy thì mang giấy tờ tùy thân.",
                "Bring your receipt to the place named here; if it is lost, an identity paper.",
            ),
            _ => words::next(&self.f, status),
        }
    }

    /// Whether it was not taken in time. That is the receiving unit's to explain; the law asks for an apology of the agency only.
    fn waits_too_long(&self) -> bool {
        let acceptance = self.view.clocks.acceptance_due;
        self.view.status.code == Status::Registered && acceptance.is_some_and(|due| due < self.f.now())
    }

    /// Whether the time does not run: the office waits for somebody else.
    fn stands_still(&self) -> bool {
        matches!(
            self.view.status.code,
            Status::SupplementRequested | Status::PaymentRequested | Status::Stopped
        )
    }

    fn papers(&self) -> &[PaperAsked] {
        match &self.view.details {
            Some(Details::Papers(papers)) => papers,
            _ => &[],
        }
    }

    fn fees(&self) -> &[FeeClaim] {
        match &self.view.details {
            Some(Details::Fees(fees)) => fees,
            _ => &[],
        }
    }

    fn results(&self) -> &[ResultPaper] {
        match &self.view.details {
            Some(Details::Decision { results, .. }) => results,
            _ => &[],
        }
    }

    /// What stands above the office's own words.
    fn note_title(&self) -> &str {
        match self.view.status.code {
            Status::Refused => self.f.say("Lý do từ chối", "Why it was refused"),
            Status::Stopped => self.f.say("Lý do tạm dừng", "Why it is stopped"),
            Status::Finished if self.view.details.as_ref().is_some_and(Details::is_refusal) => {
                self.f.say("Lý do từ chối", "Why it was refused")
            }
            _ => self.f.say("Nội dung cơ quan thông báo", "What the office says"),
        }
    }

    /// What the place is for now.
    fn place_title(&self) -> &str {
        match self.view.status.code {
            Status::SupplementRequested => self.f.say("Nơi nhận bổ sung", "Bring it to"),
            Status::Finished => self.f.say("Nơi trả kết quả", "Fetch it at"),
            _ => self.f.say("Nơi đã nộp hồ sơ", "Filed at"),
        }
    }

    fn dong(&self, amount: &i64) -> String {
        format!("{} đồng", self.f.count(amount))
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::domain::view::{AgencyView, Clocks, PublicStep};

    impl Found {
        /// A dossier in each status, the last one with a due date gone by.
        pub(in crate::console) fn sample(f: &Frame) -> Vec<Self> {
            let late = PublicView {
                late: true,
                clocks: Clocks {
                    due: Some("2026-11-20T10:00:00Z".parse().unwrap()),
                    ..Clocks::default()
                },
                ..view(Status::Processing)
            };
            let waiting = PublicView {
                clocks: Clocks {
                    acceptance_due: Some("2026-11-20T10:00:00Z".parse().unwrap()),
                    ..Clocks::default()
                },
                ..view(Status::Registered)
            };
            let refused = PublicView {
                details: Some(Details::Decision {
                    results: Vec::new(),
                    refusal: true,
                }),
                note: Some("Thửa đất đang có tranh chấp.".to_owned()),
                ..view(Status::Finished)
            };
            let all = Status::ALL.map(view);
            let views = all.into_iter().chain([late, waiting, refused]);
            views.map(|view| Found { f: f.clone(), view }).collect()
        }
    }

    /// What the office sends with a status.
    fn brought(status: Status) -> (Option<&'static str>, serde_json::Value) {
        match status {
            Status::SupplementRequested => (
                Some("Bổ sung trong 30 ngày."),
                serde_json::json!({ "papers": [
                    { "name": "Bản sao quyết định ly hôn", "note": "Có chứng thực", "copies": { "certified": 1 } },
                    { "name": "Tờ khai theo mẫu" },
                ] }),
            ),
            Status::PaymentRequested => (
                None,
                serde_json::json!({ "fees": [
                    { "name": "Lệ phí trước bạ", "amount_vnd": 1_250_000, "payee": "Kho bạc mẫu",
                      "account": "0000 1111 2222, Ngân hàng mẫu", "reference": "H26.15.02-261120-0412" },
                    { "name": "Phí thẩm định", "amount_vnd": 8_000 },
                ] }),
            ),
            Status::Refused => (
                Some("Không thuộc phạm vi giải quyết của thành phố."),
                serde_json::Value::Null,
            ),
            Status::Finished => (
                None,
                serde_json::json!({ "decision": { "results": [
                    { "name": "Giấy xác nhận tình trạng hôn nhân", "number": "12/GXN", "issued_on": "2026-11-23" },
                ] } }),
            ),
            _ => (None, serde_json::Value::Null),
        }
    }

    fn view(status: Status) -> PublicView {
        let way: &[Status] = match status {
            Status::Registered => &[],
            Status::Accepted | Status::Refused => &[Status::Registered],
            Status::HandedOver => &[
                Status::Registered,
                Status::Accepted,
                Status::Processing,
                Status::Finished,
            ],
            _ => &[Status::Registered, Status::Accepted, Status::Processing],
        };
        let at = |hour: usize| {
            format!("2026-11-2{}T0{hour}:15:00Z", hour.min(3))
                .parse()
                .unwrap()
        };
        let steps: Vec<_> = way
            .iter()
            .chain([&status])
            .filter(|s| way.len() < 4 || **s != Status::Refused)
            .enumerate()
            .map(|(i, s)| PublicStep {
                at: at(i),
                status: (*s).into(),
            })
            .collect();
        let clocks = match status {
            Status::Registered => Clocks {
                acceptance_due: Some("2026-11-24T02:15:00Z".parse().unwrap()),
                forecast_due: Some("2026-12-01T10:00:00Z".parse().unwrap()),
                ..Clocks::default()
            },
            s if s.is_final() => Clocks::default(),
            _ => Clocks {
                due: Some("2026-12-01T10:00:00Z".parse().unwrap()),
                ..Clocks::default()
            },
        };
        PublicView {
            tracking_id: "dos_019aaf3c1e00700080000000000000a1".parse().unwrap(),
            procedure_name: "Đăng ký khai sinh".to_owned(),
            status: status.into(),
            since: at(steps.len() - 1),
            agency: (status != Status::Registered).then(|| AgencyView {
                key: "ubnd-00103".parse().unwrap(),
                name: "Ủy ban nhân dân phường Tây Hồ".to_owned(),
            }),
            clocks,
            late: false,
            note: brought(status).0.map(str::to_owned),
            details: serde_json::from_value(brought(status).1).unwrap(),
            place: "Điểm phục vụ Bưởi, Chi nhánh Tây Hồ".to_owned(),
            comes_back: Some(ReturnMethod::Counter),
            steps,
        }
    }
}
