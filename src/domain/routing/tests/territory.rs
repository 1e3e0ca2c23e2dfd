//! Territory in time: each of the 526 former communes on both sides of 2025-07-01, against a reading of the city's table of
//! succession that shares no code with the directory; and names as senders write them.

use std::collections::BTreeMap;

use super::{AFTER, BEFORE, hanoi, legacy, named, place};
use crate::domain::codes::CommuneCode;
use crate::domain::dossier::{Catalogue, Place};
use crate::domain::rejection::Label;
use crate::domain::routing::{CatalogueBy, Divided, ResolvedBy, Route};
use crate::domain::text::Text;

/// A procedure every commune decides for its own residents since 2025-07-01, and one that belonged to a department before.
const OF_COMMUNES: &str = "2.000635";
const OF_DEPARTMENT: &str = "9.930001";

fn lines(path: &str) -> Vec<Vec<String>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/");
    let text = std::fs::read_to_string(format!("{folder}{path}")).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(cells).collect()
}

/// Old code to new codes, and which of them is the default: straight from the source table.
fn source() -> BTreeMap<String, (Vec<String>, String)> {
    let mut all: BTreeMap<String, (Vec<String>, String)> = BTreeMap::new();
    for row in lines("sources/hanoi_commune_succession.csv") {
        let [old, new, default] = &row[..] else {
            panic!("{row:?}")
        };
        let entry = all.entry(old.clone()).or_default();
        entry.0.push(new.clone());
        if default == "true" {
            assert!(entry.1.is_empty(), "{old} has two defaults");
            entry.1.clone_from(new);
        }
    }
    all
}

/// Code, name and district of each former commune, straight from the shipped file.
fn former() -> Vec<(String, String, String)> {
    let rows = lines("hanoi/legacy_communes.csv").into_iter();
    rows.map(|row| (row[0].clone(), row[1].clone(), row[2].clone()))
        .collect()
}

#[test]
fn the_shipped_succession_is_the_source_table() {
    let mut shipped = lines("hanoi/succession.csv");
    let mut source = lines("sources/hanoi_commune_succession.csv");
    shipped.sort();
    source.sort();
    assert_eq!(shipped, source);
    assert_eq!((former().len(), self::source().len()), (526, 526));
}

#[test]
fn every_former_commune_is_itself_on_the_last_day() {
    for (code, name, district) in former() {
        let with_district = Place {
            district: Some(district.parse().unwrap()),
            ..named(&code, &name)
        };
        // Stated, by its district, or by the day alone: the same commune.
        for given in [legacy(&code), with_district, named(&code, &name)] {
            let route = hanoi().route(OF_DEPARTMENT, Some(&given), BEFORE).unwrap();
            let place = route.reason.place.unwrap();
            assert_eq!(
                (place.catalogue, place.by),
                (Catalogue::Legacy, ResolvedBy::Direct),
                "{code}"
            );
            assert_eq!(
                (place.name.as_str(), place.resolved.unwrap().code.as_str()),
                (name.as_str(), code.as_str())
            );
        }
    }
}

/// The default: one commune, marked in the reason and told.
fn takes_the_default(taken: &Route, former: &str, default: &str, successors: &[String]) {
    let place = taken.reason.place.as_ref().unwrap();
    assert_eq!((place.by, taken.parked), (ResolvedBy::DefaultSuccessor, None));
    assert_eq!(place.resolved.as_ref().unwrap().code.as_str(), default);
    assert_eq!(taken.warnings[0].label, Label::DefaultSuccessor);
    // Former and new may have one name, so each is told with its code.
    let told = taken.warnings[0].args();
    assert_eq!(told["former"], former);
    assert!(
        told["taken"].starts_with(&format!("{default} ")),
        "{}",
        told["taken"]
    );
    for successor in successors {
        assert!(
            told["candidates"].contains(&format!("{successor} ")),
            "{}",
            told["candidates"]
        );
    }
    assert!(
        taken.reason.vi.contains("đơn vị kế thừa mặc định"),
        "{}",
        taken.reason.vi
    );
}

