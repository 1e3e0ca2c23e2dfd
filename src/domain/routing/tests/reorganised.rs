//! Reorganisations: the real one of 2025-07-01, from the shipped territory, and made-up ones after it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::*;
use crate::domain::codes::{DistrictCode, Key};
use crate::domain::tenant::TenantKey;

const EVE: Date = Date::constant(2026, 12, 1);
const DAY: Date = Date::constant(2026, 12, 2);

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn append(files: &mut BTreeMap<String, String>, file: &str, rows: &str) {
    files.get_mut(file).unwrap().push_str(rows);
}

/// Ends the row of a file that begins so.
fn end(files: &mut BTreeMap<String, String>, file: &str, row: &str, last: Date) {
    let text = files.get_mut(file).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with(row))
        .unwrap()
        .to_owned();
    let ended = if line.contains("2025-07-01,,") {
        line.replace("2025-07-01,,", &format!("2025-07-01,{last},"))
    } else {
        line.replace(",,,true,", &format!(",,{last},true,"))
    };
    assert_ne!(line, ended, "{line}");
    *text = text.replace(&line, &ended);
}

fn errors(directory: &Directory) -> Vec<&'static str> {
    let findings = directory.check(false).into_iter();
    let errors = findings.filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.code).collect()
}

/// The shipped directory with the 30 districts as agencies until 2025-06-30, and what became of them: each was split between the
/// communes that its communes went into. Their keys are made up; territory, day and decision are not.
fn with_districts() -> (Directory, BTreeMap<DistrictCode, BTreeSet<CommuneCode>>) {
    let mut parts: BTreeMap<DistrictCode, BTreeSet<CommuneCode>> = BTreeMap::new();
    for old in hanoi().communes(Catalogue::Legacy) {
        let district = old.district.as_ref().unwrap().code.clone();
        let today = hanoi().successors(&old.code).iter().cloned();
        parts.entry(district).or_default().extend(today);
    }
    let (mut agencies, mut rows) = (String::new(), String::new());
    for (district, communes) in &parts {
        writeln!(
            agencies,
            "ubnd-cap-huyen-{district},H26.9{district},,UBND cấp huyện {district},office,province,,,pull,canonical/v1,,2025-06-30,true,khóa tự đặt"
        )
        .unwrap();
        for commune in communes {
            writeln!(
                rows,
                "H{district}-{commune},split,agency,ubnd-cap-huyen-{district},ubnd-{commune},2025-07-01,,false,move,false,QĐ 19/2025/QĐ-TTg"
            )
            .unwrap();
        }
    }
    let mut files = files();
    append(&mut files, "agencies.csv", &agencies);
    append(&mut files, "reorganisations.csv", &rows);
    (Directory::read(&files).unwrap(), parts)
}

#[test]
fn on_the_first_of_july_2025_every_open_dossier_of_a_district_found_its_commune() {
    let (directory, parts) = with_districts();
    assert_eq!((parts.len(), errors(&directory)), (30, vec![]));
    assert_eq!(directory.departed(BEFORE).len(), 0);
    assert_eq!(directory.departed(AFTER).len(), 30);
    let (mut decided, mut waiting) = (0, 0);
    for old in hanoi().communes(Catalogue::Legacy) {
        let district = key(&format!("ubnd-cap-huyen-{}", old.district.as_ref().unwrap().code));
        // As it was filed the day before, about a resident of that commune.
        let place = legacy(old.code.as_str());
        let procedure = "2.000635".parse().unwrap();
        let mut reason = directory
            .route_by("2.000635", Some(&place), AFTER, Divided::Park)
            .unwrap()
            .reason;
        reason.date = BEFORE.to_string();
        let held = HeldDossier {
            agency: &district,
            procedure: &procedure,
            since: BEFORE,
            reason: &reason,
        };
        assert_eq!(directory.heir(held, BEFORE), Heir::Stays, "{}", old.code);
        match (directory.heir(held, AFTER), directory.successors(&old.code)) {
            (Heir::Passes { to, by }, [only]) => {
                assert_eq!(to.as_str(), format!("ubnd-{only}"));
                assert!(by.iter().all(|row| row.ends_with("(QĐ 19/2025/QĐ-TTg)")));
                decided += 1;
            }
            (Heir::Undecided { candidates, .. }, several) => {
                assert!(several.len() > 1, "{}", old.code);
                let of_the_district = &parts[&old.district.as_ref().unwrap().code];
                assert_eq!(candidates.len(), of_the_district.len());
                waiting += 1;
            }
            other => panic!("{}: {other:?}", old.code),
        }
    }
    assert_eq!((decided + waiting, waiting > 0), (526, true));
}

