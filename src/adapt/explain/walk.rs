//! A walk through the rules of a document, with the place each stands at.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::shown;
use super::told::{ExplainedRule, SourceUse};
use crate::adapt::compile::line_of;
use crate::adapt::spec::{
    AdapterSpec, CheckSpec, DocumentSpec, FieldSpec, IgnoredSpec, ListSpec, PartSpec, PickSpec, RequireSpec,
    WhenSpec,
};

/// What stands around the dossiers, before its paths.
const ENVELOPE: &str = "(envelope)";

pub(super) struct Walk<'s> {
    text: &'s str,
    spec: &'s AdapterSpec,
    /// The place whose rules are looked at, and before it those around it, each as a path from the item on.
    around: Vec<String>,
    /// Conditions of the groups that the rules stand in.
    whens: Vec<String>,
    /// Rules by canonical field, in the order of the file.
    pub rules: BTreeMap<String, Vec<ExplainedRule>>,
    /// What becomes of each path of the sender.
    pub sources: BTreeMap<String, BTreeSet<SourceUse>>,
}

/// The rules of one place.
struct Rules<'s> {
    field: &'s [FieldSpec],
    part: &'s [PartSpec],
    list: &'s [ListSpec],
    pick: &'s [PickSpec],
    kept: &'s [Spanned<String>],
    ignored: &'s [IgnoredSpec],
    forbidden: &'s [Spanned<String>],
}

macro_rules! rules_of {
    ($spec:expr) => {
        Rules {
            field: &$spec.field,
            part: &$spec.part,
            list: &$spec.list,
            pick: &$spec.pick,
            kept: &$spec.kept,
            ignored: &$spec.ignored,
            forbidden: &$spec.forbidden,
        }
    };
}

impl<'s> Walk<'s> {
    pub fn new(text: &'s str, spec: &'s AdapterSpec) -> Self {
        Walk {
            text,
            spec,
            around: vec![String::new()],
            whens: Vec::new(),
            rules: BTreeMap::new(),
            sources: BTreeMap::new(),
        }
    }

    pub fn document(&mut self, spec: &'s DocumentSpec) {
        self.around.push(ENVELOPE.to_owned());
        self.required(&spec.envelope.require);
        self.ignored(&spec.envelope.ignored);
        self.forbidden(&spec.envelope.forbidden);
        self.around.pop();
        self.required(&spec.require);
        self.totals(&spec.check);
        self.rules(&rules_of!(spec), "");
    }

    fn rules(&mut self, rules: &Rules<'s>, within: &str) {
        for pick in rules.pick {
            let line = self.line(&pick.from);
            let path = self.path_here(&format!("{}[].{}", pick.from.get_ref(), pick.by));
            let field = within.trim_end_matches('.').to_owned();
            self.used(path, SourceUse::Asked { field, line });
        }
        for raw in rules.kept {
            let (path, line) = (self.path_here(raw.get_ref()), self.line(raw));
            self.used(path, SourceUse::Kept { line });
        }
        self.ignored(rules.ignored);
        self.forbidden(rules.forbidden);
        for field in rules.field {
            self.field(field, within);
        }
        for part in rules.part {
            let name = format!("{within}{}", part.to.get_ref());
            let line = self.line(&part.to);
            self.conditioned(part.when.as_ref(), &name, line, |walk| {
                walk.inside(part.from.as_deref().unwrap_or("."), "", |walk| {
                    let within = format!("{name}.");
                    walk.rules(&rules_of!(part), &within);
                    walk.shape(part.shape.as_ref(), &within);
                });
            });
        }
        for list in rules.list {
            self.list(list, within);
        }
    }

    fn list(&mut self, list: &'s ListSpec, within: &str) {
        let name = format!("{within}{}", list.to.get_ref());
        let line = self.line(&list.to);
        self.inside(&list.from, "[]", |walk| {
            for path in list.matching.iter().flat_map(|(own, other)| [own, other]) {
                let field = name.clone();
                let path = walk.path_here(path);
                walk.used(path, SourceUse::Asked { field, line });
            }
            walk.conditioned(list.when.as_ref(), &name, line, |walk| {
                let within = format!("{name}[].");
                walk.rules(&rules_of!(list), &within);
                walk.shape(list.shape.as_ref(), &within);
            });
        });
    }

    fn shape(&mut self, name: Option<&String>, within: &str) {
        let spec = self.spec;
        if let Some(body) = name.and_then(|name| spec.shape.get(name)) {
            self.rules(&rules_of!(body), within);
        }
    }

