use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);

/// A server's process, its port and its folder. It is stopped when this is dropped.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    port: u16,
    folder: PathBuf,
}

/// How a server is started.
pub(super) trait Launch {
    /// What runs it on this port. Its output goes to a file.
    fn command(&self, port: u16, folder: &Path) -> Command;

    /// Whether the process with this id says, in its folder or in what it wrote, that it accepts
    /// connections. That a port does is not enough: it can be another server's.
    fn is_ready(&self, folder: &Path, id: u32, said: &str) -> bool;
}

impl ServerProcess {
    /// A folder of its own for a server, empty.
    pub(super) fn folder(name: &str) -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("captcha-{name}-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Starts it on a free port.
    pub(super) fn start(server: &impl Launch, folder: PathBuf) -> Self {
        for _ in 0..20 {
            let port = free_port();
            match launch(server, port, &folder) {
                Ok(child) => {
                    return Self {
                        child,
                        port,
                        folder,
                    };
                }
                // Somebody else was faster.
                Err(said) if said.to_lowercase().contains("address already in use") => {}
                Err(said) => panic!("the server does not start: {said}"),
            }
        }
        panic!("no port is free");
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Ends it with this signal and waits until it is gone.
    pub(super) fn end(&mut self, signal: Signal) {
        if self.child.try_wait().unwrap().is_none() {
            let _ = kill_process(self.pid(), signal);
            let _ = kill_process(self.pid(), Signal::CONT);
            self.child.wait().unwrap();
        }
    }

    /// Starts it again in the same place after it ended.
    pub(super) fn start_again(&mut self, server: &impl Launch) {
        self.child = launch(server, self.port, &self.folder).expect("its port is still free");
    }

    /// Sends a signal to it and to the processes it has started.
    pub(super) fn signal_all(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        for child in children.unwrap().split_whitespace() {
            let child = child.parse().ok().and_then(Pid::from_raw).unwrap();
            // One that has just ended needs no signal.
            let _ = kill_process(child, signal);
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Stops it and removes what it has written.
    pub(super) fn remove(&mut self, signal: Signal) {
        self.end(signal);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts a server and waits until it accepts connections, or returns what it said before it ended.
fn launch(server: &impl Launch, port: u16, folder: &Path) -> Result<Child, String> {
    let output = folder.join("output");
    let file = fs::File::create(&output).unwrap();
    let mut child = server
        .command(port, folder)
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let started = Instant::now();
    loop {
        let said = String::from_utf8_lossy(&fs::read(&output).unwrap()).into_owned();
        if server.is_ready(folder, child.id(), &said) {
            return Ok(child);
        }
        if child.try_wait().unwrap().is_some() {
            return Err(String::from_utf8_lossy(&fs::read(&output).unwrap()).into_owned());
        }
        assert!(started.elapsed() < START, "it does not listen: {said}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A port nobody listens on, below those that the system gives to outgoing connections: one of
/// these could take it while a server is down. A Redis cluster needs the port 10,000 above, too.
fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(101);
    loop {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + start.wrapping_add(turn) % COUNT;
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
