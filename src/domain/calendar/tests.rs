//! The working-time cases of the office by name, and the shipped holidays.

mod counted;

use super::*;

const HOLIDAYS: &str = include_str!("../../../schema/directory/hanoi/holidays.csv");
const HOURS: &str = include_str!("../../../schema/directory/hanoi/hours.csv");
const DAYS_HEAD: &str = "date,kind,source,provisional\n";
const HOURS_HEAD: &str = "hours,whose,weekdays,sessions,valid_from,valid_to,provisional,source\n";

fn hanoi() -> Calendar {
    Calendar::clone(Offices::read(HOLIDAYS, HOURS, &[]).unwrap().city())
}

fn with(days: &str, hours: &str) -> Calendar {
    let offices = Offices::read(
        &format!("{DAYS_HEAD}{days}"),
        &format!("{HOURS_HEAD}{hours}"),
        &[],
    );
    Calendar::clone(offices.unwrap().city())
}

fn at(local: &str) -> Timestamp {
    format!("{local}:00+07:00").parse().unwrap()
}

#[track_caller]
fn ends(received: &str, limit: Limit, due: &str) {
    assert_eq!(hanoi().due(at(received), limit, DayEnd::Closing), at(due));
}

#[track_caller]
fn carries(received: &str, limit: Limit, due: &str) {
    assert_eq!(hanoi().due(at(received), limit, DayEnd::Carried), at(due));
}

#[test]
fn case_1_a_working_day_ends_at_closing_time_or_carries_its_hours() {
    ends("2026-11-20T16:50", Limit::WorkingDays(1), "2026-11-23T17:00");
    ends("2026-11-20T17:00", Limit::WorkingDays(1), "2026-11-23T17:00");
    ends("2026-11-20T17:01", Limit::WorkingDays(1), "2026-11-24T17:00");
    ends("2026-11-21T09:00", Limit::WorkingDays(1), "2026-11-24T17:00");
    ends("2026-11-20T06:00", Limit::WorkingDays(1), "2026-11-23T17:00");
    carries("2026-11-20T16:50", Limit::WorkingDays(1), "2026-11-23T16:50");
    carries("2026-11-21T09:00", Limit::WorkingDays(1), "2026-11-24T08:00");
    carries("2026-11-20T12:30", Limit::WorkingDays(2), "2026-11-24T13:00");
}

/// Dates an auditor computed by hand under the shipped calendar: over Giỗ Tổ made up with 30/4 and 1/5, over 2/9, over Tết 2027.
#[test]
fn the_auditors_dates() {
    ends("2026-04-24T16:59", Limit::WorkingDays(3), "2026-05-04T17:00");
    carries("2026-04-24T16:59", Limit::WorkingDays(3), "2026-05-04T16:59");
    for received in ["2026-08-18T08:00", "2026-08-18T16:59"] {
        ends(received, Limit::CalendarDays(15), "2026-09-03T17:00");
    }
    ends("2027-02-04T10:00", Limit::WorkingDays(10), "2027-02-25T17:00");
}

/// “Ngay trong ngày làm việc; nhận sau 15 giờ thì ngày làm việc tiếp theo”, 2.000635 and 2.000908.
#[test]
fn the_same_day_until_the_cut_off_and_else_the_next_working_day() {
    let same_day = |received, due| {
        for end in [DayEnd::Closing, DayEnd::Carried] {
            let limit = Limit::SameDay("15:00".parse().unwrap());
            assert_eq!(hanoi().due(at(received), limit, end), at(due), "{received}");
        }
    };
    same_day("2026-11-23T09:00", "2026-11-23T17:00");
    same_day("2026-11-23T12:30", "2026-11-23T17:00");
    same_day("2026-11-23T15:00", "2026-11-23T17:00");
    same_day("2026-11-23T15:01", "2026-11-24T17:00");
    same_day("2026-11-23T15:30", "2026-11-24T17:00");
    // After closing, or when the office is shut, it counts as received when the office next opens, and that is before the cut-off.
    same_day("2026-11-23T17:01", "2026-11-24T17:00");
    same_day("2026-11-23T06:00", "2026-11-23T17:00");
    same_day("2026-11-21T16:00", "2026-11-23T17:00");
    // Over a day of rest and a holiday.
    same_day("2026-11-20T15:30", "2026-11-23T17:00");
    same_day("2026-04-29T15:30", "2026-05-04T17:00");
    // A half day closes before the cut-off.
    let calendar = with(
        "2026-12-07,half-day,x,false\n",
        "city,*,mon tue,08:00-12:00 13:00-17:00,,,false,x\n",
    );
    let due = |received| {
        calendar.due(
            at(received),
            Limit::SameDay("15:00".parse().unwrap()),
            DayEnd::Closing,
        )
    };
    assert_eq!(due("2026-12-07T11:00"), at("2026-12-07T12:00"));
    assert_eq!(due("2026-12-07T13:00"), at("2026-12-08T17:00"));
}

