//! A line that can be cut, or hang: a TCP relay between the hub and a server.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    /// Connections stand, and nothing passes: as when the process behind them is stopped (SIGSTOP), or its disk hangs.
    Hanging,
    Cut,
}

/// A relay to one address. Dropped, it is cut for good.
pub struct Line {
    state: Arc<watch::Sender<State>>,
    port: u16,
}

/// Carries what comes, while the line is up.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut piece = vec![0; 64 * 1024];
    loop {
        if state.wait_for(|state| *state == State::Up).await.is_err() {
            return;
        }
        match from.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(n) => {
                // What came while it hung waits too.
                if state.wait_for(|state| *state == State::Up).await.is_err() {
                    return;
                }
                if to.write_all(&piece[..n]).await.is_err() {
                    break;
                }
            }
        }
    }
    drop(to.shutdown().await);
}

impl Line {
    /// A relay to `host:port`, up.
    pub async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(watch::channel(State::Up).0);
        let state = Arc::clone(&line);
        tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else {
                    return;
                };
                let mut cut = state.subscribe();
                // Cut, it takes a connection and closes it, as a balancer does whose server is away.
                if *cut.borrow() == State::Cut {
                    continue;
                }
                let target = target.clone();
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(&target).await else {
                        return;
                    };
                    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                    let both = futures_util::future::join(
                        carry(near_in, far_out, cut.clone()),
                        carry(far_in, near_out, cut.clone()),
                    );
                    tokio::select! {
                        _ = both => {}
                        _ = cut.wait_for(|state| *state == State::Cut) => {}
                    }
                });
            }
        });
        Line { state: line, port }
    }

    /// Ends every connection and lets no new one through.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Lets nothing through and ends no connection.
    pub fn hang(&self) {
        self.state.send_replace(State::Hanging);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.state.send_replace(State::Up);
    }

    /// The same URL, by way of this line.
    pub fn instead_of(&self, url: &str) -> String {
        let (before, path) = url.rsplit_once('/').expect("a URL with a path");
        let (user, _) = before.rsplit_once('@').expect("a URL with a user");
        format!("{user}@127.0.0.1:{}/{path}", self.port)
    }
}

/// `host:port` of a URL with a user.
pub fn address(url: &str) -> String {
    let (before, _) = url.rsplit_once('/').expect("a URL with a path");
    before.rsplit_once('@').expect("a URL with a user").1.to_owned()
}
