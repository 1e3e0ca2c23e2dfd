//! The checked-in schemas are the model's.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{REGISTRY, samples};
use crate::adapt::tree::{Name, NodeId, Tree, Value as Held};
use crate::adapt::{canonical_schema, xml};
use crate::domain::view::StatusReport;

fn schema_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema/canonical")
        .join(name)
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a developer's switch, read by this test alone"
)]
fn the_json_schema_is_the_models() {
    let file = schema_file("dossier-v1.schema.json");
    let made = serde_json::to_string_pretty(&canonical_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &made).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&file).unwrap_or_default(),
        made,
        "run with UPDATE=1 and review"
    );
}

#[test]
fn the_json_schema_takes_and_refuses_what_the_hub_does() {
    let validator = jsonschema::validator_for(&canonical_schema()).unwrap();
    for (name, path) in samples::all() {
        let file = path.file_name().unwrap().to_str().unwrap();
        if name != "canonical/v1" || !file.ends_with(".json") || file.starts_with("statuses") {
            continue;
        }
        // What the hub cleans (a phone in brackets, a digest in capitals) is no canonical form before it is cleaned.
        if file == "ugly.json" {
            continue;
        }
        // A duplicate name is refused by the syntax, of which a schema knows nothing.
        if file != "refused-3.json" {
            let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            assert_eq!(
                validator.is_valid(&document),
                !file.starts_with("refused"),
                "{file}"
            );
        }
    }
}

#[test]
fn every_date_of_the_model_has_a_range() {
    use crate::adapt::target::{self, Kind, Member, Target};
    use crate::domain::plausible::Dated;
    fn dates(name: &str, target: &Target, found: &mut Vec<String>) {
        match target {
            Target::Object(members) => members
                .iter()
                .for_each(|m: &Member| dates(&m.name, &m.target, found)),
            Target::List { item, .. } => dates(name, item, found),
            Target::Leaf(Kind::Day | Kind::Instant) => found.push(name.to_owned()),
            Target::Leaf(_) => {}
        }
    }
    let mut found = Vec::new();
    for members in [target::filing(), target::status_report()] {
        dates("", &Target::Object(members), &mut found);
    }
    assert!(found.len() > 8, "{found:?}");
    for name in found {
        assert!(
            Dated::of(&name).is_some(),
            "{name}: give it a row in domain::plausible"
        );
    }
}

#[test]
fn null_is_left_out_wherever_the_schema_lets_it_be_and_nowhere_else() {
    let validator = jsonschema::validator_for(&canonical_schema()).unwrap();
    let registry = &*REGISTRY;
    let canonical = registry.get("canonical/v1").unwrap();
    let full: Value = serde_json::from_slice(
        &fs::read(samples::adapters_dir().join("canonical/v1/samples/full.json")).unwrap(),
    )
    .unwrap();
    let mut pointers = Vec::new();
    every_pointer(&full, String::new(), &mut pointers);
    assert!(pointers.len() > 60);
    for pointer in pointers {
        for other in [
            Value::Null,
            serde_json::json!([]),
            serde_json::json!({"la": 1}),
            serde_json::json!(1.5),
        ] {
            let mut mutated = full.clone();
            *mutated.pointer_mut(&pointer).unwrap() = other.clone();
            let read = canonical.read(mutated.to_string().as_bytes(), "application/json");
            assert_eq!(
                read.is_ok(),
                validator.is_valid(&mutated),
                "{pointer} = {other}: {read:?}"
            );
        }
    }
}

fn every_pointer(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(o) => o
            .iter()
            .for_each(|(k, v)| every_pointer(v, format!("{at}/{k}"), pointers)),
        Value::Array(a) => a
            .iter()
            .enumerate()
            .for_each(|(i, v)| every_pointer(v, format!("{at}/{i}"), pointers)),
        _ => {}
    }
    if !at.is_empty() {
        pointers.push(at);
    }
}

//------------ XSD -----------------------------------------------------------------------------------------------------

/// The XSD as a tree, read by the room's own reader.
struct Xsd<'d>(Tree<'d>);

fn xs(local: &str) -> Name {
    Name {
        local: local.into(),
        space: "http://www.w3.org/2001/XMLSchema".into(),
        attribute: false,
    }
}

