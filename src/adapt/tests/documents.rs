use crate::adapt::*;

#[test]
fn the_shipped_adapters_compile() {
    let registry = Registry::shipped();
    assert_eq!(
        registry.names().collect::<Vec<_>>(),
        ["canonical/v1", "dvcqg-mc/v1", "vnpost-hcc/v1"]
    );
}

#[test]
fn all_problems_at_once_with_the_senders_paths() {
    let registry = Registry::shipped();
    let canonical = registry.get("canonical/v1").unwrap();
    let body = br#"{"reference":"","procedure":{"name":"x"},"channel":"fax","filed_at":"2026-11-20",
        "place":{"commune":"4"},"applicant":{"kind":"citizen","name":"A","phone":"12","birth_date":"20/11/1990"},"fees":[{"name":"a","amount_vnd":"1"}],
        "extra":1,"tenant":"x"}"#;
    let rejection = canonical
        .read(body, "application/json; charset=utf-8")
        .unwrap_err();
    let mut told: Vec<String> = rejection
        .problems()
        .iter()
        .map(|p| format!("{} {}", p.label, p.path.as_deref().unwrap_or("-")))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "code-malformed /applicant/phone",
            "code-malformed /place/commune",
            "date-malformed /applicant/birth_date",
            "date-malformed /filed_at",
            "field-forbidden /tenant",
            "field-missing /procedure/code",
            "field-unknown /extra",
            "text-empty /reference",
            "type-wrong /fees/0/amount_vnd",
            "value-unknown /channel",
        ]
    );
}
