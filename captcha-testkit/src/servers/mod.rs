//! Servers for tests, started on free ports and stopped with the test.
//!
//! A test whose server is not installed is left out, and says so once; with the environment
//! variable `CAPTCHA_SERVER_TESTS` it fails instead.

mod postgres;
mod process;
mod redis;
mod sentinel;
mod wire;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Once;

pub use postgres::PostgresServer;
pub use redis::RedisServer;
pub use sentinel::RedisSentinel;
pub use wire::Wire;

/// What can happen to a server.
pub trait Faults {
    /// Ends it at once, as a crash does.
    fn kill(&mut self);

    /// Starts it again on the same port, after a [`kill`](Self::kill) or instead of one. What it
    /// keeps on disk is there again, and nothing else.
    fn restart(&mut self);

    /// Lets it stand still: connections stay open and nothing is answered.
    fn pause(&self);

    /// Lets it go on after [`pause`](Self::pause).
    fn resume(&self);
}

/// The library (Debian's `faketime`) that, loaded into a process, lets its clock be set. `None`
/// where it is not installed.
#[must_use]
pub fn clock_library() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let folders = std::fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    let library = libraries.find(|library| library.is_file());
    if library.is_none() {
        leave_out("faketime", &SAID);
    }
    library
}

fn leave_out(server: &str, said: &Once) {
    assert!(
        std::env::var_os("CAPTCHA_SERVER_TESTS").is_none(),
        "{server} is not installed"
    );
    said.call_once(|| {
        // Past the capture of the test harness, or nobody would read it.
        let _ = writeln!(
            std::io::stderr(),
            "left out: tests with {server}, which is not installed (scripts/test.sh installs it)"
        );
    });
}
