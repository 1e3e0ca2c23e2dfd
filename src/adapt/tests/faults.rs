//! An adapter file that is wrong is refused with its line and the remedy, all faults of a file at once.

use std::collections::BTreeMap;

use crate::adapt::{AdapterFault, Registry};

const HEAD: &str = made_up_format!(
    r#"
[json]
media_types = ["application/json"]

"#
);

/// The shortest mapping that covers what a dossier needs.
const RULES: &str = r#"[dossier]
field = [
    { to = "reference", from = "so" },
    { to = "procedure.code", from = "thu_tuc" },
    { to = "channel", constant = "counter" },
    { to = "filed_at", from = "ngay", date = "yyyyMMdd" },
    { to = "applicant.kind", constant = "citizen" },
    { to = "applicant.name", from = "ten" },
]
"#;

fn base() -> String {
    format!("{HEAD}{RULES}")
}

fn compile(text: &str) -> Result<Registry, Vec<AdapterFault>> {
    Registry::compile(&BTreeMap::from([(
        "thu/v1/adapter.toml".to_owned(),
        text.to_owned(),
    )]))
}

fn faults(text: &str) -> Vec<AdapterFault> {
    match compile(text) {
        Ok(_) => panic!("compiles:\n{text}"),
        Err(faults) => faults,
    }
}

/// The one fault of a file: the text of the line it names, and its English sentence.
fn only(text: &str) -> (String, String) {
    let faults = faults(text);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let fault = &faults[0];
    assert!(
        !fault.message_vi.is_empty() && fault.message_vi != fault.message_en,
        "{fault}"
    );
    let line = text
        .lines()
        .nth(fault.line - 1)
        .unwrap_or_default()
        .trim()
        .to_owned();
    (line, fault.message_en.clone())
}

/// The shortest mapping and one rule more, as an inline table.
fn with(rule: &str) -> String {
    base().trim_end().trim_end_matches(']').to_owned() + "    " + rule + ",\n]\n"
}

#[test]
fn the_shortest_mapping_compiles_and_reads() {
    let registry = compile(&base()).unwrap();
    let body = r#"{"so":"1","thu_tuc":"9.901001","ngay":"20261120","ten":"A"}"#;
    let read = registry
        .get("thu/v1")
        .unwrap()
        .read(body.as_bytes(), "application/json");
    assert_eq!(
        read.unwrap().filing.filed_at.to_string(),
        "2026-11-19T17:00:00.000000Z"
    );
}