#[test]
fn every_former_commune_is_its_successors_from_the_next_day_on() {
    let (source, mut whole, mut divided) = (source(), 0, 0);
    for (code, name, district) in former() {
        let (successors, default) = &source[&code];
        let given = Place {
            district: Some(district.parse().unwrap()),
            ..named(&code, &name)
        };
        let refused = hanoi().route(OF_COMMUNES, Some(&given), AFTER);
        let parked = hanoi()
            .route_by(OF_COMMUNES, Some(&given), AFTER, Divided::Park)
            .unwrap();
        let taken = hanoi()
            .route_by(OF_COMMUNES, Some(&given), AFTER, Divided::TakeDefault)
            .unwrap();
        let place = parked.reason.place.as_ref().unwrap();
        assert_eq!(
            (place.catalogue, place.catalogue_by),
            (Catalogue::Legacy, CatalogueBy::District)
        );
        assert_eq!(
            taken.agency.as_ref().unwrap().as_str(),
            format!("ubnd-{default}"),
            "{code}"
        );
        if let [one] = &successors[..] {
            whole += 1;
            let route = refused.unwrap();
            assert_eq!(route.agency.as_ref().unwrap().as_str(), format!("ubnd-{one}"));
            assert_eq!(
                (&route, &route),
                (&parked, &taken),
                "{code}: no question, no difference"
            );
            assert!(route.warnings.is_empty());
            continue;
        }
        divided += 1;
        let problem = refused.unwrap_err().problems()[0].clone();
        assert_eq!(problem.label, Label::PlaceAmbiguous);
        let mut told: Vec<String> = problem.args()["candidates"]
            .split(", ")
            .map(|c| c[..5].to_owned())
            .collect();
        let mut expected = successors.clone();
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{code}");
        // Parked: no agency, the label, the candidates in the reason.
        assert_eq!(
            (parked.agency.as_ref(), parked.parked),
            (None, Some(Label::PlaceAmbiguous))
        );
        assert_eq!(
            (place.by, place.candidates.len()),
            (ResolvedBy::Undecided, successors.len())
        );
        assert_eq!(parked.warnings[0].label, Label::PlaceAmbiguous);
        takes_the_default(&taken, &format!("{code} {name}"), default, successors);
    }
    assert_eq!((whole, divided), (327, 199));
}

#[test]
fn a_place_from_a_paper_older_than_the_catalogue_is_the_former_one() {
    let last_old_day = BEFORE;
    for (code, name, _) in former() {
        let on_paper = |day| Place {
            document_date: Some(day),
            ..named(&code, &name)
        };
        let routed = |place: &Place| {
            hanoi()
                .route_by(OF_COMMUNES, Some(place), AFTER, Divided::TakeDefault)
                .map(|route| (route.agency, route.reason))
        };
        let stated = Place {
            catalogue: Some(Catalogue::Legacy),
            ..named(&code, &name)
        };
        let ((agency, reason), (by_word, _)) =
            (routed(&on_paper(last_old_day)).unwrap(), routed(&stated).unwrap());
        let place = reason.place.unwrap();
        assert_eq!(agency, by_word, "{code}");
        assert_eq!(
            (place.given_catalogue, place.catalogue, place.catalogue_by),
            (None, Catalogue::Legacy, CatalogueBy::DocumentDate)
        );
        assert!(reason.vi.contains("vì giấy tờ đề ngày trước đó"), "{}", reason.vi);
        assert!(reason.en.contains("as its paper is older"), "{}", reason.en);
    }
    // From the first day of the catalogue on, the date of a paper says nothing: the day of filing decides.
    let paper = |day, catalogue, district: Option<&str>| Place {
        document_date: Some(day),
        catalogue,
        district: district.map(|code| code.parse().unwrap()),
        ..place("00004")
    };
    let by = |place: &Place, on| {
        let route = hanoi().route_by(OF_DEPARTMENT, Some(place), on, Divided::Park);
        let place = route.unwrap().reason.place.unwrap();
        (place.catalogue, place.catalogue_by)
    };
    let (since, filed) = (Catalogue::Since2025, CatalogueBy::FilingDate);
    assert_eq!(by(&paper(AFTER, None, None), AFTER), (since, filed));
    assert_eq!(by(&paper(AFTER, None, None), BEFORE), (Catalogue::Legacy, filed));
    // What the sender states, and a district, are clearer words than a date.
    let stated = paper(last_old_day, Some(since), None);
    assert_eq!(by(&stated, AFTER), (since, CatalogueBy::Stated));
    let (code, _, district) = former().swap_remove(0);
    let in_district = Place {
        commune: code.parse().unwrap(),
        ..paper(last_old_day, None, Some(&district))
    };
    assert_eq!(
        by(&in_district, AFTER),
        (Catalogue::Legacy, CatalogueBy::District)
    );
    // Today's name on an old paper is a contradiction, and said.
    let today = Place {
        document_date: Some(last_old_day),
        ..named("00004", "Phường Ba Đình")
    };
    let refused = hanoi().route(OF_COMMUNES, Some(&today), AFTER).unwrap_err();
    assert_eq!(refused.label(), Label::PlaceNameMismatch);
}

#[test]
fn a_divided_commune_asks_nobody_where_every_part_has_one_agency() {
    let (source, mut asked) = (source(), 0);
    for (code, ..) in former().into_iter().filter(|(code, ..)| source[code].0.len() > 1) {
        let answers = [Divided::Refuse, Divided::Park, Divided::TakeDefault].map(|divided| {
            hanoi()
                .route_by("9.901001", Some(&legacy(&code)), AFTER, divided)
                .unwrap()
        });
        for route in answers {
            let place = route.reason.place.unwrap();
            assert_eq!((place.by, route.parked), (ResolvedBy::SameAgency, None), "{code}");
            assert_eq!(place.candidates.len(), source[&code].0.len());
            asked += 1;
        }
    }
    assert_eq!(asked, 3 * 199);
}

