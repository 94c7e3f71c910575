//! The details of faults in requests, in English and French.

crate::messages! {
    unknown_field() = "there is no such field",
        "ce champ n’existe pas";
    required_field() = "this field is required",
        "ce champ est obligatoire";
    at_most_characters(limit) = "at most {limit} characters",
        "{limit} caractères au plus";
    one_of(words) = "one of: {words}",
        "une de ces valeurs : {words}";
    at_least(limit) = "at least {limit}",
        "au moins {limit}";
    at_most(limit) = "at most {limit}",
        "au plus {limit}";
    at_least_items(limit) = "at least {limit} items",
        "{limit} éléments au moins";
    at_most_items(limit) = "at most {limit} items",
        "{limit} éléments au plus";
    at_most_fields(limit) = "at most {limit} fields",
        "{limit} champs au plus";
    unique_items() = "items must be unique",
        "les éléments doivent être tous différents";
    must_be(types) = "must be {types}",
        "doit être {types}";
    or(first, second) = "{first} or {second}",
        "{first} ou {second}";
    an_array() = "a list",
        "une liste";
    a_boolean() = "true or false",
        "true ou false";
    an_integer() = "a whole number",
        "un nombre entier";
    null() = "null",
        "null";
    a_number() = "a number",
        "un nombre";
    an_object() = "an object",
        "un objet";
    a_string() = "a text",
        "un texte";
    not_in_schema(cause) = "does not match the schema in the contract: {cause}",
        "ne respecte pas le schéma du contrat : « {cause} »";
    no_control_characters() = "text may not contain control characters",
        "le texte ne peut pas contenir de caractères de contrôle";
    blank() = "must not be blank",
        "ne doit pas être vide";
    one_line() = "must be one line, without tabs and line breaks",
        "doit tenir sur une ligne, sans tabulation ni saut de ligne";
    not_the_pattern() = "does not match the pattern in the contract",
        "ne correspond pas au motif du contrat";
    timestamp() = "must be a date and time with its zone (RFC 3339), such as `2026-11-23T14:00:00Z`",
        "doit être une date avec son heure et son fuseau (RFC 3339), comme `2026-11-23T14:00:00Z`";
    leap_second() = "must not be a leap second",
        "ne doit pas être une seconde intercalaire";
    years() = "must be in the years 1600 to 9999",
        "doit se situer entre les années 1600 et 9999";
    six_digits() = "at most six digits after the second",
        "six chiffres au plus après la seconde";
    plus_in_url(detail) = "{detail}; in a URL `+` must be written `%2B`",
        "{detail} ; dans une URL, `+` s’écrit `%2B`";
    http_url() = "must be an absolute `http` or `https` URL, percent-encoded, without user name and password",
        "doit être une URL absolue en `http` ou `https`, encodée (%), sans nom d’utilisateur ni mot de passe";
    language_tag() = "must be a language tag (BCP 47), such as `fr` or `ar-MA`",
        "doit être un code de langue (BCP 47), comme `fr` ou `ar-MA`";
    not_a_language_tag() = "not a language tag (BCP 47), such as `fr` or `ar-MA`",
        "ce n’est pas un code de langue (BCP 47), comme `fr` ou `ar-MA`";
    an_id() = "must be an id (a UUID)",
        "doit être un identifiant (un UUID)";
    slug() = "must be lower-case letters and digits joined by single hyphens, and not look like an id",
        "doit se composer de lettres minuscules et de chiffres joints par des traits d’union simples, et ne pas ressembler à un identifiant";
    other_format(format) = "must be of the format {format}",
        "doit être au format {format}";
    once() = "this parameter may be given once",
        "ce paramètre ne peut figurer qu’une fois";
    unknown_parameter() = "there is no such parameter",
        "ce paramètre n’existe pas";
    unknown_parameter_here() = "there is no such parameter here",
        "ce paramètre n’existe pas ici";
    required_parameter() = "this parameter is required",
        "ce paramètre est obligatoire";
    true_or_false() = "true or false",
        "`true` ou `false`";
    ip_address() = "an IP address",
        "une adresse IP";
    day() = "a day, such as 2026-11-23, in the years 1600 to 9998",
        "un jour, comme 2026-11-23, entre les années 1600 et 9998";
    not_empty() = "must not be empty",
        "ne doit pas être vide";
    no_nul() = "must not contain the character U+0000",
        "ne doit pas contenir le caractère U+0000";
    line(limit) = "one line of 1 to {limit} characters",
        "une ligne de 1 à {limit} caractères";
    id_or_slug() = "an id or a slug",
        "un identifiant ou un slug";
    ids_or_slugs(limit) = "ids or slugs, separated by commas, at most {limit}",
        "des identifiants ou des slugs, séparés par des virgules, {limit} au plus";
    ids(limit) = "ids, separated by commas, at most {limit}",
        "des identifiants, séparés par des virgules, {limit} au plus";
    id_twice(id) = "{id} is named twice",
        "{id} figure deux fois";
    page_limit() = "a whole number from 1 to 100",
        "un nombre entier de 1 à 100";
    no_field(name, names) = "there is no field `{name}`; there are: {names}",
        "il n’y a pas de champ `{name}` ; voici les champs : {names}";
    empty_field_name(names) = "there is no field with an empty name: give names separated by commas; there are: {names}",
        "un nom de champ est vide : donnez des noms séparés par des virgules ; voici les champs : {names}";
    nothing_within(name) = "`{name}` has no fields to select",
        "`{name}` n’a pas de champs à sélectionner";
    no_field_within(outer, name, names) = "`{outer}` has no field `{name}`; there are: {names}",
        "`{outer}` n’a pas de champ `{name}` ; voici ses champs : {names}";
    field_twice(outer, name) = "`{outer}` is named twice, the second time as `{name}`",
        "`{outer}` figure deux fois, la seconde sous la forme `{name}`";
    not_clearable(name, names) = "`{name}` is no field that can be cleared; these are: {names}",
        "`{name}` n’est pas un champ qui peut être vidé ; voici ceux qui peuvent l’être : {names}";
    cleared_and_set(name) = "the body has a value for `{name}`",
        "le corps donne une valeur à `{name}`";
    not_a_cursor() = "not a cursor of this server",
        "ce n’est pas un curseur de ce serveur";
    other_cursor() = "this cursor belongs to another list or other filters: begin again without it",
        "ce curseur appartient à une autre liste ou à d’autres filtres : recommencez sans lui";
    body_empty() = "the body is empty",
        "le corps est vide";
    body_incomplete(cause) = "the body is incomplete: {cause}",
        "le corps est incomplet : « {cause} »";
    not_json(line, column, cause) = "the body is not JSON: {cause}",
        "le corps n’est pas du JSON : erreur à la ligne {line}, colonne {column}";
    json_field_twice(name, line, column) = "the body has the field `{name}` twice in one object, at line {line}, column {column}",
        "le corps contient deux fois le champ `{name}` dans un même objet, à la ligne {line}, colonne {column}";
    json_too_deep(depth, line, column) = "the body is nested deeper than {depth} levels, at line {line}, column {column}",
        "le corps dépasse {depth} niveaux d’imbrication, à la ligne {line}, colonne {column}";
    no_content_coding() = "request bodies with a `Content-Encoding` are not supported",
        "les corps de requête avec un `Content-Encoding` ne sont pas acceptés";
    must_be_json() = "the body must be `application/json`",
        "le corps doit être du type `application/json`";
    must_be_merge_patch() = "the body must be `application/merge-patch+json` or `application/json`",
        "le corps doit être du type `application/merge-patch+json` ou `application/json`";
    if_match_tags() = "`If-Match` takes entity tags with their double quotes, or `*`",
        "`If-Match` accepte des `ETag` avec leurs guillemets droits, ou `*`";
    percent_in_path() = "in the path a `%` is not followed by two hexadecimal digits",
        "dans le chemin, un `%` n’est pas suivi de deux chiffres hexadécimaux";
    percent_in_query() = "in the query a `%` is not followed by two hexadecimal digits",
        "dans les paramètres, un `%` n’est pas suivi de deux chiffres hexadécimaux";
    path_not_utf8() = "the path's percent-encoding is not UTF-8",
        "l’encodage du chemin n’est pas de l’UTF-8";
    query_not_utf8() = "the query's percent-encoding is not UTF-8",
        "l’encodage des paramètres n’est pas de l’UTF-8";
    origin_not_allowed() = "the page's `Origin` is not allowed: see `--cors-origins`",
        "l’origine de la page n’est pas autorisée : voir `--cors-origins`";
    cors_method() = "this method is not allowed from other origins",
        "cette méthode n’est pas autorisée depuis une autre origine";
    cors_headers() = "one of these headers is not allowed from other origins",
        "un de ces en-têtes n’est pas autorisé depuis une autre origine";
    cors_other(cause) = "{cause}",
        "la requête CORS préliminaire est mal formée : « {cause} »";
}
