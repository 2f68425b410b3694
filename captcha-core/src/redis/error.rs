use std::error::Error as _;
use std::io;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::storage::{StorageError, StorageErrorKind};

/// What the server said, by its code. The rest of its sentence can repeat a command, and with it a
/// record.
#[derive(Debug, thiserror::Error)]
#[error("Redis: {what}{}{code}", if code.is_empty() { "" } else { ", " })]
struct Refusal {
    what: String,
    code: String,
}

/// What an error means to a visitor. What the server refuses for good must not open a gate that
/// opens in an outage.
pub(super) fn storage_error(error: RedisError) -> StorageError {
    let failure = StorageError::new(kind(&error));
    if error.is_io_error() {
        return failure.with_source(error);
    }
    failure.with_source(Refusal {
        what: error.category().to_owned(),
        code: code(&error).unwrap_or_default().to_owned(),
    })
}

fn kind(error: &RedisError) -> StorageErrorKind {
    match error.kind() {
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly,
        ) => StorageErrorKind::Unavailable,
        ErrorKind::Server(_) | ErrorKind::Extension => by_code(error),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => StorageErrorKind::Corrupt,
        ErrorKind::Io if is_distrust(error) => StorageErrorKind::Misconfigured,
        ErrorKind::Io
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::NoValidReplicasFoundBySentinel => StorageErrorKind::Unavailable,
        _ => StorageErrorKind::Misconfigured,
    }
}

/// The codes of errors that the library does not know by a kind of their own. Among the others is
/// `MOVED`: whoever meets it has connected to one node of a cluster, and which keys are not on that
/// one the visitor chooses.
fn by_code(error: &RedisError) -> StorageErrorKind {
    match code(error) {
        Some("OOM") => StorageErrorKind::Full,
        Some("WRONGTYPE") => StorageErrorKind::Corrupt,
        // Too few replicas, no snapshot to disk, a script that keeps the server busy.
        Some("NOREPLICAS" | "MISCONF" | "BUSY" | "READONLY" | "MASTERDOWN") => {
            StorageErrorKind::Unavailable
        }
        _ => StorageErrorKind::Misconfigured,
    }
}

/// Whether the connection leads to nobody, or to a server that is not the master.
pub(super) fn is_lost(error: &RedisError) -> bool {
    let lost = ["READONLY", "MASTERDOWN", "NOREPLICAS", "NOAUTH"];
    error.is_unrecoverable_error()
        || error.is_io_error()
        || code(error).is_some_and(|code| lost.contains(&code))
}

/// A certificate that is not trusted, which arrives as an error of the connection. Whoever sits in
/// between would otherwise decide who passes.
fn is_distrust(error: &RedisError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::InvalidData)
}

/// What went wrong, in the server's word for it. Before Redis 7 an error inside a script is `ERR`,
/// with the word in the sentence: `…: @user_script: 2: -READONLY You can't …`.
fn code(error: &RedisError) -> Option<&str> {
    let code = error.code()?;
    let inside = error.detail().filter(|_| code == "ERR");
    let inside = inside.and_then(|said| said.split_once(" -"));
    let word = inside.and_then(|(_, said)| said.split_whitespace().next());
    let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_uppercase());
    word.filter(is_word).or(Some(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_inside_scripts_too() {
        let said = |line: &[u8]| redis::parse_redis_value(line)?.extract_error();
        let lines: [(&[u8], _, _); 4] = [
            (
                b"-ERR Error running script (call to f_1): @user_script:2: @user_script: 2: -READONLY You can't write against a read only replica.\r\n",
                StorageErrorKind::Unavailable,
                true,
            ),
            (
                b"-ERR Error running script (call to f_1): @user_script:2: -OOM command not allowed\r\n",
                StorageErrorKind::Full,
                false,
            ),
            (
                b"-NOREPLICAS Not enough good replicas to write.\r\n",
                StorageErrorKind::Unavailable,
                true,
            ),
            (
                b"-ERR unknown command 'DEL', with args beginning with: 'captcha:pass:secret'\r\n",
                StorageErrorKind::Misconfigured,
                false,
            ),
        ];
        for (line, expected, lost) in lines {
            let Err(error) = said(line) else {
                unreachable!("a refusal is no text");
            };
            assert_eq!(kind(&error), expected, "{error}");
            assert_eq!(is_lost(&error), lost, "{error}");
            let shown = format!("{:?}", storage_error(error));
            assert!(!shown.contains("secret"), "{shown}");
        }
    }
}
