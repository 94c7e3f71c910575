//! The kinds of problems, each with its name, status and texts: title, explanation, what to do; in English and French.

use actix_web::http::StatusCode;

use super::Kind;
use crate::problem::text::StaticText;

macro_rules! kinds {
    ($($constant:ident = $name:literal, $status:ident, $title:literal | $title_fr:literal,
        $explanation:literal | $explanation_fr:literal, $remedy:literal | $remedy_fr:literal;)*) => {
        $(pub const $constant: Kind = Kind {
            name: $name,
            status: StatusCode::$status,
            title: StaticText::new($title, $title_fr),
            explanation: StaticText::new($explanation, $explanation_fr),
            remedy: StaticText::new($remedy, $remedy_fr),
        };)*
        /// Every kind of problem.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

kinds! {
    CROSS_ORIGIN = "cross-origin", BAD_REQUEST,
        "Cross-origin request not allowed" | "Requête d’une autre origine non autorisée",
        "A browser sent a CORS preflight (`OPTIONS`) for a request that is not allowed: the server's settings don't name the page's origin, or the API doesn't take this method or read this header." | "Un navigateur a envoyé une requête CORS préliminaire (`OPTIONS`) pour une requête qui n’est pas autorisée : l’origine de la page ne figure pas dans la configuration du serveur, ou l’API n’accepte pas cette méthode ou ne lit pas cet en-tête.",
        "Have the operator add the origin to `--cors-origins`, or leave out the header." | "Demandez à l’exploitant d’ajouter l’origine à `--cors-origins`, ou supprimez l’en-tête.";
    MALFORMED = "malformed", BAD_REQUEST,
        "Malformed request" | "Requête mal formée",
        "The request can't be parsed: the body is not JSON, has a field twice or is nested deeper than 32 levels, the address has percent-encoding that is not UTF-8, or the message is not valid HTTP/1.1 (line endings, chunks, an ambiguous length)." | "La requête ne peut pas être analysée : le corps n’est pas du JSON, contient deux fois le même champ ou dépasse 32 niveaux d’imbrication, l’adresse est mal encodée (UTF-8 attendu), ou le message n’est pas du HTTP/1.1 valide (fins de ligne, fragments, longueur ambiguë).",
        "`detail` names the place where parsing stopped. Send UTF-8, and let a library write the JSON." | "`detail` indique l’endroit où l’analyse s’est arrêtée. Envoyez de l’UTF-8, et laissez une bibliothèque écrire le JSON.";
    INVALID_PARAMETERS = "invalid-parameters", BAD_REQUEST,
        "Invalid query parameters" | "Paramètres de requête invalides",
        "A query parameter is unknown, duplicate or has an invalid value. Parameters are never ignored or truncated silently." | "Un paramètre de requête est inconnu, répété ou de valeur invalide. Aucun paramètre n’est ignoré ni tronqué en silence.",
        "Each entry of `errors` names one parameter and the values that it takes. A cursor is valid only for the list and the filters that it came from." | "Chaque entrée de `errors` nomme un paramètre et les valeurs qu’il accepte. Un curseur n’est valable que pour la liste et les filtres dont il provient.";
    UNAUTHORIZED = "unauthorized", UNAUTHORIZED,
        "Authentication required" | "Authentification requise",
        "This operation needs a key, and the request had none, or one that is unknown, expired or revoked." | "Cette opération exige une clé ; la requête n’en avait pas, ou sa clé est inconnue, expirée ou révoquée.",
        "Send `Authorization: Bearer mnc_…`, or a JWT where the server accepts them. Keys are created with `manchette keys create` or `POST /v1/keys`." | "Envoyez `Authorization: Bearer mnc_…`, ou un JWT si le serveur les accepte. Les clés se créent avec `manchette keys create` ou `POST /v1/keys`.";
    FORBIDDEN = "forbidden", FORBIDDEN,
        "Missing scope" | "Droit manquant",
        "The key is valid, but lacks the scope that this operation needs: `write` to change drafts, `publish` in addition to change public content, `admin` to manage keys." | "La clé est valable, mais n’a pas le droit (scope) qu’exige cette opération : `write` pour modifier les brouillons, `publish` en plus pour modifier le contenu public, `admin` pour gérer les clés.",
        "Ask the operator for a key with the scope that `detail` names." | "Demandez à l’exploitant une clé avec le droit que nomme `detail`.";
    NOT_FOUND = "not-found", NOT_FOUND,
        "Not found" | "Introuvable",
        "There is no resource at this address, or none that the caller may see: a draft looks the same as a missing resource." | "Aucune ressource ne se trouve à cette adresse, ou aucune que l’appelant puisse voir : un brouillon ne se distingue pas d’une ressource absente.",
        "Check the id or slug. To see drafts, send a key with the scope `read`." | "Vérifiez l’identifiant ou le slug. Pour voir les brouillons, envoyez une clé avec le droit `read`.";
    MOVED = "moved", PERMANENT_REDIRECT,
        "Moved permanently" | "Déplacée définitivement",
        "The resource has a new slug." | "La ressource a un nouveau slug.",
        "Follow `Location`, and store the new address." | "Suivez `Location`, et enregistrez la nouvelle adresse.";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED,
        "Method not allowed" | "Méthode non autorisée",
        "The address exists, but doesn't support this method." | "L’adresse existe, mais n’accepte pas cette méthode.",
        "The header `Allow` lists the supported methods." | "L’en-tête `Allow` énumère les méthodes acceptées.";
    IN_PROGRESS = "in-progress", CONFLICT,
        "First request still in progress" | "Première requête encore en cours",
        "Another request with the same `Idempotency-Key` is still being processed. It takes effect once." | "Une autre requête avec la même `Idempotency-Key` est encore en cours de traitement. Elle ne prendra effet qu’une fois.",
        "Try again after the seconds in `Retry-After`: the response to the first request is replayed." | "Réessayez après le délai en secondes de `Retry-After` : la réponse à la première requête sera renvoyée.";
    CONFLICT = "conflict", CONFLICT,
        "Conflict" | "Conflit",
        "The change is valid, but conflicts with the current state: the slug is taken, or the category is not empty, for example." | "La modification est valable, mais entre en conflit avec l’état actuel : le slug est pris, ou la rubrique n’est pas vide, par exemple.",
        "`detail` and `errors` name the conflict. Resolve it first, or choose another value." | "`detail` et `errors` nomment le conflit. Résolvez-le d’abord, ou choisissez une autre valeur.";
    GONE = "gone", GONE,
        "Gone" | "Retirée",
        "This resource was published, and has been withdrawn or has expired: `reason` says which." | "Cette ressource a été publiée, puis retirée, ou elle a expiré : `reason` le précise.",
        "Remove it from your pages and caches." | "Retirez-la de vos pages et de vos caches.";
    CURSOR_EXPIRED = "cursor-expired", GONE,
        "Cursor expired" | "Curseur expiré",
        "Changes can't be followed from this place any more: the log of changes no longer goes back so far (30 days, unless the server is configured otherwise), or the database was restored or replaced." | "Les modifications ne peuvent plus être suivies à partir de cet endroit : le journal des modifications ne remonte plus aussi loin (30 jours, sauf si le serveur est configuré autrement), ou la base de données a été restaurée ou remplacée.",
        "Begin again with `GET /v1/changes?snapshot=true`: it reads everything, and ends with a cursor to go on from." | "Recommencez par `GET /v1/changes?snapshot=true` : tout y est lu, et la fin donne un curseur à partir duquel continuer.";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED,
        "Precondition failed" | "Précondition non remplie",
        "The request named the version that it changes (`If-Match`), or required that none exists (`If-None-Match: *`), and that no longer holds." | "La requête nommait la version qu’elle modifie (`If-Match`), ou exigeait qu’il n’en existe aucune (`If-None-Match: *`), et ce n’est plus le cas.",
        "Read the resource again, apply your change to its current version, and send it with the new `ETag`." | "Relisez la ressource, appliquez votre modification à sa version actuelle, et envoyez-la avec le nouvel `ETag`.";
    PRECONDITION_REQUIRED = "precondition-required", PRECONDITION_REQUIRED,
        "Precondition required" | "Précondition exigée",
        "This server requires `If-Match` for every change, so that no change overwrites another one unseen." | "Ce serveur exige `If-Match` pour toute modification, afin qu’aucune n’en écrase une autre sans l’avoir vue.",
        "Send `If-Match` with the `ETag` of the version that you have read; `If-Match: *` matches any version." | "Envoyez `If-Match` avec l’`ETag` de la version que vous avez lue ; `If-Match: *` vaut pour toute version.";
    KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY,
        "Idempotency-Key reused for another request" | "Idempotency-Key réutilisée pour une autre requête",
        "Within the last 24 hours the same `Idempotency-Key` was sent with another body or to another address. Nothing was changed." | "Au cours des dernières 24 heures, la même `Idempotency-Key` a été envoyée avec un autre corps ou à une autre adresse. Rien n’a été modifié.",
        "Generate a new key, such as a UUID, for each operation, and repeat the identical request when you retry." | "Générez une nouvelle clé, un UUID par exemple, pour chaque opération, et répétez la requête à l’identique lorsque vous réessayez.";
    TOO_LARGE = "too-large", PAYLOAD_TOO_LARGE,
        "Body too large" | "Corps trop volumineux",
        "A body may have at most 1 MiB, and the body of an article 16 MiB." | "Un corps peut avoir 1 Mio au plus, et celui d’un article 16 Mio.",
        "Send less: store pictures on an image server, and send their addresses." | "Envoyez moins : placez les images sur un serveur d’images, et envoyez leurs adresses.";
    TOO_SLOW = "too-slow", REQUEST_TIMEOUT,
        "Request timeout" | "Délai de la requête dépassé",
        "The head has to arrive within 10 seconds and the body within 30, unless the server is configured otherwise." | "L’en-tête doit arriver en 10 secondes et le corps en 30, sauf si le serveur est configuré autrement.",
        "Send the request again over a faster connection; nothing was changed." | "Renvoyez la requête par une connexion plus rapide ; rien n’a été modifié.";
    URI_TOO_LONG = "uri-too-long", URI_TOO_LONG,
        "URI too long" | "URI trop longue",
        "A URI, with its query, may have at most 8 KiB." | "Une URI, paramètres compris, peut avoir 8 Kio au plus.",
        "Send fewer ids or a shorter query at a time." | "Envoyez moins d’identifiants à la fois, ou une recherche plus courte.";
    HEADERS_TOO_LARGE = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Header fields too large" | "En-têtes trop volumineux",
        "A request may have at most 64 header fields, and 16 KiB in total." | "Une requête peut avoir 64 en-têtes au plus, et 16 Kio au total.",
        "Leave out cookies and other headers that this API doesn't read." | "Supprimez les cookies et les autres en-têtes que cette API ne lit pas.";
    TOO_MANY_REQUESTS = "too-many-requests", TOO_MANY_REQUESTS,
        "Too many requests" | "Trop de requêtes",
        "A limit per address or key is exceeded: requests, invalid keys, connections, or responses that were not read yet. Reads and writes are counted separately." | "Une limite par adresse ou par clé est dépassée : requêtes, clés invalides, connexions, ou réponses pas encore lues. Lectures et écritures sont comptées à part.",
        "Wait for the seconds in `Retry-After`. `RateLimit` in every response has the remaining requests, `RateLimit-Policy` the limit. A key has limits of its own." | "Attendez le délai en secondes de `Retry-After`. Dans chaque réponse, `RateLimit` donne les requêtes restantes, et `RateLimit-Policy` la limite. Une clé a ses propres limites.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE,
        "Unsupported media type" | "Type de contenu non pris en charge",
        "The body must be JSON without a content coding, and be declared as JSON." | "Le corps doit être du JSON non compressé, et déclaré comme tel.",
        "Send `Content-Type: application/json`, or `application/merge-patch+json` for a `PATCH`." | "Envoyez `Content-Type: application/json`, ou `application/merge-patch+json` pour un `PATCH`.";
    INVALID = "invalid", UNPROCESSABLE_ENTITY,
        "Invalid content" | "Contenu invalide",
        "The body is JSON, but breaks the rules of the resource: a field is missing, unknown, too long, blank, of the wrong type, or refers to a resource that doesn't exist." | "Le corps est du JSON, mais enfreint les règles de la ressource : un champ manque, est inconnu, trop long, vide, du mauvais type, ou renvoie à une ressource qui n’existe pas.",
        "`errors` lists every invalid field with a pointer to it. The OpenAPI document has the rules." | "`errors` énumère tous les champs invalides, avec un pointeur vers chacun. Le document OpenAPI contient les règles.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR,
        "Internal error" | "Erreur interne",
        "The server failed. The request was not the cause; the server's log has the details under the `request_id`." | "Le serveur a échoué. La requête n’en est pas la cause ; le journal du serveur donne les détails sous le `request_id`.",
        "Try again later. If it happens again, send the `request_id` to the operator." | "Réessayez plus tard. Si l’erreur se répète, transmettez le `request_id` à l’exploitant.";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE,
        "Service unavailable" | "Service indisponible",
        "The database or the identity provider did not answer in time, a limit of the server is reached (large bodies, connections, unread responses), or the server is shutting down." | "La base de données ou le fournisseur d’identité n’a pas répondu à temps, une limite du serveur est atteinte (corps volumineux, connexions, réponses non lues), ou le serveur s’arrête.",
        "Try again after the seconds in `Retry-After`. After a write, check first whether it took effect: its response may have been lost." | "Réessayez après le délai en secondes de `Retry-After`. Après une écriture, vérifiez d’abord si elle a pris effet : sa réponse a pu se perdre.";
    STORAGE_FULL = "storage-full", INSUFFICIENT_STORAGE,
        "Storage full" | "Stockage plein",
        "The database server has no disk space left, so nothing was changed. Reads continue as long as they need no space." | "Le serveur de base de données n’a plus d’espace disque ; rien n’a été modifié. Les lectures continuent tant qu’elles n’exigent pas d’espace.",
        "Tell the operator, and try again after the seconds in `Retry-After`." | "Prévenez l’exploitant, et réessayez après le délai en secondes de `Retry-After`.";
}
