//! The site suite on Rocket.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use example_site::Site;
use example_site::suite::Server;
use rocket::fairing::AdHoc;
use rocket::{Config, Shutdown};
use tokio::sync::oneshot;

struct Stop(Shutdown);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.clone().notify();
    }
}

async fn serve(site: Site) -> Server {
    let config = Config {
        port: 0,
        log_level: rocket::config::LogLevel::Off,
        workers: 2,
        shutdown: rocket::config::Shutdown {
            ctrlc: false,
            grace: 0,
            mercy: 0,
            ..Default::default()
        },
        ..Config::debug_default()
    };
    let (tell, told) = oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let rocket =
        example_rocket::app(site, config).attach(AdHoc::on_liftoff("port", move |rocket| {
            let tell = tell.lock().unwrap().take();
            let config = rocket.config();
            let _ = tell.unwrap().send((config.address, config.port).into());
            Box::pin(async {})
        }));
    let rocket = rocket.ignite().await.unwrap();
    let shutdown = rocket.shutdown();
    tokio::spawn(rocket.launch());
    Server {
        addr: told.await.unwrap(),
        guard: Box::new(Stop(shutdown)),
    }
}

example_site::site_suite!(serve, env!("CARGO_BIN_EXE_example-rocket"));
