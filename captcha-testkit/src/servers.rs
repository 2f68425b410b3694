//! Servers for tests, started on free ports and stopped with the test.
//!
//! A test whose server is not installed is left out, and says so once; with the environment
//! variable `CAPTCHA_SERVER_TESTS` it fails instead.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A Redis server of one's own. It is stopped when this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    child: Child,
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
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
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let version = Command::new("redis-server").arg("--version").output();
        if version.is_err() {
            leave_out("redis-server");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("captcha-redis-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let port = free_port();
        let child = launch(port, &folder, &options);
        Some(Self {
            child,
            port,
            folder,
            options,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Sends a command and returns what the server says, or what went wrong.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let said = Command::new("redis-cli")
            .args(["-p", &port])
            .args(words)
            .output();
        String::from_utf8_lossy(&said.unwrap().stdout)
            .trim()
            .to_owned()
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port after [`kill`](Self::kill), with nothing in it.
    pub fn restart(&mut self) {
        self.kill();
        self.child = launch(self.port, &self.folder, &self.options);
    }

    /// Lets it stand still: connections stay open and nothing is answered.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let done = Command::new("kill").args([signal, &process]).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn launch(port: u16, folder: &PathBuf, options: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.arg("--port").arg(port.to_string());
    command.arg("--dir").arg(folder).args(options);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "redis-server ended");
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "it does not listen"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// A port nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn leave_out(server: &str) {
    assert!(
        std::env::var_os("CAPTCHA_SERVER_TESTS").is_none(),
        "{server} is not installed"
    );
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Past the capture of the test harness, or nobody would read it.
        let _ = writeln!(
            std::io::stderr(),
            "left out: tests against {server}, which is not installed (scripts/test.sh installs it)"
        );
    });
}
