//! An agency's own server: real TLS on loopback, a thread a connection, and a rule that says how each message is answered.

use parking_lot::Mutex;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use lienthong::net::dev_ca::{DevCa, Validity};
use lienthong::net::tls::{ServerIdentity, web_config};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// How one message is answered.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// With a status and these header lines.
    Answers(u16, &'static str),
    /// Not at all: the connection is closed.
    Closes,
    /// Not at all: nothing is said until the hub has gone.
    Sleeps,
    /// With a status, and more bytes than anybody reads.
    Floods(u16),
}

/// One message as it came.
#[derive(Clone, Debug)]
pub struct Got {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The submitter's reference of the dossier it is about, and the word of the event.
    pub fn about(&self) -> (String, String) {
        let event = self.event();
        let reference = event["data"]["document"]["reference"]
            .as_str()
            .unwrap()
            .to_owned();
        let word = event["type"]
            .as_str()
            .unwrap()
            .rsplit('.')
            .next()
            .unwrap()
            .to_owned();
        (reference, word)
    }
}

/// Decides by what came, and by how many messages came before.
type Rule = Box<dyn Fn(&Got, usize) -> Reaction + Send>;

struct Shared {
    rule: Mutex<Rule>,
    got: Mutex<Vec<Got>>,
}

/// The server. It listens as long as the process lives.
pub struct Server {
    pub url: String,
    shared: Arc<Shared>,
}

impl Server {
    /// With a certificate of this authority.
    pub fn open(ca: &DevCa, rule: impl Fn(&Got, usize) -> Reaction + Send + 'static) -> Server {
        let validity = Validity {
            from: "2020-01-01T00:00:00Z".parse().unwrap(),
            to: "2049-01-01T00:00:00Z".parse().unwrap(),
        };
        let issued = ca.server(&[], validity).unwrap();
        let config = web_config(&ServerIdentity::new(issued.chain, issued.key).unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/nhan", listener.local_addr().unwrap().port());
        let shared = Arc::new(Shared {
            rule: Mutex::new(Box::new(rule)),
            got: Mutex::new(Vec::new()),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (config, shared) = (Arc::clone(&config), Arc::clone(&serving));
                // A connection that breaks is the hub's to notice.
                std::thread::spawn(move || drop(serve(socket, config, &shared)));
            }
        });
        Server { url, shared }
    }

    /// Answers by another rule from now on.
    pub fn now(&self, rule: impl Fn(&Got, usize) -> Reaction + Send + 'static) {
        *self.shared.rule.lock() = Box::new(rule);
    }

    /// Everything that came, in order.
    pub fn got(&self) -> Vec<Got> {
        self.shared.got.lock().clone()
    }
}

fn serve(socket: TcpStream, config: Arc<ServerConfig>, shared: &Shared) -> std::io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(60)))?;
    let tls = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(tls, socket);
    loop {
        let got = read(&mut stream)?;
        let before = {
            let mut all = shared.got.lock();
            all.push(got.clone());
            all.len() - 1
        };
        let reaction = shared.rule.lock()(&got, before);
        match reaction {
            Reaction::Answers(status, lines) => {
                write!(stream, "HTTP/1.1 {status} x\r\n{lines}content-length: 0\r\n\r\n")?;
                stream.flush()?;
            }
            Reaction::Closes => return Ok(()),
            Reaction::Sleeps => return stream.read(&mut [0u8; 1]).map(drop),
            Reaction::Floods(status) => {
                write!(
                    stream,
                    "HTTP/1.1 {status} x\r\ncontent-length: 1000000000\r\n\r\n"
                )?;
                let piece = [b'x'; 16_384];
                loop {
                    stream.write_all(&piece)?;
                }
            }
        }
    }
}

fn read(stream: &mut impl Read) -> std::io::Result<Got> {
    let mut head = Vec::new();
    let mut byte = [0u8; 1];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(n, _)| n == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, v)| v.parse().unwrap_or(0))];
    stream.read_exact(&mut body)?;
    Ok(Got { headers, body })
}
