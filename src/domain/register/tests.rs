use super::*;
use crate::domain::rejection::Label;
use crate::domain::sha256::Sha256;

fn key(word: &str) -> TenantKey {
    word.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

const NOW: i64 = 1_000_000_000;

fn tenant(word: &str) -> Tenant {
    let own = key(word);
    Tenant {
        parent: (own.kind() == TenantKind::Agent).then(|| key("enterprise.mau-a")),
        name: Text::parse(word).unwrap(),
        key: own,
        formats: vec!["canonical/v1".to_owned()],
        standing: Standing::Active,
        successor_policy: SuccessorPolicy::Ask,
        codes: Default::default(),
    }
}

fn certificate(print: u8, of: &str) -> Certificate {
    Certificate {
        thumbprint: Thumbprint::new(Sha256::new([print; 32])),
        tenant: key(of),
        not_after: at(NOW + 86_400),
        revoked_at: None,
    }
}

fn newcomer(word: &str, print: u8) -> Newcomer {
    Newcomer {
        tenant: tenant(word),
        certificates: vec![certificate(print, word)],
        staff: Vec::new(),
        points: Vec::new(),
    }
}

fn person(of: &str, name: &str) -> Staff {
    Staff {
        id: "nv-1".parse().unwrap(),
        tenant: key(of),
        name: Text::parse(name).unwrap(),
        until: None,
    }
}

/// What is known after some changes, one after another.
fn after(changes: &[Change]) -> Known {
    let mut known = Known::default();
    for change in changes {
        done(&mut known, change);
    }
    known
}

fn done(known: &mut Known, change: &Change) {
    let decided = decide(known.clone(), change, at(NOW)).unwrap();
    apply(known, decided);
}

fn apply(known: &mut Known, decided: Decision) {
    let Enrolment {
        tenants,
        certificates,
        staff,
        points,
    } = decided.enrolment;
    known
        .tenants
        .extend(tenants.into_iter().map(|t| (t.key.clone(), t)));
    known
        .certificates
        .extend(certificates.into_iter().map(|c| (c.thumbprint, c)));
    known
        .staff
        .extend(staff.into_iter().map(|s| ((s.tenant.clone(), s.id.clone()), s)));
    known
        .points
        .extend(points.into_iter().map(|p| (p.key.clone(), p)));
    known.operators = known
        .certificates
        .values()
        .filter(|c| c.tenant.kind() == TenantKind::Operator && c.revoked_at.is_none())
        .filter(|c| known.tenants[&c.tenant].standing == Standing::Active)
        .map(|c| (c.tenant.clone(), c.thumbprint))
        .collect();
}

fn city() -> Vec<Change> {
    vec![Change::Register(vec![
        newcomer("operator.mot", 1),
        newcomer("enterprise.mau-a", 2),
        newcomer("agent.a-1", 3),
        newcomer("agent.a-2", 4),
        newcomer("branch.tay-ho", 5),
    ])]
}

fn refused(known: &Known, change: &Change) -> (Label, Option<String>) {
    let rejection = decide(known.clone(), change, at(NOW)).unwrap_err();
    (rejection.label(), rejection.problems()[0].path.clone())
}

fn actions(known: &Known, change: &Change) -> Vec<(Action, String)> {
    let decided = decide(known.clone(), change, at(NOW)).unwrap();
    decided
        .actions
        .into_iter()
        .map(|d| (d.action, d.subject))
        .collect()
}

#[test]
fn what_is_registered_twice_alike_is_registered_once() {
    let known = after(&city());
    assert_eq!((known.tenants.len(), known.certificates.len()), (5, 5));
    assert_eq!(
        decide(known.clone(), &city()[0], at(NOW)).unwrap(),
        Decision::default()
    );
    let mut other = newcomer("branch.tay-ho", 5);
    other.tenant.formats.clear();
    let refusal = refused(&known, &Change::Register(vec![newcomer("branch.x", 9), other]));
    assert_eq!(refusal, (Label::TenantExists, Some("/tenants/1/key".to_owned())));
}

#[test]
fn all_that_is_wrong_with_a_registration_is_said_at_once() {
    let known = after(&city());
    let mut orphan = newcomer("agent.a-3", 3);
    orphan.tenant.parent = None;
    let mut child = newcomer("branch.x", 10);
    child.tenant.parent = Some(key("enterprise.mau-a"));
    let wrong = Change::Register(vec![orphan, child, newcomer("branch.y", 10)]);
    let rejection = decide(known, &wrong, at(NOW)).unwrap_err();
    let said: Vec<(Label, &str)> = rejection
        .problems()
        .iter()
        .map(|p| (p.label, p.path.as_deref().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            (Label::ParentUnknown, "/tenants/0/parent"),
            (Label::CertificateTaken, "/tenants/0/certificates/0"),
            (Label::ParentUnknown, "/tenants/1/parent"),
            (Label::CertificateTaken, "/tenants/2/certificates/0"),
        ]
    );
}

#[test]
fn an_agents_enterprise_may_come_with_it_but_not_after_it() {
    let both = |first: &str, second: &str| Change::Register(vec![newcomer(first, 1), newcomer(second, 2)]);
    assert!(decide(Known::default(), &both("enterprise.mau-a", "agent.a-1"), at(NOW)).is_ok());
    let refusal = refused(&Known::default(), &both("agent.a-1", "enterprise.mau-a"));
    assert_eq!(refusal.0, Label::ParentUnknown);
}

#[test]
fn standing_goes_to_and_fro_until_it_is_closed_for_ever() {
    let who = key("branch.tay-ho");
    let mut known = after(&city());
    let suspend = Change::Suspend(who.clone());
    assert_eq!(
        actions(&known, &suspend),
        [(Action::TenantSuspended, who.to_string())]
    );
    done(&mut known, &suspend);
    assert_eq!(actions(&known, &suspend), []);
    let resume = Change::Resume(who.clone());
    done(&mut known, &resume);
    assert_eq!(actions(&known, &resume), []);
    let close = Change::Close(who);
    done(&mut known, &close);
    assert_eq!(actions(&known, &close), []);
    for change in [
        suspend,
        resume,
        Change::AddCertificate(certificate(9, "branch.tay-ho")),
    ] {
        assert_eq!(refused(&known, &change).0, Label::TenantClosed);
    }
    let again = Change::Register(vec![newcomer("branch.tay-ho", 9)]);
    assert_eq!(refused(&known, &again).0, Label::TenantClosed);
    assert_eq!(
        refused(&known, &Change::Close(key("branch.x"))).0,
        Label::NotFound
    );
}

#[test]
fn an_enterprise_closes_with_its_agents() {
    let mut known = after(&city());
    let close = Change::Close(key("enterprise.mau-a"));
    let closed: Vec<String> = actions(&known, &close).into_iter().map(|a| a.1).collect();
    assert_eq!(closed, ["enterprise.mau-a", "agent.a-1", "agent.a-2"]);
    done(&mut known, &close);
    let late = Change::Register(vec![newcomer("agent.a-9", 9)]);
    assert_eq!(refused(&known, &late).0, Label::ParentUnknown);
}

#[test]
fn a_certificate_belongs_to_one_tenant_and_a_revoked_one_never_comes_back() {
    let mut known = after(&city());
    let add = |print, of| Change::AddCertificate(certificate(print, of));
    assert_eq!(actions(&known, &add(5, "branch.tay-ho")), []);
    assert_eq!(refused(&known, &add(5, "agent.a-1")).0, Label::CertificateTaken);
    let revoke = |of, print| Change::RevokeCertificate {
        tenant: key(of),
        thumbprint: Thumbprint::new(Sha256::new([print; 32])),
    };
    assert_eq!(refused(&known, &revoke("agent.a-1", 5)).0, Label::NotFound);
    done(&mut known, &revoke("branch.tay-ho", 5));
    assert_eq!(actions(&known, &revoke("branch.tay-ho", 5)), []);
    assert_eq!(
        refused(&known, &add(5, "branch.tay-ho")).0,
        Label::CertificateRetired
    );
    let mut over = certificate(6, "branch.tay-ho");
    over.not_after = at(NOW - 1);
    assert_eq!(
        refused(&known, &Change::AddCertificate(over)).0,
        Label::CertificateUnusable
    );
}

#[test]
fn one_operator_with_a_certificate_remains() {
    let mut known = after(&city());
    let of_last = [
        Change::Suspend(key("operator.mot")),
        Change::Close(key("operator.mot")),
        Change::RevokeCertificate {
            tenant: key("operator.mot"),
            thumbprint: Thumbprint::new(Sha256::new([1; 32])),
        },
    ];
    for change in &of_last {
        assert_eq!(refused(&known, change).0, Label::LastOperator);
    }
    let second = Change::Register(vec![newcomer("operator.hai", 8)]);
    done(&mut known, &second);
    for change in &of_last {
        assert_eq!(actions(&known, change).len(), 1, "{change:?}");
    }
}

#[test]
fn a_person_keeps_the_number() {
    let mut known = after(&city());
    let add = |name| Change::AddStaff(person("agent.a-1", name));
    let remove = Change::RemoveStaff {
        tenant: key("agent.a-1"),
        id: "nv-1".parse().unwrap(),
    };
    assert_eq!(refused(&known, &remove).0, Label::NotFound);
    for (change, expected) in [
        (add("Nhân viên mẫu"), Some(Action::StaffAdded)),
        (add("Nhân viên mẫu"), None),
        (add("Nhân viên mẫu A"), Some(Action::StaffRenamed)),
        (remove.clone(), Some(Action::StaffRemoved)),
        (remove, None),
        (add("Nhân viên mẫu A"), Some(Action::StaffAdded)),
    ] {
        let said = actions(&known, &change).first().map(|a| a.0);
        assert_eq!(said, expected, "{change:?}");
        done(&mut known, &change);
    }
}

fn point(of: &str) -> Point {
    Point {
        key: "diem-1".parse().unwrap(),
        tenant: key(of),
        name: Text::parse("Điểm 1").unwrap(),
        until: None,
    }
}

#[test]
fn a_point_belongs_to_one_tenant() {
    let mut known = after(&city());
    let add = Change::AddPoint(point("branch.tay-ho"));
    assert_eq!(actions(&known, &add).len(), 1);
    done(&mut known, &add);
    assert_eq!(actions(&known, &add), []);
    assert_eq!(
        refused(&known, &Change::AddPoint(point("agent.a-1"))).0,
        Label::PointTaken
    );
}

#[test]
fn a_point_that_was_ended_stays_its_tenants_and_may_begin_again() {
    let mut known = after(&city());
    let end = |of: &str| Change::EndPoint {
        tenant: key(of),
        key: "diem-1".parse().unwrap(),
    };
    let add = Change::AddPoint(point("branch.tay-ho"));
    assert_eq!(refused(&known, &end("branch.tay-ho")).0, Label::NotFound);
    done(&mut known, &add);
    assert_eq!(refused(&known, &end("agent.a-1")).0, Label::NotFound);
    assert_eq!(actions(&known, &end("branch.tay-ho"))[0].0, Action::PointEnded);
    done(&mut known, &end("branch.tay-ho"));
    assert_eq!(actions(&known, &end("branch.tay-ho")), []);
    assert_eq!(
        refused(&known, &Change::AddPoint(point("agent.a-1"))).0,
        Label::PointTaken
    );
    assert_eq!(actions(&known, &add)[0].0, Action::PointAdded);
}

#[test]
fn only_what_differs_is_altered() {
    let known = after(&city());
    let alter = |policy| Change::Alter {
        tenant: key("agent.a-1"),
        name: None,
        formats: None,
        successor_policy: Some(policy),
        codes: None,
    };
    assert_eq!(actions(&known, &alter(SuccessorPolicy::Ask)), []);
    let decided = decide(known, &alter(SuccessorPolicy::Default), at(NOW)).unwrap();
    assert_eq!(decided.actions[0].detail["successor_policy"], "default");
    assert_eq!(
        decided.enrolment.tenants[0].successor_policy,
        SuccessorPolicy::Default
    );
}

#[test]
fn a_certificates_end_is_warned_of_at_each_step() {
    const DAY: i64 = 86_400;
    let due = |left: i64| warning_due(at(NOW + left), at(NOW));
    assert_eq!(due(60 * DAY + 1), None);
    for (left, days) in [
        (60 * DAY, 60),
        (31 * DAY, 60),
        (30 * DAY, 30),
        (14 * DAY, 14),
        (7 * DAY, 7),
        (DAY, 1),
        (0, 1),
    ] {
        assert_eq!(due(left), Some(days), "{left}");
    }
    assert_eq!(due(-1), None);
}
