//! Errors of the database: which ones pass, which mean a full disk or a lost session, and which are violated constraints.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

use super::Problem;
use crate::db::ConnectionError;

/// A rule of the database that a write would have broken.
#[derive(Debug, thiserror::Error)]
#[error("violates the constraint {name:?}")]
pub struct ConstraintViolation {
    /// The name of the constraint, as a table or a trigger gives it.
    pub name: String,
    /// The `DETAIL` of the error.
    pub detail: Option<String>,
    source: Error,
}

/// Turns violated constraints of a resource into its problems.
pub trait OnConstraint {
    /// Replaces a violation by what `problem` makes of it, if it knows the constraint.
    fn on_constraint(self, problem: impl FnOnce(&ConstraintViolation) -> Option<Problem>) -> Self;
}

impl<T> OnConstraint for Result<T, Problem> {
    fn on_constraint(self, problem: impl FnOnce(&ConstraintViolation) -> Option<Problem>) -> Self {
        self.map_err(|error| match error {
            Problem::Constraint(violation) => {
                problem(&violation).unwrap_or(Problem::Constraint(violation))
            }
            error => error,
        })
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        use DatabaseErrorKind as Kind;
        match &error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(
                Kind::ForeignKeyViolation | Kind::CheckViolation | Kind::UniqueViolation,
                info,
            ) => Self::Constraint(Box::new(ConstraintViolation {
                name: info.constraint_name().unwrap_or_default().to_owned(),
                detail: info.details().map(str::to_owned),
                source: error,
            })),
            Error::DatabaseError(
                Kind::ClosedConnection
                | Kind::UnableToSendCommand
                | Kind::SerializationFailure
                | Kind::ReadOnlyTransaction,
                _,
            )
            | Error::BrokenTransactionManager => Self::Unavailable(error.into()),
            Error::DatabaseError(Kind::Unknown, info) if is_transient(info.as_ref()) => {
                Self::Unavailable(error.into())
            }
            Error::DatabaseError(Kind::Unknown, info) if is_disk_full(info.message()) => {
                Self::StorageFull(error.into())
            }
            Error::DatabaseError(_, info) if is_session_lost(info.message()) => {
                Self::SessionLost(error.into())
            }
            _ => Self::internal(error),
        }
    }
}

impl From<ConnectionError> for Problem {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Whether the same statement may succeed later. Diesel passes on the message alone (every connection asks for English
/// ones), not its SQLSTATE: 57014, 55P03, 40P01, 57P01 to 57P03, 53300.
fn is_transient(info: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    [
        "canceling statement",
        "deadlock detected",
        "terminating connection",
        "the database system is",
        "sorry, too many clients",
        "remaining connection slots",
        "connection slots are reserved",
    ]
    .iter()
    .any(|start| info.message().starts_with(start))
}

/// Whether the database server had no disk space left for a table, an index or a temporary file (SQLSTATE 53100, and an
/// exceeded quota, which has no SQLSTATE of its own). Diesel passes on the message alone.
fn is_disk_full(message: &str) -> bool {
    // Exhausted shared memory is reported in the same words, and is no disk.
    !message.starts_with("could not resize shared memory")
        && (message.starts_with("could not extend file")
            || [
                "No space left on device",
                "Disk quota exceeded",
                ": wrote only ",
            ]
            .iter()
            .any(|words| message.contains(words)))
}

/// Whether the session changed under the connection, as behind a pooler in transaction or statement mode: a prepared statement
/// exists already, doesn't exist or takes other parameters, or transactions are not supported.
fn is_session_lost(message: &str) -> bool {
    [
        "prepared statement \"",
        "incorrect binary data format in bind parameter",
        "statement pooling mode",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_io_errors() {
        for full in [
            "could not extend file \"base/5/16384\": No space left on device",
            "could not extend file \"base/5/16384\": wrote only 4096 of 8192 bytes at block 7",
            "could not write to file \"base/pgsql_tmp/pgsql_tmp1.0\": No space left on device",
            "could not create file \"base/5/16384\": No space left on device",
            "could not create temporary file \"base/pgsql_tmp/pgsql_tmp1.0\": Disk quota exceeded",
            "could not write block 3 of temporary file: No space left on device",
        ] {
            assert!(is_disk_full(full), "{full}");
        }
        for other in [
            "could not write to file \"pg_xact/0000\": Input/output error",
            "could not resize shared memory segment \"/PostgreSQL.1\" to 1 bytes: No space left on device",
            "temporary file size exceeds temp_file_limit (1kB)",
        ] {
            assert!(!is_disk_full(other), "{other}");
        }
    }
}
