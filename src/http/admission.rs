//! How a connection is let in: who it comes from, whether that address has room left, and its TLS.
//!
//! A balancer that passes TCP on says whom it speaks for in a PROXY header (version 2 of the protocol of HAProxy); it is believed
//! in the mouth of a named network only. Everything happens within the time of one handshake, so that somebody who says nothing
//! costs a place for that long.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use actix_http::Protocol;
use actix_web::rt::net::TcpStream;
use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::concurrency::{ConcurrencyLimiter, neighbourhood};
use super::limits;
use super::line::{Carrier, Line};

/// Whether an address is one of the balancers that say whom they speak for.
pub type Balancers = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// What a listener lets in; each worker has one.
pub(super) struct Admission {
    /// The TLS to speak, if any.
    pub(super) tls: Option<TlsAcceptor>,
    /// Who speaks for others.
    pub(super) balancers: Balancers,
    /// Connections by address, of all workers of the listener.
    pub(super) places: Arc<ConcurrencyLimiter<IpAddr>>,
    /// Handshakes this worker makes at once.
    pub(super) handshakes: Semaphore,
}

/// Why a connection was not let in, or how it ended.
#[derive(Debug)]
pub(super) enum Closed {
    /// It was gone before it was looked at.
    Gone,
    /// Its address has as many as it may have.
    Crowded,
    /// The balancer did not say whom it speaks for, or not in words of the protocol.
    NoHeader,
    /// No TLS came about.
    Handshake,
    /// Nothing was said in time.
    Silent,
    /// What came after is no HTTP.
    Malformed,
    /// It ended as connections end: hung up, timed out.
    Ended,
    /// A fault of the server.
    Fault(String),
}

impl Closed {
    /// The word of the metric; none for what is no event.
    pub(super) fn word(&self) -> Option<&'static str> {
        match self {
            Closed::Gone | Closed::Ended => None,
            Closed::Crowded => Some("address"),
            Closed::NoHeader => Some("proxy-header"),
            Closed::Handshake => Some("handshake"),
            Closed::Silent => Some("silent"),
            Closed::Malformed => Some("malformed"),
            Closed::Fault(_) => Some("fault"),
        }
    }
}

type Admitted = (Line, Protocol, Option<SocketAddr>);

impl Admission {
    /// Lets a connection in, under the address it really comes from.
    pub(super) async fn admit(self: Rc<Self>, socket: TcpStream) -> Result<Admitted, Closed> {
        let peer = socket.peer_addr().map_err(|_| Closed::Gone)?;
        match tokio::time::timeout(limits::HANDSHAKE_TIME, self.open(socket, peer)).await {
            Ok(admitted) => admitted,
            Err(_) => Err(Closed::Silent),
        }
    }

    async fn open(&self, mut socket: TcpStream, peer: SocketAddr) -> Result<Admitted, Closed> {
        let mut from = peer;
        let mut spoken_for = true;
        if (self.balancers)(peer.ip().to_canonical()) {
            match header(&mut socket).await? {
                Some(source) => from = source,
                // The balancer's own look at whether the hub is there.
                None => spoken_for = false,
            }
        }
        let place = if spoken_for {
            let place = self.places.take(&neighbourhood(from.ip()));
            Some(place.ok_or(Closed::Crowded)?)
        } else {
            None
        };
        let carrier = match &self.tls {
            None => Carrier::Plain(socket),
            Some(tls) => {
                // Never closed.
                let _turn = self.handshakes.acquire().await;
                let stream = tls.accept(socket).await.map_err(|_| Closed::Handshake)?;
                Carrier::Tls(Box::new(stream))
            }
        };
        Ok((Line::new(carrier, place), Protocol::Http1, Some(from)))
    }
}

/// The part of a PROXY header before what it says.
const FIXED: usize = 16;

