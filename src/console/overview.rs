//! The sandbox at a glance: what was filed, where it waits, what has ended, by who filed and who decides.

use askama::Template;

use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::domain::view::{
    AgencyCount, DeliveryState, DossierSummary, OverviewView, StatusView, SubmitterCount,
};
use crate::http::extract::{PageCall, PageOutcome};
use crate::identity::Access;
use crate::service::DossierQuery;

use super::draw::html;
use super::frame::Frame;
use super::words;

/// Rows of a table before the rest is summed up.
const ROWS: usize = 20;

/// Dossiers of the list of the newest.
const LATEST: u32 = 12;

/// The page.
#[derive(Template)]
#[template(path = "overview.html", config = "src/console/askama.toml")]
pub(super) struct Overview {
    f: Frame,
    view: OverviewView,
    filed: i64,
    delivered: i64,
    waiting: i64,
    ended: i64,
    overdue: i64,
    more_submitters: (usize, i64),
    more_agencies: (usize, i64),
    latest: Vec<DossierSummary>,
    now: Timestamp,
}

pub(super) async fn draw(f: Frame, call: &PageCall, access: &Access) -> PageOutcome {
    let view = call.hub.overview.show(access).await?;
    let newest = DossierQuery {
        limit: LATEST,
        ..DossierQuery::default()
    };
    let latest = call.hub.dossiers.list(access, newest).await?.dossiers;
    html(200, &Overview::of(f, view, latest))
}

impl Overview {
    fn of(f: Frame, mut view: OverviewView, latest: Vec<DossierSummary>) -> Self {
        let messages = |states: &[DeliveryState]| {
            view.deliveries
                .iter()
                .filter(|d| states.contains(&d.state))
                .map(|d| d.count)
                .sum::<i64>()
        };
        let delivered = messages(&[DeliveryState::Handed, DeliveryState::Acknowledged]);
        let waiting = messages(&[DeliveryState::Waiting, DeliveryState::Queued]);
        let filed = view.by_status.iter().map(|s| s.count).sum();
        let over = |s: Status| s.is_final() || s == Status::Finished;
        let ended = view
            .by_status
            .iter()
            .filter(|s| over(s.status.code))
            .map(|s| s.count)
            .sum();
        let overdue = view.by_agency.iter().map(|a| a.overdue).sum();
        view.by_status.sort_by_key(|s| s.status.code);
        view.by_submitter
            .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        let name = |a: &AgencyCount| a.agency.as_ref().map(|a| a.name.clone());
        view.by_agency
            .sort_by(|a, b| b.total.cmp(&a.total).then_with(|| name(a).cmp(&name(b))));
        let more_submitters = rest(&mut view.by_submitter, |s: &SubmitterCount| s.count);
        let more_agencies = rest(&mut view.by_agency, |a: &AgencyCount| a.total);
        Overview {
            now: f.now(),
            latest,
            f,
            view,
            filed,
            delivered,
            waiting,
            ended,
            overdue,
            more_submitters,
            more_agencies,
        }
    }

    /// A share of all dossiers in hundredths, at least one where there is any.
    fn share(&self, count: &i64) -> i64 {
        if *count <= 0 {
            0
        } else {
            (count * 100 / self.filed.max(1)).clamp(1, 100)
        }
    }

    fn class(status: &StatusView) -> &'static str {
        words::tone(status.code).class()
    }
}

