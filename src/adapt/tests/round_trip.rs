//! What is rendered reads back as what was filed, as far as the format can carry it.

use std::fs;

use rand::SeedableRng;

use super::{REGISTRY, samples};
use crate::adapt::{OutgoingDossier, OutgoingReport, Syntax};
use crate::domain::details::Lists;
use crate::domain::dossier::{Copies, Filing, ProcedureKnown};
use crate::domain::event::Back;
use crate::domain::ids::DossierId;
use crate::domain::rejection::Label;
use crate::domain::status::Status;
use crate::domain::text::Text;
use crate::domain::time::Timestamp;
use crate::domain::view::{Clocks, Progress, StatusReport};

fn sample(name: &str) -> Filing {
    let path = samples::adapters_dir().join("canonical/v1/samples").join(name);
    let canonical = REGISTRY.get("canonical/v1").unwrap();
    canonical
        .read(&fs::read(path).unwrap(), "application/json")
        .unwrap()
        .filing
}

struct Sent {
    filing: Filing,
    procedure: ProcedureKnown,
    clocks: Clocks,
    progress: Progress,
    at: Timestamp,
}

impl Sent {
    fn of(filing: Filing) -> Self {
        let at: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
        Sent {
            procedure: ProcedureKnown {
                // The directory knows a city's own variant by the national code in it.
                code: filing.procedure.code.as_str()[..8].parse().unwrap(),
                name: filing
                    .procedure
                    .name
                    .as_ref()
                    .map_or_else(|| "Thủ tục".to_owned(), ToString::to_string),
            },
            filing,
            clocks: Clocks {
                due: Some(at),
                ..Clocks::default()
            },
            progress: Progress::default(),
            at,
        }
    }

    fn id() -> DossierId {
        DossierId::new(
            Timestamp::from_micros(0),
            &mut rand::rngs::StdRng::seed_from_u64(1),
        )
    }

    fn outgoing(&self) -> OutgoingDossier<'_> {
        OutgoingDossier {
            filing: &self.filing,
            tracking_id: Self::id(),
            dossier_code: self.filing.dossier_code.as_ref(),
            status: Status::Accepted,
            agency_name: "UBND phường Ba Đình",
            procedure: &self.procedure,
            field: Some(("P-HTI", "Hộ tịch")),
            amended: false,
            received_at: self.at,
            accepted_at: None,
            clocks: &self.clocks,
            event: None,
            progress: &self.progress,
        }
    }
}

#[test]
fn the_canonical_form_carries_everything_in_both_syntaxes() {
    let canonical = REGISTRY.get("canonical/v1").unwrap();
    for name in ["full.json", "minimal.json"] {
        let mut filing = sample(name);
        filing.summary = Some(Text::parse("a < b & c > d \"e\"\nf\t]]> ệ").unwrap());
        let sent = Sent::of(filing);
        for syntax in [Syntax::Json, Syntax::Xml] {
            let rendered = canonical.render_in(&sent.outgoing(), syntax).unwrap();
            let read = canonical.read(&rendered.bytes, &rendered.media_type).unwrap();
            assert_eq!(read.filing, sent.filing, "{name} {syntax:?}");
        }
        assert_eq!(canonical.render(&sent.outgoing()).media_type, "application/json");
    }
}

#[test]
fn the_official_code_goes_out_once_it_is_known() {
    let sent = Sent::of(sample("minimal.json"));
    let code = "H26.P17-261120-0007".parse().unwrap();
    let outgoing = OutgoingDossier {
        dossier_code: Some(&code),
        ..sent.outgoing()
    };
    let canonical = REGISTRY.get("canonical/v1").unwrap();
    let rendered = canonical.render(&outgoing);
    let read = canonical
        .read(&rendered.bytes, &rendered.media_type)
        .unwrap()
        .filing;
    assert_eq!(read.dossier_code.as_ref(), Some(&code));

    let dvcqg = REGISTRY.get("dvcqg-mc/v1").unwrap();
    let code_of = |outgoing: &OutgoingDossier<'_>| {
        let value: serde_json::Value = serde_json::from_slice(&dvcqg.render(outgoing).bytes).unwrap();
        value["data"][0]["MaHoSo"].as_str().unwrap().to_owned()
    };
    assert_eq!(code_of(&outgoing), "H26.P17-261120-0007");
    assert_eq!(code_of(&sent.outgoing()), Sent::id().to_string());
}

