//! The details of problems with keys and the audit, in English and French.

crate::messages! {
    key_revoked() = "this key was revoked",
        "cette clé a été révoquée";
    key_expired() = "this key has expired",
        "cette clé a expiré";
    key_inactive() = "a revoked or expired key can't be changed",
        "une clé révoquée ou expirée ne peut pas être modifiée";
    in_the_past() = "must be in the future",
        "doit se situer dans l’avenir";
    no_admin_left() = "no key with the scope `admin` would remain: create another one without an expiry first",
        "il ne resterait aucune clé avec le droit `admin` : créez-en d’abord une autre, sans expiration";
    last_admin() = "one key with the scope `admin` and without an expiry has to remain",
        "une clé avec le droit `admin` et sans expiration doit subsister";
    has_successor() = "this key has a successor already: rotate that one",
        "cette clé a déjà une remplaçante : remplacez celle-là";
    problem_name() = "a name under `/problems/`",
        "un nom sous `/problems/`";
    request_id() = "the `X-Request-Id` of a response",
        "l’`X-Request-Id` d’une réponse";
}
