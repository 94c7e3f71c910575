//! The settings: how much one caller may ask for, and how a caller is told from another.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

#[derive(Clone, Debug, Args)]
#[group(id = "limits")]
pub struct Settings {
    /// Reads that one key may send, as `requests/seconds`, or `off`. They come back evenly over the seconds.
    #[arg(long, env = "MANCHETTE_RATE_READS", default_value = "2000/10", value_parser = rate, global = true)]
    pub rate_reads: Rate,

    /// Writes that one key may send: everything but `GET` and `HEAD`.
    #[arg(long, env = "MANCHETTE_RATE_WRITES", default_value = "500/10", value_parser = rate, global = true)]
    pub rate_writes: Rate,

    /// Reads that one address may send without a key (of IPv6, the first 64 bits).
    #[arg(long, env = "MANCHETTE_RATE_READS_WITHOUT_KEY", default_value = "1000/10", value_parser = rate, global = true)]
    pub rate_reads_without_key: Rate,

    /// Writes that one address may try without a key: each is refused, and counted.
    #[arg(long, env = "MANCHETTE_RATE_WRITES_WITHOUT_KEY", default_value = "30/60", value_parser = rate, global = true)]
    pub rate_writes_without_key: Rate,

    /// Credentials that could not be a key (mistyped: a key has a checksum; no JWT; another scheme) that one address may
    /// send; more are refused for a while. What could be a key is looked up all the same, until as many of one address were
    /// unknown as it may send reads without a key; keys that were good before go on even then.
    #[arg(long, env = "MANCHETTE_RATE_WRONG_KEYS", default_value = "10/60", value_parser = rate, global = true)]
    pub rate_wrong_keys: Rate,

    /// Networks of proxies (`10.0.0.0/8,fd00::/8`) that are believed when they say whose request they hand on; none
    /// unless told.
    #[arg(long, env = "MANCHETTE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// The header in which trusted proxies say it. Only one is read: the other one may be the caller's own.
    #[arg(long, env = "MANCHETTE_PROXY_HEADER", value_enum, default_value_t = ProxyHeader::XForwardedFor, global = true)]
    pub proxy_header: ProxyHeader,

    /// Connections that may be open at once; on more, only `/livez` and `/readyz` are answered, for a few seconds.
    #[arg(long, env = "MANCHETTE_MAX_CONNECTIONS", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections: u32,

    /// Connections that one address may have open at once; trusted proxies, any number.
    #[arg(long, env = "MANCHETTE_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections_per_address: u32,

    /// Seconds that a request's head may take to arrive.
    #[arg(long, env = "MANCHETTE_HEADER_TIMEOUT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600), global = true)]
    pub header_timeout: u16,

    /// Seconds that a request's body may take to arrive.
    #[arg(long, env = "MANCHETTE_BODY_TIMEOUT", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=600), global = true)]
    pub body_timeout: u16,
}

impl Settings {
    pub fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_timeout.into())
    }

    pub fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout.into())
    }
}

/// So many requests in so many seconds; none where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub Option<(NonZeroU32, NonZeroU32)>);

/// The header in which a proxy says whose request it hands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProxyHeader {
    /// `X-Forwarded-For: 192.0.2.1, 10.0.0.1`
    XForwardedFor,
    /// `Forwarded: for=192.0.2.1, for=10.0.0.1` (RFC 7239)
    Forwarded,
}

/// More than any bucket needs, and little enough that a request's share of the time is more than a microsecond.
const MOST: u32 = 1_000_000;
/// A week.
const LONGEST: u32 = 604_800;

fn rate(text: &str) -> Result<Rate, String> {
    if ["off", "0"].contains(&text) {
        return Ok(Rate(None));
    }
    let number = |text: &str, most: u32| {
        text.parse::<NonZeroU32>()
            .ok()
            .filter(|number| number.get() <= most)
    };
    text.split_once('/')
        .and_then(|(requests, seconds)| Some((number(requests, MOST)?, number(seconds, LONGEST)?)))
        .map(|rate| Rate(Some(rate)))
        .ok_or_else(|| {
            format!(
                "a rate looks like `1000/10`: 1 to {MOST} requests in 1 to {LONGEST} seconds; or `off`"
            )
        })
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "a network looks like `10.0.0.0/8` or `fd00::/8`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_requests_in_seconds_or_off() {
        let some = |requests, seconds| {
            Rate(Some((
                NonZeroU32::new(requests).unwrap(),
                NonZeroU32::new(seconds).unwrap(),
            )))
        };
        assert_eq!(rate("1000/10"), Ok(some(1000, 10)));
        assert_eq!(rate("off"), Ok(Rate(None)));
        assert_eq!(rate("0"), Ok(Rate(None)));
        for wrong in ["", "1", "0/1", "1/0", "-1/1", "1/1/1", "2000000/1", "1/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
