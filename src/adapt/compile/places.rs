//! The places of a document a file declares: guards, picks, and what is kept, ignored or forbidden.

use toml::Spanned;

use super::Compiler;
use crate::adapt::plan::{Guard, Known, Must, Picked, Words};
use crate::adapt::spec::{IgnoredSpec, Otherwise, PickSpec, RequireSpec};

impl<'s> Compiler<'s> {
    pub(super) fn guards(&mut self, specs: &'s [RequireSpec], known: &mut Known) -> Vec<Guard> {
        specs
            .iter()
            .map(|spec| {
                let at = spec.from.span().start;
                let from = self.path_here(spec.from.get_ref(), at);
                known.follow(&from).leaf = true;
                Guard {
                    must: self.must(spec, at),
                    when: spec.when.as_ref().map(|when| self.cond(when, at, known)),
                    from,
                }
            })
            .collect()
    }

    fn must(&mut self, spec: &'s RequireSpec, at: usize) -> Must {
        let words = |named: &[String], counts: bool| {
            let words = named.iter().map(|word| (word.clone(), counts));
            Words::of(words, spec.fold_case).0
        };
        match (&spec.is, &spec.is_not, spec.present) {
            (Some(is), None, None) => Must::Hold {
                words: words(is, true),
                optional: spec.optional,
            },
            (None, Some(is_not), None) => {
                let mut words = words(is_not, false);
                words.other = Some(true);
                Must::Hold {
                    words,
                    optional: spec.optional,
                }
            }
            (None, None, Some(true)) => Must::BePresent,
            (None, None, Some(false)) => Must::BeAbsent,
            _ => {
                self.fault(
                    at,
                    "require cần đúng một trong is, is_not, present",
                    "require takes exactly one of is, is_not, present",
                );
                Must::BePresent
            }
        }
    }

    pub(super) fn declare(
        &mut self,
        picks: &'s [PickSpec],
        kept: &'s [Spanned<String>],
        ignored: &'s [IgnoredSpec],
        forbidden: &'s [Spanned<String>],
        known: &mut Known,
    ) {
        for pick in picks {
            let at = pick.from.span().start;
            let Some(by) = self.name(&pick.by, at) else {
                continue;
            };
            if pick.among.is_none() && pick.otherwise.is_none() {
                self.fault(
                    at,
                    "pick không nói từ lạ thì sao: kể các từ khác có thể có (among), hoặc thêm otherwise = \"refuse\" hay \"warn\"",
                    "pick does not say what an unknown word is: name the other words there are (among), or add otherwise = \"refuse\" or \"warn\"",
                );
            }
            let place = self.path_of(&pick.from, known);
            place.list.get_or_insert_default();
            place.enter(&by).leaf = true;
            place.picked = Some(Picked {
                by,
                words: pick.among.iter().flatten().map(|w| w.as_str().into()).collect(),
                otherwise: pick.otherwise.unwrap_or(Otherwise::Refuse),
            });
        }
        for raw in kept {
            self.path_of(raw, known).kept = true;
        }
        for group in ignored {
            if group.why.get_ref().trim().is_empty() {
                self.fault(
                    group.why.span().start,
                    "why để trống: ghi vì sao không đọc các trường này",
                    "why is empty: write down why these fields are not read",
                );
            }
            for raw in &group.fields {
                self.path_of(raw, known).ignored = true;
            }
        }
        for raw in forbidden {
            self.path_of(raw, known).forbidden = true;
        }
    }

    /// Every list of which paths pick entries by a word says what another word is.
    pub(super) fn settle_picks(&mut self, known: &mut Known) {
        for (name, inner) in known.children.values_mut().flatten() {
            let list = name.local.clone();
            for (key, word) in std::mem::take(&mut inner.picks) {
                match &mut inner.picked {
                    Some(picked) if picked.by == key => {
                        if !picked.words.contains(&word) {
                            picked.words.push(word);
                        }
                    }
                    _ => {
                        let raw = format!("{list}[{}={word}]", key.local);
                        let at = self.text.find(&raw).unwrap_or(0);
                        self.fault(
                            at,
                            format!("{raw} không nói từ lạ thì sao: thêm pick = [{{ from = \"{list}\", by = \"{}\", otherwise = \"warn\" }}]", key.local),
                            format!("{raw} does not say what an unknown word is: add pick = [{{ from = \"{list}\", by = \"{}\", otherwise = \"warn\" }}]", key.local),
                        );
                    }
                }
            }
            self.settle_picks(inner);
        }
    }

    /// The place a path of the file leads to.
    fn path_of<'k>(&mut self, raw: &Spanned<String>, known: &'k mut Known) -> &'k mut Known {
        let path = self.path_here(raw.get_ref(), raw.span().start);
        known.follow(&path)
    }
}
