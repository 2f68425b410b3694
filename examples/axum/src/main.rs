//! Serves the example site with axum. See `example_site::Config` for its settings.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use example_site::Config;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    example_site::exit(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    example_site::init_logging();
    let config = Config::from_env()?;
    let app = example_axum::app(config.site("axum").await?);
    let listener = TcpListener::bind(config.addr).await?;
    example_site::announce(listener.local_addr()?);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            // Without a signal handler the process is simply killed.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    Ok(())
}
