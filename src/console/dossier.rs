//! One dossier of the sandbox: where it goes and why, every attempt to carry it, everything that happened, which files it has. Its
//! content, which is a person's, is not shown; nor are the names of its files, which may name one.

use askama::Template;

use crate::domain::attachment::FileKind;
use crate::domain::details::Details;
use crate::domain::ids::DossierId;
use crate::domain::rejection::{Label, problems};
use crate::domain::view::{
    AttachmentView, AttachmentsView, DeliveryView, DossierSummary, EventView, HistoryView, RouteView,
    StatusView, TaskView,
};
use crate::http::extract::{PageCall, PageOutcome};
use crate::identity::Access;

use super::draw::html;
use super::frame::Frame;
use super::words;

/// The page.
#[derive(Template)]
#[template(path = "dossier.html", config = "src/console/askama.toml")]
pub(super) struct Dossier {
    f: Frame,
    summary: DossierSummary,
    route: RouteView,
    history: HistoryView,
    files: AttachmentsView,
}

pub(super) async fn draw(f: Frame, call: &PageCall, access: &Access) -> PageOutcome {
    let id: DossierId = call.segment.parse().map_err(|_| problems::NotFound)?;
    let summary = call.hub.dossiers.show(access, id).await?.summary;
    let route = call.hub.dossiers.route(access, id).await?;
    let history = call.hub.dossiers.history(access, id).await?;
    let files = call.hub.files.list(access, id).await?;
    html(
        200,
        &Dossier {
            f,
            summary,
            route,
            history,
            files,
        },
    )
}

impl Dossier {
    fn class(status: &StatusView) -> &'static str {
        words::tone(status.code).class()
    }

    fn event_class(event: &EventView) -> &'static str {
        match (&event.status, &event.limit) {
            (Some(status), _) => Self::class(status),
            (None, Some(_)) => "asking",
            (None, None) => "plain",
        }
    }

    fn event(&self, event: &EventView) -> String {
        words::event(&self.f, &event.kind).to_owned()
    }

    /// What a status brought: papers asked for, fees claimed, results; the due date that was set, the limit that is near or has
    /// passed.
    fn brought(&self, event: &EventView) -> Vec<String> {
        if let Some(due) = &event.due {
            let (to, reason) = (self.f.moment(&due.to), words::due_reason(&self.f, due.reason));
            return vec![match &due.from {
                Some(from) => format!("{} → {to} ({reason})", self.f.moment(from)),
                None => format!("{to} ({reason})"),
            }];
        }
        if let Some(told) = &event.limit {
            let limit = words::limit(&self.f, told.limit);
            return vec![format!("{limit}: {}", self.f.moment(&told.due_at))];
        }
        if let Some(matter) = &event.matter {
            return words::shared(&self.f, matter);
        }
        match &event.details {
            Some(Details::Papers(papers)) => papers.iter().map(|p| p.name.to_string()).collect(),
            Some(Details::Fees(fees)) => fees
                .iter()
                .map(|c| format!("{}: {} đồng", c.fee.name, self.f.count(&c.fee.amount_vnd)))
                .collect(),
            Some(Details::Decision { results, refusal }) => {
                let refused = self.f.say("Từ chối giải quyết", "Refused").to_owned();
                let named = results.iter().map(|r| match &r.number {
                    Some(number) => format!("{} ({number})", r.name),
                    None => r.name.to_string(),
                });
                refusal.then_some(refused).into_iter().chain(named).collect()
            }
            None => Vec::new(),
        }
    }

    fn task_class(task: &TaskView) -> &'static str {
        words::task_tone(task.state).class()
    }

    fn task_state(&self, task: &TaskView) -> &'static str {
        words::task(&self.f, task.state)
    }

    fn delivery_class(delivery: &DeliveryView) -> &'static str {
        words::delivery_tone(delivery.state).class()
    }

    fn delivery(&self, delivery: &DeliveryView) -> &'static str {
        words::delivery(&self.f, delivery.state)
    }

    fn file_class(file: &AttachmentView) -> &'static str {
        match (file.arrived_at, file.overdue) {
            (Some(_), _) => words::Tone::Done.class(),
            (None, false) => words::Tone::Waiting.class(),
            (None, true) => words::Tone::Asking.class(),
        }
    }

    fn file_state(&self, file: &AttachmentView) -> &str {
        match (file.arrived_at, file.overdue) {
            (Some(_), _) => self.f.say("đã có", "here"),
            (None, false) => self.f.say("đang chờ", "awaited"),
            (None, true) => self.f.say("chờ quá ba ngày", "awaited for over three days"),
        }
    }

    fn file_kind(&self, file: &AttachmentView) -> &str {
        match file.kind {
            FileKind::Filing => self.f.say("Khi nộp", "Of the filing"),
            FileKind::Supplement => self.f.say("Bổ sung", "Of a supplement"),
            FileKind::Result => self.f.say("Kết quả", "A result"),
            FileKind::Task => self.f.say("Của nhiệm vụ", "Of a task"),
        }
    }

    /// Size and the beginning of the digest; nobody compares more by eye.
    fn file_facts(file: &AttachmentView) -> String {
        let digest = file.sha256;
        match file.size {
            Some(size) => format!("{:.1} KB · SHA-256 {digest:.12}…", size as f64 / 1000.0),
            None => format!("SHA-256 {digest:.12}…"),
        }
    }

    fn outcome<'a>(&self, word: &'a str) -> &'a str {
        words::outcome(&self.f, word)
    }

    fn told(&self, kind: &str) -> String {
        words::event(&self.f, kind).to_owned()
    }

    fn label(&self, label: &Label) -> &'static str {
        self.f.say(label.text().title_vi, label.text().title_en)
    }
}

#[cfg(test)]
mod samples;
