//! Who receives, and whether in the area of the agency.

use super::{NOW, changed, hanoi};
use crate::domain::codes::Key;
use crate::domain::routing::Directory;

/// Unit, whether out of area, supervisor, by name; `-` for none.
fn received(directory: &Directory, submitter: &str, point: &str, agency: &str) -> String {
    let point: Option<Key> = (!point.is_empty()).then(|| point.parse().unwrap());
    let agency: Key = agency.parse().unwrap();
    let found = directory.reception(&submitter.parse().unwrap(), point.as_ref(), Some(&agency), NOW);
    let name =
        |unit: Option<crate::domain::tenant::TenantKey>| unit.map_or("-".to_owned(), |u| u.to_string());
    let area = if found.out_of_area { "out" } else { "home" };
    format!("{} {area} {}", name(found.unit), name(found.supervisor))
}

#[test]
fn every_dossier_has_a_receiving_unit_and_out_of_area_one_that_supervises() {
    let at = |submitter, point, agency| received(hanoi(), submitter, point, agency);
    // An agent's unit is its branch; its commune says whether it is at home.
    assert_eq!(at("agent.a-001", "", "ubnd-00004"), "branch.ba-dinh home -");
    assert_eq!(
        at("agent.a-001", "", "ubnd-00091"),
        "branch.ba-dinh out branch.tay-ho"
    );
    // Another commune of the same branch: out of area, and the unit that supervises is the one that receives.
    assert_eq!(at("agent.a-001", "", "ubnd-00008"), "branch.ba-dinh out -");
    // A branch point without a commune is in the area of its branch, and not thereby out of area.
    assert_eq!(
        at("branch.ba-dinh", "chi-nhanh-ba-dinh", "ubnd-00008"),
        "branch.ba-dinh home -"
    );
    assert_eq!(
        at("branch.ba-dinh", "chi-nhanh-ba-dinh", "ubnd-00091"),
        "branch.ba-dinh out branch.tay-ho"
    );
    assert_eq!(at("branch.ba-dinh", "", "ubnd-00004"), "branch.ba-dinh home -");
    assert_eq!(
        at("branch.ba-dinh", "diem-00008", "ubnd-00004"),
        "branch.ba-dinh out -"
    );
    // A department is at home in all of the city.
    assert_eq!(at("agent.a-001", "", "so-noi-vu"), "branch.ba-dinh home -");
    // Who stands in no file is not thereby anywhere else.
    assert_eq!(at("agent.khong-co", "", "ubnd-00004"), "- home -");
    assert_eq!(
        at("agent.khong-co", "diem-00091", "ubnd-00004"),
        "branch.tay-ho out branch.ba-dinh"
    );
}

#[test]
fn an_agent_without_a_branch_is_a_finding() {
    let files = changed("agents.csv", "00004,ba-dinh,", "00004,,");
    let directory = Directory::read(&files).unwrap();
    assert_eq!(received(&directory, "agent.a-001", "", "ubnd-00004"), "- home -");
    let found = directory.check(false);
    let found = found.iter().find(|f| f.code == "agent-without-branch").unwrap();
    assert!(found.message_en.contains("a-001"), "{found}");
}

#[test]
fn a_dossier_keeps_the_version_of_the_procedure_of_its_day() {
    let first = "9.901001,1,Cho phép sử dụng thẻ đi lại doanh nhân APEC (thẻ ABTC),P-NGV,Ngoại vụ,province,none,10,working-days,0,true,,,true,";
    let second = first
        .replace("9.901001,1", "9.901001,2")
        .replace(",10,working-days", ",7,working-days");
    let both = format!(
        "{}x\n{}y\n9.901001,3,",
        first.replace(",true,,,true,", ",true,,2026-06-30,true,"),
        second.replace(",true,,,true,", ",true,2026-07-01,2026-12-31,true,")
    );
    let third_begins = "Cho phép sử dụng thẻ đi lại doanh nhân APEC (thẻ ABTC),P-NGV,Ngoại vụ,province,none,10,working-days,0,true,,,true,";
    let mut files = changed("procedures.csv", "9.901001,1,", &both);
    let text = files.get_mut("procedures.csv").unwrap();
    let place = text.find("9.901001,3,").unwrap();
    let rest = text.split_off(place);
    *text += &rest.replacen(
        third_begins,
        &third_begins.replace(",true,,,true,", ",true,2027-01-01,,true,"),
        1,
    );
    let directory = Directory::read(&files).unwrap();
    let of = |day: &str| directory.route("9.901001", None, day.parse().unwrap()).unwrap();
    for (day, version, days) in [("2026-06-30", 1, 10), ("2026-07-01", 2, 7), ("2027-01-01", 3, 10)] {
        let route = of(day);
        assert_eq!(route.reason.procedure.version, version, "{day}");
        assert_eq!(
            route.limit,
            crate::domain::calendar::Limit::WorkingDays(days),
            "{day}"
        );
        assert!(
            route.reason.vi.contains(&format!("phiên bản {version}")),
            "{}",
            route.reason.vi
        );
    }
    assert!(
        directory
            .check(false)
            .iter()
            .all(|f| f.code != "procedure-versions-overlap")
    );
    let files = files
        .into_iter()
        .map(|(name, text)| (name, text.replace("2026-12-31,true,y", "2027-12-31,true,y")))
        .collect();
    let codes: Vec<&str> = Directory::read(&files)
        .unwrap()
        .check(false)
        .iter()
        .map(|f| f.code)
        .collect();
    assert!(codes.contains(&"procedure-versions-overlap"), "{codes:?}");
}

#[test]
fn a_procedure_of_the_city_that_is_closed_out_of_area_is_a_finding() {
    let row = "province,none,10,working-days,0,";
    let files = changed("procedures.csv", &format!("{row}true"), &format!("{row}false"));
    let found = Directory::read(&files).unwrap().check(false);
    let found = found
        .iter()
        .find(|f| f.code == "procedure-closed-out-of-area")
        .unwrap();
    assert!(found.message_en.contains("9.901001"), "{found}");
    // One that ended in time was never late.
    let ended = changed(
        "procedures.csv",
        &format!("{row}true,,,"),
        &format!("{row}false,,2025-12-31,"),
    );
    let found = Directory::read(&ended).unwrap().check(false);
    assert!(
        found.iter().all(|f| f.code != "procedure-closed-out-of-area"),
        "{found:?}"
    );
}
