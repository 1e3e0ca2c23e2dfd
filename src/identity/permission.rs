//! What a caller may do: one closed list, and which kind of tenant has which part of it.
//!
//! The words are also the scopes of a token, so they never change once published.

use std::fmt;

use crate::domain::tenant::TenantKind;

macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal;)*) => {
        /// One thing a caller may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Permission { $($(#[doc = $doc])* $name,)* }

        impl Permission {
            /// Every permission, in the order of the matrix.
            pub const ALL: &'static [Permission] = &[$(Permission::$name,)*];

            /// The stable word, used as a scope of the token.
            pub const fn word(self) -> &'static str {
                match self { $(Permission::$name => $word,)* }
            }
        }
    };
}

permissions! {
    /// File a submission.
    SubmissionCreate = "submission:create";
    /// Read dossiers, their history, route, raw bytes and receipt.
    DossierRead = "dossier:read";
    /// Record the formal acceptance of a dossier (receiving unit or agency).
    DossierAccept = "dossier:accept";
    /// Refuse an online filing before it is accepted (receiving unit or agency).
    DossierRefuse = "dossier:refuse";
    /// Ask the submitter for papers (receiving unit or agency).
    DossierAsk = "dossier:ask";
    /// Take a dossier back from the agency to the receiving unit that forwarded it.
    DossierRecall = "dossier:recall";
    /// Move the due date (agency).
    DossierPostpone = "dossier:postpone";
    /// Put a result right (agency).
    DossierCorrect = "dossier:correct";
    /// Withdraw a dossier on the applicant's request.
    DossierWithdraw = "dossier:withdraw";
    /// Complete what the agency asked for.
    DossierSupplement = "dossier:supplement";
    /// Ask for a change before the decision, in the applicant's name.
    DossierChange = "dossier:change";
    /// Ask other bodies for their opinions, and record them (agency).
    DossierOpinion = "dossier:opinion";
    /// Tell that the result comes before its due date (agency).
    DossierEarlyResult = "dossier:early-result";
    /// Record that papers were lost.
    DossierLoss = "dossier:loss";
    /// Record fees that were collected, and paid in to the budget.
    DossierPayment = "dossier:payment";
    /// Report the task of one of several agencies (agency).
    DossierTask = "dossier:task";
    /// Record that the result was handed to the citizen.
    DossierHandOver = "dossier:hand-over";
    /// Upload files that one's own dossiers or results name.
    FileUpload = "file:upload";
    /// Download files of dossiers one is a party of.
    FileRead = "file:read";
    /// Follow the event feed.
    EventRead = "event:read";
    /// Have events sent: a webhook, or a queue of one's own.
    SubscriptionManage = "subscription:manage";
    /// Take deliveries from the inbox and settle them.
    InboxTake = "inbox:take";
    /// Say where one's messages are pushed, and with which secret they are signed.
    EndpointManage = "endpoint:manage";
    /// Report statuses of dossiers one is responsible for.
    StatusReport = "status:report";
    /// See every tenant's dossiers, the queues and the audit: the people who run the hub.
    HubRead = "hub:read";
    /// Name the agency of a dossier where the rules name none, several, or the wrong one.
    DossierAssign = "dossier:assign";
    /// Put another directory into use.
    DirectoryManage = "directory:manage";
    /// Send messages again that were given up, or give them up.
    DeliveryManage = "delivery:manage";
    /// Register tenants, change, suspend and close them; certificates, staff and points.
    TenantManage = "tenant:manage";
    /// Put another version of a format into use, go back, try one on what was filed.
    FormatManage = "format:manage";
}

