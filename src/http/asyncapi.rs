//! The messages as AsyncAPI 3: what the event feed, the inbox and the broker's queues carry.
//!
//! `schema/api/asyncapi.json` is this document, checked in; a test holds the two equal. Queue and exchange names are the
//! broker's contract with the agencies; they are stated here and kept by the broker's topology.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::domain::view::{AgencyData, CloudEvent, FeedData, NoticeData, StatusRequest};

use super::openapi::{Shapes, pretty};

/// The document, as served and checked in.
pub fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| pretty(&document()))
}

/// Builds the document.
pub fn document() -> Value {
    let mut shapes = Shapes::new();
    let feed = shapes.answer(|g| g.subschema_for::<CloudEvent<FeedData>>());
    let agency = shapes.answer(|g| g.subschema_for::<CloudEvent<AgencyData>>());
    let told = shapes.answer(|g| g.subschema_for::<AgencyData>());
    let status = shapes.answer(|g| g.subschema_for::<StatusRequest>());
    let sent = shapes.answer(|g| g.subschema_for::<CloudEvent<NoticeData>>());
    let queued = shapes.answer(|g| g.subschema_for::<NoticeData>());
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "lienthong messages",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "CloudEvents 1.0, at least once: deduplicate by `id`. `traceparent` is W3C trace context. Attachments travel by reference and digest.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "partner": { "host": "hub.example:8443", "protocol": "https", "description": "Mutual TLS and a bound token." },
            "broker": { "host": "broker.example:5671", "protocol": "amqps", "description": "One user for each partner that consumes by itself." },
            "submitter": { "host": "submitter.example", "protocol": "https", "description": "The submitter's own server; redirects are not followed." },
        },
        "channels": {
            "events": event_feed(),
            "webhook": webhook(),
            "tenantQueue": submitter_queue(),
            "inbox": inbox(),
            "agencyQueue": agency_queue(),
            "statuses": status_exchange(),
        },
        "operations": {
            "tellSubmitter": operation("send", "events", "dossierEvent"),
            "tellSubmitterByWebhook": operation("send", "webhook", "sentEvent"),
            "tellSubmitterByQueue": operation("send", "tenantQueue", "queuedEvent"),
            "tellAgencyByInbox": operation("send", "inbox", "agencyEvent"),
            "tellAgencyByQueue": operation("send", "agencyQueue", "agencyMessage"),
            "hearStatuses": operation("receive", "statuses", "statusReport"),
        },
        "components": {
            "messages": {
                "DossierEvent": message("What a submitter is told of an event", &feed),
                "SentEvent": sent_event(&sent),
                "QueuedEvent": queued_event(&queued),
                "AgencyEvent": message("What an agency is told of an event", &agency),
                "AgencyMessage": agency_message(&told),
                "StatusReport": status_report(&status),
            },
            "schemas": shapes.named(&mut Value::Null),
        },
    })
}

fn event_feed() -> Value {
    json!({
        "address": "/v1/events",
        "title": "The event feed of a submitter",
        "description": "GET with a cursor (`after`) and a wait in seconds.",
        "servers": [{ "$ref": "#/servers/partner" }],
        "messages": { "dossierEvent": { "$ref": "#/components/messages/DossierEvent" } },
        "bindings": { "http": { "bindingVersion": "0.3.0" } },
    })
}

fn webhook() -> Value {
    json!({
        "address": null,
        "title": "The webhook of a submitter that asked for one",
        "description": "POST to the address of PUT /v1/subscription, signed by the Standard Webhooks rules. Any 2xx is \
            taken as delivered, 410 disables the webhook, everything else is tried again.",
        "servers": [{ "$ref": "#/servers/submitter" }],
        "messages": { "sentEvent": { "$ref": "#/components/messages/SentEvent" } },
        "bindings": { "http": { "bindingVersion": "0.3.0" } },
    })
}

fn submitter_queue() -> Value {
    json!({
        "address": "tenant.{tenant}",
        "title": "The queue of a submitter that asked for one",
        "description": "Quorum queue bound to the topic exchange `events`.",
        "parameters": { "tenant": { "description": "The tenant's name, as `branch.tay-ho`." } },
        "servers": [{ "$ref": "#/servers/broker" }],
        "messages": { "queuedEvent": { "$ref": "#/components/messages/QueuedEvent" } },
        "bindings": { "amqp": {
            "is": "queue",
            "queue": { "durable": true, "exclusive": false, "autoDelete": false },
            "bindingVersion": "0.3.0",
        } },
    })
}

