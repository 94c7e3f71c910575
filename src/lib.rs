//! A news content API: headlines, articles and categories as JSON over HTTP, kept in Postgres.
//!
//! From top to bottom; a module uses those below it only:
//!
//! - [`cli`]: one file for each command; [`config`]: every setting, its flag, its variable, its default.
//! - [`server`]: the assembly of routes and middleware; health, documentation pages.
//! - [`openapi`]: the contract, made from the code.
//! - [`news`]: what the API is about: a folder for each resource, what content shares, lists, search, changes and streams.
//! - [`access`]: who may do what (API keys, JWTs), how much (rate limits), and who did (audit).
//! - [`cache`]: answers kept in memory.
//! - [`idempotency`]: stored responses, replayed to a repeated request.
//! - [`events`]: the one log of changes.
//! - [`http`]: HTTP's words, no resource known: query parameters, pages, cursors, bodies, preconditions.
//! - [`connection`]: client connections: admission, deadlines, framing, shutdown.
//! - [`problem`]: the error type and its catalogue.
//! - [`db`]: the connection pool, migrations, the embedded Postgres, hand-written statements; [`schema`]: its tables.
//! - [`cpu_tasks`]: CPU-bound work off the workers' threads; [`logging`]: the format of log lines; [`redact`]: keeps
//!   secrets out of them; [`progress`]: bars on the terminal.

pub mod access;
pub mod cache;
pub mod cli;
pub mod config;
pub mod connection;
pub mod cpu_tasks;
pub mod db;
pub mod events;
pub mod http;
pub mod idempotency;
pub mod logging;
pub mod news;
pub mod openapi;
pub mod problem;
pub mod progress;
pub mod redact;
pub mod schema;
pub mod server;