    fn field(&mut self, field: &'s FieldSpec, within: &str) {
        let name = format!("{within}{}", field.to.get_ref());
        let line = self.line(&field.to);
        let from: Vec<String> = field
            .from
            .as_slice()
            .iter()
            .map(|raw| self.path_here(raw))
            .collect();
        for path in &from {
            let field = name.clone();
            self.used(path.clone(), SourceUse::Read { field, line });
        }
        self.conditioned(field.when.as_ref(), &name, line, |walk| {
            let whens = walk.whens.iter().map(|when| ("when".to_owned(), when.clone()));
            let table = field
                .table
                .iter()
                .map(|table| ("table".to_owned(), table.clone()));
            let rule = ExplainedRule {
                line,
                from,
                how: whens.chain(table).chain(shown::field(field)).collect(),
                words: walk.words(field.table.as_ref()),
            };
            walk.rules.entry(name.clone()).or_default().push(rule);
        });
    }

    fn words(&self, table: Option<&String>) -> BTreeMap<String, String> {
        let table = table.and_then(|table| self.spec.table.get(table));
        let rows = table.into_iter().flatten();
        rows.map(|(word, meaning)| (word.clone(), meaning.to_string()))
            .collect()
    }

    /// Looks at what stands under a condition, and notes what it asks for.
    fn conditioned(
        &mut self,
        when: Option<&'s WhenSpec>,
        name: &str,
        line: usize,
        look: impl FnOnce(&mut Self),
    ) {
        let Some(when) = when else { return look(self) };
        let mut asked = Vec::new();
        shown::asked(when, &mut asked);
        for raw in asked {
            let field = name.to_owned();
            let path = self.path_here(raw);
            self.used(path, SourceUse::Asked { field, line });
        }
        let said = shown::when(when, &|raw| self.path_here(raw));
        self.whens.push(said);
        look(self);
        self.whens.pop();
    }

    /// Looks at what stands at a place; a path to the place itself enters nothing.
    fn inside(&mut self, raw: &str, each: &str, look: impl FnOnce(&mut Self)) {
        if raw == "." {
            return look(self);
        }
        let place = self.path_here(raw) + each;
        self.around.push(place);
        look(self);
        self.around.pop();
    }

    fn required(&mut self, specs: &'s [RequireSpec]) {
        for spec in specs {
            let (path, line) = (self.path_here(spec.from.get_ref()), self.line(&spec.from));
            let mut how = match (&spec.is, &spec.is_not, spec.present) {
                (Some(words), ..) => format!("is {}", words.join(" | ")),
                (_, Some(words), _) => format!("is not {}", words.join(" | ")),
                (.., Some(false)) => "absent".to_owned(),
                _ => "present".to_owned(),
            };
            if let Some(when) = &spec.when {
                how.push_str(&format!(
                    ", when {}",
                    shown::when(when, &|raw| self.path_here(raw))
                ));
            }
            self.used(path, SourceUse::Required { how, line });
        }
    }

    /// What checks read of the sender's own fields.
    fn totals(&mut self, specs: &'s [CheckSpec]) {
        for spec in specs {
            if let Some(total) = &spec.total {
                let (path, line) = (self.path_here(total.get_ref()), self.line(total));
                let how = format!("the total of the check {}", spec.name.get_ref());
                self.used(path, SourceUse::Required { how, line });
            }
        }
    }

    fn ignored(&mut self, groups: &'s [IgnoredSpec]) {
        for group in groups {
            for raw in &group.fields {
                let (path, line) = (self.path_here(raw.get_ref()), self.line(raw));
                let why = group.why.get_ref().clone();
                self.used(path, SourceUse::Ignored { why, line });
            }
        }
    }

    fn forbidden(&mut self, fields: &'s [Spanned<String>]) {
        for raw in fields {
            let (path, line) = (self.path_here(raw.get_ref()), self.line(raw));
            self.used(path, SourceUse::Forbidden { line });
        }
    }

    fn used(&mut self, path: String, what: SourceUse) {
        self.sources.entry(path).or_default().insert(what);
    }

    fn line(&self, at: &Spanned<String>) -> usize {
        line_of(self.text, at.span().start)
    }

    /// A path of a rule that stands here, from the dossier or report on.
    fn path_here(&self, raw: &str) -> String {
        let here = self.around.len() - 1;
        let (place, rest) = if let Some(rest) = raw.strip_prefix('$') {
            (0, rest)
        } else {
            let rest = raw.trim_start_matches(['^', '.']);
            let out = raw
                .bytes()
                .take(raw.len() - rest.len())
                .filter(|b| *b == b'^')
                .count();
            (here.saturating_sub(out), rest)
        };
        let base = self.around[place].as_str();
        match (base, rest.trim_start_matches('.')) {
            ("", "") => ".".to_owned(),
            (base, "") => base.to_owned(),
            ("", rest) => rest.to_owned(),
            (base, rest) => format!("{base}.{rest}"),
        }
    }
}