/// Cuts a list to what a page shows: how many were cut, and their sum.
fn rest<T>(list: &mut Vec<T>, count: impl Fn(&T) -> i64) -> (usize, i64) {
    let cut: Vec<T> = list.split_off(ROWS.min(list.len()));
    (cut.len(), cut.iter().map(count).sum())
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::domain::clocks::Watched;
    use crate::domain::view::{AgencyView, Backlog, DeliveryCount, LimitCount, StatusCount};

    impl Overview {
        /// A hub at work, and one where nothing has happened yet.
        pub(in crate::console) fn sample(f: &Frame) -> Vec<Self> {
            let latest = super::super::dossier::Dossier::summaries();
            vec![
                Overview::of(f.clone(), busy(), latest),
                Overview::of(f.clone(), empty(), vec![]),
            ]
        }
    }

    fn empty() -> OverviewView {
        OverviewView {
            by_status: vec![],
            by_submitter: vec![],
            by_agency: vec![],
            deliveries: vec![],
            limits: vec![],
            out_of_area: Vec::new(),
            backlog: Backlog::default(),
            format_drift: vec![],
            outbox: 0,
            events: 0,
            blocks: 0,
        }
    }

    fn status_counts() -> Vec<StatusCount> {
        let counts = [12, 41, 6, 137, 18, 9, 3, 4, 55, 1_218];
        (Status::ALL.iter().zip(counts))
            .map(|(s, count)| StatusCount {
                status: (*s).into(),
                count,
            })
            .collect()
    }

    const BRANCHES: [&str; 8] = [
        "Tây Hồ",
        "Cầu Giấy",
        "Hà Đông",
        "Long Biên",
        "Đống Đa",
        "Hai Bà Trưng",
        "Ba Đình",
        "Hoàn Kiếm",
    ];

    /// More than a page shows.
    fn submitter_counts() -> Vec<SubmitterCount> {
        let branches = BRANCHES.iter().enumerate().map(|(i, n)| SubmitterCount {
            tenant: format!("branch.b{i}").parse().unwrap(),
            name: format!("Chi nhánh {n}"),
            count: 240 - 23 * i as i64,
        });
        let agents = (1..=40).map(|i| SubmitterCount {
            tenant: format!("agent.a-{i:02}").parse().unwrap(),
            name: format!("Đại lý {i:02}, Bưu chính mẫu A"),
            count: 9 - i64::from(i) % 5,
        });
        branches.chain(agents).collect()
    }

    fn agency_counts() -> Vec<AgencyCount> {
        let named = |key: &str, name: &str| AgencyView {
            key: key.parse().unwrap(),
            name: name.to_owned(),
        };
        let agency = |agency, open, finished| AgencyCount {
            agency,
            open,
            finished,
            total: open + finished,
            overdue: open / 10,
        };
        vec![
            agency(Some(named("so-tu-phap", "Sở Tư pháp")), 31, 402),
            agency(Some(named("so-xay-dung", "Sở Xây dựng")), 52, 210),
            agency(Some(named("ubnd-00103", "Ủy ban nhân dân phường Tây Hồ")), 18, 96),
            agency(
                Some(named("ubnd-00166", "Ủy ban nhân dân phường Cầu Giấy")),
                9,
                77,
            ),
            agency(None, 4, 0),
        ]
    }

    fn delivery_counts() -> Vec<DeliveryCount> {
        let states = [
            (DeliveryState::Waiting, 2),
            (DeliveryState::Queued, 25),
            (DeliveryState::Handed, 61),
            (DeliveryState::Acknowledged, 1_414),
            (DeliveryState::Parked, 1),
        ];
        states
            .map(|(state, count)| DeliveryCount { state, count })
            .to_vec()
    }

    fn busy() -> OverviewView {
        OverviewView {
            by_status: status_counts(),
            by_submitter: submitter_counts(),
            by_agency: agency_counts(),
            deliveries: delivery_counts(),
            limits: vec![LimitCount {
                limit: Watched::Due,
                near: 14,
                passed: 8,
            }],
            out_of_area: Vec::new(),
            backlog: Backlog {
                deliveries_parked: 1,
                deliveries_failing: 0,
                endpoints_spared: 1,
                webhooks_disabled: 2,
                notices_waiting: 1_240,
                notices_waiting_since: Some(Timestamp::from_micros(1_795_600_000_000_000)),
                notices_parked: 3,
                notices_held: 5,
            },
            format_drift: vec![],
            outbox: 2,
            events: 6_120,
            blocks: 1_733,
        }
    }
}
