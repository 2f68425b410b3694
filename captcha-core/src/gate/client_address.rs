use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use super::RequestHead;

/// No chain of proxies is longer than this; what lies beyond is not read.
const MAX_HOPS: usize = 32;

/// How to tell the visitor's address: the socket peer, or what trusted proxies say.
///
/// The forwarding header is read from right to left, as far as each hop is a trusted proxy, so
/// that the entries a visitor wrote himself are never reached.
#[derive(Debug, Clone)]
pub struct ClientAddress {
    proxies: Vec<IpNet>,
    header: ForwardingHeader,
}

/// The header in which proxies say for whom they forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ForwardingHeader {
    /// `X-Forwarded-For: client, proxy1, proxy2`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy1` (RFC 7239).
    Forwarded,
}

impl ClientAddress {
    /// The socket peer's address, whatever headers say.
    #[must_use]
    pub const fn peer() -> Self {
        Self {
            proxies: Vec::new(),
            header: ForwardingHeader::XForwardedFor,
        }
    }

    /// Adds proxies whose forwarding header is believed.
    #[must_use]
    pub fn trust_proxies(mut self, proxies: impl IntoIterator<Item = IpNet>) -> Self {
        self.proxies.extend(proxies);
        self
    }

    /// The header in which these proxies say who they forward for.
    #[must_use]
    pub const fn forwarding_header(mut self, header: ForwardingHeader) -> Self {
        self.header = header;
        self
    }

    /// The visitor's address. An entry that is no address ends the walk at the last hop that was.
    #[must_use]
    pub fn resolve(&self, head: &(impl RequestHead + ?Sized)) -> Option<IpAddr> {
        let mut client = head.peer()?.to_canonical();
        if !self.trusts(client) {
            return Some(client);
        }
        let mut lines = Vec::new();
        let name = match self.header {
            ForwardingHeader::XForwardedFor => "x-forwarded-for",
            ForwardingHeader::Forwarded => "forwarded",
        };
        head.each_header(name, &mut |line| lines.push(line));
        let hops = lines
            .into_iter()
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','))
            .take(MAX_HOPS);
        for hop in hops {
            let Some(address) = self.parse_hop(hop) else {
                break;
            };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        Some(client)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.contains(&address))
    }

    fn parse_hop(&self, hop: &[u8]) -> Option<IpAddr> {
        let hop = std::str::from_utf8(hop).ok()?.trim();
        match self.header {
            ForwardingHeader::XForwardedFor => parse_address(hop),
            ForwardingHeader::Forwarded => hop
                .split(';')
                .filter_map(|pair| pair.split_once('='))
                .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
                .and_then(|(_, node)| parse_address(node.trim().trim_matches('"'))),
        }
    }
}

impl Default for ClientAddress {
    fn default() -> Self {
        Self::peer()
    }
}

/// An address with or without port, IPv6 with or without brackets. No names, no zones.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    };
    bare()
        .or_else(with_port)
        .or_else(bracketed)
        .map(|ip| ip.to_canonical())
}

/// The key by which a visitor is rate limited: the IPv4 address, or the IPv6 network of 64 bits,
/// which is the smallest that a single subscriber is given.
pub(crate) fn rate_limit_key(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(v4)) => Ipv4Addr::to_string(&v4),
        Some(IpAddr::V6(v6)) => {
            let network = Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX));
            format!("{network}/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{HttpHead, PeerAddr};

    fn resolve(address: &ClientAddress, peer: &str, lines: &[(&str, &str)]) -> String {
        let mut request = http::Request::new(());
        for (name, line) in lines {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, line.parse().unwrap());
        }
        let (mut parts, ()) = request.into_parts();
        parts.extensions.insert(PeerAddr(peer.parse().unwrap()));
        address.resolve(&HttpHead(&parts)).unwrap().to_string()
    }

    fn behind_proxies() -> ClientAddress {
        let proxies = ["10.0.0.0/8", "2001:db8:1::/48"].map(|net| net.parse().unwrap());
        ClientAddress::peer().trust_proxies(proxies)
    }

    #[test]
    fn atk_37_untrusted_peers_cannot_choose_their_address() {
        let spoofed = [
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-for", "5.6.7.8, 9.9.9.9"),
            ("x-real-ip", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
        ];
        for address in [ClientAddress::peer(), behind_proxies()] {
            assert_eq!(resolve(&address, "192.0.2.7", &spoofed), "192.0.2.7");
            assert_eq!(resolve(&address, "::ffff:192.0.2.7", &spoofed), "192.0.2.7");
        }
    }

    #[test]
    fn atk_37_the_right_most_untrusted_hop_is_the_client() {
        let xff = |lines: &[&str]| {
            let lines: Vec<_> = lines
                .iter()
                .map(|line| ("x-forwarded-for", *line))
                .collect();
            resolve(&behind_proxies(), "10.0.0.1", &lines)
        };
        assert_eq!(xff(&[]), "10.0.0.1");
        assert_eq!(xff(&["6.6.6.6, 192.0.2.7, 10.0.0.2"]), "192.0.2.7");
        assert_eq!(xff(&["6.6.6.6", "192.0.2.7", "10.0.0.2"]), "192.0.2.7");
        assert_eq!(xff(&["192.0.2.7:4711"]), "192.0.2.7");
        assert_eq!(xff(&["[2001:db8::7]:4711, 2001:db8:1::2"]), "2001:db8::7");
        assert_eq!(xff(&["::ffff:192.0.2.7"]), "192.0.2.7");
        assert_eq!(xff(&["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        for garbage in [
            "6.6.6.6, unknown",
            "6.6.6.6, fe80::1%eth0",
            "6.6.6.6, ",
            "\u{e4}",
        ] {
            assert_eq!(xff(&[garbage]), "10.0.0.1", "{garbage:?}");
        }
    }

    #[test]
    fn forwarded_is_read_where_it_is_chosen() {
        let address = behind_proxies().forwarding_header(ForwardingHeader::Forwarded);
        let lines = [
            ("x-forwarded-for", "6.6.6.6"),
            (
                "forwarded",
                "for=6.6.6.6, For=\"[2001:db8::7]:80\";proto=https, for=10.0.0.2",
            ),
        ];
        assert_eq!(resolve(&address, "10.0.0.1", &lines), "2001:db8::7");
    }

    #[test]
    fn a_megabyte_of_hops_is_not_walked() {
        let line = "10.0.0.2,".repeat(100_000) + "10.0.0.2";
        assert_eq!(
            resolve(&behind_proxies(), "10.0.0.1", &[("x-forwarded-for", &line)]),
            "10.0.0.2"
        );
    }

    #[test]
    fn atk_37_ipv6_is_limited_by_its_64_bit_network() {
        let key = |text: &str| rate_limit_key(text.parse().ok());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
    }
}
