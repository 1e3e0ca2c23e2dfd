//! Bytes that are no HTTP, on the partner listener.

use std::io::Write;

use super::{Dialer, HOUSE, answer, aside};
use crate::documents::online;
use crate::house::run;

/// What is sent, and which statuses may answer it; none does as well.
fn no_http(dialer: &Dialer) -> Vec<(Vec<u8>, &'static [u16])> {
    let good = format!(
        "GET /v1/dossiers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n",
        dialer.token
    );
    vec![
        (b"\x00\x01\x02\x03\r\n\r\n".to_vec(), &[400]),
        (b"GET\r\n\r\n".to_vec(), &[400]),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), &[400, 505]),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(), &[400]),
        (
            format!("{good}X: {}\r\n\r\n", "y".repeat(300_000)).into_bytes(),
            &[400, 431],
        ),
        (
            format!("{good}{}\r\n", "X: y\r\n".repeat(500)).into_bytes(),
            &[400, 431],
        ),
        (
            format!("{good}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello").into_bytes(),
            &[400],
        ),
        (format!("{good}Content-Length: -1\r\n\r\n").into_bytes(), &[400]),
        (
            format!("{good}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").into_bytes(),
            &[400, 200],
        ),
        (
            format!(
                "{}zz\r\n",
                dialer
                    .head(0)
                    .replace("Content-Length: 0", "Transfer-Encoding: chunked")
            )
            .into_bytes(),
            &[400],
        ),
        // A good request, then rubbish on the same line: the first is answered.
        (format!("{good}\r\n\x00\x00rubbish\r\n\r\n").into_bytes(), &[200]),
    ]
}

#[test]
fn what_is_no_http_is_refused_and_the_line_is_closed() {
    run(async {
        let dialer = Dialer::of(&HOUSE, "agent.a-004").await;
        for (bytes, expected) in no_http(&dialer) {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
            let dialer = dialer.clone();
            let told = aside(move || {
                let mut line = dialer.dial();
                // The hub may hang up before everything is sent.
                drop(line.write_all(&bytes));
                answer(&mut line)
            })
            .await;
            let status = told
                .split(' ')
                .nth(1)
                .and_then(|s| s.parse().ok())
                .unwrap_or(0u16);
            assert!(told.is_empty() || expected.contains(&status), "{shown}: {told}");
        }
        // Plain text on a TLS port.
        let dialer2 = dialer.clone();
        let told = aside(move || {
            let mut socket = dialer2.socket();
            socket
                .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .unwrap();
            answer(&mut socket)
        })
        .await;
        assert!(!told.contains("HTTP/1.1 2"), "{told}");
        HOUSE.caller("agent.a-004").await.filed(&online("00004")).await;
    });
}
