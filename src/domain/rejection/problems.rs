//! What there is to say with each label: its arguments, by name.
//!
//! A problem is made here and nowhere else: `problems::TooDeep { limit: &32 }.at(path)`, or `problems::NotFound.into()`. So a
//! sentence that lacks an argument, or gets one it has no place for, does not compile.

use std::collections::BTreeMap;
use std::fmt;

use super::{Label, Problem, Rejection};

/// What can fill a `{name}` of a sentence: whatever is shown alike in every language, and words in both.
pub trait Fill {
    /// Puts it among the arguments.
    fn fill(&self, name: &str, arguments: &mut BTreeMap<String, String>);
}

impl<T: fmt::Display> Fill for T {
    fn fill(&self, name: &str, arguments: &mut BTreeMap<String, String>) {
        arguments.insert(name.to_owned(), self.to_string());
    }
}

/// An argument of words, which each language has its own for.
#[derive(Clone, Copy, Debug)]
pub struct Bilingual<'a> {
    /// In Vietnamese.
    pub vi: &'a str,
    /// In English.
    pub en: &'a str,
}

impl Fill for Bilingual<'_> {
    fn fill(&self, name: &str, arguments: &mut BTreeMap<String, String>) {
        arguments.insert(name.to_owned(), self.vi.to_owned());
        arguments.insert(format!("{name}_en"), self.en.to_owned());
    }
}

/// A label with its arguments: all that a [`Problem`] says, but where.
pub trait TypedProblem {
    /// The problem, of the whole request.
    fn problem(self) -> Problem;
}

impl<T: TypedProblem> From<T> for Problem {
    fn from(said: T) -> Self {
        said.problem()
    }
}

impl<T: TypedProblem> From<T> for Rejection {
    fn from(said: T) -> Self {
        said.problem().into()
    }
}

/// Each label with its arguments, in the order of the labels: in braces what its sentences tell, in brackets what a machine or a
/// test reads beside them, where it is given.
macro_rules! problems {
    ($($name:ident $({ $($told:ident),* })? $([$($beside:ident),+])?;)*) => {
        $(problem! { $name $({ $($told),* })? $([$($beside),+])? })*

        /// What the sentences of each label tell, and what stands beside.
        #[cfg(test)]
        const ARGUMENTS: &[(Label, &[&str], &[&str])] = &[
            $((Label::$name, &[$($(stringify!($told)),*)?], &[$($(stringify!($beside)),+)?]),)*
        ];
    };
}

macro_rules! problem {
    ($name:ident) => {
        #[doc = concat!("[`Label::", stringify!($name), "`].")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl TypedProblem for $name {
            fn problem(self) -> Problem {
                Problem::new(Label::$name)
            }
        }

        problem! { @at $name }
    };
    ($name:ident { $($told:ident),* } $([$($beside:ident),+])?) => {
        #[doc = concat!("[`Label::", stringify!($name), "`].")]
        #[derive(Clone, Copy)]
        pub struct $name<'a> {
            $(
                #[doc = concat!("Fills `{", stringify!($told), "}`.")]
                pub $told: &'a dyn Fill,
            )*
            $($(
                #[doc = "In no sentence."]
                pub $beside: Option<&'a dyn Fill>,
            )+)?
        }

        impl TypedProblem for $name<'_> {
            fn problem(self) -> Problem {
                let mut problem = Problem::new(Label::$name);
                $(self.$told.fill(stringify!($told), &mut problem.args);)*
                $($(
                    if let Some(beside) = self.$beside {
                        beside.fill(stringify!($beside), &mut problem.args);
                    }
                )+)?
                problem
            }
        }

        problem! { @at $name<'_> }
    };
    (@at $name:ty) => {
        impl $name {
            /// The problem at a place in the sender's document.
            pub fn at(self, path: impl Into<String>) -> Problem {
                self.problem().at(path)
            }
        }
    };
}

