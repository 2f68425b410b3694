//! The site suite on actix-web.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};
use example_site::Site;
use example_site::suite::Server;

struct Stop(ServerHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait for it.
        drop(self.0.stop(false));
    }
}

async fn serve(site: Site) -> Server {
    let server = HttpServer::new(move || {
        let site = site.clone();
        App::new().configure(move |config| example_actix::configure(config, &site))
    });
    let server = server
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let addr = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    std::thread::spawn(move || actix_web::rt::System::new().block_on(server));
    Server {
        addr,
        guard: Box::new(Stop(handle)),
    }
}

example_site::site_suite!(serve, env!("CARGO_BIN_EXE_example-actix"));
