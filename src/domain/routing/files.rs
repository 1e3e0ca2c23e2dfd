//! Each file of the directory to its rows: the columns, the words allowed in them, and what must hold within a row.

use super::rows::{
    Agency, AgencyChannel, AgencyKind, Agent, Alias, Branch, Commune, District, Enterprise, Level, PlaceRule,
    Point, PointKind, Procedure, Rule, RuleAgency, RulePlace, Succession,
};
use super::table::{self, Columns, DirectoryFault, Row, Rows};
use crate::domain::calendar::Limit;
use crate::domain::codes::{CommuneCode, DistrictCode, Key, ProcedureCode};
use crate::domain::dossier::{Catalogue, limits};

// What a cell should look like, said in signs, because the sentence around it is in two languages.
const CODE: &str = "[a-z0-9-]";
const COMMUNE: &str = "NNNNN";
const PROCEDURE: &str = "N.NNNNNN";
const LEVELS: [(&str, Level); 2] = [("province", Level::Province), ("commune", Level::Commune)];

type Faults = Vec<DirectoryFault>;

pub(super) fn agencies(text: &str, faults: &mut Faults) -> Rows<Key, Agency> {
    let columns = [
        "key",
        "code",
        "former_codes",
        "name",
        "kind",
        "level",
        "commune_code",
        "parent",
        "channel",
        "format",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    let kinds = AgencyKind::ALL.map(|kind| (kind.word(), kind));
    let channels = [
        ("pull", AgencyChannel::Pull),
        ("amqp", AgencyChannel::Amqp),
        ("push", AgencyChannel::Push),
    ];
    table::read_dated("agencies.csv", text, &columns, faults, |row| {
        let (key, code, name) = (
            row.value::<Key>("key", CODE),
            row.value("code", "H26.12"),
            row.text("name"),
        );
        let former = row.list("former_codes", "000.00.12.H26 …");
        let (kind, level) = (row.word("kind", &kinds), row.word("level", &LEVELS));
        let commune = row.optional("commune_code", COMMUNE);
        let parent = row.optional("parent", CODE);
        let (channel, format) = (row.word("channel", &channels), row.text("format"));
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), kind, commune) = (period?, kind?, commune?);
        if (kind == AgencyKind::Commune) != commune.is_some() {
            row.fault(
                "commune_code chỉ dành cho kind=commune, và khi đó bắt buộc".to_owned(),
                "commune_code belongs to kind=commune, which must have it".to_owned(),
            );
            return None;
        }
        let key = key?;
        let agency = Agency {
            key: key.clone(),
            code: code?,
            former_codes: former?,
            name: name?,
            kind,
            level: level?,
            commune,
            parent: parent?,
            channel: channel?,
            format: format?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some((key, agency))
    })
}

pub(super) fn branches(text: &str, faults: &mut Faults) -> Rows<Key, Branch> {
    let columns = [
        "key",
        "official_number",
        "name",
        "former_district_codes",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    table::read_dated("branches.csv", text, &columns, faults, |row| {
        let (key, name) = (row.value::<Key>("key", CODE), row.text("name"));
        let official_number = row.optional("official_number", "0-9");
        let districts: Result<Vec<DistrictCode>, _> = row
            .cell("former_district_codes")
            .split_whitespace()
            .map(str::parse)
            .collect();
        if districts.is_err() {
            row.fault(
                "former_district_codes: mã quận, huyện cũ gồm 3 chữ số, cách nhau bằng dấu cách".to_owned(),
                "former_district_codes: write three-digit codes separated by spaces".to_owned(),
            );
        }
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), key) = (period?, key?);
        let branch = Branch {
            key: key.clone(),
            official_number: official_number?,
            name: name?,
            former_districts: districts.ok()?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some((key, branch))
    })
}

pub(super) fn points(text: &str, faults: &mut Faults) -> Rows<Key, Point> {
    let columns = [
        "key",
        "branch",
        "name",
        "commune_code",
        "kind",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    let kinds = [
        ("branch-office", PointKind::BranchOffice),
        ("commune-point", PointKind::CommunePoint),
    ];
    table::read_dated("points.csv", text, &columns, faults, |row| {
        let (key, branch, name) = (
            row.value::<Key>("key", CODE),
            row.value("branch", CODE),
            row.text("name"),
        );
        let (commune, kind) = (row.optional("commune_code", COMMUNE), row.word("kind", &kinds));
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), key) = (period?, key?);
        let point = Point {
            key: key.clone(),
            branch: branch?,
            name: name?,
            commune: commune?,
            kind: kind?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some((key, point))
    })
}

