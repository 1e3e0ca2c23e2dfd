//! Reading a body line by line (NDJSON), however long it is: never more than a line and a piece of the network in memory.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures_util::stream::{Stream, unfold};

use super::body::Pace;
use crate::domain::rejection::{Rejection, problems};
use crate::http::limits::{BATCH_BYTES, BATCH_ITEMS, BATCH_TIME, DOCUMENT_BYTES};
use crate::http::line::Other;
use crate::service::batch::{BatchItem, ItemPlace};

/// Why a body was not read to its end; empty while it is read, and when it was. Keeps what is left of it as long as there are answers,
/// so that nobody reads on for nothing.
#[derive(Clone, Default)]
pub(in crate::http) struct Ending(Rc<RefCell<Ended>>);

#[derive(Default)]
struct Ended {
    reason: Option<Rejection>,
    left: Option<Payload>,
}

impl Ending {
    /// Has it end here. What still comes of the body is let go, so that its sender gets to reading.
    pub(in crate::http) fn because(&self, rejection: Rejection) {
        self.0.borrow_mut().reason = Some(rejection);
    }

    fn has_come(&self) -> bool {
        self.0.borrow().reason.is_some()
    }

    /// Takes the reason, if there is one.
    pub(in crate::http) fn reason(&self) -> Option<Rejection> {
        self.0.borrow_mut().reason.take()
    }
}

/// The lines of a body as items, each with its number.
pub(super) fn read(
    payload: Payload,
    other: Option<Rc<Other>>,
    ending: Ending,
) -> impl Stream<Item = BatchItem> {
    let state = Reading {
        payload: Some(payload),
        other,
        ending,
        lines: Lines::default(),
        items: 0,
        pace: Pace::of_documents(BATCH_TIME),
    };
    unfold(state, async |mut state| {
        let item = state.next().await?;
        Some((item, state))
    })
}

struct Reading {
    payload: Option<Payload>,
    other: Option<Rc<Other>>,
    ending: Ending,
    lines: Lines,
    items: u64,
    pace: Pace,
}

impl Reading {
    async fn next(&mut self) -> Option<BatchItem> {
        loop {
            if self.ending.has_come() {
                self.let_go().await;
                return None;
            }
            if let Some(item) = self.lines.next() {
                return self.counted(item).await;
            }
            if self.lines.ended {
                return None;
            }
            match self.piece().await {
                Err(late) => return self.broken(late),
                Ok(Some(Ok(piece))) => {
                    if self.lines.push(&piece) > BATCH_BYTES {
                        return self.broken(problems::BodyTooLarge { limit: &BATCH_BYTES });
                    }
                }
                Ok(Some(Err(_))) => {
                    let received = self.lines.read;
                    return self.broken(problems::BodyBroken { received: &received });
                }
                Ok(None) => self.lines.ended = true,
            }
        }
    }

    /// Reads what still comes and forgets it, within what any batch may send. Why the batch ended stays as it was said.
    async fn let_go(&mut self) {
        let mut read = self.lines.read;
        while !self.lines.ended && read <= BATCH_BYTES {
            match self.piece().await {
                Ok(Some(Ok(piece))) => read += piece.len(),
                _ => break,
            }
        }
        self.lines = Lines {
            ended: true,
            ..Lines::default()
        };
    }

    async fn counted(&mut self, item: BatchItem) -> Option<BatchItem> {
        self.items += 1;
        if self.items <= BATCH_ITEMS {
            return Some(item);
        }
        let problem = problems::TooManyItems {
            field: &"batch",
            limit: &BATCH_ITEMS,
        };
        self.ending.because(problem.into());
        self.let_go().await;
        None
    }

    /// The next piece; none when there is nothing to read from.
    async fn piece(&mut self) -> Result<Option<Result<Bytes, PayloadError>>, problems::RequestTimeout> {
        match &mut self.payload {
            Some(payload) => self.pace.next(payload, self.other.as_deref()).await,
            None => Ok(None),
        }
    }

    fn broken(&mut self, why: impl Into<Rejection>) -> Option<BatchItem> {
        self.ending.because(why.into());
        self.lines = Lines {
            ended: true,
            ..Lines::default()
        };
        None
    }
}

impl Drop for Reading {
    /// The batch has been read: from now on its answers are waited for as any other.
    fn drop(&mut self) {
        if let Some(other) = &self.other {
            other.be_usual();
        }
        self.ending.0.borrow_mut().left = self.payload.take();
    }
}

