//! How a submitter is told beside its feed.

use crate::domain::rejection::problems;
use crate::domain::view::{
    NoticeAttemptPage, NoticeRetryAnswer, NoticeRetryRequest, SecretAnswer, SubscribersView,
    SubscriptionAnswer, SubscriptionRequest, SubscriptionView, TestAnswer, Transport, TransportRequest,
};
use crate::http::extract::Authed;
use crate::http::limits::ATTEMPT_PAGE;
use crate::http::reply::{Outcome, Reply};
use crate::http::routes::parameters::{TRIED, TRIED_OF, WAY, required};
use crate::http::routes::row::{Gives, Takes, shape};
use crate::http::v1::served::{Served, served};

/// Its routes.
pub(super) const ROUTES: &[Served] = served! {
    Get "/v1/subscription" "subscription"
        SubscriptionManage read, &[], Takes::Nothing => Gives::Json(shape::<SubscriptionView>());
        "Cách nhận thông báo của đơn vị" "Read how one is told of events beside the feed"
    Put "/v1/subscription" "subscribe"
        SubscriptionManage subscribe, &[], Takes::Json(shape::<SubscriptionRequest>()) => Gives::Json(shape::<SubscriptionAnswer>());
        "Đăng ký webhook hoặc hàng đợi" "Have events sent to a webhook, or into a queue"
    Post "/v1/subscription/secret" "rotateSecret"
        SubscriptionManage secret, &[], Takes::Nothing => Gives::Json(shape::<SecretAnswer>());
        "Đổi khóa ký webhook" "Get a new secret for the webhook; the older signs 24 hours more"
    Post "/v1/subscription/test" "testSubscription"
        SubscriptionManage test, &[], Takes::Json(shape::<TransportRequest>()) => Gives::Json(shape::<TestAnswer>());
        "Gửi thử một sự kiện" "Send a test event"
    Post "/v1/subscription/retry" "retryNotices"
        SubscriptionManage retry, &[], Takes::Json(shape::<TransportRequest>()) => Gives::Json(shape::<NoticeRetryAnswer>());
        "Gửi lại những sự kiện đã dừng" "Send parked events again"
    Get "/v1/subscription/attempts" "noticeAttempts"
        SubscriptionManage attempts, TRIED, Takes::Nothing => Gives::Json(shape::<NoticeAttemptPage>());
        "Các lần gửi sự kiện" "Read the attempts to send events, newest first"
    Delete "/v1/subscription" "unsubscribe"
        SubscriptionManage unsubscribe, &[required(WAY)], Takes::Nothing => Gives::Json(shape::<SubscriptionView>());
        "Thôi nhận bằng webhook hoặc hàng đợi" "End a webhook or a queue"
    Get "/v1/subscribers" "subscribers"
        HubRead subscribers, &[], Takes::Nothing => Gives::Json(shape::<SubscribersView>());
        "Mọi đơn vị nhận thông báo" "Read every subscriber and what waits for it"
    Get "/v1/subscribers/attempts" "noticeAttemptsOf"
        HubRead attempts_of, TRIED_OF, Takes::Nothing => Gives::Json(shape::<NoticeAttemptPage>());
        "Các lần gửi sự kiện cho một đơn vị" "Read the attempts to send a subscriber's events"
    Post "/v1/subscribers/retry" "retryNoticesOf"
        DeliveryManage retry_of, &[], Takes::Json(shape::<NoticeRetryRequest>()) => Gives::Json(shape::<NoticeRetryAnswer>());
        "Gửi lại sự kiện đã dừng của một đơn vị" "Send a subscriber's parked events again"
};

const WAYS: &str = "webhook, queue";

async fn read(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().subscriptions.show(authed.access()).await?)
}

async fn subscribe(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(
        &authed
            .hub()
            .subscriptions
            .subscribe(authed.access(), request)
            .await?,
    )
}

async fn unsubscribe(authed: Authed) -> Outcome {
    let way: Option<Transport> = authed.query()?.get("way", WAYS)?;
    let missing = problems::QueryMalformed {
        parameter: &"way",
        expected: &WAYS,
    };
    let way = way.ok_or(missing)?;
    Reply::json(
        &authed
            .hub()
            .subscriptions
            .unsubscribe(authed.access(), way)
            .await?,
    )
}

async fn secret(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().subscriptions.rotate_secret(authed.access()).await?)
}

async fn test(authed: Authed) -> Outcome {
    let (TransportRequest { way }, _, authed) = authed.json().await?;
    Reply::json(&authed.hub().subscriptions.test(authed.access(), way).await?)
}

async fn retry(authed: Authed) -> Outcome {
    let (TransportRequest { way }, _, authed) = authed.json().await?;
    Reply::json(
        &authed
            .hub()
            .subscriptions
            .retry_own_notices(authed.access(), way)
            .await?,
    )
}

async fn attempts(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let way = query.get("way", WAYS)?;
    let before = query.get("before", "next")?;
    let limit = query
        .number("limit", 1, ATTEMPT_PAGE.0)?
        .unwrap_or(ATTEMPT_PAGE.1);
    let page = authed
        .hub()
        .subscriptions
        .own_notice_attempts(authed.access(), way, before, limit)
        .await?;
    Reply::json(&page)
}

async fn subscribers(authed: Authed) -> Outcome {
    Reply::json(&authed.hub().subscriptions.subscribers(authed.access()).await?)
}

async fn attempts_of(authed: Authed) -> Outcome {
    let query = authed.query()?;
    let missing = problems::QueryMalformed {
        parameter: &"tenant",
        expected: &"branch.tay-ho",
    };
    let tenant = query.get("tenant", "branch.tay-ho")?.ok_or(missing)?;
    let before = query.get("before", "next")?;
    let limit = query
        .number("limit", 1, ATTEMPT_PAGE.0)?
        .unwrap_or(ATTEMPT_PAGE.1);
    let page = authed
        .hub()
        .subscriptions
        .notice_attempts_of(authed.access(), &tenant, before, limit)
        .await?;
    Reply::json(&page)
}

async fn retry_of(authed: Authed) -> Outcome {
    let (request, _, authed) = authed.json().await?;
    Reply::json(
        &authed
            .hub()
            .subscriptions
            .retry_notices_of(authed.access(), request)
            .await?,
    )
}
