//! Compiles the conditions of what is written.

use super::path::{Places, SourcePath};
use super::plan::OutCond;
use crate::adapt::compile::Compiler;
use crate::adapt::plan::Test;
use crate::adapt::spec::WhenSpec;
use crate::adapt::target::{Kind, Target};

/// Compiles a condition; gives the names of the values it asks for from the whole on.
pub(super) fn cond<'s>(
    compiler: &mut Compiler<'s>,
    spec: &'s WhenSpec,
    places: &Places,
    at: usize,
    asked: &mut Vec<String>,
) -> OutCond {
    let groups = [spec.all.is_some(), spec.any.is_some(), spec.not.is_some()];
    let heads = groups.iter().filter(|there| **there).count() + usize::from(spec.from.is_some());
    let questions = spec.is.is_some() || spec.is_not.is_some() || spec.present.is_some();
    if heads != 1 || (spec.from.is_none() && questions) {
        compiler.fault(
            at,
            "when cần đúng một trong from (với is, is_not hoặc present), all, any, not",
            "when takes exactly one of from (with is, is_not or present), all, any, not",
        );
        return OutCond::All(Vec::new());
    }
    let mut each = |specs: &'s Vec<WhenSpec>| -> Vec<OutCond> {
        if specs.is_empty() {
            compiler.fault(
                at,
                "when: all, any cần ít nhất một điều kiện",
                "when: all and any take at least one condition",
            );
        }
        let conds = specs.iter().map(|spec| cond(compiler, spec, places, at, asked));
        conds.collect()
    };
    match (&spec.all, &spec.any, &spec.not, &spec.from) {
        (Some(all), ..) => OutCond::All(each(all)),
        (_, Some(any), ..) => OutCond::Any(each(any)),
        (_, _, Some(not), _) => OutCond::Not(Box::new(cond(compiler, not, places, at, asked))),
        (.., from) => ask(
            compiler,
            spec,
            from.as_deref().unwrap_or_default(),
            places,
            at,
            asked,
        ),
    }
}

fn ask<'s>(
    compiler: &mut Compiler<'s>,
    spec: &'s WhenSpec,
    raw: &str,
    places: &Places,
    at: usize,
    asked: &mut Vec<String>,
) -> OutCond {
    let test = compiler.test(spec, at);
    let path = SourcePath::parse(raw);
    match path.as_ref().and_then(|path| places.reach(path)) {
        Some((target, name)) => {
            fits(compiler, &test, target, raw, at);
            asked.push(name);
        }
        None => compiler.fault(
            at,
            format!("when: không có giá trị {raw}"),
            format!("when: there is no value {raw}"),
        ),
    }
    match path {
        Some(from) => OutCond::Ask { from, test },
        None => OutCond::All(Vec::new()),
    }
}

/// A word that the value never is, is a mistake of the file.
fn fits(compiler: &mut Compiler<'_>, test: &Test, target: &Target, raw: &str, at: usize) {
    let (Test::Is(words) | Test::IsNot(words)) = test else {
        return;
    };
    let Target::Leaf(kind) = target else {
        compiler.fault(
            at,
            format!("when: {raw} không phải một giá trị; chỉ hỏi được present"),
            format!("when: {raw} is not one value; only present can be asked of it"),
        );
        return;
    };
    let known = |word: &str| match kind {
        Kind::Text => true,
        Kind::Words(all) => all.iter().any(|known| **known == *word),
        Kind::Flag => matches!(word, "true" | "false"),
        Kind::Whole { min, max, .. } => word
            .parse::<i64>()
            .is_ok_and(|n| n.to_string() == word && (*min..=*max).contains(&n)),
        Kind::Instant | Kind::Day | Kind::Content => false,
    };
    for word in words.iter().filter(|word| !known(word)) {
        compiler.fault(
            at,
            format!("when: {raw} không bao giờ là {word}"),
            format!("when: {raw} is never {word}"),
        );
    }
}
