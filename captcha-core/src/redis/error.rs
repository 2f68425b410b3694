use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::storage::{StorageError, StorageErrorKind};

/// What an error means to a visitor. What the server refuses for good must not open a gate that
/// opens in an outage.
pub(super) fn storage_error(error: RedisError) -> StorageError {
    StorageError::new(kind(&error)).with_source(error)
}

fn kind(error: &RedisError) -> StorageErrorKind {
    match error.kind() {
        ErrorKind::Server(server) => match server {
            ServerErrorKind::BusyLoading
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly => StorageErrorKind::Unavailable,
            _ => by_code(error),
        },
        ErrorKind::Extension => by_code(error),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => StorageErrorKind::Corrupt,
        ErrorKind::Io
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::NoValidReplicasFoundBySentinel => StorageErrorKind::Unavailable,
        _ => StorageErrorKind::Misconfigured,
    }
}

/// The codes of errors that the library does not know by a kind of their own.
fn by_code(error: &RedisError) -> StorageErrorKind {
    match error.code() {
        Some("OOM") => StorageErrorKind::Full,
        Some("WRONGTYPE") => StorageErrorKind::Corrupt,
        // Too few replicas, no snapshot to disk, a script that keeps the server busy.
        Some("NOREPLICAS" | "MISCONF" | "BUSY" | "READONLY") => StorageErrorKind::Unavailable,
        _ => StorageErrorKind::Misconfigured,
    }
}