/// A rule, and what is said of it.
const WRONG_RULES: [(&str, &str); 38] = [
    (
        r#"{ to = "referense", from = "x" }"#,
        "the canonical dossier has no referense; here it has: applicant,",
    ),
    (
        r#"{ to = "place.name", from = "x" }"#,
        "no rule gives the required field place.commune",
    ),
    (
        r#"{ to = "place", from = "x" }"#,
        "place is written with [[…part]]",
    ),
    (r#"{ to = "fees", from = "x" }"#, "fees is written with [[…list]]"),
    (
        r#"{ to = "summary.x", from = "x" }"#,
        "summary is written with [[…field]]",
    ),
    (r#"{ to = "summary" }"#, "give either from or constant"),
    (
        r#"{ to = "summary", from = "x", constant = "y" }"#,
        "give either from or constant",
    ),
    (
        r#"{ to = "summary", constant = 5 }"#,
        "the value 5 does not fit; it takes: text",
    ),
    (
        r#"{ to = "is_test", from = "x", default = "no" }"#,
        "it takes: true, false",
    ),
    (
        r#"{ to = "summary", from = "x", table = "t" }"#,
        "there is no [table.t]",
    ),
    (
        r#"{ to = "summary", from = "x", date = "yyyyMMdd" }"#,
        "is text, not a date",
    ),
    (r#"{ to = "summary", from = "a[" }"#, "the path a[ is malformed"),
    (
        r#"{ to = "summary", from = "a..b" }"#,
        "the path a..b is malformed",
    ),
    (
        r#"{ to = "summary", from = "x", when = { from = "y" } }"#,
        "exactly one of is, is_not, present",
    ),
    (
        r#"{ to = "is_test", from = "x", only_if = "phone" }"#,
        "only_if is for texts",
    ),
    (
        r#"{ to = "summary", from = "x", when = { from = "y", is = ["1"] } }"#,
        "does not say what an unknown word is",
    ),
    (
        r#"{ to = "summary", from = "x", when = { from = "y", present = true, otherwise = "warn" } }"#,
        "belong to a when that reads a word",
    ),
    (
        r#"{ to = "summary", from = "x", when = { from = "y", is = ["a", "A"], among = ["B", "b"], fold_case = true, is_not = ["c"] } }"#,
        "exactly one of is, is_not, present",
    ),
    (
        r#"{ to = "summary", from = "x", when = { from = "y", is = ["a"], among = ["A"], fold_case = true } }"#,
        "without case A is the same",
    ),
    (
        r#"{ to = "summary", from = "x[k=1].y" }"#,
        "x[k=1] does not say what an unknown word is: add pick",
    ),
    (
        r#"{ to = "summary", from = "x[].y" }"#,
        "leads to several values; add join",
    ),
    (
        r#"{ to = "is_test", from = "x", join = " " }"#,
        "join is for texts",
    ),
    (
        r#"{ to = "summary", from = "x", otherwise = "refuse" }"#,
        "refused anyway",
    ),
    (
        r#"{ to = "reference", from = "x" }"#,
        "never reached; give the one before it a when",
    ),
    (
        r#"{ to = "summary", from = "x", frmo = "y" }"#,
        "unknown field `frmo`",
    ),
    (
        r#"{ to = "summary", from = "x", when = [{ from = "y", present = true }] }"#,
        "several are { all = [{…}, {…}] }",
    ),
    (
        r#"{ to = "summary", from = "x", when = { all = [{ from = "y", present = true }], from = "z" } }"#,
        "exactly one of from, all, any, not",
    ),
    (
        r#"{ to = "summary", from = "x", when = { any = [] } }"#,
        "exactly one of from, all, any, not",
    ),
    (
        r#"{ to = "received_at", from = "x", date = "rfc3339", zone = "+07:00" }"#,
        r#"use date = "iso" where the zone may be missing"#,
    ),
    (
        r#"{ to = "received_at", from = "x", date = "ddMyyyy" }"#,
        "a single d, M, H, m or s must be followed",
    ),
    (
        r#"{ to = "received_at", from = "x", date = ["iso", "yyyy"] }"#,
        r#"date = "yyyy" is malformed; write rfc3339, iso, json-date"#,
    ),
    (
        r#"{ to = "reported_status", constant = 0 }"#,
        "the value 0 does not fit; it takes: 1…10",
    ),
    (
        r#"{ to = "summary", from = "^.x" }"#,
        "there is no place so far out",
    ),
    (
        r#"{ to = "summary", from = "x", clean = [{ number = "1.000" }] }"#,
        "write an example: 1,234.00",
    ),
    (
        r#"{ to = "summary", from = "x", clean = ["regex"] }"#,
        "unknown variant `regex`",
    ),
    (
        r#"{ to = "summary", from = "x", mend = [{ replace = {} }] }"#,
        "replace takes 1 to 200 pairs",
    ),
    (
        r#"{ to = "summary", from = "x", absent = "receipt" }"#,
        r#"absent = "receipt" is for a date and time"#,
    ),
    (
        r#"{ to = "summary", from = { a = 1 } }"#,
        r#"expected "a" or ["a", "b"]"#,
    ),
];

#[test]
fn each_fault_names_its_line_and_its_remedy() {
    for (rule, says) in WRONG_RULES {
        let (line, said) = only(&with(rule));
        assert!(said.contains(says), "{rule}: {said}");
        assert_eq!(line.trim_end_matches(','), rule, "{said}");
    }
}

#[test]
fn what_nobody_uses_is_a_fault() {
    let (line, said) = only(&(base() + "[table.t]\nx = \"y\"\n"));
    assert_eq!(
        (line.as_str(), said.contains("the table t is not used")),
        ("[table.t]", true),
        "{said}"
    );
    let (line, said) = only(&(base() + "[shape.s]\n"));
    assert_eq!(
        (line.as_str(), said.contains("the shape s is not used")),
        ("[shape.s]", true),
        "{said}"
    );
}

#[test]
fn what_is_not_read_says_why() {
    let (line, said) = only(&(base() + "ignored = [{ fields = [\"Fax\"], why = \" \" }]\n"));
    assert!(
        line.contains("Fax") && said.contains("why is empty"),
        "{line}: {said}"
    );
    let (_, said) = only(&(base() + "ignored = [\"Fax\"]\n"));
    assert!(said.contains("malformed"), "{said}");
}

#[test]
fn what_is_needed_and_not_given_is_a_fault() {
    let less = |rule: &str| {
        base()
            .lines()
            .filter(|l| !l.contains(rule))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (_, said) = only(&less("\"filed_at\""));
    assert!(
        said.contains("no rule gives the required field filed_at; add to = \"filed_at\""),
        "{said}"
    );
    let (line, said) = only(&less("\"applicant.name\""));
    assert!(said.contains("required field applicant.name"), "{said}");
    assert!(line.contains("applicant.kind"), "{line}");
}

#[test]
fn a_file_that_is_no_adapter_is_refused_with_its_line() {
    let (line, said) = only(&(base() + "[dosier]\n"));
    assert_eq!(
        (line.as_str(), said.contains("unknown field `dosier`")),
        ("[dosier]", true),
        "{said}"
    );
    let (line, _) = only(&(base() + "x = = 1"));
    assert_eq!(line, "x = = 1");
    let says = |text: String, says: &str| {
        let (_, said) = only(&text);
        assert!(said.contains(says), "{said}");
    };
    says(
        base().replace("\"thu\"", "\"khac\""),
        "the file says khac/v1; rename the folder, or correct name and version",
    );
    says(
        base().replace("[json]\nmedia_types = [\"application/json\"]", ""),
        "[json] and [xml]",
    );
    says(
        base().replace("application/json", "application/json; charset=utf-8"),
        "without parameters",
    );
    let xml = "[xml]\nmedia_types = [\"application/xml\"]\n[dossier]";
    says(base().replace("[dossier]", xml), "name of its root element");
    says(
        base().replace("[dossier]", "[dossier]\nroot = \"a\""),
        "root means something only with [xml]",
    );
}

#[test]
fn a_shape_that_contains_itself_goes_no_deeper_than_the_model() {
    let text = base()
        + "[[dossier.part]]\nto = \"owner\"\nshape = \"s\"\n\n[shape.s]\n"
        + "field = [{ to = \"kind\", constant = \"citizen\" }, { to = \"name\", from = \"x\" }]\n"
        + "[[shape.s.part]]\nto = \"owner\"\nshape = \"s\"\n";
    assert!(only(&text).1.contains("has no owner.owner"));
}

#[test]
fn all_faults_of_all_files_come_at_once() {
    let two = base().trim_end().trim_end_matches(']').to_owned()
        + "    { to = \"a\", from = \"x\" },\n    { to = \"b\", from = \"x\" },\n]\n";
    let files = BTreeMap::from([
        ("thu/v1/adapter.toml".to_owned(), two),
        ("x/v1/adapter.toml".to_owned(), "[format".to_owned()),
    ]);
    let said: Vec<String> = Registry::compile(&files)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    let starts: Vec<&str> = said.iter().map(|s| s.split(": ").next().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "thu/v1/adapter.toml:20",
            "thu/v1/adapter.toml:21",
            "x/v1/adapter.toml:1"
        ],
        "{said:#?}"
    );
}

#[test]
fn rendering_is_held_to_the_model_too() {
    let render = |rules: &str| {
        format!(
            "{}\n[render]\nmedia_type = \"application/json\"\n{rules}\n",
            base()
        )
    };
    assert!(compile(&render(r#"field = [{ to = "a.b", from = "filing.reference" }]"#)).is_ok());
    let channels = "field = [{ to = \"a\", from = \"filing.channel\", table = \"t\" }]\n[table.t]\n1 = \"counter\"\n2 = \"online\"";
    let flags = "field = [{ to = \"a\", from = \"filing.is_test\", table = \"t\" }]\n[table.t]\n1 = true\nx = true\n0 = false";
    for (rules, says) in [
        (
            r#"field = [{ to = "a", from = "filing.referense" }]"#,
            "a: there is no value filing.referense",
        ),
        (
            r#"field = [{ to = "a", from = "filing.filed_at" }]"#,
            "date is needed for dates",
        ),
        (
            r#"field = [{ to = "a", from = "filing.summary", date = "yyyyMMdd" }]"#,
            "only for them",
        ),
        (r#"field = [{ to = "a" }]"#, "give either from or constant"),
        (
            r#"list = [{ to = "a", from = "filing.place" }]"#,
            "\"filing.place\" is not a list",
        ),
        (channels, "no word for post"),
        (flags, "two words"),
        ("mirror = true", "mirror = true needs every field"),
    ] {
        let faults = faults(&render(rules));
        assert!(faults[0].message_en.contains(says), "{says}: {faults:#?}");
    }
}

#[test]
fn the_example_of_the_documentation_has_only_known_keys() {
    let docs = include_str!("../../../docs/ADAPTERS.md");
    let example = docs
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    toml::from_str::<crate::adapt::spec::AdapterSpec>(example).unwrap();
}
