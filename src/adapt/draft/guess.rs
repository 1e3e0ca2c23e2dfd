//! Which canonical field each place of the samples is likely to be.

use super::names::{self, About, FOREIGN_CODE, Named};
use super::seen::Seen;
use crate::adapt::words::plain;

/// A field of a party that is not named, until the party is known.
const PERSON: &str = "person.";

/// A rule that is proposed for one canonical value.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldGuess {
    pub to: String,
    pub from: Vec<String>,
    /// Values met in all sources.
    pub values: Vec<String>,
    /// Its sources are put together.
    pub joined: bool,
    /// A constant instead of a source.
    pub constant: Option<&'static str>,
    pub only_if: Option<&'static str>,
    /// What it is where no source is present.
    pub default: Option<&'static str>,
    /// It counts only where this is present.
    pub present: Option<String>,
}

/// A rule that is proposed for a list.
#[derive(Clone, Debug, Default)]
pub(super) struct ListGuess {
    pub to: String,
    pub from: String,
    pub fields: Vec<FieldGuess>,
    pub lists: Vec<ListGuess>,
    pub kept: Vec<String>,
    /// The mark of entries that were taken away.
    pub deleted: Option<String>,
}

/// What is proposed for a document.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    pub fields: Vec<FieldGuess>,
    pub lists: Vec<ListGuess>,
    pub kept: Vec<String>,
    /// Names that no path can say.
    pub unsayable: Vec<String>,
}

/// Guesses about an item of the samples, or about a report of a status.
pub(super) fn guess(item: &Seen, is_report: bool) -> Guesses {
    let mut guesses = Guesses::default();
    let about = if is_report { About::Report } else { About::Dossier };
    fields_of(item, "", about, &mut guesses);
    if !is_report {
        settle_parties(&mut guesses);
        official_code(&mut guesses);
        stand_ins(&mut guesses);
        lacking_constants(&mut guesses);
        without_incomplete(&mut guesses);
    }
    guesses
}

/// What a group or an entry of a list must have, or it is nothing.
const NEEDED: &[(&str, &[&str])] = &[
    ("place", &["commune"]),
    ("owner", &["name"]),
    ("authorised_person", &["name"]),
    ("result_return", &["method"]),
];
const NEEDED_OF_ENTRIES: &[(&str, &[&str])] = &[("components", &["name"]), ("fees", &["name", "amount_vnd"])];

