//! Serves the example site with Rocket. See `example_site::Config` for its settings.

use std::error::Error;
use std::process::ExitCode;

use example_site::Config;

#[rocket::main]
async fn main() -> ExitCode {
    example_site::exit(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    example_site::init_logging();
    let config = Config::from_env()?;
    let site = config.site("Rocket").await?;
    let rocket_config = rocket::Config {
        address: config.addr.ip(),
        port: config.addr.port(),
        ..rocket::Config::release_default()
    };
    let _rocket = example_rocket::app(site, rocket_config).launch().await?;
    Ok(())
}
