//! The cache tags of filtered lists, and of the content that is in them.

use uuid::Uuid;

use crate::http::cache_tags::CacheTag;
use crate::news::categories::Category;
use crate::news::content::crud::Resource;
use crate::news::listing::resolve::ResolvedFilter;

/// The kind of articles, which this layer lists without knowing them.
const ARTICLE: &str = "article";

/// The parts of a kind that content with this category and language is in; an article is in those of its authors and tags, too.
pub fn parts_of(kind: &'static str, category: Option<Uuid>, language: &str) -> Vec<CacheTag> {
    let mut tags = vec![CacheTag::of_kind(kind), language_part(kind, language)];
    if let Some(category) = category {
        tags.push(category_part(kind, category, None));
        tags.push(category_part(kind, category, Some(language)));
    }
    tags
}

fn language_part(kind: &str, language: &str) -> CacheTag {
    CacheTag::of_part(kind, &format!("language={language}"))
}

fn category_part(kind: &str, category: Uuid, language: Option<&str>) -> CacheTag {
    let properties = match language {
        Some(language) => format!("category={category}&language={language}"),
        None => format!("category={category}"),
    };
    CacheTag::of_part(kind, &properties)
}

/// The articles of an author.
pub fn author_part(author: Uuid) -> CacheTag {
    CacheTag::of_part(ARTICLE, &format!("author={author}"))
}

/// The articles with a tag.
pub fn tag_part(tag: Uuid) -> CacheTag {
    CacheTag::of_part(ARTICLE, &format!("tag={tag}"))
}

impl ResolvedFilter {
    /// The tags of a list of this kind with these filters: of its most selective filter that content has tags for; none where
    /// every change of the kind may affect it.
    pub fn cache_tags(&self, kind: &'static str) -> Option<Vec<CacheTag>> {
        let parameters = &self.parameters;
        // Which article stands for a story depends on articles in other languages.
        if parameters.fallback {
            return None;
        }
        if let Some(ids) = &parameters.ids {
            return Some(ids.iter().copied().map(CacheTag::of_id).collect());
        }
        let language = parameters.language.as_deref().map(AsRef::as_ref);
        let of_articles = kind == ARTICLE;
        if !self.categories.is_empty() {
            let categories = self.categories.iter();
            return Some(
                categories
                    .map(|category| category_part(kind, *category, language))
                    .collect(),
            );
        }
        match (self.author, self.tag, language) {
            (Some(author), _, _) if of_articles => Some(vec![author_part(author)]),
            (_, Some(tag), _) if of_articles => Some(vec![tag_part(tag)]),
            (None, None, Some(language)) => Some(vec![language_part(kind, language)]),
            _ => None,
        }
    }

    /// The resources that the filters name, and other kinds of content that decide what they select.
    pub fn named(&self) -> Vec<CacheTag> {
        let ids = [self.author, self.tag];
        let mut tags: Vec<CacheTag> = ids.into_iter().flatten().map(CacheTag::of_id).collect();
        // A headline has the tags of its article.
        tags.extend(self.tag.map(tag_part));
        // A change of the tree may change which categories are selected.
        if !self.categories.is_empty() {
            tags.push(CacheTag::of_kind(Category::NAME));
        }
        tags
    }
}
