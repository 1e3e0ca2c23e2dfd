//! What every page has around it: its language, where it stands, whether this is a sandbox.

use crate::domain::rejection::Language;
use crate::domain::time::{Date, Timestamp};
use crate::domain::view::StatusView;
use crate::http::extract::{Page, PageCall};

/// The frame of a page.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    language: Language,
    chosen: bool,
    /// The page's own address, for the language switch. Never holds what a form was sent with.
    path: String,
    page: Page,
    /// Whether this hub is a sandbox.
    pub(super) sandbox: bool,
    /// The hub's present moment.
    now: Timestamp,
}

impl Frame {
    pub(super) fn of(call: &PageCall, sandbox: bool) -> Self {
        let path = match call.page {
            Page::Overview => "/".to_owned(),
            Page::Dossier => format!("/dossiers/{}", call.segment),
            Page::LookUp | Page::LookedUp => "/tra-cuu".to_owned(),
            Page::Error => format!("/errors/{}", call.segment),
            Page::Errors | Page::Asset | Page::NotFound | Page::Failed => "/errors".to_owned(),
        };
        let (language, chosen, page) = (call.language, call.chosen, call.page);
        Frame {
            language,
            chosen,
            path,
            page,
            sandbox,
            now: call.hub.clock.now(),
        }
    }

    /// The sentence in the reader's language.
    pub(super) fn say<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::Vietnamese => vi,
            Language::English => en,
        }
    }

    /// The language tag of the page.
    pub(super) fn tag(&self) -> &'static str {
        self.say("vi", "en")
    }

    /// A link that keeps the language the reader chose.
    pub(super) fn to(&self, path: &str) -> String {
        if self.chosen {
            format!("{path}?lang={}", self.tag())
        } else {
            path.to_owned()
        }
    }

    /// The same page in the other language.
    pub(super) fn switched(&self) -> String {
        format!("{}?lang={}", self.path, self.say("en", "vi"))
    }

    /// Whether a link of the head leads to the page that is open.
    pub(super) fn here(&self, path: &str) -> bool {
        self.path == path && !matches!(self.page, Page::NotFound | Page::Failed)
    }

    /// The name of a status.
    pub(super) fn status<'a>(&self, status: &'a StatusView) -> &'a str {
        self.say(&status.vi, &status.en)
    }

    /// A moment as the office writes it, in Vietnam's time.
    pub(super) fn moment(&self, at: &Timestamp) -> String {
        let local = at.in_vietnam();
        let clock = format!("{:02}:{:02}", local.hour(), local.minute());
        match self.language {
            Language::Vietnamese => {
                format!(
                    "{clock} ngày {:02}/{:02}/{}",
                    local.day(),
                    local.month(),
                    local.year()
                )
            }
            Language::English => format!("{} {}, {clock}", local.strftime("%-d %B"), local.year()),
        }
    }

    /// A day as the office writes it.
    pub(super) fn day(&self, day: &Date) -> String {
        match self.language {
            Language::Vietnamese => format!("{:02}/{:02}/{}", day.day(), day.month(), day.year()),
            Language::English => day.strftime("%-d %B %Y").to_string(),
        }
    }

    /// Hours, minutes and seconds only, for what changes fast.
    pub(super) fn clock(at: &Timestamp) -> String {
        let local = at.in_vietnam();
        format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())
    }

    /// The hub's present moment.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// A count with the thousands set apart as the language does it.
    pub(super) fn count(&self, n: &i64) -> String {
        let separator = self.say(".", ",");
        let digits = n.unsigned_abs().to_string();
        let mut shown = String::with_capacity(digits.len() + 4);
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                shown.push_str(separator);
            }
            shown.push(c);
        }
        if *n < 0 { format!("-{shown}") } else { shown }
    }

    /// A frame for a page drawn without a request.
    #[cfg(test)]
    pub(super) fn sample(language: Language, page: Page, path: &str) -> Self {
        let now = "2026-11-23T02:30:00Z".parse().unwrap();
        Frame {
            language,
            chosen: true,
            path: path.to_owned(),
            page,
            sandbox: true,
            now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_moments_are_written_as_the_language_does() {
        let vi = Frame::sample(Language::Vietnamese, Page::Overview, "/");
        let en = Frame::sample(Language::English, Page::Overview, "/");
        assert_eq!(
            (vi.count(&1_234_567), en.count(&1_234_567)),
            ("1.234.567".into(), "1,234,567".into())
        );
        assert_eq!(
            (vi.count(&0), vi.count(&999), en.count(&-1000)),
            ("0".into(), "999".into(), "-1,000".into())
        );
        let at = "2026-11-22T18:05:00Z".parse().unwrap();
        assert_eq!(vi.moment(&at), "01:05 ngày 23/11/2026");
        assert_eq!(en.moment(&at), "23 November 2026, 01:05");
        assert_eq!(
            (vi.switched(), en.to("/tra-cuu")),
            ("/?lang=en".into(), "/tra-cuu?lang=en".into())
        );
    }
}
