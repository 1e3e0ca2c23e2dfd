//! The ten statuses of a dossier (`TrangThaiHoSo`), as the National Public Service Portal numbers them.

use serde::{Deserialize, Deserializer, Serialize};

use super::whole;

/// Where a dossier stands. The number is the portal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "u8")]
#[repr(u8)]
pub enum Status {
    /// 1 Mới đăng ký: filed online, not yet checked.
    Registered = 1,
    /// 2 Được tiếp nhận: accepted, the clock runs.
    Accepted = 2,
    /// 3 Không được tiếp nhận: refused before acceptance, or closed after an unanswered request. Final.
    Refused = 3,
    /// 4 Đang xử lý: at the competent agency.
    Processing = 4,
    /// 5 Yêu cầu bổ sung giấy tờ: waits for the applicant's papers.
    SupplementRequested = 5,
    /// 6 Yêu cầu thực hiện nghĩa vụ tài chính: waits for payment.
    PaymentRequested = 6,
    /// 7 Công dân yêu cầu rút hồ sơ: withdrawn by the applicant. Final.
    Withdrawn = 7,
    /// 8 Dừng xử lý: stopped for a time.
    Stopped = 8,
    /// 9 Đã xử lý xong: a result exists and is not handed over.
    Finished = 9,
    /// 10 Đã trả kết quả: the result is in the applicant's hands. Final.
    HandedOver = 10,
}

impl Status {
    /// All ten, in order.
    pub const ALL: [Status; 10] = [
        Status::Registered,
        Status::Accepted,
        Status::Refused,
        Status::Processing,
        Status::SupplementRequested,
        Status::PaymentRequested,
        Status::Withdrawn,
        Status::Stopped,
        Status::Finished,
        Status::HandedOver,
    ];

    /// The portal's number, 1 to 10.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The status of this number.
    pub fn from_code(code: u8) -> Option<Status> {
        Status::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// Whether nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Status::Refused | Status::Withdrawn | Status::HandedOver)
    }

    /// The office's name of it.
    pub const fn name_vi(self) -> &'static str {
        match self {
            Status::Registered => "Mới đăng ký",
            Status::Accepted => "Được tiếp nhận",
            Status::Refused => "Không được tiếp nhận",
            Status::Processing => "Đang xử lý",
            Status::SupplementRequested => "Yêu cầu bổ sung giấy tờ",
            Status::PaymentRequested => "Yêu cầu thực hiện nghĩa vụ tài chính",
            Status::Withdrawn => "Công dân yêu cầu rút hồ sơ",
            Status::Stopped => "Dừng xử lý",
            Status::Finished => "Đã xử lý xong",
            Status::HandedOver => "Đã trả kết quả",
        }
    }

    /// Its name in English.
    pub const fn name_en(self) -> &'static str {
        match self {
            Status::Registered => "Registered",
            Status::Accepted => "Accepted",
            Status::Refused => "Not accepted",
            Status::Processing => "In process",
            Status::SupplementRequested => "Supplement requested",
            Status::PaymentRequested => "Payment requested",
            Status::Withdrawn => "Withdrawn by the applicant",
            Status::Stopped => "Stopped",
            Status::Finished => "Finished",
            Status::HandedOver => "Result handed over",
        }
    }
}

/// A number that names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a status is a number from 1 to 10")]
pub struct NotAStatus;

impl TryFrom<u8> for Status {
    type Error = NotAStatus;
    fn try_from(code: u8) -> Result<Self, NotAStatus> {
        Status::from_code(code).ok_or(NotAStatus)
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code: u8 = whole::number(from)?;
        Status::try_from(code).map_err(serde::de::Error::custom)
    }
}

impl From<Status> for u8 {
    fn from(s: Status) -> u8 {
        s.code()
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.code())
    }
}

impl schemars::JsonSchema for Status {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Status".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "minimum": 1, "maximum": 10, "description": "TrangThaiHoSo, 1 to 10"})
    }
}
