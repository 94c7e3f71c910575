//! The hosts whose pages may be embedded in articles: video players, maps, posts.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

/// The hosts whose pages may be embedded; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Embeds(Arc<[EmbedHost]>);

/// A host, or all subdomains of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedHost {
    /// As in a normalized URL: lower-case, IDNs in Punycode.
    domain: String,
    /// Whether it stands for its subdomains, without the domain itself.
    is_wildcard: bool,
}

impl EmbedHost {
    /// Parses `player.example.org` or `*.example.org`.
    ///
    /// # Errors
    /// The message is for the user of the command line.
    pub fn read(text: &str) -> Result<Self, String> {
        let (name, is_wildcard) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        match Host::parse(name) {
            Ok(Host::Domain(domain))
                if domain.contains('.')
                    && domain.split('.').all(|label| !label.is_empty())
                    && !domain.contains('*') =>
            {
                Ok(Self {
                    domain,
                    is_wildcard,
                })
            }
            _ => Err(
                "must be a host such as `player.example.org`, or `*.example.org` for its subdomains, \
                 without scheme, port and path"
                    .to_owned(),
            ),
        }
    }

    fn matches(&self, host: &str) -> bool {
        if self.is_wildcard {
            host.strip_suffix(self.domain.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.domain
        }
    }
}

impl fmt::Display for EmbedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            if self.is_wildcard { "*." } else { "" },
            self.domain
        )
    }
}

impl Embeds {
    /// The hosts of the setting.
    pub fn new(hosts: &[EmbedHost]) -> Self {
        Self(hosts.into())
    }

    /// Whether no host is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The normalized URL of a page, if it may be embedded.
    pub fn allow(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let Some(Host::Domain(host)) = url.host() else {
            return None;
        };
        let plain = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        (plain && self.0.iter().any(|allowed| allowed.matches(host))).then(|| url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configured_hosts_are_allowed() {
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
            assert_eq!(embeds.allow(address).as_deref(), Some(admitted));
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
            assert_eq!(embeds.allow(address), None, "{address}");
        }
        assert_eq!(Embeds::default().allow("https://player.example/"), None);
    }

    #[test]
    fn a_host_has_no_scheme_port_or_path() {
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
