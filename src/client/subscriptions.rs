//! How a submitter is told beside its feed: its webhook, its queue.

use super::call::{Call, Partner, Repeat};
use super::error::ClientError;
use super::routes::{JSON, json};
use crate::domain::tenant::TenantKey;
use crate::domain::view::{
    NoticeAttemptPage, NoticeRetryAnswer, NoticeRetryRequest, SecretAnswer, SubscribersView,
    SubscriptionAnswer, SubscriptionRequest, SubscriptionView, TestAnswer, Transport, TransportRequest,
};

/// All of these fail as [`ClientError`] says.
impl Partner {
    /// How the caller is told.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn subscription(&self) -> Result<SubscriptionView, ClientError> {
        self.send(&Call::get("/v1/subscription")).await?.json()
    }

    /// Sets a way up, or changes it. Not repeated on a broken line: the first secret of a webhook is shown once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn subscribe(&self, request: &SubscriptionRequest) -> Result<SubscriptionAnswer, ClientError> {
        let call = Call::put("/v1/subscription", JSON, json(request)?);
        self.send(&call).await?.json()
    }

    /// Ends a way. What waits for it is dropped; the feed still has everything.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn unsubscribe(&self, way: Transport) -> Result<SubscriptionView, ClientError> {
        let call = Call::delete("/v1/subscription").query("way", Some(way.word()));
        self.send(&call).await?.json()
    }

    /// A new secret for the webhook; the one before it signs for a day too.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn rotate_secret(&self) -> Result<SecretAnswer, ClientError> {
        let call = Call::post("/v1/subscription/secret", JSON, Vec::new(), Repeat::Unkeyed);
        self.send(&call).await?.json()
    }

    /// Has a test event sent.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn test_subscription(&self, way: Transport) -> Result<TestAnswer, ClientError> {
        self.about_a_way("/v1/subscription/test", way).await?.json()
    }

    /// Has what was given up sent again.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn retry_notices(&self, way: Transport) -> Result<NoticeRetryAnswer, ClientError> {
        self.about_a_way("/v1/subscription/retry", way).await?.json()
    }

    async fn about_a_way(&self, path: &str, way: Transport) -> Result<super::call::Answer, ClientError> {
        let body = json(&TransportRequest { way })?;
        self.send(&Call::post(path, JSON, body, Repeat::Unkeyed)).await
    }

    /// A page of the attempts to send the caller's events, newest first; `before` is `next` of the page before.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn notice_attempts(
        &self,
        way: Option<Transport>,
        before: Option<&str>,
        limit: Option<u32>,
    ) -> Result<NoticeAttemptPage, ClientError> {
        let call = Call::get("/v1/subscription/attempts").query("way", way.map(Transport::word));
        let call = call.query("before", before).query("limit", limit);
        self.send(&call).await?.json()
    }

    /// Every subscriber and what waits for it, for the operator.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn subscribers(&self) -> Result<SubscribersView, ClientError> {
        self.send(&Call::get("/v1/subscribers")).await?.json()
    }

    /// A page of the attempts to send a subscriber's events, for the operator.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn notice_attempts_of(
        &self,
        tenant: &TenantKey,
        before: Option<&str>,
        limit: Option<u32>,
    ) -> Result<NoticeAttemptPage, ClientError> {
        let call = Call::get("/v1/subscribers/attempts").query("tenant", Some(tenant));
        let call = call.query("before", before).query("limit", limit);
        self.send(&call).await?.json()
    }

    /// Has what was given up of a subscriber's sent again, for the operator.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn retry_notices_of(
        &self,
        request: &NoticeRetryRequest,
    ) -> Result<NoticeRetryAnswer, ClientError> {
        let body = json(request)?;
        let call = Call::post("/v1/subscribers/retry", JSON, body, Repeat::Unkeyed);
        self.send(&call).await?.json()
    }
}
