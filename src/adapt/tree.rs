//! One tree for both syntaxes: what the sender's document holds, and where.
//!
//! Nodes lie in one vector and borrow their names and texts from the bytes received, so that reading a document costs few
//! allocations. A path is made only when somebody asks for it: for a problem, or for the place of a list item.

use std::borrow::Cow;
use std::collections::HashMap;

use super::limits;
use crate::domain::rejection::{Problem, problems};
use crate::domain::whole::NotWhole;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// JSON (RFC 8259).
    Json,
    /// XML 1.0 with namespaces, without DTD.
    Xml,
}

/// A node of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

impl NodeId {
    /// Its place among all parts of the document, in the order written.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'d> {
    /// Named children.
    Object,
    /// Children in order. XML has none: there, elements repeat.
    List,
    Text(Cow<'d, str>),
    Whole(i64),
    /// A number of JSON that is no whole one, why, and as a text. No field of the canonical form is one.
    Fraction(NotWhole, String),
    Flag(bool),
    Null,
}

#[derive(Debug)]
struct Node<'d> {
    name: Cow<'d, str>,
    space: u16,
    attribute: bool,
    parent: Option<NodeId>,
    first: Option<NodeId>,
    last: Option<NodeId>,
    next: Option<NodeId>,
    /// Its place among its parent's children, from 0.
    ordinal: u32,
    children: u32,
    value: Value<'d>,
}

/// A name as a mapping writes it. In JSON only `local` counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub local: Box<str>,
    pub space: Box<str>,
    pub attribute: bool,
}

/// What is wrong with an element of XML that can be read all the same.
#[derive(Clone, Copy, Debug)]
pub(super) enum Oddity {
    /// It says that it is nothing, and is not empty.
    NilFilled,
    /// It has a text beside its elements.
    TextMisplaced,
}

/// A document.
#[derive(Debug)]
pub(super) struct Tree<'d> {
    pub syntax: Syntax,
    nodes: Vec<Node<'d>>,
    /// Namespaces in the order met; the first is none.
    spaces: Vec<Box<str>>,
    /// Elements that hold what is not read, and what is wrong with them.
    odd: HashMap<u32, Oddity>,
    /// Texts over [`limits::MAX_TEXT`]: the contents of files, where a rule takes them for that.
    long: Vec<NodeId>,
}

impl<'d> Tree<'d> {
    pub fn new(syntax: Syntax) -> Self {
        Tree {
            syntax,
            nodes: Vec::with_capacity(64),
            spaces: vec!["".into()],
            odd: HashMap::new(),
            long: Vec::new(),
        }
    }

    /// The number of a namespace in this document.
    pub fn space(&mut self, uri: &str) -> Result<u16, Problem> {
        let known = (0..).zip(&self.spaces).find(|(_, known)| ***known == *uri);
        if let Some((number, _)) = known {
            return Ok(number);
        }
        // The first stands for none.
        let number = u16::try_from(self.spaces.len()).ok();
        let room = number.filter(|number| usize::from(*number) <= limits::MAX_NAMESPACES);
        let number = room.ok_or(problems::TooManyParts {
            limit: &limits::MAX_NAMESPACES,
        })?;
        self.spaces.push(uri.into());
        Ok(number)
    }

    /// Reads the first namespace of each pair as the second one.
    pub fn read_spaces_as(&mut self, pairs: &[(Box<str>, Box<str>)]) {
        for space in &mut self.spaces {
            if let Some((_, written)) = pairs.iter().find(|(other, _)| other == space) {
                space.clone_from(written);
            }
        }
    }

    /// Adds a node as the last child of `parent`.
    pub fn add(
        &mut self,
        parent: Option<NodeId>,
        name: Cow<'d, str>,
        space: u16,
        attribute: bool,
        value: Value<'d>,
    ) -> Result<NodeId, Problem> {
        if self.nodes.len() >= limits::MAX_PARTS {
            return Err(too_many_parts());
        }
        let id = NodeId(u32::try_from(self.nodes.len()).map_err(|_| too_many_parts())?);
        let mut ordinal = 0;
        if let Some(p) = parent {
            let above = &mut self.nodes[p.0 as usize];
            ordinal = above.children;
            above.children += 1;
            let before = above.last.replace(id);
            match before {
                Some(b) => self.nodes[b.0 as usize].next = Some(id),
                None => above.first = Some(id),
            }
        }
        self.nodes.push(Node {
            name,
            space,
            attribute,
            parent,
            first: None,
            last: None,
            next: None,
            ordinal,
            children: 0,
            value,
        });
        Ok(id)
    }

    pub fn set(&mut self, id: NodeId, value: Value<'d>) {
        self.nodes[id.0 as usize].value = value;
    }

    /// Marks an element that holds what is not read.
    pub fn mark(&mut self, id: NodeId, oddity: Oddity) {
        self.odd.insert(id.0, oddity);
    }

    /// Notes a text that is longer than a text may be.
    pub fn mark_long(&mut self, id: NodeId) {
        self.long.push(id);
    }

