// The tables of `migrations`, in the form of `diesel print-schema`; what no Diesel query names (`events.xid`,
// `audit.address`, the columns for searches) is left out.

diesel::table! {
    api_keys (id) {
        id -> Uuid,
        name -> Text,
        prefix -> Text,
        hash -> Bytea,
        scopes -> Array<Text>,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        created_by -> Nullable<Uuid>,
        rotated_from -> Nullable<Uuid>,
        updated_at -> Timestamptz,
        version -> Int4,
    }
}

diesel::table! {
    articles (id) {
        id -> Uuid,
        slug -> Text,
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
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
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
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
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
    }
}

diesel::table! {
    authors (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        name_key -> Text,
        bio -> Nullable<Text>,
        image_url -> Nullable<Text>,
        links -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
        names -> Jsonb,
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
    events (id) {
        id -> Int8,
        at -> Timestamptz,
        resource -> Text,
        resource_id -> Uuid,
        version -> Int4,
        action -> Text,
        key_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    first_answers (caller, key) {
        caller -> Text,
        key -> Text,
        at -> Timestamptz,
        asked -> Bytea,
        status -> Int2,
        headers -> Jsonb,
        version -> Nullable<Text>,
        body -> Bytea,
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
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
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
        name_key -> Text,
        kind -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        deleted_at -> Nullable<Timestamptz>,
        names -> Jsonb,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    article_authors,
    article_tags,
    articles,
    audit,
    authors,
    categories,
    events,
    first_answers,
    former_slugs,
    headline_tags,
    headlines,
    site,
    tags,
);
