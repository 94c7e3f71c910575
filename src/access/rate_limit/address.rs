//! Whose request it is, by address: the other end of the connection or, behind proxies that are trusted, whom they name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderName, X_FORWARDED_FOR};
use actix_web::{HttpMessage, HttpRequest};

use crate::access::rate_limit::settings::{ProxyHeader, Settings};

/// What was found out about a request, so that its headers are read once.
pub struct Known(pub IpAddr);

/// The address that a request came from, as far as it can be believed.
pub fn caller_address(request: &HttpRequest, settings: &Settings) -> IpAddr {
    if let Some(known) = request.extensions().get::<Known>() {
        return known.0;
    }
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let found = behind_proxies(peer.to_canonical(), request, settings);
    request.extensions_mut().insert(Known(found));
    found
}

/// Walks from the nearest hop to the first that is not trusted. What stands further left is whatever the caller wrote.
fn behind_proxies(peer: IpAddr, request: &HttpRequest, settings: &Settings) -> IpAddr {
    if !settings.trusts(peer) {
        return peer;
    }
    let (name, read): (HeaderName, fn(&str) -> Option<IpAddr>) = match settings.proxy_header {
        ProxyHeader::XForwardedFor => (X_FORWARDED_FOR, address),
        ProxyHeader::Forwarded => (FORWARDED, forwarded_for),
    };
    // Several lines are one list (RFC 9110, section 5.3).
    let lines: Vec<&str> = request
        .headers()
        .get_all(name)
        .map(|line| line.to_str().unwrap_or("?"))
        .collect();
    let list = lines.join(",");
    let mut nearest = peer;
    for hop in split(&list, ',').into_iter().rev() {
        let Some(hop) = read(hop) else {
            // Nobody knows whom this hop stands for: the last one that is known answers for it.
            return nearest;
        };
        nearest = hop;
        if !settings.trusts(hop) {
            break;
        }
    }
    nearest
}

impl Settings {
    /// Whether this is one of our own proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// Those who are counted together: an address of IPv4; of IPv6, all that one subscriber is given.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        address => address,
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
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

/// What an element of `Forwarded` says after `for=` (RFC 7239); nothing where it hides it.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    split(element, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("for") {
            return None;
        }
        let value = value.trim();
        let plain = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(value);
        address(plain)
    })
}

/// Splits where a separator stands outside of quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
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

    fn settings(words: &[&str]) -> Settings {
        Cli::try_parse_from(["manchette"].iter().chain(words))
            .unwrap()
            .config
            .limits
    }

    fn found(settings: &Settings, peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request =
            TestRequest::default().peer_addr(SocketAddr::new(peer.parse().unwrap(), 9));
        for header in headers {
            request = request.append_header(*header);
        }
        caller_address(&request.to_http_request(), settings).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_so_far() {
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
    fn forwarded_is_read_as_its_rfc_has_it() {
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
    fn ipv6_counts_by_its_first_half_and_ipv4_whole() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.255"), "192.0.2.255");
        assert_eq!(network("::ffff:192.0.2.255"), "192.0.2.255");
    }
}
