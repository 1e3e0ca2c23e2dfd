use super::*;
use std::collections::BTreeSet;

#[test]
fn operation_ids_and_places_are_unique() {
    let ids: BTreeSet<_> = TABLE.iter().map(|r| r.id).collect();
    let places: BTreeSet<_> = TABLE.iter().map(|r| (r.listener, r.path, r.method)).collect();
    assert_eq!((ids.len(), places.len()), (TABLE.len(), TABLE.len()));
}

#[test]
fn only_the_token_endpoint_of_the_partner_listener_needs_no_permission() {
    for route in TABLE.iter().filter(|r| r.listener == Listener::Partner) {
        assert_eq!(
            route.permission().is_none(),
            route.path == "/oauth2/token",
            "{}",
            route.id
        );
    }
    assert!(
        TABLE
            .iter()
            .all(|r| r.listener == Listener::Partner || r.permission().is_none())
    );
}

#[test]
fn every_variable_of_a_path_is_a_parameter_and_what_must_not_be_doubled_asks_for_a_key() {
    for route in TABLE {
        let named: Vec<_> = route
            .parameters
            .iter()
            .filter(|p| p.location == ParameterLocation::Path)
            .map(|p| p.name)
            .collect();
        let in_path: Vec<_> = route
            .path
            .split('{')
            .skip(1)
            .filter_map(|p| p.split_once('}'))
            .map(|p| p.0)
            .collect();
        assert_eq!(named, in_path, "{}", route.id);
    }
    let keyed: Vec<_> = TABLE
        .iter()
        .filter(|r| {
            r.parameters
                .iter()
                .any(|p| p.name == "Idempotency-Key" && p.required)
        })
        .map(|r| r.id)
        .collect();
    assert_eq!(
        keyed,
        [
            "submit",
            "submitBatch",
            "accept",
            "refuse",
            "askSupplement",
            "recall",
            "postpone",
            "correct",
            "withdraw",
            "supplement",
            "handOver",
            "assign",
            "change",
            "askOpinion",
            "answerOpinion",
            "earlyResult",
            "lost",
            "paid",
            "reportTask",
            "handTaskOver"
        ]
    );
}

/// The reviewed table of who may call what. `UPDATE=1` rewrites it.
#[test]
fn who_may_call_what_is_the_reviewed_table() {
    crate::http::openapi::tests::fresh("src/http/snapshots/authz.txt", &matrix());
}
