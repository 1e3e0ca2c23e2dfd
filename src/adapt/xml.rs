//! Reads XML into a [`Tree`]: a streaming reader without DTD, with the five predefined entities and character references only.
//!
//! Comments and processing instructions are skipped, but counted. Namespace declarations, and attributes of the XML Schema
//! instance namespace, say something about the document and nothing about the dossier; they are not part of the tree.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceResolver, PrefixDeclaration, ResolveResult};

use super::limits;
use super::tree::{NodeId, Syntax, Tree, Value, check_text, trouble};
use crate::domain::rejection::{Label, Problem};

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Tree<'_>, Problem> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut build = Build {
        text,
        tree: Tree::new(Syntax::Xml),
        open: Vec::new(),
        skipped: 0,
    };
    loop {
        let before = reader.buffer_position();
        let event = reader
            .read_event()
            .map_err(|e| syntax(&e, reader.error_position()))?;
        match event {
            Event::Start(start) => build.start(&start, reader.resolver(), false, before)?,
            Event::Empty(start) => build.start(&start, reader.resolver(), true, before)?,
            Event::End(_) => build.end()?,
            Event::Text(t) => build.text(&t.xml10_content(), before)?,
            Event::CData(t) => build.text(&t.xml10_content(), before)?,
            Event::GeneralRef(r) => {
                let c = reference(&r, before)?;
                build.text(c.encode_utf8(&mut [0; 4]), before)?;
            }
            Event::DocType(_) => return Err(Problem::new(Label::DoctypeForbidden)),
            Event::Decl(d) => {
                if let Some(encoding) = d.encoding() {
                    let utf8 = encoding.is_ok_and(|e| e.eq_ignore_ascii_case("utf-8"));
                    if !utf8 {
                        return Err(Problem::new(Label::EncodingInvalid).with("offset", before));
                    }
                }
            }
            Event::Comment(_) | Event::PI(_) => build.skip()?,
            Event::Eof => break,
        }
    }
    if !build.open.is_empty() || build.tree.root().is_none() {
        return Err(Problem::new(Label::SyntaxInvalid)
            .with("offset", text.len())
            .with("expected", "</…>"));
    }
    Ok(build.tree)
}

fn syntax(error: &quick_xml::Error, offset: u64) -> Problem {
    use quick_xml::Error as E;
    use quick_xml::errors::IllFormedError as Ill;
    // Fixed words only: the reader's own sentences quote names and texts of the document.
    let expected = match error {
        E::IllFormed(Ill::MismatchedEndTag { .. } | Ill::MissingEndTag(_) | Ill::UnmatchedEndTag(_)) => {
            "</…>"
        }
        E::IllFormed(Ill::UnclosedReference) => "&…;",
        E::InvalidAttr(_) => "name=\"…\"",
        E::Namespace(_) => "xmlns",
        E::Escape(_) => "&…;",
        _ => "XML 1.0",
    };
    Problem::new(Label::SyntaxInvalid)
        .with("offset", offset)
        .with("expected", expected)
}

fn malformed(offset: u64, expected: &str) -> Problem {
    Problem::new(Label::SyntaxInvalid)
        .with("offset", offset)
        .with("expected", expected)
}

fn reference(r: &BytesRef<'_>, at: u64) -> Result<char, Problem> {
    match r.resolve_char_ref() {
        Ok(Some(c)) => return Ok(c),
        Ok(None) => {}
        Err(_) => return Err(malformed(at, "&#…;")),
    }
    predefined(r).ok_or_else(|| Problem::new(Label::EntityForbidden))
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

struct Build<'d> {
    text: &'d str,
    tree: Tree<'d>,
    /// The elements open now, with the text met so far.
    open: Vec<Open>,
    /// Comments and processing instructions.
    skipped: usize,
}

struct Open {
    id: NodeId,
    text: String,
    has_elements: bool,
}

