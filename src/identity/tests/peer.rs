use super::*;
use crate::identity::peer::{Peer, PeerCertificate};

#[test]
fn a_registered_certificate_names_its_tenant() {
    let ca = Ca::root("a root");
    let own = ca.issue_now();
    let register = register(1, vec![registered(&own, "branch.tay-ho")]);
    let peer = Peer::judge(Some(&connection(&[&own])), &ca.trust(), &register, now()).unwrap();
    assert_eq!(peer.tenant().key.as_str(), "branch.tay-ho");
    assert_eq!(*peer.thumbprint(), thumbprint(&own));
}

#[test]
fn each_fault_has_its_own_label() {
    let (ca, stranger) = (Ca::root("a root"), Ca::root("a root of somebody else"));
    let trust = ca.trust();
    let own = ca.issue_now();
    let foreign = stranger.issue_now();
    let server = ca.issue_for(ExtendedKeyUsagePurpose::ServerAuth, seconds(-60), seconds(60));
    let (early, late) = (
        ca.issue(seconds(60), seconds(600)),
        ca.issue(seconds(-600), seconds(-60)),
    );
    let known = [&own, &foreign, &server, &early, &late].map(|c| registered(c, "branch.tay-ho"));
    let everybody_known = register(1, known.to_vec());
    let judged = |chain: &[&CertificateDer<'static>]| {
        Peer::judge(Some(&connection(chain)), &trust, &everybody_known, now()).map(drop)
    };
    assert_eq!(judged(&[&own]), Ok(()));
    assert_eq!(
        label(Peer::judge(None, &trust, &everybody_known, now())),
        Label::CertificateMissing
    );
    assert_eq!(label(judged(&[])), Label::CertificateMissing);
    assert_eq!(label(judged(&[&foreign])), Label::CertificateUntrusted);
    // The right root sent along does not make a foreign certificate its own.
    assert_eq!(label(judged(&[&foreign, &ca.der])), Label::CertificateUntrusted);
    assert_eq!(label(judged(&[&server])), Label::CertificateNotForClients);
    assert_eq!(label(judged(&[&ca.der])), Label::CertificateUntrusted);
    assert_eq!(
        label(judged(&[&CertificateDer::from(b"no certificate".to_vec())])),
        Label::CertificateUntrusted
    );

    let refusal = judged(&[&early]).unwrap_err();
    assert_eq!(refusal.label(), Label::CertificateNotYetValid);
    assert_eq!(
        refusal.problems()[0].args()["not_before"],
        "2026-11-23T01:31:00.000000Z"
    );
    let refusal = judged(&[&late]).unwrap_err();
    assert_eq!(refusal.label(), Label::CertificateExpired);
    assert_eq!(
        refusal.problems()[0].args()["not_after"],
        "2026-11-23T01:29:00.000000Z"
    );

    let nobody = register(1, vec![]);
    let refusal = Peer::judge(Some(&connection(&[&own])), &trust, &nobody, now()).unwrap_err();
    assert_eq!(refusal.label(), Label::CertificateUnknown);
    assert_eq!(
        refusal.problems()[0].args()["thumbprint"],
        thumbprint(&own).to_string()
    );

    let revoked = Certificate {
        revoked_at: Some(seconds(-1)),
        ..registered(&own, "branch.tay-ho")
    };
    let register = register(1, vec![revoked]);
    let refused = Peer::judge(Some(&connection(&[&own])), &trust, &register, now());
    assert_eq!(label(refused), Label::CertificateRevoked);
}

#[test]
fn a_suspended_or_closed_tenant_may_not_speak_nor_the_agents_of_a_suspended_enterprise() {
    let ca = Ca::root("a root");
    let (branch, agent) = (ca.issue_now(), ca.issue_now());
    let judged = |silent: &str, standing: &Standing, der: &CertificateDer<'static>| {
        let mut tenants = everybody();
        for t in tenants.iter_mut().filter(|t| t.key.as_str() == silent) {
            t.standing = standing.clone();
        }
        let certificates = vec![
            registered(&branch, "branch.tay-ho"),
            registered(&agent, "agent.mau-a-001"),
        ];
        let register = register_of(1, tenants, certificates);
        Peer::judge(Some(&connection(&[der])), &ca.trust(), &register, now()).map(drop)
    };
    for standing in [
        Standing::Suspended { since: seconds(-5) },
        Standing::Closed { since: seconds(-5) },
    ] {
        assert_eq!(
            label(judged("branch.tay-ho", &standing, &branch)),
            Label::TenantSuspended
        );
        assert_eq!(judged("branch.tay-ho", &standing, &agent), Ok(()));
        assert_eq!(
            label(judged("enterprise.mau-a", &standing, &agent)),
            Label::TenantSuspended
        );
    }
}

