//! A line that can be cut: a TCP relay between the hub and a server.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A relay to one address. Dropped, it is cut for good.
pub struct Line {
    up: Arc<watch::Sender<bool>>,
    port: u16,
}

impl Line {
    /// A relay to `host:port`, up.
    pub async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let up = Arc::new(watch::channel(true).0);
        let state = Arc::clone(&up);
        tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else {
                    return;
                };
                let mut cut = state.subscribe();
                // Cut, it takes a connection and closes it, as a balancer does whose server is away.
                if !*cut.borrow() {
                    continue;
                }
                let target = target.clone();
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(&target).await else {
                        return;
                    };
                    let (mut near, mut far) = (near, far);
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.wait_for(|up| !*up) => {}
                    }
                });
            }
        });
        Line { up, port }
    }

    /// Ends every connection and lets no new one through.
    pub fn cut(&self) {
        self.up.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.up.send_replace(true);
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
