#[cfg(target_os = "linux")]
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
#[cfg(target_os = "linux")]
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo as _, RedisResult};

use crate::storage::Deadline;

/// How long nothing may be heard of a server while something is expected from it.
#[cfg(target_os = "linux")]
const UNHEARD: Duration = Duration::from_secs(5);

/// Where a connection leads.
pub(super) enum Destination {
    Url(Client),
    #[cfg(feature = "redis-sentinel")]
    Master(tokio::sync::Mutex<redis::sentinel::SentinelClient>),
}

impl Destination {
    pub(super) fn url(url: &str) -> RedisResult<Self> {
        let info = url.into_connection_info()?;
        Client::open(info.set_tcp_settings(tcp_settings())).map(Self::Url)
    }

    pub(super) async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        // Each call has a deadline of its own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Deadline::DEFAULT.duration()))
            .set_response_timeout(None);
        match self {
            Self::Url(client) => {
                client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await
            }
            #[cfg(feature = "redis-sentinel")]
            Self::Master(client) => {
                let mut client = client.lock().await;
                client.get_async_connection_with_config(&config).await
            }
        }
    }

    pub(super) fn database(&self) -> i64 {
        match self {
            Self::Url(client) => client.get_connection_info().redis_settings().db(),
            #[cfg(feature = "redis-sentinel")]
            Self::Master(_) => 0,
        }
    }
}

/// Commands are small, and must not wait for more. A server that is gone without a word (its machine
/// is off, a firewall forgot the connection) is noticed in seconds on Linux, not in the quarter of
/// an hour for which the system would go on trying.
fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = {
        let keepalive = TcpKeepalive::new()
            .with_time(UNHEARD)
            .with_interval(UNHEARD);
        settings.set_keepalive(keepalive).set_user_timeout(UNHEARD)
    };
    settings
}
