//! What the three example sites share: one page, one configuration, one set of answers.
//!
//! A site hands its requests to a [`Site`] and turns each [`Reply`] into its framework's
//! response. Nothing here is meant for another application; the library crates are.

mod assets;
mod challenge;
mod config;
mod env;
mod form;
mod hosted;
mod page;
mod policy;
mod replies;
mod site;
mod storage;
#[cfg(feature = "suite")]
pub mod suite;
mod words;

pub use challenge::Challenge;
pub use config::Config;
pub use env::ConfigError;
pub use form::{Comment, SignUp, from_fields};
pub use site::Site;

/// An answer, ready to be turned into a framework's response.
pub type Reply = http::Response<bytes::Bytes>;

/// Prints the line that says where the site listens, once it does.
#[expect(clippy::print_stdout, reason = "scripts wait for this line")]
pub fn announce(address: std::net::SocketAddr) {
    println!("listening on http://{address}");
}

/// Says what stopped a site, in one line, and how its process ends.
#[expect(clippy::print_stderr, reason = "for whoever started it")]
#[must_use]
pub fn exit(result: Result<(), Box<dyn std::error::Error>>) -> std::process::ExitCode {
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Rocket warns of its own launch and of every failed guard; the others do not.
const DEFAULT_LOGS: &str = "warn,rocket=error,example_rocket=error";

/// Sends logs to standard error: warnings, and what `RUST_LOG` asks for.
pub fn init_logging() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOGS));
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second call, as tests make it, leaves the first one's in place.
    let _ = logging.try_init();
}
