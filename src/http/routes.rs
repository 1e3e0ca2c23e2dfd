//! The table: every route of the three listeners, what it needs, takes and gives.
//!
//! Nothing is served that is not a row here. A row that leads to a verb names the permission it needs, by its type.

mod parameters;
mod row;

use self::parameters::{
    ACT, ALARMS, ASSET, ATTACHMENT, ATTACHMENT_HEAD, AUDIT, BLOB, CARRIED, DELIVERY, FEED, FILE,
    IRREGULARITIES, LABEL, LIST, ONE, PAGE, PERIOD, PUT_BLOB, READS, REFUSAL, REFUSED, REPORT, SEEN, TAKE,
    TENANT, TENANTS, TRIED, TRIED_OF, WAY, required,
};
use self::row::shape;
pub use self::row::{
    Act, Document, Gives, Listener, Method, Parameter, Place, Route, Shape, Takes, Values, Verb,
};
use super::extract::Page;
use crate::domain::view::{
    AcceptanceRequest, AlarmPage, AssignmentRequest, AttachmentsView, AuditPage, BatchLine, BlobView,
    CertificateRequest, CorrectionRequest, DeliveryItem, DeliveryPage, DirectoryImportAnswer,
    DirectoryImportRequest, DirectoryPlanRequest, DirectoryPlanView, DossierPage, DossierSummary,
    DossierView, EndpointAnswer, EndpointList, EndpointRequest, EndpointView, FeedPage, HandOverRequest,
    HistoryView, InboxPage, IrregularCounts, IrregularityPage, NoticeAttemptPage, NoticeRetryAnswer,
    NoticeRetryRequest, OverviewView, PapersRequest, ParkRequest, PointRequest, PostponementRequest,
    ReadPage, ReasonRequest, RefusalPage, RefusalView, RegisterAnswer, RegisterRequest, ResendAnswer,
    ResendRequest, RetryRequest, RouteView, SecretAnswer, SettleAnswer, SettleRequest, StaffRequest,
    StandingRequest, StatusAnswer, SubmissionAnswer, SubscribersView, SubscriptionAnswer,
    SubscriptionRequest, SubscriptionView, SupplementRequest, TenantPage, TenantRequest, TenantView,
    TestAnswer, TokenAnswer, WayRequest,
};
use crate::domain::view::{
    ChangeRequest, EarlyResultRequest, LossRequest, OpinionAnswerRequest, OpinionRequest, PaymentRequest,
};
use crate::identity::Permission;

/// The columns of a row, in order, so that the table reads as one.
macro_rules! table {
    ($($listener:ident $method:ident $path:literal $id:literal $act:expr, $parameters:expr, $takes:expr => $gives:expr; $vi:literal $en:literal)*) => {
        &[$(Route {
            method: Method::$method, path: $path, id: $id, listener: Listener::$listener, act: $act,
            parameters: $parameters, takes: $takes, gives: $gives, vi: $vi, en: $en,
        },)*]
    };
}