problems! {
    // who is calling
    CertificateMissing;
    CertificateUntrusted {} [reason];
    CertificateExpired { not_after };
    CertificateNotYetValid { not_before };
    CertificateUnknown { thumbprint };
    CertificateRevoked;
    CertificateVersionOld;
    CertificateKeyWeak { bits, least };
    CertificateKeyUnsupported;
    CertificateSignatureWeak;
    CertificateNotForClients;
    TenantSuspended;
    TokenMissing { token_endpoint };
    TokenMalformed { token_endpoint };
    TokenSignatureInvalid;
    TokenExpired { token_endpoint };
    TokenAudienceWrong { token_endpoint };
    TokenCertificateMismatch;
    PermissionMissing { permission, kind };
    NotYourPart { tenant };
    StaffUnknown;
    StaffRequired;
    PointUnknown;

    // the request as a whole
    NotFound;
    MethodNotAllowed { allow };
    QueryMalformed { parameter, expected };
    HeaderMalformed { header, expected };
    MediaTypeUnsupported { expected };
    NotAcceptable { expected };
    FormatUnknown { expected };
    BodyTooLarge { limit };
    RequestTimeout;
    IdempotencyKeyMissing;
    IdempotencyKeyReused;
    IdempotencyInFlight;
    RateLimited { retry_after };
    QueueFull { retry_after };
    StoreUnavailable { retry_after };
    Internal;
    DigestMalformed { length };
    AnswersNotTaken { limit };
    NotStorable;
    TenantSlowed { retry_after };
    CursorUnknown { field, begin } [value];
    ContentCodingUnsupported { coding };
    BodyBroken { received };

    // what is carried
    DeliveryUnderWay;
    DeliveryHanded;
    DeliveryWithdrawn;
    NotPushed { channel };
    EndpointForbidden { address };

    // the document as bytes
    DocumentEmpty;
    EncodingInvalid { encoding, line, column };
    SyntaxInvalid { line, column, expected };
    DuplicateKey { field };
    TooDeep { limit };
    TooManyParts { limit };
    TextTooLong { limit };
    DoctypeForbidden;
    EntityForbidden { line, column };
    ControlCharacter;
    EncodingContradicted { declared, found };
    EncodingUnsupported { declared };

    // the document as fields
    FieldMissing { field };
    FieldUnknown { field };
    NamespaceWrong { field, expected };
    FieldForbidden { field };
    FieldRepeated { field };
    TypeWrong { field, expected };
    ValueUnknown { field, expected };
    TextEmpty { field };
    TextLength { field, limit };
    NumberMalformed { field, min, max, unit };
    DateMalformed { field, expected };
    DateInFuture { field };
    CodeMalformed { field, expected };
    CheckDigitWrong { field };
    TooManyItems { field, limit };
    ForeignValueNotKept { field, limit, max };
    FieldMisspelt { field, expected };
    ValueUnused { field };
    ValueNeeds { field, expected };
    ValueDiffers { field, expected };
    ValueMended { field, how };
    ValueRefused { field, why };
    TextShortened { limit, field };
    DateUnset { field };
    DateImplausible { field, earliest, latest };
    NumberFraction { field, min, max, unit };
    NumberRange { field, min, max, unit };
    NumberQuoted { field };
    ListEmpty { field };
    ObjectExpected { expected };
    TextMisplaced { field };
    NilFilled { field };

    // who is responsible
    ProcedureUnknown { field } [procedure];
    ProcedureNotInForce { procedure, date };
    PlaceUnknown { commune, catalogue, date };
    PlaceNameMismatch { commune, name };
    PlaceAmbiguous { candidates };
    CompetenceFieldMissing { procedure, field };
    CompetenceGap;
    CompetenceOverlap { rules };
    SuccessorUndecided { agency, candidates };

    // what operators do
    TenantExists { tenant };
    TenantClosed { tenant };
    ParentUnknown { tenant };
    DossierTakenOver { agency, date };
    DirectoryScheduled { version, date };
    DirectoryVersionUnknown;
    EffectiveDayPast { today };
    AgencyUnknown { agency };
    DirectoryFaulty { place, fault };
    PlanStale;
    FormatFaulty { place, fault };
    FormatTaken { format, sha256, next };
    FormatPlanStale;
    FormatNotActivated { format };
    AgencyUnchanged { agency };
    LastOperator;
    CertificateUnusable { reason };
    CertificateTaken { thumbprint };
    CertificateRetired { thumbprint };
    PointTaken { point };
    CodesNotAnAgency { tenant };
    CodesUnitOther { unit, agency, own };

    // one dossier, once
    ReferenceContentDiffers;
    ReferenceEnded { status };
    DossierCodeTaken;
    DossierCodeAmbiguous;

    // files that travel apart
    DigestMismatch { sha256 };
    ContentMalformed { field };
    ContentTooLarge { field, limit, all, files };
    FileTooLarge { limit };
    UploadQuota { limit, retry_after };
    AttachmentMissing { sha256 };
    RangeNotSatisfiable { size };
    FilesUnavailable { retry_after };

    // what may happen to a dossier
    StatusFinal { status };
    TransitionNotAllowed { from, to, allowed };
    ActorNotAllowed { from, to, actors };
    ReasonRequired { to };
    DetailsMisplaced { field, expected };
    StatusWordSilent { field };
    StatusWordUnknown { expected };
    SupplementRepeated;
    SupplementLate;
    SupplementNotOverdue;
    WithdrawalTooLate;
    ClockNotRunning { status };
    MomentPassed { field, now };
    DueOutOfRange { due, limit };
    PostponementRepeated;
    PostponementLate { limit };
    ResultMissing { status };
    CorrectionLate { limit };
    ChangeTooLate { status };
    ResultNotEarly { due };
    OpinionUnknown { number };
    TaskUnknown { task };
    TaskSettled { task };
    TaskOfLead { task };
    CoAgencyStatus { status };
    TasksOpen { tasks };
    FeeUnknown { amount };
    LeaseLost;

    DossierNotFiled { status };

    // how a submitter is told
    SubscriptionMissing { way };
    SubscriptionEnding { queue };
    WebhookUrlRefused { field, limit };
    QueueUnavailable;

    // what comes by the broker
    SenderUnvouched { expected };
    BodyUnreadable { reason };
    MessageAstray;
    BrokerUnavailable;

    // warnings
    IdentityPrefixUnknown;
    IdentityBirthMismatch { field };
    IdentitySexMismatch { field };
    IdentityCardOld;
    PossibleDuplicate {} [dossier];
    DefaultSuccessor { former, candidates, taken };
    AuthorisationMissing;
    DossierCodeContested { code };
    ContentKept { fields };
    StatusReasonMissing { status, field };
    DossierCodeDay { code, date, today };
    DossierCodeUnitUnknown { unit, code, date };
    DossierCodeUnitOther { code, unit, name };
    DossierCodeDiffers { code };
    TextCleaned { field };
    BirthInFuture { field };
    TaxCodeMissing { field };
    ProcedureNameDiffers { field, procedure, name };
    FileSizeDiffers { said, size };
    FileLocationUnusable { field };
    DossierCodeMistyped { field };
    IdentityContradicted { field, other };
    IdentityKindAssumed { field };
    IdentityKindUnknown { field };
    AcceptanceNotTaken { status };
    StatusKept { status, reported };
    ChannelKept { channel, sent };
    DueDiffers { promised, due };
    PromiseEarly { field };
    ReceiptEarly { field };
    DossierCodeIssuedHere { code };
    DossierCodesUsedUp { last, date };

    // what a document means
    DatesOutOfOrder { field, other };
    FeesTotalDiffers { field, total, sum };
    FeeOutOfRange { field, least, most };
    PaperMissing { paper };
    CopiesFew { paper, least, copies };
    FieldNeeded { field, condition };
    FieldUnfit { field, condition };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Language;
    use super::*;

    #[test]
    fn each_label_has_the_arguments_of_its_sentences() {
        let listed: Vec<Label> = ARGUMENTS.iter().map(|(label, ..)| *label).collect();
        assert_eq!(listed, Label::ALL, "every label once, in order");
        for (label, told, beside) in ARGUMENTS {
            let holes = |sentence: &'static str| -> BTreeSet<&str> {
                let parts = sentence.split('{').skip(1);
                parts
                    .filter_map(|part| part.split_once('}'))
                    .map(|p| p.0)
                    .collect()
            };
            let told: BTreeSet<&str> = told.iter().copied().collect();
            let text = label.text();
            assert_eq!(told, holes(text.advice_vi), "{label} in Vietnamese");
            assert_eq!(told, holes(text.advice_en), "{label} in English");
            assert!(beside.iter().all(|name| !told.contains(name)), "{label}");
        }
    }

    #[test]
    fn a_sentence_is_filled() {
        let p = Problem::from(TooDeep { limit: &32 });
        assert_eq!(p.advice(Language::English), "At most 32 levels.");
        assert_eq!(p.advice(Language::Vietnamese), "Nhiều nhất 32 tầng.");
        let limit = Bilingual {
            vi: "3 ngày làm việc",
            en: "3 working days",
        };
        let late = CorrectionLate { limit: &limit }.at("/results");
        assert!(
            late.advice(Language::Vietnamese)
                .contains("trong 3 ngày làm việc (")
        );
        assert!(late.advice(Language::English).contains("within 3 working days ("));
        assert_eq!(late.path.as_deref(), Some("/results"));
    }

    #[test]
    fn what_stands_beside_is_kept_where_it_is_given() {
        let seen = Problem::from(PossibleDuplicate {
            dossier: Some(&"dos_1"),
        });
        assert_eq!(seen.args()["dossier"], "dos_1");
        assert!(
            Problem::from(PossibleDuplicate { dossier: None })
                .args()
                .is_empty()
        );
    }
}
