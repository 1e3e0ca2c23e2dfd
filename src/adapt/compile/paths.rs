//! Paths and names as a file writes them.

use std::collections::BTreeMap;

use super::Compiler;
use crate::adapt::plan::{Known, Listing, Path, Pick, Start, Step};
use crate::adapt::spec::OneOrMany;
use crate::adapt::tree::Name;

impl Compiler<'_> {
    /// `a.b[key=value].@c`; `.` is the place itself, `^.a` begins at the place around it, `$.a` at the dossier or report.
    pub(super) fn path(&mut self, raw: &str, at: usize) -> Path {
        let (start, rest) = start_of(raw);
        if rest.is_empty() || rest == "." {
            return Path {
                start,
                steps: Vec::new(),
            };
        }
        let steps: Option<Vec<Step>> = rest.split('.').map(|step| self.step(step)).collect();
        match steps {
            Some(steps) => Path { start, steps },
            None => {
                self.fault(
                    at,
                    format!("đường dẫn {raw} sai; viết như a.b, a[0].b, a[-1].b, a[].b, a[tên=giá trị].b, ns:a.@b, ^.a, $.a"),
                    format!("the path {raw} is malformed; write a.b, a[0].b, a[-1].b, a[].b, a[key=value].b, ns:a.@b, ^.a, $.a"),
                );
                Path::default()
            }
        }
    }

    /// A path of a place that is only declared, which is written from where it stands.
    pub(super) fn path_here(&mut self, raw: &str, at: usize) -> Path {
        let path = self.path(raw, at);
        if path.start != Start::Here {
            self.fault(
                at,
                format!("{raw}: ^ và $ chỉ dùng trong from và matching; khai báo trường ở nơi nó đứng"),
                format!("{raw}: ^ and $ are for from and matching; declare a field where it stands"),
            );
        }
        path
    }

    /// The steps of a path from the item on.
    pub(super) fn absolute(&mut self, path: &Path, at: usize) -> Vec<Step> {
        let here = self.around.len() - 1;
        let number = match path.start {
            Start::Here => Some(here),
            Start::Around(out) => here.checked_sub(out),
            Start::Top => Some(0),
        };
        if number.is_none() {
            self.fault(
                at,
                format!("{}: không có nơi nào bao ngoài; bớt ^, hoặc dùng $", path.shown()),
                format!(
                    "{}: there is no place so far out; take away a ^, or use $",
                    path.shown()
                ),
            );
        }
        let mut steps = self.around[number.unwrap_or(0)].clone();
        steps.extend(path.steps.iter().cloned());
        steps
    }

    /// Declares that a value is read there, and says whether what stands there is kept or ignored where no rule
    /// takes it.
    pub(super) fn reads(&mut self, path: &Path, at: usize, known: &mut Known) -> bool {
        if path.start == Start::Here {
            let place = known.follow(path);
            place.leaf = true;
            return place.is_aside();
        }
        let steps = self.absolute(path, at);
        let value = Known {
            leaf: true,
            ..Known::default()
        };
        self.outside.push((steps, value));
        false
    }

    /// Declares what rules read elsewhere where it stands.
    pub(super) fn settle_outside(&mut self, item: &mut Known) {
        for (steps, known) in std::mem::take(&mut self.outside) {
            item.walk_in(&steps).merge(known);
        }
    }

    fn step(&self, raw: &str) -> Option<Step> {
        let (name, pick) = match raw.strip_suffix(']') {
            None => (raw, Pick::Only),
            Some(rest) => {
                let (name, inner) = rest.split_once('[')?;
                let pick = match inner.split_once('=') {
                    Some((key, value)) => Pick::Where(self.resolve(key)?, value.into()),
                    None if inner.is_empty() => Pick::Each,
                    None => Pick::Nth(inner.parse().ok()?),
                };
                (name, pick)
            }
        };
        Some(Step {
            listing: self.listing(name),
            name: self.resolve(name)?,
            pick,
        })
    }

    /// How the list of this name is written.
    fn listing(&self, name: &str) -> Listing {
        let declared = self.spec.lists.iter().find(|(list, _)| list.get_ref() == name);
        declared.map_or_else(Listing::default, |(_, spec)| Listing {
            item: spec.item.as_ref().and_then(|item| self.resolve(item)),
            one: spec.one,
        })
    }

    pub(in crate::adapt) fn name(&mut self, raw: &str, at: usize) -> Option<Name> {
        let name = self.resolve(raw);
        if name.is_none() {
            self.fault(
                at,
                format!("tên {raw} sai, hoặc tiền tố của nó không có trong [xml.namespaces]"),
                format!("the name {raw} is malformed, or its prefix is not in [xml.namespaces]"),
            );
        }
        name
    }

    fn resolve(&self, raw: &str) -> Option<Name> {
        let (attribute, raw) = match raw.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, raw),
        };
        let namespaces: Option<&BTreeMap<String, OneOrMany>> = self.spec.xml.as_ref().map(|x| &x.namespaces);
        let (space, local) = match (raw.split_once(':'), namespaces) {
            (Some((prefix, local)), Some(declared)) => (declared.get(prefix)?.written(), local),
            // An attribute without a prefix has no namespace, whatever its element has.
            _ if attribute => ("", raw),
            _ => (self.spec.xml.as_ref().map_or("", |x| x.namespace.written()), raw),
        };
        let sound = !local.is_empty() && !local.contains(['[', ']', '=', '@', ' ', '/', '^', '$']);
        sound.then(|| Name {
            local: local.into(),
            space: space.into(),
            attribute,
        })
    }
}

/// Where a path starts, and the rest of it.
fn start_of(raw: &str) -> (Start, &str) {
    if let Some(rest) = raw.strip_prefix('$') {
        return (Start::Top, rest.strip_prefix('.').unwrap_or(rest));
    }
    let mut rest = raw;
    let mut out = 0;
    while let Some(inner) = rest.strip_prefix('^') {
        out += 1;
        rest = inner.strip_prefix('.').unwrap_or(inner);
    }
    match out {
        0 => (Start::Here, raw),
        out => (Start::Around(out), rest),
    }
}
