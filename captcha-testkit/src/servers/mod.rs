//! Servers for tests, started on free ports and stopped with the test.
//!
//! A test whose server is not installed is left out, and says so once; with the environment
//! variable `CAPTCHA_SERVER_TESTS` it fails instead.

mod postgres;
mod process;
mod redis;
mod wire;

use std::io::Write as _;
use std::sync::Once;

pub use postgres::PostgresServer;
pub use redis::RedisServer;
pub use wire::Wire;

fn leave_out(server: &str, said: &Once) {
    assert!(
        std::env::var_os("CAPTCHA_SERVER_TESTS").is_none(),
        "{server} is not installed"
    );
    said.call_once(|| {
        // Past the capture of the test harness, or nobody would read it.
        let _ = writeln!(
            std::io::stderr(),
            "left out: tests against {server}, which is not installed (scripts/test.sh installs it)"
        );
    });
}
