//! The details of problems, in English and French.

crate::messages! {
    one_parameter() = "1 invalid parameter",
        "1 paramètre invalide";
    parameters(count) = "{count} invalid parameters",
        "{count} paramètres invalides";
    one_field() = "1 invalid field",
        "1 champ invalide";
    fields(count) = "{count} invalid fields",
        "{count} champs invalides";
    no_credentials() = "authentication required: send a key as `Authorization: Bearer mnc_…`",
        "authentification requise : envoyez une clé dans `Authorization: Bearer mnc_…`";
    invalid_key() = "this key is unknown, expired or revoked",
        "cette clé est inconnue, expirée ou révoquée";
    no_bearer() = "a key was sent without `Bearer`: send it as `Authorization: Bearer mnc_…`",
        "une clé a été envoyée sans `Bearer` : envoyez-la dans `Authorization: Bearer mnc_…`";
    other_scheme() = "the scheme of `Authorization` is not `Bearer`: send the key as `Authorization: Bearer mnc_…`",
        "le schéma d’`Authorization` n’est pas `Bearer` : envoyez la clé dans `Authorization: Bearer mnc_…`";
    several_credentials() = "`Authorization` may be sent once: send the key as `Authorization: Bearer mnc_…`",
        "`Authorization` ne peut figurer qu’une fois : envoyez la clé dans `Authorization: Bearer mnc_…`";
    key_in_other_header() = "a key is not read from `X-Api-Key`: send it as `Authorization: Bearer mnc_…`",
        "les clés ne sont pas lues dans `X-Api-Key` : envoyez la vôtre dans `Authorization: Bearer mnc_…`";
    status_needs_key() = "filtering by `status` requires a key: send it as `Authorization: Bearer mnc_…`",
        "le filtre `status` exige une clé : envoyez-la dans `Authorization: Bearer mnc_…`";
    scope_needed(scope) = "this needs a key with the scope `{scope}`",
        "il faut une clé avec le droit `{scope}`";
    not_found() = "not found, or not visible to this caller",
        "introuvable, ou invisible pour cet appelant";
    moved(to) = "moved permanently to {to}",
        "déplacée définitivement vers {to}";
    allowed_methods(methods) = "allowed methods: {methods}",
        "méthodes autorisées : {methods}";
    withdrawn() = "this was withdrawn",
        "cette ressource a été retirée";
    expired() = "this has expired",
        "cette ressource a expiré";
    outdated(version) = "version mismatch: the current version is {version}",
        "la version ne correspond pas : la version actuelle est la {version}";
    nothing_matches() = "no resource that `If-Match` could match",
        "aucune ressource à laquelle `If-Match` pourrait correspondre";
    if_match_required() = "`If-Match` is required, with the entity tag of the version to change",
        "`If-Match` est exigé, avec l’`ETag` de la version à modifier";
    in_progress() = "the first request with this `Idempotency-Key` is still in progress",
        "la première requête avec cette `Idempotency-Key` est encore en cours";
    key_reused() = "this `Idempotency-Key` was used for another address or another body",
        "cette `Idempotency-Key` a servi pour une autre adresse ou un autre corps";
    body_too_large(bytes) = "the body has more than {bytes} bytes",
        "le corps dépasse {bytes} octets";
    body_too_slow(seconds) = "the body did not arrive within {seconds} seconds",
        "le corps n’est pas arrivé en {seconds} secondes";
    head_too_slow(seconds) = "the head did not arrive within {seconds} seconds",
        "l’en-tête n’est pas arrivé en {seconds} secondes";
    uri_too_long(bytes) = "the URI has more than {bytes} bytes",
        "l’URI dépasse {bytes} octets";
    rate_exceeded(policy, requests, seconds, wait) = "{policy}: at most {requests} in {seconds} seconds; try again in {wait}",
        "{policy} : {requests} au plus en {seconds} secondes ; réessayez dans {wait}";
    too_much_unsent() = "responses to earlier requests from this address wait to be received: read those first",
        "des réponses à des requêtes précédentes de cette adresse attendent d’être reçues : lisez-les d’abord";
    too_many_streams(most) = "at most {most} streams may be open at once: close others first",
        "{most} flux au plus peuvent être ouverts en même temps : fermez-en d’abord";
    cursor_expired() = "changes can't be followed from this cursor any more: begin again with `GET /v1/changes?snapshot=true`",
        "les modifications ne peuvent plus être suivies à partir de ce curseur : recommencez par `GET /v1/changes?snapshot=true`";
    database_unavailable() = "the database is unavailable",
        "la base de données est indisponible";
    shared_sessions(cause) = "{cause}",
        "DATABASE_URL passe par un répartiteur de connexions en mode transaction ou instruction, qui confond les instructions préparées de ses clients : réglez-le sur le mode session (PgBouncer : pool_mode = session), ou connectez-vous directement à Postgres";
    disk_full() = "the database's disk is full",
        "le disque de la base de données est plein";
    no_identity_provider() = "the identity provider is unavailable",
        "le fournisseur d’identité est indisponible";
    internal() = "internal error",
        "erreur interne";
    about_to_stop() = "the server is about to stop",
        "le serveur va s’arrêter";
    busy_with_bodies() = "too many large bodies are being processed: try again",
        "trop de corps volumineux sont en cours de traitement : réessayez";
    modified_concurrently() = "the resource is being modified concurrently: try again",
        "la ressource est modifiée par d’autres au même moment : réessayez";
    framework(cause) = "{cause}",
        "la requête ne peut pas être traitée : « {cause} »";
    unanswerable() = "the request can't be answered",
        "la requête ne peut pas recevoir de réponse";
}
