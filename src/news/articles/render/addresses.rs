//! Addresses in a body's HTML: absolute, `http` or `https`, spelt so that every reader understands them alike.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use url::{ParseError, Url};

use crate::http::values::is_http_url;
use crate::news::articles::render::limits::MOST_HTML;

/// Makes the addresses of one body absolute.
#[derive(Debug, Default)]
pub struct Addresses {
    /// What relative ones are relative to.
    base: Option<Url>,
    /// How many bytes they have become longer altogether: a short reference to a site with a long address could make
    /// much of little.
    added: AtomicUsize,
}

impl Addresses {
    pub fn relative_to(base: Option<Url>) -> Self {
        Self {
            base,
            added: AtomicUsize::default(),
        }
    }

    /// Whether they became so much longer that some were left out.
    pub fn are_too_long(&self) -> bool {
        self.added.load(Ordering::Relaxed) > MOST_HTML
    }

    /// An address on the web, without credentials; none where it isn't one.
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
        (plain && !self.are_too_long()).then(|| Cow::Owned(url.into()))
    }

    /// An absolute address on the web, and no relative one.
    pub fn absolute(text: &str) -> Option<Cow<'_, str>> {
        Self::default().resolve(text).map(|url| match url {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(url) => Cow::Owned(url),
        })
    }

    /// A relative reference (RFC 3986, section 4.2) to something of the site. One that names a host, or that means the
    /// document that it stands in, is none.
    fn join(&self, text: &str) -> Option<Url> {
        let base = self.base.as_ref()?;
        // What a parser of URLs leaves out (https://url.spec.whatwg.org/#concept-basic-url-parser).
        let mut signs = text
            .trim_matches(|c: char| c <= ' ')
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'));
        match (signs.next(), signs.next()) {
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
        let addresses = Addresses::relative_to(Some(site));
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
            assert_eq!(addresses.resolve(text).as_deref(), Some(url), "{text}");
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
            assert_eq!(addresses.resolve(text), None, "{text:?}");
        }
        assert_eq!(Addresses::default().resolve("/a"), None);
        assert_eq!(Addresses::absolute("/a"), None);
    }

    #[test]
    fn short_references_do_not_make_a_body_endless() {
        let site = format!("https://site.example/{}/", "x".repeat(400));
        let addresses = Addresses::relative_to(Some(Url::parse(&site).unwrap()));
        let resolved = (0..20_000).filter(|_| addresses.resolve("a").is_some());
        assert!(resolved.count() < 10_500 && addresses.are_too_long());
    }
}
