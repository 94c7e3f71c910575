//! The details of problems with `Idempotency-Key`, in English and French.

crate::messages! {
    key_twice() = "`Idempotency-Key` may be given once",
        "`Idempotency-Key` ne peut figurer qu’une fois";
    key_malformed() = "`Idempotency-Key` takes 1 to 255 visible ASCII characters",
        "`Idempotency-Key` se compose de 1 à 255 caractères ASCII visibles";
    other_credential() = "this request was done, and its response is shown only to the key that it was sent with first",
        "cette requête a été exécutée, et sa réponse n’est montrée qu’à la clé avec laquelle elle a d’abord été envoyée";
}
