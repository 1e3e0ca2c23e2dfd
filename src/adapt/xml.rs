//! Reads XML into a [`Tree`]: a streaming reader without DTD, with the five predefined entities and character references only.
//!
//! Comments and processing instructions are skipped, but counted. Namespace declarations, and attributes of the XML Schema
//! instance namespace, say something about the document and nothing about the dossier; they are not part of the tree, but for
//! `xsi:nil`, by which an element is null. What a format does not name (attributes, text beside elements, prefixes nobody declared)
//! never ends the reading: it stands in the tree, for `conform` to tell.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceResolver, PrefixDeclaration, QName, ResolveResult};

use super::limits;
use super::tree::{
    NodeId, Oddity, Syntax, Tree, Value, check_characters, check_text, text_too_long, too_deep,
};
use crate::domain::rejection::{Problem, problems};
use crate::domain::syntax;

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The prefix everybody gives it, also those who forget to declare it.
const SCHEMA_INSTANCE_PREFIX: &str = "xsi:";

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Tree<'_>, Problem> {
    read_with(text, &[])
}

/// The same, where texts of elements of these names may be as long as the document.
pub(super) fn read_with<'d>(text: &'d str, contents: &[Box<str>]) -> Result<Tree<'d>, Problem> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut build = Build {
        text,
        contents,
        tree: Tree::new(Syntax::Xml),
        open: Vec::new(),
        skipped: 0,
    };
    loop {
        let before = place(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|e| build.syntax(&e, place(reader.error_position())))?;
        match event {
            Event::Start(start) => build.start(&start, reader.resolver(), false, before)?,
            Event::Empty(start) => build.start(&start, reader.resolver(), true, before)?,
            Event::End(_) => build.end()?,
            Event::Text(t) => build.text(&t.xml10_content(), before)?,
            Event::CData(t) => build.text(&t.xml10_content(), before)?,
            Event::GeneralRef(r) => {
                let c = build.reference(&r, before)?;
                build.text(c.encode_utf8(&mut [0; 4]), before)?;
            }
            Event::DocType(_) => return Err(problems::DoctypeForbidden.into()),
            // Its encoding was judged before these were characters.
            Event::Decl(_) => {}
            Event::Comment(_) | Event::PI(_) => build.skip()?,
            Event::Eof => break,
        }
    }
    if !build.open.is_empty() || build.tree.root().is_none() {
        let expected = if build.tree.root().is_none() {
            "<…>"
        } else {
            "</…>"
        };
        return Err(syntax::invalid(text, text.len(), expected));
    }
    Ok(build.tree)
}

