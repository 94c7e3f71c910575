//! A news content API: headlines, articles and categories as JSON over HTTP, kept in Postgres.
//!
//! - [`config`]: every setting, its flag, its variable, its default.
//! - [`cli`]: one file per command.
//! - [`server`]: each worker's state, the middleware, the order of assembly.
//! - [`connection`]: connections of clients: which are accepted, their deadlines, their framing, how the server stops.
//! - [`routes`]: one line per resource.
//! - [`openapi`]: the contract, made from the code.
//! - [`problem`]: the one error type.
//! - [`db`]: connections, migrations, the Postgres that we start ourselves, hand-written statements.
//! - [`http`]: words that every resource shares: lists, cursors, documents, conditions.
//! - [`resource`]: what writing has in common, whatever is written.
//! - [`cpu_tasks`]: CPU-bound work off the workers' threads.
//! - [`categories`], [`headlines`], [`articles`], [`authors`], [`tags`], [`site`]: what the API is about.
//! - [`timeline`], [`alphabet`]: lists in the order of time, and in that of names; [`byte_budget`]: pages of bodies.
//! - [`search`]: what finds words: searches, completions, related articles.
//! - [`status`], [`language`], [`names`], [`slug`], [`image`], [`link`]: rules that content shares.
//! - [`api_keys`]: who may do what.
//! - [`identity`]: keys of somebody else's making: JWTs of an identity provider.
//! - [`limits`]: how much one caller may ask for.
//! - [`events`]: the one log of changes; [`audit`]: who made them, and who tried.
//! - [`retries`]: what is sent twice is done once; [`seal`]: how a secret answer is kept.
//! - [`health`], [`docs`]: for the people who run it and those who read about it.
//! - [`log_lines`]: how a line of the log looks; [`mask`]: what must not stand in one.

pub mod alphabet;
pub mod api_keys;
pub mod articles;
pub mod audit;
pub mod authors;
pub mod byte_budget;
pub mod categories;
pub mod cli;
pub mod config;
pub mod connection;
pub mod cpu_tasks;
pub mod db;
pub mod docs;
pub mod events;
pub mod headlines;
pub mod health;
pub mod http;
pub mod identity;
pub mod image;
pub mod language;
pub mod limits;
pub mod link;
pub mod log_lines;
pub mod mask;
pub mod names;
pub mod openapi;
pub mod problem;
pub mod resource;
pub mod retries;
pub mod routes;
pub mod schema;
pub mod seal;
pub mod search;
pub mod server;
pub mod site;
pub mod slug;
pub mod status;
pub mod tags;
pub mod timeline;
