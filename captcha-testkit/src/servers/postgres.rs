use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

use rustix::process::{Signal, geteuid};

use super::process::{Launch, ServerProcess};
use super::{Faults, leave_out};

/// The user `nobody` of Debian: Postgres refuses to run as root.
const NOBODY: u32 = 65_534;

/// A Postgres server of one's own, with a database `captcha` that everybody may enter as the
/// superuser `captcha`. It is stopped when this is dropped.
#[derive(Debug)]
pub struct PostgresServer {
    process: ServerProcess,
    program: Program,
}

impl PostgresServer {
    /// An empty server. `None` where Postgres is not installed.
    #[must_use]
    pub fn start() -> Option<Self> {
        // What survives a crash of the machine is not for tests.
        Self::start_with(&["fsync=off"])
    }

    /// The same with settings, as they stand in `postgresql.conf`.
    ///
    /// # Panics
    ///
    /// When it is installed and does not start, or has to be there and is not.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        static SAID: Once = Once::new();
        let Some(binaries) = binaries() else {
            leave_out("postgresql", &SAID);
            return None;
        };
        let program = Program {
            binaries,
            settings: settings.iter().map(|set| (*set).to_owned()).collect(),
        };
        let folder = Program::folder();
        let made = program
            .run("initdb")
            .arg("--pgdata")
            .arg(folder.join("data"))
            .args(["--username=captcha", "--auth=trust", "--no-sync"])
            .args(["--encoding=UTF8", "--no-locale"])
            .output();
        succeeded(&made.unwrap());
        let process = ServerProcess::start(&program, folder);
        let server = Self { process, program };
        let _ = server.sql_in("postgres", "CREATE DATABASE captcha");
        Some(server)
    }

    /// A copy that follows this one and can only be read.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[must_use]
    pub fn standby(&self) -> Self {
        let program = self.program.clone();
        let folder = Program::folder();
        let made = program
            .run("pg_basebackup")
            .args([
                "--host=127.0.0.1",
                "--username=captcha",
                "--checkpoint=fast",
            ])
            .args(["--write-recovery-conf", "--no-sync"])
            .args(["--port", &self.port().to_string(), "--pgdata"])
            .arg(folder.join("data"))
            .output();
        succeeded(&made.unwrap());
        let process = ServerProcess::start(&program, folder);
        Self { process, program }
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.process.port()
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://captcha@127.0.0.1:{}/captcha", self.port())
    }

    /// Sends a statement and returns what the server says: a line for each row, columns between
    /// vertical bars.
    #[must_use]
    pub fn sql(&self, statement: &str) -> String {
        self.sql_in("captcha", statement)
    }

    fn sql_in(&self, database: &str, statement: &str) -> String {
        let port = self.port().to_string();
        let said = self
            .program
            .run("psql")
            .args(["--host=127.0.0.1", "--username=captcha", "--no-psqlrc"])
            .args(["--port", &port, "--dbname", database])
            .args(["--quiet", "--tuples-only", "--no-align", "--command"])
            .arg(statement)
            .output()
            .unwrap();
        let said = [said.stdout, said.stderr].concat();
        String::from_utf8_lossy(&said).trim().to_owned()
    }
}

impl Faults for PostgresServer {
    fn kill(&mut self) {
        self.process.end(Signal::QUIT);
    }

    fn restart(&mut self) {
        self.process.end(Signal::INT);
        self.process.start_again(&self.program);
    }

    fn pause(&self) {
        self.process.signal_all(Signal::STOP);
    }

    fn resume(&self) {
        self.process.signal_all(Signal::CONT);
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.process.remove(Signal::QUIT);
    }
}

fn succeeded(made: &Output) {
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
}

#[derive(Debug, Clone)]
struct Program {
    binaries: PathBuf,
    settings: Vec<String>,
}

/// Who runs Postgres, if it must not be who runs the tests.
fn user() -> Option<u32> {
    geteuid().is_root().then_some(NOBODY)
}

impl Program {
    /// A folder for a server, which is its user's.
    fn folder() -> PathBuf {
        let folder = ServerProcess::folder("postgres");
        chown(&folder, user(), user()).unwrap();
        folder
    }

    fn run(&self, binary: &str) -> Command {
        let mut command = Command::new(self.binaries.join(binary));
        if let Some(user) = user() {
            command.uid(user).gid(user);
        }
        // One that may not be entered would only be warned about.
        command.current_dir("/");
        command
    }
}

impl Launch for Program {
    fn command(&self, port: u16, folder: &Path) -> Command {
        let mut command = self.run("postgres");
        command.arg("-D").arg(folder.join("data"));
        command.args(["-h", "127.0.0.1", "-k", "", "-p", &port.to_string()]);
        for setting in &self.settings {
            command.arg("-c").arg(setting);
        }
        command
    }

    /// The first line of the file is the process that wrote it, the last its state.
    fn is_ready(&self, folder: &Path, id: u32, _: &str) -> bool {
        let state = fs::read_to_string(folder.join("data/postmaster.pid"));
        state.is_ok_and(|state| {
            let mut lines = state.lines();
            lines.next() == Some(&id.to_string())
                && lines.last().is_some_and(|state| state.trim() == "ready")
        })
    }
}

/// The folder of a server's programs. Debian's are outside the search path, by version.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    versions.extend(std::env::split_paths(&path));
    let all = ["initdb", "postgres", "psql"];
    versions
        .into_iter()
        .find(|folder| all.iter().all(|program| folder.join(program).is_file()))
}
