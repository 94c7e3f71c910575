// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "tsvector", schema = "pg_catalog"))]
    pub struct Tsvector;

    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
    pub struct Xid8;
}

diesel::table! {
    api_keys (id) {
        id -> Uuid,
        name -> Text,
        prefix -> Text,
        hash -> Bytea,
        scopes -> Array<Text>,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        created_by -> Nullable<Uuid>,
        rotated_from -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    article_authors (id, author_id) {
        id -> Uuid,
        author_id -> Uuid,
        place -> Int2,
        status -> Text,
        language -> Text,
        category_id -> Nullable<Uuid>,
        listed_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        release -> Nullable<Text>,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    article_count_changes (id) {
        id -> Int8,
        category_id -> Uuid,
        change -> Int4,
    }
}

diesel::table! {
    article_counts (category_id) {
        category_id -> Uuid,
        count -> Int8,
    }
}

diesel::table! {
    article_tags (id, tag_id) {
        id -> Uuid,
        tag_id -> Uuid,
        place -> Int2,
        status -> Text,
        language -> Text,
        category_id -> Nullable<Uuid>,
        listed_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        release -> Nullable<Text>,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Tsvector;

    articles (id) {
        id -> Uuid,
        slug -> Text,
        kind -> Text,
        title -> Text,
        short_title -> Nullable<Text>,
        kicker -> Nullable<Text>,
        lede -> Nullable<Text>,
        body -> Text,
        body_format -> Text,
        body_html -> Text,
        body_text -> Text,
        language -> Text,
        dir -> Text,
        status -> Text,
        published_at -> Nullable<Timestamptz>,
        first_published_at -> Nullable<Timestamptz>,
        listed_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        release -> Nullable<Text>,
        public_effect -> Nullable<Text>,
        early_effect -> Nullable<Text>,
        previous -> Nullable<Jsonb>,
        category_id -> Nullable<Uuid>,
        dateline -> Nullable<Text>,
        image -> Nullable<Jsonb>,
        word_count -> Int4,
        reading_minutes -> Int4,
        canonical_url -> Nullable<Text>,
        source -> Nullable<Text>,
        translation_of -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
        title_key -> Text,
        search -> Tsvector,
        search_head -> Tsvector,
    }
}

diesel::table! {
    audit (id) {
        id -> Uuid,
        at -> Timestamptz,
        method -> Text,
        path -> Text,
        status -> Int2,
        action -> Nullable<Text>,
        problem -> Nullable<Text>,
        resource -> Text,
        resource_id -> Nullable<Uuid>,
        version -> Nullable<Int4>,
        key_id -> Nullable<Uuid>,
        caller -> Nullable<Text>,
        request_id -> Text,
        address -> Nullable<Inet>,
    }
}

diesel::table! {
    authors (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        names -> Jsonb,
        name_key -> Text,
        bio -> Nullable<Text>,
        image_url -> Nullable<Text>,
        links -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    categories (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        names -> Jsonb,
        description -> Nullable<Text>,
        parent_id -> Nullable<Uuid>,
        position -> Int4,
        media_topic -> Nullable<Text>,
        tree_key -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    category_tree (singleton) {
        singleton -> Bool,
        change_count -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Xid8;

    change_log (singleton) {
        singleton -> Bool,
        id -> Uuid,
        cleared -> Xid8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Xid8;

    events (id) {
        id -> Int8,
        xid -> Xid8,
        at -> Timestamptz,
        resource -> Text,
        resource_id -> Uuid,
        version -> Int4,
        action -> Text,
        effect -> Nullable<Text>,
        early_effect -> Nullable<Text>,
        previous -> Nullable<Jsonb>,
        tags -> Nullable<Array<Nullable<Int8>>>,
        moments -> Array<Nullable<Timestamptz>>,
    }
}

diesel::table! {
    former_slugs (resource, slug) {
        resource -> Text,
        slug -> Text,
        resource_id -> Uuid,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    headline_tags (id, tag_id) {
        id -> Uuid,
        tag_id -> Uuid,
        article_id -> Uuid,
        status -> Text,
        language -> Text,
        priority -> Text,
        pinned -> Bool,
        category_id -> Nullable<Uuid>,
        listed_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        release -> Nullable<Text>,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Tsvector;

    headlines (id) {
        id -> Uuid,
        title -> Text,
        language -> Text,
        dir -> Text,
        status -> Text,
        published_at -> Nullable<Timestamptz>,
        first_published_at -> Nullable<Timestamptz>,
        listed_at -> Timestamptz,
        priority -> Text,
        pinned -> Bool,
        expires_at -> Nullable<Timestamptz>,
        category_id -> Nullable<Uuid>,
        article_id -> Nullable<Uuid>,
        url -> Nullable<Text>,
        source -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
        release -> Nullable<Text>,
        public_effect -> Nullable<Text>,
        early_effect -> Nullable<Text>,
        previous -> Nullable<Jsonb>,
        search -> Tsvector,
    }
}

diesel::table! {
    idempotency_keys (caller, key) {
        caller -> Text,
        key -> Text,
        request_digest -> Bytea,
        response_status -> Int2,
        response_headers -> Jsonb,
        response_body -> Bytea,
        resource_version -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    search_index (is_only_row) {
        is_only_row -> Bool,
        version -> Int2,
    }
}

diesel::table! {
    search_words (word) {
        word -> Text,
        spelling -> Text,
    }
}

diesel::table! {
    site (id) {
        id -> Uuid,
        name -> Text,
        url -> Nullable<Text>,
        languages -> Array<Text>,
        time_zone -> Text,
        links -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    tags (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        names -> Jsonb,
        name_key -> Text,
        kind -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(article_authors -> articles (id));
diesel::joinable!(article_authors -> authors (author_id));
diesel::joinable!(article_counts -> categories (category_id));
diesel::joinable!(article_tags -> articles (id));
diesel::joinable!(article_tags -> tags (tag_id));
diesel::joinable!(articles -> categories (category_id));
diesel::joinable!(audit -> api_keys (key_id));
diesel::joinable!(headline_tags -> headlines (id));
diesel::joinable!(headline_tags -> tags (tag_id));
diesel::joinable!(headlines -> articles (article_id));
diesel::joinable!(headlines -> categories (category_id));

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    article_authors,
    article_count_changes,
    article_counts,
    article_tags,
    articles,
    audit,
    authors,
    categories,
    category_tree,
    change_log,
    events,
    former_slugs,
    headline_tags,
    headlines,
    idempotency_keys,
    search_index,
    search_words,
    site,
    tags,
);