#[test]
fn the_portals_form_carries_the_dossier() {
    let dvcqg = REGISTRY.get("dvcqg-mc/v1").unwrap();
    for name in ["full.json", "minimal.json"] {
        let sent = Sent::of(sample(name));
        let rendered = dvcqg.render(&sent.outgoing());
        let adapted = dvcqg.read(&rendered.bytes, &rendered.media_type).unwrap();
        let unknown = adapted.warnings.iter().find(|w| w.label == Label::FieldUnknown);
        assert_eq!(unknown, None);
        let mut wanted = sent.filing.clone();
        // One entry a file; of other systems' numbers only the receipt's; the procedure by the directory's name.
        let mut components = Vec::new();
        for component in wanted.components {
            if component.files.len() < 2 {
                components.push(component);
                continue;
            }
            for (number, file) in component.files.iter().enumerate() {
                let mut one = component.clone();
                one.files = vec![file.clone()];
                if number > 0 {
                    // Counted once: three files of one original are one original.
                    one.copies = Copies::default();
                }
                components.push(one);
            }
        }
        wanted.components = components;
        wanted
            .foreign_codes
            .retain(|f| f.system.as_str() == "so-bien-nhan");
        // What another format said beside it has no place here.
        wanted.foreign_values.clear();
        // Where it stands is the hub's word by then.
        wanted.reported_status = Some(Status::Accepted);
        (wanted.received_at, wanted.promised_due) = (Some(sent.at), Some(sent.at));
        // The procedure and its field by the directory's names.
        wanted.procedure.name = Some(Text::parse(&sent.procedure.name).unwrap());
        wanted.procedure.field_code = Some(Text::parse("P-HTI").unwrap());
        wanted.procedure.field_name = Some(Text::parse("Hộ tịch").unwrap());
        let (got, wanted) = (
            serde_json::to_value(&adapted.filing).unwrap(),
            serde_json::to_value(&wanted).unwrap(),
        );
        assert_eq!(got, wanted, "{name}");
    }
}

#[test]
fn an_organisation_keeps_every_number_and_a_later_version_is_an_update() {
    let mut filing = sample("minimal.json");
    filing.applicant = serde_json::from_value(serde_json::json!({
        "kind": "enterprise", "name": "Công ty Mẫu", "tax_code": "9900000016", "identity_number": "000190000002",
        "identity_papers": [{"kind": "passport", "number": "Z0000002"}, {"kind": "other", "kind_name": "Giấy phép", "number": "12/GP"}],
    }))
    .unwrap();
    let sent = Sent::of(filing);
    let dvcqg = REGISTRY.get("dvcqg-mc/v1").unwrap();
    let rendered = dvcqg.render(&sent.outgoing());
    let read = dvcqg.read(&rendered.bytes, &rendered.media_type).unwrap().filing;
    assert_eq!(read.applicant, sent.filing.applicant);
    let updating = |outgoing: &OutgoingDossier<'_>| {
        let value: serde_json::Value = serde_json::from_slice(&dvcqg.render(outgoing).bytes).unwrap();
        (value["isUpdating"].clone(), value["data"][0]["MaLinhVuc"].clone())
    };
    assert_eq!(updating(&sent.outgoing()), ("False".into(), "P-HTI".into()));
    let later = OutgoingDossier {
        amended: true,
        ..sent.outgoing()
    };
    assert_eq!(updating(&later).0, "True");
}

#[test]
fn every_value_of_the_portals_form_is_a_text() {
    fn texts(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Object(o) => o.values().all(texts),
            serde_json::Value::Array(a) => a.iter().all(texts),
            other => other.is_string(),
        }
    }
    let dvcqg = REGISTRY.get("dvcqg-mc/v1").unwrap();
    let sent = Sent::of(sample("full.json"));
    let value: serde_json::Value = serde_json::from_slice(&dvcqg.render(&sent.outgoing()).bytes).unwrap();
    assert!(texts(&value));
    assert_eq!(value["service"], "DongBoHoSoMC");
    assert_eq!(value["data"][0]["NgayTiepNhan"], "20261120090000");
    // Whose matter it is, not who brought it; and never the one with the other's address.
    assert_eq!(value["data"][0]["ChuHoSo"], "Trần Thị Mẫu");
    assert_eq!(value["data"][0]["SoDienThoai"], "0000000002");
    assert_eq!(value["data"][0].get("Email"), None);
}

fn told(report: &StatusReport) -> OutgoingReport<'_> {
    OutgoingReport {
        report,
        tracking_id: None,
        dossier_code: None,
    }
}

