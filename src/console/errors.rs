//! Every label explained, for whoever integrates and for whoever supports them. The `type` of a problem document leads here.

use askama::Template;

use crate::domain::rejection::{Label, LabelText, problems};
use crate::http::extract::PageOutcome;

use super::draw::html;
use super::frame::Frame;

/// All labels.
#[derive(Template)]
#[template(path = "errors.html", config = "src/console/askama.toml")]
pub(super) struct Errors {
    f: Frame,
    groups: Vec<Group>,
}

/// Labels of one HTTP status.
struct Group {
    status: u16,
    meaning: &'static str,
    labels: Vec<&'static LabelText>,
}

/// One label.
#[derive(Template)]
#[template(path = "error.html", config = "src/console/askama.toml")]
pub(super) struct One {
    f: Frame,
    text: &'static LabelText,
    /// The sentences of both languages with their blanks marked, the reader's language first.
    told: [Told; 2],
    again: &'static str,
}

struct Told {
    tag: &'static str,
    language: &'static str,
    title: &'static str,
    advice: Vec<Piece>,
}

/// A sentence's words, or a blank that each problem fills.
enum Piece {
    Words(&'static str),
    Blank(&'static str),
}

pub(super) fn list(f: Frame) -> PageOutcome {
    html(200, &Errors::of(f))
}

pub(super) fn one(f: Frame, label: &str) -> PageOutcome {
    let label = Label::parse(label).ok_or(problems::NotFound)?;
    html(200, &One::of(f, label))
}

fn meaning(f: &Frame, status: u16) -> &'static str {
    match status {
        400 => f.say("Yêu cầu sai dạng", "The request is malformed"),
        401 => f.say("Chưa xác định được bên gọi", "The caller is not authenticated"),
        403 => f.say("Không có quyền", "Not permitted"),
        404 => f.say("Không tìm thấy", "Not found"),
        405 | 406 | 415 => f.say("Cách gọi không phù hợp", "Method or form not available"),
        408 => f.say("Quá thời gian", "Too slow"),
        409 => f.say(
            "Mâu thuẫn với trạng thái hiện tại",
            "In conflict with the present state",
        ),
        413 => f.say("Quá lớn", "Too large"),
        422 => f.say(
            "Nội dung cần sửa hoặc cần lưu ý",
            "Content to correct, or worth a look",
        ),
        429 => f.say("Quá nhiều yêu cầu", "Too many requests"),
        503 => f.say("Tạm thời không phục vụ được", "Not available for the moment"),
        _ => f.say("Lỗi của cổng", "An error of the hub"),
    }
}

/// Whether the same request may be sent again.
fn again(f: &Frame, label: Label) -> &'static str {
    match label.text().http_status {
        _ if label == Label::IdempotencyInFlight => f.say(
            "Có. Đợi vài giây rồi gửi lại nguyên văn với cùng Idempotency-Key.",
            "Yes. Wait a few seconds, then repeat the same bytes with the same Idempotency-Key.",
        ),
        408 | 429 | 503 => f.say(
            "Có. Gửi lại nguyên văn với cùng Idempotency-Key sau thời gian ghi ở Retry-After.",
            "Yes. Repeat the same bytes with the same Idempotency-Key after the time in Retry-After.",
        ),
        500 => f.say(
            "Có, một lần, với cùng Idempotency-Key. Nếu vẫn lỗi, báo người vận hành mã Request-Id.",
            "Yes, once, with the same Idempotency-Key. If it fails again, tell the operator the Request-Id.",
        ),
        _ => f.say(
            "Không. Gửi lại nguyên văn sẽ nhận đúng câu trả lời này; hãy sửa trước.",
            "No. The same request gets the same answer; correct it first.",
        ),
    }
}

fn pieces(sentence: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = sentence;
    while let Some((words, tail)) = rest.split_once('{') {
        let Some((blank, after)) = tail.split_once('}') else {
            break;
        };
        pieces.push(Piece::Words(words));
        pieces.push(Piece::Blank(blank));
        rest = after;
    }
    pieces.push(Piece::Words(rest));
    pieces
}

impl Errors {
    fn of(f: Frame) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for text in Label::ALL.iter().map(|l| l.text()) {
            match groups.iter_mut().find(|g| g.status == text.http_status) {
                Some(group) => group.labels.push(text),
                None => {
                    let meaning = meaning(&f, text.http_status);
                    groups.push(Group {
                        status: text.http_status,
                        meaning,
                        labels: vec![text],
                    });
                }
            }
        }
        groups.sort_by_key(|g| g.status);
        Errors { f, groups }
    }

    #[cfg(test)]
    pub(super) fn sample(f: &Frame) -> Vec<Self> {
        vec![Errors::of(f.clone())]
    }
}

impl One {
    fn of(f: Frame, label: Label) -> Self {
        let text = label.text();
        let vi = Told {
            tag: "vi",
            language: "Tiếng Việt",
            title: text.title_vi,
            advice: pieces(text.advice_vi),
        };
        let en = Told {
            tag: "en",
            language: "English",
            title: text.title_en,
            advice: pieces(text.advice_en),
        };
        let told = if f.tag() == "vi" { [vi, en] } else { [en, vi] };
        One {
            again: again(&f, label),
            f,
            text,
            told,
        }
    }

    #[cfg(test)]
    pub(super) fn sample(f: &Frame) -> Vec<Self> {
        Label::ALL.iter().map(|l| One::of(f.clone(), *l)).collect()
    }
}
