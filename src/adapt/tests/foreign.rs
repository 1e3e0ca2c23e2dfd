//! What a format says and the canonical dossier has no field for is kept beside it.

use std::collections::BTreeMap;

use serde_json::json;

use crate::adapt::{Adapted, Registry};
use crate::domain::dossier::limits;
use crate::domain::rejection::Label;

const FORMAT: &str = made_up_format!(
    r#"
[json]
media_types = ["application/json"]

[xml]
media_types = ["application/xml"]

[lists]
giay = { item = "g" }

[dossier]
root = "D"
kept = ["GhiChu", "Khac"]
field = [
    { to = "reference", from = "so" },
    { to = "procedure.code", constant = "9.901001" },
    { to = "channel", constant = "counter" },
    { to = "filed_at", from = "ngay", date = "yyyyMMdd" },
]

[[dossier.part]]
to = "applicant"
from = "nguoi"
kept = ["Fax"]
field = [{ to = "kind", constant = "citizen" }, { to = "name", from = "ten" }]

[[dossier.list]]
to = "components"
from = "giay"
shape = "paper"

[shape.paper]
kept = ["Ma"]
field = [{ to = "name", from = "ten" }]
"#
);

fn read(text: &str, body: &str, media_type: &str) -> Adapted {
    let files = BTreeMap::from([("thu/v1/adapter.toml".to_owned(), text.to_owned())]);
    Registry::compile(&files)
        .unwrap()
        .get("thu/v1")
        .unwrap()
        .read(body.as_bytes(), media_type)
        .unwrap()
}

fn kept(adapted: &Adapted) -> Vec<(&str, &str)> {
    let values = adapted.filing.foreign_values.iter();
    values.map(|v| (v.path.as_str(), v.value.as_str())).collect()
}

const SENT: [(&str, &str); 7] = [
    ("/GhiChu", "gọi trước"),
    ("/Khac/a", "1"),
    ("/Khac/b/0", "true"),
    ("/Khac/b/1", "2.5"),
    ("/giay/0/Ma", "M0"),
    ("/giay/1/Ma", "M1"),
    ("/nguoi/Fax", "0000000001"),
];

#[test]
fn every_value_of_a_kept_field_is_kept_with_its_place() {
    let body = r#"{"so":"1","ngay":"20261120","Khac":{"b":[true,2.5,null,""],"a":1},"GhiChu":" gọi trước ",
        "nguoi":{"ten":"A","Fax":"0000000001"},"giay":[{"ten":"x","Ma":"M0"},{"ten":"y","Ma":"M1"},{"ten":"z","Ma":""}]}"#;
    let adapted = read(FORMAT, body, "application/json");
    assert_eq!(kept(&adapted), SENT);
    assert!(adapted.warnings.is_empty(), "{:?}", adapted.warnings);
    // The order in which a sender's library writes its fields is not a change of the dossier.
    let other = r#"{"giay":[{"Ma":"M0","ten":"x"},{"Ma":"M1","ten":"y"},{"ten":"z"}],"nguoi":{"Fax":"0000000001","ten":"A"},
        "GhiChu":"gọi trước","Khac":{"a":1,"b":[true,2.5]},"ngay":"20261120","so":"1"}"#;
    assert_eq!(read(FORMAT, other, "application/json").filing, adapted.filing);
}

#[test]
fn in_xml_the_path_begins_at_the_dossier_too() {
    let body = "<D><so>1</so><ngay>20261120</ngay><GhiChu k='x'>gọi</GhiChu><Khac><a>1</a><a>2</a></Khac><nguoi><ten>A</ten></nguoi>\
        <giay><g><ten>x</ten><Ma>M0</Ma></g></giay></D>";
    let body = body.replace(" k='x'", "");
    let adapted = read(FORMAT, &body, "application/xml");
    assert_eq!(
        kept(&adapted),
        [
            ("/GhiChu", "gọi"),
            ("/Khac/a[1]", "1"),
            ("/Khac/a[2]", "2"),
            ("/giay/g/Ma", "M0")
        ]
    );
}

#[test]
fn a_dossier_keeps_the_same_wherever_it_stands_in_a_list() {
    let listed = FORMAT.replace("[dossier]\n", "[dossier]\nitems = \"data\"\nitem = \"i\"\n");
    let body = r#"{"data":[{"so":"1","ngay":"20261120","GhiChu":"x","nguoi":{"ten":"A"}}]}"#;
    assert_eq!(kept(&read(&listed, body, "application/json")), [("/GhiChu", "x")]);
}

#[test]
fn what_does_not_fit_is_told_and_the_rest_is_kept() {
    let sent = |values: Vec<String>| {
        let body = json!({"so": "1", "ngay": "20261120", "nguoi": {"ten": "A"}, "Khac": values});
        read(FORMAT, &body.to_string(), "application/json")
    };
    let told = |adapted: &Adapted| -> Vec<(Label, String)> {
        let warnings = adapted.warnings.iter();
        warnings.map(|w| (w.label, w.path.clone().unwrap())).collect()
    };
    let mut values = vec!["a".to_owned(); limits::FOREIGN_VALUES - 1];
    values.push("ă".repeat(limits::FOREIGN_VALUE));
    let full = sent(values);
    assert_eq!(
        (full.filing.foreign_values.len(), told(&full)),
        (limits::FOREIGN_VALUES, vec![])
    );
    let many = sent(vec!["a".to_owned(); limits::FOREIGN_VALUES + 1]);
    assert_eq!(many.filing.foreign_values.len(), limits::FOREIGN_VALUES);
    // Sorted as texts, the last of /Khac/0 to /Khac/200 is /Khac/99.
    assert_eq!(told(&many), [(Label::ForeignValueNotKept, "/Khac/99".to_owned())]);
    let long = sent(vec!["a".repeat(limits::FOREIGN_VALUE + 1), "b".to_owned()]);
    assert_eq!(kept(&long), [("/Khac/1", "b")]);
    assert_eq!(told(&long), [(Label::ForeignValueNotKept, "/Khac/0".to_owned())]);
}
