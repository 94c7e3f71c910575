//! Removes credentials that were put where none belong (a path, a request's id) before they are logged, stored or answered.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// The secret part of an API key, after its prefix; and a JWT (RFC 7519), which begins like `{"` in Base64.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(mnc_[0-9A-Za-z]{8})[0-9A-Za-z]+|(eyJ)[0-9A-Za-z_-]*\.[0-9A-Za-z_.-]*")
        .expect("a valid pattern")
});

/// The text without its secrets.
pub fn redact(text: &str) -> Cow<'_, str> {
    match may_contain_secret(text) {
        true => SECRETS.replace_all(text, "$1$2…"),
        false => Cow::Borrowed(text),
    }
}

/// Whether the text contains a secret.
pub fn contains_secret(text: &str) -> bool {
    may_contain_secret(text) && SECRETS.is_match(text)
}

/// A faster check, for every request.
fn may_contain_secret(text: &str) -> bool {
    text.contains("mnc_") || text.contains("eyJ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tokens_are_cut_and_all_else_stays() {
        let key = crate::access::credentials::Token::new();
        let path = format!("/v1/keys/{}/rotate", key.reveal());
        let cut = format!("/v1/keys/{}…/rotate", key.prefix());
        assert_eq!(redact(&path), cut);
        assert!(!contains_secret(&cut) && contains_secret(&path));
        assert_eq!(redact("/x/eyJhbGci.eyJz-dWI_.c2ln/y"), "/x/eyJ…/y");
        for plain in ["/v1/keys/mnc_kY3vQ8Zr", "/v1/articles/le-mnc-eyj", ""] {
            assert_eq!(redact(plain), plain);
        }
    }
}