pub(super) fn communes(text: &str, faults: &mut Faults) -> Rows<CommuneCode, Commune> {
    let columns = ["code", "name", "kind", "valid_from", "valid_to", "catalogue"];
    table::read_dated("communes.csv", text, &columns, faults, |row| {
        let kind = row.word("kind", &[("phuong", ()), ("xa", ())]);
        let catalogue = row.word("catalogue", &[("2025", Catalogue::Since2025)]);
        let commune = commune(row, None, catalogue);
        kind.and(commune)
    })
}

pub(super) fn legacy_communes(text: &str, faults: &mut Faults) -> Rows<CommuneCode, Commune> {
    let columns = [
        "code",
        "name",
        "district_code",
        "district_name",
        "valid_from",
        "valid_to",
        "catalogue",
    ];
    table::read_dated("legacy_communes.csv", text, &columns, faults, |row| {
        let (code, name) = (row.value("district_code", "NNN"), row.text("district_name"));
        let catalogue = row.word("catalogue", &[("legacy", Catalogue::Legacy)]);
        let district = code.zip(name).map(|(code, name)| District { code, name });
        let commune = commune(row, district.clone(), catalogue);
        district.and(commune)
    })
}

fn commune(
    row: &mut Row<'_>,
    district: Option<District>,
    catalogue: Option<Catalogue>,
) -> Option<(CommuneCode, Commune)> {
    let (code, name, period) = (
        row.value::<CommuneCode>("code", COMMUNE),
        row.text("name"),
        row.period(),
    );
    let (code, (valid_from, valid_to)) = (code?, period?);
    let commune = Commune {
        code: code.clone(),
        name: name?,
        catalogue: catalogue?,
        district,
        valid_from,
        valid_to,
    };
    Some((code, commune))
}

pub(super) fn succession(text: &str, faults: &mut Faults) -> Rows<(CommuneCode, CommuneCode), Succession> {
    table::read_dated(
        "succession.csv",
        text,
        Columns {
            all: &["old_code", "new_code", "is_default", "valid_from", "valid_to"],
            optional: 2,
        },
        faults,
        |row| {
            let old = row.value::<CommuneCode>("old_code", COMMUNE);
            let new = row.value::<CommuneCode>("new_code", COMMUNE);
            let (is_default, period) = (row.flag("is_default"), row.period());
            let (old, new, (valid_from, valid_to)) = (old?, new?, period?);
            Some((
                (old.clone(), new.clone()),
                Succession {
                    old,
                    new,
                    is_default: is_default?,
                    valid_from,
                    valid_to,
                },
            ))
        },
    )
}

/// One kind of limit, still without its length.
#[derive(Clone, Copy)]
enum LimitOf {
    Length(fn(u32) -> Limit),
    SameDay,
}

/// `limit_value` and `limit_unit`: a length, or of the same day the time of day until which a receipt counts for that day.
pub(super) fn limit(row: &mut Row<'_>) -> Option<Limit> {
    let units = [
        ("working-hours", LimitOf::Length(Limit::WorkingHours)),
        ("working-days", LimitOf::Length(Limit::WorkingDays)),
        ("calendar-days", LimitOf::Length(Limit::CalendarDays)),
        ("same-day", LimitOf::SameDay),
    ];
    match row.word("limit_unit", &units)? {
        LimitOf::Length(of) => {
            let length = row.number("limit_value", 1, LONGEST_LIMIT_DAYS)?;
            Some(of(u32::try_from(length).ok()?))
        }
        LimitOf::SameDay => row.value("limit_value", "HH:MM").map(Limit::SameDay),
    }
}

/// Longer limits than these are slips of the pen: ten years.
const LONGEST_LIMIT_DAYS: i64 = 3_650;

/// A procedure changes a few times a year at most: more versions are a slip of the pen.
const LAST_VERSION: i64 = 9_999;

