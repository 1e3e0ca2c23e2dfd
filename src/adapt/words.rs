//! Words and names as people write them: folded where a mapping says so, and how close two names are.

use unicode_normalization::UnicodeNormalization;

/// A word for comparing without case: trimmed, NFC, lower case.
pub(super) fn fold(word: &str) -> String {
    word.trim().nfc().collect::<String>().to_lowercase()
}

/// A field name for comparing: lower case, without diacritics, hyphens, low lines, dots and spaces.
pub(super) fn plain(name: &str) -> String {
    let letters = name.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}'));
    letters
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .filter(|c| !matches!(c, '-' | '_' | '.' | ' '))
        .collect()
}

/// Whether two plain names are one but for a slip: equal; from three letters on one letter more, less, other or changed with its
/// neighbour; from five letters on two of these.
pub(super) fn near(a: &str, b: &str) -> bool {
    if a == b {
        return !a.is_empty();
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let slips = match a.len().min(b.len()) {
        0..=2 => return false,
        3 | 4 => 1,
        _ => 2,
    };
    // Names that differ more in length than in slips need no table.
    a.len().abs_diff(b.len()) <= slips && distance(&a, &b) <= slips
}

/// Letters inserted, left out, replaced or swapped with the next one (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let other = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + other);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &str, b: &str) -> bool {
        near(&plain(a), &plain(b))
    }

    #[test]
    fn a_slip_is_near_and_another_name_is_not() {
        for slip in [
            "Tuchoi",
            "TUCHOI",
            "tu_choi",
            "TừChối",
            "TuChio",
            "TuChoii",
            "TuCoi",
            "TuChoj",
            "TChoi",
        ] {
            assert!(close(slip, "TuChoi"), "{slip}");
        }
        assert!(close("DanhSachGiayToKetqua", "DanhSachGiayToKetQua"));
        assert!(close("đường-dẫn", "DuongDan"));
        for (a, b) in [
            ("GhiChu", "TuChoi"),
            ("MaXa", "TenXa"),
            ("DanhSachGiayToBoSung", "DanhSachGiayToKetQua"),
            ("a", "b"),
            ("Fax", "xxx"),
            ("", ""),
        ] {
            assert!(!close(a, b), "{a} {b}");
        }
    }

    #[test]
    fn words_fold_case_and_composition() {
        assert_eq!(fold(" TRUE\n"), "true");
        assert_eq!(fold("CO\u{301}"), fold("có"));
        assert_ne!(fold("Có"), fold("Co"));
    }
}
