//! Checks as rows of a list, and which list goes before which.

use serde_json::json;

use super::check;
use crate::domain::checks::*;
use crate::domain::codes::ProcedureCode;
use crate::domain::rejection::{Language, Problem};
use crate::domain::routing::DirectoryFault;

const HEAD: &str =
    "procedure,document,name,rule,arguments,severity,vi,en,valid_from,valid_to,provisional,source\n";

fn read(rows: &str) -> Result<Requirements, Vec<DirectoryFault>> {
    let mut faults = Vec::new();
    let list = Requirements::read("requirements.csv", &format!("{HEAD}{rows}"), &mut faults);
    if faults.is_empty() { Ok(list) } else { Err(faults) }
}

#[test]
fn the_list_that_comes_with_the_hub_has_no_fault() {
    let mut faults = Vec::new();
    let text = include_str!("../../../../schema/checks.csv");
    let list = Requirements::read("checks.csv", text, &mut faults);
    assert_eq!(faults, []);
    assert!(
        list.iter().count() > 0
            && list
                .iter()
                .all(|row| row.procedure.is_none() && row.check.is_some())
    );
}

#[test]
fn rows_say_at_which_line_they_are_wrong() {
    let faults = read(
        "1.004873,dossier,Tên sai,identity-agrees,,error,,,,,true,x\n\
         1.004873,form,a,identity-agrees,,error,,,,,true,x\n\
         1.004873,dossier,b,fees-total,,error,,,,,true,x\n\
         1.004873,dossier,c,paper-required,name,fatal,,,,,true,x\n\
         *,dossier,d,identity-agrees,,error,Câu một,,,,true,x\n\
         *,dossier,e,identity-agrees,,error,,,2026-01-01,2026-06-30,true,x\n\
         *,dossier,e,identity-agrees,,error,,,2026-06-30,,true,x\n\
         *,dossier,f,identity-agrees,field=a,error,,,,,true,x\n",
    )
    .unwrap_err();
    let mut lines: Vec<u64> = faults.iter().map(|fault| fault.line).collect();
    lines.dedup();
    assert_eq!(lines, [2, 3, 4, 5, 6, 8, 9], "{faults:#?}");
}

#[test]
fn a_procedure_has_checks_up_to_the_limit() {
    let rows = |n: usize| -> String {
        let row = |n: usize| format!("1.004873,dossier,a-{n},identity-agrees,,error,,,,,true,x\n");
        (0..n).map(row).collect()
    };
    let most = read(&rows(limits::PER_PROCEDURE)).unwrap();
    assert_eq!(most.iter().count(), limits::PER_PROCEDURE);
    let faults = read(&rows(limits::PER_PROCEDURE + 1)).unwrap_err();
    assert!(faults[0].message_en.contains("at most 50 checks"), "{faults:?}");
}

/// The name, the weight and the rule of what holds for a procedure on a day.
fn held(list: &Requirements, format: &[Check], procedure: &str, on: &str) -> Vec<String> {
    let procedure: ProcedureCode = procedure.parse().unwrap();
    let directory = (list, Some(&procedure), on.parse().unwrap());
    let all = in_force(CheckedDocument::Dossier, format, Some(directory));
    let shown = |held: &CheckInForce<'_>| {
        let rule = format!("{:?}", held.check.rule);
        let word = rule.split([' ', '(']).next().unwrap_or_default();
        format!("{} {:?} {word}", held.check.name, held.severity)
    };
    let lines = all.iter().map(shown);
    lines
        .filter(|line| !line.starts_with("organisation") && !line.starts_with("auth"))
        .collect()
}

#[test]
fn of_one_name_the_most_particular_counts_and_may_only_weigh_it_anew() {
    let list = read(
        "*,dossier,identity,,,error,,,2026-01-01,2026-06-30,false,x\n\
         *,dossier,to-khai,paper-required,name=Tờ khai,warning,,,,,false,x\n\
         1.004873,dossier,to-khai,,,error,,,,,false,x\n\
         1.004873,dossier,cua-dinh-dang,,,error,,,,,false,x\n\
         2.000635,dossier,to-khai,copies-at-least,name=Tờ khai; least=2,warning,,,,,false,x\n\
         2.000635,dossier,khong-co,,,error,,,,,false,x\n",
    )
    .unwrap();
    let own = Check {
        name: "cua-dinh-dang".parse().unwrap(),
        severity: CheckSeverity::Warning,
        ..check(CheckedDocument::Dossier, "fees-total", "")
    };
    let format = std::slice::from_ref(&own);
    assert_eq!(
        held(&list, format, "1.004873", "2026-06-30"),
        [
            "identity Error IdentityAgrees",
            "cua-dinh-dang Error FeesTotal",
            "to-khai Error PaperRequired"
        ]
    );
    assert_eq!(
        held(&list, format, "2.000635", "2026-07-01"),
        [
            "identity Warning IdentityAgrees",
            "cua-dinh-dang Warning FeesTotal",
            "to-khai Warning CopiesAtLeast"
        ]
    );
    // Without a directory those of every dossier and of the format hold.
    let plain = in_force(CheckedDocument::Dossier, format, None);
    assert_eq!(plain.len(), 4);
}

#[test]
fn a_check_may_say_it_in_its_own_words_and_is_told_by_name() {
    let list = read(
        "*,dossier,to-khai,paper-required,name=Tờ khai,error,Nộp tờ khai.,Hand in the form.,,,false,x\n",
    )
    .unwrap();
    let all = in_force(
        CheckedDocument::Dossier,
        &[],
        Some((&list, None, "2026-01-01".parse().unwrap())),
    );
    let empty = json!({});
    let told = broken(&all, &Facts::sound(&empty));
    let problem = told[0].problem(&str::to_owned).at("/TaiLieuNop");
    assert_eq!(problem.check(), Some("to-khai"));
    assert_eq!(problem.advice(Language::Vietnamese), "Nộp tờ khai.");
    assert_eq!(problem.advice(Language::English), "Hand in the form.");
    // It is kept and read back with them.
    let kept = serde_json::to_string(&problem).unwrap();
    let back: Problem = serde_json::from_str(&kept).unwrap();
    assert_eq!(back.advice(Language::English), "Hand in the form.");
}