#[test]
fn a_rule_leads_to_whoever_took_over_and_says_so() {
    let mut files = files();
    end(&mut files, "agencies.csv", "so-cong-thuong,", EVE);
    append(
        &mut files,
        "reorganisations.csv",
        "T1,merge,agency,so-cong-thuong,so-tai-chinh,2026-12-02,,false,move,true,Nghị quyết mẫu\n",
    );
    let directory = Directory::read(&files).unwrap();
    assert_eq!(errors(&directory), Vec::<&str>::new());
    let on = |day| directory.route("9.905001", None, day).unwrap();
    assert_eq!(on(EVE).agency.unwrap().as_str(), "so-cong-thuong");
    let after = on(DAY);
    assert_eq!(after.agency.unwrap().as_str(), "so-tai-chinh");
    assert_eq!(after.reason.rules[0].taken_over, ["T1"]);
    assert!(
        after.reason.en.contains("took over by T1 (Nghị quyết mẫu)"),
        "{}",
        after.reason.en
    );
    assert!(after.reason.vi.contains("kế thừa theo T1"), "{}", after.reason.vi);
    // A filing of the day before that arrives late.
    let late = directory.settle(on(EVE), EVE, DAY);
    let taken = late.reason.succession.unwrap();
    assert_eq!(
        (late.agency.unwrap().as_str(), taken.from.as_str()),
        ("so-tai-chinh", "so-cong-thuong")
    );
    assert_eq!(late.reason.chosen.as_deref(), Some("so-cong-thuong"));
    // A rule that begins on the day was written by somebody who knew.
    append(
        &mut files,
        "competence.csv",
        "R9001,9.905001,*,so-tu-phap,2026-12-02,,true,thử\n",
    );
    let both = Directory::read(&files)
        .unwrap()
        .route("9.905001", None, DAY)
        .unwrap();
    assert_eq!((both.agency, both.parked), (None, Some(Label::CompetenceOverlap)));
}

#[test]
fn the_task_of_a_co_agency_goes_to_whoever_took_it_over() {
    let mut files = files();
    end(&mut files, "agencies.csv", "so-nong-nghiep-moi-truong,", EVE);
    append(
        &mut files,
        "reorganisations.csv",
        "T1,merge,agency,so-nong-nghiep-moi-truong,so-xay-dung,2026-12-02,,false,move,true,Nghị quyết mẫu\n",
    );
    let directory = Directory::read(&files).unwrap();
    let route = |filed_on, today| {
        let route = directory.route("9.904005", None, filed_on).unwrap();
        let tasks = directory.settle(route, filed_on, today).tasks;
        let agencies = tasks.iter().map(|task| task.agency.to_string());
        agencies.collect::<Vec<_>>()
    };
    let others = ("so-tai-chinh", "so-quy-hoach-kien-truc");
    let with = |second| [others.0, second, others.1];
    assert_eq!(route(EVE, EVE), with("so-nong-nghiep-moi-truong"));
    assert_eq!(route(EVE, DAY), with("so-xay-dung"));
    assert_eq!(route(DAY, DAY), with("so-xay-dung"));
}

