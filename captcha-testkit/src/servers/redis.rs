use std::path::Path;
use std::process::Command;
use std::sync::Once;

use rustix::process::Signal;

use super::process::{Launch, ServerProcess};
use super::{Faults, leave_out};

/// A Redis server of one's own. It is stopped when this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: ServerProcess,
    options: Options,
}

impl RedisServer {
    /// An empty server that keeps nothing on disk. `None` where `redis-server` is not installed.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with options, as they stand on the command line of `redis-server`.
    ///
    /// # Panics
    ///
    /// When it is installed and does not start, or has to be there and is not.
    #[must_use]
    pub fn start_with(options: &[&str]) -> Option<Self> {
        static SAID: Once = Once::new();
        if Command::new("redis-server")
            .arg("--version")
            .output()
            .is_err()
        {
            leave_out("redis-server", &SAID);
            return None;
        }
        let options = Options(options.iter().map(|option| (*option).to_owned()).collect());
        let process = ServerProcess::start(&options, ServerProcess::folder("redis"));
        Some(Self { process, options })
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.process.port()
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port())
    }

    /// Sends a command and returns what the server says, or what went wrong.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> String {
        cli(self.port(), words)
    }
}

impl Faults for RedisServer {
    fn kill(&mut self) {
        self.process.end(Signal::KILL);
    }

    fn restart(&mut self) {
        self.kill();
        self.process.start_again(&self.options);
    }

    fn pause(&self) {
        self.process.signal_all(Signal::STOP);
    }

    fn resume(&self) {
        self.process.signal_all(Signal::CONT);
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.process.remove(Signal::KILL);
    }
}

/// What the server at this port answers to a command.
pub(super) fn cli(port: u16, words: &[&str]) -> String {
    let said = Command::new("redis-cli")
        .args(["-p", &port.to_string()])
        .args(words)
        .output();
    let said = said.unwrap().stdout;
    String::from_utf8_lossy(&said).trim().to_owned()
}

#[derive(Debug)]
struct Options(Vec<String>);

impl Launch for Options {
    fn command(&self, port: u16, folder: &Path) -> Command {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--port").arg(port.to_string());
        command.arg("--dir").arg(folder).args(&self.0);
        command
    }

    fn is_ready(&self, _: &Path, _: u32, said: &str) -> bool {
        said.contains("Ready to accept connections")
    }
}
