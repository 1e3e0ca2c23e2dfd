//! What is told of a mapping, and of two.

use crate::adapt::{
    ExplainedDocument, ExplainedField, Explanation, SourceFate, SourceUse, explain, mapping_difference,
    shipped_mappings,
};

fn text(format: &str) -> String {
    shipped_mappings()[&format!("{format}/adapter.toml")].clone()
}

fn field<'e>(explanation: &'e Explanation, document: ExplainedDocument, name: &str) -> &'e ExplainedField {
    let found = explanation
        .fields
        .iter()
        .find(|f| f.document == document && f.field == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn a_field_is_told_with_its_paths_conditions_tables_and_line() {
    let text = text("opencps/v1");
    let explanation = explain("opencps/v1/adapter.toml", &text).unwrap();
    let channel = field(&explanation, ExplainedDocument::Dossier, "channel");
    assert!(channel.required);
    let [by_word, online, counter] = channel.rules.as_slice() else {
        panic!("{channel:?}")
    };
    assert_eq!(by_word.from, ["LienThong.KenhThucHien"]);
    assert!(
        by_word
            .how
            .contains(&("when".to_owned(), "LienThong.KenhThucHien present".to_owned()))
    );
    assert_eq!(by_word.words["2"], "\"online\"");
    assert!(
        online
            .how
            .contains(&("when".to_owned(), "Status is 1 (table status)".to_owned()))
    );
    assert_eq!(
        (counter.from.len(), counter.how[0].clone()),
        (0, ("constant".to_owned(), "\"counter\"".to_owned()))
    );
    for rule in &channel.rules {
        assert!(
            text.lines()
                .nth(rule.line - 1)
                .unwrap()
                .contains("to = \"channel\"")
        );
    }
    // Through a part, a list, a shape and a list elsewhere.
    let sha256 = field(
        &explanation,
        ExplainedDocument::Dossier,
        "components[].files[].sha256",
    );
    let from: Vec<&str> = sha256.rules.iter().map(|rule| rule.from[0].as_str()).collect();
    assert_eq!(from, ["Attachments[].Sha256", "Attachments[].Sha256"]);
    let commune = field(&explanation, ExplainedDocument::Dossier, "place.commune");
    assert_eq!(commune.rules[0].from, ["LienThong.MaXa"]);
    // A condition of a group is one of every rule in it.
    let fee = field(&explanation, ExplainedDocument::Statuses, "fees[].amount_vnd");
    assert_eq!(
        fee.rules[0].how[0],
        ("when".to_owned(), "Status is 6 (table status)".to_owned())
    );
    assert_eq!(
        field(&explanation, ExplainedDocument::Dossier, "owner.name").rules,
        []
    );
}

#[test]
fn a_path_is_told_with_all_that_is_done_with_it() {
    let explanation = explain("x", &text("dvcqg-mc/v1")).unwrap();
    let becomes = |path: &str| {
        let source = explanation
            .sources
            .iter()
            .find(|s| s.path == path && s.document == ExplainedDocument::Dossier);
        source.unwrap_or_else(|| panic!("no {path}")).becomes.clone()
    };
    assert!(
        matches!(&becomes("DonViXuLy")[..], [SourceUse::Ignored { why, .. }] if why == "routing decides the agency")
    );
    assert!(matches!(&becomes("Fax")[..], [SourceUse::Kept { .. }]));
    assert!(
        matches!(&becomes("(envelope).service")[..], [SourceUse::Required { how, .. }] if how == "is DongBoHoSoMC")
    );
    assert!(
        becomes("TaiLieuNop[].IsDeleted")
            .iter()
            .any(|what| matches!(what, SourceUse::Asked { .. }))
    );
    let read = |path: &str| -> Vec<String> {
        let becomes = becomes(path).into_iter();
        becomes
            .filter_map(|what| match what {
                SourceUse::Read { field, .. } => Some(field),
                _ => None,
            })
            .collect()
    };
    assert_eq!(read("MaHoSo"), ["dossier_code", "reference", "reference"]);
    assert_eq!(
        read("TaiLieuNop[].LienThong.Sha256"),
        ["components[].files[].sha256"]
    );
}

#[test]
fn what_is_lost_between_two_mappings_is_named() {
    let old = text("vnpost-hcc/v1");
    let explained = |text: &str| explain("x", text).unwrap();
    let same = mapping_difference(&explained(&old), &explained(&format!("# a line more\n{old}")));
    assert_eq!((same.fields.len(), same.sources.len()), (0, 0));

    let new = old
        .replace("\"Y\" = \"post\"\n", "")
        .replace("from = \"ItemCode\"", "from = \"ItemNumber\"")
        .replace("kept = [\"State\", ", "forbidden = [\"State\"]\nkept = [");
    let difference = mapping_difference(&explained(&old), &explained(&new));
    let fields: Vec<(&str, &[String])> = difference
        .fields
        .iter()
        .map(|field| (field.field.as_str(), field.lost.as_slice()))
        .collect();
    assert_eq!(
        fields,
        [
            ("foreign_codes[].code", &["ItemCode".to_owned()][..]),
            ("result_return.method", &["Y = \"post\"".to_owned()][..]),
        ]
    );
    let sources: Vec<(&str, bool)> = difference
        .sources
        .iter()
        .map(|source| (source.path.as_str(), source.may_hurt()))
        .collect();
    assert_eq!(
        sources,
        [("ItemCode", true), ("ItemNumber", false), ("State", true)]
    );
    assert_eq!(difference.sources[2].after, SourceFate::Forbidden);
}
