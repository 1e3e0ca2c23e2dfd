//! What a status brings beside its number and its note: the papers asked for, the fees claimed, the results.
//!
//! Each belongs to one status: fees to 6 and results to 9, as in the National Portal's `CapNhatTrangThai`; papers to 5, as this hub
//! adds (the portal's lists with 5 are not published). A report
//! carries them as lists; [`Details::of`] is the one way from lists to a value that cannot be misplaced.

use serde::{Deserialize, Serialize};

use super::absent;
use super::dossier::{Copies, Fee, FileRef};
use super::plausible::Dated;
use super::rejection::{Problem, problems};
use super::status::Status;
use super::text::{Prose, Text};
use super::time::Date;

/// Limits of details, all deliberate (docs/LIMITS.md).
pub mod limits {
    /// Reports in one message.
    pub const REPORTS: usize = 100;
    /// Papers one request for a supplement may ask for: as many as a dossier may have.
    pub const PAPERS: usize = crate::domain::dossier::limits::COMPONENTS;
    /// Fees claimed at once.
    pub const FEES: usize = crate::domain::dossier::limits::FEES;
    /// Results of one dossier.
    pub const RESULTS: usize = 50;
    /// Files of one result.
    pub const FILES: usize = crate::domain::dossier::limits::FILES;
}

/// A paper the applicant is asked for (`Phiếu yêu cầu bổ sung`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaperAsked {
    /// `MaThanhPhanHoSo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<200>>,
    /// Name of the paper.
    pub name: Text<4000>,
    /// What is wrong with it, or what it must show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Prose<1000>>,
    /// How many of each kind of copy.
    #[serde(default, deserialize_with = "absent::or_default")]
    #[schemars(with = "Option<Copies>")]
    pub copies: Copies,
}

/// A fee the applicant is asked to pay, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FeeClaim {
    /// The fee.
    #[serde(flatten)]
    pub fee: Fee,
    /// Name of the payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<Text<500>>,
    /// Account of the payee, with its bank, as the agency writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Text<200>>,
    /// What the payment must name, so that it is found again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text<200>>,
}

/// A result of the procedure: an electronic or paper document of the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultPaper {
    /// Code of its type (`MaKetQua`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<200>>,
    /// Its number (`SoKyHieu`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<100>>,
    /// Its name.
    pub name: Text<1000>,
    /// What it says, in short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Prose<2000>>,
    /// The day it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub issued_on: Option<Date>,
    /// Its files, by digest.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "absent::or_default"
    )]
    #[schemars(with = "Option<Vec<FileRef>>", length(max = limits::FILES))]
    pub files: Vec<FileRef>,
}

/// What goes with a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Details {
    /// With 5: the papers asked for, all of them (Decree 118/2025 art. 16.3). Never empty.
    Papers(Vec<PaperAsked>),
    /// With 6: the fees claimed. Never empty.
    Fees(Vec<FeeClaim>),
    /// With 9: the decision.
    Decision {
        /// The results.
        #[serde(default)]
        results: Vec<ResultPaper>,
        /// The result is a refusal (Decree 118/2025 art. 19.3).
        #[serde(default)]
        refusal: bool,
    },
}

impl Details {
    /// The details of a report of `status`, from its lists; none when there are none.
    ///
    /// # Errors
    /// As [`Lists::check`].
    pub fn of(status: Status, lists: Lists) -> Result<Option<Details>, Problem> {
        lists.check(status)?;
        let Lists {
            papers,
            fees,
            results,
            refusal,
            correction: _,
        } = lists;
        Ok(match status {
            Status::SupplementRequested if !papers.is_empty() => Some(Details::Papers(papers)),
            Status::PaymentRequested if !fees.is_empty() => Some(Details::Fees(fees)),
            Status::Finished if refusal || !results.is_empty() => {
                Some(Details::Decision { results, refusal })
            }
            _ => None,
        })
    }

    /// Whether the result is a refusal.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Details::Decision { refusal: true, .. })
    }
}

/// The lists of a report, as they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// With 5: the papers asked for, all of them.
    pub papers: Vec<PaperAsked>,
    /// With 6: the fees claimed.
    pub fees: Vec<FeeClaim>,
    /// With 9: the results.
    pub results: Vec<ResultPaper>,
    /// With 9: the result is a refusal (Decree 118/2025 art. 19.3); the note says why.
    pub refusal: bool,
    /// With 9: these results replace those told before (Decree 118/2025 art. 23.1).
    pub correction: bool,
}

