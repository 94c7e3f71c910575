//! The client's address: the peer of the connection or, behind trusted proxies, the address that they forward.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};
use clap::{Args, ValueEnum};
use ipnet::IpNet;

/// Which proxies are trusted, and how they name the client.
#[derive(Clone, Debug, Args)]
#[group(id = "proxies")]
#[command(next_help_heading = "Connections")]
pub struct ProxySettings {
    /// Networks of proxies whose forwarded client address is trusted, comma-separated (`10.0.0.0/8,fd00::/8`). Default:
    /// none.
    #[arg(long, env = "MANCHETTE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// Header in which trusted proxies forward the client's address. Only this one is read: a client could have sent the
    /// other.
    #[arg(long, env = "MANCHETTE_PROXY_HEADER", value_enum, default_value_t = ProxyHeader::XForwardedFor, global = true)]
    pub proxy_header: ProxyHeader,
}

/// The header in which a proxy forwards the client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProxyHeader {
    /// `X-Forwarded-For: 192.0.2.1, 10.0.0.1`
    XForwardedFor,
    /// `Forwarded: for=192.0.2.1, for=10.0.0.1` (RFC 7239)
    Forwarded,
}

impl ProxySettings {
    /// Whether this address is a trusted proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// A network in CIDR notation, or a single address.
fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "a network looks like `10.0.0.0/8` or `fd00::/8`".to_owned())
}

/// The client's address in a request's extensions, so that its headers are parsed once.
struct ClientAddress(IpAddr);

/// The address of a request's client, as far as it can be trusted.
pub fn client_address(request: &HttpRequest) -> IpAddr {
    if let Some(ClientAddress(known)) = request.extensions().get() {
        return *known;
    }
    let settings = request.app_data::<Data<ProxySettings>>();
    let address = address_of(
        request.peer_addr(),
        request.headers(),
        settings.map(|settings| &***settings),
    );
    request.extensions_mut().insert(ClientAddress(address));
    address
}

/// The address of the client whose request came from this peer with these headers.
pub fn address_of(
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
    settings: Option<&ProxySettings>,
) -> IpAddr {
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let peer = peer.to_canonical();
    match settings {
        Some(settings) => forwarded_address(peer, headers, settings),
        None => peer,
    }
}

/// Walks the list of hops from the nearest to the first that is not trusted. Any entry before that one is unverified.
fn forwarded_address(peer: IpAddr, headers: &HeaderMap, settings: &ProxySettings) -> IpAddr {
    if !settings.trusts(peer) {
        return peer;
    }
    let (name, parse): (HeaderName, fn(&str) -> Option<IpAddr>) = match settings.proxy_header {
        ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, parse_address),
        ProxyHeader::Forwarded => (FORWARDED, parse_forwarded_for),
    };
    // Several lines are one list (RFC 9110, section 5.3).
    let lines: Vec<&str> = headers
        .get_all(name)
        .map(|line| line.to_str().unwrap_or("?"))
        .collect();
    let list = lines.join(",");
    let mut nearest = peer;
    for hop in split_unquoted(&list, ',').into_iter().rev() {
        let Some(hop) = parse(hop) else {
            // A hidden or malformed hop: the last known one stands for the client.
            return nearest;
        };
        nearest = hop;
        if !settings.trusts(hop) {
            break;
        }
    }
    nearest
}

/// The unit in which clients are counted: an IPv4 address, or the /64 network of an IPv6 address, which is what one
/// subscriber is given.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        address => address,
    }
}

/// The network of a request's client; none where only a trusted proxy's own address is known, which many clients share.
pub fn network_to_bound(request: &HttpRequest) -> Option<IpAddr> {
    let settings = request.app_data::<Data<ProxySettings>>();
    bounded_network(
        client_address(request),
        settings.map(|settings| &***settings),
    )
}