fn inbox() -> Value {
    json!({
        "address": "/v1/inbox",
        "title": "The inbox of an agency that pulls",
        "description": "GET leases messages; POST /v1/inbox/settle says how each ended.",
        "servers": [{ "$ref": "#/servers/partner" }],
        "messages": { "agencyEvent": { "$ref": "#/components/messages/AgencyEvent" } },
        "bindings": { "http": { "bindingVersion": "0.3.0" } },
    })
}

fn agency_queue() -> Value {
    json!({
        "address": "agency.{key}",
        "title": "The queue of an agency that consumes by itself",
        "description": "Quorum queue bound to the topic exchange `dossiers`.",
        "parameters": { "key": { "description": "Stable key of the agency." } },
        "servers": [{ "$ref": "#/servers/broker" }],
        "messages": { "agencyMessage": { "$ref": "#/components/messages/AgencyMessage" } },
        "bindings": { "amqp": {
            "is": "queue",
            "queue": { "durable": true, "exclusive": false, "autoDelete": false },
            "bindingVersion": "0.3.0",
        } },
    })
}

fn status_exchange() -> Value {
    json!({
        "address": "statuses",
        "title": "Statuses of agencies",
        "description": "Topic exchange. An agency publishes with its own key as routing key and its own user as \
            `user-id`; a message without it is rejected.",
        "servers": [{ "$ref": "#/servers/broker" }],
        "messages": { "statusReport": { "$ref": "#/components/messages/StatusReport" } },
        "bindings": { "amqp": {
            "is": "routingKey",
            "exchange": { "name": "statuses", "type": "topic", "durable": true, "autoDelete": false },
            "bindingVersion": "0.3.0",
        } },
    })
}

fn operation(action: &str, channel: &str, message: &str) -> Value {
    json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": [{ "$ref": format!("#/channels/{channel}/messages/{message}") }],
    })
}

fn message(title: &str, payload: &Value) -> Value {
    json!({ "title": title, "contentType": "application/cloudevents+json", "payload": payload })
}

fn sent_event(payload: &Value) -> Value {
    json!({
        "title": "What a submitter is told of an event, by its webhook",
        "contentType": "application/cloudevents+json",
        "description": "The event of the feed, with the same `id`; or a test event of type `vn.lienthong.subscription.test`.",
        "headers": { "type": "object", "required": ["webhook-id", "webhook-timestamp", "webhook-signature"], "properties": {
            "webhook-id": { "type": "string", "description": "The event's `id`; the same in every attempt. Deduplicate by it." },
            "webhook-timestamp": { "type": "string", "pattern": "^[0-9]+$", "description": "Seconds since 1970 of this attempt." },
            "webhook-signature": { "type": "string", "description": "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; one for each live secret, separated by spaces." },
        } },
        "payload": payload,
    })
}

fn queued_event(payload: &Value) -> Value {
    json!({
        "title": "What a submitter is told of an event, in its own queue",
        "contentType": "application/json",
        "description": "CloudEvents 1.0 in the binary mode of the AMQP binding: the attributes are headers \
            `cloudEvents:specversion`, `:id`, `:source`, `:type`, `:subject`, `:time`; the body is the data. \
            `message-id` is the event's id; deduplicate by it.",
        "payload": payload,
    })
}

fn agency_message(payload: &Value) -> Value {
    json!({
        "title": "What an agency is told of an event, in its own queue",
        "contentType": "application/json",
        "description": "CloudEvents 1.0 in the binary mode of the AMQP binding: the attributes are headers \
            `cloudEvents:specversion`, `:id`, `:source`, `:type`, `:subject`, `:time`; the body is the data. \
            `message-id` is the delivery; deduplicate by it.",
        "payload": payload,
    })
}

fn status_report(payload: &Value) -> Value {
    json!({
        "title": "Statuses an agency reports",
        "contentType": "application/json",
        "description": "In canonical form, or in the agency's own registered format.",
        "payload": payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi::tests::{collect, fresh};

    #[test]
    fn the_checked_in_document_is_fresh_and_its_references_lead_somewhere() {
        let document = document();
        let mut references = Vec::new();
        collect(&document, &mut references);
        for reference in references {
            assert!(
                document.pointer(reference.strip_prefix('#').unwrap()).is_some(),
                "{reference}"
            );
        }
        fresh("schema/api/asyncapi.json", text());
    }
}
