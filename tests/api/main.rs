//! The API over HTTP, on a real server with its own database for each test.

#![expect(
    clippy::too_many_lines,
    reason = "a table of cases is one function, however long"
)]

mod api_keys;
mod articles;
mod audit;
mod authentication;
mod authorization;
mod authors;
mod bylines;
mod caching;
mod categories;
mod category_tree;
mod changes;
mod compression;
mod conditional_requests;
mod connection_limits;
mod connection_poolers;
mod cors;
mod database_outages;
mod disk_full;
mod docs_and_health;
mod event_log;
mod field_selection;
mod front_page;
mod headlines;
mod html_sanitizer;
mod http_framing;
mod idempotency;
mod incremental_sync;
mod input_validation;
mod jwt;
mod language_fallback;
mod large_bodies;
mod listing_filters;
mod locale;
mod lock_timeouts;
mod middleware;
mod migrations;
mod multiple_nodes;
mod openapi;
mod page_byte_limit;
mod pagination;
mod patch_body;
mod problems;
mod process;
mod publication;
mod query_plans;
mod rate_limits;
mod release;
mod request_limits;
mod response_cache;
mod round_trips;
mod search;
mod security_headers;
mod site;
mod slugs;
mod streams;
mod support;
mod tags;
mod translations;
mod urls;
mod visibility;
