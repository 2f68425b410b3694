//! The site suite on axum.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::net::SocketAddr;

use example_site::Site;
use example_site::suite::Server;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

struct Stop(AbortHandle);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(site: Site) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = example_axum::app(site).into_make_service_with_connect_info::<SocketAddr>();
    let task = tokio::spawn(async move { axum::serve(listener, app).await });
    Server {
        addr,
        guard: Box::new(Stop(task.abort_handle())),
    }
}

example_site::site_suite!(serve, env!("CARGO_BIN_EXE_example-axum"));
