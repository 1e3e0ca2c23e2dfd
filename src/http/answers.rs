//! What a batch has answered and the client has not taken yet.
//!
//! Many clients send everything before they read anything. If the hub read no further while an answer lies untaken, both sides
//! would wait for each other; so answers are kept here, within a bound, while the batch goes on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use futures_util::stream::{Stream, poll_fn};

use super::limits::{ANSWERS_OF_ALL, ANSWERS_OF_ONE};

/// Bytes of answers that lie here, of all batches of a hub.
pub(super) type Untaken = Arc<AtomicUsize>;

/// One batch is always allowed so much, however full the hub is.
const SHARE: usize = 65_536;

#[derive(Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    taken: u64,
    ended: bool,
    gone: bool,
    taker: Option<Waker>,
    writer: Option<Waker>,
}

/// Where answers are put.
pub(super) struct Answers {
    waiting: Rc<RefCell<Waiting>>,
    all: Untaken,
}

/// Whoever takes them.
struct Taker {
    waiting: Rc<RefCell<Waiting>>,
    all: Untaken,
}

/// An empty place, and the stream that empties it.
pub(super) fn answers(all: &Untaken) -> (Answers, impl Stream<Item = Vec<u8>> + use<>) {
    let waiting = Rc::<RefCell<Waiting>>::default();
    let taker = Taker {
        waiting: Rc::clone(&waiting),
        all: Arc::clone(all),
    };
    let all = Arc::clone(all);
    (
        Answers { waiting, all },
        poll_fn(move |cx| taker.take(cx.waker())),
    )
}

impl Taker {
    fn take(&self, waker: &Waker) -> Poll<Option<Vec<u8>>> {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(line) = waiting.lines.pop_front() {
            waiting.bytes -= line.len();
            waiting.taken += 1;
            self.all.fetch_sub(line.len(), Ordering::Relaxed);
            if let Some(writer) = waiting.writer.take() {
                writer.wake();
            }
            return Poll::Ready(Some(line));
        }
        if waiting.ended {
            return Poll::Ready(None);
        }
        waiting.taker = Some(waker.clone());
        Poll::Pending
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        let mut waiting = self.waiting.borrow_mut();
        self.all.fetch_sub(waiting.bytes, Ordering::Relaxed);
        (waiting.bytes, waiting.gone) = (0, true);
        waiting.lines.clear();
        if let Some(writer) = waiting.writer.take() {
            writer.wake();
        }
    }
}

impl Answers {
    /// Puts an answer.
    pub(super) fn put(&self, line: Vec<u8>) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.gone {
            return;
        }
        waiting.bytes += line.len();
        self.all.fetch_add(line.len(), Ordering::Relaxed);
        waiting.lines.push_back(line);
        if let Some(taker) = waiting.taker.take() {
            taker.wake();
        }
    }

    /// How many lines were taken.
    pub(super) fn taken(&self) -> u64 {
        self.waiting.borrow().taken
    }

    /// Whether no more should be put before something is taken.
    pub(super) fn full(&self) -> bool {
        full(&self.waiting.borrow(), &self.all)
    }

    /// Waits until there is room, or nobody takes anything any more.
    pub(super) async fn room(&self) {
        self.until(|waiting, all| waiting.gone || !full(waiting, all))
            .await;
    }

    /// Waits until nobody takes anything any more.
    pub(super) async fn gone(&self) {
        self.until(|waiting, _| waiting.gone).await;
    }

    async fn until(&self, come: impl Fn(&Waiting, &AtomicUsize) -> bool) {
        std::future::poll_fn(|cx| {
            let mut waiting = self.waiting.borrow_mut();
            if come(&waiting, &self.all) {
                return Poll::Ready(());
            }
            waiting.writer = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Answers {
    /// What was put is all there is.
    fn drop(&mut self) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.ended = true;
        if let Some(taker) = waiting.taker.take() {
            taker.wake();
        }
    }
}

fn full(waiting: &Waiting, all: &AtomicUsize) -> bool {
    waiting.bytes >= ANSWERS_OF_ONE
        || (waiting.bytes >= SHARE && all.load(Ordering::Relaxed) >= ANSWERS_OF_ALL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, StreamExt as _};

    #[test]
    fn answers_are_kept_in_order_within_a_bound_and_counted_once() {
        let all = Untaken::default();
        let (put, taken) = answers(&all);
        let mut taken = Box::pin(taken);
        assert!(taken.next().now_or_never().is_none());
        put.put(vec![1; ANSWERS_OF_ONE - 1]);
        assert!(!put.full());
        put.put(vec![2; 1]);
        assert!(put.full() && put.room().now_or_never().is_none());
        assert_eq!(all.load(Ordering::Relaxed), ANSWERS_OF_ONE);
        assert_eq!(
            taken.next().now_or_never().unwrap().unwrap().len(),
            ANSWERS_OF_ONE - 1
        );
        assert!(!put.full() && put.room().now_or_never().is_some() && put.taken() == 1);
        put.put(vec![3; 2]);
        drop(put);
        let rest: Vec<_> = taken.by_ref().collect::<Vec<_>>().now_or_never().unwrap();
        assert_eq!(rest, [vec![2; 1], vec![3; 2]]);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_full_hub_leaves_each_batch_its_share() {
        let all = Untaken::default();
        all.store(ANSWERS_OF_ALL, Ordering::Relaxed);
        let (put, _taken) = answers(&all);
        put.put(vec![0; SHARE - 1]);
        assert!(!put.full());
        put.put(vec![0; 1]);
        assert!(put.full());
    }

    #[test]
    fn when_the_taker_goes_nothing_stays_and_the_writer_knows() {
        let all = Untaken::default();
        let (put, taken) = answers(&all);
        put.put(vec![0; 100]);
        assert!(put.gone().now_or_never().is_none());
        drop(taken);
        assert!(put.gone().now_or_never().is_some());
        put.put(vec![0; 100]);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
