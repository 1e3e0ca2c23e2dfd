//! The agency that is called: it says where, keeps the secret, and answers when a message's dossier is begun.

use std::time::Duration;

use super::desk::ArrivalPath;
use super::mailboxes::Mailboxes;
use super::office::SECOND;
use super::work::Work;
use crate::domain::view::{AgencyData, CloudEvent, EndpointRequest};

/// No message for so long: what still waited has been brought.
const QUIET: Duration = Duration::from_secs(5);

/// Takes the agency's messages for ever.
pub(super) async fn answer(mailboxes: &Mailboxes, mut work: Work) {
    let office = work.office.clone();
    let tenant = office.partner.tenant();
    let request = EndpointRequest {
        url: mailboxes.url(tenant),
        // The secret of an earlier start is gone with it.
        new_secret: true,
    };
    let secret = loop {
        match office
            .partner
            .set_endpoint(&request)
            .await
            .map(|answer| answer.secret)
        {
            Ok(Some(secret)) => break secret,
            Ok(None) => office.tally.fault("endpoint: no secret"),
            Err(error) => office.fault("endpoint", &error),
        }
        tokio::time::sleep(2 * SECOND).await;
    };
    let mut calls = mailboxes.open_box(tenant, secret);
    loop {
        match tokio::time::timeout(QUIET, calls.recv()).await {
            Ok(Some(call)) => {
                let status = take(&call.body, &mut work);
                call.answer(status);
            }
            Ok(None) => return,
            Err(_) => work.resume_left_over(),
        }
    }
}

fn take(body: &[u8], work: &mut Work) -> u16 {
    let Ok(event) = serde_json::from_slice::<CloudEvent<AgencyData>>(body) else {
        work.office.tally.fault("message unreadable");
        return 422;
    };
    match work.take(&event.data, ArrivalPath::Push) {
        Ok(()) => 204,
        Err(_) => 422,
    }
}
