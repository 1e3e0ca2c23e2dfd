//! Names as people compare them: the same name is the same whoever typed it, on whatever keyboard.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;

use super::letters::Letters;
use super::{is_invisible, is_space};

/// Folds the name of a person, a place or a paper for comparison: compatibility forms (NFKC), lower case, both places of a tone
/// mark (`Hoà` = `Hòa`: lists of the communes of QĐ 19/2025/QĐ-TTg spell seven names in both ways), dashes and spaces, and letters
/// of other scripts that only look Latin (UTS 39). Tones and marks are kept: they are other names. Only for comparing; never shown.
pub fn fold_name(name: &str) -> String {
    static LETTERS: OnceLock<Letters> = OnceLock::new();
    let letters = LETTERS.get_or_init(|| Letters::of(fold_any_name));
    letters.fold(name).unwrap_or_else(|| fold_any_name(name))
}

pub(super) fn fold_any_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.nfkc() {
        if parts_words(c) {
            plain.push(' ');
        } else if !is_invisible(c) {
            push_alike(&mut plain, c);
        }
    }
    let mut folded = String::with_capacity(plain.len());
    for syllable in plain.split(' ').filter(|s| !s.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        // Decomposed, a tone mark is a character of its own; moving it to the end of its syllable makes both spellings equal.
        let mut tones = Vec::new();
        for c in syllable.nfd() {
            if matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}') {
                tones.push(c);
            } else {
                folded.push(c);
            }
        }
        tones.sort_unstable();
        folded.extend(tones);
    }
    folded
}

/// Whether two names are of one thing for the most part: of the words of the shorter one, half at least are in the other. For
/// names as long as those of procedures, which are cut, added to and written anew.
pub fn share_words(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (one, other) = (words(one), words(other));
    let set = |words: &str| -> BTreeSet<String> { words.split(' ').map(str::to_owned).collect() };
    let (one, other) = (set(&one), set(&other));
    one.intersection(&other).count() * 2 >= one.len().min(other.len())
}

/// The words of a folded name, without what stands between them: `số 1, phố Mẫu` and `Số 1 phố-Mẫu` are one address.
pub fn words(name: &str) -> String {
    static LETTERS: OnceLock<Letters> = OnceLock::new();
    let letters = LETTERS.get_or_init(|| Letters::of(words_of_any));
    letters.fold(name).unwrap_or_else(|| words_of_any(name))
}

pub(super) fn words_of_any(name: &str) -> String {
    // Taken out before the tones move: behind a comma a tone would stand for itself.
    let between = |c: char| !c.is_alphanumeric() && !is_combining_mark(c) && !is_invisible(c);
    let bare: String = name.nfkc().map(|c| if between(c) { ' ' } else { c }).collect();
    fold_any_name(&bare)
}

/// Dashes of every length, the minus sign and the underscore stand between words as a space does.
fn parts_words(c: char) -> bool {
    is_space(c)
        || matches!(
            c,
            '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}'
        )
}

/// Appends, in lower case, the Latin letter a character looks like: itself, mostly.
fn push_alike(plain: &mut String, c: char) {
    match c {
        // The eth and the African d stand for đ wherever an old font or keyboard put them.
        '\u{d0}' | '\u{f0}' | '\u{189}' | '\u{256}' => plain.push('đ'),
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '`' | '\u{b4}' => plain.push('\''),
        _ if is_latin(c) || !c.is_alphabetic() => plain.extend(c.to_lowercase()),
        _ => {
            let looks: Vec<char> = skeleton(c.encode_utf8(&mut [0; 4])).collect();
            match looks.as_slice() {
                // Capital I and small l are one to UTS 39; a capital letter is the first.
                ['l'] if !c.is_lowercase() => plain.push('i'),
                [first, marks @ ..]
                    if first.is_ascii_alphabetic() && marks.iter().all(|m| is_combining_mark(*m)) =>
                {
                    plain.push(first.to_ascii_lowercase());
                    plain.extend(marks);
                }
                _ => plain.extend(c.to_lowercase()),
            }
        }
    }
}

/// Basic Latin, Latin-1, Latin Extended-A and B, Latin Extended Additional: what Vietnamese is written with.
fn is_latin(c: char) -> bool {
    matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}
