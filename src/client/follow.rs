//! The event feed as a sequence.

use std::collections::VecDeque;
use std::time::Duration;

use super::call::{MAX_WAIT, Partner};
use super::error::ClientError;
use crate::domain::view::{CloudEvent, Cursor, FeedData};

const PAGE: u32 = 200;

/// A hub that is going down answers an open poll at once; this keeps the reader from asking in a tight circle.
const BREATH: Duration = Duration::from_millis(250);

/// The caller's events from a cursor on, page by page, for as long as it is asked.
///
/// After an error the same place is asked for again: nothing is lost, and an event may come twice only to a reader that starts
/// from an older cursor. Deduplicate by event id.
pub struct Follow<'a> {
    partner: &'a Partner,
    cursor: Cursor,
    next: Cursor,
    page: VecDeque<CloudEvent<FeedData>>,
}

impl<'a> Follow<'a> {
    pub(super) fn new(partner: &'a Partner, after: Cursor) -> Self {
        Follow {
            partner,
            cursor: after,
            next: after,
            page: VecDeque::new(),
        }
    }

    /// The next event; waits for it.
    ///
    /// # Errors
    /// As [`Partner::events`], after its repetitions; calling again goes on at the same place.
    pub async fn next(&mut self) -> Result<CloudEvent<FeedData>, ClientError> {
        loop {
            if let Some(event) = self.page.pop_front() {
                return Ok(event);
            }
            self.cursor = self.next;
            let asked = tokio::time::Instant::now();
            let page = self.partner.events(self.cursor, MAX_WAIT, PAGE).await?;
            self.next = page.next;
            self.page = page.events.into();
            if self.page.is_empty() && asked.elapsed() < BREATH {
                tokio::time::sleep(BREATH).await;
            }
        }
    }

    /// Keep this to go on later: everything before it was returned. Events of a page that is not finished come again.
    pub fn cursor(&self) -> Cursor {
        if self.page.is_empty() {
            self.next
        } else {
            self.cursor
        }
    }
}