/// What a report may bring, of each kind.
fn every_list() -> Lists {
    Lists {
        papers: serde_json::from_value(serde_json::json!([
            {"code": "GT-1", "name": "Bản sao quyết định", "note": "Thiếu trang 2", "copies": {"certified": 1}},
            {"name": "Tờ khai"},
        ]))
        .unwrap(),
        fees: serde_json::from_value(serde_json::json!([{
            "code": "LP-1", "name": "Lệ phí", "kind": "charge", "amount_vnd": 8000, "moment": "result",
            "payee": "Kho bạc mẫu", "account": "0000 0001", "reference": "H26 8000",
        }]))
        .unwrap(),
        results: serde_json::from_value(serde_json::json!([{
            "code": "KQ-1", "number": "12/GXN", "name": "Giấy xác nhận", "summary": "Xác nhận", "issued_on": "2026-11-21",
            "files": [{"id": "t1", "name": "gxn.pdf", "sha256": "00".repeat(32), "size": 9, "media_type": "application/pdf"}],
        }]))
        .unwrap(),
        refusal: true,
        correction: true,
    }
}

#[test]
fn progress_reads_back_as_it_was_told() {
    let dvcqg = REGISTRY.get("dvcqg-mc/v1").unwrap();
    let lists = every_list();
    let report = |status| {
        let report = StatusReport {
            occurred_at: Some("2026-11-21T01:15:00Z".parse().unwrap()),
            text: Some("Ghi chú".to_owned()),
            officer: Some("Cán bộ mẫu".to_owned()),
            back: (status == Status::Accepted).then_some(Back::Recalled),
            new_due: (status == Status::Processing).then(|| "2026-12-01T10:00:00Z".parse().unwrap()),
            ..StatusReport::new(Sent::id().to_string(), status)
        };
        let all = lists.clone();
        report.with_lists(match status {
            Status::SupplementRequested => Lists {
                papers: all.papers,
                ..Lists::default()
            },
            Status::PaymentRequested => Lists {
                fees: all.fees,
                ..Lists::default()
            },
            Status::Finished => Lists {
                results: all.results,
                refusal: true,
                correction: true,
                ..Lists::default()
            },
            _ => Lists::default(),
        })
    };
    let reports: Vec<StatusReport> = Status::ALL.into_iter().map(report).collect();
    let outgoing: Vec<OutgoingReport<'_>> = reports.iter().map(told).collect();
    let rendered = dvcqg.render_progress(&outgoing).unwrap();
    assert!(rendered.left_out.is_empty());
    let [document] = rendered.documents.as_slice() else {
        panic!("{rendered:?}");
    };
    let read = dvcqg
        .read_statuses(&document.bytes, &document.media_type)
        .unwrap();
    assert_eq!(
        read.items
            .into_iter()
            .map(|i| i.report.unwrap().unwrap())
            .collect::<Vec<_>>(),
        reports
    );
    assert!(
        REGISTRY
            .get("vnpost-hcc/v1")
            .unwrap()
            .render_progress(&outgoing)
            .is_none()
    );
}

#[test]
fn a_format_that_cannot_render_gives_the_canonical_form() {
    let sent = Sent::of(sample("full.json"));
    let rendered = REGISTRY.get("vnpost-hcc/v1").unwrap().render(&sent.outgoing());
    let read = REGISTRY
        .get("canonical/v1")
        .unwrap()
        .read(&rendered.bytes, &rendered.media_type)
        .unwrap();
    assert_eq!(read.filing, sent.filing);
}

/// Without these fields, and without what is empty then.
fn without(value: &mut serde_json::Value, fields: &[&str]) {
    for field in fields {
        let steps: Vec<&str> = field.split('.').collect();
        remove(value, &steps);
    }
    prune(value);
}

fn remove(value: &mut serde_json::Value, steps: &[&str]) {
    match (value, steps) {
        (serde_json::Value::Array(items), _) => items.iter_mut().for_each(|item| remove(item, steps)),
        (serde_json::Value::Object(o), [last]) => drop(o.remove(*last)),
        (serde_json::Value::Object(o), [first, rest @ ..]) => {
            if let Some(inner) = o.get_mut(*first) {
                remove(inner, rest);
            }
        }
        _ => {}
    }
}

fn prune(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(prune),
        serde_json::Value::Object(o) => {
            o.values_mut().for_each(prune);
            o.retain(|_, v| {
                !v.as_object().is_some_and(serde_json::Map::is_empty) && v.as_array() != Some(&vec![])
            });
        }
        _ => {}
    }
}

