//! Versions of formats: kept as they are first used, pinned to what they read, tried on what was filed, put into use and left again.

use std::collections::BTreeMap;
use std::sync::Arc;

use lienthong::adapt::Registry;
use lienthong::domain::audit::Action;
use lienthong::domain::ids::DossierId;
use lienthong::domain::register::Change;
use lienthong::domain::rejection::Label;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{
    FormatActivationRequest, FormatPlanRequest, FormatRollbackRequest, FormatStanding, FormatUseAnswer,
    ShadowKind, ShadowRequest, SubmissionAnswer,
};
use lienthong::identity::Access;
use lienthong::service::{AuditQuery, Hub, Incoming, Mode, ServiceError};
use serde_json::json;

use crate::backends::{Stage, on_both};
use crate::city::{City, changed};

const V1: &str = "so-mau/v1";
const V2: &str = "so-mau/v2";

/// The portal's format under a name of its own.
fn first() -> String {
    let shipped = Registry::shipped();
    shipped
        .get("dvcqg-mc/v1")
        .unwrap()
        .text()
        .replace("dvcqg-mc", "so-mau")
}

/// The same, but for one value that it reads.
fn second() -> String {
    let text = first().replace("version = 1", "version = 2");
    let changed = text.replace("constant = \"so-bien-nhan\"", "constant = \"so-tiep-nhan\"");
    assert_ne!(text, changed);
    changed
}

fn registry(files: &[(&str, &str)]) -> Registry {
    let files: BTreeMap<String, String> = files
        .iter()
        .map(|(name, text)| (format!("{name}/adapter.toml"), (*text).to_owned()))
        .collect();
    Registry::shipped_with(&files).unwrap()
}

/// A city whose hub begins with the first version, and a branch that has it.
async fn city(stage: &Stage) -> City {
    let city = City::with_formats(stage, registry(&[(V1, &first())])).await;
    let change = Change::Alter {
        tenant: "branch.ba-dinh".parse().unwrap(),
        name: None,
        formats: Some(vec![V1.to_owned()]),
        successor_policy: None,
        codes: None,
    };
    changed(&city.store, change).await;
    city.hub.refresher.refresh().await.unwrap();
    city
}

fn document(reference: &str) -> Vec<u8> {
    let document = json!({
        "service": "DongBoHoSoMC",
        "data": [{
            "MaHoSo": reference, "SoBienNhan": format!("BN-{reference}"),
            "MaTTHC": "1.004873", "TenTTHC": "Cấp Giấy xác nhận tình trạng hôn nhân",
            "ChuHoSo": "Nguyễn Văn Mẫu", "NgayTiepNhan": "20261120090000", "KenhThucHien": "1", "TrangThaiHoSo": "1",
            "LienThong": { "MaXa": "00004", "DanhMucXa": "2025", "TenXa": "Phường Ba Đình" },
        }],
    });
    serde_json::to_vec(&document).unwrap()
}

async fn filed_as(
    hub: &Hub,
    access: &Access,
    reference: &str,
    format: Option<&str>,
) -> Result<DossierId, ServiceError> {
    let incoming = Incoming {
        bytes: document(reference),
        media_type: "application/json".to_owned(),
        format: format.map(str::to_owned),
        key: IdempotencyKey::parse(&format!("key-{reference}")).unwrap(),
        traceparent: None,
        mode: Mode::Interactive,
    };
    let answered = hub.intake.submit(access, incoming).await?;
    let answer: SubmissionAnswer = serde_json::from_slice(answered.body()).unwrap();
    Ok(answer.tracking_id)
}

async fn filed(hub: &Hub, access: &Access, reference: &str) -> DossierId {
    filed_as(hub, access, reference, None).await.unwrap()
}

/// The version that a dossier was read with, and what its number stands for.
async fn read_by(city: &City, access: &Access, id: DossierId) -> String {
    let route = city.hub.dossiers.route(access, id).await.unwrap();
    let read_by = route.read_by.unwrap();
    let written_by = route.deliveries[0].written_by.clone().unwrap();
    assert_eq!(written_by.format, "canonical/v1");
    assert!(
        read_by.number.is_some() && read_by.sha256.is_some(),
        "{read_by:?}"
    );
    read_by.format
}