impl Xsd<'_> {
    fn attribute(&self, node: NodeId, name: &str) -> Option<&str> {
        let name = Name {
            local: name.into(),
            space: "".into(),
            attribute: true,
        };
        match self.0.value(self.0.child(node, &name)?) {
            Held::Text(text) => Some(text),
            _ => None,
        }
    }

    fn named(&self, parent: NodeId, element: &str, name: &str) -> NodeId {
        self.0
            .children(parent)
            .find(|n| self.0.is_named(*n, &xs(element)) && self.attribute(*n, "name") == Some(name))
            .unwrap_or_else(|| panic!("the XSD has no {element} {name}"))
    }

    fn all(&self, parent: NodeId, element: &str) -> Vec<NodeId> {
        self.0
            .children(parent)
            .filter(|n| self.0.is_named(*n, &xs(element)))
            .collect()
    }

    fn only(&self, parent: NodeId, element: &str) -> NodeId {
        let all = self.all(parent, element);
        assert_eq!(all.len(), 1, "{element} in {}", self.0.path(parent));
        all[0]
    }

    /// Values of one facet of a simple type.
    fn facets(&self, restriction: NodeId, facet: &str) -> Vec<&str> {
        self.all(restriction, facet)
            .into_iter()
            .filter_map(|n| self.attribute(n, "value"))
            .collect()
    }

    fn root(&self) -> NodeId {
        self.0.root().unwrap()
    }
}

fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    if let Some(name) = schema["$ref"].as_str() {
        return &root["$defs"][name.rsplit('/').next().unwrap()];
    }
    match schema["anyOf"].as_array() {
        Some(any) => resolve(root, any.iter().find(|s| s["type"] != "null").unwrap()),
        None => schema,
    }
}

fn is_type(schema: &Value, word: &str) -> bool {
    schema["type"] == word
        || schema["type"]
            .as_array()
            .is_some_and(|t| t.iter().any(|t| t == word))
}

fn compare_object(xsd: &Xsd<'_>, complex: NodeId, root: &Value, schema: &Value) {
    let all = xsd.only(complex, "all");
    let elements = xsd.all(all, "element");
    let properties = schema["properties"].as_object().unwrap();
    let mut names: Vec<&str> = elements
        .iter()
        .map(|e| xsd.attribute(*e, "name").unwrap())
        .collect();
    names.sort_unstable();
    let mut wanted: Vec<&str> = properties.keys().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(names, wanted, "{}", xsd.0.path(complex));
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for element in elements {
        let name = xsd.attribute(element, "name").unwrap();
        let optional = xsd.attribute(element, "minOccurs") == Some("0");
        assert_eq!(optional, !required.contains(&name), "{name}");
        // What is nil is left out.
        let nillable = xsd.attribute(element, "nillable") == Some("true");
        assert_eq!(nillable, optional, "{name}");
        assert_eq!(xsd.attribute(element, "maxOccurs"), None, "{name}");
        compare_member(xsd, element, name, root, resolve(root, &properties[name]));
    }
}

fn compare_member(xsd: &Xsd<'_>, element: NodeId, name: &str, root: &Value, schema: &Value) {
    if is_type(schema, "array") {
        let item = xsd.only(xsd.only(xsd.only(element, "complexType"), "sequence"), "element");
        assert_eq!(xsd.attribute(item, "minOccurs"), Some("0"), "{name}");
        assert_eq!(
            xsd.attribute(item, "maxOccurs"),
            Some(schema["maxItems"].to_string().as_str()),
            "{name}"
        );
        let complex = xsd.named(xsd.root(), "complexType", xsd.attribute(item, "type").unwrap());
        return compare_object(xsd, complex, root, resolve(root, &schema["items"]));
    }
    let type_name = xsd.attribute(element, "type").unwrap();
    if is_type(schema, "object") {
        return compare_object(xsd, xsd.named(xsd.root(), "complexType", type_name), root, schema);
    }
    if is_type(schema, "boolean") {
        return assert_eq!(type_name, "xs:boolean", "{name}");
    }
    if schema["format"] == "date" {
        return assert_eq!(type_name, "xs:date", "{name}");
    }
    if is_type(schema, "integer") {
        return compare_number(xsd, type_name, schema);
    }
    let restriction = xsd.only(xsd.named(xsd.root(), "simpleType", type_name), "restriction");
    let base = xsd.attribute(restriction, "base").unwrap();
    if let Some(words) = schema["oneOf"].as_array() {
        let words: Vec<&str> = words.iter().map(|w| w["const"].as_str().unwrap()).collect();
        assert_eq!(xsd.facets(restriction, "enumeration"), words, "{name}");
    } else if schema["format"] == "date-time" {
        assert_eq!(base, "xs:dateTime", "{name}");
    } else if schema["maxLength"].is_u64() {
        assert_eq!(base, "xs:string", "{name}");
        for facet in ["minLength", "maxLength"] {
            assert_eq!(
                xsd.facets(restriction, facet),
                [schema[facet].to_string()],
                "{name}"
            );
        }
        // `SAYS_SOMETHING` in the words of XSD, whose \s is space, tab and line break alone: \p{Z} is every other space, \p{Cf}
        // what cannot be seen for the most part.
        let says_something = r"[\s\p{Z}\p{Cf}]*[^\s\p{Cc}\p{Z}\p{Cf}]([\t\n\r]|\P{Cc})*";
        assert_eq!(xsd.facets(restriction, "pattern"), [says_something], "{name}");
    } else if let Some(pattern) = schema["pattern"].as_str() {
        // XSD patterns are anchored, and its \d is every script's digit.
        let wanted = pattern
            .trim_start_matches('^')
            .trim_end_matches('$')
            .replace(r"\d", "[0-9]");
        assert_eq!(xsd.facets(restriction, "pattern"), [wanted], "{name}");
    } else {
        panic!("{name}: {schema}");
    }
}

