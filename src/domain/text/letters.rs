//! What each letter that Vietnamese is written with comes to when a name is folded, looked up instead of computed.
//!
//! A name written with composed letters alone folds letter by letter, but for the tones, which go to the end of their syllable. What a
//! letter folds to is asked of the folding itself, once; whatever is not in the table is folded by it as before.

/// The blocks that are looked up: Basic Latin to Latin Extended-B, Latin Extended Additional, and General Punctuation.
const BLOCKS: [std::ops::Range<u32>; 3] = [0..0x250, 0x1e00..0x1f00, 0x2000..0x2070];

/// What a character comes to.
enum Folded {
    /// It stands between words.
    Space,
    /// Nothing is left of it.
    Nothing,
    /// This stays at its place, these tones go to the end of the syllable.
    Letter(String, Vec<char>),
    /// It depends on what stands beside it.
    Context,
}

/// The table of one folding.
pub(super) struct Letters(Vec<Folded>);

impl Letters {
    /// Of this folding.
    pub(super) fn of(fold: fn(&str) -> String) -> Self {
        let letters = BLOCKS
            .into_iter()
            .flatten()
            .map(|code| char::from_u32(code).map_or(Folded::Context, |letter| folded(letter, fold)));
        Letters(letters.collect())
    }

    /// The folded text; none where a character has to be seen with its neighbours.
    pub(super) fn fold(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len() + 8);
        let mut tones: Vec<char> = Vec::new();
        let mut is_between = false;
        for c in text.chars() {
            match self.0.get(place(c)?)? {
                Folded::Space => is_between = true,
                Folded::Nothing => {}
                Folded::Letter(stays, moves) => {
                    if is_between {
                        end_syllable(&mut out, &mut tones);
                        if !out.is_empty() {
                            out.push(' ');
                        }
                        is_between = false;
                    }
                    out.push_str(stays);
                    tones.extend(moves);
                }
                Folded::Context => return None,
            }
        }
        end_syllable(&mut out, &mut tones);
        Some(out)
    }
}

fn end_syllable(out: &mut String, tones: &mut Vec<char>) {
    tones.sort_unstable();
    out.extend(tones.drain(..));
}

fn place(c: char) -> Option<usize> {
    let (code, mut before) = (u32::from(c), 0);
    for block in BLOCKS {
        if block.contains(&code) {
            return usize::try_from(before + code - block.start).ok();
        }
        before += block.end - block.start;
    }
    None
}

/// Folds a letter between two others, where neither an end nor a beginning of a word takes anything away.
fn folded(letter: char, fold: fn(&str) -> String) -> Folded {
    let whole = fold(&format!("x{letter}z"));
    let Some(inner) = whole.strip_prefix('x') else {
        return Folded::Context;
    };
    let Some((stays, tones)) = inner.rsplit_once('z') else {
        return Folded::Context;
    };
    match stays {
        "" if tones.is_empty() => Folded::Nothing,
        " " if tones.is_empty() => Folded::Space,
        _ if stays.contains(' ') || stays.is_empty() => Folded::Context,
        _ => Folded::Letter(stays.to_owned(), tones.chars().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::names;

    /// Every text of two looked-up characters, and of one between words, folds as the folding alone has it.
    #[test]
    fn the_table_says_what_the_folding_says() {
        for (looked_up, computed) in [
            (
                names::fold_name as fn(&str) -> String,
                names::fold_any_name as fn(&str) -> String,
            ),
            (names::words, names::words_of_any),
        ] {
            let letters: Vec<char> = super::BLOCKS
                .into_iter()
                .flatten()
                .filter_map(char::from_u32)
                .collect();
            for (n, one) in letters.iter().enumerate() {
                for other in letters.iter().skip(n % 7).step_by(7).chain([
                    &' ',
                    &'-',
                    &',',
                    &'\u{301}',
                    &'\u{200b}',
                    &'a',
                ]) {
                    let text = format!("{one}{other}à {other}{one}");
                    assert_eq!(looked_up(&text), computed(&text), "{text:?}");
                }
            }
        }
    }
}
