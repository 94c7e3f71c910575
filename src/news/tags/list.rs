//! Lists of tags, ordered by name.

use diesel_async::AsyncPgConnection;

use crate::db::Fragment;
use crate::http::language::LanguageTag;
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::query::{Filter, List};
use crate::news::listing::by_name;
use crate::problem::Problem;
use crate::query_parameters;

use super::{Tag, TagKind};

query_parameters! {
    /// Parameters of a list of tags.
    pub struct TagFilter {
        /// Tags of this kind.
        pub kind: Option<TagKind>,
        /// The language of names (BCP 47). Without it, `Accept-Language` decides.
        #[example("ar")]
        pub language: Option<LanguageTag>,
    }
}

impl Filter for TagFilter {
    type Item = Tag;
}

impl Tag {
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<TagFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<Self>, Problem> {
        let condition = match list.filter.kind {
            None => Fragment::default(),
            Some(kind) => Fragment::new(" AND kind = ").text(kind.as_str()),
        };
        by_name::page::<Self, _>(conn, list, &condition, locale).await
    }
}
