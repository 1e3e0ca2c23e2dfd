//! Routing over the shipped directory of Hanoi.

mod data;
mod joint;
mod reception;
mod reference;
mod reorganised;
mod territory;

use std::collections::BTreeMap;

use super::*;
use crate::domain::codes::CommuneCode;
use crate::domain::dossier::{Catalogue, Place};
use crate::domain::rejection::Rejection;
use crate::domain::text::Text;
use crate::domain::time::Date;

const BEFORE: Date = Date::constant(2025, 6, 30);
const AFTER: Date = Date::constant(2025, 7, 1);
const NOW: Date = Date::constant(2026, 11, 23);

fn files() -> BTreeMap<String, String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/directory/hanoi");
    let read = |name: &&str| {
        (
            (*name).to_owned(),
            std::fs::read_to_string(folder.join(name)).unwrap(),
        )
    };
    Directory::FILES.iter().map(read).collect()
}

fn hanoi() -> &'static Directory {
    static HANOI: std::sync::OnceLock<Directory> = std::sync::OnceLock::new();
    HANOI.get_or_init(|| Directory::read(&files()).unwrap())
}

/// The shipped files with some text of one of them replaced.
fn changed(file: &str, from: &str, to: &str) -> BTreeMap<String, String> {
    let mut files = files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{file} no longer holds {from}");
    *text = text.replacen(from, to, 1);
    files
}

fn place(commune: &str) -> Place {
    Place {
        catalogue: None,
        commune: commune.parse().unwrap(),
        name: None,
        district: None,
        document_date: None,
    }
}

fn legacy(commune: &str) -> Place {
    Place {
        catalogue: Some(Catalogue::Legacy),
        ..place(commune)
    }
}

fn named(commune: &str, name: &str) -> Place {
    Place {
        name: Some(Text::parse(name).unwrap()),
        ..place(commune)
    }
}

fn agency(procedure: &str, place: Option<&Place>, on: Date) -> Option<String> {
    hanoi()
        .route(procedure, place, on)
        .unwrap()
        .agency
        .map(|k| k.to_string())
}

fn problems(refused: Result<Route, Rejection>) -> Vec<(Label, Option<String>)> {
    refused
        .unwrap_err()
        .problems()
        .iter()
        .map(|p| (p.label, p.path.clone()))
        .collect()
}