#[test]
fn a_cut_off_is_a_whole_minute_of_the_day_and_stored_as_written() {
    let limit = Limit::SameDay("15:00".parse().unwrap());
    let stored = serde_json::to_string(&limit).unwrap();
    assert_eq!(stored, r#"{"same-day":"15:00"}"#);
    assert_eq!(serde_json::from_str::<Limit>(&stored).unwrap(), limit);
    for wrong in ["", "15", "15:0", "24:00", "15:60", "15:00:00", " 15:00", "3:00"] {
        assert!(wrong.parse::<CutOff>().is_err(), "{wrong}");
    }
}

#[test]
fn case_2_hours_are_carried_on_both_sides_of_the_cut_off() {
    ends("2026-11-23T14:59", Limit::WorkingHours(8), "2026-11-24T14:59");
    ends("2026-11-23T15:01", Limit::WorkingHours(8), "2026-11-24T15:01");
    ends("2026-11-23T15:01", Limit::WorkingHours(1), "2026-11-23T16:01");
}

#[test]
fn case_3_a_limit_jumps_over_tet() {
    ends("2026-02-13T10:00", Limit::WorkingDays(3), "2026-02-25T17:00");
    ends("2026-02-13T16:00", Limit::WorkingHours(2), "2026-02-23T09:00");
    ends("2026-02-13T10:00", Limit::CalendarDays(3), "2026-02-23T17:00");
    ends("2026-02-13T10:00", Limit::CalendarDays(11), "2026-02-24T17:00");
}

#[test]
fn case_5_hours_skip_lunch_and_the_weekend() {
    ends("2026-11-20T15:00", Limit::WorkingHours(8), "2026-11-23T15:00");
    ends("2026-11-20T12:30", Limit::WorkingHours(4), "2026-11-20T17:00");
    ends("2026-11-20T17:00", Limit::WorkingHours(0), "2026-11-20T17:00");
    ends("2026-11-20T17:01", Limit::WorkingHours(0), "2026-11-23T08:00");
}

#[test]
fn case_6_a_makeup_saturday_is_a_working_day_and_a_half_day_ends_at_noon() {
    ends("2025-04-25T10:00", Limit::WorkingDays(1), "2025-04-26T17:00");
    let days = "2026-12-05,makeup-work,test,false\n2026-12-07,half-day,test,false\n";
    let calendar = with(
        days,
        "c,*,mon tue wed thu fri,08:00-12:00 13:00-17:00,,,false,x\n",
    );
    let due = |limit| calendar.due(at("2026-12-04T16:00"), limit, DayEnd::Closing);
    assert_eq!(due(Limit::WorkingDays(1)), at("2026-12-05T17:00"));
    assert_eq!(due(Limit::WorkingDays(2)), at("2026-12-07T12:00"));
    assert_eq!(due(Limit::WorkingHours(14)), at("2026-12-08T09:00"));
    let carried = calendar.due(at("2026-12-04T16:00"), Limit::WorkingDays(2), DayEnd::Carried);
    assert_eq!(carried, at("2026-12-07T12:00"));
}

#[test]
fn a_warning_comes_so_long_before_the_end() {
    let calendar = hanoi();
    let before = |end, span| calendar.before(at(end), span).unwrap();
    let office = Span::Office;
    assert_eq!(
        before("2026-11-23T09:00", office(Limit::WorkingHours(2))),
        at("2026-11-20T16:00")
    );
    assert_eq!(
        before("2026-11-23T17:00", office(Limit::WorkingHours(8))),
        at("2026-11-20T17:00")
    );
    assert_eq!(
        before("2026-11-23T17:00", office(Limit::WorkingDays(1))),
        at("2026-11-20T17:00")
    );
    assert_eq!(
        before("2026-11-24T17:00", office(Limit::CalendarDays(1))),
        at("2026-11-23T17:00")
    );
    assert_eq!(
        before("2026-11-23T17:00", office(Limit::CalendarDays(1))),
        at("2026-11-20T17:00")
    );
    assert_eq!(before("2026-11-23T00:30", Span::Hours(1)), at("2026-11-22T23:30"));
}

#[test]
fn a_standstill_moves_a_due_date_by_what_its_limit_counts() {
    let calendar = hanoi();
    let (stopped, resumed) = (at("2026-11-23T10:00"), at("2026-11-25T11:00"));
    let moved = |due, limit, end| calendar.moved_on(at(due), limit, end, stopped, resumed);
    let days = Limit::WorkingDays(5);
    assert_eq!(
        moved("2026-11-27T17:00", days, DayEnd::Closing),
        at("2026-12-01T17:00")
    );
    assert_eq!(
        moved("2026-11-27T15:00", days, DayEnd::Carried),
        at("2026-12-01T16:00")
    );
    assert_eq!(
        moved("2026-11-27T15:00", Limit::WorkingHours(40), DayEnd::Closing),
        at("2026-12-01T16:00")
    );
    assert_eq!(
        moved("2026-11-27T17:00", Limit::CalendarDays(5), DayEnd::Closing),
        at("2026-11-30T17:00")
    );
    let nothing = calendar.moved_on(at("2026-11-27T17:00"), days, DayEnd::Closing, stopped, stopped);
    assert_eq!(nothing, at("2026-11-27T17:00"));
}

#[test]
fn an_agency_opens_as_its_own_rows_say_and_else_as_its_kind_and_else_as_the_city() {
    let hours = "city,*,mon tue wed thu fri,08:00-12:00 13:00-17:00,,,false,x\n\
        communes,@commune,mon tue wed thu fri,07:30-11:30 13:30-17:00,,,false,x\n\
        communes-sat,@commune,sat,07:30-11:30,2026-06-01,,false,x\n\
        own,ubnd-00004,mon,09:00-10:00,2026-11-01,2026-11-30,false,x\n";
    let files = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
        std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
    };
    let names = crate::domain::routing::Directory::FILES.iter();
    let mut all: std::collections::BTreeMap<String, String> =
        names.map(|name| ((*name).to_owned(), files(name))).collect();
    all.insert("hours.csv".to_owned(), format!("{HOURS_HEAD}{hours}"));
    let directory = crate::domain::routing::Directory::read(&all).unwrap();
    let closing = |agency: &str, day: &str| {
        let agency = directory.agency(&agency.parse().unwrap()).unwrap();
        directory.offices().of(agency).closing(day.parse().unwrap())
    };
    assert_eq!(closing("so-tu-phap", "2026-11-23"), at("2026-11-23T17:00"));
    assert_eq!(closing("ubnd-00008", "2026-11-21"), at("2026-11-21T11:30"));
    assert_eq!(closing("ubnd-00008", "2026-05-30"), at("2026-05-30T00:00"));
    assert_eq!(closing("ubnd-00004", "2026-11-23"), at("2026-11-23T10:00"));
    assert_eq!(closing("ubnd-00004", "2026-11-24"), at("2026-11-24T00:00"));
    assert_eq!(closing("ubnd-00004", "2026-12-05"), at("2026-12-05T11:30"));
}

