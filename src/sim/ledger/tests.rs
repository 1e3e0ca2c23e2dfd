use rand::SeedableRng;
use serde_json::json;

use super::*;
use crate::domain::view::CloudEvent;

/// A dossier's events, made as the hub would tell them.
struct Story {
    rng: rand::rngs::StdRng,
    dossier: DossierId,
    tenant: TenantKey,
}

impl Story {
    fn new() -> Self {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let dossier = DossierId::new(Timestamp::from_micros(0), &mut rng);
        Story {
            rng,
            dossier,
            tenant: "agent.a-001".parse().unwrap(),
        }
    }

    fn event(&mut self, number: i32, kind: &str, status: u8, by: &str) -> CloudEvent<FeedData> {
        let id = EventId::new(Timestamp::from_micros(0), &mut self.rng);
        let at = "2026-11-23T01:00:00Z";
        serde_json::from_value(json!({
            "specversion": "1.0", "id": id.to_string(), "source": "hub", "type": format!("vn.lienthong.dossier.{kind}"),
            "subject": self.dossier.to_string(), "time": at, "datacontenttype": "application/json",
            "data": {
                "tracking_id": self.dossier.to_string(), "reference": "r-1", "dossier_code": null, "submitter": "agent.a-001",
                "event": {
                    "id": id.to_string(), "number": number, "at": at, "occurred_at": at, "actor": { "tenant": by },
                    "kind": kind, "status": { "code": status, "vi": "", "en": "" },
                },
            },
        }))
        .unwrap()
    }

    fn life(&mut self) -> Vec<CloudEvent<FeedData>> {
        vec![
            self.event(1, "filed", 1, "agent.a-001"),
            self.event(2, "status-changed", 5, "agency.so-tu-phap"),
            self.event(3, "supplemented", 5, "agent.a-001"),
            self.event(4, "status-changed", 9, "agency.so-tu-phap"),
            self.event(5, "status-recorded", 4, "agency.so-tu-phap"),
            self.event(6, "handed-over", 10, "agent.a-001"),
            self.event(7, "status-changed", 10, "agent.a-001"),
        ]
    }

    fn history(&self, events: &[CloudEvent<FeedData>]) -> HistoryView {
        let events = events.iter().map(|e| e.data.event.clone()).collect();
        HistoryView {
            tracking_id: self.dossier,
            events,
        }
    }

    fn ledger(&self) -> ExpectedLedger {
        let mut ledger = ExpectedLedger::default();
        ledger.begin("r-1", self.tenant.clone(), "canonical/v1 json", Duration::ZERO);
        ledger
    }
}

fn listed(dossiers: &[DossierId]) -> Vec<DossierSummary> {
    let at = "2026-11-23T01:00:00Z";
    let one = |id: &DossierId| {
        json!({
            "tracking_id": id.to_string(), "reference": "r-1", "dossier_code": null, "procedure": "1.004873",
            "procedure_name": "", "procedure_version": 1, "channel": "online", "assisted_by_agent": true,
            "status": { "code": 10, "vi": "", "en": "" }, "since": at, "submitter": "agent.a-001", "point": null,
            "agency": null, "version": 1, "clocks": {}, "received_at": at, "updated_at": at,
        })
    };
    dossiers
        .iter()
        .map(|id| serde_json::from_value(one(id)).unwrap())
        .collect()
}

fn looked(history: HistoryView, ids: &[DossierId], shown: ShownDossier) -> Looked {
    Looked {
        history,
        listed: listed(ids),
        shown,
        kept: KeptFiles::default(),
    }
}

fn shown() -> ShownDossier {
    ShownDossier {
        supplements: 1,
        ..ShownDossier::default()
    }
}

fn faults(ledger: ExpectedLedger) -> Vec<(ViolationKind, String)> {
    let now = Timestamp::from_micros(0);
    ledger
        .outcome("run".into(), 1, now, now)
        .faults
        .into_iter()
        .map(|f| (f.kind, f.what))
        .collect()
}