pub(super) fn procedures(text: &str, faults: &mut Faults) -> Rows<(ProcedureCode, u32), Procedure> {
    let columns = [
        "code",
        "version",
        "name",
        "field_code",
        "field_name",
        "level",
        "place_rule",
        "limit_value",
        "limit_unit",
        "fee_vnd",
        "out_of_area",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    let place_rules = [
        ("owner-residence", PlaceRule::OwnerResidence),
        ("object-place", PlaceRule::ObjectPlace),
        ("none", PlaceRule::None),
    ];
    table::read("procedures.csv", text, &columns, faults, |row| {
        let (code, name) = (row.value::<ProcedureCode>("code", PROCEDURE), row.text("name"));
        let version = row.number("version", 1, LAST_VERSION);
        let (field_code, field_name) = (row.text("field_code"), row.text("field_name"));
        let (level, place_rule) = (row.word("level", &LEVELS), row.word("place_rule", &place_rules));
        let limit = limit(row);
        let (fee_vnd, out_of_area) = (
            row.number("fee_vnd", 0, limits::AMOUNT_VND),
            row.flag("out_of_area"),
        );
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), code) = (period?, code?);
        let version = u32::try_from(version?).ok()?;
        let procedure = Procedure {
            code: code.clone(),
            version,
            name: name?,
            field_code: field_code?,
            field_name: field_name?,
            level: level?,
            place_rule: place_rule?,
            limit: limit?,
            fee_vnd: fee_vnd?,
            out_of_area: out_of_area?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some(((code, version), procedure))
    })
}

pub(super) fn aliases(text: &str, faults: &mut Faults) -> Rows<String, Alias> {
    table::read_dated(
        "procedure_aliases.csv",
        text,
        Columns {
            all: &["received", "national_code", "source", "valid_from", "valid_to"],
            optional: 2,
        },
        faults,
        |row| {
            let (received, code) = (row.text("received"), row.value("national_code", PROCEDURE));
            let period = row.period();
            let (received, (valid_from, valid_to)) = (received?, period?);
            Some((
                received.clone(),
                Alias {
                    received,
                    code: code?,
                    valid_from,
                    valid_to,
                },
            ))
        },
    )
}

pub(super) fn rules(text: &str, faults: &mut Faults) -> Rows<String, Rule> {
    let columns = [
        "rule",
        "procedure",
        "place",
        "agency",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    table::read("competence.csv", text, &columns, faults, |row| {
        let (rule, procedure) = (row.text("rule"), row.value("procedure", PROCEDURE));
        let place = match row.cell("place") {
            "*" => Some(RulePlace::City),
            "@commune" => Some(RulePlace::EachCommune),
            _ => row.value("place", "* | @commune | NNNNN").map(RulePlace::Commune),
        };
        let agency = match row.cell("agency") {
            "@place" => Some(RuleAgency::OfThePlace),
            _ => row.value("agency", "@place | [a-z0-9-]").map(RuleAgency::Named),
        };
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let (place, agency, (valid_from, valid_to)) = (place?, agency?, period?);
        if place == RulePlace::City && agency == RuleAgency::OfThePlace {
            row.fault(
                "@place cần một địa danh: dùng @commune hoặc mã xã, không dùng *".to_owned(),
                "@place needs a place: write @commune or a commune code instead of *".to_owned(),
            );
            return None;
        }
        let rule = rule?;
        let value = Rule {
            rule: rule.clone(),
            procedure: procedure?,
            place,
            agency,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some((rule, value))
    })
}

pub(super) fn enterprises(text: &str, faults: &mut Faults) -> Rows<Key, Enterprise> {
    let columns = ["key", "name", "valid_from", "valid_to", "provisional", "source"];
    table::read_dated("enterprises.csv", text, &columns, faults, |row| {
        let (key, name) = (row.value::<Key>("key", CODE), row.text("name"));
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), key) = (period?, key?);
        let enterprise = Enterprise {
            key: key.clone(),
            name: name?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some((key, enterprise))
    })
}

pub(super) fn agents(text: &str, faults: &mut Faults) -> Rows<Key, Agent> {
    let columns = [
        "key",
        "enterprise",
        "name",
        "commune_code",
        "branch",
        "valid_from",
        "valid_to",
        "provisional",
        "source",
    ];
    table::read_dated("agents.csv", text, &columns, faults, |row| {
        let (key, enterprise) = (row.value::<Key>("key", CODE), row.value("enterprise", CODE));
        let (name, commune) = (row.text("name"), row.value("commune_code", COMMUNE));
        let branch = row.optional("branch", CODE);
        let (period, provisional) = (row.period(), row.flag("provisional"));
        let ((valid_from, valid_to), key) = (period?, key?);
        let agent = Agent {
            key: key.clone(),
            enterprise: enterprise?,
            name: name?,
            commune: commune?,
            branch: branch?,
            valid_from,
            valid_to,
            provisional: provisional?,
        };
        Some((key, agent))
    })
}