/// A number is whole, within the same bounds, plainly or with a power of ten.
fn compare_number(xsd: &Xsd<'_>, type_name: &str, schema: &Value) {
    let union = xsd.only(xsd.named(xsd.root(), "simpleType", type_name), "union");
    let bases: Vec<&str> = xsd
        .all(union, "simpleType")
        .into_iter()
        .map(|one| {
            let restriction = xsd.only(one, "restriction");
            for (facet, key) in [("minInclusive", "minimum"), ("maxInclusive", "maximum")] {
                let bound = [schema[key].to_string()];
                assert_eq!(xsd.facets(restriction, facet), bound, "{type_name}");
            }
            xsd.attribute(restriction, "base").unwrap()
        })
        .collect();
    assert_eq!(bases, ["Whole", "xs:double"], "{type_name}");
}

#[test]
fn the_xsd_is_the_models() {
    let text = fs::read_to_string(schema_file("dossier-v1.xsd")).unwrap();
    let xsd = Xsd(xml::read(&text).unwrap());
    let namespace = "urn:vn:lienthong:dossier:v1";
    assert_eq!(xsd.attribute(xsd.root(), "targetNamespace"), Some(namespace));
    assert_eq!(xsd.attribute(xsd.root(), "elementFormDefault"), Some("qualified"));
    let dossier = xsd.named(xsd.root(), "element", "dossier");
    let complex = xsd.named(xsd.root(), "complexType", xsd.attribute(dossier, "type").unwrap());
    let schema = canonical_schema();
    compare_object(&xsd, complex, &schema, &schema);
}

#[test]
fn the_xsd_names_the_fields_of_a_status_report() {
    let text = fs::read_to_string(schema_file("dossier-v1.xsd")).unwrap();
    let xsd = Xsd(xml::read(&text).unwrap());
    let complex = xsd.named(xsd.root(), "complexType", "StatusReport");
    let elements = xsd.all(xsd.only(complex, "all"), "element");
    let schema = schemars::schema_for!(StatusReport).to_value();
    let mut names: Vec<&str> = elements
        .iter()
        .map(|e| xsd.attribute(*e, "name").unwrap())
        .collect();
    names.sort_unstable();
    let wanted: Vec<&str> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(names, wanted);
    let defs = &schema["$defs"];
    for list in ["PaperAsked", "FeeClaim", "ResultPaper"] {
        let complex = xsd.named(xsd.root(), "complexType", list);
        compare_object(&xsd, complex, &schema, &defs[list]);
    }
}

#[test]
fn an_item_has_the_same_name_in_the_xsd_and_in_the_adapter() {
    let text = fs::read_to_string(schema_file("dossier-v1.xsd")).unwrap();
    let adapter = fs::read_to_string(samples::adapters_dir().join("canonical/v1/adapter.toml")).unwrap();
    for (list, item) in [
        ("foreign_codes", "foreign_code"),
        ("foreign_values", "foreign_value"),
        ("identity_papers", "identity_paper"),
        ("components", "component"),
        ("files", "file"),
        ("fees", "fee"),
        ("papers", "paper"),
        ("results", "result"),
    ] {
        assert!(
            text.contains(&format!("<xs:element name=\"{item}\" type=")),
            "{item}"
        );
        assert!(
            adapter.contains(&format!("\n{list} = {{ item = \"{item}\" }}\n")),
            "{item}"
        );
    }
}
