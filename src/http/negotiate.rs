//! What a client wants to be answered in: `Accept` and `Accept-Language` (RFC 9110, 12.5).

use crate::domain::rejection::Language;

/// How much a header wants `offer`, in thousandths; the most specific range decides.
fn quality(header: &str, matches: impl Fn(&str) -> Option<u8>) -> u16 {
    let (mut best, mut specific) = (0u16, None);
    for part in header.split(',') {
        let mut pieces = part.split(';').map(str::trim);
        let range = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let Some(rank) = matches(&range) else { continue };
        let q = pieces
            .find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")))
            .map_or(1000, |q| q.parse().map_or(0, thousandths));
        if specific.is_none_or(|s| rank > s) {
            (best, specific) = (q, Some(rank));
        }
    }
    best
}

/// A weight in thousandths; what is no number weighs nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 1000 by then; what is finer than a thousandth is meant to be cut off"
)]
fn thousandths(q: f32) -> u16 {
    (q.clamp(0.0, 1.0) * 1000.0) as u16
}

/// The offer a client likes best; earlier offers win a tie, no header means anything. `None` when it takes none of them.
pub(super) fn media(accept: Option<&str>, offers: &[&'static str]) -> Option<&'static str> {
    let Some(accept) = accept.filter(|a| !a.trim().is_empty()) else {
        return offers.first().copied();
    };
    let mut chosen = None;
    let mut chosen_quality = 0;
    for offer in offers {
        let main = offer.split_once('/').map_or(*offer, |(main, _)| main);
        let q = quality(accept, |range| match range {
            "*/*" => Some(0),
            r if r == *offer => Some(2),
            r => (r.strip_suffix("/*")? == main).then_some(1),
        });
        if q > chosen_quality {
            (chosen, chosen_quality) = (Some(*offer), q);
        }
    }
    chosen
}

/// The language of sentences: Vietnamese unless English is liked better.
pub(super) fn language(accept_language: Option<&str>) -> Language {
    let Some(header) = accept_language else {
        return Language::Vietnamese;
    };
    let wanted = |tag: &str| {
        quality(header, |range| match range {
            "*" => Some(0),
            r => (r.split('-').next() == Some(tag)).then_some(1),
        })
    };
    if wanted("en") > wanted("vi") {
        Language::English
    } else {
        Language::Vietnamese
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_liked_form_is_chosen_and_an_earlier_offer_wins_a_tie() {
        let offers = ["application/json", "application/xml"];
        let chosen = |accept| media(accept, &offers);
        assert_eq!(chosen(None), Some("application/json"));
        assert_eq!(chosen(Some("")), Some("application/json"));
        assert_eq!(chosen(Some("*/*")), Some("application/json"));
        assert_eq!(chosen(Some("application/xml")), Some("application/xml"));
        assert_eq!(
            chosen(Some("application/json;q=0.5, application/xml")),
            Some("application/xml")
        );
        assert_eq!(
            chosen(Some("*/*;q=0.1, application/json;q=0")),
            Some("application/xml")
        );
        assert_eq!(chosen(Some("Application/*;q=0.3")), Some("application/json"));
        assert_eq!(chosen(Some("text/html")), None);
        assert_eq!(chosen(Some("application/json;q=nonsense")), None);
    }

    #[test]
    fn vietnamese_unless_english_is_liked_better() {
        assert_eq!(language(None), Language::Vietnamese);
        assert_eq!(language(Some("en-GB,en;q=0.9")), Language::English);
        assert_eq!(language(Some("vi,en;q=0.9")), Language::Vietnamese);
        assert_eq!(language(Some("*")), Language::Vietnamese);
        assert_eq!(language(Some("fr, *;q=0.5")), Language::Vietnamese);
    }
}
