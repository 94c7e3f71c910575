//! Access to Postgres: connections, their health, migrations, statements, and the embedded server.

pub mod advisory_lock;
pub mod column;
pub mod connect;
mod database;
pub mod embedded;
mod health;
pub mod json;
mod keyset;
pub mod migrations;
pub mod pool;
pub mod pooler;
mod reach;
mod settings;
pub mod shares;
pub mod statement;
pub mod text_enum;
mod tls;

pub use connect::ConnectOptions;
pub use database::{ConnectionError, Database};
pub use health::HealthMonitor;
pub use json::Json;
pub use keyset::Keyset;
pub use reach::{Unreachable, reach};
pub use settings::DatabaseSettings;
pub use statement::{Fragment, Statement};
