//! What the hub says: the shapes of its answers, shared by the server, the partner's client and the pages.
//!
//! These are contracts. A field is added, never renamed or removed; OpenAPI is generated from here.

mod acts;
mod alarms;
mod answers;
mod attachments;
mod batch;
mod carriage;
mod cursor;
mod directory;
mod document;
mod dossiers;
mod endpoints;
mod formats;
mod matters;
mod overview;
mod progress;
mod refusals;
mod register;
mod reports;
mod subscriptions;
mod tasks;

pub use acts::{
    AcceptanceRequest, AssignmentRequest, CorrectionRequest, HandOverRequest, PapersRequest,
    PostponementRequest, ReasonRequest, SupplementRequest,
};
pub use alarms::{
    AlarmPage, AlarmView, IrregularCount, IrregularCounts, IrregularityPage, IrregularityView, LimitCount,
};
pub use answers::{
    AgencyView, Clocks, Links, ProblemDocument, ProblemView, StatusView, SubmissionAnswer, TokenAnswer,
};
pub use attachments::{AttachmentView, AttachmentsView, BlobView, MissingFile, ReadPage, ReadView};
pub use batch::{BatchEnd, BatchItemLine, BatchLine};
pub use carriage::{
    AgencyData, AssignmentView, AttemptView, CloudEvent, DeliveryState, DeliveryView, FailureView, FeedData,
    FeedPage, InboxMessage, InboxPage, NoDocument, NotTold, RouteView, SettleAnswer, SettleItem,
    SettleRequest, SettleResult, Settlement,
};
pub use cursor::{Cursor, NotACursor};
pub use directory::{
    DirectoryHistoryView, DirectoryImportAnswer, DirectoryImportRequest, DirectoryPlanRequest,
    DirectoryPlanView, DirectoryRollbackRequest, FindingView, RouteAnswer, RouteChange, RouteRequest,
    ScheduledDirectory,
};
pub use document::Document;
pub use dossiers::{DossierPage, DossierSummary, DossierView, EventView, HistoryView};
pub use endpoints::{
    DeliveryItem, DeliveryPage, EndpointAnswer, EndpointList, EndpointRequest, EndpointView, ParkRequest,
    ResendAnswer, ResendRequest, ResentView, RetryRequest, SparedView,
};
pub use formats::{
    FORMAT_BYTES, FORMAT_NAME_PATTERN, FORMAT_PATTERN, FormatActivationRequest, FormatDriftView,
    FormatPlanRequest, FormatPlanView, FormatRef, FormatRollbackRequest, FormatStanding, FormatUseAnswer,
    FormatVersionView, FormatVersionsView, SHADOWED_SUBMISSIONS, ShadowDifference, ShadowKind, ShadowRequest,
    ShadowValue, ShadowView,
};
pub use matters::{
    ChangeRequest, EarlyResultRequest, LossRequest, Opinion, OpinionAnswerRequest, OpinionRequest,
    PaymentKind, PaymentRequest,
};
pub use overview::{
    AgencyCount, Backlog, DeliveryCount, OutOfAreaCount, OverviewView, PublicStep, PublicView, StatusCount,
    SubmitterCount,
};
pub use progress::{ClaimView, DueView, Progress, SupplementView};
pub use refusals::{RefusalPage, RefusalSummary, RefusalView, RefusedKind};
pub use register::{
    AuditPage, CertificateRequest, CertificateView, NewPoint, NewStaff, NewTenant, PointRequest, PointView,
    RegisterAnswer, RegisterRequest, StaffRequest, StaffView, StandingRequest, StandingWord, TenantPage,
    TenantRequest, TenantSummary, TenantView,
};
pub use reports::{StatusAnswer, StatusReport, StatusRequest, StatusResult};
pub use subscriptions::{
    AttemptCursor, NoticeAttemptPage, NoticeAttemptView, NoticeData, NoticeOutcome, NoticeRetryAnswer,
    NoticeRetryRequest, SecretAnswer, SecretView, SubscriberView, SubscribersView, SubscriptionAnswer,
    SubscriptionRequest, SubscriptionState, SubscriptionView, TestAnswer, TestData, Transport,
    TransportRequest, TransportView,
};
pub use tasks::{JointView, TaskHandOverRequest, TaskReportRequest, TaskView};
