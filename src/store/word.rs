//! Enums as columns hold them: by their words, and statuses by their numbers. What is neither is an error when it is read.

use std::fmt::Debug;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{SmallInt, Text};
use diesel::sqlite::Sqlite;

use crate::domain::attachment::FileKind;
use crate::domain::clocks::Watched;
use crate::domain::failure::Failure;
use crate::domain::status::Status;
use crate::domain::view::{DeliveryState, NoticeOutcome, RefusedKind, SubscriptionState, Transport};

/// An enum whose values have words.
pub trait Worded: Copy + Debug + PartialEq + 'static {
    /// What its values are, for who reads the error about another word.
    const WHAT: &'static str;

    /// The stored word.
    fn word(self) -> &'static str;

    /// The value of a word.
    fn of_word(word: &str) -> Option<Self>;
}

/// A value on its way into or out of a column of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Word<T: Worded>(pub T);

impl<T: Worded> ToSql<Text, Pg> for Word<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.0.word(), &mut out.reborrow())
    }
}

impl<T: Worded> ToSql<Text, Sqlite> for Word<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.word());
        Ok(IsNull::No)
    }
}

impl<T: Worded, DB: Backend> FromSql<Text, DB> for Word<T>
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let word: String = FromSql::<Text, DB>::from_sql(value)?;
        let known = T::of_word(&word).map(Word);
        known.ok_or_else(|| format!("{} {word:?}", T::WHAT).into())
    }
}

/// A [`Status`] on its way into or out of a database: the portal's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = SmallInt)]
pub struct Code(pub Status);

impl Code {
    /// The number.
    pub fn number(self) -> i16 {
        i16::from(self.0.code())
    }
}

impl From<Status> for Code {
    fn from(status: Status) -> Self {
        Code(status)
    }
}

impl ToSql<SmallInt, Pg> for Code {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<SmallInt, Pg>::to_sql(&self.number(), &mut out.reborrow())
    }
}

impl ToSql<SmallInt, Sqlite> for Code {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(i32::from(self.number()));
        Ok(IsNull::No)
    }
}

impl<DB: Backend> FromSql<SmallInt, DB> for Code
where
    i16: FromSql<SmallInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let number: i16 = FromSql::<SmallInt, DB>::from_sql(value)?;
        let known = u8::try_from(number).ok().and_then(Status::from_code);
        known.map(Code).ok_or_else(|| format!("status {number}").into())
    }
}

/// Enums of the domain that columns hold.
macro_rules! worded {
    ($($of:ty, $what:literal, $parse:expr;)*) => {$(
        impl Worded for $of {
            const WHAT: &'static str = $what;

            fn word(self) -> &'static str {
                <$of>::word(self)
            }

            fn of_word(word: &str) -> Option<Self> {
                $parse(word)
            }
        }
    )*};
}

worded! {
    DeliveryState, "delivery state", |word: &str| word.parse().ok();
    Failure, "kind of failure", Failure::parse;
    FileKind, "kind of file", FileKind::parse;
    NoticeOutcome, "outcome of an attempt to tell", NoticeOutcome::parse;
    RefusedKind, "kind of refused document", RefusedKind::parse;
    Watched, "limit", Watched::parse;
    Transport, "way", Transport::parse;
}

impl Worded for SubscriptionState {
    const WHAT: &'static str = "subscription state";

    fn word(self) -> &'static str {
        match self {
            SubscriptionState::Active => "active",
            SubscriptionState::Disabled => "disabled",
            SubscriptionState::Ended => "ended",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        let mut all = [
            SubscriptionState::Active,
            SubscriptionState::Disabled,
            SubscriptionState::Ended,
        ]
        .into_iter();
        all.find(|state| state.word() == word)
    }
}

/// Enums that only columns know, with their words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$of:meta])* $value:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$of])* $value,)*
        }

        impl Worded for $name {
            const WHAT: &'static str = $what;

            fn word(self) -> &'static str {
                match self {
                    $($name::$value => $word,)*
                }
            }

            fn of_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some($name::$value),)*
                    _ => None,
                }
            }
        }
    )*};
}

words! {
    /// What an attempt to carry a delivery came to, or who took it up again.
    AttemptOutcome, "outcome of an attempt" {
        /// The broker has confirmed it.
        Confirmed = "confirmed",
        /// Its agency has it.
        Handed = "handed",
        /// It is tried again later.
        Retry = "retry",
        /// Its agency sent it back.
        Refused = "refused",
        /// It is given up.
        Parked = "parked",
        /// An operator has it tried again.
        Retried = "retried",
        /// Its queue had lost it, and it is sent again.
        Resent = "resent",
    }
    /// Whether a tenant may speak.
    TenantStanding, "standing of a tenant" {
        /// It may.
        Active = "active",
        /// Not for now.
        Suspended = "suspended",
        /// Never again.
        Closed = "closed",
    }
    /// How far a notice has come.
    NoticeState, "notice state" {
        /// Under way.
        Waiting = "waiting",
        /// Given up.
        Parked = "parked",
        /// Behind a parked one of its dossier.
        Held = "held",
    }
    /// What was told of a limit.
    Stage, "stage of a limit" {
        /// Nothing: it runs.
        Running = "running",
        /// That it is near.
        Near = "near",
        /// That it has passed.
        Passed = "passed",
    }
    /// Which part a tenant has in a dossier.
    PartyRole, "part in a dossier" {
        /// Who filed it.
        Submitter = "submitter",
        /// The one-stop unit that received it.
        ReceivingUnit = "receiving-unit",
        /// The one-stop unit that supervises.
        SupervisingUnit = "supervising-unit",
        /// The competent agency.
        LeadAgency = "lead-agency",
        /// An agency with a task beside it.
        CoAgency = "co-agency",
    }
    /// What names one dossier only.
    NaturalKind, "kind of natural key" {
        /// The reference of its submitter.
        Reference = "reference",
        /// A report: it is news once.
        Report = "report",
        /// Whose an official code is.
        Code = "code",
        /// Who claimed a code first.
        Claim = "claim",
        /// That the conflict about a code was told.
        Contest = "contest",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_its_value_and_another_is_none() {
        for state in DeliveryState::ALL {
            assert_eq!(<DeliveryState as Worded>::of_word(state.word()), Some(state));
        }
        for kind in [
            NaturalKind::Reference,
            NaturalKind::Report,
            NaturalKind::Code,
            NaturalKind::Claim,
            NaturalKind::Contest,
        ] {
            assert_eq!(NaturalKind::of_word(kind.word()), Some(kind));
        }
        for failure in Failure::ALL {
            assert_eq!(<Failure as Worded>::of_word(failure.word()), Some(*failure));
        }
        for limit in Watched::ALL {
            assert_eq!(<Watched as Worded>::of_word(limit.word()), Some(limit));
        }
        for way in Transport::ALL {
            assert_eq!(<Transport as Worded>::of_word(way.word()), Some(way));
        }
        for kind in [RefusedKind::Submission, RefusedKind::Statuses] {
            assert_eq!(<RefusedKind as Worded>::of_word(kind.word()), Some(kind));
        }
        assert_eq!(<DeliveryState as Worded>::of_word("lost"), None);
        assert_eq!(PartyRole::of_word(""), None);
        assert_eq!(<FileKind as Worded>::of_word("Filing"), None);
    }
}
