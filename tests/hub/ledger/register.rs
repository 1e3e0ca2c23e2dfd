//! Who may speak, and which directory is in use.

use lienthong::domain::tenant::{Actor, Certificate, Point, Staff, Standing, SuccessorPolicy, Tenant};
use lienthong::domain::text::Text;
use lienthong::store::ledger::{DirectoryImport, Enrolment, Imported};
use lienthong::store::{Store, read};

use crate::backends::{monday, on_both};

fn tenant(key: &str, standing: Standing) -> Tenant {
    Tenant {
        key: key.parse().unwrap(),
        name: Text::parse("Đơn vị mẫu").unwrap(),
        parent: key
            .starts_with("agent.")
            .then(|| "enterprise.mau-a".parse().unwrap()),
        formats: vec!["canonical/v1".to_owned(), "vnpost-hcc/v1".to_owned()],
        standing,
        successor_policy: SuccessorPolicy::Ask,
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
        actor: Actor::hub(),
        reason: None,
    };
    assert_eq!(
        store.ledger.import_directory(import).await.unwrap(),
        Imported::Done
    );
}

on_both! {
    async fn an_enrolment_counts_the_register_up_and_is_read_back_whole(stage) {
        let store = stage.open();
        assert!(register(&store, 0).await.is_none(), "nothing is newer than the empty register");
        let suspended = Standing::Suspended { since: monday() };
        let certificate = Certificate {
            thumbprint: [5; 32],
            tenant: "agent.mau-a-001".parse().unwrap(),
            not_after: monday(),
            revoked_at: None,
        };
        let enrolment = Enrolment {
            tenants: vec![
                tenant("enterprise.mau-a", Standing::Active),
                tenant("agent.mau-a-001", suspended.clone()),
                tenant("branch.tay-ho", Standing::Closed { since: monday() }),
            ],
            certificates: vec![certificate.clone()],
            staff: vec![Staff {
                id: "nv-1".parse().unwrap(),
                tenant: "agent.mau-a-001".parse().unwrap(),
                name: Text::parse("Nhân viên mẫu").unwrap(),
                until: None,
            }],
            points: vec![Point {
                key: "diem-01".parse().unwrap(),
                tenant: "branch.tay-ho".parse().unwrap(),
                name: Text::parse("Điểm số 1").unwrap(),
            }],
        };
        assert_eq!(store.ledger.enrol(enrolment.clone()).await.unwrap(), 1);
        let seen = register(&store, 0).await.unwrap();
        assert_eq!(seen.version, 1);
        for expected in &enrolment.tenants {
            assert_eq!(**seen.tenant(&expected.key).unwrap(), *expected);
        }
        assert_eq!(seen.certificate(&[5; 32]), Some(&certificate));
        let agent = "agent.mau-a-001".parse().unwrap();
        assert_eq!(seen.staff(&agent, &"nv-1".parse().unwrap()), Some(&enrolment.staff[0]));
        assert_eq!(seen.point(&"branch.tay-ho".parse().unwrap(), &"diem-01".parse().unwrap()), Some(&enrolment.points[0]));
        assert!(register(&store, 1).await.is_none(), "what is known is not read again");

        // Enrolled again, it is replaced, not doubled; a revoked certificate stays, marked.
        let revoked = Certificate { revoked_at: Some(monday()), ..certificate };
        let again = Enrolment { certificates: vec![revoked.clone()], tenants: vec![tenant("agent.mau-a-001", Standing::Active)], ..Enrolment::default() };
        assert_eq!(store.ledger.enrol(again).await.unwrap(), 2);
        let seen = register(&store, 1).await.unwrap();
        assert_eq!((seen.certificate(&[5; 32]), seen.tenants().count()), (Some(&revoked), 3));
        assert_eq!(seen.tenant(&agent).unwrap().standing, Standing::Active);
    }

    async fn a_large_enrolment_fits(stage) {
        let store = stage.open();
        let tenants = (0..1201).map(|n| tenant(&format!("agent.mau-a-{n:04}"), Standing::Active)).collect();
        store.ledger.enrol(Enrolment { tenants, ..Enrolment::default() }).await.unwrap();
        assert_eq!(register(&store, 0).await.unwrap().tenants().count(), 1201);
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
