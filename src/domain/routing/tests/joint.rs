//! Procedures of several agencies, and the one-stop unit of an agency.

use super::{NOW, changed, files, hanoi};
use crate::domain::calendar::Limit;
use crate::domain::routing::{Directory, Severity};
use crate::domain::task::TaskState;

const JOINT: &str = "9.904005";

#[test]
fn the_lead_is_the_agency_the_rules_name_and_the_others_follow() {
    let route = hanoi().route(JOINT, None, NOW).unwrap();
    let tasks: Vec<_> = route
        .tasks
        .iter()
        .map(|t| (t.number, t.agency.as_str(), t.lead, t.limit))
        .collect();
    assert_eq!(
        tasks,
        [
            (1, "so-tai-chinh", true, Limit::CalendarDays(15)),
            (2, "so-nong-nghiep-moi-truong", false, Limit::WorkingDays(5)),
            (3, "so-quy-hoach-kien-truc", false, Limit::WorkingDays(5)),
        ]
    );
    let not_sent = |t: &crate::domain::task::AgencyTask| t.state == TaskState::Waiting && t.due_at.is_none();
    assert!(route.tasks.iter().all(not_sent));
    assert!(hanoi().route("9.904001", None, NOW).unwrap().tasks.is_empty());
    // What nobody is competent for has no lead, and no tasks until the operator names one.
    assert!(hanoi().route("9.990001", None, NOW).unwrap().tasks.is_empty());
}

#[test]
fn a_task_holds_on_its_days_and_for_its_version_only() {
    let lead = "so-tai-chinh".parse().unwrap();
    let code = JOINT.parse().unwrap();
    let ended = changed(
        "tasks.csv",
        "hợp với quy hoạch,5,working-days,,,",
        "hợp với quy hoạch,5,working-days,,2026-11-22,",
    );
    let directory = Directory::read(&ended).unwrap();
    assert_eq!(directory.tasks_of(&code, 1, &lead, NOW).len(), 2);
    assert_eq!(directory.tasks_of(&code, 2, &lead, NOW).len(), 0);
    assert_eq!(hanoi().tasks_of(&code, 1, &lead, NOW).len(), 3);
}

#[test]
fn a_directory_without_the_lists_is_read_and_keeps_its_version() {
    let mut without = files();
    for name in Directory::MAY_BE_ABSENT {
        without.remove(*name);
    }
    let directory = Directory::read(&without).unwrap();
    assert!(directory.procedure_tasks().next().is_none() && directory.one_stop_units().next().is_none());
    assert_ne!(directory.version(), hanoi().version());
    // By the files alone, as before there were such lists.
    let again = Directory::read(&without).unwrap();
    assert_eq!(directory.version(), again.version());
    without.remove("procedures.csv");
    assert!(Directory::read(&without).is_err());
}

#[test]
fn what_is_wrong_with_the_lists_is_told() {
    let codes = |files| -> Vec<(&'static str, Severity)> {
        let directory = Directory::read(&files).unwrap();
        directory
            .check(false)
            .iter()
            .map(|f| (f.code, f.severity))
            .collect()
    };
    let before = codes(files());
    let new = |files| -> Vec<(&'static str, Severity)> {
        let found = codes(files);
        found
            .into_iter()
            .filter(|found| !before.contains(found))
            .collect()
    };
    let nobody = changed("tasks.csv", "so-nong-nghiep-moi-truong", "so-khong-co");
    assert_eq!(new(nobody), [("reference-dangling", Severity::Error)]);
    let no_lead = changed(
        "tasks.csv",
        "9.904005,1,1,@competent",
        "9.904005,1,1,so-tai-chinh",
    );
    assert_eq!(new(no_lead), [("tasks-without-lead", Severity::Error)]);
    let other_level = changed("tasks.csv", "so-nong-nghiep-moi-truong", "ubnd-00004");
    assert_eq!(new(other_level), [("task-of-another-level", Severity::Warning)]);
    let mut units = files();
    let row = "agency,unit,valid_from,valid_to,provisional,source\nubnd-00004,khong-co,,,true,test\n";
    units.insert("one_stop_units.csv".to_owned(), row.to_owned());
    assert_eq!(new(units), [("reference-dangling", Severity::Error)]);
    let twice = changed("tasks.csv", "9.904005,1,3,", "9.904005,1,2,");
    assert_eq!(Directory::read(&twice).unwrap_err().len(), 1);
    // As in every dated list, two rows of one agency do not hold on the same day.
    let rows = |until: &str| {
        let mut units = files();
        let rows = format!(
            "agency,unit,valid_from,valid_to,provisional,source\nubnd-00004,ha-dong,,{until},true,test\n\
             ubnd-00004,ba-dinh,2026-12-02,,true,test\n"
        );
        units.insert("one_stop_units.csv".to_owned(), rows);
        Directory::read(&units)
    };
    assert_eq!(rows("2026-12-02").unwrap_err().len(), 1);
    assert_eq!(rows("2026-12-01").unwrap().one_stop_units().count(), 2);
}

#[test]
fn the_unit_that_is_written_down_supervises_instead_of_the_one_nearby() {
    let mut files = files();
    let row = "agency,unit,valid_from,valid_to,provisional,source\nubnd-00004,ha-dong,,,true,test\n";
    files.insert("one_stop_units.csv".to_owned(), row.to_owned());
    let directory = Directory::read(&files).unwrap();
    let agency = "ubnd-00004".parse().unwrap();
    let of = |directory: &Directory, submitter: &str| {
        let found = directory.reception(&submitter.parse().unwrap(), None, Some(&agency), NOW);
        (found.supervisor.map(|unit| unit.to_string()), found.notice)
    };
    assert_eq!(
        of(hanoi(), "branch.tay-ho"),
        (Some("branch.ba-dinh".to_owned()), true)
    );
    assert_eq!(
        of(&directory, "branch.tay-ho"),
        (Some("branch.ha-dong".to_owned()), true)
    );
    // The agency's own unit that receives needs no notice, and what is not known to be out of area gives none.
    assert_eq!(of(&directory, "branch.ha-dong"), (None, false));
    assert_eq!(of(hanoi(), "branch.ba-dinh"), (None, false));
}
