//! What can be asked of the ledger, and what comes of it: the whole write API of the system.
//!
//! Values only: nothing here knows a database. A request says who sent it, what of it no database holds, and what has to be loaded before
//! it is played; how it is played stands beside its command.

mod acting;
mod carrying;
mod files;
mod filing;
mod formats;
mod pushing;
mod registering;
mod request;
mod telling;
mod upkeep;

pub use acting::{Act, ActOutcome, Acted, Assign, AssignOutcome, DossierAction, Succeed, SucceedOutcome};
pub use carrying::{
    Arrive, Carried, LeaseInbox, LeaseOutbox, LeasedDelivery, OutboxItem, OutboxSettlement, SettleInbox,
    SettleOutbox,
};
pub use files::{AddBlob, BlobOutcome, COMMITTED_WITHIN, Complete, ForgetUploads, NoteRead};
pub use filing::{Expect, Likeness, Naming, Refuse, Remember, Submit};
pub use formats::{FormatActivation, FormatChange, FormatRollback, FormatText, KeepFormats, ShadowRun};
pub use pushing::{
    Died, EndpointStanding, Intervene, Intervention, LeasePushes, PushSettlement, RemoveEndpoint, Resend,
    Resent, SetEndpoint, SettlePushes,
};
pub use registering::{
    DirectoryDue, DirectoryImport, DirectoryUnschedule, Due, Expiring, Imported, RegisterChange, Registered,
    WarnExpiring,
};
pub use request::{Names, Request, Sender};
pub use telling::{
    EndSubscription, FeedProgress, HeldWay, HoldWay, LeaseNotices, LeasedNotice, NoticeSettlement,
    QueueRemoved, RECEIVER_GONE, ReceiverAnswers, RetryNotices, RotateSecret, SendOutcome, SetAside,
    SettleNotices, SettledNotices, Subscribe, Subscribed, TEST, TestSubscription,
};
pub use upkeep::{LimitFired, Prove, Sweep, Watch, WatchOutcome};
