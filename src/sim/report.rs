//! What an agency says of a dossier, written as its own system would write it.

use serde_json::{Value, json};

use super::file::{File, MEDIA_TYPE};
use super::script::{Brings, ReportWord};
use crate::domain::codes::{AgencyCode, DossierCode};
use crate::domain::ids::DossierId;
use crate::domain::time::{Date, Timestamp};

/// The format an agency reports in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// `canonical/v1`.
    Canonical,
    /// `dvcqg-mc/v1`: the portal's `CapNhatTienDoHoSoMC`, with times to the second.
    DvcqgMc,
}

impl ReportFormat {
    /// The format of this name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "canonical/v1" => Some(ReportFormat::Canonical),
            "dvcqg-mc/v1" => Some(ReportFormat::DvcqgMc),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            ReportFormat::Canonical => "canonical/v1",
            ReportFormat::DvcqgMc => "dvcqg-mc/v1",
        }
    }

    /// Whether it writes statuses as words of its own, so that an unknown one can be said.
    pub const fn has_words(self) -> bool {
        matches!(self, ReportFormat::DvcqgMc)
    }
}

/// One report.
#[derive(Clone, Debug)]
pub struct AgencyReport {
    /// Which dossier.
    pub dossier: DossierId,
    /// Its official code, once known.
    pub code: Option<DossierCode>,
    /// What it says.
    pub word: ReportWord,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Reason or note.
    pub text: Option<&'static str>,
    /// What it brings beside its status.
    pub brings: Brings,
    /// The code the agency's system gives it with this report.
    pub assigns: Option<DossierCode>,
}

const OFFICER: &str = "Cán bộ mẫu";
const ASKED: [&str; 2] = ["Bản sao giấy tờ tùy thân", "Tờ khai có chữ ký"];
const FEE: &str = "Lệ phí giải quyết thủ tục";
const PAYEE: &str = "Kho bạc mẫu";
const ACCOUNT: &str = "0000 0000 0001";

impl AgencyReport {
    /// The file of the result it brings.
    pub fn file(&self) -> Option<File> {
        let corrected = match self.brings {
            Brings::Result | Brings::Refusal => false,
            Brings::Correction => true,
            Brings::Nothing | Brings::Papers | Brings::Fee | Brings::Return | Brings::Postponement => {
                return None;
            }
        };
        Some(File::of_result(self.dossier, corrected))
    }

    /// The bytes, always JSON.
    pub fn render(&self, format: ReportFormat) -> Vec<u8> {
        match format {
            ReportFormat::Canonical => self.canonical(),
            ReportFormat::DvcqgMc => self.dvcqg_mc(),
        }
        .to_string()
        .into_bytes()
    }

    fn number(&self) -> u8 {
        match self.word {
            ReportWord::Status(status) => status.code(),
            ReportWord::Unknown => 99,
        }
    }

    fn canonical(&self) -> Value {
        let mut report = json!({
            "dossier": self.dossier.to_string(),
            "status": self.number(),
            "occurred_at": self.occurred_at.to_string(),
            "officer": OFFICER,
        });
        if let Some(text) = self.text {
            report["text"] = text.into();
        }
        if let Some(code) = &self.assigns {
            report["assigned_code"] = code.as_str().into();
        }
        match self.brings {
            Brings::Nothing => {}
            Brings::Papers => {
                report["papers"] = json!([{ "code": "GT-01", "name": ASKED[0], "copies": { "photo": 1 } }, { "name": ASKED[1] }]);
            }
            Brings::Fee => {
                report["fees"] = json!([{
                    "code": "LP-01", "name": FEE, "kind": "charge", "amount_vnd": 8000, "moment": "result",
                    "payee": PAYEE, "account": ACCOUNT, "reference": self.dossier.to_string(),
                }]);
            }
            Brings::Result | Brings::Refusal | Brings::Correction => {
                report["results"] = json!([{
                    "code": "KQ-01", "number": self.result_number(), "name": self.result_name(),
                    "issued_on": self.occurred_at.date().to_string(),
                    "files": self.file().iter().map(|file| json!({
                        "name": file.name, "media_type": MEDIA_TYPE, "sha256": file.sha256,
                    })).collect::<Vec<_>>(),
                }]);
                if self.brings == Brings::Refusal {
                    report["refusal"] = true.into();
                }
                if self.brings == Brings::Correction {
                    report["correction"] = true.into();
                }
            }
            Brings::Return => report["back"] = "returned".into(),
            Brings::Postponement => report["new_due"] = self.later().to_string().into(),
        }
        json!({ "reports": [report] })
    }

