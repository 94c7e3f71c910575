//! The database: how it is reached, what it holds, and the Postgres that we start ourselves.

pub mod column;
pub mod connect;
mod database;
pub mod embedded;
pub mod json;
mod keyset;
pub mod migrations;
pub mod pool;
pub mod pooler;
pub mod postgres_programs;
mod restarts;
mod settings;
pub mod shares;
pub mod statement;
pub mod text_enum;
pub mod watch;

pub use connect::ConnectOptions;
pub use database::{ConnectionError, Database};
pub use json::Json;
pub use keyset::Keyset;
pub use settings::DatabaseSettings;
pub use statement::{Fragment, Statement};
pub use watch::HealthMonitor;
