//! The example of the page about adapters.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{json_of, outgoing, report, told};
use crate::adapt::tests::samples;
use crate::adapt::{OutgoingDossier, Registry, Syntax};
use crate::domain::status::Status;
use crate::domain::view::{Clocks, NotTold, Progress};

/// The block of this language after the heading about what is written.
fn example(language: &str) -> &'static str {
    let page = include_str!("../../../../docs/ADAPTERS.md");
    let (_, section) = page.split_once("### What is written\n").unwrap();
    let (_, block) = section.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_example_of_the_page_writes_what_the_page_says() {
    let file = ("so-mau/v1/adapter.toml".to_owned(), example("toml").to_owned());
    let registry =
        Registry::shipped_with(&BTreeMap::from([file])).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let sample = std::fs::read(samples::adapters_dir().join("canonical/v1/samples/full.json")).unwrap();
    let read = registry
        .get("canonical/v1")
        .unwrap()
        .read(&sample, "application/json");
    let filing = read.unwrap().filing;
    let adapter = registry.get("so-mau/v1").unwrap();
    outgoing(&filing, |dossier| {
        let dossier = OutgoingDossier {
            status: Status::Registered,
            dossier_code: filing.dossier_code.as_ref(),
            clocks: &Clocks {
                promised_due: filing.promised_due,
                ..Clocks::default()
            },
            progress: &Progress::default(),
            ..*dossier
        };
        let wanted: Value = serde_json::from_str(example("json")).unwrap();
        assert_eq!(json_of(&adapter.render(&dossier)), wanted);
        let xml = adapter.render_in(&dossier, Syntax::Xml).unwrap();
        let lines: Vec<&str> = example("xml").lines().map(str::trim).collect();
        let (head, body) = lines.split_first().unwrap();
        assert_eq!(
            String::from_utf8(xml.bytes).unwrap(),
            format!("{head}\n{}\n", body.concat())
        );
    });
    let (done, registered) = (
        report(json!({"dossier": "BD-1", "status": 5, "papers": [{"name": "A"}, {"name": "B"}]})),
        report(json!({"dossier": "BD-1", "status": 1})),
    );
    let rendered = adapter
        .render_progress(&[told(&done), told(&registered)])
        .unwrap();
    let documents: Vec<Value> = rendered.documents.iter().map(json_of).collect();
    assert_eq!(
        documents,
        [json!({"Ma": "BD-1", "TrangThai": "CHO_BO_SUNG", "GiayTo": "A; B"})]
    );
    assert_eq!(rendered.left_out, [(1, NotTold::NoWord)]);
}