fn plan_of(format: &str, text: &str) -> FormatPlanRequest {
    FormatPlanRequest {
        format: format.to_owned(),
        text: text.to_owned(),
        samples: BTreeMap::new(),
        expected: BTreeMap::new(),
    }
}

async fn activated(hub: &Hub, operator: &Access, format: &str, text: &str) -> FormatUseAnswer {
    let plan = hub.formats.plan(operator, plan_of(format, text)).await.unwrap();
    let request = FormatActivationRequest {
        format: format.to_owned(),
        text: text.to_owned(),
        samples: BTreeMap::new(),
        expected: BTreeMap::new(),
        plan: plan.digest,
        reason: "Theo công văn mẫu".to_owned(),
    };
    hub.formats.activate(operator, request).await.unwrap()
}

fn back_from(format: &str) -> FormatRollbackRequest {
    FormatRollbackRequest {
        name: "so-mau".to_owned(),
        from: format.to_owned(),
        reason: "Đọc sai".to_owned(),
    }
}

fn trial(last: u32, values: bool) -> ShadowRequest {
    ShadowRequest {
        format: V2.to_owned(),
        text: second(),
        last,
        tenant: None,
        values,
    }
}

fn label<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) -> Label {
    match outcome {
        Err(ServiceError::Rejected(rejection)) => rejection.label(),
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn a_version_is_tried_on_what_was_filed_and_differs_in_the_one_field(stage) {
        let city = city(stage).await;
        let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        let mut ids = Vec::new();
        for n in 0..3 {
            ids.push(filed(&city.hub, &branch, &format!("TAM-{n}")).await);
            stage.later(1);
        }
        ids.reverse();
        let events = stage.rows("events");
        let seen = city.hub.formats.shadow(&operator, trial(10, false)).await.unwrap();
        assert_eq!((seen.examined, seen.differ, seen.same, seen.refused, seen.more), (3, 3, 0, 0, false));
        assert_eq!(seen.against, BTreeMap::from([(V1.to_owned(), 3)]));
        let [one] = seen.differences.as_slice() else { panic!("{:?}", seen.differences) };
        assert_eq!((one.kind, one.field.as_str(), one.submissions), (ShadowKind::Changes, "/foreign_codes/*/system", 3));
        assert_eq!(one.examples, ids, "newest first");
        assert!(one.values.is_empty(), "nobody asked for values");
        assert_eq!(stage.rows("events"), events, "nothing is written beside the audit");

        let seen = city.hub.formats.shadow(&operator, trial(2, true)).await.unwrap();
        assert_eq!((seen.examined, seen.more), (2, true));
        let value = &seen.differences[0].values[0];
        assert_eq!((value.dossier, &value.now, &value.then), (ids[0], &Some(json!("so-bien-nhan")), &Some(json!("so-tiep-nhan"))));
        let query = AuditQuery { action: Some(Action::FormatShadowed), limit: 10, ..AuditQuery::default() };
        let told = city.hub.tenants.audit(&operator, query).await.unwrap().entries;
        let shown: Vec<&str> = told.iter().map(|entry| entry.detail["values"].as_str()).collect();
        assert_eq!(shown, ["true", "false"]);
        assert_eq!(label(city.hub.formats.shadow(&branch, trial(2, false)).await), Label::PermissionMissing);
        assert_eq!(label(city.hub.formats.shadow(&operator, trial(0, false)).await), Label::QueryMalformed);
        assert_eq!(label(city.hub.formats.shadow(&operator, trial(10_001, false)).await), Label::QueryMalformed);
        let others = ShadowRequest { tenant: Some("branch.ha-dong".parse().unwrap()), ..trial(10, false) };
        assert_eq!(city.hub.formats.shadow(&operator, others).await.unwrap().examined, 0);
        assert!(stage.audit().findings.is_empty(), "{:?}", stage.audit().findings);
    }

    async fn a_version_is_put_into_use_and_left_again_and_what_was_filed_keeps_its_own(stage) {
        let city = city(stage).await;
        let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        let before = filed(&city.hub, &branch, "TAM-1").await;
        let plan = city.hub.formats.plan(&operator, plan_of(V2, &second())).await.unwrap();
        assert_eq!((plan.from.as_deref(), plan.changes), (None, true));
        assert_eq!(plan.tenants, ["branch.ba-dinh".parse().unwrap()]);
        let answer = activated(&city.hub, &operator, V2, &second()).await;
        assert_eq!(answer.in_use.as_deref(), Some(V2));
        let during = filed(&city.hub, &branch, "TAM-2").await;
        let named = filed_as(&city.hub, &branch, "TAM-3", Some(V1)).await.unwrap();
        assert!(!city.hub.formats.plan(&operator, plan_of(V2, &second())).await.unwrap().changes);

        let answer = city.hub.formats.roll_back(&operator, back_from(V2)).await.unwrap();
        assert_eq!(answer.in_use, None, "each uses the version that it has, as before");
        let after = filed(&city.hub, &branch, "TAM-4").await;
        for (id, version) in [(before, V1), (during, V2), (named, V1), (after, V1)] {
            assert_eq!(read_by(&city, &branch, id).await, version);
        }
        assert_eq!(label(city.hub.formats.roll_back(&operator, back_from(V2)).await), Label::FormatNotActivated);
        let versions = city.hub.formats.versions(&operator).await.unwrap().formats;
        let named: Vec<&str> = versions.iter().map(|one| one.format.as_str()).collect();
        assert_eq!(named, ["canonical/v1", "dvcqg-mc/v1", "opencps/v1", V1, V2, "vnpost-hcc/v1"]);
        assert!(stage.audit().findings.is_empty(), "{:?}", stage.audit().findings);
    }

    async fn going_back_goes_to_the_version_before_each_time(stage) {
        let city = city(stage).await;
        let operator = city.access("operator.truc-ban");
        let third = second().replace("version = 2", "version = 3");
        activated(&city.hub, &operator, V1, &first()).await;
        activated(&city.hub, &operator, V2, &second()).await;
        activated(&city.hub, &operator, "so-mau/v3", &third).await;
        let standing = async || {
            let versions = city.hub.formats.versions(&operator).await.unwrap().formats;
            let activated = versions.into_iter().find(|one| one.standing == FormatStanding::Activated);
            activated.map(|one| (one.format, one.by.unwrap().tenant.to_string()))
        };
        assert_eq!(standing().await, Some(("so-mau/v3".to_owned(), "operator.truc-ban".to_owned())));
        for (from, to) in [("so-mau/v3", Some(V2)), (V2, Some(V1)), (V1, None)] {
            let answer = city.hub.formats.roll_back(&operator, back_from(from)).await.unwrap();
            assert_eq!(answer.in_use.as_deref(), to);
        }
        assert_eq!(standing().await, None);
        activated(&city.hub, &operator, V2, &second()).await;
        assert_eq!(label(city.hub.formats.roll_back(&operator, back_from(V1)).await), Label::FormatPlanStale);
    }

    async fn a_name_and_version_have_one_text_for_ever_and_a_plan_is_of_one_text(stage) {
        let city = city(stage).await;
        let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        let other = first().replace("so-bien-nhan", "so-khac");
        assert_eq!(label(city.hub.formats.plan(&operator, plan_of(V1, &other)).await), Label::FormatTaken);
        assert_eq!(label(city.hub.formats.plan(&branch, plan_of(V2, &second())).await), Label::PermissionMissing);
        let plan = city.hub.formats.plan(&operator, plan_of(V2, &second())).await.unwrap();
        let request = FormatActivationRequest {
            format: V2.to_owned(),
            text: second().replace("so-tiep-nhan", "so-khac"),
            samples: BTreeMap::new(),
            expected: BTreeMap::new(),
            plan: plan.digest,
            reason: "Thử".to_owned(),
        };
        assert_eq!(label(city.hub.formats.activate(&operator, request.clone()).await), Label::FormatPlanStale);
        activated(&city.hub, &operator, V1, &first()).await;
        let late = FormatActivationRequest { text: second(), ..request };
        assert_eq!(label(city.hub.formats.activate(&operator, late).await), Label::FormatPlanStale);
    }

    async fn what_does_not_compile_or_gives_other_results_is_refused_with_every_fault(stage) {
        let city = city(stage).await;
        let operator = city.access("operator.truc-ban");
        let broken = second().replace("to = \"procedure.code\"", "to = \"procedure.cod\"");
        assert_eq!(label(city.hub.formats.plan(&operator, plan_of(V2, &broken)).await), Label::FormatFaulty);
        assert_eq!(label(city.hub.formats.plan(&operator, plan_of("So-Mau/2", &second())).await), Label::CodeMalformed);
        let sample = String::from_utf8(document("TAM-1")).unwrap();
        let mut request = plan_of(V2, &second());
        request.samples = BTreeMap::from([("a.json".to_owned(), sample.clone()), ("b.json".to_owned(), sample)]);
        request.expected = BTreeMap::from([("a.json.json".to_owned(), "{}".to_owned())]);
        match city.hub.formats.plan(&operator, request).await {
            Err(ServiceError::Rejected(rejection)) => {
                let labels: Vec<Label> = rejection.problems().iter().map(|problem| problem.label).collect();
                assert_eq!(labels, [Label::FormatFaulty, Label::FormatFaulty]);
            }
            other => panic!("{other:?}"),
        }
    }

    async fn another_hub_takes_a_version_up_and_a_changed_file_changes_nothing(stage) {
        let city = city(stage).await;
        let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        let changed = first().replace("so-bien-nhan", "so-sua");
        let another = city.another_hub(stage, registry(&[(V1, &changed)])).await;
        let drift = city.hub.formats.drifts().await.unwrap();
        assert_eq!(drift.len(), 1);
        assert_eq!((drift[0].format.as_str(), drift[0].since), (V1, stage.clock.now()));
        let overview = city.hub.overview.show(&operator).await.unwrap();
        assert_eq!(overview.format_drift, drift);
        assert_eq!(stage.rows("alarms"), 1);
        let since = drift[0].since;
        // Told again while it lasts, as one alarm; no longer told when no hub has had it for an hour.
        stage.later(1_800);
        another.formats.tell_drift().await.unwrap();
        let drift = city.hub.formats.drifts().await.unwrap();
        assert_eq!((drift[0].since, drift[0].seen_at), (since, stage.clock.now()));
        assert_eq!(stage.rows("alarms"), 1);
        stage.later(3_601);
        assert_eq!(city.hub.formats.drifts().await.unwrap(), []);

        // What is in use stays in use: both hubs read by the text that was there first.
        let here = filed(&city.hub, &branch, "TAM-1").await;
        let there = filed(&another, &branch, "TAM-2").await;
        for id in [here, there] {
            let shown = serde_json::to_string(&city.hub.dossiers.show(&branch, id).await.unwrap()).unwrap();
            assert!(shown.contains("so-bien-nhan") && !shown.contains("so-sua"), "{shown}");
        }
        activated(&city.hub, &operator, V2, &second()).await;
        another.refresher.refresh().await.unwrap();
        let id = filed(&another, &branch, "TAM-3").await;
        assert_eq!(read_by(&city, &branch, id).await, V2);
    }

    async fn a_version_is_put_into_use_while_filings_go_on(stage) {
        const FILINGS: usize = 40;
        let city = city(stage).await;
        let (branch, operator) = (city.access("branch.ba-dinh"), city.access("operator.truc-ban"));
        let filing = {
            let (hub, branch) = (Arc::clone(&city.hub), branch.clone());
            tokio::spawn(async move {
                let mut ids = Vec::new();
                for n in 0..FILINGS {
                    ids.push(filed(&hub, &branch, &format!("TAM-{n}")).await);
                }
                ids
            })
        };
        crate::backends::eventually("some are filed", async || (stage.rows("dossiers") >= 3).then_some(())).await;
        activated(&city.hub, &operator, V2, &second()).await;
        let last = filed(&city.hub, &branch, "TAM-last").await;
        let ids = filing.await.unwrap();
        assert_eq!(stage.rows("dossiers"), FILINGS as i64 + 1);
        assert_eq!(stage.rows("submissions"), FILINGS as i64 + 1);
        for id in ids.iter().copied().chain([last]) {
            let shown = serde_json::to_string(&city.hub.dossiers.show(&branch, id).await.unwrap()).unwrap();
            let read = match read_by(&city, &branch, id).await.as_str() {
                V1 => "so-bien-nhan",
                V2 => "so-tiep-nhan",
                other => panic!("{other}"),
            };
            assert!(shown.contains(read), "{shown}");
        }
        assert_eq!(read_by(&city, &branch, ids[0]).await, V1);
        assert_eq!(read_by(&city, &branch, last).await, V2);
        assert!(stage.audit().findings.is_empty(), "{:?}", stage.audit().findings);
    }
}
