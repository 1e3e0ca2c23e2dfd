//! The shipped time limits, and every way in which the file can be wrong.

use super::*;

const SHIPPED: &str = include_str!("../../../schema/directory/hanoi/time_limits.csv");

fn on(limits: &TimeLimits, day: &str) -> Arc<LegalLimits> {
    Arc::clone(limits.at(day.parse().unwrap()))
}

/// The shipped file with the row of a key replaced by others.
fn with(key: &str, rows: &[&str]) -> String {
    let kept = SHIPPED.lines().filter(|l| !l.starts_with(&format!("{key},")));
    kept.chain(rows.iter().copied())
        .map(|l| format!("{l}\n"))
        .collect()
}

fn faults(csv: &str) -> Vec<String> {
    let found = TimeLimits::read(csv).unwrap_err();
    found.into_iter().map(|f| f.message_en).collect()
}

#[test]
fn the_shipped_file_says_what_the_decree_says() {
    let limits = TimeLimits::read(SHIPPED).unwrap();
    let now = on(&limits, "2026-11-23");
    assert_eq!(now.officer_notice, Span::Hours(2));
    assert_eq!(now.acceptance, Span::Office(Limit::WorkingHours(8)));
    assert_eq!(now.paper_cut_off, "15:00".parse().unwrap());
    assert_eq!(now.paper_out_of_area, Span::Office(Limit::WorkingDays(1)));
    assert_eq!(now.supplement_notice, Span::Office(Limit::WorkingDays(3)));
    assert_eq!(now.supplement, Span::Office(Limit::CalendarDays(15)));
    assert_eq!(now.late_notice, Span::Office(Limit::CalendarDays(1)));
    assert_eq!(now.result_correction, Span::Office(Limit::WorkingDays(3)));
    assert_eq!(now.fee_to_budget, Span::Office(Limit::WorkingHours(8)));
    assert_eq!((now.postponements, now.supplement_requests), (1, 1));
    assert_eq!(now.after_supplement, Restart::FromStart);
    assert_eq!(now.supplement_closing, Closing::Alarm);
    assert_eq!(now.supplement_closed_as, Status::Refused);
    for limit in Watched::ALL {
        assert_eq!(
            now.warning(limit).is_some(),
            limit.warning_key().is_some(),
            "{limit}"
        );
    }
}

const OWN_HEAD: &str = "procedure,key,value,unit,article,valid_from,valid_to,provisional\n";

#[test]
fn a_procedures_own_limit_goes_before_the_decrees_on_its_days() {
    let mut limits = TimeLimits::read(SHIPPED).unwrap();
    let mut faults = Vec::new();
    let rows = "9.902001,supplement,10,working-days,Luật mẫu Điều 1,2026-01-01,2026-06-30,false\n\
        9.902001,supplement,20,working-days,Luật mẫu Điều 1,2027-01-01,,true\n\
        9.902001,supplement-notice,5,working-days,Luật mẫu Điều 2,,,false\n";
    limits.read_own(&format!("{OWN_HEAD}{rows}"), &mut faults);
    assert_eq!(faults, []);
    let code = |code: &str| code.parse::<ProcedureCode>().unwrap();
    let own = limits.own(&code("9.902001")).unwrap();
    let general = Span::Office(Limit::CalendarDays(15));
    for (day, supplement) in [
        ("2025-12-31", general),
        ("2026-01-01", Span::Office(Limit::WorkingDays(10))),
        ("2026-06-30", Span::Office(Limit::WorkingDays(10))),
        ("2026-07-01", general),
        ("2027-01-01", Span::Office(Limit::WorkingDays(20))),
    ] {
        assert_eq!(on(own, day).supplement, supplement, "{day}");
        assert_eq!(
            on(own, day).supplement_notice,
            Span::Office(Limit::WorkingDays(5))
        );
        assert_eq!(on(own, day).acceptance, on(&limits, day).acceptance);
        assert_eq!(on(&limits, day).supplement, general, "of the other procedures");
    }
    assert!(limits.own(&code("9.902002")).is_none());
    assert_eq!(limits.own_provisional(), ["9.902001 supplement"]);
}

