//! Paths and names as a file writes them.

use std::collections::BTreeMap;

use super::Compiler;
use crate::adapt::plan::{Path, Pick, Step};
use crate::adapt::tree::Name;

impl Compiler<'_> {
    /// `a.b[key=value].@c`; `.` is the place itself.
    pub(super) fn path(&mut self, raw: &str, at: usize) -> Path {
        if raw == "." {
            return Path::default();
        }
        let steps: Option<Vec<Step>> = raw.split('.').map(|step| self.step(step)).collect();
        match steps {
            Some(steps) => Path(steps),
            None => {
                self.fault(
                    at,
                    format!("đường dẫn {raw} sai; viết như a.b, a[0].b, a[].b, a[tên=giá trị].b, ns:a.@b"),
                    format!("the path {raw} is malformed; write a.b, a[0].b, a[].b, a[key=value].b, ns:a.@b"),
                );
                Path::default()
            }
        }
    }

    fn step(&self, raw: &str) -> Option<Step> {
        let (name, pick) = match raw.strip_suffix(']') {
            None => (raw, Pick::Only),
            Some(rest) => {
                let (name, inner) = rest.split_once('[')?;
                let pick = match inner.split_once('=') {
                    Some((key, value)) => Pick::Where(self.resolve(key)?, value.into()),
                    None if inner == "0" => Pick::First,
                    None if inner.is_empty() => Pick::Each,
                    None => return None,
                };
                (name, pick)
            }
        };
        Some(Step {
            name: self.resolve(name)?,
            pick,
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
        let namespaces: Option<&BTreeMap<String, String>> = self.spec.xml.as_ref().map(|x| &x.namespaces);
        let (space, local) = match (raw.split_once(':'), namespaces) {
            (Some((prefix, local)), Some(declared)) => (declared.get(prefix)?.as_str(), local),
            // An attribute without a prefix has no namespace, whatever its element has.
            _ if attribute => ("", raw),
            _ => (self.spec.xml.as_ref().map_or("", |x| x.namespace.as_str()), raw),
        };
        let sound = !local.is_empty() && !local.contains(['[', ']', '=', '@', ' ', '/']);
        sound.then(|| Name {
            local: local.into(),
            space: space.into(),
            attribute,
        })
    }
}
