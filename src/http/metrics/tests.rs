//! What is counted is told, in both text forms.

use super::*;

/// What OpenMetrics is told.
const LINES: [&str; 21] = [
    "lienthong_deliveries_parked 1",
    "lienthong_deliveries_failing 8",
    "lienthong_broker_queue_messages{queue=\"dead.letters\"} 9",
    "lienthong_broker_queue_capacity{queue=\"dead.letters\"} 100000",
    "lienthong_endpoints_spared 2",
    "lienthong_webhooks_disabled 3",
    "lienthong_notices{state=\"waiting\"} 4",
    "lienthong_notices_waiting_seconds 90",
    "lienthong_notices{state=\"parked\"} 6",
    "lienthong_notices{state=\"held\"} 7",
    "lienthong_http_requests_total{route=\"submit\",status=\"2xx\"} 1",
    "lienthong_http_refusals_total{label=\"field-missing\"} 1",
    "lienthong_tls_connections_total{listener=\"partner\",certificate=\"shown\"} 1",
    "lienthong_http_requests_running 1",
    "lienthong_ledger_queue_capacity 512",
    "lienthong_ledger_queue_room 500",
    "lienthong_ledger{of=\"rollbacks\"} 2",
    "lienthong_ledger_faults{tenant=\"branch.tay-ho\"} 3",
    "lienthong_certificates_ending{days=\"60\"} 3",
    "lienthong_dossiers_limit{limit=\"due\",stage=\"near\"} 2",
    "lienthong_dossiers_limit{limit=\"due\",stage=\"passed\"} 3",
];

#[test]
fn what_is_counted_is_told() {
    let metrics = Metrics::new();
    let running = metrics.running();
    metrics.answered("submit", 202, None, Duration::from_millis(3));
    metrics.answered("submit", 422, Some(Label::FieldMissing), Duration::from_millis(3));
    metrics.opened("partner", true);
    metrics.capacity(512);
    metrics.room(500);
    metrics.ledger([9, 2, 1], &BTreeMap::from([("branch.tay-ho".to_owned(), 3)]));
    metrics.ending_certificates(&BTreeMap::from([(60, 3), (1, 0)]));
    metrics.limits(&[LimitCount {
        limit: crate::domain::clocks::Watched::Due,
        near: 2,
        passed: 3,
    }]);
    let backlog = Backlog {
        deliveries_parked: 1,
        deliveries_failing: 8,
        endpoints_spared: 2,
        webhooks_disabled: 3,
        notices_waiting: 4,
        notices_waiting_since: Some(Timestamp::from_micros(5_000_000)),
        notices_parked: 6,
        notices_held: 7,
    };
    metrics.backlog(&backlog, Timestamp::from_micros(95_000_000));
    metrics.queue("dead.letters", 9, 100_000);
    let text = metrics.text();
    for line in LINES {
        assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
    }
    let plain = metrics.plain_text();
    for line in [
        "# TYPE lienthong_http_requests_total counter",
        "lienthong_http_requests_total{route=\"submit\",status=\"2xx\"} 1",
        "# TYPE lienthong_deliveries_parked gauge",
        "# TYPE lienthong_http_request_seconds histogram",
    ] {
        assert!(plain.lines().any(|l| l == line), "{line} in\n{plain}");
    }
    assert!(plain.contains("# HELP lienthong_http_requests_total ") && !plain.contains("# EOF"));
    assert!(text.ends_with("# EOF\n") && text.contains("# TYPE lienthong_http_requests counter"));
    // Nothing waits any more, or a clock was set back: no age.
    metrics.backlog(&Backlog::default(), Timestamp::from_micros(0));
    assert!(metrics.text().contains("lienthong_notices_waiting_seconds 0"));
    metrics.backlog(&backlog, Timestamp::from_micros(0));
    assert!(metrics.text().contains("lienthong_notices_waiting_seconds 0"));
    drop(running);
    assert!(metrics.text().contains("lienthong_http_requests_running 0"));
}