#[test]
fn a_procedures_own_limits_are_of_the_keys_the_decree_leaves_to_other_law() {
    let faults = |row: &str| {
        let mut faults = Vec::new();
        TimeLimits::read(SHIPPED)
            .unwrap()
            .read_own(&format!("{OWN_HEAD}{row}\n"), &mut faults);
        faults.into_iter().map(|f| (f.file, f.line)).collect::<Vec<_>>()
    };
    let wrong = vec![("procedure_limits.csv".to_owned(), 2)];
    for row in [
        "9.902001,acceptance,8,working-hours,a,,,false",
        "9.902001,postponements,2,times,a,,,false",
        "9.902001,supplement,10,weeks,a,,,false",
        "9.902001,supplement,10,working-days,,,,false",
        "x,supplement,10,working-days,a,,,false",
    ] {
        assert_eq!(faults(row), wrong, "{row}");
    }
    let twice = "9.902001,supplement,10,working-days,a,,,false\n9.902001,supplement,11,working-days,a,2026-01-01,,false";
    assert_eq!(faults(twice), [("procedure_limits.csv".to_owned(), 3)]);
    assert_eq!(faults("9.902001,supplement,10,working-days,a,,,false"), []);
}

#[test]
fn a_value_holds_from_its_day_to_its_last() {
    let rows = [
        "acceptance,8,working-hours,old,2025-07-01,2026-08-05,false",
        "acceptance,4,working-hours,new,2026-08-06,,false",
    ];
    let limits = TimeLimits::read(&with("acceptance", &rows)).unwrap();
    let hours = |day| on(&limits, day).acceptance;
    for day in ["1999-01-01", "2025-07-01", "2026-08-05"] {
        assert_eq!(hours(day), Span::Office(Limit::WorkingHours(8)), "{day}");
    }
    for day in ["2026-08-06", "2099-01-01"] {
        assert_eq!(hours(day), Span::Office(Limit::WorkingHours(4)), "{day}");
    }
    assert_eq!(
        on(&limits, "2026-08-06").supplement,
        on(&limits, "2026-08-05").supplement
    );
}

#[test]
fn overlaps_gaps_ends_and_missing_keys_are_faults() {
    let row = |from: &str, to: &str| format!("acceptance,8,working-hours,a,{from},{to},false");
    let (first, second) = (row("", "2026-01-31"), row("2026-02-02", ""));
    assert_eq!(
        faults(&with("acceptance", &[&first, &second])),
        ["acceptance: no row holds on 2026-02-01; let the periods follow one another"]
    );
    assert_eq!(
        faults(&with("acceptance", &[&first, &row("2026-01-31", "")])),
        ["acceptance: overlaps or precedes the row before; correct valid_from, valid_to"]
    );
    assert_eq!(
        faults(&with("acceptance", &[&first])),
        ["acceptance: no row holds after 2026-01-31; leave valid_to of the last row empty"]
    );
    assert_eq!(
        faults(&with("acceptance", &[])),
        ["there is no row acceptance; add it"]
    );
}

#[test]
fn unknown_keys_units_and_values_are_faults() {
    for (key, row) in [
        ("tea-break", "tea-break,1,hours,a,,,false"),
        ("acceptance", "acceptance,8,times,a,,,false"),
        ("acceptance", "acceptance,-1,working-hours,a,,,false"),
        ("acceptance", "acceptance,3651,working-hours,a,,,false"),
        ("paper-cut-off", "paper-cut-off,25:00,time-of-day,a,,,false"),
        ("paper-cut-off", "paper-cut-off,3 pm,time-of-day,a,,,false"),
        ("supplement-closed-as", "supplement-closed-as,7,status,a,,,false"),
        ("after-supplement", "after-supplement,perhaps,choice,a,,,false"),
    ] {
        assert_eq!(faults(&with(key, &[row])).len(), 1, "{row}");
    }
    let most = with("acceptance", &["acceptance,3650,working-hours,a,,,false"]);
    assert!(TimeLimits::read(&most).is_ok());
}
