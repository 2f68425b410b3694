use std::io;

use sqlx::Error;
use sqlx::error::DatabaseError;

use crate::storage::{StorageError, StorageErrorKind};

/// What the server said, without the values that it was about: those can be a record's.
#[derive(Debug, thiserror::Error)]
#[error("Postgres answered {code}: {message}")]
struct Refusal {
    code: String,
    message: String,
}

/// What an error means to a visitor. What the server refuses for good must not open a gate that
/// opens in an outage.
pub(super) fn storage_error(error: Error) -> StorageError {
    match error {
        Error::Database(error) => {
            let code = error.code().unwrap_or_default().into_owned();
            let kind = by_state(&code);
            let message = error.message().to_owned();
            StorageError::new(kind).with_source(Refusal { code, message })
        }
        error => StorageError::new(kind(&error)).with_source(error),
    }
}

fn kind(error: &Error) -> StorageErrorKind {
    match error {
        // A certificate that is not trusted: whoever sits in between would decide who passes.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            StorageErrorKind::Misconfigured
        }
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
            StorageErrorKind::Unavailable
        }
        Error::ColumnDecode { .. } | Error::Decode(_) => StorageErrorKind::Corrupt,
        _ => StorageErrorKind::Misconfigured,
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn by_state(code: &str) -> StorageErrorKind {
    match code {
        // disk_full
        "53100" => StorageErrorKind::Full,
        // data_corrupted, index_corrupted: one record's, which the visitor chooses.
        "XX001" | "XX002" => StorageErrorKind::Corrupt,
        // read_only_sql_transaction, as from a standby; lock_not_available; query_canceled;
        // admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout
        "25006" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "57P05" => {
            StorageErrorKind::Unavailable
        }
        _ => match code.get(..2) {
            // Connection exceptions, rollbacks, insufficient resources, system errors, internal errors.
            Some("08" | "40" | "53" | "58" | "XX") => StorageErrorKind::Unavailable,
            _ => StorageErrorKind::Misconfigured,
        },
    }
}

/// Whether a statement was undone because of another one beside it.
pub(super) fn lost_a_race(error: &Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    // serialization_failure, deadlock_detected
    code.is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}
