//! Why the hub was not reached: told apart, because each needs somebody else to do something else.

use std::error::Error as StdError;
use std::io;

/// Why the hub was not reached. Its words never hold the address, which may carry a code of a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// Nothing listens at this address and port.
    Refused,
    /// The name leads nowhere.
    UnknownName,
    /// No connection came about, for another reason of the network.
    NoConnection,
    /// The hub's certificate leads to none of the authorities the caller trusts.
    Untrusted,
    /// The hub's certificate is of another name.
    OtherName,
    /// The hub's certificate is not valid now, by the caller's clock.
    NotValidNow,
    /// The hub's certificate is not in order in another way.
    Certificate,
    /// The hub ended the handshake because of the caller's certificate.
    OwnCertificate,
    /// Something answers there that does not speak TLS.
    NotTls,
    /// There was no answer in time.
    Slow,
    /// The connection ended before the answer did.
    Cut,
}

impl Unreached {
    /// Reads it off what the HTTP client says.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(at) = cause {
            if let Some(tls) = at.downcast_ref::<rustls::Error>() {
                return Unreached::of_tls(tls);
            }
            if let Some(io) = at.downcast_ref::<io::Error>()
                && io.kind() == io::ErrorKind::ConnectionRefused
            {
                return Unreached::Refused;
            }
            // The connector's error for this has a private type; its words are all it shows.
            if at.to_string() == "dns error" {
                return Unreached::UnknownName;
            }
            // An IO error hides the one it was made of from `source`.
            cause = match at.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => at.source(),
            };
        }
        if error.is_timeout() {
            Unreached::Slow
        } else if error.is_connect() {
            Unreached::NoConnection
        } else {
            Unreached::Cut
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::{CertificateError, Error};
        match error {
            Error::InvalidCertificate(why) => match why {
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Unreached::Untrusted,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Unreached::OtherName
                }
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Unreached::NotValidNow,
                _ => Unreached::Certificate,
            },
            Error::AlertReceived(_) => Unreached::OwnCertificate,
            Error::InvalidMessage(_) => Unreached::NotTls,
            _ => Unreached::Certificate,
        }
    }

    /// What it is and what to do: Vietnamese, then English.
    pub const fn said(self) -> (&'static str, &'static str) {
        match self {
            Unreached::Refused => (
                "không có gì nghe ở địa chỉ và port này; kiểm tra cổng liên thông có đang chạy không, và port trong --hub",
                "nothing listens at this address and port; check that the hub runs, and the port in --hub",
            ),
            Unreached::UnknownName => (
                "không tìm thấy tên máy trong --hub; kiểm tra cách viết và máy chủ tên miền (DNS)",
                "the name in --hub is not known; check its spelling and your DNS",
            ),
            Unreached::NoConnection => (
                "không kết nối được tới --hub; kiểm tra mạng và tường lửa",
                "no connection to --hub; check the network and firewalls",
            ),
            Unreached::Untrusted => (
                "chứng thư của cổng không do tổ chức nào trong --ca cấp; dùng đúng tệp của Trung tâm và không bỏ qua kiểm tra",
                "the hub's certificate leads to no authority of --ca; use the Center's file, and do not switch the check off",
            ),
            Unreached::OtherName => (
                "chứng thư của cổng mang tên khác với tên trong --hub; gọi đúng tên ghi trong chứng thư",
                "the hub's certificate is of another name than the one in --hub; call it by a name of its certificate",
            ),
            Unreached::NotValidNow => (
                "chứng thư của cổng hết hạn hoặc chưa có hiệu lực; kiểm tra đồng hồ của máy này, rồi báo người vận hành cổng",
                "the hub's certificate has expired or is not valid yet; check this machine's clock, then tell the hub's operator",
            ),
            Unreached::Certificate => (
                "chứng thư của cổng không hợp lệ; báo người vận hành cổng",
                "the hub's certificate is not in order; tell the hub's operator",
            ),
            Unreached::OwnCertificate => (
                "cổng ngắt bắt tay TLS vì chứng thư trong --cert; kiểm tra còn hạn, dùng cho máy khách, đúng khóa và đã đăng ký không",
                "the hub ended the TLS handshake because of the certificate in --cert; check that it is valid now, for client \
                 authentication, of this key, and registered",
            ),
            Unreached::NotTls => (
                "ở địa chỉ này không phải TLS; --hub là địa chỉ cho đối tác (https, thường là port 8443)",
                "what answers there does not speak TLS; --hub is the partners' listener (https, usually port 8443)",
            ),
            Unreached::Slow => (
                "không có trả lời kịp; gửi lại với cùng Idempotency-Key là an toàn",
                "no answer in time; sending the same again with the same Idempotency-Key is safe",
            ),
            Unreached::Cut => (
                "đường truyền bị ngắt trước khi có trả lời; gửi lại với cùng Idempotency-Key là an toàn",
                "the connection ended before the answer; sending the same again with the same Idempotency-Key is safe",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::outbound::{OutboundOptions, http_client};
    use crate::net::provider;

    struct Own {
        der: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    }

    fn own(name: &str, past: bool) -> Own {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if past {
            (params.not_before, params.not_after) =
                (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
        }
        let der = params.self_signed(&key).unwrap().der().clone();
        Own {
            der,
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }

    /// A TLS server with this certificate that ends each connection after the handshake.
    async fn server(own: &Own) -> u16 {
        let config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der.clone()], own.key.clone_key())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut tls) = acceptor.accept(stream).await {
                    drop(tls.shutdown().await);
                }
            }
        });
        port
    }

    async fn tried(trusting: &Own, url: &str) -> Unreached {
        let http = http_client(&OutboundOptions {
            roots: vec![trusting.der.clone()],
            identity: None,
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
        })
        .unwrap();
        Unreached::of(&http.get(url).send().await.unwrap_err())
    }

    #[tokio::test]
    async fn each_cause_is_told_from_the_others() {
        let good = own("localhost", false);
        let (other, old) = (own("khac.test", false), own("localhost", true));
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = closed.local_addr().unwrap().port();
        drop(closed);
        assert_eq!(
            tried(&good, &format!("https://localhost:{nobody}/")).await,
            Unreached::Refused
        );
        assert_eq!(
            tried(&good, "https://khong-co.invalid/").await,
            Unreached::UnknownName
        );
        let at = |port: u16| format!("https://localhost:{port}/");
        assert_eq!(
            tried(&other, &at(server(&good).await)).await,
            Unreached::Untrusted
        );
        assert_eq!(
            tried(&other, &at(server(&other).await)).await,
            Unreached::OtherName
        );
        assert_eq!(tried(&old, &at(server(&old).await)).await, Unreached::NotValidNow);
        assert_eq!(tried(&good, &at(server(&good).await)).await, Unreached::Cut);
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = plain.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = plain.accept().await {
                drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
            }
        });
        assert_eq!(tried(&good, &at(port)).await, Unreached::NotTls);
    }
}