/// The byte of the document where the reader is: it counts those of streams of any length, and this one lies in memory.
fn place(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
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

struct Build<'c, 'd> {
    text: &'d str,
    /// Names of elements that hold files.
    contents: &'c [Box<str>],
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
    nil: bool,
}

/// What an attribute is, by its name.
enum Attribute<'d> {
    /// Says which prefix is which namespace.
    Declares,
    /// `xsi:nil`.
    Nil,
    /// About the document.
    Instance,
    /// Carries something.
    Named(u16, Cow<'d, str>),
}

impl<'d> Build<'_, 'd> {
    fn syntax(&self, error: &quick_xml::Error, offset: usize) -> Problem {
        use quick_xml::Error as E;
        use quick_xml::errors::IllFormedError as Ill;
        // Fixed signs only: the reader's own sentences are English, and quote names and texts of the document.
        let expected = match error {
            E::IllFormed(Ill::MismatchedEndTag { .. } | Ill::MissingEndTag(_) | Ill::UnmatchedEndTag(_)) => {
                "</…>"
            }
            E::IllFormed(Ill::UnclosedReference) | E::Escape(_) => "&…;",
            E::InvalidAttr(_) => "name=\"…\"",
            E::Namespace(_) => "xmlns:…=\"…\"",
            _ => "<…>",
        };
        self.malformed(offset, expected)
    }

    fn malformed(&self, offset: usize, expected: &str) -> Problem {
        syntax::invalid(self.text, offset, expected)
    }

    fn forbidden(&self, offset: usize) -> Problem {
        let (line, column) = syntax::line_and_column(self.text, offset);
        problems::EntityForbidden {
            line: &line,
            column: &column,
        }
        .into()
    }

    fn reference(&self, r: &BytesRef<'_>, at: usize) -> Result<char, Problem> {
        match r.resolve_char_ref() {
            Ok(Some(c)) => return Ok(c),
            Ok(None) => {}
            Err(_) => return Err(self.malformed(at, "&#…;")),
        }
        predefined(r).ok_or_else(|| self.forbidden(at))
    }

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
            return Err(problems::TooManyParts {
                limit: &limits::MAX_PARTS,
            }
            .into());
        }
        Ok(())
    }

    fn start(
        &mut self,
        start: &BytesStart<'_>,
        names: &NamespaceResolver,
        empty: bool,
        at: usize,
    ) -> Result<(), Problem> {
        if self.open.len() >= limits::MAX_DEPTH {
            return Err(too_deep());
        }
        if self.open.is_empty() && self.tree.root().is_some() {
            return Err(self.malformed(at, syntax::END));
        }
        let parent = self.open.last_mut().map(|open| {
            open.has_elements = true;
            open.id
        });
        let (space, local) = names.resolve_element(start.name());
        let (space, name) = match &space {
            // In no namespace: a name no format has.
            ResolveResult::Unknown(_) => (0, self.name(start.name().into_inner())?),
            known => (self.namespace(known)?, self.name(local.into_inner())?),
        };
        let id = self
            .tree
            .add(parent, name, space, false, Value::Text(Cow::Borrowed("")))?;
        self.skip_check()?;
        let nil = self.attributes(id, start, names, at)?;
        self.open.push(Open {
            id,
            text: String::new(),
            has_elements: false,
            nil,
        });
        if empty { self.end() } else { Ok(()) }
    }

    fn skip_check(&self) -> Result<(), Problem> {
        if self.skipped + self.tree.len() > limits::MAX_PARTS {
            return Err(problems::TooManyParts {
                limit: &limits::MAX_PARTS,
            }
            .into());
        }
        Ok(())
    }

    fn name(&self, local: &str) -> Result<Cow<'d, str>, Problem> {
        if local.len() > limits::MAX_NAME {
            return Err(problems::TextTooLong {
                limit: &limits::MAX_NAME,
            }
            .into());
        }
        check_text(local)?;
        Ok(self.borrow(local))
    }

    fn namespace(&mut self, resolved: &ResolveResult<'_>) -> Result<u16, Problem> {
        match resolved {
            ResolveResult::Bound(space) => self.tree.space(space.0),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => Ok(0),
        }
    }

    /// Adds the attributes that carry something; says whether the element is nil.
    fn attributes(
        &mut self,
        id: NodeId,
        start: &BytesStart<'_>,
        names: &NamespaceResolver,
        at: usize,
    ) -> Result<bool, Problem> {
        let mut nil = false;
        let mut seen: Vec<(u16, Cow<'d, str>)> = Vec::new();
        // The reader's own check for doubles compares every pair before the limit below could stop it.
        for (n, attribute) in start.attributes().with_checks(false).enumerate() {
            if n >= limits::MAX_ATTRIBUTES {
                return Err(problems::TooManyParts {
                    limit: &limits::MAX_ATTRIBUTES,
                }
                .into());
            }
            let attribute = attribute.map_err(|_| self.malformed(at, "name=\"…\""))?;
            let (space, local, what) = self.attribute(attribute.key, names)?;
            if seen.iter().any(|(s, l)| *s == space && *l == local) {
                let path = format!("{}/@{local}", self.tree.path(id));
                return Err(problems::DuplicateKey { field: &local }.at(path));
            }
            seen.push((space, local));
            let (space, local) = match what {
                Attribute::Named(space, local) => (space, local),
                Attribute::Nil => {
                    nil = matches!(self.attribute_value(&attribute.value, at)?.trim(), "true" | "1");
                    self.skip()?;
                    continue;
                }
                Attribute::Declares | Attribute::Instance => {
                    self.skip()?;
                    continue;
                }
            };
            let value = self.attribute_value(&attribute.value, at)?;
            let verdict = check_text(&value);
            let child = self
                .tree
                .add(Some(id), local, space, true, Value::Text(Cow::Owned(value)))?;
            verdict.map_err(|problem| problem.at(self.tree.path(child)))?;
            self.skip_check()?;
        }
        Ok(nil)
    }

    /// Its name, to find doubles by, and what it is.
    fn attribute(
        &mut self,
        key: QName<'_>,
        names: &NamespaceResolver,
    ) -> Result<(u16, Cow<'d, str>, Attribute<'d>), Problem> {
        let declares = match key.as_namespace_binding() {
            Some(PrefixDeclaration::Default) => Some("xmlns"),
            Some(PrefixDeclaration::Named(prefix)) => Some(prefix),
            None => None,
        };
        if let Some(prefix) = declares {
            // Declarations have their own space, so that a double one is found too.
            return Ok((u16::MAX, self.name(prefix)?, Attribute::Declares));
        }
        let (resolved, local) = names.resolve_attribute(key);
        let whole = key.into_inner();
        let instance = match &resolved {
            ResolveResult::Bound(space) => space.0 == SCHEMA_INSTANCE,
            ResolveResult::Unknown(_) => whole.starts_with(SCHEMA_INSTANCE_PREFIX),
            ResolveResult::Unbound => false,
        };
        let unknown = matches!(resolved, ResolveResult::Unknown(_));
        let name = self.name(if unknown { whole } else { local.into_inner() })?;
        let space = self.namespace(&resolved)?;
        let what = match &*name {
            "nil" | "xsi:nil" if instance => Attribute::Nil,
            _ if instance => Attribute::Instance,
            _ => Attribute::Named(space, name.clone()),
        };
        Ok((space, name, what))
    }

    fn text(&mut self, part: &str, at: usize) -> Result<(), Problem> {
        let Some(open) = self.open.last_mut() else {
            // Outside the root only white space may stand.
            return if part.trim().is_empty() {
                Ok(())
            } else {
                let expected = if self.tree.root().is_none() {
                    "<…>"
                } else {
                    syntax::END
                };
                Err(self.malformed(at, expected))
            };
        };
        open.text.push_str(part);
        let id = open.id;
        let is_long = open.text.len() > limits::MAX_TEXT;
        let verdict = if is_long && !self.contents.iter().any(|name| **name == *self.tree.name(id)) {
            Err(text_too_long())
        } else {
            check_characters(part)
        };
        verdict.map_err(|problem| problem.at(self.tree.path(id)))
    }

    fn end(&mut self) -> Result<(), Problem> {
        // The reader has matched the names already.
        let Some(open) = self.open.pop() else {
            return Err(self.malformed(self.text.len(), "<…>"));
        };
        let text = open.text.trim();
        if open.nil && (open.has_elements || !text.is_empty()) {
            self.tree.mark(open.id, Oddity::NilFilled);
        } else if open.has_elements && !text.is_empty() {
            self.tree.mark(open.id, Oddity::TextMisplaced);
        }
        if open.has_elements {
            self.tree.set(open.id, Value::Object);
        } else if !text.is_empty() {
            if text.len() > limits::MAX_TEXT {
                self.tree.mark_long(open.id);
            }
            let text = if text.len() == open.text.len() {
                open.text
            } else {
                text.to_owned()
            };
            self.tree.set(open.id, Value::Text(Cow::Owned(text)));
        } else if open.nil {
            self.tree.set(open.id, Value::Null);
        }
        Ok(())
    }

    fn attribute_value(&self, raw: &str, at: usize) -> Result<String, Problem> {
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((before, after)) = rest.split_once('&') {
            value.push_str(before);
            let Some((name, tail)) = after.split_once(';') else {
                return Err(self.malformed(at, "&…;"));
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
            value.push(c.ok_or_else(|| self.forbidden(at))?);
            rest = tail;
        }
        value.push_str(rest);
        Ok(value)
    }
}
