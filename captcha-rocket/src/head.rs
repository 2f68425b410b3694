use std::net::IpAddr;

use captcha_core::gate::RequestHead;
use rocket::Request;

/// A request's head as the gate reads it. The peer is the socket's, not Rocket's `client_ip`,
/// which believes the header `X-Real-IP` of anybody.
///
/// For handlers that issue a challenge themselves, with
/// [`Endpoints::issue_for`](captcha_core::endpoints::Endpoints::issue_for).
#[derive(Debug, Clone, Copy)]
pub struct Head<'a, 'r>(pub &'a Request<'r>);

impl RequestHead for Head<'_, '_> {
    fn each_header<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.headers().get(name) {
            visit(value.as_bytes());
        }
    }

    fn query(&self) -> Option<&str> {
        self.0.uri().query().map(|query| query.as_str())
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.remote().map(|peer| peer.ip())
    }
}