#[test]
fn absurd_limits_end_with_the_calendar() {
    let all = [
        Limit::WorkingHours(u32::MAX),
        Limit::WorkingDays(u32::MAX),
        Limit::CalendarDays(u32::MAX),
    ];
    for limit in all {
        let due = hanoi().due(at("9999-01-04T10:00"), limit, DayEnd::Closing);
        assert_eq!(due.date(), Date::MAX);
    }
}

#[test]
fn what_lies_outside_the_window_is_counted_day_by_day() {
    let calendar = hanoi();
    let due = |from, limit| calendar.due(at(from), limit, DayEnd::Closing);
    // The last day of the window is a Friday; the first a Wednesday.
    assert_eq!(
        due("2049-12-31T16:00", Limit::WorkingHours(2)),
        at("2050-01-03T09:00")
    );
    assert_eq!(
        due("2049-12-30T10:00", Limit::WorkingDays(3)),
        at("2050-01-04T17:00")
    );
    assert_eq!(
        due("2019-12-31T16:00", Limit::WorkingHours(10)),
        at("2020-01-02T09:00")
    );
    assert_eq!(
        due("2019-12-27T10:00", Limit::WorkingDays(4)),
        at("2020-01-02T17:00")
    );
    assert_eq!(
        due("2060-03-01T16:00", Limit::WorkingHours(2)),
        at("2060-03-02T09:00")
    );
}