fn problem(refused: Result<Route, Rejection>) -> (Label, Option<String>) {
    let mut all = problems(refused);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn at(path: &str) -> Option<String> {
    Some(path.to_owned())
}

#[test]
fn every_commune_decides_its_own_dossiers() {
    let mut n = 0;
    for commune in hanoi().communes(Catalogue::Since2025) {
        let named = named(commune.code.as_str(), &commune.name);
        let expected = format!("ubnd-{}", commune.code);
        assert_eq!(agency("2.000635", Some(&named), NOW), Some(expected));
        n += 1;
    }
    assert_eq!(n, 126);
}

#[test]
fn every_procedure_in_force_routes_but_the_two_made_wrong() {
    for procedure in hanoi()
        .procedures()
        .filter(|p| in_force(p.valid_from, p.valid_to, NOW))
    {
        let route = hanoi()
            .route(procedure.code.as_str(), Some(&place("00004")), NOW)
            .unwrap();
        let parked = match procedure.code.as_str() {
            "9.990001" => Some(Label::CompetenceGap),
            "9.990002" => Some(Label::CompetenceOverlap),
            _ => None,
        };
        assert_eq!(route.parked, parked, "{}", procedure.code);
        assert_eq!(route.agency.is_none(), parked.is_some());
        assert_eq!(route.limit, procedure.limit);
    }
}

#[test]
fn a_gap_and_an_overlap_park_the_dossier_and_say_why() {
    let gap = hanoi().route("9.990001", None, NOW).unwrap();
    assert_eq!((gap.agency, gap.parked), (None, Some(Label::CompetenceGap)));
    assert_eq!(gap.warnings[0].label, Label::CompetenceGap);
    assert!(gap.reason.rules.is_empty() && gap.reason.chosen.is_none());
    let overlap = hanoi().route("9.990002", None, NOW).unwrap();
    assert_eq!(
        (overlap.agency, overlap.parked),
        (None, Some(Label::CompetenceOverlap))
    );
    assert_eq!(overlap.warnings[0].args()["rules"], "R0371, R0372");
    assert!(
        overlap.reason.vi.contains("R0372 (Sở Xây dựng)"),
        "{}",
        overlap.reason.vi
    );
}

#[test]
fn procedures_split_with_the_board_go_by_place() {
    let board = "ban-quan-ly-khu-cong-nghe-cao-khu-cong-nghiep";
    for (procedure, department) in [
        ("9.940001", "so-xay-dung"),
        ("9.940002", "so-nong-nghiep-moi-truong"),
    ] {
        let mut seen = BTreeMap::new();
        for commune in hanoi().communes(Catalogue::Since2025) {
            let agency = agency(procedure, Some(&place(commune.code.as_str())), NOW).unwrap();
            *seen.entry(agency).or_insert(0) += 1;
        }
        let agencies: Vec<&str> = seen.keys().map(String::as_str).collect();
        assert_eq!(agencies, [board, department]);
        assert!(seen[board] < 10, "{seen:?}");
        assert_eq!(agency(procedure, None, BEFORE).as_deref(), Some(department));
        let missing = problem(hanoi().route(procedure, None, AFTER));
        assert_eq!(missing, (Label::CompetenceFieldMissing, at("/place/commune")));
    }
}

#[test]
fn six_procedures_moved_to_the_communes_on_one_day() {
    let departments = [
        "so-y-te",
        "so-xay-dung",
        "so-van-hoa-the-thao",
        "so-noi-vu",
        "so-giao-duc-dao-tao",
        "so-cong-thuong",
    ];
    for (i, department) in (1..).zip(departments) {
        let procedure = format!("9.93000{i}");
        assert_eq!(
            agency(&procedure, Some(&place("00004")), BEFORE).as_deref(),
            Some(department)
        );
        assert_eq!(agency(&procedure, None, BEFORE).as_deref(), Some(department));
        assert_eq!(
            agency(&procedure, Some(&place("00004")), AFTER).as_deref(),
            Some("ubnd-00004")
        );
    }
}

#[test]
fn a_code_is_found_as_it_is_by_alias_or_by_suffix() {
    let cases = [
        ("2.000635", "2.000635", Matched::Exact),
        ("2.000635.000.00.00.H26", "2.000635", Matched::Alias),
        ("TS_lop1.000.00.00.H26", "9.925001", Matched::Alias),
        ("9.901001.H26", "9.901001", Matched::Suffix),
        ("9.901001.000.00.00.H26", "9.901001", Matched::Suffix),
    ];
    for (received, code, matched) in cases {
        let route = hanoi().route(received, Some(&place("00004")), NOW).unwrap();
        let reason = route.reason.procedure;
        assert_eq!((reason.code.as_str(), reason.matched), (code, matched));
        assert_eq!(
            (reason.received.as_str(), route.procedure.code.as_str()),
            (received, code)
        );
    }
    for unknown in [
        "7.777777",
        "2.000635.H56",
        "2.000635.000.00.00.H26.H26",
        "",
        "2.000635 ",
    ] {
        let refused = hanoi().route(unknown, Some(&place("00004")), NOW);
        assert_eq!(
            problem(refused),
            (Label::ProcedureUnknown, at("/procedure/code")),
            "{unknown}"
        );
    }
}

#[test]
fn an_unknown_code_that_may_be_a_name_is_not_repeated() {
    let refused = hanoi().route("Người thử 000", None, NOW).unwrap_err();
    let args = &refused.problems()[0].args();
    assert_eq!((args.get("procedure"), &*args["field"]), (None, "code"));
}

#[test]
fn a_procedure_counts_only_while_in_force() {
    let last = Date::constant(2026, 6, 30);
    assert_eq!(agency("9.950001", None, last).as_deref(), Some("so-cong-thuong"));
    for (procedure, on) in [("9.950001", last.tomorrow().unwrap()), ("2.000635", BEFORE)] {
        let refused = problem(hanoi().route(procedure, Some(&legacy("00001")), on));
        assert_eq!(refused, (Label::ProcedureNotInForce, at("/procedure/code")));
    }
}

#[test]
fn the_same_digits_mean_two_places() {
    let today = hanoi()
        .route("2.000635", Some(&place("00004")), NOW)
        .unwrap()
        .reason
        .place
        .unwrap();
    assert_eq!(
        (today.name.as_str(), today.catalogue_by),
        ("Phường Ba Đình", CatalogueBy::FilingDate)
    );
    let former = hanoi()
        .route("2.000635", Some(&legacy("00004")), NOW)
        .unwrap()
        .reason
        .place
        .unwrap();
    assert_eq!(
        (former.name.as_str(), former.by),
        ("Phường Trúc Bạch", ResolvedBy::SoleSuccessor)
    );
    assert_eq!(former.resolved.unwrap().name, "Phường Ba Đình");
    // 00008 was Liễu Giai and is Ngọc Hà
    let by_district = Place {
        district: Some("001".parse().unwrap()),
        ..place("00008")
    };
    let reason = hanoi()
        .route("9.901001", Some(&by_district), NOW)
        .unwrap()
        .reason
        .place
        .unwrap();
    assert_eq!(
        (reason.name.as_str(), reason.catalogue_by),
        ("Phường Liễu Giai", CatalogueBy::District)
    );
    let before = hanoi()
        .route("9.930001", Some(&place("00008")), BEFORE)
        .unwrap()
        .reason
        .place
        .unwrap();
    assert_eq!(
        (before.name.as_str(), before.by),
        ("Phường Liễu Giai", ResolvedBy::Direct)
    );
}

#[test]
fn a_name_or_district_that_contradicts_the_code_is_a_problem() {
    let old_name = named("00004", "Phường Trúc Bạch");
    let refused = hanoi().route("2.000635", Some(&old_name), NOW).unwrap_err();
    assert_eq!(refused.problems()[0].path, at("/place/name"));
    assert_eq!(refused.problems()[0].args()["name"], "Phường Ba Đình");
    let old = Place {
        catalogue: Some(Catalogue::Legacy),
        ..old_name
    };
    assert_eq!(agency("2.000635", Some(&old), NOW).as_deref(), Some("ubnd-00004"));
    let wrong_district = Place {
        district: Some("002".parse().unwrap()),
        ..place("00004")
    };
    let refused = problem(hanoi().route("2.000635", Some(&wrong_district), NOW));
    assert_eq!(refused, (Label::PlaceNameMismatch, at("/place/district")));
    let today_with_district = Place {
        catalogue: Some(Catalogue::Since2025),
        ..wrong_district
    };
    let refused = problem(hanoi().route("2.000635", Some(&today_with_district), NOW));
    assert_eq!(refused, (Label::PlaceNameMismatch, at("/place/district")));
}

#[test]
fn an_unknown_place_is_refused_even_where_no_rule_needs_it() {
    for place in [
        place("99999"),
        place("00001"),
        Place {
            catalogue: Some(Catalogue::Legacy),
            ..place("99999")
        },
    ] {
        for procedure in ["2.000635", "9.901001"] {
            let refused = problem(hanoi().route(procedure, Some(&place), NOW));
            assert_eq!(refused, (Label::PlaceUnknown, at("/place/commune")));
        }
    }
    let too_early = Place {
        catalogue: Some(Catalogue::Since2025),
        ..place("00004")
    };
    let refused = problem(hanoi().route("9.901001", Some(&too_early), BEFORE));
    assert_eq!(refused, (Label::PlaceUnknown, at("/place/commune")));
}

#[test]
fn all_problems_are_told_at_once() {
    let wrong = Place {
        district: Some("002".parse().unwrap()),
        ..named("00004", "Xã Mẫu")
    };
    let labels: Vec<Label> = problems(hanoi().route("7.777777", Some(&wrong), NOW))
        .into_iter()
        .map(|p| p.0)
        .collect();
    assert_eq!(
        labels,
        [
            Label::ProcedureUnknown,
            Label::PlaceNameMismatch,
            Label::PlaceNameMismatch
        ]
    );
}

#[test]
fn every_former_commune_resolves_or_is_ambiguous_with_its_candidates() {
    let (mut sole, mut divided) = (0, 0);
    for commune in hanoi().communes(Catalogue::Legacy) {
        let successors = hanoi().successors(&commune.code);
        let place = Place {
            name: Some(Text::parse(&commune.name).unwrap()),
            ..legacy(commune.code.as_str())
        };
        for on in [AFTER, NOW] {
            match (successors, hanoi().route("2.000635", Some(&place), on)) {
                ([one], Ok(route)) => {
                    sole += 1;
                    assert_eq!(route.agency.unwrap().as_str(), format!("ubnd-{one}"));
                }
                ([_, _, ..], Err(refused)) => {
                    divided += 1;
                    let problem = &refused.problems()[0];
                    assert_eq!(
                        (problem.label, &problem.path),
                        (Label::PlaceAmbiguous, &at("/place/commune"))
                    );
                    assert_eq!(problem.args()["candidates"].split(", ").count(), successors.len());
                }
                (_, other) => panic!("{}: {other:?}", commune.code),
            }
        }
        let before = hanoi().route("9.930001", Some(&place), BEFORE).unwrap();
        assert_eq!(before.reason.place.unwrap().by, ResolvedBy::Direct);
    }
    assert_eq!((sole, divided), (2 * 327, 2 * 199));
}

#[test]
fn a_divided_commune_goes_on_when_every_part_has_the_same_agency() {
    let route = hanoi().route("9.940001", Some(&legacy("00007")), NOW).unwrap();
    assert_eq!(route.agency.unwrap().as_str(), "so-xay-dung");
    let place = route.reason.place.unwrap();
    assert_eq!((place.by, place.resolved), (ResolvedBy::SameAgency, None));
    assert_eq!(
        place.candidates.len(),
        hanoi().successors(&"00007".parse::<CommuneCode>().unwrap()).len()
    );
    assert!(
        route.reason.vi.contains("trước đây (nay là Phường"),
        "{}",
        route.reason.vi
    );
}

#[test]
fn the_reason_is_a_sentence_and_survives_json() {
    let route = hanoi().route("2.000635", Some(&place("00004")), NOW).unwrap();
    let version = hanoi().version();
    assert_eq!(
        route.reason.vi,
        format!(
            "Cấp bản sao trích lục hộ tịch (2.000635, phiên bản 1) của người cư trú ở Phường Ba Đình thuộc UBND phường Ba Đình theo \
             quy tắc R0002, danh mục {version}, ngày 2026-11-23."
        )
    );
    assert_eq!(
        route.reason.en,
        format!(
            "Cấp bản sao trích lục hộ tịch (2.000635, version 1) of a resident of Phường Ba Đình belongs to UBND phường Ba Đình by \
             rule R0002, directory {version}, on 2026-11-23."
        )
    );
    assert_eq!(route.reason.rules.len(), 1);
    let json = serde_json::to_string(&route.reason).unwrap();
    assert_eq!(serde_json::from_str::<RouteReason>(&json).unwrap(), route.reason);
}
