//! `GET /v1/suggest`: completes a query while it is typed.

use std::future::{Ready, ready};

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev, get};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::Reader;
use crate::db::Database;
use crate::http::cache_tags::CacheTags;
use crate::http::fields::Fields;
use crate::http::language::LanguageTag;
use crate::http::locale::{self, LanguagePreference};
use crate::http::one::{AcceptLanguage, FieldsParameter};
use crate::http::parameter_types::Text;
use crate::http::query_parameters::parse;
use crate::news::content::visibility::Visibility;
use crate::news::search::completions::{Completion, complete};
use crate::news::search::short_list::ShortList;
use crate::problem::Problem;
use crate::query_parameters;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(suggest);
}

/// Complete a query
///
/// Categories, tags, authors and titles of published articles that contain each word, the last one as a prefix; accents
/// and case are ignored. Names match in any language and are returned in one that contains the words: the requested
/// `language`, else the one that `Accept-Language` prefers, if it does. Tags and authors must be on an article that the
/// caller may see. At most 10: first up to 3 of each kind of name, then titles, newest first.
#[utoipa::path(
    tag = "Search",
    params(SuggestParameters, FieldsParameter, AcceptLanguage)
)]
#[get("/v1/suggest")]
async fn suggest(
    db: Data<Database>,
    reader: Reader,
    typed: SuggestRequest,
) -> Result<ShortList<Completion>, Problem> {
    let mut conn = db.connection().await?;
    let items = complete(&mut conn, Visibility::of(&reader), &typed.q, &typed.locale).await?;
    let mut cache_tags = CacheTags::default();
    for kind in ["article", "author", "category", "tag"] {
        cache_tags.all(kind);
    }
    let negotiated = typed.locale.is_negotiated();
    Ok(ShortList::new(items, typed.fields, cache_tags).varying_by_language(negotiated))
}

query_parameters! {
    /// The beginning of a text that is being typed.
    pub struct SuggestParameters {
        /// The beginning of a query.
        #[example("écon")]
        pub q: Text<100>,
        /// The language of names (BCP 47), where the words match in several. By default, the one that `Accept-Language`
        /// prefers.
        #[example("ar")]
        pub language: Option<LanguageTag>,
    }
}

/// The parameters of a request for completions.
struct SuggestRequest {
    q: Text<100>,
    locale: LanguagePreference,
    fields: Fields,
}

impl FromRequest for SuggestRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let query = request.query_string();
        let ((typed, names), _, mut faults) = parse::<(SuggestParameters, FieldsParameter)>(query);
        let fields = names.read::<Completion>(&mut faults);
        if !faults.is_empty() {
            return ready(Err(Problem::InvalidParameters(faults)));
        }
        let accepted = locale::accepted(request);
        ready(Ok(Self {
            q: typed.q,
            locale: LanguagePreference::new(typed.language, accepted),
            fields,
        }))
    }
}