impl<'d> Build<'d> {
    /// The same characters, borrowed from the document and not from the reader's event.
    fn borrow(&self, part: &str) -> Cow<'d, str> {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        match self.text.get(offset..offset.wrapping_add(part.len())) {
            Some(same) if same == part => Cow::Borrowed(same),
            _ => Cow::Owned(part.to_owned()),
        }
    }

    fn skip(&mut self) -> Result<(), Problem> {
        self.skipped += 1;
        if self.skipped + self.tree.len() > limits::MAX_PARTS {
            return Err(Problem::new(Label::TooManyParts).with("limit", limits::MAX_PARTS));
        }
        Ok(())
    }

    fn start(
        &mut self,
        start: &BytesStart<'_>,
        names: &NamespaceResolver,
        empty: bool,
        at: u64,
    ) -> Result<(), Problem> {
        if self.open.len() >= limits::MAX_DEPTH {
            return Err(trouble(Label::TooDeep));
        }
        if self.open.is_empty() && self.tree.root().is_some() {
            return Err(malformed(at, "</…>"));
        }
        let parent = self.open.last_mut().map(|open| {
            open.has_elements = true;
            open.id
        });
        let (space, local) = names.resolve_element(start.name());
        let space = self.namespace(&space, at)?;
        let name = self.name(local.into_inner())?;
        let id = self
            .tree
            .add(parent, name, space, false, Value::Text(Cow::Borrowed("")))?;
        self.skip_check()?;
        self.attributes(id, start, names, at)?;
        self.open.push(Open {
            id,
            text: String::new(),
            has_elements: false,
        });
        if empty { self.end() } else { Ok(()) }
    }

    fn skip_check(&self) -> Result<(), Problem> {
        if self.skipped + self.tree.len() > limits::MAX_PARTS {
            return Err(Problem::new(Label::TooManyParts).with("limit", limits::MAX_PARTS));
        }
        Ok(())
    }

    fn name(&self, local: &str) -> Result<Cow<'d, str>, Problem> {
        if local.len() > limits::MAX_NAME {
            return Err(Problem::new(Label::TextTooLong).with("limit", limits::MAX_NAME));
        }
        check_text(local).map_err(trouble)?;
        Ok(self.borrow(local))
    }

    fn namespace(&mut self, resolved: &ResolveResult<'_>, at: u64) -> Result<u16, Problem> {
        match resolved {
            ResolveResult::Unbound => Ok(0),
            ResolveResult::Bound(space) => self.tree.space(space.0),
            ResolveResult::Unknown(_) => Err(malformed(at, "xmlns")),
        }
    }

    /// Adds the attributes that carry something.
    fn attributes(
        &mut self,
        id: NodeId,
        start: &BytesStart<'_>,
        names: &NamespaceResolver,
        at: u64,
    ) -> Result<(), Problem> {
        let mut seen: Vec<(u16, Cow<'d, str>)> = Vec::new();
        // The reader's own check for doubles compares every pair before the limit below could stop it.
        for (n, attribute) in start.attributes().with_checks(false).enumerate() {
            if n >= limits::MAX_ATTRIBUTES {
                return Err(Problem::new(Label::TooManyParts).with("limit", limits::MAX_ATTRIBUTES));
            }
            let attribute = attribute.map_err(|_| malformed(at, "name=\"…\""))?;
            let declares = match attribute.key.as_namespace_binding() {
                Some(PrefixDeclaration::Default) => Some("xmlns"),
                Some(PrefixDeclaration::Named(prefix)) => Some(prefix),
                None => None,
            };
            let (space, local) = match declares {
                // Declarations have their own space, so that a double one is found too.
                Some(prefix) => (u16::MAX, self.name(prefix)?),
                None => {
                    let (space, local) = names.resolve_attribute(attribute.key);
                    (self.namespace(&space, at)?, self.name(local.into_inner())?)
                }
            };
            if seen.iter().any(|(s, l)| *s == space && *l == local) {
                let path = format!("{}/@{local}", self.tree.path(id));
                return Err(Problem::new(Label::DuplicateKey).with("field", local).at(path));
            }
            seen.push((space, local.clone()));
            if declares.is_some() {
                self.skip()?;
                continue;
            }
            let value = attribute_value(&attribute.value)?;
            let space_name = names.resolve_attribute(attribute.key).0;
            if matches!(&space_name, ResolveResult::Bound(s) if s.0 == SCHEMA_INSTANCE) {
                self.skip()?;
                continue;
            }
            let verdict = check_text(&value);
            let child = self
                .tree
                .add(Some(id), local, space, true, Value::Text(Cow::Owned(value)))?;
            verdict.map_err(|label| trouble(label).at(self.tree.path(child)))?;
            self.skip_check()?;
        }
        Ok(())
    }

    fn text(&mut self, part: &str, at: u64) -> Result<(), Problem> {
        let Some(open) = self.open.last_mut() else {
            // Outside the root only white space may stand.
            return if part.trim().is_empty() {
                Ok(())
            } else {
                Err(malformed(at, "<…>"))
            };
        };
        open.text.push_str(part);
        let id = open.id;
        let verdict = if open.text.len() > limits::MAX_TEXT {
            Err(Label::TextTooLong)
        } else {
            check_text(part)
        };
        verdict.map_err(|label| trouble(label).at(self.tree.path(id)))
    }

    fn end(&mut self) -> Result<(), Problem> {
        // The reader has matched the names already.
        let Some(open) = self.open.pop() else {
            return Err(malformed(self.text.len() as u64, "<…>"));
        };
        let has_attributes = self.tree.children(open.id).next().is_some() && !open.has_elements;
        let text = open.text.trim();
        if open.has_elements || has_attributes {
            if !text.is_empty() {
                return Err(Problem::new(Label::TypeWrong)
                    .with("field", self.tree.name(open.id))
                    .with("expected", "<…>")
                    .at(self.tree.path(open.id)));
            }
            self.tree.set(open.id, Value::Object);
        } else if !text.is_empty() {
            let text = if text.len() == open.text.len() {
                open.text
            } else {
                text.to_owned()
            };
            self.tree.set(open.id, Value::Text(Cow::Owned(text)));
        }
        Ok(())
    }
}

fn attribute_value(raw: &str) -> Result<String, Problem> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        value.push_str(before);
        let Some((name, tail)) = after.split_once(';') else {
            return Err(Problem::new(Label::EntityForbidden));
        };
        let c = match name.strip_prefix('#') {
            Some(number) => {
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => number.parse().ok(),
                };
                code.and_then(char::from_u32)
            }
            None => predefined(name),
        };
        value.push(c.ok_or_else(|| Problem::new(Label::EntityForbidden))?);
        rest = tail;
    }
    value.push_str(rest);
    Ok(value)
}
