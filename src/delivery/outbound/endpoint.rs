//! To a webhook: the CloudEvent of the feed in the structured mode of its HTTP binding, signed by the Standard Webhooks rules.

use super::Sent;
use crate::delivery::retry::{judge, refused_call, retry_after};
use crate::domain::endpoint::EndpointUrl;
use crate::domain::failure::Failure;
use crate::domain::view::{CloudEvent, NoticeData};
use crate::identity::webhook::{WebhookSecret, sign};
use crate::service::Hub;

/// The status by which a receiver says that it is gone for good.
const GONE: u16 = 410;

/// One call about one event.
pub(super) async fn send(
    hub: &Hub,
    url: &EndpointUrl,
    secrets: &[WebhookSecret],
    event: &CloudEvent<NoticeData>,
) -> Sent {
    let Ok(body) = serde_json::to_vec(event) else {
        return Sent::failed(Failure::Unrenderable, "the event cannot be written");
    };
    let mut headers = vec![("content-type", "application/cloudevents+json".to_owned())];
    headers.extend(sign(secrets, &event.id, hub.clock().now(), &body));
    match hub.caller().post(url, &headers, body).await {
        Ok(answer) if answer.status == GONE => Sent::Gone,
        Ok(answer) => match judge(answer.status) {
            Ok(()) => Sent::Delivered,
            Err(failure) => Sent::Failed {
                failure,
                reason: Some(format!("HTTP {}", answer.status)),
                asked: answer
                    .retry_after
                    .and_then(|value| retry_after(&value, hub.clock().now())),
            },
        },
        Err(error) => Sent::failed(refused_call(&error), error.to_string()),
    }
}
