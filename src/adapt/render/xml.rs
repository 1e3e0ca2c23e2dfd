//! Writes a document in XML 1.0, its elements in the order of the rules.

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesDecl, BytesStart, BytesText, Event};

use super::layout::{Layout, OutName};
use super::node::{Group, Node};
use super::plan::{OutRoot, Written};

pub(super) type Xml = Writer<Vec<u8>>;

/// The document.
pub(super) fn document(root: &OutRoot, group: &Group, layout: &Layout) -> Vec<u8> {
    let mut xml = Writer::new(Vec::new());
    let written = begin(&mut xml).and_then(|()| {
        let mut element = BytesStart::new(&*root.name.qualified);
        element.extend_attributes(root.spaces.iter().map(|(name, space)| (&**name, &**space)));
        content(&mut xml, element, group, layout)
    });
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    bytes
}

/// The XML declaration.
pub(super) fn begin(xml: &mut Xml) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.get_mut().push(b'\n');
    Ok(())
}

/// A text between two tags.
pub(super) fn text(xml: &mut Xml, text: &str) -> std::io::Result<()> {
    let escaped = partial_escape(sound(text));
    xml.write_event(Event::Text(BytesText::from_escaped(escaped)))
}

/// XML 1.0 has no way to write some characters.
fn sound(text: &str) -> String {
    let is_sound = |c: char| !matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars()
        .map(|c| if is_sound(c) { c } else { '\u{fffd}' })
        .collect()
}

fn content(
    xml: &mut Xml,
    mut element: BytesStart<'_>,
    group: &Group,
    layout: &Layout,
) -> std::io::Result<()> {
    for (node, (name, _)) in group.inside.iter().zip(&layout.names) {
        if let Some(Node::Group(Group {
            value: Some(value), ..
        })) = node.as_ref().filter(|_| name.attribute)
        {
            element.push_attribute((&*name.qualified, &*sound(&shown(value))));
        }
    }
    xml.write_event(Event::Start(element.borrow()))?;
    if let Some(value) = &group.value {
        text(xml, &shown(value))?;
    }
    for (node, (name, inner)) in group.inside.iter().zip(&layout.names) {
        match node {
            Some(Node::Group(group)) if !name.attribute => content(xml, start(name), group, inner)?,
            Some(Node::Rows(rows)) => list(xml, name, rows, inner)?,
            _ => {}
        }
    }
    xml.write_event(Event::End(element.to_end()))
}

/// In an element around them, or one after the other.
fn list(xml: &mut Xml, name: &OutName, rows: &[Group], layout: &Layout) -> std::io::Result<()> {
    let Some(item) = &layout.item else {
        return rows
            .iter()
            .try_for_each(|row| content(xml, start(name), row, layout));
    };
    let around = start(name);
    xml.write_event(Event::Start(around.borrow()))?;
    for row in rows {
        content(xml, start(item), row, layout)?;
    }
    xml.write_event(Event::End(around.to_end()))
}

fn start(name: &OutName) -> BytesStart<'_> {
    BytesStart::new(&*name.qualified)
}

fn shown(value: &Written) -> String {
    match value {
        Written::Text(text) => text.clone(),
        Written::Whole(number) => number.to_string(),
        Written::Flag(flag) => flag.to_string(),
    }
}
