//! Who somebody is: one identity number, the papers beside it, and what a counter would look at twice.
//!
//! What the digits of a number say (TT 07/2016/TT-BCA) is read in [`crate::domain::codes`].

use super::{Build, Members};
use crate::domain::checks::Identified;
use crate::domain::codes::{Email, IdentityNumber, NotACode, Phone, TaxCode};
use crate::domain::dossier::{IdentityPaper, IdentityPaperKind, Party, PartyKind, Sex};
use crate::domain::rejection::problems;
use crate::domain::text::Text;

/// What an identity number looks like, for a message.
const IDENTITY_FORM: &str = "000185000001";

/// A paper as the sender gave it.
struct Given {
    kind: Option<IdentityPaperKind>,
    kind_name: Option<Text<100>>,
    number: Text<50>,
}

impl Given {
    /// The identity number it holds by its form, unless its kind says otherwise.
    fn identity(&self) -> Option<IdentityNumber> {
        let number: IdentityNumber = self.number.as_str().parse().ok()?;
        let kind = kind_of(&number);
        (self.kind.is_none_or(|stated| stated == kind)).then_some(number)
    }

    fn is(&self, number: &IdentityNumber) -> bool {
        self.number.as_str() == number.as_str()
    }
}

fn kind_of(number: &IdentityNumber) -> IdentityPaperKind {
    if number.is_old_card() {
        IdentityPaperKind::OldCard
    } else {
        IdentityPaperKind::PersonalNumber
    }
}

impl Build {
    pub(super) fn party(&mut self, o: Members<'_, '_>) -> Option<Party> {
        let kind = self.need_word::<PartyKind>(o, "kind");
        let name = self.need_text(o, "name");
        let number = self.code::<IdentityNumber>(o, "identity_number", IDENTITY_FORM);
        let papers = self.list(o, "identity_papers", Self::given);
        let tax_code = self.code::<TaxCode>(o, "tax_code", "0100233488, 0312687878-001");
        let birth_date = self.day(o, "birth_date");
        let sex = self.word::<Sex>(o, "sex");
        let address = self.text(o, "address");
        let phone = self.code::<Phone>(o, "phone", "0000000001, +84000000001");
        let email = self.code::<Email>(o, "email", "ten@vidu.vn");
        let organisation = kind.is_some_and(|kind| kind != PartyKind::Citizen);
        let (number, papers, at) = self.identity(number, papers, organisation);
        if let Some(number) = &number {
            self.doubt(number, &at);
            self.identities.push(Identified {
                party: self.at.clone(),
                number: number.clone(),
                birth_date,
                sex,
            });
        }
        Some(Party {
            kind: kind?,
            name: name?,
            identity_number: number,
            identity_papers: papers,
            tax_code,
            birth_date,
            sex,
            address,
            phone,
            email,
        })
    }

    fn given(&mut self, o: Members<'_, '_>) -> Option<Given> {
        let kind = self.word::<IdentityPaperKind>(o, "kind");
        let (kind_name, number) = (self.text(o, "kind_name"), self.need_text(o, "number"));
        Some(Given {
            kind,
            kind_name,
            number: number?,
        })
    }

    /// The identity number of all that was given, the papers kept beside it, and where the number stands. A number given as one
    /// counts; else the first paper that is said to be one, 12 digits before 9; else the first that looks like one, which is told.
    /// Nothing that contradicts is dropped.
    fn identity(
        &mut self,
        given: Option<IdentityNumber>,
        papers: Vec<Given>,
        organisation: bool,
    ) -> (Option<IdentityNumber>, Vec<IdentityPaper>, String) {
        let find = |stated: bool, kind: IdentityPaperKind| {
            let fits =
                |p: &Given| p.kind.is_some() == stated && p.identity().is_some_and(|n| kind_of(&n) == kind);
            papers.iter().position(fits)
        };
        let chosen = [true, false].into_iter().find_map(|stated| {
            find(stated, IdentityPaperKind::PersonalNumber)
                .or_else(|| find(stated, IdentityPaperKind::OldCard))
        });
        let chosen = chosen.filter(|_| given.is_none());
        let number = given.or_else(|| papers[chosen?].identity());
        let at = chosen.map_or_else(
            || "identity_number".to_owned(),
            |place| format!("identity_papers/{place}/number"),
        );
        let mut kept = Vec::new();
        for (place, paper) in papers.into_iter().enumerate() {
            let here = format!("identity_papers/{place}/number");
            let nameless = paper.kind.is_none() && paper.kind_name.is_none();
            if nameless && kept.iter().any(|k: &IdentityPaper| k.number == paper.number) {
                // The same number in another field, which says no more of it.
                continue;
            }
            let identity = paper.identity();
            let same = number.as_ref().is_some_and(|n| paper.is(n));
            if paper.kind.is_none() && (paper.kind_name.is_some() || !same || chosen == Some(place)) {
                match (&identity, tax_code_slip(&paper, organisation)) {
                    (_, true) => self.warning(&here, problems::CheckDigitWrong { field: &here }),
                    (Some(_), _) => self.warning(&here, problems::IdentityKindAssumed { field: &here }),
                    (None, _) => self.warning(&here, problems::IdentityKindUnknown { field: &here }),
                }
            }
            if let (Some(number), Some(other)) = (&number, &identity)
                && kind_of(number) == kind_of(other)
                && number != other
            {
                self.contradiction(&here, &at);
            }
            if same && paper.kind_name.is_none() {
                continue;
            }
            kept.push(IdentityPaper {
                kind: paper.kind.or(identity.as_ref().map(kind_of)).unwrap_or_default(),
                kind_name: paper.kind_name,
                number: paper.number,
            });
        }
        (number, kept, at)
    }

    /// What a counter would look at twice.
    fn doubt(&mut self, number: &IdentityNumber, at: &str) {
        if number.is_old_card() {
            self.warning(at, problems::IdentityCardOld);
        }
        if !number.has_known_prefix() {
            self.warning(at, problems::IdentityPrefixUnknown);
        }
    }
}

/// Whether an organisation's number is a tax code with one digit wrong.
fn tax_code_slip(paper: &Given, organisation: bool) -> bool {
    organisation
        && matches!(
            paper.number.as_str().parse::<TaxCode>(),
            Err(NotACode::CheckDigit)
        )
}
