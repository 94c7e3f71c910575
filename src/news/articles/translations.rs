//! The translations of an article.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::{Record, Text, Uuid as SqlUuid};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::id_or_slug::IdOrSlug;
use crate::http::locale::LanguagePreference;
use crate::http::one::GetParameters;
use crate::news::articles::model::Article;
use crate::news::content::visibility::Visibility;
use crate::news::site::Site;

/// A translation of an article.
#[derive(Clone, Debug, Serialize, ToSchema, FromSqlRow)]
pub struct Translation {
    /// The language (BCP 47).
    pub language: String,
    pub id: Uuid,
    pub slug: String,
    pub title: String,
}

/// A translation as it is selected.
pub type TranslationRecord = Record<(Text, SqlUuid, Text, Text)>;

impl FromSql<TranslationRecord, Pg> for Translation {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let (language, id, slug, title) = FromSql::<TranslationRecord, Pg>::from_sql(record)?;
        Ok(Self {
            language,
            id,
            slug,
            title,
        })
    }
}

impl Article {
    /// The translation of an article into the requested language or, without one, into the first of the site's languages that
    /// there is one in.
    pub async fn find_translated(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        one: &GetParameters<Self>,
    ) -> QueryResult<Option<Self>> {
        let includes = |field: &str| one.fields.includes(field, true);
        // The translations are needed for the choice, whether `fields` names them or not.
        let languages = |field: &str| field == "translations" || includes(field);
        let Some(article) = Self::find_with(conn, name, visibility, languages).await? else {
            return Ok(None);
        };
        let others = article.translations.iter();
        let there: Vec<&str> = std::iter::once(article.language.as_str())
            .chain(others.map(|other| other.language.as_str()))
            .collect();
        let wanted = one.locale.pick(there.iter().copied());
        let (language, is_fallback) = match wanted {
            Some(language) => (language, false),
            None => {
                let preferred = Site::languages(conn).await?;
                let preferred = preferred.into_iter().find_map(|tag| {
                    LanguagePreference::new(Some(tag), Vec::new()).pick(there.iter().copied())
                });
                (preferred.unwrap_or(&article.language), true)
            }
        };
        let chosen = match article
            .translations
            .iter()
            .find(|other| other.language == language)
        {
            // If it disappears at this moment, the article that was found first is still there.
            Some(other) => {
                Self::find_with(conn, &IdOrSlug::Id(other.id), visibility, includes).await?
            }
            None => None,
        };
        let mut chosen = chosen.unwrap_or(article);
        chosen.is_fallback = is_fallback;
        Ok(Some(chosen))
    }
}
