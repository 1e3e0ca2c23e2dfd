//! The citizen's look-up: a tracking id, or the official code, and the secret of the receipt, and in return where the dossier stands in plain words.
//!
//! A wrong id and a wrong secret get the same answer, so the page tells nobody which dossiers exist. The secret travels in the
//! form's body only, and is not written back into the page.

use askama::Template;

use crate::domain::codes::DossierCode;
use crate::domain::ids::DossierId;
use crate::domain::view::PublicView;
use crate::http::extract::{PageCall, PageOutcome};

use super::frame::Frame;
use super::{html, words};

/// The form.
#[derive(Template)]
#[template(path = "lookup.html", config = "src/console/askama.toml")]
pub(super) struct LookUp {
    f: Frame,
    refused: bool,
}

/// What the citizen sees.
#[derive(Template)]
#[template(path = "public.html", config = "src/console/askama.toml")]
pub(super) struct Found {
    f: Frame,
    view: PublicView,
    overdue: bool,
}

pub(super) fn form(f: Frame) -> PageOutcome {
    html(200, &LookUp { f, refused: false })
}

pub(super) async fn draw(f: Frame, call: &PageCall) -> PageOutcome {
    let (typed, secret) = (call.field("id").trim(), call.field("secret"));
    let id = typed.to_ascii_lowercase().parse::<DossierId>();
    let code = typed.to_ascii_uppercase().parse::<DossierCode>();
    let found = match (id, code) {
        (Ok(id), _) => call.hub.lookup(id, secret).await?,
        (_, Ok(code)) => call.hub.lookup_by_code(code, secret).await?,
        _ => None,
    };
    match found {
        Some(view) => html(200, &Found::of(f, view)),
        None => html(404, &LookUp { f, refused: true }),
    }
}

impl LookUp {
    #[cfg(test)]
    pub(super) fn sample(f: &Frame) -> Vec<Self> {
        [false, true]
            .map(|refused| LookUp {
                f: f.clone(),
                refused,
            })
            .into()
    }
}

impl Found {
    fn of(f: Frame, view: PublicView) -> Self {
        let ended =
            view.status.code.is_final() || view.status.code == crate::domain::status::Status::Finished;
        let overdue = !ended && view.clocks.due.is_some_and(|due| due < f.now());
        Found { f, view, overdue }
    }

    fn class(&self) -> &'static str {
        words::tone(self.view.status.code).class()
    }

    fn meaning(&self) -> &'static str {
        words::meaning(&self.f, self.view.status.code)
    }

    fn next(&self) -> &'static str {
        words::next(&self.f, self.view.status.code)
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::domain::status::Status;
    use crate::domain::view::{AgencyView, Clocks, PublicStep};

    impl Found {
        /// A dossier in each status, the last one with a due date gone by.
        pub(in crate::console) fn sample(f: &Frame) -> Vec<Self> {
            let mut all: Vec<Self> = Status::ALL
                .iter()
                .map(|s| Found::of(f.clone(), view(*s)))
                .collect();
            let mut late = view(Status::Processing);
            late.clocks = Clocks {
                due: Some("2026-11-20T10:00:00Z".parse().unwrap()),
                ..Clocks::default()
            };
            all.push(Found::of(f.clone(), late));
            all
        }
    }

    fn view(status: Status) -> PublicView {
        let way: &[Status] = match status {
            Status::Registered => &[],
            Status::Accepted | Status::Refused => &[Status::Registered],
            Status::HandedOver => &[
                Status::Registered,
                Status::Accepted,
                Status::Processing,
                Status::Finished,
            ],
            _ => &[Status::Registered, Status::Accepted, Status::Processing],
        };
        let at = |hour: usize| {
            format!("2026-11-2{}T0{hour}:15:00Z", hour.min(3))
                .parse()
                .unwrap()
        };
        let steps: Vec<_> = way
            .iter()
            .chain([&status])
            .filter(|s| way.len() < 4 || **s != Status::Refused)
            .enumerate()
            .map(|(i, s)| PublicStep {
                at: at(i),
                status: (*s).into(),
            })
            .collect();
        let clocks = match status {
            Status::Registered => Clocks {
                acceptance_due: Some("2026-11-24T02:15:00Z".parse().unwrap()),
                forecast_due: Some("2026-12-01T10:00:00Z".parse().unwrap()),
                due: None,
            },
            s if s.is_final() => Clocks::default(),
            _ => Clocks {
                due: Some("2026-12-01T10:00:00Z".parse().unwrap()),
                ..Clocks::default()
            },
        };
        PublicView {
            tracking_id: "dos_019aaf3c1e00700080000000000000a1".parse().unwrap(),
            procedure_name: "Đăng ký khai sinh".to_owned(),
            status: status.into(),
            since: at(steps.len() - 1),
            agency: (status != Status::Registered).then(|| AgencyView {
                key: "ubnd-00103".parse().unwrap(),
                name: "Ủy ban nhân dân phường Tây Hồ".to_owned(),
            }),
            clocks,
            steps,
        }
    }
}
