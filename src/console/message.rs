//! A page that says one thing: not here, or not now.

use askama::Template;

use crate::domain::rejection::Label;
use crate::http::extract::PageOutcome;

use super::draw::html;
use super::frame::Frame;

/// One thing to say.
#[derive(Template)]
#[template(path = "message.html", config = "src/console/askama.toml")]
pub(super) struct Message {
    f: Frame,
    title: &'static str,
    text: &'static str,
}

pub(super) fn not_found(f: Frame) -> PageOutcome {
    html(404, &Message::absent(f))
}

/// Too often, or something is away: the label's own words, without what varies.
pub(super) fn failed(f: Frame, label: &str) -> PageOutcome {
    let label = Label::parse(label).unwrap_or(Label::Internal);
    html(label.text().http_status, &Message::of(f, label))
}

impl Message {
    fn absent(f: Frame) -> Self {
        let title = f.say("Không có trang này", "There is no such page");
        let text = f.say(
            "Địa chỉ có thể đã gõ sai, hoặc trang không dành cho công chúng.",
            "The address may be mistyped, or the page is not for the public.",
        );
        Message { f, title, text }
    }

    fn of(f: Frame, label: Label) -> Self {
        let text = match label {
            Label::RateLimited => f.say(
                "Bạn đã thử quá nhiều lần. Hãy đợi một phút rồi thử lại.",
                "You have tried too often. Wait a minute, then try again.",
            ),
            Label::QueueFull | Label::StoreUnavailable => f.say(
                "Hệ thống đang bận. Hãy thử lại sau ít phút; hồ sơ của bạn vẫn an toàn.",
                "The system is busy. Try again in a few minutes; your dossier is safe.",
            ),
            _ => f.say(
                "Yêu cầu chưa thực hiện được. Hãy thử lại; nếu vẫn lỗi, báo nơi bạn đã nộp hồ sơ.",
                "This could not be done. Try again; if it fails again, tell the place where you filed.",
            ),
        };
        let title = f.say(label.text().title_vi, label.text().title_en);
        Message { f, title, text }
    }

    #[cfg(test)]
    pub(super) fn sample(f: &Frame) -> Vec<Self> {
        let mut all = vec![Message::absent(f.clone())];
        all.extend(
            [Label::RateLimited, Label::StoreUnavailable, Label::Internal].map(|l| Message::of(f.clone(), l)),
        );
        all
    }
}
