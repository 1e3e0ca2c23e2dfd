//! Which addresses the hub may call on a partner's word.
//!
//! A partner names its own endpoint, so whatever it names may lead into the hub's own network. [`guard_public`] knows what is
//! public; a [`EgressPolicy`] adds what the operator allows beyond that. Pure: names are resolved in [`super::outbound`].

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::NetError;

/// What may be called: the public internet, and what the operator adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    hosts: BTreeSet<String>,
    networks: Vec<Network>,
}

impl EgressPolicy {
    /// Beyond the public internet, these host names wherever they lead, and these networks. Host names count without regard to
    /// case and a final dot.
    pub fn allowing(hosts: impl IntoIterator<Item = String>, networks: Vec<Network>) -> Self {
        EgressPolicy {
            hosts: hosts.into_iter().map(|host| plain(&host)).collect(),
            networks,
        }
    }

    /// Whether `address`, found under `host` (or written as it), may be called.
    ///
    /// # Errors
    /// [`NetError::NotPublic`].
    pub fn judge(&self, host: &str, address: IpAddr) -> Result<(), NetError> {
        let named = self.hosts.contains(&plain(host));
        if named || self.networks.iter().any(|network| network.holds(address)) {
            return Ok(());
        }
        guard_public(address)
    }
}

fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// A network, written `10.0.0.0/8` or `fd00::/8`; a single address is a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// A text that names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network: address/bits with nothing set beyond the bits, as 10.0.0.0/8 or fd00::/8")]
pub struct NotANetwork;

impl Network {
    /// Whether an address lies in it. An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        // The address is read by the standard library: that of `ipnet` takes 010.0.0.0, which others read as octal.
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| NotANetwork)?;
        let network = match bits {
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) => {
                IpNet::new(base, bits.parse().map_err(|_| NotANetwork)?).map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
            None => IpNet::from(base),
        };
        // A mask that leaves the base as it is: what is written is what holds.
        if base == base.to_canonical() && network == network.trunc() {
            Ok(Network(network))
        } else {
            Err(NotANetwork)
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
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
    if public {
        Ok(())
    } else {
        Err(NetError::NotPublic(address))
    }
}

const fn v4(a: u8, b: u8, c: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), bits)
}

const fn v6(a: u16, b: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits)
}

/// IANA IPv4 Special-Purpose Address Registry. The compiler makes the networks: a wrong one does not compile.
const NOT_PUBLIC_V4: [Ipv4Net; 14] = [
    v4(0, 0, 0, 8),       // this network
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // shared, behind the address translation of a carrier
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link-local
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 88, 99, 24),  // 6to4 relays, given up
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // measurements
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 3),     // multicast, reserved, broadcast
];

/// IANA IPv6 Special-Purpose Address Registry: only this is given out at all,
const GIVEN_OUT_V6: Ipv6Net = v6(0x2000, 0, 3);

/// and of it not these.
const NOT_PUBLIC_V6: [Ipv6Net; 3] = [
    v6(0x2001, 0, 23),     // protocol assignments with Teredo and ORCHID
    v6(0x2001, 0xdb8, 32), // documentation
    v6(0x3fff, 0, 20),     // documentation
];

/// NAT64 and 6to4.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 16);

fn public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address))
}

fn public_v6(address: Ipv6Addr) -> bool {
    match carried(address) {
        // It goes where the IPv4 address goes.
        Some(inside) => public_v4(inside),
        None => GIVEN_OUT_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|n| n.contains(&address)),
    }
}

/// The IPv4 address inside an IPv6 form of it.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    if NAT64.contains(&address) {
        return Some(Ipv4Addr::new(a, b, c, d));
    }
    // 6to4 carries it in front.
    if SIX_TO_FOUR.contains(&address) {
        let [_, _, a, b, c, d, ..] = address.octets();
        return Some(Ipv4Addr::new(a, b, c, d));
    }
    address.to_ipv4_mapped()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses of no use to a partner, and those beside them that are public.
    const NOT_PUBLIC: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:4860:4860::8888",
        "2002:808:808::1",
        "2400:cb00::1",
        "2606:4700::1111",
    ];

    #[test]
    fn only_public_addresses_pass() {
        for text in NOT_PUBLIC {
            let address: IpAddr = text.parse().unwrap();
            assert!(
                matches!(guard_public(address), Err(NetError::NotPublic(a)) if a == address),
                "{text}"
            );
        }
        for text in PUBLIC {
            assert!(guard_public(text.parse().unwrap()).is_ok(), "{text}");
        }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_guard_allows_what_the_operator_names_and_no_more() {
        let networks = vec!["10.20.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()];
        let guard = EgressPolicy::allowing(["Hook.Example.VN.".to_owned()], networks);
        for (host, at) in [
            ("other.example", "10.20.255.1"),
            ("other.example", "::ffff:10.20.0.1"),
            ("other.example", "fd00:1:ffff::1"),
            ("other.example", "1.1.1.1"),
            ("hook.example.vn", "127.0.0.1"),
            ("HOOK.example.vn.", "192.168.1.1"),
        ] {
            assert!(guard.judge(host, address(at)).is_ok(), "{host} {at}");
        }
        for (host, at) in [
            ("other.example", "10.21.0.1"),
            ("other.example", "fd00:2::1"),
            ("hook.example.vn.evil.example", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert!(guard.judge(host, address(at)).is_err(), "{host} {at}");
        }
        assert!(
            EgressPolicy::default()
                .judge("localhost", address("127.0.0.1"))
                .is_err()
        );
    }

    #[test]
    fn a_network_is_read_as_it_is_written() {
        for text in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "192.0.2.7/32",
            "fd00::/8",
            "::/0",
            "::1/128",
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!(
            "127.0.0.1".parse::<Network>().unwrap().to_string(),
            "127.0.0.1/32"
        );
        for text in [
            "",
            "10.0.0.0/",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "010.0.0.0/8",
            "fd00::/129",
            "hub.example",
            "::ffff:10.0.0.0/104",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds(address("255.1.2.3")) && !all.holds(address("::1")));
    }
}