    /// The texts that are longer than a text may be.
    pub fn long(&self) -> &[NodeId] {
        &self.long
    }

    /// What is wrong with an element as such.
    pub fn odd(&self, id: NodeId) -> Option<Oddity> {
        self.odd.get(&id.0).copied()
    }

    /// The outermost node; none in an empty document.
    pub fn root(&self) -> Option<NodeId> {
        (!self.nodes.is_empty()).then_some(NodeId(0))
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn value(&self, id: NodeId) -> &Value<'d> {
        &self.nodes[id.0 as usize].value
    }

    pub fn name(&self, id: NodeId) -> &str {
        &self.nodes[id.0 as usize].name
    }

    /// The namespace it is in; empty where it is in none.
    pub fn space_of(&self, id: NodeId) -> &str {
        &self.spaces[usize::from(self.nodes[id.0 as usize].space)]
    }

    /// Whether it is an attribute of XML.
    pub fn is_attribute(&self, id: NodeId) -> bool {
        self.nodes[id.0 as usize].attribute
    }

    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut next = self.nodes[id.0 as usize].first;
        std::iter::from_fn(move || {
            let this = next?;
            next = self.nodes[this.0 as usize].next;
            Some(this)
        })
    }

    pub fn is_named(&self, id: NodeId, name: &Name) -> bool {
        let node = &self.nodes[id.0 as usize];
        *node.name == *name.local
            && match self.syntax {
                Syntax::Json => true,
                Syntax::Xml => {
                    // An attribute without a prefix is in no namespace, whatever elements without one are read as.
                    let space = match (node.attribute, node.space) {
                        (true, 0) => "",
                        (_, space) => &self.spaces[usize::from(space)],
                    };
                    node.attribute == name.attribute && *space == *name.space
                }
            }
    }

    /// The first child of this name. An element with a text has attributes alone.
    pub fn child(&self, id: NodeId, name: &Name) -> Option<NodeId> {
        if !matches!(self.value(id), Value::Object | Value::Text(_)) {
            return None;
        }
        self.children(id).find(|c| self.is_named(*c, name))
    }

    /// Where a node is in the sender's own document: a JSON Pointer, or an XPath of local names.
    pub fn path(&self, id: NodeId) -> String {
        let mut steps = vec![id];
        while let Some(p) = self.nodes[steps[steps.len() - 1].0 as usize].parent {
            steps.push(p);
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            let node = &self.nodes[step.0 as usize];
            match self.syntax {
                Syntax::Json => match node.parent {
                    None => {}
                    Some(p) if *self.value(p) == Value::List => push_index(&mut path, node.ordinal as usize),
                    Some(_) => push_json(&mut path, &node.name),
                },
                Syntax::Xml => {
                    path.push('/');
                    if node.attribute {
                        path.push('@');
                    }
                    path.push_str(&node.name);
                    if let Some(n) = self.same_name_position(step) {
                        path.push_str(&format!("[{n}]"));
                    }
                }
            }
        }
        path
    }

    /// From 1 among siblings of the same name; none when it is the only one.
    fn same_name_position(&self, id: NodeId) -> Option<usize> {
        let node = &self.nodes[id.0 as usize];
        let parent = node.parent?;
        let (mut position, mut count) = (0, 0);
        for sibling in self.children(parent) {
            let other = &self.nodes[sibling.0 as usize];
            if other.name == node.name && other.space == node.space && other.attribute == node.attribute {
                count += 1;
                if sibling == id {
                    position = count;
                }
            }
        }
        (count > 1).then_some(position)
    }
}

fn too_many_parts() -> Problem {
    problems::TooManyParts {
        limit: &limits::MAX_PARTS,
    }
    .into()
}

/// Appends one reference token of a JSON Pointer (RFC 6901).
pub(super) fn push_json(path: &mut String, name: &str) {
    path.push('/');
    for c in name.chars() {
        match c {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            c => path.push(c),
        }
    }
}

pub(super) fn push_index(path: &mut String, index: usize) {
    path.push_str(&format!("/{index}"));
}

/// Refuses what no text of a dossier holds, whatever the syntax let through.
pub(super) fn check_text(text: &str) -> Result<(), Problem> {
    if text.len() > limits::MAX_TEXT {
        return Err(text_too_long());
    }
    check_characters(text)
}

/// The same, however long it is.
pub(super) fn check_characters(text: &str) -> Result<(), Problem> {
    if text
        .chars()
        // U+FFFE and U+FFFF are no characters of XML 1.0, and an agency may be told in XML.
        .any(|c| matches!(c, '\u{fffe}' | '\u{ffff}') || c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(problems::ControlCharacter.into());
    }
    Ok(())
}

/// The refusal of a text over [`limits::MAX_TEXT`].
pub(super) fn text_too_long() -> Problem {
    let limit = &limits::MAX_TEXT;
    problems::TextTooLong { limit }.into()
}

/// The refusal of a document of more levels than [`limits::MAX_DEPTH`].
pub(super) fn too_deep() -> Problem {
    let limit = &limits::MAX_DEPTH;
    problems::TooDeep { limit }.into()
}
