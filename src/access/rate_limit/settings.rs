//! Settings of the rate limits, by caller and kind of request.

use std::num::NonZeroU32;

use clap::Args;

#[derive(Clone, Debug, Args)]
#[group(id = "limits")]
#[command(next_help_heading = "Rate limits")]
pub struct RateLimitSettings {
    /// Reads that one key may send, as `requests/seconds`, or `off`. The allowance is refilled evenly over the seconds.
    #[arg(long, env = "MANCHETTE_RATE_READS", default_value = "2000/10", value_parser = parse_rate, global = true)]
    pub rate_reads: Rate,

    /// Writes that one key may send: every method other than `GET` and `HEAD`.
    #[arg(long, env = "MANCHETTE_RATE_WRITES", default_value = "500/10", value_parser = parse_rate, global = true)]
    pub rate_writes: Rate,

    /// Reads that one address (IPv6: one /64 network) may send without a key.
    #[arg(long, env = "MANCHETTE_RATE_READS_WITHOUT_KEY", default_value = "1000/10", value_parser = parse_rate, global = true)]
    pub rate_reads_without_key: Rate,

    /// Unauthenticated writes from one address: each is refused, and counted.
    #[arg(long, env = "MANCHETTE_RATE_WRITES_WITHOUT_KEY", default_value = "30/60", value_parser = parse_rate, global = true)]
    pub rate_writes_without_key: Rate,

    /// Malformed credentials that one address may send (a mistyped key, whose checksum is wrong; not a JWT; another
    /// scheme). Well-formed ones are looked up even beyond that limit, until one address has sent as many unknown keys as it
    /// may send reads without a key; keys that were valid before are accepted even then.
    #[arg(long, env = "MANCHETTE_RATE_WRONG_KEYS", default_value = "10/60", value_parser = parse_rate, global = true)]
    pub rate_wrong_keys: Rate,
}

/// A number of requests in a number of seconds; none for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub Option<(NonZeroU32, NonZeroU32)>);

/// The most requests of a rate: small enough that the time for one is more than a microsecond.
const MAX_REQUESTS: u32 = 1_000_000;
/// The longest period of a rate, in seconds: a week.
const MAX_SECONDS: u32 = 604_800;

fn parse_rate(text: &str) -> Result<Rate, String> {
    if ["off", "0"].contains(&text) {
        return Ok(Rate(None));
    }
    let number = |text: &str, max: u32| {
        text.parse::<NonZeroU32>()
            .ok()
            .filter(|number| number.get() <= max)
    };
    text.split_once('/')
        .and_then(|(requests, seconds)| Some((number(requests, MAX_REQUESTS)?, number(seconds, MAX_SECONDS)?)))
        .map(|rate| Rate(Some(rate)))
        .ok_or_else(|| {
            format!(
                "a rate looks like `1000/10`: 1 to {MAX_REQUESTS} requests in 1 to {MAX_SECONDS} seconds; or `off`"
            )
        })
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
        assert_eq!(parse_rate("1000/10"), Ok(some(1000, 10)));
        assert_eq!(parse_rate("off"), Ok(Rate(None)));
        assert_eq!(parse_rate("0"), Ok(Rate(None)));
        for wrong in ["", "1", "0/1", "1/0", "-1/1", "1/1/1", "2000000/1", "1/s"] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }
}
