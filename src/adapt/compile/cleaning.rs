//! What is done with a text before it is read.

use super::Compiler;
use crate::adapt::plan::Cleaner;
use crate::adapt::spec::CleanSpec;

/// Steps of cleaning of one rule.
const MAX_CLEANERS: usize = 8;

/// Texts that one step replaces.
const MAX_REPLACED: usize = 200;

/// The separators of a number written as an example: of thousands, and before a fraction.
fn separators(example: &str) -> Option<(Option<char>, Option<char>)> {
    let rest = example.strip_prefix('1')?;
    let (group, rest) = match rest.strip_prefix("234") {
        Some(rest) => (None, rest),
        None => {
            let group = rest.chars().next()?;
            (Some(group), rest[group.len_utf8()..].strip_prefix("234")?)
        }
    };
    let decimal = match rest.strip_suffix("00") {
        Some(rest) => Some(rest.chars().next().filter(|c| c.len_utf8() == rest.len())?),
        None if rest.is_empty() => None,
        None => return None,
    };
    let sound = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    (group != decimal || group.is_none()).then_some(())?;
    (sound(group) && sound(decimal)).then_some((group, decimal))
}

impl Compiler<'_> {
    /// The steps of cleaning.
    pub(super) fn cleaners(&mut self, specs: &[CleanSpec], at: usize) -> Vec<Cleaner> {
        if specs.len() > MAX_CLEANERS {
            self.fault(
                at,
                format!("quá {MAX_CLEANERS} bước làm sạch; bớt đi"),
                format!("more than {MAX_CLEANERS} steps of cleaning; take some away"),
            );
        }
        specs.iter().map(|spec| self.cleaner(spec, at)).collect()
    }

    fn cleaner(&mut self, spec: &CleanSpec, at: usize) -> Cleaner {
        match spec {
            CleanSpec::Digits => Cleaner::Digits,
            CleanSpec::Lower => Cleaner::Lower,
            CleanSpec::Upper => Cleaner::Upper,
            CleanSpec::OneSpace => Cleaner::OneSpace,
            CleanSpec::Entities => Cleaner::Entities,
            CleanSpec::Number(example) => {
                let (group, decimal) = separators(example).unwrap_or_else(|| {
                    self.fault(
                        at,
                        format!("number = \"{example}\" sai; viết một số mẫu: 1,234.00 · 1.234,00 · 1 234 · 1234.00"),
                        format!("number = \"{example}\" is malformed; write an example: 1,234.00 · 1.234,00 · 1 234 · 1234.00"),
                    );
                    (None, None)
                });
                Cleaner::Number { group, decimal }
            }
            CleanSpec::Replace(pairs) => {
                if pairs.is_empty() || pairs.len() > MAX_REPLACED || pairs.keys().any(String::is_empty) {
                    self.fault(
                        at,
                        format!("replace cần từ 1 đến {MAX_REPLACED} cặp, vế trái không để trống"),
                        format!(
                            "replace takes 1 to {MAX_REPLACED} pairs, none of them with nothing on the left"
                        ),
                    );
                }
                let mut pairs: Vec<(Box<str>, Box<str>)> = pairs
                    .iter()
                    .map(|(from, to)| (from.as_str().into(), to.as_str().into()))
                    .collect();
                pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
                Cleaner::Replace(pairs)
            }
            CleanSpec::Split { by, take } => {
                if by.is_empty() {
                    self.fault(
                        at,
                        "split cần dấu tách: { split = { by = \";\", take = 0 } }",
                        "split takes a separator: { split = { by = \";\", take = 0 } }",
                    );
                }
                Cleaner::Split {
                    by: by.as_str().into(),
                    take: *take,
                }
            }
            CleanSpec::StripPrefix(affix) => Cleaner::StripPrefix(affix.as_str().into()),
            CleanSpec::StripSuffix(affix) => Cleaner::StripSuffix(affix.as_str().into()),
        }
    }
}