impl Lists {
    /// Whether each list belongs to `status` and keeps its limit.
    ///
    /// # Errors
    /// `details-misplaced`, `too-many-items`, or a date that cannot be; the path is the list's name in the canonical report.
    pub fn check(&self, status: Status) -> Result<(), Problem> {
        let lists = [
            (
                "papers",
                self.papers.len(),
                limits::PAPERS,
                Status::SupplementRequested,
            ),
            ("fees", self.fees.len(), limits::FEES, Status::PaymentRequested),
            ("results", self.results.len(), limits::RESULTS, Status::Finished),
            ("refusal", usize::from(self.refusal), 1, Status::Finished),
            ("correction", usize::from(self.correction), 1, Status::Finished),
        ];
        for (name, count, limit, belongs) in lists {
            let problem: Problem = match count {
                0 => continue,
                _ if belongs != status => problems::DetailsMisplaced {
                    field: &name,
                    expected: &belongs,
                }
                .into(),
                n if n > limit => problems::TooManyItems {
                    field: &name,
                    limit: &limit,
                }
                .into(),
                _ => continue,
            };
            return Err(problem.at(format!("/{name}")));
        }
        for (i, result) in self.results.iter().enumerate() {
            if result.files.len() > limits::FILES {
                return Err(problems::TooManyItems {
                    field: &"files",
                    limit: &limits::FILES,
                }
                .at(format!("/results/{i}/files")));
            }
            if let Some(Err(why)) = result.issued_on.map(|day| Dated::IssuedOn.check_day(day)) {
                let problem = why.problem("issued_on");
                return Err(problem.at(format!("/results/{i}/issued_on")));
            }
        }
        if self.correction && self.results.is_empty() {
            return Err(problems::FieldMissing { field: &"results" }.at("/results"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Label;

    fn papers(n: usize) -> Lists {
        Lists {
            papers: vec![paper("bản sao"); n],
            ..Lists::default()
        }
    }

    fn paper(name: &str) -> PaperAsked {
        PaperAsked {
            code: None,
            name: Text::parse(name).unwrap(),
            note: None,
            copies: Copies::default(),
        }
    }

    fn result(name: &str) -> ResultPaper {
        ResultPaper {
            code: None,
            number: None,
            name: Text::parse(name).unwrap(),
            summary: None,
            issued_on: None,
            files: Vec::new(),
        }
    }

    #[test]
    fn a_list_belongs_to_one_status() {
        for status in Status::ALL {
            let papers = Details::of(status, papers(1));
            let refused = Lists {
                refusal: true,
                ..Lists::default()
            };
            let refusal = Details::of(status, refused);
            match status {
                Status::SupplementRequested => assert!(matches!(papers, Ok(Some(Details::Papers(_))))),
                _ => assert_eq!(papers.unwrap_err().path.as_deref(), Some("/papers")),
            }
            match status {
                Status::Finished => assert!(refusal.unwrap().unwrap().is_refusal()),
                _ => assert_eq!(refusal.unwrap_err().label, Label::DetailsMisplaced),
            }
            assert_eq!(Details::of(status, Lists::default()), Ok(None));
        }
    }

    #[test]
    fn a_list_at_its_limit_is_taken_and_one_past_it_is_not() {
        let asked = |n| Details::of(Status::SupplementRequested, papers(n));
        assert!(asked(limits::PAPERS).is_ok());
        assert_eq!(asked(limits::PAPERS + 1).unwrap_err().label, Label::TooManyItems);
        let decided = |n| {
            let results = vec![result("x"); n];
            Details::of(
                Status::Finished,
                Lists {
                    results,
                    ..Lists::default()
                },
            )
        };
        assert!(decided(limits::RESULTS).is_ok());
        assert_eq!(
            decided(limits::RESULTS + 1).unwrap_err().path.as_deref(),
            Some("/results")
        );
    }

    #[test]
    fn a_result_was_issued_on_a_day_that_can_be() {
        let issued = |day: &str| {
            let results = vec![ResultPaper {
                issued_on: Some(day.parse().unwrap()),
                ..result("x")
            }];
            let lists = Lists {
                results,
                ..Lists::default()
            };
            lists.check(Status::Finished).map_err(|p| (p.label, p.path))
        };
        assert_eq!(issued("2026-11-20"), Ok(()));
        let at = Some("/results/0/issued_on".to_owned());
        assert_eq!(issued("0001-01-01"), Err((Label::DateUnset, at.clone())));
        assert_eq!(issued("1826-11-20"), Err((Label::DateImplausible, at)));
    }

    #[test]
    fn a_claim_is_written_flat_and_read_back() {
        let json = r#"{"name":"Lệ phí","kind":"charge","amount_vnd":8000,"payee":"Kho bạc mẫu"}"#;
        let claim: FeeClaim = serde_json::from_str(json).unwrap();
        assert_eq!(claim.fee.amount_vnd, 8000);
        assert_eq!(serde_json::to_string(&claim).unwrap(), json);
    }
}