#[test]
fn a_hand_over_of_one_procedure_leaves_the_others_and_open_dossiers_as_it_says() {
    for (word, stays) in [("stay", true), ("move", false)] {
        let mut files = files();
        let row = format!(
            "T1,hand-over,agency,so-cong-thuong,so-tai-chinh,2026-12-02,9.905001,false,{word},true,Nghị quyết mẫu\n"
        );
        append(&mut files, "reorganisations.csv", &row);
        let directory = Directory::read(&files).unwrap();
        assert_eq!(errors(&directory), Vec::<&str>::new());
        let before = directory.route("9.905001", None, EVE).unwrap();
        assert_eq!(
            directory.route("9.905001", None, DAY).unwrap().agency,
            Some(key("so-tai-chinh"))
        );
        let others = directory
            .procedures()
            .filter(|p| p.code.as_str() != "9.905001")
            .filter(|p| {
                directory
                    .rules()
                    .any(|r| r.procedure == p.code && r.agency == RuleAgency::Named(key("so-cong-thuong")))
            })
            .filter_map(|p| directory.route(p.code.as_str(), None, DAY).ok())
            .filter(|route| route.agency == Some(key("so-cong-thuong")));
        assert!(others.count() > 0);
        let (agency, procedure) = (key("so-cong-thuong"), "9.905001".parse().unwrap());
        let held = HeldDossier {
            agency: &agency,
            procedure: &procedure,
            since: EVE,
            reason: &before.reason,
        };
        assert_eq!(directory.heir(held, DAY) == Heir::Stays, stays);
        // What came to it on the day or later stays in any case: an operator sent it there.
        assert_eq!(
            directory.heir(HeldDossier { since: DAY, ..held }, DAY),
            Heir::Stays
        );
    }
}

#[test]
fn what_an_agency_kept_at_a_hand_over_goes_on_when_it_ends_later() {
    let mut files = files();
    end(
        &mut files,
        "agencies.csv",
        "so-cong-thuong,",
        Date::constant(2026, 12, 31),
    );
    append(
        &mut files,
        "reorganisations.csv",
        "T1,hand-over,agency,so-cong-thuong,so-tai-chinh,2026-12-02,9.905001,false,stay,true,mẫu\n\
         T2,merge,agency,so-cong-thuong,so-tu-phap,2027-01-01,,false,move,true,mẫu\n",
    );
    let directory = Directory::read(&files).unwrap();
    assert_eq!(errors(&directory), Vec::<&str>::new());
    let reason = directory.route("9.905001", None, EVE).unwrap().reason;
    let (agency, procedure) = (key("so-cong-thuong"), "9.905001".parse().unwrap());
    let held = HeldDossier {
        agency: &agency,
        procedure: &procedure,
        since: EVE,
        reason: &reason,
    };
    assert_eq!(directory.heir(held, DAY), Heir::Stays);
    let (to, by) = (key("so-tu-phap"), vec!["T2 (mẫu)".to_owned()]);
    assert_eq!(
        directory.heir(held, Date::constant(2027, 1, 1)),
        Heir::Passes { to, by }
    );
}