/// Keeps what is only guessed of a group or list of which the needed is not there.
fn without_incomplete(guesses: &mut Guesses) {
    for (group, needed) in NEEDED {
        let of_group = |field: &FieldGuess| {
            field
                .to
                .strip_prefix(group)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let has = |name: &&str| {
            guesses
                .fields
                .iter()
                .any(|field| field.to == format!("{group}.{name}"))
        };
        if needed.iter().all(has) {
            continue;
        }
        let (gone, rest) = std::mem::take(&mut guesses.fields)
            .into_iter()
            .partition(of_group);
        guesses.fields = rest;
        let gone: Vec<FieldGuess> = gone;
        guesses.kept.extend(gone.into_iter().flat_map(|field| field.from));
    }
    let (whole, incomplete) = std::mem::take(&mut guesses.lists).into_iter().partition(|list| {
        let needed = NEEDED_OF_ENTRIES.iter().find(|(to, _)| *to == list.to);
        let has = |name: &&str| list.fields.iter().any(|field| field.to == **name);
        needed.is_none_or(|(_, needed)| needed.iter().all(has))
    });
    guesses.lists = whole;
    let incomplete: Vec<ListGuess> = incomplete;
    guesses.kept.extend(incomplete.into_iter().map(|list| list.from));
}

fn fields_of(seen: &Seen, within: &str, about: About, guesses: &mut Guesses) {
    for child in &seen.children {
        let path = joined(within, &child.name);
        if !is_sayable(&child.name) {
            guesses.unsayable.push(path);
        } else if child.listed {
            match names::list(&child.name).and_then(|about| list_of(child, &path, about)) {
                Some(list) if about != About::Report || list.to == "fees" => guesses.lists.push(list),
                _ => guesses.kept.push(path),
            }
        } else if child.children.is_empty() || !child.values.is_empty() {
            leaf(child, path, about, guesses);
        } else {
            group_of(child, path, about, guesses);
        }
    }
}

/// A group: by its name, or about the same as what it stands in. One of which nothing is guessed is kept whole.
fn group_of(seen: &Seen, path: String, about: About, guesses: &mut Guesses) {
    let inside = names::group(&seen.name).filter(|_| about != About::Report);
    let mut inner = Guesses::default();
    fields_of(seen, &path, inside.unwrap_or(about), &mut inner);
    if inner.fields.is_empty() && inner.lists.is_empty() && inner.unsayable.is_empty() {
        guesses.kept.push(path);
        return;
    }
    for field in inner.fields {
        add(&mut guesses.fields, field);
    }
    guesses.lists.extend(inner.lists);
    guesses.kept.extend(inner.kept);
    guesses.unsayable.extend(inner.unsayable);
}

fn leaf(seen: &Seen, path: String, about: About, guesses: &mut Guesses) {
    let field = |to: String, joined: bool| FieldGuess {
        only_if: form_of(&to),
        to,
        from: vec![path.clone()],
        values: seen.values.clone(),
        joined,
        ..FieldGuess::default()
    };
    match names::field(&seen.name, about) {
        Some(Named::Field(FOREIGN_CODE)) => guesses.lists.push(ListGuess {
            to: FOREIGN_CODE.to_owned(),
            from: ".".to_owned(),
            fields: vec![
                FieldGuess {
                    to: "system".to_owned(),
                    constant: Some("so-khac"),
                    ..FieldGuess::default()
                },
                field("code".to_owned(), false),
            ],
            ..ListGuess::default()
        }),
        Some(Named::Field(to)) => add(&mut guesses.fields, field(to.to_owned(), false)),
        Some(Named::Person(to)) => add(&mut guesses.fields, field(format!("{PERSON}{to}"), false)),
        Some(Named::OfParty(party, to)) => add(&mut guesses.fields, field(format!("{party}.{to}"), false)),
        Some(Named::AddressPart(party)) => {
            let party = party.unwrap_or("result_return");
            add(&mut guesses.fields, field(format!("{party}.address"), true));
        }
        Some(Named::Deleted) | None => guesses.kept.push(path),
    }
}

/// A field that others already are, too, has several sources, of which the first present one counts.
fn add(fields: &mut Vec<FieldGuess>, new: FieldGuess) {
    let Some(known) = fields.iter_mut().find(|field| field.to == new.to) else {
        return fields.push(new);
    };
    // The address itself stands before its pieces.
    if known.joined && !new.joined {
        known.from.splice(0..0, new.from);
    } else {
        known.from.extend(new.from);
    }
    known.joined |= new.joined;
    for value in new.values {
        if !known.values.contains(&value) {
            known.values.push(value);
        }
    }
}

fn list_of(seen: &Seen, path: &str, about: About) -> Option<ListGuess> {
    let mut list = ListGuess {
        to: match about {
            About::Fee => "fees",
            About::Identity => "person.identity_papers",
            _ => "components",
        }
        .to_owned(),
        from: path.to_owned(),
        ..ListGuess::default()
    };
    if seen.children.is_empty() {
        // A list of texts is one of names; of an empty one nothing is known.
        let is_paper = about == About::Paper && !seen.values.is_empty();
        list.fields.push(FieldGuess {
            to: "name".to_owned(),
            from: vec![".".to_owned()],
            ..FieldGuess::default()
        });
        return is_paper.then_some(list);
    }
    let mut files = Vec::new();
    entries(seen, "", about, &mut list, &mut files);
    if !files.is_empty() {
        if !list.fields.iter().any(|field| field.to == "name") {
            // Where a paper has no name of its own it has that of its file.
            let name = files.iter().find(|field| field.to == "name").cloned();
            list.fields.extend(name);
        }
        list.lists.push(ListGuess {
            to: "files".to_owned(),
            from: ".".to_owned(),
            fields: files,
            ..ListGuess::default()
        });
    }
    (!list.fields.is_empty()).then_some(list)
}

/// The fields of a list's entries; those of a file that stands in the entry of a paper are apart.
fn entries(seen: &Seen, within: &str, about: About, list: &mut ListGuess, files: &mut Vec<FieldGuess>) {
    for child in &seen.children {
        let path = joined(within, &child.name);
        if !is_sayable(&child.name) {
            continue;
        }
        if child.listed {
            match names::list(&child.name) {
                Some(About::File) if about == About::Paper => match list_of(child, &path, About::File) {
                    Some(inner) => list.lists.extend(inner.lists.into_iter().map(|files| ListGuess {
                        from: path.clone(),
                        kept: inner.kept.clone(),
                        ..files
                    })),
                    None => list.kept.push(path),
                },
                _ => list.kept.push(path),
            }
            continue;
        }
        if !child.children.is_empty() {
            entries(child, &path, about, list, files);
            continue;
        }
        let guess = |to: &str| FieldGuess {
            to: to.to_owned(),
            from: vec![path.clone()],
            values: child.values.clone(),
            ..FieldGuess::default()
        };
        let of_file = || names::field(&child.name, About::File);
        let of_paper = || names::field(&child.name, About::Paper);
        match (about, names::field(&child.name, about)) {
            (_, Some(Named::Deleted)) => list.deleted = Some(path),
            (About::File, Some(Named::Field(to))) => add(files, guess(to)),
            (About::File, _) => match of_paper() {
                Some(Named::Field(to)) => add(&mut list.fields, guess(to)),
                _ => list.kept.push(path),
            },
            (_, Some(Named::Field(to))) => add(&mut list.fields, guess(to)),
            (About::Paper, _) => match of_file() {
                Some(Named::Field(to)) => add(files, guess(to)),
                _ => list.kept.push(path),
            },
            _ => list.kept.push(path),
        }
    }
}

/// Whose the fields of a party without a name are: the owner's where there is one beside the applicant, else the applicant's.
fn settle_parties(guesses: &mut Guesses) {
    let has = |party: &str, fields: &[FieldGuess]| {
        let name = format!("{party}.name");
        fields.iter().any(|field| field.to == name)
    };
    let (owner, applicant) = (has("owner", &guesses.fields), has("applicant", &guesses.fields));
    let whose = |to: &str| -> String {
        let person = if owner && applicant {
            "owner."
        } else {
            "applicant."
        };
        match (to.strip_prefix(PERSON), to.strip_prefix("owner.")) {
            (Some(field), _) => format!("{person}{field}"),
            // Who is the only one is the applicant.
            (_, Some(field)) if !applicant => format!("applicant.{field}"),
            _ => to.to_owned(),
        }
    };
    let fields = std::mem::take(&mut guesses.fields);
    for mut field in fields {
        field.to = whose(&field.to);
        field.only_if = form_of(&field.to);
        add(&mut guesses.fields, field);
    }
    for list in &mut guesses.lists {
        list.to = whose(&list.to);
    }
}

/// The field that has the reference may have the official code, where it is named after the dossier itself.
fn official_code(guesses: &mut Guesses) {
    let named = ["mahoso", "sohoso", "doccode", "dossiercode", "ordernumber"];
    let reference = guesses.fields.iter().find(|field| field.to == "reference");
    let path = reference.and_then(|field| {
        let last = |path: &String| plain(path.rsplit('.').next().unwrap_or(path));
        field
            .from
            .iter()
            .find(|path| named.contains(&last(path).as_str()))
    });
    if let Some(path) = path.cloned() {
        guesses.fields.push(FieldGuess {
            to: "dossier_code".to_owned(),
            from: vec![path],
            only_if: Some("dossier-code"),
            ..FieldGuess::default()
        });
    }
}

/// What is required and what partners often leave out.
fn lacking_constants(guesses: &mut Guesses) {
    let fields = &mut guesses.fields;
    let has = |to: &str, fields: &[FieldGuess]| fields.iter().any(|field| field.to == to);
    let mut usual = vec![("channel".to_owned(), "counter")];
    for party in ["applicant", "owner", "authorised_person"] {
        if has(&format!("{party}.name"), fields) {
            usual.push((format!("{party}.kind"), "citizen"));
        }
    }
    for (to, word) in usual {
        match fields.iter_mut().find(|field| field.to == to) {
            Some(field) => field.default = Some(word),
            None => fields.push(FieldGuess {
                to,
                constant: Some(word),
                ..FieldGuess::default()
            }),
        }
    }
}

/// What stands in for what is missing: the receipt for the filing, and the owner for who files.
fn stand_ins(guesses: &mut Guesses) {
    let of = |to: &str, fields: &[FieldGuess]| fields.iter().find(|field| field.to == to).cloned();
    if let Some(received) = of("received_at", &guesses.fields)
        && let Some(filed) = guesses.fields.iter_mut().find(|field| field.to == "filed_at")
    {
        filed.from.extend(received.from);
        filed.values.extend(received.values);
    }
    let owner = of("owner.name", &guesses.fields);
    let applicant = guesses
        .fields
        .iter()
        .position(|field| field.to == "applicant.name");
    if let (Some(owner), Some(place)) = (owner, applicant) {
        let applicant = &mut guesses.fields[place];
        applicant.present = applicant.from.first().cloned();
        let instead = FieldGuess {
            to: applicant.to.clone(),
            ..owner
        };
        guesses.fields.insert(place + 1, instead);
    }
}

/// The form that a value must have to be what the field is for; another one is no reason to refuse a dossier.
fn form_of(to: &str) -> Option<&'static str> {
    let (party, field) = to.split_once('.')?;
    let of_party = ["applicant", "owner", "authorised_person"].contains(&party);
    match field {
        "identity_number" if of_party => Some("identity-number"),
        "tax_code" if of_party => Some("tax-code"),
        _ => None,
    }
}

/// Whether a path can say this name.
fn is_sayable(name: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or(name).trim_start_matches('@');
    !local.is_empty() && !local.contains(['.', '[', ']', '=', '@', ' ', '/', '^', '$', ':'])
}

fn joined(within: &str, name: &str) -> String {
    if within.is_empty() {
        name.to_owned()
    } else {
        format!("{within}.{name}")
    }
}