impl Permission {
    /// What a tenant of this kind may do at most. A token carries a part of it, never more.
    pub const fn of(kind: TenantKind) -> &'static [Permission] {
        use Permission::*;
        match kind {
            // Agents act by name and on their own certificate; the enterprise itself only looks on.
            TenantKind::Enterprise => &[DossierRead, FileRead, EventRead, SubscriptionManage],
            TenantKind::Agent => &[
                SubmissionCreate,
                DossierRead,
                DossierWithdraw,
                DossierSupplement,
                DossierChange,
                DossierLoss,
                DossierPayment,
                DossierHandOver,
                FileUpload,
                FileRead,
                EventRead,
                SubscriptionManage,
            ],
            TenantKind::Branch => &[
                SubmissionCreate,
                DossierRead,
                DossierAccept,
                DossierRefuse,
                DossierAsk,
                DossierRecall,
                DossierWithdraw,
                DossierSupplement,
                DossierChange,
                DossierLoss,
                DossierPayment,
                DossierHandOver,
                FileUpload,
                FileRead,
                EventRead,
                SubscriptionManage,
            ],
            TenantKind::Agency => &[
                DossierRead,
                DossierAccept,
                DossierRefuse,
                DossierAsk,
                DossierPostpone,
                DossierCorrect,
                DossierOpinion,
                DossierEarlyResult,
                DossierTask,
                DossierLoss,
                DossierPayment,
                FileUpload,
                FileRead,
                EventRead,
                InboxTake,
                EndpointManage,
                StatusReport,
            ],
            TenantKind::Operator => &[
                DossierRead,
                HubRead,
                DossierAssign,
                DirectoryManage,
                DeliveryManage,
                TenantManage,
                FormatManage,
            ],
        }
    }

    /// The permission of this word.
    pub fn parse(word: &str) -> Option<Permission> {
        Permission::ALL.iter().copied().find(|p| p.word() == word)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A set of permissions; written as the words of a token's `scope`, separated by spaces.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// No permission at all.
    pub const NONE: Permissions = Permissions(0);

    /// Everything a tenant of this kind may do.
    pub fn of(kind: TenantKind) -> Self {
        Permission::of(kind).iter().copied().collect()
    }

    /// The set a `scope` names (RFC 6749, 3.3); `None` when it is empty or holds a word that is no permission.
    pub fn parse(scope: &str) -> Option<Self> {
        let set = scope
            .split(' ')
            .filter(|w| !w.is_empty())
            .map(Permission::parse)
            .collect::<Option<Self>>()?;
        (set != Permissions::NONE).then_some(set)
    }

    /// Whether this one is in the set.
    pub const fn holds(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// Whether every one of `other` is in the set.
    pub const fn holds_all(self, other: Permissions) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Permissions) -> Permissions {
        Permissions(self.0 & other.0)
    }

    /// One by one, in the order of the matrix.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.holds(*p))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(all: I) -> Self {
        Permissions(all.into_iter().fold(0, |set, p| set | 1 << p as u8))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, p) in self.iter().enumerate() {
            write!(f, "{}{p}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// Role × permission as a table for people: what `lienthong permissions` prints and what is reviewed.
pub fn matrix() -> String {
    let width = Permission::ALL.iter().map(|p| p.word().len()).max().unwrap_or(0);
    let mut table = format!("{:width$}", "permission");
    for kind in TenantKind::ALL {
        table += &format!("  {}", kind.word());
    }
    table.push('\n');
    for permission in Permission::ALL {
        let mut line = format!("{:width$}", permission.word());
        for kind in TenantKind::ALL {
            let mark = if Permissions::of(kind).holds(*permission) {
                "yes"
            } else {
                "-"
            };
            line += &format!("  {mark:0$}", kind.word().len());
        }
        table += line.trim_end();
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_reviewed_one() {
        insta::assert_snapshot!(matrix(), @"
        permission            enterprise  agent  branch  agency  operator
        submission:create     -           yes    yes     -       -
        dossier:read          yes         yes    yes     yes     yes
        dossier:accept        -           -      yes     yes     -
        dossier:refuse        -           -      yes     yes     -
        dossier:ask           -           -      yes     yes     -
        dossier:recall        -           -      yes     -       -
        dossier:postpone      -           -      -       yes     -
        dossier:correct       -           -      -       yes     -
        dossier:withdraw      -           yes    yes     -       -
        dossier:supplement    -           yes    yes     -       -
        dossier:change        -           yes    yes     -       -
        dossier:opinion       -           -      -       yes     -
        dossier:early-result  -           -      -       yes     -
        dossier:loss          -           yes    yes     yes     -
        dossier:payment       -           yes    yes     yes     -
        dossier:task          -           -      -       yes     -
        dossier:hand-over     -           yes    yes     -       -
        file:upload           -           yes    yes     yes     -
        file:read             yes         yes    yes     yes     -
        event:read            yes         yes    yes     yes     -
        subscription:manage   yes         yes    yes     -       -
        inbox:take            -           -      -       yes     -
        endpoint:manage       -           -      -       yes     -
        status:report         -           -      -       yes     -
        hub:read              -           -      -       -       yes
        dossier:assign        -           -      -       -       yes
        directory:manage      -           -      -       -       yes
        delivery:manage       -           -      -       -       yes
        tenant:manage         -           -      -       -       yes
        format:manage         -           -      -       -       yes
        ");
    }

    #[test]
    fn words_are_unique_and_parse_back() {
        for p in Permission::ALL {
            assert_eq!(Permission::parse(p.word()), Some(*p));
        }
        assert!(Permission::ALL.len() <= 32, "the set is 32 bits wide");
    }

    #[test]
    fn a_scope_is_parsed_as_a_set() {
        let set = Permissions::parse("event:read dossier:read dossier:read").unwrap();
        assert_eq!(set.to_string(), "dossier:read event:read");
        assert_eq!(Permissions::parse("dossier:read dossier:own"), None);
        assert_eq!(Permissions::parse(""), None);
        assert!(Permissions::of(TenantKind::Agent).holds_all(set));
        assert!(!Permissions::of(TenantKind::Operator).holds_all(set));
    }
}
