//! Who may speak, and which directory is in use.

use lienthong::domain::register::{Change, Newcomer};
use lienthong::domain::sha256::Sha256;
use lienthong::domain::tenant::{
    Actor, Certificate, Point, Staff, Standing, SuccessorPolicy, Tenant, Thumbprint,
};
use lienthong::domain::text::Text;
use lienthong::store::ledger::{DirectoryImport, Imported};
use lienthong::store::{Store, read};

use crate::backends::on_both;
use crate::city::changed;

fn newcomer(key: &str) -> Newcomer {
    let agent = key.starts_with("agent.");
    Newcomer {
        tenant: Tenant {
            key: key.parse().unwrap(),
            name: Text::parse("Đơn vị mẫu").unwrap(),
            parent: agent.then(|| "enterprise.mau-a".parse().unwrap()),
            formats: vec!["canonical/v1".to_owned(), "vnpost-hcc/v1".to_owned()],
            standing: Standing::Active,
            successor_policy: SuccessorPolicy::Ask,
            codes: Default::default(),
        },
        certificates: Vec::new(),
        staff: Vec::new(),
        points: Vec::new(),
    }
}

async fn register(store: &Store, known: i64) -> Option<lienthong::domain::tenant::Register> {
    store
        .readers
        .run(move |conn| read::register(conn, known))
        .await
        .unwrap()
}

async fn imported(store: &Store, version: &str, files: &str) {
    let import = DirectoryImport {
        version: version.to_owned(),
        files: files.as_bytes().to_vec(),
        reviewed_against: None,
        effective: None,
        actor: Actor::hub(),
        reason: None,
    };
    assert_eq!(store.ledger.ask(import).await.unwrap(), Imported::Done);
}

on_both! {
    async fn the_register_counts_up_and_is_read_back_whole(stage) {
        let store = stage.open();
        assert!(register(&store, 0).await.is_none(), "nothing is newer than the empty register");
        let certificate = Certificate {
            thumbprint: Thumbprint::new(Sha256::new([5; 32])),
            tenant: "agent.mau-a-001".parse().unwrap(),
            not_after: stage.clock.now(),
            revoked_at: None,
        };
        let person = Staff {
            id: "nv-1".parse().unwrap(),
            tenant: certificate.tenant.clone(),
            name: Text::parse("Nhân viên mẫu").unwrap(),
            until: None,
        };
        let point = Point {
            key: "diem-01".parse().unwrap(),
            tenant: "branch.tay-ho".parse().unwrap(),
            name: Text::parse("Điểm số 1").unwrap(),
            until: None,
        };
        let newcomers = vec![
            newcomer("enterprise.mau-a"),
            Newcomer { certificates: vec![certificate.clone()], staff: vec![person.clone()], ..newcomer("agent.mau-a-001") },
            Newcomer { points: vec![point.clone()], ..newcomer("branch.tay-ho") },
        ];
        assert_eq!(changed(&store, Change::Register(newcomers.clone())).await, 1);
        let seen = register(&store, 0).await.unwrap();
        assert_eq!(seen.version, 1);
        for expected in &newcomers {
            assert_eq!(**seen.tenant(&expected.tenant.key).unwrap(), expected.tenant);
        }
        assert_eq!(seen.certificate(&Thumbprint::new(Sha256::new([5; 32]))), Some(&certificate));
        let agent = certificate.tenant.clone();
        assert_eq!(seen.staff(&agent, &person.id), Some(&person));
        assert_eq!(seen.point(&point.tenant, &point.key), Some(&point));
        assert!(register(&store, 1).await.is_none(), "what is known is not read again");

        // Changed, it is replaced, not doubled; a revoked certificate stays, marked.
        let revoke = Change::RevokeCertificate { tenant: agent.clone(), thumbprint: Thumbprint::new(Sha256::new([5; 32])) };
        assert_eq!(changed(&store, revoke).await, 2);
        assert_eq!(changed(&store, Change::Suspend(agent.clone())).await, 3);
        assert_eq!(changed(&store, Change::Close("branch.tay-ho".parse().unwrap())).await, 4);
        let (seen, since) = (register(&store, 1).await.unwrap(), stage.clock.now());
        let revoked = Certificate { revoked_at: Some(since), ..certificate };
        assert_eq!((seen.certificate(&Thumbprint::new(Sha256::new([5; 32]))), seen.tenants().count()), (Some(&revoked), 3));
        assert_eq!(seen.tenant(&agent).unwrap().standing, Standing::Suspended { since });
        assert_eq!(seen.tenant(&point.tenant).unwrap().standing, Standing::Closed { since });
        assert_eq!(changed(&store, Change::Resume(agent.clone())).await, 5);
        let end = Change::EndPoint { tenant: point.tenant.clone(), key: point.key.clone() };
        assert_eq!(changed(&store, end).await, 6);
        let seen = register(&store, 5).await.unwrap();
        assert_eq!(seen.point(&point.tenant, &point.key), None, "nothing is received there");
        assert_eq!(seen.points_of(&point.tenant).next().unwrap().until, Some(since));
        assert_eq!(register(&store, 4).await.unwrap().tenant(&agent).unwrap().standing, Standing::Active);
    }

    async fn a_large_registration_fits(stage) {
        let store = stage.open();
        let agents = (0..1201).map(|n| newcomer(&format!("agent.mau-a-{n:04}")));
        let all = std::iter::once(newcomer("enterprise.mau-a")).chain(agents).collect();
        changed(&store, Change::Register(all)).await;
        assert_eq!(register(&store, 0).await.unwrap().tenants().count(), 1202);
    }

    async fn a_directory_is_put_into_use_and_old_ones_stay(stage) {
        let store = stage.open();
        let in_use = async |known: &'static str| {
            store.readers.run(move |conn| read::directory(conn, known)).await.unwrap()
        };
        assert_eq!(in_use("").await, None);
        for version in ["v1", "v2"] {
            imported(&store, version, &format!("{{\"a.csv\":\"{version}\"}}")).await;
        }
        assert_eq!(in_use("v2").await, None);
        assert_eq!(in_use("v1").await.unwrap()["a.csv"], "v2");
        // Back to one that is known: its files are as they were.
        imported(&store, "v1", "{}").await;
        assert_eq!(in_use("v2").await.unwrap()["a.csv"], "v1");
        assert_eq!(stage.rows("directories"), 2);
    }
}
