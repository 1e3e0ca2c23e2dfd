//! What problems point at.

use serde_json::Value;

use super::super::node::Said;
use crate::adapt::Syntax;
use crate::domain::rejection::Label;

/// Every problem and warning in what is told of a document: its label, and its place where it has one.
pub(super) fn each(told: &Value, look: &mut impl FnMut(Label, Option<&str>)) {
    match told {
        Value::Object(fields) => {
            if let Some(label) = fields.get("label") {
                let label = serde_json::from_value(label.clone()).unwrap();
                return look(label, fields.get("path").and_then(Value::as_str));
            }
            fields
                .iter()
                .filter(|(name, _)| *name != "filing")
                .for_each(|(_, inner)| each(inner, look));
        }
        Value::Array(items) => items.iter().for_each(|inner| each(inner, look)),
        _ => {}
    }
}

/// Whether a problem is of the document and not of a part of it.
pub(super) fn of_the_whole(label: Label) -> bool {
    matches!(
        label,
        Label::SyntaxInvalid
            | Label::DocumentEmpty
            | Label::ControlCharacter
            | Label::EncodingInvalid
            | Label::EncodingUnsupported
            | Label::EncodingContradicted
            | Label::BodyTooLarge
            | Label::TooDeep
            | Label::TooManyParts
            | Label::TextTooLong
            | Label::DuplicateKey
            | Label::DoctypeForbidden
            | Label::EntityForbidden
            | Label::FormatUnknown
            | Label::MediaTypeUnsupported
    )
}

/// Whether what a problem points at is there: the place itself, or for what is missing the nearest place around it that is.
pub(super) fn exists(whole: &Said, syntax: Syntax, label: Label, path: &str) -> bool {
    let steps: Vec<&str> = path
        .split('/')
        .skip(1)
        .filter(|step| !step.is_empty() || syntax == Syntax::Json)
        .collect();
    let missing = matches!(
        label,
        Label::FieldMissing | Label::ListEmpty | Label::NamespaceWrong | Label::TaxCodeMissing
    );
    if steps.is_empty() {
        return true;
    }
    let found = (0..=steps.len())
        .rev()
        .find(|many| follow(whole, syntax, &steps[..*many]));
    found.is_some_and(|many| many == steps.len() || missing)
}

fn follow(whole: &Said, syntax: Syntax, steps: &[&str]) -> bool {
    let mut at = vec![whole];
    for step in steps {
        at = at.iter().flat_map(|said| children(said, syntax, step)).collect();
    }
    !at.is_empty()
}

/// Those of a place that a step may mean; several where elements of several namespaces have one local name.
fn children<'s>(said: &'s Said, syntax: Syntax, step: &str) -> Vec<&'s Said> {
    if syntax == Syntax::Json {
        let name = step.replace("~1", "/").replace("~0", "~");
        return match said {
            Said::Object(fields) => fields
                .iter()
                .filter(|(n, _)| *n == name)
                .map(|(_, s)| s)
                .collect(),
            Said::List(items) => items
                .get(name.parse().unwrap_or(usize::MAX))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
    }
    let (name, number) = match step.split_once('[') {
        Some((name, number)) => (name, number.trim_end_matches(']').parse().unwrap_or(0)),
        None => (step, 1),
    };
    let Said::Object(fields) = said else {
        return Vec::new();
    };
    let local: Vec<&Said> = fields
        .iter()
        .filter(|(n, _)| n == name || of_name(n) == name)
        .map(|(_, s)| s)
        .collect();
    if number == 0 || number > local.len() {
        Vec::new()
    } else {
        local
    }
}

/// The local name, with the `@` of an attribute.
fn of_name(name: &str) -> String {
    match name.strip_prefix('@') {
        Some(attribute) if attribute.starts_with("xmlns") => name.to_owned(),
        Some(attribute) => format!("@{}", attribute.rsplit(':').next().unwrap_or_default()),
        None => name.rsplit(':').next().unwrap_or_default().to_owned(),
    }
}

/// The path of the value with this text; none where it stands in no such place.
pub(super) fn path_of(whole: &Said, syntax: Syntax, text: &str) -> Option<String> {
    match whole {
        Said::Text(said) => (said == text).then(String::new),
        Said::Literal(_) => None,
        Said::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(number, said)| path_of(said, syntax, text).map(|rest| format!("/{number}{rest}"))),
        Said::Object(fields) => fields.iter().enumerate().find_map(|(at, (name, said))| {
            let rest = path_of(said, syntax, text)?;
            if name.is_empty() {
                return Some(rest);
            }
            if syntax == Syntax::Json {
                return Some(format!("/{}{rest}", name.replace('~', "~0").replace('/', "~1")));
            }
            let same = |part: &[(String, Said)]| part.iter().filter(|(n, _)| n == name).count();
            let number = match same(fields) {
                1 => String::new(),
                _ => format!("[{}]", same(&fields[..=at])),
            };
            Some(format!("/{}{number}{rest}", of_name(name)))
        }),
    }
}

/// Whether a place is this one, or around it.
pub(super) fn covers(around: &str, path: &str) -> bool {
    path.strip_prefix(around)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
}

/// A path without the numbers of items.
pub(super) fn unnumbered(path: &str) -> String {
    let steps = path.split('/').skip(1);
    let named = steps.filter(|step| step.is_empty() || !step.bytes().all(|b| b.is_ascii_digit()));
    named
        .map(|step| format!("/{}", step.split('[').next().unwrap_or(step)))
        .collect()
}

/// Whether the sender itself says that the item a place is in does not count.
pub(super) fn is_set_aside(whole: &Said, syntax: Syntax, path: &str) -> bool {
    let mut at = vec![whole];
    path.split('/').skip(1).any(|step| {
        at = at.iter().flat_map(|said| children(said, syntax, step)).collect();
        let fields = at.iter().filter_map(|said| match said {
            Said::Object(fields) => Some(fields),
            _ => None,
        });
        fields.flatten().any(|(name, _)| name == "IsDeleted")
    })
}
