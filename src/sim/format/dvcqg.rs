//! `dvcqg-mc/v1`: one item of the National Public Service Portal's `DongBoHoSoMC`. Every value is a text; times are to the
//! second in Vietnam. What the portal's format lacks travels under `LienThong`.

use serde_json::{Map, Value, json};

use crate::domain::dossier::{Catalogue, Channel, Sex};
use crate::sim::file::MEDIA_TYPE;
use crate::sim::filing::{Case, Paper};
use crate::sim::person::{Identity, Person};
use crate::sim::report::seconds;

pub(super) fn value(case: &Case) -> Value {
    let subject = case.owner.as_ref().unwrap_or(&case.applicant);
    let mut item = json!({
        "MaHoSo": number(case),
        "MaTTHC": case.procedure.code.as_str(),
        "TenTTHC": case.procedure.name,
        "MaLinhVuc": case.procedure.field_code,
        "TenLinhVuc": case.procedure.field_name,
        "KenhThucHien": channel(case.channel),
        "ChuHoSo": subject.name,
        "LoaiDoiTuong": kind(subject),
        "SoGiayToChuHoSo": subject.number().or(subject.tax_code()),
        "SoDienThoai": subject.phone,
        "Email": subject.email,
        "TrichYeuHoSo": case.summary,
        "NgayNopHoSo": seconds(case.filed_at),
        "NgayTiepNhan": seconds(case.filed_at),
        "TrangThaiHoSo": if case.channel == Channel::Online { "1" } else { "2" },
        "HinhThuc": if case.result_by_post { "1" } else { "0" },
        "DonViXuLy": "",
        "TaiLieuNop": case.papers.iter().map(paper).collect::<Vec<_>>(),
        "LienThong": envelope(case, subject),
    });
    if let Some(number) = subject.number() {
        item["DinhDanhCHS"] = json!([{ "LoaiDinhDanh": "1", "SoDinhDanh": number }]);
    }
    if case.result_by_post {
        item["ThongTinTra"] = json!(subject.address);
    }
    if case.procedure.fee_vnd > 0 {
        item["DanhSachLePhi"] = json!([{
            "TenPhiLePhi": "Lệ phí",
            "MaPhiLePhi": "LP-01",
            "HinhThucThu": "1",
            "Gia": case.procedure.fee_vnd.to_string(),
            "LoaiPhiLePhi": "1",
            "LienThong": { "Loai": "le-phi" },
        }]);
    }
    json!({ "session": "", "madonvi": "", "service": "DongBoHoSoMC", "isUpdating": "False", "data": [item] })
}

/// A counter's own system has given the official code already; others put a number of their own in its place.
fn number(case: &Case) -> &str {
    if case.channel == Channel::Counter {
        &case.own_code
    } else {
        &case.reference
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Counter => "1",
        Channel::Online => "2",
        Channel::Post => "3",
    }
}

/// The portal's word for a catalogue of communes.
pub(super) fn catalogue(catalogue: Catalogue) -> &'static str {
    match catalogue {
        Catalogue::Since2025 => "2025",
        Catalogue::Legacy => "cu",
    }
}

pub(super) fn kind(person: &Person) -> &'static str {
    if person.is_citizen() { "1" } else { "2" }
}

/// Birth date `yyyyMMdd` and sex, of a citizen.
fn birth(person: &Person) -> Option<(String, &'static str)> {
    match &person.identity {
        Identity::Citizen {
            born: (year, month, day),
            sex,
            ..
        } => Some((
            format!("{year}{month:02}{day:02}"),
            if *sex == Sex::Male { "1" } else { "2" },
        )),
        Identity::Enterprise { .. } => None,
    }
}

fn envelope(case: &Case, subject: &Person) -> Value {
    let mut more = Map::new();
    let mut put = |name: &str, value: Value| more.insert(name.to_owned(), value);
    put("SoThamChieu", json!(case.reference));
    put("DaiLyHoTro", json!(if case.assisted { "True" } else { "False" }));
    put("ThuNghiem", json!("True"));
    put("DiaChi", json!(subject.address));
    if let Some((born, sex)) = birth(subject) {
        put("NgaySinh", json!(born));
        put("GioiTinh", json!(sex));
    }
    if let Some(place) = &case.place {
        put("DanhMucXa", json!(catalogue(place.catalogue)));
        put("MaXa", json!(place.commune));
        put("TenXa", json!(place.name));
        if let Some(district) = &place.district {
            put("MaHuyen", json!(district));
        }
        if let Some(day) = place.paper {
            put("NgayGiayTo", json!(day.strftime("%Y%m%d").to_string()));
        }
    }
    if case.owner.is_some() {
        put("NguoiNop", filer(&case.applicant));
    }
    Value::Object(more)
}

fn filer(person: &Person) -> Value {
    let mut filer = json!({
        "LoaiDoiTuong": kind(person),
        "HoTen": person.name,
        "DiaChi": person.address,
        "SoDienThoai": person.phone,
        "Email": person.email,
    });
    if let Some(number) = person.number() {
        filer["SoDinhDanh"] = json!(number);
    }
    if let Some(code) = person.tax_code() {
        filer["MaSoThue"] = json!(code);
    }
    if let Some((born, sex)) = birth(person) {
        filer["NgaySinh"] = json!(born);
        filer["GioiTinh"] = json!(sex);
    }
    filer
}

fn paper(paper: &Paper) -> Value {
    let mut more = json!({
        "TenGiayTo": paper.name,
        "BanChinh": paper.originals.to_string(),
        "BanSao": "0",
        "BanChup": paper.photos.to_string(),
    });
    if let Some(file) = &paper.file {
        more["TenTep"] = json!(file.name);
        more["KieuTep"] = json!(MEDIA_TYPE);
        more["Sha256"] = json!(file.sha256);
    }
    json!({
        "TepDinhKemId": "",
        "TenTepDinhKem": paper.file.as_ref().map_or(paper.name, |file| &file.name),
        "IsDeleted": "False",
        "MaThanhPhanHoSo": paper.code,
        "DuongDanTaiTepTin": "",
        "DuocSoHoa": if paper.file.is_some() { "1" } else { "0" },
        "DuocTaiSuDung": "0",
        "DuocLayTuKhoDMQG": "0",
        "MaKetQuaThayThe": "",
        "LienThong": more,
    })
}