#[test]
fn a_code_of_today_is_todays_commune_from_its_first_day_and_a_former_one_before() {
    let former: BTreeMap<String, String> = former().into_iter().map(|(code, name, _)| (code, name)).collect();
    let mut reused = 0;
    for commune in hanoi().communes(Catalogue::Since2025) {
        let given = place(commune.code.as_str());
        let today = hanoi().route(OF_COMMUNES, Some(&given), AFTER).unwrap();
        assert_eq!(today.reason.place.unwrap().name, commune.name);
        let Some(name) = former.get(commune.code.as_str()) else {
            continue;
        };
        reused += 1;
        let before = hanoi().route(OF_DEPARTMENT, Some(&given), BEFORE).unwrap();
        let place = before.reason.place.unwrap();
        assert_eq!((&place.name, place.catalogue_by), (name, CatalogueBy::FilingDate));
    }
    assert_eq!(reused, 126, "every code of today existed before");
}

/// The seven names two data sets spell differently (domain facts 1.4), by code.
const SPELT_TWO_WAYS: [(&str, &str, &str); 7] = [
    ("00175", "Phường Yên Hoà", "Phường Yên Hòa"),
    ("09856", "Xã Dương Hoà", "Xã Dương Hòa"),
    ("09988", "Xã Hoà Lạc", "Xã Hòa Lạc"),
    ("10096", "Xã Hoà Phú", "Xã Hòa Phú"),
    ("10180", "Xã Dân Hoà", "Xã Dân Hòa"),
    ("10402", "Xã Ứng Hoà", "Xã Ứng Hòa"),
    ("10417", "Xã Hoà Xá", "Xã Hòa Xá"),
];

#[test]
fn the_seven_names_are_taken_in_both_spellings_composed_or_not() {
    use unicode_normalization::UnicodeNormalization;
    for (code, new, old) in SPELT_TWO_WAYS {
        for spelling in [new, old] {
            let forms = [
                spelling.to_owned(),
                spelling.nfd().collect(),
                spelling.to_uppercase(),
                spelling.to_uppercase().nfd().collect(),
            ];
            for form in forms {
                // As a sender's document gives it, and as a text that was never normalised.
                let given = Place {
                    name: Some(Text::parse(&form).unwrap()),
                    ..place(code)
                };
                let route = hanoi().route(OF_COMMUNES, Some(&given), AFTER);
                let agency = route.unwrap().agency.unwrap();
                assert_eq!(agency.as_str(), format!("ubnd-{code}"), "{form}");
            }
        }
    }
    // Another tone is another name.
    let wrong = named("00175", "Phường Yên Hoá");
    let refused = hanoi().route(OF_COMMUNES, Some(&wrong), AFTER).unwrap_err();
    assert_eq!(refused.label(), Label::PlaceNameMismatch);
}

#[test]
fn every_commune_of_both_lists_is_taken_by_its_own_name_decomposed() {
    use unicode_normalization::UnicodeNormalization;
    for (catalogue, day) in [(Catalogue::Legacy, BEFORE), (Catalogue::Since2025, AFTER)] {
        for commune in hanoi().communes(catalogue) {
            let decomposed: String = commune.name.nfd().collect();
            let given = Place {
                catalogue: Some(catalogue),
                name: Some(Text::parse(&decomposed).unwrap()),
                ..place(commune.code.as_str())
            };
            let reason = hanoi().route("9.901001", Some(&given), day).unwrap().reason;
            assert_eq!(reason.place.unwrap().given_code, commune.code);
        }
    }
}

#[test]
fn a_default_that_is_no_longer_in_force_is_not_taken() {
    // 00025 went into three communes; when its default ends, the two that are left have no default.
    let old: CommuneCode = "00025".parse().unwrap();
    assert_eq!(
        hanoi()
            .succeeded(&old, super::NOW)
            .iter()
            .find(|(_, default)| *default)
            .unwrap()
            .0
            .as_str(),
        "00025"
    );
    let files = super::changed(
        "communes.csv",
        "00025,Phường Giảng Võ,phuong,2025-07-01,,",
        "00025,Phường Giảng Võ,phuong,2025-07-01,2026-06-30,",
    );
    let other = super::Directory::read(&files).unwrap();
    let refused = other.route_by(
        OF_COMMUNES,
        Some(&legacy("00025")),
        super::NOW,
        Divided::TakeDefault,
    );
    assert_eq!(refused.unwrap_err().label(), Label::PlaceAmbiguous);
}
