//! A sandbox that starts again: what operators decided since its first start stands.

use std::path::PathBuf;

use lienthong::app::sandbox::{Sandbox, SandboxPlan};
use lienthong::domain::tenant::{Standing, TenantKey};
use lienthong::domain::view::{StandingRequest, StandingWord};
use lienthong::identity::Access;

use crate::house::{plan, run};

/// How many certificates of a tenant are pinned.
fn pinned(sandbox: &Sandbox, tenant: &TenantKey) -> usize {
    let register = sandbox.running().hub().credentials.register();
    register.certificates().filter(|c| c.tenant == *tenant).count()
}

#[test]
fn a_renewed_certificate_is_pinned_and_a_closed_tenant_stays_closed() {
    run(async {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("api-restart");
        let [open, closed]: [TenantKey; 2] = ["agent.a-001", "agent.a-002"].map(|key| key.parse().unwrap());
        let first = SandboxPlan {
            fresh: true,
            ..plan(dir.clone())
        };
        let sandbox = Sandbox::start(first).await.unwrap();
        let everybody = sandbox.running().hub().credentials.register().tenants().count();
        let request = StandingRequest {
            reason: "Theo công văn mẫu".to_owned(),
            standing: StandingWord::Closed,
        };
        let hub = sandbox.running().hub();
        hub.tenants
            .stand(&Access::system(), &closed, request)
            .await
            .unwrap();
        // Both have lost their certificates, and are given new ones at the next start.
        for tenant in [&open, &closed] {
            let (certificate, key) = sandbox.state().tenant_files(tenant);
            std::fs::remove_file(certificate).unwrap();
            std::fs::remove_file(key).unwrap();
        }
        sandbox.stop().await;
        let again = Sandbox::start(plan(dir)).await.unwrap();
        assert_eq!((pinned(&again, &open), pinned(&again, &closed)), (2, 1));
        let register = again.running().hub().credentials.register();
        assert_eq!(register.tenants().count(), everybody);
        assert!(matches!(
            register.tenant(&closed).unwrap().standing,
            Standing::Closed { .. }
        ));
        again.stop().await;
    });
}

#[test]
fn a_tenant_has_a_format_of_a_folder_and_keeps_it() {
    run(async {
        let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (dir, adapters) = (scratch.join("api-formats"), scratch.join("api-formats-adapters"));
        std::fs::create_dir_all(adapters.join("thu/v1")).unwrap();
        let text = include_str!("../../adapters/vnpost-hcc/v1/adapter.toml");
        let text = text.replace("name = \"vnpost-hcc\"", "name = \"thu\"");
        std::fs::write(adapters.join("thu/v1/adapter.toml"), text).unwrap();
        let with = |fresh, tenant: &str, format: &str| SandboxPlan {
            fresh,
            adapters: Some(adapters.clone()),
            formats: vec![(tenant.parse().unwrap(), format.to_owned())],
            ..plan(dir.clone())
        };
        // The second start changes nothing.
        for fresh in [true, false] {
            let sandbox = Sandbox::start(with(fresh, "agent.a-001", "thu/v1"))
                .await
                .unwrap();
            let register = sandbox.running().hub().credentials.register();
            let agent = register.tenant(&"agent.a-001".parse().unwrap()).unwrap();
            assert_eq!(agent.formats, ["canonical/v1", "vnpost-hcc/v1", "thu/v1"]);
            sandbox.stop().await;
        }
        for (tenant, format, said) in [
            ("agent.a-001", "khong-co/v1", "--format agent.a-001=khong-co/v1"),
            (
                "agent.khong-co",
                "thu/v1",
                "the city has no tenant agent.khong-co",
            ),
        ] {
            let refused = Sandbox::start(with(false, tenant, format)).await.err().unwrap();
            assert!(refused.to_string().contains(said), "{refused}");
        }
    });
}
