//! Whose pages may stand within an article: players of videos, maps, posts.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

/// Hosts whose pages may be embedded; none unless told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Embeds(Arc<[EmbedHost]>);

/// One such host, or all below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedHost {
    /// As addresses have it: lower-case, IDNs in Punycode.
    domain: String,
    /// Whether it is the hosts below it, not the domain itself.
    below: bool,
}

impl EmbedHost {
    /// Reads `player.example.org` or `*.example.org`.
    ///
    /// # Errors
    /// In words for whoever typed it.
    pub fn read(text: &str) -> Result<Self, String> {
        let (name, below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        match Host::parse(name) {
            Ok(Host::Domain(domain))
                if domain.contains('.')
                    && domain.split('.').all(|label| !label.is_empty())
                    && !domain.contains('*') =>
            {
                Ok(Self { domain, below })
            }
            _ => Err(
                "a host looks like `player.example.org`, or `*.example.org` for all below it: \
                      no scheme, no port, no path"
                    .to_owned(),
            ),
        }
    }

    fn has(&self, host: &str) -> bool {
        if self.below {
            host.strip_suffix(self.domain.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.domain
        }
    }
}

impl fmt::Display for EmbedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.domain)
    }
}

impl Embeds {
    /// Those of a setting.
    pub fn new(hosts: &[EmbedHost]) -> Self {
        Self(hosts.into())
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The address of a page that may be embedded, spelt in the one way that every reader understands alike.
    pub fn admit(&self, address: &str) -> Option<String> {
        let url = Url::parse(address).ok()?;
        let Some(Host::Domain(host)) = url.host() else {
            return None;
        };
        let plain = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        (plain && self.0.iter().any(|admitted| admitted.has(host))).then(|| url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hosts_of_the_setting_are_admitted() {
        let hosts = ["player.example", "*.vidéos.example"];
        let hosts = hosts.map(|host| EmbedHost::read(host).unwrap());
        assert_eq!(hosts[1].to_string(), "*.xn--vidos-dsa.example");
        let embeds = Embeds::new(&hosts);
        for (address, admitted) in [
            (
                "https://player.example/e/1?a=b#t",
                "https://player.example/e/1?a=b#t",
            ),
            ("HTTPS://PLAYER.example:443", "https://player.example/"),
            ("https:\\\\player.example\\e", "https://player.example/e"),
            (
                "https://a.vidéos.example/",
                "https://a.xn--vidos-dsa.example/",
            ),
            (
                "https://a.b.xn--vidos-dsa.example/",
                "https://a.b.xn--vidos-dsa.example/",
            ),
        ] {
            assert_eq!(embeds.admit(address).as_deref(), Some(admitted));
        }
        for address in [
            "",
            "http://player.example/",
            "//player.example/",
            "player.example",
            "https://player.example:8443/",
            "https://player.example./",
            "https://user@player.example/",
            "https://:word@player.example/",
            "https://player.example@evil.example/",
            "https://player.example.evil.example/",
            "https://evil-player.example/",
            "https://evil.example/player.example",
            "https://evil.example#@player.example/",
            "https://evil.example\\@player.example/",
            "https://vidéos.example/",
            "https://.vidéos.example/",
            "https://evilvidéos.example/",
            "https://player.example\u{3002}evil.example/",
            "javascript://player.example/%0aalert(1)",
            "data:text/html,player.example",
            "https://127.0.0.1/",
        ] {
            assert_eq!(embeds.admit(address), None, "{address}");
        }
        assert_eq!(Embeds::default().admit("https://player.example/"), None);
    }

    #[test]
    fn a_host_is_a_name_and_nothing_else() {
        for wrong in [
            "",
            "*",
            "*.",
            "*.org",
            "localhost",
            "https://a.example",
            "a.example/",
            "a.example:443",
            "a@b.example",
            "127.0.0.1",
            "[::1]",
            "a..example",
            "a.example.",
            "a.*.example",
            "a b.example",
        ] {
            assert!(EmbedHost::read(wrong).is_err(), "{wrong}");
        }
    }
}
