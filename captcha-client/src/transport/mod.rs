//! One HTTP transport for every provider: connections, timeouts, retries and one deadline.

mod attempt;
mod builder;
mod retry;
mod reuse;

pub(crate) use attempt::Reply;
pub(crate) use builder::{TransportBuilder, endpoint};
pub(crate) use retry::Asked;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use reqwest::Url;
use reuse::Reuse;

/// How a provider is reached. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    reuse: Reuse,
    timeout: Duration,
    deadline: Duration,
    max_retries: usize,
    retry_delay: Duration,
    timeouts_are_outages: bool,
}

/// One request, as often as it has to be sent.
pub(crate) struct Question<'a> {
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the provider takes it, sent again, for the same verification.
    pub(crate) idempotent: bool,
}

impl Transport {
    /// The longest time one verification takes, retries included.
    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("max_retries", &self.max_retries)
            .field("retry_delay", &self.retry_delay)
            .finish_non_exhaustive()
    }
}