#[test]
fn the_validity_of_an_open_connection_is_judged_at_each_request() {
    let ca = Ca::root("a root");
    let own = ca.issue(seconds(-60), seconds(60));
    let certificate = PeerCertificate::parse(&own).unwrap();
    let register = register(1, vec![registered(&own, "branch.tay-ho")]);
    let (trust, open) = (ca.trust(), connection(&[&own]));
    let at = |moment| Peer::judge(Some(&open), &trust, &register, moment).map(drop);
    assert_eq!(at(now()), Ok(()));
    assert_eq!(at(certificate.not_after()), Ok(()));
    assert_eq!(
        label(at(Timestamp::from_micros(
            certificate.not_after().as_micros() + 1
        ))),
        Label::CertificateExpired
    );
    assert_eq!(at(certificate.not_before()), Ok(()));
    let before = Timestamp::from_micros(certificate.not_before().as_micros() - 1);
    assert_eq!(label(at(before)), Label::CertificateNotYetValid);
}

#[test]
fn an_intermediate_counts_only_while_it_is_valid() {
    let ca = Ca::root("a root");
    let between = ca.intermediate(seconds(-60), seconds(60));
    let own = between.issue_now();
    let register = register(1, vec![registered(&own, "branch.tay-ho")]);
    let (trust, open) = (ca.trust(), connection(&[&own, &between.der]));
    let at = |moment| Peer::judge(Some(&open), &trust, &register, moment).map(drop);
    assert_eq!(at(now()), Ok(()));
    let refusal = at(seconds(61)).unwrap_err();
    assert_eq!(refusal.label(), Label::CertificateUntrusted);
    assert_eq!(refusal.problems()[0].args()["reason"], "intermediate-expired");
    assert_eq!(at(now()), Ok(()));
    // Without the intermediate the chain does not reach the root.
    let alone = connection(&[&own]);
    assert_eq!(
        label(Peer::judge(Some(&alone), &trust, &register, now())),
        Label::CertificateUntrusted
    );
    // An intermediate that is already over when the connection opens.
    let opened_late = connection(&[&own, &between.der]);
    let refusal = Peer::judge(Some(&opened_late), &trust, &register, seconds(61)).unwrap_err();
    assert_eq!(refusal.label(), Label::CertificateUntrusted);
}

#[test]
fn a_connection_is_judged_anew_when_the_roots_change() {
    let (old, new) = (Ca::root("the old root"), Ca::root("the new root"));
    let own = new.issue_now();
    let register = register(1, vec![registered(&own, "branch.tay-ho")]);
    let open = connection(&[&own]);
    assert_eq!(
        label(Peer::judge(Some(&open), &old.trust(), &register, now())),
        Label::CertificateUntrusted
    );
    assert!(Peer::judge(Some(&open), &new.trust(), &register, now()).is_ok());
    assert_eq!(
        label(Peer::judge(Some(&open), &old.trust(), &register, now())),
        Label::CertificateUntrusted
    );
}

#[test]
fn what_is_no_certificate_is_not_read() {
    let der = Ca::root("a root").issue_now();
    assert!(PeerCertificate::parse(&der).is_ok());
    assert!(PeerCertificate::parse(&[der.as_ref(), &[0]].concat()).is_err());
    for cut in [0, 1, der.len() / 2, der.len() - 1] {
        assert!(PeerCertificate::parse(&der[..cut]).is_err());
    }
    let bad = [der, CertificateDer::from(vec![0x30, 0])];
    assert_eq!(Trust::new(&bad).unwrap_err().index, 1);
}
