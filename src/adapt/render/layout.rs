//! What a document that is written looks like: its names in their order, which is that of the rules.

/// A name as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutName {
    /// In JSON.
    pub local: Box<str>,
    /// In XML, with its prefix.
    pub qualified: Box<str>,
    pub attribute: bool,
}

/// One place of a document, and what is in it.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub names: Vec<(OutName, Layout)>,
    pub holds: Holds,
    /// Of a list in XML, the name of one item's element; none where the list's own element repeats.
    pub item: Option<OutName>,
    /// Each item of the list is a value.
    pub of_values: bool,
}

/// What a place holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Holds {
    #[default]
    Nothing,
    Value,
    Group,
    List,
}

/// Why something cannot be written where a rule wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// Something else is written there: a value, a group or a list.
    Taken,
    /// In JSON another name is the same.
    SameInJson,
}

impl Layout {
    /// The place that names lead to, made where there is none yet, and the way to it.
    ///
    /// # Errors
    /// What is written there already and does not go with it. `in_json` says whether the document is written in JSON too.
    pub fn place(&mut self, names: &[OutName], holds: Holds, in_json: bool) -> Result<Vec<usize>, Clash> {
        let mut place = self;
        let mut way = Vec::with_capacity(names.len());
        for (number, name) in names.iter().enumerate() {
            let index = match place.names.iter().position(|(known, _)| known == name) {
                Some(index) => index,
                None => {
                    if in_json && place.names.iter().any(|(known, _)| known.local == name.local) {
                        return Err(Clash::SameInJson);
                    }
                    place.names.push((name.clone(), Layout::default()));
                    place.names.len() - 1
                }
            };
            way.push(index);
            place = &mut place.names[index].1;
            let rest = &names[number + 1..];
            // In XML a value may have attributes.
            let only_attributes = !in_json && place.names.iter().all(|(name, _)| name.attribute);
            place.holds = match (place.holds, rest) {
                (Holds::Nothing | Holds::Group, [_, ..]) => Holds::Group,
                (Holds::Value, [next, ..]) if next.attribute && !in_json => Holds::Value,
                (Holds::Nothing, []) => holds,
                (known, []) if known == holds => known,
                (Holds::Group, []) if holds == Holds::Value && only_attributes => Holds::Value,
                _ => return Err(Clash::Taken),
            };
        }
        Ok(way)
    }

    /// The place at the end of a way.
    pub fn at_mut(&mut self, way: &[usize]) -> Option<&mut Layout> {
        way.iter()
            .try_fold(self, |place, index| Some(&mut place.names.get_mut(*index)?.1))
    }

    /// As [`Layout::at_mut`].
    pub fn at(&self, way: &[usize]) -> Option<&Layout> {
        way.iter()
            .try_fold(self, |place, index| Some(&place.names.get(*index)?.1))
    }
}
