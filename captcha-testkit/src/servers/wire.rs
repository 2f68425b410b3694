use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A wire to a server that counts how often something went there and something came back.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    trips: Arc<AtomicUsize>,
}

impl Wire {
    /// A wire to this port of this machine, for as long as the runtime goes on.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let trips = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&trips);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let asked = Arc::new(AtomicBool::new(false));
                let (asks, counted) = (Arc::clone(&asked), Arc::clone(&counted));
                tokio::spawn(carry(from_client, to_server, move || {
                    asks.store(true, Ordering::SeqCst);
                }));
                tokio::spawn(carry(from_server, to_client, move || {
                    if asked.swap(false, Ordering::SeqCst) {
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                }));
            }
        });
        Self { address, trips }
    }

    /// The port to connect to instead of the server's.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many answers there were to something that was sent since this was last asked.
    #[must_use]
    pub fn trips(&self) -> usize {
        self.trips.swap(0, Ordering::SeqCst)
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: impl Fn() + Send) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        seen();
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
