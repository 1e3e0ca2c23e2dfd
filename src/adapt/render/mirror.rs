//! The canonical form itself, with the official code where it is known.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesStart, BytesText, Event};
use serde_json::Value;

use super::plan::{OutgoingDossier, Rendered};
use super::xml::{self, Xml};
use crate::adapt::plan::{DocumentPlan, Rules, Shape};
use crate::adapt::tree::Name;
use crate::domain::dossier::Filing;

/// In JSON.
pub(in crate::adapt) fn canonical_json(outgoing: &OutgoingDossier<'_>) -> Rendered {
    let filing = with_code(outgoing);
    Rendered {
        media_type: "application/json".to_owned(),
        // Texts, numbers and flags only: writing them to memory cannot fail.
        bytes: serde_json::to_vec(filing.as_ref()).unwrap_or_default(),
    }
}

fn with_code<'a>(outgoing: &OutgoingDossier<'a>) -> Cow<'a, Filing> {
    if outgoing.dossier_code.is_none() || outgoing.dossier_code == outgoing.filing.dossier_code.as_ref() {
        return Cow::Borrowed(outgoing.filing);
    }
    let mut filing = outgoing.filing.clone();
    filing.dossier_code = outgoing.dossier_code.cloned();
    Cow::Owned(filing)
}

/// In XML, as its plan for reading names the elements.
pub(super) fn canonical_xml(
    outgoing: &OutgoingDossier<'_>,
    dossier: Option<&DocumentPlan>,
    media_type: &str,
) -> Rendered {
    let value = serde_json::to_value(with_code(outgoing).as_ref()).unwrap_or_default();
    let mut xml = Writer::new(Vec::new());
    let written = dossier
        .and_then(|plan| Some((plan, plan.root.as_ref()?)))
        .map_or(Ok(()), |(plan, root)| {
            document(&mut xml, root, &value, &plan.shape)
        });
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
    Rendered {
        media_type: media_type.to_owned(),
        bytes: xml.into_inner(),
    }
}

fn document(xml: &mut Xml, root: &Name, value: &Value, shape: &Shape) -> std::io::Result<()> {
    xml::begin(xml)?;
    let root = BytesStart::new(&*root.local).with_attributes([("xmlns", &*root.space)]);
    xml.write_event(Event::Start(root.borrow()))?;
    object(xml, value, shape)?;
    xml.write_event(Event::End(root.to_end()))?;
    xml.get_mut().push(b'\n');
    Ok(())
}

fn object(xml: &mut Xml, value: &Value, shape: &Shape) -> std::io::Result<()> {
    for slot in &shape.slots {
        let Some(member) = value.get(&*slot.name).filter(|v| !v.is_null()) else {
            continue;
        };
        let element = BytesStart::new(&*slot.name);
        xml.write_event(Event::Start(element.borrow()))?;
        match (&slot.rules, member) {
            (Rules::Part(rules), _) => {
                if let Some(rule) = rules.first() {
                    object(xml, member, &rule.shape)?;
                }
            }
            (Rules::List { rules, .. }, Value::Array(items)) => {
                if let Some((rule, name)) = rules.first().and_then(|r| Some((r, r.item()?))) {
                    let element = BytesStart::new(&*name.local);
                    for item in items {
                        xml.write_event(Event::Start(element.borrow()))?;
                        object(xml, item, &rule.shape)?;
                        xml.write_event(Event::End(element.to_end()))?;
                    }
                }
            }
            (_, Value::String(text)) => xml::text(xml, text)?,
            (_, scalar) => xml.write_event(Event::Text(BytesText::new(&scalar.to_string())))?,
        }
        xml.write_event(Event::End(element.to_end()))?;
    }
    Ok(())
}
