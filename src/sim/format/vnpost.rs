//! `vnpost-hcc/v1`: VNPost's `MDocument`. It knows the sender of the papers and the receiver of the result; the rest travels
//! under `LienThong`. An owner who is somebody else has no place in it.

use serde_json::{Map, Value, json};

use super::dvcqg::{catalogue, kind};
use super::xml;
use crate::domain::dossier::{Channel, Sex};
use crate::sim::filing::Case;
use crate::sim::person::{Identity, Person};

pub(super) fn value(case: &Case) -> Value {
    let papers: Vec<&str> = case.papers.iter().map(|p| p.name).collect();
    let mut order = Map::new();
    let mut put = |name: &str, value: Value| order.insert(name.to_owned(), value);
    put("CustomerCode", json!("MAU"));
    put("OrderNumber", json!(case.reference));
    put(
        "Procedure",
        json!({
            "Code": case.procedure.code.as_str(),
            "Title": case.procedure.name,
            "Category": case.procedure.field_name,
            "Elements": papers,
        }),
    );
    put("IsSendDocument", json!("True"));
    put("DocumentSender", contact(&case.applicant));
    put(
        "IsReceiveResult",
        json!(if case.result_by_post { "True" } else { "False" }),
    );
    put(
        "ResultReceiver",
        contact(case.owner.as_ref().unwrap_or(&case.applicant)),
    );
    put("State", json!("1"));
    put("LienThong", envelope(case));
    Value::Object(order)
}

pub(super) fn xml(case: &Case) -> String {
    xml::document(
        "MDocument",
        Some("urn:vn:lienthong:vnpost-hcc:v1"),
        &value(case),
        &|_| "Element",
    )
}

fn contact(person: &Person) -> Value {
    json!({
        "Name": person.name,
        "Phone": person.phone,
        "ProvinceTitle": "Hà Nội",
        "Address": person.address,
        "Email": person.email,
    })
}

fn envelope(case: &Case) -> Value {
    let channel = match case.channel {
        Channel::Counter => "1",
        Channel::Online => "2",
        Channel::Post => "3",
    };
    let mut more = json!({
        "NgayNop": case.filed_at.to_string(),
        "KenhThucHien": channel,
        "DaiLyHoTro": if case.assisted { "True" } else { "False" },
        "ThuNghiem": "True",
        "NguoiNop": sender(&case.applicant),
    });
    if let Some(place) = &case.place {
        more["DanhMucXa"] = json!(catalogue(place.catalogue));
        more["MaXa"] = json!(place.commune);
        more["TenXa"] = json!(place.name);
        if let Some(district) = &place.district {
            more["MaHuyen"] = json!(district);
        }
    }
    more
}

fn sender(person: &Person) -> Value {
    match &person.identity {
        Identity::Citizen {
            number,
            born: (year, month, day),
            sex,
        } => json!({
            "LoaiDoiTuong": kind(person),
            "SoDinhDanh": number,
            "NgaySinh": format!("{year}-{month:02}-{day:02}"),
            "GioiTinh": if *sex == Sex::Male { "1" } else { "2" },
        }),
        Identity::Enterprise { tax_code } => json!({ "LoaiDoiTuong": kind(person), "MaSoThue": tax_code }),
    }
}