fn kinds(ledger: ExpectedLedger) -> Vec<ViolationKind> {
    faults(ledger).into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn a_whole_life_is_without_fault_and_says_what_to_do() {
    let mut story = Story::new();
    let (mut ledger, life, tenant) = (story.ledger(), story.life(), story.tenant.clone());
    let acts: Vec<_> = life
        .iter()
        .map(|e| ledger.event(&tenant, &e.data, "feed", Duration::from_secs(1)))
        .collect();
    let (supplement, hand_over) = (
        FollowUp::Supplement(story.dossier, Vec::new()),
        FollowUp::HandOver(story.dossier),
    );
    assert_eq!(
        acts,
        [None, Some(supplement), None, Some(hand_over), None, None, None]
    );
    assert_eq!(ledger.open(), 0);
    let history = story.history(&life);
    assert!(ledger.has_seen("r-1", &history));
    ledger.audit("r-1", &looked(history, &[story.dossier], shown()));
    assert!(ledger.news().contains(&RunProgress::Ended));
    let now = Timestamp::from_micros(0);
    let outcome = ledger.outcome("run".into(), 1, now, now);
    assert!(outcome.is_clean(), "{outcome:?}");
    assert_eq!(
        (
            outcome.total.delivered,
            outcome.total.events,
            outcome.statuses[&10]
        ),
        (1, 7, 1)
    );
    assert_eq!(
        outcome.rows[0].round_trip_ms,
        RunPercentiles {
            p50: 1000.0,
            p99: 1000.0
        }
    );
    let text = serde_json::to_string(&outcome).unwrap();
    assert_eq!(serde_json::from_str::<RunOutcome>(&text).unwrap(), outcome);
}

#[test]
fn what_is_doubled_missing_or_out_of_order_is_told() {
    let mut story = Story::new();
    let tenant = story.tenant.clone();
    let life = story.life();
    let play = |order: &[usize]| {
        let mut ledger = story.ledger();
        for i in order {
            ledger.event(&tenant, &life[*i].data, "feed", Duration::ZERO);
        }
        ledger
    };
    assert_eq!(kinds(play(&[0, 1, 1, 2, 3, 4, 5, 6])), [ViolationKind::Doubled]);
    assert_eq!(
        kinds(play(&[0, 1, 2, 4, 3, 5, 6])),
        [ViolationKind::Missing, ViolationKind::OutOfOrder]
    );
    assert_eq!(kinds(play(&[0, 1, 2])), [ViolationKind::Missing]);

    let mut unseen = play(&[0, 1, 2, 3, 4, 5, 6]);
    let more: Vec<_> = life
        .iter()
        .cloned()
        .chain([story.event(8, "status-recorded", 9, "agency.so-tu-phap")])
        .collect();
    let twice = looked(story.history(&more), &[story.dossier, story.dossier], shown());
    unseen.audit("r-1", &twice);
    let told = faults(unseen);
    assert_eq!(
        told[0],
        (
            ViolationKind::Missing,
            "events [8] did not reach the submitter".to_owned()
        )
    );
    assert_eq!(
        told[1],
        (
            ViolationKind::Doubled,
            "2 dossiers under one reference".to_owned()
        )
    );
}

#[test]
fn what_events_brought_must_stand_in_the_dossier() {
    let mut story = Story::new();
    let (mut ledger, life, tenant) = (story.ledger(), story.life(), story.tenant.clone());
    for event in &life {
        ledger.event(&tenant, &event.data, "webhook", Duration::ZERO);
    }
    let without = looked(story.history(&life), &[story.dossier], ShownDossier::default());
    ledger.audit("r-1", &without);
    assert_eq!(kinds(ledger), [ViolationKind::Missing]);
}

#[test]
fn three_applicants_of_a_hundred_give_up_the_same_each_time() {
    let count = (0..10_000).filter(|n| gives_up(&format!("demo-{n}"))).count();
    assert!((200..420).contains(&count), "{count}");
}

#[test]
fn another_tenants_event_is_a_fault_and_another_runs_is_not() {
    let mut story = Story::new();
    let life = story.life();
    let mut ledger = story.ledger();
    ledger.event(
        &"agent.a-002".parse().unwrap(),
        &life[0].data,
        "feed",
        Duration::ZERO,
    );
    let mut other = life[0].clone();
    other.data.reference = "older-1".into();
    assert_eq!(
        ledger.event(&story.tenant.clone(), &other.data, "feed", Duration::ZERO),
        None
    );
    assert_eq!(kinds(ledger), [ViolationKind::Foreign, ViolationKind::Missing]);
}

#[test]
fn a_refused_filing_is_a_fault_and_nobody_waits_for_it() {
    let story = Story::new();
    let mut ledger = story.ledger();
    ledger.refused("r-1", "filing: field-missing", true);
    assert_eq!(ledger.open(), 0);
    assert_eq!(kinds(ledger), [ViolationKind::Refused]);
}

#[test]
fn files_and_the_agency_must_be_those_of_the_filing() {
    let mut story = Story::new();
    let (life, tenant) = (story.life(), story.tenant.clone());
    let file = |seed: &[u8]| seal::sha256(seed);
    let kept = |filed: &[&[u8]], missing| KeptFiles {
        filed: filed.iter().map(|seed| file(seed)).collect(),
        missing,
    };
    for (kept, clean) in [
        (kept(&[b"a", b"b"], 0), true),
        (kept(&[b"a"], 0), false),
        (kept(&[b"a", b"b"], 1), false),
        (kept(&[b"a", b"c"], 0), false),
    ] {
        let mut ledger = story.ledger();
        ledger.names("r-1", [file(b"a"), file(b"b")].into_iter());
        for event in &life {
            ledger.event(&tenant, &event.data, "queue", Duration::ZERO);
        }
        let all = Looked {
            kept,
            ..looked(story.history(&life), &[story.dossier], shown())
        };
        ledger.audit("r-1", &all);
        assert_eq!(ledger.used.ways_back["queue"], 7);
        assert_eq!(kinds(ledger).is_empty(), clean);
    }
    let (here, there) = ("ubnd-00004".parse().unwrap(), "ubnd-00008".parse().unwrap());
    let mut ledger = story.ledger();
    ledger.routed("r-1", None, Some(&here));
    ledger.routed("r-1", Some(&here), Some(&here));
    assert_eq!(kinds(ledger), [ViolationKind::Missing], "it only did not end");
    let mut ledger = story.ledger();
    ledger.routed("r-1", Some(&here), Some(&there));
    assert_eq!(kinds(ledger), [ViolationKind::Foreign, ViolationKind::Missing]);
}
