//! Lists of authors, ordered by name.

use diesel_async::AsyncPgConnection;

use crate::db::Fragment;
use crate::http::language::LanguageTag;
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::query::{Filter, List};
use crate::news::listing::by_name;
use crate::problem::Problem;
use crate::query_parameters;

use super::Author;

query_parameters! {
    /// Parameters of a list of authors.
    pub struct AuthorFilter {
        /// The language of names (BCP 47). Without it, `Accept-Language` decides.
        #[example("ar")]
        pub language: Option<LanguageTag>,
    }
}

impl Filter for AuthorFilter {
    type Item = Author;
}

impl Author {
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<AuthorFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<Self>, Problem> {
        let condition = Fragment::default();
        by_name::page::<Self, _>(conn, list, &condition, locale).await
    }
}
