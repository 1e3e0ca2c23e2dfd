//! Drafts of formats from their samples, measured against the formats that people made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{REGISTRY, samples};
use crate::adapt::{
    DraftSample, ExplainedDocument, Explanation, MappingDraft, Registry, SourceUse, Syntax, draft, explain,
    is_refused_sample, is_status_sample, sample_syntax, shipped_mappings,
};

/// All samples of a shipped format that are not to be refused.
fn drafted(format: &str) -> MappingDraft {
    let mut documents = Vec::new();
    for (_, path) in samples::all().into_iter().filter(|(name, _)| name == format) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !is_refused_sample(&name) {
            documents.push(DraftSample {
                bytes: fs::read(&path).unwrap(),
                syntax: sample_syntax(&name).unwrap().0,
                statuses: is_status_sample(&name),
                name,
            });
        }
    }
    draft(format.split('/').next().unwrap(), &documents).unwrap()
}

fn compiled(text: &str) -> Registry {
    let files = BTreeMap::from([("draft".to_owned(), text.to_owned())]);
    Registry::compile(&files).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

/// The canonical fields of a dossier that each path is read into; a pick is any entry of its list.
fn read_into(explanation: &Explanation) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let of = |source: &&crate::adapt::ExplainedSource| source.document == ExplainedDocument::Dossier;
    for source in explanation.sources.iter().filter(of) {
        let path: String = source
            .path
            .split('[')
            .map(|piece| {
                piece
                    .split_once(']')
                    .map_or(piece.to_owned(), |(_, rest)| format!("[]{rest}"))
            })
            .collect();
        for what in &source.becomes {
            if let SourceUse::Read { field, .. } = what {
                all.entry(path.clone()).or_default().insert(field.clone());
            }
        }
    }
    all
}

