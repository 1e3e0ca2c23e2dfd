//! Pieces of the mapping language as a person reads them.

use crate::adapt::spec::{Absent, CleanSpec, FieldSpec, Form, Otherwise, Required, Told, WhenSpec};

/// A condition; `path` makes a path of it one from the dossier or report on.
pub(super) fn when(spec: &WhenSpec, path: &dyn Fn(&str) -> String) -> String {
    let together = |several: &[WhenSpec], word: &str| {
        let shown: Vec<String> = several.iter().map(|one| when(one, path)).collect();
        format!("({})", shown.join(word))
    };
    if let Some(all) = &spec.all {
        return together(all, " and ");
    }
    if let Some(any) = &spec.any {
        return together(any, " or ");
    }
    if let Some(not) = &spec.not {
        return format!("not {}", when(not, path));
    }
    let from = path(spec.from.as_deref().unwrap_or("."));
    let asked = match (&spec.is, &spec.is_not, spec.present) {
        (Some(words), ..) => format!("{from} is {}", words.join(" | ")),
        (_, Some(words), _) => format!("{from} is not {}", words.join(" | ")),
        (.., Some(false)) => format!("{from} absent"),
        _ => format!("{from} present"),
    };
    match &spec.table {
        Some(table) => format!("{asked} (table {table})"),
        None => asked,
    }
}

/// The paths that a condition asks for.
pub(super) fn asked<'s>(spec: &'s WhenSpec, paths: &mut Vec<&'s str>) {
    let several = spec.all.iter().chain(&spec.any).flatten();
    for one in several.chain(spec.not.as_deref()) {
        asked(one, paths);
    }
    paths.extend(spec.from.as_deref());
}

/// What a rule for a value says beside its paths, its condition and its table.
pub(super) fn field(spec: &FieldSpec) -> Vec<(String, String)> {
    let mut how: Vec<(&str, String)> = Vec::new();
    if spec.is_dated() {
        how.push(("date", spec.date.as_slice().join(" | ")));
    }
    how.extend(spec.zone.clone().map(|zone| ("zone", zone)));
    for (key, steps) in [("clean", &spec.clean), ("mend", &spec.mend)] {
        if !steps.is_empty() {
            let steps: Vec<String> = steps.iter().map(step).collect();
            how.push((key, steps.join(", ")));
        }
    }
    how.extend(
        spec.constant
            .as_ref()
            .map(|value| ("constant", value.to_string())),
    );
    how.extend(spec.default.as_ref().map(|value| ("default", value.to_string())));
    how.extend(
        spec.absent
            .map(|Absent::Receipt| ("absent", "receipt".to_owned())),
    );
    how.extend(match spec.required {
        Required::Flag(true) => Some(("required", "true".to_owned())),
        Required::Word(Told::Warn) => Some(("required", "warn".to_owned())),
        Required::Flag(false) => None,
    });
    how.extend(spec.max.map(|max| ("max", max.to_string())));
    how.extend(spec.join.as_ref().map(|join| ("join", format!("{join:?}"))));
    how.extend(
        spec.otherwise
            .map(|word| ("otherwise", otherwise(word).to_owned())),
    );
    how.extend(spec.only_if.map(|word| ("only_if", form(word).to_owned())));
    how.extend(spec.except_if.map(|word| ("except_if", form(word).to_owned())));
    how.into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

const fn otherwise(word: Otherwise) -> &'static str {
    match word {
        Otherwise::Refuse => "refuse",
        Otherwise::Warn => "warn",
    }
}

const fn form(form: Form) -> &'static str {
    match form {
        Form::DossierCode => "dossier-code",
        Form::IdentityNumber => "identity-number",
        Form::TaxCode => "tax-code",
        Form::Phone => "phone",
        Form::Email => "email",
    }
}

fn step(step: &CleanSpec) -> String {
    match step {
        CleanSpec::Digits => "digits".to_owned(),
        CleanSpec::Lower => "lower".to_owned(),
        CleanSpec::Upper => "upper".to_owned(),
        CleanSpec::OneSpace => "one-space".to_owned(),
        CleanSpec::Entities => "entities".to_owned(),
        CleanSpec::Number(example) => format!("number like {example}"),
        CleanSpec::Replace(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(from, to)| format!("{from:?} → {to:?}"))
                .collect();
            format!("replace {}", pairs.join(", "))
        }
        CleanSpec::Split { by, take } => format!("part {take} of those between {by:?}"),
        CleanSpec::StripPrefix(text) => format!("without {text:?} at the beginning"),
        CleanSpec::StripSuffix(text) => format!("without {text:?} at the end"),
    }
}
