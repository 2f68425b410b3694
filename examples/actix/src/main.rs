//! Serves the example site with actix-web. See `example_site::Config` for its settings.

use std::error::Error;
use std::process::ExitCode;

use actix_web::{App, HttpServer};
use example_site::Config;

#[actix_web::main]
async fn main() -> ExitCode {
    example_site::exit(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    example_site::init_logging();
    let config = Config::from_env()?;
    let site = config.site("actix-web").await?;
    let server = HttpServer::new(move || {
        let site = site.clone();
        App::new().configure(move |config| example_actix::configure(config, &site))
    });
    let server = server.bind(config.addr)?;
    for address in server.addrs() {
        example_site::announce(address);
    }
    server.run().await?;
    Ok(())
}
