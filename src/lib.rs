//! A news content API: headlines, articles and categories as JSON over HTTP, kept in Postgres.
//!
//! - [`config`]: every setting, its flag, its variable, its default.
//! - [`cli`]: one file per command.
//! - [`server`]: each worker's state, the middleware, the order of assembly.
//! - [`routes`]: one line per resource.
//! - [`openapi`]: the contract, made from the code.
//! - [`problem`]: the one error type.
//! - [`db`]: connections, migrations, the Postgres that we start ourselves, hand-written statements.
//! - [`http`]: words that every resource shares: lists, cursors, documents, conditions.
//! - [`resource`]: what writing has in common, whatever is written.
//! - [`categories`], [`headlines`], [`articles`]: what the API is about.
//! - [`timeline`]: lists in the order of time.
//! - [`status`], [`language`], [`slug`], [`image`]: rules that content shares.
//! - [`api_keys`]: who may do what.
//! - [`events`]: the one log of changes.
//! - [`health`], [`docs`]: for the people who run it and those who read about it.
//! - [`log_lines`]: how a line of the log looks.

pub mod api_keys;
pub mod articles;
pub mod categories;
pub mod cli;
pub mod config;
pub mod db;
pub mod docs;
pub mod events;
pub mod headlines;
pub mod health;
pub mod http;
pub mod image;
pub mod language;
pub mod log_lines;
pub mod openapi;
pub mod problem;
pub mod resource;
pub mod routes;
pub mod schema;
pub mod server;
pub mod slug;
pub mod status;
pub mod timeline;