/// Bytes in, lines out. A line longer than a document is let go while it comes, and told as too long.
#[derive(Default)]
struct Lines {
    waiting: Vec<u8>,
    /// Where the first line that was not given begins in `waiting`.
    begin: usize,
    /// Up to where no end of a line was found.
    searched: usize,
    number: u64,
    overlong: bool,
    read: usize,
    ended: bool,
}

impl Lines {
    /// Takes a piece; says how many bytes came in all.
    fn push(&mut self, piece: &[u8]) -> usize {
        self.waiting.drain(..self.begin);
        self.searched -= self.begin;
        self.begin = 0;
        self.waiting.extend_from_slice(piece);
        self.read += piece.len();
        self.read
    }

    /// The next line that is not empty.
    fn next(&mut self) -> Option<BatchItem> {
        loop {
            let line = self.line()?;
            self.number += 1;
            let place = ItemPlace::Line(self.number);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if std::mem::take(&mut self.overlong) || line.len() > DOCUMENT_BYTES {
                let document = Err(problems::BodyTooLarge {
                    limit: &DOCUMENT_BYTES,
                }
                .into());
                return Some(BatchItem { place, document });
            }
            // A byte order mark belongs to the body, not to its first document.
            let line = match (self.number, line.strip_prefix(b"\xef\xbb\xbf")) {
                (1, Some(rest)) => rest,
                _ => line,
            };
            let line = line.trim_ascii();
            if !line.is_empty() {
                let document = Ok(line.to_vec());
                return Some(BatchItem { place, document });
            }
        }
    }

    /// The next line without its end, empty where it was let go.
    fn line(&mut self) -> Option<Vec<u8>> {
        let found = self.waiting[self.searched..].iter().position(|b| *b == b'\n');
        match found {
            Some(at) => {
                let end = self.searched + at;
                let line = self.waiting[self.begin..end].to_vec();
                (self.begin, self.searched) = (end + 1, end + 1);
                Some(line)
            }
            None => {
                self.searched = self.waiting.len();
                // One more than a document: the carriage return of a line that is exactly one.
                if self.searched - self.begin > DOCUMENT_BYTES + 1 {
                    self.overlong = true;
                    self.begin = self.searched;
                }
                let rest = self.ended && (self.overlong || self.begin < self.searched);
                rest.then(|| {
                    let line = self.waiting[self.begin..].to_vec();
                    self.begin = self.searched;
                    line
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Label;

    /// What a body of these pieces gives: number, and length or label.
    fn of(pieces: &[&[u8]]) -> Vec<(u64, Result<Vec<u8>, Label>)> {
        let mut lines = Lines::default();
        let mut given = Vec::new();
        let mut take = |lines: &mut Lines| {
            while let Some(item) = lines.next() {
                given.push((item.place.number(), item.document.map_err(|p| p.label)));
            }
        };
        for piece in pieces {
            lines.push(piece);
            take(&mut lines);
            assert!(
                lines.waiting.len() - lines.begin <= DOCUMENT_BYTES + 1,
                "more is kept than a document"
            );
        }
        lines.ended = true;
        take(&mut lines);
        given
    }

    fn text(line: &str) -> Result<Vec<u8>, Label> {
        Ok(line.as_bytes().to_vec())
    }

    #[test]
    fn lines_are_the_same_however_they_come() {
        let body = b"\xef\xbb\xbf{\"a\":1}\r\n\n  \r\n{\"b\":2}\n{\"c\":3}";
        let expected = vec![
            (1, text("{\"a\":1}")),
            (4, text("{\"b\":2}")),
            (5, text("{\"c\":3}")),
        ];
        for size in 1..=body.len() {
            assert_eq!(of(&body.chunks(size).collect::<Vec<_>>()), expected, "{size}");
        }
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[b"\n\r\n \n"]), []);
    }

    #[test]
    fn a_line_of_a_document_s_length_is_one_and_a_longer_one_spoils_no_other() {
        let full = vec![b'x'; DOCUMENT_BYTES];
        let over = vec![b'x'; 2 * DOCUMENT_BYTES];
        let just_over = vec![b'x'; DOCUMENT_BYTES + 1];
        let body = [&full[..], b"\r\n", &over, b"\nb\n", &just_over, b"\nc\n", &over].concat();
        let long = DOCUMENT_BYTES;
        for size in [4096, 65_536, long + 2] {
            let given: Vec<_> = of(&body.chunks(size).collect::<Vec<_>>())
                .into_iter()
                .map(|(number, line)| (number, line.map(|l| l.len())))
                .collect();
            let over = Err(Label::BodyTooLarge);
            let expected = [
                (1, Ok(long)),
                (2, over),
                (3, Ok(1)),
                (4, over),
                (5, Ok(1)),
                (6, over),
            ];
            assert_eq!(given, expected, "{size}");
        }
    }
}
