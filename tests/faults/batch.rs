//! The executable takes ten thousand dossiers in one call, and its memory does not grow with them.

use lienthong::app::sandbox::SandboxFolder;
use lienthong::client::{FilingBatch, Retry};
use lienthong::clock::Clock;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::tenant::TenantKey;
use lienthong::domain::view::BatchEnd;

use crate::kill::{Hub, speakers};
use crate::stack::folder;

/// Dossiers of the batch: as many as one takes.
const DOSSIERS: u64 = 10_000;

/// Kilobytes the executable may grow by while it takes them: what is in work, what waits to be written, the cache of SQLite.
const GROWTH: u64 = 64 * 1024;

/// A figure of the process in kilobytes, as Linux tells it.
fn kilobytes(hub: &Hub, of: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hub.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(of)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Dossiers that no agency is responsible for, so that only filing is measured; one matter each.
fn lines(word: &str, count: u64) -> Vec<u8> {
    (0..count)
        .map(|n| {
            format!(
                "{{\"reference\":\"{word}-{n}\",\"procedure\":{{\"code\":\"9.990001\"}},\"channel\":\"counter\",\
                 \"filed_at\":\"2026-11-20T09:00:00+07:00\",\"applicant\":{{\"kind\":\"citizen\",\"name\":\"Nguyễn Văn Mẫu\",\
                 \"phone\":\"0000000001\"}},\"summary\":\"Hồ sơ thử {n}\",\"is_test\":true}}\n"
            )
        })
        .collect::<String>()
        .into_bytes()
}

#[test]
fn ten_thousand_dossiers_in_one_call_take_no_more_memory_than_a_few() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let hub = Hub::start(&folder("batch"), &[]);
        hub.answers().await;
        let state = SandboxFolder::open(&hub.dir, Clock::System.now()).unwrap();
        let tenant: TenantKey = "branch.tay-ho".parse().unwrap();
        let partner = speakers(&state, hub.partner_url(), Retry::PATIENT)
            .partner(&tenant, None)
            .unwrap();
        let send = async |word: &str, count: u64| {
            let batch = FilingBatch {
                lines: lines(word, count),
                format: Some("canonical/v1".to_owned()),
                key: IdempotencyKey::parse(word).unwrap(),
            };
            let mut next = 1;
            let end = partner
                .submit_batch(&batch, |line| {
                    assert_eq!(
                        (line.item, line.status),
                        (next, 202),
                        "{:?}",
                        line.problem.map(|p| p.label)
                    );
                    next += 1;
                })
                .await;
            end.unwrap()
        };
        let whole = |items| BatchEnd {
            items,
            taken: items,
            ..BatchEnd::default()
        };
        // What any call needs, and the cache of the database, are there before it is measured.
        assert_eq!(send("warm", 1_000).await, whole(1_000));
        let before = kilobytes(&hub, "VmRSS");
        // The highest mark begins anew here.
        std::fs::write(format!("/proc/{}/clear_refs", hub.child.id()), "5").unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(send("many", DOSSIERS).await, whole(DOSSIERS));
        let (highest, took) = (kilobytes(&hub, "VmHWM"), begun.elapsed());
        println!(
            "{DOSSIERS} dossiers in {took:?}, {:.0} a second; {before} kB before, {highest} kB at most",
            DOSSIERS as f64 / took.as_secs_f64()
        );
        assert!(
            highest < before + GROWTH,
            "{before} kB before, {highest} kB at most"
        );
        // Sent again it is answered from memory of another kind.
        assert_eq!(send("many", DOSSIERS).await, whole(DOSSIERS));
    });
}