#[test]
fn broken_files_name_their_lines() {
    let faults = |days: &str, hours: &str| -> Vec<(String, u64)> {
        let found = Offices::read(
            &format!("{DAYS_HEAD}{days}"),
            &format!("{HOURS_HEAD}{hours}"),
            &[],
        );
        let faults = found.map(drop).unwrap_err();
        faults.into_iter().map(|f| (f.file, f.line)).collect()
    };
    let city = "city,*,mon tue wed thu fri,08:00-12:00,,,false,x\n";
    let days = ("holidays.csv".to_owned(), 2);
    assert_eq!(
        faults("2026-02-30,holiday,x,false\n", city),
        std::slice::from_ref(&days)
    );
    assert_eq!(faults("2026-01-01,feast,x,maybe\n", city), [days.clone(), days]);
    let line = |n| ("hours.csv".to_owned(), n);
    for wrong in [
        "a,ubnd-1,mon,12:00-08:00,,,false,x\n",
        "a,ubnd-1,mon,08:00-12:00 12:00-13:00,,,false,x\n",
        "a,ubnd-1,mon,8:00-12:00,,,false,x\n",
        "a,ubnd-1,funday,08:00-12:00,,,false,x\n",
        "a,@gate,mon,08:00-12:00,,,false,x\n",
        "a,*,mon sat,09:00-10:00,2026-01-01,,false,x\n",
    ] {
        assert_eq!(faults("", &format!("{city}{wrong}")), [line(3)], "{wrong}");
    }
    let four = "a,ubnd-1,mon,08:00-09:00 10:00-11:00 12:00-13:00 14:00-15:00,,,false,x\n";
    let five = four.replace(",,,", " 16:00-17:00,,,");
    assert_eq!(faults("", &format!("{city}{five}")), [line(3)]);
    assert!(Offices::read(DAYS_HEAD, &format!("{HOURS_HEAD}{city}{four}"), &[]).is_ok());
    // Somebody must always be open.
    assert_eq!(
        faults("", "city,*,mon,08:00-12:00,,2026-12-31,false,x\n"),
        [line(0)]
    );
    assert_eq!(faults("", ""), [line(0)]);
}

/// Labour Code 2019 articles 111.3 and 112: eleven days a year, those on a day of rest made up on the next working day.
#[test]
fn every_year_has_its_eleven_holidays_and_what_falls_on_a_rest_day_is_made_up() {
    let offices = Offices::read(HOLIDAYS, HOURS, &[]).unwrap();
    let days: Vec<&SpecialDay> = offices.special_days().collect();
    let of = |kind, year| {
        days.iter()
            .filter(move |d| d.kind == kind && d.date.year() == year)
    };
    let rests = |d: &&&SpecialDay| matches!(d.date.weekday(), Weekday::Saturday | Weekday::Sunday);
    for year in [2025, 2026, 2027] {
        assert_eq!(of(DayKind::Holiday, year).count(), 11, "{year}");
        for fixed in ["01-01", "04-30", "05-01", "09-02"] {
            let date: Date = format!("{year}-{fixed}").parse().unwrap();
            assert!(days.iter().any(|d| d.date == date && !d.provisional), "{date}");
        }
        let beside = [1, 3].map(|day| jiff::civil::date(year, 9, day));
        assert!(
            of(DayKind::Holiday, year).any(|d| beside.contains(&d.date)),
            "{year}"
        );
        let made_up = of(DayKind::Holiday, year).filter(rests).count();
        let swapped = of(DayKind::MakeupWork, year).count();
        assert_eq!(of(DayKind::MakeupOff, year).count(), made_up + swapped, "{year}");
        assert!(of(DayKind::MakeupWork, year).all(|d| rests(&d)), "{year}");
        assert!(!of(DayKind::MakeupOff, year).any(|d| rests(&d)), "{year}");
    }
}

#[test]
fn what_is_counted_across_a_day_that_is_only_assumed_says_so() {
    let assumed = |from: &str, until: &str| hanoi().assumed_between(at(from), at(until));
    let first = Some(jiff::civil::date(2027, 2, 5));
    assert_eq!(assumed("2027-02-04T17:00", "2027-02-25T17:00"), first);
    assert_eq!(assumed("2027-02-05T08:00", "2027-02-05T08:00"), first);
    assert_eq!(assumed("2027-02-12T08:00", "2027-03-01T17:00"), None);
    // Published, or fixed by the law.
    assert_eq!(assumed("2026-12-28T08:00", "2027-02-04T17:00"), None);
    assert_eq!(
        assumed("2027-02-25T17:00", "2027-02-04T17:00"),
        None,
        "nothing lies between"
    );
}
