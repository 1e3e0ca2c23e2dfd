//! One connection as the interface sees it: bytes in and out, and what a request of it has to know of the other side.
//!
//! A client may close its sending half as soon as it has sent everything (RFC 9112, 9.6: its requests are still answered). To the
//! server below that is the same as being gone: it gives up a body of which it holds more than it has taken apart. So the end is
//! kept back here while a request is in work, until whoever reads its body asks for it; and whoever only waits for news is told
//! that nobody will wait any longer.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::service::Left;

use super::concurrency::Slot;
use super::limits;

/// What carries the bytes.
pub(super) enum Carrier {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS on it.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Carrier {
    fn socket(&self) -> &TcpStream {
        match self {
            Carrier::Plain(socket) => socket,
            Carrier::Tls(stream) => stream.get_ref().0,
        }
    }
}

/// What the requests of a connection share with it.
#[derive(Default)]
pub(super) struct Other {
    /// Whether the other side sends nothing more.
    left: Arc<Left>,
    /// Requests in work.
    at_work: Cell<u32>,
    /// Whether the end may be told although one is.
    released: Cell<bool>,
    /// Who waits for more bytes.
    reader: RefCell<Option<Waker>>,
    /// How long an answer may lie untaken, where it is not what is usual.
    patience: Cell<Option<Duration>>,
}

impl Other {
    /// The other side of a request's connection; none where a request was made without one.
    pub(super) fn of(request: &HttpRequest) -> Option<Rc<Other>> {
        request.conn_data::<Rc<Other>>().cloned()
    }

    /// Begins a request. Until the guard is dropped, the end of what is sent is kept back.
    pub(super) fn begin(self: Rc<Self>) -> Work {
        self.at_work.set(self.at_work.get() + 1);
        self.patience.set(None);
        Work(self)
    }

    /// Tells whoever waits for news that nobody waits with them any more.
    pub(super) fn left(&self) -> Arc<Left> {
        Arc::clone(&self.left)
    }

    /// Completes once the other side has closed its half; at once where it has.
    pub(super) async fn half_closed(&self) {
        self.left.over().await;
    }

    /// Tells the end, which shows whether the body that is being read is whole.
    pub(super) fn release(&self) {
        self.released.set(true);
        self.wake();
    }

    /// Lets an answer lie so long with a client that does not take it.
    pub(super) fn be_patient(&self, patience: Duration) {
        self.patience.set(Some(patience));
    }

    /// Waits for an answer to be taken as long as is usual.
    pub(super) fn be_usual(&self) {
        self.patience.set(None);
        self.wake();
    }

    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// A request in work.
pub(super) struct Work(Rc<Other>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.at_work.set(self.0.at_work.get() - 1);
        if self.0.left.is_over() {
            self.0.wake();
        }
    }
}

/// A connection.
pub(super) struct Line {
    carrier: Carrier,
    other: Rc<Other>,
    /// What `patience` of the other side came to.
    patience: Option<Duration>,
    /// Its place among the connections of its address.
    _place: Option<Slot<std::net::IpAddr>>,
}

impl Line {
    /// A connection that has been let in.
    pub(super) fn new(carrier: Carrier, place: Option<Slot<std::net::IpAddr>>) -> Self {
        Line {
            carrier,
            other: Rc::default(),
            patience: None,
            _place: place,
        }
    }

    /// What carries it.
    pub(super) fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    /// What its requests share with it.
    pub(super) fn other(&self) -> Rc<Other> {
        Rc::clone(&self.other)
    }

    /// Tells the kernel how long an answer may lie untaken, when that has changed.
    fn keep_patience(&mut self) {
        let wanted = self.other.patience.get();
        if wanted != self.patience {
            self.patience = wanted;
            let time = wanted.unwrap_or(limits::UNREAD_TIME);
            // A socket that is gone is found by whoever writes next.
            drop(SockRef::from(self.carrier.socket()).set_tcp_user_timeout(Some(time)));
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.keep_patience();
        if !this.other.left.is_over() {
            let (before, room) = (buffer.filled().len(), buffer.remaining());
            let read = match &mut this.carrier {
                Carrier::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
                Carrier::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            };
            match read {
                Poll::Ready(Ok(())) if buffer.filled().len() == before && room > 0 => {}
                // TCP was closed without TLS having said so. Every request says itself where it ends, so what is whole counts
                // (RFC 9112, 9.8).
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                other => return other,
            }
            this.other.left.say();
        }
        if this.other.at_work.get() > 0 && !this.other.released.get() {
            this.other.reader.replace(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Carrier::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Carrier::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().carrier {
            Carrier::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Carrier::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
