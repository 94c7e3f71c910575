//! URLs in a body: made absolute and normalized, so that all clients parse them alike. Only `http` and `https` remain.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use url::{ParseError, Url};

use crate::http::values::is_http_url;
use crate::news::articles::render::limits::MAX_HTML;

/// Resolves the URLs of one body.
#[derive(Debug, Default)]
pub struct UrlResolver {
    /// The base of relative URLs.
    base: Option<Url>,
    /// The number of bytes added so far: many short references to a site with a long URL could make a body very long.
    added: AtomicUsize,
}

impl UrlResolver {
    pub fn relative_to(base: Option<Url>) -> Self {
        Self {
            base,
            added: AtomicUsize::default(),
        }
    }

    /// Whether the limit of added bytes is exceeded, so that some URLs were removed.
    pub fn is_over_limit(&self) -> bool {
        self.added.load(Ordering::Relaxed) > MAX_HTML
    }

    /// The absolute `http` or `https` URL, or `None` for other schemes and for URLs with credentials.
    pub fn resolve<'a>(&self, text: &'a str) -> Option<Cow<'a, str>> {
        if is_http_url(text) {
            return Some(Cow::Borrowed(text));
        }
        let url = match Url::parse(text) {
            Err(ParseError::RelativeUrlWithoutBase) => self.join(text)?,
            parsed => parsed.ok()?,
        };
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none();
        let added = url.as_str().len().saturating_sub(text.len());
        self.added.fetch_add(added, Ordering::Relaxed);
        (plain && !self.is_over_limit()).then(|| Cow::Owned(url.into()))
    }

    /// Like [`Self::resolve`], without relative references.
    pub fn absolute(text: &str) -> Option<Cow<'_, str>> {
        Self::default().resolve(text).map(|url| match url {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(url) => Cow::Owned(url),
        })
    }

    /// Resolves a relative reference (RFC 3986, section 4.2) within the site. References with a host, or to the document
    /// itself, are not resolved.
    fn join(&self, text: &str) -> Option<Url> {
        let base = self.base.as_ref()?;
        // Without the characters that URL parsers ignore (https://url.spec.whatwg.org/#concept-basic-url-parser).
        let mut chars = text
            .trim_matches(|c: char| c <= ' ')
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'));
        match (chars.next(), chars.next()) {
            (None | Some('#'), _) | (Some('/' | '\\'), Some('/' | '\\')) => None,
            _ => base
                .join(text)
                .ok()
                .filter(|url| url.origin() == base.origin()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_references_are_resolved_against_the_site() {
        let site = Url::parse("https://site.example:8443/fr/").unwrap();
        let urls = UrlResolver::relative_to(Some(site));
        for (text, url) in [
            ("/a", "https://site.example:8443/a"),
            ("a/b?c#d", "https://site.example:8443/fr/a/b?c#d"),
            ("../ar/x", "https://site.example:8443/ar/x"),
            ("../../../x", "https://site.example:8443/x"),
            ("./", "https://site.example:8443/fr/"),
            ("?a=b", "https://site.example:8443/fr/?a=b"),
            ("é b", "https://site.example:8443/fr/%C3%A9%20b"),
            ("\\a", "https://site.example:8443/a"),
            ("https://b.example/x", "https://b.example/x"),
            ("/a@b.example", "https://site.example:8443/a@b.example"),
        ] {
            assert_eq!(urls.resolve(text).as_deref(), Some(url), "{text}");
        }
        for text in [
            "",
            "\t",
            "#a",
            "//b.example/x",
            "//site.example:8443/x",
            "/\\b.example",
            "\\\\b.example",
            "/\t/b.example",
            "\u{1}//b.example",
            "/\n/\nb.example",
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "mailto:a@b.example",
            "x:y",
            "https://u@b.example/",
        ] {
            assert_eq!(urls.resolve(text), None, "{text:?}");
        }
        assert_eq!(UrlResolver::default().resolve("/a"), None);
        assert_eq!(UrlResolver::absolute("/a"), None);
    }

    #[test]
    fn short_references_can_not_make_a_body_too_long() {
        let site = format!("https://site.example/{}/", "x".repeat(400));
        let urls = UrlResolver::relative_to(Some(Url::parse(&site).unwrap()));
        let resolved = (0..20_000).filter(|_| urls.resolve("a").is_some());
        assert!(resolved.count() < 10_500 && urls.is_over_limit());
    }
}
