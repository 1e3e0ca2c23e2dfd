//! Outbound HTTP: the one place that makes a client, and the guard that keeps it from private addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{NetError, provider, tls};

/// What an outbound client is made with.
#[derive(Debug)]
pub struct Outbound {
    /// The roots a server's certificate must lead to. The system's own roots are never added.
    pub roots: Vec<CertificateDer<'static>>,
    /// The client certificate to show, with its key.
    pub identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    /// The limit of a whole call, from the first byte sent to the last byte read.
    pub timeout: Duration,
    /// The limit of connecting, TLS included.
    pub connect_timeout: Duration,
}

/// An HTTP client: TLS 1.3/1.2 by rustls, connections kept alive, no redirects followed, no proxy whatever the environment says.
///
/// # Errors
/// When there is no root, or the material cannot be used.
#[expect(clippy::disallowed_methods, reason = "the one place that makes an HTTP client")]
pub fn http_client(outbound: &Outbound) -> Result<reqwest::Client, NetError> {
    let builder = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(tls::roots(&outbound.roots)?);
    let config = match &outbound.identity {
        Some((chain, key)) => {
            builder.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|e| match e {
                rustls::Error::InconsistentKeys(_) => NetError::KeyMismatch,
                other => NetError::Tls(other),
            })?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(outbound.timeout)
        .connect_timeout(outbound.connect_timeout)
        .tcp_keepalive(Duration::from_secs(30))
        .tcp_nodelay(true)
        .user_agent(concat!("lienthong/", env!("CARGO_PKG_VERSION")))
        .build()?)
}

/// Refuses every address that is not on the public internet, however it is written: loopback, private, link-local, shared,
/// multicast, reserved and documentation ranges, IPv6 unique-local, and all of these inside IPv6 forms of an IPv4 address. What
/// a tenant enters as its endpoint is resolved first and every resolved address goes through here.
///
/// # Errors
/// [`NetError::NotPublic`].
pub fn guard_public(address: IpAddr) -> Result<(), NetError> {
    let public = match address {
        IpAddr::V4(v4) => public_v4(v4),
        IpAddr::V6(v6) => public_v6(v6),
    };
    if public { Ok(()) } else { Err(NetError::NotPublic(address)) }
}

/// IANA IPv4 Special-Purpose Address Registry.
fn public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 224;
    !special
}

/// IANA IPv6 Special-Purpose Address Registry: only 2000::/3 is given out at all.
fn public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let v4_of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // ::ffff:a.b.c.d, and NAT64 (64:ff9b::/96): they go where the IPv4 address goes.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => public_v4(v4_of(high, low)),
        // 6to4 carries its IPv4 address in front.
        [0x2002, high, low, ..] => public_v4(v4_of(high, low)),
        // Protocol assignments with Teredo and ORCHID; documentation.
        [0x2001, second, ..] if second < 0x0200 || second == 0x0db8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        let refused = [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.9",
            "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
            "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
            "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
            "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
            "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1",
            "fec0::1", "ff02::1",
        ];
        for text in refused {
            let address: IpAddr = text.parse().unwrap();
            assert!(matches!(guard_public(address), Err(NetError::NotPublic(a)) if a == address), "{text}");
        }
        let allowed = [
            "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
            "198.17.0.1", "198.20.0.1", "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888", "2002:808:808::1", "2400:cb00::1", "2606:4700::1111",
        ];
        for text in allowed {
            assert!(guard_public(text.parse().unwrap()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_client_needs_a_root_and_a_fitting_key() {
        let outbound = |roots, identity| Outbound {
            roots,
            identity,
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
        };
        assert!(matches!(http_client(&outbound(vec![], None)), Err(NetError::NoRoots)));
        let garbage = CertificateDer::from(vec![1, 2, 3]);
        assert!(matches!(http_client(&outbound(vec![garbage], None)), Err(NetError::Root { index: 0, .. })));

        let now = crate::domain::time::Timestamp::from_micros(1_790_000_000_000_000);
        let ca = crate::net::dev_ca::DevCa::create(now).unwrap();
        let validity = crate::net::dev_ca::Validity::starting(now, Duration::from_secs(60));
        let tenant = "branch.tay-ho".parse().unwrap();
        let (a, b) = (ca.client(&tenant, validity).unwrap(), ca.client(&tenant, validity).unwrap());
        let root = vec![ca.root().clone()];
        assert!(matches!(
            http_client(&outbound(root.clone(), Some((a.chain.clone(), b.key)))),
            Err(NetError::KeyMismatch)
        ));
        assert!(http_client(&outbound(root, Some((a.chain, a.key)))).is_ok());
    }
}
