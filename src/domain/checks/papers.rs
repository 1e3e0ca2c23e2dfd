//! Papers as a check names them, and the papers of a dossier.

use super::facts::{FactNode, FactValue, Facts};
use crate::domain::text::fold_name;

/// Which copies of a paper count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CopyKind {
    /// All together.
    Any,
    /// Bản chính.
    Original,
    /// Bản sao có chứng thực.
    Certified,
    /// Bản chụp.
    Photo,
}

impl CopyKind {
    pub(super) const WORDS: [(&'static str, CopyKind); 4] = [
        ("any", CopyKind::Any),
        ("original", CopyKind::Original),
        ("certified", CopyKind::Certified),
        ("photo", CopyKind::Photo),
    ];
}

/// Which papers a check means: those with one of these codes, one of these names, or one of these words in their name. Names are
/// compared as people compare them: capitals, spaces and the place of a tone mark do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperMatch {
    pub(super) codes: Vec<String>,
    /// Folded.
    pub(super) names: Vec<String>,
    /// Folded.
    pub(super) words: Vec<String>,
    /// As a sentence names it.
    pub(super) shown: String,
}

impl PaperMatch {
    pub(super) fn of(codes: Vec<String>, names: &[String], words: &[String]) -> Option<PaperMatch> {
        let shown = names.first().or(codes.first()).or(words.first())?.clone();
        let folded = |texts: &[String]| texts.iter().map(|text| fold_name(text)).collect();
        Some(PaperMatch {
            names: folded(names),
            words: folded(words),
            codes,
            shown,
        })
    }

    pub(super) fn means(&self, paper: &FiledPaper) -> bool {
        let code = paper.code.as_ref();
        code.is_some_and(|code| self.codes.contains(code))
            || self.names.contains(&paper.name)
            || self.words.iter().any(|word| paper.name.contains(word.as_str()))
    }
}

/// A paper of a dossier.
pub(super) struct FiledPaper {
    pub pointer: String,
    code: Option<String>,
    /// Folded.
    name: String,
    copies: [i64; 3],
    /// The office has it already: the applicant hands in no copy.
    pub held: bool,
}

impl FiledPaper {
    /// How many copies of a kind were handed in.
    pub fn count(&self, kind: CopyKind) -> i64 {
        match kind {
            CopyKind::Any => self.copies.iter().sum(),
            CopyKind::Original => self.copies[0],
            CopyKind::Certified => self.copies[1],
            CopyKind::Photo => self.copies[2],
        }
    }
}

/// The papers of a filing; none where one of them could not be read.
pub(super) fn filed<N: FactNode>(facts: &Facts<'_, N>) -> Option<Vec<FiledPaper>> {
    const LIST: &str = "components";
    if facts.is_bad("/components") {
        return None;
    }
    let Some(list) = facts.root.member(LIST) else {
        return Some(Vec::new());
    };
    if list.value() != FactValue::List {
        return None;
    }
    let papers = list.items().iter().enumerate();
    papers
        .map(|(n, paper)| of_node(paper, format!("/{LIST}/{n}")))
        .collect()
}

fn of_node<N: FactNode>(paper: &N, pointer: String) -> Option<FiledPaper> {
    let text = |name: &str| match paper.member(name).map(FactNode::value) {
        None => Some(None),
        Some(FactValue::Text(text)) => Some(Some(text.trim().to_owned())),
        Some(_) => None,
    };
    let (code, name) = (text("code")?, text("name")?);
    let mut copies = [0; 3];
    if let Some(counts) = paper.member("copies") {
        for (count, kind) in copies.iter_mut().zip(["original", "certified", "photo"]) {
            *count = match counts.member(kind).map(FactNode::value) {
                None => 0,
                Some(FactValue::Whole(n)) => n,
                Some(_) => return None,
            };
        }
    }
    let is = |name: &str| paper.member(name).map(FactNode::value) == Some(FactValue::Flag(true));
    Some(FiledPaper {
        pointer,
        code,
        name: fold_name(name.as_deref().unwrap_or_default()),
        copies,
        held: is("reused") || is("from_store"),
    })
}
