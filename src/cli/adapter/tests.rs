//! The commands for whoever writes a format, run as a person runs them.

mod page;
mod trying;

use std::path::Path;

use crate::cli::tests::{Folder, house, lienthong};
use crate::cli::{CommandError, Exit};

/// A shipped format with its samples, in a folder of its own.
fn copied(folder: &Folder, name: &str) -> String {
    let to = folder.path(name);
    copy(Path::new(&house(&format!("adapters/{name}"))), Path::new(&to));
    to
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn edit(path: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn every_shipped_sample_gives_what_is_expected_of_it() {
    let (exit, out) = lienthong(&["adapter", "test", &house("adapters")]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(
        out.contains("opencps/v1\n") && out.contains(" 0 findings"),
        "{out}"
    );
    assert!(!out.contains("samples lacking: minimal"), "{out}");
}

#[test]
fn what_differs_is_said_field_by_field_and_written_on_request() {
    let folder = Folder::new("adapter-test");
    let dir = copied(&folder, "opencps/v1");
    let test = ["adapter", "test", &dir];
    assert_eq!(lienthong(&test).0, Ok(Exit::Good));

    edit(
        &format!("{dir}/adapter.toml"),
        r#"{ to = "email", from = "Email" },"#,
        r#"{ to = "email", from = "EmailAddress" },"#,
    );
    let (exit, out) = lienthong(&test);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(
        out.contains(r#"      /filing/applicant/email: "mau@vidu.vn" → (không có | nothing)"#),
        "{out}"
    );
    assert!(
        out.contains("full.json: khác | differs from expected/full.json.json"),
        "{out}"
    );

    let (_, out) = lienthong(&["adapter", "test", &dir, "--update"]);
    assert!(out.contains("  + expected/full.json.json"), "{out}");
    assert_eq!(lienthong(&test).0, Ok(Exit::Good));
}

#[test]
fn samples_and_expected_results_belong_together() {
    let folder = Folder::new("adapter-orphans");
    let dir = copied(&folder, "vnpost-hcc/v1");
    std::fs::remove_file(format!("{dir}/expected/full.json.json")).unwrap();
    std::fs::remove_file(format!("{dir}/samples/ugly.xml")).unwrap();
    std::fs::rename(
        format!("{dir}/samples/minimal.xml"),
        format!("{dir}/samples/refused-4.xml"),
    )
    .unwrap();
    let (exit, out) = lienthong(&["adapter", "test", &dir]);
    assert_eq!(exit, Ok(Exit::Findings));
    for said in [
        "full.json: chưa có expected/full.json.json",
        "expected/ugly.xml.json: không thuộc mẫu nào",
        "refused-4.xml: được nhận",
        "samples lacking: minimal.xml, ugly.xml",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    // The folder of all versions of a name is a folder of formats too.
    let (exit, whole) = lienthong(&["adapter", "test", &folder.path("vnpost-hcc")]);
    assert_eq!((exit, whole), (Ok(Exit::Findings), out));
}

#[test]
fn where_there_is_no_format_nothing_is_good() {
    let folder = Folder::new("adapter-none");
    for command in ["check", "test"] {
        let (exit, out) = lienthong(&["adapter", command, &folder.path("")]);
        assert_eq!(exit, Ok(Exit::Findings), "{out}");
        assert!(out.contains("there is no format"), "{out}");
        let gone = folder.path("gone");
        let (exit, _) = lienthong(&["adapter", command, &gone]);
        assert!(matches!(exit, Err(CommandError::Said(_))));
    }
}

#[test]
fn a_check_names_faults_by_line_and_reads_the_samples() {
    let folder = Folder::new("adapter-check");
    let dir = copied(&folder, "vnpost-hcc/v1");
    let (exit, out) = lienthong(&["adapter", "check", &folder.path("")]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(
        out.contains("  12 mẫu, 0 điều cần xem | 12 samples, 0 findings"),
        "{out}"
    );

    edit(
        &format!("{dir}/expected/full.json.json"),
        "Hộ tịch",
        "Hộ tịch khác",
    );
    let (exit, out) = lienthong(&["adapter", "check", &folder.path("")]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.contains("/filing/procedure/field_name"), "{out}");

    edit(
        &format!("{dir}/adapter.toml"),
        "to = \"reference\"",
        "to = \"refernce\"",
    );
    let (exit, out) = lienthong(&["adapter", "check", &dir]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.contains("vnpost-hcc/v1/adapter.toml:35:"), "{out}");
}

#[test]
fn a_format_is_explained_both_ways() {
    let (exit, out) = lienthong(&["adapter", "explain", "opencps/v1", "applicant.identity_number"]);
    assert_eq!(exit, Ok(Exit::Good));
    for said in [
        "applicant.identity_number\n    ApplicantsId    opencps/v1/adapter.toml:",
        "when: ApplicantsType is not enterprise | state-agency | other-organisation (table party_kind)",
        "mend: replace \" \" → \"\", \".\" → \"\"",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert!(!out.contains("applicant.name"), "{out}");
    let (exit, out) = lienthong(&["adapter", "explain", "opencps/v1", "--by-source"]);
    assert_eq!(exit, Ok(Exit::Good));
    for said in [
        "- không đọc | not read: routing decides the agency",
        "= giữ kèm | kept as a foreign value",
        "→ applicant.tax_code",
        "[statuses]",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    let (_, out) = lienthong(&[
        "adapter",
        "explain",
        &house("adapters/opencps/v1"),
        "DocPapers",
        "--by-source",
        "--json",
    ]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told[0]["path"], "DocPapers[].Amount");
    assert!(matches!(
        lienthong(&["adapter", "explain", "opencps/v1", "nothing"]).0,
        Err(CommandError::Said(_))
    ));
}

#[test]
fn a_change_is_judged_by_its_rules_and_by_the_samples() {
    let folder = Folder::new("adapter-diff");
    let dir = copied(&folder, "opencps/v1");
    let diff = ["adapter", "diff", &dir, &folder.path("new.toml")];
    let file = folder.path("new.toml");
    std::fs::copy(format!("{dir}/adapter.toml"), &file).unwrap();
    let (exit, out) = lienthong(&diff);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(
        out.contains("16 documents, 16 read as before") && out.contains("Safe:"),
        "{out}"
    );

    // One more word is safe; another path is not.
    edit(&file, "\"y\" = true\n", "\"y\" = true\n\"có\" = true\n");
    let (exit, out) = lienthong(&diff);
    assert!(
        exit == Ok(Exit::Good) && out.contains("[dossier] is_test"),
        "{out}"
    );
    edit(&file, "from = \"Phone\", only_if", "from = \"Mobile\", only_if");
    let (exit, out) = lienthong(&diff);
    assert_eq!(exit, Ok(Exit::Findings));
    for said in [
        "    - Phone; only_if: phone",
        "    + Mobile; only_if: phone",
        "✘ [dossier] Phone: applicant.phone → không có trong tệp | not in the file",
        "✘ full.json: đọc khác | is read otherwise",
        "/filing/applicant/phone: ",
        "Not safe",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    let (_, out) = lienthong(&[&diff[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["safe"], false);
}

#[test]
fn coverage_counts_a_document_that_would_be_refused_and_names_what_nothing_reached() {
    let sample = |name: &str| house(&format!("adapters/dvcqg-mc/v1/samples/{name}"));
    let (_, out) = lienthong(&["adapter", "coverage", "dvcqg-mc/v1", &sample("refused-1.json")]);
    assert!(
        !out.contains(" 0 fields") && out.contains("1 files would be refused"),
        "{out}"
    );
    let (_, out) = lienthong(&["adapter", "coverage", "dvcqg-mc/v1", &sample("minimal.json")]);
    assert!(
        out.contains("no file had a value for: ")
            && out.contains("fees[].amount_vnd")
            && !out.contains(" reference,"),
        "{out}"
    );
    // Another system's document: every field of it is unknown.
    let folder = Folder::new("adapter-coverage");
    let file = folder.path("other.xml");
    std::fs::write(&file, "<Khac><Ma>1</Ma><Ten>A</Ten></Khac>").unwrap();
    let (exit, out) = lienthong(&["adapter", "coverage", "opencps/v1", &file]);
    assert_eq!(exit, Ok(Exit::Findings));
    assert!(out.contains("/Khac/Ma") && out.contains("2 fields"), "{out}");
}

#[test]
fn a_draft_is_printed_or_written_and_never_over_another() {
    let folder = Folder::new("adapter-new");
    let sample = |name: &str| house(&format!("adapters/opencps/v1/samples/{name}"));
    let (json, xml, statuses) = (sample("full.json"), sample("full.xml"), sample("statuses.json"));
    let from = [
        "adapter",
        "new",
        "--from",
        &json,
        &xml,
        "--statuses",
        &statuses,
        "--name",
        "so-mau",
    ];
    let (exit, printed) = lienthong(&from);
    assert_eq!(exit, Ok(Exit::Good), "{printed}");
    assert!(printed.contains("# đoán theo | guess by tên | name"), "{printed}");
    let formats = folder.path("formats");
    let to = [&from[..], &["--out", &formats]].concat();
    let (exit, out) = lienthong(&to);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    let file = folder.path("formats/so-mau/v1/adapter.toml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), printed);
    let (exit, out) = lienthong(&["adapter", "check", &formats]);
    assert_eq!(exit, Ok(Exit::Good), "{out}");
    assert!(
        out.contains("so-mau/v1 (provisional)") && out.contains("samples lacking: minimal.json"),
        "{out}"
    );
    assert!(matches!(lienthong(&to).0, Err(CommandError::Said(_))));
    // No name, number or address of a person.
    for value in ["Trần", "000190000002", "mau@vidu.vn", "0000000002"] {
        assert!(!printed.contains(value), "{value}");
    }
    let broken = folder.path("broken.json");
    std::fs::write(&broken, "{").unwrap();
    assert_eq!(
        lienthong(&["adapter", "new", "--from", &broken]).0,
        Ok(Exit::Findings)
    );
}