/// As the hub sends it on at once: where the hub has a word of its own, it says what was filed.
fn sent_on(filing: Filing) -> (Sent, Status) {
    let status = filing.reported_status.unwrap_or(Status::Registered);
    let mut sent = Sent::of(filing);
    sent.at = sent.filing.received_at.unwrap_or(sent.filing.filed_at);
    sent.clocks = Clocks {
        promised_due: sent.filing.promised_due,
        ..Clocks::default()
    };
    (sent, status)
}

#[test]
fn what_a_format_has_of_a_dossier_it_writes_and_reads_again_without_loss() {
    let mut looked_at = Vec::new();
    for (format, path) in samples::all() {
        let adapter = REGISTRY.get(&format).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with("refused") || name.starts_with("statuses") || !adapter.renders() {
            continue;
        }
        let filing = adapter
            .read(&fs::read(&path).unwrap(), samples::media_type(&path))
            .unwrap()
            .filing;
        let (sent, status) = sent_on(filing);
        let outgoing = OutgoingDossier {
            status,
            field: None,
            ..sent.outgoing()
        };
        let lost = adapter.unwritten_of_dossiers();
        let mut fields: Vec<&str> = lost.iter().map(String::as_str).collect();
        // The hub's own words, where the sender said nothing.
        for (field, said) in [
            ("reported_status", sent.filing.reported_status.is_some()),
            ("received_at", sent.filing.received_at.is_some()),
            ("procedure.name", sent.filing.procedure.name.is_some()),
            (
                "procedure.code",
                sent.filing.procedure.code.as_str() == sent.procedure.code.as_str(),
            ),
            ("foreign_values", false),
        ] {
            if !said {
                fields.push(field);
            }
        }
        let syntaxes = [Syntax::Json, Syntax::Xml];
        for rendered in syntaxes
            .into_iter()
            .filter_map(|syntax| adapter.render_in(&outgoing, syntax))
        {
            let again = adapter.read(&rendered.bytes, &rendered.media_type).unwrap();
            let mut wanted = serde_json::to_value(&sent.filing).unwrap();
            let mut got = serde_json::to_value(&again.filing).unwrap();
            without(&mut wanted, &fields);
            without(&mut got, &fields);
            assert_eq!(got, wanted, "{path:?}");
            assert!(
                got.as_object().unwrap().len() > 5,
                "nothing was compared: {fields:?}"
            );
            looked_at.push(rendered.media_type);
        }
    }
    assert!(looked_at.len() >= 10, "{looked_at:?}");
}

#[test]
fn what_a_format_has_of_a_report_it_tells_and_reads_again_without_loss() {
    let mut looked_at = 0;
    for (format, path) in samples::all() {
        let adapter = REGISTRY.get(&format).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with("statuses") || !adapter.tells_progress() {
            continue;
        }
        let read = adapter
            .read_statuses(&fs::read(&path).unwrap(), samples::media_type(&path))
            .unwrap();
        let lost = adapter.unwritten_of_statuses();
        let fields: Vec<&str> = lost
            .iter()
            .map(String::as_str)
            .chain(["foreign_values"])
            .collect();
        for report in read.items.into_iter().filter_map(|item| item.report.ok()?) {
            let rendered = adapter.render_progress(&[told(&report)]).unwrap();
            let document = &rendered.documents[0];
            let again = adapter
                .read_statuses(&document.bytes, &document.media_type)
                .unwrap();
            let again = again.items.into_iter().next().unwrap().report.unwrap().unwrap();
            let mut wanted = serde_json::to_value(&report).unwrap();
            let mut got = serde_json::to_value(&again).unwrap();
            without(&mut wanted, &fields);
            without(&mut got, &fields);
            assert_eq!(got, wanted, "{path:?}");
            looked_at += 1;
        }
    }
    assert!(looked_at >= 3, "{looked_at}");
}

#[test]
fn what_is_read_and_not_written_is_known() {
    let of = |name: &str| {
        let adapter = REGISTRY.get(name).unwrap();
        (adapter.unwritten_of_dossiers(), adapter.unwritten_of_statuses())
    };
    assert_eq!(of("canonical/v1"), (Vec::new(), Vec::new()));
    assert_eq!(of("vnpost-hcc/v1"), (Vec::new(), Vec::new()));
    assert_eq!(
        of("dvcqg-mc/v1"),
        (vec!["reported_text".to_owned()], vec!["assigned_code".to_owned()])
    );
}