/// Every route.
pub const TABLE: &[Route] = table! {
    Partner Post "/oauth2/token" "token"
        Act::Token, &[], Takes::Form(&[("grant_type", true), ("client_id", true), ("scope", false), ("resource", false)]) => Gives::Json(shape::<TokenAnswer>());
        "Lấy mã truy cập gắn với chứng thư" "Get an access token bound to the certificate (RFC 8705)"
    Partner Post "/v1/submissions" "submit"
        Act::Verb(Verb::Submit, Permission::SubmissionCreate), FILE, Takes::Document => Gives::Chosen(202, shape::<SubmissionAnswer>());
        "Nộp hồ sơ" "File a dossier"
    Partner Post "/v1/submissions/batch" "submitBatch"
        Act::Verb(Verb::SubmitBatch, Permission::SubmissionCreate), FILE, Takes::Documents => Gives::Lines(shape::<BatchLine>());
        "Nộp nhiều hồ sơ trong một lần gửi" "File many dossiers in one call, each for itself"
    Partner Get "/v1/refusals" "refusals"
        Act::Verb(Verb::Refusals, Permission::DossierRead), REFUSED, Takes::Nothing => Gives::Json(shape::<RefusalPage>());
        "Danh sách hồ sơ bị từ chối" "List refused documents"
    Partner Get "/v1/refusals/{refusal}" "refusal"
        Act::Verb(Verb::Refusal, Permission::DossierRead), REFUSAL, Takes::Nothing => Gives::Json(shape::<RefusalView>());
        "Vì sao một hồ sơ bị từ chối" "Read why a document was refused"
    Partner Get "/v1/refusals/{refusal}/submission" "refused"
        Act::Verb(Verb::Refused, Permission::DossierRead), REFUSAL, Takes::Nothing => Gives::Bytes("*/*");
        "Nguyên văn bị từ chối" "Read the exact bytes that were refused"
    Partner Get "/v1/dossiers" "dossiers"
        Act::Verb(Verb::Dossiers, Permission::DossierRead), LIST, Takes::Nothing => Gives::Json(shape::<DossierPage>());
        "Danh sách hồ sơ" "List dossiers"
    Partner Get "/v1/dossiers/{id}" "dossier"
        Act::Verb(Verb::Dossier, Permission::DossierRead), ONE, Takes::Nothing => Gives::Json(shape::<DossierView>());
        "Xem một hồ sơ" "Read a dossier"
    Partner Get "/v1/dossiers/{id}/history" "history"
        Act::Verb(Verb::History, Permission::DossierRead), ONE, Takes::Nothing => Gives::Json(shape::<HistoryView>());
        "Quá trình giải quyết" "Read a dossier's history"
    Partner Get "/v1/dossiers/{id}/route" "route"
        Act::Verb(Verb::Route, Permission::DossierRead), ONE, Takes::Nothing => Gives::Json(shape::<RouteView>());
        "Cơ quan giải quyết, căn cứ và việc chuyển hồ sơ" "Read the responsible agency, the reason and the deliveries"
    Partner Get "/v1/dossiers/{id}/submission" "submission"
        Act::Verb(Verb::Submission, Permission::DossierRead), ONE, Takes::Nothing => Gives::Bytes("*/*");
        "Nguyên văn đã nộp" "Read the exact bytes that were filed"
    Partner Get "/v1/dossiers/{id}/receipt" "receipt"
        Act::Verb(Verb::Receipt, Permission::DossierRead), ONE, Takes::Nothing => Gives::Bytes("application/jose");
        "Biên nhận có chữ ký" "Read the signed receipt"
    Partner Get "/v1/dossiers/{id}/attachments" "attachments"
        Act::Verb(Verb::Attachments, Permission::DossierRead), ONE, Takes::Nothing => Gives::Json(shape::<AttachmentsView>());
        "Các tệp của hồ sơ" "List the files of a dossier"
    Partner Get "/v1/dossiers/{id}/attachments/{n}" "attachment"
        Act::Verb(Verb::Attachment, Permission::FileRead), ATTACHMENT, Takes::Nothing => Gives::File;
        "Tải một tệp của hồ sơ" "Download a file of a dossier; who did is logged"
    Partner Head "/v1/dossiers/{id}/attachments/{n}" "attachmentHead"
        Act::Verb(Verb::AttachmentHead, Permission::FileRead), ATTACHMENT_HEAD, Takes::Nothing => Gives::Nothing;
        "Xem kích thước và kiểu của một tệp" "Read size and type of a file of a dossier"
    Partner Get "/v1/dossiers/{id}/reads" "reads"
        Act::Verb(Verb::Reads, Permission::HubRead), READS, Takes::Nothing => Gives::Json(shape::<ReadPage>());
        "Ai đã tải tệp của hồ sơ" "Read who downloaded files of a dossier"
    Partner Put "/v1/blobs/{sha256}" "upload"
        Act::Verb(Verb::Upload, Permission::FileUpload), PUT_BLOB, Takes::File => Gives::Made(shape::<BlobView>());
        "Tải tệp lên theo mã băm" "Upload a file under its digest"
    Partner Head "/v1/blobs/{sha256}" "uploaded"
        Act::Verb(Verb::Uploaded, Permission::FileUpload), BLOB, Takes::Nothing => Gives::Nothing;
        "Xem tệp đã tải lên chưa" "Ask whether one has uploaded a file"
    Partner Post "/v1/dossiers/{id}/acceptance" "accept"
        Act::Verb(Verb::Accept, Permission::DossierAccept), ACT, Takes::Json(shape::<AcceptanceRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Tiếp nhận hồ sơ trực tuyến" "Accept a dossier filed online"
    Partner Post "/v1/dossiers/{id}/refusal" "refuse"
        Act::Verb(Verb::Refuse, Permission::DossierRefuse), ACT, Takes::Json(shape::<ReasonRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Từ chối tiếp nhận hồ sơ trực tuyến" "Refuse a dossier filed online, before acceptance"
    Partner Post "/v1/dossiers/{id}/supplement-request" "askSupplement"
        Act::Verb(Verb::Ask, Permission::DossierAsk), ACT, Takes::Json(shape::<PapersRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Yêu cầu bổ sung giấy tờ" "Ask for papers"
    Partner Post "/v1/dossiers/{id}/recall" "recall"
        Act::Verb(Verb::Recall, Permission::DossierRecall), ACT, Takes::Json(shape::<ReasonRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Thu hồi hồ sơ đã chuyển" "Take a forwarded dossier back"
    Partner Post "/v1/dossiers/{id}/postponement" "postpone"
        Act::Verb(Verb::Postpone, Permission::DossierPostpone), ACT, Takes::Json(shape::<PostponementRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Gia hạn giải quyết" "Move the due date"
    Partner Post "/v1/dossiers/{id}/corrections" "correct"
        Act::Verb(Verb::Correct, Permission::DossierCorrect), ACT, Takes::Json(shape::<CorrectionRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Sửa kết quả có sai sót" "Put a result right"
    Partner Post "/v1/dossiers/{id}/withdrawal" "withdraw"
        Act::Verb(Verb::Withdraw, Permission::DossierWithdraw), ACT, Takes::Json(shape::<ReasonRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Rút hồ sơ theo yêu cầu của người nộp" "Withdraw a dossier on the applicant's request"
    Partner Post "/v1/dossiers/{id}/supplements" "supplement"
        Act::Verb(Verb::Supplement, Permission::DossierSupplement), ACT, Takes::Json(shape::<SupplementRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Bổ sung hồ sơ" "Complete what was asked for"
    Partner Post "/v1/dossiers/{id}/changes" "change"
        Act::Verb(Verb::Change, Permission::DossierChange), ACT, Takes::Json(shape::<ChangeRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Đề nghị sửa đổi hồ sơ trước khi có quyết định" "Ask for a change before the decision"
    Partner Post "/v1/dossiers/{id}/opinions" "askOpinion"
        Act::Verb(Verb::AskOpinion, Permission::DossierOpinion), ACT, Takes::Json(shape::<OpinionRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Lấy ý kiến cơ quan khác" "Record that another body was asked for its opinion"
    Partner Post "/v1/dossiers/{id}/opinion-answers" "answerOpinion"
        Act::Verb(Verb::AnswerOpinion, Permission::DossierOpinion), ACT, Takes::Json(shape::<OpinionAnswerRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Ghi ý kiến của cơ quan khác" "Record the opinion of another body"
    Partner Post "/v1/dossiers/{id}/early-result" "earlyResult"
        Act::Verb(Verb::EarlyResult, Permission::DossierEarlyResult), ACT, Takes::Json(shape::<EarlyResultRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Báo trước việc trả kết quả sớm" "Tell that the result comes before its due date"
    Partner Post "/v1/dossiers/{id}/losses" "lost"
        Act::Verb(Verb::Lost, Permission::DossierLoss), ACT, Takes::Json(shape::<LossRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Ghi nhận việc mất, hỏng giấy tờ" "Record that papers were lost"
    Partner Post "/v1/dossiers/{id}/payments" "paid"
        Act::Verb(Verb::Paid, Permission::DossierPayment), ACT, Takes::Json(shape::<PaymentRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Ghi nhận thu và nộp phí, lệ phí" "Record a fee that was collected, or paid in"
    Partner Post "/v1/dossiers/{id}/hand-over" "handOver"
        Act::Verb(Verb::HandOver, Permission::DossierHandOver), ACT, Takes::Json(shape::<HandOverRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Trả kết quả cho người nộp" "Record that the applicant has the result"
    Partner Post "/v1/dossiers/{id}/assignment" "assign"
        Act::Verb(Verb::Assign, Permission::DossierAssign), ACT, Takes::Json(shape::<AssignmentRequest>()) => Gives::Json(shape::<DossierSummary>());
        "Phân công cơ quan giải quyết" "Name the responsible agency, with a reason"
    Partner Get "/v1/events" "events"
        Act::Verb(Verb::Events, Permission::EventRead), FEED, Takes::Nothing => Gives::Json(shape::<FeedPage>());
        "Theo dõi sự kiện của hồ sơ mình" "Follow the events of one's own dossiers"
    Partner Get "/v1/inbox" "inbox"
        Act::Verb(Verb::Inbox, Permission::InboxTake), TAKE, Takes::Nothing => Gives::Json(shape::<InboxPage>());
        "Nhận hồ sơ được chuyển đến" "Take what waits for the agency, on a lease"
    Partner Post "/v1/inbox/settle" "settle"
        Act::Verb(Verb::Settle, Permission::InboxTake), &[], Takes::Json(shape::<SettleRequest>()) => Gives::Json(shape::<SettleAnswer>());
        "Xác nhận đã nhận bản tin" "Settle leased messages"
    Partner Post "/v1/statuses" "report"
        Act::Verb(Verb::Report, Permission::StatusReport), REPORT, Takes::Document => Gives::Chosen(200, shape::<StatusAnswer>());
        "Báo trạng thái hồ sơ" "Report statuses"
    Partner Get "/v1/overview" "overview"
        Act::Verb(Verb::Overview, Permission::HubRead), &[], Takes::Nothing => Gives::Json(shape::<OverviewView>());
        "Số liệu toàn cổng" "Read the hub in numbers"
    Partner Get "/v1/tenants" "tenants"
        Act::Verb(Verb::Tenants, Permission::TenantManage), TENANTS, Takes::Nothing => Gives::Json(shape::<TenantPage>());
        "Danh sách đơn vị" "List tenants"
    Partner Post "/v1/tenants" "registerTenants"
        Act::Verb(Verb::RegisterTenants, Permission::TenantManage), &[], Takes::Json(shape::<RegisterRequest>()) => Gives::Json(shape::<RegisterAnswer>());
        "Đăng ký đơn vị" "Register tenants, all or none"
    Partner Get "/v1/tenants/{key}" "tenant"
        Act::Verb(Verb::Tenant, Permission::TenantManage), TENANT, Takes::Nothing => Gives::Json(shape::<TenantView>());
        "Xem một đơn vị" "Read a tenant: standing, certificates, staff, points"
    Partner Post "/v1/tenants/{key}" "alterTenant"
        Act::Verb(Verb::AlterTenant, Permission::TenantManage), TENANT, Takes::Json(shape::<TenantRequest>()) => Gives::Json(shape::<TenantView>());
        "Sửa tên, định dạng, quy tắc của đơn vị" "Change a tenant's name, formats or policy"
    Partner Post "/v1/tenants/{key}/standing" "stand"
        Act::Verb(Verb::Stand, Permission::TenantManage), TENANT, Takes::Json(shape::<StandingRequest>()) => Gives::Json(shape::<TenantView>());
        "Tạm ngừng, cho hoạt động lại, đóng đơn vị" "Suspend, resume or close a tenant"
    Partner Post "/v1/tenants/{key}/certificates" "certify"
        Act::Verb(Verb::Certify, Permission::TenantManage), TENANT, Takes::Json(shape::<CertificateRequest>()) => Gives::Json(shape::<TenantView>());
        "Thêm hoặc thu hồi chứng thư" "Add a certificate to a tenant, or revoke one"
    Partner Post "/v1/tenants/{key}/staff" "staff"
        Act::Verb(Verb::Staff, Permission::TenantManage), TENANT, Takes::Json(shape::<StaffRequest>()) => Gives::Json(shape::<TenantView>());
        "Thêm hoặc bỏ nhân viên" "Name a person of a tenant, or take one off"
    Partner Post "/v1/tenants/{key}/points" "point"
        Act::Verb(Verb::Point, Permission::TenantManage), TENANT, Takes::Json(shape::<PointRequest>()) => Gives::Json(shape::<TenantView>());
        "Thêm hoặc chấm dứt điểm tiếp nhận" "Add a receiving point to a tenant, or end one"
    Partner Post "/v1/directory/plan" "directoryPlan"
        Act::Verb(Verb::DirectoryPlan, Permission::DirectoryManage), &[], Takes::Json(shape::<DirectoryPlanRequest>()) => Gives::Json(shape::<DirectoryPlanView>());
        "Xem trước thay đổi của danh mục" "What another directory would change"
    Partner Post "/v1/directory" "directoryImport"
        Act::Verb(Verb::DirectoryImport, Permission::DirectoryManage), &[], Takes::Json(shape::<DirectoryImportRequest>()) => Gives::Json(shape::<DirectoryImportAnswer>());
        "Đưa danh mục đã xem trước vào sử dụng" "Put a directory into use whose plan was reviewed"
    Partner Get "/v1/audit" "audit"
        Act::Verb(Verb::Audit, Permission::HubRead), AUDIT, Takes::Nothing => Gives::Json(shape::<AuditPage>());
        "Nhật ký việc của người vận hành" "Read what operators did, newest first"
    Partner Get "/v1/alarms" "alarms"
        Act::Verb(Verb::Alarms, Permission::HubRead), ALARMS, Takes::Nothing => Gives::Json(shape::<AlarmPage>());
        "Thời hạn đã quá, mỗi nguyên nhân một lần" "Read which time limits have passed, each cause once"
    Partner Get "/v1/irregularities" "irregularities"
        Act::Verb(Verb::Irregularities, Permission::HubRead), IRREGULARITIES, Takes::Nothing => Gives::Json(shape::<IrregularityPage>());
        "Việc đã làm dù trái quy định" "Read what was done although a rule was broken"
    Partner Get "/v1/irregularities/counts" "irregularCounts"
        Act::Verb(Verb::IrregularCounts, Permission::HubRead), PERIOD, Takes::Nothing => Gives::Json(shape::<IrregularCounts>());
        "Số việc trái quy định theo ngày và cơ quan" "Count broken rules by day, agency and rule"
    Partner Get "/v1/endpoint" "endpoint"
        Act::Verb(Verb::Endpoint, Permission::EndpointManage), &[], Takes::Nothing => Gives::Json(shape::<EndpointView>());
        "Địa chỉ nhận bản tin của cơ quan" "Read where one's messages are pushed, and how the endpoint fares"
    Partner Put "/v1/endpoint" "setEndpoint"
        Act::Verb(Verb::SetEndpoint, Permission::EndpointManage), &[], Takes::Json(shape::<EndpointRequest>()) => Gives::Json(shape::<EndpointAnswer>());
        "Đặt địa chỉ nhận bản tin" "Say where one's messages are pushed; a new secret is shown once"
    Partner Delete "/v1/endpoint" "removeEndpoint"
        Act::Verb(Verb::RemoveEndpoint, Permission::EndpointManage), &[], Takes::Nothing => Gives::Json(shape::<EndpointView>());
        "Bỏ địa chỉ nhận, chuyển sang lấy từ hộp thư" "Have nothing pushed any more; what waits is pulled from the inbox"
    Partner Get "/v1/endpoints" "endpoints"
        Act::Verb(Verb::Endpoints, Permission::DeliveryManage), &[], Takes::Nothing => Gives::Json(shape::<EndpointList>());
        "Địa chỉ nhận của mọi cơ quan" "Read every agency's endpoint, and which are spared"
    Partner Get "/v1/deliveries" "deliveries"
        Act::Verb(Verb::Deliveries, Permission::DeliveryManage), CARRIED, Takes::Nothing => Gives::Json(shape::<DeliveryPage>());
        "Bản tin gửi cơ quan chưa đến, mặc định là bản tin đã dừng" "List deliveries that failed, with every attempt; the parked ones, when nothing is said"
    Partner Post "/v1/deliveries/resend" "resendDeliveries"
        Act::Verb(Verb::ResendDeliveries, Permission::DeliveryManage), &[], Takes::Json(shape::<ResendRequest>()) => Gives::Json(shape::<ResendAnswer>());
        "Gửi lại những bản tin môi giới đã làm mất" "Send again what the broker has lost"
    Partner Post "/v1/deliveries/{id}/retry" "retryDelivery"
        Act::Verb(Verb::RetryDelivery, Permission::DeliveryManage), DELIVERY, Takes::Json(shape::<RetryRequest>()) => Gives::Json(shape::<DeliveryItem>());
        "Gửi lại một bản tin" "Have a delivery tried again"
    Partner Post "/v1/deliveries/{id}/park" "parkDelivery"
        Act::Verb(Verb::ParkDelivery, Permission::DeliveryManage), DELIVERY, Takes::Json(shape::<ParkRequest>()) => Gives::Json(shape::<DeliveryItem>());
        "Dừng một bản tin" "Park a delivery"
    Partner Get "/v1/subscription" "subscription"
        Act::Verb(Verb::Subscription, Permission::SubscriptionManage), &[], Takes::Nothing => Gives::Json(shape::<SubscriptionView>());
        "Cách nhận thông báo của đơn vị" "Read how one is told of events beside the feed"
    Partner Put "/v1/subscription" "subscribe"
        Act::Verb(Verb::Subscribe, Permission::SubscriptionManage), &[], Takes::Json(shape::<SubscriptionRequest>()) => Gives::Json(shape::<SubscriptionAnswer>());
        "Đăng ký webhook hoặc hàng đợi" "Have events sent to a webhook, or into a queue"
    Partner Post "/v1/subscription/secret" "rotateSecret"
        Act::Verb(Verb::RotateSecret, Permission::SubscriptionManage), &[], Takes::Nothing => Gives::Json(shape::<SecretAnswer>());
        "Đổi khoá ký webhook" "Get a new secret for the webhook; the older signs 24 hours more"
    Partner Post "/v1/subscription/test" "testSubscription"
        Act::Verb(Verb::TestSubscription, Permission::SubscriptionManage), &[], Takes::Json(shape::<WayRequest>()) => Gives::Json(shape::<TestAnswer>());
        "Gửi thử một sự kiện" "Send a test event"
    Partner Post "/v1/subscription/retry" "retryNotices"
        Act::Verb(Verb::RetryNotices, Permission::SubscriptionManage), &[], Takes::Json(shape::<WayRequest>()) => Gives::Json(shape::<NoticeRetryAnswer>());
        "Gửi lại những sự kiện đã dừng" "Send parked events again"
    Partner Get "/v1/subscription/attempts" "noticeAttempts"
        Act::Verb(Verb::NoticeAttempts, Permission::SubscriptionManage), TRIED, Takes::Nothing => Gives::Json(shape::<NoticeAttemptPage>());
        "Các lần gửi sự kiện" "Read the attempts to send events, newest first"
    Partner Delete "/v1/subscription" "unsubscribe"
        Act::Verb(Verb::Unsubscribe, Permission::SubscriptionManage), &[required(WAY)], Takes::Nothing => Gives::Json(shape::<SubscriptionView>());
        "Thôi nhận bằng webhook hoặc hàng đợi" "End a webhook or a queue"
    Partner Get "/v1/subscribers" "subscribers"
        Act::Verb(Verb::Subscribers, Permission::HubRead), &[], Takes::Nothing => Gives::Json(shape::<SubscribersView>());
        "Mọi đơn vị nhận thông báo" "Read every subscriber and what waits for it"
    Partner Get "/v1/subscribers/attempts" "noticeAttemptsOf"
        Act::Verb(Verb::NoticeAttemptsOf, Permission::HubRead), TRIED_OF, Takes::Nothing => Gives::Json(shape::<NoticeAttemptPage>());
        "Các lần gửi sự kiện cho một đơn vị" "Read the attempts to send a subscriber's events"
    Partner Post "/v1/subscribers/retry" "retryNoticesOf"
        Act::Verb(Verb::RetryNoticesOf, Permission::DeliveryManage), &[], Takes::Json(shape::<NoticeRetryRequest>()) => Gives::Json(shape::<NoticeRetryAnswer>());
        "Gửi lại sự kiện đã dừng của một đơn vị" "Send a subscriber's parked events again"

    Web Get "/.well-known/oauth-authorization-server" "metadata"
        Act::Document(Document::Metadata), &[], Takes::Nothing => Gives::Object;
        "Siêu dữ liệu cấp mã" "Authorization server metadata (RFC 8414)"
    Web Get "/.well-known/jwks.json" "wellKnownKeys"
        Act::Document(Document::Keys), &[], Takes::Nothing => Gives::Object;
        "Khoá công khai" "Public keys of tokens and receipts (RFC 7517)"
    Web Get "/oauth2/jwks" "keys"
        Act::Document(Document::Keys), &[], Takes::Nothing => Gives::Object;
        "Khoá công khai" "Public keys of tokens and receipts (RFC 7517)"
    Web Get "/health/live" "live"
        Act::Document(Document::Live), &[], Takes::Nothing => Gives::Object;
        "Cổng đang chạy" "Whether the hub runs"
    Web Get "/health/ready" "ready"
        Act::Document(Document::Ready), &[], Takes::Nothing => Gives::Object;
        "Cổng nhận được hồ sơ" "Whether the hub takes and answers: what a balancer asks"
    Web Get "/health/delivery" "delivery"
        Act::Document(Document::Delivery), &[], Takes::Nothing => Gives::Object;
        "Cổng chuyển được hồ sơ đi" "Whether the hub can carry on what it took: for an alarm, not for a balancer"
    Web Get "/openapi.json" "openapi"
        Act::Document(Document::OpenApi), &[], Takes::Nothing => Gives::Object;
        "Mô tả giao diện HTTP" "This interface as OpenAPI 3.1"
    Web Get "/asyncapi.json" "asyncapi"
        Act::Document(Document::AsyncApi), &[], Takes::Nothing => Gives::Object;
        "Mô tả bản tin" "The messages as AsyncAPI 3"
    Web Get "/" "overviewPage"
        Act::Page(Page::Overview), PAGE, Takes::Nothing => Gives::Bytes("text/html");
        "Trang tổng quan (môi trường thử)" "Overview page (sandbox)"
    Web Get "/dossiers/{id}" "dossierPage"
        Act::Page(Page::Dossier), SEEN, Takes::Nothing => Gives::Bytes("text/html");
        "Trang diễn biến hồ sơ (môi trường thử)" "A dossier's timeline (sandbox)"
    Web Get "/tra-cuu" "lookUpPage"
        Act::Page(Page::LookUp), PAGE, Takes::Nothing => Gives::Bytes("text/html");
        "Trang tra cứu của người dân" "The citizen's look-up"
    Web Post "/tra-cuu" "lookUp"
        Act::Page(Page::LookedUp), PAGE, Takes::Form(&[("id", true), ("secret", true)]) => Gives::Bytes("text/html");
        "Tra cứu hồ sơ bằng mã và mật khẩu trên biên nhận" "Look a dossier up by the id and secret of the receipt"
    Web Get "/errors" "errorsPage"
        Act::Page(Page::Errors), PAGE, Takes::Nothing => Gives::Bytes("text/html");
        "Danh mục lỗi" "All labels"
    Web Get "/errors/{label}" "errorPage"
        Act::Page(Page::Error), LABEL, Takes::Nothing => Gives::Bytes("text/html");
        "Giải thích một lỗi" "One label explained"
    Web Get "/assets/{file}" "asset"
        Act::Page(Page::Asset), ASSET, Takes::Nothing => Gives::Bytes("text/css");
        "Tệp giao diện" "A file of the pages"

    Operations Get "/metrics" "metrics"
        Act::Document(Document::Metrics), &[], Takes::Nothing => Gives::Bytes("text/plain");
        "Số đo" "Prometheus metrics"
    Operations Get "/health/live" "operationsLive"
        Act::Document(Document::Live), &[], Takes::Nothing => Gives::Object;
        "Cổng đang chạy" "Whether the hub runs"
    Operations Get "/health/ready" "operationsReady"
        Act::Document(Document::Ready), &[], Takes::Nothing => Gives::Object;
        "Cổng nhận được hồ sơ" "Whether the hub takes and answers: what a balancer asks"
    Operations Get "/health/delivery" "operationsDelivery"
        Act::Document(Document::Delivery), &[], Takes::Nothing => Gives::Object;
        "Cổng chuyển được hồ sơ đi" "Whether the hub can carry on what it took: for an alarm, not for a balancer"
};

/// The methods a path of a listener takes, as `Allow` says them.
pub fn allowed(listener: Listener, path: &str) -> String {
    let rows = TABLE.iter().filter(|r| r.listener == listener && r.path == path);
    let mut words: Vec<&str> = rows.map(|r| r.method.word()).collect();
    if listener != Listener::Partner && words.contains(&"GET") {
        words.push("HEAD");
    }
    words.join(", ")
}

/// Route × kind of tenant as a table for people: who may call what.
pub fn matrix() -> String {
    use crate::domain::tenant::TenantKind;
    use crate::identity::Permissions;
    let width = TABLE.iter().map(|r| r.path.len()).max().unwrap_or(0);
    let mut out = format!("{:10}  {:4}  {:width$}  {:18}", "listener", "", "route", "needs");
    for kind in TenantKind::ALL {
        out += &format!("  {:10}", kind.word());
    }
    out = format!("{}\n", out.trim_end());
    for route in TABLE {
        let listener = format!("{:?}", route.listener).to_lowercase();
        let needs = match route.act {
            Act::Verb(_, permission) => permission.word(),
            Act::Token => "(certificate)",
            Act::Document(_) | Act::Page(_) => "(nothing)",
        };
        let mut line = format!(
            "{listener:10}  {:4}  {:width$}  {needs:18}",
            route.method.word(),
            route.path
        );
        for kind in TenantKind::ALL {
            let may = route.permission().is_none_or(|p| Permissions::of(kind).holds(p));
            line += &format!("  {:10}", if may { "yes" } else { "-" });
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
