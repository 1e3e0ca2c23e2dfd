//! Taking a document that lists several dossiers apart: each part is the sender's own document with one item left in its list, byte
//! for byte, so that it is read, kept and receipted like any other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_json::value::RawValue;

use super::plan::{DocumentPlan, Path, Pick};
use super::provenance::{item_path, located};
use super::tree::{Syntax, push_index};
use super::{Adapter, cannot, decode, json, limits};
use crate::domain::rejection::{Rejection, problems};

/// A document that lists dossiers, taken apart.
#[derive(Debug)]
pub struct SplitDocument {
    text: String,
    items: Vec<Range<usize>>,
    list: String,
}

impl SplitDocument {
    /// How many dossiers it lists.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// The document with only the `number`th item, from 0.
    pub fn document(&self, number: usize) -> Vec<u8> {
        let (Some(first), Some(last)) = (self.items.first(), self.items.last()) else {
            return self.text.clone().into_bytes();
        };
        let item = self.items.get(number).cloned().unwrap_or_default();
        let pieces = [
            &self.text[..first.start],
            &self.text[item],
            &self.text[last.end..],
        ];
        pieces.concat().into_bytes()
    }

    /// The place in the whole document of a place in the part of the `number`th item.
    pub fn path(&self, number: usize, inside: &str) -> String {
        let first = item_path(&self.list, None, 0, Syntax::Json);
        match inside.strip_prefix(&first) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let mut path = self.list.clone();
                push_index(&mut path, number);
                path + rest
            }
            _ => inside.to_owned(),
        }
    }
}

impl Adapter {
    /// Whether dossiers are filed in this format as a list inside a JSON document, so that one can hold several.
    pub fn lists_dossiers(&self, media_type: &str) -> bool {
        let in_json = self.syntax_of(media_type) == Some(Syntax::Json);
        in_json && self.list_of_dossiers().is_some()
    }

    fn list_of_dossiers(&self) -> Option<&[Path]> {
        let plan: &DocumentPlan = self.dossier.as_deref()?;
        plan.items.as_ref().map(|items| items.paths.as_slice())
    }

    /// Takes a document that lists dossiers apart. One whose list is missing or empty is a single part, whose reading says what is
    /// wrong with it.
    ///
    /// # Errors
    /// When the document as a whole cannot be read, or lists more than [`limits::MAX_ITEMS`] dossiers.
    pub fn split(&self, bytes: &[u8]) -> Result<SplitDocument, Rejection> {
        let paths = self.list_of_dossiers().ok_or_else(cannot)?;
        let text = decode(bytes, Syntax::Json, "")?.text;
        // The limits of a document, duplicate names and all, hold for the whole.
        json::read_with(&text, self.dossier.as_ref().map_or(&[], |plan| &plan.contents))?;
        let found = paths.iter().find_map(|path| Some((path, ranges(&text, path)?)));
        let (path, items) = found.unwrap_or_else(|| (&paths[0], Vec::new()));
        let list = path.append_to("", Syntax::Json);
        if items.len() > limits::MAX_ITEMS {
            return Err(located(list, |field| {
                let limit = &limits::MAX_ITEMS;
                problems::TooManyItems { field, limit }.into()
            })
            .into());
        }
        Ok(SplitDocument {
            text: text.into_owned(),
            items,
            list,
        })
    }
}

/// Where the items of the list stand in the text; none when there is no such list.
fn ranges(text: &str, path: &Path) -> Option<Vec<Range<usize>>> {
    let mut at: &RawValue = serde_json::from_str(text).ok()?;
    for step in &path.steps {
        let mut fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(at.get()).ok()?;
        at = fields
            .remove(&*step.name.local)
            .filter(|_| step.pick == Pick::Only)?;
    }
    let items: Vec<&RawValue> = serde_json::from_str(at.get()).ok()?;
    let begin = text.as_ptr() as usize;
    let place = |item: &RawValue| {
        let start = item.get().as_ptr() as usize - begin;
        start..start + item.get().len()
    };
    Some(items.into_iter().map(place).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Registry;
    use super::*;
    use crate::domain::rejection::Label;

    fn split(text: &str) -> Result<SplitDocument, Rejection> {
        Registry::shipped()
            .get("dvcqg-mc/v1")
            .unwrap()
            .split(text.as_bytes())
    }

    #[test]
    fn each_part_is_the_sender_s_document_with_one_item() {
        let text = "{ \"service\":\"DongBoHoSoMC\",\n \"data\" : [ {\"a\":[1,2]} ,\n{\"b\": \"]\"},3 ] , \"session\":\"x\"}";
        let parts = split(text).unwrap();
        let documents: Vec<String> = (0..parts.count())
            .map(|n| String::from_utf8(parts.document(n)).unwrap())
            .collect();
        let with = |item: &str| {
            format!("{{ \"service\":\"DongBoHoSoMC\",\n \"data\" : [ {item} ] , \"session\":\"x\"}}")
        };
        assert_eq!(
            documents,
            [with("{\"a\":[1,2]}"), with("{\"b\": \"]\"}"), with("3")]
        );
        assert_eq!(parts.path(2, "/data/0/MaHoSo"), "/data/2/MaHoSo");
        assert_eq!(parts.path(2, "/data/0"), "/data/2");
        assert_eq!(parts.path(2, "/service"), "/service");
        assert_eq!(parts.path(2, "/data/01"), "/data/01");
    }

    #[test]
    fn what_is_no_list_is_one_document_and_what_is_no_document_is_none() {
        for text in ["{}", "{\"data\":{}}", "{\"data\":[]}", "[]"] {
            let parts = split(text).unwrap();
            assert_eq!(
                (parts.count(), parts.document(0)),
                (0, text.as_bytes().to_vec()),
                "{text}"
            );
        }
        assert_eq!(split("{\"data\":[}").unwrap_err().label(), Label::SyntaxInvalid);
        assert_eq!(
            split("{\"data\":[],\"data\":[]}").unwrap_err().label(),
            Label::DuplicateKey
        );
    }

    #[test]
    fn a_document_lists_so_many_and_no_more() {
        let of = |n: usize| format!("{{\"data\":[{}]}}", vec!["{}"; n].join(","));
        assert_eq!(split(&of(limits::MAX_ITEMS)).unwrap().count(), limits::MAX_ITEMS);
        let refused = split(&of(limits::MAX_ITEMS + 1)).unwrap_err();
        assert_eq!(
            (refused.label(), refused.problems()[0].path.as_deref()),
            (Label::TooManyItems, Some("/data"))
        );
    }
}
