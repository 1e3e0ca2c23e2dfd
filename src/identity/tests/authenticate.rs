use super::*;
use crate::domain::tenant::Actor;
use crate::identity::token_request::TokenRequest;
use crate::identity::{Access, Gate, Permission, Permissions, Reach, authenticate};

const CALLERS: [&str; 5] = [
    "enterprise.mau-a",
    "agent.mau-a-001",
    "branch.tay-ho",
    "agency.ubnd-00004",
    "operator.truc-ban",
];

/// A door, and one open connection for each kind of tenant.
struct City {
    gate: Gate,
    ca: Ca,
    connections: Vec<(TenantKey, ConnectionPeer)>,
    certificates: Vec<Certificate>,
}

impl City {
    fn new() -> City {
        let ca = Ca::root("a root");
        let mut connections = Vec::new();
        let mut certificates = Vec::new();
        for word in CALLERS {
            let own = ca.issue_now();
            certificates.push(registered(&own, word));
            connections.push((tenant_key(word), connection(&[&own])));
        }
        let gate = Gate::new(register(1, certificates.clone()), ca.trust(), issuer(), 100);
        City {
            gate,
            ca,
            connections,
            certificates,
        }
    }

    fn connection(&self, of: &str) -> &ConnectionPeer {
        &self.connections.iter().find(|(k, _)| k.as_str() == of).unwrap().1
    }

    /// `Bearer …` for a tenant with this scope.
    fn token(&self, of: &str, scope: Option<&str>) -> String {
        let peer = self.gate.peer(Some(self.connection(of)), now()).unwrap();
        let scope = scope.map(|s| format!("&scope={s}")).unwrap_or_default();
        let form = format!("grant_type=client_credentials&client_id={of}{scope}");
        let request = TokenRequest::parse(form.as_bytes()).unwrap();
        let answer = request
            .answer(self.gate.tokens().issuer(), &peer, now(), [2; 16])
            .unwrap();
        format!("Bearer {}", answer.access_token)
    }

    fn call(&self, of: &str, authorization: &str) -> Result<Access, Rejection> {
        self.call_as(of, authorization, None, None)
    }

    fn call_as(
        &self,
        of: &str,
        authorization: &str,
        staff: Option<&str>,
        point: Option<&str>,
    ) -> Result<Access, Rejection> {
        authenticate(
            &self.gate,
            Some(self.connection(of)),
            Some(authorization),
            staff,
            point,
            now(),
        )
    }
}

#[test]
fn every_kind_gets_its_role_and_its_reach() {
    let city = City::new();
    for word in CALLERS {
        let access = city.call(word, &city.token(word, None)).unwrap();
        let kind = access.kind();
        assert_eq!(access.permissions(), Permissions::of(kind));
        for permission in Permission::ALL {
            let allowed = Permission::of(kind).contains(permission);
            match access.permit(*permission) {
                Ok(_) => assert!(allowed, "{kind:?} {permission}"),
                Err(refusal) => {
                    assert!(!allowed, "{kind:?} {permission}");
                    assert_eq!(refusal.label(), Label::PermissionMissing);
                    assert_eq!(refusal.problems()[0].args()["permission"], permission.word());
                    assert_eq!(refusal.problems()[0].args()["kind"], kind.word());
                }
            }
        }
        let scope = access.permit(Permission::DossierRead).unwrap();
        let own = tenant_key(word);
        let reach = match kind {
            TenantKind::Enterprise => Reach::Enterprise(&own),
            TenantKind::Agent | TenantKind::Branch => Reach::Tenant(&own),
            TenantKind::Agency => Reach::Agency(&own),
            TenantKind::Operator => Reach::Everything,
        };
        assert_eq!((scope.reach(), scope.tenant()), (reach, &own));
    }
}

#[test]
fn a_narrow_token_narrows_permission_and_reach() {
    let city = City::new();
    let access = city
        .call("branch.tay-ho", &city.token("branch.tay-ho", Some("event:read")))
        .unwrap();
    assert!(access.permit(Permission::EventRead).is_ok());
    assert_eq!(
        label(access.permit(Permission::SubmissionCreate)),
        Label::PermissionMissing
    );

    let operator = "operator.truc-ban";
    let access = city
        .call(operator, &city.token(operator, Some("dossier:read")))
        .unwrap();
    let scope = access.permit(Permission::DossierRead).unwrap();
    assert_eq!(
        scope.reach(),
        Reach::Tenant(&tenant_key(operator)),
        "without hub:read an operator sees nothing"
    );
}

#[test]
fn a_token_minted_beyond_the_role_permits_no_more_than_the_role() {
    let city = City::new();
    let own = "agent.mau-a-001";
    let peer = city.gate.peer(Some(city.connection(own)), now()).unwrap();
    let all: Permissions = Permission::ALL.iter().copied().collect();
    let tokens = city.gate.tokens();
    let answer = tokens
        .issuer()
        .mint(&tenant_key(own), all, peer.thumbprint(), now(), [3; 16])
        .unwrap();
    let access = city
        .call(own, &format!("Bearer {}", answer.access_token))
        .unwrap();
    assert_eq!(access.permissions(), Permissions::of(TenantKind::Agent));
}