    fn result_name(&self) -> &'static str {
        match self.brings {
            Brings::Refusal => "Văn bản từ chối giải quyết",
            _ => "Kết quả giải quyết thủ tục",
        }
    }

    /// The same for every report of one result; another one for the corrected.
    fn result_number(&self) -> String {
        let (dossier, day) = (self.dossier.to_string(), self.occurred_at.date());
        let tail = &dossier[dossier.len() - 6..];
        match self.brings {
            Brings::Correction => format!("{tail}a/KQ-{}", day.year()),
            _ => format!("{tail}/KQ-{}", day.year()),
        }
    }

    /// Later than any due date a procedure gives, and within what a postponement may be.
    fn later(&self) -> Timestamp {
        self.occurred_at
            .plus(std::time::Duration::from_secs(180 * 86_400))
    }

    fn dvcqg_mc(&self) -> Value {
        let text = self.text.map_or_else(|| self.work(), str::to_owned);
        let tracking = self.dossier.to_string();
        let number = match (&self.code, &self.assigns) {
            (Some(code), _) | (None, Some(code)) => code.as_str(),
            (None, None) => &tracking,
        };
        let mut item = json!({
            "MaHoSo": number,
            "NguoiXuLy": OFFICER,
            "ChucDanh": "Chuyên viên",
            "ThoiDiemXuLy": seconds(self.occurred_at),
            "PhongBanXuLy": "Bộ phận Một cửa",
            "NoiDungXuLy": text,
            "TrangThai": self.number().to_string(),
        });
        if self.code.is_none() {
            // The hub cannot know a code before it is told; beside the tracking id the code is news.
            item["LienThong"]["MaTheoDoi"] = tracking.as_str().into();
        }
        match self.brings {
            Brings::Nothing => {}
            Brings::Papers => {
                item["DanhSachHoSoBoSung"] = json!([{ "DanhSachGiayToBoSung": [
                    { "MaThanhPhanHoSo": "GT-01", "TenGiayTo": ASKED[0], "LienThong": { "BanChup": "1" } },
                    { "TenGiayTo": ASKED[1] },
                ] }]);
            }
            Brings::Fee => {
                item["DanhSachLePhi"] = json!([{
                    "TenPhiLePhi": FEE, "MaPhiLePhi": "LP-01", "HinhThucThu": "4", "Gia": "8000",
                    "LienThong": { "Loai": "le-phi", "DonViThuHuong": PAYEE, "TaiKhoanThuHuong": ACCOUNT, "NoiDungChuyenKhoan": tracking },
                }]);
            }
            Brings::Result | Brings::Refusal | Brings::Correction => {
                let mut more =
                    json!({ "NgayBanHanh": self.occurred_at.date().strftime("%Y%m%d").to_string() });
                if let Some(file) = self.file() {
                    more["TenTep"] = file.name.as_str().into();
                    more["KieuTep"] = MEDIA_TYPE.into();
                    more["Sha256"] = file.sha256.to_string().into();
                }
                item["DanhSachGiayToKetQua"] = json!([{
                    "TenGiayTo": self.result_name(), "MaThanhPhanHoSo": "KQ-01", "SoKyHieu": self.result_number(),
                    "LienThong": more,
                }]);
                if self.brings == Brings::Refusal {
                    item["LienThong"]["TuChoi"] = "True".into();
                }
                if self.brings == Brings::Correction {
                    item["LienThong"]["SuaKetQua"] = "True".into();
                }
            }
            Brings::Return => item["LienThong"]["ChuyenLui"] = "tra-lai".into(),
            Brings::Postponement => item["LienThong"]["NgayHenTraMoi"] = seconds(self.later()).into(),
        }
        json!({ "session": "", "madonvi": "", "service": "CapNhatTienDoHoSoMC", "isUpdating": "False", "data": [item] })
    }

    fn work(&self) -> String {
        match self.word {
            ReportWord::Status(status) => status.name_vi().to_owned(),
            ReportWord::Unknown => "Đang luân chuyển".to_owned(),
        }
    }
}

