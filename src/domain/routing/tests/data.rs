//! The files themselves: their version, their faults, and what is wrong with them as a whole.

use super::{changed, files, hanoi};
use crate::domain::rejection::Language;
use crate::domain::routing::{Directory, Finding, Severity};

#[test]
fn the_version_follows_the_bytes() {
    let again = Directory::read(&files()).unwrap();
    assert_eq!(again.version(), hanoi().version());
    assert!(again.version().len() == 12 && again.version().bytes().all(|b| b.is_ascii_hexdigit()));
    let other = Directory::read(&changed("agencies.csv", "Sở Công Thương", "Sở Công thương")).unwrap();
    assert_ne!(other.version(), hanoi().version());
}

#[test]
fn faults_name_file_and_line_and_come_all_at_once() {
    let mut files = changed("agencies.csv", "H26.P05", "h26 P05");
    let communes = files.get_mut("communes.csv").unwrap();
    *communes = communes
        .replacen("00008,", "8,", 1)
        .replacen("00025,", "00004,", 1);
    let rules = files.get_mut("competence.csv").unwrap();
    *rules = rules.replacen("R0002,2.000635,@commune,", "R0002,2.000635,everywhere,", 1) + "R9999,short\n";
    files.insert("points.csv".to_owned(), "key,name\n".to_owned());
    files.insert("agents.csv".to_owned(), String::new());
    let faults = Directory::read(&files).unwrap_err();
    let mut found: Vec<(&str, u64)> = faults.iter().map(|f| (f.file.as_str(), f.line)).collect();
    found.sort_unstable();
    let expected = [
        ("agencies.csv", 3),
        ("agents.csv", 0),
        ("communes.csv", 3),
        ("communes.csv", 4),
        ("competence.csv", 3),
        ("competence.csv", 374),
        ("points.csv", 1),
    ];
    assert_eq!(found, expected);
    let twice = faults
        .iter()
        .find(|f| f.file == "communes.csv" && f.line == 4)
        .unwrap();
    assert_eq!(
        twice.to_string(),
        format!("communes.csv:4: {} | {}", twice.message_vi, twice.message_en)
    );
    assert!(
        twice.message(Language::English).contains("already on line 2"),
        "{twice}"
    );
    files.remove("agents.csv");
    assert_eq!(Directory::read(&files).unwrap_err()[0].file, "agents.csv");
}

#[test]
fn the_shipped_data_have_the_two_faults_made_on_purpose_and_no_other() {
    let findings = hanoi().check(false);
    let mut found: Vec<(&str, &str)> = findings.iter().map(|f| (f.code, &f.message_en[..8])).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [("competence-gap", "9.990001"), ("competence-overlap", "9.990002")]
    );
    assert!(findings.iter().all(|f| f.severity == Severity::Warning));
}

#[test]
fn production_refuses_provisional_rows() {
    let findings = hanoi().check(true);
    let errors: Vec<&Finding> = findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .collect();
    assert!(errors.iter().all(|f| f.code == "rows-provisional"));
    let files: Vec<&str> = errors
        .iter()
        .map(|f| f.message_en.split(':').next().unwrap())
        .collect();
    let expected = [
        "agencies",
        "agents",
        "branches",
        "competence",
        "enterprises",
        "holidays",
        "hours",
        "points",
        "procedures",
        "requirements",
        "time_limits",
        "tasks",
    ];
    assert_eq!(files, expected.map(|f| format!("{f}.csv")));
    assert!(
        errors[1]
            .to_string()
            .contains("100 provisional rows (a-001; a-002; a-003; …)"),
        "{}",
        errors[1]
    );
    assert_eq!(findings.len(), errors.len() + 2);
}

#[test]
fn check_finds_gaps_overlaps_and_dangling_references() {
    let codes = |files| {
        let directory = Directory::read(&files).unwrap();
        let mut codes: Vec<&str> = directory.check(false).iter().map(|f| f.code).collect();
        codes.sort_unstable();
        codes
    };
    let demo = ["competence-gap", "competence-overlap"];
    let with = |more: &[&'static str]| {
        let mut all: Vec<&str> = demo.iter().chain(more).copied().collect();
        all.sort_unstable();
        all
    };
    // one commune of a split procedure loses its rule
    let one_gap = changed("competence.csv", "R0117,9.940001,00004,", "R0117,9.940001,00008,");
    assert_eq!(codes(one_gap), with(&["competence-gap"]));
    // a city-wide rule ends a day too late
    let late = changed("competence.csv", "so-y-te,,2025-06-30", "so-y-te,,2025-07-01");
    assert_eq!(codes(late), with(&["competence-overlap"]));
    // an agency ends while its rules go on
    let ended = changed(
        "agencies.csv",
        "amqp,canonical/v1,2025-07-01,,",
        "amqp,canonical/v1,2025-07-01,2026-12-31,",
    );
    assert!(codes(ended).len() > 30);
    let nobody = changed("competence.csv", "van-phong-ubnd-thanh-pho", "so-khong-co");
    assert_eq!(codes(nobody), with(&["competence-gap", "reference-dangling"]));
    let early = changed(
        "competence.csv",
        "00004,so-xay-dung,2025-07-01",
        "00004,so-xay-dung,2025-06-30",
    );
    assert!(codes(early).contains(&"rule-outside-commune"));
    let default = changed("succession.csv", "00001,00097,true", "00001,00097,false");
    assert_eq!(codes(default), with(&["successor-default"]));
}