#[test]
fn the_header_is_read_as_rfc_9110_says_and_refused_with_where_to_go() {
    let city = City::new();
    let bearer = city.token("branch.tay-ho", None);
    let token = bearer.strip_prefix("Bearer ").unwrap();
    for good in [format!("bearer {token}"), format!("  BEARER   {token} ")] {
        assert!(city.call("branch.tay-ho", &good).is_ok());
    }
    for bad in ["", "Bearer", "Bearer ", "Basic YTpi", token] {
        let refusal = city.call("branch.tay-ho", bad).unwrap_err();
        assert_eq!(refusal.label(), Label::TokenMissing, "{bad}");
        assert_eq!(
            refusal.problems()[0].args()["token_endpoint"],
            rules().token_endpoint
        );
    }
    assert_eq!(
        label(city.call("branch.tay-ho", "Bearer x")),
        Label::TokenMalformed
    );
    let nothing = authenticate(
        &city.gate,
        Some(city.connection("branch.tay-ho")),
        None,
        None,
        None,
        now(),
    );
    assert_eq!(label(nothing), Label::TokenMissing);
}

#[test]
fn the_certificate_is_judged_before_the_token() {
    let city = City::new();
    let token = city.token("branch.tay-ho", None);
    let bare = authenticate(&city.gate, None, Some(&token), None, None, now());
    assert_eq!(label(bare), Label::CertificateMissing);
    assert_eq!(
        label(city.call("agent.mau-a-001", &token)),
        Label::TokenCertificateMismatch
    );
    // A second certificate of the same tenant is not the one the token is bound to.
    let second = city.ca.issue_now();
    let mut certificates = city.certificates.clone();
    certificates.push(registered(&second, "branch.tay-ho"));
    city.gate.replace_register(register(2, certificates));
    let open = connection(&[&second]);
    let refused = authenticate(&city.gate, Some(&open), Some(&token), None, None, now());
    assert_eq!(label(refused), Label::TokenCertificateMismatch);
}

#[test]
fn what_changes_is_noticed_on_the_next_request_of_an_open_connection() {
    let city = City::new();
    let own = "branch.tay-ho";
    let token = city.token(own, None);
    assert!(city.call(own, &token).is_ok());
    let at = city
        .certificates
        .iter()
        .position(|c| c.tenant.as_str() == own)
        .unwrap();

    let mut revoked = city.certificates.clone();
    revoked[at].revoked_at = Some(now());
    city.gate.replace_register(register(2, revoked));
    assert_eq!(label(city.call(own, &token)), Label::CertificateRevoked);

    let mut moved = city.certificates.clone();
    moved[at].tenant = tenant_key("agent.mau-a-002");
    city.gate.replace_register(register(3, moved));
    assert_eq!(label(city.call(own, &token)), Label::TokenCertificateMismatch);

    city.gate.replace_register(register(4, city.certificates.clone()));
    assert!(city.call(own, &token).is_ok());
    city.gate.replace_register(register(3, vec![]));
    assert!(
        city.call(own, &token).is_ok(),
        "an older register does not replace a newer one"
    );

    city.gate.replace_trust(Ca::root("another root").trust());
    assert_eq!(label(city.call(own, &token)), Label::CertificateUntrusted);
    city.gate.replace_trust(city.ca.trust());

    city.gate.replace_issuer(issuer());
    assert_eq!(
        label(city.call(own, &token)),
        Label::TokenSignatureInvalid,
        "memory went with the old key"
    );
}

#[test]
fn staff_and_point_come_from_the_register_and_are_the_tenants_own() {
    let city = City::new();
    let (agent, branch) = ("agent.mau-a-001", "branch.tay-ho");
    let (agents, branchs) = (city.token(agent, None), city.token(branch, None));

    let access = city.call_as(agent, &agents, Some("nv-1"), None).unwrap();
    assert_eq!(access.require_staff(), Ok(()));
    let actor = Actor {
        tenant: tenant_key(agent),
        staff: Some(key("nv-1")),
        point: None,
    };
    assert_eq!(access.actor(), actor);

    let access = city
        .call_as(branch, &branchs, Some("nv-9"), Some("diem-01"))
        .unwrap();
    let actor = Actor {
        tenant: tenant_key(branch),
        staff: Some(key("nv-9")),
        point: Some(key("diem-01")),
    };
    assert_eq!(access.actor(), actor);

    for strange in ["nv-9", "nv-2", "", "NV-1", "nv-1 "] {
        assert_eq!(
            label(city.call_as(agent, &agents, Some(strange), None)),
            Label::StaffUnknown,
            "{strange}"
        );
    }
    assert_eq!(
        label(city.call_as(agent, &agents, None, Some("diem-01"))),
        Label::PointUnknown
    );
    assert_eq!(
        label(city.call_as(branch, &branchs, None, Some("diem 01"))),
        Label::PointUnknown
    );

    let unnamed = city.call(agent, &agents).unwrap();
    assert_eq!(label(unnamed.require_staff()), Label::StaffRequired);
    assert!(
        unnamed.permit(Permission::DossierRead).is_ok(),
        "reading needs no name"
    );
    assert_eq!(city.call(branch, &branchs).unwrap().require_staff(), Ok(()));
}

#[test]
fn the_hub_itself_reaches_everything() {
    let system = Access::system();
    assert_eq!(system.key().as_str(), "operator.hub");
    for permission in Permission::ALL {
        assert_eq!(system.permit(*permission).unwrap().reach(), Reach::Everything);
    }
    assert_eq!(system.require_staff(), Ok(()));
}