/// Reads a PROXY header, no byte more: whom the balancer speaks for; none where it speaks for itself, or for what has no address.
async fn header(socket: &mut (impl tokio::io::AsyncRead + Unpin)) -> Result<Option<SocketAddr>, Closed> {
    let mut bytes = vec![0; FIXED];
    socket
        .read_exact(&mut bytes)
        .await
        .map_err(|_| Closed::NoHeader)?;
    let length = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
    if length > limits::PROXY_HEADER_BYTES - FIXED {
        return Err(Closed::NoHeader);
    }
    bytes.resize(FIXED + length, 0);
    socket
        .read_exact(&mut bytes[FIXED..])
        .await
        .map_err(|_| Closed::NoHeader)?;
    let config = ParseConfig {
        include_tlvs: false,
        allow_v1: false,
        allow_v2: true,
    };
    match ProxyHeader::parse(&bytes, config) {
        Ok((header, read)) if read == bytes.len() => {
            Ok(header.proxied_address().map(|address| address.source))
        }
        _ => Err(Closed::NoHeader),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proxy_header::ProxiedAddress;

    fn read(bytes: &[u8]) -> (Result<Option<SocketAddr>, Closed>, usize) {
        let mut rest = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let told = runtime.block_on(header(&mut rest));
        (told, rest.len())
    }

    fn written(header: &ProxyHeader<'_>) -> Vec<u8> {
        let mut bytes = vec![0; 2 * limits::PROXY_HEADER_BYTES];
        let length = header.encode_to_slice_v2(&mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }

    /// The example of HAProxy's description, byte by byte: 192.0.2.7:51234 for 198.51.100.1:443.
    const FOR_SOMEBODY: &[u8] =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xc8\x22\x01\xbb";

    #[test]
    fn a_balancer_says_whom_it_speaks_for() {
        let (told, rest) = read(&[FOR_SOMEBODY, b"\x16\x03\x01"].concat());
        assert_eq!(told.unwrap(), Some("192.0.2.7:51234".parse().unwrap()));
        assert_eq!(rest, 3, "not a byte of what follows is taken");
        let own = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
        assert_eq!(read(own).0.unwrap(), None);
        for broken in [
            &b"PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xc8\x22\x01\xbb",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04\xc0\0\x02\x07",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
            &FOR_SOMEBODY[..FOR_SOMEBODY.len() - 1],
            b"",
        ] {
            assert!(matches!(read(broken).0, Err(Closed::NoHeader)), "{broken:?}");
        }
    }

    #[test]
    fn a_header_is_so_long_and_no_longer() {
        let of = |length: usize| {
            let mut bytes = FOR_SOMEBODY.to_vec();
            // One TLV that means nothing (0x04) fills it up.
            let padding = length - bytes.len() - 3;
            bytes.extend([0x04, (padding >> 8) as u8, padding as u8]);
            bytes.extend(vec![0; padding]);
            let inside = (bytes.len() - FIXED) as u16;
            bytes[14..16].copy_from_slice(&inside.to_be_bytes());
            read(&bytes).0
        };
        assert!(of(limits::PROXY_HEADER_BYTES).unwrap().is_some());
        assert!(of(limits::PROXY_HEADER_BYTES + 1).is_err());
    }

    proptest! {
        #[test]
        fn what_another_implementation_writes_is_read(source: SocketAddr, destination: SocketAddr) {
            prop_assume!(source.is_ipv4() == destination.is_ipv4());
            let plain = |a: SocketAddr| SocketAddr::new(a.ip(), a.port());
            let (source, destination) = (plain(source), plain(destination));
            let header = ProxyHeader::with_address(ProxiedAddress::stream(source, destination));
            prop_assert_eq!(read(&written(&header)).0.unwrap(), Some(source));
        }

        #[test]
        fn no_bytes_make_it_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..40) {
            let _ = read(&bytes);
            // The same behind a good beginning.
            let _ = read(&[&FOR_SOMEBODY[..at.min(FOR_SOMEBODY.len())], &bytes[..]].concat());
        }
    }
}
