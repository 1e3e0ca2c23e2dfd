//! One document: read, counted, written.

use crate::cli::tests::{house, lienthong};
use crate::cli::{CommandError, Exit};

#[test]
fn a_document_is_tried_and_its_problems_are_said_with_their_place() {
    let sample = |name: &str| house(&format!("adapters/canonical/v1/samples/{name}"));
    let (exit, out) = lienthong(&["adapter", "try", "canonical/v1", &sample("full.json")]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    let (exit, out) = lienthong(&[
        "adapter",
        "try",
        "canonical/v1",
        &sample("refused-1.xml"),
        "--json",
    ]);
    assert_eq!(exit, Ok(Exit::Findings));
    let problems: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(!problems["problems"].as_array().unwrap().is_empty());
    let (exit, out) = lienthong(&["adapter", "try", "canonical/v1", &sample("refused-1.json")]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.starts_with("✘ "), "{out}");
    assert!(matches!(
        lienthong(&["adapter", "try", "none/v1", "x.json"]).0,
        Err(CommandError::Said(_))
    ));
    assert_eq!(
        lienthong(&["adapter", "check", &house("adapters")]).0,
        Ok(Exit::Good)
    );
}

#[test]
fn coverage_counts_what_documents_have_and_nobody_reads() {
    let sample = |name: &str| house(&format!("adapters/dvcqg-mc/v1/samples/{name}"));
    let (full, minimal) = (sample("full.json"), sample("minimal.json"));
    let (_, out) = lienthong(&["adapter", "coverage", "dvcqg-mc/v1", &full, &minimal, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let fields = told["fields"].as_array().unwrap();
    let session = fields.iter().find(|f| f["place"] == "/session").unwrap();
    assert_eq!(
        (session["why"].as_str(), session["times"].as_u64()),
        (Some("ignored"), session["files"].as_u64())
    );
    let (exit, out) = lienthong(&["adapter", "coverage", "canonical/v1", &full]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.contains("field") && !out.contains("Nguyễn"), "{out}");
    let whole = house("adapters/canonical/v1/samples/full.json");
    let (exit, out) = lienthong(&["adapter", "coverage", "canonical/v1", &whole]);
    assert_eq!((exit, out.contains("0 fields")), (Ok(Exit::Good), true), "{out}");
}

#[test]
fn a_document_is_written_as_a_party_would_be_sent_it() {
    let sample = |name: &str| house(&format!("adapters/{name}"));
    let full = sample("canonical/v1/samples/full.json");
    let (exit, out) = lienthong(&["adapter", "render", "canonical/v1", &full, "--in", "dvcqg-mc/v1"]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["service"], "DongBoHoSoMC");
    assert_eq!(document["data"][0]["LienThong"]["SoThamChieu"], "BD-2026-000123");
    let (exit, out) = lienthong(&["adapter", "render", "canonical/v1", &full, "--syntax", "xml"]);
    assert_eq!((exit, out.starts_with("<?xml")), (Ok(Exit::Good), true), "{out}");
    let statuses = sample("canonical/v1/samples/statuses.json");
    let told = ["adapter", "render", "canonical/v1", &statuses, "--progress"];
    let (_, out) = lienthong(&[&told[..], &["--in", "dvcqg-mc/v1"]].concat());
    assert!(out.contains("CapNhatTienDoHoSoMC"), "{out}");
    // The canonical form has no message that tells progress.
    assert!(matches!(lienthong(&told).0, Err(CommandError::Said(_))));
    let (exit, out) = lienthong(&["adapter", "check", &house("adapters")]);
    assert_eq!(exit, Ok(Exit::Good));
    assert!(
        out.contains("read and not written, dossiers: reported_text") && out.contains("progress out"),
        "{out}"
    );
}