#[test]
fn an_agency_under_another_name_is_the_same_agency_from_its_day_on() {
    let mut files = files();
    let row = files["agencies.csv"]
        .lines()
        .find(|line| line.starts_with("so-cong-thuong,"))
        .unwrap();
    let renamed = row
        .replace("Sở Công Thương", "Sở Công Thương và Thương mại mẫu")
        .replace(",,,true,", ",2026-12-02,,true,");
    end(&mut files, "agencies.csv", "so-cong-thuong,", EVE);
    append(&mut files, "agencies.csv", &format!("{renamed}\n"));
    append(
        &mut files,
        "reorganisations.csv",
        "T1,rename,agency,so-cong-thuong,so-cong-thuong,2026-12-02,,false,move,true,Nghị quyết mẫu\n",
    );
    let directory = Directory::read(&files).unwrap();
    assert_eq!(errors(&directory), Vec::<&str>::new());
    assert_eq!(directory.agencies().count(), hanoi().agencies().count());
    let name = |day| {
        directory
            .agency_at(&key("so-cong-thuong"), day)
            .unwrap()
            .name
            .clone()
    };
    assert_eq!(
        (name(EVE).as_str(), name(DAY).as_str()),
        ("Sở Công Thương", "Sở Công Thương và Thương mại mẫu")
    );
    let route = directory.route("9.905001", None, DAY).unwrap();
    assert_eq!(route.agency, Some(key("so-cong-thuong")));
    let held = HeldDossier {
        agency: &key("so-cong-thuong"),
        procedure: &"9.905001".parse().unwrap(),
        since: EVE,
        reason: &route.reason,
    };
    assert_eq!(directory.heir(held, DAY), Heir::Stays);
    // Periods that meet are a fault, and so is a plan's silence about the second row.
    let plan = plan::changes(&super::files(), &files);
    let rows: Vec<(&str, plan::RowFate)> = plan[0]
        .rows
        .iter()
        .map(|row| (row.key.as_str(), row.fate))
        .collect();
    assert_eq!(
        rows,
        [
            ("so-cong-thuong", plan::RowFate::Changed),
            ("so-cong-thuong → 2026-12-02", plan::RowFate::Added)
        ]
    );
    append(
        &mut files,
        "agencies.csv",
        &format!("{}\n", renamed.replace("2026-12-02", "2026-12-05")),
    );
    assert!(
        Directory::read(&files).unwrap_err()[0]
            .message_en
            .contains("holds on one of the same days")
    );
}

#[test]
fn rows_that_contradict_the_other_files_are_errors_and_an_end_without_heirs_is_told() {
    let with = |rows: &str, last: Option<Date>| {
        let mut files = files();
        if let Some(last) = last {
            end(&mut files, "agencies.csv", "so-cong-thuong,", last);
        }
        append(&mut files, "reorganisations.csv", rows);
        Directory::read(&files).unwrap()
    };
    let merge = "T1,merge,agency,so-cong-thuong,so-tai-chinh,2026-12-02,,false,move,true,mẫu\n";
    assert_eq!(errors(&with(merge, None)), ["reorganisation-wrong"], "it goes on");
    assert_eq!(
        errors(&with(merge, Some(DAY))),
        ["reorganisation-wrong"],
        "it ends a day later"
    );
    assert_eq!(
        errors(&with(&merge.replace("so-tai-chinh", "so-khong-co"), Some(EVE))),
        ["reorganisation-wrong"]
    );
    assert_eq!(
        errors(&with(&merge.replace("move", "stay"), Some(EVE))),
        ["reorganisation-wrong"]
    );
    let split = "T1,split,commune,00004,00008,2026-12-02,,true,move,true,mẫu\n";
    assert_eq!(errors(&with(split, None)), ["reorganisation-wrong"]);
    let alone = with("", Some(EVE)).check(false);
    let told: Vec<&str> = alone
        .iter()
        .map(|f| f.code)
        .filter(|code| *code == "end-without-successor")
        .collect();
    assert_eq!(told.len(), 1);
}

