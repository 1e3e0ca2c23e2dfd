//! To an endpoint over HTTPS: the event as a CloudEvent in structured mode, signed by the Standard Webhooks rules; 2xx is taken,
//! anything else is for [`retry`] to decide.

use serde::Serialize;

use super::recipient::{Refused, Sent};
use crate::delivery::{cloudevents, retry};
use crate::domain::endpoint::EndpointUrl;
use crate::domain::view::CloudEvent;
use crate::identity::webhook::{WebhookSecret, sign};
use crate::service::Hub;

/// The status by which a receiver says that it is gone for good.
const GONE: u16 = 410;

/// How endpoints of one kind are spoken to, and spoken of.
pub(super) struct Manner {
    /// The media type of a CloudEvent in structured mode.
    pub(super) content_type: &'static str,
    /// What stands before the status where that is the reason of a failure.
    pub(super) status: &'static str,
}

/// Where calls go, and what they are signed with.
pub(super) struct Endpoint {
    pub(super) url: EndpointUrl,
    /// Those that sign now.
    pub(super) secrets: Vec<WebhookSecret>,
    pub(super) manner: &'static Manner,
}

/// One call about one event. The reason of a failure holds nothing that the endpoint said beside its status.
pub(super) async fn call<T: Serialize>(hub: &Hub, to: &Endpoint, event: &CloudEvent<T>) -> Sent {
    let body = cloudevents::structured(event).ok_or_else(Refused::unwritable)?;
    let mut headers = sign(&to.secrets, &event.id, hub.clock.now(), &body).to_vec();
    headers.push(("content-type", to.manner.content_type.to_owned()));
    headers.extend(event.traceparent.clone().map(|context| ("traceparent", context)));
    let answer = hub
        .caller
        .post(&to.url, &headers, body)
        .await
        .map_err(|error| Refused::new(retry::refused_call(&error), error.to_string()))?;
    retry::judge(answer.status).map_err(|failure| Refused {
        failure,
        reason: format!("{}{}", to.manner.status, answer.status),
        asked: answer
            .retry_after
            .and_then(|value| retry::retry_after(&value, hub.clock.now())),
        is_gone: answer.status == GONE,
    })
}
