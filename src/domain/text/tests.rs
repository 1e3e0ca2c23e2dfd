//! One rule for what is kept of a text, and one for when two names are the same.

use proptest::prelude::*;

use super::names::share_words;
use super::*;

/// One line of text.
type Line<const MAX: usize> = Text<MAX>;

#[test]
fn both_spellings_of_a_tone_mark_are_one_name() {
    assert_eq!(fold_name("Xã Ứng Hoà"), fold_name("XÃ ỨNG  HÒA"));
    assert_eq!(fold_name("Nguyễn Thị Thuý"), fold_name("NGUYỄN THỊ THÚY"));
    assert_ne!(fold_name("Xã Hoà Xá"), fold_name("Xã Hoà Xa"));
}

#[test]
fn a_name_is_the_same_on_every_keyboard() {
    let name = fold_name("Phường Đại Mỗ");
    for same in [
        "phường đại mỗ",
        "PHƯỜNG ĐẠI MỖ",
        "Phường Ðại Mỗ",
        "Phường\u{a0}Đại\u{3000}Mỗ",
        "Phường Đại-Mỗ",
        "Phường Đại – Mỗ",
        "Phường Đ\u{200b}ại Mỗ",
        "Ｐｈường Đại Mỗ",
        "Рhường Đại Мỗ",
        "Phường Đại Mο\u{302}\u{303}",
    ] {
        assert_eq!(fold_name(same), name, "{same}");
    }
    for other in ["Phường Đại Mo", "Phường Đài Mỗ", "Phường Dại Mỗ", "Phường Đại Mộ"]
    {
        assert_ne!(fold_name(other), name, "{other}");
    }
    assert_eq!(fold_name("ІТЕR"), fold_name("iter"));
    assert_eq!(fold_name("M’Đrắk"), fold_name("M'Đrắk"));
}

/// Letters of Vietnamese with every mark, as (letter, marks).
const VOWELS: [&str; 12] = ["a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y"];
const TONES: [&str; 6] = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];

#[test]
fn no_two_letters_of_vietnamese_are_one_letter() {
    let mut letters: Vec<String> = "bcdđghklmnpqrstvx0123456789".chars().map(String::from).collect();
    letters.extend(
        VOWELS
            .iter()
            .flat_map(|vowel| TONES.iter().map(move |tone| format!("{vowel}{tone}"))),
    );
    let folded: std::collections::BTreeSet<String> = letters.iter().map(|l| fold_name(l)).collect();
    assert_eq!(folded.len(), letters.len());
}

#[test]
fn names_of_one_thing_share_words() {
    let ours = "Thủ tục cấp bản sao trích lục hộ tịch, bản sao giấy khai sinh";
    assert!(share_words("Cấp bản sao Trích lục hộ tịch", ours));
    assert!(share_words(ours, ours));
    assert!(!share_words("Cấp giấy xác nhận tình trạng hôn nhân", ours));
    assert!(!share_words("Đăng ký thành lập doanh nghiệp tư nhân", ours));
}

#[test]
fn the_limit_counts_characters_after_normalising() {
    let decomposed = "e\u{301}".repeat(3);
    assert_eq!(Line::<3>::parse(&decomposed).unwrap().as_str(), "ééé");
    assert_eq!(Line::<3>::parse("éééé"), Err(NotAText::TooLong(3)));
    assert_eq!(Line::<3>::parse(" \n "), Err(NotAText::Empty));
    assert_eq!(Line::<9>::parse("a\0b"), Err(NotAText::Control));
}

#[test]
fn what_cannot_be_seen_is_not_kept() {
    let reference = Line::<100>::parse("BD-9").unwrap();
    for same in [
        "BD-9\u{200b}",
        "\u{feff}BD-9",
        "BD\u{ad}-9",
        "B\u{202e}D-9\u{202c}",
        "BD-\u{e0039}9",
        "BD-9\u{3164}",
        "BD-9\n",
        " BD-9\u{a0}",
        "BD-9\u{2800}",
        "BD\u{fe0f}-9",
    ] {
        assert_eq!(Line::parse(same), Ok(reference.clone()), "{same:?}");
    }
    for nothing in [
        "\u{200b}",
        "\u{200b} \u{2060}",
        "\u{3164}",
        "\u{2800}\u{2800}",
        "\u{e0041}",
    ] {
        assert_eq!(Line::<100>::parse(nothing), Err(NotAText::Empty), "{nothing:?}");
    }
    // A joiner between a letter and its mark does not keep them apart.
    assert_eq!(Line::<3>::parse("e\u{200d}\u{301}").unwrap().as_str(), "é");
}

#[test]
fn a_line_is_one_and_prose_may_have_several() {
    let name = Line::<50>::parse("Nguyễn Văn\r\nMẫu\u{2028}\tA").unwrap();
    assert_eq!(name.as_str(), "Nguyễn Văn Mẫu A");
    let note = Prose::<50>::parse("Thiếu:\r\n- tờ khai\r- ảnh\u{2029}\tA\u{a0}B").unwrap();
    assert_eq!(note.as_str(), "Thiếu:\n- tờ khai\n- ảnh\n\tA B");
    assert!(hides("A\nB", Lines::One) && !hides("A\nB", Lines::Several));
    assert!(!hides(" A B\n", Lines::One) && hides("A\u{200b}B", Lines::Several));
}

#[test]
fn the_pattern_says_what_the_parser_does() {
    let schema = serde_json::json!({ "pattern": SAYS_SOMETHING });
    let pattern = jsonschema::validator_for(&schema).unwrap();
    for raw in [
        "a",
        " a ",
        "\u{200b}",
        "\u{200b}a",
        "\u{3164}",
        " ",
        "",
        "\u{feff}",
        "a\u{0}",
        "\u{2800}",
        "\u{ad}\n",
        "ệ",
        "\u{34f}",
        "\u{180e}",
    ] {
        let said = pattern.is_valid(&serde_json::json!(raw));
        assert_eq!(said, Line::<9>::parse(raw).is_ok(), "{raw:?}");
    }
}

proptest! {
    #[test]
    fn cleaning_is_done_once(raw in r"[ -~\n\r\tăâđêôơưàáảãạ\u{300}\u{301}\u{200b}\u{202e}\u{feff}\u{e0041}\u{3164}\u{a0}\u{2028}\u{2800}]{0,24}") {
        for lines in [Lines::One, Lines::Several] {
            if let Ok(text) = clean(&raw, lines) {
                prop_assert_eq!(clean(&text, lines).unwrap(), text.clone());
                prop_assert!(!hides(&text, lines));
                prop_assert!(lines == Lines::Several || !text.contains(['\n', '\r']));
            }
        }
    }

    #[test]
    fn any_text_is_cleaned_once(raw in ".{0,24}") {
        for lines in [Lines::One, Lines::Several] {
            if let Ok(text) = clean(&raw, lines) {
                prop_assert_eq!(clean(&text, lines).unwrap(), text.clone());
            }
        }
    }

    #[test]
    fn a_folded_name_stays_what_it_is(name in "[A-Za-zăâđêôơưĂÂĐÊÔƠƯàáảãạ \u{301}\u{200b}.-]{0,24}") {
        let folded = fold_name(&name);
        prop_assert_eq!(fold_name(&folded), &*folded);
        prop_assert_eq!(fold_name(&name.to_uppercase()), &*folded);
        prop_assert_eq!(fold_name(&name.nfd().collect::<String>()), folded);
    }
}