/// The same for a client's address.
pub fn bounded_network(address: IpAddr, settings: Option<&ProxySettings>) -> Option<IpAddr> {
    let is_proxy = settings.is_some_and(|settings| settings.trusts(address));
    (!is_proxy).then(|| network(address))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

/// The address in the `for=` of an element of `Forwarded` (RFC 7239); none where it is obfuscated.
fn parse_forwarded_for(element: &str) -> Option<IpAddr> {
    split_unquoted(element, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("for") {
            return None;
        }
        let value = value.trim();
        let plain = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(value);
        parse_address(plain)
    })
}

/// Splits at separators outside of quoted strings.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut quoted, mut escaped) = (0, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            letter if letter == separator && !quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn settings(words: &[&str]) -> ProxySettings {
        Cli::try_parse_from(["manchette"].iter().chain(words))
            .unwrap()
            .config
            .connection
            .proxies
    }

    fn found(settings: &ProxySettings, peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request =
            TestRequest::default().peer_addr(SocketAddr::new(peer.parse().unwrap(), 9));
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.app_data(Data::new(settings.clone()));
        client_address(&request.to_http_request()).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_up_to_the_first_other_hop() {
        let none = settings(&[]);
        let header = "X-Forwarded-For";
        assert_eq!(found(&none, "10.0.0.1", &[(header, "1.2.3.4")]), "10.0.0.1");
        let trusting = settings(&["--trusted-proxies", "10.0.0.0/8,fd00::/8,192.0.2.7"]);
        for (lines, expected) in [
            (&[][..], "10.0.0.1"),
            (&["1.2.3.4"], "1.2.3.4"),
            (&["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            (&["6.6.6.6, 1.2.3.4, 10.9.9.9"], "1.2.3.4"),
            (&["6.6.6.6", "1.2.3.4", "192.0.2.7"], "1.2.3.4"),
            (&["1.2.3.4:5678"], "1.2.3.4"),
            (&["[2001:db8::1]:443, fd00::2"], "2001:db8::1"),
            (&["::ffff:1.2.3.4"], "1.2.3.4"),
            (&["1.2.3.4, unknown, 10.9.9.9"], "10.9.9.9"),
            (&["1.2.3.4, "], "10.0.0.1"),
            (&["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| (header, *line)).collect();
            assert_eq!(
                found(&trusting, "10.0.0.1", &headers),
                expected,
                "{lines:?}"
            );
            assert_eq!(found(&trusting, "::ffff:10.0.0.1", &headers), expected);
            assert_eq!(found(&trusting, "9.9.9.9", &headers), "9.9.9.9");
        }
        let other = [("Forwarded", "for=6.6.6.6")];
        assert_eq!(found(&trusting, "10.0.0.1", &other), "10.0.0.1");
    }

    #[test]
    fn forwarded_is_parsed_by_rfc_7239() {
        let trusting = settings(&[
            "--trusted-proxies",
            "10.0.0.0/8",
            "--proxy-header",
            "forwarded",
        ]);
        for (value, expected) in [
            ("for=1.2.3.4", "1.2.3.4"),
            (
                "For=\"[2001:db8:cafe::17]:4711\";proto=https",
                "2001:db8:cafe::17",
            ),
            ("for=6.6.6.6, proto=http;FOR=1.2.3.4;by=10.0.0.9", "1.2.3.4"),
            ("for=\"6.6.6.6, for=7.7.7.7\", for=1.2.3.4", "1.2.3.4"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden, for=10.3.3.3", "10.3.3.3"),
            ("by=1.2.3.4", "10.0.0.1"),
        ] {
            let found = found(
                &trusting,
                "10.0.0.1",
                &[("Forwarded", value), ("X-Forwarded-For", "6.6.6.6")],
            );
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn ipv6_is_counted_by_its_64_network_and_ipv4_by_its_address() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.255"), "192.0.2.255");
        assert_eq!(network("::ffff:192.0.2.255"), "192.0.2.255");
    }
}