#[test]
fn the_receiving_network_moves_under_one_roof_by_rows_with_days() {
    // Late November 2025: all commune points move from their branches to one Center. The press names no day: one is assumed.
    let (last, first) = (Date::constant(2025, 11, 29), Date::constant(2025, 11, 30));
    let mut files = files();
    append(
        &mut files,
        "branches.csv",
        "trung-tam,,Trung tâm một cấp,,2025-11-30,,true,ngày giả định\n",
    );
    let points = files["points.csv"].clone();
    let mut moved = String::new();
    for line in points.lines().filter(|line| line.contains(",commune-point,")) {
        let cells: Vec<&str> = line.split(',').collect();
        writeln!(
            moved,
            "{},trung-tam,{},{},commune-point,{first},,true,ngày giả định",
            cells[0], cells[2], cells[3]
        )
        .unwrap();
        let row = format!("{},", cells[0]);
        let text = files.get_mut("points.csv").unwrap();
        let old = text
            .lines()
            .find(|line| line.starts_with(&row))
            .unwrap()
            .to_owned();
        let begins = cells[5];
        *text = text.replace(
            &old,
            &old.replace(
                &format!(",commune-point,{begins},,"),
                &format!(",commune-point,{begins},{last},"),
            ),
        );
    }
    append(&mut files, "points.csv", &moved);
    let directory = Directory::read(&files).unwrap();
    assert_eq!((moved.lines().count(), errors(&directory)), (126, vec![]));
    let commune: CommuneCode = "00004".parse().unwrap();
    assert_eq!(directory.branch_of(&commune, last), Some(&key("ba-dinh")));
    assert_eq!(directory.branch_of(&commune, first), Some(&key("trung-tam")));
    // Received at the point of another commune: out of area, and whose office supervises follows the day.
    let far = directory
        .points()
        .find(|p| p.commune.as_ref().is_some_and(|c| c.as_str() == "00376"))
        .unwrap()
        .key
        .clone();
    let tenant: TenantKey = "branch.ha-dong".parse().unwrap();
    let on = |day| directory.reception(&tenant, Some(&far), Some(&key("ubnd-00004")), day);
    assert!(on(last).out_of_area && on(first).out_of_area);
    assert_eq!(on(last).supervisor.unwrap().as_str(), "branch.ba-dinh");
    assert_eq!(on(first).supervisor.unwrap().as_str(), "branch.trung-tam");
    // No agency depends on where a dossier is received.
    let place = place("00004");
    assert_eq!(
        directory.route("2.000635", Some(&place), first).unwrap().agency,
        hanoi().route("2.000635", Some(&place), first).unwrap().agency
    );
}

#[test]
fn a_report_names_each_gap_and_overlap_with_its_period() {
    let report = hanoi().competence();
    let said: Vec<(&str, CompetenceFault, Option<&str>)> = report
        .spots
        .iter()
        .map(|spot| (spot.procedure.as_str(), spot.fault, spot.to.as_deref()))
        .filter(|(code, ..)| code.starts_with("9.99"))
        .collect();
    assert_eq!(
        said,
        [
            ("9.990001", CompetenceFault::Gap, None),
            ("9.990002", CompetenceFault::Overlap, None)
        ]
    );
    // One commune without an office for a month.
    let mut files = files();
    let row = files["agencies.csv"]
        .lines()
        .find(|line| line.starts_with("ubnd-00004,"))
        .unwrap()
        .to_owned();
    end(&mut files, "agencies.csv", "ubnd-00004,", EVE);
    append(
        &mut files,
        "agencies.csv",
        &format!("{}\n", row.replace("2025-07-01,,", "2027-01-01,,")),
    );
    let other = Directory::read(&files).unwrap();
    let known: BTreeSet<CompetenceSpot> = report.spots.into_iter().collect();
    let brought: Vec<CompetenceSpot> = other
        .competence()
        .spots
        .into_iter()
        .filter(|spot| !known.contains(spot))
        .collect();
    assert!(!brought.is_empty());
    for spot in &brought {
        assert_eq!(
            (spot.from.as_deref(), spot.to.as_deref()),
            (Some("2026-12-02"), Some("2026-12-31")),
            "{spot:?}"
        );
        assert_eq!(
            (spot.fault, spot.commune.as_ref().unwrap().code.as_str()),
            (CompetenceFault::Gap, "00004")
        );
    }
    let days = BTreeSet::from([EVE, DAY, NOW]);
    let on_days = other.competence_on(&days);
    let gaps = on_days
        .spots
        .iter()
        .filter(|spot| spot.from.as_deref() == Some("2026-12-02") && spot.commune.is_some());
    assert_eq!(gaps.count(), brought.len());
}
