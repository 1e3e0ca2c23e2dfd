//! From the canonical dossier to the form an agency receives, and progress as a format tells it.
//!
//! A format either mirrors the canonical form, or maps value by value. Code tables are read backwards and must give exactly one
//! word for each canonical one, which the compiler checks.

mod compile;
mod plan;
mod write;

pub(super) use compile::compile;
pub(super) use plan::RenderPlan;
pub use plan::{OutgoingDossier, Rendered};
pub(super) use write::canonical_json;

use super::target::{self, Kind, Member, Target, Unit};

/// What `[render]` may take from.
pub(super) fn outgoing() -> Vec<Member> {
    let leaf = |name: &str, kind: Kind| Member {
        name: name.into(),
        required: false,
        longest: None,
        target: Target::Leaf(kind),
    };
    let filing = target::filing();
    let mut party = filing
        .iter()
        .find(|m| *m.name == *"applicant")
        .map(|m| m.target.clone());
    // Every number that says who it is, the identity number first.
    if let Some(Target::Object(members)) = &mut party
        && let Some(papers) = members.iter().find(|m| *m.name == *"identity_papers")
    {
        let identities = Member {
            name: "identities".into(),
            ..papers.clone()
        };
        members.push(identities);
    }
    let party = |name: &str| {
        let target = party.clone().unwrap_or(Target::Object(Vec::new()));
        Member {
            name: name.into(),
            required: false,
            longest: None,
            target,
        }
    };
    vec![
        // Whose matter it is: the owner, else the applicant; and the applicant, where that is somebody else.
        party("subject"),
        party("filer"),
        Member {
            name: "filing".into(),
            required: true,
            longest: None,
            target: Target::Object(filing),
        },
        leaf("tracking_id", Kind::Text),
        leaf("dossier_code", Kind::Text),
        leaf(
            "status",
            Kind::Whole {
                min: 1,
                max: 10,
                unit: Unit::One,
            },
        ),
        leaf("agency_name", Kind::Text),
        leaf("procedure_code", Kind::Text),
        leaf("procedure_name", Kind::Text),
        leaf("field_code", Kind::Text),
        leaf("field_name", Kind::Text),
        leaf("amended", Kind::Flag),
        leaf("received_at", Kind::Instant),
        leaf("accepted_at", Kind::Instant),
        leaf("acceptance_due", Kind::Instant),
        leaf("forecast_due", Kind::Instant),
        leaf("promised_due", Kind::Instant),
        leaf("due", Kind::Instant),
    ]
}
