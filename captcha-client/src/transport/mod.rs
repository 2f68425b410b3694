//! One HTTP transport for every provider: connections, timeouts, retries and one deadline.

mod attempt;
mod body;
mod builder;
mod retry;
mod reuse;

pub(crate) use attempt::Reply;
pub(crate) use body::{Body, Fields, object_of};
pub(crate) use builder::{TransportBuilder, endpoint};
pub(crate) use retry::{Asked, Retries};

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
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
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) retries: Retries,
}

impl Question {
    /// A question with this body, encoded as the provider wants it.
    pub(crate) fn new(url: Url, headers: &HeaderMap, body: Body<'_>, retries: Retries) -> Self {
        let mut question = Self {
            method: Method::POST,
            url,
            headers: headers.clone(),
            body: Bytes::new(),
            retries,
        };
        body.put_into(&mut question);
        question
    }
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
