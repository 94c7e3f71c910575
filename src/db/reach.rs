//! Waits, at the start of a command, for a database that does not answer yet.

use std::time::{Duration, Instant};

use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;

use super::ConnectOptions;
use super::connect::with_source;

const RETRY: Duration = Duration::from_secs(1);

/// The database can't be reached.
#[derive(Debug, thiserror::Error)]
#[error("the database can't be reached ({target}): {reason}; {end}")]
pub struct Unreachable {
    target: String,
    reason: String,
    end: String,
}

/// Waits until the database accepts a connection.
///
/// # Errors
/// If it accepts none within `limit`; at once if it refuses the user, the password or the name of the database, which time
/// does not mend.
pub async fn reach(options: &ConnectOptions, limit: Duration) -> Result<(), Unreachable> {
    let begun = Instant::now();
    let mut logged = String::new();
    loop {
        let left = limit.saturating_sub(begun.elapsed()).max(RETRY);
        let (reason, is_final) = match tokio::time::timeout(left, options.client()).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => (with_source(&error), error.code().is_some_and(is_refusal)),
            Err(_) => ("no answer".to_owned(), false),
        };
        if is_final || begun.elapsed() + RETRY > limit {
            let end = if is_final {
                "see DATABASE_URL".to_owned()
            } else {
                format!("gave up after {} s (--database-wait)", limit.as_secs())
            };
            let target = target(options.postgres());
            return Err(Unreachable {
                target,
                reason,
                end,
            });
        }
        if reason != logged {
            log::warn!(
                "waiting for the database ({}): {reason}",
                target(options.postgres())
            );
            logged = reason;
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn is_refusal(code: &SqlState) -> bool {
    [
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_CATALOG_NAME,
    ]
    .contains(code)
}

/// Host, port, user and database, without the password.
fn target(postgres: &tokio_postgres::Config) -> String {
    let hosts = postgres.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    let ports: Vec<String> = postgres.get_ports().iter().map(u16::to_string).collect();
    let or = |list: &[String], default: &str| match list {
        [] => default.to_owned(),
        list => list.join(","),
    };
    format!(
        "host {}, port {}, user {}, database {}",
        or(&hosts, "localhost"),
        or(&ports, "5432"),
        postgres.get_user().unwrap_or("not given"),
        postgres
            .get_dbname()
            .or(postgres.get_user())
            .unwrap_or("not given"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_has_no_password() {
        let of = |url: &str| target(&url.parse().unwrap());
        assert_eq!(
            of("postgres://me:secret@db.example:6432/news"),
            "host db.example, port 6432, user me, database news"
        );
        assert_eq!(
            of("postgres://me@/?host=/run/postgresql"),
            "host /run/postgresql, port 5432, user me, database me"
        );
    }
}
