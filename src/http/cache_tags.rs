//! What an answer is made of: names by which a cache in front of the server can drop exactly what a change concerns.

use std::collections::BTreeSet;

use actix_web::http::header::HeaderValue;
use uuid::Uuid;

/// What caches take of such a header at most, with room to spare (16 KiB each, as Fastly and Cloudflare document it).
const LONGEST: usize = 12 * 1024;

/// The resources that an answer shows, or that would change it by their coming.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheTags {
    ones: BTreeSet<(&'static str, Uuid)>,
    all: BTreeSet<&'static str>,
}

impl CacheTags {
    /// This one resource.
    pub fn one(&mut self, kind: &'static str, id: Uuid) {
        self.ones.insert((kind, id));
    }

    /// Whatever there is of a kind: a list changes with what comes into it, too.
    pub fn all(&mut self, kind: &'static str) {
        self.all.insert(kind);
    }

    /// All of these.
    pub fn extend<'a, P: CacheTagged + 'a>(&mut self, parts: impl IntoIterator<Item = &'a P>) {
        parts.into_iter().for_each(|part| part.add_cache_tags(self));
    }

    /// The names, with this between them. Where they would not fit, whole kinds stand for their members.
    pub fn header(&self, separator: &str) -> Option<HeaderValue> {
        let mut names: Vec<String> = self.all.iter().map(ToString::to_string).collect();
        names.extend(self.ones.iter().map(|(kind, id)| format!("{kind}-{id}")));
        let mut text = names.join(separator);
        if text.len() > LONGEST {
            let kinds: BTreeSet<&str> = self
                .ones
                .iter()
                .map(|(kind, _)| *kind)
                .chain(self.all.iter().copied())
                .collect();
            text = kinds.into_iter().collect::<Vec<_>>().join(separator);
        }
        HeaderValue::from_str(&text)
            .ok()
            .filter(|_| !text.is_empty())
    }
}

/// Something that an answer can be made of.
pub trait CacheTagged {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_once_and_kinds_stand_for_too_many() {
        let mut cache_tags = CacheTags::default();
        assert_eq!(cache_tags.header(" "), None);
        let id = Uuid::nil();
        cache_tags.all("article");
        cache_tags.one("article", id);
        cache_tags.one("article", id);
        assert_eq!(
            cache_tags.header(",").unwrap(),
            format!("article,article-{id}").as_str()
        );
        for _ in 0..400 {
            cache_tags.one("tag", Uuid::now_v7());
        }
        assert_eq!(cache_tags.header(" ").unwrap(), "article tag");
    }
}
