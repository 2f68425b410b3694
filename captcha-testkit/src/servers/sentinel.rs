use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::RedisServer;
use super::process::{Launch, ServerProcess};
use super::redis::cli;

/// A Sentinel that watches a Redis server under the name `captcha`, and makes a replica the master
/// when that has been gone for half a second. It is stopped when this is dropped.
#[derive(Debug)]
pub struct RedisSentinel(ServerProcess);

impl RedisSentinel {
    /// One that watches this server.
    #[must_use]
    pub fn start(master: &RedisServer) -> Self {
        let watch = Watch(master.port());
        Self(ServerProcess::start(
            &watch,
            ServerProcess::folder("sentinel"),
        ))
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.0.port())
    }

    /// Sends a command and returns what the Sentinel says, or what went wrong.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> String {
        cli(self.0.port(), words)
    }
}

impl Drop for RedisSentinel {
    fn drop(&mut self) {
        self.0.remove(Signal::KILL);
    }
}

struct Watch(u16);

impl Launch for Watch {
    fn command(&self, port: u16, folder: &Path) -> Command {
        // A Sentinel writes what it learns into its settings.
        let settings = folder.join("sentinel.conf");
        let monitored = self.0;
        let text = format!(
            "bind 127.0.0.1\nport {port}\ndir {}\n\
             sentinel monitor captcha 127.0.0.1 {monitored} 1\n\
             sentinel down-after-milliseconds captcha 500\n\
             sentinel failover-timeout captcha 2000\n",
            folder.display()
        );
        fs::write(&settings, text).unwrap();
        let mut command = Command::new("redis-server");
        command.arg(settings).arg("--sentinel");
        command
    }

    fn is_ready(&self, _: &Path, _: u32, said: &str) -> bool {
        said.contains("+monitor")
    }
}
