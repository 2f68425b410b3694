use std::net::IpAddr;

use actix_web::HttpRequest;
use captcha_core::gate::RequestHead;

use crate::body;

/// A request's head as the gate reads it.
///
/// For handlers that issue a challenge themselves, with
/// [`Endpoints::issue_for`](captcha_core::endpoints::Endpoints::issue_for).
#[derive(Debug, Clone, Copy)]
pub struct Head<'a>(pub &'a HttpRequest);

impl RequestHead for Head<'_> {
    fn each_header<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.headers().get_all(name) {
            visit(value.as_bytes());
        }
    }

    fn query(&self) -> Option<&str> {
        self.0.uri().query()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.peer_addr().map(|peer| peer.ip())
    }

    fn unpacks(&self, coding: &str) -> bool {
        body::unpacks(coding)
    }
}