/// Of the paths that the shipped format reads and its samples have: how many the draft reads into a field the shipped one reads
/// them into, and how many there are.
fn agreement(format: &str) -> (usize, usize) {
    let made = drafted(format);
    let shipped = &shipped_mappings()[&format!("{format}/adapter.toml")];
    let (wanted, got) = (
        explain("shipped", shipped).unwrap(),
        explain("draft", &made.text).unwrap(),
    );
    let named: Vec<&str> = got.sources.iter().map(|source| source.path.as_str()).collect();
    let has = |path: &str| {
        named.iter().any(|named| {
            path.strip_prefix(named)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    let got = read_into(&got);
    let (mut agreed, mut all, mut missed) = (0, 0, Vec::new());
    for (path, fields) in read_into(&wanted).iter().filter(|(path, _)| has(path)) {
        all += 1;
        if got.get(path).is_some_and(|guessed| !guessed.is_disjoint(fields)) {
            agreed += 1;
        } else {
            missed.push(path.clone());
        }
    }
    println!("{format}: {agreed} of {all}; not {missed:?}");
    (agreed, all)
}

/// Measured with `cargo test --lib drafting -- --nocapture`; a draft may become better, never worse.
/// The format, and of how many paths how many agree.
const AGREED: [(&str, usize, usize); 3] = [
    ("dvcqg-mc/v1", 43, 50),
    ("opencps/v1", 31, 33),
    ("vnpost-hcc/v1", 32, 32),
];

#[test]
fn a_draft_reads_most_of_what_the_shipped_format_reads() {
    for (format, least, of) in AGREED {
        let (agreed, all) = agreement(format);
        assert_eq!(all, of, "{format}: measure it again");
        assert!(
            agreed >= least && agreed * 2 >= all,
            "{format}: {agreed} of {all}"
        );
    }
}

#[test]
fn a_draft_compiles_and_reads_the_documents_it_was_made_from() {
    for format in ["dvcqg-mc/v1", "opencps/v1", "vnpost-hcc/v1"] {
        let made = drafted(format);
        assert_eq!(made.lacking, Vec::<String>::new(), "{}", made.text);
        let registry = compiled(&made.text);
        let adapter = registry.get(registry.names().next().unwrap()).unwrap();
        let shipped = REGISTRY.get(format).unwrap();
        let path = samples::adapters_dir().join(format).join("samples/minimal.json");
        let bytes = fs::read(path).unwrap();
        let read = adapter
            .read(&bytes, "application/json")
            .unwrap_or_else(|refused| panic!("{refused:#?}\n{}", made.text));
        let wanted = shipped.read(&bytes, "application/json").unwrap();
        assert_eq!(read.filing.reference, wanted.filing.reference);
        assert_eq!(read.filing.procedure.code, wanted.filing.procedure.code);
        assert_eq!(read.filing.filed_at, wanted.filing.filed_at);
        assert_eq!(read.filing.applicant.name, wanted.filing.applicant.name);
    }
}

fn of(name: &str, text: &str) -> DraftSample {
    DraftSample {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
        syntax: if name.ends_with("xml") {
            Syntax::Xml
        } else {
            Syntax::Json
        },
        statuses: false,
    }
}

#[test]
fn what_is_lacking_is_named_and_the_file_still_parses() {
    let made = draft(
        "thu",
        &[of(
            "a.json",
            r#"{"Ma ho so": "1", "HoTen": "A", "La": {"b": [1, 2]}, "NgayNop": "hôm qua"}"#,
        )],
    )
    .unwrap();
    assert_eq!(made.lacking, ["reference", "procedure.code"]);
    assert_eq!(made.unsayable, ["Ma ho so"]);
    assert_eq!(made.kept, ["La"]);
    assert!(explain("draft", &made.text).is_ok(), "{}", made.text);
    let faults = Registry::compile(&BTreeMap::from([("draft".to_owned(), made.text)])).unwrap_err();
    let named: Vec<&str> = ["reference", "procedure"]
        .into_iter()
        .filter(|field| {
            faults
                .iter()
                .any(|fault| fault.line > 0 && fault.message_en.contains(field))
        })
        .collect();
    assert_eq!(named, ["reference", "procedure"], "{faults:?}");
}

#[test]
fn lists_namespaces_dates_and_numbers_are_recognised() {
    let json = r#"{"MaHoSo": "1", "MaTTHC": "9.901001", "HoTen": "A", "NgayNop": "20/11/2026 08:30", "LePhi":
        [{"TenLePhi": "x", "SoTien": "15.000đ"}, {"TenLePhi": "y", "SoTien": "8.000đ"}], "GiayTo": {"TenGiayTo": "z"}}"#;
    let xml = r#"<h:HoSo xmlns:h="urn:h" xmlns:k="urn:k" lan="2"><h:MaHoSo>2</h:MaHoSo><h:GiayTo><h:MotGiay><h:TenGiayTo>z</h:TenGiayTo>
        </h:MotGiay><h:MotGiay><h:TenGiayTo>w</h:TenGiayTo></h:MotGiay></h:GiayTo><k:La>1</k:La></h:HoSo>"#;
    let made = draft("thu", &[of("a.json", json), of("b.xml", xml)]).unwrap();
    for said in [
        "root = \"HoSo\"",
        "namespace = [\"urn:h\"]",
        "namespaces = { n1 = \"urn:k\" }",
        "GiayTo = { item = \"MotGiay\", one = true }",
        "date = \"dd/MM/yyyy HH:mm\"",
        "mend = [{ strip-suffix = \"đ\" }, { number = \"1.234\" }]",
    ] {
        assert!(made.text.contains(said), "{said}\n{}", made.text);
    }
    assert_eq!(made.kept, ["@lan", "n1:La"]);
    let registry = compiled(&made.text);
    let adapter = registry.get("thu/v1").unwrap();
    let read = adapter.read(json.as_bytes(), "application/json").unwrap();
    assert_eq!(read.filing.fees[0].amount_vnd.to_string(), "15000");
    assert_eq!(read.filing.components[0].name.to_string(), "z");
}
