//! What cannot be written as the file says.

use super::faults;

/// Rules, and what is said of them.
const WRONG: [(&str, &str); 23] = [
    (
        r#"field = [{ to = "a", from = "filing.reference" }, { to = "a.b", constant = "x" }]"#,
        "something else here",
    ),
    (
        r#"field = [{ to = "a", constant = "x" }, { to = "a", constant = "y" }]"#,
        "never reached",
    ),
    (
        r#"field = [{ to = "a.@b", constant = "x" }, { to = "a.b", constant = "y" }]"#,
        "same as another name",
    ),
    (r#"field = [{ to = "a..b", constant = "x" }]"#, "malformed"),
    (r#"field = [{ to = "y:b", constant = "x" }]"#, "prefix is not in"),
    (
        r#"field = [{ to = "a", from = "filing.reference", as = "number" }]"#,
        "as does not fit",
    ),
    (
        r#"field = [{ to = "a", from = "status", as = "number", max = 2 }]"#,
        "max is for texts",
    ),
    (
        r#"field = [{ to = "a", from = "status", as = "number", default = "x" }]"#,
        "does not fit",
    ),
    (r#"field = [{ to = "a", constant = 1.5 }]"#, "does not fit"),
    (
        r#"field = [{ to = "a", constant = "x", max = 2 }]"#,
        "constant does not go with",
    ),
    (
        r#"field = [{ to = "a", from = "filing.components[].name" }]"#,
        "add join",
    ),
    (
        r#"field = [{ to = "a", from = "filing.reference", once = true }]"#,
        "once is for a list with spread",
    ),
    (
        r#"field = [{ to = "a", from = ["filing.filed_at", "filing.reference"], date = "rfc3339" }]"#,
        "a date and something else",
    ),
    (
        r#"list = [{ to = "a", from = "filing.components", spread = "tep" }]"#,
        "here there are: files",
    ),
    (
        r#"list = [{ to = "a", from = "supplements", spread = "brought.copies" }]"#,
        "brought, brought.files, papers",
    ),
    (
        r#"list = [{ to = "a", from = "filing.fees", spread = "x" }]"#,
        "an item here has none",
    ),
    (r#"list = [{ to = "a" }]"#, "always = true"),
    (r#"envelope = [{ to = "a", constant = "x" }]"#, "only with items"),
    (r#"root = "R""#, "only where XML is written"),
    (r#"when = { from = "status", is = ["9"] }"#, "always sent"),
    (
        r#"field = [{ to = "a", from = "status", table = "t" }]
[table.t]
x = 1"#,
        "no word for 2",
    ),
    (
        r#"field = [{ to = "a", from = "status", table = "t", otherwise = "skip" }]
[table.t]
x = 1"#,
        "for a field of [progress] alone",
    ),
    (
        r#"field = [{ to = "a", from = "filing.reference", table = "t" }]
[table.t]
x = "y""#,
        "has no word for …",
    ),
];

#[test]
fn a_file_that_cannot_be_written_as_it_says_is_refused() {
    for (rules, says) in WRONG {
        let said = faults(&format!("[render]\nmedia_type = \"application/json\"\n{rules}\n"));
        assert!(said.contains(says), "{rules}: {said}");
    }
}

#[test]
fn a_media_type_is_json_or_xml_once_and_xml_has_a_root() {
    for (media_type, says) in [
        (r#""text/plain""#, "neither JSON nor XML"),
        (
            r#"["application/json", "application/vnd.x+json"]"#,
            "one media type for each syntax",
        ),
        (r#""application/xml""#, "name of its root element"),
    ] {
        let said = faults(&format!("[render]\nmedia_type = {media_type}\n"));
        assert!(said.contains(says), "{media_type}: {said}");
    }
    let said = faults("[progress]\nmirror = true\nmedia_type = \"application/json\"\n");
    assert!(said.contains("mirror = true is for [render] alone"), "{said}");
}
