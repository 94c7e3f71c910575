//! The details of problems with content, in English and French.

crate::messages! {
    since_or_snapshot() = "either `since` or `snapshot=true` is required: begin with `snapshot=true`, go on with `since`",
        "`since` ou `snapshot=true` est exigé, l’un ou l’autre : commencez par `snapshot=true`, continuez avec `since`";
    words_of(words) = "words separated by commas, of: {words}",
        "des mots séparés par des virgules, parmi : {words}";
    seconds_to_wait(most) = "a whole number of seconds, at most {most}",
        "un nombre entier de secondes, {most} au plus";
    needs_category() = "requires `category`",
        "exige `category`";
    needs_language() = "requires `language`",
        "exige `language`";
    not_with_ids() = "can't be combined with `ids`",
        "ne se combine pas avec `ids`";
    not_with_tree() = "can't be combined with `tree`",
        "ne se combine pas avec `tree`";
    no_category(name) = "there is no category {name}",
        "il n’y a pas de rubrique {name}";
    no_tag(name) = "there is no tag {name}",
        "il n’y a pas de mot-clé {name}";
    no_author(name) = "there is no author {name}",
        "il n’y a pas d’auteur {name}";
    no_such_category() = "there is no such category",
        "cette rubrique n’existe pas";
    no_resource_with_id() = "no resource has this id",
        "aucune ressource n’a cet identifiant";
    created_meanwhile() = "a resource with this id was created at the same time",
        "une ressource avec cet identifiant a été créée au même moment";
    author_or_tag_gone() = "an author or a tag of the article does not exist any more",
        "un auteur ou un mot-clé de l’article n’existe plus";
    html_too_long() = "the rendered HTML is too long",
        "le HTML mis en forme est trop long";
    translation_exists() = "the story has a translation in this language already",
        "cet article a déjà une traduction dans cette langue";
    language_taken() = "another translation has this language",
        "une autre traduction est dans cette langue";
    scheduled_needs_time() = "`scheduled` needs a time",
        "`scheduled` exige une date";
    slug_reserved(slug) = "`{slug}` is reserved for paths of the API",
        "`{slug}` est réservé aux chemins de l’API";
    slug_taken() = "this slug is taken",
        "ce slug est pris";
    slug_of_other() = "another resource has this slug",
        "une autre ressource a ce slug";
    language_twice() = "duplicate language",
        "langue répétée";
    language_respelt() = "duplicate language, in another spelling",
        "langue répétée, sous une autre graphie";
    expiry_too_early() = "must come after `published_at`, which is now where it is left out",
        "doit être postérieur à `published_at`, qui vaut maintenant s’il est omis";
    site_url() = "the URL of a site must not contain `?` or `#`",
        "l’URL d’un site ne doit contenir ni `?` ni `#`";
    time_zone() = "must be a name of the IANA database, such as `Africa/Casablanca`",
        "doit être un nom de la base IANA, comme `Africa/Casablanca`";
    below_itself() = "a category can't be below itself",
        "une rubrique ne peut pas se trouver sous elle-même";
    five_levels() = "the tree has at most 5 levels",
        "l’arborescence a 5 niveaux au plus";
    too_many_categories() = "a site has at most 1,000 categories",
        "un site a 1 000 rubriques au plus";
    category_not_empty() = "the category is not empty",
        "la rubrique n’est pas vide";
    category_contains(list) = "the category still contains: {list}",
        "la rubrique contient encore : {list}";
    used_by(list) = "still used by: {list}",
        "encore utilisé par : {list}";
    used_by_articles() = "still used by articles",
        "encore utilisé par des articles";
    one_article() = "1 article",
        "1 article";
    articles(count) = "{count} articles",
        "{count} articles";
    one_headline() = "1 headline",
        "1 titre";
    headlines(count) = "{count} headlines",
        "{count} titres";
    one_category() = "1 category",
        "1 rubrique";
    categories(count) = "{count} categories",
        "{count} rubriques";
    html_too_large(limit) = "more than {limit} MiB of HTML",
        "plus de {limit} Mio de HTML";
    html_too_deep(limit) = "more than {limit} nested or unclosed elements",
        "plus de {limit} éléments imbriqués ou non fermés";
    html_references(limit) = "more than {limit} ampersands and other characters that HTML escapes",
        "plus de {limit} esperluettes et autres caractères que HTML échappe";
    html_misplaced() = "too many unclosed or misplaced elements",
        "trop d’éléments non fermés ou mal placés";
    html_attributes(limit) = "a tag with more than {limit} attributes",
        "une balise avec plus de {limit} attributs";
    html_nesting() = "invalid nesting of elements",
        "imbrication d’éléments invalide";
}