/// A time as the portal writes it: `yyyyMMddHHmmss` in Vietnam.
pub fn seconds(at: Timestamp) -> String {
    at.in_vietnam().strftime("%Y%m%d%H%M%S").to_string()
}

/// The running numbers of an agency's official dossier codes: one counter, from 1 each day.
#[derive(Debug)]
pub struct CodeBook {
    agency: AgencyCode,
    day: Option<Date>,
    last: u32,
}

impl CodeBook {
    /// A book with no number used.
    pub fn new(agency: AgencyCode) -> Self {
        CodeBook {
            agency,
            day: None,
            last: 0,
        }
    }

    /// The next code of `day`; none where the agency's identifier has a form no dossier code can begin with, or after the
    /// millionth.
    pub fn next(&mut self, day: Date) -> Option<DossierCode> {
        self.turn(day);
        self.last += 1;
        format!("{}-{}-{:04}", self.agency, day.strftime("%y%m%d"), self.last)
            .parse()
            .ok()
    }

    /// Learns of a code given before this program was started.
    pub fn seen(&mut self, code: &DossierCode, today: Date) {
        let mut parts = code.as_str().rsplitn(3, '-');
        let number = parts.next().and_then(|n| n.parse::<u32>().ok());
        if code.day() == Some(today) && parts.nth(1) == Some(self.agency.as_str()) {
            self.turn(today);
            self.last = self.last.max(number.unwrap_or(0));
        }
    }

    fn turn(&mut self, day: Date) {
        if self.day != Some(day) {
            self.day = Some(day);
            self.last = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::status::Status;
    use crate::domain::view::StatusRequest;
    use rand::SeedableRng;

    #[test]
    fn codes_are_well_formed_and_never_given_twice() {
        let (monday, tuesday) = (
            "2026-11-23".parse::<Date>().unwrap(),
            "2026-11-24".parse().unwrap(),
        );
        let mut book = CodeBook::new("H26.101".parse().unwrap());
        let mut given = std::collections::HashSet::new();
        for day in [monday, tuesday] {
            for _ in 0..10_050 {
                let code = book.next(day).unwrap();
                assert_eq!(code.day(), Some(day));
                assert!(given.insert(code));
            }
        }
        assert_eq!(book.next(tuesday).unwrap().as_str(), "H26.101-261124-10051");

        let mut again = CodeBook::new("H26.101".parse().unwrap());
        for known in [
            "H26.101-261124-0007",
            "H26.101-261123-0900",
            "H26.102-261124-0800",
        ] {
            again.seen(&known.parse().unwrap(), tuesday);
        }
        assert_eq!(again.next(tuesday).unwrap().as_str(), "H26.101-261124-0008");
    }

    #[test]
    fn a_canonical_report_is_what_the_contract_says() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let at = "2026-11-23T08:00:00.5+07:00".parse().unwrap();
        let report = AgencyReport {
            dossier: DossierId::new(at, &mut rng),
            code: None,
            word: ReportWord::Status(Status::SupplementRequested),
            occurred_at: at,
            text: Some("thiếu \"tờ khai\" & bản sao"),
            brings: Brings::Papers,
            assigns: "H26.101-261123-0001".parse().ok(),
        };
        let read: StatusRequest = serde_json::from_slice(&report.render(ReportFormat::Canonical)).unwrap();
        assert_eq!(read.reports[0].status, Status::SupplementRequested);
        assert_eq!(read.reports[0].assigned_code, report.assigns);
        assert_eq!(read.reports[0].text.as_deref(), report.text);
        assert_eq!(read.reports[0].occurred_at, Some(at));
        let portal: Value = serde_json::from_slice(&report.render(ReportFormat::DvcqgMc)).unwrap();
        assert_eq!(portal["data"][0]["ThoiDiemXuLy"], "20261123080000");
        assert_eq!(portal["data"][0]["TrangThai"], "5");
    }
}
