//! How an event travels: CloudEvents 1.0 in the structured mode of its HTTP binding, and in the binary mode of its AMQP binding.

use serde::Serialize;

use crate::broker::{Envelope, Target};
use crate::domain::view::CloudEvent;

/// What stands before the name of an attribute in the application properties of an AMQP message.
const PREFIX: &str = "cloudEvents:";

/// The body of structured mode, attributes and data in one; none for an event that cannot be written.
pub(super) fn structured<T: Serialize>(event: &CloudEvent<T>) -> Option<Vec<u8>> {
    serde_json::to_vec(event).ok()
}

/// The message of binary mode: the attributes are headers, `data` is the body as it is. The broker knows it by `message_id`.
pub(super) fn binary<T>(event: &CloudEvent<T>, message_id: String, to: Target, data: Vec<u8>) -> Envelope {
    let time = event.time.to_string();
    let attributes = [
        ("specversion", &event.specversion),
        ("id", &event.id),
        ("source", &event.source),
        ("type", &event.kind),
        ("subject", &event.subject),
        ("time", &time),
    ];
    let headers = attributes.map(|(name, value)| (format!("{PREFIX}{name}"), value.clone()));
    Envelope {
        message_id,
        to,
        kind: event.kind.clone(),
        headers: headers.into(),
        content_type: event.datacontenttype.clone(),
        body: data.into(),
        expires: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn both_modes_say_the_same_of_an_event() {
        let event = CloudEvent {
            specversion: "1.0".to_owned(),
            id: "evt_1".to_owned(),
            source: "https://hub.example.vn".to_owned(),
            kind: "vn.lienthong.dossier.filed".to_owned(),
            subject: "dos_1".to_owned(),
            time: "2026-11-24T08:00:00+07:00".parse().unwrap(),
            datacontenttype: "application/json".to_owned(),
            traceparent: None,
            data: json!({ "status": "received" }),
        };
        let whole: Value = serde_json::from_slice(&structured(&event).unwrap()).unwrap();
        let to = Target::Agency("ubnd-00004".parse().unwrap());
        let data = serde_json::to_vec(&event.data).unwrap();
        let message = binary(&event, "dlv_1".to_owned(), to, data);
        let mut said: Vec<(String, String)> = message.headers.clone();
        said.push(("cloudEvents:datacontenttype".to_owned(), message.content_type));
        for (name, value) in &said {
            let attribute = name.strip_prefix(PREFIX).unwrap();
            assert_eq!(whole[attribute].as_str(), Some(value.as_str()), "{name}");
        }
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        assert_eq!(
            (said.len() + 1, body),
            (whole.as_object().unwrap().len(), event.data)
        );
        assert_eq!((message.message_id.as_str(), message.kind), ("dlv_1", event.kind));
    }
}
