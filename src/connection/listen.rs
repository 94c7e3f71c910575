//! The address to listen on: how it may be written, and what an address that is taken is told.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};

/// Binds the address of `--listen`.
///
/// # Errors
/// A sentence that says who has the address, where that can be known, and what to do.
pub fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| explain(address, &error))
}

fn explain(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => {
            let holder = listeners::get_process_by_port(address.port(), listeners::Protocol::TCP);
            let holder = holder.map_or_else(
                |_| "is in use".to_owned(),
                |process| format!("is in use by {} (pid {})", process.name, process.pid),
            );
            format!(
                "{address} {holder}: choose another address with --listen, such as --listen 8081"
            )
        }
        ErrorKind::PermissionDenied => format!(
            "this user may not listen on {address}: choose a port above 1023 with --listen, such as --listen 8080"
        ),
        _ => format!("can't listen on {address}: {error}"),
    }
}

/// Parses an address: `8080` on this machine alone, `:8080` on all its IPv4 addresses, `localhost:8080`, `[::1]:8080`.
///
/// # Errors
/// A sentence with examples.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let port = |text: &str| text.parse::<u16>().ok();
    if let Some(port) = port(text) {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    if let Some(port) = text.strip_prefix(':').and_then(port) {
        return Ok((Ipv4Addr::UNSPECIFIED, port).into());
    }
    let examples = "`8080` (this machine alone), `:8080` (all addresses), `192.0.2.7:8080`, `localhost:8080` or `[::1]:8080`";
    let addresses = text.to_socket_addrs();
    let mut addresses: Vec<SocketAddr> = addresses
        .map_err(|error| format!("{error}; an address looks like {examples}"))?
        .collect();
    addresses.sort_by_key(|address| !address.is_ipv4());
    let first = addresses.first().copied();
    first.ok_or_else(|| format!("this name has no address; an address looks like {examples}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_in_several_ways() {
        for (text, address) in [
            ("8080", "127.0.0.1:8080"),
            (":8080", "0.0.0.0:8080"),
            ("0", "127.0.0.1:0"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("[::1]:8080", "[::1]:8080"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(parse_address(text), Ok(address.parse().unwrap()), "{text}");
        }
        for wrong in [
            "",
            ":",
            "127.0.0.1",
            "65536",
            ":99999",
            "::1:",
            "[::1]",
            "a b:1",
        ] {
            let refused = parse_address(wrong).unwrap_err();
            assert!(refused.contains("`[::1]:8080`"), "{wrong}: {refused}");
        }
    }
}
